/**
 * What a shared cache may keep of an origin's answers and when it may answer with it (RFC 9111), stricter where it lets a cache
 * choose: only what is explicitly for everybody, only while it is fresh. No I/O, no clock.
 */

import { namesOthers } from "./hop-by-hop.ts";

/** Requests that carry who asks are answered from a cache only by what says that it is for all. RFC 9111, 3.5. */
const FOR_EVERYBODY: readonly string[] = ["public", "s-maxage"];
const NOT_FOR_KEEPING: readonly string[] = ["private", "no-store", "no-cache"];
/** None of the others is explicit in what the answer means later. */
const STATUSES_KEPT: readonly number[] = [200, 301, 404];
/** What an answer may depend on besides its URL. Never on who asks. */
const VARYING: readonly string[] = ["accept", "accept-encoding", "accept-language"];
/**
 * What browsers send with every request, what Cloudflare adds, and what never reaches an origin. By any other header a request may be
 * one of its own: for a part, for one version, with credentials; or may mean another method, host or path to some framework
 * (X-HTTP-Method-Override, X-Original-URL, and those that nobody here has heard of), so that the answer is none to its URL. Not among
 * them: Origin, which an answer may name without saying that it varies by it.
 */
const PLAIN_HEADER =
  /^(?:accept(?:-charset|-encoding|-language)?|cache-control|cdn-loop|connection|cookie|dnt|host|if-modified-since|if-none-match|keep-alive|pragma|priority|purpose|referer|save-data|te|traceparent|tracestate|true-client-ip|upgrade-insecure-requests|user-agent|x-real-ip|(?:cf|sec|x-forwarded|x-vestibule)-[a-z0-9-]+)$/;
const SECONDS = /^\d{1,10}$/;

/** Directives by lower-case name, or null for what is not well-formed: nothing is guessed. RFC 9111, 5.2. */
function directivesOf(value: string | null): ReadonlyMap<string, string> | null {
  const found = new Map<string, string>();
  const rest = (value ?? "").replace(
    /([\w!#$%&'*+.^`|~-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~-]+)))?[ \t]*(?=,|$)/g,
    (_all, name: string, quoted?: string, token?: string) => {
      const key = name.toLowerCase();
      const argument = quoted ?? token ?? "";
      // Said twice and differently: nobody knows which.
      found.set(key, found.has(key) && found.get(key) !== argument ? "?" : argument);
      return "";
    },
  );
  return /^[\s,]*$/.test(rest) ? found : null;
}

/** `use`: may be answered from what is kept. `refresh`: not, but the origin's answer may be kept. `none`: neither. */
export function cacheUse({ method, headers }: Request): "use" | "refresh" | "none" {
  if (method !== "GET" || isOfItsOwn(headers)) return "none";
  const wanted = headers.get("cache-control");
  if (wanted === null) return headers.has("pragma") ? "refresh" : "use";
  const directives = directivesOf(wanted);
  if (directives === null || directives.has("no-store")) return "none";
  return ["no-cache", "max-age", "min-fresh"].some((name) => directives.has(name)) ? "refresh" : "use";
}

/** One call into the platform. */
function isOfItsOwn(headers: Headers): boolean {
  let own = false;
  headers.forEach((value, name) => {
    // What Connection names doesn't reach the origin, though by its value an answer would be kept.
    own ||= !PLAIN_HEADER.test(name) || (name === "connection" && namesOthers(value));
  });
  return own;
}

export interface Keeping {
  /** How old it was when it arrived, and how old it may become. */
  readonly ageMs: number;
  readonly lifetimeMs: number;
  /** Lower-case names of the request's headers that it depends on, sorted. */
  readonly vary: readonly string[];
}

/** Whether an answer to a request that `cacheUse` lets through may be kept, and for how long. `delayMs`: from request to answer. */
export function keepingOf({ status, headers }: Response, now: number, delayMs: number): Keeping | null {
  const directives = directivesOf(headers.get("cache-control"));
  if (directives === null || !FOR_EVERYBODY.some((name) => directives.has(name))) return null;
  if (NOT_FOR_KEEPING.some((name) => directives.has(name)) || !STATUSES_KEPT.includes(status)) return null;
  if (headers.has("set-cookie") || headers.has("content-range")) return null;
  if (/^text\/event-stream\b/i.test(headers.get("content-type") ?? "")) return null;
  const vary = (headers.get("vary")?.split(",") ?? []).map((name) => name.trim().toLowerCase()).filter(Boolean);
  if (!vary.every((name) => VARYING.includes(name))) return null;

  const date = timeOf(headers, "date") ?? now;
  const lifetimeMs = lifetimeOf(directives, headers, date);
  const age = headers.get("age") ?? "0";
  if (!SECONDS.test(age) || Number.isNaN(date) || lifetimeMs === null) return null;
  // RFC 9111, 4.2.3.
  const ageMs = Math.max(0, now - date, Number(age) * 1000 + delayMs);
  return ageMs < lifetimeMs ? { ageMs, lifetimeMs, vary: [...new Set(vary)].sort() } : null;
}

/** RFC 9111, 4.2.1; nothing is made up where nothing is said. */
function lifetimeOf(directives: ReadonlyMap<string, string>, headers: Headers, date: number): number | null {
  const seconds = directives.get("s-maxage") ?? directives.get("max-age");
  if (seconds !== undefined) return SECONDS.test(seconds) ? Number(seconds) * 1000 : null;
  const expires = timeOf(headers, "expires");
  return expires === null || Number.isNaN(expires) ? null : expires - date;
}

function timeOf(headers: Headers, name: string): number | null {
  const value = headers.get(name);
  return value === null ? null : Date.parse(value);
}

/** Whether the visitor has this very version already. RFC 9110, 13.1.2, 13.1.3, 13.2.2. */
export function isUnchanged(request: Headers, kept: Headers): boolean {
  const wanted = request.get("if-none-match");
  const etag = kept.get("etag");
  if (wanted !== null) {
    const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
    return wanted.trim() === "*" || (etag !== null && wanted.split(",").some((tag) => opaque(tag) === opaque(etag)));
  }
  const since = timeOf(request, "if-modified-since");
  const modified = timeOf(kept, "last-modified");
  return since !== null && modified !== null && modified <= since;
}
