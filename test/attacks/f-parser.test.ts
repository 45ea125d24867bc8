/** Group F: documents that are not well formed, hold a DTD, or are not UTF-8. The signature is good; only the reader stands between. Rules R12, R14, R15. */
import { describe, expect, it } from "vitest";
import { NS } from "../../src/saml/terms.ts";
import { ATTACKER, asVictim, type Code, mustAccept, outcomeOf, scene } from "../support/messages/scene.ts";
import { cut, drop, idOf, putAfter, putBefore, swap, withId } from "../support/messages/surgery.ts";
import { attack, honestTwin, WRAPPED } from "./catalogue.ts";

const MALFORMED: readonly Code[] = ["xml_malformed"];
const STATUS = "<samlp:Status>";
/** In the part that no signature covers. */
const unsignedPart = (xml: string, what: string) => putBefore(xml, STATUS, what);
const extended = (xml: string, what: string) => unsignedPart(xml, `<samlp:Extensions>${what}</samlp:Extensions>`);
const bytes = (text: string) => new TextEncoder().encode(text);

function spliceBytes(xml: string, at: string, what: readonly number[], removed = 0): Uint8Array {
  const all = bytes(xml);
  const index = bytes(xml.slice(0, xml.indexOf(at))).length;
  return Uint8Array.from([...all.subarray(0, index), ...what, ...all.subarray(index + removed)]);
}

