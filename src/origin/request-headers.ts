/**
 * The visitor's headers as the origin may see them: our word about who it is, nobody else's, and none of our cookies.
 * The order is the safeguard: first everything that could pass for ours is struck out, then ours is set.
 */
import { cookiePairs, OWN_COOKIE_PREFIX, type Session } from "../session/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { HOP_BY_HOP, hopByHop, namesOthers } from "./hop-by-hop.ts";

/** Headers that say who somebody is or where a request came from, as origins and their frameworks know them. */
const STRUCK: readonly string[] = [
  // fetch sets it from the URL; a Worker that sets it itself decides nothing.
  "host",
  "forwarded",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
  // Some frameworks take these for the path. Which paths are open is decided by the one that was asked for.
  "x-original-url",
  "x-rewrite-url",
  "client-ip",
  "true-client-ip",
  "fastly-client-ip",
  "remote-user",
  "x-remote-user",
  // Of this hop: the platform has answered `Expect` by the time a Worker runs.
  "expect",
];
/** The `cf-` family is the platform's word about the visitor to us, and to the origin about us. */
const STRUCK_FAMILIES = /^(?:x-vestibule-|x-forwarded-|cf-)/;

/** What is said of the visitor; the same text for every request of a session. */
export type IdentityHeaders = readonly (readonly [name: string, value: string])[];

export function identityHeaders(session: Session): IdentityHeaders {
  return [
    ["x-forwarded-user", printable(session.userId)],
    ["x-forwarded-email", printable(session.email)],
    ["x-forwarded-groups", printable(session.group.title)],
  ];
}

export interface IdentityProof {
  readonly headers: IdentityHeaders;
  readonly assertion: string;
  /** UTC milliseconds. */
  readonly signedAt: number;
}

/** What a request's headers say: names and values by turns, in the order of the names. */
export type Said = readonly string[];

export function saidBy({ headers }: Request): Said {
  const said: string[] = [];
  headers.forEach((value, name) => {
    said.push(name, value);
  });
  return said;
}

/** Null: it says nothing under this name. */
export function valueSaid(said: Said, name: string): string | null {
  const at = said.findIndex((text, place) => place % 2 === 0 && text === name);
  return at < 0 ? null : (said[at + 1] as string);
}

/**
 * `said` is what the request says. Without an identity where the company's path rules let a visitor through whom nobody asked
 * for one.
 */
export function headersForOrigin(
  request: Request,
  said: Said,
  tenant: Tenant,
  identity: IdentityProof | null,
): Headers {
  const headers = new Headers(request.headers);
  const doomed: string[] = [];
  let connection: string | null = null;
  let cookies: string | null = null;
  let upgrade = "";
  let address = "";
  for (let at = 0; at < said.length; at += 2) {
    const [name, value] = [said[at] as string, said[at + 1] as string];
    if (name === "connection") connection = value;
    else if (name === "upgrade") upgrade = value;
    else if (name === "cf-connecting-ip") address = value;
    if (name === "cookie") cookies = value;
    else if (isStruck(name)) doomed.push(name);
  }
  if (connection !== null && namesOthers(connection)) {
    doomed.push(...[...headers.keys()].filter(hopByHop(connection)));
    if (doomed.includes("cookie")) cookies = null;
  }
  for (const name of doomed) headers.delete(name);
  if (cookies !== null) keepCookies(headers, cookies);

  if (identity !== null) {
    for (const [name, value] of identity.headers) headers.set(name, value);
    headers.set("x-vestibule-jwt-assertion", identity.assertion);
  }
  const [scheme, host] = tenant.baseUrl.split("//") as [string, string];
  headers.set("x-forwarded-host", host);
  headers.set("x-forwarded-proto", scheme.slice(0, -1));
  if (VISITOR_ADDRESS.test(address)) headers.set("x-forwarded-for", address);
  if (isWebSocket(upgrade) && request.method === "GET") headers.set("upgrade", "websocket");
  return headers;
}

const struckNames = new Map<string, boolean>();
const STRUCK_NAMES_MAX = 500;
/** A name may be as long as all headers together: a longer one than any real one is not kept. */
const STRUCK_NAME_CHARS_MAX = 64;

/** Whether it ends here: it could pass for ours, or belongs to the connection. Clients send the same few names; what was found is remembered. */
export function isStruck(name: string): boolean {
  const known = struckNames.get(name);
  if (known !== undefined) return known;
  const struck = couldPassForOurs(name);
  if (name.length > STRUCK_NAME_CHARS_MAX) return struck;
  if (struckNames.size >= STRUCK_NAMES_MAX) struckNames.clear();
  struckNames.set(name, struck);
  return struck;
}

/**
 * CGI and its heirs turn every character of a header's name that isn't a letter or a digit into "_", so that `X_Forwarded_User`
 * and `X.Forwarded.User` arrive as one and the same: they are the same here too.
 */
function couldPassForOurs(name: string): boolean {
  const folded = name.toLowerCase().replace(/[^a-z0-9]/g, "-");
  // A body has the length that the platform says; what only looks like that header could make a server see another.
  if (folded === "content-length") return folded !== name;
  return HOP_BY_HOP.has(folded) || STRUCK.includes(folded) || STRUCK_FAMILIES.test(folded);
}

/** RFC 6455, 4.1; a Worker's fetch knows no other upgrade. */
function isWebSocket(upgrade: string): boolean {
  return upgrade.toLowerCase() === "websocket";
}

function keepCookies(headers: Headers, cookies: string): void {
  const others = othersCookies(cookies);
  if (others === cookies) return;
  if (others === "") headers.delete("cookie");
  else headers.set("cookie", others);
}

/**
 * Without case, since a browser keeps `__host-vestibule-x` by the same rule as ours; and wherever in a pair the name stands,
 * since two Cookie headers arrive as one in which a comma takes the place of the semicolon. The others stay as they were written.
 */
function othersCookies(cookies: string): string {
  const pairs = cookiePairs(cookies);
  const kept = pairs.filter(({ text }) => !text.toLowerCase().includes(OWN_COOKIE_PREFIX.toLowerCase()));
  if (kept.length === pairs.length) return cookies;
  return kept
    .map(({ text }) => text)
    .join(";")
    .replace(/^[ \t]+/, "");
}

/** What Cloudflare saw as the other end of the connection; it overwrites whatever a visitor sends under this name. */
const VISITOR_ADDRESS = /^[0-9A-Fa-f.:]{2,45}$/;

/**
 * Header values are ASCII, and what an origin makes of other bytes is anyone's guess: whatever is not printable ASCII goes
 * as percent-encoded UTF-8, with "%" itself and the comma of lists, so that decodeURIComponent gives the text back.
 */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\x20-\x7e]|[%,]|^ | $/gu, (character) =>
      [...new TextEncoder().encode(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
        .join(""),
    );
}
