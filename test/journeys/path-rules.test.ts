/** Path rules: what they open and to whom, what never goes along, and all the ways in which a path may pretend to be another. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { endSession, type PathRule, updateCompany } from "../../src/store/index.ts";
import { isRulePath, ruleFor } from "../../src/tenant/index.ts";
import {
  Clock,
  echoOf,
  type Isolate,
  isolate,
  navigation,
  type Seeded,
  seedCompany,
  seedSaml,
  signIn,
  urlOf,
} from "../session/stage.ts";
import { auditRow } from "../store/rows.ts";

const rule = (path: string, access: PathRule["access"], more: Partial<PathRule> = {}): PathRule => ({
  path,
  access,
  unauthenticated: "signIn",
  preflight: false,
  ...more,
});
const RULES = [
  rule("/docs/private/*", "session"),
  rule("/docs/*", "public"),
  rule("/feed", "optional"),
  rule("/api/*", "session", { unauthenticated: "401", preflight: true }),
  rule("/socket", "public"),
  rule("/events", "public"),
];

let clock: Clock;
let here: Isolate;
let acme: Seeded;
let cookie: string;
let down: boolean;

beforeEach(async () => {
  down = false;
  clock = new Clock();
  here = isolate(clock, {
    onTrip: () => {
      if (down) throw new Error("no D1");
    },
  });
  acme = await seedCompany(here, { pathRules: RULES });
  await seedSaml(here, acme);
  ({ cookie } = await signIn(here, acme));
});

afterEach(() => {
  vi.restoreAllMocks();
});

const ask = (path: string, init: RequestInit = {}) => here.fetch(new Request(urlOf(acme, path), init));
const FORGED = {
  "x-forwarded-user": "forged",
  "x-vestibule-jwt-assertion": "forged",
  X_Forwarded_Groups: "forged",
  "x-forwarded-for": "forged",
};
const IDENTITY = ["x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", "x-vestibule-jwt-assertion"];

describe("a public path", () => {
  it("is answered without a session, by any method, and says how the visitor came", async () => {
    const echo = await echoOf(await ask("/docs/a?b=1", { method: "POST", body: "x" }));
    expect(echo).toMatchObject({ method: "POST", url: "https://origin.example/docs/a?b=1", body: "x" });
    expect(echo.headers.get("x-forwarded-host")).toBe(`${acme.company.slug}.example.com`);
    expect(echo.headers.get("x-forwarded-proto")).toBe("https");
  });

  it("carries no identity, a forged one neither, and not our cookies, for whoever is signed in too", async () => {
    const echo = await echoOf(await ask("/docs/a", { headers: { ...FORGED, cookie: `a=1; ${cookie}` } }));
    for (const name of IDENTITY) expect(echo.headers.get(name), name).toBeNull();
    expect(JSON.stringify([...echo.headers])).not.toContain("forged");
    expect(echo.headers.get("cookie")).toBe("a=1");
  });

  it("needs no database while the company is known, and renews no session", async () => {
    await ask("/docs/a");
    clock.advance(50);
    await here.tenant(acme.company.slug);
    here.trips();
    const response = await here.fetch(navigation(urlOf(acme, "/docs/a"), cookie));
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(here.trips()).toBe(0);
  });

  it("of another company stays closed, and of a suspended one too", async () => {
    const other = await seedCompany(here);
    expect((await here.fetch(new Request(urlOf(other, "/docs/a")))).status).toBe(401);
    const version = acme.company.version;
    const suspend = { status: "suspended" } as const;
    await updateCompany(here.services.database, acme.company.id, version, suspend, auditRow(acme.company.id));
    clock.advance(60);
    expect((await ask("/docs/a")).status).toBe(403);
  });

  it("is left by a rule before it", async () => {
    expect((await ask("/docs/private/a")).status).toBe(401);
    expect((await here.fetch(navigation(urlOf(acme, "/docs/private/a"), cookie))).status).toBe(200);
  });

  it("opens a WebSocket and an event stream to everybody", async () => {
    const socket = await ask("/socket", { headers: { upgrade: "websocket" } });
    expect(socket.status).toBe(101);
    socket.webSocket?.accept();
    socket.webSocket?.close();
    expect(await (await ask("/events")).text()).toContain("data: 3");
  });

  it("is below the path of the company's originUrl like all others", async () => {
    const based = await seedCompany(here, { originUrl: "https://origin.example/base/", pathRules: RULES });
    expect((await echoOf(await here.fetch(new Request(urlOf(based, "/docs/a"))))).url).toBe(
      "https://origin.example/base/docs/a",
    );
    expect((await here.fetch(new Request(urlOf(based, "/base/docs/a")))).status).toBe(401);
  });
});

describe("a path that only looks public", () => {
  it.each([
    "/docs",
    "/Docs/a",
    "/docs/../secret",
    "/docs/%2e%2e/secret",
    "/docs/.%2E/secret",
    "/docs/..%2fsecret",
    "/docs/%2e%2e%2fsecret",
    "/docs/..%5csecret",
    "/docs/..\\secret",
    "/docs/%252e%252e%252fsecret",
    "/docs/..;/secret",
    "/docs/..;x=1/secret",
    "/docs/a;jsessionid=1",
    "/docs/a%3Bx",
    "/docs//a",
    "//docs/a",
    "/docs/./../secret",
    "/docs/.../secret",
    "/docs/a./b",
    "/docs/a.",
    "/docs/a%20",
    "/docs/a%20/b",
    "/docs/%20a",
    "/docs/%61",
    "/%64ocs/a",
    "/docs/a%2Fb",
    "/docs/a%00",
    "/docs/a%0d%0a",
    "/docs/a%3Fb",
    "/docs/a%23b",
    "/docs/a:b",
    "/docs/A~1",
    "/docs/a%",
    "/docs/a%zz",
    "/docs/a%ff",
    "/docs/%c0%ae%c0%ae/secret",
    "/docs/%C0%AF",
    "/docs/%EF%BC%8F..%EF%BC%8Fsecret",
    "/docs/%E2%80%A4%E2%80%A4/secret",
    "/docs/a%E2%80%8B",
    "/docs/a%C2%A0",
    "/docs/a|b",
    "/docs/a*",
    "/docs/private",
    "/docs/private/a",
    "/docs/PRIVATE/a",
    "/docs/Private",
    "/docs/priv%C3%A1te/a",
    "/docs/pr%C4%B1vate/a",
    "/docs/%EF%BD%90rivate/a",
    "/docs/private%2Fa",
    "/docs/private;/a",
    "/FEED",
    "/feed/",
    "/feed.",
  ])("%s needs a session", async (path) => {
    const spy = vi.spyOn(globalThis, "fetch");
    expect((await ask(path)).status).toBe(401);
    expect(spy).not.toHaveBeenCalled();
  });

  it.each(["/docs/", "/docs/a/b.html", "/docs/Gr%C3%B6%C3%9Fe%20(1).pdf", "/docs/.well-known/x", "/docs/a?b=../..;//"])(
    "%s is public indeed",
    async (path) => {
      expect((await ask(path)).status).toBe(200);
    },
  );

  it("never is the gateway's own: no rule opens /sso", async () => {
    expect((await ask("/sso/session")).status).not.toBe(200);
    expect(ruleFor([rule("/*", "public")], "//sso/session").access).toBe("session");
  });
});

describe("an optional path", () => {
  it("carries the identity of who is signed in, and none of who is not", async () => {
    const signedIn = await echoOf(await ask("/feed", { headers: { ...FORGED, cookie } }));
    expect(signedIn.headers.get("x-forwarded-user")).toBe(acme.user.id);
    expect(signedIn.headers.get("x-vestibule-jwt-assertion")).toMatch(/^ey/);
    const nobody = await echoOf(await ask("/feed", { headers: FORGED }));
    for (const name of IDENTITY) expect(nobody.headers.get(name), name).toBeNull();
  });

  it("is answered without identity when the session is over", async () => {
    const { session, cookie: ended } = await signIn(here, acme);
    await endSession(here.services.database, acme.company.id, session.id, auditRow(acme.company.id));
    clock.advance(60);
    const echo = await echoOf(await ask("/feed", { headers: { cookie: ended } }));
    expect(echo.headers.get("x-forwarded-user")).toBeNull();
  });

  it("is answered without identity to a page of another company", async () => {
    const headers = { cookie, origin: "https://globex.example.com" };
    expect((await echoOf(await ask("/feed", { headers }))).headers.get("x-forwarded-user")).toBeNull();
  });

  it("takes nobody for nobody when the database is away: a session that is due is answered 503, none is answered", async () => {
    clock.advance(50);
    await here.tenant(acme.company.slug);
    down = true;
    expect((await ask("/feed", { headers: { cookie } })).status).toBe(503);
    expect((await ask("/feed")).status).toBe(200);
  });
});

describe("401 instead of the sign-in", () => {
  it("is a page for a navigation, whose link leads back to the very place, and a problem for all else", async () => {
    const page = await here.fetch(navigation(urlOf(acme, "/api/x?y=<z>")));
    expect(page.status).toBe(401);
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(await page.text()).toContain('href="/sso/login?return_to=%2Fapi%2Fx%3Fy%3D%253Cz%253E"');
    const problem = await ask("/api/x");
    expect([problem.status, problem.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
  });

  it("holds for another spelling of the path too", async () => {
    expect((await here.fetch(navigation(urlOf(acme, "/API/x")))).status).toBe(401);
  });
});

describe("a preflight", () => {
  const preflight = { origin: "https://app.elsewhere.example", "access-control-request-method": "PUT" };
  const asks = (path: string, headers: Record<string, string>, method = "OPTIONS", body: string | null = null) =>
    ask(path, { method, headers, body });

  it("reaches the origin without a session and without identity, though a cookie came along", async () => {
    const echo = await echoOf(await asks("/api/x", { ...preflight, ...FORGED, cookie }));
    expect(echo).toMatchObject({ method: "OPTIONS", url: "https://origin.example/api/x" });
    expect(echo.headers.get("access-control-request-method")).toBe("PUT");
    for (const name of [...IDENTITY, "cookie"]) expect(echo.headers.get(name), name).toBeNull();
  });

  it.each([
    ["without Origin", "/api/x", { "access-control-request-method": "PUT" }, "OPTIONS", null],
    ["without the method that is asked for", "/api/x", { origin: "https://a.example" }, "OPTIONS", null],
    ["by another method", "/api/x", preflight, "DELETE", null],
    ["with a body", "/api/x", preflight, "OPTIONS", "x"],
    ["of a path without such a rule", "/other", preflight, "OPTIONS", null],
    ["of a path in another case", "/API/x", preflight, "OPTIONS", null],
    ["of a path that may be another", "/api/..%2fx", preflight, "OPTIONS", null],
  ])("%s needs a session", async (_what, path, headers, method, body) => {
    const spy = vi.spyOn(globalThis, "fetch");
    expect((await asks(path, headers as Record<string, string>, method, body)).status).toBe(401);
    expect(spy).not.toHaveBeenCalled();
  });

  it("opens nothing for the request that follows it from another company", async () => {
    const headers = { cookie, origin: "https://globex.example.com" };
    expect((await ask("/api/x", { method: "PUT", headers })).status).toBe(403);
  });
});

describe("a rule's path", () => {
  it.each(["/", "/*", "/a", "/a/*", "/a/", "/.well-known/*", "/Gr%C3%B6%C3%9Fe", "/a%20b"])("may be %s", (path) => {
    expect(isRulePath(path)).toBe(true);
  });

  it.each([
    "",
    "a",
    "*",
    "/a*",
    "/a/*/b",
    "/a//b",
    "/a/../b",
    "/a/./b",
    "/a/..",
    "/a%2fb",
    "/a%2Fb",
    "/a%2e",
    "/a?b",
    "/a#b",
    "/a;b",
    "/a\\b",
    "/sso",
    "/sso/*",
    "/SSO/x",
    "/%73so/x",
    "/a b",
    "/ä",
    "https://x.example/a",
    "//x.example/a",
    "/c%c3%a4",
  ])("may not be %s", (path) => {
    expect(isRulePath(path)).toBe(false);
  });
});
