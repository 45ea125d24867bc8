/** Companies spread over two databases: each lives wholly in its own, and to everybody the gateway is one. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Bindings } from "../../src/context.ts";
import { runJobs } from "../../src/cron.ts";
import { openDatabase } from "../../src/store/index.ts";
import { servicesOfCompany } from "../../src/tenant/index.ts";
import { faultyD1 } from "../support/faulty-d1.ts";
import { BASE, createCompany, signIn, startGateway, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { addressOf, document, Publisher, sourceOf } from "./follow-stage.ts";

const second = env.SECOND_DATABASE;
/** New companies go to the second; what was there before stays in the first. */
const spread = { DB_TWO: second, NEW_COMPANIES_DATABASE: "DB_TWO" } as Partial<Bindings>;
const before = startGateway();
const gateway = startGateway(spread);
const { api } = gateway;
let idp: TestIdp;

beforeAll(async () => {
  await applyD1Migrations(second, env.TEST_MIGRATIONS);
  idp = await createIdentityProvider();
});

const slugsIn = async (d1: D1Database) =>
  (await d1.prepare("select slug from companies order by slug").all<{ slug: string }>()).results.map(
    ({ slug }) => slug,
  );
const rowsIn = async (d1: D1Database, table: string) =>
  (await d1.prepare(`select count(*) as n from ${table}`).first<{ n: number }>())?.n;

