/** The cache behind the door: what it keeps, how long, for whom, and every way in which it could give one's answer to another. */
import { beforeEach, describe, expect, it } from "vitest";
import { KEPT_BYTES_MAX, KEPT_UNSIZED_BYTES_MAX, keepAtEdge } from "../../src/origin/edge-cache.ts";
import { createUser, endSession, type PathRule, updateCompany } from "../../src/store/index.ts";
import { forgetTenant } from "../../src/tenant/index.ts";
import { Clock, type Isolate, isolate, type Seeded, START, seedCompany, signIn, urlOf } from "../session/stage.ts";
import { auditRow, userRow } from "../store/rows.ts";

let clock: Clock;
let here: Isolate;
let acme: Seeded;
let cookie: string;

const rule = (path: string, access: PathRule["access"]): PathRule => ({
  path,
  access,
  unauthenticated: "signIn",
  preflight: false,
});

beforeEach(async () => {
  clock = new Clock();
  here = isolate(clock);
  acme = await seedCompany(here, { pathRules: [rule("/shown/optional/*", "optional")] });
  ({ cookie } = await signIn(here, acme));
});

/** A browser asks for a part of a page. */
const PART = { "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors" };
const path = (headers: Record<string, string>, name = "logo.png") =>
  `/shown/${name}?${new URLSearchParams({ date: new Date(START).toUTCString(), ...headers })}`;
const PUBLIC = { "cache-control": "public, max-age=60" };

async function ask(at: string, headers: Record<string, string> = {}, from = here, whose = acme, session = cookie) {
  const init = { headers: { ...PART, cookie: session, ...headers } };
  const response = await from.fetch(new Request(urlOf(whose, at), init));
  const text = await response.text();
  const shown = text.startsWith("{") ? (JSON.parse(text) as { number?: number }) : {};
  return { status: response.status, headers: response.headers, text, number: shown.number };
}

/** Whether the second of two requests was answered without the origin. */
async function keeps(at: string, first: Record<string, string> = {}, second = first): Promise<boolean> {
  const one = await ask(at, first);
  expect(one.number).toBeGreaterThan(0);
  return (await ask(at, second)).number === one.number;
}

