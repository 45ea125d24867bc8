/** The company's key pairs as a service provider: made here, kept wrapped in D1, imported for signing requests and decrypting assertions. */
import type { Services } from "../context.ts";
import { generateKeyPair, importDecryptionKey, importSigningKey, type SigningKey } from "../saml/index.ts";
import { insertSpKey, newId, type SpKey } from "../store/index.ts";
import { reloadTenant } from "./resolve.ts";
import type { Tenant } from "./tenant.ts";

/** The certificate is exchanged by hand on the other side and its dates bind nobody there: long enough not to be the reason to do it. */
const CERTIFICATE_YEARS = 10;
/** An identity provider that reads our metadata once a day still encrypts to a key that was retired meanwhile. */
export const RETIRED_KEY_OPENS_MS = 24 * 3_600_000;

/** By the key's record, which stays the same object while the company does not change: imported once an isolate. */
const signingKeys = new WeakMap<SpKey, SigningKey>();
const decryptionKeysOf = new WeakMap<SpKey, CryptoKey>();

/** A new RSA-2048 pair with a self-signed certificate; the private half (PKCS #8) sealed as base64. Not yet stored. */
export async function newSpKey(
  services: Pick<Services, "config" | "sealer" | "now">,
  company: { readonly id: string; readonly slug: string },
  use: SpKey["use"],
): Promise<SpKey> {
  const now = services.now();
  const subject = `${company.slug}.${services.config.baseDomain}`;
  const pair = await generateKeyPair(use, { subject, now, years: CERTIFICATE_YEARS });
  const pkcs8 = Buffer.from(pair.privateKeyPkcs8).toString("base64");
  return {
    id: newId(),
    use,
    certificate: pair.certificate.base64,
    wrappedPrivateKey: await services.sealer.seal("wrapped-key", company.id, pkcs8),
    createdAt: now,
    retiredAt: null,
    activatedAt: now,
  };
}

/** What signs this company's logout messages: the key that its requests are signed with, where it has one. */
export async function signingKeyIfAny(services: Services, tenant: Tenant): Promise<SigningKey | null> {
  return activeSpKey(tenant.spKeys, "signing") ? signingKey(services, tenant) : null;
}

/** What signs this company's requests; made where there is none. */
export async function signingKey(services: Services, tenant: Tenant): Promise<SigningKey> {
  const { company } = tenant;
  let key = activeSpKey(tenant.spKeys, "signing");
  if (!key) {
    await insertSpKey(services.database, company.id, await newSpKey(services, company, "signing"));
    // Another isolate may have been quicker; what D1 holds decides.
    const reloaded = await reloadTenant(services, company.slug);
    key = reloaded ? activeSpKey(reloaded.spKeys, "signing") : undefined;
    if (!key) throw new Error("the company has no signing key");
  }
  const known = signingKeys.get(key);
  if (known) return known;
  const imported = await importSigningKey(await unwrap(services, company.id, key), key.certificate);
  signingKeys.set(key, imported);
  return imported;
}

/** Every key that an assertion may be encrypted to, newest first; a retired one for RETIRED_KEY_OPENS_MS more. */
export async function decryptionKeys(services: Services, tenant: Tenant): Promise<CryptoKey[]> {
  const keys: CryptoKey[] = [];
  for (const key of tenant.spKeys) {
    if (key.use !== "encryption" || !opens(key, services.now())) continue;
    let imported = decryptionKeysOf.get(key);
    if (!imported) {
      imported = await importDecryptionKey(await unwrap(services, tenant.company.id, key));
      decryptionKeysOf.set(key, imported);
    }
    keys.push(imported);
  }
  return keys;
}

/** The one in use: of those that are not retired, the one that was put in use last. */
export function activeSpKey(keys: readonly SpKey[], use: SpKey["use"]): SpKey | undefined {
  return publishedSpKeys(keys, use).find((key) => key.activatedAt !== null);
}

/** What our metadata shows of a use: first the key in use, then those before it, and last the one that is to follow. */
export function publishedSpKeys(keys: readonly SpKey[], use: SpKey["use"]): SpKey[] {
  return keys
    .filter((key) => key.use === use && key.retiredAt === null)
    .sort((a, b) => (b.activatedAt ?? 0) - (a.activatedAt ?? 0) || (a.id < b.id ? 1 : -1));
}

function opens(key: SpKey, now: number): boolean {
  return key.retiredAt === null || now - key.retiredAt < RETIRED_KEY_OPENS_MS;
}

async function unwrap(services: Services, companyId: string, key: SpKey): Promise<Uint8Array> {
  const text = await services.sealer.open("wrapped-key", companyId, key.wrappedPrivateKey);
  if (text === null) throw new Error("a key of the service provider was wrapped under another secret");
  return Uint8Array.from(Buffer.from(text, "base64"));
}
