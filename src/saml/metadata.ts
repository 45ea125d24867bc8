/**
 * Owns metadata (SAML Metadata 2.0): ours as a service provider, written; an identity provider's, read. Fetching it, and asking
 * an administrator whether the keys in it may be pinned, is other people's business: a metadata signature is not looked at.
 */
import { readCertificates } from "./certificate.ts";
import { ENTITY_ID_CHARS_MAX } from "./issuer.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { BINDING, CONTENT_ENCRYPTION, KEY_TRANSPORT, METADATA_BYTES_MAX, NS } from "./terms.ts";
import { readTime } from "./time.ts";
import type { Certificate, XmlElement } from "./types.ts";
import { attributeValue, childElements, childrenNamed, isElement, readXml, textContent } from "./xml.ts";
import { writeAttributes, writeTextElement } from "./xml-writer.ts";

export interface SpMetadataParts {
  readonly entityId: string;
  readonly acsUrl: string;
  readonly sloUrl: string;
  readonly nameIdFormat: string;
  readonly authnRequestsSigned: boolean;
  readonly wantAssertionsSigned: boolean;
  /** DER in base64. Several while keys are being rolled over: identity providers take all of them. */
  readonly signingCertificates: readonly string[];
  readonly encryptionCertificates: readonly string[];
  readonly organizationName?: string;
}

/** What we can decrypt, best first (Metadata 2.4.1.1): a provider that reads this leaves CBC alone. */
const ENCRYPTION_METHODS = [CONTENT_ENCRYPTION.aes256Gcm, CONTENT_ENCRYPTION.aes128Gcm, KEY_TRANSPORT.rsaOaepMgf1p];

/** Our metadata, valid against saml-schema-metadata-2.0.xsd; unsigned, with an ID so that it can be signed. */
export function spMetadata(m: SpMetadataParts): string {
  const role = writeAttributes({
    AuthnRequestsSigned: String(m.authnRequestsSigned),
    WantAssertionsSigned: String(m.wantAssertionsSigned),
    protocolSupportEnumeration: NS.samlp,
  });
  const endpoint = (name: string, binding: string, location: string, more: Record<string, string> = {}) =>
    `<md:${name}${writeAttributes({ Binding: binding, Location: location, ...more })}/>`;
  return [
    `<?xml version="1.0" encoding="UTF-8"?>\n`,
    `<md:EntityDescriptor${writeAttributes({ "xmlns:md": NS.md, ID: "_metadata", entityID: m.entityId })}>`,
    `<md:SPSSODescriptor${role}>`,
    ...m.signingCertificates.map((certificate) => keyDescriptor("signing", certificate)),
    ...m.encryptionCertificates.map((certificate) => keyDescriptor("encryption", certificate)),
    endpoint("SingleLogoutService", BINDING.redirect, m.sloUrl),
    endpoint("SingleLogoutService", BINDING.post, m.sloUrl),
    m.nameIdFormat === "" ? "" : writeTextElement("md:NameIDFormat", m.nameIdFormat),
    endpoint("AssertionConsumerService", BINDING.post, m.acsUrl, { index: "0", isDefault: "true" }),
    "</md:SPSSODescriptor>",
    m.organizationName ? organization(m.organizationName, m.entityId) : "",
    "</md:EntityDescriptor>",
  ].join("");
}

function keyDescriptor(use: "signing" | "encryption", certificate: string): string {
  const methods = use === "signing" ? [] : ENCRYPTION_METHODS;
  return [
    `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${NS.ds}"><ds:X509Data>`,
    writeTextElement("ds:X509Certificate", certificate),
    "</ds:X509Data></ds:KeyInfo>",
    ...methods.map((algorithm) => `<md:EncryptionMethod${writeAttributes({ Algorithm: algorithm })}/>`),
    "</md:KeyDescriptor>",
  ].join("");
}

