import { describe, expect, it } from "vitest";
import { type CanonicalFormOptions, canonicalForm } from "../../src/saml/canonical-form.ts";
import type { XmlElement } from "../../src/saml/types.ts";
import { readXml } from "../../src/saml/xml.ts";

function read(text: string): XmlElement {
  const result = readXml(new TextEncoder().encode(text));
  if (!result.ok) throw new Error(`${result.refusal.code} at ${result.refusal.offset}: ${result.refusal.expected}`);
  return result.value.root;
}

/** The first element with this local name, in document order. */
function find(element: XmlElement, localName: string): XmlElement {
  const search = (at: XmlElement): XmlElement | null => {
    if (at.localName === localName) return at;
    for (const child of at.children) {
      const found = child.kind === "element" ? search(child) : null;
      if (found !== null) return found;
    }
    return null;
  };
  const found = search(element);
  if (found === null) throw new Error(`no ${localName}`);
  return found;
}

const exclusive = (text: string, options: Partial<CanonicalFormOptions> = {}) =>
  canonicalForm(read(text), { method: "exclusive", ...options });
const inclusive = (text: string, options: Partial<CanonicalFormOptions> = {}) =>
  canonicalForm(read(text), { method: "inclusive", ...options });

describe("the examples of Canonical XML 1.0", () => {
  it("3.1: what stands outside the document element is left out, comments are kept on demand", () => {
    const text = "<?xml version='1.0'?>\n\n<!-- 1 -->\n<doc>Hello, world!<!-- 2 --></doc>\n<!-- 3 -->\n";
    expect(inclusive(text)).toBe("<doc>Hello, world!</doc>");
    expect(inclusive(text, { comments: true })).toBe("<doc>Hello, world!<!-- 2 --></doc>");
  });

  it("3.2: white space in content stays as it is", () => {
    const text =
      "<doc>\n   <clean>   </clean>\n   <mixed>\n      A\n      <clean>   </clean>\n      B\n      <dirty>   A   B   </dirty>\n   </mixed>\n</doc>";
    expect(inclusive(text)).toBe(text);
  });

  it("3.3: start and end tags", () => {
    const text = `<doc>
   <e1   />
   <e2   ></e2>
   <e3   name = "elem3"   id="elem3"   />
   <e4   name="elem4"   id="elem4_"   ></e4>
   <e5 a:attr="out" b:attr="sorted" attr2="all" attr="I'm"
      xmlns:b="http://www.ietf.org"
      xmlns:a="http://www.w3.org"
      xmlns="http://example.org"/>
   <e6 xmlns="" xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="" xmlns:a="http://www.w3.org">
            <e9 xmlns="" xmlns:a="http://www.ietf.org"/>
         </e8>
      </e7>
   </e6>
</doc>`;
    expect(inclusive(text)).toBe(`<doc>
   <e1></e1>
   <e2></e2>
   <e3 id="elem3" name="elem3"></e3>
   <e4 id="elem4_" name="elem4"></e4>
   <e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e5>
   <e6 xmlns:a="http://www.w3.org">
      <e7 xmlns="http://www.ietf.org">
         <e8 xmlns="">
            <e9 xmlns:a="http://www.ietf.org"></e9>
         </e8>
      </e7>
   </e6>
</doc>`);
  });

  it("3.4: modifications of characters and character references", () => {
    const text = `<doc>
   <text>First line&#x0d;&#10;Second line</text>
   <value>&#x32;</value>
   <compute><![CDATA[value>"0" && value<"10" ?"valid":"error"]]></compute>
   <compute expr='value>"0" &amp;&amp; value&lt;"10" ?"valid":"error"'>valid</compute>
   <norm attr=' &apos;   &#x20;&#13;&#xa;&#9;   &apos; '/>
</doc>`;
    expect(inclusive(text)).toBe(`<doc>
   <text>First line&#xD;
Second line</text>
   <value>2</value>
   <compute>value&gt;"0" &amp;&amp; value&lt;"10" ?"valid":"error"</compute>
   <compute expr="value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:&quot;error&quot;">valid</compute>
   <norm attr=" '    &#xD;&#xA;&#x9;   ' "></norm>
</doc>`);
  });

  it("3.6: characters beyond ASCII are themselves", () => {
    expect(inclusive("<doc>&#169;</doc>")).toBe("<doc>©</doc>");
  });

  it("2.4: an apex takes the namespaces and the nearest xml: attributes of its ancestors", () => {
    const text =
      '<r xml:lang="de" xml:base="http://a/" xmlns="urn:r" xmlns:p="urn:p"><m xml:lang="en" xmlns:q="urn:q" x="1"><e xml:space="preserve" xml:base="b" xmlns:p="urn:p2"/></m></r>';
    expect(canonicalForm(find(read(text), "e"), { method: "inclusive" })).toBe(
      '<e xmlns="urn:r" xmlns:p="urn:p2" xmlns:q="urn:q" xml:base="b" xml:lang="en" xml:space="preserve"></e>',
    );
    expect(canonicalForm(find(read(text), "m"), { method: "inclusive" })).toBe(
      '<m xmlns="urn:r" xmlns:p="urn:p" xmlns:q="urn:q" x="1" xml:base="http://a/" xml:lang="en"><e xmlns:p="urn:p2" xml:base="b" xml:space="preserve"></e></m>',
    );
  });
});

