/** What of the origin's answer gets to the visitor: status, headers and body as they are, and what names the origin's host made to fit. */
import { beforeEach, describe, expect, it } from "vitest";
import { Clock, type Isolate, isolate, navigation, type Seeded, seedCompany, signIn, urlOf } from "../session/stage.ts";

let clock: Clock;
let here: Isolate;
let acme: Seeded;
let cookie: string;

beforeEach(async () => {
  clock = new Clock();
  here = isolate(clock);
  acme = await seedCompany(here);
  ({ cookie } = await signIn(here, acme));
});

const get = (path: string, headers: Record<string, string> = {}) =>
  here.fetch(navigation(urlOf(acme, path), cookie, headers));
const send = (path: string, init: RequestInit) =>
  here.fetch(new Request(urlOf(acme, path), { ...init, headers: { cookie, ...(init.headers as object) } }));
const answer = (headers: Record<string, string | string[]>) => {
  const query = new URLSearchParams(
    Object.entries(headers).flatMap(([name, values]) => [values].flat().map((value) => [name, value])),
  );
  return get(`/answer?${query}`);
};

describe("the origin's answer", () => {
  it.each([
    200, 201, 204, 206, 300, 400, 401, 403, 404, 409, 410, 418, 422, 429, 451, 500, 501, 502, 503, 504, 520, 530, 599,
  ])("keeps its status %i and its headers", async (status) => {
    const response = await get(`/status/${status}`);
    expect(response.status).toBe(status);
    expect(response.headers.get("x-origin")).toBe("yes");
    expect(await response.text()).toBe(status === 204 ? "" : `origin says ${status}`);
  });

  it("keeps ranges, conditions and HEAD", async () => {
    const part = await get("/document", { range: "bytes=3-6" });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      "bytes 3-6/1000",
      "3456",
    ]);
    const beyond = await get("/document", { range: "bytes=5000-5001" });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */1000"]);
    const unchanged = await get("/document", { "if-none-match": '"document-1"' });
    expect([unchanged.status, unchanged.headers.get("etag"), await unchanged.text()]).toEqual([
      304,
      '"document-1"',
      "",
    ]);
    const head = await send("/document", { method: "HEAD" });
    expect([head.status, head.headers.get("etag"), await head.text()]).toEqual([200, '"document-1"', ""]);
  });

  it("loses the headers of the origin's connection, and its other ways in", async () => {
    const response = await answer({
      "proxy-authenticate": "Basic",
      "alt-svc": 'h3=":443"',
      "x-kept": "1",
    });
    expect([...response.headers.keys()].filter((name) => /proxy|alt-svc/.test(name))).toEqual([]);
    expect(response.headers.get("x-kept")).toBe("1");
  });

  it("keeps caching headers as the origin wrote them", async () => {
    const response = await answer({ "cache-control": "public, max-age=60", vary: "Accept" });
    expect(response.headers.get("cache-control")).toBe("public, max-age=60");
    expect(response.headers.get("vary")).toBe("Accept");
    expect(response.headers.getSetCookie()).toHaveLength(0);
  });

  it("brings the renewed cookie beside the origin's own", async () => {
    clock.advance(46);
    const response = await answer({ "set-cookie": ["a=1; Path=/", "b=2; HttpOnly"] });
    const [a, b, ours] = response.headers.getSetCookie();
    expect([a, b]).toEqual(["a=1; Path=/", "b=2; HttpOnly"]);
    expect(ours).toMatch(/^__Host-vestibule-session=/);
  });
});

describe("a redirect of the origin", () => {
  const location = async (to: string, at: Seeded = acme, with_ = cookie) => {
    const url = urlOf(at, `/answer?${new URLSearchParams({ status: "302", location: to })}`);
    const response = await here.fetch(navigation(url, with_));
    expect(response.status).toBe(302);
    return response.headers.get("location");
  };

  it("is not followed", async () => {
    expect(await location("/next")).toBe("/next");
  });

  it.each([
    ["to its own absolute URL", "https://origin.example/a?b#c", "/a?b#c"],
    ["to its own root", "https://origin.example", "/"],
    ["in another case", "HTTPS://ORIGIN.example/a", "/a"],
    ["with its port", "https://origin.example:443/a", "/a"],
    ["in plain http", "http://origin.example/a", "/a"],
    ["without a scheme", "//origin.example/a", "/a"],
  ])("%s leads to the company host", async (_shape, from, path) => {
    expect(await location(from)).toBe(urlOf(acme, path));
  });

  it.each(["/a", "a/b", "?q", "../x", "#f", "/a?u=https://origin.example/"])("to %s stays relative", async (to) => {
    expect(await location(to)).toBe(to);
  });

  it("whose path looks like another host does not become one", async () => {
    expect(await location("https://origin.example//evil.example/x")).toBe(`${urlOf(acme)}/evil.example/x`);
    expect(await location("//origin.example/\\evil.example")).toBe(`${urlOf(acme)}/evil.example`);
    expect(new URL((await location("https://origin.example//evil.example/x"))!).host).toBe(new URL(urlOf(acme)).host);
  });

  it.each([
    "https://elsewhere.example/login?x",
    "https://origin.example.evil.example/",
    "https://origin.example@evil.example/",
    "https://origin.example:8443/",
    "https://sub.origin.example/",
    "mailto:a@origin.example",
    "myapp://origin.example/",
  ])("to %s is the origin's own affair and stays", async (to) => {
    expect(await location(to)).toBe(to);
  });

  it("loses the path of the company's originUrl", async () => {
    const based = await seedCompany(here, { originUrl: "https://origin.example/base" });
    const signedIn = await signIn(here, based);
    const at = (to: string) => location(to, based, signedIn.cookie);
    expect(await at("https://origin.example/base/a?b")).toBe(urlOf(based, "/a?b"));
    expect(await at("/base/a")).toBe(urlOf(based, "/a"));
    expect(await at("/base")).toBe(urlOf(based, "/"));
    expect(await at("relative")).toBe("relative");
    expect(await at("https://origin.example/baseball")).toBe("https://origin.example/baseball");
    expect(await at("https://origin.example/other")).toBe("https://origin.example/other");
  });

  it("is mirrored in Content-Location", async () => {
    const response = await answer({ "content-location": "https://origin.example/doc" });
    expect(response.headers.get("content-location")).toBe(urlOf(acme, "/doc"));
  });
});

