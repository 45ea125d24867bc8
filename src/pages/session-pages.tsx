/** The pages of a session that is there, or is over: where a person is signed in, and what becomes of a form that came too late. */
import type { Child, FC } from "hono/jsx";
import { ActionLink, page, Time } from "./layout.tsx";
import type { Brand } from "./theme.tsx";

const TOKEN_FIELD = "form_token";

/** A sentence and a way on. */
export function noticePage(p: {
  company: Brand;
  status: number;
  title: string;
  lead: string;
  link: { href: string; label: string };
}): Response {
  return page({
    status: p.status,
    title: p.title,
    company: p.company,
    doorway: p.status < 400 ? "open" : "closed",
    children: (
      <>
        <p class="lead">{p.lead}</p>
        <p class="actions">
          <ActionLink href={p.link.href}>{p.link.label}</ActionLink>
        </p>
      </>
    ),
  });
}

interface ShownSession {
  readonly id: string;
  readonly own: boolean;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
}

/** `/sso/sessions`. */
export function ownSessionsPage(p: {
  company: Brand;
  email: string;
  action: string;
  formToken: string;
  done: boolean;
  sessions: readonly ShownSession[];
}): Response {
  const End: FC<{ which: string; quiet?: boolean; label?: string; children?: Child }> = (f) => (
    <form method="post" action={p.action}>
      <input type="hidden" name={TOKEN_FIELD} value={p.formToken} />
      <button class={f.quiet ? "button quiet" : "button"} type="submit" name="end" value={f.which} aria-label={f.label}>
        {f.children}
      </button>
    </form>
  );
  return page({
    status: 200,
    title: "Where you are signed in",
    company: p.company,
    doorway: "open",
    // Signing out here goes on to the identity provider.
    formAction: "anywhere",
    children: (
      <>
        <p class="lead">
          Sessions of <bdi>{p.email}</bdi>. One that you don’t know is best ended.
        </p>
        {p.done && <p role="status">Done: what you ended is over everywhere within a minute.</p>}
        <ul class="list">
          {p.sessions.map((session) => (
            <li class="who">
              <p>
                <bdi>{browserOf(session.userAgent)}</bdi>
                {session.own && ", this one"}
              </p>
              <p class="hint">
                Signed in <Time at={session.createdAt} />, last seen <Time at={session.lastSeenAt} />
              </p>
              <End
                which={session.id}
                quiet
                label={`${session.own ? "Sign out of" : "End"} ${browserOf(session.userAgent)}`}
              >
                {session.own ? "Sign out" : "End"}
              </End>
            </li>
          ))}
        </ul>
        {p.sessions.some(({ own }) => !own) && (
          <div class="actions">
            <End which="others">End all others</End>
          </div>
        )}
      </>
    ),
  });
}

const BROWSERS = [
  ["Edg", "Edge"],
  ["OPR", "Opera"],
  ["Firefox", "Firefox"],
  ["FxiOS", "Firefox"],
  ["Chrome", "Chrome"],
  ["CriOS", "Chrome"],
  ["Safari", "Safari"],
] as const;
const SYSTEMS = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS", "Mac"],
  ["CrOS", "ChromeOS"],
  ["Linux", "Linux"],
] as const;
const AGENT_CHARS_SHOWN = 60;

/** Most call themselves by several names; the first that fits here is the right one. */
function browserOf(userAgent: string): string {
  const found = (names: readonly (readonly [string, string])[]) =>
    names.find(([word]) => userAgent.includes(word))?.[1] ?? null;
  const [browser, system] = [found(BROWSERS), found(SYSTEMS)];
  if (browser === null) return userAgent.slice(0, AGENT_CHARS_SHOWN) || "Unknown browser";
  return system === null ? browser : `${browser} on ${system}`;
}

/** A form came after its session had ended. */
export function sessionEndedPage(p: { company: Brand; signInUrl: string; kept: boolean; minutes: number }): Response {
  return page({
    status: 401,
    title: "Your session has ended",
    company: p.company,
    doorway: "closed",
    children: p.kept ? (
      <>
        <p class="lead">Nothing is lost: what you sent is kept here for {p.minutes} minutes.</p>
        <p class="advice">Sign in, look it over, and send it again. The application has not received it yet.</p>
        <p class="actions">
          <ActionLink href={p.signInUrl}>Sign in and send again</ActionLink>
        </p>
      </>
    ) : (
      <>
        <p class="lead">What you sent is too large to be kept here, and the application has not received it.</p>
        <p class="advice">
          Your browser may still have it: sign in in a new tab, come back to this one, go one page back and send it
          again.
        </p>
        <p class="actions">
          <a class="button" href={p.signInUrl} target="_blank" rel="noopener">
            Sign in in a new tab
          </a>
        </p>
      </>
    ),
  });
}

interface KeptPostView {
  readonly company: Brand;
  readonly email: string;
  /** Where throwing it away is posted to. */
  readonly action: string;
  readonly formToken: string;
}

/** `/sso/resend/<id>`: to the person whose it is with what it is, to anybody else without a word of it. */
export function keptPostPage(
  p: KeptPostView &
    (
      | {
          post: { path: string; bytes: number; at: number };
          sendTo: string;
          field: { name: string; value: string };
        }
      | { signInUrl: string }
    ),
): Response {
  const ThrowAway: FC = () => (
    <form method="post" action={p.action}>
      <input type="hidden" name={TOKEN_FIELD} value={p.formToken} />
      <button class="button quiet" type="submit">
        Throw it away
      </button>
    </form>
  );
  if ("signInUrl" in p) {
    return page({
      status: 403,
      title: "This is somebody else’s",
      company: p.company,
      doorway: "closed",
      children: (
        <>
          <p class="lead">
            It was sent in the session of another person. You are signed in as <bdi>{p.email}</bdi>.
          </p>
          <div class="actions">
            <ActionLink href={p.signInUrl}>Sign in as another person</ActionLink>
            <ThrowAway />
          </div>
        </>
      ),
    });
  }
  return page({
    status: 200,
    title: "Send it again?",
    company: p.company,
    doorway: "waiting",
    // The origin may lead on to another host.
    formAction: "anywhere",
    children: (
      <>
        <p class="lead">Your session had ended when you sent this. It has not reached the application yet.</p>
        <dl class="who">
          <dt class="hint">Goes to</dt>
          <dd>
            <bdi>{p.post.path}</bdi>
          </dd>
          <dt class="hint">Sent</dt>
          <dd>
            <Time at={p.post.at} />, {sizeOf(p.post.bytes)}
          </dd>
        </dl>
        <div class="actions">
          <form method="post" action={p.sendTo} enctype="text/plain">
            <input type="hidden" name={p.field.name} value={p.field.value} />
            <button class="button" type="submit">
              Send again
            </button>
          </form>
          <ThrowAway />
        </div>
      </>
    ),
  });
}

function sizeOf(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${Math.ceil(bytes / 1024)} KB`;
}
