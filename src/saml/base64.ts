/**
 * Base64 (RFC 4648 section 4) between text and octets, strictly: one text for one sequence of octets, so that nothing can be
 * spelled in two ways. Knows neither messages nor keys.
 */
import { Buffer } from "node:buffer";

export function encodeBase64(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString("base64");
}

/**
 * The octets of `text`, or null unless it is exactly their base64: alphabet, padding and zero trailing bits (RFC 4648 3.5),
 * no white space, at least one octet. They stand at the beginning of `room` where one is given that is large enough.
 */
export function decodeBase64(text: string, room?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  if (text === "" || text.length % 4 !== 0) return null;
  return "setFromBase64" in Uint8Array.prototype ? decodeStrictly(text, room) : decodeAndCompare(text);
}

const STRICT = { lastChunkHandling: "strict" } as const;
/** So many octets lie on the engine's own heap, where a copy is made sooner than the decoder makes an array. */
const small = new Uint8Array(64);

/** The runtime's own decoder (ECMAScript 2026, Uint8Array.fromBase64), which Workers have. */
function decodeStrictly(text: string, room: Uint8Array<ArrayBuffer> | undefined): Uint8Array<ArrayBuffer> | null {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const size = (text.length / 4) * 3 - padding;
  let octets: Uint8Array<ArrayBuffer>;
  try {
    if (room !== undefined && size <= room.length) octets = room.subarray(0, room.setFromBase64(text, STRICT).written);
    else if (size <= small.length) octets = small.slice(0, small.setFromBase64(text, STRICT).written);
    else octets = Uint8Array.fromBase64(text, STRICT);
  } catch {
    return null;
  }
  // It forgives white space alone, and then finds fewer octets than that many characters hold.
  return octets.length === size ? octets : null;
}

/** Node 24 has no such decoder; its older one forgives much, and its inverse nothing. */
function decodeAndCompare(text: string): Uint8Array<ArrayBuffer> | null {
  const decoded = Buffer.from(text, "base64");
  if (decoded.toString("base64") !== text) return null;
  // A copy of its own memory: small Buffers share one.
  return new Uint8Array(decoded);
}

/** As decodeBase64, for xs:base64Binary (XML Schema 2, 3.2.16): XML white space may stand anywhere in it. */
export function decodeBase64Binary(text: string): Uint8Array<ArrayBuffer> | null {
  return decodeBase64(text) ?? decodeBase64(text.replace(/[\t\n\r ]+/g, ""));
}
