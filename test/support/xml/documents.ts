/**
 * Generated XML documents: a tree first, then one of the many ways to write that tree down. Every document is well-formed and
 * holds nothing that the strict reader refuses on purpose.
 */
import fc from "fast-check";

export interface GeneratedElement {
  readonly prefix: string;
  readonly localName: string;
  /** Prefix to URI, as this element declares them. */
  readonly namespaces: readonly (readonly [string, string])[];
  readonly attributes: readonly { readonly prefix: string; readonly localName: string; readonly value: string }[];
  readonly children: readonly GeneratedNode[];
}

export type GeneratedNode =
  | GeneratedElement
  | { readonly text: string }
  | { readonly cdata: string }
  | { readonly comment: string };

/** How to write it down: drawn one by one, and again from the start when they run out. */
export type Style = readonly number[];

const PREFIXES = ["", "", "a", "b", "saml", "A-1", "_"];
const URIS = [
  "urn:a",
  "urn:b",
  "http://example.com/ns#",
  "urn:oasis:names:tc:SAML:2.0:assertion",
  "http://xn--9ca.example/a'?b=%20c",
];
const LOCAL_NAMES = ["a", "b", "Assertion", "e-1.2", "_x", "élan", "名前", "\u{10000}x", "\uf900x"];

const characters = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(..."aZ09 .:/@-_") },
  { weight: 3, arbitrary: fc.constantFrom(..."<>&\"'") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("\t", "\n", "\r", "]]>", "]", "--", "é", "\u0085", "\u2028", "\u00a0", "\ufeff"),
  },
  { weight: 1, arbitrary: fc.constantFrom("名", "\u{1f600}", "\u{10ffff}", "\ud7ff", "\ue000", "\ufffd", "\u007f") },
);
const text = fc.array(characters, { maxLength: 12 }).map((parts) => parts.join(""));
const commentText = text.map((t) => t.replace(/--+/g, "-").replace(/-$/, "").replaceAll("\r", "\n"));
const cdataText = text.map((t) => t.replaceAll("]]>", "").replaceAll("\r", "\n"));
const declarations = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...PREFIXES), fc.constantFrom(...URIS)), { maxLength: 3, selector: ([p]) => p })
  .map((list) => list.map(([prefix, uri]) => [prefix, uri] as const));
const attributes = fc.uniqueArray(
  fc.record({
    prefix: fc.constantFrom("", "", "xml", "a", "b", "saml"),
    localName: fc.constantFrom(...LOCAL_NAMES),
    value: text,
  }),
  { maxLength: 5, selector: ({ localName }) => localName },
);

const { node } = fc.letrec<{ node: GeneratedNode; element: GeneratedElement }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 3, arbitrary: text.map((t) => ({ text: t })) },
    { weight: 1, arbitrary: cdataText.map((t) => ({ cdata: t })) },
    { weight: 1, arbitrary: commentText.map((t) => ({ comment: t })) },
    { weight: 4, arbitrary: tie("element") },
  ),
  element: fc.record({
    prefix: fc.constantFrom(...PREFIXES),
    localName: fc.constantFrom(...LOCAL_NAMES),
    namespaces: fc.oneof(
      { weight: 4, arbitrary: declarations },
      // Only without a prefix may a namespace be undeclared.
      { weight: 1, arbitrary: fc.constant<[string, string][]>([["", ""]]) },
    ),
    attributes,
    children: fc.array(tie("node"), { maxLength: 4 }),
  }),
}));

const root = fc.record({
  prefix: fc.constantFrom(...PREFIXES),
  localName: fc.constantFrom(...LOCAL_NAMES),
  namespaces: declarations,
  attributes,
  children: fc.array(node, { maxLength: 5 }),
});

/** A tree whose prefixes are all declared, and no attribute twice by its expanded name. */
export const generatedTree: fc.Arbitrary<GeneratedElement> = root.map((element) => declared(element, new Map()));

export const style: fc.Arbitrary<Style> = fc.array(fc.nat(7), { minLength: 1, maxLength: 40 });

/** Adds what an element lacks: a declaration for every prefix that it uses. */
function declared(element: GeneratedElement, outer: ReadonlyMap<string, string>): GeneratedElement {
  const scope = new Map(outer);
  const namespaces = [...element.namespaces];
  for (const [prefix, uri] of namespaces) scope.set(prefix, uri);
  for (const prefix of [element.prefix, ...element.attributes.map((a) => a.prefix)]) {
    if (prefix === "" || prefix === "xml" || scope.has(prefix)) continue;
    scope.set(prefix, "urn:a");
    namespaces.push([prefix, "urn:a"]);
  }
  return {
    ...element,
    namespaces,
    children: element.children.map((child) => ("localName" in child ? declared(child, scope) : child)),
  };
}

/** Writes the tree down; two styles give two spellings of one tree. */
export function write(tree: GeneratedElement, choices: Style): string {
  let next = 0;
  const choose = () => choices[next++ % choices.length] as number;
  const space = () => [" ", "\n", "\t", "  ", "\r\n", " ", " ", " "][choose()] as string;
  const maybeSpace = () => (choose() === 0 ? space() : "");
  const reference = (c: string) => {
    const code = c.codePointAt(0) as number;
    return choose() < 4 ? `&#${code};` : `&#x${code.toString(16)};`;
  };
  const named: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
  const escaped = (value: string, must: RegExp) => {
    let out = "";
    for (const c of value) {
      if (must.test(c)) out += choose() < 4 ? (named[c] ?? reference(c)) : reference(c);
      else out += choose() === 0 ? reference(c) : c;
    }
    return out;
  };
  const attribute = (name: string, value: string) => {
    const quote = choose() < 4 ? '"' : "'";
    const must = quote === '"' ? /[&<"\t\n\r]/ : /[&<'\t\n\r]/;
    return `${space()}${name}${maybeSpace()}=${maybeSpace()}${quote}${escaped(value, must)}${quote}`;
  };
  const write = (node: GeneratedNode): string => {
    if ("text" in node) return escaped(node.text, /[&<>\r]/).replaceAll("\n", () => (choose() === 0 ? "\r\n" : "\n"));
    if ("cdata" in node) return `<![CDATA[${node.cdata}]]>`;
    if ("comment" in node) return `<!--${node.comment}-->`;
    const name = node.prefix === "" ? node.localName : `${node.prefix}:${node.localName}`;
    const parts = [
      ...node.namespaces.map(([prefix, uri]) => attribute(prefix === "" ? "xmlns" : `xmlns:${prefix}`, uri)),
      ...node.attributes.map(({ prefix, localName, value }) =>
        attribute(prefix === "" ? localName : `${prefix}:${localName}`, value),
      ),
    ];
    if (choose() < 4) parts.reverse();
    const start = `<${name}${parts.join("")}${maybeSpace()}`;
    if (node.children.length === 0 && choose() < 4) return `${start}/>`;
    return `${start}>${node.children.map(write).join("")}</${name}${maybeSpace()}>`;
  };
  const declaration = ["", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n"][
    choose() % 3
  ];
  const body = write(tree);
  return `${declaration}${choose() === 0 ? "<!-- before -->\n" : ""}${body}${choose() === 0 ? "\n<!-- after -->" : ""}`;
}
