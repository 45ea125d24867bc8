/**
 * A request as it goes to the origin: the visitor's method and body, the headers that the origin may see, and nothing that lets
 * the platform answer in the origin's place. One without a body is made once for all that say the same: the parts of a page
 * differ in their path only.
 */
import type { Tenant } from "../tenant/index.ts";
import { headersForOrigin, type IdentityProof, type Said, saidBy } from "./request-headers.ts";

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

interface Made {
  readonly tenant: Tenant;
  readonly method: string;
  readonly said: Said;
  readonly chars: number;
  /** Null after the first time: many things are said only once. */
  init: Request | null;
}

/** By whose identity goes along, which is another one after half a minute. */
const madeFor = new Map<IdentityProof, Made[]>();
/** A page, its images, its scripts, what these fetch. */
const MADE_MAX = 4;
const SAID_CHARS_MAX = 8_000;
/** Of all together, or the large cookies of many people would fill an isolate's 128 MB: each character stands here once and in what was made once. */
const KEPT_CHARS_MAX = 3_000_000;
let keptChars = 0;
/** It has to have a URL; the one that is asked for takes its place. */
const ANY_URL = "https://origin.invalid/";

export function outgoing(request: Request, tenant: Tenant, identity: IdentityProof | null): Outgoing {
  const said = saidBy(request);
  if (request.body !== null) return withBody(request, headersForOrigin(request, said, tenant, identity));
  const { method } = request;
  const made = identity && (madeFor.get(identity) ?? []);
  const before = made?.find((one) => one.tenant === tenant && one.method === method && isSame(one.said, said));
  if (before?.init) return { init: before.init, sent: null };

  const headers = headersForOrigin(request, said, tenant, identity);
  headers.delete("content-length");
  const init = { method, headers, redirect: "manual", cf: NEVER_KEPT } as const;
  if (before) before.init = new Request(ANY_URL, init);
  else if (made) remember(identity, made, { tenant, method, said, chars: charsOf(said), init: null });
  return { init, sent: null };
}

function isSame(one: Said, other: Said): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

function charsOf(said: Said): number {
  return said.reduce((chars, text) => chars + text.length, 0);
}

/** The oldest give way. */
function remember(identity: IdentityProof, made: Made[], one: Made): void {
  // Bytes that are no UTF-8 read alike, whatever they are, and go to the origin as they came.
  if (one.chars > SAID_CHARS_MAX || one.said.some((text) => text.includes("\ufffd"))) return;
  if (made.length === 0) madeFor.set(identity, made);
  if (made.length === MADE_MAX) keptChars -= made.shift()?.chars ?? 0;
  made.push(one);
  keptChars += one.chars;
  for (const [oldest, theirs] of madeFor) {
    if (keptChars <= KEPT_CHARS_MAX) break;
    madeFor.delete(oldest);
    for (const { chars } of theirs) keptChars -= chars;
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
