/** The check of the application: what careful and careless origins get to see, and what is said of them. */
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CHECKS_A_MINUTE_MAX, PROBE_MS_MAX } from "../../src/admin/origin-check.ts";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, personIn, submit } from "./console-stage.ts";

const HEADER = "x-vestibule-jwt-assertion";
const ORIGIN = "https://origin.example";
const CARELESS = "Your application answers requests that did not come through the gateway.";

const idp = await createIdentityProvider();
let gateway: Gateway;
let acme: Company;
let companies = 0;

beforeEach(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, `check-${++companies}`, idp);
});
afterEach(() => vi.restoreAllMocks());

type Origin = (request: Request) => Response | Promise<Response>;

/** Puts an origin in the place of the world outside; gives what arrived there. */
function originIs(origin: Origin): Request[] {
  const arrived: Request[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as string, init as RequestInit);
    arrived.push(request);
    return origin(request);
  });
  return arrived;
}

const page = () => new Response("the library");
const no = () => new Response("no", { status: 401 });

/** Verifies as far as it is told to. */
function verifier(options: { issuer?: string; audience?: string; maxExpired?: number }): Origin {
  return async (request) => {
    const keys: JSONWebKeySet = await (await gateway.fetch(new Request(`${acme.url}/sso/jwks.json`))).json();
    const { maxExpired = 0, ...expected } = options;
    return jwtVerify(request.headers.get(HEADER) ?? "", createLocalJWKSet(keys), {
      ...expected,
      algorithms: ["ES256"],
      currentDate: new Date(gateway.now()),
      clockTolerance: maxExpired,
    }).then(page, no);
  };
}
const careful: Origin = (request) => verifier({ issuer: acme.url, audience: ORIGIN })(request);

const byApi = (body: unknown = {}) => gateway.api("POST", `/companies/${acme.slug}/origin-check`, body);
const verdicts = async () =>
  Object.fromEntries(
    (await byApi()).body.probes.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict]),
  );
const all = (verdict: string) => ({
  missing: verdict,
  unsigned: verdict,
  forged: verdict,
  expired: verdict,
  foreign: verdict,
  genuine: verdict,
});