describe("the examples of Exclusive XML Canonicalization 1.0", () => {
  const inner =
    '<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2>';
  const envelopes = [
    `<n0:pdu xmlns:n0="http://a.example">${inner}</n0:pdu>`,
    `<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org" xml:lang="fr" xml:space="retain">${inner}</n0:local>`,
    `<n2:pdu xmlns:n1="http://example.com" xmlns:n2="http://foo.example" xml:lang="fr" xml:space="retain">${inner}</n2:pdu>`,
  ];

  it("2.1: the inclusive form of an element depends on what surrounds it", () => {
    expect(envelopes.map((text) => canonicalForm(find(read(text), "elem2"), { method: "inclusive" }))).toEqual([
      '<n1:elem2 xmlns:n0="http://a.example" xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>',
      '<n1:elem2 xmlns:n0="foo:bar" xmlns:n1="http://example.net" xmlns:n3="ftp://example.org" xml:lang="en" xml:space="retain"><n3:stuff></n3:stuff></n1:elem2>',
      '<n1:elem2 xmlns:n1="http://example.net" xmlns:n2="http://foo.example" xml:lang="en" xml:space="retain"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>',
    ]);
  });

  it("2.2: the exclusive form does not", () => {
    for (const text of envelopes) {
      expect(canonicalForm(find(read(text), "elem2"), { method: "exclusive" })).toBe(
        '<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>',
      );
    }
  });
});

describe("namespaces, exclusively", () => {
  it("are declared where they are first used, and again beside it", () => {
    expect(exclusive('<r xmlns:p="urn:p"><a><p:b/><p:c><p:d p:x="1"/></p:c></a></r>')).toBe(
      '<r><a><p:b xmlns:p="urn:p"></p:b><p:c xmlns:p="urn:p"><p:d p:x="1"></p:d></p:c></a></r>',
    );
  });

  it("are declared again where a prefix has another meaning, and where it has the first again", () => {
    expect(exclusive('<p:a xmlns:p="urn:1"><p:a xmlns:p="urn:2"><p:a xmlns:p="urn:1"/></p:a><p:a/></p:a>')).toBe(
      '<p:a xmlns:p="urn:1"><p:a xmlns:p="urn:2"><p:a xmlns:p="urn:1"></p:a></p:a><p:a></p:a></p:a>',
    );
  });

  it("reach through an element that uses the prefix for something else", () => {
    expect(exclusive('<a xmlns:p="urn:1" p:x=""><b xmlns:p="urn:2"><c p:x=""/></b></a>')).toBe(
      '<a xmlns:p="urn:1" p:x=""><b><c xmlns:p="urn:2" p:x=""></c></b></a>',
    );
  });

  it("are declared for attributes too, once an element", () => {
    expect(exclusive('<p:a p:y="2" p:x="1" xmlns:p="urn:p" xmlns:q="urn:q" q:z="3"/>')).toBe(
      '<p:a xmlns:p="urn:p" xmlns:q="urn:q" p:x="1" p:y="2" q:z="3"></p:a>',
    );
  });

  it("undeclare the default one only where a default one was written", () => {
    expect(exclusive('<a xmlns=""><b xmlns="urn:b"><p:c xmlns:p="urn:p" xmlns=""><d/></p:c></b></a>')).toBe(
      '<a><b xmlns="urn:b"><p:c xmlns:p="urn:p"><d xmlns=""></d></p:c></b></a>',
    );
    expect(exclusive('<p:a xmlns:p="urn:p" xmlns="urn:d"><p:b><c xmlns=""/></p:b></p:a>')).toBe(
      '<p:a xmlns:p="urn:p"><p:b><c></c></p:b></p:a>',
    );
  });

  it("never declare the prefix xml", () => {
    const text = '<a xmlns:xml="http://www.w3.org/XML/1998/namespace" xml:lang="de"/>';
    expect(exclusive(text)).toBe('<a xml:lang="de"></a>');
    expect(inclusive(text)).toBe('<a xml:lang="de"></a>');
    expect(exclusive(text, { inclusivePrefixes: ["xml"] })).toBe('<a xml:lang="de"></a>');
  });
});

