/**
 * The one home of xmldsigjs: its SignedXml runs the algorithms of XML-DSig over WebCrypto, fed through its hooks with canonical
 * text that this core made. It never sees the message: no DOM, no canonicaliser of its own, no URI, no transform and no KeyInfo of
 * it are used, because those believe more of a message than SAML allows.
 */
import { createHash, KeyObject, verify } from "node:crypto";
import { Application, CryptoConfig, HashAlgorithm, SignatureAlgorithm, SignedXml } from "xmldsigjs";
import { LentOctets } from "./lent-octets.ts";
import { SIGNATURE_ALGORITHM_URIS, signatureAlgorithm } from "./signature-algorithms.ts";
import { DIGEST } from "./terms.ts";

// The library finds WebCrypto by itself in Workers, not in Node.
Application.setEngine("WebCrypto", crypto);

const encoder = new TextEncoder();
const lent = new LentOctets();

/** "sha256" for WebCrypto's "SHA-256". */
function nodeName(hash: string): string {
  return hash.replace("-", "").toLowerCase();
}

const keyObjects = new WeakMap<CryptoKey, KeyObject>();

function keyObjectOf(key: CryptoKey): KeyObject {
  let known = keyObjects.get(key);
  if (!known) {
    known = KeyObject.from(key as unknown as Parameters<typeof KeyObject.from>[0]);
    keyObjects.set(key, known);
  }
  return known;
}

/*
 * The library's own algorithms turn text into octets by escape sequences, a third of the cost of a verification, and hash a
 * view's whole buffer for the view. Those registered in their place do neither, and are exactly the allow-list.
 */
for (const uri of SIGNATURE_ALGORITHM_URIS) {
  const { parameters } = signatureAlgorithm(uri);
  const hash = nodeName(parameters.hash);
  class AllowedSignature extends SignatureAlgorithm {
    override algorithm = { ...parameters, hash: { name: parameters.hash } };
    override namespaceURI = uri;

    static fromAlgorithm(): null {
      return null;
    }

    override Verify(signedInfo: string, key: CryptoKey, value: Uint8Array<ArrayBuffer>): Promise<boolean> {
      if (parameters.name !== "RSASSA-PKCS1-v1_5") {
        return crypto.subtle.verify(parameters, key, value, encoder.encode(signedInfo));
      }
      // The same OpenSSL or BoringSSL without WebCrypto's way to another thread and back, which takes longer than the verification.
      return Promise.resolve(verify(hash, lent.encode(signedInfo), keyObjectOf(key), value));
    }

    override Sign(signedInfo: string, key: CryptoKey): Promise<ArrayBuffer> {
      return crypto.subtle.sign(parameters, key, encoder.encode(signedInfo));
    }
  }
  CryptoConfig.RegisterSignatureAlgorithm(uri, AllowedSignature);
}

/** A hash that answers at once: what it was given may change afterwards. */
abstract class AllowedHash extends HashAlgorithm {
  abstract hash(octets: Uint8Array): Uint8Array;

  /** The library hashes text and DOM nodes too; it is given octets only. */
  override Digest(octets: Parameters<HashAlgorithm["Digest"]>[0]): Promise<Uint8Array> {
    return Promise.resolve(this.hash(octets as Uint8Array));
  }
}

for (const [uri, name] of [
  [DIGEST.sha1, "SHA-1"],
  [DIGEST.sha256, "SHA-256"],
  [DIGEST.sha384, "SHA-384"],
  [DIGEST.sha512, "SHA-512"],
] as const) {
  const hash = nodeName(name);
  CryptoConfig.RegisterHashAlgorithm(
    uri,
    class extends AllowedHash {
      override algorithm = { name };
      override namespaceURI = uri;

      /** Not by WebCrypto: waiting for another thread takes longer than hashing a message. */
      hash(octets: Uint8Array): Uint8Array {
        return createHash(hash).update(octets).digest();
      }
    },
  );
}

/** The library looks through all that it knows each time it is asked. */
const hashes = new Map<string, AllowedHash>();

/** `algorithm` is one of DIGEST. */
export function digestOctets(algorithm: string, octets: Uint8Array): Uint8Array {
  let known = hashes.get(algorithm);
  if (known === undefined) {
    known = CryptoConfig.CreateHashAlgorithm(algorithm) as AllowedHash;
    hashes.set(algorithm, known);
  }
  return known.hash(octets);
}

export class CanonicalSignedXml extends SignedXml {
  /** The canonical form of SignedInfo. */
  readonly #signedInfo: string;

  /** `signatureAlgorithm` is one of SIGNATURE. */
  constructor(signatureAlgorithm: string, signedInfo: string) {
    super();
    this.#signedInfo = signedInfo;
    this.XmlSignature.SignedInfo.SignatureMethod.Algorithm = signatureAlgorithm;
  }

  /** XML-DSig 3.2.2: whether `value` is this key's signature over SignedInfo. */
  verifySignatureValue(key: CryptoKey, value: Uint8Array): Promise<boolean> {
    this.XmlSignature.SignatureValue = value;
    return this.ValidateSignatureValue([key]);
  }

  /** XML-DSig 3.1.2: this key's signature over SignedInfo. */
  async makeSignatureValue(key: CryptoKey): Promise<Uint8Array> {
    const algorithm = CryptoConfig.CreateSignatureAlgorithm(this.XmlSignature.SignedInfo.SignatureMethod);
    return new Uint8Array(await algorithm.Sign(this.TransformSignedInfo(), key, algorithm.algorithm));
  }

  protected override TransformSignedInfo(): string {
    return this.#signedInfo;
  }

  /** The library would look in KeyInfo. Keys are given by the caller, one at a time. */
  protected override GetPublicKeys(): Promise<CryptoKey[]> {
    return Promise.resolve([]);
  }
}
