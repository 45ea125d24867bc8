/**
 * A test sign-in: the company's draft tried in the browser of the administrator who made it. It goes the way of a sign-in and
 * ends before it: the answer is judged by the draft, its outcome noted on the draft, request and assertion are used up, and
 * nobody is signed in, made or changed, whatever is in force by then.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { log } from "../log.ts";
import {
  clearTestCookie,
  readSession,
  readTest,
  TEST_RELAY_PREFIX,
  TEST_RESULT_PATH,
  TEST_START_PATH,
} from "../session/index.ts";
import {
  checkSession,
  emailKey,
  findSamlDraft,
  prepareSignIn,
  recordTestedSignIn,
  type TestedSignIn,
} from "../store/index.ts";
import { reloadTenant, type Tenant, withSettings } from "../tenant/index.ts";
import { type AttemptSoFar, bindingChecks, understand } from "./believe.ts";
import { groupChecks } from "./group-mapping.ts";
import { sendRequest } from "./login.ts";
import { recordedChecks, refuseSignIn } from "./refused.ts";
import { resolveUser } from "./resolve-user.ts";

type Ticket = NonNullable<Awaited<ReturnType<typeof readTest>>>;

/** `GET /sso/login/test`: what the console began goes to the identity provider, from this administrator's browser only. */
export async function startTest(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const ticket = await readTest(services, tenant.company.id, c.req.raw);
  const current = ticket && (await readSession(services, tenant, c.req.raw));
  if (ticket === null || current?.session.id !== ticket.sessionId || current.session.group.type !== "administrator") {
    return c.redirect(TEST_RESULT_PATH, 303);
  }
  const draft = await findSamlDraft(services.database, tenant.company.id);
  if (draft?.version !== ticket.draftVersion) return c.redirect(`${TEST_RESULT_PATH}?answer=older`, 303);
  const drafted = withSettings(services, tenant, draft.settings);
  const id = ticket.requestId;
  // The console's form led here, and its policy holds for every redirect that follows: a page in between ends that.
  const inBetween = c.req.query("go") === undefined ? `${TEST_START_PATH}?go=1` : null;
  return sendRequest(c, drafted, draft.settings, { id, relayState: TEST_RELAY_PREFIX + id, inBetween });
}

/** The answer to a test, or to what says that it is one. */
export async function finishTest(c: Context<AppEnv>, samlResponse: string, relayState: string): Promise<Response> {
  const services = c.get("services");
  const { company } = c.get("tenant");
  const refused = (expected: string, received: string) =>
    refuseSignIn(c, {
      refusal: { code: "test_invalid", expected, received },
      checks: [],
      email: null,
      idpStatus: null,
    });
  const ticket = await readTest(services, company.id, c.req.raw);
  if (ticket === null) return refused("the browser that began this test", "another one");
  if (relayState !== TEST_RELAY_PREFIX + ticket.requestId) return refused(ticket.requestId, relayState);
  // The session's cookie doesn't come with a cross-site post; D1 knows whether the administrator still is one.
  const beginner = await checkSession(services.database, company.id, ticket.sessionId, null);
  const active = beginner?.user.status === "active" && beginner.session.expiresAt > services.now();
  if (!active || beginner.group.type !== "administrator") {
    return refused("a session of an administrator", "none any more");
  }

  const [tenant, draft] = await Promise.all([
    reloadTenant(services, company.slug),
    findSamlDraft(services.database, company.id),
  ]);
  if (tenant?.company.id !== company.id || draft?.version !== ticket.draftVersion) return toResult("older");
  const drafted = withSettings(services, tenant, draft.settings);
  const { tested, assertion } = await judge(c, drafted, ticket, samlResponse);
  const write = { version: draft.version, requestId: ticket.requestId, requestExpiresAt: ticket.expiresAt };
  const note = (judged: Judged) => recordTestedSignIn(services.database, company.id, { ...write, ...judged });
  let noted = await note({ tested, assertion });
  if (noted === "assertion_used") noted = await note(usedBefore(tested, assertion?.id ?? ""));
  log("test_sign_in", { company: company.slug, ...(tested.code === null ? {} : { code: tested.code }) });
  // Of a test that was answered before, the page shows what it showed then.
  return toResult(noted === "draft_changed" ? "older" : null);
}

