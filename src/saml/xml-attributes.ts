/**
 * The inside of a start tag: attributes and namespace declarations (XML 1.0, 3.1 and 3.3.3; Namespaces in XML 1.0, 3 to 6.3).
 */
import {
  XML_ATTRIBUTES_PER_ELEMENT_MAX,
  XML_NAMESPACE_DECLARATIONS_MAX,
  XML_NAMESPACE_URI_CHARS_MAX,
} from "./terms.ts";
import type { XmlAttribute, XmlNamespaceDeclaration } from "./types.ts";
import { CLASS, compareCodePoints, ncNameEnd, SPACE, VALUE_STOP } from "./xml-names.ts";
import { declarationProblem, knownUri, type NamespaceScope, NO_PREFIX, XMLNS_PREFIX } from "./xml-namespaces.ts";
import { ReferenceReader } from "./xml-references.ts";
import { type Draft, REFUSED, type XmlSource } from "./xml-source.ts";

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const QUOTE = 0x22;
const AMPERSAND = 0x26;
const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const COLON = 0x3a;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const LETTER_X = 0x78;

/** A few attributes are compared one by one, more by a Set. */
const COMPARED_ATTRIBUTES_MAX = 8;

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];
const NO_DECLARATIONS: readonly XmlNamespaceDeclaration[] = [];

export class XmlAttributeReader {
  /** The declarations of the start tag that was read last, in document order. */
  namespaces: readonly XmlNamespaceDeclaration[] = NO_DECLARATIONS;
  /** Whether that tag has an attribute whose local name is ID in any spelling. */
  hasId = false;
  /** Whether that tag is written in a canonical form as it stands in the message, where its element needs no declaration. */
  isCanonical = false;

  private readonly source: XmlSource;
  private readonly scope: NamespaceScope;
  private readonly references = new ReferenceReader();
  /** The attributes of the tag at hand and the slots of their prefixes, as far as `count`. */
  private readonly attributes: Draft<XmlAttribute>[] = [];
  private readonly slots: number[] = [];
  private count = 0;
  private hasPrefixes = false;
  private element = 0;
  private declarations = 0;
  private value = "";

  constructor(source: XmlSource, scope: NamespaceScope) {
    this.source = source;
    this.scope = scope;
  }

  /** Reads all of the tag of this element (by number, from 1) that follows its name; answers where its ">" or "/>" stands. */
  read(from: number, element: number): number {
    const { source } = this;
    const { units } = source;
    this.count = 0;
    this.hasPrefixes = false;
    this.hasId = false;
    this.isCanonical = true;
    this.namespaces = NO_DECLARATIONS;
    this.element = element;
    let at = from;
    for (;;) {
      let unit = units[at] as number;
      if (unit === GREATER) return at;
      const spaceFrom = at;
      while (((CLASS[unit] as number) & SPACE) !== 0) unit = units[++at] as number;
      if (at !== spaceFrom + 1 || units[spaceFrom] !== BLANK) this.isCanonical = false;
      if (unit === GREATER) {
        this.isCanonical = false;
        return at;
      }
      if (unit === SLASH) {
        this.isCanonical = false;
        return units[at + 1] === GREATER ? at : source.refuse("xml_malformed", at, '">" after "/"');
      }
      if (at === spaceFrom) return source.refuse("xml_malformed", at, 'white space or ">"');
      at = this.attribute(at);
      if (at === REFUSED) return REFUSED;
    }
  }

  /** The attributes that were read, prefixes resolved and none of them twice; null after a refusal. */
  take(tag: number): readonly XmlAttribute[] | null {
    const { attributes, count } = this;
    if (count === 0) return NO_ATTRIBUTES;
    if (this.hasPrefixes && this.resolve(tag) === REFUSED) return null;
    if (count === 1) return [attributes[0] as XmlAttribute];
    const taken =
      count === 2 ? [attributes[0] as XmlAttribute, attributes[1] as XmlAttribute] : attributes.slice(0, count);
    if (!hasDuplicate(taken)) {
      if (this.isCanonical) this.isCanonical = isInOrder(taken);
      return taken;
    }
    const code = hasDuplicateName(taken) ? "xml_malformed" : "xml_namespace";
    this.source.refuse(code, tag, "each attribute of an element once");
    return null;
  }

