/**
 * Forms of local sign-in: only our own page may send one, since another site's would sign the visitor in as somebody else. A
 * cookie holds a random value, the form a tag over it that only this gateway makes. Neither names a host, so that it holds
 * behind a proxy that serves the page under another one.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { readForm } from "../form.ts";
import { OWN_COOKIE_PREFIX, readCookie } from "../session/index.ts";

const LOCAL_COOKIE = `${OWN_COOKIE_PREFIX}local`;
const LOCAL_COOKIE_SECONDS = 86_400;
const NONCE_BYTES = 16;
const NONCE = /^[A-Za-z0-9_-]{22}$/;
/** A password of 128 characters takes at most 1.5 KB, percent-encoded; an address and a return path some more. */
export const LOCAL_FORM_BYTES_MAX = 16_384;

/** What this browser was given; null for nothing. */
export function formNonce(c: Context<AppEnv>): string | null {
  const held = readCookie(c.req.raw, LOCAL_COOKIE);
  return held !== null && NONCE.test(held) ? held : null;
}

/** A page with the form token that belongs to this browser; tabs side by side share one cookie. */
export async function withFormToken(c: Context<AppEnv>, makePage: (formToken: string) => Response): Promise<Response> {
  const { sealer } = c.get("services");
  const nonce = formNonce(c) ?? Buffer.from(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).toString("base64url");
  const page = makePage(await sealer.tag("local-form", c.get("tenant").company.id, nonce));
  const headers = new Headers(page.headers);
  const attributes = `Path=/; Max-Age=${LOCAL_COOKIE_SECONDS}; Secure; HttpOnly; SameSite=Lax`;
  headers.append("set-cookie", `${LOCAL_COOKIE}=${nonce}; ${attributes}`);
  return new Response(page.body, { status: page.status, headers });
}

export type OwnForm =
  | { readonly ok: true; readonly fields: URLSearchParams }
  | { readonly ok: false; readonly expected: string; readonly received: string };

/** The fields of a form that our own page sent from this very browser. */
export async function readOwnForm(c: Context<AppEnv>): Promise<OwnForm> {
  const refuse = (expected: string, received: string) => ({ ok: false, expected, received }) as const;
  // Fetch Metadata; "none" is a form sent again by the visitor's own hand.
  const site = c.req.header("sec-fetch-site") ?? "same-origin";
  if (site !== "same-origin" && site !== "none") return refuse("a post from our own page", site);
  const form = await readForm(c.req.raw, LOCAL_FORM_BYTES_MAX);
  if (!form.ok) return refuse(form.refusal.expected, form.refusal.received);
  const nonce = formNonce(c);
  const token = form.fields.get("form_token") ?? "";
  const ours = await c.get("services").sealer.verifyTag("local-form", c.get("tenant").company.id, nonce ?? "", token);
  if (nonce === null || !ours) return refuse("the browser that was given this form", "another one");
  return { ok: true, fields: form.fields };
}
