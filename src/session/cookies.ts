/** The Cookie header as pairs (RFC 6265, 4.2.1), read strictly: what isn't plainly a cookie's name is no name of ours. */

/** Every cookie of this gateway begins with it: host-only, Secure, Path=/ by the browser's own rule (RFC 6265bis, 4.1.3.2). */
export const OWN_COOKIE_PREFIX = "__Host-vestibule-";

/**
 * Name and value of each cookie, in order. Only SP and HTAB are taken off: a name that hides behind other white space got
 * past the browser's rule for `__Host-` and must not become that name here. A pair without "=" has the name "".
 */
export function readCookies(request: Request): [name: string, value: string][] {
  const header = request.headers.get("cookie");
  return header === null ? [] : cookiePairs(header).map(({ name, value }) => [name, value]);
}

export interface CookiePair {
  /** As it stood between the semicolons. */
  readonly text: string;
  readonly name: string;
  readonly value: string;
}

export function cookiePairs(header: string): CookiePair[] {
  return header.split(";").map((text) => {
    const equals = text.indexOf("=");
    return {
      text,
      name: equals < 0 ? "" : withoutBlanks(text.slice(0, equals)),
      value: withoutBlanks(text.slice(equals + 1)),
    };
  });
}

interface Found {
  readonly wanted: string;
  readonly value: string | null;
}
/** What was found in a header; a browser sends the same one again and again. Some 2 KB each. */
const foundIn = new Map<string, Found>();
const FOUND_MAX = 1_000;
const FOUND_CHARS_MAX = 4_000;

/** The one value of a cookie; null when there is none, or when two differ: then somebody else put one there, and which is unknown. */
export function readCookie(request: Request, wanted: string): string | null {
  const header = request.headers.get("cookie");
  // Most requests without the cookie end here.
  if (header === null || !header.includes(wanted)) return null;
  const known = foundIn.get(header);
  if (known?.wanted === wanted) return known.value;
  const values = new Set(cookiePairs(header).flatMap(({ name, value }) => (name === wanted ? [value] : [])));
  const value = values.size === 1 ? ([...values][0] ?? null) : null;
  if (header.length > FOUND_CHARS_MAX) return value;
  if (foundIn.size >= FOUND_MAX) foundIn.clear();
  foundIn.set(header, { wanted, value });
  return value;
}

/** Linear where a pattern anchored at the end would not be. */
function withoutBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
