/**
 * Owns the messages of single logout (SAML Core 3.7, Profiles 4.4): written, and read after a pinned key's signature was verified.
 * Whose sessions end, and whether an answer was asked for, is the caller's to decide.
 */
import { decodePostMessage, decodeRedirectMessage } from "./bindings.ts";
import { CheckList } from "./checks.ts";
import { checkDestination, checkIssueInstant } from "./envelope.ts";
import { isIdentifier } from "./identifier.ts";
import { checkIssuer, readIssuer } from "./issuer.ts";
import { readNameID } from "./name-id.ts";
import { openEncrypted } from "./plaintext.ts";
import { accept, type Result, refuse, type SamlRefusal } from "./refusal.ts";
import { checkVersionAndId } from "./response-shape.ts";
import { verifyElement, verifyQuery } from "./signature.ts";
import { readStatus } from "./status.ts";
import { NS } from "./terms.ts";
import { isBefore, momentText, readTime, writeTime } from "./time.ts";
import type { NameID, ResponseExpectations, ResponseStatus, XmlElement } from "./types.ts";
import { attributeValue, childElements, childrenNamed, isElement, readXml, textContent } from "./xml.ts";
import { writeAttributes, writeTextElement } from "./xml-writer.ts";

interface OutgoingMessage {
  /** An NCName. */
  readonly id: string;
  /** UTC milliseconds. */
  readonly issueInstant: number;
  /** The identity provider's SingleLogoutService URL. */
  readonly destination: string;
  readonly spEntityId: string;
}

export interface LogoutRequestParts extends OutgoingMessage {
  /** As the identity provider gave it, qualifiers and Format included (Core 3.7.3.1). */
  readonly nameID: NameID;
  readonly sessionIndex: string | null;
  /** UTC milliseconds. */
  readonly notOnOrAfter: number;
}

export interface LogoutResponseParts extends OutgoingMessage {
  readonly inResponseTo: string;
  /** A top-level status URI (Core 3.2.2.2). */
  readonly statusCode: string;
}

/** An unsigned LogoutRequest as XML text (Core 3.7.1). An ID that is not an NCName is a bug of the caller and throws. */
export function buildLogoutRequest(r: LogoutRequestParts): string {
  const { value, format, nameQualifier, spNameQualifier } = r.nameID;
  const name = writeTextElement("saml:NameID", value, {
    NameQualifier: nameQualifier,
    SPNameQualifier: spNameQualifier,
    Format: format,
  });
  const session = r.sessionIndex === null ? "" : writeTextElement("samlp:SessionIndex", r.sessionIndex);
  return writeMessage("LogoutRequest", r, { NotOnOrAfter: writeTime(r.notOnOrAfter) }, name + session);
}

/** An unsigned LogoutResponse as XML text (Core 3.7.2). An ID that is not an NCName is a bug of the caller and throws. */
export function buildLogoutResponse(r: LogoutResponseParts): string {
  const status = `<samlp:Status><samlp:StatusCode${writeAttributes({ Value: r.statusCode })}/></samlp:Status>`;
  return writeMessage("LogoutResponse", r, { InResponseTo: r.inResponseTo }, status);
}

function writeMessage(name: string, m: OutgoingMessage, more: Record<string, string>, content: string): string {
  if (!isIdentifier(m.id)) throw new Error(`The ID of a ${name} must be an NCName`);
  const attributes = writeAttributes({
    "xmlns:samlp": NS.samlp,
    "xmlns:saml": NS.saml,
    ID: m.id,
    Version: "2.0",
    IssueInstant: writeTime(m.issueInstant),
    Destination: m.destination,
    ...more,
  });
  return `<samlp:${name}${attributes}>${writeTextElement("saml:Issuer", m.spEntityId)}${content}</samlp:${name}>`;
}