  private resolve(tag: number): number {
    for (let k = 0; k < this.count; k++) {
      const slot = this.slots[k] as number;
      if (slot === NO_PREFIX) continue;
      const uri = this.scope.uris[slot] as string | null;
      if (uri === null) return this.source.refuse("xml_namespace", tag, "prefixes that are declared");
      (this.attributes[k] as Draft<XmlAttribute>).namespaceURI = uri;
    }
    return tag;
  }

  /** One attribute or declaration (production 41; Namespaces in XML 1.0, productions 1 to 3 and 15). */
  private attribute(at: number): number {
    const { source, scope } = this;
    const { units, text } = source;
    let slot = NO_PREFIX;
    let localFrom = at;
    let stop = ncNameEnd(units, text, at);
    if (units[stop] === COLON) {
      localFrom = stop + 1;
      const end = ncNameEnd(units, text, localFrom);
      if (stop === at || end === localFrom || units[end] === COLON) {
        return source.refuse("xml_namespace", at, "a name with one prefix at most");
      }
      slot = scope.slot(source, at, stop);
      stop = end;
    } else if (stop === at) {
      return source.refuse("xml_malformed", at, "the name of an attribute");
    }
    const after = this.attributeValue(stop);
    if (after === REFUSED) return REFUSED;
    if (hasXmlns(units, text, at, stop)) {
      const isDefault = slot === NO_PREFIX && stop - at === 5;
      if (slot !== XMLNS_PREFIX && !isDefault) {
        return source.refuse("xml_namespace", at, "no name of an attribute that contains xmlns");
      }
      const declared = isDefault ? NO_PREFIX : scope.slot(source, localFrom, stop);
      return this.declaration(at, declared) === REFUSED ? REFUSED : after;
    }
    if (this.count === XML_ATTRIBUTES_PER_ELEMENT_MAX) {
      return source.refuse("xml_limit", at, `${XML_ATTRIBUTES_PER_ELEMENT_MAX} attributes at most`);
    }
    const localName = text.slice(localFrom, stop);
    if (slot !== NO_PREFIX) {
      this.hasPrefixes = true;
      this.isCanonical = false;
    }
    if (localName.length === 2 && isIdName(localName)) this.hasId = true;
    this.slots[this.count] = slot;
    this.attributes[this.count++] = {
      prefix: scope.prefixes[slot] as string,
      localName,
      namespaceURI: "",
      value: this.value,
    };
    return after;
  }

  /** The rest of an attribute after its name (productions 25 and 10); the normalised value is in `value`. */
  private attributeValue(from: number): number {
    const { source } = this;
    const { units } = source;
    let at = from;
    if (units[at] !== EQUALS || units[at + 1] !== QUOTE) this.isCanonical = false;
    while (((CLASS[units[at] as number] as number) & SPACE) !== 0) at++;
    if (units[at] !== EQUALS) return source.refuse("xml_malformed", at, '"=" after the name of an attribute');
    at++;
    while (((CLASS[units[at] as number] as number) & SPACE) !== 0) at++;
    const quote = units[at] as number;
    if (quote !== QUOTE && quote !== APOSTROPHE) return source.refuse("xml_malformed", at, "a quoted value");
    const start = ++at;
    for (;;) {
      at = plainEnd(units, source.view, at);
      const unit = units[at] as number;
      if (unit === quote) {
        this.value = source.text.slice(start, at);
        return at + 1;
      }
      if (unit !== QUOTE && unit !== APOSTROPHE) return this.unplainValue(start, at, quote);
      at++;
    }
  }

  /** A value with references or white space other than blanks (XML 1.0, 3.3.3 and 2.11), or without an end. */
  private unplainValue(start: number, from: number, quote: number): number {
    const { source, references } = this;
    const { units, text } = source;
    this.isCanonical = false;
    let value = "";
    let plainFrom = start;
    let at = from;
    for (;;) {
      at = plainEnd(units, source.view, at);
      const unit = units[at] as number;
      if (unit === quote) {
        this.value = value + text.slice(plainFrom, at);
        return at + 1;
      }
      if (unit === QUOTE || unit === APOSTROPHE) {
        at++;
        continue;
      }
      if (unit === LESS) return source.refuse("xml_malformed", at, 'no "<" in the value of an attribute');
      if (at >= source.length) return source.refuse("xml_malformed", start - 1, "a value that ends with its quote");
      if (at > plainFrom) value += text.slice(plainFrom, at);
      if (unit === AMPERSAND) {
        const after = references.read(text, at);
        if (after === REFUSED) return source.refuse("xml_malformed", at, references.expected);
        value += references.value;
        at = after;
      } else {
        value += " ";
        at += unit === CR && units[at + 1] === LF ? 2 : 1;
      }
      plainFrom = at;
    }
  }

