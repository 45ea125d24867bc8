/**
 * The canonical form of an element: Exclusive XML Canonicalization 1.0 and Canonical XML 1.0, with and without comments, of the
 * element and everything below it, an enveloped signature left out where XML-DSig 6.6.4 wants that. Two trees that differ
 * have forms that differ: everything that is written is escaped.
 */
import { NS } from "./terms.ts";
import type { XmlAttribute, XmlElement, XmlNamespaceDeclaration } from "./types.ts";
import { compareCodePoints } from "./xml-names.ts";

export interface CanonicalFormOptions {
  readonly method: "exclusive" | "inclusive";
  /** The forms "WithComments"; false unless said. */
  readonly comments?: boolean;
  /** InclusiveNamespaces/@PrefixList (Exc-C14N 3): prefixes treated as by Canonical XML; "#default" is the default namespace. */
  readonly inclusivePrefixes?: readonly string[];
  /** An element that is left out, with all below it: the enveloped Signature. Compared by identity. */
  readonly without?: XmlElement | null;
  /** Writes everything anew from the tree, also what stands in the message as it is to be written; false unless said. */
  readonly anew?: boolean;
}

/** The canonical form of `apex`, whose ancestors lend their namespaces (and, by Canonical XML, their xml: attributes). */
export function canonicalForm(apex: XmlElement, options: CanonicalFormOptions): string {
  const writer = new Writer(apex, options);
  writer.apex(apex);
  return writer.out;
}

class Writer {
  out = "";
  private readonly inclusive: boolean;
  private readonly comments: boolean;
  private readonly prefixes: ReadonlySet<string> | null;
  private readonly without: XmlElement | null;
  private readonly anew: boolean;
  /** What each prefix was last written as bound to, by an element that is still open; "" for nothing. */
  private readonly rendered = new Map<string, string>();
  /** The prefixes that the start tag at hand has to declare, as far as `neededEnd`: what to, is in `rendered` already. */
  private readonly needed: string[] = [];
  private neededEnd = 0;
  /** What was written last to declare each prefix: often it is written many times. */
  private readonly declared = new Map<string, { readonly uri: string; readonly text: string }>();
  /** What to put back into `rendered` at the ends of the open elements. */
  private readonly undoPrefixes: string[] = [];
  private readonly undoUris: string[] = [];

  constructor(apex: XmlElement, options: CanonicalFormOptions) {
    this.inclusive = options.method === "inclusive";
    this.comments = options.comments === true;
    this.without = options.without ?? null;
    // What stands around an element that is left out further down is not its own canonical form.
    this.anew = options.anew === true || (this.without !== null && this.without.parent !== apex);
    const listed = options.inclusivePrefixes ?? [];
    this.prefixes = listed.length === 0 ? null : new Set(listed.map((p) => (p === "#default" ? "" : p)));
  }

  apex(apex: XmlElement): void {
    const inherited = this.inclusive || this.prefixes !== null ? namespacesInScope(apex) : apex.namespaces;
    const attributes = this.inclusive ? withInheritedXmlAttributes(apex) : apex.attributes;
    this.element(apex, inherited, attributes, true);
  }

  private treatedAsInclusive(prefix: string): boolean {
    return this.inclusive || (this.prefixes?.has(prefix) ?? false);
  }

  private element(
    element: XmlElement,
    declarations: readonly XmlNamespaceDeclaration[],
    attributes: readonly XmlAttribute[],
    isApex: boolean,
  ): void {
    const name = element.prefix === "" ? element.localName : `${element.prefix}:${element.localName}`;
    const written = this.undoPrefixes.length;
    this.needNamespaces(element, declarations, attributes, isApex);
    this.startTag(name, attributes);
    for (const child of element.children) {
      if (child.kind === "text") this.out += escapeText(child.value);
      else if (child.kind === "comment") {
        if (this.comments) this.out += `<!--${child.value.replaceAll("\r", "&#xD;")}-->`;
      } else if (child !== this.without) this.child(child);
    }
    this.out += `</${name}>`;
    if (this.undoPrefixes.length > written) this.undo(written);
  }

  private child(child: XmlElement): void {
    if (child.isCanonical && !this.anew) this.out += child.source.slice(child.from, child.end);
    else this.element(child, child.namespaces, child.attributes, false);
  }

  /** Which declarations the start tag has to have: those that are used and, for prefixes treated as inclusive, those that are there. */
  private needNamespaces(
    element: XmlElement,
    declarations: readonly XmlNamespaceDeclaration[],
    attributes: readonly XmlAttribute[],
    isApex: boolean,
  ): void {
    if (!this.inclusive) {
      const { prefix, namespaceURI, parent } = element;
      const asParent = !isApex && parent !== null && parent.prefix === prefix && parent.namespaceURI === namespaceURI;
      if (!asParent) this.need(prefix, namespaceURI);
      for (const attribute of attributes) {
        if (attribute.prefix !== "") this.need(attribute.prefix, attribute.namespaceURI);
      }
    }
    if (this.inclusive || this.prefixes !== null) {
      for (const { prefix, uri } of declarations) if (this.treatedAsInclusive(prefix)) this.need(prefix, uri);
    }
  }

