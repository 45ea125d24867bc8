import { describe, expect, it } from "vitest";
import type { SamlRefusalCode } from "../../src/saml/refusal.ts";
import { readXml } from "../../src/saml/xml.ts";

/** The production or section, the document with § where the refusal points, and the code when it is not xml_malformed. */
type Case = readonly [rule: string, document: string, code?: SamlRefusalCode];

const XML_NS = "http://www.w3.org/XML/1998/namespace";
const XMLNS_NS = "http://www.w3.org/2000/xmlns/";

const DOCUMENT: readonly Case[] = [
  ["[1] nothing at all", "§"],
  ["[1] white space only", "  \n§"],
  ["[1] a comment only", "<!-- a -->§"],
  ["[1] two roots", "<a/>§<b/>"],
  ["[1] two roots with a comment between", "<a></a><!-- x -->\n§<a/>"],
  ["[1] text before the root", "§x<a/>"],
  ["[1] text after the root", "<a/>§x"],
  ["[1] a second byte-order mark before the root", "\ufeff§\ufeff<a/>"],
  ["[1] a character that begins as a byte-order mark does", "§\ufefe<a/>"],
  ["[1] a byte-order mark after the XML declaration", '<?xml version="1.0"?>§\ufeff<a/>'],
  ["[1] a no-break space before the root", "§\u00a0<a/>"],
  ["[1] a reference after the root", "<a/>§&#32;"],
  ["[1] CDATA after the root", "<a/>§<![CDATA[ ]]>"],
  ["[1] CDATA for the root", "§<![CDATA[<a/>]]>"],
  ["[1] an end tag first", "§</a>"],
  ["[1] an end tag too many", "<a></a>§</a>"],
  ["[1] a lone <", "§<"],
  ["[1] a root that never ends", "<a>§"],
  ["[1] a root that never ends, with text", "<a><b/>text§"],
  ["[1] a child that never ends", "<a><b>§</a>"],
  ["[1] JSON", '§{"a":1}'],
];

const CHARACTERS: readonly Case[] = [
  ["[2] NUL in text", "<a>12345§\0</a>"],
  ["[2] U+0001 in text", "<a>§\u0001</a>"],
  ["[2] U+0008 in a value", "<a b='§\u0008'/>"],
  ["[2] a vertical tab between attributes", "<a§\u000bb='c'/>"],
  ["[2] a form feed in a comment", "<a><!--§\f--></a>"],
  ["[2] U+001F in CDATA", "<a><![CDATA[§\u001f]]></a>"],
  ["[2] U+FFFE in text", "<a>é§\ufffe</a>"],
  ["[2] U+FFFF in a value", "<a b='\u{1f600}§\uffff'/>"],
  ["[2] U+FFFF before a control character", "<a>§\uffff\u0001</a>"],
  ["[2] a control character after characters of every size", "<a>\u007f\u0080\u07ff\u0800\uffef\u{10000}§\u0001</a>"],
  ["[2] a control character before U+FFFF", "<a>\u2028§\u0001\uffff\ufffe</a>"],
  ["[2] U+FFFE after the root", "<a/>\n§\ufffe"],
];

const NAMES: readonly Case[] = [
  ["[4] a digit first", "§<1a/>"],
  ["[4] a hyphen first", "§<-a/>"],
  ["[4] a dot first", "§<.a/>"],
  ["[4] a combining accent first", "§<\u0300a/>"],
  ["[4] a middle dot first", "§<·a/>"],
  ["[4] a multiplication sign", "<a§×/>"],
  ["[4] a Greek question mark", "<a§\u037e/>"],
  ["[4] a character beyond the names' planes", "<a§\u{f0000}/>"],
  ["[4] a no-break space in a name", "<a§\u00a0b='c'/>"],
  ["[4] a space before the name", "§< a/>"],
  ["[4] a question mark in a name", "<a§?/>"],
  ["[41] an attribute that starts with a digit", "<a §1b='c'/>"],
  ["[41] an attribute without a name", "<a §='c'/>"],
];

