/** Where at the origin a request goes. */

/** A company's originUrl, taken apart. */
export interface Origin {
  readonly url: URL;
  /** Its path without the last slash; "" for none. */
  readonly prefix: string;
}

const origins = new Map<string, Origin>();
const ORIGINS_MAX = 1_000;

export function originOf(originUrl: string): Origin {
  const known = origins.get(originUrl);
  if (known) return known;
  const url = new URL(originUrl);
  const origin = { url, prefix: url.pathname.replace(/\/+$/, "") };
  if (origins.size >= ORIGINS_MAX) origins.clear();
  origins.set(originUrl, origin);
  return origin;
}

/** A URL in which a parser would find nothing to resolve, encode or take off: its path, without dot segments, and its query. */
const PLAIN_URL = /^https?:\/\/[\w.:-]+(\/(?:[\w~-][\w~.-]*\/)*(?:[\w~-][\w~.-]*)?(?:\?[\w~.,:;=&%+/-]*)?)$/;

/**
 * The path that was asked for, behind the origin's own. The URL parser has resolved dot segments, written plainly or encoded,
 * so none is left to climb over the prefix; and since the text is joined and not resolved, no path can name another host.
 */
export function targetUrl(origin: Origin, requestUrl: string): string {
  const plain = PLAIN_URL.exec(requestUrl)?.[1];
  if (plain !== undefined) return origin.url.origin + origin.prefix + plain;
  const requested = new URL(requestUrl);
  const { href, hash } = requested;
  // Not pathname and search: they lose the "?" of an empty query.
  const from = href.indexOf("/", href.indexOf("//") + 2);
  return origin.url.origin + origin.prefix + href.slice(from, href.length - hash.length);
}

/** The path of a target as the company knows it: what the origin's URL puts before it is off, and so is the query. */
export function pathOf(origin: Origin, target: string): string {
  const path = target.slice(origin.url.origin.length + origin.prefix.length);
  const query = path.indexOf("?");
  return query < 0 ? path : path.slice(0, query);
}
