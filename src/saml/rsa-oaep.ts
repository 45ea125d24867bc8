/**
 * Unwrapping a key from RSA-OAEP (RFC 8017 7.1.2) whatever its two hashes are. WebCrypto and Node know only one hash for both the
 * label and the mask, while XML-Enc's rsa-oaep-mgf1p fixes the mask's to SHA-1.
 */
import { Buffer } from "node:buffer";
import { constants, createHash, createPrivateKey, type KeyObject, privateDecrypt } from "node:crypto";
import type { Hash, WrappedKey } from "./encryption-profile.ts";

/** The same keys as Node knows them: only its RSA lets the mask be chosen. */
const keyObjects = new WeakMap<CryptoKey, KeyObject>();

/** A private key for unwrapKey, from PKCS#8 (RFC 5208). It can't be exported again. */
export async function importUnwrappingKey(pkcs8: Uint8Array): Promise<CryptoKey> {
  // The hash is a formality of WebCrypto: a message names its own (XML-Enc 1.1, 5.5.2).
  const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("pkcs8", new Uint8Array(pkcs8), algorithm, false, ["decrypt"]);
  keyObjects.set(key, createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }));
  return key;
}

/** The octets that were wrapped, or null: for whatever reason, at the same cost. `key` is one of importUnwrappingKey. */
export function unwrapKey(key: CryptoKey, wrapped: WrappedKey, maskHash: Hash): Uint8Array | null {
  const { octets, hash, label } = wrapped;
  const privateKey = keyObjects.get(key);
  if (!privateKey) throw new Error("not a key of importUnwrappingKey");
  try {
    if (hash === maskHash) {
      const padding = constants.RSA_PKCS1_OAEP_PADDING;
      return privateDecrypt({ key: privateKey, padding, oaepHash: hash, oaepLabel: label }, octets);
    }
    const encoded = privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, octets);
    return decodeOaep(encoded, hash, maskHash, label);
  } catch {
    // Not this key's, or damaged: which of the two is nobody's business.
    return null;
  }
}

/** RFC 8017 7.1.2, step 3. Every octet is looked at whatever the others are: where decoding fails must not show (Manger 2001). */
function decodeOaep(encoded: Uint8Array, hash: Hash, maskHash: Hash, label: Uint8Array): Uint8Array | null {
  const labelHash = createHash(hash).update(label).digest();
  const seedEnd = 1 + labelHash.length;
  if (encoded.length < seedEnd + labelHash.length + 1) return null;
  const maskedBlock = encoded.subarray(seedEnd);
  const seed = xor(encoded.subarray(1, seedEnd), maskOf(maskedBlock, labelHash.length, maskHash));
  const block = xor(maskedBlock, maskOf(seed, maskedBlock.length, maskHash));
  let wrong = encoded[0]!;
  for (let i = 0; i < labelHash.length; i++) wrong |= labelHash[i]! ^ block[i]!;
  let separator = 0;
  for (let i = labelHash.length; i < block.length; i++) {
    const searching = separator === 0 ? 1 : 0;
    const isOne = block[i] === 1 ? 1 : 0;
    const isZero = block[i] === 0 ? 1 : 0;
    separator += i * (searching & isOne);
    wrong |= searching & (1 - isOne) & (1 - isZero);
  }
  return wrong !== 0 || separator === 0 ? null : block.slice(separator + 1);
}

/** MGF1 (RFC 8017 B.2.1). */
function maskOf(seed: Uint8Array, length: number, hash: Hash): Uint8Array {
  const mask = new Uint8Array(length);
  const counter = new Uint8Array(4);
  for (let at = 0, block = 0; at < length; block++) {
    new DataView(counter.buffer).setUint32(0, block);
    const digest = createHash(hash).update(seed).update(counter).digest();
    mask.set(digest.subarray(0, length - at), at);
    at += digest.length;
  }
  return mask;
}

function xor(one: Uint8Array, other: Uint8Array): Uint8Array {
  return one.map((octet, index) => octet ^ other[index]!);
}