describe("what is kept", () => {
  it("is given out without the origin, as the origin said it, with its age", async () => {
    const at = path({ ...PUBLIC, etag: '"1"', "x-name": "Zoe", link: "</a>, </b>" });
    const first = await ask(at);
    expect(first.headers.get("age")).toBeNull();
    clock.advance(20);
    const second = await ask(at);
    expect([second.status, second.text]).toEqual([200, first.text]);
    expect(second.headers.get("age")).toBe("20");
    const without = (headers: Headers) =>
      [...headers].filter(([name]) => !/^(?:age|connection|keep-alive|transfer-encoding)$/.test(name));
    expect(without(second.headers)).toEqual(without(first.headers));
  });

  it("ends with its lifetime, from when the origin made it", async () => {
    const at = path({ ...PUBLIC, age: "15" });
    const { number } = await ask(at);
    clock.advance(44);
    expect(await ask(at)).toMatchObject({ number });
    clock.advance(1);
    expect((await ask(at)).number).not.toBe(number);
  });

  it("is found by another isolate, and by another person of the company", async () => {
    const at = path(PUBLIC);
    const { number } = await ask(at);
    const there = isolate(clock);
    expect((await ask(at, {}, there)).number).toBe(number);
    const other = userRow(acme.group.id, "other@x.example");
    await createUser(here.services.database, acme.company.id, other, auditRow(acme.company.id));
    const second = await signIn(here, { ...acme, user: other });
    expect((await ask(at, {}, here, acme, second.cookie)).number).toBe(number);
  });

  it("is looked for only where a look promises something", async () => {
    const page = { "sec-fetch-dest": "document" };
    const at = path(PUBLIC, "page");
    const { number } = await ask(at, page);
    expect((await ask(at, page)).number).toBe(number);
    expect((await ask(at, page, isolate(clock))).number).not.toBe(number);
  });

  it.each([
    ["s-maxage alone", { "cache-control": "s-maxage=60" }],
    ["s-maxage before max-age", { "cache-control": "max-age=0, s-maxage=60" }],
    ["Expires", { "cache-control": "public", expires: "Mon, 23 Nov 2026 10:00:00 GMT" }],
    ["an extension", { "cache-control": 'public, max-age=60, community="UCI, x"' }],
    ["404 that says so", { ...PUBLIC, status: "404" }],
  ])("may be by %s", async (_what, headers) => {
    expect(await keeps(path(headers as Record<string, string>))).toBe(true);
  });

  it("may be a redirect, which fits the company's host", async () => {
    const at = path({ ...PUBLIC, status: "301", location: "https://origin.example/b" });
    for (const _ of [1, 2]) {
      const { status, headers } = await ask(at);
      expect([status, headers.get("location")]).toEqual([301, urlOf(acme, "/b")]);
    }
    expect((await ask(at)).headers.get("age")).toBe("0");
  });

  it("answers 304 to who has it already, and to nobody else", async () => {
    const at = path({ ...PUBLIC, etag: '"1"', "last-modified": "Mon, 23 Nov 2026 08:00:00 GMT" });
    await ask(at);
    for (const known of ['"1"', 'W/"1"', '"0", "1"', "*"]) {
      const { status, text, headers } = await ask(at, { "if-none-match": known });
      expect([status, text, headers.get("etag"), headers.get("content-type")]).toEqual([304, "", '"1"', null]);
    }
    expect((await ask(at, { "if-modified-since": "Mon, 23 Nov 2026 08:00:00 GMT" })).status).toBe(304);
    expect((await ask(at, { "if-none-match": '"2"' })).status).toBe(200);
    const older = { "if-none-match": '"2"', "if-modified-since": "Mon, 23 Nov 2026 08:30:00 GMT" };
    expect((await ask(at, older)).status).toBe(200);
    expect((await ask(at, { "if-modified-since": "Mon, 23 Nov 2026 07:00:00 GMT" })).status).toBe(200);
  });

  it("is let go when a request changes it, and not when one fails to", async () => {
    const at = path(PUBLIC);
    const { number } = await ask(at);
    const change = (status: string) =>
      here.fetch(new Request(urlOf(acme, at), { method: "PUT", headers: { cookie, "x-status": status }, body: "x" }));
    expect((await ask(at)).number).toBe(number);
    expect((await change("200")).status).toBe(200);
    const fresh = (await ask(at)).number;
    expect(fresh).not.toBe(number);
    const failing = path({ ...PUBLIC, status: "404" });
    const kept = (await ask(failing)).number;
    await here.fetch(new Request(urlOf(acme, failing), { method: "DELETE", headers: { cookie } }));
    expect((await ask(failing)).number).toBe(kept);
  });
});

