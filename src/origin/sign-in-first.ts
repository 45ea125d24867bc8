/** What a request without a session gets: a page navigation is led to the sign-in and back, anything else is told in JSON. */
import { notSignedIn } from "../failure.ts";
import { notConfiguredPage, sessionNeededPage } from "../pages/index.ts";
import { isNavigation } from "../session/index.ts";
import type { PathRule } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";

/** Encoded it may be three times as long, and it must fit into a URL that browsers and Cloudflare carry. */
const RETURN_TO_CHARS_MAX = 8_000;

export function signInFirst(request: Request, tenant: Tenant, unauthenticated: PathRule["unauthenticated"]): Response {
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
  const detail = "This address needs a session. Send the person to signInUrl, then ask again.";
  return notSignedIn(tenant.baseUrl, { detail });
}

/** A long query is let go rather than the page it belongs to. */
function returnPath(request: Request): string {
  const { pathname, search } = new URL(request.url);
  if (pathname.length + search.length <= RETURN_TO_CHARS_MAX) return pathname + search;
  return pathname.length <= RETURN_TO_CHARS_MAX ? pathname : "/";
}