function organization(name: string, entityId: string): string {
  const language = { "xml:lang": "en" };
  return `<md:Organization>${writeTextElement("md:OrganizationName", name, language)}${writeTextElement(
    "md:OrganizationDisplayName",
    name,
    language,
  )}${writeTextElement("md:OrganizationURL", new URL("/", entityId).href, language)}</md:Organization>`;
}

export interface Endpoint {
  /** A binding's URN: BINDING.redirect or BINDING.post. */
  readonly binding: string;
  /** An absolute http or https URL. */
  readonly location: string;
}

export interface IdpMetadata {
  readonly entityId: string;
  readonly loginUrls: readonly Endpoint[];
  readonly logoutUrls: readonly Endpoint[];
  /** Keys for signing, in document order, each once. Their order means nothing: all are to be accepted. */
  readonly certificates: readonly Certificate[];
  /** Why keys of the document are not in `certificates`: sentences for the administrator. */
  readonly skippedCertificates: readonly string[];
  readonly nameIdFormats: readonly string[];
  readonly wantAuthnRequestsSigned: boolean;
  /** UTC milliseconds; null where the document sets no end. The caller, who has a clock, refuses what is past. */
  readonly validUntil: number | null;
}

/** Identity providers publish one to three keys, and 10 can be pinned; the bound is on the work for a hostile file. */
export const METADATA_KEYS_MAX = 20;
export const METADATA_URL_CHARS_MAX = 2048;

/**
 * Reads an identity provider's metadata: an EntityDescriptor, or an EntitiesDescriptor with exactly one identity provider in it.
 * Only the IDPSSODescriptor counts: Entra repeats its keys in WS-Federation roles that say nothing about SAML. A key without `use`
 * is for signing too (Metadata 2.4.1.1). Encryption keys, other bindings and extensions are passed over.
 *
 * Refuses with the reader's codes, message_type, schema_invalid, time_invalid, issuer_missing, certificate_missing.
 */
export function readIdpMetadata(bytes: Uint8Array): Result<IdpMetadata> {
  const document = readXml(bytes, { bytesMax: METADATA_BYTES_MAX });
  if (!document.ok) return document;
  const { root } = document.value;
  const isEntity = isElement(root, NS.md, "EntityDescriptor");
  if (!isEntity && !isElement(root, NS.md, "EntitiesDescriptor")) {
    const received = `{${root.namespaceURI}}${root.localName}`;
    return refuse("message_type", { expected: "EntityDescriptor of SAML 2.0 metadata", received });
  }
  const providers = identityProviders(root);
  const [only] = providers;
  if (providers.length !== 1 || !only) {
    const received = `${providers.length}`;
    return refuse("schema_invalid", { expected: "one entity with one IDPSSODescriptor for SAML 2.0", received });
  }
  return readProvider(only.entity, only.role);
}

interface Provider {
  readonly entity: XmlElement;
  readonly role: XmlElement;
}

function identityProviders(descriptor: XmlElement): Provider[] {
  const children = childElements(descriptor);
  if (isElement(descriptor, NS.md, "EntityDescriptor")) {
    return children
      .filter((child) => isElement(child, NS.md, "IDPSSODescriptor"))
      .filter((role) => (attributeValue(role, "protocolSupportEnumeration") ?? "").split(/\s+/).includes(NS.samlp))
      .map((role) => ({ entity: descriptor, role }));
  }
  return children
    .filter((child) => isElement(child, NS.md, "EntityDescriptor") || isElement(child, NS.md, "EntitiesDescriptor"))
    .flatMap(identityProviders);
}

