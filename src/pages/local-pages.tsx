/** The pages with a password on them: signing in with one, and choosing one by a one-time link. Made for password managers and without need of a script. */
import { ActionLink, page } from "./layout.tsx";
import { PASSKEY_SCRIPT, PasskeySignIn } from "./passkey-pages.tsx";
import { type PageProblem, Problem, SEEN_FIRST } from "./problem.tsx";
import type { Brand } from "./theme.tsx";

/** `POST`s to itself. After the post the visitor goes on to the deep link, and the origin may redirect that to another host. */
export function localSignInPage(p: {
  company: Brand;
  email: string;
  formToken: string;
  returnTo: string;
  /** Null where the company has no identity provider. */
  singleSignOnUrl: string | null;
  problem: PageProblem | null;
}): Response {
  const { problem } = p;
  const described = problem === null ? {} : { "aria-describedby": "problem" };
  return page({
    status: problem?.status ?? 200,
    title: problem?.title ?? "Sign in with a password",
    company: p.company,
    doorway: problem === null ? "waiting" : "closed",
    formAction: "anywhere",
    script: PASSKEY_SCRIPT,
    connects: true,
    ...(problem?.retryAfter === undefined ? {} : { headers: { "Retry-After": String(problem.retryAfter) } }),
    children: (
      <>
        <Problem problem={problem} />
        <form method="post" action="/sso/local">
          <input type="hidden" name="form_token" value={p.formToken} />
          <input type="hidden" name="return_to" value={p.returnTo} />
          <div class="field">
            <label for="email">E-mail address</label>
            {/* Not type=email: browsers would refuse addresses with letters beyond ASCII. */}
            <input
              id="email"
              name="email"
              type="text"
              inputmode="email"
              autocomplete="username webauthn"
              autocapitalize="none"
              spellcheck={false}
              required
              value={p.email}
              {...described}
            />
          </div>
          <div class="field">
            <label for="password">Password</label>
            <input
              id="password"
              name="password"
              type="password"
              autocomplete="current-password"
              required
              {...described}
            />
          </div>
          <p class="actions">
            <button class="button" type="submit">
              Sign in
            </button>
            <ActionLink href={p.singleSignOnUrl} quiet>
              Use single sign-on
            </ActionLink>
          </p>
        </form>
        <PasskeySignIn formToken={p.formToken} returnTo={p.returnTo} />
        <p class="aside">
          No password yet, or forgotten? Your administrator can give you a link to choose one. Signed in already?{" "}
          <a href="/sso/local/passkeys">Your passkeys</a>
        </p>
      </>
    ),
  });
}

export type PasswordProblem = "too_short" | "too_long" | "too_easy" | "not_repeated";

/** The address of the page holds the link's token, which no script, history or Referer needs any longer. */
const FORGET_TOKEN_SCRIPT = `history.replaceState(null,"",location.pathname)`;

export function choosePasswordPage(p: {
  company: Brand;
  kind: "invitation" | "setup";
  name: string;
  email: string;
  /** The link's, from here on a field of the form. */
  token: string;
  formToken: string;
  charsMin: number;
  charsMax: number;
  problem: PasswordProblem | PageProblem | null;
}): Response {
  const fault = typeof p.problem === "string" ? faultSentence(p.problem, p.charsMin, p.charsMax) : null;
  const problem = typeof p.problem === "string" ? null : p.problem;
  const wrong = { "aria-invalid": "true", "aria-describedby": "fault hint" } as const;
  return page({
    status: fault === null ? (problem?.status ?? 200) : 422,
    title: p.kind === "setup" ? "Welcome. Choose a password" : "Choose a password",
    company: p.company,
    doorway: "open",
    formAction: "anywhere",
    referrerPolicy: "no-referrer",
    script: FORGET_TOKEN_SCRIPT,
    children: (
      <>
        <p class="lead">
          {p.name !== "" && (
            <>
              <bdi>{p.name}</bdi>,{" "}
            </>
          )}
          {p.kind === "setup" ? "this link makes you an administrator of " : "this link lets you sign in at "}
          <bdi>{p.company.name}</bdi>. It works once.
        </p>
        <Problem problem={problem} />
        {fault !== null && (
          <div id="fault" {...SEEN_FIRST}>
            <p>{fault}</p>
          </div>
        )}
        <form method="post" action="/sso/local/invitation">
          <input type="hidden" name="form_token" value={p.formToken} />
          <input type="hidden" name="token" value={p.token} />
          <div class="field">
            <label for="email">E-mail address</label>
            <input id="email" name="email" type="text" autocomplete="username" readonly value={p.email} />
          </div>
          <div class="field">
            <label for="password">New password</label>
            <input
              id="password"
              name="password"
              type="password"
              autocomplete="new-password"
              required
              minlength={p.charsMin}
              {...(fault === null ? { "aria-describedby": "hint" } : wrong)}
            />
            <p class="hint" id="hint">
              At least {p.charsMin} characters. A few words that belong together only for you are better than symbols.
            </p>
          </div>
          <div class="field">
            <label for="again">The same again</label>
            <input
              id="again"
              name="password_again"
              type="password"
              autocomplete="new-password"
              required
              {...(p.problem === "not_repeated" ? wrong : {})}
            />
          </div>
          <p>
            <label class="choice">
              <input type="checkbox" name="next" value="passkey" />
              <span>Then add a passkey: next time a fingerprint, face or device PIN is enough.</span>
            </label>
          </p>
          <p class="actions">
            <button class="button" type="submit">
              {p.kind === "setup" ? "Begin the set-up" : "Save and sign in"}
            </button>
          </p>
        </form>
      </>
    ),
  });
}

function faultSentence(fault: PasswordProblem, charsMin: number, charsMax: number): string {
  switch (fault) {
    case "too_short":
      return `That is too short: use ${charsMin} characters or more.`;
    case "too_long":
      return `That is too long: use ${charsMax} characters or fewer.`;
    case "too_easy":
      return "That is too easy to guess: without common words, rows of keys and your own address little is left of it.";
    case "not_repeated":
      return "The two are not the same. Type the password twice.";
  }
}
