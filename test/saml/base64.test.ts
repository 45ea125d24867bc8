import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, decodeBase64Binary, encodeBase64 } from "../../src/saml/base64.ts";

/** Whatever a forgiving decoder finds, when it is written as this text and no other. */
function reference(text: string): string | null {
  const decoded = Buffer.from(text, "base64");
  return text !== "" && decoded.toString("base64") === text ? decoded.toString("latin1") : null;
}

const latin1 = (octets: Uint8Array | null) => octets && Buffer.from(octets).toString("latin1");

/** Characters that base64 has, nearly has, or that some decoders forgive. */
const CHARACTERS = [
  "A",
  "/",
  "+",
  "=",
  "==",
  "-",
  "_",
  " ",
  "\n",
  "\r\n",
  "\t",
  "\f",
  "\v",
  "\0",
  "ä",
  "Ł",
  "９",
  "%",
  ".",
];

/** Base64 with a few characters put in, replaced and taken out. */
const damaged = fc
  .tuple(
    fc.uint8Array({ maxLength: 40 }),
    fc.array(fc.tuple(fc.nat(60), fc.nat(4), fc.constantFrom("", ...CHARACTERS))),
  )
  .map(([octets, changes]) => {
    let text = encodeBase64(octets);
    for (const [at, cut, put] of changes.slice(0, 6)) text = text.slice(0, at) + put + text.slice(at + cut);
    return text;
  });

describe("base64 is read strictly", () => {
  it("into the octets that have this spelling, or not at all", () => {
    const room = new Uint8Array(24);
    fc.assert(
      fc.property(damaged, (text) => {
        expect(latin1(decodeBase64(text))).toBe(reference(text));
        // Some fit into the room, some don't.
        expect(latin1(decodeBase64(text, room))).toBe(reference(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it("however much white space makes up a length that fits", () => {
    for (const text of ["AAAA    ", "AA==    ", "AA=    =", "    AAAA", "AA\n\n\n\nAA", "AAAAAAAA\t\t\t\t", "    "]) {
      expect(decodeBase64(text), JSON.stringify(text)).toBeNull();
    }
  });

  it("but for xs:base64Binary, which white space may stand in", () => {
    expect(latin1(decodeBase64Binary(" PGE\n\tvP\rg= = "))).toBe("<a/>");
    expect(decodeBase64Binary("PGE\fvPg==")).toBeNull();
    expect(decodeBase64Binary(" \n ")).toBeNull();
  });

  it("into memory of its own, unless it is given some", () => {
    const room = new Uint8Array(4);
    const [one, other] = [decodeBase64("PGEvPg=="), decodeBase64("PGIvPg==")];
    expect([latin1(one), latin1(other)]).toEqual(["<a/>", "<b/>"]);
    expect(one?.buffer).not.toBe(other?.buffer);
    expect(decodeBase64("PGEvPg==", room)?.buffer).toBe(room.buffer);
    expect(decodeBase64("PGEvPmI=", room)?.buffer).not.toBe(room.buffer);
  });
});
