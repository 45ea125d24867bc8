/** The way to the origin: what of a request gets there, what of the answer comes back, and what is told to whom has no session. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { endSession, updateCompany } from "../../src/store/index.ts";
import {
  Clock,
  echoOf,
  type Isolate,
  isolate,
  navigation,
  nextCookie,
  type Seeded,
  seedCompany,
  seedSaml,
  signIn,
  urlOf,
} from "../session/stage.ts";
import { auditRow } from "../store/rows.ts";

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

afterEach(() => {
  vi.restoreAllMocks();
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

/** Time as the gateway waits for it, passed by hand. */
function heldTime() {
  const waits: { ms: number; pass: () => void }[] = [];
  vi.spyOn(scheduler, "wait").mockImplementation(
    (ms: number) => new Promise((resolve) => waits.push({ ms, pass: () => resolve(undefined) })),
  );
  return waits;
}
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 50));

describe("forged identity", () => {
  const names = [
    "X-Vestibule-Jwt-Assertion",
    "X-Vestibule-Anything",
    "X_Vestibule_Jwt_Assertion",
    "X-Vestibule_Jwt-Assertion",
    "X-Forwarded-User",
    "x_forwarded_user",
    "X.Forwarded.User",
    "X-Forwarded~User",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-For",
    "X_Forwarded_For",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "Forwarded",
    "X-Real-IP",
    "X_Real_IP",
    "X-Client-IP",
    "True-Client-IP",
    "Client-IP",
    "CF-Ray",
    "CF-Visitor",
    "Remote-User",
    "Remote_User",
    "X-Remote-User",
  ];

  it.each(names)("in %s does not reach the origin", async (name) => {
    const echo = await echoOf(await get("/", { [name]: "forged-by-the-visitor" }));
    expect(JSON.stringify([...echo.headers])).not.toContain("forged-by-the-visitor");
  });

  it("all at once leaves exactly our own headers", async () => {
    const forged = Object.fromEntries(names.map((name) => [name, "forged"]));
    const echo = await echoOf(await get("/", forged));
    const ours = [...echo.headers].filter(([name]) => /^x[-_.](?:forwarded|vestibule)/.test(name));
    expect(ours.map(([name]) => name)).toEqual([
      "x-forwarded-email",
      "x-forwarded-groups",
      "x-forwarded-host",
      "x-forwarded-proto",
      "x-forwarded-user",
      "x-vestibule-jwt-assertion",
    ]);
    expect(Object.fromEntries(ours)).toMatchObject({
      "x-forwarded-user": acme.user.id,
      "x-forwarded-email": acme.user.email,
      "x-forwarded-groups": "Photographers",
      "x-forwarded-host": `${acme.company.slug}.example.com`,
      "x-forwarded-proto": "https",
    });
  });

  it("is not possible by naming our headers in Connection", async () => {
    const connection = "x-vestibule-jwt-assertion, X-Forwarded-User, x-forwarded-email, cookie, x-custom";
    const echo = await echoOf(await get("/", { connection, "x-custom": "1" }));
    expect(echo.headers.get("x-forwarded-user")).toBe(acme.user.id);
    expect(echo.headers.get("x-vestibule-jwt-assertion")).toBeTruthy();
    expect(echo.headers.get("x-custom")).toBeNull();
  });

  it("of the address is not possible: X-Forwarded-For is what Cloudflare saw", async () => {
    const echo = await echoOf(await get("/", { "cf-connecting-ip": "2001:db8::7", "x-forwarded-for": "6.6.6.6" }));
    expect(echo.headers.get("x-forwarded-for")).toBe("2001:db8::7");
    expect(echo.headers.get("cf-connecting-ip")).not.toBe("2001:db8::7");
    const odd = await echoOf(await get("/", { "cf-connecting-ip": "6.6.6.6, 7.7.7.7" }));
    expect(odd.headers.get("x-forwarded-for")).toBeNull();
  });
});