  /** Binds the slot to the value at hand. */
  private declaration(at: number, slot: number): number {
    const { source, scope, value } = this;
    const prefix = scope.prefixes[slot] as string;
    if (scope.isBoundBy(slot, this.element)) {
      return source.refuse("xml_malformed", at, "each declaration of an element once");
    }
    if (++this.declarations > XML_NAMESPACE_DECLARATIONS_MAX) {
      return source.refuse("xml_limit", at, `${XML_NAMESPACE_DECLARATIONS_MAX} namespace declarations at most`);
    }
    const last = scope.lastUris[slot] as string | null;
    const uri = last === value ? last : this.newUri(at, prefix);
    if (uri === null) return REFUSED;
    scope.bind(slot, uri, this.element);
    const declaration = { prefix, uri };
    this.isCanonical = false;
    if (this.namespaces === NO_DECLARATIONS) this.namespaces = [declaration];
    else (this.namespaces as XmlNamespaceDeclaration[]).push(declaration);
    return at;
  }

  /** The value at hand as what that prefix may be bound to, or null after a refusal. */
  private newUri(at: number, prefix: string): string | null {
    const { source, value } = this;
    if (value.length > XML_NAMESPACE_URI_CHARS_MAX) {
      return source.refused("xml_limit", at, `${XML_NAMESPACE_URI_CHARS_MAX} characters of a namespace URI at most`);
    }
    const problem = declarationProblem(prefix, value);
    if (problem !== null) return source.refused("xml_namespace", at, problem);
    return knownUri(value) ?? value;
  }
}

/** ID, Id, id, and iD for good measure. */
export function isIdName(localName: string): boolean {
  return localName.length === 2 && localName.toLowerCase() === "id";
}

/** The next unit that is not plain in a value: four at a time, as long as none is below "(" or is a "<". */
function plainEnd(units: Uint8Array, view: DataView, from: number): number {
  let at = from;
  for (;;) {
    const word = view.getInt32(at);
    const less = word ^ 0x3c3c3c3c;
    if (((((word - 0x28282828) & ~word) | ((less - 0x01010101) & ~less)) & 0x80808080) !== 0) break;
    at += 4;
  }
  while (((CLASS[units[at] as number] as number) & VALUE_STOP) === 0) at++;
  return at;
}

/** Whether "xmlns" stands anywhere in [from, end). */
function hasXmlns(units: Uint8Array, text: string, from: number, end: number): boolean {
  for (let k = from; k + 5 <= end; k++) if (units[k] === LETTER_X && text.startsWith("xmlns", k)) return true;
  return false;
}

/** The order of canonical forms, of attributes without prefixes (Canonical XML 1.0, 2.2). */
function isInOrder(attributes: readonly XmlAttribute[]): boolean {
  for (let k = 1; k < attributes.length; k++) {
    const before = attributes[k - 1] as XmlAttribute;
    if (compareCodePoints(before.localName, (attributes[k] as XmlAttribute).localName) > 0) return false;
  }
  return true;
}

/** By expanded name (Namespaces in XML 1.0, 6.3), which no two attributes share that have the same name as written. */
function hasDuplicate(attributes: readonly XmlAttribute[]): boolean {
  const count = attributes.length;
  if (count > COMPARED_ATTRIBUTES_MAX) {
    // Local names that all differ, as they nearly always do, settle it.
    const localNames = new Set<string>();
    for (const { localName } of attributes) localNames.add(localName);
    if (localNames.size === count) return false;
    return new Set(attributes.map(({ localName, namespaceURI }) => `${localName} ${namespaceURI}`)).size < count;
  }
  for (let k = 1; k < count; k++) {
    const one = attributes[k] as XmlAttribute;
    for (let j = 0; j < k; j++) {
      const other = attributes[j] as XmlAttribute;
      if (one.localName === other.localName && one.namespaceURI === other.namespaceURI) return true;
    }
  }
  return false;
}

function hasDuplicateName(attributes: readonly XmlAttribute[]): boolean {
  return new Set(attributes.map(({ prefix, localName }) => `${prefix}:${localName}`)).size < attributes.length;
}
