/**
 * Which characters a name may have (XML 1.0 fifth edition, productions 4 and 4a; Namespaces in XML 1.0, production 4) and
 * which characters a reference may name (XML 1.0, production 2).
 */

const NAME_START = 1;
const NAME_PART = 2;

/** Classes of the ASCII characters; the colon has none, because these are NCNames. */
const ASCII = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const character = String.fromCharCode(c);
  if (/[A-Za-z_]/.test(character)) ASCII[c] = NAME_START | NAME_PART;
  else if (/[0-9.-]/.test(character)) ASCII[c] = NAME_PART;
}

/** First and last code points beyond ASCII that may start a name. */
const START_RANGES: readonly (readonly [number, number])[] = [
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
const PART_RANGES: readonly (readonly [number, number])[] = [
  [0xb7, 0xb7],
  [0x300, 0x36f],
  [0x203f, 0x2040],
];

/** Where the NCName that starts at `start` ends; `start` itself when none starts there. */
export function ncNameEnd(text: string, start: number): number {
  const length = text.length;
  if (start >= length) return start;
  const first = text.charCodeAt(start);
  if (first >= 128) return wideNameEnd(text, start, start);
  if (((ASCII[first] as number) & NAME_START) === 0) return start;
  let i = start + 1;
  while (i < length) {
    const c = text.charCodeAt(i);
    if (c >= 128) return wideNameEnd(text, start, i);
    if (ASCII[c] === 0) return i;
    i++;
  }
  return i;
}

/** The same for names beyond ASCII, from `at` on. */
function wideNameEnd(text: string, start: number, at: number): number {
  let i = at;
  while (i < text.length) {
    const c = text.codePointAt(i) as number;
    const inName =
      c < 128
        ? i === start
          ? ((ASCII[c] as number) & NAME_START) !== 0
          : ASCII[c] !== 0
        : inRanges(START_RANGES, c) || (i !== start && inRanges(PART_RANGES, c));
    if (!inName) return i;
    i += c > 0xffff ? 2 : 1;
  }
  return i;
}

function inRanges(ranges: readonly (readonly [number, number])[], c: number): boolean {
  for (const range of ranges) if (c >= range[0] && c <= range[1]) return true;
  return false;
}

/** XML 1.0, production 2. */
export function isCharacter(c: number): boolean {
  if (c < 0x20) return c === 0x9 || c === 0xa || c === 0xd;
  return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

/** XML 1.0, production 3. */
export function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x09 || c === 0x0d;
}
