/**
 * A company's own key pairs: RSA-2048 with a self-signed certificate, which is only the form in which metadata and identity
 * providers want a public key. Keeps nothing: the private key is handed out once, for the caller to wrap.
 */
import { encodeBase64 } from "./base64.ts";
import { readCertificates } from "./certificate.ts";
import { der, derObjectIdentifier, derTime, TAG } from "./der.ts";
import { importUnwrappingKey } from "./rsa-oaep.ts";
import type { SigningKey } from "./sign.ts";
import { SIGNATURE } from "./terms.ts";
import type { Certificate } from "./types.ts";

const MODULUS_BITS = 2048;
const SERIAL_OCTETS = 16;
/** RFC 5280, ub-common-name; a longer host name would make a certificate that some receivers refuse. */
const COMMON_NAME_CHARS_MAX = 64;
/** Receivers whose clocks are behind must not find the certificate not yet valid. */
const BACKDATED_MS = 24 * 3_600_000;

export interface KeyPair {
  /** PKCS#8 DER (RFC 5208), not encrypted. */
  readonly privateKeyPkcs8: Uint8Array<ArrayBuffer>;
  readonly certificate: Certificate;
}

export interface KeyPairOptions {
  /** The common name, for people: the company's host. Cut to 64 characters. */
  readonly subject: string;
  /** UTC milliseconds. */
  readonly now: number;
  readonly years: number;
}

/** A new RSA-2048 key pair, and a certificate for it that says what it is for. */
export async function generateKeyPair(use: "signing" | "encryption", options: KeyPairOptions): Promise<KeyPair> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: MODULUS_BITS,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const read = readCertificates(encodeBase64(await selfSign(pair, use, options)));
  if (!read.ok) throw new Error(`the certificate just made cannot be read: ${read.problem.code}`);
  const pkcs8 = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer;
  return { privateKeyPkcs8: new Uint8Array(pkcs8), certificate: read.value[0]! };
}

const OID = {
  commonName: "2.5.4.3",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  sha256WithRsa: "1.2.840.113549.1.1.11",
} as const;
/** RFC 5280 4.1.2.1. */
const VERSION_3 = 2;

/** RFC 5280 4.1, version 3. */
async function selfSign(
  pair: CryptoKeyPair,
  use: "signing" | "encryption",
  { subject, now, years }: KeyPairOptions,
): Promise<Uint8Array> {
  const spki = (await crypto.subtle.exportKey("spki", pair.publicKey)) as ArrayBuffer;
  const name = commonName(subject.slice(0, COMMON_NAME_CHARS_MAX));
  const notAfter = new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() + years);
  const certified = sequence(
    der(TAG.explicit0, integer(VERSION_3)),
    integer(...newSerial()),
    signatureAlgorithm(),
    name,
    sequence(derTime(now - BACKDATED_MS), derTime(notAfter)),
    name,
    new Uint8Array(spki),
    der(TAG.explicit3, sequence(extension(OID.basicConstraints, sequence()), extension(OID.keyUsage, keyUsage(use)))),
  );
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", pair.privateKey, certified);
  return sequence(certified, signatureAlgorithm(), bitString(0, ...new Uint8Array(signature)));
}

type Bytes = Uint8Array<ArrayBuffer>;

function sequence(...members: readonly Bytes[]): Bytes {
  return der(TAG.sequence, ...members);
}

function integer(...octets: readonly number[]): Bytes {
  return der(TAG.integer, Uint8Array.from(octets));
}

function bitString(unusedBits: number, ...octets: readonly number[]): Bytes {
  return der(TAG.bitString, Uint8Array.of(unusedBits, ...octets));
}

/** RFC 4055 5: the parameters are NULL. */
function signatureAlgorithm(): Bytes {
  return sequence(derObjectIdentifier(OID.sha256WithRsa), der(TAG.null));
}

function commonName(value: string): Bytes {
  const text = der(TAG.utf8String, new TextEncoder().encode(value));
  return sequence(der(TAG.set, sequence(derObjectIdentifier(OID.commonName), text)));
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets, in its shortest form. */
function newSerial(): Bytes {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_OCTETS));
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

/** A critical one. */
function extension(id: string, content: Bytes): Bytes {
  return sequence(derObjectIdentifier(id), der(TAG.boolean, Uint8Array.of(0xff)), der(TAG.octetString, content));
}

/** RFC 5280 4.2.1.3: digitalSignature is bit 0, keyEncipherment bit 2. */
function keyUsage(use: "signing" | "encryption"): Bytes {
  return use === "signing" ? bitString(7, 0x80) : bitString(5, 0x20);
}

/** For signElement and signQuery: RSA-SHA256, the one algorithm that every identity provider verifies. */
export async function importSigningKey(pkcs8: Uint8Array, certificateBase64: string): Promise<SigningKey> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const privateKey = await crypto.subtle.importKey("pkcs8", new Uint8Array(pkcs8), algorithm, false, ["sign"]);
  return { privateKey, algorithm: SIGNATURE.rsaSha256, certificateBase64 };
}

/** For decryptElement: a key that can't be exported, nor used for anything else. */
export function importDecryptionKey(pkcs8: Uint8Array): Promise<CryptoKey> {
  return importUnwrappingKey(pkcs8);
}
