/**
 * Classes of characters: names (XML 1.0 fifth edition, productions 4 and 4a, without the colon: Namespaces in XML 1.0, production 4),
 * white space (production 3), characters at all (production 2), and what stops a plain attribute value (production 10).
 */
import { BEYOND_ASCII } from "./xml-bytes.ts";

const NAME_START = 1;
const NAME_PART = 2;
export const SPACE = 4;
/** A quote, a reference, a "<", white space that is normalised, or the end of the message. */
export const VALUE_STOP = 8;
/** What can't stand in text, means something there or is written otherwise in a canonical form; the end of the message. */
export const TEXT_STOP = 16;

/** The classes of each unit of a message. */
export const CLASS = new Uint8Array(256);
for (let c = 0; c < 128; c++) {
  const character = String.fromCharCode(c);
  if (/[A-Za-z_]/.test(character)) CLASS[c] = NAME_START | NAME_PART;
  else if (/[0-9.-]/.test(character)) CLASS[c] = NAME_PART;
  else if (character === " ") CLASS[c] = SPACE;
  else if (/[\t\n\r]/.test(character)) CLASS[c] = SPACE | VALUE_STOP;
  else if (/["'&<\0]/.test(character)) CLASS[c] = VALUE_STOP;
  if (/[<>&\]\r\0]/.test(character)) CLASS[c] = (CLASS[c] as number) | TEXT_STOP;
}

type Ranges = readonly (readonly [first: number, last: number])[];

/** Code points beyond ASCII that may start a name. */
const START_RANGES: Ranges = [
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
  [0x10000, 0xeffff],
];
/** And those that may only follow. */
const PART_RANGES: Ranges = [
  [0xb7, 0xb7],
  [0x300, 0x36f],
  [0x203f, 0x2040],
];

/** Where the NCName that starts at `start` ends; `start` itself when none starts there. */
export function ncNameEnd(units: Uint8Array, text: string, start: number): number {
  const first = units[start] as number;
  if (((CLASS[first] as number) & NAME_START) === 0) {
    return first === BEYOND_ASCII ? wideNameEnd(text, start, start) : start;
  }
  let i = start + 1;
  while (((CLASS[units[i] as number] as number) & NAME_PART) !== 0) i++;
  return units[i] === BEYOND_ASCII ? wideNameEnd(text, start, i) : i;
}

/** The same for names beyond ASCII, from `at` on. */
function wideNameEnd(text: string, start: number, at: number): number {
  let i = at;
  while (i < text.length) {
    const c = text.codePointAt(i) as number;
    const inName =
      c < 128
        ? ((CLASS[c] as number) & NAME_PART) !== 0
        : inRanges(START_RANGES, c) || (i !== start && inRanges(PART_RANGES, c));
    if (!inName) return i;
    i += c > 0xffff ? 2 : 1;
  }
  return i;
}

function inRanges(ranges: Ranges, c: number): boolean {
  for (const range of ranges) if (c >= range[0] && c <= range[1]) return true;
  return false;
}

/** Order by code points: UTF-16 order, except that surrogates stand above U+E000 to U+FFFF. */
export function compareCodePoints(one: string, other: string): number {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) {
    const a = one.charCodeAt(i);
    const b = other.charCodeAt(i);
    if (a === b) continue;
    const aIsSurrogate = (a & 0xf800) === 0xd800;
    const bIsSurrogate = (b & 0xf800) === 0xd800;
    return aIsSurrogate === bIsSurrogate ? a - b : aIsSurrogate ? 1 : -1;
  }
  return one.length - other.length;
}

/** XML 1.0, production 2. */
export function isCharacter(c: number): boolean {
  if (c < 0x20) return c === 0x9 || c === 0xa || c === 0xd;
  return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}