describe("an answer is not kept", () => {
  it.each([
    ["says nothing of it", {}],
    ["is for this person's browser", { "cache-control": "max-age=60" }],
    ["is private", { "cache-control": "public, private, max-age=60" }],
    ["has a private field", { "cache-control": 'public, private="x-a", max-age=60' }],
    ["must not be stored", { "cache-control": "public, max-age=60, no-store" }],
    ["must be asked about", { "cache-control": "public, no-cache, max-age=60" }],
    ["must be asked about, for a field", { "cache-control": 'public, max-age=60, no-cache="x"' }],
    ["sets a cookie", { ...PUBLIC, "set-cookie": "a=1" }],
    ["varies by the cookie", { ...PUBLIC, vary: "Cookie" }],
    ["varies by the authorization", { ...PUBLIC, vary: "accept, Authorization" }],
    ["varies by our assertion", { ...PUBLIC, vary: "X-Vestibule-Jwt-Assertion" }],
    ["varies by the user", { ...PUBLIC, vary: "X-Forwarded-User" }],
    ["varies by everything", { ...PUBLIC, vary: "*" }],
    ["has no lifetime", { "cache-control": "public" }],
    ["has a lifetime of nothing", { "cache-control": "public, max-age=0" }],
    ["is for browsers only", { "cache-control": "public, max-age=60, s-maxage=0" }],
    ["has two lifetimes", { "cache-control": "public, max-age=60, max-age=0" }],
    ["has a lifetime that is no number", { "cache-control": "public, max-age=60x" }],
    ["has one below zero", { "cache-control": "public, max-age=-1" }],
    ["speaks in broken quotes", { "cache-control": 'public, max-age=60, a="b' }],
    ["is as old as it may become", { ...PUBLIC, age: "60" }],
    ["has an age that is none", { ...PUBLIC, age: "young" }],
    ["has a date that is none", { ...PUBLIC, date: "yesterday" }],
    ["was made too long ago", { ...PUBLIC, date: "Mon, 23 Nov 2026 08:58:00 GMT" }],
    ["expires at once", { "cache-control": "public", expires: "0" }],
    ["is a part", { ...PUBLIC, "content-range": "bytes 0-1/2" }],
    ["is an event stream", { ...PUBLIC, "content-type": "text/event-stream" }],
    ["is an error", { ...PUBLIC, status: "500" }],
    ["is another redirect", { ...PUBLIC, status: "302", location: "/" }],
    ["was created", { ...PUBLIC, status: "201" }],
    ["says more than the cache takes", { ...PUBLIC, "x-large": "14000" }],
  ])("that %s", async (_what, headers) => {
    expect(await keeps(path(headers as Record<string, string>))).toBe(false);
  });

  it.each([
    ["range", "bytes=0-1"],
    ["authorization", "Basic YTpi"],
    ["if-match", '"1"'],
    ["if-range", '"1"'],
    ["cache-control", "no-store"],
    ["cache-control", 'x="'],
  ])("for a request with %s: %s, and none is given out to one", async (name, value) => {
    const at = path(PUBLIC);
    expect(await keeps(at, { [name]: value })).toBe(false);
    const { number } = await ask(at);
    expect((await ask(at)).number).toBe(number);
    expect((await ask(at, { [name]: value })).number).not.toBe(number);
  });

  it.each([
    ["cache-control", "no-cache"],
    ["cache-control", "max-age=0"],
    ["pragma", "no-cache"],
  ])("when a request wants a new one by %s: %s; that one is kept", async (name, value) => {
    const at = path(PUBLIC);
    const { number } = await ask(at);
    const renewed = (await ask(at, { [name]: value })).number;
    expect(renewed).not.toBe(number);
    expect((await ask(at)).number).toBe(renewed);
  });

  it.each(["HEAD", "POST", "OPTIONS"])("to a %s", async (method) => {
    const at = path(PUBLIC);
    const send = async () => {
      const response = await here.fetch(new Request(urlOf(acme, at), { method, headers: { ...PART, cookie } }));
      return response.headers.get("age");
    };
    await send();
    expect(await send()).toBeNull();
    expect((await ask(at)).headers.get("age")).toBeNull();
  });

  it("that is too large, whether it says so or not", async () => {
    const large = async (bytes: number, headers: Record<string, string>) => {
      const at = `/stream/${bytes}?${new URLSearchParams(headers)}`;
      const sizes: (string | null)[] = [];
      for (const _ of [1, 2]) {
        const response = await here.fetch(new Request(urlOf(acme, at), { headers: { ...PART, cookie } }));
        expect((await response.arrayBuffer()).byteLength).toBe(bytes);
        sizes.push(response.headers.get("age"));
      }
      return sizes[1];
    };
    expect(await large(KEPT_UNSIZED_BYTES_MAX - 1_000, PUBLIC)).toBe("0");
    expect(await large(KEPT_UNSIZED_BYTES_MAX + 100_000, PUBLIC)).toBeNull();
    const announced = (bytes: number) => ({ ...PUBLIC, "content-length": String(bytes) });
    expect(await large(2_000_000, announced(2_000_000))).toBe("0");
    expect(await large(KEPT_BYTES_MAX + 1, announced(KEPT_BYTES_MAX + 1))).toBeNull();
  });
});