const TAGS: readonly Case[] = [
  ["[40] a tag without an end", "<a§"],
  ["[40] a tag without an end, after an attribute", "<a b='c'§"],
  ["[40] a tag without an end, after a blank", "<a §"],
  ["[40] a tag within a tag", "<a §<b/>></a>"],
  ["[40] attributes without white space between", "<a b='c'§d='e'/>"],
  ["[40] a slash before an attribute", "<a §/ b='c'>"],
  ["[44] a slash and no >", "<a§/ >"],
  ["[44] two slashes", "<a§//>"],
  ["[41] a name without a value", "<a b§/>"],
  ["[41] a name without a value before another", "<a b §c='d'/>"],
  ["[41] two equals signs", "<a b=§='c'/>"],
  ["[10] a value without quotes", "<a b=§c/>"],
  ["[10] a value in typographic quotes", "<a b=§“c”/>"],
  ["[10] a value that ends with the other quote", "<a b=§'c\"/>"],
  ["[10] a value that never ends", "<a b=§'c"],
  ["[10] a value that never ends, with a reference", "<a b=§'&amp;c"],
  ["[10] a < in a value", "<a b='c§<d'/>"],
  ["[10] a < in a value after a line end", "<a b='\nc§<d'/>"],
  ["[10] a bare & in a value", "<a b='c §& d'/>"],
  ["[10] an & at the end of a value", "<a b='c§&'/>"],
  ["3.1 the same attribute twice", "§<a b='c' b='c'/>"],
  ["3.1 the same prefixed attribute twice", "§<a xml:lang='c' xml:lang='d'/>"],
  [
    "3.1 the same attribute twice among many",
    `§<a ${Array.from({ length: 20 }, (_, i) => `b${i}='1'`).join(" ")} b7='2'/>`,
  ],
  ["3.1 the same declaration twice", "<a xmlns:p='urn:p' §xmlns:p='urn:p'/>"],
  ["3.1 the default declaration twice", "<a xmlns='urn:p' §xmlns='urn:q'/>"],
  ["[39] an end tag of another name", "<a><b>§</a></b>"],
  ["[39] an end tag in another case", "<a>§</A>"],
  ["[39] an end tag that goes on", "<a>§</ab>"],
  ["[39] an end tag that stops short", "<abcdef>§</abcde>"],
  ["[39] an end tag with another prefix of the same namespace", "<p:a xmlns:p='urn:p' xmlns:q='urn:p'>§</q:a>"],
  ["[39] an end tag with another letter beyond ASCII", "<é>§</è>"],
  ["[39] an end tag with another letter beyond ASCII, far in", "<abcdefé>§</abcdefè>"],
  ["[39] an end tag with another half of a surrogate pair", "<a\u{10000}>§</a\u{10001}>"],
  ["[42] an attribute in an end tag", "<a>§</a b='c'>"],
  ["[42] an end tag with a blank before the name", "<a>§</ a>"],
  ["[42] an end tag without an end", "<a>§</a"],
  ["[42] an end tag without a name", "<a>§</>"],
];

const CONTENT: readonly Case[] = [
  ["[14] ]]> in text", "<a>b§]]>c</a>"],
  ["[14] ]]> in text after CDATA", "<a><![CDATA[]]>§]]></a>"],
  ["[14] ]]]> in text", "<a>]§]]></a>"],
  ["[14] a bare & in text", "<a>b §& c</a>"],
  ["[14] an & before a tag", "<a>§&<b/></a>"],
  ["[14] a bare < in text", "<a>1 §< 2</a>"],
  ["[14] an & where the message ends", "<a>&§"],
  ["[15] -- in a comment", "<a><!-- b §-- c --></a>"],
  ["[15] a comment that ends with --->", "<a><!-- b §---></a>"],
  ["[15] a comment closed as HTML would", "<a><!-- b §--!></a>"],
  ["[15] a comment that never ends", "<a>§<!-- b "],
  ["[15] a comment that never ends but for ->", "<a>§<!--></a>"],
  ["[15] a comment before the root that never ends", "§<!-- <a/>"],
  ["[15] half a comment", "<a>§<!- b --></a>"],
  ["[18] CDATA that never ends", "<a>§<![CDATA[ b </a>"],
  ["[19] CDATA in small letters", "<a>§<![cdata[b]]></a>"],
  ["[19] CDATA with a blank", "<a>§<![ CDATA[b]]></a>"],
  ["[18] CDATA in CDATA", "<a><![CDATA[<![CDATA[b]]>§]]></a>"],
  ["[61] a conditional section", "<a>§<![INCLUDE[b]]></a>"],
  ["[45] an element declaration", "<a>§<!ELEMENT b ANY></a>"],
  ["[70] an entity declaration", '§<!ENTITY b "c"><a/>'],
  ["markup of no kind", "<a>§<!></a>"],
];

