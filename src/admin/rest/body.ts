/** Request bodies: the right type, bounded, well-formed, and exactly the fields that were described. */
import type * as z from "zod/mini";
import { fieldErrors } from "../fields.ts";
import { readBounded } from "../idp-metadata.ts";
import { type Answer, answer, fail, invalid } from "../problems.ts";

/** Two hundred mappings and ten certificates fit several times. */
export const JSON_BODY_BYTES_MAX = 524_288;

const JSON_TYPES = ["application/json"];
const PATCH_TYPES = ["application/json", "application/merge-patch+json"];

/** The type and its parameters' absence or presence don't matter beyond this: JSON is UTF-8 (RFC 8259, 8.1). */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

export function unsupported(types: readonly string[]) {
  return fail({
    status: 415,
    type: "unsupported-media-type",
    title: `The body must be ${types.join(" or ")}`,
    headers: { accept: types.join(", ") },
  });
}

export async function readBytes(request: Request, bytesMax: number): Promise<Answer<Uint8Array>> {
  const tooLarge = () =>
    fail({ status: 413, type: "too-large", title: `The body must not be larger than ${bytesMax} bytes` });
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) return tooLarge();
  const bytes = await readBounded(request.body, bytesMax);
  return bytes ? answer(bytes) : tooLarge();
}

export async function readJson<T extends z.ZodMiniType>(request: Request, schema: T): Promise<Answer<z.output<T>>> {
  const types = request.method === "PATCH" ? PATCH_TYPES : JSON_TYPES;
  if (!types.includes(mediaType(request))) return unsupported(types);
  const bytes = await readBytes(request, JSON_BODY_BYTES_MAX);
  return bytes.ok ? parseJson(bytes.value, schema) : bytes;
}

export function parseJson<T extends z.ZodMiniType>(bytes: Uint8Array, schema: T): Answer<z.output<T>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    const message = "Is not well-formed JSON in UTF-8";
    return fail({ status: 400, type: "malformed", title: "The body can't be read", errors: [{ path: "", message }] });
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? answer(parsed.data) : invalid(fieldErrors(parsed.error));
}
