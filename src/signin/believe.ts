/**
 * What makes a response believable: the protocol core's decision, then the claims as the company maps them, then the
 * request that it answers, which must be ours, of this company, in time, and this browser's.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { log } from "../log.ts";
import { type Check, decideResponse, SIGNATURE, type VerifiedAssertion } from "../saml/index.ts";
import type { SamlSettings } from "../store/index.ts";
import { decryptionKeys, type Tenant } from "../tenant/index.ts";
import { factsOf, type SignInFacts } from "./claims.ts";
import type { AttemptRefusal } from "./refused.ts";
import { type RequestIdentity, readPendingRequests, readRequestId } from "./request.ts";

/** A response that the pinned key signed, that answers a request of ours (or may come unasked), and the person it names. */
export interface Attempt {
  readonly facts: SignInFacts;
  readonly checks: readonly Check[];
  /** Where the browser wanted to go; null when it carries no request of ours. */
  readonly returnPath: string | null;
  readonly requestExpiresAt: number;
  readonly settingsVersion: number;
}

/** What the message alone says: claims that a pinned key signed, as the company maps them. */
export type AttemptSoFar =
  | {
      readonly ok: true;
      readonly assertion: VerifiedAssertion;
      readonly facts: SignInFacts;
      readonly checks: readonly Check[];
    }
  /** The assertion is there where it was believed and its claims don't do. */
  | ({ readonly ok: false; readonly assertion: VerifiedAssertion | null } & AttemptRefusal);

export async function understand(
  c: Context<AppEnv>,
  tenant: Tenant,
  saml: SamlSettings,
  samlResponse: string,
): Promise<AttemptSoFar> {
  const decision = await decideResponse(samlResponse, {
    now: c.get("services").now(),
    clockSkewSeconds: saml.clockSkewSeconds,
    spEntityId: tenant.entityId,
    acsUrl: tenant.acsUrl,
    idpEntityIds: tenant.expectedIdpEntityIds,
    certificates: tenant.certificates,
    allowSha1: saml.allowSha1,
    wantEncryptedAssertions: saml.wantEncryptedAssertions,
    decryptionKeys: await decryptionKeys(c.get("services"), tenant),
    allowIdpInitiated: saml.allowIdpInitiated,
    // The time of the request stands in its ID, which is known only after the response is verified: checked below.
    authnInstantNotBefore: null,
    requestedAuthnContext: saml.requestedAuthnContext,
  });
  if (!decision.ok) {
    const { refusal, checks, status } = decision;
    return { ok: false, assertion: null, refusal, checks, email: null, idpStatus: status };
  }
  const { assertion } = decision;
  const named = attributeNames(assertion);
  const checks = decision.checks.map((check) => (check.name === "attributes" ? { ...check, received: named } : check));
  if (assertion.signatureAlgorithm === SIGNATURE.rsaSha1) {
    checks.push({ name: "sha1_allowed", ok: true, expected: SIGNATURE.rsaSha256, received: SIGNATURE.rsaSha1 });
    log("weak_signature", { company: tenant.company.slug, code: "sha1_allowed" });
  }
  const read = factsOf(assertion, saml);
  if (!read.ok) {
    const refusal = { ...read.refusal, received: read.refusal.received ?? "none" };
    return { assertion, ...failing(checks, "claims", refusal, null) };
  }
  checks.push({ name: "claims", ok: true, expected: null, received: read.facts.email });
  return { ok: true, assertion, facts: read.facts, checks };
}

/** Which claims came, for who wonders why a mapping gave another group: the last part of each name. */
function attributeNames({ attributes }: VerifiedAssertion): string {
  return [...attributes.keys()].map((name) => name.slice(name.lastIndexOf("/") + 1)).join(", ") || "none";
}

function failing(
  checks: readonly Check[],
  name: string,
  refusal: AttemptRefusal["refusal"],
  email: string | null,
): { ok: false } & AttemptRefusal {
  const failed = { name, ok: false, expected: refusal.expected ?? null, received: refusal.received ?? null };
  return { ok: false, refusal, checks: [...checks, failed], email, idpStatus: null };
}

/** That an answer is to this request of ours, and in time for it. */
export function bindingChecks(
  { assertion, facts, checks }: Extract<AttemptSoFar, { ok: true }>,
  saml: SamlSettings,
  request: RequestIdentity & { readonly now: number },
): { ok: true; checks: readonly Check[] } | ({ ok: false } & AttemptRefusal) {
  const failed = (name: string, refusal: AttemptRefusal["refusal"]) => failing(checks, name, refusal, facts.email);
  const { id, issuedAt, expiresAt, now } = request;
  if (assertion.inResponseTo !== id) {
    const received = assertion.inResponseTo ?? "none: it answers no request";
    return failed("pending_request", { code: "in_response_to_mismatch", expected: id, received });
  }
  if (now > expiresAt) {
    const times = { expected: `an answer before ${iso(expiresAt)}`, received: iso(now) };
    return failed("pending_request", { code: "request_expired", ...times });
  }
  if (saml.forceAuthn && assertion.authnInstant < issuedAt - saml.clockSkewSeconds * 1000) {
    const times = { expected: `an authentication after ${iso(issuedAt)}`, received: iso(assertion.authnInstant) };
    return failed("authn_instant", { code: "authn_instant_too_old", ...times });
  }
  return { ok: true, checks: [...checks, { name: "pending_request", ok: true, expected: id, received: id }] };
}

/** Everything that the message itself and the browser's own requests decide. */
export async function believe(
  c: Context<AppEnv>,
  tenant: Tenant,
  saml: SamlSettings,
  samlResponse: string,
): Promise<{ ok: true; value: Attempt } | ({ ok: false } & AttemptRefusal)> {
  const { sealer, now } = c.get("services");
  const understood = await understand(c, tenant, saml, samlResponse);
  if (!understood.ok) return understood;
  const { assertion, facts, checks } = understood;
  const base = { facts, settingsVersion: saml.version };
  if (assertion.inResponseTo === null) {
    const unasked = { name: "pending_request", ok: true, expected: "none: IdP-initiated is allowed", received: null };
    return { ok: true, value: { ...base, checks: [...checks, unasked], returnPath: null, requestExpiresAt: now() } };
  }
  const mismatch = (expected: string, received: string) =>
    failing(checks, "pending_request", { code: "in_response_to_mismatch", expected, received }, facts.email);
  const request = await readRequestId(sealer, tenant.company.id, assertion.inResponseTo);
  if (request === null) return mismatch("a request that this gateway made for this company", assertion.inResponseTo);
  const bound = bindingChecks(understood, saml, { ...request, now: now() });
  if (!bound.ok) return bound;
  const pending = await readPendingRequests(sealer, tenant.company.id, c.req.raw, request.id);
  const own = pending.find(({ id }) => id === request.id);
  if (own === undefined && pending.length > 0) return mismatch(pending.map(({ id }) => id).join(" or "), request.id);
  const received = own ? request.id : "not of this browser";
  const decided = [...checks, { name: "pending_request", ok: true, expected: request.id, received }];
  const returnPath = own?.returnPath ?? null;
  return { ok: true, value: { ...base, checks: decided, returnPath, requestExpiresAt: request.expiresAt } };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
