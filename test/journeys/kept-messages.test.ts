/** The sign-in log as people use it: what it keeps of messages and for how long, who sees them, how it is searched and watched. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatabase, purgeExpired } from "../../src/store/index.ts";
import {
  answer,
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  startGateway,
  startSignIn,
} from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, personIn, submit } from "./console-stage.ts";

let gateway: Gateway;
let acme: Company;
let globex: Company;
let ada: Browser;
/** Stands in the attributes alone. */
const PERSON = "Britta Simon";

beforeAll(async () => {
  gateway = startGateway();
  const idp = await createIdentityProvider();
  acme = await createCompany(gateway, "acme", idp);
  globex = await createCompany(gateway, "globex", idp);
  ada = await personIn(gateway, acme, "ada@acme.example", true);
});

const page = async (path: string, browser = ada) => {
  const response = await browser.get(acme.url + CONSOLE + path);
  return { response, html: await response.text() };
};
const newest = async () => (await gateway.api("GET", "/companies/acme/sign-ins?limit=1")).body.items[0];
const set = (changes: object) => gateway.api("PATCH", "/companies/acme", changes);
const stored = (id: string) =>
  env.DB.prepare("select message, sealed_message as sealed, expires_at as expires, at from sign_ins where id = ?")
    .bind(id)
    .first<{ message: string | null; sealed: string | null; expires: number; at: number }>();

const detail = (id: string) => gateway.api("GET", `/companies/acme/sign-ins/${id}`);
const FIELDS = ["at", "checks", "code", "email", "id", "outcome", "reference", "userId"];

async function expectStruckOut(id: string, whole = false): Promise<void> {
  const { message } = (await detail(id)).body;
  expect(message).toContain("<Audience>https");
  expect(message).not.toContain(PERSON);
  expect(message).toMatch(/SignatureValue>\[\d+ characters\]</);
  if (!whole) expect(await stored(id)).toMatchObject({ sealed: null });
  const { html } = await page(`/sign-ins/${id}`);
  expect(html).toContain("The message, values struck out");
  expect(html).toContain("&lt;Audience&gt;https");
  expect(html.includes("Show the whole message")).toBe(whole);
}

/** One attempt: accepted, or for another audience refused. */
async function attempt(refused: boolean, browser = gateway.browser()) {
  const { requestId } = await startSignIn(browser, acme);
  const SAMLResponse = await answer(gateway, acme, requestId, refused ? { spEntityId: "https://other.example/" } : {});
  const { status } = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
  return { status, SAMLResponse, record: await newest() };
}

describe("what is kept of a message", () => {
  it("is, of a refused one, its structure without anybody's values, one at a time and not in the list", async () => {
    const { status, record } = await attempt(true);
    expect(status).toBe(403);
    expect(Object.keys(record).sort()).toEqual(FIELDS);
    await expectStruckOut(record.id);
    expect(Object.keys((await detail(record.id)).body).sort()).toEqual([...FIELDS, "message"].sort());
  });

  it("is nothing of an accepted one, whose checks say whose it was, what came and which claims", async () => {
    const { status, record } = await attempt(false);
    expect(status).toBe(303);
    expect(await stored(record.id)).toMatchObject({ message: null, sealed: null });
    expect((await detail(record.id)).body.message).toBeNull();
    const { html } = await page(`/sign-ins/${record.id}`);
    expect(html).not.toContain("values struck out");
    const received = (name: string) => record.checks.find((check: { name: string }) => check.name === name)?.received;
    expect(received("nameID")).toBe("b.simon@acme.example");
    expect(received("attributes")).toMatch(/^tenantid, objectidentifier, .*emailaddress/);
    expect(html).toContain("objectidentifier");
    expect(JSON.stringify(record)).not.toContain(PERSON);
  });

  it("is of an accepted one the same as of others where the company keeps messages", async () => {
    await set({ keepMessages: true });
    const { record } = await attempt(false);
    await set({ keepMessages: false });
    expect((await stored(record.id))?.sealed).toMatch(/^[\w-]+$/);
    await expectStruckOut(record.id, true);
  });

  it("costs an accepted sign-in no round trip more", async () => {
    await set({ keepMessages: true });
    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, acme);
    const SAMLResponse = await answer(gateway, acme, requestId);
    gateway.roundTrips();
    expect((await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true })).status).toBe(303);
    expect(gateway.roundTrips()).toBeLessThanOrEqual(2);
    await set({ keepMessages: false });
  });

  it("of one that can't be read is its size and the first error", async () => {
    await gateway.browser().post(acme.acsUrl, { SAMLResponse: btoa("<!DOCTYPE x><x/>") }, { crossSite: true });
    const { id } = await newest();
    const { body } = await gateway.api("GET", `/companies/acme/sign-ins/${id}`);
    expect(body.message).toBe("Not kept: 16 bytes, xml_doctype at byte 0");
  });
});