const REFERENCES: readonly Case[] = [
  ["[68] an entity that is not predefined", "<a>§&nbsp;</a>"],
  ["[68] an entity that is not predefined, in a value", "<a b='§&eacute;'/>"],
  ["[68] a predefined entity in capitals", "<a>§&AMP;</a>"],
  ["[68] a reference without its semicolon", "<a>§&amp b</a>"],
  ["[68] a reference with a blank", "<a>§&amp ;</a>"],
  ["[68] a reference without a name", "<a>§&;</a>"],
  ["[68] a reference that goes on", "<a>§&ampx;</a>"],
  ["[69] a parameter entity is text outside a document type, its & is not", "<a>%b; §&b;</a>"],
  ["[66] a character reference without digits", "<a>§&#;</a>"],
  ["[66] a hexadecimal reference without digits", "<a>§&#x;</a>"],
  ["[66] a hexadecimal reference with a capital X", "<a>§&#X41;</a>"],
  ["[66] a letter in a decimal reference", "<a>§&#4a;</a>"],
  ["[66] a letter past F", "<a>§&#x4g;</a>"],
  ["[66] a reference without its semicolon", "<a>§&#65</a>"],
  ["[66] a sign", "<a>§&#+65;</a>"],
  ["[66] a blank", "<a>§&# 65;</a>"],
  ["[66] Arabic digits", "<a>§&#\u0661;</a>"],
  ["4.1 &#0;", "<a>§&#0;</a>"],
  ["4.1 &#1;", "<a>§&#1;</a>"],
  ["4.1 &#x1F; in a value", "<a b='§&#x1F;'/>"],
  ["4.1 half a surrogate pair", "<a>§&#xD800;</a>"],
  ["4.1 a surrogate pair", "<a>§&#xD83D;&#xDE00;</a>"],
  ["4.1 U+FFFE", "<a>§&#xFFFE;</a>"],
  ["4.1 U+FFFF", "<a b='§&#65535;'/>"],
  ["4.1 past the last code point", "<a>§&#x110000;</a>"],
  ["4.1 past 2^32, which would come back as A", "<a>§&#4294967361;</a>"],
  ["4.1 past 2^64", "<a>§&#x10000000000000041;</a>"],
];

