import { describe, expect, it } from "vitest";
import { attributeValue, readXml, textContent } from "../../src/saml/xml.ts";
import { escapeAttribute, escapeText, writeTextElement } from "../../src/saml/xml-writer.ts";

function roundTrip(text: string): readonly [string | null, string | null] {
  const document = readXml(new TextEncoder().encode(writeTextElement("a", text, { b: text, c: null })));
  if (!document.ok) throw new Error(JSON.stringify(document.refusal));
  return [textContent(document.value.root), attributeValue(document.value.root, "b")];
}

describe("what is written reads back as it was", () => {
  for (const text of [
    "",
    "plain",
    `<&>"'`,
    "]]>",
    "a\tb\nc\rd\r\n",
    " spaces ",
    "&amp;&#x41;",
    "é\u2028\u{1F600}\u0085",
  ]) {
    it(JSON.stringify(text), () => expect(roundTrip(text)).toEqual([text, text]));
  }

  it("characters that XML cannot carry become the replacement character", () => {
    expect(roundTrip("a\0b\u001fc\ud83dd\udc00e\uffffz")).toEqual([
      "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdz",
      "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdz",
    ]);
  });

  it("no markup gets through", () => {
    expect(escapeText("<script>&</script>")).toBe("&lt;script&gt;&amp;&lt;/script&gt;");
    expect(escapeAttribute('" onload="x')).toBe("&quot; onload=&quot;x");
  });
});
