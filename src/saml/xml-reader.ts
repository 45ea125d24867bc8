/**
 * The scanner: one pass over a message, from left to right, that builds the tree or stops at the first fault. Well-formedness is
 * that of XML 1.0 (fifth edition) and Namespaces in XML 1.0; what SAML messages never need is refused on top: document types,
 * processing instructions, and names and namespace URIs that other software is known to misread.
 *
 * Linear in the size of the message whatever it holds: what is searched for is remembered until the scanner has passed it.
 */
import { XML_DEPTH_MAX, XML_ELEMENTS_MAX } from "./terms.ts";
import type { XmlElement, XmlNode } from "./types.ts";
import { isIdName, XmlAttributeReader } from "./xml-attributes.ts";
import { BEYOND_ASCII } from "./xml-bytes.ts";
import { CharacterDataReader } from "./xml-character-data.ts";
import { readXmlDeclaration } from "./xml-declaration.ts";
import { CLASS, ncNameEnd, SPACE } from "./xml-names.ts";
import { NamespaceScope, NO_PREFIX } from "./xml-namespaces.ts";
import { type Draft, REFUSED, type XmlSource } from "./xml-source.ts";

const BANG = 0x21;
const SLASH = 0x2f;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const QUESTION = 0x3f;

/** A Response has one, its Assertion another. */
const COMPARED_IDS_MAX = 8;

const NO_NODES: readonly XmlNode[] = [];

export class XmlReader {
  private readonly source: XmlSource;
  private readonly scope = new NamespaceScope();
  private readonly attributes: XmlAttributeReader;
  private readonly data: CharacterDataReader;
  /** The values of identifying attributes. */
  private readonly ids: string[] = [];
  private idSet: Set<string> | null = null;
  private elements = 0;

  private depth = 0;
  /** The children, so far, of all open elements, as far as `nodesEnd`. */
  private readonly nodes: XmlNode[] = [];
  private nodesEnd = 0;

  constructor(source: XmlSource) {
    this.source = source;
    this.attributes = new XmlAttributeReader(source, this.scope);
    this.data = new CharacterDataReader(source);
  }

  /** The root element (production 1), or null when the source has a refusal. */
  read(): XmlElement | null {
    const { source } = this;
    let at = readXmlDeclaration(source);
    if (at !== REFUSED) at = this.outside(at);
    if (at === REFUSED) return null;
    if (at === source.length) {
      source.refuse("xml_malformed", at, "a root element");
      return null;
    }
    at = this.element(at, null);
    if (at !== REFUSED) at = this.outside(at);
    if (at === REFUSED) return null;
    if (at !== source.length) {
      source.refuse("xml_malformed", at, "one root element");
      return null;
    }
    return this.nodes[0] as XmlElement;
  }

  /** White space and comments before and after the root element (production 27), up to a start tag or the end. */
  private outside(from: number): number {
    const { source, data } = this;
    const { units, length } = source;
    let at = from;
    while (at < length) {
      const unit = units[at] as number;
      if (((CLASS[unit] as number) & SPACE) !== 0) {
        at++;
        continue;
      }
      if (unit !== LESS) return source.refuse("xml_malformed", at, "no text outside the root element");
      const next = units[at + 1];
      if (next === QUESTION) return data.refuseInstruction(at);
      if (next !== BANG) return at;
      at = data.readComment(at);
      if (at === REFUSED) return REFUSED;
    }
    return at;
  }

  /** Production 39: an element with all that is in it. XML_DEPTH_MAX bounds how deep this calls itself. */
  private element(from: number, parent: Draft<XmlElement> | null): number {
    const { nodes } = this;
    const element = this.startTag(from, parent);
    if (element === null) return REFUSED;
    const childrenFrom = this.nodesEnd;
    this.depth++;
    const isEmptyTag = this.source.units[element.end - 2] === SLASH;
    const end = isEmptyTag ? element.end : this.content(element.end, element);
    if (end === REFUSED) return REFUSED;
    this.depth--;
    const count = this.nodesEnd - childrenFrom;
    if (count === 1) element.children = [nodes[childrenFrom] as XmlNode];
    else if (count > 1) element.children = nodes.slice(childrenFrom, this.nodesEnd);
    if (element.namespaces.length > 0) this.scope.unbind(element.namespaces.length);
    if (parent !== null && !element.isCanonical) parent.isCanonical = false;
    element.end = end;
    nodes[childrenFrom] = element;
    this.nodesEnd = childrenFrom + 1;
    return end;
  }

  /** Production 43, and the end tag behind it. */
  private content(from: number, element: Draft<XmlElement>): number {
    const { source, data } = this;
    const { units } = source;
    let at = from;
    while (at !== REFUSED) {
      if (units[at] !== LESS) {
        at = data.readText(at);
        if (at === REFUSED) break;
        if (at === source.length) return source.refuse("xml_malformed", at, endTagName(element));
        if (!data.isCanonical) element.isCanonical = false;
      }
      const next = units[at + 1];
      if (next === BANG && source.text.startsWith("<![CDATA[", at)) {
        element.isCanonical = false;
        at = data.readSection(at);
        continue;
      }
      if (next === QUESTION) return data.refuseInstruction(at);
      if (data.text !== "") {
        this.nodes[this.nodesEnd++] = { kind: "text", value: data.text };
        data.text = "";
      }
      if (next === SLASH) return this.endTag(at, element);
      at = next === BANG ? this.comment(at, element) : this.element(at, element);
    }
    return REFUSED;
  }

