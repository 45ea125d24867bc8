/**
 * The proof of identity that goes to the origin: a JWT (RFC 7519) signed with the company's own key. Signing costs more
 * than all else that a proxied request does, so one assertion serves a session for half of its life.
 */
import { SignJWT } from "jose";
import type { Services } from "../context.ts";
import type { Session } from "../session/index.ts";
import { newId } from "../store/index.ts";
import { assertionSigner, type Tenant } from "../tenant/index.ts";

/** From `iat` to `exp`. */
export const ASSERTION_LIFE_SECONDS = 60;
/** The origin's clock may be behind ours by so much. */
export const ASSERTION_BACKDATED_SECONDS = 5;
/** Used so long; what is left of its life is for the way, and for an origin whose clock is ahead. */
export const ASSERTION_REUSED_MS = 25_000;
/** Some 2 KB each. */
const ASSERTIONS_MAX = 2_000;

interface Signed {
  readonly signedAt: number;
  readonly token: string;
}

/** By all that the assertion says: whoever was moved or renamed gets another one at once. */
const memories = new WeakMap<Services["sealer"], Map<string, Signed>>();

export async function identityAssertion(services: Services, tenant: Tenant, session: Session): Promise<string> {
  let memory = memories.get(services.sealer);
  if (!memory) {
    memory = new Map();
    memories.set(services.sealer, memory);
  }
  const { kid, privateKey } = await assertionSigner(services, tenant);
  const claims = claimsOf(tenant, session);
  const key = JSON.stringify([kid, claims]);
  const now = services.now();
  const known = memory.get(key);
  if (known && now >= known.signedAt && now < known.signedAt + ASSERTION_REUSED_MS) return known.token;

  const issuedAt = Math.floor(now / 1000) - ASSERTION_BACKDATED_SECONDS;
  const token = await new SignJWT({ ...claims, jti: newId() })
    .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_LIFE_SECONDS)
    .sign(privateKey);
  memory.delete(key);
  if (memory.size >= ASSERTIONS_MAX) memory.delete(memory.keys().next().value as string);
  memory.set(key, { signedAt: now, token });
  return token;
}

function claimsOf(tenant: Tenant, session: Session) {
  return {
    iss: tenant.baseUrl,
    aud: new URL(tenant.company.originUrl).origin,
    sub: session.userId,
    sid: session.id,
    company: tenant.company.slug,
    email: session.email,
    given_name: session.firstName,
    family_name: session.lastName,
    name: `${session.firstName} ${session.lastName}`.trim(),
    group: session.group,
    groups: [session.group.title],
  };
}
