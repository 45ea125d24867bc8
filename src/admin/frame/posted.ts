/** What a browser posts to a console: one form, url-encoded or multipart, bounded before it is held. That it is ours, the session's form token says. */
import { METADATA_BYTES_MAX } from "../../saml/index.ts";
import { readBounded } from "../idp-metadata.ts";
import { IMPORT_BYTES_MAX } from "../user-import.ts";

/** The largest is a provider's metadata or a list of users, uploaded or pasted. */
export const CONSOLE_FORM_BYTES_MAX = Math.max(METADATA_BYTES_MAX, IMPORT_BYTES_MAX) + 65_536;

export interface Posted {
  /** The field's text, "" when it is absent. Line ends as in XML and HTML values: LF. */
  text(name: string): string;
  all(name: string): string[];
  has(name: string): boolean;
  /** Files that hold something. */
  files(name: string): File[];
}

/** Null for what is no form, or is too large. */
export async function readPosted(request: Request): Promise<Posted | null> {
  const contentType = request.headers.get("content-type") ?? "";
  const type = contentType.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded" && type !== "multipart/form-data") return null;
  if (Number(request.headers.get("content-length") ?? 0) > CONSOLE_FORM_BYTES_MAX) return null;
  const bytes = await readBounded(request.body as ReadableStream<Uint8Array> | null, CONSOLE_FORM_BYTES_MAX);
  if (bytes === null) return null;
  try {
    return postedOf(
      await new Response(Uint8Array.from(bytes), { headers: { "content-type": contentType } }).formData(),
    );
  } catch {
    return null;
  }
}

function postedOf(form: FormData): Posted {
  const texts = (name: string) =>
    form.getAll(name).flatMap((value) => (typeof value === "string" ? [value.replace(/\r\n?/g, "\n")] : []));
  return {
    text: (name) => texts(name)[0] ?? "",
    all: texts,
    has: (name) => form.has(name),
    files: (name) =>
      form.getAll(name).flatMap((value) => (typeof value === "string" || value.size === 0 ? [] : [value])),
  };
}

/** After a change: the page that shows its outcome, by GET, so that a reload changes nothing again (RFC 9110, 15.4.4). */
export function seeOther(path: string, done: string | null = null): Response {
  const location = done === null ? path : `${path}${path.includes("?") ? "&" : "?"}done=${done}`;
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}
