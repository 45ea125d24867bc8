/**
 * The scanner: one pass over the text of a message, from left to right, that builds the tree or stops at the first fault.
 * Well-formedness is XML 1.0 (fifth edition) and Namespaces in XML 1.0; what SAML messages never need is refused on top:
 * document types, processing instructions, and names and namespace URIs that other software is known to misread.
 *
 * Linear in the size of the text whatever it holds: each "next such character" is searched once and remembered until passed.
 */
import type { SamlRefusal, SamlRefusalCode } from "./refusal.ts";
import {
  XML_ATTRIBUTES_PER_ELEMENT_MAX,
  XML_DEPTH_MAX,
  XML_ELEMENTS_MAX,
  XML_NAMESPACE_DECLARATIONS_MAX,
} from "./terms.ts";
import type { XmlAttribute, XmlElement, XmlNamespaceDeclaration, XmlNode } from "./types.ts";
import { isSpace, ncNameEnd } from "./xml-names.ts";
import { declarationProblem, NamespaceScope, NO_PREFIX, XMLNS_PREFIX } from "./xml-namespaces.ts";
import { type Reference, readReference } from "./xml-references.ts";

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const AMPERSAND = 0x26;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const COLON = 0x3a;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const BANG = 0x21;
const QUESTION = 0x3f;

/** What a step answers instead of the next position when it has refused. */
const REFUSED = -1;
/** A few attributes are compared one by one, more by a Set. */
const COMPARED_ATTRIBUTES_MAX = 8;

const NO_NODES: XmlNode[] = [];
const NO_ATTRIBUTES: XmlAttribute[] = [];
const NO_DECLARATIONS: XmlNamespaceDeclaration[] = [];

type Draft<T> = { -readonly [K in keyof T]: T[K] };

export class XmlReader {
  refusal: SamlRefusal | null = null;
  /** Where the refusal is, counted in UTF-16 units. */
  refusedAt = 0;
  readonly ids = new Map<string, XmlElement>();

  private readonly text: string;
  private readonly length: number;
  private readonly scope = new NamespaceScope();
  private readonly reference: Reference = { value: "", expected: "" };

  /** Next "&", CR, "]]>" and "xmlns" at or after where they were last asked for; `length` when there is none. */
  private ampersandAt = -1;
  private returnAt = -1;
  private sectionEndAt = -1;
  private xmlnsAt = -1;

  private element: Draft<XmlElement> | null = null;
  private depth = 0;
  private elements = 0;
  private declarations = 0;
  /** Text since the last tag or comment. */
  private pending = "";
  /** Finished and unfinished children of all open elements; each element's begin where `childrenFrom` says. */
  private readonly nodes: XmlNode[] = [];
  private nodesTop = 0;
  private readonly childrenFrom: number[] = [];
  /** Where the names of the open elements stand in the text. */
  private readonly nameStart: number[] = [];
  private readonly nameEnd: number[] = [];
  /** Values of identifying attributes other than an un-prefixed ID, which is in `ids`. */
  private otherIds: Set<string> | null = null;
  /** The start tag at hand: its attributes, their slots, its declarations, the value read last, its ID. */
  private attributes: Draft<XmlAttribute>[] = [];
  private attributeSlots: number[] = [];
  private namespaces: XmlNamespaceDeclaration[] = NO_DECLARATIONS;
  private value = "";
  private idValues: string[] = [];
  private idIsPlain: boolean[] = [];

  constructor(text: string) {
    this.text = text;
    this.length = text.length;
  }

  /** The root element, or null with `refusal` set. */
  read(): XmlElement | null {
    let at = this.outside(this.declaration());
    if (at === REFUSED) return null;
    if (at === this.length) {
      this.refuse("xml_malformed", at, "a root element");
      return null;
    }
    at = this.startTag(at);
    const root = this.nodes[0] as XmlElement;
    while (this.depth > 0 && at !== REFUSED) at = this.content(at);
    if (at === REFUSED) return null;
    at = this.outside(at);
    if (at === REFUSED) return null;
    if (at !== this.length) {
      this.refuse("xml_malformed", at, "one root element");
      return null;
    }
    return root;
  }

  private refuse(code: SamlRefusalCode, at: number, expected: string): -1 {
    this.refusal = { code, expected };
    this.refusedAt = at;
    return REFUSED;
  }