const DECLARATIONS: readonly Case[] = [
  ["[23] a blank first", " §<?xml version='1.0'?><a/>"],
  ["[23] inside the root", "<a>§<?xml version='1.0'?></a>"],
  ["[23] twice", "<?xml version='1.0'?>§<?xml version='1.0'?><a/>"],
  ["[23] in capitals", "§<?XML version='1.0'?><a/>"],
  ["[23] without a version", "§<?xml encoding='UTF-8'?><a/>"],
  ["[23] with nothing", "§<?xml ?><a/>"],
  ["[23] in another order", "§<?xml encoding='UTF-8' version='1.0'?><a/>"],
  ["[23] standalone before the encoding", "§<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>"],
  ["[23] that never ends", "§<?xml version='1.0' <a/>"],
  ["[23] that ends as a tag", "§<?xml version='1.0'><a/>"],
  ["[23] with something else", "§<?xml version='1.0' a='b'?><a/>"],
  ["[23] without white space", "§<?xml version='1.0'encoding='UTF-8'?><a/>"],
  ["[23] with a no-break space", "§<?xml version='1.0'\u00a0?><a/>"],
  ["[24] without quotes", "§<?xml version=1.0?><a/>"],
  ["[24] with mixed quotes", "§<?xml version='1.0\"?><a/>"],
  ["[26] version 1.1", "§<?xml version='1.1'?><a/>"],
  ["[26] version 2.0", "§<?xml version='2.0'?><a/>"],
  ["[32] standalone maybe", "§<?xml version='1.0' standalone='maybe'?><a/>"],
  ["[81] an encoding that starts with a digit", "§<?xml version='1.0' encoding='8'?><a/>"],
  ["4.3.3 ISO-8859-1", "§<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "xml_encoding"],
  ["4.3.3 UTF-16", "§<?xml version='1.0' encoding='UTF-16'?><a/>", "xml_encoding"],
  ["4.3.3 UTF-7", "§<?xml version='1.0' encoding='UTF-7' ?><a/>", "xml_encoding"],
  ["4.3.3 UTF-8 by a name that is none", "§<?xml version='1.0' encoding='UTF8'?><a/>", "xml_encoding"],
];

const manyIds = (count: number) => Array.from({ length: count }, (_, n) => `<c ID='i${n}'/>`).join("");

const FORBIDDEN: readonly Case[] = [
  ["a document type", "§<!DOCTYPE a><a/>", "xml_doctype"],
  ["a document type with entities", '<?xml version="1.0"?>\n§<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xml_doctype"],
  ["a document type of HTML", "§<!doctype html><a/>", "xml_doctype"],
  ["a document type in mixed case", "§<!DocType a SYSTEM 'http://127.0.0.1:9/'><a/>", "xml_doctype"],
  ["a document type after a comment", "<!-- harmless -->§<!DOCTYPE a []><a/>", "xml_doctype"],
  ["a document type in the root", "<a>§<!DOCTYPE a></a>", "xml_doctype"],
  ["a document type after the root", "<a/>§<!DOCTYPE a>", "xml_doctype"],
  ["a document type in a comment", "<a><!-- §<!DOCTYPE a> --></a>", "xml_doctype"],
  ["a document type in a comment, after other markup", "<!-- <!x> <!ELEMENT §<!doctype --><a/>", "xml_doctype"],
  ["a document type in CDATA", "<a><![CDATA[é§<!DOCTYPE a>]]></a>", "xml_doctype"],
  ["a processing instruction before the root", "§<?a b?><a/>", "xml_processing_instruction"],
  ["a style sheet", "<?xml version='1.0'?>\n§<?xml-stylesheet href='a'?><a/>", "xml_processing_instruction"],
  ["a processing instruction whose name goes on after xml", "§<?xml\ufffd?><a/>", "xml_processing_instruction"],
  ["a processing instruction in the root", "<a>b§<?x?>c</a>", "xml_processing_instruction"],
  ["a processing instruction after the root", "<a/>§<?a?>", "xml_processing_instruction"],
  ["a processing instruction that is not even one", "<a>§<? b ?></a>", "xml_processing_instruction"],
  ["an ID twice", "<a ID='x'>§<b ID='x'/></a>", "xml_duplicate_id"],
  ["an ID that is an xml:id elsewhere", "<a ID='x'><c>§<b xml:id='x'/></c></a>", "xml_duplicate_id"],
  ["an ID that is an Id elsewhere", "<a Id='x'>§<b ID='x'/></a>", "xml_duplicate_id"],
  ["an id and an id", "<a><c id='x'/>§<b id='x'/></a>", "xml_duplicate_id"],
  ["an ID that is a foreign ID of the same element", "§<a xmlns:p='urn:p' ID='x' p:ID='x'/>", "xml_duplicate_id"],
  ["an ID that is a foreign Id elsewhere", "<a xmlns:p='urn:p' p:Id='x'>§<b ID='x'/></a>", "xml_duplicate_id"],
  ["an ID that is the same once its reference is resolved", "<a ID='xA'>§<b ID='x&#65;'/></a>", "xml_duplicate_id"],
  ["the first of many IDs again", `<a>${manyIds(20)}§<b ID='i0'/></a>`, "xml_duplicate_id"],
  ["the last of many IDs again", `<a>${manyIds(20)}§<b ID='i19'/></a>`, "xml_duplicate_id"],
];

const NAMESPACES: readonly Case[] = [
  ["[7] two colons in an element", "<§a:b:c xmlns:a='urn:a'/>", "xml_namespace"],
  ["[7] two colons in an attribute", "<a xmlns:b='urn:b' §b:c:d='e'/>", "xml_namespace"],
  ["[7] a colon first", "<§:a/>", "xml_namespace"],
  ["[7] a colon last", "<§a: xmlns:a='urn:a'/>", "xml_namespace"],
  ["[7] a colon alone", "<§:/>", "xml_namespace"],
  ["[7] a colon first in an attribute", "<a §:b='c'/>", "xml_namespace"],
  ["[7] a colon last in an attribute", "<a §b:='c'/>", "xml_namespace"],
  ["[7] a digit after the colon", "<§a:1 xmlns:a='urn:a'/>", "xml_namespace"],
  ["[2] a declaration of no prefix", "<a §xmlns:='urn:a'/>", "xml_namespace"],
  ["5 an element with a prefix that is not declared", "<§p:a/>", "xml_namespace"],
  ["5 an attribute with a prefix that is not declared", "§<a p:b='c'/>", "xml_namespace"],
  ["5 a prefix after its element", "<a><p:b xmlns:p='urn:p'/><§p:c/></a>", "xml_namespace"],
  ["5 a prefix in another case", "<a xmlns:p='urn:p'><§P:b/></a>", "xml_namespace"],
  ["3 the prefix xmlns for an element", "<§xmlns:a/>", "xml_namespace"],
  ["3 the prefix xmlns declared", "<a §xmlns:xmlns='urn:a'/>", "xml_namespace"],
  ["3 the prefix xmlns declared as what it is", `<a §xmlns:xmlns='${XMLNS_NS}'/>`, "xml_namespace"],
  ["3 the prefix xml declared as something else", "<a §xmlns:xml='urn:a'/>", "xml_namespace"],
  ["3 another prefix for the namespace of xml", `<a §xmlns:p='${XML_NS}'/>`, "xml_namespace"],
  ["3 the namespace of xml as the default", `<a §xmlns='${XML_NS}'/>`, "xml_namespace"],
  ["3 a prefix for the namespace of declarations", `<a §xmlns:p='${XMLNS_NS}'/>`, "xml_namespace"],
  ["3 the namespace of declarations as the default", `<a §xmlns='${XMLNS_NS}'/>`, "xml_namespace"],
  ["3 the same after another prefix was", "<a xmlns:p='urn:a'><b §xmlns:xml='urn:a'/></a>", "xml_namespace"],
  ["5 a prefix undeclared", "<a xmlns:p='urn:p'><b §xmlns:p=''/></a>", "xml_namespace"],
  ["5 a prefix undeclared where the default was", "<a xmlns=''><b §xmlns:p=''/></a>", "xml_namespace"],
  [
    "6.3 two prefixes of one namespace, one name",
    "§<a xmlns:p='urn:p' xmlns:q='urn:p' p:b='c' q:b='d'/>",
    "xml_namespace",
  ],
  [
    "6.3 the same, declared on the outside",
    "<a xmlns:p='urn:p'>§<b xmlns:q='urn:p' q:b='d' p:b='c'/></a>",
    "xml_namespace",
  ],
  ["a prefix beyond ASCII", "<a §xmlns:é='urn:e'/>", "xml_namespace"],
  ["a prefix beyond ASCII that is used", "<é:a §xmlns:é='urn:e'/>", "xml_namespace"],
  ["a prefix that ends in xmlns", "<a §xmlns:axmlns='urn:a'/>", "xml_namespace"],
  ["a prefix that starts with xmlns", "<a §xmlns:xmlnsa='urn:a'/>", "xml_namespace"],
  ["an attribute that starts with xmlns", "<a §xmlnsb='urn:b'/>", "xml_namespace"],
  ["an attribute that contains xmlns", "<a §b-xmlns='urn:b'/>", "xml_namespace"],
  ["an attribute whose local name is xmlns", "<a xmlns:p='urn:p' §p:xmlns='urn:b'/>", "xml_namespace"],
  ["a namespace with a quote", `<a §xmlns:p='urn:"p'/>`, "xml_namespace"],
  ["a namespace with markup", "<a §xmlns:p='urn:p&gt;&lt;b'/>", "xml_namespace"],
  ["a namespace with an ampersand", "<a §xmlns='http://a/?b&amp;c'/>", "xml_namespace"],
  ["a namespace with a blank", "<a §xmlns:p='urn:p '/>", "xml_namespace"],
  ["a namespace with a line end", "<a §xmlns:p='urn:p&#10;'/>", "xml_namespace"],
  ["a namespace with a no-break space", "<a §xmlns:p='urn:\u00a0p'/>", "xml_namespace"],
  ["a namespace with braces", "<a §xmlns:p='urn:{p}'/>", "xml_namespace"],
  ["a namespace with a letter beyond ASCII", "<a §xmlns:p='http://é/'/>", "xml_namespace"],
  ["Canonical XML 1.3 a relative namespace", "<a §xmlns:p='p'/>", "xml_namespace"],
  ["Canonical XML 1.3 a relative namespace with a path", "<a §xmlns='../p:q'/>", "xml_namespace"],
];

function proves(cases: readonly Case[]): void {
  const complete = cases.map(([rule, document, code]) => [rule, document, code ?? "xml_malformed"] as const);
  it.each(complete)("%s", (_rule, marked, code) => {
    const encoder = new TextEncoder();
    const [before = "", after = "", more] = marked.split("§");
    expect(more, "one mark a case").toBeUndefined();
    const result = readXml(encoder.encode(before + after));
    expect(result.ok ? "accepted" : result.refusal).toEqual({
      code,
      offset: encoder.encode(before).length,
      expected: expect.stringMatching(/./),
    });
  });
}

describe("what is no document (XML 1.0, 2.1)", () => proves(DOCUMENT));
describe("what is no character (2.2)", () => proves(CHARACTERS));
describe("what is no name (2.3)", () => proves(NAMES));
describe("what is no tag (3.1)", () => proves(TAGS));
describe("what is no content (2.4 to 2.7)", () => proves(CONTENT));
describe("what is no reference (4.1)", () => proves(REFERENCES));
describe("what is no XML declaration (2.8)", () => proves(DECLARATIONS));
describe("what is refused though it may be well-formed", () => proves(FORBIDDEN));
describe("what is no use of namespaces (Namespaces in XML 1.0)", () => proves(NAMESPACES));

describe("what is not UTF-8", () => {
  const start = new TextEncoder().encode("<a>é");
  const end = new TextEncoder().encode("</a>");
  it.each([
    ["a lone continuation byte", [0x80]],
    ["an overlong @", [0xc1, 0x80]],
    ["an overlong /", [0xe0, 0x80, 0xaf]],
    ["an overlong NUL", [0xc0, 0x80]],
    ["an overlong four-byte sequence", [0xf0, 0x8f, 0xbf, 0xbf]],
    ["half a surrogate pair", [0xed, 0xa0, 0x80]],
    ["a surrogate pair", [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
    ["past the last code point", [0xf4, 0x90, 0x80, 0x80]],
    ["a byte that never occurs", [0xff]],
    ["a sequence of five", [0xf8, 0x88, 0x80, 0x80, 0x80]],
    ["a sequence cut short", [0xe2, 0x82]],
    ["ISO-8859-1", [0xe9]],
  ])("%s", (_what, wrong) => {
    const result = readXml(Uint8Array.of(...start, ...wrong, ...end));
    expect(result.ok ? "accepted" : [result.refusal.code, result.refusal.offset]).toEqual([
      "xml_encoding",
      start.length,
    ]);
  });

  it("a byte after characters of every size", () => {
    const whole = new TextEncoder().encode(
      "<a>\u007f\u0080\u07ff\u0800\u0fff\u1000\ud7ff\ue000\ufffd\u{10000}\u{3ffff}\u{40000}\u{10ffff}",
    );
    const result = readXml(Uint8Array.of(...whole, 0x80));
    expect(result.ok ? "accepted" : [result.refusal.code, result.refusal.offset]).toEqual([
      "xml_encoding",
      whole.length,
    ]);
  });

  it.each([
    ["the second of three bytes", [0xe2, 0x7f, 0x82]],
    ["the second of three bytes, too high", [0xe2, 0xc0, 0x82]],
    ["the third of three bytes", [0xe2, 0x82, 0x41]],
    ["the fourth of four bytes", [0xf0, 0x9f, 0x98, 0x41]],
    ["the first of a pair of surrogates", [0xed, 0xa0, 0x80]],
    ["the second of four bytes, past the last code point", [0xf4, 0x90, 0x80, 0x80]],
  ])("%s is wrong", (_what, wrong) => {
    const result = readXml(Uint8Array.of(...start, ...wrong, ...end));
    expect(result.ok ? "accepted" : [result.refusal.code, result.refusal.offset]).toEqual([
      "xml_encoding",
      start.length,
    ]);
  });

  it("a sequence that the end of the message cuts short", () => {
    const result = readXml(Uint8Array.of(...start, 0xe2, 0x82));
    expect(result.ok ? "accepted" : [result.refusal.code, result.refusal.offset]).toEqual([
      "xml_encoding",
      start.length,
    ]);
  });

  it.each([
    ["UTF-16LE with a mark", [0xff, 0xfe, 0x3c, 0, 0x61, 0, 0x2f, 0, 0x3e, 0]],
    ["UTF-16BE with a mark", [0xfe, 0xff, 0, 0x3c, 0, 0x61, 0, 0x2f, 0, 0x3e]],
    ["UTF-16LE without a mark", [0x3c, 0, 0x61, 0, 0x2f, 0, 0x3e, 0]],
    ["UTF-16BE without a mark", [0, 0x3c, 0, 0x61, 0, 0x2f, 0, 0x3e]],
    ["UTF-32BE without a mark", [0, 0, 0, 0x3c, 0, 0, 0, 0x61]],
    ["EBCDIC", [0x4c, 0x6f, 0xa7, 0x94, 0x93]],
  ])("%s", (_what, wrong) => {
    const result = readXml(Uint8Array.of(...wrong));
    expect(result.ok ? "accepted" : result.refusal.code).toBe("xml_encoding");
  });
});
