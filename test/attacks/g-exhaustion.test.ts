/** Group G: messages made to cost. Each is refused by a limit with a name, before any key is used, and soon. Rules R11, R17. */
import { describe, expect, it } from "vitest";
import { C14N, NS, SAML_MESSAGE_BYTES_MAX, TRANSFORM_ENVELOPED } from "../../src/saml/terms.ts";
import { type Code, mustRefuse, type Scene, scene } from "../support/messages/scene.ts";
import { cut, putAfter, putBefore, swap, withAttribute } from "../support/messages/surgery.ts";
import { honestTwin } from "./catalogue.ts";

/** Generous: the whole of a refusal takes some milliseconds; a quadratic one takes minutes. */
const MILLISECONDS_MAX = 1_500;
/** What of the message is left for the attack when it shall just fit. */
const ROOM = SAML_MESSAGE_BYTES_MAX - 12_000;

const times = (count: number, text: string | ((i: number) => string)) =>
  typeof text === "string" ? text.repeat(count) : Array.from({ length: count }, (_, i) => text(i)).join("");
const extended = (xml: string, what: string) =>
  putBefore(xml, "<samlp:Status>", `<samlp:Extensions>${what}</samlp:Extensions>`);
const fill = (unit: string) => times(Math.floor(ROOM / unit.length), unit);

async function mallorys(s: Scene, change: (xml: string) => string): Promise<string> {
  return (await s.mallory.respond({ ...s.options, edit: { assertion: change } })).xml;
}

type Row = readonly [name: string, codes: readonly Code[], craft: (s: Scene, xml: string) => string | Promise<string>];

