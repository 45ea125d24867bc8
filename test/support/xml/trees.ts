/**
 * One plain shape for the trees of three parsers, so that they can be compared: the gateway's reader, saxes and xmldom.
 */
import { DOMParser, type Element as DomElement, type Node as DomNode } from "@xmldom/xmldom";
import { SaxesParser } from "saxes";
import { NS } from "../../../src/saml/terms.ts";
import type { XmlElement } from "../../../src/saml/types.ts";

export interface PlainElement {
  /** Prefix, local name, namespace URI. */
  readonly name: readonly [string, string, string];
  /** Prefix and URI, in document order. */
  readonly namespaces: (readonly [string, string])[];
  /** Prefix, local name, namespace URI, value, in document order. */
  readonly attributes: (readonly [string, string, string, string])[];
  readonly children: PlainNode[];
}

/** Text is a string; a comment is wrapped. */
export type PlainNode = PlainElement | string | { readonly comment: string };

export function plainOfReader(element: XmlElement): PlainElement {
  return {
    name: [element.prefix, element.localName, element.namespaceURI],
    namespaces: element.namespaces.map(({ prefix, uri }) => [prefix, uri] as const),
    attributes: element.attributes.map((a) => [a.prefix, a.localName, a.namespaceURI, a.value] as const),
    children: element.children.map((child) =>
      child.kind === "element" ? plainOfReader(child) : child.kind === "text" ? child.value : { comment: child.value },
    ),
  };
}

function appendText(children: PlainNode[], text: string): void {
  if (text === "") return;
  const last = children.at(-1);
  if (typeof last === "string") children[children.length - 1] = last + text;
  else children.push(text);
}

/** The tree that saxes sees, or the message of its first error. */
export function plainOfSaxes(xml: string): PlainElement | { readonly error: string } {
  const parser = new SaxesParser({ xmlns: true });
  const open: PlainElement[] = [];
  let root: PlainElement | null = null;
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => {
    const element: PlainElement = {
      name: [tag.prefix, tag.local, tag.uri],
      namespaces: [],
      attributes: [],
      children: [],
    };
    for (const { prefix, local, uri, value } of Object.values(tag.attributes)) {
      if (uri === NS.xmlns) element.namespaces.push([prefix === "" ? "" : local, value]);
      else element.attributes.push([prefix, local, uri, value]);
    }
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  const text = (value: string) => {
    const parent = open.at(-1);
    if (parent) appendText(parent.children, value);
  };
  parser.on("text", text);
  parser.on("cdata", text);
  parser.on("comment", (value) => {
    open.at(-1)?.children.push({ comment: value });
  });
  try {
    parser.write(xml).close();
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
  return root ?? { error: "no root" };
}

/** The tree that xmldom sees, told to use the line ends of XML 1.0, or the message of its first error; it warns of U+FFFD. */
export function plainOfXmldom(xml: string): PlainElement | { readonly error: string } {
  const parser = new DOMParser({
    normalizeLineEndings: (text: string) => text.replace(/\r\n?/g, "\n"),
    onError: (level: string, message: string) => {
      if (level !== "warning") throw new Error(message);
    },
  });
  try {
    const root = parser.parseFromString(xml, "text/xml").documentElement;
    return root === null ? { error: "no root" } : plainOfDom(root);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function plainOfDom(element: DomElement): PlainElement {
  const plain: PlainElement = {
    name: [element.prefix ?? "", element.localName ?? element.nodeName, element.namespaceURI ?? ""],
    namespaces: [],
    attributes: [],
    children: [],
  };
  for (const attribute of Array.from(element.attributes)) {
    const { prefix, localName, namespaceURI, value } = attribute;
    if (namespaceURI === NS.xmlns) plain.namespaces.push([prefix ? (localName ?? "") : "", value]);
    else plain.attributes.push([prefix ?? "", localName ?? attribute.name, namespaceURI ?? "", value]);
  }
  for (let child: DomNode | null = element.firstChild; child !== null; child = child.nextSibling) {
    if (child.nodeType === child.ELEMENT_NODE) plain.children.push(plainOfDom(child as DomElement));
    else if (child.nodeType === child.COMMENT_NODE) plain.children.push({ comment: child.nodeValue ?? "" });
    else appendText(plain.children, child.nodeValue ?? "");
  }
  return plain;
}
