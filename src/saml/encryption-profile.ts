/**
 * The shape that an encrypted element must have before any key is used on it: the part of XML-Enc 1.1 that SAML Core 2.2.4 needs.
 * Nothing is fetched, nothing is looked up outside the element. Does no cryptography.
 */
import { base64Of, contentModel, contentOf } from "./content-model.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import {
  CONTENT_ENCRYPTION,
  DIGEST,
  KEY_TRANSPORT,
  MASK_GENERATION,
  NS,
  SAML_MESSAGE_BASE64_CHARS_MAX,
} from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { attributeValue, childElements, childrenNamed, isElement } from "./xml.ts";

/** One message for one receiver; a provider in the middle of a rollover may wrap the key for two of our keys. */
const ENCRYPTED_KEYS_MAX = 4;
/** RSA-8192 in base64 with line breaks. */
const ENCRYPTED_KEY_CHARS_MAX = 2048;
const OAEP_LABEL_CHARS_MAX = 256;

/** Names of hashes as node:crypto spells them. */
export type Hash = "sha1" | "sha256" | "sha384" | "sha512";

export interface ContentCipher {
  readonly name: "AES-CBC" | "AES-GCM";
  readonly keyOctets: 16 | 24 | 32;
}

/** A content key as wrapped with RSA-OAEP (XML-Enc 1.1, 5.5.2). */
export interface WrappedKey {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly hash: Hash;
  /** The hashes to try for the mask. */
  readonly maskHashes: readonly Hash[];
  readonly label: Uint8Array<ArrayBuffer>;
}

export interface EncryptionProfile {
  readonly cipher: ContentCipher;
  /** The initialization vector, then the ciphertext. */
  readonly octets: Uint8Array<ArrayBuffer>;
  /** One to ENCRYPTED_KEYS_MAX. */
  readonly keys: readonly WrappedKey[];
}

const CIPHERS: ReadonlyMap<string, ContentCipher> = new Map([
  [CONTENT_ENCRYPTION.aes128Cbc, { name: "AES-CBC", keyOctets: 16 }],
  [CONTENT_ENCRYPTION.aes192Cbc, { name: "AES-CBC", keyOctets: 24 }],
  [CONTENT_ENCRYPTION.aes256Cbc, { name: "AES-CBC", keyOctets: 32 }],
  [CONTENT_ENCRYPTION.aes128Gcm, { name: "AES-GCM", keyOctets: 16 }],
  [CONTENT_ENCRYPTION.aes192Gcm, { name: "AES-GCM", keyOctets: 24 }],
  [CONTENT_ENCRYPTION.aes256Gcm, { name: "AES-GCM", keyOctets: 32 }],
]);

const HASHES: ReadonlyMap<string, Hash> = new Map([
  [DIGEST.sha1, "sha1"],
  [DIGEST.sha256, "sha256"],
  [DIGEST.sha384, "sha384"],
  [DIGEST.sha512, "sha512"],
  // As the npm package xml-encryption, and so Auth0's identity providers, misspell them.
  [`${NS.ds}sha256`, "sha256"],
  [`${NS.ds}sha512`, "sha512"],
]);

const MASK_HASHES: ReadonlyMap<string, Hash> = new Map([
  [MASK_GENERATION.sha1, "sha1"],
  [MASK_GENERATION.sha256, "sha256"],
  [MASK_GENERATION.sha384, "sha384"],
  [MASK_GENERATION.sha512, "sha512"],
]);

const BLOB_ATTRIBUTES = ["Id", "Type", "MimeType", "Encoding"];