describe("InclusiveNamespaces PrefixList (Exc-C14N 3)", () => {
  const text = '<r xmlns:p="urn:p" xmlns:q="urn:q" xmlns="urn:d"><q:e><p:f xmlns:q="urn:q2" xmlns=""/></q:e></r>';
  const e = () => find(read(text), "e");

  it("declares a listed prefix at the apex though nothing uses it, and again where it changes", () => {
    expect(canonicalForm(e(), { method: "exclusive", inclusivePrefixes: ["p", "q"] })).toBe(
      '<q:e xmlns:p="urn:p" xmlns:q="urn:q"><p:f xmlns:q="urn:q2"></p:f></q:e>',
    );
  });

  it("takes #default for the default namespace, its undeclaring included", () => {
    expect(canonicalForm(e(), { method: "exclusive", inclusivePrefixes: ["#default"] })).toBe(
      '<q:e xmlns="urn:d" xmlns:q="urn:q"><p:f xmlns="" xmlns:p="urn:p"></p:f></q:e>',
    );
  });

  it("ignores prefixes that are not in scope", () => {
    expect(canonicalForm(e(), { method: "exclusive", inclusivePrefixes: ["xs", "ds"] })).toBe(
      canonicalForm(e(), { method: "exclusive" }),
    );
  });

  it("keeps the types of attribute values readable", () => {
    const value = '<a xmlns:xs="urn:xs" xmlns:xsi="urn:xsi"><v xsi:type="xs:string">x</v></a>';
    expect(canonicalForm(find(read(value), "v"), { method: "exclusive", inclusivePrefixes: ["xs"] })).toBe(
      '<v xmlns:xs="urn:xs" xmlns:xsi="urn:xsi" xsi:type="xs:string">x</v>',
    );
  });
});

describe("order", () => {
  it("of declarations is by prefix, the default first", () => {
    expect(
      inclusive('<a xmlns:b="urn:1" xmlns:B="urn:2" xmlns:_="urn:3" xmlns:a-="urn:4" xmlns:a="urn:5" xmlns="urn:6"/>'),
    ).toBe('<a xmlns="urn:6" xmlns:B="urn:2" xmlns:_="urn:3" xmlns:a="urn:5" xmlns:a-="urn:4" xmlns:b="urn:1"></a>');
  });

  it("of attributes is by namespace, then by local name, those without a namespace first", () => {
    expect(
      inclusive('<a xmlns:z="urn:a" xmlns:y="urn:b" y:a="1" z:b="2" z:a="3" b="4" B="5" a1="6" a="7" xml:lang="8"/>'),
    ).toBe('<a xmlns:y="urn:b" xmlns:z="urn:a" B="5" a="7" a1="6" b="4" xml:lang="8" z:a="3" z:b="2" y:a="1"></a>');
  });

  it("does not run namespace and name together", () => {
    expect(inclusive('<a xmlns:p="urn:a" xmlns:q="urn:ab" q:a="1" p:c="2"/>')).toBe(
      '<a xmlns:p="urn:a" xmlns:q="urn:ab" p:c="2" q:a="1"></a>',
    );
  });

  it("is that of code points, not of UTF-16 units", () => {
    expect(inclusive("<a \u{10000}='1' \uf900='2' \ufdf0='3' a\u{10000}='4' a\uf900='5'/>")).toBe(
      '<a a\uf900="5" a\u{10000}="4" \uf900="2" \ufdf0="3" \u{10000}="1"></a>',
    );
  });

  it("is that of code points whichever of two comes first", () => {
    const sorted = '<a \uf900="2" \u{10000}="1"></a>';
    expect(inclusive("<a \u{10000}='1' \uf900='2'/>")).toBe(sorted);
    expect(inclusive("<a \uf900='2' \u{10000}='1'/>")).toBe(sorted);
  });

  it("holds for fifty attributes and more declarations", () => {
    const names = Array.from({ length: 50 }, (_, i) => `n${String((i * 37) % 50).padStart(2, "0")}`);
    const sorted = [...names].sort();
    expect(exclusive(`<a ${names.map((n) => `${n}=""`).join(" ")}/>`)).toBe(
      `<a ${sorted.map((n) => `${n}=""`).join(" ")}></a>`,
    );
    expect(inclusive(`<a ${names.map((n) => `xmlns:${n}="urn:x"`).join(" ")}/>`)).toBe(
      `<a ${sorted.map((n) => `xmlns:${n}="urn:x"`).join(" ")}></a>`,
    );
  });
});

