/**
 * The allowed signature algorithms (RFC 9231 2.3) as WebCrypto knows them, and the keys of certificates imported for each:
 * once per certificate and algorithm, because importing costs more than verifying. Knows no XML.
 */
import { SIGNATURE } from "./terms.ts";
import type { Certificate } from "./types.ts";

export interface SignatureAlgorithm {
  readonly keyType: Certificate["key"]["type"];
  /** Parameters of sign and verify. */
  readonly parameters: { readonly name: string; readonly hash: string; readonly saltLength?: number };
}

function pkcs1(hash: string): SignatureAlgorithm {
  return { keyType: "RSA", parameters: { name: "RSASSA-PKCS1-v1_5", hash } };
}

/** RFC 9231 2.3.10: the salt is as long as the hash. */
function pss(hash: string, saltLength: number): SignatureAlgorithm {
  return { keyType: "RSA", parameters: { name: "RSA-PSS", hash, saltLength } };
}

function ecdsa(hash: string): SignatureAlgorithm {
  return { keyType: "EC", parameters: { name: "ECDSA", hash } };
}

const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  [SIGNATURE.rsaSha1, pkcs1("SHA-1")],
  [SIGNATURE.rsaSha256, pkcs1("SHA-256")],
  [SIGNATURE.rsaSha384, pkcs1("SHA-384")],
  [SIGNATURE.rsaSha512, pkcs1("SHA-512")],
  [SIGNATURE.rsaPssSha256, pss("SHA-256", 32)],
  [SIGNATURE.rsaPssSha384, pss("SHA-384", 48)],
  [SIGNATURE.rsaPssSha512, pss("SHA-512", 64)],
  [SIGNATURE.ecdsaSha256, ecdsa("SHA-256")],
  [SIGNATURE.ecdsaSha384, ecdsa("SHA-384")],
  [SIGNATURE.ecdsaSha512, ecdsa("SHA-512")],
]);

/** The identifiers of all allowed algorithms, SHA-1 included. */
export const SIGNATURE_ALGORITHM_URIS: readonly string[] = [...ALGORITHMS.keys()];

/** `uri` is one of SIGNATURE; anything else is a bug of the caller, who checks the allow-list first. */
export function signatureAlgorithm(uri: string): SignatureAlgorithm {
  const algorithm = ALGORITHMS.get(uri);
  if (!algorithm) throw new Error(`not an allowed signature algorithm: ${uri}`);
  return algorithm;
}

const imported = new WeakMap<Certificate, Map<string, Promise<CryptoKey | null>>>();

/** The certificate's key for one of SIGNATURE, or null when the runtime doesn't take it (a point that isn't on its curve). */
export function publicKeyOf(certificate: Certificate, uri: string): Promise<CryptoKey | null> {
  let byAlgorithm = imported.get(certificate);
  if (!byAlgorithm) {
    byAlgorithm = new Map();
    imported.set(certificate, byAlgorithm);
  }
  const known = byAlgorithm.get(uri);
  if (known) return known;
  const { parameters } = signatureAlgorithm(uri);
  const { key } = certificate;
  const algorithm = key.type === "EC" ? { name: "ECDSA", namedCurve: key.curve } : parameters;
  // Extractable, as a public key may be: Node's own crypto, which verifies sooner, then takes it too.
  const made = crypto.subtle
    .importKey("spki", new Uint8Array(certificate.spki), algorithm, true, ["verify"])
    .catch(() => null);
  byAlgorithm.set(uri, made);
  return made;
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P384_ORDER = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;
const P521_ORDER =
  0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n;

/** FIPS 186-5, 3.2.1: the order of each curve's base point, and the octets of a coordinate. */
const CURVES = {
  "P-256": { order: P256_ORDER, octets: 32 },
  "P-384": { order: P384_ORDER, octets: 48 },
  "P-521": { order: P521_ORDER, octets: 66 },
} as const;

/** Octets that a signature by this key has: the modulus' (RFC 8017 8.2.2), or r and s in full length (RFC 9231 2.3.6). */
export function signatureOctets({ key }: Certificate): number {
  return key.type === "RSA" ? Math.ceil(key.bits / 8) : 2 * CURVES[key.curve].octets;
}

/**
 * Whether the value can be a signature by this key at all: its exact length, and for ECDSA both numbers from 1 to the order
 * less one (FIPS 186-5, 6.4.2), so that no runtime's leniency counts.
 */
export function canBeSignatureBy(certificate: Certificate, value: Uint8Array): boolean {
  if (value.length !== signatureOctets(certificate)) return false;
  if (certificate.key.type === "RSA") return true;
  const { order, octets } = CURVES[certificate.key.curve];
  return [value.subarray(0, octets), value.subarray(octets)].every((half) => {
    const number = BigInt(`0x${Array.from(half, (octet) => octet.toString(16).padStart(2, "0")).join("")}`);
    return number > 0n && number < order;
  });
}
