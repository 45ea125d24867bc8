/**
 * Reads what a browser posts to the AssertionConsumerService: exactly one SAMLResponse, from the body only, bounded before
 * it is decoded. SAML Bindings 3.5. Nothing that is given twice or elsewhere is chosen from: it is refused.
 */
import { RELAY_STATE_BYTES_MAX, SAML_MESSAGE_BASE64_CHARS_MAX } from "../saml/index.ts";

/** Every "+", "/" and "=" of base64 may be percent-encoded, three characters for one; a little room for the other fields. */
export const FORM_BYTES_MAX = SAML_MESSAGE_BASE64_CHARS_MAX + SAML_MESSAGE_BASE64_CHARS_MAX / 4 + 4096;

export type FormRefusal = {
  readonly code: "form_invalid" | "message_missing" | "message_too_large";
  readonly expected: string;
  readonly received: string;
};

type Fields = { ok: true; fields: URLSearchParams } | { ok: false; refusal: FormRefusal };

/** The form fields of a POST, or why it is none. */
export async function readForm(request: Request, bytesMax: number = FORM_BYTES_MAX): Promise<Fields> {
  const type = request.headers.get("content-type") ?? "";
  if (type.split(";")[0]?.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
    return refuse("form_invalid", "application/x-www-form-urlencoded", type.slice(0, 100) || "no content type");
  }
  const body = await readBounded(request, bytesMax);
  if (body === null) return refuse("message_too_large", `${bytesMax} bytes or less`, "more");
  try {
    return { ok: true, fields: new URLSearchParams(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body)) };
  } catch {
    return refuse("form_invalid", "UTF-8", "other bytes");
  }
}

/** The one SAMLResponse of an answer that came by POST. RelayState is only checked for its shape: what it says is not used. */
export async function readSamlResponseForm(
  request: Request,
): Promise<{ ok: true; samlResponse: string } | { ok: false; refusal: FormRefusal }> {
  const query = new URL(request.url).searchParams;
  for (const name of ["SAMLResponse", "SAMLRequest", "RelayState"]) {
    if (query.has(name)) return refuse("form_invalid", "fields in the body only", `${name} in the query`);
  }
  const form = await readForm(request);
  if (!form.ok) return form;
  const { fields } = form;
  for (const name of ["SAMLResponse", "RelayState"]) {
    const count = fields.getAll(name).length;
    if (count > 1) return refuse("form_invalid", `one ${name}`, `${count}`);
  }
  if (fields.has("SAMLRequest")) return refuse("form_invalid", "a SAMLResponse", "a SAMLRequest");
  const relayState = fields.get("RelayState") ?? "";
  if (new TextEncoder().encode(relayState).length > 4 * RELAY_STATE_BYTES_MAX) {
    return refuse("form_invalid", `RelayState of ${RELAY_STATE_BYTES_MAX} bytes`, `${relayState.length} characters`);
  }
  const samlResponse = fields.get("SAMLResponse") ?? "";
  if (samlResponse === "") return refuse("message_missing", "SAMLResponse", [...new Set(fields.keys())].join(", ").slice(0, 100));
  return { ok: true, samlResponse };
}

/** The whole body, or null once it is larger than allowed: the rest is then never read. */
async function readBounded(request: Request, bytesMax: number): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) return null;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (request.body === null) return new Uint8Array();
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(code: FormRefusal["code"], expected: string, received: string) {
  return { ok: false, refusal: { code, expected, received } } as const;
}
