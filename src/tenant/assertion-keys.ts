/** The company's keys of the identity assertion (ES256): made here, kept wrapped in D1, published by their public half. */
import type { Services } from "../context.ts";
import { type AssertionKey, insertAssertionKey, newId } from "../store/index.ts";
import { reloadTenant } from "./resolve.ts";
import type { Tenant } from "./tenant.ts";

/** FIPS 186-5, RFC 7518 section 3.4. */
const ES256 = { name: "ECDSA", namedCurve: "P-256" } as const;
/** A retired key stays published while an assertion that it signed may live, and while origins may cache the list without the new one. */
export const RETIRED_KEY_PUBLISHED_MS = 3_600_000;

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
  if (activeKey(tenant)) return tenant;
  const { company } = tenant;
  await insertAssertionKey(services.database, company.id, await newAssertionKey(services, company.id));
  // Another isolate may have been quicker; what D1 holds decides.
  const reloaded = await reloadTenant(services, company.slug);
  if (!reloaded || !activeKey(reloaded)) throw new Error("the company has no key for the identity assertion");
  return reloaded;
}

/** The key that signs now. Throws when it can't be unwrapped: without its key a company's requests do not reach the origin. */
export async function assertionSigner(services: Services, tenant: Tenant): Promise<AssertionSigner> {
  const key = activeKey(await withAssertionKey(services, tenant))!;
  const known = imported.get(key);
  if (known) return known;
  const text = await services.sealer.open("wrapped-key", tenant.company.id, key.wrappedPrivateJwk);
  if (text === null) throw new Error("the key of the identity assertion was wrapped under another secret");
  const privateKey = await crypto.subtle.importKey("jwk", JSON.parse(text) as JsonWebKey, ES256, false, ["sign"]);
  const signer = { kid: key.kid, privateKey };
  imported.set(key, signer);
  return signer;
}

/** What an origin may still meet a signature of. */
export function publishedAssertionKeys(tenant: Tenant, now: number): AssertionKey[] {
  return tenant.assertionKeys.filter(
    ({ retiredAt }) => retiredAt === null || now < retiredAt + RETIRED_KEY_PUBLISHED_MS,
  );
}

function activeKey(tenant: Tenant): AssertionKey | undefined {
  return tenant.assertionKeys.find(({ retiredAt }) => retiredAt === null);
}
