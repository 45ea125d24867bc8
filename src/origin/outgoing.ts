/**
 * A request as it goes to the origin: the visitor's method and body, the headers that the origin may see, and nothing that lets
 * the platform answer in the origin's place. One without a body is made once for all that say the same: the parts of a page
 * differ in their path only.
 */
import type { Session } from "../session/index.ts";
import type { Tenant } from "../tenant/index.ts";
import type { Hearing, Own } from "./heard.ts";
import { headersForOrigin, type IdentityProof, saidBy, valueSaid } from "./request-headers.ts";

/** Who goes along. */
export interface Identified {
  readonly session: Session;
  readonly identity: IdentityProof;
}

export interface Outgoing {
  /** For `fetch(url, init)`. Other requests may get the same one. */
  readonly init: Request | RequestInit;
  /** Settles when the origin has the whole body. Null: there is none. */
  readonly sent: Promise<void> | null;
}

/**
 * What one company's origin said must never answer another's request, and Cloudflare would keep it by URL alone. This is what the
 * runtime itself makes of `cache: "no-store"` (workerd, api/http.c++), which besides tells the origin, by `Cache-Control: no-cache`
 * and `Pragma: no-cache`, what the visitor never asked: one that heeds them would do without its own cache for every request.
 */
const NEVER_KEPT: RequestInitCfProperties = { cacheTtl: -1, cacheLevel: "bypass" };

/** It has to have a URL; the one that is asked for takes its place. */
const ANY_URL = "https://origin.invalid/";

export function outgoing(request: Request, tenant: Tenant, hearing: Hearing, admitted: Identified | null): Outgoing {
  const { heard, own, hasBody } = hearing;
  const made = hasBody || admitted === null ? null : madeFor(request, tenant, hearing, admitted);
  if (made !== null && own.length === 0) return { init: made, sent: null };
  const { method } = heard;
  if (made !== null) {
    const headers = new Headers(made.headers);
    put(headers, own);
    return { init: { method, headers, redirect: "manual", cf: NEVER_KEPT }, sent: null };
  }
  const headers = headersForOrigin(request, hearing.said ?? saidBy(request), tenant, admitted?.identity ?? null);
  return withBody(request, headers);
}

/** One that says what was said first, for all that say nearly the same; made the second time, since many things are said only once. */
function madeFor(
  request: Request,
  tenant: Tenant,
  { heard, own }: Hearing,
  { session, identity }: Identified,
): Request | null {
  const { method, said, sent } = heard;
  if (sent?.identity !== identity) {
    heard.sent = { session, identity, made: null };
    return null;
  }
  if (sent.made !== null) return sent.made;
  const headers = headersForOrigin(request, saidBy(request), tenant, identity);
  headers.delete("content-length");
  put(
    headers,
    own.map((text, at) => (at % 2 ? valueSaid(said, own[at - 1] as string) : text)),
  );
  sent.made = new Request(ANY_URL, { method, headers, redirect: "manual", cf: NEVER_KEPT });
  return sent.made;
}

function put(headers: Headers, own: Own): void {
  for (let at = 0; at < own.length; at += 2) {
    const [name, value] = [own[at] as string, own[at + 1] as string | null];
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
}

/**
 * The body as a stream that tells when it has been taken whole. A pipe between two of the platform's own streams costs no
 * buffering; the length that the visitor announced is kept, so that the origin sees it too.
 */
function withBody(request: Request, headers: Headers): Outgoing {
  const { method, body } = request;
  const init: RequestInit = { method, headers, redirect: "manual", cf: NEVER_KEPT };
  if (body === null || method === "GET" || method === "HEAD") {
    headers.delete("content-length");
    return { init, sent: null };
  }
  const length = headers.get("content-length");
  const { readable, writable } =
    length !== null && /^\d{1,15}$/.test(length)
      ? new FixedLengthStream(Number(length))
      : new IdentityTransformStream();
  // A visitor or an origin that goes away ends the pipe; the fetch then says so.
  return { init: { ...init, body: readable }, sent: body.pipeTo(writable).catch(() => undefined) };
}