describe("a visitor who takes nothing of a large answer", () => {
  it("holds back what others' answers may take on their way into the cache, for two minutes and not for ever", () => {
    let begun = 0;
    const { services } = here;
    const keep = (name: string) => {
      const request = new Request(urlOf(acme, `/${name}`), { headers: PART });
      const tenant = { company: acme.company } as Parameters<typeof keepAtEdge>[0]["tenant"];
      const headers = { ...PUBLIC, "content-length": "20000000" };
      const stalled = new Response(new ReadableStream({ pull: () => new Promise(() => {}) }), { headers });
      const url = `https://origin.example/${name}`;
      keepAtEdge(
        {
          services,
          tenant,
          request,
          method: "GET",
          url,
          partOfPage: false,
          identified: true,
          waitUntil: () => void begun++,
        },
        stalled,
        { askedAt: clock.now, answeredAt: clock.now },
      );
      return begun;
    };
    expect([keep("a.png"), keep("b.png")]).toEqual([1, 1]);
    clock.advance(119);
    expect(keep("b.png")).toBe(1);
    clock.advance(2);
    expect(keep("b.png")).toBe(2);
  });
});

describe("what varies by the request", () => {
  it.each(["accept", "accept-encoding", "accept-language"])("is kept once for each %s", async (name) => {
    const at = path({ ...PUBLIC, vary: name });
    const de = (await ask(at, { [name]: "de" })).number;
    const fr = (await ask(at, { [name]: "fr" })).number;
    expect(fr).not.toBe(de);
    expect((await ask(at, { [name]: "de" })).number).toBe(de);
    expect((await ask(at, { [name]: "fr" })).number).toBe(fr);
    expect((await ask(at)).number).not.toBe(de);
  });

  it("does not come back when it was let go", async () => {
    const at = path({ ...PUBLIC, vary: "accept" });
    const old = (await ask(at, { accept: "a" })).number;
    await here.fetch(new Request(urlOf(acme, at), { method: "POST", headers: { cookie }, body: "x" }));
    await ask(at, { accept: "b" });
    expect((await ask(at, { accept: "a" })).number).not.toBe(old);
  });
});

it("is given out to a browser, whatever it and Cloudflare say of themselves", async () => {
  const at = path(PUBLIC);
  const { number } = await ask(at);
  const usual = {
    ...{
      accept: "image/avif,*/*;q=0.8",
      "accept-encoding": "gzip, br",
      "accept-language": "de",
      "user-agent": "Firefox",
    },
    ...{
      connection: "keep-alive",
      "sec-ch-ua": '"Chromium"',
      "sec-fetch-site": "same-origin",
      "sec-gpc": "1",
      te: "trailers",
    },
    ...{
      referer: urlOf(acme),
      priority: "u=4, i",
      dnt: "1",
      "cf-ray": "1",
      "cf-connecting-ip": "192.0.2.1",
      "cdn-loop": "x",
    },
    ...{ "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https", "x-real-ip": "192.0.2.1", "cf-ew-via": "15" },
  };
  expect((await ask(at, usual)).number).toBe(number);
});

