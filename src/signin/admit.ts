/**
 * The last step in: one look at what is in force now (company, settings, whether the request or the assertion was used,
 * who the person is), then one batch that uses both up, writes the user and begins the session. Two database round trips.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { newReference } from "../failure.ts";
import { log } from "../log.ts";
import { count } from "../metrics.ts";
import { newSession, readCookies, sessionCookie } from "../session/index.ts";
import { completeSignIn, emailKey, type NewUser, newId, prepareSignIn, type SignInWrite } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";
import type { Attempt } from "./believe.ts";
import { groupChecks } from "./group-mapping.ts";
import { keptMessage } from "./kept-message.ts";
import { type AttemptRefusal, refuseSignIn } from "./refused.ts";
import { clearRequestCookies, fragmentCookieName, makeRoom } from "./request.ts";
import { resolveUser, type UserDecision } from "./resolve-user.ts";
import { withFragment } from "./return-path.ts";

/** Two first sign-ins of one person at once: one creates the user, the other then finds it. */
const ATTEMPTS_MAX = 3;

/** `ask`: the visitor has to say yes first; nothing is written then. */
export async function admit(
  c: Context<AppEnv>,
  tenant: Tenant,
  attempt: Attempt,
  options: { ask: boolean },
): Promise<Response | "ask" | "settings_changed"> {
  const services = c.get("services");
  const { facts } = attempt;
  const companyId = tenant.company.id;
  for (let tries = 0; tries < ATTEMPTS_MAX; tries++) {
    const found = await prepareSignIn(services.database, companyId, {
      requestId: facts.requestId,
      issuer: facts.issuer,
      assertionId: facts.assertionId,
      subjects: [...facts.subjects],
      email: emailKey(facts.email),
    });
    if (found.companyStatus !== "active") {
      return refuse(c, attempt, "company_suspended", "an active company", found.companyStatus);
    }
    if (found.requestUsed)
      return refuse(c, attempt, "request_used", "a request not yet answered", facts.requestId ?? "");
    if (found.assertionUsed)
      return refuse(c, attempt, "assertion_used", "an assertion not yet used", facts.assertionId);
    // What was believed, what decides here and what is in force must be the same settings.
    if (tenant.saml?.version !== attempt.settingsVersion || found.settingsVersion !== attempt.settingsVersion) {
      return "settings_changed";
    }
    const decision = resolveUser(facts, tenant.saml, { ...found, issuers: tenant.expectedIdpEntityIds });
    if (decision.kind === "refuse") {
      return refuse(c, attempt, decision.refusal.code, decision.refusal.expected, decision.refusal.received);
    }
    if (options.ask) return "ask";
    const outcome = await complete(c, tenant, attempt, decision);
    if (outcome === "request_used")
      return refuse(c, attempt, outcome, "a request not yet answered", facts.requestId ?? "");
    if (outcome === "assertion_used")
      return refuse(c, attempt, outcome, "an assertion not yet used", facts.assertionId);
    if (outcome !== "user_changed") return outcome;
  }
  throw new Error("the user changed under each attempt to sign in");
}

async function complete(
  c: Context<AppEnv>,
  tenant: Tenant,
  attempt: Attempt,
  decision: Exclude<UserDecision, { kind: "refuse" }>,
): Promise<Response | "request_used" | "assertion_used" | "user_changed"> {
  const services = c.get("services");
  const now = services.now();
  const { facts } = attempt;
  const { user, write } = userWrite(tenant, decision);
  const { row, session } = newSession({
    tenant,
    user,
    group: decision.group,
    now,
    nameID: facts.nameID,
    issuer: facts.issuer,
    sessionIndex: facts.sessionIndex,
    sessionNotOnOrAfter: facts.sessionNotOnOrAfter,
    userAgent: c.req.header("user-agent") ?? "",
  });
  const reference = newReference();
  const outcome = await completeSignIn(services.database, tenant.company.id, {
    now,
    requestId: facts.requestId,
    requestExpiresAt: attempt.requestExpiresAt,
    issuer: facts.issuer,
    assertionId: facts.assertionId,
    assertionExpiresAt: facts.assertionExpiresAt,
    user: write,
    session: row,
    signIn: {
      id: newId(),
      at: now,
      outcome: "success",
      code: null,
      email: user.email,
      userId: user.id,
      reference,
      checks: [
        ...attempt.checks,
        { name: "user", ok: true, expected: null, received: decision.kind === "create" ? "created" : "found" },
        ...groupChecks(decision),
      ],
      ...(await keptMessage(c, "success")),
    },
  });
  if (outcome !== "done") return outcome;
  if (write.kind === "create" || Object.keys(write.changes).length > 0) c.set("audited", tenant.company.id);
  log("sign_in", { company: tenant.company.slug, reference });
  count("sign_ins", "success", tenant.company.id);
  return signedIn(c, tenant, attempt, await sessionCookie(services, tenant, session));
}

/** The user as the session will show them, and what the store has to write for it. */
function userWrite(
  tenant: Tenant,
  decision: Exclude<UserDecision, { kind: "refuse" }>,
): { user: NewUser; write: SignInWrite["user"] } {
  if (decision.kind === "create") {
    const user: NewUser = { id: newId(), company: tenant.company.name, status: "active", ...decision.person };
    return { user, write: { kind: "create", user } };
  }
  const { user, changes } = decision;
  const write = { kind: "update", userId: user.id, changes, expectedVersion: user.version } as const;
  return { user: { ...user, ...changes }, write };
}

async function signedIn(c: Context<AppEnv>, tenant: Tenant, attempt: Attempt, cookie: string): Promise<Response> {
  const headers = new Headers({ "cache-control": "no-store" });
  headers.append("set-cookie", cookie);
  let target = attempt.returnPath ?? "/";
  const { requestId } = attempt.facts;
  if (requestId !== null) {
    const cleared = [
      ...clearRequestCookies({ id: requestId, returnPath: attempt.returnPath }),
      ...(await makeRoom(c.get("services").sealer, tenant.company.id, c.req.raw)),
    ];
    for (const line of new Set(cleared)) headers.append("set-cookie", line);
    const saved = readCookies(c.req.raw).find(([name]) => name === fragmentCookieName(requestId));
    if (attempt.returnPath !== null) target = withFragment(target, saved?.[1] ?? null);
  }
  headers.set("location", target);
  return new Response(null, { status: 303, headers });
}

function refuse(
  c: Context<AppEnv>,
  attempt: Attempt,
  code: AttemptRefusal["refusal"]["code"],
  expected: string,
  received: string,
): Promise<Response> {
  const { email } = attempt.facts;
  const checks = [...attempt.checks, { name: code, ok: false, expected, received }];
  return refuseSignIn(c, { refusal: { code, expected, received }, checks, email, idpStatus: null });
}
