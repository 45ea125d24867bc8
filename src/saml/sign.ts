/**
 * Making signatures: the enveloped XML Signature of our own messages and metadata (SAML Core 5.4), and the signed query of the
 * Redirect binding (SAML Bindings 3.4.4.1). Signs only what the strict reader accepts; anything else is a bug of the caller.
 */
import { encodeBase64 } from "./base64.ts";
import { canonicalForm } from "./canonical-form.ts";
import { signatureAlgorithm } from "./signature-algorithms.ts";
import { CanonicalSignedXml, digestOctets } from "./signature-xmldsig.ts";
import { C14N, DIGEST, METADATA_BYTES_MAX, NS, TRANSFORM_ENVELOPED } from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { attributeValue, childElements, isElement, readXml } from "./xml.ts";

export interface SigningKey {
  readonly privateKey: CryptoKey;
  /** One of SIGNATURE, of the key's type. */
  readonly algorithm: string;
  /** DER in base64 on one line: goes into KeyInfo, so that the receiver can tell which of our keys signed. */
  readonly certificateBase64: string;
}

const encoder = new TextEncoder();

/**
 * `xml` with an enveloped signature over its root, exclusive canonicalization and SHA-256: after the root's saml:Issuer, where
 * the schema of messages and assertions wants it, or as its first child, where that of metadata does. The rest of the text stays as
 * it is. The root must have an ID.
 */
export async function signElement(xml: string, key: SigningKey): Promise<string> {
  const read = readXml(encoder.encode(xml), { bytesMax: METADATA_BYTES_MAX });
  if (!read.ok) throw new Error(`cannot sign what is not well-formed: ${read.refusal.code}`);
  const { root } = read.value;
  const id = attributeValue(root, "ID");
  if (id === null || !/^[\w.-]+$/.test(id)) throw new Error("cannot sign an element without a plain ID");
  const digest = digestOctets(DIGEST.sha256, encoder.encode(canonicalForm(root, { method: "exclusive" })));
  // Written as its own canonical form, the declaration of ds apart.
  const signedInfo = signedInfoContent(id, key.algorithm, encodeBase64(digest));
  const canonical = `<ds:SignedInfo xmlns:ds="${NS.ds}">${signedInfo}</ds:SignedInfo>`;
  const value = await new CanonicalSignedXml(key.algorithm, canonical).makeSignatureValue(key.privateKey);
  const signature =
    `<ds:Signature xmlns:ds="${NS.ds}"><ds:SignedInfo>${signedInfo}</ds:SignedInfo>` +
    `<ds:SignatureValue>${encodeBase64(value)}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>` +
    `<ds:X509Certificate>${key.certificateBase64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`;
  const at = placeOfSignature(xml, root);
  return xml.slice(0, at) + signature + xml.slice(at);
}

function signedInfoContent(id: string, algorithm: string, digestBase64: string): string {
  return (
    `<ds:CanonicalizationMethod Algorithm="${C14N.exclusive}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${algorithm}"></ds:SignatureMethod><ds:Reference URI="#${id}"><ds:Transforms>` +
    `<ds:Transform Algorithm="${TRANSFORM_ENVELOPED}"></ds:Transform>` +
    `<ds:Transform Algorithm="${C14N.exclusive}"></ds:Transform></ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${DIGEST.sha256}"></ds:DigestMethod>` +
    `<ds:DigestValue>${digestBase64}</ds:DigestValue></ds:Reference>`
  );
}

/** Where in the text the signature belongs. The text is known to be well-formed, so tags are all that must be told apart. */
function placeOfSignature(xml: string, root: XmlElement): number {
  const rootStart = tagEnd(xml, 0);
  if (xml.endsWith("/>", rootStart)) throw new Error("cannot sign an element without content");
  const [first] = childElements(root);
  if (!first || !isElement(first, NS.saml, "Issuer")) return rootStart;
  const issuerStart = tagEnd(xml, rootStart);
  return xml.endsWith("/>", issuerStart) ? issuerStart : tagEnd(xml, issuerStart);
}

const MARKUP = /<(?:!--[\s\S]*?-->|\?[\s\S]*?\?>|!\[CDATA\[[\s\S]*?\]\]>|(\/?[^\s/>!?](?:[^>"']|"[^"]*"|'[^']*')*>))/g;

/** Just behind the first start or end tag at or after `from`; comments, processing instructions and CDATA are no tags. */
function tagEnd(xml: string, from: number): number {
  MARKUP.lastIndex = from;
  for (let found = MARKUP.exec(xml); found; found = MARKUP.exec(xml)) if (found[1]) return MARKUP.lastIndex;
  throw new Error("no tag where a well-formed text has one");
}

/**
 * `SAMLRequest=...&RelayState=...`, percent-encoded, with `&SigAlg=...&Signature=...` added (SAML Bindings 3.4.4.1). The receiver
 * verifies over these very octets, so they must be sent as they are.
 */
export async function signQuery(query: string, key: SigningKey): Promise<string> {
  const signed = `${query}&SigAlg=${encodeURIComponent(key.algorithm)}`;
  const { parameters } = signatureAlgorithm(key.algorithm);
  const value = await crypto.subtle.sign(parameters, key.privateKey, encoder.encode(signed));
  return `${signed}&Signature=${encodeURIComponent(encodeBase64(new Uint8Array(value)))}`;
}
