import { describe, expect, it } from "vitest";
import type { XmlDocument, XmlElement } from "../../src/saml/types.ts";
import { attributeValue, childElements, isElement, readXml, textContent } from "../../src/saml/xml.ts";
import { plainOfReader } from "../support/xml/trees.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function read(text: string): XmlDocument {
  const result = readXml(bytes(text));
  if (!result.ok) throw new Error(`${result.refusal.code} at ${result.refusal.offset}: ${result.refusal.expected}`);
  return result.value;
}

const root = (text: string): XmlElement => read(text).root;
const children = (text: string) => plainOfReader(root(text)).children;
const value = (attribute: string) => root(`<a x=${attribute}/>`).attributes[0]?.value;

describe("the bytes", () => {
  it("may start with one byte-order mark", () => {
    expect(root("\ufeff<a/>").localName).toBe("a");
  });

  it("may start with an XML declaration of version 1.0, in any of its spellings", () => {
    for (const declaration of [
      '<?xml version="1.0"?>',
      "<?xml version='1.0'?>",
      '<?xml version="1.0" encoding="UTF-8"?>',
      "<?xml version = '1.0'\tencoding\n=\r\n'utf-8' standalone=\"no\" ?>",
      '<?xml version="1.0" standalone="yes"?>',
      '<?xml version="1.0" encoding="UTF-8"?>\n\n',
      '\ufeff<?xml version="1.0" encoding="Utf-8"?>',
    ]) {
      expect(root(`${declaration}<a/>`).localName, declaration).toBe("a");
    }
  });

  it("may hold any character of XML 1.0 in the tree, and each arrives as it was", () => {
    const text = "\t\n \u007f\u0080\u0085\u00a0é\u07ff\u0800\u2028\ud7ff\ue000\ufeff\ufffd\u{10000}\u{1f600}\u{10ffff}";
    expect(textContent(root(`<a>${text}</a>`))).toBe(text);
    const inValue = text.replace(/[\t\n]/g, "");
    expect(value(`"${inValue}"`)).toBe(inValue);
  });

  it("may be a part of a larger buffer", () => {
    const large = bytes("xxxxx<a>é</a>yyyyy");
    const result = readXml(large.subarray(5, large.length - 5));
    expect(result.ok && textContent(result.value.root)).toBe("é");
  });

  it("are not kept: changing them afterwards changes nothing", () => {
    const buffer = bytes("<a b='c'>d</a>");
    const result = readXml(buffer);
    buffer.fill(0x20);
    expect(result.ok && plainOfReader(result.value.root)).toEqual({
      name: ["", "a", ""],
      namespaces: [],
      attributes: [["", "b", "", "c"]],
      children: ["d"],
    });
  });
});