describe("an answer that renews the session", () => {
  it.each([
    ["public, max-age=3600, s-maxage=60", "private, max-age=3600"],
    ["max-age=60", "private, max-age=60"],
    ["no-store", "no-store"],
    ["max-age=60, Private", "max-age=60, Private"],
    [null, "private"],
  ])("is kept out of caches that others share, and else stays as it is: %s", async (given, kept) => {
    clock.advance(50);
    const response = await answer(given === null ? {} : { "cache-control": given });
    expect(response.headers.getSetCookie()).toHaveLength(1);
    expect(response.headers.get("cache-control")).toBe(kept);
  });
});

describe("an answer that renews the session and tells caches on the way apart", () => {
  it("loses what they would heed before Cache-Control; any other answer keeps it", async () => {
    const told = {
      "cache-control": "public, max-age=60",
      "cdn-cache-control": "public, max-age=60",
      "cloudflare-cdn-cache-control": "max-age=60",
      "surrogate-control": "max-age=60",
      "edge-control": "max-age=60",
      "x-accel-expires": "60",
    };
    const names = Object.keys(told).slice(1);
    const kept = (response: Response) => names.filter((name) => response.headers.has(name));
    expect(kept(await answer(told))).toEqual(names);
    clock.advance(50);
    const renewing = await answer(told);
    expect(renewing.headers.getSetCookie()).toHaveLength(1);
    expect(kept(renewing)).toEqual([]);
    expect(renewing.headers.get("cache-control")).toBe("private, max-age=60");
  });
});

describe("Clear-Site-Data of the origin", () => {
  it.each([
    ['"cache"', '"cache"'],
    ['"cache","storage"', '"cache","storage"'],
    ['"cookies"', null],
    ['"cache", "cookies", "storage"', '"cache", "storage"'],
    ['"*"', '"cache", "clientHints", "executionContexts", "prefetchCache", "prerenderCache", "storage"'],
    ["*", "*"],
    [" Cookies ,cookies", null],
    [', "cookies"', null],
  ])("never empties the jar of other companies and the operator: %s", async (given, kept) => {
    expect((await answer({ "clear-site-data": given })).headers.get("clear-site-data")).toBe(kept);
  });
});

describe("a cookie of the origin", () => {
  const fitted = async (line: string) => (await answer({ "set-cookie": [line] })).headers.getSetCookie();

  it.each([
    ["the origin", "a=1; Domain=origin.example; Path=/; Secure; HttpOnly; SameSite=None"],
    ["its parent", "a=1; domain=.example; Path=/; Secure; HttpOnly; SameSite=None"],
    ["every company", "a=1;Domain=example.com; Path=/; Secure; HttpOnly; SameSite=None"],
    ["an empty name", "a=1; Domain=; Path=/; Secure; HttpOnly; SameSite=None"],
  ])("for %s becomes the company host's alone", async (_shape, line) => {
    expect(await fitted(line)).toEqual(["a=1; Path=/; Secure; HttpOnly; SameSite=None"]);
  });

  it.each([
    "a=1",
    "a=1; Path=/x; Secure",
    "a=domain=1; HttpOnly",
    'a="b; c',
    "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
    "__Host-app=1; Path=/; Secure",
  ])("that fits already keeps its bytes: %s", async (line) => {
    expect(await fitted(line)).toEqual([line]);
  });

  it("loses the path of the company's originUrl", async () => {
    const based = await seedCompany(here, { originUrl: "https://origin.example/base" });
    const signedIn = await signIn(here, based);
    const query = new URLSearchParams([
      ["set-cookie", "a=1; Path=/base; Secure"],
      ["set-cookie", "b=1; path=/base/x"],
      ["set-cookie", "c=1; Path=/elsewhere"],
      ["set-cookie", "d=1; Path=/"],
    ]);
    const response = await here.fetch(navigation(urlOf(based, `/answer?${query}`), signedIn.cookie));
    expect(response.headers.getSetCookie()).toEqual([
      "a=1; Path=/; Secure",
      "b=1; Path=/x",
      "c=1; Path=/elsewhere",
      "d=1; Path=/",
    ]);
  });
});
