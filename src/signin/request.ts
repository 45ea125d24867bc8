/**
 * A sign-in that was started and not yet answered. Nothing of it is stored on our side: the request's ID proves by a tag
 * that this gateway made it for this company and when, and a cookie of its own binds it to the browser, so that several
 * tabs sign in side by side and starting costs no database write. That it is answered once is the store's part.
 */
import { makeMessageId, type OwnMessage, readMessageId } from "../message-id.ts";
import { AUTHN_REQUEST_LIFETIME_SECONDS } from "../saml/index.ts";
import type { Sealer } from "../sealing.ts";
import { readCookie, readCookies } from "../session/index.ts";

/** A started sign-in as its browser carries it. */
export interface PendingRequest {
  readonly id: string;
  readonly returnPath: string;
}

/** What an ID of ours says about itself. */
export interface RequestIdentity extends OwnMessage {
  /** UTC milliseconds. */
  readonly expiresAt: number;
}

export const REQUEST_COOKIE_PREFIX = "__Host-vestibule-request-";
/** More than this many tabs waiting at once, and the oldest is forgotten. */
export const PENDING_REQUESTS_MAX = 6;
/**
 * What the request's own cookie carries of the return path. Tabs that start at the same moment don't see one another's cookies,
 * so that only the browser's own limit (180 a host in Chromium and Firefox) bounds their number: with this size all of them
 * together, fragments too, stay below the 128 KB of headers that Cloudflare and workerd take.
 */
export const RETURN_PATH_CARRIED_CHARS_MAX = 200;
/** Longer paths stand in one of a few cookies, where the later one replaces the earlier: that tab then comes back to the path without its query. */
const RETURN_COOKIE_PREFIX = "__Host-vestibule-return-";
const RETURN_COOKIES = 4;
/** Cookies forgotten in one answer: as many as a browser keeps of a host. */
const COOKIES_FORGOTTEN_MAX = 180;
/** Some may have been sealed under a secret that is gone. */
const COOKIES_OPENED_MAX = 3 * PENDING_REQUESTS_MAX;
/** Not HttpOnly, since the sign-in page's own script writes it: the fragment of the page that was asked for. */
export const FRAGMENT_COOKIE_PREFIX = "__Host-vestibule-fragment-";

export function makeRequestId(sealer: Sealer, companyId: string, now: number): Promise<string> {
  return makeMessageId(sealer, "authn-request-id", companyId, now);
}

/** Null for an ID that this gateway did not make for this company. */
export async function readRequestId(sealer: Sealer, companyId: string, id: string): Promise<RequestIdentity | null> {
  const own = await readMessageId(sealer, "authn-request-id", companyId, id);
  return own && { ...own, expiresAt: own.issuedAt + AUTHN_REQUEST_LIFETIME_SECONDS * 1000 };
}

/** The part of the ID that names its cookies: enough to keep the tabs of one browser apart. */
function handleOf(id: string): string {
  return id.slice(1, 13);
}

export function requestCookieName(id: string): string {
  return REQUEST_COOKIE_PREFIX + handleOf(id);
}

export function fragmentCookieName(id: string): string {
  return FRAGMENT_COOKIE_PREFIX + handleOf(id);
}

/** SameSite=None, because the identity provider's answer is a cross-site POST. */
export async function pendingRequestCookie(
  sealer: Sealer,
  companyId: string,
  pending: PendingRequest,
): Promise<string> {
  const { id, returnPath } = pending;
  return cookie(requestCookieName(id), await sealed(sealer, companyId, id, carriedPath(returnPath)));
}

/** A return path that is too long for the request's own cookie, in one of its own; null where there is none. */
export async function returnPathCookie(
  sealer: Sealer,
  companyId: string,
  { id, returnPath }: PendingRequest,
): Promise<string | null> {
  if (returnPath.length <= RETURN_PATH_CARRIED_CHARS_MAX) return null;
  return cookie(returnCookieName(id), await sealed(sealer, companyId, id, returnPath));
}