function readProvider(entity: XmlElement, role: XmlElement): Result<IdpMetadata> {
  const entityId = attributeValue(entity, "entityID");
  if (!entityId || entityId.length > ENTITY_ID_CHARS_MAX) return refuse("issuer_missing", { expected: "an entityID" });
  const loginUrls = readEndpoints(role, "SingleSignOnService");
  if (!loginUrls.ok) return loginUrls;
  if (loginUrls.value.length === 0) {
    return refuse("schema_invalid", {
      expected: "SingleSignOnService by HTTP-Redirect or HTTP-POST",
      received: "none",
    });
  }
  const logoutUrls = readEndpoints(role, "SingleLogoutService");
  if (!logoutUrls.ok) return logoutUrls;
  const keys = readSigningKeys(role);
  if (!keys.ok) return keys;
  const ends = readValidUntil([entity, role]);
  if (!ends.ok) return ends;
  const formats = childrenNamed(role, NS.md, "NameIDFormat");
  return accept({
    entityId,
    loginUrls: loginUrls.value,
    logoutUrls: logoutUrls.value,
    ...keys.value,
    nameIdFormats: formats.map((format) => (textContent(format) ?? "").trim()).filter((format) => format !== ""),
    wantAuthnRequestsSigned: ["true", "1"].includes(attributeValue(role, "WantAuthnRequestsSigned") ?? ""),
    validUntil: ends.value.validUntil,
  });
}

/** Metadata 2.2.2. A Location that no browser may be sent to spoils the document: whoever wrote it is not to be trusted with the rest. */
function readEndpoints(role: XmlElement, localName: string): Result<Endpoint[]> {
  const endpoints: Endpoint[] = [];
  for (const service of childElements(role)) {
    if (!isElement(service, NS.md, localName)) continue;
    const binding = attributeValue(service, "Binding");
    if (binding !== BINDING.redirect && binding !== BINDING.post) continue;
    const location = attributeValue(service, "Location") ?? "";
    if (!isWebAddress(location)) {
      return refuse("schema_invalid", { expected: `an absolute https URL for ${localName}`, received: location });
    }
    endpoints.push({ binding, location });
  }
  return accept(endpoints);
}

function isWebAddress(text: string): boolean {
  if (text.length > METADATA_URL_CHARS_MAX || !/^https?:\/\/[^\s\\"'<>]+$/i.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && url.username === "" && url.password === "";
}

function readSigningKeys(role: XmlElement): Result<Pick<IdpMetadata, "certificates" | "skippedCertificates">> {
  const found = new Map<string, Certificate>();
  const skipped: string[] = [];
  const texts = childElements(role).flatMap(signingCertificateTexts);
  if (texts.length > METADATA_KEYS_MAX) {
    return refuse("xml_limit", { expected: `at most ${METADATA_KEYS_MAX} keys`, received: `${texts.length}` });
  }
  for (const text of texts) {
    const read = readCertificates(text);
    if (!read.ok) skipped.push(read.problem.message);
    else for (const certificate of read.value) found.set(certificate.sha256, certificate);
  }
  if (found.size === 0) {
    const received = skipped[0] ?? "none";
    return refuse("certificate_missing", { expected: "a usable X509Certificate for signing", received });
  }
  return accept({ certificates: [...found.values()], skippedCertificates: skipped });
}

/**
 * The certificate of one KeyDescriptor: the first of each X509Data. Those after it are its issuers (XML-DSig 4.4.4), and pinning
 * an authority would trust everything it ever signs with.
 */
function signingCertificateTexts(key: XmlElement): string[] {
  const use = attributeValue(key, "use");
  if (!isElement(key, NS.md, "KeyDescriptor") || (use !== null && use !== "signing")) return [];
  const down = (parents: XmlElement[], localName: string) =>
    parents.flatMap((parent) => childrenNamed(parent, NS.ds, localName));
  return down(down([key], "KeyInfo"), "X509Data").flatMap((data) => {
    const [first] = down([data], "X509Certificate");
    return first ? [textContent(first) ?? ""] : [];
  });
}

function readValidUntil(elements: readonly XmlElement[]): Result<{ validUntil: number | null }> {
  const texts = elements.map((element) => attributeValue(element, "validUntil")).filter((text) => text !== null);
  const ends = texts.map(readTime);
  if (ends.includes(null)) return refuse("time_invalid", { expected: "validUntil in UTC", received: texts.join(", ") });
  return accept({ validUntil: ends.length === 0 ? null : Math.min(...(ends as number[])) });
}
