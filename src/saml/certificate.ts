/**
 * X.509 certificates as administrators hand them over: PEM blocks or bare base64, several at once. A certificate is a
 * carrier of a key here; nothing about its issuer, its dates or its extensions is ever trusted or demanded, so an
 * expired one is read like any other. Hostile text is answered, never thrown at.
 */
import { createHash } from "node:crypto";
import { type BaseBlock, fromBER, Integer, ObjectIdentifier, Sequence } from "asn1js";
import { CertificationRequest, ECPublicKey, type PublicKeyInfo, RSAPublicKey, Certificate as X509 } from "pkijs";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { distinguishedNameText } from "./distinguished-name.ts";
import type { Certificate } from "./types.ts";

/** A pasted text: CERTIFICATES_MAX large certificates, with room for the words that tools print around them. */
export const CERTIFICATE_TEXT_CHARS_MAX = 131_072;
/** One certificate: real ones have 1 to 4 KB. */
export const CERTIFICATE_DER_BYTES_MAX = 16_384;
/** How many keys a company may pin: each one is tried against a signature that names none. */
export const CERTIFICATES_MAX = 10;
/** NIST SP 800-131A. */
export const RSA_MODULUS_BITS_MIN = 2048;
/** Beyond this a verification costs milliseconds, and runtimes differ in what they take. */
export const RSA_MODULUS_BITS_MAX = 8192;
const ASN1_DEPTH_MAX = 32;
const ASN1_NODES_MAX = 4096;

export type CertificateProblemCode =
  | "certificate_malformed"
  | "certificate_too_large"
  | "certificate_too_many"
  | "certificate_key_unsupported"
  | "certificate_key_too_small"
  | "certificate_chain_pasted"
  | "certificate_request_pasted"
  | "private_key_pasted"
  | "public_key_pasted";

/** Why a pasted text isn't a certificate, in a sentence for the administrator. It quotes nothing of what was pasted. */
export interface CertificateProblem {
  readonly code: CertificateProblemCode;
  readonly message: string;
}

export type CertificateResult =
  | { readonly ok: true; readonly value: Certificate[] }
  | { readonly ok: false; readonly problem: CertificateProblem };

const MESSAGES: Readonly<Record<CertificateProblemCode, string>> = {
  certificate_malformed:
    "This is not an X.509 certificate. Paste the Base64 certificate (.cer or .pem) that your identity provider offers for download.",
  certificate_too_large: "This text is too large for a certificate.",
  certificate_too_many: `At most ${CERTIFICATES_MAX} certificates can be used at once.`,
  certificate_key_unsupported:
    "The certificate's key is of a kind that is not supported: use RSA, or elliptic curve P-256, P-384 or P-521.",
  certificate_key_too_small: `The certificate's RSA key is too short: at least ${RSA_MODULUS_BITS_MIN} bits are needed.`,
  certificate_chain_pasted:
    "This is a certificate chain. Paste only the certificate that signs the responses, without the authorities that issued it.",
  certificate_request_pasted: "This is a certificate signing request, not a certificate.",
  private_key_pasted:
    "This contains a private key. Paste only the certificate, and treat that key as disclosed: replace it at your identity provider.",
  public_key_pasted: "This is a bare public key. Paste the certificate that contains it.",
};

function problem(code: CertificateProblemCode, message = MESSAGES[code]): { ok: false; problem: CertificateProblem } {
  return { ok: false, problem: { code, message } };
}

/**
 * The certificates in `text`, in its order and each once: PEM blocks (RFC 7468) with anything between them, or one bare
 * base64 of a certificate or of such a text, with any white space. One bad block refuses the whole.
 */