describe("names and namespaces", () => {
  it("resolves prefixes by the nearest declaration, before or after the attribute that uses it", () => {
    const tree = root(
      '<p:a q:x="1" xmlns:p="urn:p" xmlns:q="urn:q"><b xmlns="urn:d"><p:c xmlns:p="urn:p2"/><p:d/><e xmlns=""/></b></p:a>',
    );
    expect(tree.namespaceURI).toBe("urn:p");
    expect(tree.attributes[0]).toEqual({ prefix: "q", localName: "x", namespaceURI: "urn:q", value: "1" });
    const [b] = childElements(tree);
    expect(b?.namespaceURI).toBe("urn:d");
    expect(childElements(b as XmlElement).map((e) => [e.prefix, e.localName, e.namespaceURI])).toEqual([
      ["p", "c", "urn:p2"],
      ["p", "d", "urn:p"],
      ["", "e", ""],
    ]);
  });

  it("forgets a declaration at the end of its element", () => {
    const tree = root('<r xmlns:p="urn:1"><a xmlns:p="urn:2"><p:x/></a><b xmlns:p="urn:3"/><p:y/></r>');
    expect(childElements(tree)[2]?.namespaceURI).toBe("urn:1");
  });

  it("gives attributes without a prefix no namespace", () => {
    expect(root('<a xmlns="urn:d" x="1"/>').attributes[0]?.namespaceURI).toBe("");
  });

  it("lists declarations as they were written, and not among the attributes", () => {
    const tree = root('<a xmlns:p="urn:p" x="1" xmlns="urn:d" xmlns:xml="http://www.w3.org/XML/1998/namespace"/>');
    expect(tree.namespaces).toEqual([
      { prefix: "p", uri: "urn:p" },
      { prefix: "", uri: "urn:d" },
      { prefix: "xml", uri: "http://www.w3.org/XML/1998/namespace" },
    ]);
    expect(tree.attributes.map((a) => a.localName)).toEqual(["x"]);
  });

  it("knows the prefix xml without a declaration", () => {
    expect(root('<a xml:lang="de"/>').attributes[0]?.namespaceURI).toBe("http://www.w3.org/XML/1998/namespace");
  });

  it("lets two prefixes of different namespaces have the same local name, and no prefix too", () => {
    expect(root('<a xmlns:p="urn:p" xmlns:q="urn:q" p:x="1" q:x="2" x="3"/>').attributes.map((a) => a.value)).toEqual([
      "1",
      "2",
      "3",
    ]);
  });

  it("takes every name character of XML 1.0, fifth edition", () => {
    for (const name of [
      "a",
      "_",
      "A-1.b_2",
      "élan",
      "名前",
      "a·b",
      "a\u0300",
      "\u{10000}",
      "a\u{effff}",
      "\u200c",
      "\u2070x\u203f",
    ]) {
      expect(root(`<${name} ${name}="1"></${name}>`).localName, name).toBe(name);
    }
  });

  it("resolves many prefixes at once", () => {
    const many = Array.from({ length: 60 }, (_, i) => i);
    const tree = root(
      `<r ${many.map((i) => `xmlns:p${i}="urn:${i}"`).join(" ")}>${many.map((i) => `<p${i}:a xmlns:p${(i + 1) % 60}="urn:inner"/>`).join("")}<p7:b/></r>`,
    );
    expect(childElements(tree).map((e) => e.namespaceURI)).toEqual([...many.map((i) => `urn:${i}`), "urn:7"]);
  });
});

describe("attribute values", () => {
  it("keep what stands between the quotes, the other quote and > included", () => {
    expect(value(`"it's > that"`)).toBe("it's > that");
    expect(value(`'say "so"'`)).toBe('say "so"');
    expect(value('""')).toBe("");
  });

  it("turn each white-space character into a blank, and a CR LF into one", () => {
    expect(value('"\ta\nb\r\nc\rd  e "')).toBe(" a b c d  e ");
  });

  it("keep white space that is written as a reference", () => {
    expect(value('"&#9;&#10;&#13;&#x20;"')).toBe("\t\n\r ");
  });

  it("resolve the five entities and characters by number, each once", () => {
    expect(value('"&amp;lt; &lt;&gt;&quot;&apos; &#65;&#x42;&#x1F600;&#x0000000041; &amp;#65;"')).toBe(
      "&lt; <>\"' AB\u{1f600}A &#65;",
    );
  });

  it("leave U+0085 and U+2028 alone", () => {
    expect(value('"a\u0085b\u2028c"')).toBe("a\u0085b\u2028c");
  });

  it("may have blanks and line ends around the equals sign and after the name of the element", () => {
    expect(plainOfReader(root("<a\n\tb \r\n= 'c'\r\n ></a\t>")).attributes).toEqual([["", "b", "", "c"]]);
  });
});

describe("text", () => {
  it("is one node however it is written", () => {
    expect(children("<a>x&amp;y<![CDATA[<z>]]>&#x41;</a>")).toEqual(["x&y<z>A"]);
  });

  it("turns CR LF and CR into LF, in CDATA and comments too, and nothing else", () => {
    expect(children("<a>1\r\n2\r3\n4<![CDATA[\r\n\r]]><!--\r\n\r--></a>")).toEqual([
      "1\n2\n3\n4\n\n",
      { comment: "\n\n" },
    ]);
    expect(children("<a>\u0085\u2028\r\u0085</a>")).toEqual(["\u0085\u2028\n\u0085"]);
    expect(children("<a>\r\r\n\n&#13;\r\n</a>")).toEqual(["\n\n\n\r\n"]);
  });

  it("keeps a carriage return that is written as a reference", () => {
    expect(children("<a>&#xD;&#13;\n</a>")).toEqual(["\r\r\n"]);
  });

  it("ends CDATA at the first end, and takes references there for text", () => {
    expect(children("<a><![CDATA[]]]]><![CDATA[>&amp;<!-- -->]]></a>")).toEqual(["]]>&amp;<!-- -->"]);
    expect(children("<a><![CDATA[]]></a>")).toEqual([]);
  });

  it("may hold >, ]], quotes and brackets", () => {
    expect(children("<a>1 > 0 ]] ] > \"'</a>")).toEqual(["1 > 0 ]] ] > \"'"]);
  });

  it("is split by a comment into two nodes, and read by textContent as one", () => {
    const tree = root("<NameID>victim@corp.example<!-- x -->.attacker.example</NameID>");
    expect(plainOfReader(tree).children).toEqual(["victim@corp.example", { comment: " x " }, ".attacker.example"]);
    expect(textContent(tree)).toBe("victim@corp.example.attacker.example");
  });

  it("of an element that has a child element is no value", () => {
    expect(textContent(root("<a>x<b/>y</a>"))).toBeNull();
    expect(textContent(root("<a/>"))).toBe("");
    expect(textContent(root("<a><!-- only --></a>"))).toBe("");
  });
});

