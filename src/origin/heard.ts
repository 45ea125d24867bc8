/**
 * What a request says in its headers, and what follows from that alone, worked out once for all requests of a visitor that say
 * the same to us. The parts of a page differ in their path, in the marks that Cloudflare puts on each, and in what only the origin
 * minds: such a header of its own goes along. Nothing in here is a decision that time or settings could make another.
 */
import type { Config } from "../config.ts";
import { type CarriedSession, readCookie, SESSION_COOKIE, type Session } from "../session/index.ts";
import type { Company } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { isFromAnotherCompany, mindsReferer } from "./another-company.ts";
import { isPartOfPage } from "./edge-cache.ts";
import { namesOthers } from "./hop-by-hop.ts";
import { type IdentityProof, isStruck, type Said, valueSaid } from "./request-headers.ts";

export interface Heard {
  /** As it stood in the settings then: other settings come with another object. Not the Tenant, which is large and would stay with it. */
  readonly company: Company;
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
  /** Since it was last looked at for whether it may go. */
  used: boolean;
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
/** Browsers send some twenty, and Cloudflare adds ten. */
const HEADERS_MAX = 64;
const SAID_CHARS_MAX = 8_000;
/** Of more headers that only the origin minds it is not worth the while. */
const OWN_MAX = 16;
/** Of all together, in an isolate's 128 MB. */
const KEPT_BYTES_MAX = 16_000_000;
/** About what one takes of workerd's memory beside its letters, and each name and value of it: they stand here and in what is sent. */
const HEARD_BYTES = 4_000;
const TEXT_BYTES = 200;
let keptBytes = 0;

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
      if (heard.company !== tenant.company || heard.method !== method || heard.destination !== destination) continue;
      const own = saidOtherwise(heard);
      if (own === null) continue;
      heard.used = true;
      return { heard, own, said: null, hasBody };
    }
  }
  const said = listed.slice(0, length);
  const heard: Heard = {
    company: tenant.company,
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
    used: false,
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
    if (own.push(name, is) > 2 * OWN_MAX) return null;
  }
  return own ?? NOTHING_OWN;
}

/**
 * Whether the origin sees the same when it is set from its text: not if it may have been sent in several lines, or is no UTF-8. Where
 * the text is the same it goes in as many lines as the first time, which is the same list (RFC 9110, 5.3).
 */
function isPlain(name: string, value: string): boolean {
  return !isUnreadable(value) && (!value.includes(", ") || WITH_COMMAS.test(name));
}

/** Bytes that are no UTF-8 read alike, whatever they are, and go to the origin as they came. */
function isUnreadable(value: string): boolean {
  return value.includes("\ufffd");
}

/** Call when it turns out whose request it is: what anybody may say must not drive out what people say. */
export function remember({ heard: one, said, hasBody }: Hearing): void {
  if (said === null || hasBody || !isWorthKeeping(one)) return;
  const before = heardBefore.get(one.cookie) ?? [];
  // Requests that came at once say the same, and none of them was known when the others came.
  if (before.some((other) => isSame(other, one))) return;
  const now = before.filter(({ company }) => company === one.company).slice(1 - HEARD_MAX);
  now.push(one);
  heardBefore.set(one.cookie, now);
  keptBytes += bytesOf(now) - bytesOf(before);
  if (keptBytes > KEPT_BYTES_MAX) makeRoom();
}

function isWorthKeeping({ said }: Heard): boolean {
  if (said.length > 2 * HEADERS_MAX || charsOf(said) > SAID_CHARS_MAX || said.some(isUnreadable)) return false;
  return !namesOthers(valueSaid(said, "connection") ?? "");
}

function isSame(a: Heard, b: Heard): boolean {
  if (a.company !== b.company || a.method !== b.method || a.said.length !== b.said.length) return false;
  return a.said.every((text, at) => text === b.said[at]);
}

/** The oldest go first, but for those that were used since they were last looked at: one person can't drive out whoever is at work. */
function makeRoom(): void {
  for (const [cookie, heard] of heardBefore) {
    if (keptBytes <= KEPT_BYTES_MAX) return;
    heardBefore.delete(cookie);
    if (heard.some(({ used }) => used)) {
      for (const one of heard) one.used = false;
      heardBefore.set(cookie, heard);
    } else keptBytes -= bytesOf(heard);
  }
}

function charsOf(said: Said): number {
  return said.reduce((chars, text) => chars + text.length, 0);
}

function bytesOf(heard: readonly Heard[]): number {
  return heard.reduce((bytes, { said }) => bytes + HEARD_BYTES + TEXT_BYTES * said.length + 2 * charsOf(said), 0);
}