  /** Production 23. What stands after the XML declaration, if there is one. */
  private declaration(): number {
    const { text } = this;
    if (!text.startsWith("<?xml") || !isSpace(text.charCodeAt(5))) return 0;
    const end = text.indexOf("?>");
    const pattern =
      /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([A-Za-z][A-Za-z0-9._-]*)"|'([A-Za-z][A-Za-z0-9._-]*)'))?(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>$/;
    const match = end === -1 ? null : pattern.exec(text.slice(0, end + 2));
    if (match === null) return this.refuse("xml_malformed", 0, 'an XML declaration of version "1.0"');
    const encoding = match[1] ?? match[2];
    if (encoding !== undefined && encoding.toUpperCase() !== "UTF-8") {
      return this.refuse("xml_encoding", text.indexOf("encoding"), "UTF-8");
    }
    return end + 2;
  }

  /** White space and comments before and after the root element (production 27); stops at the first start tag. */
  private outside(from: number): number {
    const { text, length } = this;
    let at = from;
    while (at !== REFUSED && at < length) {
      const c = text.charCodeAt(at);
      if (isSpace(c)) {
        at++;
      } else if (c !== LESS) {
        return this.refuse("xml_malformed", at, "no text outside the root element");
      } else {
        const next = text.charCodeAt(at + 1);
        if (next === BANG) at = this.comment(at);
        else if (next === QUESTION) return this.instruction(at);
        else return at;
      }
    }
    return at;
  }

  /** One step inside the root element: the text up to the next "<", and the markup that begins there. */
  private content(from: number): number {
    const { text } = this;
    let at = from;
    if (text.charCodeAt(at) !== LESS) {
      const end = text.indexOf("<", at);
      if (end === -1) return this.refuse("xml_malformed", this.length, "an end tag");
      if (this.textRun(at, end) === REFUSED) return REFUSED;
      at = end;
    }
    const next = text.charCodeAt(at + 1);
    if (next === BANG) return text.startsWith("<![CDATA[", at) ? this.section(at) : this.comment(at);
    if (next === QUESTION) return this.instruction(at);
    if (this.pending !== "") this.flushText();
    return next === SLASH ? this.endTag(at) : this.startTag(at);
  }

  private flushText(): void {
    this.nodes[this.nodesTop++] = { kind: "text", value: this.pending };
    this.pending = "";
  }

  /** Production 14: adds text[from, end) to the pending text. */
  private textRun(from: number, end: number): number {
    const { text } = this;
    if (this.sectionEndAt < from) this.sectionEndAt = this.next("]]>", from);
    if (this.sectionEndAt < end) return this.refuse("xml_malformed", this.sectionEndAt, 'no "]]>" in text');
    if (this.ampersandAt < from) this.ampersandAt = this.next("&", from);
    if (this.returnAt < from) this.returnAt = this.next("\r", from);
    if (this.ampersandAt >= end && this.returnAt >= end) {
      const run = text.slice(from, end);
      this.pending = this.pending === "" ? run : this.pending + run;
      return end;
    }
    return this.unplainText(from, end);
  }

  /** Text with references or carriage returns (XML 1.0, 2.11, 4.1). */
  private unplainText(from: number, end: number): number {
    const { text } = this;
    let at = from;
    let value = this.pending;
    while (at < end) {
      if (this.ampersandAt < at) this.ampersandAt = this.next("&", at);
      if (this.returnAt < at) this.returnAt = this.next("\r", at);
      const stop = Math.min(this.ampersandAt, this.returnAt, end);
      if (stop > at) value += text.slice(at, stop);
      if (stop === end) break;
      if (text.charCodeAt(stop) === CR) {
        value += "\n";
        at = stop + (text.charCodeAt(stop + 1) === LF ? 2 : 1);
      } else {
        at = readReference(text, stop, this.reference);
        if (at === REFUSED) return this.refuse("xml_malformed", stop, this.reference.expected);
        value += this.reference.value;
      }
    }
    this.pending = value;
    return end;
  }

  private next(needle: string, from: number): number {
    const at = this.text.indexOf(needle, from);
    return at === -1 ? this.length : at;
  }

  /** Production 18. CDATA is text. */
  private section(at: number): number {
    const from = at + 9;
    const end = this.text.indexOf("]]>", from);
    if (end === -1) return this.refuse("xml_malformed", at, 'a CDATA section that ends with "]]>"');
    if (this.hasDoctype(from, end)) return REFUSED;
    this.pending += this.lines(from, end);
    return end + 3;
  }

