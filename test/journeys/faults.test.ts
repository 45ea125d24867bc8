/** When things fail: the fault is injected, and what people get and what D1 then holds is looked at. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { D1_TIMEOUT_MS } from "../../src/store/database.ts";
import { heldTime } from "../session/stage.ts";
import { type FaultyD1, faultyD1 } from "../support/faulty-d1.ts";
import {
  answer,
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  signIn,
  startGateway,
  startSignIn,
} from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

const idp = await createIdentityProvider();
let database: FaultyD1;
let gateway: Gateway;
let acme: Company;
let made = 0;

beforeEach(async () => {
  database = faultyD1(env.DB);
  gateway = startGateway({ DB: database.d1 });
  acme = await createCompany(gateway, `acme-${++made}`, idp);
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(() => vi.restoreAllMocks());

async function signedIn(): Promise<Browser> {
  const browser = gateway.browser();
  await signIn(gateway, browser, acme);
  return browser;
}

/** Everything that a sign-in writes. */
async function rows(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of [
    "users",
    "sessions",
    "sign_ins",
    "used_requests",
    "used_assertions",
    "audit",
    "groups",
    "tokens",
  ]) {
    counts[table] = (await env.DB.prepare(`select count(*) n from ${table}`).first<number>("n")) ?? -1;
  }
  return counts;
}

async function isUnavailable(response: Response): Promise<void> {
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "10"]);
  expect(response.headers.get("cache-control")).toContain("no-store");
  expect(response.headers.get("set-cookie")).toBeNull();
  const text = await response.text();
  expect(text).toMatch(/[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}/);
  expect(text).not.toMatch(/D1_|Network|readonly database|StorageUnavailable/);
}

/** A sign-in up to its last step, which the test makes. */
async function atTheLastStep(): Promise<{ browser: Browser; finish: () => Promise<Response> }> {
  const browser = gateway.browser();
  const { requestId, relayState } = await startSignIn(browser, acme, "/a");
  const SAMLResponse = await answer(gateway, acme, requestId);
  const form = { SAMLResponse, RelayState: relayState };
  return { browser, finish: () => browser.post(acme.acsUrl, form, { crossSite: true }) };
}

describe("D1 that is away", () => {
  it("leaves fresh sessions and the start of a sign-in alone, and is a 503 with Retry-After to all else", async () => {
    const browser = await signedIn();
    await browser.get(`${acme.url}/a`);
    const { finish } = await atTheLastStep();
    const before = await rows();
    database.fault = "down";
    expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
    expect((await gateway.browser().get(`${acme.url}/sso/login`)).status).toBe(200);
    await isUnavailable(await finish());
    await isUnavailable(await gateway.isolate().fetch(new Request(`${acme.url}/a`)));
    const created = await gateway.api("POST", `/companies/${acme.slug}/groups`, {
      title: "New",
      type: "member",
      ssoOnly: false,
    });
    expect([created.status, created.headers.get("retry-after")]).toEqual([503, "10"]);
    gateway.advance(50);
    await isUnavailable(await browser.get(`${acme.url}/a`));
    await isUnavailable(await browser.fetch(`${acme.url}/a`, { method: "POST", body: "x" }));
    database.fault = "none";
    expect(await rows()).toEqual(before);
    expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
    expect((await finish()).status).toBe(303);
  });
});

