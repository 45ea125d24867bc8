/**
 * What a browser posts to a console: one form, url-encoded or multipart, bounded before it is held. Owns the proof that the
 * form was one of ours: a token sealed to the session that it was made for. It stands in the form and not in a cookie or in the
 * Origin header, so that it holds behind a proxy that serves the console under another host (Defender's `.mcas.ms`).
 */
import { METADATA_BYTES_MAX } from "../../saml/index.ts";
import type { Sealer } from "../../sealing.ts";
import { readBounded } from "../idp-metadata.ts";
import { IMPORT_BYTES_MAX } from "../user-import.ts";

/** The largest is a provider's metadata or a list of users, uploaded or pasted. */
export const CONSOLE_FORM_BYTES_MAX = Math.max(METADATA_BYTES_MAX, IMPORT_BYTES_MAX) + 65_536;
export const TOKEN_FIELD = "form_token";

export interface Posted {
  /** The field's text, "" when it is absent. Line ends as in XML and HTML values: LF. */
  text(name: string): string;
  all(name: string): string[];
  has(name: string): boolean;
  /** Files that hold something. */
  files(name: string): File[];
}

/** Whose form it is. */
export interface FormOwner {
  readonly id: string;
  readonly userId: string;
}

export function makeFormToken(sealer: Sealer, companyId: string, session: FormOwner): Promise<string> {
  return sealer.seal("csrf", companyId, JSON.stringify([session.id, session.userId]));
}

/**
 * `own`: made for this session. `earlier`: made for an earlier session of the same person, who signed in again meanwhile: the
 * form is shown once more, as typed. `foreign`: anything else.
 */
export async function judgeFormToken(
  sealer: Sealer,
  companyId: string,
  session: FormOwner,
  token: string,
): Promise<"own" | "earlier" | "foreign"> {
  const text = await sealer.open("csrf", companyId, token);
  if (text === null) return "foreign";
  const [sessionId, userId] = JSON.parse(text) as [string, string];
  if (sessionId === session.id) return "own";
  return userId === session.userId ? "earlier" : "foreign";
}

/** Fetch Metadata: our forms are posted by our own pages. Browsers that say nothing are held to the token alone. */
export function isFromElsewhere(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
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
