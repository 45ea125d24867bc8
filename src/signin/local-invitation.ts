/**
 * `/sso/local/invitation`: a one-time link, of an invitation or for setting the company up. Looking at it uses nothing, since
 * mail scanners look too; the post that chooses the password uses it up, with one winner in the world.
 */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { visitorWords } from "../failure.ts";
import { choosePasswordPage, type PageProblem, type PasswordProblem, refusalPage } from "../pages/index.ts";
import type { Check } from "../saml/index.ts";
import { type AuditRecord, acceptInvitation, type InvitationState, newId, prepareInvitation } from "../store/index.ts";
import { readOwnForm, withFormToken } from "./local-form.ts";
import { type LinkDecision, type LinkedPerson, personOf } from "./local-person.ts";
import { enter, type LocalSession, localSession, recordRefusal } from "./local-session.ts";
import { PASSKEYS_PATH } from "./passkeys.ts";
import { faultOf, hashPassword, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "./password.ts";

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** Two set-up links of one new person at once: one makes the user, the other then finds them. */
const ATTEMPTS_MAX = 3;

/** `GET /sso/local/invitation?token=…` */
export async function showInvitation(c: Context<AppEnv>): Promise<Response> {
  const token = c.req.query("token") ?? "";
  const found = await look(c, token);
  return found.ok ? form(c, found, token, null) : refuse(c, found);
}

/** `POST /sso/local/invitation` */
export async function useInvitation(c: Context<AppEnv>): Promise<Response> {
  const posted = await readOwnForm(c);
  if (!posted.ok) {
    const check = { name: "form", ok: false, expected: posted.expected, received: posted.received };
    return refuse(c, { code: "confirmation_invalid", check, state: null });
  }
  const token = posted.fields.get("token") ?? "";
  const password = posted.fields.get("password") ?? "";
  for (let tries = 0; tries < ATTEMPTS_MAX; tries++) {
    const found = await look(c, token);
    if (!found.ok) return refuse(c, found);
    const fault = faultOf(password, found.person.user.email);
    if (fault !== null) return form(c, found, token, fault);
    if (posted.fields.get("password_again") !== password) return form(c, found, token, "not_repeated");
    const done = await accept(c, found, token, password, posted.fields.get("next") === "passkey");
    if (done !== "user_changed") return done;
  }
  throw new Error("the user changed under each attempt to use a link");
}

type Found = Extract<LinkDecision, { ok: true }> & { readonly state: InvitationState };
type NotFound = Extract<LinkDecision, { ok: false }> & { readonly state: InvitationState | null };

async function look(c: Context<AppEnv>, token: string): Promise<Found | NotFound> {
  const { database, now } = c.get("services");
  const { company } = c.get("tenant");
  const state = TOKEN.test(token) ? await prepareInvitation(database, company.id, sha256(token)) : null;
  const decision = personOf(state, company.name, now());
  // Without a state the decision is never ok.
  return { ...decision, state } as Found | NotFound;
}

async function accept(
  c: Context<AppEnv>,
  { state, person }: Found,
  token: string,
  password: string,
  addsPasskey: boolean,
): Promise<Response | "user_changed"> {
  const services = c.get("services");
  const { company } = c.get("tenant");
  const { invitation } = state;
  const { user, group } = person;
  const now = services.now();
  const checks: Check[] = [
    { name: "invitation", ok: true, expected: null, received: invitation.kind },
    { name: "user", ok: true, expected: null, received: person.isNewUser ? "created" : "found" },
  ];
  const begun: LocalSession = localSession(c, user, group, checks);
  const outcome = await acceptInvitation(services.database, company.id, {
    now,
    tokenSha256: sha256(token),
    ...recordsOf(company.id, now, state, person),
    user,
    password: await hashPassword(services.sealer, company.id, user.id, password),
    session: begun.row,
    signIn: begun.signIn,
  });
  if (outcome === "user_changed") return outcome;
  if (outcome === "invitation_gone") {
    const check = { name: "invitation", ok: false, expected: "not yet used", received: "used meanwhile" };
    return refuse(c, { code: "invitation_invalid", check, state });
  }
  if (outcome === "not_allowed") {
    const check = { name: "user", ok: false, expected: "what was read a moment ago", received: "changed meanwhile" };
    return refuse(c, { code: "local_not_allowed", check, state });
  }
  c.set("audited", company.id);
  if (addsPasskey) return enter(c, begun, PASSKEYS_PATH);
  if (invitation.kind === "setup") return enter(c, begun, "/sso/admin/setup");
  return enter(c, begun, group.type === "administrator" ? "/sso/admin" : "/");
}

/** What the audit log keeps of it. */
function recordsOf(companyId: string, now: number, { invitation }: InvitationState, person: LinkedPerson) {
  const { user, group } = person;
  const record = (change: Pick<AuditRecord, "action" | "resource" | "resourceId" | "before" | "after">) => ({
    ...change,
    id: newId(),
    companyId,
    at: now,
    actor: "sign-in",
  });
  const made = { action: "create", before: null } as const;
  const { version: _, createdAt: _created, updatedAt: _updated, ...groupView } = group;
  const { subject: _subject, ...userView } = user;
  return {
    record: record({
      action: "update",
      resource: "invitation",
      resourceId: invitation.id,
      before: { usedAt: null },
      after: { usedAt: new Date(now).toISOString(), userId: user.id },
    }),
    newGroup: person.isNewGroup
      ? { group, record: record({ ...made, resource: "group", resourceId: group.id, after: groupView }) }
      : null,
    newUser: person.isNewUser
      ? { user, record: record({ ...made, resource: "user", resourceId: user.id, after: userView }) }
      : null,
  };
}

function form(
  c: Context<AppEnv>,
  { state, person }: Found,
  token: string,
  problem: PasswordProblem | PageProblem | null,
): Promise<Response> {
  const { email, firstName, lastName } = person.user;
  return withFormToken(c, (formToken) =>
    choosePasswordPage({
      company: c.get("tenant").company,
      kind: state.invitation.kind,
      name: [firstName, lastName].filter((name) => name !== "").join(" "),
      email,
      token,
      formToken,
      charsMin: PASSWORD_CHARS_MIN,
      charsMax: PASSWORD_CHARS_MAX,
      problem,
    }),
  );
}

interface Refused {
  readonly code: NotFound["code"] | "confirmation_invalid";
  readonly check: Check;
  readonly state: InvitationState | null;
}

async function refuse(c: Context<AppEnv>, { code, check, state }: Refused): Promise<Response> {
  const user = state?.user ?? null;
  const email = user?.email ?? (state?.invitation.kind === "setup" ? state.invitation.email : null);
  const reference = await recordRefusal(c, { code, email, userId: user?.id ?? null, checks: [check] });
  const { status, title, sentence, advice } = visitorWords(code);
  const { company } = c.get("tenant");
  const home = { home: "/sso/local", homeLabel: "Sign in with a password" };
  const page = refusalPage({
    status,
    title,
    sentence,
    advice,
    reference,
    retry: null,
    company,
    ...home,
  });
  const headers = new Headers(page.headers);
  // The address of this page may hold a token.
  headers.set("referrer-policy", "no-referrer");
  return new Response(page.body, { status: page.status, headers });
}

function sha256(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
