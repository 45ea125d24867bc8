/**
 * What may be kept of a message: its structure, IDs, issuer, addresses, times, algorithms and status, with every value of a person
 * and every other text struck out. Allow-listed, so that what nobody thought of is struck out too. Pure; text for people, no XML to read again.
 */
import { decodePostMessage } from "./bindings.ts";
import { NS } from "./terms.ts";
import type { XmlAttribute, XmlElement } from "./types.ts";
import { readXml } from "./xml.ts";
import { escapeAttribute, escapeText } from "./xml-writer.ts";

/** Entra's largest message, 150 groups, comes to 12,000. */
export const REDACTED_CHARS_MAX = 16_384;
/** A longer one is no ID, time or address. */
const VALUE_CHARS_MAX = 512;

const KNOWN: ReadonlySet<string> = new Set([NS.samlp, NS.saml, NS.ds, NS.dsig11, NS.xenc, NS.xenc11, NS.ec]);
const KEPT_ATTRIBUTES: ReadonlySet<string> = new Set(
  (
    "ID Id Version IssueInstant Destination InResponseTo Consent NotBefore NotOnOrAfter Recipient Method Format Value Name NameFormat " +
    "FriendlyName AuthnInstant SessionIndex SessionNotOnOrAfter Algorithm URI PrefixList Type"
  ).split(" "),
);
/** Of namespace saml: who speaks, to whom, and by which kind of sign-in. */
const KEPT_TEXTS: ReadonlySet<string> = new Set(
  "Issuer Audience AuthnContextClassRef AuthnContextDeclRef AuthenticatingAuthority".split(" "),
);
/** They may hold anything, so nothing in them is kept. */
const OPAQUE: ReadonlySet<string> = new Set(["AttributeValue", "Extensions", "Advice", "StatusDetail", "Object"]);

/** Of a `SAMLResponse` form field. A message that the reader refuses is not kept: only its size and the first error. Never throws. */
export function redactMessage(samlMessage: string): string {
  const bytes = decodePostMessage(samlMessage);
  if (!bytes.ok) return `Not kept: ${samlMessage.length} characters, ${bytes.refusal.code}`;
  const document = readXml(bytes.value);
  if (!document.ok) {
    const { code, offset } = document.refusal;
    return `Not kept: ${bytes.value.length} bytes, ${code}${offset === undefined ? "" : ` at byte ${offset}`}`;
  }
  const lines: string[] = [];
  const whole = write(document.value.root, "", false, lines, { left: REDACTED_CHARS_MAX });
  return whole ? lines.join("\n") : `${lines.join("\n").slice(0, REDACTED_CHARS_MAX)}\n[cut here]`;
}

/** False once there is no room left. */
function write(
  element: XmlElement,
  indent: string,
  inOpaque: boolean,
  lines: string[],
  room: { left: number },
): boolean {
  const { prefix, localName, namespaceURI, children } = element;
  const opaque = inOpaque || !KNOWN.has(namespaceURI) || OPAQUE.has(localName);
  const name = prefix === "" ? localName : `${prefix}:${localName}`;
  let line = `${indent}<${name}`;
  if (!opaque) {
    for (const one of element.namespaces) {
      line += ` xmlns${one.prefix === "" ? "" : `:${one.prefix}`}="${escapeAttribute(one.uri)}"`;
    }
  }
  for (const attribute of element.attributes) line += ` ${attributeText(attribute, opaque)}`;
  const add = (text: string) => {
    lines.push(text);
    room.left -= text.length + 1;
    return room.left > 0;
  };
  const texts = children.filter((child) => child.kind !== "element" && /\S/.test(child.value));
  if (texts.length === children.length) {
    if (texts.length === 0) return add(`${line}/>`);
    const text = children.map((child) => (child.kind === "element" ? "" : child.value)).join("");
    const kept = !opaque && namespaceURI === NS.saml && KEPT_TEXTS.has(localName) && text.length <= VALUE_CHARS_MAX;
    return add(`${line}>${kept && children.length === 1 ? escapeText(text) : mark(text)}</${name}>`);
  }
  if (!add(`${line}>`)) return false;
  for (const child of children) {
    if (child.kind === "element") {
      if (!write(child, `${indent} `, opaque, lines, room)) return false;
    } else if (/\S/.test(child.value) && !add(`${indent} ${mark(child.value)}`)) return false;
  }
  return add(`${indent}</${name}>`);
}

function attributeText({ prefix, localName, namespaceURI, value }: XmlAttribute, opaque: boolean): string {
  const known = namespaceURI === "" ? KEPT_ATTRIBUTES.has(localName) : false;
  const kept = known && !opaque && value.length <= VALUE_CHARS_MAX;
  return `${prefix === "" ? "" : `${prefix}:`}${localName}="${kept ? escapeAttribute(value) : mark(value)}"`;
}

function mark(text: string): string {
  return `[${text.length} ${text.length === 1 ? "character" : "characters"}]`;
}