  /** Adds a declaration, unless an element that is still open wrote the same and none in between wrote another. */
  private need(prefix: string, uri: string): void {
    if (prefix === "xml") return;
    const before = this.rendered.get(prefix) ?? "";
    if (before === uri) return;
    this.rendered.set(prefix, uri);
    this.undoPrefixes.push(prefix);
    this.undoUris.push(before);
    this.needed[this.neededEnd++] = prefix;
  }

  private startTag(name: string, attributes: readonly XmlAttribute[]): void {
    let out = `<${name}`;
    if (this.neededEnd > 0) out += this.declarations();
    if (attributes.length > 0) {
      const sorted = attributes.length > 1 ? inOrder(attributes) : attributes;
      for (const { prefix, localName, value } of sorted) {
        out +=
          prefix === "" ? ` ${localName}="${escapeValue(value)}"` : ` ${prefix}:${localName}="${escapeValue(value)}"`;
      }
    }
    this.out += `${out}>`;
  }

  /** What is needed, in order; from here on nothing is. */
  private declarations(): string {
    const needed = this.neededEnd === 1 ? this.needed : sorted(this.needed.slice(0, this.neededEnd));
    let out = "";
    for (let k = 0; k < this.neededEnd; k++) {
      const prefix = needed[k] as string;
      out += this.declaration(prefix, this.rendered.get(prefix) as string);
    }
    this.neededEnd = 0;
    return out;
  }

  /** No URI that the reader accepts has to be escaped. */
  private declaration(prefix: string, uri: string): string {
    const last = this.declared.get(prefix);
    if (last?.uri === uri) return last.text;
    const text = prefix === "" ? ` xmlns="${uri}"` : ` xmlns:${prefix}="${uri}"`;
    this.declared.set(prefix, { uri, text });
    return text;
  }

  /** Forgets what was written since: its element has ended. */
  private undo(written: number): void {
    while (this.undoPrefixes.length > written) {
      this.rendered.set(this.undoPrefixes.pop() as string, this.undoUris.pop() as string);
    }
  }
}

/** Mostly they are in order: sorting would ask each for its text once more. */
function sorted(prefixes: string[]): string[] {
  for (let k = 1; k < prefixes.length; k++) {
    if ((prefixes[k - 1] as string) > (prefixes[k] as string)) return prefixes.sort();
  }
  return prefixes;
}

/** Every prefix that is bound at the element, with the nearest declaration of each. */
function namespacesInScope(element: XmlElement): XmlNamespaceDeclaration[] {
  const nearest = new Map<string, XmlNamespaceDeclaration>();
  for (let at: XmlElement | null = element; at !== null; at = at.parent) {
    for (const declaration of at.namespaces) {
      if (!nearest.has(declaration.prefix)) nearest.set(declaration.prefix, declaration);
    }
  }
  return [...nearest.values()];
}

/** Canonical XML 1.0, 2.4: the apex takes the nearest xml: attributes of its ancestors that it does not have itself. */
function withInheritedXmlAttributes(apex: XmlElement): readonly XmlAttribute[] {
  const attributes = [...apex.attributes];
  const names = new Set<string>();
  for (const attribute of attributes) if (attribute.namespaceURI === NS.xml) names.add(attribute.localName);
  for (let at = apex.parent; at !== null; at = at.parent) {
    for (const attribute of at.attributes) {
      if (attribute.namespaceURI !== NS.xml || names.has(attribute.localName)) continue;
      names.add(attribute.localName);
      attributes.push(attribute);
    }
  }
  return attributes;
}

/** By namespace URI, then local name (Canonical XML 1.0, 2.2). */
function byExpandedName(one: XmlAttribute, other: XmlAttribute): number {
  return compareCodePoints(one.namespaceURI, other.namespaceURI) || compareCodePoints(one.localName, other.localName);
}

function inOrder(attributes: readonly XmlAttribute[]): readonly XmlAttribute[] {
  for (let k = 1; k < attributes.length; k++) {
    if (byExpandedName(attributes[k - 1] as XmlAttribute, attributes[k] as XmlAttribute) > 0) {
      return [...attributes].sort(byExpandedName);
    }
  }
  return attributes;
}

const TEXT_SPECIAL = /[&<>\r]/;
const VALUE_SPECIAL = /[&<"\t\n\r]/;

/** Canonical XML 1.0, 2.3. One pass for each character: the engine does those at once, and calls back for a class of them. */
function escapeText(text: string): string {
  if (!TEXT_SPECIAL.test(text)) return text;
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\r/g, "&#xD;");
}

function escapeValue(value: string): string {
  if (!VALUE_SPECIAL.test(value)) return value;
  return value
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/"/g, "&quot;")
    .replace(/\t/g, "&#x9;")
    .replace(/\n/g, "&#xA;")
    .replace(/\r/g, "&#xD;");
}