describe("names outside ASCII", () => {
  it("arrive percent-encoded in the headers and as they are in the assertion", async () => {
    const group = { ...acme.group, title: "Größe, 100 % 漢字" };
    const user = { ...acme.user, email: "bü\u202e@x.example" };
    const signedIn = await signIn(here, { ...acme, group, user });
    const echo = await echoOf(await here.fetch(navigation(urlOf(acme), signedIn.cookie)));
    expect(echo.headers.get("x-forwarded-groups")).toBe("Gr%C3%B6%C3%9Fe%2C 100 %25 %E6%BC%A2%E5%AD%97");
    expect(decodeURIComponent(echo.headers.get("x-forwarded-groups")!)).toBe(group.title);
    expect(decodeURIComponent(echo.headers.get("x-forwarded-email")!)).toBe(user.email);
    const claims = JSON.parse(
      Buffer.from(echo.headers.get("x-vestibule-jwt-assertion")!.split(".")[1]!, "base64url").toString(),
    ) as { email: string; groups: string[] };
    expect(claims).toMatchObject({ email: user.email, groups: [group.title] });
  });

  it("can't break out of a header", async () => {
    const group = { ...acme.group, title: "a\r\nX-Forwarded-User: root\u0000" };
    const signedIn = await signIn(here, { ...acme, group });
    const echo = await echoOf(await here.fetch(navigation(urlOf(acme), signedIn.cookie)));
    expect(echo.headers.get("x-forwarded-user")).toBe(acme.user.id);
    expect(decodeURIComponent(echo.headers.get("x-forwarded-groups")!)).toBe(group.title);
  });
});

describe("our cookies", () => {
  it("do not reach the origin, and the others do as they were written", async () => {
    const others = 'a=1; b="x; y=%20z';
    const ours = `${cookie}; __Host-vestibule-request-abc=1; __host-VESTIBULE-x=2`;
    const echo = await echoOf(await get("/", { cookie: `a=1; ${ours}; b="x; y=%20z` }));
    expect(echo.headers.get("cookie")).toBe(others);
  });

  it("leave no Cookie header where there were no others", async () => {
    expect((await echoOf(await get("/"))).headers.has("cookie")).toBe(false);
  });

  it("are not set by the origin in our place", async () => {
    const forged = [
      "__Host-vestibule-session=forged; Path=/; Secure",
      "__host-vestibule-session=forged; Path=/; Secure",
      "  __Host-vestibule-request-x=forged",
      "=__Host-vestibule-session=forged",
      "\u00a0__Host-vestibule-session=forged",
      "app=1; Path=/",
    ];
    const response = await answer({ "set-cookie": forged });
    expect(response.headers.getSetCookie()).toEqual(["app=1; Path=/"]);
  });
});

describe("another company's cookie", () => {
  it("opens nothing", async () => {
    const other = await seedCompany(here);
    const response = await here.fetch(navigation(urlOf(other, "/x"), cookie));
    expect(response.status).toBe(404);
    const api = await here.fetch(new Request(urlOf(other, "/x"), { headers: { cookie } }));
    expect(api.status).toBe(401);
  });
});

describe("a company that was suspended", () => {
  it("is closed to its people within 60 seconds in an isolate that heard nothing", async () => {
    const there = isolate(clock);
    expect((await there.fetch(navigation(urlOf(acme), cookie))).status).toBe(200);
    await updateCompany(here.services.database, acme.company.id, 1, { status: "suspended" }, auditRow(acme.company.id));
    clock.advance(60);
    const response = await there.fetch(navigation(urlOf(acme), cookie));
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain("x-forwarded-user");
  });
});