const ROWS: readonly Row[] = [
  [
    "G01 exponential entity expansion",
    ["xml_doctype"],
    (_s, x) =>
      `<!DOCTYPE r [<!ENTITY a "x">${times(20, (i) => `<!ENTITY a${i + 1} "&a${i || ""};&a${i || ""};">`)}]>${x}`,
  ],
  [
    "G02 one large entity referenced many times",
    ["xml_doctype"],
    (_s, x) => `<!DOCTYPE r [<!ENTITY a "${times(50_000, "x")}">]>${extended(x, `<x>${times(10_000, "&a;")}</x>`)}`,
  ],
  [
    "G03 a document of more bytes than the limit",
    ["message_too_large"],
    (_s, x) => extended(x, `<x>${times(SAML_MESSAGE_BYTES_MAX, "x")}</x>`),
  ],
  [
    "G04 deep nesting below the assertion, attacker's key",
    ["xml_limit"],
    (s) =>
      mallorys(s, (a) =>
        putAfter(a, "</Conditions>", `<Advice>${times(400, '<x xmlns="urn:x">')}${times(400, "</x>")}</Advice>`),
      ),
  ],
  [
    "G04 the deepest nesting that the bytes allow",
    ["xml_limit"],
    (_s, x) => extended(x, times(ROOM / 7, "<x>") + times(ROOM / 7, "</x>")),
  ],
  ["G05 as many elements as the bytes allow", ["xml_limit"], (_s, x) => extended(x, fill("<x/>"))],
  [
    "G06 as many attributes on one element as the bytes allow",
    ["xml_limit"],
    (_s, x) => extended(x, `<x ${times(20_000, (i) => `a${i}="" `)}/>`),
  ],
  [
    "G06 as many namespaced attributes as the bytes allow",
    ["xml_limit"],
    (_s, x) => extended(x, `<x xmlns:p="urn:p" ${times(15_000, (i) => `p:a${i}="" `)}/>`),
  ],
  [
    "G07 as many namespace declarations on the root as the bytes allow",
    ["xml_limit"],
    (_s, x) =>
      withAttribute(
        x,
        times(8_000, (i) => `xmlns:n${i}="urn:x" `),
      ),
  ],
  [
    "G08 every nested element declares a namespace that all its descendants use",
    ["digest_mismatch", "xml_limit"],
    (_s, x) =>
      putAfter(
        x,
        "</Conditions>",
        times(45, (i) => `<n${i}:x xmlns:n${i}="urn:${times(5_000, "x")}">`) + times(45, (i) => `</n${44 - i}:x>`),
      ),
  ],
  [
    "G08 many elements, each with declarations",
    ["xml_limit"],
    (_s, x) =>
      extended(
        x,
        times(2_000, (i) => `<x xmlns:a="urn:${i}" xmlns:b="urn:b${i}"/>`),
      ),
  ],
  [
    "G09 thousands of References",
    ["xml_limit", "signature_malformed"],
    (_s, x) => putAfter(x, cut(x, "Reference"), times(300, cut(x, "Reference"))),
  ],
  [
    "G10 thousands of c14n transforms in one Reference",
    ["signature_transform", "signature_malformed"],
    (_s, x) => putBefore(x, "</Transforms>", times(2_500, `<Transform Algorithm="${C14N.exclusive}"/>`)),
  ],
  [
    "G11 an XPath transform with an expensive expression",
    ["signature_transform"],
    (_s, x) =>
      putBefore(
        x,
        "</Transforms>",
        `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>${times(500, "count(//*[")}1${times(500, "])")}</XPath></Transform>`,
      ),
  ],
  [
    "G12 an XSLT transform with nested loops",
    ["signature_transform"],
    (_s, x) =>
      putBefore(
        x,
        "</Transforms>",
        `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">${times(20, '<xsl:for-each select="//*">')}${times(20, "</xsl:for-each>")}</xsl:stylesheet></Transform>`,
      ),
  ],
  [
    "G13 hundreds of Signature elements",
    ["signature_misplaced", "xml_limit", "signature_malformed"],
    (_s, x) => putBefore(x, "<samlp:Status>", times(100, cut(x, "Signature"))),
  ],
  [
    "G13 thousands of empty Signature elements",
    ["signature_misplaced", "signature_malformed"],
    (_s, x) =>
      putBefore(
        x,
        "<samlp:Status>",
        times(5_000, `<Signature xmlns="${NS.ds}"/>`)
          .replaceAll(` xmlns="${NS.ds}"`, "")
          .replace(/^.*$/s, (all) => `<w xmlns="${NS.ds}">${all}</w>`),
      ),
  ],
  [
    "G14 thousands of forged assertions",
    ["assertion_not_single", "xml_limit"],
    (_s, x) =>
      putBefore(
        x,
        "<Assertion",
        times(3_000, (i) => `<Assertion xmlns="${NS.saml}" ID="_${i}"/>`)
          .replaceAll(` xmlns="${NS.saml}"`, "")
          .replace(/^.*$/s, (all) => `<w xmlns="${NS.saml}">${all}</w>`),
      ),
  ],
  [
    "G15 a SignatureValue as long as the bytes allow",
    ["signature_malformed", "signature_invalid"],
    (_s, x) => swap(x, "<SignatureValue>", `<SignatureValue>${fill("QUJD")}`),
  ],
  [
    "G15 a DigestValue as long as the bytes allow",
    ["signature_malformed", "signature_invalid"],
    (_s, x) => swap(x, "<DigestValue>", `<DigestValue>${fill("QUJD")}`),
  ],
  [
    "G15 megabytes of SignatureValue",
    ["message_too_large"],
    (_s, x) => swap(x, "<SignatureValue>", `<SignatureValue>${times(1_000_000, "QUJD")}`),
  ],
  [
    "G16 KeyValue with a 64-kbit modulus and a huge exponent",
    ["signature_invalid"],
    (s) =>
      s.mallory
        .respond({
          ...s.options,
          signature: {
            keyInfo: `<KeyValue><RSAKeyValue><Modulus>${times(2_730, "////")}</Modulus><Exponent>${times(2_730, "////")}</Exponent></RSAKeyValue></KeyValue>`,
          },
        })
        .then((r) => r.xml),
  ],
  [
    "G17 a KeyInfo with thousands of certificates",
    ["signature_malformed", "signature_invalid"],
    (_s, x) => putBefore(x, "</X509Data>", times(90, cut(x, "X509Certificate"))),
  ],
  [
    "G18 an attribute value as long as the bytes allow, full of references",
    ["digest_mismatch"],
    (_s, x) => swap(x, "<NameID ", `<NameID NameQualifier="${times(ROOM / 5, "&lt;")}" `),
  ],
  [
    "G19 a PrefixList with tens of thousands of prefixes",
    ["signature_transform", "signature_malformed"],
    (_s, x) =>
      swap(
        x,
        `<Transform Algorithm="${C14N.exclusive}"/>`,
        `<Transform Algorithm="${C14N.exclusive}"><InclusiveNamespaces xmlns="${NS.ec}" PrefixList="${times(30_000, (i) => `p${i} `)}"/></Transform>`,
      ),
  ],
  ["G20 a comment as long as the bytes allow", [], (_s, x) => extended(x, `<!--${fill("- ")}-->`)],
  ["G20 thousands of comments", [], (_s, x) => extended(x, fill("<!---->"))],
  [
    "G20 thousands of CDATA sections in one text",
    ["digest_mismatch"],
    (_s, x) => putAfter(x, "<AttributeValue>", fill("<![CDATA[x]]>")),
  ],
  [
    "G20 thousands of character references",
    ["digest_mismatch"],
    (_s, x) => putAfter(x, "<AttributeValue>", fill("&#65;")),
  ],
  [
    "G21 a namespace URI as long as the bytes allow, used by thousands of elements",
    ["xml_limit", "digest_mismatch", "xml_namespace"],
    (_s, x) =>
      putAfter(
        x,
        "</Conditions>",
        `<Advice><p:x xmlns:p="urn:${times(60_000, "x")}">${times(4_000, "<y p:a=''/>").replace(/^/, `${TRANSFORM_ENVELOPED} `)}</p:x></Advice>`,
      ),
  ],
  ["G22 an unfinished comment of the whole size", ["xml_malformed"], (_s, x) => `${x}<!--${fill("-x")}`],
  [
    "G22 an attribute that is never closed",
    ["xml_malformed"],
    (_s, x) => putBefore(x, "<samlp:Status>", `<x a="${fill("xx")}`),
  ],
  ["G22 a tag that is never closed", ["xml_malformed"], (_s, x) => `${x}<${fill("x")}`],
  ["G22 thousands of opening brackets", ["xml_malformed"], (_s, x) => putBefore(x, "<samlp:Status>", fill("<"))],
];

describe("G: resource exhaustion", () => {
  honestTwin();

  for (const [name, codes, craft] of ROWS) {
    it(name, async () => {
      const s = await scene();
      const { xml } = await s.own();
      const message = await craft(s, xml);
      const started = Date.now();
      if (codes.length > 0) await mustRefuse(message, codes, s);
      else await mustRefuse(message, [], s).catch(() => {}); // Harmless filling may pass or be refused; what counts is the time.
      expect(Date.now() - started).toBeLessThan(MILLISECONDS_MAX);
    });
  }
});