describe("an origin that", () => {
  it("verifies everything passes", async () => {
    const arrived = originIs(careful);
    const { status, body } = await byApi({ path: "/assets/17" });
    expect([status, body.ok, body.url]).toEqual([200, true, `${ORIGIN}/assets/17`]);
    expect(body.probes.map(({ status }: { status: number }) => status)).toEqual([401, 401, 401, 401, 401, 200]);
    expect(arrived).toHaveLength(6);
    for (const request of arrived) {
      expect([request.method, request.url, request.redirect]).toEqual(["GET", `${ORIGIN}/assets/17`, "manual"]);
      expect(request.headers.get("cookie")).toBeNull();
      expect(request.headers.get("x-forwarded-user")).toBe("origin-check");
    }
  });

  it.each<[string, Origin, Record<string, string>]>([
    ["answers everybody", page, all("answered")],
    [
      "believes X-Forwarded-User",
      (request) => (request.headers.has("x-forwarded-user") ? page() : no()),
      all("answered"),
    ],
    [
      "only wants some assertion",
      (request) => (request.headers.has(HEADER) ? page() : no()),
      { ...all("answered"), missing: "refused" },
    ],
    [
      "reads the claims and no signature",
      (request) => {
        const token = request.headers.get(HEADER);
        if (token === null) return no();
        const { iss, aud, exp } = decodeJwt(token);
        return iss === acme.url && aud === ORIGIN && exp! * 1000 > gateway.now() ? page() : no();
      },
      { ...all("refused"), unsigned: "answered", forged: "answered", genuine: "answered" },
    ],
    [
      "checks neither issuer nor audience",
      (request) => verifier({})(request),
      { ...all("refused"), foreign: "answered", genuine: "answered" },
    ],
    [
      "does not look at the time",
      (request) => verifier({ issuer: acme.url, audience: ORIGIN, maxExpired: 86_400 })(request),
      { ...all("refused"), expired: "answered", genuine: "answered" },
    ],
    ["refuses everybody", () => new Response(null, { status: 403 }), all("refused")],
    ["leads to the gateway's sign-in", () => Response.redirect(`${acme.url}/sso/login`), all("refused")],
    ["leads to a page of its own", () => Response.redirect(`${ORIGIN}/home`), all("unclear")],
    ["has no such page", () => new Response("", { status: 404 }), all("unclear")],
    ["is away", () => Promise.reject(new Error("connection refused")), all("unreachable")],
  ])("%s is seen through", async (_what, origin, expected) => {
    originIs(origin);
    expect(await verdicts()).toEqual(expected);
    expect((await byApi()).body.ok).toBe(false);
  });

  it("never answers is not waited for longer than five seconds", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
    originIs((request) => new Promise((_, reject) => request.signal.throwIfAborted() ?? reject()));
    expect(await verdicts()).toEqual(all("unreachable"));
    expect(timeout).toHaveBeenCalledTimes(6);
    expect(timeout).toHaveBeenCalledWith(PROBE_MS_MAX);
    expect(PROBE_MS_MAX).toBe(5_000);
  });

  it("answers without end is not read", async () => {
    let pulled = 0;
    let cancelled = 0;
    originIs(
      () =>
        new Response(
          new ReadableStream({
            pull(controller) {
              pulled++;
              controller.enqueue(new Uint8Array(65_536));
            },
            cancel() {
              cancelled++;
            },
          }),
        ),
    );
    expect(await verdicts()).toEqual(all("answered"));
    expect(cancelled).toBe(6);
    expect(pulled).toBeLessThanOrEqual(12);
  });

  it("stands below a path is asked there", async () => {
    await gateway.api("PATCH", `/companies/${acme.slug}`, { originUrl: `${ORIGIN}/base/` });
    const arrived = originIs(careful);
    expect((await byApi({ path: "/x" })).body).toMatchObject({ ok: true, url: `${ORIGIN}/base/x` });
    expect(arrived[0]?.url).toBe(`${ORIGIN}/base/x`);
  });
});

describe("what is sent", () => {
  it("is worth nothing at any other company, and only the good one at this one", async () => {
    const other = await createCompany(gateway, `other-${companies}`, idp);
    const arrived = originIs(careful);
    await byApi();
    const tokens = arrived.flatMap(({ headers }) => headers.get(HEADER) ?? []);
    expect(tokens).toHaveLength(5);
    const keys: JSONWebKeySet = await (await gateway.fetch(new Request(`${other.url}/sso/jwks.json`))).json();
    const currentDate = new Date(gateway.now());
    for (const token of tokens)
      await expect(jwtVerify(token, createLocalJWKSet(keys), { currentDate })).rejects.toThrow();
    expect(tokens.join()).not.toContain(other.slug);
    expect(decodeJwt(tokens[3]!)).toMatchObject({ iss: "https://another-company.invalid" });
  });

  it.each(["assets", "//evil.example/", "/../x", "/sso/admin", "/a?b=1", "/a#b", "/*", "/%2e%2e/x"])(
    "never goes to the path %s",
    async (path) => {
      const arrived = originIs(page);
      expect((await byApi({ path })).status).toBe(422);
      expect(arrived).toEqual([]);
    },
  );

  it("never goes to a path of more than 500 characters", async () => {
    const arrived = originIs(page);
    expect((await byApi({ path: `/${"a".repeat(500)}` })).status).toBe(422);
    expect(arrived).toEqual([]);
  });

  it("does not go to a path that a rule opens to everyone", async () => {
    await gateway.api("PATCH", `/companies/${acme.slug}`, { pathRules: [{ path: "/docs/*", access: "optional" }] });
    const arrived = originIs(page);
    const { status, body } = await byApi({ path: "/docs/a" });
    expect([status, body.errors[0]]).toEqual([
      422,
      { path: "path", message: expect.stringContaining("open to everyone") },
    ]);
    expect(arrived).toEqual([]);
  });

  it("is not sent more than ten times a minute for a company", async () => {
    const arrived = originIs(careful);
    for (let n = 0; n < CHECKS_A_MINUTE_MAX; n++) expect((await byApi()).status).toBe(200);
    const refused = await byApi();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(arrived).toHaveLength(6 * CHECKS_A_MINUTE_MAX);
    gateway.advance(60);
    expect((await byApi()).status).toBe(200);
  });

  it("is not sent for another company's token", async () => {
    const other = await createCompany(gateway, `token-${companies}`, idp);
    const token = (await gateway.api("POST", `/companies/${other.slug}/tokens`, { name: "t" })).body.secret;
    const arrived = originIs(page);
    const own = { authorization: `Bearer ${token}` };
    expect((await gateway.api("POST", `/companies/${acme.slug}/origin-check`, {}, own)).status).toBe(403);
    expect((await gateway.api("POST", `/companies/${other.slug}/origin-check`, {}, own)).status).toBe(200);
    expect(arrived).toHaveLength(6);
  });
});

