/**
 * The strict reader of the XML that SAML messages may use, and the few steps that one may take in its tree. Nothing else in the
 * Worker reads XML. What it accepts is well-formed by XML 1.0 and Namespaces in XML 1.0, in UTF-8, without a document type and
 * without processing instructions, within named limits; everything else is refused with a code and the byte offset.
 */
import { accept, type Result, refuse } from "./refusal.ts";
import { SAML_MESSAGE_BYTES_MAX } from "./terms.ts";
import type { XmlDocument, XmlElement, XmlNode } from "./types.ts";
import { byteOffset, readMessageText } from "./xml-bytes.ts";
import { XmlReader } from "./xml-reader.ts";
import { XmlSource } from "./xml-source.ts";

/**
 * Reads a whole message. `bytesMax` is SAML_MESSAGE_BYTES_MAX unless told otherwise.
 *
 * Refuses with xml_limit, xml_encoding, xml_doctype, xml_processing_instruction, xml_malformed, xml_namespace or
 * xml_duplicate_id; never throws. Takes time in proportion to the number of bytes.
 */
export function readXml(bytes: Uint8Array, options: { readonly bytesMax?: number } = {}): Result<XmlDocument> {
  const bytesMax = options.bytesMax ?? SAML_MESSAGE_BYTES_MAX;
  if (bytes.length > bytesMax) {
    return refuse("xml_limit", {
      offset: bytesMax,
      expected: `${bytesMax} bytes at most`,
      received: `${bytes.length} bytes`,
    });
  }
  const message = readMessageText(bytes);
  if (!message.ok) return message;
  const source = new XmlSource(message.value);
  const reader = new XmlReader(source);
  const root = reader.read();
  if (root === null) {
    if (source.refusal === null) throw new Error("The reader answered neither a tree nor a refusal");
    const { code, expected, position } = source.refusal;
    return refuse(code, { offset: byteOffset(message.value, position), expected });
  }
  return accept({ root });
}

/** The children that are elements, in document order. */
export function childElements(element: XmlElement): readonly XmlElement[] {
  const { children } = element;
  for (const child of children) if (child.kind !== "element") return children.filter(isElementNode);
  // As nearly all have no others.
  return children as readonly XmlElement[];
}

function isElementNode(node: XmlNode): node is XmlElement {
  return node.kind === "element";
}

/** The first child with this expanded name, or null. */
export function childNamed(element: XmlElement, namespaceURI: string, localName: string): XmlElement | null {
  for (const child of element.children) {
    if (child.kind === "element" && isElement(child, namespaceURI, localName)) return child;
  }
  return null;
}

/** Every child with this expanded name, in document order. */
export function childrenNamed(element: XmlElement, namespaceURI: string, localName: string): XmlElement[] {
  let named: XmlElement[] | null = null;
  for (const child of element.children) {
    if (child.kind !== "element" || !isElement(child, namespaceURI, localName)) continue;
    // Mostly there is one: a list that grows would make room for many.
    if (named === null) named = [child];
    else named.push(child);
  }
  return named ?? [];
}

/** The value of the attribute with this local name and no prefix; a prefixed attribute never answers for it. */
export function attributeValue(element: XmlElement, localName: string): string | null {
  for (const attribute of element.attributes) {
    if (attribute.localName === localName && attribute.prefix === "") return attribute.value;
  }
  return null;
}

/** All text of the element in document order, comments left out; null when it has a child element: then it is not a simple value. */
export function textContent(element: XmlElement): string | null {
  const { children } = element;
  let text = "";
  for (const child of children) {
    if (child.kind === "text") text += child.value;
    else if (child.kind === "element") return null;
  }
  return text;
}

/** Whether the element has this expanded name (Namespaces in XML 1.0, 2.1); the prefix says nothing. */
export function isElement(element: XmlElement, namespaceURI: string, localName: string): boolean {
  return element.localName === localName && element.namespaceURI === namespaceURI;
}
