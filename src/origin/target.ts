/** Where at the origin a request goes. */

export interface OriginTarget {
  /** The whole URL, as text: a second parsing must find nothing left to resolve. */
  readonly url: string;
  readonly origin: URL;
  /** The path that the company's originUrl has, without its last slash; "" for none. */
  readonly prefix: string;
}

/**
 * The path that was asked for, behind the origin's own. The URL parser has resolved dot segments, written plainly or encoded,
 * so none is left to climb over the prefix; and since the text is joined and not resolved, no path can name another host.
 */
export function originTarget(originUrl: string, requestUrl: string): OriginTarget {
  const origin = new URL(originUrl);
  const prefix = origin.pathname.replace(/\/+$/, "");
  const requested = new URL(requestUrl);
  const { href } = requested;
  // Not pathname and search: they lose the "?" of an empty query.
  const from = href.indexOf("/", href.indexOf("//") + 2);
  const to = requested.hash === "" ? href.length : href.length - requested.hash.length;
  return { url: origin.origin + prefix + href.slice(from, to), origin, prefix };
}
