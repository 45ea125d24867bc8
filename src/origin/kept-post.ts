/**
 * A form that was sent after its session had ended is not lost: its body is sealed and kept for a while, bound to the person whose
 * cookie came with it. Only what a page of this very host sent: another site's form must not wait here for the person to sign in.
 */
import { readBounded } from "../form.ts";
import { sessionEndedPage } from "../pages/index.ts";
import { formerUser, isNavigation } from "../session/index.ts";
import { keepPost, newId } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";
import type { Passage } from "./proxy.ts";

/** Sealed it must fit into a row of D1, which holds 2 MB. */
export const KEPT_POST_BYTES_MAX = 1_048_576;
/** Long enough to sign in with a second factor and to read a page. */
export const KEPT_POST_MINUTES = 15;
const PATH_CHARS_MAX = 4_000;
const CONTENT_TYPE_CHARS_MAX = 500;

export const KEPT_POST_PATH = "/sso/resend";

/** Null where the request is none that a person would miss, or nobody's. Otherwise the page that says what became of it. */
export async function keepForLater({ services, tenant, request }: Passage): Promise<Response | null> {
  if (!isFormOfThisHost(tenant, request)) return null;
  const userId = await formerUser(services, tenant, request);
  if (userId === null) return null;
  const { pathname, search } = new URL(request.url);
  const path = pathname + search;
  const contentType = request.headers.get("content-type") ?? "";
  const fits = path.length <= PATH_CHARS_MAX && contentType.length <= CONTENT_TYPE_CHARS_MAX && !path.startsWith("//");
  const bytes = fits ? await readAnnounced(request) : null;
  const page = { company: tenant.company, minutes: KEPT_POST_MINUTES };
  if (bytes === null) return sessionEndedPage({ ...page, signInUrl: signInPath(tenant, "/"), kept: false });

  const now = services.now();
  const post = { id: newId(), userId, path, contentType, createdAt: now, expiresAt: now + KEPT_POST_MINUTES * 60_000 };
  const body = await services.sealer.sealBytes("kept-post", tenant.company.id, bytes, boundTo(post));
  // Nobody keeps anything for a person who is gone or disabled.
  if (!(await keepPost(services.database, tenant.company.id, { ...post, body }))) return null;
  return sessionEndedPage({ ...page, signInUrl: signInPath(tenant, `${KEPT_POST_PATH}/${post.id}`), kept: true });
}

/** What a body belongs to: it opens in no other row. */
export function boundTo(post: { readonly id: string; readonly userId: string; readonly path: string }): string {
  return JSON.stringify([post.id, post.userId, post.path]);
}

export function signInPath(tenant: Tenant, target: string): string {
  return `${tenant.saml === null ? "/sso/local" : "/sso/login"}?return_to=${encodeURIComponent(target)}`;
}

/** A page's form and not a script's request; and of a page of this host, by the browser's word (Fetch Metadata, or else Origin). */
function isFormOfThisHost(tenant: Tenant, request: Request): boolean {
  if (request.method !== "POST" || !isNavigation(request, "POST")) return false;
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== "null" && origin !== tenant.baseUrl) return false;
  const site = request.headers.get("sec-fetch-site");
  return site === null ? origin === tenant.baseUrl : site === "same-origin" || site === "none";
}

/** Null where the length isn't announced or is too much: then nothing is read. */
async function readAnnounced(request: Request): Promise<Uint8Array | null> {
  if (request.body === null) return new Uint8Array();
  const length = request.headers.get("content-length") ?? "";
  if (!/^\d{1,15}$/.test(length)) return null;
  return readBounded(request, KEPT_POST_BYTES_MAX);
}