describe("F: parser, well-formedness, DTD, encoding", () => {
  honestTwin();

  const doctypes: readonly [string, (xml: string) => string][] = [
    ["F01 an empty internal subset", (x) => `<!DOCTYPE Response []>${x}`],
    ["F02 a bare DOCTYPE", (x) => `<!DOCTYPE samlp:Response>${x}`],
    ["F03 an internal entity", (x) => `<!DOCTYPE r [<!ENTITY e "x">]>${x}`],
    ["F04 an external DTD subset on loopback", (x) => `<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">${x}`],
    ["F04 a public identifier", (x) => `<!DOCTYPE r PUBLIC "-//X//EN" "http://127.0.0.1:9/x.dtd">${x}`],
    ["F05 a parameter entity", (x) => `<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>${x}`],
    [
      "F06 an ATTLIST default supplies InResponseTo",
      (x) =>
        `<!DOCTYPE r [<!ATTLIST samlp:Response InResponseTo CDATA "_request-1">]>${drop(x, ' InResponseTo="_request-1"')}`,
    ],
    [
      "F07 first and second definition of an entity differ",
      (x) =>
        `<!DOCTYPE r [<!ENTITY u "${ATTACKER}"><!ENTITY u "victim@corp.example">]>${swap(x, `>${ATTACKER}<`, ">&u;<")}`,
    ],
    [
      "F08 an external general entity in the NameID",
      (x) => `<!DOCTYPE r [<!ENTITY u SYSTEM "file:///etc/passwd">]>${swap(x, `>${ATTACKER}<`, ">&u;<")}`,
    ],
    [
      "F09 a NOTATION with mixed quotes before a comment that holds the forgery",
      (x) => `<!DOCTYPE r [<!NOTATION n PUBLIC "'" '"-->'>]><!--${asVictim(x).replaceAll("--", "")}-->${x}`,
    ],
    ["F44 lower-case doctype html", (x) => `<!doctype html>${x}`],
    ["F44 mixed-case DocType", (x) => `<!DocType r>${x}`],
    ["F47 a DOCTYPE after a comment", (x) => `<!-- x -->\n<!DOCTYPE r>${x}`],
    ["F47 a DOCTYPE after the XML declaration and white space", (x) => `<?xml version="1.0"?>\n\n<!DOCTYPE r>${x}`],
    ["F47 a DOCTYPE after the root", (x) => `${x}<!DOCTYPE r>`],
    ["F47 a DOCTYPE inside the root", (x) => unsignedPart(x, "<!DOCTYPE r>")],
    [
      "F48 an ID that is an entity",
      (x) =>
        `<!DOCTYPE r [<!ENTITY i "${idOf(cut(x, "Assertion"))}">]>${putBefore(x, "<Assertion", withId(asVictim(cut(x, "Assertion")), "&i;"))}`,
    ],
    ["F48 an ELEMENT declaration outside a DOCTYPE", (x) => unsignedPart(x, "<!ELEMENT x ANY>")],
    ["F48 an ENTITY declaration outside a DOCTYPE", (x) => `<!ENTITY x "y">${x}`],
  ];
  for (const [name, change] of doctypes) {
    attack(name, ["xml_doctype", "xml_malformed"], async (s) => change((await s.own()).xml));
  }

  const malformed: readonly [string, (xml: string) => string, (readonly Code[])?][] = [
    ["F10 two roots: the genuine Response twice", (x) => x + x],
    [
      "F11 a forged Response followed by the genuine one",
      (x) => withId(asVictim(drop(x, cut(x, "Signature"))), "_f") + x,
    ],
    [
      "F11 the genuine Response followed by a forged one",
      (x) => x + withId(asVictim(drop(x, cut(x, "Signature"))), "_f"),
    ],
    ["F12 text before the root", (x) => `x${x}`],
    ["F12 text after the root", (x) => `${x}x`],
    ["F12 a character reference after the root", (x) => `${x}&#32;`],
    ["F12 CDATA after the root", (x) => `${x}<![CDATA[ ]]>`],
    ["F13 an empty document", () => " ", [...MALFORMED, "message_missing", "base64_invalid"]],
    ["F14 a duplicate attribute", (x) => swap(x, "<samlp:Status>", '<samlp:Status a="1" a="2">')],
    ["F14 a duplicate ID attribute", (x) => swap(x, "<samlp:Response ", '<samlp:Response ID="_x" ')],
    ["F14 a duplicate declaration", (x) => swap(x, "<samlp:Status>", '<samlp:Status xmlns:a="urn:1" xmlns:a="urn:2">')],
    [
      "F15 two prefixes of one namespace give one expanded attribute name",
      (x) => swap(x, "<samlp:Status>", '<samlp:Status xmlns:a="urn:1" xmlns:b="urn:1" a:x="1" b:x="2">'),
      ["xml_namespace", "xml_malformed"],
    ],
    ["F16 an unquoted attribute", (x) => swap(x, "<samlp:Status>", "<samlp:Status a=1>")],
    ["F17 no space between attributes", (x) => swap(x, "<samlp:Status>", '<samlp:Status a="1"b="2">')],
    ["F18 an attribute minimised to its name", (x) => swap(x, "<samlp:Status>", "<samlp:Status a>")],
    ["F19 a raw < in an attribute value", (x) => swap(x, "<samlp:Status>", '<samlp:Status a="<">')],
    ["F20 an end tag that differs in case", (x) => swap(x, "</samlp:Status>", "</samlp:STATUS>")],
    ["F20 crossed end tags", (x) => unsignedPart(x, "<a><b></a></b>")],
    ["F21 the root is never closed", (x) => drop(x, "</samlp:Response>")],
    ["F21 an element is never closed", (x) => unsignedPart(x, "<a>")],
    ["F21 an end tag too many", (x) => unsignedPart(x, "</a>")],
    ["F22 an undefined entity reference", (x) => extended(x, "<x>&nbsp;</x>")],
    ["F22 an undefined entity reference in an attribute", (x) => extended(x, '<x a="&nbsp;"/>')],
    ["F22 a predefined entity in other case", (x) => extended(x, "<x>&AMP;</x>")],
    ["F23 a bare &", (x) => extended(x, "<x>a & b</x>")],
    ["F23 an unfinished reference", (x) => extended(x, "<x>&amp</x>")],
    ["F23 an unfinished character reference", (x) => extended(x, "<x>&#65</x>")],
    ["F23 an empty character reference", (x) => extended(x, "<x>&#;</x>")],
    ["F23 a hexadecimal reference with a capital X", (x) => extended(x, "<x>&#X41;</x>")],
    ["F24 ]]> in text", (x) => extended(x, "<x>]]></x>")],
    ["F25 a comment with -- inside", (x) => extended(x, "<!-- a -- b -->")],
    ["F25 a comment that ends in --->", (x) => extended(x, "<!-- a --->")],
    [
      "F26 --!> closes a comment for HTML only",
      (x) => extended(x, `<!-- --!>${cut(asVictim(x), "Assertion")}<!-- -->`),
    ],
    ["F26 <!--> as a whole comment", (x) => extended(x, "<!-->")],
    ["F27 an undeclared prefix on an element", (x) => extended(x, "<u:x/>"), ["xml_namespace", "xml_malformed"]],
    [
      "F27 an undeclared prefix on an attribute",
      (x) => extended(x, '<x u:a="1"/>'),
      ["xml_namespace", "xml_malformed"],
    ],
    [
      "F28 xmlns:xml bound to another URI",
      (x) => swap(x, STATUS, '<samlp:Status xmlns:xml="urn:x">'),
      ["xml_namespace"],
    ],
    [
      "F28 another prefix bound to the xml namespace",
      (x) => swap(x, STATUS, `<samlp:Status xmlns:x="${NS.xml}">`),
      ["xml_namespace"],
    ],
    [
      "F28 the default namespace bound to the xml namespace",
      (x) => extended(x, `<x xmlns="${NS.xml}"/>`),
      ["xml_namespace"],
    ],
    ["F29 xmlns:xmlns declared", (x) => swap(x, STATUS, '<samlp:Status xmlns:xmlns="urn:x">'), ["xml_namespace"]],
    [
      "F29 xmlns:xmlns declared with its own URI",
      (x) => swap(x, STATUS, `<samlp:Status xmlns:xmlns="${NS.xmlns}">`),
      ["xml_namespace"],
    ],
    [
      "F30 a prefix bound to the xmlns URI",
      (x) => swap(x, STATUS, `<samlp:Status xmlns:x="${NS.xmlns}" x:saml="urn:y">`),
      ["xml_namespace"],
    ],
    [
      "F30 the default namespace bound to the xmlns URI",
      (x) => extended(x, `<x xmlns="${NS.xmlns}"/>`),
      ["xml_namespace"],
    ],
    [
      "F31 a prefix undeclared (Namespaces 1.1)",
      (x) => swap(x, STATUS, '<samlp:Status xmlns:x="">'),
      ["xml_namespace"],
    ],
    ["F31 an element with the prefix xmlns", (x) => extended(x, "<xmlns:x/>"), ["xml_namespace", "xml_malformed"]],
    ["F32 &#0; after the NameID", (x) => swap(x, `>${ATTACKER}<`, `>${ATTACKER}&#0;<`)],
    ["F33 &#1; in an unsigned part", (x) => extended(x, "<x>&#1;</x>")],
    ["F33 a raw U+0001", (x) => extended(x, "<x>\u0001</x>")],
    ["F33 a raw NUL", (x) => extended(x, "<x>\u0000</x>"), ["xml_malformed", "xml_encoding"]],
    ["F34 &#xD800;", (x) => extended(x, "<x>&#xD800;</x>")],
    ["F34 &#xFFFE;", (x) => extended(x, "<x>&#xFFFE;</x>")],
    ["F34 &#x110000;", (x) => extended(x, "<x>&#x110000;</x>")],
    ["F34 a reference that overflows", (x) => extended(x, "<x>&#4294967361;</x>")],
    ["F34 a reference with two hundred digits", (x) => extended(x, `<x>&#${"9".repeat(200)};</x>`)],
    ["F34 a raw U+FFFF", (x) => extended(x, "<x>\uffff</x>")],
    ["F40 XML 1.1", (x) => `<?xml version="1.1"?>${x}`, ["xml_malformed", "xml_encoding"]],
    ["F40 an XML declaration without a version", (x) => `<?xml encoding="UTF-8"?>${x}`],
    ["F40 an XML declaration with attributes out of order", (x) => `<?xml encoding="UTF-8" version="1.0"?>${x}`],
    [
      "F42 an XML declaration inside the document",
      (x) => unsignedPart(x, '<?xml version="1.0"?>'),
      ["xml_malformed", "xml_processing_instruction"],
    ],
    [
      "F42 a second XML declaration",
      (x) => `<?xml version="1.0"?><?xml version="1.0"?>${x}`,
      ["xml_malformed", "xml_processing_instruction"],
    ],
    [
      "F42 white space before the XML declaration",
      (x) => ` <?xml version="1.0"?>${x}`,
      ["xml_malformed", "xml_processing_instruction"],
    ],
    ["F43 an element name a:b:c", (x) => extended(x, '<a:b:c xmlns:a="urn:a"/>'), ["xml_namespace", "xml_malformed"]],
    ["F43 an element name that ends in a colon", (x) => extended(x, "<a:/>"), ["xml_namespace", "xml_malformed"]],
    ["F43 an element name that begins with a colon", (x) => extended(x, "<:a/>"), ["xml_namespace", "xml_malformed"]],
    ["F43 a declaration xmlns:", (x) => extended(x, '<a xmlns:="urn:a"/>'), ["xml_namespace", "xml_malformed"]],
    ["F43 an element name that begins with a digit", (x) => extended(x, "<1a/>")],
    ["F43 a space before the element's name", (x) => extended(x, "< a/>")],
    ["F43 a slash apart from >", (x) => extended(x, "<a/ >")],
    [
      "F45 comment and CDATA delimiters interleaved",
      (x) => extended(x, `<x><!-- <![CDATA[ --> ]]>${cut(asVictim(x), "Assertion")}<!-- ]]> --></x>`),
    ],
    ["F46 U+FEFF between declaration and root", (x) => `<?xml version="1.0"?>\ufeff${x}`],
    ["F46 two byte-order marks", (x) => `\ufeff\ufeff${x}`],
    ["F50 an unfinished comment", (x) => `${x}<!-- `],
    ["F50 an unfinished CDATA section", (x) => extended(x, "<![CDATA[ ")],
    ["F50 an unfinished tag", (x) => `${x}<a`],
    ["F50 a lone <", (x) => extended(x, "<x> < </x>")],
    ["F50 attributes on an end tag", (x) => swap(x, "</samlp:Status>", '</samlp:Status a="1">')],
    ["F50 lower-case CDATA", (x) => extended(x, "<x><![cdata[a]]></x>"), ["xml_malformed", "xml_doctype"]],
    ["F50 CDATA outside the root", (x) => `<![CDATA[]]>${x}`, ["xml_malformed", "xml_doctype"]],
  ];
  for (const [name, change, codes] of malformed) {
    attack(name, codes ?? MALFORMED, async (s) => bytes(change((await s.own()).xml)));
  }

  attack("F49 saml:Assertion inside an unsigned wrapper before the genuine one", WRAPPED, async (s) => {
    const { xml } = await s.own();
    const assertion = cut(xml, "Assertion");
    return putBefore(xml, assertion, `<w>${withId(asVictim(drop(assertion, cut(xml, "Signature"))), "_f")}</w>`);
  });

  attack("F35 the @ of an unsigned part as overlong C1 80", "xml_encoding", async (s) =>
    spliceBytes(extended((await s.own()).xml, "<x>a@b</x>"), "@b</x>", [0xc1, 0x80], 1),
  );
  for (const [name, octets] of [
    ["a lone continuation byte", [0x80]],
    ["an unfinished sequence", [0xc3]],
    ["an encoded surrogate", [0xed, 0xa0, 0x80]],
    ["a code point above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["FE", [0xfe]],
    ["overlong NUL", [0xc0, 0x80]],
    ["an overlong three-byte solidus", [0xe0, 0x80, 0xaf]],
  ] as const) {
    for (const place of ["b</x>", "</samlp:Response>"]) {
      attack(`F35 ${name} before ${place}`, "xml_encoding", async (s) =>
        spliceBytes(extended((await s.own()).xml, "<x>ab</x>"), place, octets),
      );
    }
  }
  for (const [name, encode] of [
    ["F36 UTF-16LE with a byte-order mark", (x: string) => Uint8Array.from(Buffer.from(`\ufeff${x}`, "utf16le"))],
    ["F36 UTF-16LE without one", (x: string) => Uint8Array.from(Buffer.from(x, "utf16le"))],
    [
      "F36 UTF-16BE with a byte-order mark",
      (x: string) => Uint8Array.from(Buffer.from(`\ufeff${x}`, "utf16le").swap16()),
    ],
    [
      "F37 UTF-16 declared, UTF-16LE sent",
      (x: string) => Uint8Array.from(Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${x}`, "utf16le")),
    ],
    ["F37 UTF-16 declared, UTF-8 sent", (x: string) => bytes(`<?xml version="1.0" encoding="UTF-16"?>${x}`)],
    [
      "F38 UTF-7 declared; a forged assertion as UTF-7 text",
      (x: string) =>
        bytes(`<?xml version="1.0" encoding="UTF-7"?>${extended(x, "+ADw-Assertion+AD4-+ADw-/Assertion+AD4-")}`),
    ],
    ["F39 ISO-8859-1 declared", (x: string) => bytes(`<?xml version="1.0" encoding="ISO-8859-1"?>${x}`)],
    ["F39 windows-1252 declared", (x: string) => bytes(`<?xml version='1.0' encoding='windows-1252'?>${x}`)],
    ["F39 US-ASCII declared", (x: string) => bytes(`<?xml version="1.0" encoding="US-ASCII"?>${x}`)],
    ["F39 an encoding that begins like UTF-8", (x: string) => bytes(`<?xml version="1.0" encoding="UTF-8-MAC"?>${x}`)],
    ["F39 EBCDIC declared", (x: string) => bytes(`<?xml version="1.0" encoding="IBM037"?>${x}`)],
  ] as const) {
    attack(name, ["xml_encoding"], async (s) => encode((await s.own()).xml));
  }

  it("F51 what honest senders do to the same document is accepted", async () => {
    const s = await scene();
    const { xml } = await s.own();
    for (const honest of [
      `<?xml version="1.0"?>${xml}`,
      `<?xml version="1.0" encoding="UTF-8"?>\n${xml}\n`,
      `<?xml version='1.0' encoding='utf-8' standalone="no" ?>\r\n${xml}\r\n`,
      `\ufeff<?xml version="1.0" encoding="utf-8"?>${xml}`,
      `<!-- made by a proxy -->${xml}<!-- so it is -->`,
      unsignedPart(xml, "<!-- x -->"),
      xml.replaceAll('"', "'"),
      xml.replaceAll(/<samlp:StatusCode ([^/]*)\/>/g, "<samlp:StatusCode  $1 ></samlp:StatusCode >"),
    ]) {
      expect((await mustAccept(honest, s)).nameID.value).toBe(ATTACKER);
    }
  });

  it("F52 every prefix of a genuine message is refused", async () => {
    const s = await scene();
    const { xml } = await s.own();
    for (let end = 0; end < xml.length; end += 53) {
      expect(await outcomeOf(bytes(xml.slice(0, end)), s), `the first ${end} characters`).toMatchObject({ ok: false });
    }
    expect(await outcomeOf(putAfter(xml, "</samlp:Response>", ""), s)).toMatchObject({ ok: true });
  });
});
