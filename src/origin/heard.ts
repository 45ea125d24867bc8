/**
 * What a request says in its headers, and what follows from that alone, worked out once for all requests of a visitor that say
 * the same to us. The parts of a page differ in their path, in the marks that Cloudflare puts on each, and in what only the origin
 * minds: such a header of its own goes along. Nothing in here is a decision that time or settings could make another.
 */
import type { Config } from "../config.ts";
import { type CarriedSession, readCookie, SESSION_COOKIE, type Session } from "../session/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { isFromAnotherCompany, mindsReferer } from "./another-company.ts";
import { isPartOfPage } from "./edge-cache.ts";
import { namesOthers } from "./hop-by-hop.ts";
import { type IdentityProof, isStruck, type Said } from "./request-headers.ts";

export interface Heard {
  readonly tenant: Tenant;
  readonly method: string;
  /** The whole Cookie header. */
  readonly cookie: string;
  /** By the first of them. */
  readonly said: Said;
  /** Of Sec-Fetch-Dest: what it is for. "" for none. */
  readonly destination: string;
  /** The value of the session cookie; null: there is none. */
  readonly sessionCookie: string | null;
  readonly fromAnotherCompany: boolean;
  readonly mindsReferer: boolean;
  readonly partOfPage: boolean;
  /** What the cookie says, as soon as somebody has opened it. */
  carried: CarriedSession | null;
  /** By whose identity it went to the origin last, and the request that was made for that. */
  sent: { readonly session: Session; readonly identity: IdentityProof; made: Request | null } | null;
}

/** Names and values by turns of what one request says otherwise; the value null where it says nothing. */
export type Own = readonly (string | null)[];

export interface Hearing {
  readonly heard: Heard;
  readonly own: Own;
  /** All that this very request says, what ends here included; null where it was not written down. */
  readonly said: Said | null;
  readonly hasBody: boolean;
}

/** By the whole Cookie header. */
const heardBefore = new Map<string, Heard[]>();
/** A page, its styles, its scripts, its images, its fonts, what these fetch. */
const HEARD_MAX = 6;
const SAID_CHARS_MAX = 8_000;
/** Of all together, or the large cookies of many people would fill an isolate's 128 MB: each character stands here once and in what is sent once. */
const KEPT_CHARS_MAX = 3_000_000;
let keptChars = 0;

/** By these something is decided here, or they are sent by rules of their own: who says another word says something else. */
const DECISIVE: ReadonlySet<string> = new Set([
  "cf-connecting-ip",
  "connection",
  "content-length",
  "cookie",
  "origin",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "set-cookie",
  "upgrade",
]);
/** Lists and dates, whose commas don't tell of a header that was sent twice in vain (RFC 9110, 5.3). */
const WITH_COMMAS = /^(?:accept|if-(?:un)?modified-since|if-(?:none-)?match|priority|range|referer)$/;
const NOTHING_OWN: Own = [];

/** Names and values by turns, sorted by name. Lent to one request at a time, which nothing can interrupt. */
const listed: string[] = [];
let length = 0;
let cookie = "";
let destination = "";
function list(value: string, name: string): void {
  listed[length++] = name;
  listed[length++] = value;
  if (name === "cookie") cookie = value;
  else if (name === "sec-fetch-dest") destination = value;
}

/** What this request comes to: as it was heard before, where it says the same to us. `method` is its own. */
export function hear(request: Request, method: string, tenant: Tenant, config: Config): Hearing {
  length = 0;
  cookie = "";
  destination = "";
  // One call into the platform; an iterator takes one for each name, and each question one of its own.
  request.headers.forEach(list);
  const hasBody = request.body !== null;
  const known = hasBody ? undefined : heardBefore.get(cookie);
  if (known !== undefined) {
    for (const heard of known) {
      if (heard.tenant !== tenant || heard.method !== method || heard.destination !== destination) continue;
      const own = saidOtherwise(heard);
      if (own !== null) return { heard, own, said: null, hasBody };
    }
  }
  const said = listed.slice(0, length);
  const heard: Heard = {
    tenant,
    method,
    cookie,
    said,
    destination,
    sessionCookie: readCookie(request, SESSION_COOKIE),
    fromAnotherCompany: isFromAnotherCompany(config, tenant, request),
    mindsReferer: mindsReferer(request),
    partOfPage: isPartOfPage(request),
    carried: null,
    sent: null,
  };
  return { heard, own: NOTHING_OWN, said, hasBody };
}

/** What the listed one says otherwise; null where that makes a difference here. */
function saidOtherwise(heard: Heard): Own | null {
  const { said } = heard;
  let own: (string | null)[] | null = null;
  // Nearly always all of it is the same.
  let same = 0;
  while (same < length && said[same] === listed[same]) same++;
  if (same === length && same === said.length) return NOTHING_OWN;
  let before = same - (same % 2);
  let now = before;
  while (before < said.length || now < length) {
    const goes = now >= length || (before < said.length && (said[before] as string) < (listed[now] as string));
    const comes = !goes && (before >= said.length || said[before] !== listed[now]);
    const name = (goes ? said[before] : listed[now]) as string;
    const was = comes ? null : (said[before + 1] as string);
    const is = goes ? null : (listed[now + 1] as string);
    if (!comes) before += 2;
    if (!goes) now += 2;
    if (was === is) continue;
    if (DECISIVE.has(name) || (heard.mindsReferer && name === "referer")) return null;
    // It ends here.
    if (isStruck(name)) continue;
    if ((was !== null && !isPlain(name, was)) || (is !== null && !isPlain(name, is))) return null;
    own ??= [];
    own.push(name, is);
  }
  return own ?? NOTHING_OWN;
}

/** Whether the origin sees the same when it is set from its text: not if it was sent in several lines, or is no UTF-8. */
function isPlain(name: string, value: string): boolean {
  return !isUnreadable(value) && (!value.includes(", ") || WITH_COMMAS.test(name));
}

/** Bytes that are no UTF-8 read alike, whatever they are, and go to the origin as they came. */
function isUnreadable(value: string): boolean {
  return value.includes("\ufffd");
}

/** Call when it turns out whose request it is: what anybody may say must not drive out what people say. The oldest give way. */
export function remember({ heard: one, said, hasBody }: Hearing): void {
  if (said === null || hasBody || charsOf(one) > SAID_CHARS_MAX || said.some(isUnreadable)) return;
  const connection = one.said.indexOf("connection");
  if (connection >= 0 && namesOthers(one.said[connection + 1] as string)) return;
  const heard = heardBefore.get(one.cookie) ?? [];
  if (heard.length === 0) heardBefore.set(one.cookie, heard);
  if (heard.length === HEARD_MAX) keptChars -= charsOf(heard.shift() as Heard);
  heard.push(one);
  keptChars += charsOf(one);
  for (const [oldest, theirs] of heardBefore) {
    if (keptChars <= KEPT_CHARS_MAX) break;
    heardBefore.delete(oldest);
    for (const gone of theirs) keptChars -= charsOf(gone);
  }
}

function charsOf({ said }: Heard): number {
  return said.reduce((chars, text) => chars + text.length, 0);
}
