/** A company's logo as its pages show it; what a picture may be was decided when it was saved (admin). */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { problem } from "../failure.ts";
import { findLogo } from "../store/index.ts";

/** A logo's address names the picture by its hash, so it may be kept; another picture has another address. */
const KEPT_SECONDS = 86_400;

/** `GET /sso/logo?v=<hash>` on the company's host, for everybody. Opened by itself it is a picture in an empty sandbox. */
export async function companyLogo(c: Context<AppEnv>): Promise<Response> {
  const { company } = c.get("tenant");
  if (company.logoSha256 === null) return problem(404, "not-found", "This company has no logo");
  const asked = c.req.header("if-none-match") ?? "";
  const logo = asked.includes(`"${company.logoSha256}"`)
    ? null
    : await findLogo(c.get("services").database, company.id);
  const hash = logo ? createHash("sha256").update(logo.bytes).digest("hex") : company.logoSha256;
  const headers = {
    etag: `"${hash}"`,
    "cache-control": c.req.query("v") === hash ? `public, max-age=${KEPT_SECONDS}` : "no-cache",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
  };
  if (logo === null) return new Response(null, { status: 304, headers });
  return new Response(Uint8Array.from(logo.bytes), { headers: { ...headers, "content-type": logo.contentType } });
}
