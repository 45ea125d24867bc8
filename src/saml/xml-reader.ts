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

const NO_NODES: readonly XmlNode[] = [];

export class XmlReader {
  /** The elements by the value of their un-prefixed ID. */
  readonly ids = new Map<string, XmlElement>();

  private readonly source: XmlSource;
  private readonly scope = new NamespaceScope();
  private readonly attributes: XmlAttributeReader;
  private readonly data: CharacterDataReader;
  /** Values of identifying attributes that are no un-prefixed ID. */
  private otherIds: Set<string> | null = null;
  private elements = 0;

  /** The element that is open, and how many are. */
  private element: Draft<XmlElement> | null = null;
  private depth = 0;
  /** Where the names of the open elements begin and end, and where their children begin in `nodes`. */
  private readonly nameFrom: number[] = [];
  private readonly nameEnd: number[] = [];
  private readonly childrenFrom: number[] = [];
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
    at = this.startTag(at);
    const root = this.nodes[0] as XmlElement;
    while (this.depth > 0 && at !== REFUSED) at = this.content(at);
    if (at !== REFUSED) at = this.outside(at);
    if (at === REFUSED) return null;
    if (at !== source.length) {
      source.refuse("xml_malformed", at, "one root element");
      return null;
    }
    return root;
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

  /** One step inside the root element (production 43): the text up to the next "<", and the markup that begins there. */
  private content(from: number): number {
    const { source, data } = this;
    const { units, text } = source;
    let at = from;
    if (units[at] !== LESS) {
      const end = text.indexOf("<", at);
      if (end === -1) return source.refuse("xml_malformed", source.length, this.endTagName());
      if (data.readText(at, end) === REFUSED) return REFUSED;
      at = end;
    }
    const next = units[at + 1];
    if (next === BANG && text.startsWith("<![CDATA[", at)) return data.readSection(at);
    if (next === QUESTION) return data.refuseInstruction(at);
    if (data.text !== "") {
      this.nodes[this.nodesEnd++] = { kind: "text", value: data.text };
      data.text = "";
    }
    if (next === SLASH) return this.endTag(at);
    if (next !== BANG) return this.startTag(at);
    at = data.readComment(at);
    if (at !== REFUSED) this.nodes[this.nodesEnd++] = { kind: "comment", value: data.comment };
    return at;
  }

  /** Production 42. */
  private endTag(at: number): number {
    const { source } = this;
    const { units } = source;
    const level = this.depth - 1;
    const from = this.nameFrom[level] as number;
    const end = this.nameEnd[level] as number;
    if (!this.isRepeated(from, end, at + 2)) return source.refuse("xml_malformed", at, this.endTagName());
    let stop = at + 2 + end - from;
    while (((CLASS[units[stop] as number] as number) & SPACE) !== 0) stop++;
    if (units[stop] !== GREATER) return source.refuse("xml_malformed", at, this.endTagName());
    this.close();
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

  private endTagName(): string {
    const level = this.depth - 1;
    return `the end tag of ${this.source.text.slice(this.nameFrom[level], this.nameEnd[level])}`;
  }

  private close(): void {
    const element = this.element as Draft<XmlElement>;
    const from = this.childrenFrom[--this.depth] as number;
    const count = this.nodesEnd - from;
    if (count === 1) element.children = [this.nodes[from] as XmlNode];
    else if (count > 1) element.children = this.nodes.slice(from, this.nodesEnd);
    this.nodesEnd = from;
    if (element.namespaces.length > 0) this.scope.unbind(element.namespaces.length);
    this.element = element.parent;
  }

  /** Productions 40 and 44: a start tag or an empty-element tag. */
  private startTag(at: number): number {
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
        return source.refuse("xml_namespace", from, "a name with one prefix at most");
      }
      slot = scope.slot(source, from, nameEnd);
      nameEnd = end;
    } else if (nameEnd === from) {
      return source.refuse("xml_malformed", at, 'a name after "<"');
    }
    if (this.depth === XML_DEPTH_MAX) return source.refuse("xml_limit", at, `${XML_DEPTH_MAX} levels at most`);
    if (this.elements === XML_ELEMENTS_MAX)
      return source.refuse("xml_limit", at, `${XML_ELEMENTS_MAX} elements at most`);
    const stop = attributes.read(nameEnd, ++this.elements);
    if (stop === REFUSED) return REFUSED;
    const namespaceURI = scope.uris[slot] as string | null;
    if (namespaceURI === null) return source.refuse("xml_namespace", from, "a prefix that is declared");
    const taken = attributes.take(at);
    if (taken === null) return REFUSED;
    const element: Draft<XmlElement> = {
      kind: "element",
      prefix: scope.prefixes[slot] as string,
      localName: text.slice(localFrom, nameEnd),
      namespaceURI,
      namespaces: attributes.namespaces,
      attributes: taken,
      children: NO_NODES,
      parent: this.element,
    };
    if (attributes.hasId && this.registerIds(element, at) === REFUSED) return REFUSED;
    this.open(element, from, nameEnd);
    if (units[stop] === GREATER) return stop + 1;
    this.close();
    return stop + 2;
  }

  private open(element: Draft<XmlElement>, nameFrom: number, nameEnd: number): void {
    this.nodes[this.nodesEnd++] = element;
    const level = this.depth++;
    this.nameFrom[level] = nameFrom;
    this.nameEnd[level] = nameEnd;
    this.childrenFrom[level] = this.nodesEnd;
    this.element = element;
  }

  /** No value of an identifying attribute may stand twice in a document, whatever the attribute's prefix and spelling. */
  private registerIds(element: XmlElement, at: number): number {
    for (const { prefix, localName, value } of element.attributes) {
      if (!isIdName(localName)) continue;
      if (this.ids.has(value) || this.otherIds?.has(value) === true) {
        return this.source.refuse("xml_duplicate_id", at, "each ID once");
      }
      if (prefix === "" && localName === "ID") {
        this.ids.set(value, element);
      } else {
        this.otherIds ??= new Set();
        this.otherIds.add(value);
      }
    }
    return at;
  }
}
