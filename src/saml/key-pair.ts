/**
 * A company's own key pairs: RSA-2048 with a self-signed certificate, which is only the form in which metadata and identity
 * providers want a public key. Keeps nothing: the private key is handed out once, for the caller to wrap.
 */
import { BitString, Integer, Utf8String } from "asn1js";
import { AttributeTypeAndValue, BasicConstraints, Extension, Time, Certificate as X509 } from "pkijs";
import { encodeBase64 } from "./base64.ts";
import { readCertificates } from "./certificate.ts";
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
/** RFC 5280 4.1.2.5: from 2050 on, GeneralizedTime. */
const GENERALIZED_TIME_FROM = Date.UTC(2050, 0, 1);

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
  const der = await selfSign(pair, use, options);
  const read = readCertificates(encodeBase64(der));
  if (!read.ok) throw new Error(`the certificate just made cannot be read: ${read.problem.code}`);
  const pkcs8 = (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer;
  return { privateKeyPkcs8: new Uint8Array(pkcs8), certificate: read.value[0]! };
}

/** RFC 5280 4.1. */
async function selfSign(
  pair: CryptoKeyPair,
  use: "signing" | "encryption",
  { subject, now, years }: KeyPairOptions,
): Promise<Uint8Array> {
  const certificate = new X509();
  certificate.version = 2;
  certificate.serialNumber = new Integer({ valueHex: newSerial().buffer });
  const value = new Utf8String({ value: subject.slice(0, COMMON_NAME_CHARS_MAX) });
  for (const name of [certificate.subject, certificate.issuer]) {
    name.typesAndValues.push(new AttributeTypeAndValue({ type: "2.5.4.3", value }));
  }
  certificate.notBefore = timeOf(now - BACKDATED_MS);
  certificate.notAfter = timeOf(new Date(now).setUTCFullYear(new Date(now).getUTCFullYear() + years));
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey);
  certificate.extensions = [
    extension("2.5.29.19", new BasicConstraints().toSchema().toBER()),
    extension("2.5.29.15", keyUsage(use).toBER()),
  ];
  await certificate.sign(pair.privateKey, "SHA-256");
  return new Uint8Array(certificate.toSchema(true).toBER());
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets, in its shortest form. */
function newSerial(): Uint8Array<ArrayBuffer> {
  const serial = crypto.getRandomValues(new Uint8Array(SERIAL_OCTETS));
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

function timeOf(value: number): Time {
  return new Time({ type: value < GENERALIZED_TIME_FROM ? 0 : 1, value: new Date(value) });
}

function extension(extnID: string, extnValue: ArrayBuffer): Extension {
  return new Extension({ extnID, critical: true, extnValue });
}

/** RFC 5280 4.2.1.3: digitalSignature is bit 0, keyEncipherment bit 2. */
function keyUsage(use: "signing" | "encryption"): BitString {
  const [octet, unusedBits] = use === "signing" ? [0x80, 7] : [0x20, 5];
  return new BitString({ valueHex: new Uint8Array([octet]).buffer, unusedBits });
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
