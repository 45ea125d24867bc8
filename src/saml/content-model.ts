/**
 * Content models of the elements of XML-DSig and XML-Enc: an element either is exactly what the model says, or it is refused. What
 * would have to be skipped could hide something.
 */
import { decodeBase64Binary } from "./base64.ts";
import { accept, type Result, refuse, type SamlRefusalCode } from "./refusal.ts";
import { NS } from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { isElement } from "./xml.ts";

/** A child element by the prefix that NS gives its namespace; with "?" it may be absent. */
export type ModelPart = `${keyof typeof NS}:${string}`;

const NOT_WHITE_SPACE = /[^\t\n\r ]/;

/**
 * The children of `element` when they are exactly those of `model`, in its order ("X?" may be absent: undefined in its place),
 * with white space between them at most, no comment, and no attribute but the un-prefixed `attributes`.
 */
export function contentOf(
  element: XmlElement,
  model: readonly ModelPart[],
  attributes: readonly string[],
  code: SamlRefusalCode,
): Result<(XmlElement | undefined)[]> {
  const found: (XmlElement | undefined)[] = [];
  let fits = element.attributes.every((a) => a.prefix === "" && attributes.includes(a.localName));
  for (const child of element.children) {
    if (!fits) break;
    if (child.kind === "element") {
      while (isOptional(model[found.length]) && !isModelled(child, model[found.length])) found.push(undefined);
      fits = isModelled(child, model[found.length]);
      found.push(child);
    } else fits = child.kind === "text" && !NOT_WHITE_SPACE.test(child.value);
  }
  while (isOptional(model[found.length])) found.push(undefined);
  if (fits && found.length === model.length) return accept(found);
  return refuse(code, {
    expected: `${element.localName} of ${[...model, ...attributes.map((a) => `@${a}`)].join(", ") || "nothing"}`,
    received: describeContent(element),
  });
}

function isOptional(part: ModelPart | undefined): boolean {
  return part?.endsWith("?") === true;
}

function isModelled(child: XmlElement, part: ModelPart | undefined): boolean {
  if (part === undefined) return false;
  const colon = part.indexOf(":");
  const namespaceURI = NS[part.slice(0, colon) as keyof typeof NS];
  return isElement(child, namespaceURI, part.slice(colon + 1, isOptional(part) ? -1 : undefined));
}

/** For people: the names that were there, few and short. */
function describeContent(element: XmlElement): string {
  const names = element.children.slice(0, 12).map((child) => {
    if (child.kind !== "element") return child.kind === "comment" ? "a comment" : null;
    return child.localName.slice(0, 64);
  });
  const attributes = element.attributes.slice(0, 12).map((a) => `@${a.localName.slice(0, 64)}`);
  return [...names.filter((name) => name !== null), ...attributes].join(", ") || "nothing";
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
  if (!element.attributes.every((a) => a.prefix === "" && attributes.includes(a.localName))) return null;
  const text = leafText(element);
  return text === null || text.length > charsMax ? null : decodeBase64Binary(text);
}
