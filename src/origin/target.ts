/** Where at the origin a request goes. */
import { IN_HOST } from "../tenant/index.ts";

/** A company's originUrl, taken apart. */
export interface Origin {
  readonly url: URL;
  /** Its path without the last slash; "" for none. */
  readonly prefix: string;
  /** What stands before each path. */
  readonly base: string;
}

const origins = new Map<string, Origin>();
const ORIGINS_MAX = 1_000;

export function originOf(originUrl: string): Origin {
  const known = origins.get(originUrl);
  if (known) return known;
  const url = new URL(originUrl);
  const prefix = url.pathname.replace(/\/+$/, "");
  const origin = { url, prefix, base: url.origin + prefix };
  if (origins.size >= ORIGINS_MAX) origins.clear();
  origins.set(originUrl, origin);
  return origin;
}

/** A URL in which a parser would find nothing to resolve, encode or take off: its path, without dot segments, and its query. */
const PLAIN_URL = /^https?:\/\/[\w.:-]+\/(?:[\w~-][\w~.-]*\/)*(?:[\w~-][\w~.-]*)?(?:\?[\w~.,:;=&%+/-]*)?$/;

/**
 * The path that was asked for, behind the origin's own. The URL parser has resolved dot segments, written plainly or encoded,
 * so none is left to climb over the prefix; and since the text is joined and not resolved, no path can name another host.
 */
export function targetUrl(origin: Origin, requestUrl: string): string {
  if (PLAIN_URL.test(requestUrl)) return origin.base + requestUrl.slice(requestUrl.indexOf("/", IN_HOST));
  const requested = new URL(requestUrl);
  const { href, hash } = requested;
  // Not pathname and search: they lose the "?" of an empty query.
  const from = href.indexOf("/", href.indexOf("//") + 2);
  return origin.base + href.slice(from, href.length - hash.length);
}

/** The path of a target as the company knows it: what the origin's URL puts before it is off, and so is the query. */
export function pathOf(origin: Origin, target: string): string {
  const path = target.slice(origin.base.length);
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}