export function readCertificates(text: string): CertificateResult {
  if (text.length > CERTIFICATE_TEXT_CHARS_MAX) return problem("certificate_too_large");
  // A PEM that went through JSON or a shell once too often shows its line ends as two characters.
  const plain = text.replaceAll("\\r", "").replaceAll("\\n", "\n");
  if (plain.includes("-----BEGIN ")) return readPem(plain);
  if (plain.includes("<")) {
    return problem("certificate_malformed", "This looks like XML. To use a metadata file, import it as metadata.");
  }
  const octets = decodeBase64(plain.replace(/\s+/g, ""));
  if (!octets) return problem("certificate_malformed");
  // ASCII "-----BEGIN " or printed text before it: a PEM file that was encoded once more.
  const inner = octets[0] === 0x30 ? "" : new TextDecoder().decode(octets);
  if (inner.includes("-----BEGIN ")) return readPem(inner);
  const read = readDer(octets);
  return read.ok ? { ok: true, value: [read.value] } : read;
}

/** The SHA-256 fingerprint of what claims to be a certificate's DER in base64, for showing; null when it isn't base64 of that size. */
export function fingerprintOf(base64: string): string | null {
  const der = base64.length > 2 * CERTIFICATE_DER_BYTES_MAX ? null : decodeBase64(base64);
  return der && sha256Hex(der);
}

function sha256Hex(octets: Uint8Array): string {
  return createHash("sha256").update(octets).digest("hex");
}

/** RFC 7468 section 2: the label says what a block claims to be. */
function readPem(text: string): CertificateResult {
  const found = new Map<string, Certificate>();
  for (let at = text.indexOf("-----BEGIN "); at >= 0; ) {
    const labelEnd = text.indexOf("-----", at + 11);
    const label = labelEnd < 0 ? "" : text.slice(at + 11, labelEnd);
    const foreign = foreignLabel(label);
    if (foreign) return problem(foreign);
    const end = text.indexOf(`-----END ${label}-----`, labelEnd);
    if (!/^(X509 )?CERTIFICATE$/.test(label) || end < 0) return problem("certificate_malformed");
    const octets = decodeBase64(text.slice(labelEnd + 5, end).replace(/\s+/g, ""));
    const read = octets ? readDer(octets) : problem("certificate_malformed");
    if (!read.ok) return read;
    found.set(read.value.sha256, read.value);
    if (found.size > CERTIFICATES_MAX) return problem("certificate_too_many");
    at = text.indexOf("-----BEGIN ", end);
  }
  const certificates = [...found.values()];
  return isChain(certificates) ? problem("certificate_chain_pasted") : { ok: true, value: certificates };
}

function foreignLabel(label: string): CertificateProblemCode | null {
  if (label.endsWith("PRIVATE KEY")) return "private_key_pasted";
  if (label.endsWith("CERTIFICATE REQUEST")) return "certificate_request_pasted";
  if (label.endsWith("PUBLIC KEY")) return "public_key_pasted";
  if (label === "PKCS7" || label === "CMS") return "certificate_chain_pasted";
  return null;
}

/**
 * Whether one certificate issued another: then the text is a chain, and pinning it would trust whatever that authority's
 * key signs. An old and a next certificate of one name, both self-signed, are no chain.
 */
function isChain(certificates: readonly Certificate[]): boolean {
  return certificates.some(
    ({ subject, issuer }) => issuer !== subject && certificates.some((other) => other.subject === issuer),
  );
}

type DerResult = { readonly ok: true; readonly value: Certificate } | ReturnType<typeof problem>;

function readDer(der: Uint8Array<ArrayBuffer>): DerResult {
  if (der.length > CERTIFICATE_DER_BYTES_MAX) return problem("certificate_too_large");
  try {
    const { offset, result } = fromBER(der, {
      maxDepth: ASN1_DEPTH_MAX,
      maxNodes: ASN1_NODES_MAX,
      maxContentLength: CERTIFICATE_DER_BYTES_MAX,
    });
    if (offset !== der.length || !(result instanceof Sequence)) return problem("certificate_malformed");
    const foreign = foreignStructure(result);
    if (foreign) return problem(foreign);
    const certificate = parsesAs(X509, der);
    if (certificate) return describe(der, certificate);
    return problem(parsesAs(CertificationRequest, der) ? "certificate_request_pasted" : "certificate_malformed");
  } catch {
    // The ASN.1 library throws on some malformed input; to an administrator it is all the same.
    return problem("certificate_malformed");
  }
}