describe("a whole message", () => {
  it("is kept only where the company says so, sealed, and shown by a button that is in the audit log", async () => {
    expect((await set({ keepMessages: true })).body.keepMessages).toBe(true);
    const { record, SAMLResponse } = await attempt(true);
    await set({ keepMessages: false });
    const row = await stored(record.id);
    expect(row?.sealed).toMatch(/^[\w-]+$/);
    expect(row?.sealed).not.toContain(SAMLResponse.slice(0, 40));
    expect(JSON.stringify((await gateway.api("GET", `/companies/acme/sign-ins/${record.id}`)).body)).not.toContain(
      PERSON,
    );

    const path = `/sign-ins/${record.id}`;
    expect((await page(path)).html).not.toContain(PERSON);
    const shown = await submit(ada, acme, path, {}, `${path}/message`);
    const html = await shown.text();
    expect([shown.status, shown.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(html).toContain("The whole message");
    expect(html).toContain(PERSON);
    const [looked] = (await gateway.api("GET", "/companies/acme/audit?limit=1")).body.items;
    expect(looked).toMatchObject({
      resource: "sign-in",
      resourceId: record.id,
      actor: expect.stringMatching(/^user:/),
    });
    expect(JSON.stringify(looked)).not.toContain(PERSON);
    expect((await page("/audit")).html).toContain("looked into");

    // By GET, by another company's administrator, by a stale sign-in: not at all.
    expect((await ada.get(`${acme.url}${CONSOLE}${path}/message`)).status).toBe(404);
    const eve = await personIn(gateway, globex, "eve@globex.example", true);
    expect((await eve.get(globex.url + CONSOLE + path)).status).toBe(404);
    gateway.advance(16 * 60);
    const stale = await submit(ada, acme, path, {}, `${path}/message`);
    expect(stale.status).toBe(403);
    expect(await stale.text()).not.toContain(PERSON);
    expect((await gateway.api("GET", "/companies/acme/audit?limit=1")).body.items[0].id).toBe(looked.id);
    ada = await personIn(gateway, acme, "ada@acme.example", true);
  });
});

describe("how long the log is kept", () => {
  it("is the company's to say, for what is there already too, and is over at that very time", async () => {
    const { record } = await attempt(true);
    const DAY = 86_400_000;
    expect((await stored(record.id))?.expires).toBe(Date.parse(record.at) + 90 * DAY);
    expect((await set({ signInRetentionDays: 7 })).body.signInRetentionDays).toBe(7);
    expect((await stored(record.id))?.expires).toBe(Date.parse(record.at) + 7 * DAY);
    const other = await attempt(true);
    expect((await stored(other.record.id))?.expires).toBe(Date.parse(other.record.at) + 7 * DAY);
    const db = openDatabase(env.DB);
    await purgeExpired(db, Date.parse(record.at) + 7 * DAY);
    expect(await stored(record.id)).not.toBeNull();
    await purgeExpired(db, Date.parse(record.at) + 7 * DAY + 1);
    expect(await stored(record.id)).toBeNull();
    for (const days of [0, 91, 1.5, "7"]) expect((await set({ signInRetentionDays: days })).status).toBe(422);
  });

  it("is set in the console by whoever signed in a moment ago", async () => {
    ada = await personIn(gateway, acme, "ada@acme.example", true);
    const saved = await submit(
      ada,
      acme,
      "/sign-ins",
      { signInRetentionDays: "30", keepMessages: "on" },
      "/sign-ins/kept",
    );
    expect([saved.status, saved.headers.get("location")]).toEqual([303, `${CONSOLE}/sign-ins?done=log-saved`]);
    expect((await gateway.api("GET", "/companies/acme")).body).toMatchObject({
      signInRetentionDays: 30,
      keepMessages: true,
    });
    const wrong = await submit(
      ada,
      acme,
      "/sign-ins",
      { signInRetentionDays: "400", keepMessages: null },
      "/sign-ins/kept",
    );
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain("Nothing was saved yet");
    gateway.advance(16 * 60);
    expect((await submit(ada, acme, "/sign-ins", { signInRetentionDays: "1" }, "/sign-ins/kept")).status).toBe(403);
    expect((await gateway.api("GET", "/companies/acme")).body.signInRetentionDays).toBe(30);
    ada = await personIn(gateway, acme, "ada@acme.example", true);
  });
});

describe("the log in the console", () => {
  it("is searched by outcome, code, part of an e-mail address and day, and stays searched on the next page", async () => {
    const good = (await attempt(false)).record.reference;
    const bad = (await attempt(true)).record.reference;
    const finds = async (query: string) => {
      const { html } = await page(`/sign-ins?${query}`);
      return [html.includes(good), html.includes(bad)];
    };
    const today = new Date(gateway.now()).toISOString().slice(0, 10);
    expect(await finds("")).toEqual([true, true]);
    expect(await finds("outcome=refused")).toEqual([false, true]);
    expect(await finds("code=audience_mismatch")).toEqual([false, true]);
    expect(await finds("code=digest_mismatch")).toEqual([false, false]);
    expect(await finds("email=B.SIMON")).toEqual([true, false]);
    expect(await finds("email=%25")).toEqual([false, false]);
    expect(await finds(`from=${today}&to=${today}`)).toEqual([true, true]);
    expect(await finds("to=2020-01-01")).toEqual([false, false]);
    expect(await finds("from=nonsense")).toEqual([true, true]);
    for (let n = 0; n < 51; n++) {
      await env.DB.prepare(
        "insert into sign_ins (company_id, id, at, outcome, code, checks, reference) select id, ?, ?, 'refused', 'many', '[]', ? from companies where slug = 'acme'",
      )
        .bind(`zz${String(n).padStart(3, "0")}`, gateway.now(), `MANY-${n}`)
        .run();
    }
    const { html } = await page("/sign-ins?code=many&outcome=refused");
    expect(html).toMatch(/outcome=refused&amp;code=many&amp;after=zz\d+/);
    expect(html).not.toContain("Back to the first page");
    const older = (await page("/sign-ins?code=many&outcome=refused&after=zz040")).html;
    expect(older).toContain('href="/sso/admin/sign-ins?outcome=refused&amp;code=many">Back to the first page<');
  });

  it("refreshes itself where somebody asks for it, on the first page, for half an hour, and takes nothing that is being typed", async () => {
    const { html, response } = await page("/sign-ins?outcome=refused");
    expect(response.headers.get("refresh")).toBeNull();
    const href = (/href="\/sso\/admin(\/sign-ins\?outcome=refused&amp;live=\d+)"/.exec(html)?.[1] ?? "").replaceAll(
      "&amp;",
      "&",
    );
    const live = await page(href);
    expect(live.response.headers.get("refresh")).toBe("10");
    expect(live.html).not.toContain('<input id="f-reference"');
    expect(live.html).not.toContain("autofocus");
    expect(live.html).toContain('href="/sso/admin/sign-ins?outcome=refused"');
    expect((await page(`${href}&after=zz001`)).response.headers.get("refresh")).toBeNull();
    for (const forged of ["9999999999999999", "x", "-1", "0"]) {
      expect((await page(`/sign-ins?live=${forged}`)).response.headers.get("refresh")).toBeNull();
    }
    gateway.advance(31 * 60);
    expect((await page(href)).response.headers.get("refresh")).toBeNull();
  });
});

describe("the audit log in the console", () => {
  it("is checked by a button and exported by links; another company's stays another's", async () => {
    ada = await personIn(gateway, acme, "ada@acme.example", true);
    const checked = await submit(ada, acme, "/audit");
    expect(await checked.text()).toContain("The chain is whole.");
    const { html } = await page("/audit");
    for (const [path, type] of [
      ["/audit/export", "application/x-ndjson"],
      ["/audit/export?format=csv", "text/csv; charset=utf-8"],
    ] as const) {
      expect(html).toContain(`href="${CONSOLE}${path}"`);
      const file = await ada.get(acme.url + CONSOLE + path);
      expect(file.headers.get("content-type")).toBe(type);
      expect((await file.text()).trim().split("\n").length).toBeGreaterThan(5);
    }
    expect((await ada.get(`${acme.url}${CONSOLE}/audit/export?format=xml`)).status).toBe(303);
    await env.DB.prepare(
      "update audit set actor = 'user:x' where seq = 2 and company_id = (select id from companies where slug = 'acme')",
    ).run();
    expect(await (await submit(ada, acme, "/audit")).text()).toContain("Record 2 is not what was recorded");
    const member = await personIn(gateway, acme, "member@acme.example");
    expect((await member.get(`${acme.url}${CONSOLE}/audit/export`)).status).toBe(403);
    expect((await gateway.browser().get(`${acme.url}${CONSOLE}/audit/export`)).status).toBe(303);
  });
});
