/**
 * The company's own SAML keys, unwrapped for use: the one that signs what we send, and those that open what was encrypted
 * for us. Private keys exist unwrapped only in memory, as keys that can't be exported.
 */
import type { Services } from "../context.ts";
import { importDecryptionKey, importSigningKey, type SigningKey } from "../saml/index.ts";
import type { SpKey } from "../store/index.ts";
import type { Tenant } from "./resolve.ts";

/** Rows are parsed once a tenant load, so a key is imported once a load too. */
const signing = new WeakMap<SpKey, SigningKey>();
const decryption = new WeakMap<SpKey, CryptoKey>();

/** The newest signing key that is not retired; null where the company has none yet. */
export async function signingKey(services: Services, tenant: Tenant): Promise<SigningKey | null> {
  const row = newestFirst(tenant, "signing").find((key) => key.retiredAt === null);
  if (!row) return null;
  const known = signing.get(row);
  if (known) return known;
  const key = await importSigningKey(await unwrap(services, tenant, row), row.certificate);
  signing.set(row, key);
  return key;
}

/** Newest first; retired ones too, until their rows are gone, since the identity provider may still encrypt to the old certificate. */
export async function decryptionKeys(services: Services, tenant: Tenant): Promise<CryptoKey[]> {
  const keys: CryptoKey[] = [];
  for (const row of newestFirst(tenant, "encryption")) {
    const key = decryption.get(row) ?? (await importDecryptionKey(await unwrap(services, tenant, row)));
    decryption.set(row, key);
    keys.push(key);
  }
  return keys;
}

function newestFirst(tenant: Tenant, use: SpKey["use"]): SpKey[] {
  return tenant.spKeys.filter((key) => key.use === use).sort((a, b) => b.createdAt - a.createdAt);
}

/** A key that does not unwrap was written under a secret that is gone: that is a fault of operation, never a reason to go on without. */
async function unwrap(services: Services, tenant: Tenant, row: SpKey): Promise<Uint8Array> {
  const base64 = await services.sealer.open("wrapped-key", tenant.company.id, row.wrappedPrivateKey);
  if (base64 === null) throw new Error(`the ${row.use} key ${row.id} does not open with GATEWAY_SECRET`);
  return Uint8Array.from(Buffer.from(base64, "base64"));
}
