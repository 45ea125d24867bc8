/**
 * What stands in a message as a canonical form has to write it is taken as it stands. Here is what counts as such, and that it
 * makes no difference to any form.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalForm } from "../../src/saml/canonical-form.ts";
import type { XmlElement } from "../../src/saml/types.ts";
import { childElements, readXml } from "../../src/saml/xml.ts";
import { canonicalize, parse } from "../support/messages/canonical.ts";
import { generatedTree, style, write } from "../support/xml/documents.ts";
import { SEEDS } from "../support/xml/seeds.ts";

function read(document: string): XmlElement {
  const result = readXml(new TextEncoder().encode(document));
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.expected}`);
  return result.value.root;
}

function* all(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of childElements(element)) yield* all(child);
}

const PREFIX_LISTS = [[], ["#default"], ["a", "b", "saml"]];

/** Every form of every element, by the short way and by the long one; an element left out, too. */
function expectNoDifference(root: XmlElement): void {
  for (const apex of all(root)) {
    for (const inclusivePrefixes of PREFIX_LISTS) {
      for (const method of ["exclusive", "inclusive"] as const) {
        for (const without of [null, ...all(apex)].slice(0, 8)) {
          const options = { method, inclusivePrefixes, without, comments: true };
          expect(canonicalForm(apex, options)).toBe(canonicalForm(apex, { ...options, anew: true }));
        }
      }
    }
  }
}

const first = (content: string) =>
  childElements(read(`<r xmlns="urn:r" xmlns:p="urn:p" xmlns:q="urn:r">${content}</r>`))[0];

describe("an element is its own canonical form below its parent", () => {
  it.each([
    ["<a></a>", "without anything in it"],
    ["<a>text é € 𐍈 ' \" ] ]] \t\n </a>", "with text that needs no reference"],
    [`<a>${"long ".repeat(40)}]</a>`, "with long text"],
    [`<a b="1" c="' > é"></a>`, "with attributes in order"],
    ["<a><b><c>1</c></b>\n<b></b></a>", "with such elements in it"],
  ])("%s: %s", (content) => {
    const element = first(content);
    expect(element?.isCanonical).toBe(true);
    expect(element?.source.slice(element.from, element.end)).toBe(content);
  });

  it.each([
    ["<a/>", "written as one tag"],
    ["<a ></a>", "with white space in its start tag"],
    ["<a></a >", "with white space in its end tag"],
    [`<a  b=""></a>`, "with two blanks"],
    [`<a\nb=""></a>`, "with a line end in its tag"],
    [`<a b ="" ></a>`, "with a blank before the equals sign"],
    [`<a b= ""></a>`, "with a blank behind it"],
    ["<a b=''></a>", "with single quotes"],
    [`<a c="" b=""></a>`, "with attributes out of order"],
    [`<a \u{10000}="" \ufdf0=""></a>`, "with attributes in the order of UTF-16"],
    [`<a b="&amp;"></a>`, "with a reference in a value"],
    [`<a b="\t"></a>`, "with a tab in a value"],
    [`<a p:b=""></a>`, "with a prefix that it may have to declare"],
    [`<a xml:lang="en"></a>`, "with the prefix xml"],
    [`<a xmlns="urn:r"></a>`, "with a declaration, though it be one too many"],
    [`<a xmlns:q="urn:q"></a>`, "with a declaration that nothing uses"],
    ["<p:a></p:a>", "of another prefix than its parent"],
    ["<q:a></q:a>", "of another prefix of the same namespace"],
    [`<a xmlns="urn:a"></a>`, "of another namespace"],
    ["<a>1 > 0</a>", "with a > in short text"],
    [`<a>${"long ".repeat(40)}></a>`, "with a > in long text"],
    ["<a>&lt;</a>", "with a reference in short text"],
    [`<a>${"long ".repeat(40)}&#65;</a>`, "with a reference in long text"],
    ["<a>1\r\n2</a>", "with a carriage return in short text"],
    [`<a>${"long ".repeat(40)}\r</a>`, "with a carriage return in long text"],
    ["<a><![CDATA[]]></a>", "with a CDATA section"],
    ["<a><!----></a>", "with a comment"],
    ["<a><b/></a>", "with an element that is not"],
  ])("but not %s: %s", (content) => expect(first(content)?.isCanonical).toBe(false));

  it("and the root has no parent", () => expect(read("<a></a>").isCanonical).toBe(false));
});

/** Mostly written as canonical forms are, and now and then not. */
const mostly = (plain: readonly string[], others: readonly string[]) =>
  fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...plain) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
const attribute = mostly(
  [' b="1"', ' c="é"', ` d="it's > 2"`],
  [
    " e='1'",
    '  f="1"',
    ' g="&amp;"',
    ' h = "1"',
    ' p:i="1"',
    ' j="\t"',
    ' xml:k="1"',
    ' xmlns="urn:s"',
    ' xmlns:q="urn:q"',
  ],
);
const text = mostly(
  ["", "text", "\n", "] ", "x".repeat(100)],
  [">", "&gt;", "\r\n", "<![CDATA[<]]>", "<!--c-->", `${"x".repeat(100)}>`],
);
const { nearly } = fc.letrec<{ nearly: string }>((tie) => ({
  nearly: fc
    .record({
      name: mostly(["a", "b"], ["p:a", "é"]),
      attributes: fc.array(attribute, { maxLength: 3 }),
      blank: mostly([""], [" ", "\n"]),
      children: fc.array(fc.oneof({ depthSize: "small" }, text, tie("nearly")), { maxLength: 4 }),
    })
    .map(({ name, attributes, blank, children }) => {
      const open = `<${name}${attributes.join("")}${blank}`;
      return children.length === 0 && blank !== "" ? `${open}/>` : `${open}>${children.join("")}</${name}${blank}>`;
    }),
}));

describe("no form differs for that", () => {
  it("of any message", () => {
    for (const seed of SEEDS) expectNoDifference(read(seed));
  });

  it("of any document that is nearly canonical, nor from what another canonicaliser writes", () => {
    let verbatim = 0;
    fc.assert(
      fc.property(fc.array(nearly, { minLength: 1, maxLength: 3 }), (elements) => {
        const document = `<r xmlns="urn:r" xmlns:p="urn:p">${elements.join("")}</r>`;
        fc.pre(readXml(new TextEncoder().encode(document)).ok);
        const root = read(document);
        for (const element of all(root)) if (element.isCanonical) verbatim++;
        expectNoDifference(root);
        expect(canonicalForm(root, { method: "exclusive" })).toBe(canonicalize(parse(document)));
      }),
      { numRuns: 400 },
    );
    expect(verbatim).toBeGreaterThan(0);
  });

  it("of any other document", () => {
    fc.assert(
      fc.property(generatedTree, style, (tree, choices) => expectNoDifference(read(write(tree, choices)))),
      { numRuns: 50 },
    );
  });
});