describe("the tree", () => {
  it("has children and parents in document order", () => {
    const tree = root("<a>1<b><c/></b>2<d/><!--e--></a>");
    expect(tree.children.map((n) => n.kind)).toEqual(["text", "element", "text", "element", "comment"]);
    const [b, d] = childElements(tree) as [XmlElement, XmlElement];
    expect([tree.parent, b.parent, d.parent, childElements(b)[0]?.parent]).toEqual([null, tree, tree, b]);
  });

  it("stays as it was, whatever is read after it", () => {
    const text = "<a b='1'>é<c>2</c></a>";
    const tree = root(text);
    for (const other of ["<x/>", `<x>${"y".repeat(40_000)}</x>`, "no document", text.replaceAll(/\d/g, "9")])
      readXml(bytes(other));
    expect(plainOfReader(tree)).toEqual(plainOfReader(root(text)));
    expect(tree.source.slice(tree.from, tree.end)).toBe(text);
  });

  it.each([
    ['<a b="x', '-------"></a>', 5, "a value that ends with its quote"],
    ["<a>x", "----</a>", 4, "the end tag of a"],
    ["<a><!--", "--------></a>", 3, 'a comment that ends with "-->"'],
    ["<a b", `----="x"/>`, 4, '"=" after the name of an attribute'],
    // Units are fewer than bytes here, and the end of the message itself would complete it.
    ["<a><a>éééé</a></a", "", 18, "the end tag of a"],
  ])("of %s does not go on in the longer message that was read before", (text, before, offset, expected) => {
    readXml(bytes(before));
    const result = readXml(bytes(text));
    expect(result.ok || result.refusal).toEqual({ code: "xml_malformed", offset, expected });
  });

  it("has nothing of what stands outside the root element", () => {
    expect(plainOfReader(root("<!-- 1 -->\n<!-- 2 --><a/> \r\n<!-- 3 -->"))).toEqual(plainOfReader(root("<a/>")));
  });

  it("takes an empty-element tag and an empty pair of tags for the same", () => {
    expect(plainOfReader(root("<a><b x='1' /></a>"))).toEqual(plainOfReader(root("<a ><b x='1'></b ></a >")));
  });

  it("answers for an attribute only by its un-prefixed name, and for an element only by its expanded name", () => {
    const tree = root('<p:a xmlns:p="urn:p" p:ID="1" Name="2"/>');
    expect(attributeValue(tree, "ID")).toBeNull();
    expect(attributeValue(tree, "Name")).toBe("2");
    expect(attributeValue(tree, "name")).toBeNull();
    expect(isElement(tree, "urn:p", "a")).toBe(true);
    expect(isElement(tree, "", "a")).toBe(false);
    expect(isElement(tree, "urn:p", "p:a")).toBe(false);
  });

  it("is the same for one message read twice, with others between", () => {
    const first = plainOfReader(root('<a xmlns:p="urn:1"><p:b>x</p:b></a>'));
    expect(readXml(bytes('<a xmlns:p="urn:2"><p:b>x')).ok).toBe(false);
    expect(readXml(Uint8Array.of(0x3c, 0xff)).ok).toBe(false);
    expect(plainOfReader(root('<a xmlns:p="urn:1"><p:b>x</p:b></a>'))).toEqual(first);
  });
});
