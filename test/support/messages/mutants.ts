/**
 * Mutants of genuine signed responses, by a seed: bytes, tokens, whole elements, signatures and two messages spliced. Nothing
 * here knows the core; what must hold of an accepted mutant is that it claims, byte for byte, what a genuine message claimed.
 */
import { NS } from "../../../src/saml/terms.ts";
import { asVictim } from "./scene.ts";
import { type Part, partsOf } from "./surgery.ts";

export type Random = () => number;

/** mulberry32: small, seeded, the same everywhere. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const below = (r: Random, n: number) => Math.floor(r() * n);
function pick<T>(r: Random, from: readonly T[]): T {
  const one = from[below(r, from.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}
const splice = (xml: string, start: number, end: number, what: string) => xml.slice(0, start) + what + xml.slice(end);
const insert = (xml: string, at: number, what: string) => splice(xml, at, at, what);

/** `other` is a second genuine message of the same shape. null: this operation found nothing to do. */
type Operation = (xml: string, r: Random, other: string) => string | null;

const element = (xml: string, r: Random): Part => pick(r, partsOf(xml, "*"));
const nameOf = (part: Part) => /^<([^\s/>]+)/.exec(part.text)?.[1] ?? "x";
const localOf = (part: Part) => nameOf(part).replace(/^.*:/, "");
const startTagEnd = (part: Part) => part.start + (/^<(?:[^"'>]|"[^"]*"|'[^']*')*>/.exec(part.text)?.[0].length ?? 0);

/** A place between, before or inside elements, favouring those where messages hide things. */
function place(xml: string, r: Random): number {
  const part = element(xml, r);
  const open = !/^<[^>]*\/>$/.test(part.text);
  const choice = below(r, 4);
  if (choice === 0) return part.start;
  if (choice === 1) return part.end;
  if (choice === 2 && open) return startTagEnd(part);
  return open ? part.end - `</${nameOf(part)}>`.length : part.end;
}

/** A place inside text (not in a tag). */
function textPlace(xml: string, r: Random): number | null {
  const texts = [...xml.matchAll(/>([^<]+)</g)];
  if (texts.length === 0) return null;
  const text = pick(r, texts);
  return text.index + 1 + below(r, (text[1] ?? "").length + 1);
}

function attributes(xml: string): { start: number; end: number; name: string; value: string }[] {
  return [...xml.matchAll(/\s([^\s=<>"'/]+)=("[^"]*"|'[^']*')/g)].map((m) => ({
    start: m.index,
    end: m.index + m[0].length,
    name: m[1] ?? "",
    value: (m[2] ?? "").slice(1, -1),
  }));
}

const SNIPPETS = [
  "<!---->",
  "<!-- x -->",
  "<![CDATA[]]>",
  "<![CDATA[x]]>",
  "<?x y?>",
  "&amp;",
  "&#65;",
  "&#x0;",
  "&lt;",
  " ",
  "\n",
  "\r\n",
  "\t",
  "\u0085",
  "\u2028",
  "\u00a0",
  "\u200b",
  "&#13;",
  "x",
  "<x/>",
  '<x xmlns="urn:x"/>',
  "]]>",
  "--",
  "<",
  ">",
  "&",
  "=",
  "\0",
  "\ufeff",
  "\u0301",
  "\ud83d\ude00",
];
const DECLARATIONS = [
  'xmlns:x="urn:x"',
  'xmlns=""',
  'xmlns="urn:x"',
  `xmlns="${NS.saml}"`,
  `xmlns="${NS.ds}"`,
  `xmlns="${NS.samlp}"`,
  `xmlns:samlp="${NS.saml}"`,
  `xmlns:saml="${NS.samlp}"`,
  'xmlns:ds="urn:x"',
  `xmlns:é="${NS.saml}"`,
  'xmlns:xml="urn:x"',
  'xmlns:xmlns="urn:x"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  'xml:id="_x"',
  'xml:space="preserve"',
  'xml:base="urn:x"',
  'xxmlns:a="b"',
  'a="b"',
  'ID="_x"',
  'Id="_x"',
  'xsi:nil="true"',
];
const NAMES = [
  "Assertion",
  "saml:Assertion",
  "EncryptedAssertion",
  "Response",
  "samlp:Response",
  "Subject",
  "NameID",
  "Signature",
  "ds:Signature",
  "SignedInfo",
  "Object",
  "samlp:Extensions",
  "Advice",
  "Status",
  "samlp:Status",
  "Issuer",
  "Attribute",
  "AttributeValue",
  "x",
];
const WRAPPERS: readonly (readonly [string, string])[] = [
  ["<samlp:Extensions>", "</samlp:Extensions>"],
  [`<samlp:Extensions xmlns:samlp="${NS.samlp}">`, "</samlp:Extensions>"],
  [`<Object xmlns="${NS.ds}">`, "</Object>"],
  [`<Signature xmlns="${NS.ds}"><Object>`, "</Object></Signature>"],
  [`<Advice xmlns="${NS.saml}">`, "</Advice>"],
  [`<Assertion xmlns="${NS.saml}" ID="_wrapped" Version="2.0" IssueInstant="2026-11-20T09:00:00Z">`, "</Assertion>"],
  [
    `<samlp:Response xmlns:samlp="${NS.samlp}" ID="_wrapped" Version="2.0" IssueInstant="2026-11-20T09:00:00Z">`,
    "</samlp:Response>",
  ],
  ['<x xmlns="urn:x">', "</x>"],
  ["<x>", "</x>"],
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
];

const BYTES: Record<string, Operation> = {
  flipCharacter: (xml, r) => {
    const at = below(r, xml.length);
    return splice(xml, at, at + 1, String.fromCharCode(xml.charCodeAt(at) ^ (1 << below(r, 7))));
  },
  deleteRange: (xml, r) => {
    const at = below(r, xml.length);
    return splice(xml, at, at + 1 + below(r, r() < 0.7 ? 3 : 300), "");
  },
  copyRange: (xml, r) => {
    const at = below(r, xml.length);
    return insert(xml, below(r, xml.length), xml.slice(at, at + 1 + below(r, 200)));
  },
  insertSnippet: (xml, r) => insert(xml, below(r, xml.length + 1), pick(r, SNIPPETS)),
  truncate: (xml, r) => xml.slice(0, below(r, xml.length)),
  replaceCharacter: (xml, r) => {
    const at = below(r, xml.length);
    return splice(xml, at, at + 1, pick(r, SNIPPETS));
  },
};

const TOKENS: Record<string, Operation> = {
  snippetInText: (xml, r) => {
    const at = textPlace(xml, r);
    return at === null ? null : insert(xml, at, pick(r, SNIPPETS));
  },
  snippetBetweenElements: (xml, r) => insert(xml, place(xml, r), pick(r, SNIPPETS)),
  reencodeCharacter: (xml, r) => {
    const at = textPlace(xml, r);
    const c = at === null ? "<" : (xml[at] ?? "<");
    if (at === null || /[<>&]/.test(c)) return null;
    return splice(xml, at, at + 1, r() < 0.5 ? `&#${c.charCodeAt(0)};` : `&#x${c.charCodeAt(0).toString(16)};`);
  },
  textAsCdata: (xml, r) => {
    const texts = [...xml.matchAll(/>([^<&]+)</g)];
    const text = pick(r, texts);
    const [from, to] = [below(r, (text[1] ?? "").length), (text[1] ?? "").length];
    return splice(xml, text.index + 1 + from, text.index + 1 + to, `<![CDATA[${(text[1] ?? "").slice(from)}]]>`);
  },
  swapTexts: (xml, r) => {
    const texts = [...xml.matchAll(/>([^<]+)</g)];
    const [one, two] = [pick(r, texts), pick(r, texts)].sort((a, b) => a.index - b.index);
    if (!one || !two || one === two) return null;
    const later = splice(xml, two.index + 1, two.index + 1 + (two[1] ?? "").length, one[1] ?? "");
    return splice(later, one.index + 1, one.index + 1 + (one[1] ?? "").length, two[1] ?? "");
  },
  victimInText: (xml, r) => {
    const at = textPlace(xml, r);
    if (at === null) return null;
    const tail = asVictim(xml.slice(at));
    return tail === xml.slice(at) ? null : xml.slice(0, at) + tail;
  },
  victimEverywhere: (xml) => asVictim(xml),
  otherQuotes: (xml, r) => {
    const a = pick(r, attributes(xml));
    return a.value.includes("'") ? null : splice(xml, a.start, a.end, ` ${a.name}='${a.value}'`);
  },
  spaceInTag: (xml, r) => {
    const a = pick(r, attributes(xml));
    return insert(xml, r() < 0.5 ? a.start : a.end, pick(r, [" ", "\n", "\t", "\r\n", "/", "x"]));
  },
  dropAttribute: (xml, r) => {
    const a = pick(r, attributes(xml));
    return splice(xml, a.start, a.end, "");
  },
  copyAttribute: (xml, r) => {
    const all = attributes(xml);
    const [from, to] = [pick(r, all), pick(r, all)];
    return insert(xml, to.end, ` ${from.name}="${from.value}"`);
  },
  swapAttributeValues: (xml, r) => {
    const all = attributes(xml);
    const [one, two] = [pick(r, all), pick(r, all)].sort((a, b) => a.start - b.start);
    if (!one || !two || one === two) return null;
    const later = splice(xml, two.start, two.end, ` ${two.name}="${one.value}"`);
    return splice(later, one.start, one.end, ` ${one.name}="${two.value}"`);
  },
  renameAttribute: (xml, r) => {
    const a = pick(r, attributes(xml));
    const name = pick(r, [
      a.name.toLowerCase(),
      a.name.toUpperCase(),
      `x:${a.name}`,
      `samlp:${a.name}`,
      `xml:${a.name}`,
      a.name.replace(/:.*/, ""),
      "Id",
      "ID",
      "xmlns",
      "xmlns:x",
    ]);
    return splice(xml, a.start, a.end, ` ${name}="${a.value}"`);
  },
  declare: (xml, r) => {
    const part = element(xml, r);
    return insert(xml, part.start + 1 + nameOf(part).length, ` ${pick(r, DECLARATIONS)}`);
  },
  renameElement: (xml, r) => {
    const part = element(xml, r);
    const [from, to] = [
      nameOf(part),
      pick(r, [
        ...NAMES,
        nameOf(part).toLowerCase(),
        `x:${nameOf(part)}`,
        `samlp:${localOf(part)}`,
        `saml:${localOf(part)}`,
        localOf(part),
      ]),
    ];
    const renamed = part.text
      .replace(`<${from}`, `<${to}`)
      .replace(new RegExp(`</${from.replace(/[.]/g, "\\.")}>$`), `</${to}>`);
    return splice(xml, part.start, part.end, renamed);
  },
  renameNamespace: (xml, r) => {
    const uris = Object.values(NS).filter((uri) => xml.includes(uri));
    const from = pick(r, uris);
    const found = [...xml.matchAll(new RegExp(from.replace(/[.#/?]/g, "\\$&"), "g"))];
    const one = pick(r, found);
    return splice(
      xml,
      one.index,
      one.index + from.length,
      pick(r, [pick(r, uris), `${from} `, `${from}/`, from.toUpperCase(), "", "urn:x"]),
    );
  },
};

function moved(xml: string, part: Part, to: number, keep: boolean): string {
  const added = insert(xml, to, part.text);
  if (keep) return added;
  const start = to <= part.start ? part.start + part.text.length : part.start;
  return splice(added, start, start + part.text.length, "");
}

const TREE: Record<string, Operation> = {
  move: (xml, r) => {
    const part = element(xml, r);
    const to = place(xml, r);
    return to > part.start && to < part.end ? null : moved(xml, part, to, false);
  },
  copy: (xml, r) => moved(xml, element(xml, r), place(xml, r), true),
  copyForged: (xml, r) => insert(xml, place(xml, r), asVictim(element(xml, r).text)),
  remove: (xml, r) => {
    const part = element(xml, r);
    return splice(xml, part.start, part.end, "");
  },
  empty: (xml, r) => {
    const part = element(xml, r);
    return splice(xml, part.start, part.end, `${xml.slice(part.start, startTagEnd(part))}</${nameOf(part)}>`);
  },
  wrap: (xml, r) => {
    const part = element(xml, r);
    const [open, close] = pick(r, WRAPPERS);
    return splice(xml, part.start, part.end, open + part.text + close);
  },
  unwrap: (xml, r) => {
    const part = element(xml, r);
    const close = part.end - `</${nameOf(part)}>`.length;
    const inner = startTagEnd(part);
    return close < inner ? null : splice(xml, part.start, part.end, xml.slice(inner, close));
  },
  exchange: (xml, r) => {
    const [one, two] = [element(xml, r), element(xml, r)].sort((a, b) => a.start - b.start);
    if (!one || !two || one.end > two.start) return null;
    return splice(splice(xml, two.start, two.end, one.text), one.start, one.end, two.text);
  },
  nest: (xml, r) => {
    const [open, close] = pick(r, WRAPPERS);
    return insert(xml, place(xml, r), open + element(xml, r).text + close);
  },
  newId: (xml, r) => {
    const ids = [...xml.matchAll(/\bID=("[^"]*"|'[^']*')/g)];
    const id = pick(r, ids);
    return splice(xml, id.index, id.index + id[0].length, r() < 0.5 ? 'ID="_new"' : pick(r, ids)[0]);
  },
};

const anySignature = (xml: string, r: Random) => {
  const all = partsOf(xml, "*").filter((p) => localOf(p) === "Signature");
  return all.length === 0 ? null : pick(r, all);
};
const anyAssertion = (xml: string, r: Random) => {
  const all = partsOf(xml, "*").filter((p) => /^(Assertion|EncryptedAssertion|Response)$/.test(localOf(p)));
  return all.length === 0 ? null : pick(r, all);
};

/** What an attacker does on purpose: hide the genuine part, put a forged one where it is read, move the signature about. */
const SIGNATURES: Record<string, Operation> = {
  moveSignature: (xml, r) => {
    const signature = anySignature(xml, r);
    const to = place(xml, r);
    return !signature || (to > signature.start && to < signature.end) ? null : moved(xml, signature, to, r() < 0.5);
  },
  dropSignature: (xml, r) => {
    const signature = anySignature(xml, r);
    return signature && splice(xml, signature.start, signature.end, "");
  },
  wrapGenuine: (xml, r) => {
    const genuine = anyAssertion(xml, r);
    if (!genuine) return null;
    const forged = asVictim(genuine.text).replace(/ID="[^"]*"/, r() < 0.5 ? 'ID="_forged"' : "$&");
    const [open, close] = pick(r, WRAPPERS);
    const hidden = open + genuine.text + close;
    const inForged = insert(forged, place(forged, r), hidden);
    return splice(
      xml,
      genuine.start,
      genuine.end,
      pick(r, [forged + hidden, hidden + forged, inForged, forged + genuine.text, genuine.text + forged]),
    );
  },
  hideInSignature: (xml, r) => {
    const signature = anySignature(xml, r);
    const hidden = anyAssertion(xml, r);
    if (!signature || !hidden) return null;
    const [open, close] = pick(r, WRAPPERS);
    const content = open + (r() < 0.5 ? asVictim(hidden.text) : element(asVictim(hidden.text), r).text) + close;
    return splice(xml, signature.start, signature.end, insert(signature.text, place(signature.text, r), content));
  },
  otherReference: (xml, r) => {
    const ids = [...xml.matchAll(/\bID="([^"]*)"/g)].map((m) => m[1] ?? "");
    return xml.includes('URI="#')
      ? xml.replace(
          /URI="#[^"]*"/,
          `URI="${pick(r, ["", "#", `#${pick(r, ids)}`, `#xpointer(id('${pick(r, ids)}'))`])}"`,
        )
      : null;
  },
};

const SPLICES: Record<string, Operation> = {
  elementOfOther: (xml, r, other) => {
    const part = element(xml, r);
    const same = partsOf(other, nameOf(part));
    return same.length === 0 ? null : splice(xml, part.start, part.end, pick(r, same).text);
  },
  insertOfOther: (xml, r, other) => insert(xml, place(xml, r), element(other, r).text),
  assertionOfOther: (xml, r, other) => {
    const theirs = anyAssertion(other, r);
    return theirs && insert(xml, place(xml, r), theirs.text);
  },
  signatureOfOther: (xml, r, other) => {
    const [mine, theirs] = [anySignature(xml, r), anySignature(other, r)];
    return mine && theirs && splice(xml, mine.start, mine.end, theirs.text);
  },
  halfOfOther: (xml, r, other) => {
    const at = place(xml, r);
    return xml.slice(0, at) + other.slice(Math.min(at, other.length));
  },
};

const ALL = [
  ...Object.entries(BYTES).map((o) => [1, ...o] as const),
  ...Object.entries(TOKENS).map((o) => [2, ...o] as const),
  ...Object.entries(TREE).map((o) => [3, ...o] as const),
  ...Object.entries(SIGNATURES).map((o) => [5, ...o] as const),
  ...Object.entries(SPLICES).map((o) => [3, ...o] as const),
];
const WEIGHTED = ALL.flatMap(([weight, name, operation]) =>
  Array.from({ length: weight }, () => [name, operation] as const),
);

export interface Mutant {
  readonly xml: string;
  readonly operations: readonly string[];
}

/** One to five operations on `xml`; those that find nothing to do are passed over. */
export function mutate(xml: string, other: string, r: Random): Mutant {
  const operations: string[] = [];
  let current = xml;
  const wanted = 1 + below(r, r() < 0.6 ? 2 : 5);
  for (let tries = 0; operations.length < wanted && tries < 20; tries++) {
    const [name, operation] = pick(r, WEIGHTED);
    let changed: string | null = null;
    try {
      changed = operation(current, r, other);
    } catch {
      // A mutant that is no longer made of elements has nothing left to pick from: it is tried as it is.
      break;
    }
    if (changed === null || changed === current || changed.length > 200_000) continue;
    current = changed;
    operations.push(name);
  }
  return { xml: current, operations };
}