describe("nobody gets another's answer", () => {
  const MARKED = path(PUBLIC);

  it("of another company, with the same origin, path and person", async () => {
    const other = await seedCompany(here);
    const theirs = await signIn(here, other);
    const { number } = await ask(MARKED);
    expect((await ask(MARKED)).number).toBe(number);
    expect((await ask(MARKED, {}, here, other, theirs.cookie)).number).not.toBe(number);
  });

  it("without a session, with one that was ended, or of a suspended company", async () => {
    await ask(MARKED);
    expect((await ask(MARKED, {}, here, acme, "")).status).toBe(401);
    const { session, cookie: ended } = await signIn(here, acme);
    await endSession(here.services.database, acme.company.id, session.id, auditRow(acme.company.id));
    clock.advance(59);
    expect((await ask(MARKED, {}, here, acme, ended)).status).toBe(401);
    const suspended = { status: "suspended" } as const;
    await updateCompany(here.services.database, acme.company.id, 1, suspended, auditRow(acme.company.id));
    forgetTenant(here.services, acme.company.slug);
    expect((await ask(MARKED)).status).toBe(403);
  });

  it.each([
    ["X-Original-URL", "/admin"],
    ["X-Rewrite-URL", "/admin"],
    ["X_Original_URL", "/admin"],
    ["X-Original-Host", "evil.example"],
    ["X-Host", "evil.example"],
    ["X-HTTP-Method-Override", "POST"],
    ["X-HTTP-Method", "POST"],
    ["X-Method-Override", "POST"],
    ["Origin", "https://evil.example"],
    ["X-HTTP-Host-Override", "evil.example"],
    ["X-Backend-Host", "evil.example"],
    ["X-Requested-With", "XMLHttpRequest"],
    ["X-Middleware-Prefetch", "1"],
    ["X-That-Nobody-Knows", "1"],
    ["Connection", "accept, accept-language"],
  ])("by %s, which may make it the answer to another request", async (name, value) => {
    const at = path(PUBLIC, `${name}.png`);
    const bent = await ask(at, { [name]: value });
    const plain = await ask(at);
    expect(plain.number).not.toBe(bent.number);
    expect((await ask(at)).number).toBe(plain.number);
    expect((await ask(at, { [name]: value })).number).not.toBe(plain.number);
  });

  it("from a page of another company", async () => {
    await ask(MARKED);
    expect((await ask(MARKED, { origin: "https://globex.example.com" })).status).toBe(403);
  });

  it("made for who is signed in, when nobody is; nor the other way round", async () => {
    const at = path(PUBLIC, "optional/logo.png");
    const known = await ask(at);
    expect(known.text).toContain(acme.user.id);
    const unknown = await ask(at, {}, here, acme, "");
    expect(unknown.text).not.toContain(acme.user.id);
    expect((await ask(at, {}, here, acme, "")).number).toBe(unknown.number);
    expect((await ask(at)).number).toBe(known.number);
  });

  it("of another origin that the company had before", async () => {
    const { number } = await ask(MARKED);
    const moved = { originUrl: "https://origin.example/base" };
    await updateCompany(here.services.database, acme.company.id, 1, moved, auditRow(acme.company.id));
    forgetTenant(here.services, acme.company.slug);
    expect((await ask(MARKED)).number).not.toBe(number);
  });

  it("renewed cookie: an answer that brings one is private, and the kept one has none", async () => {
    await ask(MARKED);
    clock.advance(50);
    const renewing = await ask(MARKED);
    expect(renewing.headers.get("age")).toBe("50");
    expect(renewing.headers.getSetCookie()).toHaveLength(1);
    expect(renewing.headers.get("cache-control")).toBe("private, max-age=60");
    const { cookie: own } = await signIn(here, acme);
    const plain = await ask(MARKED, {}, here, acme, own);
    expect(plain.headers.getSetCookie()).toEqual([]);
    expect(plain.headers.get("cache-control")).toBe(PUBLIC["cache-control"]);
  });

  it("once the cache was emptied or switched off", async () => {
    const { number } = await ask(MARKED);
    const change = async (version: number, changes: Parameters<typeof updateCompany>[3]) => {
      await updateCompany(here.services.database, acme.company.id, version, changes, auditRow(acme.company.id));
      clock.advance(45);
    };
    const lasting = path({ "cache-control": "public, max-age=3600" }, "lasting.png");
    const kept = (await ask(lasting)).number;
    expect((await ask(lasting)).number).toBe(kept);
    await change(1, { edgeCacheGeneration: 1 });
    const renewed = (await ask(lasting)).number;
    expect(renewed).not.toBe(kept);
    await change(2, { edgeCache: false });
    expect((await ask(lasting)).number).not.toBe(renewed);
    expect((await ask(lasting)).headers.get("age")).toBeNull();
    expect(number).toBeGreaterThan(0);
  });
});

it("says nothing of itself but the age, and asks no database", async () => {
  const at = path(PUBLIC);
  await ask(at);
  here.trips();
  const { headers } = await ask(at);
  expect(here.trips()).toBe(0);
  expect([...headers.keys()].filter((name) => /^(?:cf-|x-vestibule)/.test(name))).toEqual([]);
  expect(headers.get("age")).toBe("0");
});
