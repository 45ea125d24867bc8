/**
 * The fields of one X.509 certificate (RFC 5280 4.1) that people and signatures need, out of its DER; and what else the DER may be
 * that people take for one. Reads no text and checks no signature.
 */
import { bitStringOctets, type DerValue, membersOf, objectIdentifierText, readDer, TAG, timeOf } from "./der.ts";
import { distinguishedNameText } from "./distinguished-name.ts";
import type { Certificate } from "./types.ts";

/** One certificate: real ones have 1 to 4 KB. */
export const CERTIFICATE_DER_BYTES_MAX = 16_384;
/** NIST SP 800-131A. */
export const RSA_MODULUS_BITS_MIN = 2048;
/** Beyond this a verification costs milliseconds, and runtimes differ in what they take. */
const RSA_MODULUS_BITS_MAX = 8192;
const RSA_EXPONENT_BITS_MAX = 32;

export type DerProblem =
  | "certificate_malformed"
  | "certificate_key_unsupported"
  | "certificate_key_too_small"
  | "certificate_chain_pasted"
  | "certificate_request_pasted"
  | "private_key_pasted"
  | "public_key_pasted";

export type CertificateFields = Omit<Certificate, "base64" | "sha256">;

/** The fields, or what is wrong. Dates and names are told, never judged. */
export function readCertificateFields(der: Uint8Array<ArrayBuffer>): CertificateFields | DerProblem {
  const members = membersOf(sequence(readDer(der)));
  return members === null ? "certificate_malformed" : (foreignStructure(members) ?? readFields(members));
}

function sequence(value: DerValue | null | undefined): DerValue | null {
  return value?.tag === TAG.sequence ? value : null;
}

/** What else people have in such files, told apart by its members (RFC 5208, 8017, 5915, 7292, 5652, 5280, 2986). */
function foreignStructure([first, second, third]: readonly DerValue[]): DerProblem | null {
  if (first?.tag === TAG.integer) return "private_key_pasted";
  if (first?.tag === TAG.objectIdentifier) return "certificate_chain_pasted";
  if (first?.tag !== TAG.sequence || !second) return null;
  // SubjectPublicKeyInfo ends in a BIT STRING, EncryptedPrivateKeyInfo in an OCTET STRING.
  if (!third) return second.tag === TAG.bitString ? "public_key_pasted" : "private_key_pasted";
  // CertificationRequestInfo: version, subject, key, attributes; a TBSCertificate has six members or more.
  const [version, subject, key, attributes] = membersOf(first) ?? [];
  const isRequest = version?.tag === TAG.integer && subject?.tag === TAG.sequence && key?.tag === TAG.sequence;
  return isRequest && attributes?.tag !== TAG.sequence ? "certificate_request_pasted" : null;
}

function readFields([tbs, algorithm, signature, ...rest]: readonly DerValue[]): CertificateFields | DerProblem {
  if (algorithm?.tag !== TAG.sequence || signature?.tag !== TAG.bitString || rest.length > 0) {
    return "certificate_malformed";
  }
  const fields = membersOf(sequence(tbs)) ?? [];
  // Version 1 leaves its number out.
  if (fields[0]?.tag === TAG.explicit0) fields.shift();
  const [serial, , issuerName, validity, subjectName, info] = fields;
  if (serial?.tag !== TAG.integer || info?.tag !== TAG.sequence) return "certificate_malformed";
  const [notBefore, notAfter] = (membersOf(sequence(validity)) ?? []).map(timeOf);
  const subject = distinguishedNameText(sequence(subjectName));
  const issuer = distinguishedNameText(sequence(issuerName));
  if (subject === null || issuer === null || notBefore == null || notAfter == null) return "certificate_malformed";
  const key = readKey(info);
  return typeof key === "string" ? key : { subject, issuer, notBefore, notAfter, key, spki: info.octets.slice() };
}

const CURVES: ReadonlyMap<string, { curve: "P-256" | "P-384" | "P-521"; pointOctets: number }> = new Map([
  ["1.2.840.10045.3.1.7", { curve: "P-256", pointOctets: 65 }],
  ["1.3.132.0.34", { curve: "P-384", pointOctets: 97 }],
  ["1.3.132.0.35", { curve: "P-521", pointOctets: 133 }],
]);
const UNCOMPRESSED_POINT = 4;

/** RFC 3279 2.3.1 (RSA), RFC 5480 2 (EC, named curves, uncompressed points). */
function readKey(info: DerValue): Certificate["key"] | DerProblem {
  const [algorithm, bits] = membersOf(info) ?? [];
  const [identifier, parameters] = membersOf(sequence(algorithm)) ?? [];
  const kind = objectIdentifierText(identifier);
  const octets = bitStringOctets(bits);
  if (kind === null || octets === null) return "certificate_malformed";
  if (kind === "1.2.840.113549.1.1.1") return readRsaKey(octets);
  if (kind === "1.2.840.10045.2.1") {
    const known = CURVES.get(objectIdentifierText(parameters) ?? "");
    if (known && octets.length === known.pointOctets && octets[0] === UNCOMPRESSED_POINT) {
      return { type: "EC", curve: known.curve };
    }
  }
  return "certificate_key_unsupported";
}

/** RFC 8017 A.1.1. */
function readRsaKey(octets: Uint8Array<ArrayBuffer>): Certificate["key"] | DerProblem {
  const [modulus, exponent] = membersOf(sequence(readDer(octets))) ?? [];
  if (modulus?.tag !== TAG.integer || exponent?.tag !== TAG.integer) return "certificate_malformed";
  const bits = bitLength(modulus);
  if (bits < RSA_MODULUS_BITS_MIN) return "certificate_key_too_small";
  const exponentBits = bitLength(exponent);
  const isOdd = ((exponent.content.at(-1) ?? 0) & 1) === 1;
  // An exponent of one makes every message its own signature; real ones are 3 or 65537.
  if (bits > RSA_MODULUS_BITS_MAX || exponentBits < 2 || exponentBits > RSA_EXPONENT_BITS_MAX || !isOdd) {
    return "certificate_key_unsupported";
  }
  return { type: "RSA", bits };
}

/** Of an INTEGER (X.690 8.3); 0 for a negative one. */
function bitLength({ content }: DerValue): number {
  const first = content.findIndex((octet) => octet !== 0);
  if (first < 0 || content[0]! > 127) return 0;
  return (content.length - first) * 8 - (Math.clz32(content[first]!) - 24);
}
