/**
 * Owns the attributes of an assertion (SAML Core 2.7.3): values by exact Name, in document order, and nothing made of them.
 */
import { accept, type Result, refuse } from "./refusal.ts";
import { NS } from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { attributeValue, childElements, isElement, textContent } from "./xml.ts";

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
  const formats = new Map<string, string>();
  for (const statement of statements) {
    for (const attribute of childElements(statement)) {
      if (!isElement(attribute, NS.saml, "Attribute")) continue;
      const name = attributeValue(attribute, "Name");
      if (name === null) return refuse("schema_invalid", { expected: "Attribute with a Name", received: "none" });
      const format = attributeValue(attribute, "NameFormat") ?? UNSPECIFIED;
      const known = formats.get(name) ?? format;
      if (known !== format) return refuse("attribute_duplicate", { expected: `${name} (${known})`, received: format });
      formats.set(name, format);
      const values = attributes.get(name) ?? [];
      for (const value of childElements(attribute)) {
        const text = isElement(value, NS.saml, "AttributeValue") && !isNil(value) ? textContent(value) : null;
        if (text !== null) values.push(text);
      }
      attributes.set(name, values);
    }
  }
  return accept(attributes);
}

/** XML Schema 1, 2.6.2. */
function isNil(value: XmlElement): boolean {
  return value.attributes.some(
    ({ namespaceURI, localName, value: text }) =>
      namespaceURI === XSI && localName === "nil" && (text === "true" || text === "1"),
  );
}
