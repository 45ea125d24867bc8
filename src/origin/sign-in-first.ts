/** What a request without a session gets: a page navigation is led to the sign-in and back, anything else is told in JSON. */
import { problem } from "../failure.ts";
import { notConfiguredPage, sessionNeededPage } from "../pages/index.ts";
import type { PathRule } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";

/** Encoded it may be three times as long, and it must fit into a URL that browsers and Cloudflare carry. */
const RETURN_TO_CHARS_MAX = 8_000;

/** Whether a person's browser is about to show the answer as a page. Fetch metadata says so; older browsers show it by what they accept. */
export function isNavigation(request: Request, method: "GET" | "POST" = "GET"): boolean {
  if (request.method !== method) return false;
  const mode = request.headers.get("sec-fetch-mode");
  if (mode !== null) return mode === "navigate";
  if (request.headers.has("sec-fetch-site") || request.headers.has("sec-fetch-dest")) return false;
  return (request.headers.get("accept") ?? "").toLowerCase().includes("text/html");
}

export function signInFirst(request: Request, tenant: Tenant, unauthenticated: PathRule["unauthenticated"]): Response {
  const signInUrl = `${tenant.baseUrl}/sso/login`;
  if (isNavigation(request)) {
    const back = `?return_to=${encodeURIComponent(returnPath(request))}`;
    if (unauthenticated === "401") {
      return sessionNeededPage(tenant.company, (tenant.saml === null ? "/sso/local" : "/sso/login") + back);
    }
    if (tenant.saml === null) return notConfiguredPage(tenant.company, "/sso/local");
    return new Response(null, {
      status: 303,
      headers: { location: `/sso/login${back}`, "cache-control": "no-store" },
    });
  }
  return problem(401, "not-signed-in", "Nobody is signed in here", {
    detail: "This address needs a session. Send the person to signInUrl, then ask again.",
    signInUrl,
  });
}

/** A long query is let go rather than the page it belongs to. */
function returnPath(request: Request): string {
  const { pathname, search } = new URL(request.url);
  if (pathname.length + search.length <= RETURN_TO_CHARS_MAX) return pathname + search;
  return pathname.length <= RETURN_TO_CHARS_MAX ? pathname : "/";
}
