/**
 * The shape that an XML Signature must have before any of it is computed with: the closed profile of SAML Core 5.4, narrower
 * than XML-DSig's schema. Reads the received tree, decides by allow-lists, does no cryptography and takes no key.
 */
import { base64Of, contentModel, contentOf, leafText } from "./content-model.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { C14N, DIGEST, NS, SIGNATURE, TRANSFORM_ENVELOPED } from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { attributeValue, childElements, childrenNamed } from "./xml.ts";

/** RSA-8192 in base64 with line breaks needs 1,400. */
const SIGNATURE_VALUE_CHARS_MAX = 4096;
/** SHA-512 in base64 needs 88; some signers break and indent. */
const DIGEST_VALUE_CHARS_MAX = 256;
/** InclusiveNamespaces/@PrefixList: signers list the few prefixes of xsi:type values. */
const PREFIX_LIST_CHARS_MAX = 512;
const PREFIX_LIST_PREFIXES_MAX = 32;
const KEY_INFO_ELEMENTS_MAX = 64;

/** How a tree becomes the characters that are signed or digested. XML-DSig 6.5, Exc-C14N 4. */
export interface Canonicalization {
  readonly method: "exclusive" | "inclusive";
  readonly inclusivePrefixes: readonly string[];
}

/** Everything that a signature says about itself, checked against the profile and not yet believed. */
export interface SignatureProfile {
  readonly signature: XmlElement;
  readonly signedInfo: XmlElement;
  readonly canonicalization: Canonicalization;
  /** One of SIGNATURE. */
  readonly signatureAlgorithm: string;
  readonly signatureValue: Uint8Array<ArrayBuffer>;
  readonly referenceCanonicalization: Canonicalization;
  /** One of DIGEST. */
  readonly digestAlgorithm: string;
  readonly digestValue: Uint8Array<ArrayBuffer>;
  /** The text of KeyInfo's first X509Certificate. Says which pinned key to try first, and to people who signed. */
  readonly certificateHint: string | null;
}

/** XML-DSig 4, narrowed. A Signature has no Object: SAML Core 5.4 signs nothing that stands there. */
const MODEL = {
  signature: contentModel("signature_malformed", ["ds:SignedInfo", "ds:SignatureValue", "ds:KeyInfo?"], ["Id"]),
  signedInfo: contentModel(
    "signature_malformed",
    ["ds:CanonicalizationMethod", "ds:SignatureMethod", "ds:Reference"],
    ["Id"],
  ),
  reference: contentModel(
    "signature_malformed",
    ["ds:Transforms?", "ds:DigestMethod", "ds:DigestValue"],
    ["Id", "URI", "Type"],
  ),
  method: contentModel("signature_malformed", [], ["Algorithm"]),
  transforms: contentModel("signature_transform", ["ds:Transform", "ds:Transform?"], []),
  transform: contentModel("signature_transform", [], ["Algorithm"]),
  exclusiveTransform: contentModel("signature_transform", ["ec:InclusiveNamespaces?"], ["Algorithm"]),
  inclusiveNamespaces: contentModel("signature_transform", [], ["PrefixList"]),
};

const DIGEST_OCTETS: ReadonlyMap<string, number> = new Map([
  [DIGEST.sha1, 20],
  [DIGEST.sha256, 32],
  [DIGEST.sha384, 48],
  [DIGEST.sha512, 64],
]);

const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set(Object.values(SIGNATURE));

/** Every ds:Signature that is a direct child of the element. */
export function signaturesOf(element: XmlElement): XmlElement[] {
  return childrenNamed(element, NS.ds, "Signature");
}

/** SAML Core 5.4: `signature` must be a child of `element` and sign it, by its ID, as a whole. */
export function readSignatureProfile(
  element: XmlElement,
  signature: XmlElement,
  allowSha1: boolean,
): Result<SignatureProfile> {
  const parts = contentOf(signature, MODEL.signature);
  if (!parts.ok) return parts;
  const [signedInfo, signatureValueElement, keyInfo] = parts.value as [XmlElement, XmlElement, XmlElement?];
  const methods = readSignedInfo(element, signedInfo, allowSha1);
  if (!methods.ok) return methods;
  const signatureValue = base64Of(signatureValueElement, ["Id"], SIGNATURE_VALUE_CHARS_MAX);
  if (!signatureValue) return malformed("SignatureValue of base64 and nothing else");
  let certificateHint: string | null = null;
  if (keyInfo) {
    const hint = readKeyInfo(keyInfo);
    if (!hint.ok) return hint;
    certificateHint = hint.value;
  }
  return accept({ signature, signedInfo, signatureValue, certificateHint, ...methods.value });
}

