/**
 * The canonical form against two other implementations, over two other parsers: xml-crypto (over xmldom), and the one with which
 * the tests sign (over saxes). Both sort by UTF-16 units, which is wrong for names beyond the basic plane; test/interop has the
 * third, libxml2, which sorts as the recommendation says.
 */
import { DOMParser } from "@xmldom/xmldom";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { C14nCanonicalization, ExclusiveCanonicalization } from "xml-crypto";
import { canonicalForm } from "../../src/saml/canonical-form.ts";
import type { XmlElement } from "../../src/saml/types.ts";
import { childElements, readXml } from "../../src/saml/xml.ts";
import { canonicalize, type Element, parse } from "../support/messages/canonical.ts";
import { type GeneratedElement, generatedTree, style, write } from "../support/xml/documents.ts";
import { SEEDS } from "../support/xml/seeds.ts";
import { plainOfReader } from "../support/xml/trees.ts";

const encoder = new TextEncoder();

function read(document: string): XmlElement {
  const result = readXml(encoder.encode(document));
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.expected}`);
  return result.value.root;
}

/** All elements of the two trees side by side, in document order. */
function* pairs(ours: XmlElement, theirs: Element): Generator<[XmlElement, Element]> {
  yield [ours, theirs];
  const other = theirs.children.filter((child) => typeof child !== "string");
  for (const [index, child] of childElements(ours).entries()) yield* pairs(child, other[index] as Element);
}

/** A generated document without such names. */
const documents = fc
  .tuple(generatedTree, style)
  .filter(([tree]) => !JSON.stringify(tree).includes("\u{10000}"))
  .map(([tree, choices]) => ({ tree, document: write(tree, choices) }));
const prefixLists = fc.subarray(["#default", "a", "b", "saml", "A-1", "xml", "none"]);

describe("generated documents", () => {
  it("have the form that the tests' own canonicaliser gives them, at every apex and for every prefix list", () => {
    fc.assert(
      fc.property(documents, prefixLists, ({ document }, prefixes) => {
        for (const [ours, theirs] of pairs(read(document), parse(document))) {
          expect(canonicalForm(ours, { method: "exclusive" })).toBe(canonicalize(theirs));
          expect(canonicalForm(ours, { method: "inclusive" })).toBe(canonicalize(theirs, { inclusive: true }));
          expect(canonicalForm(ours, { method: "exclusive", inclusivePrefixes: prefixes })).toBe(
            canonicalize(theirs, { prefixes }),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leave out the same element", () => {
    fc.assert(
      fc.property(documents, fc.nat(20), ({ document }, which) => {
        const [root, theirRoot] = [read(document), parse(document)];
        const all = [...pairs(root, theirRoot)].slice(1);
        fc.pre(all.length > 0);
        const [ours, theirs] = all[which % all.length] as [XmlElement, Element];
        expect(canonicalForm(root, { method: "exclusive", without: ours })).toBe(
          canonicalize(theirRoot, { without: theirs }),
        );
      }),
      { numRuns: 100 },
    );
  });

  it("are read back from their form as the trees that they were", () => {
    fc.assert(
      fc.property(generatedTree, style, (tree, choices) => {
        const root = read(write(tree, choices));
        const form = canonicalForm(root, { method: "inclusive", comments: true });
        const again = read(form);
        expect(content(again)).toBe(content(root));
        expect(canonicalForm(again, { method: "inclusive", comments: true })).toBe(form);
        const exclusive = canonicalForm(root, { method: "exclusive" });
        expect(canonicalForm(read(exclusive), { method: "exclusive" })).toBe(exclusive);
      }),
      { numRuns: 300 },
    );
  });

  it("have the form that xml-crypto gives them, where it is right", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(documents, ({ tree, document }) => {
        fc.pre(isSimple(tree, new Map()));
        fc.pre(!/\r|&#(?:13|x[dD]);|\u0085|\u2028/.test(document));
        agreeWithXmlCrypto(document);
      }),
      { numRuns: 40 },
    );
  });
});

describe("messages", () => {
  it.each(SEEDS.map((seed, index) => [index, seed] as const))(
    "number %i has the form that the tests' own canonicaliser gives it",
    (_index, seed) => {
      expect(canonicalForm(read(seed), { method: "exclusive" })).toBe(canonicalize(parse(seed)));
      expect(canonicalForm(read(seed), { method: "inclusive" })).toBe(canonicalize(parse(seed), { inclusive: true }));
    },
  );

  it("have the form that xml-crypto gives them", () => {
    const simple = SEEDS.filter((seed) => !/\r|\u0085|<!--/.test(seed));
    expect(simple.length).toBe(2);
    for (const seed of simple) agreeWithXmlCrypto(seed.replace("\ufeff", ""));
  });
});

function agreeWithXmlCrypto(document: string): void {
  const root = read(document);
  const dom = new DOMParser().parseFromString(document, "text/xml").documentElement as unknown as globalThis.Element;
  expect(new ExclusiveCanonicalization().process(dom, {})).toBe(canonicalForm(root, { method: "exclusive" }));
  expect(new C14nCanonicalization().process(dom, {})).toBe(canonicalForm(root, { method: "inclusive" }));
}

/** The tree without its declarations and with its attributes in one order: what a canonical form has to tell. */
function content(element: XmlElement): string {
  const sorted = (plain: ReturnType<typeof plainOfReader>): unknown => [
    plain.name,
    plain.attributes.map((attribute) => JSON.stringify(attribute)).sort(),
    plain.children.map((child) => (typeof child === "object" && "name" in child ? sorted(child) : child)),
  ];
  return JSON.stringify(sorted(plainOfReader(element)));
}

/** No prefix with two meanings and none that sorts by locale, which xml-crypto writes otherwise; no comments, no namespace undeclared. */
function isSimple(element: GeneratedElement, outer: ReadonlyMap<string, string>): boolean {
  const meanings = new Map(outer);
  for (const [prefix, uri] of element.namespaces) {
    if (!/^[a-z]+$/.test(prefix) || (meanings.get(prefix) ?? uri) !== uri) return false;
    meanings.set(prefix, uri);
  }
  return element.children.every((child) => ("localName" in child ? isSimple(child, meanings) : !("comment" in child)));
}
