/**
 * Whether a page of another company makes this request. All companies share a domain, so to a browser they are the same site,
 * and SameSite=Lax lets one company's pages post to another's host with the visitor's session, and embed what stands there.
 */
import type { Config } from "../config.ts";
import { isLedHere } from "../session/index.ts";
import { isSlug, type Tenant } from "../tenant/index.ts";

/** The Fetch standard's serialisation of an origin that a page does not name. */
const UNNAMED = "null";
/** Of Sec-Fetch-Site. */
const FROM_ANOTHER_HOST: readonly string[] = ["same-site", "cross-site"];

/**
 * Browsers name the origin with every request that changes something, opens a WebSocket or is read by a script of another host. What
 * a page only embeds (a script, a picture, a frame) they ask for without: there the browser's word that it is not of this host counts,
 * unless the page says that it is this host's or nobody's company. As SameSite=Lax would have it, a page that the person is led to
 * passes.
 *
 * "cross-site" is that word where a page of this domain had a server elsewhere redirect to here: for SameSite browsers look at both
 * ends only and send the session's cookie, and an origin they then call "null".
 */
export function isFromAnotherCompany(config: Config, tenant: Tenant, request: Request): boolean {
  const { headers } = request;
  const origin = headers.get("origin");
  if (origin === tenant.baseUrl) return false;
  if (origin !== null && origin !== UNNAMED) return isOfACompany(config, origin);
  if (!mindsReferer(request)) return false;
  if (origin === null && isLedHere(request)) return false;
  const referer = headers.get("referer");
  // No page can put another's name here.
  if (referer?.startsWith(`${tenant.baseUrl}/`)) return false;
  return origin === UNNAMED || referer === null || isOfACompany(config, referer);
}

/** Whether it matters to `isFromAnotherCompany` which page this one comes from. */
export function mindsReferer({ headers }: Request): boolean {
  return FROM_ANOTHER_HOST.includes(headers.get("sec-fetch-site") ?? "");
}

/** Of this company too, by another scheme: a page that somebody on the way wrote. The reserved names are the operator's own. */
function isOfACompany(config: Config, url: string): boolean {
  const host = URL.parse(url)?.host ?? "";
  const suffix = `.${config.baseDomain}`;
  return host.endsWith(suffix) && isSlug(host.slice(0, -suffix.length));
}