function toResult(answer: "older" | null): Response {
  const location = answer === null ? TEST_RESULT_PATH : `${TEST_RESULT_PATH}?answer=${answer}`;
  const headers = new Headers({ location, "cache-control": "no-store" });
  headers.append("set-cookie", clearTestCookie());
  return new Response(null, { status: 303, headers });
}

function usedBefore(tested: TestedSignIn, assertionId: string): Judged {
  const code = "assertion_used";
  const check = { name: code, ok: false, expected: "an assertion not yet used", received: assertionId };
  const checks = [...tested.checks, check];
  return { tested: { ...tested, outcome: "refused", code, checks, result: null }, assertion: null };
}

interface Judged {
  readonly tested: TestedSignIn;
  readonly assertion: { readonly issuer: string; readonly id: string; readonly expiresAt: number } | null;
}

/** By the draft alone: the message, the request that it answers, and who it would sign in. Reads, and writes nothing. */
async function judge(c: Context<AppEnv>, drafted: Tenant, ticket: Ticket, samlResponse: string): Promise<Judged> {
  const services = c.get("services");
  const settings = drafted.saml!;
  const understood = await understand(c, drafted, settings, samlResponse);
  const base = { at: services.now(), actor: `user:${ticket.userId}` };
  const seen = understood.assertion;
  const claims = seen === null ? [] : claimsOf(seen);
  const refused = (attempt: Parameters<typeof recordedChecks>[0]): Judged => {
    const checks = recordedChecks(attempt);
    const { code } = attempt.refusal;
    // The request is used up all the same; an assertion that answers another one is left to whom it was for.
    return { tested: { ...base, outcome: "refused", code, checks, claims, result: null }, assertion: null };
  };
  if (!understood.ok) return refused(understood);
  const { facts } = understood;
  const bound = bindingChecks(understood, settings, {
    id: ticket.requestId,
    issuedAt: ticket.issuedAt,
    expiresAt: ticket.expiresAt,
    now: services.now(),
  });
  if (!bound.ok) return refused(bound);

  const found = await prepareSignIn(services.database, drafted.company.id, {
    requestId: facts.requestId,
    issuer: facts.issuer,
    assertionId: facts.assertionId,
    subjects: [...facts.subjects],
    email: emailKey(facts.email),
  });
  const decision = resolveUser(facts, settings, { ...found, issuers: drafted.expectedIdpEntityIds });
  if (decision.kind === "refuse") {
    return refused({ refusal: decision.refusal, checks: bound.checks, email: facts.email, idpStatus: null });
  }
  const created = decision.kind === "create";
  const person = created ? decision.person : { ...decision.user, ...decision.changes };
  const { email, firstName, lastName } = person;
  const checks = [
    ...bound.checks,
    { name: "user", ok: true, expected: null, received: created ? "would be created" : "found" },
    ...groupChecks(decision),
  ];
  const userId = created ? null : decision.user.id;
  const result = { email, firstName, lastName, userId, groupId: decision.group.id };
  const { issuer, assertionId: assertion, assertionExpiresAt } = facts;
  return {
    tested: { ...base, outcome: "success", code: null, checks, claims, result },
    assertion: { issuer, id: assertion, expiresAt: assertionExpiresAt },
  };
}

function claimsOf({ nameID, attributes }: NonNullable<AttemptSoFar["assertion"]>): TestedSignIn["claims"] {
  const given = [...attributes].map(([name, values]) => ({ name, values: [...values] }));
  return [{ name: "NameID", values: [nameID.value] }, ...given];
}
