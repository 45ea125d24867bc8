/**
 * X.509 certificates as administrators hand them over: PEM blocks or bare base64, several at once. A certificate is a
 * carrier of a key here; nothing about its issuer, its dates or its extensions is ever trusted or demanded, so an
 * expired one is read like any other. Hostile text is answered, never thrown at.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import {
  CERTIFICATE_DER_BYTES_MAX,
  type DerProblem,
  RSA_MODULUS_BITS_MIN,
  readCertificateFields,
} from "./certificate-der.ts";
import type { Certificate } from "./types.ts";

/** A pasted text: CERTIFICATES_MAX large certificates, with room for the words that tools print around them. */
export const CERTIFICATE_TEXT_CHARS_MAX = 131_072;
/** How many keys a company may pin: each one is tried against a signature that names none. */
export const CERTIFICATES_MAX = 10;
export type CertificateProblemCode = DerProblem | "certificate_too_large" | "certificate_too_many";

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
 * The certificates in `text`, in its order and each once: PEM blocks (RFC 7468) and bare base64 with any white space, one after
 * another; words may stand around blocks. Or the base64 of such a file. One bad block refuses the whole.
 */
export function readCertificates(text: string): CertificateResult {
  if (text.length > CERTIFICATE_TEXT_CHARS_MAX) return problem("certificate_too_large");
  // A PEM that went through JSON or a shell once too often shows its line ends as two characters.
  const plain = text.replaceAll("\\r", "").replaceAll("\\n", "\n");
  if (plain.includes("-----BEGIN ")) return readPem(plain);
  if (plain.includes("<")) {
    return problem("certificate_malformed", "This looks like XML. To use a metadata file, import it as metadata.");
  }
  const bare = plain.replace(/\s+/g, "");
  const several = bareIn(plain);
  if (several.length > 1 && several.join("") === bare) return readBodies(several);
  const octets = decodeBase64(bare);
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
  const bodies: string[] = [];
  let from = 0;
  for (let at = text.indexOf("-----BEGIN "); at >= 0; at = text.indexOf("-----BEGIN ", from)) {
    bodies.push(...bareIn(text.slice(from, at)));
    const labelEnd = text.indexOf("-----", at + 11);
    const label = labelEnd < 0 ? "" : text.slice(at + 11, labelEnd);
    const foreign = foreignLabel(label);
    if (foreign) return problem(foreign);
    const last = `-----END ${label}-----`;
    const end = text.indexOf(last, labelEnd);
    if (!/^(X509 )?CERTIFICATE$/.test(label) || end < 0) return problem("certificate_malformed");
    bodies.push(text.slice(labelEnd + 5, end));
    from = end + last.length;
  }
  return readBodies([...bodies, ...bareIn(text.slice(from))]);
}

/**
 * Bare base64 among other words. A certificate is a SEQUENCE with two octets of length, "MII", and that length says where it ends
 * (X.690 8.1.3), so that several come apart with nothing between them. None that somebody pasted is passed over.
 */
function bareIn(text: string): string[] {
  const bodies: string[] = [];
  let rest = text.replace(/\s+/g, "");
  for (let at = rest.search(BARE); at >= 0; at = rest.search(BARE)) {
    const [, , high = 0, low = 0] = Buffer.from(rest.slice(at, at + 8), "base64");
    const end = at + 4 * Math.ceil((4 + 256 * high + low) / 3);
    bodies.push(rest.slice(at, end));
    rest = rest.slice(end);
  }
  return bodies;
}

const BARE = /MII[A-Za-z\d+/]{61}/;

function readBodies(bodies: readonly string[]): CertificateResult {
  const found = new Map<string, Certificate>();
  for (const body of bodies) {
    const octets = decodeBase64(body.replace(/\s+/g, ""));
    const read = octets ? readDer(octets) : problem("certificate_malformed");
    if (!read.ok) return read;
    found.set(read.value.sha256, read.value);
    if (found.size > CERTIFICATES_MAX) return problem("certificate_too_many");
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

/**
 * Certificates read before, by their base64. They are values, so one object serves all; and the keys that signatures import for a
 * certificate live as long as its object, however often a company's settings are loaded again.
 */
const known = new Map<string, Certificate>();
const CERTIFICATES_KNOWN_MAX = 1024;

type DerResult = { readonly ok: true; readonly value: Certificate } | ReturnType<typeof problem>;

function readDer(der: Uint8Array<ArrayBuffer>): DerResult {
  if (der.length > CERTIFICATE_DER_BYTES_MAX) return problem("certificate_too_large");
  const base64 = encodeBase64(der);
  const before = known.get(base64);
  if (before) return { ok: true, value: before };
  const fields = readCertificateFields(der);
  if (typeof fields === "string") return problem(fields);
  const certificate: Certificate = { base64, sha256: sha256Hex(der), ...fields };
  if (known.size >= CERTIFICATES_KNOWN_MAX) known.delete(known.keys().next().value as string);
  known.set(base64, certificate);
  return { ok: true, value: certificate };
}
