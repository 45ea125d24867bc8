/**
 * The attacker's knife: moves parts of XML text about without parsing or re-serialising, so that what was signed keeps its
 * bytes. Every cut throws when it finds nothing: an attack that changed nothing would prove nothing.
 */

const TAG = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([^\s<>/!?"'=]+)(?:[^<>"']|"[^"]*"|'[^']*')*?(\/?)>/g;

export interface Part {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Every element with that name as written (prefix included), in document order; "*" finds all. */
export function partsOf(xml: string, name: string): Part[] {
  const found: Part[] = [];
  const open: { name: string; start: number }[] = [];
  for (const tag of xml.matchAll(TAG)) {
    if (tag[2] === undefined) continue;
    const end = tag.index + tag[0].length;
    if (tag[1]) {
      const top = open.pop();
      if (top && (name === "*" || top.name === name)) {
        found.push({ start: top.start, end, text: xml.slice(top.start, end) });
      }
    } else if (tag[3]) {
      if (name === "*" || tag[2] === name) found.push({ start: tag.index, end, text: tag[0] });
    } else open.push({ name: tag[2], start: tag.index });
  }
  return found.sort((a, b) => a.start - b.start);
}

export function cut(xml: string, name: string, nth = 0): string {
  const part = partsOf(xml, name)[nth];
  if (!part) throw new Error(`there is no ${name} number ${nth}`);
  return part.text;
}

/** The first `from` becomes `to`. */
export function swap(xml: string, from: string | RegExp, to: string): string {
  const changed = xml.replace(from, () => to);
  if (changed === xml && !(typeof from === "string" && from === to)) throw new Error(`nothing changed: ${from}`);
  return changed;
}

export const drop = (xml: string, part: string | RegExp) => swap(xml, part, "");
export const putBefore = (xml: string, anchor: string, what: string) => swap(xml, anchor, what + anchor);
export const putAfter = (xml: string, anchor: string, what: string) => swap(xml, anchor, anchor + what);

/** `what` as first child of the element text `element`. */
export function atStart(element: string, what: string): string {
  if (/^<[^>]*\/>$/.test(element)) return atEnd(element, what);
  const end = element.indexOf(">") + 1;
  return element.slice(0, end) + what + element.slice(end);
}

/** `what` as last child of the element text `element`. */
export function atEnd(element: string, what: string): string {
  const name = /^<([^\s/>]+)/.exec(element)?.[1];
  if (/^<[^>]*\/>$/.test(element)) return `${element.slice(0, -2)}>${what}</${name}>`;
  const at = element.lastIndexOf("</");
  return element.slice(0, at) + what + element.slice(at);
}

/** Another ID on the element. */
export const withId = (element: string, id: string) => swap(element, / ID="[^"]*"/, ` ID="${id}"`);
export const idOf = (element: string) => / ID="([^"]*)"/.exec(element)?.[1] ?? "";

/** Adds attributes (or declarations) to the element's own start tag. */
export const withAttribute = (element: string, attribute: string) => swap(element, /(?=\s|\/?>)/, ` ${attribute}`);

/** Every element of `element` that has no prefix gets one (the signature's subtree apart), declared at the top instead of the default. */
export function prefixed(element: string, prefix: string, namespace: string): string {
  const signatures: string[] = [];
  const bare = element.replace(/<Signature[\s\S]*?<\/Signature>/g, (s) => `{${signatures.push(s) - 1}}`);
  return bare
    .replace(`xmlns="${namespace}"`, `xmlns:${prefix}="${namespace}"`)
    .replace(/<(\/?)([A-Za-z]+)(?=[\s/>])/g, `<$1${prefix}:$2`)
    .replace(/\{(\d+)\}/g, (_, n) => signatures[Number(n)] ?? "");
}