describe("a request without a session", () => {
  const anonymous = (path: string, init: RequestInit = {}) =>
    here.fetch(new Request(urlOf(acme, path), { redirect: "manual", ...init }));

  it("never reaches the origin", async () => {
    const spy = vi.spyOn(globalThis, "fetch");
    await here.fetch(navigation(urlOf(acme, "/")));
    await anonymous("/", { method: "POST", body: "x" });
    await anonymous("/", { headers: { upgrade: "websocket" } });
    expect(spy).not.toHaveBeenCalled();
  });

  it.each(["/", "/assets/7?size=large&q=a%20b%26c", "/a%2Fb/?x", "//double", "/x?u=https://evil.example/"])(
    "that is a navigation to %s is sent to sign in and back to that very place",
    async (path) => {
      await seedSaml(here, acme);
      const response = await here.fetch(navigation(urlOf(acme, path)));
      expect([response.status, response.headers.get("cache-control")]).toEqual([303, "no-store"]);
      const location = new URL(response.headers.get("location")!, urlOf(acme));
      expect(location.origin + location.pathname).toBe(urlOf(acme, "/sso/login"));
      expect([...location.searchParams.keys()]).toEqual(["return_to"]);
      expect(location.searchParams.get("return_to")).toBe(path.replace(/\?$/, ""));
    },
  );

  it.each([
    ["an older browser", { accept: "text/html,application/xhtml+xml" }, 303],
    ["a browser's navigation in a frame", { "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, 303],
    ["a fetch that would take HTML", { "sec-fetch-mode": "same-origin", accept: "text/html" }, 401],
    ["a browser that says only where from", { "sec-fetch-site": "same-origin", accept: "text/html" }, 401],
  ])("of %s with %o gets %i", async (_shape, headers, status) => {
    await seedSaml(here, acme);
    expect((await anonymous("/a", { headers })).status).toBe(status);
  });

  it("that is a navigation with a very long query keeps its path, and with a very long path goes home", async () => {
    await seedSaml(here, acme);
    const back = async (path: string) => {
      const { headers } = await here.fetch(navigation(urlOf(acme, path)));
      return new URL(headers.get("location")!, urlOf(acme)).searchParams.get("return_to");
    };
    expect(await back(`/a?q=${"x".repeat(10_000)}`)).toBe("/a");
    expect(await back(`/${"x".repeat(10_000)}`)).toBe("/");
  });

  it("that is a navigation, at a company without single sign-on, gets the page that says so", async () => {
    const response = await here.fetch(navigation(urlOf(acme, "/a")));
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("/sso/local");
  });

  const others: [string, RequestInit][] = [
    ["a fetch from a page", { headers: { "sec-fetch-mode": "cors", accept: "text/html" } }],
    ["an image", { headers: { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" } }],
    ["a WebSocket", { headers: { "sec-fetch-mode": "websocket", upgrade: "websocket" } }],
    ["a client that wants JSON", { headers: { accept: "application/json" } }],
    ["a client that says nothing", {}],
    ["HEAD", { method: "HEAD", headers: { accept: "text/html" } }],
    ["OPTIONS", { method: "OPTIONS" }],
    [
      "a POST navigation",
      { method: "POST", body: "a=b", headers: { "sec-fetch-mode": "navigate", accept: "text/html" } },
    ],
    ["DELETE", { method: "DELETE", headers: { accept: "text/html" } }],
  ];
  it.each(others)("that is %s gets 401 with signInUrl", async (_shape, init) => {
    const response = await anonymous("/asset", init);
    expect(response.status).toBe(401);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.has("www-authenticate")).toBe(false);
    if (init.method === "HEAD") return;
    expect(await response.json()).toMatchObject({
      type: expect.any(String),
      title: expect.any(String),
      detail: expect.any(String),
      status: 401,
      signInUrl: `${urlOf(acme)}sso/login`,
    });
  });

  it("that comes with a session which was ended gets 401, and the origin nothing", async () => {
    const { session, cookie: ended } = await signIn(here, acme);
    await endSession(here.services.database, acme.company.id, session.id);
    clock.advance(46);
    const response = await anonymous("/", { headers: { cookie: ended } });
    expect(response.status).toBe(401);
  });
});

describe("TRACE", () => {
  it("is not passed on: its answer would show the assertion", async () => {
    const request = new Request(urlOf(acme, "/"), { headers: { cookie } });
    const traced = new Proxy(request, {
      get: (target, name) => {
        const value: unknown = name === "method" ? "TRACE" : Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    expect((await here.fetch(traced)).status).toBe(405);
  });
});

describe("the request at the origin", () => {
  it("has the path and the query byte for byte", async () => {
    for (const path of [
      "/a%2Fb/%20c;d=1?x=%2B+&y=&&z",
      "/x?",
      "/%C3%A4?q=%FF",
      "//double//slash",
      "/a|b?c|d",
      "/a?b=https://c.example/?d#",
    ]) {
      const { url } = await echoOf(await get(path));
      expect(url).toBe(`https://origin.example${path.replace("#", "")}`);
    }
  });

  it("stays at the origin, whatever its path looks like", async () => {
    for (const path of [
      "//evil.example/",
      "/@evil.example/",
      "/\\evil.example/",
      "/.evil.example/",
      "/:80/",
      "/%2F%2Fevil.example/",
    ]) {
      const { url } = await echoOf(await get(path));
      expect(new URL(url).host).toBe("origin.example");
    }
  });

  it("stays below the path of the company's originUrl", async () => {
    const based = await seedCompany(here, { originUrl: "https://origin.example/base/" });
    const signedIn = await signIn(here, based);
    const at = async (path: string) =>
      (await echoOf(await here.fetch(navigation(urlOf(based, path), signedIn.cookie)))).url;
    expect(await at("/x?y")).toBe("https://origin.example/base/x?y");
    expect(await at("/")).toBe("https://origin.example/base/");
    expect(await at("/../x")).toBe("https://origin.example/base/x");
    expect(await at("/a/%2e%2e/%2E./x")).toBe("https://origin.example/base/x");
    expect(await at("//evil.example")).toBe("https://origin.example/base//evil.example");
  });

  it.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("has the method %s", async (method) => {
    const body = method === "GET" ? null : "a body";
    const echo = await echoOf(await send("/m", { method, body }));
    expect(echo).toMatchObject({ method, body: body ?? "" });
  });

  it("has the body and its type as they were sent", async () => {
    const form = "a=1&b=%C3%A4&file=%00%FF";
    const echo = await echoOf(
      await send("/form", {
        method: "POST",
        body: form,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      }),
    );
    expect(echo.body).toBe(form);
    expect(echo.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
  });

  it("has the visitor's own headers", async () => {
    const own = {
      accept: "image/avif,*/*",
      "accept-language": "de-CH",
      authorization: "Basic YTpi",
      "if-none-match": '"x"',
      origin: "https://somewhere.example",
      range: "bytes=0-1",
      referer: "https://elsewhere.example/",
      "user-agent": "Something/1",
      "x-custom": "a, b",
      "x-csrf-token": "t",
    };
    const echo = await echoOf(await get("/", own));
    for (const [name, value] of Object.entries(own)) expect(echo.headers.get(name)).toBe(value);
  });

  it("has none of the headers of the visitor's connection", async () => {
    const hop = {
      connection: "keep-alive, X-Hop",
      "keep-alive": "timeout=5",
      "x-hop": "1",
      te: "trailers",
      trailer: "x-t",
      "proxy-authorization": "Basic x",
      "proxy-connection": "keep-alive",
      expect: "100-continue",
      upgrade: "h2c",
    };
    const echo = await echoOf(await get("/", hop));
    for (const name of ["x-hop", "te", "trailer", "proxy-authorization", "proxy-connection", "expect", "upgrade"]) {
      expect(echo.headers.get(name), name).toBeNull();
    }
  });

  it("may have headers of 30 KB and a cookie of 8 KB", async () => {
    const large = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`x-large-${n}`, "v".repeat(1_000)]));
    const echo = await echoOf(await get("/", { ...large, cookie: `${cookie}; big=${"c".repeat(3_000)}` }));
    expect(echo.headers.get("x-large-9")).toHaveLength(1_000);
    expect(echo.headers.get("cookie")).toHaveLength(3_004);
  });

  it("is never answered from a cache, where one company's answer could meet another's request", async () => {
    const spy = vi.spyOn(globalThis, "fetch");
    await get("/logo.png");
    expect(spy.mock.calls[0]?.[1]).toMatchObject({ cache: "no-store", redirect: "manual" });
  });

  it("that has a body where fetch can send none is refused, not cut", async () => {
    const request = new Request(urlOf(acme, "/"), { headers: { cookie, "content-length": "5" } });
    const withBody = new Proxy(request, {
      get: (target, name) => {
        const value: unknown = name === "body" ? new ReadableStream() : Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    expect((await here.fetch(withBody)).status).toBe(400);
  });
});

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

  it("keeps caching headers as the origin wrote them, when the cookie is renewed too", async () => {
    clock.advance(46);
    const response = await answer({ "cache-control": "public, max-age=60", vary: "Accept" });
    expect(response.headers.get("cache-control")).toBe("public, max-age=60");
    expect(response.headers.get("vary")).toBe("Accept");
    expect(response.headers.getSetCookie()).toHaveLength(1);
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

describe("bodies", () => {
  const MEGABYTE = 1024 * 1024;

  it("come down as a stream: the first of 64 MB is here before the last was made", async () => {
    const response = await get(`/stream/${64 * MEGABYTE}`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let bytes = 0;
    let atFirst = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      atFirst ||= bytes;
    }
    expect(bytes).toBe(64 * MEGABYTE);
    expect(atFirst).toBeLessThan(MEGABYTE);
  });

  it("go up as a stream: 64 MB in many pieces, with the length that was announced", async () => {
    let left = 64;
    const chunk = new Uint8Array(MEGABYTE);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk.slice());
        else controller.close();
      },
    });
    const response = await send("/upload", {
      method: "POST",
      body,
      headers: { "content-length": String(64 * MEGABYTE) },
    });
    const { bytes, chunks, announced } = (await response.json()) as Record<string, number>;
    expect(bytes).toBe(64 * MEGABYTE);
    expect(chunks).toBeGreaterThan(64);
    expect(Number(announced)).toBe(64 * MEGABYTE);
  });
});

describe("a WebSocket", () => {
  async function open() {
    const response = await get("/socket", {
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-fetch-mode": "websocket",
      "x-forwarded-user": "forged",
    });
    expect(response.status).toBe(101);
    const socket = response.webSocket!;
    const messages: unknown[] = [];
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.addEventListener("close", resolve),
    );
    socket.addEventListener("message", ({ data }) => messages.push(data));
    socket.accept();
    const received = (count: number) => vi.waitFor(() => expect(messages.length).toBeGreaterThanOrEqual(count));
    return { response, socket, messages, closed, received };
  }

  it("passes with our headers and without our cookie, in both directions", async () => {
    const { socket, messages, received } = await open();
    socket.send("hello");
    await received(2);
    const headers = new Headers(JSON.parse(String(messages[0])) as [string, string][]);
    expect(headers.get("x-forwarded-user")).toBe(acme.user.id);
    expect(headers.get("cookie")).toBeNull();
    expect(messages[1]).toBe("echo hello");
    socket.close(1000);
  });

  it("keeps the order and the bytes of what is sent", async () => {
    const { socket, messages, received } = await open();
    const sent = Array.from({ length: 200 }, (_, n) => `message ${n} ✓`);
    for (const text of sent) socket.send(text);
    await received(201);
    expect(messages.slice(1)).toEqual(sent.map((text) => `echo ${text}`));
    socket.close(1000);
  });

  it("ends with the code of whoever ends it", async () => {
    const { socket, closed } = await open();
    socket.send("close 4321 enough");
    expect(await closed).toMatchObject({ code: 4321, reason: "enough" });
  });

  it("is closed within 60 seconds of the end of its session, and not before", async () => {
    const waits = heldTime();
    const { session, cookie: own } = await signIn(here, acme);
    cookie = own;
    const { closed } = await open();
    let seconds = 0;
    const pass = async () => {
      const wait = await vi.waitFor(() => waits.filter(({ ms }) => ms < 30_000).at(-1)!);
      waits.length = 0;
      seconds += wait.ms / 1000;
      clock.advance(wait.ms / 1000);
      wait.pass();
      return Promise.race([closed, aMoment()]);
    };
    for (let times = 0; times < 10; times++) expect(await pass()).toBeUndefined();
    await endSession(here.services.database, acme.company.id, session.id);
    const endedAt = seconds;
    let end: Awaited<ReturnType<typeof pass>>;
    do end = await pass();
    while (end === undefined && seconds < endedAt + 200);
    expect(end).toMatchObject({ code: 1008, reason: "session ended" });
    expect(seconds - endedAt).toBeLessThanOrEqual(60);
  });
});

describe("an event stream", () => {
  it("ends within 60 seconds of the end of its session, as if the origin had ended it", async () => {
    const waits = heldTime();
    const { session, cookie: own } = await signIn(here, acme);
    cookie = own;
    const response = await get("/ticks");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let done = false;
    const reading = (async () => {
      while (!done) ({ done } = await reader.read());
    })();
    await endSession(here.services.database, acme.company.id, session.id);
    let seconds = 0;
    while (!done && seconds < 200) {
      const wait = await vi.waitFor(() => waits.filter(({ ms }) => ms < 30_000).at(-1)!);
      waits.length = 0;
      seconds += wait.ms / 1000;
      clock.advance(wait.ms / 1000);
      wait.pass();
      await aMoment();
    }
    await reading;
    expect(seconds).toBeGreaterThanOrEqual(45);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it("arrives event by event", async () => {
    const response = await get("/events");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const arrivals: string[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      arrivals.push(new TextDecoder().decode(value));
    }
    expect(arrivals).toEqual(["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
  });
});

describe("an origin that is away", () => {
  const break_ = () => vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("Network connection lost."));

  it("is told to a person on a page of our own with a reference", async () => {
    break_();
    const response = await get("/");
    expect(response.status).toBe(502);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(await response.text()).toMatch(/[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}/);
  });

  it("is told to a program in JSON, without what went wrong inside", async () => {
    break_();
    const response = await send("/", { method: "POST", body: "x" });
    expect(response.status).toBe(502);
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({ status: 502, reference: expect.any(String) });
    expect(body).not.toContain("Network connection lost");
  });

  it("is known by Cloudflare's own statuses, and an origin's of the same number is passed on", async () => {
    for (const [status, told] of [
      [521, 502],
      [522, 502],
      [530, 502],
      [524, 504],
    ] as const) {
      vi.spyOn(globalThis, "fetch").mockResolvedValue(
        new Response("error code", { status, headers: { server: "cloudflare" } }),
      );
      expect((await get("/")).status).toBe(told);
      vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("mine", { status }));
      expect((await get("/")).status).toBe(status);
    }
  });

  it("gets 30 seconds for its headers, and is then told to be slow", async () => {
    const waits = heldTime();
    const waiting = get("/late");
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    expect(waits[0]?.ms).toBe(30_000);
    expect(await Promise.race([waiting, aMoment()])).toBeUndefined();
    waits[0]?.pass();
    const response = await waiting;
    expect(response.status).toBe(504);
    expect(response.headers.get("content-type")).toContain("text/html");
  });

  it("is not blamed while the visitor is still sending", async () => {
    const waits = heldTime();
    let finish = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(10));
        finish = () => {
          controller.enqueue(new Uint8Array(10));
          controller.close();
        };
      },
    });
    const waiting = send("/upload", { method: "POST", body });
    await aMoment();
    expect(waits).toHaveLength(0);
    finish();
    const response = await waiting;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ bytes: 20 });
    expect(waits).toHaveLength(1);
  });
});

describe("D1", () => {
  it("is not asked at all for a request with a fresh session, once for one that is due", async () => {
    await get("/");
    here.trips();
    for (let n = 0; n < 10; n++) {
      clock.advance(2);
      await get("/");
    }
    expect(here.trips()).toBe(0);
    const there = isolate(clock);
    await there.tenant(acme.company.slug);
    await there.fetch(navigation(urlOf(acme), cookie));
    there.trips();
    clock.advance(28);
    await there.tenant(acme.company.slug);
    there.trips();
    const due = await there.fetch(navigation(urlOf(acme), cookie));
    expect(there.trips()).toBe(1);
    cookie = nextCookie(due, cookie);
    await there.fetch(navigation(urlOf(acme), cookie));
    expect(there.trips()).toBe(0);
  });

  it("that is down leaves fresh sessions alone and makes the others a 503 with Retry-After", async () => {
    let down = false;
    const failing = isolate(clock, {
      onTrip() {
        if (down) throw new Error("D1 is down");
      },
    });
    await failing.fetch(navigation(urlOf(acme), cookie));
    down = true;
    clock.advance(44);
    expect((await failing.fetch(navigation(urlOf(acme), cookie))).status).toBe(200);
    clock.advance(2);
    const page = await failing.fetch(navigation(urlOf(acme), cookie));
    expect([page.status, page.headers.has("retry-after")]).toEqual([503, true]);
    const api = await failing.fetch(new Request(urlOf(acme), { headers: { cookie } }));
    expect([api.status, api.headers.get("content-type")]).toEqual([503, "application/problem+json"]);
    down = false;
    expect((await failing.fetch(navigation(urlOf(acme), cookie))).status).toBe(200);
  });
});
