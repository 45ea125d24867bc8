/**
 * Owns the escaping of everything the gateway writes into XML of its own: requests, logout messages, metadata.
 * What it writes reads back as the same text in any XML 1.0 processor.
 */

/** Characters that XML 1.0 (2.2) cannot carry at all; a lone surrogate is one of them. */
const NOT_XML = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Text between tags. `>` is escaped because `]]>` may not stand there; CR because a reader would turn it into LF. */
export function escapeText(text: string): string {
  return text
    .replace(NOT_XML, "\uFFFD")
    .replace(/[&<>\r]/g, (character) => TEXT_REFERENCES[character as keyof typeof TEXT_REFERENCES]);
}

/** A value between double quotes. Tab and line ends are references, or attribute-value normalisation (3.3.3) makes them spaces. */
export function escapeAttribute(text: string): string {
  return text
    .replace(NOT_XML, "\uFFFD")
    .replace(/[&<>"\t\n\r]/g, (character) => ATTRIBUTE_REFERENCES[character as keyof typeof ATTRIBUTE_REFERENCES]);
}

const TEXT_REFERENCES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;" } as const;
const ATTRIBUTE_REFERENCES = {
  ...TEXT_REFERENCES,
  '"': "&quot;",
  "\t": "&#x9;",
  "\n": "&#xA;",
} as const;

/** Attributes in the order given; null leaves one out. Names are ours and written as they are. */
export function writeAttributes(attributes: Readonly<Record<string, string | null>>): string {
  let text = "";
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) text += ` ${name}="${escapeAttribute(value)}"`;
  }
  return text;
}

/** One element with text content. `name` and the attributes' names are ours. */
export function writeTextElement(
  name: string,
  text: string,
  attributes: Readonly<Record<string, string | null>> = {},
): string {
  return `<${name}${writeAttributes(attributes)}>${escapeText(text)}</${name}>`;
}