type SignedInfoContent = Omit<SignatureProfile, "signature" | "signedInfo" | "signatureValue" | "certificateHint">;

/** XML-DSig 4.4, with exactly one Reference (SAML Core 5.4.2). */
function readSignedInfo(element: XmlElement, signedInfo: XmlElement, allowSha1: boolean): Result<SignedInfoContent> {
  const parts = contentOf(signedInfo, MODEL.signedInfo);
  if (!parts.ok) return parts;
  const [canonicalizationMethod, signatureMethod, reference] = parts.value as [XmlElement, XmlElement, XmlElement];
  const signatureAlgorithm = attributeValue(signatureMethod, "Algorithm") ?? "";
  const algorithmRefusal = checkSignatureAlgorithm(signatureAlgorithm, allowSha1);
  if (algorithmRefusal) return algorithmRefusal;
  // No HMACOutputLength, no parameters.
  const signatureParts = contentOf(signatureMethod, MODEL.method);
  if (!signatureParts.ok) return signatureParts;
  const canonicalization = readCanonicalization(canonicalizationMethod);
  if (!canonicalization.ok) return canonicalization;
  const content = readReference(element, reference, allowSha1);
  return content.ok
    ? accept({ canonicalization: canonicalization.value, signatureAlgorithm, ...content.value })
    : content;
}

/** The allow-list of signature algorithms; SHA-1 only where a company's settings say so. Null when it passes. */
export function checkSignatureAlgorithm(algorithm: string, allowSha1: boolean): ReturnType<typeof refuse> | null {
  if (SIGNATURE_ALGORITHMS.has(algorithm) && (allowSha1 || algorithm !== SIGNATURE.rsaSha1)) return null;
  return refuse("signature_algorithm", {
    expected: `${SIGNATURE.rsaSha256} or another of RSA, RSA-PSS or ECDSA with SHA-256, SHA-384 or SHA-512`,
    received: algorithm,
  });
}

/** SAML Core 5.4.2: the one Reference names the element that carries the signature. */
function readReference(
  element: XmlElement,
  reference: XmlElement,
  allowSha1: boolean,
): Result<Pick<SignatureProfile, "referenceCanonicalization" | "digestAlgorithm" | "digestValue">> {
  const parts = contentOf(reference, MODEL.reference);
  if (!parts.ok) return parts;
  const [transforms, digestMethod, digestValueElement] = parts.value as [XmlElement?, XmlElement?, XmlElement?];
  const id = attributeValue(element, "ID");
  const uri = attributeValue(reference, "URI");
  // Code points, no decoding, no XPointer. The reader has seen that no other element of the document carries this ID.
  if (id === null || id === "" || uri !== `#${id}`) {
    return refuse("signature_reference", {
      expected: id ? `#${id}` : "an element with an ID",
      received: uri ?? "no URI",
    });
  }
  const referenceCanonicalization = readTransforms(transforms);
  if (!referenceCanonicalization.ok) return referenceCanonicalization;
  const digestAlgorithm = attributeValue(digestMethod!, "Algorithm") ?? "";
  const octets = DIGEST_OCTETS.get(digestAlgorithm);
  if (octets === undefined || (digestAlgorithm === DIGEST.sha1 && !allowSha1)) {
    return refuse("signature_algorithm", {
      expected: `${DIGEST.sha256}, or SHA-384 or SHA-512`,
      received: digestAlgorithm,
    });
  }
  const digestParts = contentOf(digestMethod!, MODEL.method);
  if (!digestParts.ok) return digestParts;
  const digestValue = base64Of(digestValueElement!, [], DIGEST_VALUE_CHARS_MAX);
  if (digestValue?.length !== octets) return malformed(`DigestValue of ${octets} octets in base64 and nothing else`);
  return accept({ referenceCanonicalization: referenceCanonicalization.value, digestAlgorithm, digestValue });
}

/**
 * SAML Core 5.4.4: the enveloped-signature transform, then at most one canonicalization. Without one, what is digested is
 * Canonical XML 1.0 (XML-DSig 4.4.3.2).
 */
