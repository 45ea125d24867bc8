/**
 * The canonical form against libxml2's: whole documents by xmllint, and elements inside larger documents, prefix lists and the
 * enveloped-signature transform by xmlsec1, which has to reach the same digest and the same HMAC of SignedInfo.
 * Needs the programs of Debian's libxml2-utils and xmlsec1.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canonicalForm } from "../../src/saml/canonical-form.ts";
import { NS } from "../../src/saml/terms.ts";
import type { XmlElement } from "../../src/saml/types.ts";
import { childElements, readXml, textContent } from "../../src/saml/xml.ts";
import { type GeneratedElement, generatedTree, style, write } from "../support/xml/documents.ts";
import { SEEDS } from "../support/xml/seeds.ts";

const encoder = new TextEncoder();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vestibule-canonical-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function read(document: string): XmlElement {
  const result = readXml(encoder.encode(document));
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.expected}`);
  return result.value.root;
}

/** What xmllint makes of a document, comments kept, those outside the root element cut off: we have no nodes for them. */
function xmllint(option: "--c14n" | "--exc-c14n", document: string): string {
  const inside = document
    .replace(/^<\?xml[^>]*\?>\s*/, "")
    .replace(/^<!-- before -->/, "")
    .replace(/<!-- after -->$/, "");
  return execFileSync("xmllint", ["--nonet", option, file("document.xml", inside)], { encoding: "utf8" });
}

describe("xmllint", () => {
  const agree = (document: string) => {
    const root = read(document);
    expect(xmllint("--c14n", document)).toBe(canonicalForm(root, { method: "inclusive", comments: true }));
    expect(xmllint("--exc-c14n", document)).toBe(canonicalForm(root, { method: "exclusive", comments: true }));
  };

  it("writes generated documents as we do, both ways", () => {
    fc.assert(
      fc.property(generatedTree, style, (tree, choices) => agree(write(tree, choices))),
      { numRuns: 80 },
    );
  });

  it("writes messages as we do", () => {
    for (const seed of SEEDS) agree(seed.replace(/<!-- (?:a comment|end) -->/g, "").replace("\ufeff", ""));
  });

  it("sorts by code points, as we do", () => {
    agree("<a \u{10000}='1' \uf900='2' \ufdf0='3' a\u{10000}='4' a\uf900='5'/>");
  });

  it("has no canonical form for relative namespaces, which we do not read", () => {
    const document = '<a xmlns:p="relative"/>';
    expect(spawnSync("xmllint", ["--exc-c14n", file("relative.xml", document)]).status).not.toBe(0);
    expect(readXml(encoder.encode(document)).ok).toBe(false);
  });
});

interface Method {
  readonly method: "exclusive" | "inclusive";
  readonly comments: boolean;
  /** What InclusiveNamespaces lists; null for none, always null for the inclusive method. */
  readonly prefixes: readonly string[] | null;
}

const method: fc.Arbitrary<Method> = fc
  .record({
    method: fc.constantFrom("exclusive" as const, "inclusive" as const),
    comments: fc.boolean(),
    prefixes: fc.option(fc.subarray(["#default", "a", "b", "saml", "w"], { minLength: 1 })),
  })
  .map((m) => (m.method === "inclusive" ? { ...m, prefixes: null } : m));

function algorithm({ method, comments }: Method): string {
  if (method === "exclusive") return `http://www.w3.org/2001/10/xml-exc-c14n#${comments ? "WithComments" : ""}`;
  return `http://www.w3.org/TR/2001/REC-xml-c14n-20010315${comments ? "#WithComments" : ""}`;
}

function algorithmElement(name: string, m: Method): string {
  const list =
    m.prefixes === null ? "" : `<InclusiveNamespaces xmlns="${NS.ec}" PrefixList="${m.prefixes.join(" ")}"/>`;
  return `<${name} Algorithm="${algorithm(m)}">${list}</${name}>`;
}

const KEY = Buffer.from("a key of the interoperability tests");

/** The generated element as Apex with an ID and a signature template in it, inside an element that declares and inherits much. */
function template(tree: GeneratedElement, choices: readonly number[], reference: Method, signedInfo: Method): string {
  const signature = `<Signature xmlns="${NS.ds}" xmlns:w="urn:w2"><SignedInfo>${algorithmElement("CanonicalizationMethod", signedInfo)}<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"/><!-- a comment --><Reference URI="#xpointer(id('apex'))"><Transforms><Transform Algorithm="${NS.ds}enveloped-signature"/>${algorithmElement("Transform", reference)}</Transforms><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue></DigestValue></Reference></SignedInfo><SignatureValue></SignatureValue></Signature>`;
  const attributes = [...tree.attributes, { prefix: "", localName: "ID", value: "apex" }];
  const apex = write(
    { ...tree, localName: "Apex", attributes, children: [...tree.children, { comment: "here" }] },
    choices,
  )
    .replace(/^<\?xml[^>]*>\s*/, "")
    .replace("<!--here-->", signature);
  return `<w:outer xmlns:w="urn:w" xmlns:a="urn:outer-a" xmlns="urn:outer" xml:lang="de" xml:space="preserve" a:b="c"><w:inner xml:lang="en" xmlns:b="urn:outer-b"> ${apex}</w:inner></w:outer>`;
}

function find(element: XmlElement, localName: string): XmlElement | null {
  if (element.localName === localName) return element;
  for (const child of childElements(element)) {
    const found = find(child, localName);
    if (found !== null) return found;
  }
  return null;
}

function ours(apex: XmlElement, m: Method, without: XmlElement | null): string {
  return canonicalForm(apex, {
    method: m.method,
    comments: m.comments,
    inclusivePrefixes: m.prefixes ?? [],
    without,
  });
}

describe("xmlsec1", () => {
  it("digests and signs what we write: apexes in larger documents, prefix lists, comments, a signature left out", () => {
    const key = file("key.bin", KEY);
    fc.assert(
      fc.property(generatedTree, style, method, method, (tree, choices, reference, signedInfo) => {
        const input = file("template.xml", template(tree, choices, reference, signedInfo));
        const output = join(folder, "signed.xml");
        execFileSync("xmlsec1", ["--sign", "--hmackey", key, "--id-attr:ID", "Apex", "--output", output, input], {
          stdio: ["ignore", "ignore", "pipe"],
        });
        const root = read(execFileSync("cat", [output], { encoding: "utf8" }));
        const apex = find(root, "Apex") as XmlElement;
        const signature = childElements(apex).findLast((child) => child.localName === "Signature") as XmlElement;
        const digest = createHash("sha256")
          .update(ours(apex, reference, signature))
          .digest("base64");
        expect(textContent(find(signature, "DigestValue") as XmlElement)).toBe(digest);
        const info = find(signature, "SignedInfo") as XmlElement;
        const value = createHmac("sha256", KEY)
          .update(ours(info, signedInfo, null))
          .digest("base64");
        expect(textContent(find(signature, "SignatureValue") as XmlElement)?.replace(/\s/g, "")).toBe(value);
      }),
      { numRuns: 80 },
    );
  });
});