/** XML-Enc 3, narrowed: octets stand where they are used. */
const MODEL = {
  encryptedData: contentModel(
    "decryption_failed",
    ["xenc:EncryptionMethod", "ds:KeyInfo?", "xenc:CipherData", "xenc:EncryptionProperties?"],
    BLOB_ATTRIBUTES,
  ),
  encryptedKey: contentModel(
    "decryption_failed",
    [
      "xenc:EncryptionMethod",
      "ds:KeyInfo?",
      "xenc:CipherData",
      "xenc:EncryptionProperties?",
      "xenc:ReferenceList?",
      "xenc:CarriedKeyName?",
    ],
    [...BLOB_ATTRIBUTES, "Recipient"],
  ),
  method: contentModel("decryption_failed", ["xenc:KeySize?"], ["Algorithm"]),
  cipherData: contentModel("decryption_failed", ["xenc:CipherValue"], []),
};

/** The model of an encrypted element with that many EncryptedKeys beside its EncryptedData. */
const BESIDE_MODELS = Array.from({ length: ENCRYPTED_KEYS_MAX + 1 }, (_, count) =>
  contentModel(
    "decryption_failed",
    ["xenc:EncryptedData", ...Array<"xenc:EncryptedKey">(count).fill("xenc:EncryptedKey")],
    [],
  ),
);

/** SAML Core 2.2.4: one EncryptedData, its EncryptedKeys inside its KeyInfo or beside it, and nothing in the clear. */
export function readEncryptionProfile(encrypted: XmlElement): Result<EncryptionProfile> {
  const beside = childrenNamed(encrypted, NS.xenc, "EncryptedKey");
  const model = BESIDE_MODELS[beside.length];
  if (!model) return tooManyKeys();
  const parts = contentOf(encrypted, model);
  if (!parts.ok) return parts;
  const data = parts.value[0]!;
  const dataParts = contentOf(data, MODEL.encryptedData);
  if (!dataParts.ok) return dataParts;
  const [method, keyInfo, cipherData] = dataParts.value as [XmlElement, XmlElement | undefined, XmlElement];
  const type = attributeValue(data, "Type");
  if (type !== null && type !== `${NS.xenc}Element`) return unfit(`Type ${NS.xenc}Element`, type);
  const cipher = readCipher(method);
  if (!cipher.ok) return cipher;
  const octets = readCipherValue(cipherData, SAML_MESSAGE_BASE64_CHARS_MAX);
  if (!octets.ok) return octets;
  const keys = readKeys(keyInfo, beside);
  return keys.ok ? accept({ cipher: cipher.value, octets: octets.value, keys: keys.value }) : keys;
}

function readCipher(method: XmlElement): Result<ContentCipher> {
  const algorithm = attributeValue(method, "Algorithm") ?? "";
  const cipher = CIPHERS.get(algorithm);
  if (!cipher) return refuse("encryption_algorithm", { expected: "AES-GCM or AES-CBC", received: algorithm });
  const parts = contentOf(method, MODEL.method);
  return parts.ok ? accept(cipher) : parts;
}

/** XML-Enc 3.3: the octets stand here; a CipherReference is never followed. */
function readCipherValue(cipherData: XmlElement, charsMax: number): Result<Uint8Array<ArrayBuffer>> {
  const parts = contentOf(cipherData, MODEL.cipherData);
  if (!parts.ok) return parts;
  const octets = base64Of(parts.value[0]!, [], charsMax);
  return octets ? accept(octets) : unfit("CipherValue of base64 and nothing else");
}

/**
 * The wrapped keys to try (XML-Enc 3.5): those in KeyInfo and those beside EncryptedData, unless a RetrievalMethod names one of the
 * latter. Other KeyInfo says whose key it is; ours are tried anyway.
 */