  private comment(at: number, element: Draft<XmlElement>): number {
    const { data } = this;
    const end = data.readComment(at);
    if (end !== REFUSED) this.nodes[this.nodesEnd++] = { kind: "comment", value: data.comment };
    element.isCanonical = false;
    return end;
  }

  /** Production 42. */
  private endTag(at: number, element: Draft<XmlElement>): number {
    const { source } = this;
    const { units } = source;
    const from = element.from + 1;
    const end = from + nameLength(element);
    if (!this.isRepeated(from, end, at + 2)) return source.refuse("xml_malformed", at, endTagName(element));
    let stop = at + 2 + end - from;
    if (units[stop] !== GREATER) {
      element.isCanonical = false;
      while (((CLASS[units[stop] as number] as number) & SPACE) !== 0) stop++;
      if (units[stop] !== GREATER) return source.refuse("xml_malformed", at, endTagName(element));
    }
    return stop + 1;
  }

  /** Whether the name at [from, end) stands at `at` again. */
  private isRepeated(from: number, end: number, at: number): boolean {
    const { units, view, text } = this.source;
    let k = from;
    let other = at;
    for (; k + 4 <= end; k += 4, other += 4) {
      const word = view.getInt32(k);
      if (view.getInt32(other) !== word) return false;
      // Beyond ASCII the units do not tell one character from another.
      if ((word & 0x80808080) !== 0) return text.startsWith(text.slice(from, end), at);
    }
    for (; k < end; k++, other++) {
      if (units[other] !== units[k]) return false;
      if (units[k] === BEYOND_ASCII) return text.startsWith(text.slice(from, end), at);
    }
    return true;
  }

  /** Productions 40 and 44: a start tag or an empty-element tag. The element ends with it, for now. */
  private startTag(at: number, parent: XmlElement | null): Draft<XmlElement> | null {
    const { source, scope, attributes } = this;
    const { units, text } = source;
    const from = at + 1;
    let slot = NO_PREFIX;
    let localFrom = from;
    let nameEnd = ncNameEnd(units, text, from);
    if (units[nameEnd] === COLON) {
      localFrom = nameEnd + 1;
      const end = ncNameEnd(units, text, localFrom);
      if (nameEnd === from || end === localFrom || units[end] === COLON) {
        return source.refused("xml_namespace", from, "a name with one prefix at most");
      }
      slot = scope.slot(source, from, nameEnd);
      nameEnd = end;
    } else if (nameEnd === from) {
      return source.refused("xml_malformed", at, 'a name after "<"');
    }
    if (this.depth === XML_DEPTH_MAX) return source.refused("xml_limit", at, `${XML_DEPTH_MAX} levels at most`);
    if (this.elements === XML_ELEMENTS_MAX) {
      return source.refused("xml_limit", at, `${XML_ELEMENTS_MAX} elements at most`);
    }
    const stop = attributes.read(nameEnd, ++this.elements);
    if (stop === REFUSED) return null;
    const namespaceURI = scope.uris[slot] as string | null;
    if (namespaceURI === null) return source.refused("xml_namespace", from, "a prefix that is declared");
    const taken = attributes.take(at);
    if (taken === null) return null;
    const prefix = scope.prefixes[slot] as string;
    const isAsParent = parent !== null && parent.prefix === prefix && parent.namespaceURI === namespaceURI;
    const element: Draft<XmlElement> = {
      kind: "element",
      prefix,
      localName: text.slice(localFrom, nameEnd),
      namespaceURI,
      namespaces: attributes.namespaces,
      attributes: taken,
      children: NO_NODES,
      parent,
      source: text,
      from: at,
      end: units[stop] === GREATER ? stop + 1 : stop + 2,
      isCanonical: attributes.isCanonical && isAsParent,
    };
    if (attributes.hasId && this.registerIds(element, at) === REFUSED) return null;
    return element;
  }

  /** No value of an identifying attribute may stand twice in a document, whatever the attribute's prefix and spelling. */
  private registerIds(element: XmlElement, at: number): number {
    for (const { localName, value } of element.attributes) {
      if (!isIdName(localName)) continue;
      if (this.isKnownId(value)) return this.source.refuse("xml_duplicate_id", at, "each ID once");
      this.ids.push(value);
      this.idSet?.add(value);
    }
    return at;
  }

  /** A few are compared one by one, more by a Set. */
  private isKnownId(value: string): boolean {
    if (this.idSet === null && this.ids.length === COMPARED_IDS_MAX) this.idSet = new Set(this.ids);
    return this.idSet?.has(value) ?? this.ids.includes(value);
  }
}

/** Characters of the name as written. */
function nameLength({ prefix, localName }: XmlElement): number {
  return prefix === "" ? localName.length : prefix.length + 1 + localName.length;
}

function endTagName(element: XmlElement): string {
  const { source, from } = element;
  return `the end tag of ${source.slice(from + 1, from + 1 + nameLength(element))}`;
}
