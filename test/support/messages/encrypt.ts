/**
 * XML-Enc of the tests' own: any content cipher, and RSA-OAEP put together by hand so that digest and mask generation
 * can be chosen apart (XML-Enc 1.1 5.5.2), or RSAES-PKCS1-v1_5, which must be refused.
 */
import { DIGEST, NS } from "../../../src/saml/terms.ts";
import { concat } from "./der.ts";
import { type KeyPair, rawRsaEncrypt } from "./keys.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const CONTENT_CIPHER = {
  aes128cbc: "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
  aes192cbc: "http://www.w3.org/2001/04/xmlenc#aes192-cbc",
  aes256cbc: "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
  aes128gcm: "http://www.w3.org/2009/xmlenc11#aes128-gcm",
  aes256gcm: "http://www.w3.org/2009/xmlenc11#aes256-gcm",
  tripleDes: "http://www.w3.org/2001/04/xmlenc#tripledes-cbc",
} as const;

export const KEY_TRANSPORT = {
  oaepMgf1p: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
  oaep: "http://www.w3.org/2009/xmlenc11#rsa-oaep",
  rsa15: "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
} as const;

export const MGF = {
  sha1: "http://www.w3.org/2009/xmlenc11#mgf1sha1",
  sha256: "http://www.w3.org/2009/xmlenc11#mgf1sha256",
} as const;

export interface EncryptionStyle {
  /** The service provider's key pair; only its public half is used. */
  readonly to: KeyPair;
  /** CONTENT_CIPHER.*; aes256-cbc by default, as Entra does. */
  readonly cipher?: string;
  /** KEY_TRANSPORT.*; rsa-oaep-mgf1p by default. */
  readonly keyTransport?: string;
  /** ds:DigestMethod in the EncryptedKey's EncryptionMethod; none written (SHA-1) by default. */
  readonly oaepDigest?: string;
  /** xenc11:MGF; only with `oaep`; none written (SHA-1) by default. */
  readonly mgf?: string;
  /** saml:EncryptedAssertion by default; "EncryptedID" for a name. */
  readonly element?: string;
  /** Where the EncryptedKey stands: inside EncryptedData's KeyInfo (default) or beside it (XML-Enc 3.5). */
  readonly keyPlace?: "inside" | "beside";
  /** Rewrites the ciphertext (iv, cipher, tag) before it is written. */
  readonly ciphertext?: (bytes: Bytes) => Bytes;
}

async function hash(name: string, data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(name, Uint8Array.from(data)));
}

async function mgf1(name: string, seed: Uint8Array, length: number): Promise<Bytes> {
  const blocks: Uint8Array[] = [];
  for (let made = 0, counter = 0; made < length; counter++) {
    const block = await hash(
      name,
      concat([seed, Uint8Array.of(counter >>> 24, counter >>> 16, counter >>> 8, counter)]),
    );
    blocks.push(block);
    made += block.length;
  }
  return concat(blocks).slice(0, length);
}

const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ (b[i] ?? 0));

/** EME-OAEP of RFC 8017 7.1.1 with an empty label. */
async function oaepEncode(message: Uint8Array, length: number, digest: string, mgf: string): Promise<Bytes> {
  const labelHash = await hash(digest, new Uint8Array());
  const h = labelHash.length;
  const block = concat([labelHash, new Uint8Array(length - message.length - 2 * h - 2), Uint8Array.of(1), message]);
  const seed = crypto.getRandomValues(new Uint8Array(h));
  const maskedBlock = xor(block, await mgf1(mgf, seed, length - h - 1));
  const maskedSeed = xor(seed, await mgf1(mgf, maskedBlock, h));
  return concat([Uint8Array.of(0), maskedSeed, maskedBlock]);
}

function pkcs1EncryptionEncode(message: Uint8Array, length: number): Bytes {
  const padding = crypto.getRandomValues(new Uint8Array(length - message.length - 3)).map((b) => b || 1);
  return concat([Uint8Array.of(0, 2), padding, Uint8Array.of(0), message]);
}

async function encryptContent(plain: Bytes, key: Bytes, cipher: string): Promise<Bytes> {
  if (cipher === CONTENT_CIPHER.tripleDes) {
    // No WebCrypto has Triple-DES: octets of the right length will do, the algorithm alone must be refused.
    return crypto.getRandomValues(new Uint8Array(8 + Math.ceil((plain.length + 1) / 8) * 8));
  }
  const gcm = cipher.endsWith("-gcm");
  const iv = crypto.getRandomValues(new Uint8Array(gcm ? 12 : 16));
  const name = gcm ? "AES-GCM" : "AES-CBC";
  const imported = await crypto.subtle.importKey("raw", key, name, false, ["encrypt"]);
  return concat([iv, new Uint8Array(await crypto.subtle.encrypt({ name, iv }, imported, plain))]);
}

const shaName = (uri: string | undefined) =>
  uri === DIGEST.sha256 || uri === MGF.sha256 ? "SHA-256" : uri === DIGEST.sha512 ? "SHA-512" : "SHA-1";

/** `<EncryptedAssertion>` around the XML text, as Entra and SimpleSAMLphp write it. */
export async function encryptXml(xml: string | Uint8Array, style: EncryptionStyle): Promise<string> {
  const cipher = style.cipher ?? CONTENT_CIPHER.aes256cbc;
  const transport = style.keyTransport ?? KEY_TRANSPORT.oaepMgf1p;
  const keyBytes = cipher.includes("128")
    ? 16
    : cipher.includes("192") || cipher === CONTENT_CIPHER.tripleDes
      ? 24
      : 32;
  const key = crypto.getRandomValues(new Uint8Array(keyBytes));
  const plain = Uint8Array.from(typeof xml === "string" ? new TextEncoder().encode(xml) : xml);
  const length = Number(style.to.kind.slice(4)) / 8;
  const encoded =
    transport === KEY_TRANSPORT.rsa15
      ? pkcs1EncryptionEncode(key, length)
      : await oaepEncode(key, length, shaName(style.oaepDigest), shaName(style.mgf));
  const wrapped = Buffer.from(rawRsaEncrypt(style.to, encoded)).toString("base64");
  const content = (style.ciphertext ?? ((b: Bytes) => b))(await encryptContent(plain, key, cipher));
  const digestMethod = style.oaepDigest ? `<ds:DigestMethod xmlns:ds="${NS.ds}" Algorithm="${style.oaepDigest}"/>` : "";
  const mgf = style.mgf ? `<xenc11:MGF xmlns:xenc11="${NS.xenc11}" Algorithm="${style.mgf}"/>` : "";
  const encryptedKey =
    `<xenc:EncryptedKey xmlns:xenc="${NS.xenc}"><xenc:EncryptionMethod Algorithm="${transport}">${digestMethod}${mgf}</xenc:EncryptionMethod>` +
    `<xenc:CipherData><xenc:CipherValue>${wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`;
  const inside = style.keyPlace !== "beside";
  const element = style.element ?? "EncryptedAssertion";
  return (
    `<${element} xmlns="${NS.saml}"><xenc:EncryptedData xmlns:xenc="${NS.xenc}" Type="http://www.w3.org/2001/04/xmlenc#Element">` +
    `<xenc:EncryptionMethod Algorithm="${cipher}"/>${inside ? `<KeyInfo xmlns="${NS.ds}">${encryptedKey}</KeyInfo>` : ""}` +
    `<xenc:CipherData><xenc:CipherValue>${Buffer.from(content).toString("base64")}</xenc:CipherValue></xenc:CipherData>` +
    `</xenc:EncryptedData>${inside ? "" : encryptedKey}</${element}>`
  );
}
