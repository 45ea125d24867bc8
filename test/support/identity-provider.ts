/**
 * A stand-in identity provider for the tests, in workerd and in Node alike: an Entra-shaped issuer with a key of its own,
 * an independent signer and an independent encrypter.
 *
 *   const idp = await createIdentityProvider();
 *   const { samlResponse, xml } = await idp.respond({ acsUrl, spEntityId, inResponseTo, now, nameID: "b.simon@acme.example" });
 *
 * createIdentityProvider({ entityId?, keyKind?, keyName? })   one key pair a process for each kind and name; "other" names make other keys
 *   .entityId .certificate (base64 DER, one line) .certificatePem .keyPair
 *   .respond(ResponseOptions)          a Response: `samlResponse` is the form field, `xml` the text, and its ids
 *   .assertion(ResponseOptions)        one Assertion, signed when `sign` says assertion or both
 *   .sign(xml, id, style?)             enveloped signature of the element with that ID, in any document
 *   .logoutRequest / .logoutResponse   XML text, unsigned
 *   .redirectQuery(parameter, xml, { relayState?, algorithm?, sign?, lowerCase? })   `SAMLRequest=..&RelayState=..&SigAlg=..&Signature=..`
 *   .postField(xml, id?)               base64 of the text, signed when an id is given
 *   .metadata({ loginUrl, logoutUrl?, ... })   EntityDescriptor
 * entraClaims({ email, givenName, surname, ... , groups })    the claims that Entra sends; `respond` sends them when `attributes` is left out
 * CLAIM                                claim names by short name
 */
import { BINDING, CONFIRMATION_BEARER, NAME_ID_FORMAT, NS, STATUS_SUCCESS } from "../../src/saml/terms.ts";
import { type EncryptionStyle, encryptXml } from "./messages/encrypt.ts";
import { type KeyKind, type KeyPair, keyPair, signBytes } from "./messages/keys.ts";
import { defaultAlgorithm, type SignatureStyle, signElementById } from "./messages/sign.ts";

const SOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
const MICROSOFT = "http://schemas.microsoft.com";

export const CLAIM = {
  givenName: `${SOAP}/givenname`,
  surname: `${SOAP}/surname`,
  emailAddress: `${SOAP}/emailaddress`,
  name: `${SOAP}/name`,
  tenantId: `${MICROSOFT}/identity/claims/tenantid`,
  objectIdentifier: `${MICROSOFT}/identity/claims/objectidentifier`,
  displayName: `${MICROSOFT}/identity/claims/displayname`,
  identityProvider: `${MICROSOFT}/identity/claims/identityprovider`,
  methods: `${MICROSOFT}/claims/authnmethodsreferences`,
  groups: `${MICROSOFT}/ws/2008/06/identity/claims/groups`,
  groupsLink: `${MICROSOFT}/claims/groups.link`,
  role: `${MICROSOFT}/ws/2008/06/identity/claims/role`,
} as const;

export type Attributes = Readonly<Record<string, string | readonly string[]>>;

export const TENANT_ID = "7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90";

export interface Person {
  readonly email: string;
  readonly givenName?: string;
  readonly surname?: string;
  /** Entra's immutable object id; by default one derived from the e-mail address. null leaves the claim out. */
  readonly objectId?: string | null;
  /** How many groups (object ids); 150 makes the message 15 KB. */
  readonly groups?: number;
}

