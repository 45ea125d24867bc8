/**
 * Unwrapping a key from RSA-OAEP (RFC 8017 7.1.2) whatever its two hashes are. WebCrypto and Node know only one hash for both the
 * label and the mask, while XML-Enc's rsa-oaep-mgf1p fixes the mask's to SHA-1.
 */
import { constants, createHash, KeyObject, privateDecrypt } from "node:crypto";
import type { Hash, WrappedKey } from "./encryption-profile.ts";

/** The octets that were wrapped, or null: for whatever reason, at the same cost. `key` is an RSA private key of any use. */
export function unwrapKey(key: CryptoKey, wrapped: WrappedKey, maskHash: Hash): Uint8Array | null {
  const { octets, hash, label } = wrapped;
  try {
    const privateKey = KeyObject.from(key as Parameters<typeof KeyObject.from>[0]);
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
