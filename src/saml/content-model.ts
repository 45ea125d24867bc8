/**
 * Content models of the elements of XML-DSig and XML-Enc: an element either is exactly what its model says, or it is refused. What
 * would have to be skipped could hide something.
 */
import { decodeBase64Binary } from "./base64.ts";
import { accept, type Result, refuse, type SamlRefusalCode } from "./refusal.ts";
import { NS } from "./terms.ts";
import type { XmlElement } from "./types.ts";

/** A child element by the prefix that NS gives its namespace; with "?" it may be absent. */
export type ModelPart = `${keyof typeof NS}:${string}`;

interface Part {
  readonly namespaceURI: string;
  readonly localName: string;
  readonly optional: boolean;
}

/** What an element may consist of. */
export interface ContentModel {
  readonly parts: readonly Part[];
  /** Its attributes, all un-prefixed, all optional. */
  readonly attributes: readonly string[];
  /** The refusal of an element that is anything else. */
  readonly code: SamlRefusalCode;
}

export function contentModel(
  code: SamlRefusalCode,
  children: readonly ModelPart[],
  attributes: readonly string[],
): ContentModel {
  const parts = children.map((child) => {
    const [prefix, name] = child.split(":") as [keyof typeof NS, string];
    const optional = name.endsWith("?");
    return { namespaceURI: NS[prefix], localName: optional ? name.slice(0, -1) : name, optional };
  });
  return { parts, attributes, code };
}

/**
 * The children of `element` when they are exactly those of its model, in order (undefined in the place of one that is absent), with
 * white space between them at most, no comment, and no other attribute.
 */
export function contentOf(element: XmlElement, model: ContentModel): Result<(XmlElement | undefined)[]> {
  const { parts } = model;
  const found = new Array<XmlElement | undefined>(parts.length);
  let place = 0;
  let fits = hasOnlyAttributes(element, model.attributes);
  for (const child of element.children) {
    if (!fits) break;
    if (child.kind === "element") {
      while (parts[place]?.optional && !isPart(child, parts[place])) place++;
      fits = isPart(child, parts[place]);
      if (fits) found[place++] = child;
    } else fits = child.kind === "text" && !NOT_WHITE_SPACE.test(child.value);
  }
  while (parts[place]?.optional) place++;
  if (fits && place === parts.length) return accept(found);
  return refuse(model.code, { expected: describeModel(element, model), received: describeContent(element) });
}

const NOT_WHITE_SPACE = /[^\t\n\r ]/;

function isPart(child: XmlElement, part: Part | undefined): boolean {
  return part !== undefined && child.localName === part.localName && child.namespaceURI === part.namespaceURI;
}

function hasOnlyAttributes(element: XmlElement, allowed: readonly string[]): boolean {
  for (const { prefix, localName } of element.attributes) {
    if (prefix !== "" || !allowed.includes(localName)) return false;
  }
  return true;
}

function describeModel(element: XmlElement, { parts, attributes }: ContentModel): string {
  const names = parts.map(({ localName, optional }) => (optional ? `${localName}?` : localName));
  return `${element.localName} of ${[...names, ...attributes.map((name) => `@${name}`)].join(", ") || "nothing"}`;
}

/** For people: the names that were there, few and short. */
function describeContent(element: XmlElement): string {
  const names: string[] = [];
  for (const child of element.children.slice(0, 24)) {
    if (child.kind === "element") names.push(child.localName.slice(0, 64));
    else if (child.kind === "comment") names.push("a comment");
    else if (NOT_WHITE_SPACE.test(child.value)) names.push("text");
  }
  for (const { localName } of element.attributes.slice(0, 12)) names.push(`@${localName.slice(0, 64)}`);
  return names.join(", ") || "nothing";
}

/** The one text node of an element that has nothing else; null otherwise. A comment could split it, so there may be none. */
export function leafText(element: XmlElement): string | null {
  const [only] = element.children;
  return element.children.length === 1 && only?.kind === "text" ? only.value : null;
}

/** xs:base64Binary (XML-DSig 4.2): some signers break lines. */
export function base64Of(
  element: XmlElement,
  attributes: readonly string[],
  charsMax: number,
): Uint8Array<ArrayBuffer> | null {
  if (!hasOnlyAttributes(element, attributes)) return null;
  const text = leafText(element);
  return text === null || text.length > charsMax ? null : decodeBase64Binary(text);
}
