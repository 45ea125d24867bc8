/**
 * Decrypting EncryptedAssertion and EncryptedID (SAML Core 2.2.4, XML-Enc 1.1). Encryption says nothing about who wrote the
 * plaintext: what comes out is as untrusted as any message. Whatever goes wrong once a key is used looks the same.
 */
import { type ContentCipher, readEncryptionProfile, type WrappedKey } from "./encryption-profile.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { unwrapKey } from "./rsa-oaep.ts";
import type { XmlElement } from "./types.ts";

/** XML-Enc 1.1, 5.2.4: 96 bits of IV before the ciphertext, 128 bits of tag after it. */
const GCM_IV_OCTETS = 12;
const GCM_TAG_BITS = 128;
const AES_BLOCK_OCTETS = 16;

/**
 * The plaintext octets of an encrypted element. `keys` are the company's RSA private keys (importDecryptionKey), all of which are
 * tried, so that encryption keys can roll over.
 *
 * Refuses with encryption_algorithm (an algorithm outside the allow-list, seen before any key is used) or decryption_failed: with
 * `expected` where the shape of the element is at fault, bare where a key was used, and then the same for every cause. CBC protects
 * nothing: a wrong key or a changed ciphertext may also come out as octets that are no XML, which the caller must refuse alike.
 */
export async function decryptElement(
  encrypted: XmlElement,
  keys: readonly CryptoKey[],
): Promise<Result<Uint8Array<ArrayBuffer>>> {
  const profile = readEncryptionProfile(encrypted);
  if (!profile.ok) return profile;
  const { cipher, octets, keys: wrapped } = profile.value;
  const contentKey = unwrapContentKey(wrapped, keys, cipher.keyOctets);
  const plaintext = await decryptContent(cipher, contentKey, octets);
  return plaintext ? accept(plaintext) : refuse("decryption_failed");
}

/**
 * The content key. No pair of a wrapped key and a key of ours ends the search, and where none fits a random key goes on in its
 * place: so neither the time taken nor the refusal tells whether the key or the content was at fault (RFC 3218 2.3.2).
 */
function unwrapContentKey(
  wrapped: readonly WrappedKey[],
  keys: readonly CryptoKey[],
  octets: number,
): Uint8Array<ArrayBuffer> {
  let found = crypto.getRandomValues(new Uint8Array(octets));
  let isFound = false;
  for (const one of wrapped) {
    for (const maskHash of one.maskHashes) {
      for (const key of keys) {
        const unwrapped = unwrapKey(key, one, maskHash);
        if (unwrapped?.length !== octets || isFound) continue;
        found = new Uint8Array(unwrapped);
        isFound = true;
      }
    }
  }
  return found;
}

async function decryptContent(
  { name }: ContentCipher,
  contentKey: Uint8Array<ArrayBuffer>,
  octets: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const key = await crypto.subtle.importKey("raw", contentKey, name, false, ["encrypt", "decrypt"]);
    if (name === "AES-CBC") return await decryptCbc(key, octets);
    const iv = octets.subarray(0, GCM_IV_OCTETS);
    const parameters = { name, iv, tagLength: GCM_TAG_BITS };
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, octets.subarray(GCM_IV_OCTETS)));
  } catch {
    return null;
  }
}

/**
 * XML-Enc 1.1, 5.2.3 and 5.2: the last octet of the last block counts the padding, and the octets before it may be anything, which
 * WebCrypto's own padding check would refuse. So one more block is appended that decrypts to a whole block of its padding.
 */
async function decryptCbc(key: CryptoKey, octets: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
  if (octets.length < 2 * AES_BLOCK_OCTETS || octets.length % AES_BLOCK_OCTETS !== 0) return null;
  const name = "AES-CBC";
  const body = octets.subarray(AES_BLOCK_OCTETS);
  const lastBlock = octets.slice(-AES_BLOCK_OCTETS);
  const paddingBlock = await crypto.subtle.encrypt({ name, iv: lastBlock }, key, new Uint8Array(0));
  const padded = new Uint8Array(body.length + AES_BLOCK_OCTETS);
  padded.set(body);
  padded.set(new Uint8Array(paddingBlock), body.length);
  const iv = octets.subarray(0, AES_BLOCK_OCTETS);
  const clear = new Uint8Array(await crypto.subtle.decrypt({ name, iv }, key, padded));
  const padding = clear.at(-1) ?? 0;
  return padding < 1 || padding > AES_BLOCK_OCTETS ? null : clear.slice(0, -padding);
}
