/**
 * From the bytes of a message to what the scanner reads: UTF-8 only (XML 1.0, 4.3.3 and appendix F), legal characters only
 * (XML 1.0, 2.2), and byte offsets for whoever has to refuse. It knows nothing of markup.
 */
import { accept, type Result, refuse } from "./refusal.ts";

/** What `units` holds for every UTF-16 unit that is not ASCII. */
export const BEYOND_ASCII = 0x80;
/** Zero bytes after the end of the units, so that looking ahead, four at a time too, needs no bounds. */
const PADDING_BYTES = 16;
/** Longer runs of ASCII are copied as a whole. */
const COPIED_RUN_MIN = 32;

/** A message that is legal text. It is good until the next one is read: their units stand in one place. */
export interface MessageText {
  /** Without a byte-order mark. */
  readonly text: string;
  /** One byte for each UTF-16 unit of `text`: itself when ASCII, else BEYOND_ASCII; then zeros. All markup is ASCII, and bytes scan faster. */
  readonly units: Uint8Array;
  /** The units, four at a time. */
  readonly view: DataView;
  /** Bytes before the first character of `text`: 3 with a byte-order mark, else 0. */
  readonly skipped: number;
}

/** Where units stand, in the three ways they are looked at. */
interface Room {
  readonly units: Uint8Array;
  readonly words: Int32Array;
  readonly view: DataView;
}

function makeRoom(bytes: number): Room {
  const buffer = new ArrayBuffer(((bytes + 3) & ~3) + PADDING_BYTES);
  return { units: new Uint8Array(buffer), words: new Int32Array(buffer), view: new DataView(buffer) };
}

/** Twice Entra's largest message. */
const SHARED_BYTES = 32_768;
/** The reader reads a message to its end before anything else happens, so one room serves all: making one costs as much as a scan. */
const shared = makeRoom(SHARED_BYTES);

/** The ASCII characters that XML 1.0, production 2 leaves out. */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a message. Refuses with xml_encoding what is not UTF-8, with xml_malformed a character that XML 1.0 has no place for. */
export function readMessageText(bytes: Uint8Array): Result<MessageText> {
  const skipped = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const body = skipped === 0 ? bytes : bytes.subarray(skipped);
  // Appendix F: a zero byte among the first four is UTF-16 or UTF-32 without a mark.
  for (let i = 0; i < 4 && i < body.length; i++) {
    if (body[i] === 0) return refuse("xml_encoding", { offset: skipped, expected: "UTF-8" });
  }
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return refuse("xml_encoding", { offset: skipped + firstInvalidByte(body), expected: "UTF-8" });
  }
  const room = body.length <= SHARED_BYTES ? shared : makeRoom(body.length);
  const hasWide = text.length !== body.length;
  room.units.set(body);
  room.units.fill(0, body.length, body.length + PADDING_BYTES);
  if (hasWide) narrow(room, body.length);
  const message = { text, units: room.units, view: room.view, skipped };
  const illegal = firstIllegalCharacter(text, room.units, hasWide);
  if (illegal !== -1) {
    return refuse("xml_malformed", {
      offset: byteOffset(message, illegal),
      expected: "characters that XML 1.0 allows",
    });
  }
  return accept(message);
}

/** The byte offset of a position in the text: only refusals ask, so it may walk. */
export function byteOffset(message: Pick<MessageText, "text" | "skipped">, position: number): number {
  const { text } = message;
  const end = Math.min(position, text.length);
  let bytes = message.skipped + end;
  for (let i = 0; i < end; i++) {
    const unit = text.charCodeAt(i);
    // A surrogate pair is two units and four bytes: one more for either half.
    if (unit >= 0x80) bytes += unit < 0x800 || (unit & 0xf800) === 0xd800 ? 1 : 2;
  }
  return bytes;
}

/** Makes of that many bytes of UTF-8 the units: in place, because what is written never overtakes what is read. */
function narrow({ units, words }: Room, bytes: number): void {
  let u = 0;
  let i = 0;
  while (i < bytes) {
    const end = asciiEnd(units, words, i, bytes);
    if (end - i > COPIED_RUN_MIN) {
      units.copyWithin(u, i, end);
      u += end - i;
    } else {
      for (let k = i; k < end; k++) units[u++] = units[k] as number;
    }
    for (i = end; (units[i] as number) >= 0x80; i++) {
      const byte = units[i] as number;
      if (byte < 0xc0) continue;
      units[u++] = BEYOND_ASCII;
      if (byte >= 0xf0) units[u++] = BEYOND_ASCII;
    }
  }
  units.fill(0, u, bytes);
}

/** Where the run of ASCII bytes ends that begins at `from`, at `end` at the latest: four at a time where it is long. */
function asciiEnd(units: Uint8Array, words: Int32Array, from: number, end: number): number {
  let i = from;
  while (i < end && (i & 3) !== 0) {
    if ((units[i] as number) >= 0x80) return i;
    i++;
  }
  let w = i >> 2;
  const whole = end >> 2;
  while (w < whole && ((words[w] as number) & 0x80808080) === 0) w++;
  i = Math.max(i, w << 2);
  while (i < end && (units[i] as number) < 0x80) i++;
  return i;
}

/** Position in the text of a control character or a non-character (XML 1.0, production 2), or -1. */
function firstIllegalCharacter(text: string, units: Uint8Array, hasWide: boolean): number {
  // Of ASCII the engine looks at many characters at once, of wide text at one, and slowly.
  if (!hasWide) return text.search(CONTROL);
  let at = 0;
  while (at < text.length && !isControl(units[at] as number)) at++;
  for (const nonCharacter of ["\ufffe", "\uffff"]) {
    const found = text.indexOf(nonCharacter);
    if (found !== -1 && found < at) at = found;
  }
  return at < text.length ? at : -1;
}

function isControl(unit: number): boolean {
  return unit < 0x20 && unit !== 0x0a && unit !== 0x09 && unit !== 0x0d;
}

/** Where a byte sequence stops being UTF-8 (Unicode, table 3-7): the first byte of the first ill-formed sequence. */
function firstInvalidByte(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i] as number;
    const size = sequenceSize(lead);
    if (size === 0 || i + size > bytes.length) return i;
    if (size > 1) {
      const second = bytes[i + 1] as number;
      const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      if (second < lowest || second > highest) return i;
    }
    for (let k = 2; k < size; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return i;
    i += size;
  }
  return bytes.length;
}

/** How many bytes the sequence has that begins with this one; 0 when none begins with it. */
function sequenceSize(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}
