import { describe, expect, it } from "vitest";
import { canonicalForm } from "../../src/saml/canonical-form.ts";
import type { Result } from "../../src/saml/refusal.ts";
import {
  METADATA_BYTES_MAX,
  SAML_MESSAGE_BYTES_MAX,
  XML_ATTRIBUTES_PER_ELEMENT_MAX,
  XML_DEPTH_MAX,
  XML_ELEMENTS_MAX,
  XML_NAMESPACE_DECLARATIONS_MAX,
  XML_NAMESPACE_URI_CHARS_MAX,
} from "../../src/saml/terms.ts";
import type { XmlDocument } from "../../src/saml/types.ts";
import { readXml } from "../../src/saml/xml.ts";

const read = (text: string, bytesMax?: number): Result<XmlDocument> =>
  readXml(new TextEncoder().encode(text), bytesMax === undefined ? {} : { bytesMax });
const codeOf = (result: Result<XmlDocument>) => (result.ok ? "accepted" : result.refusal.code);

const nested = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth);
const siblings = (elements: number) => `<r>${"<a/>".repeat(elements - 1)}</r>`;
const attributes = (count: number) => `<a${Array.from({ length: count }, (_, i) => ` b${i}=""`).join("")}/>`;
const declarations = (count: number) =>
  `<r>${Array.from({ length: count }, (_, i) => `<a xmlns:p${i}="urn:p"/>`).join("")}</r>`;
const padded = (bytes: number) => `<a>${"x".repeat(bytes - 7)}</a>`;

describe("every limit has its last good case and its first bad one", () => {
  it.each([
    ["bytes", padded, SAML_MESSAGE_BYTES_MAX],
    ["depth", nested, XML_DEPTH_MAX],
    ["elements", siblings, XML_ELEMENTS_MAX],
    ["attributes of an element", attributes, XML_ATTRIBUTES_PER_ELEMENT_MAX],
    ["namespace declarations", declarations, XML_NAMESPACE_DECLARATIONS_MAX],
    [
      "characters of a namespace URI",
      (n: number) => `<a xmlns="urn:${"x".repeat(n - 4)}"/>`,
      XML_NAMESPACE_URI_CHARS_MAX,
    ],
  ])("%s", (_name, make, max) => {
    expect(codeOf(read(make(max)))).toBe("accepted");
    expect(codeOf(read(make(max + 1)))).toBe("xml_limit");
  });

  it("says which limit it was, and where it was passed", () => {
    const result = read(nested(60));
    expect(result.ok ? null : result.refusal).toEqual({
      code: "xml_limit",
      offset: 150,
      expected: "50 levels at most",
    });
  });

  it("takes a larger message where the caller says so", () => {
    expect(codeOf(read(padded(SAML_MESSAGE_BYTES_MAX + 1), METADATA_BYTES_MAX))).toBe("accepted");
    expect(codeOf(read("<a/>", 3))).toBe("xml_limit");
  });

  it("counts bytes, not characters", () => {
    expect(codeOf(read(`<a>${"é".repeat(10)}</a>`, 27))).toBe("accepted");
    expect(codeOf(read(`<a>${"é".repeat(10)}</a>`, 26))).toBe("xml_limit");
  });

  it("refuses by size before it looks at anything", () => {
    const result = readXml(new Uint8Array(SAML_MESSAGE_BYTES_MAX + 1).fill(0xff));
    expect(codeOf(result)).toBe("xml_limit");
  });
});

describe("many small things are no trouble", () => {
  it.each([
    ["references", `<a>${"&amp;".repeat(50_000)}</a>`, "&".repeat(50_000)],
    ["carriage returns", `<a>${"\r".repeat(200_000)}</a>`, "\n".repeat(200_000)],
    ["CDATA sections", `<a>${"<![CDATA[x]]>".repeat(15_000)}</a>`, "x".repeat(15_000)],
    ["brackets", `<a>${"]] ".repeat(70_000)}</a>`, "]] ".repeat(70_000)],
    ["characters of four bytes", `<a>${"\u{1f600}".repeat(60_000)}</a>`, "\u{1f600}".repeat(60_000)],
  ])("%s", (_what, document, text) => {
    const result = read(document);
    expect(result.ok && result.value.root.children).toEqual([{ kind: "text", value: text }]);
  });

  it("comments", () => {
    const result = read(`<a>${"<!---->x".repeat(25_000)}</a>`);
    expect(result.ok && result.value.root.children.length).toBe(50_000);
  });

  it("a value of references", () => {
    const result = read(`<a b="${"&#9;".repeat(60_000)}"/>`);
    expect(result.ok && result.value.root.attributes[0]?.value).toBe("\t".repeat(60_000));
  });

  it("a reference with a hundred thousand zeros", () => {
    const result = read(`<a>&#x${"0".repeat(100_000)}41;</a>`);
    expect(result.ok && result.value.root.children).toEqual([{ kind: "text", value: "A" }]);
    expect(codeOf(read(`<a>&#${"9".repeat(100_000)};</a>`))).toBe("xml_malformed");
  });

  it("white space in an XML declaration", () => {
    const blanks = " ".repeat(80_000);
    expect(codeOf(read(`<?xml${blanks}version${blanks}=${blanks}"1.0"?><a/>`))).toBe("accepted");
    expect(codeOf(read(`<?xml${blanks}version="1.0"${blanks}encodin="UTF-8"${blanks}?><a/>`))).toBe("xml_malformed");
  });

  it("a name of a hundred thousand letters", () => {
    const name = "n".repeat(100_000);
    expect(codeOf(read(`<${name}></${name}>`))).toBe("accepted");
    expect(codeOf(read(`<${name}></${name}n>`))).toBe("xml_malformed");
  });

  it("an element of every limit at once, with a canonical form in proportion", () => {
    const prefixes = Array.from({ length: 49 }, (_, i) => `p${i}`);
    const uri = "urn:".padEnd(XML_NAMESPACE_URI_CHARS_MAX, "x");
    const each = `<a ${prefixes.map((p) => `${p}:b=""`).join(" ")}/>`;
    const document = `<r ${prefixes.map((p, i) => `xmlns:${p}="${uri.slice(0, -2)}${10 + i}"`).join(" ")}>${each.repeat(400)}</r>`;
    const result = read(document);
    if (!result.ok) throw new Error(result.refusal.code);
    const form = canonicalForm(result.value.root, { method: "exclusive" });
    expect(form.length).toBeLessThan(40 * document.length);
    expect(canonicalForm(result.value.root, { method: "inclusive" }).length).toBeLessThan(2 * document.length);
  });
});
