/**
 * Key pairs of the stand-in identity providers: made once a process, with a self-signed certificate, and able to sign by
 * any algorithm of RFC 9231, the ones that a service provider must refuse included.
 */
import { SIGNATURE } from "../../../src/saml/terms.ts";
import { ecdsaToDer, selfSignedCertificate } from "./der.ts";

type Bytes = Uint8Array<ArrayBuffer>;
export type KeyKind = "RSA-1024" | "RSA-2048" | "RSA-3072" | "RSA-4096" | "P-256" | "P-384" | "P-521";

export interface KeyPair {
  readonly kind: KeyKind;
  /** DER in base64, one line. */
  readonly certificate: string;
  readonly spki: Bytes;
  readonly privateJwk: JsonWebKey;
  /** PKCS #8, for code under test that holds a private key (decryption). */
  readonly pkcs8: Bytes;
}

const made = new Map<string, Promise<KeyPair>>();

/** The process's key pair of that kind and name; another name, another key. */
export function keyPair(kind: KeyKind = "RSA-2048", name = "idp"): Promise<KeyPair> {
  const slot = `${kind} ${name}`;
  const known = made.get(slot);
  if (known) return known;
  const pair = generate(kind, name);
  made.set(slot, pair);
  return pair;
}

async function generate(kind: KeyKind, name: string): Promise<KeyPair> {
  const rsa = kind.startsWith("RSA");
  const algorithm = rsa
    ? {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: Number(kind.slice(4)),
        publicExponent: Uint8Array.of(1, 0, 1),
        hash: "SHA-256",
      }
    : { name: "ECDSA", namedCurve: kind };
  const keys = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
  const spki = new Uint8Array((await crypto.subtle.exportKey("spki", keys.publicKey)) as ArrayBuffer);
  const pkcs8 = new Uint8Array((await crypto.subtle.exportKey("pkcs8", keys.privateKey)) as ArrayBuffer);
  const privateJwk = (await crypto.subtle.exportKey("jwk", keys.privateKey)) as JsonWebKey;
  const hash = kind === "P-384" ? "SHA-384" : "SHA-256";
  const certificate = await selfSignedCertificate(
    {
      commonName: name,
      notBefore: Date.UTC(2025, 0, 1),
      notAfter: Date.UTC(2040, 0, 1),
      spki,
      algorithm: rsa ? "RSA-SHA256" : hash === "SHA-384" ? "ECDSA-SHA384" : "ECDSA-SHA256",
    },
    async (tbs) => {
      const how = rsa ? "RSASSA-PKCS1-v1_5" : { name: "ECDSA", hash };
      const signature = new Uint8Array(await crypto.subtle.sign(how, keys.privateKey, tbs));
      return rsa ? signature : ecdsaToDer(signature);
    },
  );
  return { kind, certificate: Buffer.from(certificate).toString("base64"), spki, privateJwk, pkcs8 };
}

const HASHES: Record<string, string> = {
  [SIGNATURE.rsaSha1]: "SHA-1",
  [SIGNATURE.rsaSha256]: "SHA-256",
  [SIGNATURE.rsaSha384]: "SHA-384",
  [SIGNATURE.rsaSha512]: "SHA-512",
  [SIGNATURE.rsaPssSha256]: "SHA-256",
  [SIGNATURE.rsaPssSha384]: "SHA-384",
  [SIGNATURE.rsaPssSha512]: "SHA-512",
  [SIGNATURE.ecdsaSha256]: "SHA-256",
  [SIGNATURE.ecdsaSha384]: "SHA-384",
  [SIGNATURE.ecdsaSha512]: "SHA-512",
};
const PSS: ReadonlySet<string> = new Set([SIGNATURE.rsaPssSha256, SIGNATURE.rsaPssSha384, SIGNATURE.rsaPssSha512]);

const imported = new Map<string, CryptoKey>();

/** The signature's octets (r || s for ECDSA, XML-DSig 6.4.3) over `data` by an algorithm URI. */
export async function signBytes(pair: KeyPair, algorithm: string, data: Uint8Array): Promise<Bytes> {
  const hash = HASHES[algorithm];
  if (!hash) throw new Error(`no signer for ${algorithm}`);
  const name = pair.kind.startsWith("P-") ? "ECDSA" : PSS.has(algorithm) ? "RSA-PSS" : "RSASSA-PKCS1-v1_5";
  const slot = `${pair.certificate} ${name} ${hash}`;
  let key = imported.get(slot);
  if (!key) {
    const { alg: _alg, key_ops: _ops, ...jwk } = pair.privateJwk;
    const shape = name === "ECDSA" ? { name, namedCurve: pair.kind } : { name, hash };
    key = await crypto.subtle.importKey("jwk", jwk, shape, false, ["sign"]);
    imported.set(slot, key);
  }
  const saltLength = Number(hash.slice(4)) / 8;
  const how = name === "ECDSA" ? { name, hash } : name === "RSA-PSS" ? { name, saltLength } : name;
  return new Uint8Array(await crypto.subtle.sign(how, key, Uint8Array.from(data)));
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * b) % modulus;
    b = (b * b) % modulus;
  }
  return result;
}

export const toBig = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
export const fromBig = (value: bigint, length: number) =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex"));
const member = (jwk: JsonWebKey, name: "n" | "d" | "e") => toBig(Buffer.from(jwk[name] ?? "", "base64url"));

/** RSASP1 of RFC 8017 on an already encoded message: for signatures that no library makes. */
export function rawRsaSign(pair: KeyPair, encoded: Uint8Array): Bytes {
  const modulus = member(pair.privateJwk, "n");
  const length = Math.ceil(modulus.toString(2).length / 8);
  return fromBig(power(toBig(encoded), member(pair.privateJwk, "d"), modulus), length);
}

/** RSAEP of RFC 8017 under the pair's public key. */
export function rawRsaEncrypt(pair: KeyPair, encoded: Uint8Array): Bytes {
  const modulus = member(pair.privateJwk, "n");
  const length = Math.ceil(modulus.toString(2).length / 8);
  return fromBig(power(toBig(encoded), member(pair.privateJwk, "e"), modulus), length);
}

/** EMSA-PKCS1-v1_5 of RFC 8017 9.2 around any DigestInfo prefix. */
export function pkcs1Encode(digestInfo: Uint8Array, length: number): Bytes {
  const padded = new Uint8Array(length).fill(0xff);
  padded[0] = 0;
  padded[1] = 1;
  padded[length - digestInfo.length - 1] = 0;
  padded.set(digestInfo, length - digestInfo.length);
  return padded;
}