describe("in the console", () => {
  let ada: Browser;
  beforeEach(async () => {
    ada = await personIn(gateway, acme, "ada@acme.example", true);
  });
  const check = (path = "/") => submit(ada, acme, "/origin", { path });

  it("a careful application is praised, in the administrator's own name, and nothing is kept of it", async () => {
    const before = (await gateway.api("GET", `/companies/${acme.slug}/audit`)).body.items.length;
    const arrived = originIs(careful);
    const html = await (await check("/assets/1")).text();
    expect(html).toContain("refuses what did not come through the gateway, and answers what did");
    expect(html).not.toContain(CARELESS);
    expect(html.match(/badge good/g)).toHaveLength(6);
    expect(decodeJwt(arrived[5]!.headers.get(HEADER)!).email).toBe("ada@acme.example");
    expect(html).not.toContain("eyJ");
    expect((await gateway.api("GET", `/companies/${acme.slug}/audit`)).body.items).toHaveLength(before);
    const anew = await (await ada.get(`${acme.url}${CONSOLE}/origin`)).text();
    expect(anew).not.toContain("What it answered");
    expect(anew).toContain(`${acme.url}/sso/jwks.json`);
  });

  it("a careless one is told of in plain words, one that refuses good requests too, and what says nothing as well", async () => {
    originIs(page);
    const careless = await (await check()).text();
    expect(careless).toContain(CARELESS);
    expect(careless).toContain("Anyone who reaches it directly can be anyone.");
    originIs((request) => verifier({})(request));
    const halfway = await (await check()).text();
    expect(halfway).toContain(CARELESS);
    expect(halfway).toContain("not until when and for whom");
    expect(halfway).not.toContain("can be anyone");
    originIs(no);
    expect(await (await check()).text()).toContain("refuses a good request too");
    originIs(() => new Response("", { status: 500 }));
    expect(await (await check()).text()).toContain("says nothing certain");
  });

  it("what is no path is shown again, escaped, and not asked for", async () => {
    const arrived = originIs(page);
    const again = await check('/"><b>');
    expect(again.status).toBe(422);
    expect(await again.text()).toContain("/&quot;&gt;&lt;b&gt;");
    expect(arrived).toEqual([]);
  });

  it("nothing is sent by a forged form, by a member, or without a sign-in of the last 15 minutes", async () => {
    const member = await personIn(gateway, acme, "m@acme.example");
    const arrived = originIs(page);
    expect((await ada.post(`${acme.url}${CONSOLE}/origin`, { path: "/" })).status).toBe(403);
    expect((await member.get(`${acme.url}${CONSOLE}/origin`)).status).toBe(403);
    expect((await member.post(`${acme.url}${CONSOLE}/origin`, { path: "/" })).status).toBe(403);
    gateway.advance(16 * 60);
    const stale = await check();
    expect(stale.status).toBe(403);
    expect(await stale.text()).toContain("more than 15 minutes old");
    expect(arrived).toEqual([]);
  });
});