/** What one company expects of a logout message; all of it from its own record. */
export interface LogoutExpectations {
  /** UTC milliseconds. */
  readonly now: number;
  readonly clockSkewSeconds: number;
  /** Our SingleLogoutService URL for this company. */
  readonly sloUrl: string;
  readonly idpEntityIds: readonly string[] | null;
}

/** What it takes to believe one: the pinned keys, and ours for an EncryptedID. */
export type LogoutTrust = LogoutExpectations &
  Pick<ResponseExpectations, "certificates" | "allowSha1" | "decryptionKeys" | "wantEncryptedAssertions">;

export interface LogoutRequest {
  readonly kind: "LogoutRequest";
  readonly id: string;
  readonly issuer: string;
  readonly nameID: NameID;
  /** Empty: all sessions of that person (Core 3.7.3.2). */
  readonly sessionIndexes: readonly string[];
}

export interface LogoutResponse {
  readonly kind: "LogoutResponse";
  readonly id: string;
  readonly issuer: string;
  /** The LogoutRequest this answers: the caller compares it with the one it sent. */
  readonly inResponseTo: string;
  readonly status: ResponseStatus;
}

/**
 * A logout message from the Redirect binding (Bindings 3.4.4.1), believed only when a pinned key signed the query: `rawQuery` is
 * what stands after "?" in the request line, nothing decoded. A signature inside the message counts for nothing here.
 */
export async function receiveLogoutQuery(
  rawQuery: string,
  trust: LogoutTrust,
): Promise<Result<LogoutRequest | LogoutResponse>> {
  const signed = await verifyQuery(rawQuery, trust);
  if (!signed.ok) return signed;
  // The verification made sure that exactly one of the two is there, once and under its plain name.
  const parameter = rawQuery.split("&").find((pair) => /^SAML(?:Request|Response)=/.test(pair)) ?? "";
  const [name, value] = [parameter.slice(0, parameter.indexOf("=")), parameter.slice(parameter.indexOf("=") + 1)];
  const text = percentDecoded(value);
  if (text === null) return refuse("base64_invalid", { expected: "percent-encoded base64" });
  const decoded = decodeRedirectMessage(text);
  const document = decoded.ok ? readXml(decoded.value) : decoded;
  if (!document.ok) return document;
  return readLogoutElement(
    document.value.root,
    trust,
    name === "SAMLRequest" ? "LogoutRequest" : "LogoutResponse",
    trust,
  );
}

/** A logout message from the POST binding (Bindings 3.5), believed only when a pinned key signed it, and read from the signed bytes. */
export async function receiveLogoutPost(
  parameter: "SAMLRequest" | "SAMLResponse",
  samlMessage: string,
  trust: LogoutTrust,
): Promise<Result<LogoutRequest | LogoutResponse>> {
  const decoded = decodePostMessage(samlMessage);
  const document = decoded.ok ? readXml(decoded.value) : decoded;
  if (!document.ok) return document;
  const kind = parameter === "SAMLRequest" ? "LogoutRequest" : "LogoutResponse";
  const { root } = document.value;
  if (!isElement(root, NS.samlp, kind)) return wrongType(kind, root);
  const signed = await verifyElement(root, trust);
  if (!signed.ok) return signed;
  return readLogoutElement(signed.value.element, trust, kind, trust);
}

/**
 * Reads a logout message whose bytes a signature covers (the two functions above verify and read in one step). An EncryptedID is
 * refused here with encryption_not_expected.
 */
export async function readLogoutMessage(
  bytes: Uint8Array,
  expectations: LogoutExpectations,
): Promise<Result<LogoutRequest | LogoutResponse>> {
  const document = readXml(bytes);
  if (!document.ok) return document;
  return readLogoutElement(document.value.root, expectations, null, {
    decryptionKeys: [],
    wantEncryptedAssertions: false,
  });
}

type Decryption = Pick<LogoutTrust, "decryptionKeys" | "wantEncryptedAssertions">;

