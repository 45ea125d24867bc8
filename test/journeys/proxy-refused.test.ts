/** Requests that don't get to the origin or find it away: without a session, of another company, with D1 or the origin down. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { JOINING_MS } from "../../src/origin/patience.ts";
import { endSession, updateCompany } from "../../src/store/index.ts";
import {
  aMoment,
  Clock,
  heldTime,
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

describe("another company's cookie", () => {
  it("opens nothing", async () => {
    const other = await seedCompany(here);
    const response = await here.fetch(navigation(urlOf(other, "/x"), cookie));
    expect(response.status).toBe(404);
    const api = await here.fetch(new Request(urlOf(other, "/x"), { headers: { cookie } }));
    expect(api.status).toBe(401);
  });
});

describe("a page of another company", () => {
  const EMBEDS = { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" };
  const DETOUR = { "sec-fetch-site": "cross-site", referer: "https://globex.example.com/" };
  const asks = (headers: Record<string, string>, method = "POST") =>
    send("/x", { method, headers, ...(method === "POST" ? { body: "a=1" } : {}) });

  it.each([
    ["posts", { origin: "https://globex.example.com", "sec-fetch-site": "same-site" }, "POST"],
    ["posts in the clear", { origin: "http://globex.example.com" }, "POST"],
    ["posts and hides its name", { origin: "null", "sec-fetch-site": "same-site" }, "POST"],
    ["reads by script", { origin: "https://globex.example.com" }, "GET"],
    ["embeds a script", { ...EMBEDS, "sec-fetch-dest": "script", referer: "https://globex.example.com/" }, "GET"],
    ["embeds a picture and hides its name", { ...EMBEDS, "sec-fetch-dest": "image" }, "GET"],
    ["embeds a frame", { ...EMBEDS, "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, "GET"],
    ["fetches what it can’t read", { ...EMBEDS, "sec-fetch-dest": "empty" }, "GET"],
    ["opens a WebSocket", { origin: "https://globex.example.com", upgrade: "websocket" }, "GET"],
    // By way of a server elsewhere that redirects, whatever code it answers with. So Chromium asks, with the cookie.
    ["posts a form by a detour", { ...DETOUR, "sec-fetch-dest": "document", origin: "null" }, "POST"],
    ["posts by script and a detour", { ...DETOUR, "sec-fetch-dest": "empty", origin: "null" }, "POST"],
    ["embeds a script by a detour", { ...DETOUR, "sec-fetch-dest": "script" }, "GET"],
    ["hides its name and embeds by a detour", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe" }, "GET"],
  ])("can't use the visitor's session when it %s", async (_what, headers, method) => {
    const spy = vi.spyOn(globalThis, "fetch");
    const response = await asks(headers, method);
    expect(response.status).toBe(403);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(spy).not.toHaveBeenCalled();
  });

  it("is no worse than one of this very host that came in the clear: whoever is on the way can have written it", async () => {
    const origin = urlOf(acme).replace(/^https(:.*)\/$/, "http$1");
    expect(origin).toMatch(/^http:\/\/company-\d+\.example\.com$/);
    expect((await asks({ origin }, "POST")).status).toBe(403);
  });

  it("is the only one: the company's own, the operator's, other sites' and a proxy's of the visitor pass as ever", async () => {
    const passing = ["https://www.example.com", "https://app.elsewhere.example", "https://a.b.example.com", "nonsense"];
    for (const origin of [new URL(urlOf(acme)).origin, ...passing]) expect((await asks({ origin })).status).toBe(200);
    expect((await asks({ origin: "null", "sec-fetch-site": "same-origin" })).status).toBe(200);
    expect((await asks({})).status).toBe(200);
    const embedded = { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
    for (const host of ["https://www.example.com/news?x", "https://a.b.example.com/"]) {
      expect((await asks({ ...embedded, referer: host }, "GET")).status).toBe(200);
    }
    // A frame in which this company's own page asks an identity provider elsewhere, and a form of its own that is redirected.
    const detour = { "sec-fetch-site": "cross-site", referer: urlOf(acme, "/page") };
    expect((await asks({ ...detour, "sec-fetch-dest": "iframe" }, "GET")).status).toBe(200);
    expect((await asks({ ...detour, "sec-fetch-dest": "document", origin: "null" })).status).toBe(200);
    const led = { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect((await asks({ ...led, referer: "https://globex.example.com/" }, "GET")).status).toBe(200);
    expect((await asks({ ...led, "sec-fetch-site": "cross-site" }, "GET")).status).toBe(200);
    // The same where a service worker of the company's application passes it on: so Chromium asks then.
    for (const site of ["same-site", "cross-site"]) {
      const passedOn = { ...led, "sec-fetch-site": site, "sec-fetch-dest": "empty" };
      expect((await asks(passedOn, "GET")).status).toBe(200);
      expect((await asks({ ...passedOn, origin: "null" })).status).toBe(403);
    }
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

  it("tells people by a page and programs by a problem", async () => {
    await updateCompany(here.services.database, acme.company.id, 1, { status: "suspended" }, auditRow(acme.company.id));
    const there = isolate(clock);
    for (const path of ["/", "/assets/17"]) {
      const page = await there.fetch(navigation(urlOf(acme, path), cookie));
      expect([page.status, page.headers.get("content-type")]).toEqual([403, expect.stringContaining("text/html")]);
      const program = await there.fetch(new Request(urlOf(acme, path), { headers: { cookie } }));
      expect([program.status, program.headers.get("content-type")]).toEqual([403, "application/problem+json"]);
      expect(await program.json()).toMatchObject({ status: 403, type: expect.stringContaining("company-suspended") });
    }
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

  it("gets 29 seconds for its headers, and is then told to be slow", async () => {
    const waits = heldTime();
    const waiting = get("/late");
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    expect(waits[0]?.ms).toBe(29_000 - JOINING_MS);
    expect(await Promise.race([waiting, aMoment()])).toBeUndefined();
    waits[0]?.pass();
    const response = await waiting;
    expect(response.status).toBe(504);
    expect(response.headers.get("content-type")).toContain("text/html");
  });

  it("is waited for with one timer by all who come right after the first", async () => {
    const waits = heldTime(0);
    const first = get("/late");
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    expect(waits[0]?.ms).toBe(JOINING_MS);
    clock.advance((JOINING_MS - 1) / 1_000);
    const second = get("/late?2");
    await aMoment();
    expect(waits).toHaveLength(1);
    waits[0]?.pass();
    await vi.waitFor(() => expect(waits).toHaveLength(2));
    // What the platform keeps for others after its maker was answered ends 30 seconds after that.
    expect(JOINING_MS + (waits[1]?.ms ?? 0)).toBe(29_000);
    const third = get("/late?3");
    await vi.waitFor(() => expect(waits).toHaveLength(3));
    waits[1]?.pass();
    expect([(await first).status, (await second).status]).toEqual([504, 504]);
    waits[2]?.pass();
    await vi.waitFor(() => expect(waits).toHaveLength(4));
    expect(await Promise.race([third, aMoment()])).toBeUndefined();
    waits[3]?.pass();
    expect((await third).status).toBe(504);
  });

  it("is waited for by a timer of one's own, where the one before was lost with the request that set it", async () => {
    const waits = heldTime(0);
    const first = get("/late");
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    clock.advance(JOINING_MS / 1_000);
    const second = get("/late?2");
    await vi.waitFor(() => expect(waits).toHaveLength(2));
    for (const at of [1, 2]) {
      await vi.waitFor(() => expect(waits.length).toBeGreaterThan(at));
      waits[at]?.pass();
    }
    expect((await second).status).toBe(504);
    waits[0]?.pass();
    await vi.waitFor(() => expect(waits).toHaveLength(4));
    waits[3]?.pass();
    expect((await first).status).toBe(504);
  });

  it("that answers the one who set the timer goes on being waited for by the others", async () => {
    const waits = heldTime(0);
    const answers: ((response: Response) => void)[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    const first = get("/soon");
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const second = get("/late");
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[0]?.(new Response("at last"));
    await aMoment();
    waits[0]?.pass();
    await vi.waitFor(() => expect(waits).toHaveLength(2));
    waits[1]?.pass();
    expect((await second).status).toBe(504);
    expect((await first).status).toBe(200);
    expect(waits).toHaveLength(2);
  });

  it.each(["before", "after"])(
    "that has answered all %s nobody can join is not waited for any longer",
    async (when) => {
      const waits = heldTime(0);
      const answers: ((response: Response) => void)[] = [];
      vi.spyOn(globalThis, "fetch").mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
      const asked = get("/");
      await vi.waitFor(() => expect(answers).toHaveLength(1));
      if (when === "before") answers[0]?.(new Response("here"));
      await aMoment();
      waits[0]?.pass();
      await aMoment();
      expect(waits).toHaveLength(when === "before" ? 1 : 2);
      answers[0]?.(new Response("here"));
      // Nothing that was set for it is waited for.
      expect((await asked).status).toBe(200);
    },
  );

  it("is not blamed while the visitor is still sending", async () => {
    const waits = heldTime(0);
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
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    waits[0]?.pass();
    const response = await waiting;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ bytes: 20 });
    // The same timer in two parts, where the answer comes when nobody can join any more.
    expect(waits.length).toBeLessThanOrEqual(2);
  });

  it("that answers before it has the whole body is waited for no more when it has it", async () => {
    const waits = heldTime(0);
    let finish = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(10));
        finish = () => controller.close();
      },
    });
    let taken: Promise<string> | undefined;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (_url, init) => {
      taken = new Response((init as RequestInit).body).text();
      return new Response("too large", { status: 413 });
    });
    expect((await send("/upload", { method: "POST", body })).status).toBe(413);
    finish();
    expect(await taken).toHaveLength(10);
    await aMoment();
    expect(waits).toHaveLength(0);
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
    clock.advance(39);
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
