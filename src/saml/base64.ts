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
 * no white space, at least one octet.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text === "" || text.length % 4 !== 0) return null;
  const decoded = Buffer.from(text, "base64");
  // The decoder forgives; its inverse doesn't.
  if (decoded.toString("base64") !== text) return null;
  // A copy of its own memory: small Buffers share one.
  return new Uint8Array(decoded);
}

const HAS_WHITE_SPACE = /[\t\n\r ]/;

/** As decodeBase64, for xs:base64Binary (XML Schema 2, 3.2.16): XML white space may stand anywhere in it. */
export function decodeBase64Binary(text: string): Uint8Array<ArrayBuffer> | null {
  return decodeBase64(HAS_WHITE_SPACE.test(text) ? text.replace(/[\t\n\r ]+/g, "") : text);
}
