/** A company that moves from one database to another: everything of it goes along, and its people notice nothing. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  companyTables,
  copyStatements,
  countRows,
  findCompany,
  firstDifference,
  placeStatement,
  type Query,
  removeStatements,
} from "../../scripts/company-rows.ts";
import type { Bindings } from "../../src/context.ts";
import { type Company, createCompany, signIn, startGateway, type TestIdp } from "../support/gateway.ts";
import { CLAIM, createIdentityProvider, entraClaims } from "../support/identity-provider.ts";

const second = env.SECOND_DATABASE;
const gateway = startGateway({ DB_TWO: second } as Partial<Bindings>);
const { api } = gateway;
let idp: TestIdp;
let acme: Company;
let other: Company;

const over =
  (d1: D1Database): Query =>
  async (sql) =>
    (await d1.prepare(sql).all<Record<string, unknown>>()).results;

async function copied(slug: string): Promise<string[]> {
  const query = over(env.DB);
  const { id } = (await findCompany(query, slug))!;
  const statements: string[] = [];
  for (const table of await companyTables(query)) {
    for await (const statement of copyStatements(query, table, id)) statements.push(statement);
  }
  return statements;
}

/** Each row of every table as text, by the company it belongs to. */
async function rowsOf(d1: D1Database, companyId: string): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {};
  for (const { name, owner } of await companyTables(over(d1))) {
    rows[name] = (await d1.prepare(`select * from ${name} where ${owner} = ?`).bind(companyId).raw()).map((row) =>
      JSON.stringify(row),
    );
  }
  return rows;
}

const whoIs = async (company: Company) => {
  const browser = gateway.browser();
  expect((await signIn(gateway, browser, company)).status).toBe(303);
  return (await (await browser.get(`${company.url}/sso/session`)).json<{ user: { id: string; email: string } }>()).user;
};

/** Somebody whom a rule makes an administrator, or does no more, by these roles. */
const mappedPerson = async (roles: Record<string, string>) => {
  const email = "mapped@acme.example";
  const claims = { nameID: email, attributes: { ...entraClaims({ email }), ...roles } };
  expect((await signIn(gateway, gateway.browser(), acme, claims)).status).toBe(303);
  return (await api("GET", `/companies/acme/users?email=${email}`)).body.items[0];
};

beforeAll(async () => {
  await applyD1Migrations(second, env.TEST_MIGRATIONS);
  idp = await createIdentityProvider();
  acme = await createCompany(gateway, "acme", idp);
  other = await createCompany(gateway, "other", idp);
});

describe("a company that moves to another database", () => {
  it("takes all its rows along, in an order that no reference breaks, and its people sign in as who they were", async () => {
    const [before, neighbour] = [await whoIs(acme), await whoIs(other)];
    await api("POST", "/companies/acme/tokens", { name: 'it\'s "quoted"; -- ☃' });
    const groupMapping = [{ claim: CLAIM.role, value: "admin", groupId: acme.administratorsId }];
    await api("PATCH", "/companies/acme/saml", { groupMapping });
    expect(await mappedPerson({ [CLAIM.role]: "admin" })).toMatchObject({ groupSource: "mapping" });
    const { id } = (await findCompany(over(env.DB), "acme"))!;
    // As large as a logo may be, and every byte there is.
    const logo = Uint8Array.from({ length: 65_536 }, (_, at) => at % 256);
    await env.DB.prepare("insert into logos values (?, 'image/png', ?)").bind(id, logo).run();
    const long = `${"☃'\n🔑".repeat(20_000)}\u0000end`;
    await env.DB.prepare("update sign_ins set message = ? where company_id = ?").bind(long.slice(0, 90_000), id).run();
    await env.DB.prepare("update users set last_name = ? where company_id = ?").bind("nul\u0000inside", id).run();
    expect((await api("PATCH", "/companies/acme", { status: "suspended" })).status).toBe(200);

    const statements = await copied("acme");
    expect(Math.max(...statements.map((statement) => new TextEncoder().encode(statement).length))).toBeLessThan(
      100_000,
    );
    for (const statement of statements) await second.prepare(statement).run();
    const rows = await rowsOf(env.DB, id);
    expect(await rowsOf(second, id)).toEqual(rows);
    for (const table of ["companies", "groups", "users", "sessions", "sign_ins", "audit", "saml_settings", "logos"]) {
      expect(rows[table]?.length, table).toBeGreaterThan(0);
    }
    expect(await firstDifference(over(env.DB), over(second), id)).toBeNull();
    expect((await over(second)("pragma foreign_key_check")).length).toBe(0);
    expect(statements.some((statement) => statement.includes("other"))).toBe(false);

    await env.DB.prepare(placeStatement("acme", "DB_TWO")).run();
    gateway.advance(60);
    expect((await api("PATCH", "/companies/acme", { status: "active" })).status).toBe(200);
    const counted = await countRows(over(env.DB), await companyTables(over(env.DB)), id);
    for (const statement of removeStatements(counted, id)) await env.DB.prepare(statement).run();
    expect(Object.values(await rowsOf(env.DB, id)).flat()).toEqual([]);

    expect(await whoIs(acme)).toMatchObject({ id: before.id, email: before.email });
    expect(await mappedPerson({}), "what a rule gave is known as that").toMatchObject({ groupId: acme.staffId });
    expect((await whoIs(other)).id).toBe(neighbour.id);
    expect(await findCompany(over(second), "other")).toBeNull();
    const { items } = (await api("GET", "/companies?limit=10")).body;
    expect(items.map(({ slug }: { slug: string }) => slug)).toEqual(["acme", "other"]);
  });

  it("is not the same in both as long as one row differs, lacks or is one too many", async () => {
    const { id } = (await findCompany(over(env.DB), "other"))!;
    for (const statement of await copied("other")) await second.prepare(statement).run();
    const differs = () => firstDifference(over(env.DB), over(second), id);
    expect(await differs()).toBeNull();
    await second.prepare("update users set first_name = 'Eve' where company_id = ?").bind(id).run();
    expect(await differs()).toContain("users");
    await env.DB.prepare("update users set first_name = 'Eve' where company_id = ?").bind(id).run();
    expect(await differs()).toBeNull();
    await env.DB.prepare("delete from sessions where company_id = ?").bind(id).run();
    expect(await differs()).toContain("sessions: 0 rows and 2");
  });

  it("leaves nothing but forms of a quarter of an hour behind: every table with a company's rows is known", async () => {
    const all = await over(env.DB)("select name from sqlite_master where type = 'table'");
    const known = new Set((await companyTables(over(env.DB))).map(({ name }) => name));
    const rest = (all as { name: string }[]).map(({ name }) => name).filter((name) => !/^(?:_|sqlite_|d1_)/.test(name));
    expect(rest.filter((name) => !known.has(name)).sort()).toEqual(["idempotency_keys", "kept_posts", "placements"]);
  });

  it("goes back to the first database, where it needs no place", async () => {
    const { id } = (await findCompany(over(second), "acme"))!;
    const tables = await companyTables(over(second));
    for (const table of tables) {
      for await (const statement of copyStatements(over(second), table, id)) await env.DB.prepare(statement).run();
    }
    await env.DB.prepare(placeStatement("acme", "DB")).run();
    const counted = await countRows(over(second), tables, id);
    for (const statement of removeStatements(counted, id)) await second.prepare(statement).run();
    gateway.advance(60);
    expect((await over(env.DB)("select * from placements where slug = 'acme'")).length).toBe(0);
    expect((await whoIs(acme)).email).toContain("@");
  });
});
