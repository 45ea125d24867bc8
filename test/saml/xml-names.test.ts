import { describe, expect, it } from "vitest";
import { isChar } from "xmlchars/xml/1.0/ed5.js";
import { isNCNameChar, isNCNameStartChar } from "xmlchars/xmlns/1.0/ed3.js";
import { readMessageText } from "../../src/saml/xml-bytes.ts";
import { isCharacter, ncNameEnd } from "../../src/saml/xml-names.ts";

/** The code points, all of them, for which a rule of ours and one of the package xmlchars part. */
function disagreements(ours: (c: number) => boolean, theirs: (c: number) => boolean): number[] {
  const found: number[] = [];
  for (let c = 0; c <= 0x10ffff; c++) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    if (ours(c) !== theirs(c)) found.push(c);
  }
  return found;
}

/** Where the name ends that begins at the start of a text, for texts that are legal. */
function nameEnd(text: string): number {
  const units = new Uint8Array(text.length + 8);
  for (let i = 0; i < text.length; i++) units[i] = Math.min(text.charCodeAt(i), 0x80);
  return ncNameEnd(units, text, 0);
}

describe("names", () => {
  it("start with the characters of XML 1.0, fifth edition, less the colon", () => {
    expect(disagreements((c) => nameEnd(String.fromCodePoint(c)) > 0, isNCNameStartChar)).toEqual([]);
  });

  it("go on with them, too", () => {
    const goesOn = (c: number) => nameEnd(`a${String.fromCodePoint(c)}b`) > 1;
    expect(disagreements(goesOn, isNCNameChar)).toEqual([]);
    const goesOnBeyondAscii = (c: number) => nameEnd(`é${String.fromCodePoint(c)}b`) > 1;
    expect(disagreements(goesOnBeyondAscii, isNCNameChar)).toEqual([]);
  });
});

describe("characters", () => {
  it("of a reference are those of XML 1.0", () => {
    expect(disagreements(isCharacter, isChar)).toEqual([]);
    for (const c of [0xd800, 0xdbff, 0xdc00, 0xdfff, 0x110000]) expect(isCharacter(c)).toBe(false);
  });

  it("of a message are the same, at any place in a word of four bytes", () => {
    const encoder = new TextEncoder();
    for (const before of ["xxxx", "xxxxx", "xxxxxx", "xxxxxxx", "é"]) {
      for (let c = 0; c <= 0xa0; c++) {
        const bytes = encoder.encode(`${before}${String.fromCodePoint(c)}after`);
        expect(readMessageText(bytes).ok, `${before} ${c}`).toBe(isChar(c));
      }
    }
  });
});
