/**
 * The canonical form of an element: Exclusive XML Canonicalization 1.0 and Canonical XML 1.0, with and without comments, of the
 * element and everything below it, an enveloped signature left out where XML-DSig 6.6.4 wants that. Two trees that differ
 * have forms that differ: everything that is written is escaped.
 */
import { NS } from "./terms.ts";
import type { XmlAttribute, XmlElement, XmlNamespaceDeclaration } from "./types.ts";

export interface CanonicalFormOptions {
  readonly method: "exclusive" | "inclusive";
  /** The forms "WithComments"; false unless said. */
  readonly comments?: boolean;
  /** InclusiveNamespaces/@PrefixList (Exc-C14N 3): prefixes treated as by Canonical XML; "#default" is the default namespace. */
  readonly inclusivePrefixes?: readonly string[];
  /** An element that is left out, with all below it: the enveloped Signature. Compared by identity. */
  readonly without?: XmlElement | null;
}

/** The canonical form of `apex`, whose ancestors lend their namespaces (and, by Canonical XML, their xml: attributes). */
export function canonicalForm(apex: XmlElement, options: CanonicalFormOptions): string {
  const writer = new Writer(options);
  writer.apex(apex);
  return writer.out;
}

class Writer {
  out = "";
  private readonly inclusive: boolean;
  private readonly comments: boolean;
  private readonly prefixes: ReadonlySet<string> | null;
  private readonly without: XmlElement | null;
  /** What each prefix was last written as bound to, by an element that is still open. */
  private readonly rendered = new Map<string, string>();

  constructor(options: CanonicalFormOptions) {
    this.inclusive = options.method === "inclusive";
    this.comments = options.comments === true;
    this.without = options.without ?? null;
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
    const undo = this.startTag(element, name, declarations, attributes, isApex);
    for (const child of element.children) {
      if (child.kind === "text") this.out += escapeText(child.value);
      else if (child.kind === "comment") {
        if (this.comments) this.out += `<!--${child.value.replaceAll("\r", "&#xD;")}-->`;
      } else if (child !== this.without) this.element(child, child.namespaces, child.attributes, false);
    }
    this.out += `</${name}>`;
    if (undo !== null) this.undo(undo);
  }

  /** Writes the start tag; answers what `rendered` held before for the declarations it wrote, or null. */
  private startTag(
    element: XmlElement,
    name: string,
    declarations: readonly XmlNamespaceDeclaration[],
    attributes: readonly XmlAttribute[],
    isApex: boolean,
  ): [string, string | undefined][] | null {
    let needed: XmlNamespaceDeclaration[] | null = null;
    if (!this.inclusive) {
      const parent = element.parent;
      const asParent =
        !isApex && parent !== null && parent.prefix === element.prefix && parent.namespaceURI === element.namespaceURI;
      if (!asParent) needed = this.need(needed, element.prefix, element.namespaceURI);
      for (const attribute of attributes) {
        if (attribute.prefix !== "") needed = this.need(needed, attribute.prefix, attribute.namespaceURI);
      }
    }
    if (this.inclusive || this.prefixes !== null) {
      for (const { prefix, uri } of declarations) {
        if (this.treatedAsInclusive(prefix)) needed = this.need(needed, prefix, uri);
      }
    }
    let out = `<${name}`;
    let undo: [string, string | undefined][] | null = null;
    if (needed !== null) {
      if (needed.length > 1) needed.sort(byPrefix);
      undo = [];
      for (const { prefix, uri } of needed) {
        undo.push([prefix, this.rendered.get(prefix)]);
        this.rendered.set(prefix, uri);
        out += prefix === "" ? ` xmlns="${escapeValue(uri)}"` : ` xmlns:${prefix}="${escapeValue(uri)}"`;
      }
    }
    if (attributes.length > 0) {
      const sorted = attributes.length > 1 ? inOrder(attributes) : attributes;
      for (const { prefix, localName, value } of sorted) {
        out +=
          prefix === "" ? ` ${localName}="${escapeValue(value)}"` : ` ${prefix}:${localName}="${escapeValue(value)}"`;
      }
    }
    this.out += `${out}>`;
    return undo;
  }

  /** Adds a declaration unless it was written already by an open element (or by this one: a prefix has one meaning per element). */
  private need(
    needed: XmlNamespaceDeclaration[] | null,
    prefix: string,
    uri: string,
  ): XmlNamespaceDeclaration[] | null {
    if (prefix === "xml" || (this.rendered.get(prefix) ?? "") === uri) return needed;
    if (needed === null) return [{ prefix, uri }];
    for (const known of needed) if (known.prefix === prefix) return needed;
    needed.push({ prefix, uri });
    return needed;
  }

  private undo(undo: readonly [string, string | undefined][]): void {
    for (const [prefix, uri] of undo) {
      if (uri === undefined) this.rendered.delete(prefix);
      else this.rendered.set(prefix, uri);
    }
  }
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

function byPrefix(one: XmlNamespaceDeclaration, other: XmlNamespaceDeclaration): number {
  return one.prefix < other.prefix ? -1 : 1;
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

/** Order by code points: UTF-16 order, except that surrogates stand above U+E000 to U+FFFF. */
function compareCodePoints(one: string, other: string): number {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const a = one.charCodeAt(i);
    const b = other.charCodeAt(i);
    if (a === b) continue;
    const aIsSurrogate = (a & 0xf800) === 0xd800;
    const bIsSurrogate = (b & 0xf800) === 0xd800;
    return aIsSurrogate === bIsSurrogate ? a - b : aIsSurrogate ? 1 : -1;
  }
  return one.length - other.length;
}

const TEXT_SPECIAL = /[&<>\r]/;
const VALUE_SPECIAL = /[&<"\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#x9;",
  "\n": "&#xA;",
  "\r": "&#xD;",
};

function escapeText(text: string): string {
  return TEXT_SPECIAL.test(text) ? text.replace(/[&<>\r]/g, (c) => ESCAPES[c] as string) : text;
}

function escapeValue(value: string): string {
  return VALUE_SPECIAL.test(value) ? value.replace(/[&<"\t\n\r]/g, (c) => ESCAPES[c] as string) : value;
}
