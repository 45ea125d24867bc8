/**
 * The origin's answer as the visitor gets it: the very body and status, with what only fitted the origin's own host made to
 * fit the company's. Bodies are handed on as streams and never read, so a compressed one stays as it is.
 */
import { OWN_COOKIE_PREFIX } from "../session/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { HOP_BY_HOP, hopByHop, namesOthers } from "./hop-by-hop.ts";
import { type IsLive, isEventStream, limitEventStream, relayWebSocket } from "./long-lived.ts";
import type { Origin } from "./target.ts";

/** Absolute URLs of the origin itself stand in these. */
const LOCATIONS: readonly string[] = ["location", "content-location"];
/** It advertises another way to this host, and that way leads around the gateway. RFC 7838. */
const ALT_SVC = "alt-svc";
/** Its "cookies" are those of the registrable domain: of all companies, and the operator's. Clear Site Data, 3.1. */
const CLEAR_SITE_DATA = "clear-site-data";
/** What its "*" means besides. */
const SITE_DATA_BUT_COOKIES: readonly string[] = [
  '"cache"',
  '"clientHints"',
  '"executionContexts"',
  '"prefetchCache"',
  '"prerenderCache"',
  '"storage"',
];
/** What caches on the way heed rather than Cache-Control: RFC 9213, its forerunner, and those of single makers. */
const TO_CACHES = /^(?:.*cdn-cache-control|surrogate-control|edge-control|x-accel-expires)$/;
/** The platform writes these itself for each connection and never passes a Worker's on: no reason to touch a response. */
const WRITTEN_BY_PLATFORM: readonly string[] = [
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
const TO_BE_FITTED: readonly string[] = [...HOP_BY_HOP, ...LOCATIONS, ALT_SVC, CLEAR_SITE_DATA, "set-cookie"].filter(
  (name) => !WRITTEN_BY_PLATFORM.includes(name),
);

export interface Fitting {
  readonly tenant: Tenant;
  readonly origin: Origin;
  /** What the request asked of the origin; relative references start here. */
  readonly url: string;
  /** The renewed session cookie, where there is one. */
  readonly setCookie: string | null;
  readonly isLive: IsLive;
}

/** Most answers fit as they are, and are handed on as the very object that came. */
export function fitResponse(response: Response, fitting: Fitting): Response {
  if (response.webSocket) return fitted(relayWebSocket(response, response.webSocket, fitting.isLive), fitting);
  const { headers } = response;
  if (isEventStream(headers.get("content-type") ?? "") && response.body !== null) {
    return fitted(limitEventStream(response, fitting.isLive), fitting);
  }
  // Asked one by one: to list all headers makes two texts of each, which costs more than a dozen questions.
  const needed =
    fitting.setCookie !== null ||
    TO_BE_FITTED.some((name) => headers.has(name)) ||
    namesOthers(headers.get("connection") ?? "");
  return needed ? fitted(new Response(response.body, response), fitting) : response;
}

function fitted(response: Response, { tenant, origin, url, setCookie }: Fitting): Response {
  const { headers } = response;
  const endsHere = hopByHop(headers.get("connection"));
  for (const name of [...headers.keys()]) if (endsHere(name) || name === ALT_SVC) headers.delete(name);
  for (const name of LOCATIONS) {
    const value = headers.get(name);
    const fit = value && fitLocation(value, { tenant, origin, url });
    if (fit && fit !== value) headers.set(name, fit);
  }
  fitClearSiteData(headers);
  fitCookies(headers, origin);
  if (setCookie !== null) {
    headers.append("set-cookie", setCookie);
    keepOutOfSharedCaches(headers);
    for (const name of [...headers.keys()]) if (TO_CACHES.test(name)) headers.delete(name);
  }
  return response;
}

/**
 * RFC 9111, 7.3: a Set-Cookie keeps no cache from storing, and what the origin lets everybody have must not bring one person's
 * session along. Where the origin says nothing, a cache may guess (4.2.2).
 */
function keepOutOfSharedCaches(headers: Headers): void {
  const given =
    headers
      .get("cache-control")
      ?.split(",")
      .map((directive) => directive.trim()) ?? [];
  if (given.some((directive) => /^(?:no-store|private)$/i.test(directive))) return;
  const others = given.filter((directive) => !/^(?:public$|s-maxage\b|private\b)/i.test(directive));
  headers.set("cache-control", ["private", ...others].join(", "));
}

/**
 * The origin's absolute URLs of itself become those of the company host, always written out whole: what the path begins with
 * ("//elsewhere") must not come to stand at the front. Everything else stays, wherever it leads: that is the origin's to say.
 */
function fitLocation(value: string, { tenant, origin, url: base }: Pick<Fitting, "tenant" | "origin" | "url">): string {
  const url = URL.parse(value, base);
  if (url === null || !isSameServer(url, origin.url) || url.username !== "" || url.password !== "") return value;
  const absolute = /^\s*(?:[a-z][a-z0-9+.-]*:|[\\/]{2})/i.test(value);
  const fromRoot = /^\s*\//.test(value);
  // A path that is relative to the page, or from the root where the origin's root is ours, leads to the same place as it is.
  if (!absolute && (!fromRoot || origin.prefix === "")) return value;
  const path = withoutPrefix(url.pathname, origin.prefix);
  return path === null ? value : tenant.baseUrl + path + url.search + url.hash;
}

/** An origin behind a proxy of its own often thinks that it is spoken to by plain http. */
function isSameServer(url: URL, server: URL): boolean {
  if (url.origin === server.origin) return true;
  return (
    url.protocol === "http:" && server.protocol === "https:" && url.hostname === server.hostname && url.port === ""
  );
}

function withoutPrefix(path: string, prefix: string): string | null {
  if (prefix === "") return path;
  if (path === prefix) return "/";
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : null;
}

function fitClearSiteData(headers: Headers): void {
  const types = (headers.get(CLEAR_SITE_DATA) ?? "").split(",").map((type) => type.trim());
  const kept = types
    .filter((type) => type !== "" && !/^"?cookies"?$/i.test(type))
    .flatMap((type) => (type === '"*"' ? SITE_DATA_BUT_COOKIES : type));
  if (kept.join() === types.join()) return;
  headers.delete(CLEAR_SITE_DATA);
  if (kept.length > 0) headers.set(CLEAR_SITE_DATA, kept.join(", "));
}

/** Rewritten only where needed, so that what the origin wrote keeps its bytes. */
function fitCookies(headers: Headers, origin: Origin): void {
  const lines = headers.getSetCookie();
  const kept = lines.flatMap((line) => fitCookie(line, origin) ?? []);
  if (kept.length === lines.length && kept.every((line, index) => line === lines[index])) return;
  headers.delete("set-cookie");
  for (const line of kept) headers.append("set-cookie", line);
}

/**
 * Null for a cookie that could pass for ours. Browsers and servers differ in what they take off the front of a name, and a
 * nameless cookie reads like a named one when it comes back, so our prefix may stand nowhere in the pair. Domain goes: the
 * origin's would be refused by the browser, and one that covers several companies' hosts would carry this company's cookie
 * to the others.
 */
function fitCookie(line: string, origin: Origin): string | null {
  const [pair = "", ...attributes] = line.split(";");
  if (pair.toLowerCase().includes(OWN_COOKIE_PREFIX.toLowerCase())) return null;
  const kept = attributes.flatMap((attribute) => {
    const equals = attribute.indexOf("=");
    const name = (equals < 0 ? attribute : attribute.slice(0, equals)).trim().toLowerCase();
    if (name === "domain") return [];
    if (name !== "path" || origin.prefix === "") return [attribute];
    const path = withoutPrefix(attribute.slice(equals + 1).trim(), origin.prefix);
    return path === null ? [attribute] : [` Path=${path}`];
  });
  return [pair, ...kept].join(";");
}
