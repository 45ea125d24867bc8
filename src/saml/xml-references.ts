/**
 * References (XML 1.0, 4.1 and 4.6): the five predefined entities and characters by number. There are no others, because there is
 * no document type that could declare them.
 */
import { isCharacter } from "./xml-names.ts";

/** Where `readReference` leaves what it found, or what it would have liked to find. */
export interface Reference {
  value: string;
  expected: string;
}

/** Reads the reference that begins with the "&" at `at`; answers the position after its ";", or -1. */
export function readReference(text: string, at: number, found: Reference): number {
  if (text.charCodeAt(at + 1) === 0x23) return readCharacter(text, at + 2, found);
  found.expected = "one of the references &amp; &lt; &gt; &quot; &apos;";
  if (text.startsWith("amp;", at + 1)) return named("&", at + 5, found);
  if (text.startsWith("lt;", at + 1)) return named("<", at + 4, found);
  if (text.startsWith("gt;", at + 1)) return named(">", at + 4, found);
  if (text.startsWith("quot;", at + 1)) return named('"', at + 6, found);
  if (text.startsWith("apos;", at + 1)) return named("'", at + 6, found);
  return -1;
}

function named(value: string, after: number, found: Reference): number {
  found.value = value;
  return after;
}

/** From behind "&#". */
function readCharacter(text: string, from: number, found: Reference): number {
  found.expected = "a reference to a character that XML 1.0 allows";
  const hexadecimal = text.charCodeAt(from) === 0x78;
  const start = hexadecimal ? from + 1 : from;
  let at = start;
  let code = 0;
  for (; at < text.length; at++) {
    const digit = digitValue(text.charCodeAt(at), hexadecimal);
    if (digit === -1) break;
    // Past the last code point it stays past it, however many digits follow.
    if (code <= 0x10ffff) code = code * (hexadecimal ? 16 : 10) + digit;
  }
  if (at === start || text.charCodeAt(at) !== 0x3b || !isCharacter(code)) return -1;
  found.value = String.fromCodePoint(code);
  return at + 1;
}

function digitValue(c: number, hexadecimal: boolean): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  if (!hexadecimal) return -1;
  if (c >= 0x61 && c <= 0x66) return c - 0x57;
  if (c >= 0x41 && c <= 0x46) return c - 0x37;
  return -1;
}
