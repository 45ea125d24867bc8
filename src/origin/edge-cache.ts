/**
 * What origins let everybody have, kept in the platform's cache near the visitor and given out behind the door: whoever gets it
 * has passed every check that the origin's own answer would have needed. Kept by company, never across.
 *
 * The Cache API knows nothing of Vary, and keeps and changes headers as it likes; so all that an answer said stands in one
 * header of ours, and what it varies by is part of the key.
 */
import { createHash } from "node:crypto";
import type { Services } from "../context.ts";
import { count } from "../metrics.ts";
import { newId } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { cacheUse, isUnchanged, type Keeping, keepingOf } from "./cacheable.ts";
import { hopByHop } from "./hop-by-hop.ts";

/** A larger answer is not kept. */
export const KEPT_BYTES_MAX = 25_000_000;
/** One that doesn't say how large it is: it is held in memory until that is known. */
export const KEPT_UNSIZED_BYTES_MAX = 1_000_000;
/** On the way into the cache at once, in one isolate: what a slow visitor has not taken yet waits in memory. */
const KEEPING_BYTES_MAX = 32_000_000;
/** Longer than the platform lets work go on after the answer: a visitor who left ended it unseen, and its bytes are free again. */
const KEEPING_MS_MAX = 120_000;
/** The platform bounds the headers of a response. */
const SAID_CHARS_MAX = 16_000;
const SAID = "x-vestibule-said";
const CACHE_NAME = "vestibule-edge";
/** No company can have this label (see `isSlug`), and the cache is not the one that visitors' URLs lead to. */
const KEY_LABEL = "in--edge";

/** One request that would go to the origin. */
export interface Asked {
  readonly services: Services;
  readonly tenant: Tenant;
  readonly request: Request;
  readonly method: string;
  /** What it asks of the origin. */
  readonly url: string;
  /** Whether the browser says that it is a part of a page: such files are what origins let be kept. */
  readonly partOfPage: boolean;
  /** Whether the origin is told who asks: what it says then is not for those of whom it is told nothing. */
  readonly identified: boolean;
  waitUntil(promise: Promise<unknown>): void;
}

type Said = [
  companyId: string,
  url: string,
  keptAt: number,
  keeping: Keeping,
  status: number,
  headers: [string, string][],
  /** Not null for a signpost: the answer stands under keys of this series, by what it varies by. */
  series: string | null,
];

interface Memory {
  /** How worthwhile a look into the cache has been, by company, folder and kind of file. */
  readonly worth: Map<string, number>;
  readonly keeping: Map<string, { readonly bytes: number; readonly since: number }>;
}
const WORTH_MAX = 4;
const WORTHS_MAX = 2_000;
const GROUP_CHARS_MAX = 300;
const PARTS_OF_PAGES = /^(?:script|style|image|font|audio|video|track|manifest)$/;

/** One an isolate; the sealer is made once an isolate and stands for it. */
const memories = new WeakMap<Services["sealer"], Memory>();

function memoryOf({ sealer }: Services): Memory {
  let memory = memories.get(sealer);
  if (!memory) {
    memory = { worth: new Map(), keeping: new Map() };
    memories.set(sealer, memory);
  }
  return memory;
}

/** Whether a look promises something: it costs more than all else that a request needs here. */
export function isWorthALook(asked: Asked): boolean {
  const { services, tenant, request, method } = asked;
  if (!tenant.company.edgeCache || method !== "GET") return false;
  const { worth } = memoryOf(services);
  const known = worth.size === 0 ? undefined : worth.get(groupOf(asked));
  if (known === undefined ? !asked.partOfPage : known === 0) return false;
  return cacheUse(request) === "use";
}

/** A kept answer, or null. Only where `isWorthALook`. */
export async function fromEdge(asked: Asked): Promise<Response | null> {
  const { services, tenant, request } = asked;
  const now = services.now();
  let kept = await read(asked, keyOf(asked), now);
  if (kept?.said[6]) kept = await read(asked, variantKey(asked, kept.said), now);
  count("edge_cache", kept ? "hit" : "miss", tenant.company.id);
  return kept && answerOf(kept, request, now);
}