function readKeys(keyInfo: XmlElement | undefined, beside: readonly XmlElement[]): Result<WrappedKey[]> {
  const inside = keyInfo ? childElements(keyInfo) : [];
  let elements = [...inside.filter((child) => isElement(child, NS.xenc, "EncryptedKey")), ...beside];
  const retrieval = inside.find((child) => isElement(child, NS.ds, "RetrievalMethod"));
  if (retrieval) {
    const uri = attributeValue(retrieval, "URI") ?? "";
    // Only "#" and the Id of a key in this very element: nothing is fetched, nothing is looked for elsewhere.
    elements = beside.filter((key) => uri.length > 1 && uri === `#${attributeValue(key, "Id")}`);
    if (elements.length !== 1) return unfit("a RetrievalMethod of an EncryptedKey in the same element", uri);
  }
  if (elements.length > ENCRYPTED_KEYS_MAX) return tooManyKeys();
  if (elements.length === 0) return unfit("an EncryptedKey");
  const keys: WrappedKey[] = [];
  let refused: Result<never> | null = null;
  for (const element of elements) {
    const key = readWrappedKey(element);
    if (key.ok) keys.push(key.value);
    else refused = key;
  }
  return refused && keys.length === 0 ? refused : accept(keys);
}

function readWrappedKey(element: XmlElement): Result<WrappedKey> {
  const parts = contentOf(element, MODEL.encryptedKey);
  if (!parts.ok) return parts;
  const [method, , cipherData] = parts.value as [XmlElement, XmlElement | undefined, XmlElement];
  const transport = readTransport(method);
  if (!transport.ok) return transport;
  const octets = readCipherValue(cipherData, ENCRYPTED_KEY_CHARS_MAX);
  return octets.ok ? accept({ ...transport.value, octets: octets.value }) : octets;
}

/** XML-Enc 1.1, 5.5.2. RSA 1.5 is refused: its padding tells an attacker the key (Bleichenbacher 1998). */
function readTransport(method: XmlElement): Result<Omit<WrappedKey, "octets">> {
  const algorithm = attributeValue(method, "Algorithm") ?? "";
  const isMgf1p = algorithm === KEY_TRANSPORT.rsaOaepMgf1p;
  if (!isMgf1p && algorithm !== KEY_TRANSPORT.rsaOaep) {
    return refuse("encryption_algorithm", {
      expected: `${KEY_TRANSPORT.rsaOaepMgf1p} or ${KEY_TRANSPORT.rsaOaep}`,
      received: algorithm,
    });
  }
  const children = childElements(method);
  const digest = children.find((child) => isElement(child, NS.ds, "DigestMethod"));
  const mask = children.find((child) => isElement(child, NS.xenc11, "MGF"));
  const label = children.find((child) => isElement(child, NS.xenc, "OAEPparams"));
  // Writers differ in the order; what matters is that there is one of each and nothing else.
  const known = children.filter((child) => child === digest || child === mask || child === label);
  if (known.length !== children.filter((child) => !isElement(child, NS.xenc, "KeySize")).length) {
    return unfit("EncryptionMethod of DigestMethod, MGF and OAEPparams");
  }
  const hash = digest ? HASHES.get(attributeValue(digest, "Algorithm") ?? "") : "sha1";
  const maskHash = mask && !isMgf1p ? MASK_HASHES.get(attributeValue(mask, "Algorithm") ?? "") : "sha1";
  if (!hash || !maskHash) return refuse("encryption_algorithm", { expected: "RSA-OAEP with SHA-1 or SHA-2" });
  // rsa-oaep-mgf1p fixes the mask's hash to SHA-1; writers on OpenSSL use the label's for both.
  const maskHashes: Hash[] = isMgf1p && hash !== "sha1" ? ["sha1", hash] : [maskHash];
  const labelOctets = label ? base64Of(label, [], OAEP_LABEL_CHARS_MAX) : new Uint8Array(0);
  return labelOctets ? accept({ hash, maskHashes, label: labelOctets }) : unfit("OAEPparams of base64");
}

function tooManyKeys(): ReturnType<typeof refuse> {
  return unfit(`at most ${ENCRYPTED_KEYS_MAX} EncryptedKeys`);
}

/** What is wrong with the shape depends on no key, so it may be told. */
function unfit(expected: string, received?: string): ReturnType<typeof refuse> {
  return refuse("decryption_failed", received === undefined ? { expected } : { expected, received });
}
