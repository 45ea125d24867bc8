/** The audit's chain by REST: sealed after each change, checked, exported, and each company's own. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Company, createCompany, type Gateway, signIn, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

let gateway: Gateway;
let acme: Company;
let token: string;

beforeAll(async () => {
  gateway = startGateway();
  const idp = await createIdentityProvider();
  acme = await createCompany(gateway, "acme", idp);
  await createCompany(gateway, "globex", idp);
  token = (await gateway.api("POST", "/companies/acme/tokens", { name: "audit" })).body.secret;
});

const unsealed = (company: string) =>
  env.DB.prepare(
    "select count(*) as n from audit where seq is null and company_id = (select id from companies where slug = ?)",
  )
    .bind(company)
    .first<number>("n");

async function download(path: string, headers: Record<string, string> = {}) {
  const response = await gateway.fetch(
    new Request(`https://admin.example.com/api/v1${path}`, {
      headers: { authorization: "Bearer operator-token-of-the-tests", ...headers },
    }),
  );
  return { response, text: await response.text() };
}

describe("the chain", () => {
  it("has each change right after its answer: over REST, and of a sign-in that made a user", async () => {
    await gateway.api("POST", "/companies/acme/groups", { title: "Sealed at once" });
    expect(await unsealed("acme")).toBe(0);
    expect((await signIn(gateway, gateway.browser(), acme)).status).toBe(303);
    expect(await unsealed("acme")).toBe(0);
    const { items } = (await gateway.api("GET", "/companies/acme/audit?limit=3")).body;
    expect(items[0]).toMatchObject({ actor: "sign-in", action: "create", resource: "user" });
    expect(items.map(({ seq }: { seq: number }) => seq)).toEqual([items[0].seq, items[0].seq - 1, items[0].seq - 2]);
    expect(items[0].hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is whole, says where it begins and ends, and is each company's own", async () => {
    const one = (await gateway.api("GET", "/companies/acme/audit/check")).body;
    expect(one).toMatchObject({
      ok: true,
      from: 1,
      to: one.rows,
      firstBroken: null,
      unsealed: 0,
      previousHash: "0".repeat(64),
    });
    const other = (await gateway.api("GET", "/companies/globex/audit/check")).body;
    expect(other).toMatchObject({ ok: true, from: 1 });
    expect(other.headHash).not.toBe(one.headHash);
    const headers = { authorization: `Bearer ${token}` };
    expect((await gateway.api("GET", "/companies/acme/audit/check", undefined, headers)).status).toBe(200);
    for (const path of [
      "/companies/globex/audit/check",
      "/companies/globex/audit/export",
      "/audit/check?companyId=x",
      "/audit/export",
    ]) {
      expect((await gateway.api("GET", path, undefined, headers)).status).toBe(403);
    }
  });

  it("names the record that somebody changed in the database", async () => {
    const { items } = (await gateway.api("GET", "/companies/globex/audit?limit=2")).body;
    const [, second] = items;
    const change = (from: string, to: string) =>
      env.DB.prepare("update audit set actor = ? where id = ? and actor = ?").bind(to, second.id, from).run();
    await change("operator", "user:mallory");
    expect((await gateway.api("GET", "/companies/globex/audit/check")).body).toMatchObject({
      ok: false,
      firstBroken: { seq: second.seq, id: second.id, reason: "changed" },
    });
    await change("user:mallory", "operator");
    expect((await gateway.api("GET", "/companies/globex/audit/check")).body.ok).toBe(true);
  });

  it("outlives its company, for the operator", async () => {
    const gone = (
      await gateway.api("POST", "/companies", { slug: "gone", name: "Gone", originUrl: "https://origin.example" })
    ).body;
    expect((await gateway.api("DELETE", "/companies/gone")).status).toBe(204);
    expect((await gateway.api("GET", "/companies/gone/audit/check")).status).toBe(404);
    expect((await gateway.api("GET", `/audit/check?companyId=${gone.id}`)).body).toMatchObject({
      ok: true,
      rows: 2,
      to: 2,
    });
    const { text } = await download(`/audit/export?companyId=${gone.id}`);
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).action),
    ).toEqual(["create", "delete"]);
    expect((await gateway.api("GET", "/audit/check")).body).toMatchObject({
      ok: true,
      rows: 0,
      from: null,
      headHash: null,
    });
  });
});

describe("the export", () => {
  it("is the whole chain in its order, page after page, each line with what is hashed", async () => {
    const insert = env.DB.prepare(
      "insert into audit (id, company_id, at, actor, action, resource, resource_id) select ?, id, ?, 'operator', 'update', 'company', id from companies where slug = 'globex'",
    );
    const rows = Array.from({ length: 300 }, (_, n) =>
      insert.bind(`ffffffff-${String(n).padStart(4, "0")}`, gateway.now() + n),
    );
    await env.DB.batch(rows);
    const { response, text } = await download("/companies/globex/audit/export");
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="audit.ndjson"');
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const { headHash, to } = (await gateway.api("GET", "/companies/globex/audit/check")).body;
    expect(lines).toHaveLength(to);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_, n) => n + 1));
    expect(lines.at(-1).hash).toBe(headHash);
    expect(Object.keys(lines[0]).sort()).toEqual([
      "action",
      "actor",
      "after",
      "at",
      "before",
      "companyId",
      "hash",
      "id",
      "previousHash",
      "resource",
      "resourceId",
      "seq",
    ]);
  });

  it("of a time span holds a run of the chain", async () => {
    const iso = (ms: number) => new Date(gateway.now() + ms).toISOString();
    const { text } = await download(`/companies/globex/audit/export?from=${iso(100)}&to=${iso(103)}`);
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ at }) => at)).toEqual([iso(100), iso(101), iso(102)]);
    const day = iso(0).slice(0, 10);
    const whole = await download(`/companies/globex/audit/export?from=${day}&to=${day}`);
    expect(whole.text.trim().split("\n").length).toBeGreaterThan(300);
    expect((await download("/companies/globex/audit/export?to=2020-01-01")).text).toBe("");
  });

  it("as CSV is safe to open in a spreadsheet", async () => {
    for (const title of ['=HYPERLINK("https://evil.example")', "+1", "-1", "@SUM(A1)", 'a "quoted", title']) {
      expect((await gateway.api("POST", "/companies/acme/groups", { title })).status).toBe(201);
    }
    const evil = env.DB.prepare(
      "insert into audit (id, company_id, at, actor, action, resource, resource_id, after) select ?, id, ?, '=cmd', 'update', 'user', ?, ? from companies where slug = 'acme'",
    );
    await env.DB.batch([
      evil.bind("f1", gateway.now(), "+1\n2", '"=1+1"'),
      evil.bind("f2", gateway.now(), "\t=1", '{"a":1}'),
    ]);
    const { response, text } = await download("/companies/acme/audit/export?format=csv");
    expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const [head, ...lines] = text.trimEnd().split("\r\n");
    expect(head).toBe("seq,at,actor,action,resource,resourceId,before,after,id,hash");
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.at(-2)).toMatch(/^\d+,[^,]+,'=cmd,update,user,"'\+1\n2",,'=1\+1,f1,[0-9a-f]{64}$/);
    expect(lines.at(-1)).toMatch(/,'\t=1,,"{""a"":1}",f2,/);
    for (const line of lines) expect(line).not.toMatch(/(^|,)"?[=+\-@\t]/);
  });

  it.for(["format=xml", "from=yesterday", "to=2026-13-01", "from=2026-01-01&from=2026-01-02", "secret=1"])(
    "takes no other query: %s",
    async (query) => {
      const { status, body } = await gateway.api("GET", `/companies/acme/audit/export?${query}`);
      expect([status, body.errors[0].path]).toEqual([400, query.split("=")[0]]);
    },
  );
});