/** A GUID that depends on the text alone. */
export function guidFor(text: string): string {
  let hex = "";
  for (let round = 0; hex.length < 32; round++) {
    let h = 2166136261 ^ round;
    for (const c of text) h = Math.imul(h ^ (c.codePointAt(0) ?? 0), 16777619);
    hex += (h >>> 0).toString(16).padStart(8, "0");
  }
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

export function entraClaims(person: Person): Record<string, string | string[]> {
  const givenName = person.givenName ?? "Britta";
  const surname = person.surname ?? "Simon";
  const claims: Record<string, string | string[]> = { [CLAIM.tenantId]: TENANT_ID };
  if (person.objectId !== null) claims[CLAIM.objectIdentifier] = person.objectId ?? guidFor(person.email);
  claims[CLAIM.displayName] = `${givenName} ${surname}`;
  if (person.groups) claims[CLAIM.groups] = Array.from({ length: person.groups }, (_, i) => guidFor(`group ${i}`));
  claims[CLAIM.identityProvider] = `https://sts.windows.net/${TENANT_ID}/`;
  claims[CLAIM.methods] = [
    `${MICROSOFT}/ws/2008/06/identity/authenticationmethod/password`,
    `${MICROSOFT}/claims/multipleauthn`,
  ];
  claims[CLAIM.givenName] = givenName;
  claims[CLAIM.surname] = surname;
  claims[CLAIM.emailAddress] = person.email;
  claims[CLAIM.name] = person.email;
  return claims;
}

export interface NameIdParts {
  readonly value: string;
  readonly format?: string | null;
  readonly nameQualifier?: string;
  readonly spNameQualifier?: string;
}

/** What a Response says. Only the first three have no default; null leaves a part out. Times are UTC milliseconds. */
export interface ResponseOptions {
  readonly acsUrl: string;
  readonly spEntityId: string;
  readonly now: number;
  /** The request it answers; none (IdP-initiated) by default. */
  readonly inResponseTo?: string | null;
  /** b.simon@acme.example by default, format emailAddress. */
  readonly nameID?: string | NameIdParts | null;
  /** Claims by Name; entraClaims of the NameID by default. */
  readonly attributes?: Attributes | null;
  /** Which element carries a signature; the assertion by default, as Entra does. */
  readonly sign?: "assertion" | "response" | "both" | "none";
  readonly signature?: SignatureStyle;
  /** The Response's own style where both are signed; `signature` by default. */
  readonly responseSignature?: SignatureStyle;
  readonly encrypt?: EncryptionStyle;
  readonly responseId?: string;
  readonly assertionId?: string;
  /** The assertion's Issuer, and the Response's unless responseIssuer says otherwise; the provider's entityId by default. */
  readonly issuer?: string | null;
  readonly responseIssuer?: string | null;
  readonly destination?: string | null;
  readonly recipient?: string | null;
  /** One AudienceRestriction with one or many Audiences. */
  readonly audience?: string | readonly string[] | null;
  /** Response/@InResponseTo where it differs from the assertion's. */
  readonly responseInResponseTo?: string | null;
  /** Status codes from the outermost in; Success by default. With any other, no assertion unless `withAssertion`. */
  readonly status?: readonly string[];
  readonly statusMessage?: string;
  readonly withAssertion?: boolean;
  readonly issueInstant?: number;
  readonly notBefore?: number | null;
  readonly notOnOrAfter?: number | null;
  readonly confirmationNotOnOrAfter?: number | null;
  readonly authnInstant?: number;
  readonly sessionNotOnOrAfter?: number;
  /** SessionIndex; the assertion's ID by default, as Entra does. */
  readonly sessionIndex?: string | null;
  readonly authnContextClassRef?: string;
  /** The pens: each gets XML text and answers XML text. `assertion` before the assertion is signed, `response` before the Response is, `sent` at the end. */
  readonly edit?: {
    readonly assertion?: (xml: string) => string;
    readonly response?: (xml: string) => string;
    readonly sent?: (xml: string) => string;
  };
}

export interface SentResponse {
  /** The form field SAMLResponse. */
  readonly samlResponse: string;
  readonly xml: string;
  readonly responseId: string;
  readonly assertionId: string;
}

export interface RedirectOptions {
  readonly relayState?: string;
  readonly algorithm?: string;
  /** false leaves SigAlg and Signature out. */
  readonly sign?: boolean;
  /** Percent-encoding with lower-case hex, as Entra is reported to do. */
  readonly lowerCase?: boolean;
}

export interface LogoutOptions {
  readonly destination: string;
  readonly now: number;
  readonly id?: string;
  readonly nameID?: string | NameIdParts;
  readonly sessionIndex?: string | readonly string[] | null;
  readonly notOnOrAfter?: number | null;
  readonly issuer?: string;
}

export interface IdentityProvider {
  readonly entityId: string;
  readonly certificate: string;
  readonly certificatePem: string;
  readonly keyPair: KeyPair;
  respond(options: ResponseOptions): Promise<SentResponse>;
  assertion(options: ResponseOptions): Promise<string>;
  sign(xml: string, id: string, style?: SignatureStyle): Promise<string>;
  logoutRequest(options: LogoutOptions): string;
  logoutResponse(options: {
    destination: string;
    now: number;
    inResponseTo: string;
    id?: string;
    status?: string;
    issuer?: string;
  }): string;
  redirectQuery(parameter: "SAMLRequest" | "SAMLResponse", xml: string, options?: RedirectOptions): Promise<string>;
  postField(xml: string, id?: string): Promise<string>;
  metadata(options: {
    loginUrl: string;
    logoutUrl?: string;
    certificates?: readonly string[];
    use?: "signing" | null;
  }): string;
}

export const escapeXml = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
export const toBase64 = (text: string | Uint8Array) =>
  Buffer.from(typeof text === "string" ? new TextEncoder().encode(text) : text).toString("base64");
export const newMessageId = () => `_${crypto.randomUUID()}`;
const instant = (at: number) => new Date(at).toISOString();
const optional = (name: string, value: string | null | undefined) =>
  value === null || value === undefined ? "" : ` ${name}="${escapeXml(value)}"`;

function nameIdXml(nameID: string | NameIdParts): string {
  const parts = typeof nameID === "string" ? { value: nameID } : nameID;
  const format = parts.format === undefined ? NAME_ID_FORMAT.emailAddress : parts.format;
  return (
    `<NameID${optional("Format", format)}${optional("NameQualifier", parts.nameQualifier)}` +
    `${optional("SPNameQualifier", parts.spNameQualifier)}>${escapeXml(parts.value)}</NameID>`
  );
}

export function attributeStatementXml(attributes: Attributes): string {
  const one = ([name, values]: [string, string | readonly string[]]) =>
    `<Attribute Name="${escapeXml(name)}">${[values]
      .flat()
      .map((v) => `<AttributeValue>${escapeXml(v)}</AttributeValue>`)
      .join("")}</Attribute>`;
  return `<AttributeStatement>${Object.entries(attributes).map(one).join("")}</AttributeStatement>`;
}

interface Said extends ResponseOptions {
  readonly assertionId: string;
  readonly responseId: string;
  readonly issuer: string | null;
}

function assertionXml(o: Said): string {
  const instantOfIssue = o.issueInstant ?? o.now;
  const nameID = o.nameID === undefined ? "b.simon@acme.example" : o.nameID;
  const name = nameID === null ? "" : typeof nameID === "string" ? nameID : nameID.value;
  const attributes = o.attributes === undefined ? entraClaims({ email: name }) : o.attributes;
  const notBefore = o.notBefore === undefined ? instantOfIssue : o.notBefore;
  const notOnOrAfter = o.notOnOrAfter === undefined ? instantOfIssue + 4_200_000 : o.notOnOrAfter;
  const confirmed = o.confirmationNotOnOrAfter === undefined ? notOnOrAfter : o.confirmationNotOnOrAfter;
  const audience = o.audience === undefined ? o.spEntityId : o.audience;
  const recipient = o.recipient === undefined ? o.acsUrl : o.recipient;
  const audiences = audience === null ? [] : [audience].flat();
  const session = o.sessionIndex === undefined ? o.assertionId : o.sessionIndex;
  const time = (name: string, at: number | null | undefined) => (at == null ? "" : optional(name, instant(at)));
  return (
    `<Assertion ID="${o.assertionId}" IssueInstant="${instant(instantOfIssue)}" Version="2.0" xmlns="${NS.saml}">` +
    `${o.issuer === null ? "" : `<Issuer>${escapeXml(o.issuer)}</Issuer>`}` +
    `<Subject>${nameID === null ? "" : nameIdXml(nameID)}<SubjectConfirmation Method="${CONFIRMATION_BEARER}">` +
    `<SubjectConfirmationData${optional("InResponseTo", o.inResponseTo)}${time("NotOnOrAfter", confirmed)}${optional("Recipient", recipient)}/>` +
    `</SubjectConfirmation></Subject>` +
    `<Conditions${time("NotBefore", notBefore)}${time("NotOnOrAfter", notOnOrAfter)}>` +
    `${audience === null ? "" : `<AudienceRestriction>${audiences.map((a) => `<Audience>${escapeXml(a)}</Audience>`).join("")}</AudienceRestriction>`}` +
    `</Conditions>${attributes === null ? "" : attributeStatementXml(attributes)}` +
    `<AuthnStatement AuthnInstant="${instant(o.authnInstant ?? o.now - 60_000)}"${optional("SessionIndex", session)}${time("SessionNotOnOrAfter", o.sessionNotOnOrAfter)}>` +
    `<AuthnContext><AuthnContextClassRef>${escapeXml(o.authnContextClassRef ?? "urn:oasis:names:tc:SAML:2.0:ac:classes:Password")}</AuthnContextClassRef></AuthnContext>` +
    `</AuthnStatement></Assertion>`
  );
}

function statusXml(codes: readonly string[], message: string | undefined): string {
  const nested = codes.reduceRight((inside, code) => {
    const value = `<samlp:StatusCode Value="${escapeXml(code)}"`;
    return inside ? `${value}>${inside}</samlp:StatusCode>` : `${value}/>`;
  }, "");
  return `<samlp:Status>${nested}${message ? `<samlp:StatusMessage>${escapeXml(message)}</samlp:StatusMessage>` : ""}</samlp:Status>`;
}

function responseXml(o: Said, assertion: string): string {
  const issuer = o.responseIssuer === undefined ? o.issuer : o.responseIssuer;
  const inResponseTo = o.responseInResponseTo === undefined ? o.inResponseTo : o.responseInResponseTo;
  const destination = o.destination === undefined ? o.acsUrl : o.destination;
  return (
    `<samlp:Response ID="${o.responseId}" Version="2.0" IssueInstant="${instant(o.issueInstant ?? o.now)}"` +
    `${optional("Destination", destination)}${optional("InResponseTo", inResponseTo)} xmlns:samlp="${NS.samlp}">` +
    `${issuer === null ? "" : `<Issuer xmlns="${NS.saml}">${escapeXml(issuer)}</Issuer>`}` +
    `${statusXml(o.status ?? [STATUS_SUCCESS], o.statusMessage)}${assertion}</samlp:Response>`
  );
}

export async function createIdentityProvider(
  options: { readonly entityId?: string; readonly keyKind?: KeyKind; readonly keyName?: string } = {},
): Promise<IdentityProvider> {
  const entityId = options.entityId ?? `https://sts.windows.net/${TENANT_ID}/`;
  const pair = await keyPair(options.keyKind, options.keyName);
  const said = (o: ResponseOptions): Said => ({
    ...o,
    assertionId: o.assertionId ?? newMessageId(),
    responseId: o.responseId ?? newMessageId(),
    issuer: o.issuer === undefined ? entityId : o.issuer,
  });
  const sign = (xml: string, id: string, style?: SignatureStyle) => signElementById(xml, id, pair, style);
  const unsigned = (o: Said) => (o.edit?.assertion ?? ((x: string) => x))(assertionXml(o));
  const signsAssertion = (o: Said) => o.sign === undefined || o.sign === "assertion" || o.sign === "both";
  const alone = async (o: Said) => (signsAssertion(o) ? sign(unsigned(o), o.assertionId, o.signature) : unsigned(o));
  return {
    entityId,
    certificate: pair.certificate,
    certificatePem: pem(pair.certificate),
    keyPair: pair,
    sign,
    assertion: (o) => alone(said(o)),
    async respond(given) {
      const o = said(given);
      const carries = o.withAssertion ?? (o.status === undefined || o.status[0] === STATUS_SUCCESS);
      const encrypted = carries && o.encrypt ? await encryptXml(await alone(o), o.encrypt) : null;
      const assertion = encrypted ?? (carries ? unsigned(o) : "");
      let xml = (o.edit?.response ?? ((x: string) => x))(responseXml(o, assertion));
      // Signed where it stands: inclusive canonical forms and prefix lists look at the ancestors.
      if (carries && encrypted === null && signsAssertion(o)) xml = await sign(xml, o.assertionId, o.signature);
      if (o.sign === "response" || o.sign === "both")
        xml = await sign(xml, o.responseId, o.responseSignature ?? o.signature);
      xml = (o.edit?.sent ?? ((x: string) => x))(xml);
      return { samlResponse: toBase64(xml), xml, responseId: o.responseId, assertionId: o.assertionId };
    },
    logoutRequest(o) {
      const sessions = o.sessionIndex == null ? [] : [o.sessionIndex].flat();
      const until = o.notOnOrAfter === undefined ? o.now + 300_000 : o.notOnOrAfter;
      return (
        `<samlp:LogoutRequest ID="${o.id ?? newMessageId()}" Version="2.0" IssueInstant="${instant(o.now)}" Destination="${escapeXml(o.destination)}"` +
        `${until === null ? "" : ` NotOnOrAfter="${instant(until)}"`} xmlns:samlp="${NS.samlp}"><Issuer xmlns="${NS.saml}">${escapeXml(o.issuer ?? entityId)}</Issuer>` +
        `${nameIdXml(o.nameID ?? "b.simon@acme.example").replace("<NameID", `<NameID xmlns="${NS.saml}"`)}` +
        `${sessions.map((s) => `<samlp:SessionIndex>${escapeXml(s)}</samlp:SessionIndex>`).join("")}</samlp:LogoutRequest>`
      );
    },
    logoutResponse(o) {
      return (
        `<samlp:LogoutResponse ID="${o.id ?? newMessageId()}" Version="2.0" IssueInstant="${instant(o.now)}" Destination="${escapeXml(o.destination)}"` +
        ` InResponseTo="${escapeXml(o.inResponseTo)}" xmlns:samlp="${NS.samlp}"><Issuer xmlns="${NS.saml}">${escapeXml(o.issuer ?? entityId)}</Issuer>` +
        `${statusXml([o.status ?? STATUS_SUCCESS], undefined)}</samlp:LogoutResponse>`
      );
    },
    async redirectQuery(parameter, xml, o = {}) {
      const encode = (text: string) => {
        const encoded = encodeURIComponent(text);
        return o.lowerCase ? encoded.replace(/%../g, (hex) => hex.toLowerCase()) : encoded;
      };
      const algorithm = o.algorithm ?? defaultAlgorithm(pair);
      let query = `${parameter}=${encode(toBase64(await deflateRaw(xml)))}`;
      if (o.relayState !== undefined) query += `&RelayState=${encode(o.relayState)}`;
      if (o.sign === false) return query;
      query += `&SigAlg=${encode(algorithm)}`;
      return `${query}&Signature=${encode(toBase64(await signBytes(pair, algorithm, new TextEncoder().encode(query))))}`;
    },
    async postField(xml, id) {
      return toBase64(id === undefined ? xml : await sign(xml, id));
    },
    metadata(o) {
      const use = o.use === undefined ? ' use="signing"' : o.use === null ? "" : ` use="${o.use}"`;
      const key = (certificate: string) =>
        `<KeyDescriptor${use}><KeyInfo xmlns="${NS.ds}"><X509Data><X509Certificate>${certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`;
      const logout = o.logoutUrl
        ? `<SingleLogoutService Binding="${BINDING.redirect}" Location="${escapeXml(o.logoutUrl)}"/>`
        : "";
      return (
        `<?xml version="1.0" encoding="utf-8"?><EntityDescriptor ID="${newMessageId()}" entityID="${escapeXml(entityId)}" xmlns="${NS.md}">` +
        `<IDPSSODescriptor protocolSupportEnumeration="${NS.samlp}">${(o.certificates ?? [pair.certificate]).map(key).join("")}${logout}` +
        `<SingleSignOnService Binding="${BINDING.redirect}" Location="${escapeXml(o.loginUrl)}"/>` +
        `<SingleSignOnService Binding="${BINDING.post}" Location="${escapeXml(o.loginUrl)}"/></IDPSSODescriptor></EntityDescriptor>`
      );
    },
  };
}

export function pem(certificate: string): string {
  return `-----BEGIN CERTIFICATE-----\n${(certificate.match(/.{1,64}/g) ?? []).join("\n")}\n-----END CERTIFICATE-----\n`;
}

export async function deflateRaw(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
