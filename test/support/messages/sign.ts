/**
 * An XML-DSig signer of the tests' own: fills in a template and signs what its own canonicaliser says. Everything a
 * peculiar identity provider might do differently is an option, and so is what only an attacker would.
 */
import { C14N, DIGEST, NS, SIGNATURE, TRANSFORM_ENVELOPED } from "../../../src/saml/terms.ts";
import { byId, canonicalize, type Element, elements, parse } from "./canonical.ts";
import { type KeyPair, signBytes } from "./keys.ts";

export interface SignatureStyle {
  /** SIGNATURE.*; RSA-SHA256 for RSA keys, ECDSA-SHA256 or -384 for EC keys by default. */
  readonly algorithm?: string;
  /** SignatureMethod/@Algorithm as it shall be written, whatever really signs; `algorithm` by default. */
  readonly method?: string;
  /** Makes the signature's octets in the key's stead. */
  readonly signWith?: (octets: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** DIGEST.*; SHA-256 by default. */
  readonly digest?: string;
  /** C14N.* for SignedInfo; exclusive by default. */
  readonly c14n?: string;
  /** C14N.* for the Reference; the same as `c14n` by default. null leaves enveloped-signature alone (then inclusive c14n is implied). */
  readonly transform?: string | null;
  /** InclusiveNamespaces PrefixList of the reference's c14n transform. */
  readonly prefixList?: string;
  /** InclusiveNamespaces PrefixList of the CanonicalizationMethod. */
  readonly methodPrefixList?: string;
  /** Prefix of the signature's elements; "" (Entra) by default. */
  readonly prefix?: string;
  /** What stands in KeyInfo: the certificate by default, any XML, or null for no KeyInfo. */
  readonly keyInfo?: string | null;
  /** Characters of base64 in a line (76 as many providers do); 0 by default. */
  readonly lineWidth?: number;
  /** Text between the elements of the Signature (a line feed and indentation, perhaps); "" by default. */
  readonly gap?: string;
  /** Reference/@URI as it shall be written; `#` + the ID by default, null for none. */
  readonly uri?: string | null;
  /** Rewrites the SignedInfo before it is signed. */
  readonly signedInfo?: (xml: string) => string;
  /** Replaces the digested octets: an identity provider that signed something unusual. */
  readonly digested?: (canonical: string) => string;
}

const HASH = new Map<string, string>([
  [DIGEST.sha1, "SHA-1"],
  [DIGEST.sha256, "SHA-256"],
  [DIGEST.sha384, "SHA-384"],
  [DIGEST.sha512, "SHA-512"],
]);

export async function digestBase64(text: string, algorithm: string = DIGEST.sha256): Promise<string> {
  const hash = await crypto.subtle.digest(HASH.get(algorithm) ?? "SHA-256", new TextEncoder().encode(text));
  return Buffer.from(hash).toString("base64");
}

export function defaultAlgorithm(pair: KeyPair): string {
  if (pair.kind === "P-256") return SIGNATURE.ecdsaSha256;
  if (pair.kind === "P-384") return SIGNATURE.ecdsaSha384;
  return pair.kind === "P-521" ? SIGNATURE.ecdsaSha512 : SIGNATURE.rsaSha256;
}

function wrapLines(base64: string, width: number): string {
  if (!width) return base64;
  return (base64.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join("\n");
}

/** Where a signature belongs in the element with that ID (SAML Core 2.3.3, 3.2.2): after its Issuer, else right after its start tag. */
export function signaturePlace(xml: string, id: string): number {
  const at = xml.indexOf(` ID="${id}"`);
  if (at < 0) throw new Error(`no element has the ID ${id}`);
  const bodyStart = xml.indexOf(">", at) + 1;
  const issuer = /^\s*<([\w.-]+:)?Issuer(\s[^>]*)?>[^<]*<\/([\w.-]+:)?Issuer>/.exec(xml.slice(bodyStart));
  return bodyStart + (issuer ? issuer[0].length : 0);
}

const isInclusive = (method: string | null) =>
  method === null || method === C14N.inclusive || method === C14N.inclusiveWithComments;

function signatureTemplate(id: string, pair: KeyPair, style: SignatureStyle): string {
  const p = style.prefix ? `${style.prefix}:` : "";
  const g = style.gap ?? "";
  const method = style.c14n ?? C14N.exclusive;
  const transform = style.transform === undefined ? method : style.transform;
  const withPrefixes = (name: string, algorithm: string, list: string | undefined) =>
    list === undefined
      ? `<${p}${name} Algorithm="${algorithm}"/>`
      : `<${p}${name} Algorithm="${algorithm}"><ec:InclusiveNamespaces xmlns:ec="${NS.ec}" PrefixList="${list}"/></${p}${name}>`;
  const uri = style.uri === undefined ? `#${id}` : style.uri;
  const signedInfo =
    `<${p}SignedInfo>${g}${withPrefixes("CanonicalizationMethod", method, style.methodPrefixList)}${g}` +
    `<${p}SignatureMethod Algorithm="${style.method ?? style.algorithm ?? defaultAlgorithm(pair)}"/>${g}` +
    `<${p}Reference${uri === null ? "" : ` URI="${uri}"`}>${g}<${p}Transforms>${g}<${p}Transform Algorithm="${TRANSFORM_ENVELOPED}"/>${g}` +
    `${transform === null ? "" : withPrefixes("Transform", transform, style.prefixList) + g}</${p}Transforms>${g}` +
    `<${p}DigestMethod Algorithm="${style.digest ?? DIGEST.sha256}"/>${g}<${p}DigestValue>{digest}</${p}DigestValue>${g}</${p}Reference>${g}</${p}SignedInfo>`;
  const certificate = wrapLines(pair.certificate, style.lineWidth ?? 0);
  const keyInfo =
    style.keyInfo === undefined
      ? `<${p}X509Data>${g}<${p}X509Certificate>${certificate}</${p}X509Certificate>${g}</${p}X509Data>`
      : style.keyInfo;
  return (
    `<${p}Signature xmlns${style.prefix ? `:${style.prefix}` : ""}="${NS.ds}">${g}` +
    `${(style.signedInfo ?? ((x: string) => x))(signedInfo)}${g}<${p}SignatureValue>{signature}</${p}SignatureValue>${g}` +
    `${keyInfo === null ? "" : `<${p}KeyInfo>${g}${keyInfo}${g}</${p}KeyInfo>${g}`}</${p}Signature>`
  );
}

function signatureChild(target: Element): Element {
  const found = target.children.find(
    (c): c is Element => typeof c !== "string" && c.local === "Signature" && c.uri === NS.ds && text(c).includes("{"),
  );
  if (!found) throw new Error("the template left no signature");
  return found;
}

function text(element: Element): string {
  return element.children.map((c) => (typeof c === "string" ? c : text(c))).join("");
}

/** Signs the element with that ID, enveloped, and answers the whole document with the Signature in its place. */
export async function signElementById(
  xml: string,
  id: string,
  pair: KeyPair,
  style: SignatureStyle = {},
): Promise<string> {
  const method = style.c14n ?? C14N.exclusive;
  const transform = style.transform === undefined ? method : style.transform;
  const prefixes = (list: string | undefined) => (list ?? "").split(/\s+/).filter(Boolean);
  const place = signaturePlace(xml, id);
  const templated = xml.slice(0, place) + signatureTemplate(id, pair, style) + xml.slice(place);
  const target = byId(parse(templated), id);
  const canonical = canonicalize(target, {
    inclusive: isInclusive(transform),
    prefixes: prefixes(style.prefixList),
    without: signatureChild(target),
  });
  const digest = await digestBase64((style.digested ?? ((c: string) => c))(canonical), style.digest);
  const digested = templated.replace("{digest}", wrapLines(digest, style.lineWidth ?? 0));
  const signature = signatureChild(byId(parse(digested), id));
  const signedInfo = [...elements(signature)].find((e) => e.local === "SignedInfo");
  if (!signedInfo) throw new Error("the template left no SignedInfo");
  const octets = canonicalize(signedInfo, {
    inclusive: isInclusive(method),
    prefixes: prefixes(style.methodPrefixList),
  });
  const bytes = new TextEncoder().encode(octets);
  const value = style.signWith
    ? await style.signWith(bytes)
    : await signBytes(pair, style.algorithm ?? defaultAlgorithm(pair), bytes);
  return digested.replace("{signature}", wrapLines(Buffer.from(value).toString("base64"), style.lineWidth ?? 0));
}
