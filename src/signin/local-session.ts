/** How a sign-in with a password or a passkey ends: a session that no identity provider stands behind, or a record of why there is none. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { newReference, type RefusalCode } from "../failure.ts";
import { log } from "../log.ts";
import { count } from "../metrics.ts";
import { type Check, NAME_ID_FORMAT } from "../saml/index.ts";
import { LOCAL_ISSUER, newSession, type Session, sessionCookie } from "../session/index.ts";
import {
  type Group,
  isPlainEmail,
  newId,
  recordSignIn,
  type SessionRow,
  type SignInRecord,
  type User,
} from "../store/index.ts";

export interface LocalSession {
  readonly row: SessionRow;
  readonly session: Session;
  readonly signIn: SignInRecord;
}

/** What is to be written, and what the cookie will carry. */
export function localSession(
  c: Context<AppEnv>,
  user: Pick<User, "id" | "email" | "firstName" | "lastName" | "company">,
  group: Group,
  checks: readonly Check[],
  /** With whose removal the session ends. */
  passkeyId: string | null = null,
): LocalSession {
  const now = c.get("services").now();
  const begun = newSession({
    tenant: c.get("tenant"),
    user,
    group,
    now,
    nameID: { value: user.email, format: NAME_ID_FORMAT.emailAddress, nameQualifier: null, spNameQualifier: null },
    issuer: LOCAL_ISSUER,
    sessionIndex: passkeyId,
    sessionNotOnOrAfter: null,
    userAgent: c.req.header("user-agent") ?? "",
  });
  const signIn: SignInRecord = {
    id: newId(),
    at: now,
    outcome: "success",
    code: null,
    email: user.email,
    userId: user.id,
    reference: newReference(),
    checks: [...checks, { name: "group", ok: true, expected: "not only single sign-on", received: group.title }],
  };
  return { ...begun, signIn };
}

/** Signed in: on to a path of this host. */
export async function enter(
  c: Context<AppEnv>,
  { session, signIn }: LocalSession,
  location: string,
): Promise<Response> {
  const { company } = c.get("tenant");
  log("sign_in", { company: company.slug, reference: signIn.reference });
  count("sign_ins", "success", company.id);
  const cookie = await sessionCookie(c.get("services"), c.get("tenant"), session);
  return new Response(null, { status: 303, headers: { location, "set-cookie": cookie, "cache-control": "no-store" } });
}

export interface LocalRefusal {
  readonly code: RefusalCode;
  /** As typed; kept only where it is an address. */
  readonly email: string | null;
  readonly userId: string | null;
  readonly checks: readonly Check[];
}

/** Writes the record and answers with its reference. The same writes whoever it was. */
export async function recordRefusal(c: Context<AppEnv>, refusal: LocalRefusal): Promise<string> {
  const services = c.get("services");
  const { company } = c.get("tenant");
  const { code, userId, checks } = refusal;
  const reference = newReference();
  const email = refusal.email !== null && isPlainEmail(refusal.email) ? refusal.email : null;
  const record = {
    id: newId(),
    at: services.now(),
    outcome: "refused",
    code,
    email,
    userId,
    reference,
    checks,
  } as const;
  // These anybody can bring about without a form that we gave them, or without being throttled.
  const unasked = code === "confirmation_invalid" || code === "invitation_invalid" || code === "passkey_malformed";
  const kind = services.config.local ? "local" : unasked ? "unasked" : "asked";
  await recordSignIn(services.database, company.id, record, kind);
  log("refusal", { company: company.slug, code, reference });
  count("sign_ins", code, company.id);
  if (code === "local_throttled") count("rate_limited", "local", company.id);
  return reference;
}