function carriedPath(returnPath: string): string {
  if (returnPath.length <= RETURN_PATH_CARRIED_CHARS_MAX) return returnPath;
  const path = returnPath.replace(/[?#].*$/, "");
  return path.length <= RETURN_PATH_CARRIED_CHARS_MAX ? path : "/";
}

function sealed(sealer: Sealer, companyId: string, id: string, returnPath: string): Promise<string> {
  return sealer.seal("request", companyId, JSON.stringify([id, returnPath]));
}

function cookie(name: string, value: string): string {
  return `${name}=${value}; Path=/; Max-Age=${AUTHN_REQUEST_LIFETIME_SECONDS}; Secure; HttpOnly; SameSite=None`;
}

function returnCookieName(id: string): string {
  return RETURN_COOKIE_PREFIX + (id.charCodeAt(1) % RETURN_COOKIES);
}

/** Set-Cookie values that forget a request and what was saved beside it. */
export function clearRequestCookies({ id, returnPath }: { id: string; returnPath: string | null }): string[] {
  const long = (returnPath?.length ?? 0) > RETURN_PATH_CARRIED_CHARS_MAX;
  return [...clear(handleOf(id)), ...(long ? [cleared(returnCookieName(id))] : [])];
}

function clear(handle: string): string[] {
  return [cleared(REQUEST_COOKIE_PREFIX + handle), cleared(FRAGMENT_COOKIE_PREFIX + handle)];
}

function cleared(name: string): string {
  return `${name}=; Path=/; Max-Age=0; Secure; SameSite=None`;
}

/** The sign-ins that this browser has under way, `sought` among them however many there are. Cookies that don't open are as good as absent. */
export async function readPendingRequests(
  sealer: Sealer,
  companyId: string,
  request: Request,
  sought: string | null = null,
): Promise<PendingRequest[]> {
  const pending: PendingRequest[] = [];
  const open = async (value: string) => {
    const text = await sealer.open("request", companyId, value);
    const [id = "", returnPath = "/"] = text === null ? [] : (JSON.parse(text) as [string, string]);
    return { id, returnPath };
  };
  const cookies = readCookies(request);
  // Bounded before they are opened: a header holds thousands of made-up ones, and opening is what costs. The latest stand last.
  const named = cookies.filter(([name]) => name.startsWith(REQUEST_COOKIE_PREFIX));
  const first = sought === null ? [] : named.filter(([name]) => name === requestCookieName(sought));
  const others = named.filter((cookie) => !first.includes(cookie));
  for (const [name, value] of [...first, ...others.slice(-COOKIES_OPENED_MAX)].slice(0, COOKIES_OPENED_MAX)) {
    const one = await open(value);
    if (requestCookieName(one.id) === name) pending.push(one);
  }
  const long = sought === null ? null : readCookie(request, returnCookieName(sought));
  const whole = long === null ? null : await open(long);
  return pending.map((one) => (whole?.id === one.id && one.id === sought ? whole : one));
}

/** Set-Cookie values that leave room for one more. Browsers list the cookies that they got first in front (RFC 6265, 5.4): those of too many are not even opened. */
export async function makeRoom(sealer: Sealer, companyId: string, request: Request): Promise<string[]> {
  const handles = readCookies(request)
    .filter(([name]) => name.startsWith(REQUEST_COOKIE_PREFIX))
    .map(([name]) => name.slice(REQUEST_COOKIE_PREFIX.length))
    .filter((handle) => /^[\w-]{12}$/.test(handle));
  if (handles.length < PENDING_REQUESTS_MAX) return [];
  const surplus = await surplusRequests(sealer, companyId, await readPendingRequests(sealer, companyId, request));
  const forgotten = [...handles.slice(0, -COOKIES_OPENED_MAX), ...surplus.map(handleOf)];
  return forgotten.slice(0, COOKIES_FORGOTTEN_MAX).flatMap(clear);
}

/** The IDs to forget so that one more fits, oldest first. */
export async function surplusRequests(
  sealer: Sealer,
  companyId: string,
  pending: readonly PendingRequest[],
): Promise<string[]> {
  if (pending.length < PENDING_REQUESTS_MAX) return [];
  const dated = await Promise.all(pending.map(({ id }) => readRequestId(sealer, companyId, id)));
  return pending
    .map(({ id }, index) => ({ id, issuedAt: dated[index]?.issuedAt ?? 0 }))
    .sort((a, b) => a.issuedAt - b.issuedAt)
    .slice(0, pending.length - PENDING_REQUESTS_MAX + 1)
    .map(({ id }) => id);
}