  /** Production 15; outside the root element a comment leaves no node. */
  private comment(at: number): number {
    const { text } = this;
    if (!text.startsWith("<!--", at)) {
      if (this.hasDoctype(at, this.length)) return REFUSED;
      return this.refuse("xml_malformed", at, "a tag or a comment");
    }
    const from = at + 4;
    const end = text.indexOf("--", from);
    if (end === -1) return this.refuse("xml_malformed", at, 'a comment that ends with "-->"');
    if (text.charCodeAt(end + 2) !== GREATER) return this.refuse("xml_malformed", end, 'no "--" in a comment');
    if (this.hasDoctype(from, end)) return REFUSED;
    if (this.depth > 0) {
      if (this.pending !== "") this.flushText();
      this.nodes[this.nodesTop++] = { kind: "comment", value: this.lines(from, end) };
    }
    return end + 3;
  }

  private lines(from: number, end: number): string {
    return this.text.slice(from, end).replace(/\r\n?/g, "\n");
  }

  /** A document type wherever it stands and however it is spelt, in comments and CDATA too: filters and parsers disagree there. */
  private hasDoctype(from: number, end: number): boolean {
    for (let at = this.text.indexOf("<!", from); at !== -1 && at < end; at = this.text.indexOf("<!", at + 2)) {
      if (this.text.slice(at + 2, at + 9).toUpperCase() === "DOCTYPE") {
        this.refuse("xml_doctype", at, "no document type declaration");
        return true;
      }
      if (end === this.length) return false;
    }
    return false;
  }

  private instruction(at: number): number {
    const isDeclaration = /^<\?xml(?![A-Za-z0-9._:-])/i.test(this.text.slice(at, at + 6));
    return isDeclaration
      ? this.refuse("xml_malformed", at, "an XML declaration at the very start only")
      : this.refuse("xml_processing_instruction", at, "no processing instruction");
  }

  /** Production 42. */
  private endTag(at: number): number {
    const { text } = this;
    const level = this.depth - 1;
    const from = this.nameStart[level] as number;
    const size = (this.nameEnd[level] as number) - from;
    let stop = at + 2;
    for (let k = 0; k < size; k++, stop++) {
      if (text.charCodeAt(stop) !== text.charCodeAt(from + k)) return this.wrongEndTag(at);
    }
    while (isSpace(text.charCodeAt(stop))) stop++;
    if (text.charCodeAt(stop) !== GREATER) return this.wrongEndTag(at);
    this.closeElement();
    return stop + 1;
  }

  private wrongEndTag(at: number): -1 {
    const level = this.depth - 1;
    const name = this.text.slice(this.nameStart[level], this.nameEnd[level]);
    return this.refuse("xml_malformed", at, `the end tag of ${name}`);
  }

  private closeElement(): void {
    const element = this.element as Draft<XmlElement>;
    const from = this.childrenFrom[--this.depth] as number;
    const count = this.nodesTop - from;
    if (count === 1) element.children = [this.nodes[from] as XmlNode];
    else if (count > 1) element.children = this.nodes.slice(from, this.nodesTop);
    this.nodesTop = from;
    if (element.namespaces.length > 0) this.scope.unbind(element.namespaces.length);
    this.element = element.parent;
  }

  /** Productions 40 and 44: a start tag or an empty-element tag. */
  private startTag(at: number): number {
    const { text } = this;
    const nameFrom = at + 1;
    let slot = NO_PREFIX;
    let localFrom = nameFrom;
    let stop = ncNameEnd(text, nameFrom);
    if (text.charCodeAt(stop) === COLON) {
      slot = this.scope.slot(text, nameFrom, stop);
      localFrom = stop + 1;
      stop = ncNameEnd(text, localFrom);
      if (stop === localFrom || slot === NO_PREFIX || text.charCodeAt(stop) === COLON) {
        return this.refuse("xml_namespace", nameFrom, "a name with one prefix at most");
      }
    } else if (stop === nameFrom) {
      return this.refuse("xml_malformed", at, 'a name after "<"');
    }
    if (this.depth === XML_DEPTH_MAX) return this.refuse("xml_limit", at, `${XML_DEPTH_MAX} levels at most`);
    if (++this.elements > XML_ELEMENTS_MAX) return this.refuse("xml_limit", at, `${XML_ELEMENTS_MAX} elements at most`);
    const nameStop = stop;
    stop = this.attributesOf(stop);
    if (stop === REFUSED) return REFUSED;
    const namespaceURI = this.scope.uris[slot] as string | null;
    if (namespaceURI === null) return this.refuse("xml_namespace", nameFrom, "a prefix that is declared");
    const attributes = this.takeAttributes(at);
    if (attributes === null) return REFUSED;
    const element: Draft<XmlElement> = {
      kind: "element",
      prefix: this.scope.prefixes[slot] as string,
      localName: text.slice(localFrom, nameStop),
      namespaceURI,
      namespaces: this.namespaces,
      attributes,
      children: NO_NODES,
      parent: this.element,
    };
    this.namespaces = NO_DECLARATIONS;
    if (this.idValues.length > 0 && !this.registerIds(element, at)) return REFUSED;
    this.nodes[this.nodesTop++] = element;
    const level = this.depth++;
    this.element = element;
    this.childrenFrom[level] = this.nodesTop;
    this.nameStart[level] = nameFrom;
    this.nameEnd[level] = nameStop;
    if (text.charCodeAt(stop) === SLASH) {
      this.closeElement();
      return stop + 2;
    }
    return stop + 1;
  }

