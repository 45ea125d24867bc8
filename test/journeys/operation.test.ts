/** What an operator sees and does: metrics, timings, health, and keys sealed under a new secret. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { runJobs } from "../../src/cron.ts";
import { count, FLUSH_INTERVAL_MS, POINTS_A_FLUSH_MAX, writeMetrics, writeMetricsLater } from "../../src/metrics.ts";
import { NEWEST_MIGRATION } from "../../src/store/index.ts";
import { rewrapKeys } from "../../src/tenant/index.ts";
import { allowance, heldTime } from "../session/stage.ts";
import {
  answer,
  BASE,
  type Company,
  createCompany,
  type Gateway,
  signIn,
  startGateway,
  startSignIn,
} from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

const OPERATOR = `https://admin.${BASE}`;
const gateway = startGateway();
let acme: Company;
beforeAll(async () => {
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
});
afterEach(() => vi.restoreAllMocks());

function ask(path: string, token: string | null = env.OPERATOR_TOKEN, at: Gateway = gateway): Promise<Response> {
  return at.fetch(
    new Request(OPERATOR + path, { headers: token === null ? {} : { authorization: `Bearer ${token}` } }),
  );
}

async function companyToken(): Promise<string> {
  return (await gateway.api("POST", "/companies/acme/tokens", { name: "CI" })).body.secret;
}

const metric = async (line: string) => {
  const text = await (await ask("/metrics")).text();
  return Number(
    text
      .split("\n")
      .find((one) => one.startsWith(`${line} `))
      ?.split(" ")[1] ?? 0,
  );
};

describe("what is for the operator alone", () => {
  it.each(["/metrics", "/health/details", "/api/v1/trace-token"])("%s is told to nobody else", async (path) => {
    expect((await ask(path)).status).toBe(200);
    expect((await ask(path, null)).status).toBe(401);
    expect((await ask(path, "wrong")).status).toBe(401);
    expect((await ask(path, await companyToken())).status).toBe(403);
    expect((await gateway.fetch(new Request(acme.url + path))).status).not.toBe(200);
  });
});

describe("GET /metrics", () => {
  it("counts sign-ins by how they ended, sessions by how they were known, answers by status, and D1", async () => {
    const lines = [
      'vestibule_sign_ins_total{outcome="success"}',
      'vestibule_sign_ins_total{outcome="message_missing"}',
      'vestibule_session_checks_total{kind="fresh"}',
      'vestibule_session_checks_total{kind="asked"}',
      'vestibule_proxied_requests_total{status="2xx"}',
      'vestibule_proxied_requests_total{status="4xx"}',
      "vestibule_origin_headers_seconds_count",
    ];
    const counts = () => Promise.all(lines.map(metric));
    const before = await counts();
    const trips = await metric('vestibule_d1_round_trips_total{outcome="done"}');
    const browser = gateway.browser();
    await browser.post(acme.acsUrl, { RelayState: "x" }, { crossSite: true });
    await signIn(gateway, browser, acme);
    await browser.get(`${acme.url}/a`);
    await browser.get(`${acme.url}/status/404`);
    gateway.advance(46);
    await browser.get(`${acme.url}/a`);
    const after = await counts();
    expect(after.map((value, at) => value - before[at]!)).toEqual([1, 1, 2, 1, 2, 1, 3]);
    expect(await metric('vestibule_d1_round_trips_total{outcome="done"}')).toBeGreaterThan(trips + 3);
  });

  it("is text that Prometheus reads, names no company, no person and no path", async () => {
    await signIn(gateway, gateway.browser(), acme);
    const response = await ask("/metrics");
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    for (const line of text.trimEnd().split("\n")) {
      expect(line).toMatch(
        /^(?:# TYPE vestibule_\w+ (?:counter|histogram)|vestibule_\w+(?:\{\w+="[\w+. -]*"\})? \d+(?:\.\d+)?(?:e-\d+)?)$/,
      );
    }
    expect(text).not.toMatch(/acme|b\.simon|example/i);
  });
});

describe("Workers Analytics Engine", () => {
  it("gets one point a company, metric and label in ten seconds, no more at once than it takes, and none twice", async () => {
    const waits = heldTime();
    const points: AnalyticsEngineDataPoint[] = [];
    const dataset = { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point!) };
    const kept: Promise<unknown>[] = [];
    const ctx = { waitUntil: (promise: Promise<unknown>) => void kept.push(promise) } as unknown as ExecutionContext;
    const now = Date.now();
    for (let n = 0; n < 5; n++) writeMetricsLater(dataset, now + n, ctx);
    expect([kept.length, waits.length, waits[0]?.ms]).toEqual([1, 1, FLUSH_INTERVAL_MS]);

    for (let n = 0; n < 1_000; n++) count("proxied_requests", "2xx", "company-1");
    count("sign_ins", "success", "company-1");
    for (let n = 0; n < POINTS_A_FLUSH_MAX; n++) count("proxied_requests", "2xx", `other-${n}`);
    expect(points).toEqual([]);
    waits[0]?.pass();
    await kept[0];
    expect(points).toHaveLength(POINTS_A_FLUSH_MAX);
    expect(points).toContainEqual({ indexes: ["company-1"], blobs: ["proxied_requests", "2xx"], doubles: [1_000, 0] });
    expect(points).toContainEqual({ indexes: ["company-1"], blobs: ["sign_ins", "success"], doubles: [1, 0] });
    writeMetrics();
    expect(points.filter(({ indexes }) => String(indexes).startsWith("other-"))).toHaveLength(POINTS_A_FLUSH_MAX);
    const all = points.length;
    writeMetrics();
    expect(points).toHaveLength(all);
  });
});

describe("Server-Timing", () => {
  async function signedIn() {
    const browser = gateway.browser();
    await signIn(gateway, browser, acme);
    return browser;
  }
  const traceToken = async () => (await (await ask("/api/v1/trace-token")).json<{ token: string }>()).token;

  it("says where the time went to whoever carries a token of the operator, and the origin hears nothing of it", async () => {
    const browser = await signedIn();
    gateway.advance(46);
    const response = await browser.get(`${acme.url}/a`, { "x-vestibule-trace": await traceToken() });
    const timing = response.headers.get("server-timing") ?? "";
    expect(timing).toMatch(/\bsession;dur=[\d.]+.*\bsigning;dur=[\d.]+.*\borigin;dur=[\d.]+.*\bgateway;dur=[\d.]+$/);
    expect(timing).toMatch(/\bd1;dur=/);
    expect(JSON.stringify(await response.json())).not.toContain("vestibule-trace");
  });

  it("is told of the gateway's own paths too, beside what the origin says of itself", async () => {
    const token = { "x-vestibule-trace": await traceToken() };
    const login = await gateway.browser().get(`${acme.url}/sso/login`, token);
    expect(login.headers.get("server-timing")).toMatch(/gateway;dur=/);
    const browser = await signedIn();
    const answer = await browser.get(`${acme.url}/answer?server-timing=db;dur=5`, token);
    expect(answer.headers.get("server-timing")).toMatch(/^db;dur=5, .*gateway;dur=/);
  });

  it("is told to nobody without a token, with a forged, an over-long or an expired one", async () => {
    const browser = await signedIn();
    const token = await traceToken();
    const [end = "", tag = ""] = token.split(".");
    const wrong = ["", "1", `${Number(end) + 1}.${tag}`, `${end}.${"A".repeat(22)}`, `${token} `.repeat(50)];
    for (const given of wrong) {
      const response = await browser.get(`${acme.url}/a`, { "x-vestibule-trace": given });
      expect([response.status, response.headers.get("server-timing")]).toEqual([200, null]);
    }
    expect((await browser.get(`${acme.url}/a`)).headers.get("server-timing")).toBeNull();
    gateway.advance(599);
    const last = await browser.get(`${acme.url}/a`, { "x-vestibule-trace": token });
    expect(last.headers.get("server-timing")).not.toBeNull();
    gateway.advance(1);
    const late = await browser.get(`${acme.url}/a`, { "x-vestibule-trace": token });
    expect(late.headers.get("server-timing")).toBeNull();
  });
});

describe("health", () => {
  it("of a company host is told without D1, to anybody", async () => {
    gateway.roundTrips();
    const response = await gateway.fetch(new Request(`${acme.url}/sso/health`));
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
    expect(gateway.roundTrips()).toBe(0);
  });

  it("in detail says what answers, what was applied and what the schedule did", async () => {
    vi.spyOn(console, "log").mockReturnValue();
    await runJobs(gateway.services);
    const at = startGateway({ VERSION: { id: "build-7", tag: "", timestamp: "2026-11-23T00:00:00Z" } });
    const response = await ask("/health/details", env.OPERATOR_TOKEN, at);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      status: "ok",
      version: { id: "build-7" },
      database: { primary: { ok: true }, replica: { ok: true } },
      migrations: { ok: true, applied: NEWEST_MIGRATION },
      secrets: { opens: true, previousAccepted: false },
      schedule: { ok: true, runsHere: expect.arrayContaining([expect.objectContaining({ name: "purge", ok: true })]) },
    });
  });

  it("in detail needs the migration that is the last one of this code", () => {
    expect(
      env.TEST_MIGRATIONS.map(({ name }) => name)
        .sort()
        .at(-1),
    ).toBe(NEWEST_MIGRATION);
  });

  it.each<[string, Partial<typeof env>, Record<string, unknown>]>([
    ["a database that is away", { DB: away() }, { database: { primary: { ok: false }, replica: { ok: false } } }],
    [
      "a secret that opens nothing",
      { GATEWAY_SECRET: Buffer.alloc(32, 9).toString("base64url") },
      { secrets: { opens: false } },
    ],
  ])("in detail tells of %s", async (_what, bindings, told) => {
    const response = await ask("/health/details", env.OPERATOR_TOKEN, startGateway(bindings));
    expect([response.status, response.headers.has("retry-after")]).toEqual([503, true]);
    expect(await response.json()).toMatchObject({ status: "degraded", ...told });
  });

  it("in detail looks at each of several databases, and says which is away, behind or sealed under another secret", async () => {
    const second = env.SECOND_DATABASE;
    const at = (DB_TWO: D1Database) => ask("/health/details", env.OPERATOR_TOKEN, startGateway({ DB_TWO } as object));
    const told = async (response: Response) => {
      const { status, databases, ...all } = await response.json<Record<string, unknown> & { databases: object[] }>();
      return { status: [response.status, status], ...all, databases };
    };
    expect(await told(await at(away()))).toMatchObject({
      status: [503, "degraded"],
      database: { primary: { ok: false }, replica: { ok: false } },
      databases: [
        { name: "DB", ok: true, primary: { ok: true } },
        { name: "DB_TWO", ok: false, primary: { ok: false }, applied: null, opens: null, scheduled: null },
      ],
    });
    expect(await told(await at(second))).toMatchObject({
      status: [503, "degraded"],
      migrations: { ok: false, applied: null },
      databases: [{ ok: true }, { name: "DB_TWO", ok: false }],
    });
    await applyD1Migrations(second, env.TEST_MIGRATIONS);
    expect(await told(await at(second))).toMatchObject({
      status: [200, "ok"],
      databases: [{ ok: true }, { ok: true }],
    });

    const stranger = startGateway({ DB: second, GATEWAY_SECRET: Buffer.alloc(32, 8).toString("base64url") });
    await createCompany(stranger, "stranger", await createIdentityProvider());
    expect(await told(await at(second))).toMatchObject({
      status: [503, "degraded"],
      secrets: { opens: false },
      databases: [
        { ok: true, opens: true },
        { name: "DB_TWO", ok: false, opens: false },
      ],
    });
  });

  it("in detail tells of a migration that is missing, and of a schedule that never came", async () => {
    await env.DB.prepare("delete from d1_migrations where name = ?").bind(NEWEST_MIGRATION).run();
    expect(await (await ask("/health/details")).json()).toMatchObject({
      status: "degraded",
      migrations: { ok: false },
    });
    await env.DB.prepare("insert into d1_migrations (name) values (?)").bind(NEWEST_MIGRATION).run();

    await signIn(gateway, gateway.browser(), acme);
    gateway.advance(5 * 86_400);
    expect(await (await ask("/health/details")).json()).toMatchObject({ status: "degraded", schedule: { ok: false } });
    vi.spyOn(console, "log").mockReturnValue();
    await runJobs(gateway.services);
    expect(await (await ask("/health/details")).json()).toMatchObject({ status: "ok", schedule: { ok: true } });
  });
});

describe("keys that lie sealed under the previous secret", () => {
  const NEXT = Buffer.alloc(32, 5).toString("base64url");
  const rotating = () => startGateway({ GATEWAY_SECRET: NEXT, GATEWAY_SECRET_PREVIOUS: env.GATEWAY_SECRET });
  const alone = () => startGateway({ GATEWAY_SECRET: NEXT });

  function rewrapped() {
    const lines: { code?: string; result?: string }[] = [];
    vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
    return () => lines.filter(({ code }) => code === "rewrap").map(({ result }) => result);
  }

  it("are sealed anew by the schedule, and then the previous secret can go", async () => {
    const results = rewrapped();
    const beta = await createCompany(gateway, "beta", await createIdentityProvider(), { signAuthnRequests: true });
    await gateway.browser().get(`${beta.url}/sso/login`);
    vi.spyOn(console, "error").mockReturnValue();
    expect((await alone().browser().get(`${beta.url}/sso/login`)).status).toBe(500);

    await runJobs(rotating().services);
    await runJobs(rotating().services);
    const [first, second] = results();
    expect(first).toMatch(/^([1-9]\d*) of \1 sealed anew, 0 unreadable, all seen$/);
    expect(second).toMatch(/^0 of [1-9]\d* sealed anew, 0 unreadable, all seen$/);

    const only = alone();
    expect((await only.browser().get(`${beta.url}/sso/login`)).status).toBe(200);
    const browser = only.browser();
    expect((await signIn(only, browser, beta)).status).toBe(303);
    expect((await browser.get(`${beta.url}/a`)).status).toBe(200);
    expect((await browser.get(`${beta.url}/sso/jwks.json`)).status).toBe(200);
  });

  it("are exchanged without signing anybody out: before and after, an isolate reads what either seals", async () => {
    const before = startGateway({ GATEWAY_SECRET_PREVIOUS: NEXT });
    const after = rotating();
    for (const [here, there] of [
      [before, after],
      [after, before],
    ] as const) {
      const browser = here.browser();
      const { requestId, relayState } = await startSignIn(browser, acme);
      const form = { SAMLResponse: await answer(there, acme, requestId), RelayState: relayState };
      expect((await browser.at(there).post(acme.acsUrl, form, { crossSite: true })).status).toBe(303);
      for (const isolate of [here, there]) {
        expect((await browser.at(isolate).get(`${acme.url}/a`)).status).toBe(200);
      }
    }
  });

  it("bear two schedules at once, and one that goes on page by page", async () => {
    const results = rewrapped();
    const back = startGateway({ GATEWAY_SECRET_PREVIOUS: NEXT });
    await Promise.all([runJobs(back.services), runJobs(back.isolate().services)]);
    expect(results()).toEqual([expect.stringMatching(/ 0 unreadable, all seen$/), expect.stringMatching(/ all seen$/)]);
    expect(await (await ask("/health/details")).json()).toMatchObject({ secrets: { opens: true } });
    expect(await rewrapKeys(back.services, allowance(2))).toMatch(/more next time$/);
    expect(await rewrapKeys(back.services, allowance(2))).toMatch(/all seen$/);
    expect(await rewrapKeys(gateway.services, allowance())).toBe("no previous secret");
  });

  it("are left as they are, and counted, where no secret opens them", async () => {
    const wrapped = async () => (await env.DB.prepare("select * from assertion_keys order by kid").all()).results;
    const before = await wrapped();
    const [one, other] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString("base64url")) as [string, string];
    const stranger = startGateway({ GATEWAY_SECRET: one, GATEWAY_SECRET_PREVIOUS: other });
    expect(await rewrapKeys(stranger.services, allowance())).toMatch(
      /^0 of (\d+) sealed anew, \1 unreadable, all seen$/,
    );
    expect(await wrapped()).toEqual(before);
  });
});

/** D1 as it is when it can't be reached. */
function away(): D1Database {
  const refuse = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
  const statement = { bind: () => statement, run: refuse, all: refuse, raw: refuse, first: refuse };
  const database = { prepare: () => statement, batch: refuse, exec: refuse, withSession: () => database };
  return database as unknown as D1Database;
}
