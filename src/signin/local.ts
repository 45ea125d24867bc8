/**
 * `/sso/local`: e-mail address and password, for users whose group may. Whoever fails sees the same page after the same work,
 * whether there is such a user, whether they have a password, and whether their group may use one.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { type RefusalCode, refusalResponse, visitorWords } from "../failure.ts";
import { localSignInPage, type PageProblem } from "../pages/index.ts";
import type { Check } from "../saml/index.ts";
import {
  type Company,
  completeLocalSignIn,
  EMAIL_CHARS_MAX,
  emailKey,
  type Group,
  type LocalSignInState,
  prepareLocalSignIn,
  type User,
} from "../store/index.ts";
import { readOwnForm, withFormToken } from "./local-form.ts";
import { enter, type LocalRefusal, localSession, recordRefusal } from "./local-session.ts";
import { ATTEMPT_WINDOW_SECONDS, attemptLimits, attemptsCheck, judgeAttempts } from "./local-throttle.ts";
import { hashPassword, verifyPassword } from "./password.ts";
import { safeReturnPath } from "./return-path.ts";

/** `GET /sso/local?return_to=/path` */
export function showLocalSignIn(c: Context<AppEnv>): Promise<Response> {
  return formPage(c, { email: "", returnTo: c.req.query("return_to"), problem: null });
}

/** `POST /sso/local`: at most two database round trips. */
export async function localSignIn(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const { company, baseUrl } = c.get("tenant");
  const form = await readOwnForm(c);
  if (!form.ok) {
    const check = { name: "form", ok: false, expected: form.expected, received: form.received };
    const refusal = { code: "confirmation_invalid", email: null, userId: null, checks: [check] } as const;
    // No form, and no new cookie: another site could make the visitor's own open form worthless with it.
    return refusalResponse({
      code: refusal.code,
      reference: await recordRefusal(c, refusal),
      retry: "/sso/local",
      company,
    });
  }
  const email = (form.fields.get("email") ?? "").trim().slice(0, EMAIL_CHARS_MAX);
  const password = form.fields.get("password") ?? "";
  const returnTo = form.fields.get("return_to");
  const again = { email, returnTo };

  const limits = await attemptLimits(c, email);
  const now = services.now();
  const windowMs = ATTEMPT_WINDOW_SECONDS * 1000;
  const state = await prepareLocalSignIn(services.database, company.id, { email, limits, now, windowMs });
  const { account } = state;
  const refused = { email: emailKey(email), userId: account?.user.id ?? null };
  const attempts = judgeAttempts(limits, state.attempts, now);
  const checks: Check[] = [attemptsCheck(limits, attempts)];
  if (attempts.throttled) {
    const { retryAfterSeconds } = attempts;
    return refuse(c, { ...refused, code: "local_throttled", checks }, { ...again, retryAfterSeconds });
  }

  const verified = await verifyPassword(
    services.sealer,
    company.id,
    account?.user.id ?? "",
    password,
    account?.password ?? null,
  );
  if (verified === "wrong" || account === null || account.password === null) {
    const check = { name: "password", ok: false, expected: "the user’s password", received: whatWasWrong(state) };
    return refuse(c, { ...refused, code: "local_credentials_wrong", checks: [...checks, check] }, again);
  }
  checks.push({ name: "password", ok: true, expected: null, received: null });
  const barred = whyBarred(state.companyStatus, account.user, account.group);
  if (barred !== null) {
    return refuse(c, { ...refused, code: "local_not_allowed", checks: [...checks, barred] }, again);
  }

  const begun = localSession(c, account.user, account.group, checks);
  const outcome = await completeLocalSignIn(services.database, company.id, {
    now,
    userId: account.user.id,
    password: account.password,
    keepAnew:
      verified === "outdated" ? await hashPassword(services.sealer, company.id, account.user.id, password) : null,
    limits,
    session: begun.row,
    signIn: begun.signIn,
  });
  if (outcome === "done") return enter(c, begun, safeReturnPath(returnTo, baseUrl));
  const check = { name: "user", ok: false, expected: "what was read a moment ago", received: "changed meanwhile" };
  return refuse(c, { ...refused, code: "local_not_allowed", checks: [...checks, check] }, again);
}

/** For the administrator's eyes only. */
function whatWasWrong({ account }: LocalSignInState): string {
  if (account === null) return "no such user";
  return account.password === null ? "the user never chose one" : "another one";
}

export function whyBarred(companyStatus: Company["status"], user: User, group: Group): Check | null {
  if (companyStatus !== "active") return { name: "company", ok: false, expected: "active", received: companyStatus };
  if (user.status !== "active") return { name: "user", ok: false, expected: "active", received: "disabled" };
  if (group.ssoOnly) return { name: "group", ok: false, expected: "not only single sign-on", received: group.title };
  return null;
}

interface Again {
  readonly email: string;
  readonly returnTo?: string | null | undefined;
  readonly retryAfterSeconds?: number;
}

function refuse(c: Context<AppEnv>, refusal: LocalRefusal, again: Again): Promise<Response> {
  // Who may not looks like who mistyped: that an account is there is nobody's business.
  const face = refusal.code === "local_not_allowed" ? "local_credentials_wrong" : refusal.code;
  return refuseAgain(c, refusal, again, face);
}

/** Records the refusal, and shows the page once more with the words of `face`. */
export async function refuseAgain(
  c: Context<AppEnv>,
  refusal: LocalRefusal,
  again: Again,
  face: RefusalCode,
): Promise<Response> {
  const reference = await recordRefusal(c, refusal);
  const { status, title, sentence, advice } = visitorWords(face);
  const { retryAfterSeconds } = again;
  const retryAfter = retryAfterSeconds === undefined ? {} : { retryAfter: retryAfterSeconds };
  return formPage(c, { ...again, problem: { status, title, sentence, advice, reference, ...retryAfter } });
}

function formPage(c: Context<AppEnv>, p: Again & { readonly problem: PageProblem | null }): Promise<Response> {
  const { company, saml, baseUrl } = c.get("tenant");
  const returnTo = safeReturnPath(p.returnTo, baseUrl);
  const singleSignOnUrl = saml === null ? null : `/sso/login?return_to=${encodeURIComponent(returnTo)}`;
  return withFormToken(c, (formToken) =>
    localSignInPage({
      company,
      email: p.email,
      formToken,
      returnTo,
      singleSignOnUrl,
      problem: p.problem,
    }),
  );
}