/** UTC milliseconds. */
interface Times {
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** Call with each answer of the origin, before its body is touched. */
export function keepAtEdge(asked: Asked, response: Response, { askedAt, answeredAt: now }: Times): void {
  const { services, tenant, request, method } = asked;
  if (!tenant.company.edgeCache || method !== "GET") return;
  // Nearly every answer that must not be kept is told by this one header.
  const directives = response.headers.get("cache-control");
  const promising = directives !== null && /public|s-maxage/i.test(directives);
  const keeping = promising && response.webSocket === null && cacheUse(request) !== "none";
  const kept = keeping ? keepingOf(response, now, Math.max(0, now - askedAt)) : null;
  learn(asked, kept !== null);
  if (kept === null) return;
  const announced = response.headers.get("content-length");
  const bytes = announced === null ? KEPT_UNSIZED_BYTES_MAX : Number(announced);
  const { keeping: under } = memoryOf(services);
  const key = keyOf(asked);
  for (const [other, { since }] of under) if (now - since > KEEPING_MS_MAX) under.delete(other);
  const sum = [...under.values()].reduce((all, one) => all + one.bytes, bytes);
  if (under.has(key) || !(bytes <= KEPT_BYTES_MAX) || sum > KEEPING_BYTES_MAX) return;

  const endsHere = hopByHop(response.headers.get("connection"));
  const headers = [...response.headers].filter(([name]) => !endsHere(name) && name !== "age");
  const said: Said = [tenant.company.id, asked.url, now, kept, response.status, headers, null];
  const counted = announced === null && response.body !== null ? response.clone() : null;
  const copy = response.clone();
  under.set(key, { bytes, since: now });
  asked.waitUntil(
    keep(asked, said, copy, counted)
      // A cache that is away, or an answer that broke off: then nothing is kept.
      .catch(() => undefined)
      .finally(() => under.delete(key)),
  );
}

/** RFC 9110, 9.2.1: with these nobody asks for a change. */
export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

/** RFC 9111, 4.4: what a request that isn't safe changed is let go, here at least; elsewhere it ends by its age. */
export async function forgetAtEdge(asked: Asked, status: number): Promise<void> {
  if (status >= 400 || !asked.tenant.company.edgeCache) return;
  const keys = [true, false].map((identified) => keyOf({ ...asked, identified }));
  try {
    const cache = await caches.open(CACHE_NAME);
    await Promise.all(keys.map((key) => cache.delete(key)));
  } catch {
    // No cache holds anything either.
  }
}

async function keep(asked: Asked, said: Said, copy: Response, counted: Response | null): Promise<void> {
  if (counted !== null && !(await endsWithin(counted, KEPT_UNSIZED_BYTES_MAX))) {
    await copy.body?.cancel();
    return;
  }
  const cache = await caches.open(CACHE_NAME);
  const { ageMs, lifetimeMs, vary } = said[3];
  const seconds = Math.ceil((lifetimeMs - ageMs) / 1000);
  const put = (key: string, what: Said, body: Response | null) => {
    const text = Buffer.from(JSON.stringify(what)).toString("base64url");
    if (text.length > SAID_CHARS_MAX) return body?.body?.cancel();
    const encoding = body?.headers.get("content-encoding") ?? null;
    const headers = new Headers({ "cache-control": `public, max-age=${seconds}`, [SAID]: text });
    if (encoding !== null) headers.set("content-encoding", encoding);
    return cache.put(key, new Response(body?.body ?? null, { headers }));
  };
  if (vary.length === 0) {
    await put(keyOf(asked), said, copy);
    return;
  }
  const before = (await read(asked, keyOf(asked), asked.services.now()))?.said;
  const same = before?.[6] != null && String(before[3].vary) === String(vary);
  const signpost: Said = [...said];
  signpost[5] = [];
  signpost[6] = same ? before[6] : newId();
  await put(variantKey(asked, signpost), said, copy);
  await put(keyOf(asked), signpost, null);
}

async function endsWithin(counted: Response, max: number): Promise<boolean> {
  const reader = (counted.body as ReadableStream<Uint8Array>).getReader();
  for (let bytes = 0; bytes <= max; ) {
    const { done, value } = await reader.read();
    if (done) return true;
    bytes += value.length;
  }
  await reader.cancel();
  return false;
}

interface Kept {
  readonly said: Said;
  readonly response: Response;
}

async function read(asked: Asked, key: string, now: number): Promise<Kept | null> {
  try {
    const response = await (await caches.open(CACHE_NAME)).match(key);
    const text = response?.headers.get(SAID);
    if (!response || !text) return null;
    const said = JSON.parse(Buffer.from(text, "base64url").toString()) as Said;
    const [companyId, url, keptAt, { ageMs, lifetimeMs }] = said;
    const fresh = now >= keptAt && ageMs + (now - keptAt) < lifetimeMs;
    const coding = new Headers(said[5]).get("content-encoding");
    const whole = said[6] !== null || coding === response.headers.get("content-encoding");
    if (fresh && whole && companyId === asked.tenant.company.id && url === asked.url) return { said, response };
    await response.body?.cancel();
    return null;
  } catch {
    return null;
  }
}

function answerOf({ said, response }: Kept, request: Request, now: number): Response {
  const [, , keptAt, { ageMs }, status, list] = said;
  const headers = new Headers(list);
  headers.set("age", String(Math.floor((ageMs + now - keptAt) / 1000)));
  if (status !== 200 || !isUnchanged(request.headers, headers)) return new Response(response.body, { status, headers });
  void response.body?.cancel();
  for (const name of ["content-length", "content-encoding", "content-type", "content-language"]) headers.delete(name);
  return new Response(null, { status: 304, headers });
}

function keyOf({ services, tenant, url, identified }: Asked, variant = ""): string {
  const { scheme, baseDomain } = services.config;
  const { id, edgeCacheGeneration } = tenant.company;
  const name = createHash("sha256").update(`${url}\n${variant}`).digest("hex");
  const whose = identified ? "session" : "public";
  return `${scheme}//${KEY_LABEL}.${baseDomain}/${id}/${edgeCacheGeneration}/${whose}/${name}`;
}

function variantKey(asked: Asked, [, , , { vary }, , , series]: Said): string {
  return keyOf(asked, JSON.stringify([series, vary.map((name) => [name, asked.request.headers.get(name)])]));
}

function groupOf({ tenant, url }: Asked): string {
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  const slash = path.lastIndexOf("/");
  const dot = path.lastIndexOf(".");
  return `${tenant.company.id} ${path.slice(0, slash)} ${dot > slash ? path.slice(dot) : ""}`;
}

export function isPartOfPage(request: Request): boolean {
  return PARTS_OF_PAGES.test(request.headers.get("sec-fetch-dest") ?? "");
}

function learn(asked: Asked, kept: boolean): void {
  const { worth } = memoryOf(asked.services);
  if (!kept && worth.size === 0 && !asked.partOfPage) return;
  const group = groupOf(asked);
  const known = worth.get(group);
  if (kept ? known === WORTH_MAX : known === 0) return;
  if (known === undefined && ((!kept && !asked.partOfPage) || group.length > GROUP_CHARS_MAX)) return;
  if (worth.size >= WORTHS_MAX) worth.delete(worth.keys().next().value as string);
  worth.set(group, kept ? WORTH_MAX : Math.max(0, (known ?? 0) - 1));
}
