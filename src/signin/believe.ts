/**
 * What makes a response believable: the protocol core's decision, then the claims as the company maps them, then the
 * request that it answers, which must be ours, of this company, in time, and this browser's.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { log } from "../log.ts";
import { type Check, decideResponse, SIGNATURE } from "../saml/index.ts";
import type { SamlSettings } from "../store/index.ts";
import { decryptionKeys, type Tenant } from "../tenant/index.ts";
import { factsOf, type SignInFacts } from "./claims.ts";
import type { AttemptRefusal } from "./refused.ts";
import { readPendingRequests, readRequestId } from "./request.ts";

/** A response that the pinned key signed, that answers a request of ours (or may come unasked), and the person it names. */
export interface Attempt {
  readonly facts: SignInFacts;
  readonly checks: readonly Check[];
  /** Where the browser wanted to go; null when it carries no request of ours. */
  readonly returnPath: string | null;
  readonly requestExpiresAt: number;
  readonly settingsVersion: number;
}

/** Everything that the message itself and the browser's own requests decide. */
export async function believe(
  c: Context<AppEnv>,
  tenant: Tenant,
  saml: SamlSettings,
  samlResponse: string,
): Promise<{ ok: true; value: Attempt } | ({ ok: false } & AttemptRefusal)> {
  const { sealer, now } = c.get("services");
  const decision = await decideResponse(samlResponse, {
    now: now(),
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
    return { ok: false, refusal, checks, email: null, idpStatus: status };
  }
  const { assertion } = decision;
  const checks = [...decision.checks];
  if (assertion.signatureAlgorithm === SIGNATURE.rsaSha1) {
    checks.push({ name: "sha1_allowed", ok: true, expected: SIGNATURE.rsaSha256, received: SIGNATURE.rsaSha1 });
    log("weak_signature", { company: tenant.company.slug, code: "sha1_allowed" });
  }
  const failed = (
    name: string,
    refusal: AttemptRefusal["refusal"],
    email: string | null,
  ): { ok: false } & AttemptRefusal => {
    checks.push({ name, ok: false, expected: refusal.expected ?? null, received: refusal.received ?? null });
    return { ok: false, refusal, checks, email, idpStatus: null };
  };

  const read = factsOf(assertion, saml);
  if (!read.ok) return failed("claims", { ...read.refusal, received: read.refusal.received ?? "none" }, null);
  const { facts } = read;
  checks.push({ name: "claims", ok: true, expected: null, received: facts.email });

  const base = { facts, settingsVersion: saml.version };
  if (assertion.inResponseTo === null) {
    checks.push({ name: "pending_request", ok: true, expected: "none: IdP-initiated is allowed", received: null });
    return { ok: true, value: { ...base, checks, returnPath: null, requestExpiresAt: now() } };
  }
  const request = await readRequestId(sealer, tenant.company.id, assertion.inResponseTo);
  const expected = "a request that this gateway made for this company";
  if (request === null) {
    return failed(
      "pending_request",
      { code: "in_response_to_mismatch", expected, received: assertion.inResponseTo },
      facts.email,
    );
  }
  if (now() > request.expiresAt) {
    const times = { expected: `an answer before ${iso(request.expiresAt)}`, received: iso(now()) };
    return failed("pending_request", { code: "request_expired", ...times }, facts.email);
  }
  if (saml.forceAuthn && assertion.authnInstant < request.issuedAt - saml.clockSkewSeconds * 1000) {
    const times = {
      expected: `an authentication after ${iso(request.issuedAt)}`,
      received: iso(assertion.authnInstant),
    };
    return failed("authn_instant", { code: "authn_instant_too_old", ...times }, facts.email);
  }
  const pending = await readPendingRequests(sealer, tenant.company.id, c.req.raw, request.id);
  const own = pending.find(({ id }) => id === request.id);
  if (own === undefined && pending.length > 0) {
    const ids = pending.map(({ id }) => id).join(" or ");
    return failed(
      "pending_request",
      { code: "in_response_to_mismatch", expected: ids, received: request.id },
      facts.email,
    );
  }
  checks.push({
    name: "pending_request",
    ok: true,
    expected: request.id,
    received: own ? request.id : "not of this browser",
  });
  return {
    ok: true,
    value: { ...base, checks, returnPath: own?.returnPath ?? null, requestExpiresAt: request.expiresAt },
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
