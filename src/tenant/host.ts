/**
 * Which host a request is for. The URL parser has already lower-cased and decoded the name; what is left must be exactly
 * one label before BASE_DOMAIN, port included. X-Forwarded-Host and its kin are never looked at.
 */
import type { Config } from "../config.ts";

/** Labels that are never a company's. `admin` is the operator; the others may one day be ours. */
export const RESERVED_SLUGS: readonly string[] = ["admin", "www", "api", "static"];

/** A DNS label (RFC 1035, 2.3.1; RFC 1123, 2.1), lower case. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Hyphens in the third and fourth place mark encoded names, punycode's `xn--` among them (RFC 5891, 4.2.3.1): look-alikes of other names. */
const ENCODED_LABEL = /^..--/;

export type Host =
  | { readonly kind: "company"; readonly slug: string }
  | { readonly kind: "operator" }
  | { readonly kind: "unknown" };

const UNKNOWN: Host = { kind: "unknown" };
const OPERATOR_SLUG = "admin";

/** True for a slug that a company may have: a plain DNS label that isn't reserved. */
export function isSlug(text: string): boolean {
  return LABEL.test(text) && !ENCODED_LABEL.test(text) && !RESERVED_SLUGS.includes(text);
}

/** What was read of plain authorities under one configuration; the hosts that reach a Worker are few, and each request asks more than once. */
const known = new Map<string, Host>();
const KNOWN_MAX = 1_000;
let knownUnder: Config | null = null;
/** The one that was asked for last: what a page is made of comes from one host, and to compare costs less than to look up. */
let latest: { readonly authority: string; readonly host: Host } | null = null;
/** Nothing in it that a URL parser could read in two ways. */
const PLAIN_AUTHORITY = /^https?:\/\/[A-Za-z0-9.:-]+\/$/;
/** A place in a URL's text: behind the slashes of either scheme, and not beyond a host of one character. */
export const IN_HOST = "https://".length;

export function classifyHost(config: Config, { url }: Pick<Request, "url">): Host {
  if (config !== knownUnder) {
    known.clear();
    knownUnder = config;
    latest = null;
  }
  if (latest !== null && url.startsWith(latest.authority)) return latest.host;
  const authority = url.slice(0, url.indexOf("/", IN_HOST) + 1);
  const remembered = known.get(authority);
  if (remembered) {
    latest = { authority, host: remembered };
    return remembered;
  }
  const host = read(config, url);
  if (!PLAIN_AUTHORITY.test(authority)) return host;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(authority, host);
  return host;
}

function read(config: Config, text: string): Host {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return UNKNOWN;
  }
  const suffix = `.${config.baseDomain}`;
  // A name and password in front of the host have no place in a request; a client that sends them means to mislead someone.
  if (!url.host.endsWith(suffix) || url.username !== "" || url.password !== "") return UNKNOWN;
  const label = url.host.slice(0, -suffix.length);
  if (label === OPERATOR_SLUG) return { kind: "operator" };
  return isSlug(label) ? { kind: "company", slug: label } : UNKNOWN;
}
