import { beforeAll, describe, expect, it } from "vitest";
import { type Company, createCompany, startGateway, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { personIn, signInAs } from "./console-stage.ts";
import { choose, invite, makeCompany, signInWith, whoIs, withPassword } from "./local-stage.ts";

const EMAIL = "ada@acme.example";
let idp: TestIdp;
let acme: Company;

beforeAll(async () => {
  idp = await createIdentityProvider();
  acme = await createCompany(startGateway(), "acme", idp);
});

const allow = (max: unknown) => startGateway().api("PATCH", "/companies/acme", { sessionsPerUserMax: max });

describe("a limit of sessions", () => {
  it("is a field of the company, none until it is set", async () => {
    const { api } = startGateway();
    expect((await api("GET", "/companies/acme")).body.sessionsPerUserMax).toBeNull();
    expect((await allow(2)).body.sessionsPerUserMax).toBe(2);
    expect((await api("PATCH", "/companies/acme", { name: "Acme Inc." })).body.sessionsPerUserMax).toBe(2);
    const { name, originUrl } = (await api("GET", "/companies/acme")).body;
    const put = await api("PUT", "/companies/acme", { name, originUrl, sessionsPerUserMax: null });
    expect(put.body.sessionsPerUserMax).toBeNull();
    for (const bad of [0, 101, 1.5, "2", -1]) {
      const refused = await allow(bad);
      expect([refused.status, refused.body.errors[0].path]).toEqual([422, "sessionsPerUserMax"]);
    }
    const { body } = await api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0].after.sessionsPerUserMax).toBeNull();
    expect(body.items[0].before.sessionsPerUserMax).toBe(2);
  });

  it("ends the oldest of that person at the next sign-in, everywhere within a minute, and nobody else’s", async () => {
    await allow(2);
    const gateway = startGateway();
    const elsewhere = gateway.isolate();
    const other = await personIn(gateway, acme, "other@acme.example");
    const browsers = [];
    for (let n = 0; n < 3; n++) {
      browsers.push(await personIn(gateway, acme, EMAIL));
      gateway.advance(1);
    }
    gateway.advance(58);
    const statuses = [];
    for (const browser of [...browsers, other]) {
      statuses.push((await browser.at(elsewhere).get(`${acme.url}/sso/session`)).status);
    }
    expect(statuses).toEqual([401, 200, 200, 200]);
  });

  it("holds for many sign-ins at once, and the last one written always has its session", async () => {
    await allow(1);
    const gateway = startGateway();
    const email = "hurried@acme.example";
    await personIn(gateway, acme, email);
    const back = await Promise.all(
      Array.from({ length: 6 }, () => signInAs(gateway.isolate(), gateway.browser(), acme, email)),
    );
    expect(back.map(({ status }) => status)).toEqual(Array(6).fill(303));
    const { body } = await gateway.api("GET", `/companies/acme/users?email=${email}`);
    const { body: sessions } = await gateway.api("GET", `/companies/acme/sessions?userId=${body.items[0].id}`);
    expect(sessions.items).toHaveLength(1);
  });

  it("does not count what is over by itself", async () => {
    await allow(2);
    const gateway = startGateway();
    const email = "patient@acme.example";
    const first = await personIn(gateway, acme, email);
    await personIn(gateway, acme, email);
    for (let passed = 0; passed < 75; passed += 15) {
      gateway.advance(900);
      expect((await first.get(`${acme.url}/sso/session`)).status).toBe(200);
    }
    // The second has been idle for more than its hour: the first, in use all the time, need not give way.
    await personIn(gateway, acme, email);
    gateway.advance(60);
    expect((await first.get(`${acme.url}/sso/session`)).status).toBe(200);
  });

  it("holds for passwords and for links that set one", async () => {
    const gateway = startGateway();
    const company = await makeCompany(gateway, "local-limit");
    await gateway.api("PATCH", company.path, { sessionsPerUserMax: 1 });
    const { id, email, browser } = await withPassword(gateway, company, "ann@x.example");
    gateway.advance(1);
    const second = gateway.browser();
    expect((await signInWith(second, company, email)).status).toBe(303);
    gateway.advance(60);
    expect((await whoIs(browser, company)).status).toBe(401);
    const third = gateway.browser();
    expect((await choose(third, (await invite(gateway, company, id)).url)).status).toBe(303);
    gateway.advance(60);
    expect([(await whoIs(second, company)).status, (await whoIs(third, company)).status]).toEqual([401, 200]);
  });
});
