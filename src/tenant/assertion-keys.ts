/**
 * The company's keys of the identity assertion (ES256): made here, kept wrapped in D1, published by their public half. Which of
 * them signs follows from the times in their records alone, so that all isolates say the same without talking to one another.
 */
import type { Services } from "../context.ts";
import { type AssertionKey, insertAssertionKey, newId } from "../store/index.ts";
import { reloadTenant } from "./resolve.ts";
import type { Tenant } from "./tenant.ts";

/** FIPS 186-5, RFC 7518 section 3.4. */
const ES256 = { name: "ECDSA", namedCurve: "P-256" } as const;
/** A retired key stays published while an assertion that it signed may live, and while origins may cache the list without the new one. */
export const RETIRED_KEY_PUBLISHED_MS = 3_600_000;
/**
 * A key that has a predecessor is published so long before it signs. An isolate may know the company of 55 seconds ago, caches keep
 * the list for 300 seconds as it says itself, and some libraries for 10 minutes whatever it says: after this nobody lacks the key.
 */
export const ASSERTION_KEY_ANNOUNCED_MS = 15 * 60_000;

/** A key that may sign. */
export interface AssertionSigner {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** By the key's record, which stays the same object while the company does not change: imported once an isolate. */
const imported = new WeakMap<AssertionKey, AssertionSigner>();

/** A new key pair, its private half sealed for this company. Not yet stored. */
export async function newAssertionKey(
  services: Pick<Services, "sealer" | "now">,
  companyId: string,
): Promise<AssertionKey> {
  const pair = (await crypto.subtle.generateKey(ES256, true, ["sign", "verify"])) as CryptoKeyPair;
  const kid = newId();
  const [privateJwk, { x, y }] = (await Promise.all([
    crypto.subtle.exportKey("jwk", pair.privateKey),
    crypto.subtle.exportKey("jwk", pair.publicKey),
  ])) as [JsonWebKey, JsonWebKey];
  return {
    kid,
    publicJwk: { kty: "EC", crv: ES256.namedCurve, x: x!, y: y! },
    wrappedPrivateJwk: await services.sealer.seal("wrapped-key", companyId, JSON.stringify(privateJwk)),
    createdAt: services.now(),
    retiredAt: null,
  };
}

/** The company with at least one key that may sign; one is made where there is none. */
export async function withAssertionKey(services: Services, tenant: Tenant): Promise<Tenant> {
  const now = services.now();
  if (activeAssertionKey(tenant.assertionKeys, now)) return tenant;
  const { company } = tenant;
  await insertAssertionKey(services.database, company.id, await newAssertionKey(services, company.id));
  // Another isolate may have been quicker; what D1 holds decides.
  const reloaded = await reloadTenant(services, company.slug);
  if (!reloaded || !activeAssertionKey(reloaded.assertionKeys, now))
    throw new Error("the company has no key for the identity assertion");
  return reloaded;
}

/** The key that signs now. Throws when it can't be unwrapped: without its key a company's requests do not reach the origin. */
export async function assertionSigner(services: Services, tenant: Tenant): Promise<AssertionSigner> {
  const { assertionKeys } = await withAssertionKey(services, tenant);
  const key = activeAssertionKey(assertionKeys, services.now())!;
  const known = imported.get(key);
  if (known) return known;
  const text = await services.sealer.open("wrapped-key", tenant.company.id, key.wrappedPrivateJwk);
  if (text === null) throw new Error("the key of the identity assertion was wrapped under another secret");
  const privateKey = await crypto.subtle.importKey("jwk", JSON.parse(text) as JsonWebKey, ES256, false, ["sign"]);
  const signer = { kid: key.kid, privateKey };
  imported.set(key, signer);
  return signer;
}

/** What an origin may meet a signature of, now or before its copy of the list is old. */
export function publishedAssertionKeys(tenant: Tenant, now: number): AssertionKey[] {
  return tenant.assertionKeys.filter((key) => isPublished(key, now));
}

/** published: in the list, doesn't sign yet. active: signs. previous: still in the list. retired: gone from it. */
export type AssertionKeyState = "published" | "active" | "previous" | "retired";

/** `keys` are all of the company. */
export function assertionKeyState(key: AssertionKey, keys: readonly AssertionKey[], now: number): AssertionKeyState {
  const active = activeAssertionKey(keys, now);
  if (key.kid === active?.kid) return "active";
  if (key.retiredAt === null && active && key.createdAt > active.createdAt) return "published";
  return isPublished(key, now) ? "previous" : "retired";
}

/** The newest that has been published long enough; where none has, the oldest: before it there was nothing to sign with. */
function activeAssertionKey(keys: readonly AssertionKey[], now: number): AssertionKey | undefined {
  const standing = keys.filter(({ retiredAt }) => retiredAt === null).sort((a, b) => b.createdAt - a.createdAt);
  return standing.find(({ createdAt }) => now - createdAt >= ASSERTION_KEY_ANNOUNCED_MS) ?? standing.at(-1);
}

function isPublished({ retiredAt }: AssertionKey, now: number): boolean {
  return retiredAt === null || now < retiredAt + RETIRED_KEY_PUBLISHED_MS;
}
