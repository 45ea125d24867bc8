/** Who must not come into the operator's console, and what must not be done in it: other people's cookies, guessing, forged forms, hostile text. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { OPERATOR_IDLE_MS, OPERATOR_SESSION_MS } from "../../src/admin/operator/session.ts";
import {
  ATTEMPT_WINDOW_MS,
  ATTEMPTS_PER_PLACE_MAX,
  countWrong,
  PLACES_MAX,
} from "../../src/admin/operator/throttle.ts";
import type { Services } from "../../src/context.ts";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { decode, formOn, personIn } from "./console-stage.ts";
import { OPERATOR, OPERATOR_COOKIE, operatorIn, send, signInWith } from "./operator-stage.ts";

let gateway: Gateway;
let acme: Company;
let operator: Browser;

const PAGES = ["/companies", "/new-company", "/audit", "/companies/acme", "/companies/acme/access"];
const audits = async () => (await gateway.api("GET", "/companies/acme/audit")).body.items.length;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  operator = await operatorIn(gateway);
});

describe("the door", () => {
  it("sends everybody to sign in, and back to the very page", async () => {
    for (const page of PAGES) {
      const answered = await gateway.browser().get(OPERATOR + page);
      expect(answered.headers.get("location")).toBe(`/sign-in?to=${encodeURIComponent(page)}`);
    }
    const entered = await signInWith(gateway.browser(), env.OPERATOR_TOKEN, "/companies/acme/access");
    expect(entered.headers.get("location")).toBe("/companies/acme/access");
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example/",
    "/companies/../x",
    "/companies//evil.example",
  ])("leads nobody elsewhere after the sign-in: %s", async (to) => {
    const entered = await signInWith(gateway.browser(), env.OPERATOR_TOKEN, to);
    expect(entered.headers.get("location")).toBe("/companies");
  });

  it("is shut to a company's administrator, with their cookie under either name", async () => {
    const ada = await personIn(gateway, acme, "ada@acme.example", true);
    const cookie = ada.cookie(acme.url, "__Host-vestibule-session") ?? "";
    expect(cookie).not.toBe("");
    for (const name of ["__Host-vestibule-session", OPERATOR_COOKIE]) {
      const answered = await gateway.browser().get(`${OPERATOR}/companies`, { cookie: `${name}=${cookie}` });
      expect(answered.status).toBe(303);
    }
  });

  it("is at no company's host, nor does the operator's cookie mean anything there", async () => {
    const cookie = operator.cookie(OPERATOR, OPERATOR_COOKIE) ?? "";
    for (const name of ["__Host-vestibule-session", OPERATOR_COOKIE]) {
      const browser = gateway.browser();
      const answered = await browser.get(`${acme.url}/sso/admin`, { cookie: `${name}=${cookie}` });
      expect(answered.status).toBe(303);
      expect(answered.headers.get("location")).toContain("/sso/login");
    }
    const page = await gateway.browser().get(`${acme.url}/sign-in`);
    expect(await page.text()).not.toContain("Operator sign-in");
  });

  it("gives a cookie that no script and no other site can use", async () => {
    const entered = await signInWith(gateway.browser(), env.OPERATOR_TOKEN);
    const [cookie = ""] = entered.headers.getSetCookie();
    expect(cookie).toMatch(
      /^__Host-vestibule-operator=[\w-]+; Path=\/; Max-Age=1800; Secure; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(env.OPERATOR_TOKEN);
  });

  it("sends pages that nobody may keep, frame or put a script in", async () => {
    const { headers } = await operator.get(`${OPERATOR}/companies`);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
  });
});

describe("a session", () => {
  const open = async (browser: Browser) => (await browser.get(`${OPERATOR}/companies`)).status;

  it("ends when it was not used for half an hour, and lasts while it is", async () => {
    const turned = startGateway();
    const browser = await operatorIn(turned);
    turned.advance(OPERATOR_IDLE_MS / 1000 - 1);
    expect(await open(browser)).toBe(200);
    turned.advance(OPERATOR_IDLE_MS / 1000 - 1);
    expect(await open(browser)).toBe(200);
    turned.advance(OPERATOR_IDLE_MS / 1000);
    expect(await open(browser)).toBe(303);
  });

  it("made by a clock that was ahead opens nothing", async () => {
    const turned = startGateway();
    const browser = await operatorIn(turned);
    turned.advance(-30);
    expect(await open(browser)).toBe(200);
    turned.advance(-3_600);
    expect(await open(browser)).toBe(303);
  });

  it("ends after eight hours however much it is used", async () => {
    const turned = startGateway();
    const browser = await operatorIn(turned);
    for (let ms = 0; ms < OPERATOR_SESSION_MS - OPERATOR_IDLE_MS; ms += OPERATOR_IDLE_MS / 2) {
      turned.advance(OPERATOR_IDLE_MS / 2000);
      expect(await open(browser)).toBe(200);
    }
    turned.advance(OPERATOR_IDLE_MS / 2000);
    expect(await open(browser)).toBe(200);
    turned.advance(OPERATOR_IDLE_MS / 2000);
    expect(await open(browser)).toBe(303);
  });

  it.each([
    ["another token", { OPERATOR_TOKEN: "another-token-of-the-tests" }],
    ["another secret", { GATEWAY_SECRET: "YW5vdGhlci1nYXRld2F5LXNlY3JldC0zMi1ieXRlcy1sb25n" }],
    [
      "another secret while the one before is still accepted",
      {
        GATEWAY_SECRET: "YW5vdGhlci1nYXRld2F5LXNlY3JldC0zMi1ieXRlcy1sb25n",
        GATEWAY_SECRET_PREVIOUS: env.GATEWAY_SECRET,
      },
    ],
  ])("is worth nothing at a gateway with %s", async (_what, overrides) => {
    expect(await open(operator.at(startGateway()))).toBe(200);
    expect(await open(operator.at(startGateway(overrides)))).toBe(303);
  });

  it("is left by signing out, which no other site can ask for", async () => {
    const browser = await operatorIn(gateway);
    expect((await browser.post(`${OPERATOR}/sign-out`, {})).status).toBe(403);
    expect(await open(browser)).toBe(200);
    const left = await send(browser, "/companies", {}, "/sign-out");
    expect(left.headers.get("location")).toBe("/sign-in");
    expect(await open(browser)).toBe(303);
  });
});

describe("guessing the token", () => {
  const from = (gate: Gateway, address: string, token: string) =>
    gate.browser().fetch(`${OPERATOR}/sign-in`, {
      method: "POST",
      body: new URLSearchParams({ token }),
      headers: { "cf-connecting-ip": address },
    });

  it("ends after a few tries, and only at that place", async () => {
    const own = startGateway();
    for (let n = 0; n < ATTEMPTS_PER_PLACE_MAX; n++) {
      const wrong = await from(own, "192.0.2.1", `wrong-${n}`);
      expect([wrong.status, wrong.headers.getSetCookie()]).toEqual([403, []]);
    }
    own.advance(60);
    const throttled = await from(own, "192.0.2.1", "wrong");
    expect([throttled.status, throttled.headers.getSetCookie()]).toEqual([429, []]);
    expect(Number(throttled.headers.get("retry-after"))).toBe(ATTEMPT_WINDOW_MS / 1000 - 60);
    expect((await from(own, "192.0.2.2", "wrong")).status).toBe(403);
    own.advance(ATTEMPT_WINDOW_MS / 1000 - 60);
    expect((await from(own, "192.0.2.1", "wrong")).status).toBe(403);
  });

  it("keeps the operator out nowhere: not where somebody tried too often, nor when the whole world does", async () => {
    const own = startGateway({ API_FAILURE_LIMIT: { limit: async () => ({ success: false }) } });
    for (let n = 0; n < 1_100; n++) await from(own, `192.0.${n >> 8}.${n & 255}`, "wrong");
    for (let n = 0; n < 2 * ATTEMPTS_PER_PLACE_MAX; n++) await from(own, "192.0.2.1", "wrong");
    for (const address of ["192.0.2.1", "198.51.100.1"]) {
      const entered = await from(own, address, env.OPERATOR_TOKEN);
      expect([entered.status, entered.headers.getSetCookie().length]).toEqual([303, 1]);
    }
  });

  it("counts a network of IPv6 as one place", async () => {
    const own = startGateway();
    for (let n = 0; n < ATTEMPTS_PER_PLACE_MAX; n++) await from(own, `2001:db8:1:2::${n}`, "wrong");
    expect((await from(own, "2001:db8:1:2:ffff::1", "wrong")).status).toBe(429);
    expect((await from(own, "2001:db8:1:3::1", "wrong")).status).toBe(403);
  });

  it("from more places than are remembered forgets the oldest", () => {
    const services = { now: () => 0, sealer: {} as Services["sealer"] };
    for (let n = 0; n < ATTEMPTS_PER_PLACE_MAX; n++) countWrong(services, "first");
    expect(countWrong(services, "first")).toBe(ATTEMPT_WINDOW_MS / 1000);
    for (let n = 1; n < PLACES_MAX; n++) countWrong(services, `place ${n}`);
    expect(countWrong(services, "first")).toBe(ATTEMPT_WINDOW_MS / 1000);
    countWrong(services, "one more");
    expect(countWrong(services, "first")).toBeNull();
  });

  it("is held by the platform's count too, where one is bound", async () => {
    const own = startGateway({ API_FAILURE_LIMIT: { limit: async () => ({ success: false }) } });
    const refused = await from(own, "192.0.2.1", "wrong");
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([429, []]);
  });

  it("gains nothing from parts of it, none or much", async () => {
    const own = startGateway();
    const token = env.OPERATOR_TOKEN;
    for (const given of ["", token.slice(0, -1), `${token}x`, token.toUpperCase(), "A".repeat(5_000)]) {
      expect((await from(own, "192.0.2.1", given)).status).toBe(403);
    }
    const large = await from(own, "192.0.2.1", "A".repeat(50_000));
    expect(large.status).toBe(400);
  });

  it("works and is counted without the database", async () => {
    const broken = { prepare: () => fail(), batch: () => fail(), withSession: () => fail() } as unknown as D1Database;
    const fail = () => {
      throw new Error("D1_ERROR: no database");
    };
    const own = startGateway({ DB: broken });
    const entered = await from(own, "192.0.2.1", env.OPERATOR_TOKEN);
    expect([entered.status, entered.headers.getSetCookie().length]).toEqual([303, 1]);
    for (let n = 0; n < ATTEMPTS_PER_PLACE_MAX; n++) expect((await from(own, "192.0.2.1", "wrong")).status).toBe(403);
    expect((await from(own, "192.0.2.1", "wrong")).status).toBe(429);
  });

  it("is not done through another site's form", async () => {
    for (const site of ["cross-site", "same-site"]) {
      const answered = await gateway.browser().fetch(`${OPERATOR}/sign-in`, {
        method: "POST",
        body: new URLSearchParams({ token: env.OPERATOR_TOKEN }),
        headers: { "sec-fetch-site": site },
      });
      expect([answered.status, answered.headers.getSetCookie()]).toEqual([403, []]);
    }
  });
});

describe("a form", () => {
  const path = "/companies/acme";

  it("without a token, with a company's, cut short or made up does nothing", async () => {
    const own = formOn(await (await operator.get(OPERATOR + path)).text(), path);
    const ada = await personIn(gateway, acme, "ada@acme.example", true);
    const theirs = formOn(await (await ada.get(`${acme.url}/sso/admin/groups/new`)).text(), "/sso/admin/groups/new");
    const before = await audits();
    for (const form_token of ["", theirs.form_token ?? "", own.form_token?.slice(0, -2) ?? "", "A".repeat(100)]) {
      const answered = await operator.post(OPERATOR + path, { ...own, name: "Forged", form_token });
      expect(answered.status).toBe(403);
      const gone = { form_token, slug: "acme", version: own.version ?? "" };
      expect((await operator.post(`${OPERATOR}${path}/delete`, gone)).status).toBe(403);
    }
    expect(await audits()).toBe(before);
  });

  it.each(["cross-site", "same-site"])(
    "sent from elsewhere does nothing though its token is right: %s",
    async (site) => {
      const body = new URLSearchParams(formOn(await (await operator.get(OPERATOR + path)).text(), path, { name: "F" }));
      const headers = { "sec-fetch-site": site };
      expect((await operator.fetch(OPERATOR + path, { method: "POST", body, headers })).status).toBe(403);
    },
  );

  it("is answered only to who is signed in", async () => {
    const form = formOn(await (await operator.get(OPERATOR + path)).text(), path, { name: "Forged" });
    const before = await audits();
    expect((await gateway.browser().post(OPERATOR + path, form)).status).toBe(303);
    expect((await operator.fetch(OPERATOR + path, { method: "DELETE" })).status).toBe(405);
    expect(await audits()).toBe(before);
  });
});

describe("hostile text", () => {
  const HOSTILE = `"><img src=x onerror=alert(1)></textarea></title><script>alert(1)</script>`;

  it("stays text in every field, and on every page that shows it", async () => {
    const fields = { slug: HOSTILE, name: HOSTILE, originUrl: HOSTILE, email: HOSTILE, firstName: HOSTILE };
    const refused = await send(operator, "/new-company", fields);
    const pages = [await refused.text()];
    const person = { email: "h@hostile.example", firstName: HOSTILE, lastName: HOSTILE };
    const company = { slug: "hostile", name: HOSTILE, originUrl: "https://origin.example/?%22" };
    const wrong = await send(operator, "/new-company", { ...company, ...person });
    expect(wrong.status).toBe(422);
    const made = await send(operator, "/new-company", { ...company, originUrl: "https://origin.example", ...person });
    expect(made.status).toBe(200);
    pages.push(await wrong.text(), await made.text());
    const token = { name: HOSTILE, expiresAt: HOSTILE };
    pages.push(
      await (await send(operator, "/companies/hostile/access", token, "/companies/hostile/access/tokens")).text(),
    );
    await send(operator, "/companies/hostile/access", { name: HOSTILE }, "/companies/hostile/access/tokens");
    for (const page of [
      "/companies",
      "/companies/hostile",
      "/companies/hostile/access",
      "/companies/hostile/activity",
    ]) {
      pages.push(await (await operator.get(OPERATOR + page)).text());
    }
    pages.push(await (await operator.get(`${OPERATOR}/audit`)).text());
    pages.push(await (await operator.get(`${OPERATOR}/companies/${encodeURIComponent(HOSTILE)}`)).text());
    pages.push(await (await operator.get(`${OPERATOR}/companies?slug=${encodeURIComponent(HOSTILE)}`)).text());
    for (const html of pages) {
      expect(html).not.toContain("<img src=x");
      expect(html).not.toContain("<script>alert");
    }
    expect(pages.filter((html) => decode(html).includes(HOSTILE)).length).toBeGreaterThan(7);
  });
});
