/**
 * Whether a page of another company makes this request. All companies share a domain, so to a browser they are the same site,
 * and SameSite=Lax lets one company's pages post to another's host with the visitor's session. Only the Origin tells them apart.
 */
import type { Config } from "../config.ts";
import { isSlug, type Tenant } from "../tenant/index.ts";

/** The Fetch standard's serialisation of an origin that a page does not name. */
const UNNAMED = "null";

/** Browsers name the origin with every request that changes something, opens a WebSocket or is read by a script of another host. */
export function isFromAnotherCompany(config: Config, tenant: Tenant, request: Request): boolean {
  const origin = request.headers.get("origin");
  if (origin === null || origin === tenant.baseUrl) return false;
  // A page that hides its name is told by the browser itself: of this domain, and not of this host.
  if (origin === UNNAMED) return request.headers.get("sec-fetch-site") === "same-site";
  const host = URL.parse(origin)?.host ?? "";
  const suffix = `.${config.baseDomain}`;
  const label = host.endsWith(suffix) ? host.slice(0, -suffix.length) : "";
  // The reserved names are the operator's own. This company's own by another scheme is a page that somebody on the way wrote.
  return isSlug(label);
}
