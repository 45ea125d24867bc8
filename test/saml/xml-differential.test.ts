/**
 * The strict reader against two parsers that know nothing of it. saxes decides in both directions; xmldom, which lets some
 * malformed documents pass, only has to see the same tree in well-formed ones.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SamlRefusal } from "../../src/saml/refusal.ts";
import { readXml } from "../../src/saml/xml.ts";
import { generatedTree, style, write } from "../support/xml/documents.ts";
import { SEEDS, TOKENS } from "../support/xml/seeds.ts";
import { plainOfReader, plainOfSaxes, plainOfXmldom } from "../support/xml/trees.ts";

const encoder = new TextEncoder();

/** Well-formed by XML 1.0, and refused all the same: the whole list of what is refused on purpose. */
const ON_PURPOSE: Record<string, (refusal: SamlRefusal, document: string) => boolean> = {
  "document types, also the look of one in a comment or CDATA": ({ code }) => code === "xml_doctype",
  "processing instructions": ({ code }) => code === "xml_processing_instruction",
  "IDs that occur twice": ({ code }) => code === "xml_duplicate_id",
  "more than a limit": ({ code }) => code === "xml_limit",
  "namespace URIs and names that other software misreads": ({ code }) => code === "xml_namespace",
  "declared encodings other than UTF-8": ({ code }, document) =>
    code === "xml_encoding" && document.includes("encoding"),
  "versions other than 1.0": ({ expected }) => expected === "XML version 1.0",
};

/** The tree of a document that must be accepted. */
function read(document: string): string {
  const result = readXml(encoder.encode(document));
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.expected}`);
  return JSON.stringify(plainOfReader(result.value.root));
}

function agree(document: string): void {
  const result = readXml(encoder.encode(document));
  const theirs = plainOfSaxes(document);
  if (result.ok) {
    expect(JSON.stringify(plainOfReader(result.value.root)), JSON.stringify(document)).toBe(JSON.stringify(theirs));
  } else if (!("error" in theirs)) {
    const reason = Object.values(ON_PURPOSE).some((allows) => allows(result.refusal, document));
    expect(reason, `${JSON.stringify(document)} ${JSON.stringify(result.refusal)}`).toBe(true);
  }
}

describe("generated documents", () => {
  it("are read as saxes reads them, however they are written", () => {
    fc.assert(
      fc.property(generatedTree, style, (tree, choices) => {
        const document = write(tree, choices);
        expect(JSON.stringify(plainOfSaxes(document))).toBe(read(document));
      }),
      { numRuns: 500 },
    );
  });

  // xmldom takes a hundred times as long, and lets its own line-end rule loose on references.
  it("are read as xmldom reads them, too", { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(generatedTree, style, (tree, choices) => {
        const document = write(tree, choices);
        fc.pre(!/\r|&#(?:13|x[dD]);|\u0085|\u2028/.test(document));
        expect(JSON.stringify(plainOfXmldom(document))).toBe(read(document));
      }),
      { numRuns: 40 },
    );
  });

  it("are the same tree in two spellings", () => {
    fc.assert(
      fc.property(generatedTree, style, style, (tree, one, other) => {
        const [first, second] = [write(tree, one), write(tree, other)].map((text) => readXml(encoder.encode(text)));
        if (!first?.ok || !second?.ok) throw new Error("refused");
        const sorted = (document: typeof first.value) =>
          JSON.stringify(plainOfReader(document.root), (_key, value) =>
            Array.isArray(value) && Array.isArray(value[0]) ? [...value].sort() : value,
          );
        expect(sorted(first.value)).toBe(sorted(second.value));
      }),
      { numRuns: 200 },
    );
  });

  it("are no more accepted than saxes accepts them once something is put in, taken out or written twice", () => {
    const change = fc.record({
      at: fc.nat(10_000),
      cut: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(6) }),
      token: fc.constantFrom("", ...TOKENS),
    });
    const seed = fc.oneof(
      fc.constantFrom(...SEEDS),
      fc.tuple(generatedTree, style).map(([tree, choices]) => write(tree, choices)),
    );
    fc.assert(
      fc.property(seed, fc.array(change, { minLength: 1, maxLength: 3 }), (document, changes) => {
        let text = document;
        for (const { at, cut, token } of changes) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + token + text.slice(from + cut);
        }
        // What half a surrogate pair would be in UTF-8 is another question.
        agree(text.toWellFormed());
      }),
      { numRuns: 1500 },
    );
  });
});
