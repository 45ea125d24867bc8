import { beforeAll, describe, expect, it } from "vitest";
import { type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, formOn, personIn, submit } from "./console-stage.ts";

const PATH = "/sessions";
let gateway: Gateway;
let acme: Company;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
});

const administrator = () => personIn(gateway, acme, "admin@acme.example", true);
const stored = async () => (await gateway.api("GET", "/companies/acme")).body;

describe("the console’s page of sessions", () => {
  it("shows and saves the three limits, with a record under the person’s name", async () => {
    const browser = await administrator();
    const html = await (await browser.get(acme.url + CONSOLE + PATH)).text();
    expect(formOn(html, CONSOLE + PATH)).toMatchObject({
      "sessionPolicy.absoluteHours": "12",
      "sessionPolicy.idleMinutes": "60",
      sessionsPerUserMax: "",
    });
    const saved = await submit(browser, acme, PATH, {
      "sessionPolicy.absoluteHours": "8",
      "sessionPolicy.idleMinutes": "30",
      sessionsPerUserMax: "3",
    });
    expect([saved.status, saved.headers.get("location")]).toEqual([303, `${CONSOLE}${PATH}?done=sessions-saved`]);
    expect(await stored()).toMatchObject({
      sessionPolicy: { absoluteHours: 8, idleMinutes: 30 },
      sessionsPerUserMax: 3,
    });
    const { body } = await gateway.api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0]).toMatchObject({ resource: "company", after: { sessionsPerUserMax: 3 } });
    expect(body.items[0].actor).toMatch(/^user:/);
    await submit(browser, acme, PATH, { sessionsPerUserMax: "" });
    expect((await stored()).sessionsPerUserMax).toBeNull();
  });

  it.each([
    ["sessionsPerUserMax", "0"],
    ["sessionsPerUserMax", "101"],
    ["sessionsPerUserMax", "<script>"],
    ["sessionPolicy.idleMinutes", ""],
    ["sessionPolicy.absoluteHours", "721"],
  ])("shows %s of %j again with what is wrong, escaped, and saves nothing", async (name, value) => {
    const before = await stored();
    const answer = await submit(await administrator(), acme, PATH, { [name]: value });
    const html = await answer.text();
    expect(answer.status).toBe(422);
    expect(html).toContain(`id="f-${name.replaceAll(".", "-")}-error"`);
    expect(html).not.toContain('<script>"');
    expect(await stored()).toEqual(before);
  });

  it("overwrites nobody, and asks for a fresh sign-in", async () => {
    const browser = await administrator();
    const html = await (await browser.get(acme.url + CONSOLE + PATH)).text();
    await gateway.api("PATCH", "/companies/acme", { sessionsPerUserMax: 5 });
    const conflict = await browser.post(
      acme.url + CONSOLE + PATH,
      formOn(html, CONSOLE + PATH, { sessionsPerUserMax: "9" }),
    );
    expect([conflict.status, await conflict.text()]).toEqual([
      409,
      expect.stringContaining("Somebody else saved this"),
    ]);
    gateway.advance(901);
    const late = await submit(browser, acme, PATH, { sessionsPerUserMax: "9" });
    expect(late.status).toBe(403);
    expect((await stored()).sessionsPerUserMax).toBe(5);
  });

  it("signs everybody out, everywhere within a minute", async () => {
    const member = await personIn(gateway, acme, "member@acme.example");
    const answer = await submit(await administrator(), acme, PATH, {}, `${PATH}/end`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("Everybody is signed out")]);
    gateway.advance(60);
    expect((await member.get(`${acme.url}/sso/session`)).status).toBe(401);
    expect((await gateway.api("GET", "/companies/acme/sessions")).body.items).toEqual([]);
  });

  it("is no member’s and no other site’s", async () => {
    const member = await personIn(gateway, acme, "member@acme.example");
    expect((await member.get(acme.url + CONSOLE + PATH)).status).toBe(403);
    expect((await member.post(acme.url + CONSOLE + PATH, { sessionsPerUserMax: "1" })).status).toBe(403);
    const browser = await administrator();
    const html = await (await browser.get(acme.url + CONSOLE + PATH)).text();
    const fields = new URLSearchParams(formOn(html, CONSOLE + PATH, { sessionsPerUserMax: "1" }));
    const forged = await browser.fetch(acme.url + CONSOLE + PATH, {
      method: "POST",
      body: fields,
      headers: { "sec-fetch-site": "same-site" },
    });
    expect(forged.status).toBe(403);
  });
});