describe("D1 that hangs", () => {
  it("is waited for ten seconds, and is then a 503 and not a hang", async () => {
    const browser = await signedIn();
    gateway.advance(61);
    database.fault = "hangs";
    const waits = heldTime();
    const waiting = browser.get(`${acme.url}/a`);
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    expect(waits[0]?.ms).toBe(D1_TIMEOUT_MS);
    waits[0]?.pass();
    await isUnavailable(await waiting);
  });

  it("keeps only one visitor waiting where the settings are known, and then no one: they are believed a little longer", async () => {
    const browser = await signedIn();
    gateway.advance(40);
    database.fault = "hangs";
    const waits = heldTime();
    const first = browser.get(`${acme.url}/sso/login`);
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    expect((await browser.get(`${acme.url}/sso/login`)).status).toBe(200);
    waits[0]?.pass();
    expect((await first).status).toBe(200);
  });

  it("after it has written leaves a sign-in whole or absent: it is told as unavailable, and the answer is then used up", async () => {
    const { browser, finish } = await atTheLastStep();
    const before = await rows();
    database.fault = "lost";
    const waits = heldTime();
    const waiting = finish();
    await vi.waitFor(() => expect(waits.length).toBeGreaterThan(1));
    for (const { pass } of waits) pass();
    await isUnavailable(await waiting);
    const after = await rows();
    for (const table of ["users", "sessions", "sign_ins", "used_requests", "used_assertions"]) {
      expect(after[table], table).toBe(before[table]! + 1);
    }
    database.fault = "none";
    vi.restoreAllMocks();
    // Nobody holds the session that was written, and the same answer makes no second one.
    expect(browser.cookie(acme.url, "__Host-vestibule-session")).toBeNull();
    expect((await finish()).status).toBe(403);
    expect(await rows()).toMatchObject({ sessions: after.sessions, users: after.users });
    expect((await signIn(gateway, browser, acme)).status).toBe(303);
  });
});

describe("D1 that is slow", () => {
  it("signs in all the same, and once, however often the answer is sent while it thinks", async () => {
    const { browser, finish } = await atTheLastStep();
    const before = await rows();
    database.fault = "slow";
    const statuses = await Promise.all([finish(), finish(), finish()]);
    expect(statuses.map(({ status }) => status).sort()).toEqual([303, 403, 403]);
    database.fault = "none";
    expect(await rows()).toMatchObject({ users: before.users! + 1, sessions: before.sessions! + 1 });
    expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
  });

  it("holds up one request of those that find the session and the settings due; the others go on with what is known", async () => {
    const browser = await signedIn();
    await browser.get(`${acme.url}/a`);
    gateway.advance(41);
    database.fault = "slow";
    gateway.roundTrips();
    const all = await Promise.all(Array.from({ length: 20 }, () => browser.get(`${acme.url}/a`)));
    expect(all.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(gateway.roundTrips()).toBe(2);
    database.fault = "none";
  });
});

describe("D1 that takes no writes", () => {
  it("lets sessions go on, also those whose last use is due to be written", async () => {
    const browser = await signedIn();
    database.fault = "read-only";
    for (let minute = 0; minute < 12; minute++) {
      gateway.advance(60);
      expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
    }
    const { last_seen_at: lastSeen } = (await env.DB.prepare(
      "select last_seen_at from sessions order by id desc",
    ).first())!;
    expect(lastSeen).toBe(gateway.now() - 720_000);
    database.fault = "none";
    gateway.advance(60);
    expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
    expect(await env.DB.prepare("select last_seen_at from sessions order by id desc").first("last_seen_at")).toBe(
      gateway.now(),
    );
  });

  it("still ends what was ended before", async () => {
    const browser = await signedIn();
    await gateway.api("DELETE", `/companies/${acme.slug}/sessions`);
    database.fault = "read-only";
    gateway.advance(400);
    expect((await browser.get(`${acme.url}/a`)).status).toBe(303);
  });

  it("completes no sign-in and writes no half of one; the same answer is good when it is over", async () => {
    const { browser, finish } = await atTheLastStep();
    const before = await rows();
    database.fault = "read-only";
    await isUnavailable(await finish());
    expect(await rows()).toEqual(before);
    database.fault = "none";
    expect((await finish()).status).toBe(303);
    expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
  });

  it("refuses no sign-in unrecorded: that is a 503 too", async () => {
    database.fault = "read-only";
    await isUnavailable(await gateway.browser().post(acme.acsUrl, { RelayState: "x" }, { crossSite: true }));
  });

  it("changes nothing by REST, and reads go on", async () => {
    const before = await rows();
    database.fault = "read-only";
    const path = `/companies/${acme.slug}`;
    for (const [method, at, body] of [
      ["PATCH", path, { name: "New name" }],
      ["POST", `${path}/tokens`, { name: "CI" }],
      ["DELETE", path, undefined],
    ] as const) {
      expect((await gateway.api(method, at, body)).status, `${method} ${at}`).toBe(503);
    }
    expect((await gateway.api("GET", path)).body.name).toBe(`${acme.slug} Inc.`);
    expect(await rows()).toEqual(before);
  });
});

describe("an origin that breaks off", () => {
  /** Ten bytes of what may be kept for everybody, and then nothing more. */
  function breaksOff(headers: Record<string, string>) {
    return vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(10).fill(97)),
        pull: (controller) => controller.error(new TypeError("Network connection lost.")),
      });
      return new Response(body, { headers: { "cache-control": "public, max-age=600", etag: '"1"', ...headers } });
    });
  }

  it.each([
    ["in the middle of what it announced", { "content-length": "1000" }],
    ["in the middle of a body of no announced length", {}],
  ])("%s gives no whole answer, and nothing of it is kept at the edge", async (_where, headers) => {
    const browser = await signedIn();
    const origin = breaksOff(headers);
    for (let times = 1; times <= 2; times++) {
      const image = await browser.get(`${acme.url}/picture`, {
        "sec-fetch-dest": "image",
        "sec-fetch-mode": "no-cors",
      });
      expect(image.status).toBe(200);
      await expect(image.arrayBuffer()).rejects.toThrow();
      expect(origin).toHaveBeenCalledTimes(times);
    }
  });

  it("is not asked a second time by the gateway itself, whatever was sent", async () => {
    const browser = await signedIn();
    const origin = vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("Network connection lost."));
    const post = await browser.fetch(`${acme.url}/order`, { method: "POST", body: "one" });
    expect(post.status).toBe(502);
    expect(origin).toHaveBeenCalledTimes(1);
  });
});

