/**
 * The fields of one X.509 certificate (RFC 5280 4.1) that people and signatures need, out of its DER; and what else the DER may be
 * that people take for one. Reads no text and checks no signature.
 */
import { type BaseBlock, BitString, Constructed, fromBER, Integer, ObjectIdentifier, Sequence, UTCTime } from "asn1js";
import { distinguishedNameText } from "./distinguished-name.ts";
import type { Certificate } from "./types.ts";

/** One certificate: real ones have 1 to 4 KB. */
export const CERTIFICATE_DER_BYTES_MAX = 16_384;
/** NIST SP 800-131A. */
export const RSA_MODULUS_BITS_MIN = 2048;
/** Beyond this a verification costs milliseconds, and runtimes differ in what they take. */
const RSA_MODULUS_BITS_MAX = 8192;
const RSA_EXPONENT_BITS_MAX = 32;
const ASN1_LIMITS = { maxDepth: 32, maxNodes: 4096, maxContentLength: CERTIFICATE_DER_BYTES_MAX };

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
  try {
    const { offset, result } = fromBER(der, ASN1_LIMITS);
    if (offset !== der.length || !(result instanceof Sequence)) return "certificate_malformed";
    return foreignStructure(result) ?? readFields(result);
  } catch {
    // The ASN.1 library throws on some malformed input; to an administrator it is all the same.
    return "certificate_malformed";
  }
}

/** What else people have in such files, told apart by its members (RFC 5208, 8017, 5915, 7292, 5652, 5280, 2986). */
function foreignStructure(structure: Sequence): DerProblem | null {
  const [first, second, third] = membersOf(structure);
  if (first instanceof Integer) return "private_key_pasted";
  if (first instanceof ObjectIdentifier) return "certificate_chain_pasted";
  if (!(first instanceof Sequence) || !second) return null;
  // SubjectPublicKeyInfo ends in a BIT STRING, EncryptedPrivateKeyInfo in an OCTET STRING.
  if (!third) return second instanceof BitString ? "public_key_pasted" : "private_key_pasted";
  // CertificationRequestInfo: version, subject, key, attributes; a TBSCertificate has six members or more.
  const [version, subject, key, attributes] = membersOf(first);
  const isRequest = version instanceof Integer && subject instanceof Sequence && key instanceof Sequence;
  return isRequest && !(attributes instanceof Sequence) ? "certificate_request_pasted" : null;
}

function membersOf(block: BaseBlock | undefined): readonly BaseBlock[] {
  return block instanceof Constructed ? (block.valueBlock.value as BaseBlock[]) : [];
}

const CONTEXT_SPECIFIC = 3;

function readFields(certificate: Sequence): CertificateFields | DerProblem {
  const [tbs, algorithm, signature, ...rest] = membersOf(certificate);
  if (!(algorithm instanceof Sequence) || !(signature instanceof BitString) || rest.length > 0) {
    return "certificate_malformed";
  }
  const fields = [...membersOf(tbs)];
  // version [0] is left out by version 1.
  if (fields[0]?.idBlock.tagClass === CONTEXT_SPECIFIC) fields.shift();
  const [serial, , issuerName, validity, subjectName, info] = fields;
  if (!(serial instanceof Integer) || !(info instanceof Sequence)) return "certificate_malformed";
  if (!(issuerName instanceof Sequence) || !(subjectName instanceof Sequence)) return "certificate_malformed";
  const [notBefore, notAfter] = membersOf(validity).map(timeOf);
  const subject = distinguishedNameText(subjectName);
  const issuer = distinguishedNameText(issuerName);
  if (subject === null || issuer === null || !notBefore || !notAfter) return "certificate_malformed";
  const key = readKey(info);
  if (typeof key === "string") return key;
  return { subject, issuer, notBefore, notAfter, key, spki: info.valueBeforeDecodeView.slice() };
}

/** RFC 5280 4.1.2.5: UTCTime or GeneralizedTime, in UTC milliseconds; NaN or null for anything else. */
function timeOf(time: BaseBlock): number | null {
  return time instanceof UTCTime && time.error === "" ? time.toDate().getTime() : null;
}

const CURVES: ReadonlyMap<string, { curve: "P-256" | "P-384" | "P-521"; pointOctets: number }> = new Map([
  ["1.2.840.10045.3.1.7", { curve: "P-256", pointOctets: 65 }],
  ["1.3.132.0.34", { curve: "P-384", pointOctets: 97 }],
  ["1.3.132.0.35", { curve: "P-521", pointOctets: 133 }],
]);
const UNCOMPRESSED_POINT = 4;

/** RFC 3279 2.3.1 (RSA), RFC 5480 2 (EC, named curves, uncompressed points). */
function readKey(info: Sequence): Certificate["key"] | DerProblem {
  const [algorithm, bits] = membersOf(info);
  const [identifier, parameters] = membersOf(algorithm);
  if (!(identifier instanceof ObjectIdentifier) || !(bits instanceof BitString)) return "certificate_malformed";
  const octets = bits.valueBlock.valueHexView;
  const kind = identifier.valueBlock.toString();
  if (kind === "1.2.840.113549.1.1.1") return readRsaKey(octets);
  if (kind === "1.2.840.10045.2.1" && parameters instanceof ObjectIdentifier) {
    const known = CURVES.get(parameters.valueBlock.toString());
    if (known && octets.length === known.pointOctets && octets[0] === UNCOMPRESSED_POINT) {
      return { type: "EC", curve: known.curve };
    }
  }
  return "certificate_key_unsupported";
}

/** RFC 8017 A.1.1. */
function readRsaKey(octets: Uint8Array): Certificate["key"] | DerProblem {
  const [modulus, exponent] = membersOf(fromBER(new Uint8Array(octets), ASN1_LIMITS).result);
  if (!(modulus instanceof Integer) || !(exponent instanceof Integer)) return "certificate_malformed";
  const bits = bitLength(modulus);
  if (bits < RSA_MODULUS_BITS_MIN) return "certificate_key_too_small";
  const exponentBits = bitLength(exponent);
  const isOdd = ((exponent.valueBlock.valueHexView.at(-1) ?? 0) & 1) === 1;
  // An exponent of one makes every message its own signature; real ones are 3 or 65537.
  if (bits > RSA_MODULUS_BITS_MAX || exponentBits < 2 || exponentBits > RSA_EXPONENT_BITS_MAX || !isOdd) {
    return "certificate_key_unsupported";
  }
  return { type: "RSA", bits };
}

/** Of an INTEGER in DER (X.690 8.3); 0 for a negative one. */
function bitLength(integer: Integer): number {
  const octets = integer.valueBlock.valueHexView;
  const first = octets.findIndex((octet) => octet !== 0);
  if (first < 0 || octets[0]! > 127) return 0;
  return (octets.length - first) * 8 - (Math.clz32(octets[first]!) - 24);
}
