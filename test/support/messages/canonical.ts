/**
 * Canonical XML 1.0 and Exclusive XML Canonicalization 1.0 over the saxes parser: the signer's own, independent of the
 * gateway's reader. Comments are left out. Only for documents that the tests build; it is not a verifier.
 */
import { SaxesParser } from "saxes";
import { NS } from "../../../src/saml/terms.ts";

export interface Attribute {
  readonly prefix: string;
  readonly local: string;
  readonly uri: string;
  readonly value: string;
}

export interface Element {
  readonly prefix: string;
  readonly local: string;
  readonly uri: string;
  /** Declarations as written: prefix ("" is the default) to URI. */
  readonly declared: ReadonlyMap<string, string>;
  readonly attributes: readonly Attribute[];
  readonly children: (Element | string)[];
  readonly parent: Element | null;
}

export function parse(xml: string): Element {
  const parser = new SaxesParser({ xmlns: true });
  let root: Element | null = null;
  let current: Element | null = null;
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => {
    const declared = new Map<string, string>();
    const attributes: Attribute[] = [];
    for (const { prefix, local, uri, value } of Object.values(tag.attributes)) {
      if (uri === NS.xmlns) declared.set(prefix === "" ? "" : local, value);
      else attributes.push({ prefix, local, uri, value });
    }
    const element: Element = {
      prefix: tag.prefix,
      local: tag.local,
      uri: tag.uri,
      declared,
      attributes,
      children: [],
      parent: current,
    };
    if (current) current.children.push(element);
    else root = element;
    current = element;
  });
  parser.on("closetag", () => {
    current = current?.parent ?? null;
  });
  const text = (value: string) => current?.children.push(value);
  parser.on("text", text);
  parser.on("cdata", text);
  parser.write(xml).close();
  if (!root) throw new Error("no root element");
  return root;
}

/** Every element in document order. */
export function* elements(from: Element): Generator<Element> {
  yield from;
  for (const child of from.children) if (typeof child !== "string") yield* elements(child);
}

export function attribute(element: Element, local: string): string | null {
  return element.attributes.find((a) => a.prefix === "" && a.local === local)?.value ?? null;
}

export function byId(root: Element, id: string): Element {
  for (const element of elements(root)) if (attribute(element, "ID") === id) return element;
  throw new Error(`no element has the ID ${id}`);
}

const escapeText = (text: string) =>
  text.replace(/[&<>\r]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;" })[c] ?? c);
const escapeValue = (text: string) =>
  text.replace(
    /[&<"\t\n\r]/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;" })[c] ?? c,
  );

function inScope(element: Element): Map<string, string> {
  const scope = element.parent ? inScope(element.parent) : new Map<string, string>();
  for (const [prefix, uri] of element.declared) scope.set(prefix, uri);
  return scope;
}

function inheritedXmlAttributes(apex: Element): Attribute[] {
  const found = new Map<string, Attribute>();
  for (let e = apex.parent; e; e = e.parent) {
    for (const a of e.attributes) if (a.prefix === "xml" && !found.has(a.local)) found.set(a.local, a);
  }
  return [...found.values()].filter(
    (a) => !apex.attributes.some((own) => own.prefix === "xml" && own.local === a.local),
  );
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export interface CanonicalOptions {
  readonly inclusive?: boolean;
  /** InclusiveNamespaces PrefixList, "#default" for the default namespace. */
  readonly prefixes?: readonly string[];
  /** Left out with everything inside: the enveloped Signature. */
  readonly without?: Element | null;
}

export function canonicalize(apex: Element, options: CanonicalOptions = {}): string {
  const always = new Set((options.prefixes ?? []).map((p) => (p === "#default" ? "" : p)));
  const write = (element: Element, scope: Map<string, string>, rendered: Map<string, string>): string => {
    const now = new Map(scope);
    for (const [prefix, uri] of element.declared) now.set(prefix, uri);
    const wanted = options.inclusive
      ? new Set(now.keys())
      : new Set([
          element.prefix,
          ...element.attributes.filter((a) => a.prefix !== "").map((a) => a.prefix),
          ...[...always].filter((p) => now.has(p)),
        ]);
    wanted.delete("xml");
    const shown = new Map(rendered);
    const declarations: [string, string][] = [];
    for (const prefix of wanted) {
      const uri = now.get(prefix) ?? "";
      if ((shown.get(prefix) ?? "") === uri) continue;
      shown.set(prefix, uri);
      declarations.push([prefix, uri]);
    }
    declarations.sort((a, b) => order(a[0], b[0]));
    const own = element === apex && options.inclusive ? inheritedXmlAttributes(apex) : [];
    const attributes = [...element.attributes, ...own].sort((a, b) => order(a.uri, b.uri) || order(a.local, b.local));
    const name = element.prefix ? `${element.prefix}:${element.local}` : element.local;
    let xml = `<${name}`;
    for (const [prefix, uri] of declarations) xml += ` xmlns${prefix && `:${prefix}`}="${escapeValue(uri)}"`;
    for (const a of attributes) xml += ` ${a.prefix && `${a.prefix}:`}${a.local}="${escapeValue(a.value)}"`;
    xml += ">";
    for (const child of element.children) {
      if (typeof child === "string") xml += escapeText(child);
      else if (child !== options.without) xml += write(child, now, shown);
    }
    return `${xml}</${name}>`;
  };
  return write(apex, apex.parent ? inScope(apex.parent) : new Map(), new Map());
}
