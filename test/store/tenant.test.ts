import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  checkSession,
  completeSignIn,
  emailKey,
  insertAssertionKey,
  insertSpKey,
  loadTenant,
  newId,
  openDatabase,
  recordSignIn,
  StorageUnavailable,
  saveSamlSettings,
} from "../../src/store/index.ts";
import {
  assertionKeyRow,
  auditRow,
  companyWithUser,
  NOW,
  settingsRow,
  signInRow,
  signInWrite,
  spKeyRow,
} from "./rows.ts";

const db = openDatabase(env.DB);

describe("loadTenant", () => {
  it("gives the company, its settings and its keys, and null for an unknown slug", async () => {
    const { company, group } = await companyWithUser(db, "tenant");
    expect(await loadTenant(db, "tenant")).toMatchObject({ company, saml: null, spKeys: [] });
    const settings = { ...settingsRow(group.id), groupMapping: [{ claim: "c", value: "v", groupId: group.id }] };
    const key = spKeyRow("signing");
    await saveSamlSettings(db, company.id, null, settings, [key], auditRow(company.id));
    const tenant = await loadTenant(db, "tenant");
    expect(tenant?.saml).toEqual(settings);
    expect(tenant?.spKeys).toEqual([key]);
    expect(tenant?.assertionKeys).toHaveLength(1);
    expect(await loadTenant(db, "nobody")).toBeNull();
    expect(await loadTenant(db, "TENANT"), "slugs are exact").toBeNull();
  });

  it("is one round trip", async () => {
    await companyWithUser(db, "one-trip");
    let trips = 0;
    const counting: Pick<D1Database, "prepare" | "batch"> = {
      prepare: (text) => env.DB.prepare(text),
      batch: (statements) => {
        trips++;
        return env.DB.batch(statements);
      },
    };
    await loadTenant(openDatabase(counting as D1Database), "one-trip");
    expect(trips).toBe(1);
  });
});

describe("keys made on demand", () => {
  it("are one, however many make one at once", async () => {
    const { company } = await companyWithUser(db, "makers");
    await env.DB.prepare("delete from assertion_keys where company_id = ?").bind(company.id).run();
    await Promise.all([
      ...Array.from({ length: 8 }, () => insertAssertionKey(db, company.id, assertionKeyRow())),
      ...Array.from({ length: 8 }, () => insertSpKey(db, company.id, spKeyRow("signing"))),
      ...Array.from({ length: 8 }, () => insertSpKey(db, company.id, spKeyRow("encryption"))),
    ]);
    const tenant = await loadTenant(db, "makers");
    expect(tenant?.assertionKeys).toHaveLength(1);
    expect(tenant?.spKeys.map((key) => key.use).sort()).toEqual(["encryption", "signing"]);
    await insertSpKey(db, newId(), spKeyRow("signing"));
  });

  it("follow a retired one", async () => {
    const { company } = await companyWithUser(db, "retired");
    await insertSpKey(db, company.id, { ...spKeyRow("signing"), retiredAt: NOW });
    await insertSpKey(db, company.id, { ...spKeyRow("signing"), createdAt: NOW + 1 });
    expect((await loadTenant(db, "retired"))?.spKeys.map((key) => key.retiredAt)).toEqual([null, NOW]);
  });
});

describe("failures", () => {
  const down = {
    prepare: (text: string) => env.DB.prepare(text),
    batch: () => Promise.reject(new Error("D1_ERROR: Network connection lost.")),
  } as unknown as D1Database;

  it("of D1 itself are StorageUnavailable, in reads and in writes", async () => {
    const broken = openDatabase(down);
    await expect(loadTenant(broken, "x")).rejects.toBeInstanceOf(StorageUnavailable);
    await expect(checkSession(broken, "c", "s", null)).rejects.toBeInstanceOf(StorageUnavailable);
    await expect(completeSignIn(broken, "c", signInWrite("u"))).rejects.toBeInstanceOf(StorageUnavailable);
    await expect(recordSignIn(openDatabase(withoutTables()), "c", signInRow())).rejects.toBeInstanceOf(
      StorageUnavailable,
    );
  });

  function withoutTables(): D1Database {
    const prepare = (text: string) => env.DB.prepare(text.replaceAll("sign_ins", "no_such_table"));
    return { prepare, batch: env.DB.batch.bind(env.DB) } as unknown as D1Database;
  }
});

it("e-mail addresses are compared by A to Z alone", () => {
  expect(emailKey("B.Simon@CONTOSO.example")).toBe("b.simon@contoso.example");
  expect(emailKey("\u0130\u212A\u00C4@x")).toBe("\u0130\u212A\u00C4@x");
});

it("ids grow with time", () => {
  const ids = Array.from({ length: 100 }, newId);
  expect([...ids].sort()).toEqual(ids);
});
