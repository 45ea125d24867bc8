/**
 * Owns how a message travels: base64 in a form field (SAML Bindings 3.5.4) and DEFLATE in a query (3.4.4.1), both ways.
 * Knows nothing of what the message says. Decoding is strict and bounded, because every byte is the sender's.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { type SigningKey, signQuery } from "./signature.ts";
import { SAML_MESSAGE_BASE64_CHARS_MAX, SAML_MESSAGE_BYTES_MAX } from "./terms.ts";

/**
 * The bytes of a `SAMLResponse` or `SAMLRequest` form field (SAML Bindings 3.5.4): base64 with CR and LF allowed, never deflated.
 * Refuses with message_missing, message_too_large, base64_invalid. `room` is memory that they may be written into.
 */
export function decodePostMessage(samlMessage: string, room?: Uint8Array<ArrayBuffer>): Result<Uint8Array> {
  if (samlMessage === "") return refuse("message_missing");
  if (samlMessage.length > SAML_MESSAGE_BASE64_CHARS_MAX) {
    return tooLarge(`${SAML_MESSAGE_BASE64_CHARS_MAX} characters of base64`, `${samlMessage.length} characters`);
  }
  let bytes = decodeBase64(samlMessage, room);
  if (!bytes && /[\r\n]/.test(samlMessage)) {
    const text = samlMessage.replace(/[\r\n]+/g, "");
    if (text === "") return refuse("message_missing");
    bytes = decodeBase64(text, room);
  }
  if (!bytes) return refuse("base64_invalid", { expected: "base64 (RFC 4648, section 4)" });
  if (bytes.length > SAML_MESSAGE_BYTES_MAX) {
    return tooLarge(`${SAML_MESSAGE_BYTES_MAX} bytes`, `${bytes.length} bytes`);
  }
  return accept(bytes);
}

/**
 * The bytes of a `SAMLRequest` or `SAMLResponse` query parameter, percent-decoded already (SAML Bindings 3.4.4.1).
 * The output is capped while it inflates; bytes after the DEFLATE stream are refused. Refuses as above and with deflate_invalid.
 */
export function decodeRedirectMessage(samlMessage: string): Result<Uint8Array> {
  const deflated = decodePostMessage(samlMessage);
  if (!deflated.ok) return deflated;
  try {
    const { buffer, engine } = inflateRawSync(deflated.value, {
      maxOutputLength: SAML_MESSAGE_BYTES_MAX,
      info: true,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    if (engine.bytesWritten !== deflated.value.length) return refuse("deflate_invalid", { received: "trailing bytes" });
    return accept(new Uint8Array(buffer));
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") {
      return tooLarge(`${SAML_MESSAGE_BYTES_MAX} bytes inflated`, "more");
    }
    return refuse("deflate_invalid", { expected: "a DEFLATE stream (RFC 1951)" });
  }
}

/** The value of the form field for a message of ours (SAML Bindings 3.5.4). */
export function encodePostMessage(xml: string): string {
  return encodeBase64(new TextEncoder().encode(xml));
}

/**
 * The address that carries a message of ours to `destination` (SAML Bindings 3.4.4.1): message, RelayState, SigAlg, Signature
 * in that order, after whatever query the destination has of its own. The XML must carry no signature.
 */
export async function redirectUrl(
  destination: string,
  parameter: "SAMLRequest" | "SAMLResponse",
  xml: string,
  relayState: string | null,
  key: SigningKey | null,
): Promise<string> {
  const message = encodeBase64(deflateRawSync(new TextEncoder().encode(xml)));
  const unsigned = `${parameter}=${encodeURIComponent(message)}${
    relayState === null ? "" : `&RelayState=${encodeURIComponent(relayState)}`
  }`;
  const query = key ? await signQuery(unsigned, key) : unsigned;
  const bare = destination.split("#", 1)[0] as string;
  const joint = !bare.includes("?") ? "?" : /[?&]$/.test(bare) ? "" : "&";
  return `${bare}${joint}${query}`;
}

function tooLarge(expected: string, received: string): Result<never> {
  return refuse("message_too_large", { expected: `at most ${expected}`, received });
}
