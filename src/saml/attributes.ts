/**
 * Owns the attributes of an assertion (SAML Core 2.7.3): values by exact Name, in document order, and nothing made of them.
 */
import { accept, type Result, refuse } from "./refusal.ts";
import { NS } from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { attributeValue, isElement, textContent } from "./xml.ts";

const XSI = "http://www.w3.org/2001/XMLSchema-instance";

/** What an Attribute without NameFormat has (SAML Core 2.7.3.1). */
const UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified";

/**
 * Reads AttributeStatements into values by Name; FriendlyName is for people and never looked at (2.7.3.1).
 *
 * A Name that comes several times is no refusal: Keycloak sends every role as an Attribute of its own with the one Name
 * "Role", and refusing it would lock honest companies out. The values stand side by side, in order, none replacing another, so
 * whoever needs ONE value (an e-mail address, a name, a user key) must demand that there is exactly one. But a Name in two
 * NameFormats is two attributes that only look alike to us, perhaps of different trust: attribute_duplicate.
 *
 * Values that are not text are left out, not refused: an element inside (Shibboleth's eduPersonTargetedID wraps a NameID),
 * xsi:nil, and EncryptedAttribute.
 */
export function readAttributes(statements: readonly XmlElement[]): Result<ReadonlyMap<string, readonly string[]>> {
  const attributes = new Map<string, string[]>();
  /** The formats other than UNSPECIFIED, by Name. */
  const formats = new Map<string, string>();
  for (const statement of statements) {
    for (const attribute of statement.children) {
      if (attribute.kind !== "element" || !isElement(attribute, NS.saml, "Attribute")) continue;
      const name = attributeValue(attribute, "Name");
      if (name === null) return refuse("schema_invalid", { expected: "Attribute with a Name", received: "none" });
      const format = attributeValue(attribute, "NameFormat") ?? UNSPECIFIED;
      const values = attributes.get(name);
      if (values === undefined) {
        attributes.set(name, valuesOf(attribute));
        if (format !== UNSPECIFIED) formats.set(name, format);
      } else {
        const known = formats.get(name) ?? UNSPECIFIED;
        if (known !== format)
          return refuse("attribute_duplicate", { expected: `${name} (${known})`, received: format });
        values.push(...valuesOf(attribute));
      }
    }
  }
  return accept(attributes);
}

function valuesOf(attribute: XmlElement): string[] {
  let values: string[] | null = null;
  for (const value of attribute.children) {
    if (value.kind !== "element" || !isElement(value, NS.saml, "AttributeValue") || isNil(value)) continue;
    const text = textContent(value);
    if (text === null) continue;
    if (values === null) values = [text];
    else values.push(text);
  }
  return values ?? [];
}

/** XML Schema 1, 2.6.2. */
function isNil(value: XmlElement): boolean {
  for (const { namespaceURI, localName, value: text } of value.attributes) {
    if (localName === "nil" && namespaceURI === XSI && (text === "true" || text === "1")) return true;
  }
  return false;
}
