import { describe, expect, it } from "vitest";
import { LentOctets } from "../../src/saml/lent-octets.ts";

const TEXTS = [
  "",
  "<a/>",
  "é€𐍈",
  "\ud800 alone",
  "x".repeat(32_768),
  "x".repeat(32_769),
  "é".repeat(32_768),
  "€".repeat(11_000),
];

describe("octets on loan", () => {
  it("are those of UTF-8, however long the text is", () => {
    const lent = new LentOctets();
    for (const text of TEXTS) {
      expect(Buffer.from(lent.encode(text)).equals(new TextEncoder().encode(text)), text.slice(0, 10)).toBe(true);
    }
  });

  it("are overwritten by the next loan, and by no other lender's", () => {
    const [lent, other] = [new LentOctets(), new LentOctets()];
    const octets = lent.encode("one");
    other.encode("two");
    expect(new TextDecoder().decode(octets)).toBe("one");
    lent.encode("two");
    expect(new TextDecoder().decode(octets)).toBe("two");
  });
});
