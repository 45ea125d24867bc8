/**
 * Group N: the form field of the POST binding, as far as the core sees it. Rule R32.
 * Two parameters, a query string, other content types and GET (N13, N15, N19, N20, N22 of a real request) are proved at the endpoint.
 */
import { deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodePostMessage, SAML_MESSAGE_BASE64_CHARS_MAX } from "../../src/saml/index.ts";
import { toBase64 } from "../support/identity-provider.ts";
import { ATTACKER, type Code, Door, scene } from "../support/messages/scene.ts";
import { honestTwin } from "./catalogue.ts";

const INVALID: readonly Code[] = ["base64_invalid"];

const ROWS: readonly (readonly [string, (field: string, xml: string) => string, (readonly Code[])?])[] = [
  ["N01 nothing", () => "", ["message_missing"]],
  ["N01 only line ends", () => "\r\n\r\n", ["message_missing"]],
  ["N02 the XML itself", (_f, xml) => xml],
  [
    "N03 deflated (the Redirect binding's form)",
    (_f, xml) => toBase64(deflateRawSync(xml)),
    ["xml_encoding", "xml_malformed"],
  ],
  ["N03 gzipped", (_f, xml) => toBase64(gzipSync(xml)), ["xml_encoding", "xml_malformed"]],
  ["N10 a space inside", (f) => `${f.slice(0, 40)} ${f.slice(40)}`],
  ["N10 a tab inside", (f) => `${f.slice(0, 40)}\t${f.slice(40)}`],
  ["N10 a character outside the alphabet", (f) => `${f.slice(0, 40)}*${f.slice(40)}`],
  ["N10 a NUL", (f) => `${f.slice(0, 40)}\u0000${f.slice(40)}`],
  ["N10 a no-break space", (f) => `${f}\u00a0`],
  ["N10 a character beyond Latin-1 whose low byte is in the alphabet", (f) => `${f.slice(0, 40)}\u0141${f.slice(41)}`],
  ["N10 full-width letters", (f) => `Ａ${f.slice(1)}`],
  ["N12 padding in the middle", (f) => `${f.slice(0, 40)}==${f.slice(40)}`],
  ["N12 two concatenated texts", (_f, xml) => toBase64("<a/>x").padEnd(8, "=") + toBase64(xml)],
  ["N12 too much padding", (_f, xml) => `${toBase64(padTo(xml, 0))}=`],
  ["N12 four padding characters", (_f, xml) => `${toBase64(padTo(xml, 0))}====`],
  ["N12 no padding where there must be some", (_f, xml) => toBase64(padTo(xml, 2)).replace(/=+$/, "")],
  [
    "N12 unused bits set",
    (_f, xml) =>
      toBase64(padTo(xml, 1)).replace(
        /(.)==$/,
        (_all: string, c: string) => `${String.fromCharCode(c.charCodeAt(0) + 1)}==`,
      ),
  ],
  ["N12 one character left over", (_f, xml) => `${toBase64(padTo(xml, 0))}A`],
  ["N14 a data: URL", (f) => `data:text/xml;base64,${f}`],
  ["N16 percent-encoded once more", (f) => encodeURIComponent(f).replace(/^P/, "%50")],
  ["N17 a JSON string", (f) => JSON.stringify(f)],
  ["N18 more characters than the limit", () => "A".repeat(SAML_MESSAGE_BASE64_CHARS_MAX + 4), ["message_too_large"]],
  ["N23 base64 twice", (f) => toBase64(f), ["xml_malformed", "xml_encoding"]],
  ["N24 a byte-order mark before the base64", (f) => `\ufeff${f}`],
  ["N25 a quoted-printable soft line break", (f) => `${f.slice(0, 40)}=\r\n${f.slice(40)}`],
];

/** The XML with so many trailing line feeds that its length modulo three is as asked. */
function padTo(xml: string, remainder: number): string {
  let padded = xml;
  while (new TextEncoder().encode(padded).length % 3 !== (remainder === 0 ? 0 : remainder)) padded += "\n";
  return padded;
}

describe("N: the POST binding's form field", () => {
  honestTwin();

  for (const [name, change, codes] of ROWS) {
    it(name, async () => {
      const s = await scene();
      const { samlResponse, xml } = await s.own();
      const changed = change(samlResponse, xml);
      expect(changed).not.toBe(samlResponse);
      const outcome = await new Door(s.expectations).present(changed);
      if (outcome.ok) throw new Error("ATTACK ACCEPTED");
      expect(codes ?? INVALID).toContain(outcome.code);
    });
  }

  it("N11 base64url is refused, unless it happens to be base64 as well", async () => {
    const s = await scene();
    const { xml } = await s.own({ attributes: { x: "\u00ff\u00fe\u00fb???>>>" } });
    for (let shift = 0; shift < 3; shift++) {
      const field = toBase64(" ".repeat(0) + xml + "\n".repeat(shift));
      const url = field.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
      if (url === field) continue;
      expect(await new Door(s.expectations).present(url)).toMatchObject({ ok: false, code: "base64_invalid" });
    }
  });
  it("N11 line ends in the base64 are what honest senders write", async () => {
    const s = await scene();
    const { samlResponse } = await s.own();
    const lines = samlResponse.match(/.{1,76}/g) ?? [];
    for (const end of ["\r\n", "\n"]) {
      for (const field of [lines.join(end), lines.join(end) + end]) {
        const outcome = await new Door(s.expectations).present(field);
        expect(outcome.ok && outcome.assertion.nameID.value).toBe(ATTACKER);
      }
    }
  });
  it("what decodes is what a second base64 decoder makes of it, for every field that is accepted", () => {
    for (let length = 0; length < 40; length++) {
      const bytes = Uint8Array.from({ length: length + 1 }, (_, i) => (i * 37 + length * 11) % 256);
      const decoded = decodePostMessage(Buffer.from(bytes).toString("base64"));
      expect(decoded.ok && [...decoded.value]).toEqual([...bytes]);
    }
  });
});