function readTransforms(transforms: XmlElement | undefined): Result<Canonicalization> {
  const expected = "enveloped-signature, then exclusive or inclusive canonicalization without comments";
  if (!transforms) return refuse("signature_transform", { expected, received: "no transforms" });
  const parts = contentOf(transforms, MODEL.transforms);
  if (!parts.ok) return parts;
  const [enveloped, canonicalization] = parts.value as [XmlElement, XmlElement?];
  const algorithm = attributeValue(enveloped, "Algorithm");
  if (algorithm !== TRANSFORM_ENVELOPED) {
    return refuse("signature_transform", { expected, received: algorithm ?? "no algorithm" });
  }
  const content = contentOf(enveloped, MODEL.transform);
  if (!content.ok) return content;
  return canonicalization
    ? readCanonicalization(canonicalization)
    : accept({ method: "inclusive", inclusivePrefixes: [] });
}

const NC_NAME = String.raw`^[\p{L}_][\p{L}\p{N}\p{M}._\u00b7-]*$`;
/** Made when it is first needed: looking properties up takes longer than a module should. */
let ncName: RegExp | undefined;

function isPrefix(text: string): boolean {
  ncName ??= new RegExp(NC_NAME, "u");
  return text === "#default" || ncName.test(text);
}

/** Exc-C14N 4: InclusiveNamespaces may stand in an exclusive method, and nothing else in any. */
function readCanonicalization(method: XmlElement): Result<Canonicalization> {
  const algorithm = attributeValue(method, "Algorithm") ?? "";
  if (algorithm !== C14N.exclusive && algorithm !== C14N.inclusive) {
    return refuse("signature_transform", {
      expected: `${C14N.exclusive} or ${C14N.inclusive}`,
      received: algorithm === "" ? "no algorithm" : algorithm,
    });
  }
  const exclusive = algorithm === C14N.exclusive;
  const parts = contentOf(method, exclusive ? MODEL.exclusiveTransform : MODEL.transform);
  if (!parts.ok) return parts;
  const [list] = parts.value;
  if (!list) return accept({ method: exclusive ? "exclusive" : "inclusive", inclusivePrefixes: [] });
  const content = contentOf(list, MODEL.inclusiveNamespaces);
  if (!content.ok) return content;
  const text = attributeValue(list, "PrefixList") ?? "";
  const inclusivePrefixes = text.length > PREFIX_LIST_CHARS_MAX ? null : text.split(/[\t\n\r ]+/).filter(Boolean);
  if (
    inclusivePrefixes === null ||
    inclusivePrefixes.length > PREFIX_LIST_PREFIXES_MAX ||
    !inclusivePrefixes.every(isPrefix)
  ) {
    return refuse("signature_transform", {
      expected: `a PrefixList of at most ${PREFIX_LIST_PREFIXES_MAX} prefixes`,
      received: text.slice(0, PREFIX_LIST_CHARS_MAX),
    });
  }
  return accept({ method: "exclusive", inclusivePrefixes });
}

/** What identity providers put into KeyInfo (XML-DSig 4.5, XML-DSig 1.1 4.5): never anything to fetch, never anything of SAML. */
const KEY_INFO_NAMES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    NS.ds,
    new Set(
      (
        "KeyName KeyValue RSAKeyValue Modulus Exponent DSAKeyValue P Q G Y J Seed PgenCounter X509Data X509IssuerSerial " +
        "X509IssuerName X509SerialNumber X509SKI X509SubjectName X509Certificate X509CRL"
      ).split(" "),
    ),
  ],
  [NS.dsig11, new Set(["ECKeyValue", "NamedCurve", "PublicKey", "X509Digest", "DEREncodedKeyValue"])],
]);

/** SAML Core 5.4.5. KeyInfo is not signed and gives no trust; it is looked through so that nothing hides in it. */
function readKeyInfo(keyInfo: XmlElement): Result<string | null> {
  let hint: string | null = null;
  const pending = [keyInfo];
  for (let seen = 0; seen < pending.length; seen++) {
    if (seen > KEY_INFO_ELEMENTS_MAX) return malformed(`KeyInfo of at most ${KEY_INFO_ELEMENTS_MAX} elements`);
    for (const child of childElements(pending[seen]!)) {
      if (!KEY_INFO_NAMES.get(child.namespaceURI)?.has(child.localName)) {
        return malformed("KeyInfo of KeyName, KeyValue and X509Data", child.localName);
      }
      if (hint === null && child.localName === "X509Certificate") hint = leafText(child);
      pending.push(child);
    }
  }
  return accept(hint);
}

function malformed(expected: string, received?: string): ReturnType<typeof refuse> {
  return refuse("signature_malformed", received === undefined ? { expected } : { expected, received });
}
