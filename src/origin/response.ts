/**
 * The origin's answer as the visitor gets it: the very body and status, with what only fitted the origin's own host made to
 * fit the company's. Bodies are handed on as streams and never read, so a compressed one stays as it is.
 */
import { OWN_COOKIE_PREFIX } from "../session/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { hopByHopNames } from "./hop-by-hop.ts";
import type { OriginTarget } from "./target.ts";

/** Absolute URLs of the origin itself stand in these. */
const LOCATIONS = ["location", "content-location"] as const;
/** It advertises another way to this host, and that way leads around the gateway. RFC 7838. */
const ALT_SVC = "alt-svc";

export function fitResponse(
  response: Response,
  tenant: Tenant,
  target: OriginTarget,
  setCookie: string | null,
): Response {
  const fitted = response.webSocket
    ? new Response(null, { status: 101, webSocket: response.webSocket, headers: response.headers })
    : new Response(response.body, response);
  const { headers } = fitted;
  for (const name of [...hopByHopNames(headers), ALT_SVC]) headers.delete(name);
  for (const name of LOCATIONS) {
    const value = headers.get(name);
    const fit = value && fitLocation(value, tenant, target);
    if (fit && fit !== value) headers.set(name, fit);
  }
  fitCookies(headers, target);
  if (setCookie !== null) headers.append("set-cookie", setCookie);
  return fitted;
}

/**
 * The origin's absolute URLs of itself become those of the company host, always written out whole: what the path begins with
 * ("//elsewhere") must not come to stand at the front. Everything else stays, wherever it leads: that is the origin's to say.
 */
function fitLocation(value: string, tenant: Tenant, target: OriginTarget): string {
  const url = URL.parse(value, target.url);
  if (url === null || !isSameServer(url, target.origin) || url.username !== "" || url.password !== "") return value;
  const absolute = /^[\s]*(?:[a-z][a-z0-9+.-]*:|[\\/]{2})/i.test(value);
  const fromRoot = /^[\s]*\//.test(value);
  // A path that is relative to the page, or from the root where the origin's root is ours, leads to the same place as it is.
  if (!absolute && (!fromRoot || target.prefix === "")) return value;
  const path = withoutPrefix(url.pathname, target.prefix);
  return path === null ? value : tenant.baseUrl + path + url.search + url.hash;
}

/** An origin behind a proxy of its own often thinks that it is spoken to by plain http. */
function isSameServer(url: URL, origin: URL): boolean {
  if (url.origin === origin.origin) return true;
  return (
    url.protocol === "http:" && origin.protocol === "https:" && url.hostname === origin.hostname && url.port === ""
  );
}

function withoutPrefix(path: string, prefix: string): string | null {
  if (prefix === "") return path;
  if (path === prefix) return "/";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : null;
}

/** Rewritten only where needed, so that what the origin wrote keeps its bytes. */
function fitCookies(headers: Headers, target: OriginTarget): void {
  const lines = headers.getSetCookie();
  const fitted = lines.flatMap((line) => fitCookie(line, target) ?? []);
  if (fitted.length === lines.length && fitted.every((line, index) => line === lines[index])) return;
  headers.delete("set-cookie");
  for (const line of fitted) headers.append("set-cookie", line);
}

/**
 * Null for a cookie that could pass for ours. Browsers and servers differ in what they take off the front of a name, and a
 * nameless cookie reads like a named one when it comes back, so our prefix may stand nowhere in the pair. Domain goes: the
 * origin's would be refused by the browser, and one that covers several companies' hosts would carry this company's cookie
 * to the others.
 */
function fitCookie(line: string, target: OriginTarget): string | null {
  const [pair = "", ...attributes] = line.split(";");
  if (pair.toLowerCase().includes(OWN_COOKIE_PREFIX.toLowerCase())) return null;
  const kept = attributes.flatMap((attribute) => {
    const equals = attribute.indexOf("=");
    const name = (equals < 0 ? attribute : attribute.slice(0, equals)).trim().toLowerCase();
    if (name === "domain") return [];
    if (name !== "path" || target.prefix === "") return [attribute];
    const path = withoutPrefix(attribute.slice(equals + 1).trim(), target.prefix);
    return path === null ? [attribute] : [` Path=${path}`];
  });
  return [pair, ...kept].join(";");
}
