/** What stands in the Worker for pvtsutils does as the original does, in all that xmldsigjs asks of it. */
import * as original from "pvtsutils";
import { describe, expect, it } from "vitest";
import * as few from "../../src/saml/few-pvtsutils.ts";

const texts = ["", "a", "ab", "abc", "ä€𝄞", "\0\uffff", "x".repeat(1000)];
const bytes = (text: string) => new TextEncoder().encode(text);

describe("the few conversions", () => {
  it.each(texts)("are the original's: %j", (text) => {
    const whole = Uint8Array.from(bytes(text));
    const part = Uint8Array.from(bytes(`<${text}>`)).subarray(1, -1);
    for (const octets of [whole, whole.buffer, part]) {
      const base64 = original.Convert.ToBase64(octets);
      expect(few.Convert.ToBase64(octets)).toBe(base64);
      expect(few.Convert.ToString(octets, "base64")).toBe(base64);
      expect(few.Convert.ToUtf8String(octets)).toBe(original.Convert.ToUtf8String(octets));
      expect(few.Convert.FromBase64(base64)).toEqual(original.Convert.FromBase64(base64));
      expect(few.BufferSourceConverter.toUint8Array(octets)).toEqual(
        original.BufferSourceConverter.toUint8Array(octets),
      );
      expect(few.BufferSourceConverter.toArrayBuffer(octets)).toEqual(
        original.BufferSourceConverter.toArrayBuffer(octets),
      );
    }
  });

  it("know octets from everything else", () => {
    for (const value of [new Uint8Array(2), new ArrayBuffer(2), "text", null, undefined, {}, []]) {
      expect(few.BufferSourceConverter.isBufferSource(value)).toBe(
        Boolean(original.BufferSourceConverter.isBufferSource(value)),
      );
    }
  });
});
