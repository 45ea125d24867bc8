/**
 * The one home of xmldsigjs: its SignedXml runs the algorithms of XML-DSig over WebCrypto, fed through its hooks with canonical
 * text that this core made. It never sees the message: no DOM, no canonicaliser of its own, no URI, no transform and no KeyInfo of
 * it are used, because those believe more of a message than SAML allows.
 */
import { createHash, KeyObject, verify } from "node:crypto";
import {
  Application,
  CryptoConfig,
  type DigestReferenceSource,
  HashAlgorithm,
  Reference,
  SignatureAlgorithm,
  SignedXml,
} from "xmldsigjs";
import { SIGNATURE_ALGORITHM_URIS, signatureAlgorithm } from "./signature-algorithms.ts";
import { DIGEST } from "./terms.ts";

// The library finds WebCrypto by itself in Workers, not in Node.
Application.setEngine("WebCrypto", crypto);

const encoder = new TextEncoder();

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
  class AllowedSignature extends SignatureAlgorithm {
    override algorithm = { ...parameters, hash: { name: parameters.hash } };
    override namespaceURI = uri;

    static fromAlgorithm(): null {
      return null;
    }

    override Verify(signedInfo: string, key: CryptoKey, value: Uint8Array<ArrayBuffer>): Promise<boolean> {
      const octets = encoder.encode(signedInfo);
      if (parameters.name !== "RSASSA-PKCS1-v1_5") return crypto.subtle.verify(parameters, key, value, octets);
      // The same OpenSSL or BoringSSL without WebCrypto's way to another thread and back, which takes longer than the verification.
      return Promise.resolve(verify(nodeName(parameters.hash), octets, keyObjectOf(key), value));
    }

    override Sign(signedInfo: string, key: CryptoKey): Promise<ArrayBuffer> {
      return crypto.subtle.sign(parameters, key, encoder.encode(signedInfo));
    }
  }
  CryptoConfig.RegisterSignatureAlgorithm(uri, AllowedSignature);
}

/** The library hashes text and DOM nodes too; it is given octets only. */
type HashInput = Parameters<HashAlgorithm["Digest"]>[0];

for (const [uri, name] of [
  [DIGEST.sha1, "SHA-1"],
  [DIGEST.sha256, "SHA-256"],
  [DIGEST.sha384, "SHA-384"],
  [DIGEST.sha512, "SHA-512"],
] as const) {
  class AllowedDigest extends HashAlgorithm {
    override algorithm = { name };
    override namespaceURI = uri;

    /** Not by WebCrypto: waiting for another thread takes longer than hashing a message. */
    override Digest(octets: HashInput): Promise<Uint8Array> {
      return Promise.resolve(
        createHash(nodeName(name))
          .update(octets as Uint8Array)
          .digest(),
      );
    }
  }
  CryptoConfig.RegisterHashAlgorithm(uri, AllowedDigest);
}

/** What a Signature object must know of a signature. */
export interface SignatureMethods {
  /** One of SIGNATURE. */
  readonly signatureAlgorithm: string;
  /** One of DIGEST. */
  readonly digestAlgorithm: string;
}

export class CanonicalSignedXml extends SignedXml {
  /** The canonical form of SignedInfo. */
  readonly #signedInfo: string;
  readonly #reference: Reference;

  constructor(methods: SignatureMethods, signedInfo: string) {
    super();
    this.#signedInfo = signedInfo;
    this.#reference = new Reference();
    this.#reference.DigestMethod.Algorithm = methods.digestAlgorithm;
    this.XmlSignature.SignedInfo.SignatureMethod.Algorithm = methods.signatureAlgorithm;
  }

  /** XML-DSig 3.2.2: whether `value` is this key's signature over SignedInfo. */
  verifySignatureValue(key: CryptoKey, value: Uint8Array): Promise<boolean> {
    this.XmlSignature.SignatureValue = value;
    return this.ValidateSignatureValue([key]);
  }

  /** XML-DSig 3.2.1: the digest of the reference's canonical octets. */
  digest(octets: Uint8Array): Promise<Uint8Array> {
    return this.DigestReference(octets as DigestReferenceSource, this.#reference);
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

  /** The library would resolve the URI and apply transforms to a DOM. */
  protected override DigestReference(source: DigestReferenceSource, reference: Reference): Promise<Uint8Array> {
    return CryptoConfig.CreateHashAlgorithm(reference.DigestMethod.Algorithm).Digest(source);
  }
}

/** `algorithm` is one of DIGEST. */
export function digestOctets(algorithm: string, octets: Uint8Array): Promise<Uint8Array> {
  return CryptoConfig.CreateHashAlgorithm(algorithm).Digest(octets as HashInput);
}
