/** Reads a posted form, bounded before it is held: `application/x-www-form-urlencoded` in UTF-8 and nothing else. */

export type FormProblem = {
  readonly code: "form_invalid" | "message_too_large";
  readonly expected: string;
  readonly received: string;
};

const CONTENT_TYPE_CHARS_SHOWN = 100;

/** The fields of a POST, or why there are none. */
export async function readForm(
  request: Request,
  bytesMax: number,
): Promise<{ ok: true; fields: URLSearchParams } | { ok: false; refusal: FormProblem }> {
  const type = request.headers.get("content-type") ?? "";
  if (type.split(";")[0]?.trim().toLowerCase() !== "application/x-www-form-urlencoded") {
    const received = type.slice(0, CONTENT_TYPE_CHARS_SHOWN) || "no content type";
    return { ok: false, refusal: { code: "form_invalid", expected: "application/x-www-form-urlencoded", received } };
  }
  const body = await readBounded(request, bytesMax);
  if (body === null) {
    return {
      ok: false,
      refusal: { code: "message_too_large", expected: `${bytesMax} bytes or less`, received: "more" },
    };
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return { ok: true, fields: new URLSearchParams(text) };
  } catch {
    return { ok: false, refusal: { code: "form_invalid", expected: "UTF-8", received: "other bytes" } };
  }
}

/** The whole body, or null once it is larger than allowed: the rest is then never read. */
export async function readBounded(request: Request, bytesMax: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) return null;
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > bytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