/** What else people have in such files, told apart by its first members (RFC 5208, 8017, 5915, 7292, 5652, 5280). */
function foreignStructure(structure: Sequence): CertificateProblemCode | null {
  const [first, second] = structure.valueBlock.value as BaseBlock[];
  if (first instanceof Integer) return "private_key_pasted";
  if (first instanceof ObjectIdentifier) return "certificate_chain_pasted";
  if (first instanceof Sequence && structure.valueBlock.value.length === 2) {
    // SubjectPublicKeyInfo ends in a BIT STRING, EncryptedPrivateKeyInfo in an OCTET STRING.
    return second?.idBlock.tagNumber === 3 ? "public_key_pasted" : "private_key_pasted";
  }
  return null;
}

function parsesAs<T>(Structure: new (parameters: { schema: BaseBlock }) => T, der: Uint8Array<ArrayBuffer>): T | null {
  try {
    // Decoded anew: reading by schema rearranges the tree it is given.
    return new Structure({ schema: fromBER(der).result });
  } catch {
    return null;
  }
}

function describe(der: Uint8Array<ArrayBuffer>, certificate: X509): DerResult {
  const subject = distinguishedNameText(fromBER(certificate.subject.valueBeforeDecode).result);
  const issuer = distinguishedNameText(fromBER(certificate.issuer.valueBeforeDecode).result);
  const notBefore = certificate.notBefore.value.getTime();
  const notAfter = certificate.notAfter.value.getTime();
  if (subject === null || issuer === null || !Number.isFinite(notBefore) || !Number.isFinite(notAfter)) {
    return problem("certificate_malformed");
  }
  const key = describeKey(certificate.subjectPublicKeyInfo);
  if (typeof key === "string") return problem(key);
  return {
    ok: true,
    value: {
      base64: encodeBase64(der),
      subject,
      issuer,
      sha256: sha256Hex(der),
      notBefore,
      notAfter,
      key,
      spki: new Uint8Array(certificate.subjectPublicKeyInfo.toSchema().toBER()),
    },
  };
}

type Curve = Extract<Certificate["key"], { type: "EC" }>["curve"];

function isCurve(name: string): name is Curve {
  return name === "P-256" || name === "P-384" || name === "P-521";
}

/** RFC 3279 2.3.1 (RSA), RFC 5480 (EC, named curves). */
function describeKey(info: PublicKeyInfo): Certificate["key"] | CertificateProblemCode {
  const { parsedKey } = info;
  if (info.algorithm.algorithmId === "1.2.840.113549.1.1.1" && parsedKey instanceof RSAPublicKey) {
    const bits = bitLength(parsedKey.modulus);
    if (bits < RSA_MODULUS_BITS_MIN) return "certificate_key_too_small";
    const exponentBits = bitLength(parsedKey.publicExponent);
    const odd = ((parsedKey.publicExponent.valueBlock.valueHexView.at(-1) ?? 0) & 1) === 1;
    // An exponent of one makes every message its own signature; real ones are 3 or 65537.
    if (bits > RSA_MODULUS_BITS_MAX || exponentBits < 2 || exponentBits > 32 || !odd) {
      return "certificate_key_unsupported";
    }
    return { type: "RSA", bits };
  }
  if (info.algorithm.algorithmId === "1.2.840.10045.2.1" && parsedKey instanceof ECPublicKey) {
    if (isCurve(parsedKey.namedCurve)) return { type: "EC", curve: parsedKey.namedCurve };
  }
  return "certificate_key_unsupported";
}

/** Of an INTEGER's magnitude: pkijs hands a 2048-bit modulus over without the leading zero octet of DER, so the first bit tells no sign. */
function bitLength(integer: Integer): number {
  const octets = integer.valueBlock.valueHexView;
  const first = octets.findIndex((octet) => octet !== 0);
  return first < 0 ? 0 : (octets.length - first) * 8 - (Math.clz32(octets[first]!) - 24);
}
