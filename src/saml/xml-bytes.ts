/**
 * From the bytes of a message to its text: UTF-8 only (XML 1.0, 4.3.3 and appendix F), legal characters only (XML 1.0, 2.2),
 * and byte offsets for whoever has to refuse. It knows nothing of markup.
 */
import { accept, type Result, refuse } from "./refusal.ts";

/** The whole message as text, without a byte-order mark. */
export interface MessageText {
  readonly text: string;
  /** Bytes before the first character of `text`: 3 with a byte-order mark, else 0. */
  readonly skipped: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a message. Refuses with xml_encoding what is not UTF-8, with xml_malformed a character that XML 1.0 has no place for. */
export function readMessageText(bytes: Uint8Array): Result<MessageText> {
  // Appendix F: a zero byte among the first four is UTF-16 or UTF-32 without a mark.
  for (let i = 0; i < 4 && i < bytes.length; i++) {
    if (bytes[i] === 0) return refuse("xml_encoding", { offset: i, expected: "UTF-8", received: "UTF-16 or UTF-32" });
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse("xml_encoding", { offset: firstInvalidByte(bytes), expected: "UTF-8" });
  }
  const illegal = firstIllegalCharacter(bytes, text);
  if (illegal !== -1) {
    return refuse("xml_malformed", { offset: illegal, expected: "a character that XML 1.0 allows" });
  }
  if (text.charCodeAt(0) === 0xfeff) return accept({ text: text.slice(1), skipped: 3 });
  return accept({ text, skipped: 0 });
}

/** The byte offset of a position in the text: only refusals ask, so it may walk. */
export function byteOffset(message: MessageText, position: number): number {
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

/** Byte offset of the first control character or non-character (XML 1.0, production 2), or -1. */
function firstIllegalCharacter(bytes: Uint8Array, text: string): number {
  const length = bytes.length;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 && byte !== 0x0a && byte !== 0x09 && byte !== 0x0d) return i;
  }
  if (text.length === length) return -1;
  const fffe = text.indexOf("\ufffe");
  const ffff = text.indexOf("\uffff");
  if (fffe === -1 && ffff === -1) return -1;
  const first = fffe === -1 || (ffff !== -1 && ffff < fffe) ? ffff : fffe;
  return byteOffset({ text, skipped: 0 }, first);
}

/** Where a byte sequence stops being UTF-8 (Unicode 15, table 3-7): the first byte of the first ill-formed sequence. */
function firstInvalidByte(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i] as number;
    if (lead < 0x80) {
      i++;
      continue;
    }
    const size =
      lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    if (size === 0 || i + size > bytes.length) return i;
    const second = bytes[i + 1] as number;
    const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) return i;
    for (let k = 2; k < size; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return i;
    i += size;
  }
  return bytes.length;
}