  /** Reads attributes and declarations up to ">" or "/>", and answers where that stands. */
  private attributesOf(from: number): number {
    const { text } = this;
    let at = from;
    for (;;) {
      let c = text.charCodeAt(at);
      if (c === GREATER) return at;
      const spaced = isSpace(c);
      while (isSpace(c)) c = text.charCodeAt(++at);
      if (c === GREATER) return at;
      if (c === SLASH) {
        if (text.charCodeAt(at + 1) === GREATER) return at;
        return this.refuse("xml_malformed", at, '">" after "/"');
      }
      if (!spaced) return this.refuse("xml_malformed", at, 'white space or ">"');
      at = this.attribute(at);
      if (at === REFUSED) return REFUSED;
    }
  }

  /** Production 41 and Namespaces in XML 1.0, 1 to 3: one attribute or declaration. */
  private attribute(at: number): number {
    const { text } = this;
    let slot = NO_PREFIX;
    let localFrom = at;
    let stop = ncNameEnd(text, at);
    if (text.charCodeAt(stop) === COLON) {
      slot = this.scope.slot(text, at, stop);
      localFrom = stop + 1;
      stop = ncNameEnd(text, localFrom);
      if (stop === localFrom || slot === NO_PREFIX || text.charCodeAt(stop) === COLON) {
        return this.refuse("xml_namespace", at, "a name with one prefix at most");
      }
    } else if (stop === at) {
      return this.refuse("xml_malformed", at, "the name of an attribute");
    }
    const after = this.attributeValue(stop);
    if (after === REFUSED) return REFUSED;
    if (this.xmlnsAt < at) this.xmlnsAt = this.next("xmlns", at);
    if (this.xmlnsAt < stop) {
      if (slot === XMLNS_PREFIX) return this.declarePrefix(at, this.scope.slot(text, localFrom, stop), after);
      if (slot === NO_PREFIX && stop - at === 5) return this.declarePrefix(at, NO_PREFIX, after);
      return this.refuse("xml_namespace", at, "no name of an attribute that contains xmlns");
    }
    if (this.attributes.length === XML_ATTRIBUTES_PER_ELEMENT_MAX) {
      return this.refuse("xml_limit", at, `${XML_ATTRIBUTES_PER_ELEMENT_MAX} attributes at most`);
    }
    const localName = text.slice(localFrom, stop);
    this.attributes.push({
      prefix: this.scope.prefixes[slot] as string,
      localName,
      namespaceURI: "",
      value: this.value,
    });
    this.attributeSlots.push(slot);
    if (stop - localFrom === 2 && localName.toLowerCase() === "id") {
      this.idValues.push(this.value);
      this.idIsPlain.push(slot === NO_PREFIX && localName === "ID");
    }
    return after;
  }

  /** Production 25 and 10, from the end of the name on; leaves the normalised value in `value`. */
  private attributeValue(from: number): number {
    const { text, length } = this;
    let at = from;
    while (isSpace(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) !== EQUALS) return this.refuse("xml_malformed", at, '"=" after the name of an attribute');
    at++;
    while (isSpace(text.charCodeAt(at))) at++;
    const quote = text.charCodeAt(at);
    if (quote !== QUOTE && quote !== APOSTROPHE) return this.refuse("xml_malformed", at, "a quoted value");
    const start = ++at;
    while (at < length) {
      const c = text.charCodeAt(at);
      if (c === quote) {
        this.value = text.slice(start, at);
        return at + 1;
      }
      if (c < 0x20 || c === AMPERSAND || c === LESS) return this.unplainValue(start, at, quote);
      at++;
    }
    return this.refuse("xml_malformed", start - 1, "a value that ends with its quote");
  }

