/**
 * Verifying the XML Signature of a SAML element. What comes out is the element read again from exactly the octets that a pinned
 * key signed; the received tree is left behind. Trust comes from the caller's certificates only: no clock, no chain, no KeyInfo.
 */
import { encodeBase64 } from "./base64.ts";
import { canonicalForm } from "./canonical-form.ts";
import { LentOctets } from "./lent-octets.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { readSignatureProfile, type SignatureProfile, signaturesOf } from "./signature-profile.ts";
import { findSigner, type SignatureTrust } from "./signature-signer.ts";
import { CanonicalSignedXml, digestOctets } from "./signature-xmldsig.ts";
import { METADATA_BYTES_MAX, NS } from "./terms.ts";
import type { Certificate, VerifiedElement, XmlElement } from "./types.ts";
import { childNamed, readXml } from "./xml.ts";

export { verifyQuery } from "./query-signature.ts";
export { type SigningKey, signElement, signQuery } from "./sign.ts";
export type { SignatureTrust } from "./signature-signer.ts";

/** The canonical form of the largest thing that is signed: writing out namespaces again can make it longer than the message. */
const CANONICAL_BYTES_MAX = 2 * METADATA_BYTES_MAX;
/** How many characters of those declarations there may be for one of the element's own: xsi:type on every value makes one or two. */
const CANONICAL_GROWTH_MAX = 4;
/** And so many whatever its size: without a bound, one long URI and many elements make gigabytes. */
const CANONICAL_GROWTH_CHARS_ALLOWED = 16_384;

/** The ds:Signature that is a direct child of the element, or null. Of several the first; verifyElement refuses several. */
export function signatureOf(element: XmlElement): XmlElement | null {
  return childNamed(element, NS.ds, "Signature");
}

/**
 * The element as signed (SAML Core 5.4): `element` must carry exactly one ds:Signature as a direct child, of the closed profile, over
 * itself, by the key of one of the certificates.
 *
 * Refuses with certificate_missing, signature_missing, signature_malformed, signature_algorithm, signature_transform,
 * signature_reference, signature_invalid (no pinned key made it), digest_mismatch (a pinned key signed something else), and the
 * reader's xml_limit.
 */
export async function verifyElement(element: XmlElement, trust: SignatureTrust): Promise<Result<VerifiedElement>> {
  if (trust.certificates.length === 0)
    return refuse("certificate_missing", { expected: "a certificate to verify with" });
  const [signature, second] = signaturesOf(element);
  if (!signature) return refuse("signature_missing", { expected: `a Signature in ${element.localName}` });
  if (second) return refuse("signature_malformed", { expected: "one Signature", received: "several" });
  const read = readSignatureProfile(element, signature, trust.allowSha1);
  if (!read.ok) return read;
  const profile = read.value;
  // Anew, because nobody reads it again: what was read of it is the tree, and what is verified must be that.
  const signedInfo = canonicalForm(profile.signedInfo, { ...profile.canonicalization, anew: true });
  const signed = new CanonicalSignedXml(profile.signatureAlgorithm, signedInfo);
  // XML-DSig 3.2 checks references first; a key that isn't ours must not make us work through a message (SAML Core 5.4).
  const signer = await findSigner(trust.certificates, profile, (key) =>
    signed.verifySignatureValue(key, profile.signatureValue),
  );
  if (!signer.ok) return signer;
  return readDigested(element, profile, signer.value);
}

const lent = new LentOctets();

/**
 * XML-DSig 3.2.1, then the reader once more: from here on nothing but the digested octets exists. Not async: nothing else can run
 * between the digest and the reading.
 */
function readDigested(element: XmlElement, profile: SignatureProfile, signer: Certificate): Result<VerifiedElement> {
  if (declarationExcess(element) > CANONICAL_GROWTH_CHARS_ALLOWED) {
    return refuse("xml_limit", {
      expected: `a canonical form that has at most ${CANONICAL_GROWTH_MAX} characters of namespace declarations for one of its content`,
      received: "more",
    });
  }
  const { signature, referenceCanonicalization, digestAlgorithm, digestValue } = profile;
  const octets = lent.encode(canonicalForm(element, { ...referenceCanonicalization, without: signature }));
  const digest = digestOctets(digestAlgorithm, octets);
  if (!sameOctets(digest, digestValue)) {
    return refuse("digest_mismatch", { expected: encodeBase64(digestValue), received: encodeBase64(digest) });
  }
  const document = readXml(octets, { bytesMax: CANONICAL_BYTES_MAX });
  if (!document.ok) return document;
  return accept({
    element: document.value.root,
    certificateSha256: signer.sha256,
    signatureAlgorithm: profile.signatureAlgorithm,
  });
}

function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** Characters of tags beside names, and of attributes beside names and values. */
const TAG_CHARS = 5;
const ATTRIBUTE_CHARS = 4;

/**
 * How many more characters of namespace URIs exclusive canonicalization may write again below the element (Exc-C14N 3) than
 * CANONICAL_GROWTH_MAX allows for its size; negative for what anybody means honestly.
 */
function declarationExcess(element: XmlElement): number {
  const { parent, prefix, namespaceURI, attributes, children } = element;
  let declared = parent?.prefix === prefix && parent.namespaceURI === namespaceURI ? 0 : namespaceURI.length;
  let own = 2 * element.localName.length + TAG_CHARS;
  let below = 0;
  for (const attribute of attributes) {
    declared += attribute.namespaceURI.length;
    own += attribute.localName.length + attribute.value.length + ATTRIBUTE_CHARS;
  }
  for (const child of children) {
    if (child.kind === "element") below += excessBelow(child);
    else own += child.value.length;
  }
  return declared - CANONICAL_GROWTH_MAX * own + below;
}

/** Without prefixes an element in its canonical form has just these characters, and declares nothing. */
function excessBelow(child: XmlElement): number {
  const isPlain = child.isCanonical && child.prefix === "";
  return isPlain ? -CANONICAL_GROWTH_MAX * (child.end - child.from) : declarationExcess(child);
}
