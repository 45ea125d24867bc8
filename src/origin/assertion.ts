/**
 * The proof of identity that goes to the origin: a JWT (RFC 7519) signed with the company's own key. Signing costs more
 * than all else that a proxied request does, so one assertion serves a session for half of its life.
 */
import type { Services } from "../context.ts";
import type { Session } from "../session/index.ts";
import type { Company } from "../store/index.ts";
import { assertionSigner, identityClaims, signIdentity, type Tenant } from "../tenant/index.ts";
import { type IdentityProof, identityHeaders } from "./request-headers.ts";

/** Used so long; what is left of its life is for the way, and for an origin whose clock is ahead. */
export const ASSERTION_REUSED_MS = 25_000;
/** Some 2 KB each. */
const ASSERTIONS_MAX = 2_000;

interface Memory {
  /** By all that the assertion says: whoever was moved or renamed gets another one at once. */
  readonly byClaims: Map<string, IdentityProof>;
  /** The same, for whom the objects are still the same. The company, since the whole Tenant is large and sessions are kept elsewhere. */
  readonly bySession: WeakMap<Session, { readonly company: Company; readonly signed: IdentityProof }>;
}

/** One an isolate; the sealer is made once an isolate and stands for it. */
const memories = new WeakMap<Services["sealer"], Memory>();

/** What the origin is told about a visitor, and the proof of it. */
export async function identityOf(services: Services, tenant: Tenant, session: Session): Promise<IdentityProof> {
  const known = knownIdentity(services, tenant, session);
  if (known) return known;
  const { byClaims, bySession } = memoryOf(services);
  const signed = await signedFor(services, tenant, session, { now: services.now(), byClaims });
  bySession.set(session, { company: tenant.company, signed });
  return signed;
}

/** The same where it was signed lately; null: `identityOf` signs. Spares the wait. */
export function knownIdentity(services: Services, tenant: Tenant, session: Session): IdentityProof | null {
  const same = memoryOf(services).bySession.get(session);
  return same?.company === tenant.company && isUsable(same.signed, services.now()) ? same.signed : null;
}

function memoryOf({ sealer }: Services): Memory {
  let memory = memories.get(sealer);
  if (!memory) {
    memory = { byClaims: new Map(), bySession: new WeakMap() };
    memories.set(sealer, memory);
  }
  return memory;
}

async function signedFor(
  services: Services,
  tenant: Tenant,
  session: Session,
  { now, byClaims }: { now: number; byClaims: Memory["byClaims"] },
): Promise<IdentityProof> {
  const signer = await assertionSigner(services, tenant);
  const claims = identityClaims(tenant, session);
  const key = JSON.stringify([signer.kid, claims]);
  const known = byClaims.get(key);
  if (known && isUsable(known, now)) return known;

  const assertion = await signIdentity(signer, claims, now);
  const signed = { signedAt: now, assertion, headers: identityHeaders(session) };
  byClaims.delete(key);
  if (byClaims.size >= ASSERTIONS_MAX) byClaims.delete(byClaims.keys().next().value as string);
  byClaims.set(key, signed);
  return signed;
}

/** Whether it may still be sent. */
export function isUsable({ signedAt }: IdentityProof, now: number): boolean {
  return now >= signedAt && now < signedAt + ASSERTION_REUSED_MS;
}
