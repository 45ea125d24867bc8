/**
 * References (XML 1.0, 4.1 and 4.6): the five predefined entities and characters by number. There are no others, because there is
 * no document type that could declare them.
 */
import { isCharacter } from "./xml-names.ts";
import { REFUSED } from "./xml-source.ts";

export class ReferenceReader {
  /** What the reference that was read last stands for. */
  value = "";
  /** What would have been right, after a refusal. */
  expected = "";

  /** Reads the reference that begins with the "&" at `at`; answers the position after its ";", or REFUSED. */
  read(text: string, at: number): number {
    if (text.charCodeAt(at + 1) === 0x23) return this.character(text, at + 2);
    if (text.startsWith("amp;", at + 1)) return this.named("&", at + 5);
    if (text.startsWith("lt;", at + 1)) return this.named("<", at + 4);
    if (text.startsWith("gt;", at + 1)) return this.named(">", at + 4);
    if (text.startsWith("quot;", at + 1)) return this.named('"', at + 6);
    if (text.startsWith("apos;", at + 1)) return this.named("'", at + 6);
    this.expected = "one of the references &amp; &lt; &gt; &quot; &apos;";
    return REFUSED;
  }

  private named(value: string, after: number): number {
    this.value = value;
    return after;
  }

  /** From behind "&#". */
  private character(text: string, from: number): number {
    const radix = text.charCodeAt(from) === 0x78 ? 16 : 10;
    const start = radix === 16 ? from + 1 : from;
    let at = start;
    let code = 0;
    for (; at < text.length; at++) {
      const digit = digitValue(text.charCodeAt(at));
      if (digit >= radix) break;
      // Past the last code point it stays past it, however many digits follow.
      if (code <= 0x10ffff) code = code * radix + digit;
    }
    if (at === start || text.charCodeAt(at) !== 0x3b || !isCharacter(code)) {
      this.expected = "a reference to a character that XML 1.0 allows";
      return REFUSED;
    }
    this.value = String.fromCodePoint(code);
    return at + 1;
  }
}

/** 16 for what is no digit at all. */
function digitValue(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  if (c >= 0x61 && c <= 0x66) return c - 0x57;
  if (c >= 0x41 && c <= 0x46) return c - 0x37;
  return 16;
}
