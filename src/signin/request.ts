/**
 * A sign-in that was started and not yet answered. Nothing of it is stored on our side: the request's ID proves by a tag
 * that this gateway made it for this company and when, and a cookie of its own binds it to the browser, so that several
 * tabs sign in side by side and starting costs no database write. That it is answered once is the store's part.
 */
import { makeMessageId, type OwnMessage, readMessageId } from "../message-id.ts";
import { AUTHN_REQUEST_LIFETIME_SECONDS } from "../saml/index.ts";
import type { Sealer } from "../sealing.ts";
import { readCookies } from "../session/index.ts";

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
/** More than this many tabs waiting at once, and the oldest is forgotten: browsers keep some 180 cookies and 8 KB of them a host. */
export const PENDING_REQUESTS_MAX = 6;
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
  const value = await sealer.seal("request", companyId, JSON.stringify([pending.id, pending.returnPath]));
  return `${requestCookieName(pending.id)}=${value}; Path=/; Max-Age=${AUTHN_REQUEST_LIFETIME_SECONDS}; Secure; HttpOnly; SameSite=None`;
}

/** Set-Cookie values that forget a request and the fragment saved beside it. */
export function clearRequestCookies(id: string): string[] {
  return [requestCookieName(id), fragmentCookieName(id)].map(
    (name) => `${name}=; Path=/; Max-Age=0; Secure; SameSite=None`,
  );
}

/** The sign-ins that this browser has under way, `sought` among them however many there are. Cookies that don't open are as good as absent. */
export async function readPendingRequests(
  sealer: Sealer,
  companyId: string,
  request: Request,
  sought: string | null = null,
): Promise<PendingRequest[]> {
  const pending: PendingRequest[] = [];
  // Bounded before they are opened: a header holds thousands of made-up ones, and opening is what costs.
  const named = readCookies(request).filter(([name]) => name.startsWith(REQUEST_COOKIE_PREFIX));
  const first = sought === null ? [] : named.filter(([name]) => name === requestCookieName(sought));
  const others = named.filter((cookie) => !first.includes(cookie));
  for (const [name, value] of [...first, ...others].slice(0, COOKIES_OPENED_MAX)) {
    const text = await sealer.open("request", companyId, value);
    if (text === null) continue;
    const [id, returnPath] = JSON.parse(text) as [string, string];
    if (requestCookieName(id) === name) pending.push({ id, returnPath });
  }
  return pending;
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