describe("what is left out", () => {
  const signed = '<a ID="1"><b/><s:Signature xmlns:s="urn:s"><c/></s:Signature>text<s:Signature xmlns:s="urn:s"/></a>';

  it("is the one element that was named, by identity, with all below it", () => {
    const root = read(signed);
    const without = find(root, "Signature");
    expect(canonicalForm(root, { method: "exclusive", without })).toBe(
      '<a ID="1"><b></b>text<s:Signature xmlns:s="urn:s"></s:Signature></a>',
    );
    expect(canonicalForm(root, { method: "exclusive", without: find(read(signed), "Signature") })).toBe(
      exclusive(signed),
    );
  });

  it("is nothing when nothing was named", () => {
    expect(exclusive(signed, { without: null })).toBe(exclusive(signed));
  });

  it("are comments, unless they are asked for; text on both sides of one runs together", () => {
    const text = "<a>victim<!-- & < > \r\n -->.example</a>";
    expect(exclusive(text)).toBe("<a>victim.example</a>");
    expect(exclusive(text, { comments: true })).toBe("<a>victim<!-- & < > \n -->.example</a>");
  });
});

describe("what is written", () => {
  it("escapes markup and carriage returns in text", () => {
    expect(exclusive("<a>&amp;&lt;&gt;\"'&#13;\t\n</a>")).toBe("<a>&amp;&lt;&gt;\"'&#xD;\t\n</a>");
  });

  it("escapes markup and white space other than blanks in values", () => {
    expect(exclusive("<a b='&amp;&lt;>&quot;&apos;&#13;&#9;&#10; '/>")).toBe(
      '<a b="&amp;&lt;>&quot;\'&#xD;&#x9;&#xA; "></a>',
    );
  });

  it("leaves every other character as it is", () => {
    const text = "\u007f\u0085\u00a0\u2028\ufeff\ufffd\u{10ffff}";
    expect(exclusive(`<a b="${text}">${text}</a>`)).toBe(`<a b="${text}">${text}</a>`);
  });

  it("differs where two trees differ in anything but comments and declarations that nothing uses", () => {
    const different = [
      "<a/>",
      '<a xmlns="urn:a"/>',
      '<p:a xmlns:p="urn:a"/>',
      '<q:a xmlns:q="urn:a"/>',
      "<a><a/></a>",
      "<a>a</a>",
      "<a>&lt;a/></a>",
      "<a>&amp;lt;a/></a>",
      '<a b=""/>',
      '<a b="" c=""/>',
      '<a b="&quot; c=&quot;"/>',
      '<a b="&amp;quot; c=&amp;quot;"/>',
      '<a b=" "/>',
      '<a b="&#9;"/>',
      '<a b="&#10;"/>',
      '<a b="&#13;"/>',
      "<a> </a>",
      "<a>\n</a>",
      "<a>&#13;</a>",
      "<a>&#13;\n</a>",
    ];
    expect(new Set(different.map((text) => exclusive(text))).size).toBe(different.length);
  });
});