  /** A value with references or white space other than blanks (XML 1.0, 3.3.3 and 2.11). */
  private unplainValue(start: number, from: number, quote: number): number {
    const { text, length } = this;
    let value = text.slice(start, from);
    let plainFrom = from;
    let at = from;
    while (at < length) {
      const c = text.charCodeAt(at);
      if (c === quote) {
        this.value = value + text.slice(plainFrom, at);
        return at + 1;
      }
      if (c === LESS) return this.refuse("xml_malformed", at, 'no "<" in the value of an attribute');
      if (c === AMPERSAND || c === TAB || c === LF || c === CR) {
        value += text.slice(plainFrom, at);
        if (c === AMPERSAND) {
          const after = readReference(text, at, this.reference);
          if (after === REFUSED) return this.refuse("xml_malformed", at, this.reference.expected);
          value += this.reference.value;
          at = after;
        } else {
          value += " ";
          at += c === CR && text.charCodeAt(at + 1) === LF ? 2 : 1;
        }
        plainFrom = at;
      } else {
        at++;
      }
    }
    return this.refuse("xml_malformed", start - 1, "a value that ends with its quote");
  }

  private declarePrefix(at: number, slot: number, after: number): number {
    const prefix = this.scope.prefixes[slot] as string;
    if (this.scope.boundBy[slot] === this.elements) {
      return this.refuse("xml_malformed", at, "each attribute of an element once");
    }
    if (++this.declarations > XML_NAMESPACE_DECLARATIONS_MAX) {
      return this.refuse("xml_limit", at, `${XML_NAMESPACE_DECLARATIONS_MAX} namespace declarations at most`);
    }
    const problem = declarationProblem(prefix, this.value);
    if (problem !== null) return this.refuse("xml_namespace", at, problem);
    this.scope.bind(slot, this.value, this.elements);
    if (this.namespaces === NO_DECLARATIONS) this.namespaces = [];
    this.namespaces.push({ prefix, uri: this.value });
    return after;
  }

  /** The attributes of the start tag at hand, their prefixes resolved, none of them twice; or null. */
  private takeAttributes(at: number): XmlAttribute[] | null {
    const { attributes, attributeSlots: slots } = this;
    const count = attributes.length;
    if (count === 0) return NO_ATTRIBUTES;
    for (let k = 0; k < count; k++) {
      const slot = slots[k] as number;
      if (slot === NO_PREFIX) continue;
      const uri = this.scope.uris[slot] as string | null;
      if (uri === null) {
        this.refuse("xml_namespace", at, "a prefix that is declared");
        return null;
      }
      (attributes[k] as Draft<XmlAttribute>).namespaceURI = uri;
    }
    if (count > 1 && hasDuplicate(attributes)) {
      const code = hasDuplicateName(attributes) ? "xml_malformed" : "xml_namespace";
      this.refuse(code, at, "each attribute of an element once");
      return null;
    }
    this.attributes = [];
    this.attributeSlots.length = 0;
    return attributes;
  }

  /** No value of an identifying attribute may occur twice in a document, whatever its name or prefix. */
  private registerIds(element: XmlElement, at: number): boolean {
    for (let k = 0; k < this.idValues.length; k++) {
      const value = this.idValues[k] as string;
      if (this.ids.has(value) || this.otherIds?.has(value)) {
        this.refuse("xml_duplicate_id", at, "each ID once");
        return false;
      }
      if (this.idIsPlain[k]) {
        this.ids.set(value, element);
      } else {
        this.otherIds ??= new Set();
        this.otherIds.add(value);
      }
    }
    this.idValues = [];
    this.idIsPlain = [];
    return true;
  }
}

function hasDuplicate(attributes: readonly XmlAttribute[]): boolean {
  const count = attributes.length;
  if (count <= COMPARED_ATTRIBUTES_MAX) {
    for (let k = 1; k < count; k++) {
      const one = attributes[k] as XmlAttribute;
      for (let j = 0; j < k; j++) {
        const other = attributes[j] as XmlAttribute;
        if (one.localName === other.localName && one.namespaceURI === other.namespaceURI) return true;
      }
    }
    return false;
  }
  return new Set(attributes.map(({ localName, namespaceURI }) => `${localName} ${namespaceURI}`)).size < count;
}

function hasDuplicateName(attributes: readonly XmlAttribute[]): boolean {
  return new Set(attributes.map(({ prefix, localName }) => `${prefix}:${localName}`)).size < attributes.length;
}
