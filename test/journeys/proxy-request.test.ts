/** What of a visitor's request gets to the origin: every byte of it, our word about who it is, and nobody else's. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hear, remember } from "../../src/origin/heard.ts";
import { outgoing } from "../../src/origin/outgoing.ts";
import { SESSION_COOKIE, type Session } from "../../src/session/index.ts";
import type { Tenant } from "../../src/tenant/index.ts";
import {
  Clock,
  echoOf,
  type Isolate,
  isolate,
  navigation,
  type Seeded,
  seedCompany,
  signIn,
  urlOf,
} from "../session/stage.ts";

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
    "X-Original-URL",
    "X_Rewrite_URL",
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

  it.each(["Transfer_Encoding", "Transfer.Encoding", "Content_Length", "Keep_Alive", "Proxy_Authorization"])(
    "has no %s, which a server could take for the header that frames a body or ends here",
    async (name) => {
      const init = { method: "POST", body: "hello", headers: { [name]: "chunked" } };
      const echo = await echoOf(await send("/", init));
      expect(echo.body).toBe("hello");
      expect(echo.headers.get(name)).toBeNull();
    },
  );

  it("may have headers of 30 KB and a cookie of 8 KB", async () => {
    const large = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`x-large-${n}`, "v".repeat(1_000)]));
    const echo = await echoOf(await get("/", { ...large, cookie: `${cookie}; big=${"c".repeat(3_000)}` }));
    expect(echo.headers.get("x-large-9")).toHaveLength(1_000);
    expect(echo.headers.get("cookie")).toHaveLength(3_004);
  });

  it("is never answered from a cache, where one company's answer could meet another's request", async () => {
    const spy = vi.spyOn(globalThis, "fetch");
    await get("/logo.png");
    await send("/logo.png", { method: "POST", body: "x" });
    expect(spy.mock.calls).toHaveLength(2);
    for (const [, init] of spy.mock.calls) {
      expect(init).toMatchObject({ redirect: "manual", cf: { cacheTtl: -1, cacheLevel: "bypass" } });
    }
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

describe("what was made of one request", () => {
  const SAID = { accept: "image/avif", "x-page": "1" };

  it("serves the next one that says the same, at another path, and none that says anything else", async () => {
    const asked = vi.spyOn(globalThis, "fetch");
    const init = async (path: string, headers: Record<string, string>, method = "GET") => {
      await here.fetch(new Request(urlOf(acme, path), { method, headers: { cookie, ...headers } }));
      return asked.mock.calls.at(-1)?.[1];
    };
    const once = await init("/a", SAID);
    const first = await init("/a", SAID);
    expect(await init("/b?c", SAID)).toBe(first);
    expect(first).toMatchObject({ redirect: "manual", cf: { cacheTtl: -1, cacheLevel: "bypass" } });
    expect(first).not.toBe(once);
    const { accept } = SAID;
    for (const other of [
      await init("/a", { ...SAID, accept: "image/webp" }),
      await init("/a", { ...SAID, "x-more": "1" }),
      await init("/a", { accept, "x-page2": "1" }),
      await init("/a", { accept }),
      await init("/a", SAID, "HEAD"),
      await init("/a", { ...SAID, "sec-fetch-dest": "image" }),
    ]) {
      expect(other).not.toBe(first);
    }
    expect(await init("/d", { ...SAID, "cf-ray": "8a1b2c3d4e5f6071-FRA", X_Forwarded_User: "mallory" })).toBe(first);
  });

  it("leaves a redirect of the origin's to the visitor each time", async () => {
    for (let n = 0; n < 3; n++) {
      const response = await get(`/answer?status=302&location=${encodeURIComponent("/elsewhere")}&n=${n}`, SAID);
      expect([response.status, response.headers.get("location")]).toEqual([302, "/elsewhere"]);
    }
  });

  it("serves nobody else who says the same, at this company or another", async () => {
    const echo = async (of: Seeded, theirs: string) =>
      echoOf(await here.fetch(new Request(urlOf(of, "/a"), { headers: { ...SAID, cookie: theirs } })));
    const mine = await echo(acme, cookie);
    const again = await signIn(here, acme);
    const other = await seedCompany(here);
    const { cookie: elsewhere } = await signIn(here, other);
    const [second, third] = [await echo(acme, again.cookie), await echo(other, elsewhere)];
    const assertions = [mine, second, third].map(({ headers }) => headers.get("x-vestibule-jwt-assertion"));
    expect(new Set(assertions).size).toBe(3);
    expect(third.headers.get("x-forwarded-host")).toBe(new URL(urlOf(other)).host);
    expect(third.headers.get("x-forwarded-user")).toBe(other.user.id);
  });

  it("lets nobody in at another company, however often the same was said at one's own", async () => {
    const other = await seedCompany(here);
    const ask = (of: Seeded) => here.fetch(new Request(urlOf(of, "/a"), { headers: { ...SAID, cookie } }));
    for (let n = 0; n < 3; n++) {
      expect((await ask(acme)).status).toBe(200);
      expect((await ask(other)).status).toBe(401);
    }
  });

  it("gives way to what others say, however many they are and however much it is", () => {
    const tenant = { baseUrl: "https://acme.example.com", company: acme.company } as Tenant;
    const someone = () => ({
      cookie: `${SESSION_COOKIE}=${crypto.randomUUID()}`,
      session: {} as Session,
      identity: { headers: [], assertion: crypto.randomUUID(), signedAt: 0 },
    });
    const madeFor = ({ cookie, ...who }: ReturnType<typeof someone>, length: number) => {
      const said = { cookie, "x-page": "x".repeat(length) };
      const request = () => new Request("https://acme.example.com/a", { headers: said });
      const inits = [1, 2, 3].map(() => {
        const hearing = hear(request(), "GET", tenant, here.services.config);
        remember(hearing);
        return outgoing(request(), tenant, hearing, who).init;
      });
      return inits.at(-1);
    };
    const [first, last] = [someone(), someone()];
    const before = madeFor(first, 100);
    expect(before).toBeInstanceOf(Request);
    expect(madeFor(first, 100)).toBe(before);
    for (let n = 0; n < 2_000; n++) madeFor(someone(), 7_800);
    const kept = madeFor(last, 7_800);
    expect(madeFor(first, 100)).not.toBe(before);
    expect(madeFor(last, 7_800)).toBe(kept);
  });

  it("stays, however much others say who are nobody", async () => {
    const asked = vi.spyOn(globalThis, "fetch");
    const init = async () => {
      await get("/a", SAID);
      return asked.mock.calls.at(-1)?.[1];
    };
    await init();
    const made = await init();
    for (let n = 0; n < 500; n++) {
      const forged = { cookie: `${SESSION_COOKIE}=${n}`, "x-page": "x".repeat(7_500) };
      expect((await here.fetch(new Request(urlOf(acme, "/a"), { headers: forged }))).status).toBe(401);
    }
    expect(await init()).toBe(made);
  });

  it("is made anew with the assertion, half a minute later", async () => {
    const assertion = async () => (await echoOf(await get("/a", SAID))).headers.get("x-vestibule-jwt-assertion");
    const first = await assertion();
    expect(await assertion()).toBe(first);
    clock.advance(26);
    expect(await assertion()).not.toBe(first);
  });

  it("keeps to itself a length that was said of no body", async () => {
    for (let n = 0; n < 3; n++) {
      const echo = await echoOf(await get("/a", { ...SAID, "content-length": "0" }));
      expect(echo.headers.get("content-length")).toBeNull();
    }
  });
});