async function readLogoutElement(
  root: XmlElement,
  expectations: LogoutExpectations,
  kind: "LogoutRequest" | "LogoutResponse" | null,
  decryption: Decryption,
): Promise<Result<LogoutRequest | LogoutResponse>> {
  const isRequest = isElement(root, NS.samlp, "LogoutRequest");
  const isResponse = isElement(root, NS.samlp, "LogoutResponse");
  if ((!isRequest && !isResponse) || (kind !== null && root.localName !== kind)) {
    return wrongType(kind ?? "LogoutRequest or LogoutResponse", root);
  }
  const head = checkVersionAndId(root);
  if (head) return { ok: false, refusal: head };
  const checks = new CheckList();
  const issuer = readIssuer(root);
  checkIssuer(checks, "issuer", issuer, expectations.idpEntityIds);
  // Entra leaves Destination out of some of its logout messages; one that is there must be ours.
  checkDestination(checks, attributeValue(root, "Destination"), false, expectations.sloUrl);
  checkIssueInstant(checks, "issueInstant", attributeValue(root, "IssueInstant"), expectations);
  if (checks.refusal || !issuer) return refusedBy(checks);
  const said = { id: attributeValue(root, "ID") as string, issuer: issuer.value };
  return isRequest ? readRequest(root, said, expectations, decryption) : readResponse(root, said);
}

type Said = Pick<LogoutRequest, "id" | "issuer">;

/** Core 3.7.1. */
async function readRequest(
  root: XmlElement,
  said: Said,
  expectations: LogoutExpectations,
  decryption: Decryption,
): Promise<Result<LogoutRequest>> {
  const until = attributeValue(root, "NotOnOrAfter");
  const notOnOrAfter = until === null ? Infinity : readTime(until);
  if (notOnOrAfter === null) return refuse("time_invalid", { expected: "NotOnOrAfter in UTC", received: until ?? "" });
  if (!isBefore(expectations, notOnOrAfter)) {
    return refuse("conditions_expired", { expected: momentText(expectations), received: until ?? "" });
  }
  const identifiers = childElements(root).filter((child) => /^(?:NameID|EncryptedID|BaseID)$/.test(child.localName));
  const [identifier] = identifiers;
  if (identifiers.length > 1) return refuse("schema_invalid", { expected: "one NameID", received: "several" });
  const element = identifier ? await clearNameID(identifier, decryption) : refuse("name_id_missing");
  const nameID = element.ok ? readNameID(element.value) : element;
  if (!nameID.ok) return nameID;
  const sessions = childrenNamed(root, NS.samlp, "SessionIndex");
  const sessionIndexes = sessions.map((session) => textContent(session) ?? "");
  return accept({ kind: "LogoutRequest", ...said, nameID: nameID.value, sessionIndexes });
}

async function clearNameID(identifier: XmlElement, decryption: Decryption): Promise<Result<XmlElement>> {
  if (isElement(identifier, NS.saml, "EncryptedID")) {
    const opened = await openEncrypted(identifier, "NameID", decryption);
    return opened.ok ? accept(opened.value.element) : opened;
  }
  if (isElement(identifier, NS.saml, "NameID")) return accept(identifier);
  return refuse("name_id_missing", { expected: "NameID", received: identifier.localName });
}

/** Core 3.7.2. */
function readResponse(root: XmlElement, said: Said): Result<LogoutResponse> {
  const inResponseTo = attributeValue(root, "InResponseTo");
  if (inResponseTo === null) return refuse("in_response_to_missing", { expected: "the ID of our request" });
  const status = readStatus(root);
  if (!status) return refuse("schema_invalid", { expected: "one Status with a StatusCode" });
  return accept({ kind: "LogoutResponse", ...said, inResponseTo, status });
}

function wrongType(expected: string, root: XmlElement): Result<never> {
  return refuse("message_type", { expected, received: `{${root.namespaceURI}}${root.localName}` });
}

function refusedBy(checks: CheckList): Result<never> {
  return { ok: false, refusal: checks.refusal as SamlRefusal };
}

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
