/**
 * Where a visitor may be sent back to: a path on this very company host, as the URL parser understands it, and nothing
 * else. Owns the rule that nothing from outside becomes a redirect target unread.
 */

/** The path travels in a sealed cookie, which grows by a third and must stay well under the 4 KB that browsers keep (`request.ts` counts them). */
export const RETURN_PATH_CHARS_MAX = 2000;
/** A fragment that the visitor's own browser put into a cookie of ours. */
export const FRAGMENT_CHARS_MAX = 512;

/** Paths of the gateway that a visitor may be sent to; the others would sign out, loop or download. */
const OWN_PATHS_ALLOWED = /^\/sso\/(?:admin(?:\/|$)|sessions?$|local\/passkeys$|resend\/[\w-]{36}$)/;

/**
 * The same place as a path with query and fragment, or "/" for anything that isn't plainly a place of this host.
 * A path whose query would not fit into the cookie keeps its path.
 */
export function safeReturnPath(wanted: string | null | undefined, baseUrl: string): string {
  if (!wanted?.startsWith("/") || /[\u0000-\u001f\u007f\\]/.test(wanted)) return "/";
  let url: URL;
  try {
    url = new URL(wanted, baseUrl);
  } catch {
    return "/";
  }
  // The parser removes dot segments, so "/.//host" only now shows that a browser would read it as another host.
  if (url.origin !== new URL(baseUrl).origin || url.pathname.startsWith("//")) return "/";
  if (url.username || url.password) return "/";
  const path = asRouted(url.pathname);
  if ((path === "/sso" || path.startsWith("/sso/")) && !OWN_PATHS_ALLOWED.test(path)) return "/";
  const whole = url.pathname + url.search + url.hash;
  if (whole.length <= RETURN_PATH_CHARS_MAX) return whole;
  return url.pathname.length <= RETURN_PATH_CHARS_MAX ? url.pathname : "/";
}

/** "/%73so/logout" leads to the sign-out as well: paths are matched decoded. */
function asRouted(pathname: string): string {
  return pathname.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Joins the fragment that the sign-in page saved in the visitor's browser; a fragment can't change where the path leads. */
export function withFragment(path: string, savedFragment: string | null): string {
  if (savedFragment === null || savedFragment.length > FRAGMENT_CHARS_MAX || path.includes("#")) return path;
  let fragment: string;
  try {
    fragment = decodeURIComponent(savedFragment);
  } catch {
    return path;
  }
  if (!fragment.startsWith("#") || fragment.length < 2) return path;
  const url = new URL("https://fragment.invalid/");
  url.hash = fragment;
  return path + url.hash;
}