describe("a Worker that is restarted in the middle of a sign-in", () => {
  it("completes it: nothing of it was in memory", async () => {
    const { browser } = await atTheLastStep();
    const { requestId, relayState } = await startSignIn(browser, acme, "/a?b=c");
    const restarted = gateway.isolate();
    const SAMLResponse = await answer(restarted, acme, requestId);
    const form = { SAMLResponse, RelayState: relayState };
    const response = await browser.at(restarted).post(acme.acsUrl, form, { crossSite: true });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/a?b=c"]);
    expect((await browser.at(gateway.isolate()).get(`${acme.url}/a`)).status).toBe(200);
  });
});

describe("a clock that jumps", () => {
  it("forward: a sign-in that was begun before is over, and a new one is not", async () => {
    const { browser, finish } = await atTheLastStep();
    gateway.advance(3_600);
    expect((await finish()).status).toBe(403);
    expect((await signIn(gateway, browser, acme)).status).toBe(303);
  });

  it("forward beyond the limits of a session: it is over, and stays so when the clock comes back only where D1 says so", async () => {
    const browser = await signedIn();
    gateway.advance(13 * 3_600);
    expect((await browser.get(`${acme.url}/a`)).status).toBe(303);
    gateway.advance(-13 * 3_600);
    expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
  });

  it("back: who was signed in goes on after D1 was asked, and what was known of the company is read again", async () => {
    const browser = await signedIn();
    await browser.get(`${acme.url}/a`);
    gateway.advance(-7_200);
    gateway.roundTrips();
    expect((await browser.get(`${acme.url}/a`)).status).toBe(200);
    expect(gateway.roundTrips()).toBe(2);
    await gateway.api("DELETE", `/companies/${acme.slug}/sessions`);
    gateway.advance(50);
    expect((await browser.get(`${acme.url}/a`)).status).toBe(303);
  });

  it("back: an answer to a request from the future is refused, and writes no user and no session", async () => {
    const { finish } = await atTheLastStep();
    const before = await rows();
    gateway.advance(-3_600);
    expect((await finish()).status).toBe(403);
    expect(await rows()).toMatchObject({ users: before.users, sessions: before.sessions });
  });
});