describe("companies in two databases", () => {
  it("are made, signed in to and listed as if there were one; nothing of one lies in the other's", async () => {
    const old = await createCompany(before, "older", idp);
    const young = await createCompany(gateway, "younger", idp);
    expect([await slugsIn(env.DB), await slugsIn(second)]).toEqual([["older"], ["younger"]]);
    const wasIn = { users: await rowsIn(env.DB, "users"), audit: await rowsIn(env.DB, "audit") };

    const browser = gateway.browser();
    expect((await signIn(gateway, browser, young)).status).toBe(303);
    const who = await (await browser.get(`${young.url}/sso/session`)).json<{ company: { slug: string } }>();
    expect(who.company.slug).toBe("younger");
    expect([await rowsIn(env.DB, "users"), await rowsIn(second, "users")]).toEqual([wasIn.users, 1]);
    expect([await rowsIn(env.DB, "audit"), await rowsIn(env.DB, "sessions")]).toEqual([wasIn.audit, 0]);

    expect((await signIn(gateway, gateway.browser(), old)).status).toBe(303);
    expect([await rowsIn(env.DB, "sessions"), await rowsIn(second, "sessions")]).toEqual([1, 1]);

    const { items } = (await api("GET", "/companies?limit=10")).body;
    expect(items.map(({ slug }: { slug: string }) => slug)).toEqual(["older", "younger"]);
    const first = (await api("GET", "/companies?limit=1")).body;
    const next = (await api("GET", `/companies?limit=1&cursor=${first.nextCursor}`)).body;
    expect([first.items[0].slug, next.items[0].slug, next.nextCursor]).toEqual(["older", "younger", null]);
  });

  it("have one audit, in the order of time", async () => {
    const { items } = (await api("GET", "/audit?limit=50")).body;
    const ids = items.map(({ id }: { id: string }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    const made = items.filter(({ resource }: { resource: string }) => resource === "company");
    expect(made.map(({ after }: { after: { slug: string } }) => after.slug)).toEqual(["younger", "older"]);
  });

  it("keep a slug for one, in whichever database it is", async () => {
    const again = { name: "Again", originUrl: "https://origin.example" };
    for (const slug of ["older", "younger"]) {
      expect((await api("POST", "/companies", { slug, ...again })).status, slug).toBe(409);
    }
    const ten = await Promise.all(
      Array.from({ length: 10 }, () => gateway.isolate().api("POST", "/companies", { slug: "raced", ...again })),
    );
    expect(ten.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    expect((await slugsIn(env.DB)).includes("raced")).toBe(false);
  });

  it("are no more after they were deleted, and their slug is free for another", async () => {
    expect((await api("DELETE", "/companies/raced")).status).toBe(204);
    expect((await api("GET", "/companies/raced")).status).toBe(404);
    expect((await gateway.fetch(new Request(`https://raced.${BASE}/`))).status).toBe(404);
    expect(await rowsIn(env.DB, "placements")).toBe(1);
    const made = await startGateway({ ...spread, NEW_COMPANIES_DATABASE: "DB" }).api("POST", "/companies", {
      slug: "raced",
      name: "Raced",
      originUrl: "https://origin.example",
    });
    expect(made.status).toBe(201);
    expect((await slugsIn(env.DB)).includes("raced")).toBe(true);
  });

  it("keep an audit that can be checked and read after they were deleted", async () => {
    const made = await api("POST", "/companies", { slug: "gone", name: "G", originUrl: "https://origin.example" });
    const { id } = made.body;
    expect((await api("DELETE", "/companies/gone")).status).toBe(204);
    expect((await api("GET", `/audit/check?companyId=${id}`)).body).toMatchObject({ ok: true, rows: 2, unsealed: 0 });
    const file = await gateway.fetch(
      new Request(`https://admin.${BASE}/api/v1/audit/export?companyId=${id}`, {
        headers: { authorization: "Bearer operator-token-of-the-tests" },
      }),
    );
    expect((await file.text()).trim().split("\n")).toHaveLength(2);
    const older = (await api("GET", "/companies/older")).body.id;
    expect((await api("GET", `/audit/check?companyId=${older}`)).body.rows).toBeGreaterThan(0);
  });

  it("whose making broke off after the slug was taken can still be made", async () => {
    await env.DB.prepare("insert into placements (slug, database) values ('broken', 'DB_TWO')").run();
    const made = await api("POST", "/companies", { slug: "broken", name: "B", originUrl: "https://origin.example" });
    expect(made.status).toBe(201);
    expect((await slugsIn(second)).includes("broken")).toBe(true);
  });

  it("are reached by their own tokens alone", async () => {
    const { body } = await api("POST", "/companies/younger/tokens", { name: "t" });
    const as = { authorization: `Bearer ${body.secret}` };
    expect((await api("GET", "/companies/younger", undefined, as)).status).toBe(200);
    expect((await api("GET", "/companies/older", undefined, as)).status).toBe(401);
    expect((await api("GET", "/companies", undefined, as)).status).toBe(401);
  });

  it("are served by an isolate without asking for their place each time", async () => {
    const browser = gateway.browser();
    const young = { ...(await createCompany(gateway, "warm", idp)) };
    expect((await signIn(gateway, browser, young)).status).toBe(303);
    gateway.roundTrips();
    for (let n = 0; n < 5; n++) expect((await browser.get(`${young.url}/sso/session`)).status).toBe(200);
    expect(gateway.roundTrips()).toBe(0);
  });

  it("stay in mind while somebody asks for ten thousand names that they made up", async () => {
    const asked: string[] = [];
    const answer = (slug: string) => ({
      raw: async () => {
        asked.push(slug);
        return slug === "placed" ? [[slug, "DB_TWO"]] : [];
      },
    });
    const counting = openDatabase({ prepare: () => ({ bind: answer }) } as unknown as D1Database);
    const two = openDatabase(second);
    const { services } = startGateway(spread);
    const spreadOut = {
      ...services,
      database: counting,
      databases: new Map([
        ["DB", counting],
        ["DB_TWO", two],
      ]),
    };
    expect((await servicesOfCompany(spreadOut, "placed")).database).toBe(two);
    for (let n = 0; n < 10_001; n++) {
      await servicesOfCompany(spreadOut, `made-up-${n}`);
      // The platform bounds the timers that one request has set.
      if (n % 1_000 === 0) await scheduler.wait(0);
    }
    expect(asked).toHaveLength(10_002);
    expect((await servicesOfCompany(spreadOut, "placed")).database).toBe(two);
    expect((await servicesOfCompany(spreadOut, "made-up-10000")).database).toBe(counting);
    expect(asked).toHaveLength(10_002);
  });

  it("go on for a while when the first database, which knows the places, gives no answer", async () => {
    const first = faultyD1(env.DB);
    const shaky = startGateway({ ...spread, DB: first.d1 });
    const young = await createCompany(shaky, "steady", idp);
    const browser = shaky.browser();
    expect((await signIn(shaky, browser, young)).status).toBe(303);
    const asked = async () => (await browser.get(`${young.url}/sso/session`)).status;
    expect(await asked()).toBe(200);
    first.fault = "down";
    shaky.advance(40);
    expect(await asked()).toBe(200);
    shaky.advance(20);
    expect(await asked()).toBe(503);
    first.fault = "none";
    expect(await asked()).toBe(200);
  });

  it("are each cleaned up by the schedule", async () => {
    for (const d1 of [env.DB, second]) {
      await d1.prepare("update sessions set expires_at = 1").run();
      expect(await rowsIn(d1, "sessions")).toBeGreaterThan(0);
    }
    await runJobs(gateway.services);
    expect([await rowsIn(env.DB, "sessions"), await rowsIn(second, "sessions")]).toEqual([0, 0]);
  });

  it("are followed at their provider's metadata, each in its own database", async () => {
    const companies = [await createCompany(before, "older-fed", idp), await createCompany(gateway, "younger-fed", idp)];
    const publisher = new Publisher();
    for (const company of companies) {
      publisher.put(addressOf(company), document(idp));
      expect((await sourceOf(gateway, company).put()).body.failure).toBeNull();
    }
    for (const d1 of [env.DB, second]) await d1.prepare("update metadata_sources set next_at = 1").run();
    publisher.asked.length = 0;
    await runJobs(gateway.services);
    vi.unstubAllGlobals();
    expect(publisher.asked.sort()).toEqual(companies.map(addressOf));
    expect([await rowsIn(env.DB, "metadata_sources"), await rowsIn(second, "metadata_sources")]).toEqual([1, 1]);
  });

  it("placed in a database that is not bound are refused, and served from no other", async () => {
    await env.DB.prepare("insert into placements (slug, database) values ('lost', 'DB_THREE')").run();
    const answer = await gateway.fetch(new Request(`https://lost.${BASE}/`));
    expect(answer.status).toBe(500);
  });
});

describe("NEW_COMPANIES_DATABASE", () => {
  it("must name a database that is bound", () => {
    expect(() => startGateway({ NEW_COMPANIES_DATABASE: "DB_NINE" })).toThrow("NEW_COMPANIES_DATABASE");
  });
});
