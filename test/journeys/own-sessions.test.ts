import { beforeAll, describe, expect, it } from "vitest";
import {
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  startGateway,
  type TestIdp,
} from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { formOn, personIn } from "./console-stage.ts";

const PATH = "/sso/sessions";
let idp: TestIdp;
let acme: Company;
let gateway: Gateway;

beforeAll(async () => {
  idp = await createIdentityProvider();
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", idp);
});

const statusOf = async (browser: Browser, company = acme) => (await browser.get(`${company.url}/sso/session`)).status;
const JSON_ONLY = { accept: "application/json" };

async function listed(browser: Browser, company = acme) {
  const response = await browser.get(company.url + PATH, JSON_ONLY);
  expect(response.headers.get("cache-control")).toBe("no-store");
  return (await response.json()) as { items: { id: string; current: boolean; userAgent: string }[]; formToken: string };
}

describe("the page of one’s own sessions", () => {
  it("shows each with its browser and times, marks this one, and no one else’s", async () => {
    const email = "shown@acme.example";
    const first = await personIn(gateway, acme, email);
    const second = await personIn(gateway, acme, email);
    await personIn(gateway, acme, "somebody@acme.example");
    const html = await (await second.get(acme.url + PATH)).text();
    expect(html.match(/<li class="who"/g)).toHaveLength(2);
    expect(html.match(/this one/g)).toHaveLength(1);
    expect(html).toContain("2026-11-23 09:00\u00a0UTC");
    const { items } = await listed(first);
    expect(items.map(({ current }) => current).sort()).toEqual([false, true]);
    expect(items.map(({ userAgent }) => userAgent)).toEqual(["test browser", "test browser"]);
  });

  it("escapes what a browser called itself, and says the usual ones in words", async () => {
    const email = "agents@acme.example";
    const browser = await personIn(gateway, acme, email);
    const { items } = await listed(browser);
    const { env } = await import("cloudflare:workers");
    const name = async (agent: string) => {
      await env.DB.prepare("update sessions set user_agent = ? where id = ?").bind(agent, items[0]?.id).run();
      return (await browser.get(acme.url + PATH)).text();
    };
    expect(await name("<script>alert(1)</script>")).not.toContain("<script>alert");
    const edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0";
    expect(await name(edge)).toContain("Edge on Windows");
    const safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Safari/604.1";
    expect(await name(safari)).toContain("Safari on iPhone");
  });

  it("leads who is not signed in to the sign-in and back, and tells programs", async () => {
    const answer = await gateway.browser().get(acme.url + PATH);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sso/login?return_to=%2Fsso%2Fsessions"]);
    const told = await gateway.browser().get(acme.url + PATH, JSON_ONLY);
    expect([told.status, told.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
    const posted = await gateway.browser().post(acme.url + PATH, { end: "others" });
    expect(posted.status).toBe(303);
  });

  it("ends one of them, at once here and everywhere within a minute, with a record of it", async () => {
    const email = "one@acme.example";
    const [lost, kept, mine] = [
      await personIn(gateway, acme, email),
      await personIn(gateway, acme, email),
      await personIn(gateway, acme, email),
    ];
    const { items } = await listed(lost);
    const id = items.find(({ current }) => current)?.id ?? "";
    const html = await (await mine.get(acme.url + PATH)).text();
    const done = await mine.post(acme.url + PATH, { ...formOn(html, PATH), end: id });
    expect([done.status, done.headers.get("location")]).toEqual([303, `${PATH}?done`]);
    expect([await statusOf(lost), await statusOf(kept), await statusOf(mine)]).toEqual([401, 200, 200]);
    gateway.advance(60);
    expect(await statusOf(lost.at(gateway.isolate()))).toBe(401);
    const { body } = await gateway.api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0]).toMatchObject({ action: "delete", resource: "session", resourceId: id });
    expect(body.items[0].actor).toMatch(/^user:/);
  });

  it("ends all others", async () => {
    const email = "all@acme.example";
    const others = [await personIn(gateway, acme, email), await personIn(gateway, acme, email)];
    const mine = await personIn(gateway, acme, email);
    const { formToken } = await listed(mine);
    const done = await mine.fetch(acme.url + PATH, {
      method: "POST",
      headers: JSON_ONLY,
      body: new URLSearchParams({ form_token: formToken, end: "others" }),
    });
    expect(done.status).toBe(204);
    for (const other of others) expect(await statusOf(other)).toBe(401);
    expect(await statusOf(mine)).toBe(200);
    expect((await listed(mine)).items).toHaveLength(1);
  });

  it("leads to the sign-out for this one, which the identity provider hears of", async () => {
    const mine = await personIn(gateway, acme, "own@acme.example");
    const { formToken, items } = await listed(mine);
    const answer = await mine.post(acme.url + PATH, { form_token: formToken, end: items[0]?.id ?? "" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sso/logout"]);
  });
});

describe("nobody else’s form", () => {
  it("ends anything: from another site, without a token, with another person’s, an earlier one’s or another company’s", async () => {
    const globex = await createCompany(gateway, "globex", idp);
    const email = "victim@acme.example";
    const [other, mine] = [await personIn(gateway, acme, email), await personIn(gateway, acme, email)];
    const earlier = (await listed(other)).formToken;
    const stranger = (await listed(await personIn(gateway, acme, "stranger@acme.example"))).formToken;
    const abroad = (await listed(await personIn(gateway, globex, email), globex)).formToken;
    const { formToken } = await listed(mine);
    const post = (token: string, headers: Record<string, string> = {}) =>
      mine.fetch(acme.url + PATH, {
        method: "POST",
        headers,
        body: new URLSearchParams({ form_token: token, end: "others" }),
      });
    for (const token of ["", "x", earlier, stranger, abroad]) expect((await post(token)).status).toBe(403);
    for (const site of ["cross-site", "same-site"]) {
      expect((await post(formToken, { "sec-fetch-site": site })).status).toBe(403);
    }
    expect((await post("", JSON_ONLY)).headers.get("content-type")).toBe("application/problem+json");
    expect(await statusOf(other)).toBe(200);
  });

  it("reaches another user’s or another company’s session by its id", async () => {
    const globex = await createCompany(gateway, "hooli", idp);
    const [victim, abroad] = [
      await personIn(gateway, acme, "target@acme.example"),
      await personIn(gateway, globex, "target@acme.example"),
    ];
    const ids = [(await listed(victim)).items[0]?.id, (await listed(abroad, globex)).items[0]?.id];
    const attacker = await personIn(gateway, acme, "attacker@acme.example");
    const { formToken } = await listed(attacker);
    const before = (await gateway.api("GET", "/companies/acme/audit?limit=1")).body.items[0].id;
    for (const id of ids) {
      expect((await attacker.post(acme.url + PATH, { form_token: formToken, end: id ?? "" })).status).toBe(303);
    }
    gateway.advance(60);
    expect([await statusOf(victim), await statusOf(abroad, globex)]).toEqual([200, 200]);
    expect((await gateway.api("GET", "/companies/acme/audit?limit=1")).body.items[0].id).toBe(before);
  });
});
