import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  completeSignIn,
  deleteSamlDraft,
  findSamlDraft,
  findSamlSettings,
  findWaysIn,
  listSamlVersions,
  openDatabase,
  recordTestedSignIn,
  SAML_VERSIONS_MAX,
  saveSamlDraft,
  saveSamlSettings,
} from "../../src/store/index.ts";
import { auditRow, companyWithUser, draftRow, settingsRow, signInWrite, testedWrite } from "./rows.ts";

const db = openDatabase(env.DB);
const count = async (table: string) =>
  (await env.DB.prepare(`select count(*) as n from ${table}`).first<number>("n")) ?? -1;

async function companyWithDraft(slug: string, version = 7) {
  const found = await companyWithUser(db, slug);
  const { company } = found;
  const record = () => auditRow(company.id);
  await saveSamlSettings(db, company.id, null, settingsRow(null), [], record());
  expect(await saveSamlDraft(db, company.id, null, draftRow(version), [], record())).toBe("done");
  return { ...found, record };
}

describe("versions", () => {
  it("are kept of every state, the newest hundred and no more", async () => {
    const { company } = await companyWithUser(db, "versions");
    for (let version = 1; version <= SAML_VERSIONS_MAX + 2; version++) {
      const settings = { ...settingsRow(null), version };
      await saveSamlSettings(db, company.id, version === 1 ? null : version - 1, settings, [], auditRow(company.id));
    }
    const kept = await listSamlVersions(db, company.id, { after: null, limit: 200 });
    expect(kept.map(({ version }) => version)).toEqual(
      Array.from({ length: SAML_VERSIONS_MAX }, (_, index) => SAML_VERSIONS_MAX + 2 - index),
    );
  });

  it("are not made by a change that failed", async () => {
    const { company, record } = await companyWithDraft("versions-failed");
    const settings = { ...settingsRow(null), version: 9 };
    expect(await saveSamlSettings(db, company.id, 8, settings, [], record())).toBe("version_changed");
    expect(await listSamlVersions(db, company.id, { after: null, limit: 9 })).toHaveLength(1);
  });
});

describe("a draft", () => {
  it("is changed, applied and deleted only as the version that was seen, and then wholly", async () => {
    const { company, record } = await companyWithDraft("draft-seen");
    const next = { ...settingsRow(null), version: 2, loginUrl: "https://idp.example/2" };
    const before = await count("audit");
    expect(await saveSamlDraft(db, company.id, null, draftRow(9), [], record())).toBe("version_changed");
    expect(await saveSamlDraft(db, company.id, 6, draftRow(9), [], record())).toBe("version_changed");
    expect(await deleteSamlDraft(db, company.id, 6, record())).toBe("version_changed");
    expect(await saveSamlSettings(db, company.id, 1, next, [], record(), 6)).toBe("version_changed");
    expect((await findSamlSettings(db, company.id))?.version).toBe(1);
    expect(await count("audit")).toBe(before);
    expect(await saveSamlSettings(db, company.id, 1, next, [], record(), 7)).toBe("done");
    expect(await findSamlDraft(db, company.id)).toBeNull();
    expect((await findSamlSettings(db, company.id))?.loginUrl).toBe("https://idp.example/2");
  });

  it("forgets its test when it is changed", async () => {
    const { company, record } = await companyWithDraft("draft-untested");
    expect(await recordTestedSignIn(db, company.id, testedWrite(7))).toBe("done");
    expect(await findSamlDraft(db, company.id)).toMatchObject({ testedVersion: 7, tested: { outcome: "success" } });
    await saveSamlDraft(db, company.id, 7, draftRow(8), [], record());
    expect(await findSamlDraft(db, company.id)).toMatchObject({ version: 8, testedVersion: null, tested: null });
  });
});

describe("a test sign-in", () => {
  it("uses up its request and its assertion, once in the world, and speaks of its own version only", async () => {
    const { company } = await companyWithDraft("tested");
    const write = testedWrite(7);
    expect(await recordTestedSignIn(db, company.id, { ...write, version: 6 })).toBe("draft_changed");
    const [one, two] = await Promise.all([
      recordTestedSignIn(db, company.id, write),
      recordTestedSignIn(db, company.id, write),
    ]);
    expect([one, two].sort()).toEqual(["done", "request_used"]);
    const replayed = testedWrite(7, { assertion: write.assertion });
    expect(await recordTestedSignIn(db, company.id, replayed)).toBe("assertion_used");
    const uses = await env.DB.prepare("select count(*) as n from used_requests where company_id = ?").bind(company.id);
    expect(await uses.first("n")).toBe(1);
  });

  it("keeps no more of hostile claims than a page can show", async () => {
    const { company } = await companyWithDraft("tested-much");
    const write = testedWrite(7);
    const claims = Array.from({ length: 70 }, (_, n) => ({
      name: `c${n}`,
      values: Array(500).fill("x".repeat(9000)),
    }));
    await recordTestedSignIn(db, company.id, { ...write, tested: { ...write.tested, claims } });
    const kept = (await findSamlDraft(db, company.id))?.tested?.claims ?? [];
    expect(kept[0]?.values[0]).toHaveLength(501);
    expect(JSON.stringify(kept).length).toBeLessThan(100_000);
  });
});

it("ways in: single sign-on counts once somebody came in by it, a password only where the group lets it", async () => {
  const { company, group, user } = await companyWithDraft("ways");
  const ways = () => findWaysIn(db, company.id, user.id, "urn:vestibule:local");
  expect(await ways()).toEqual({ singleSignOn: false, local: false });
  await env.DB.prepare("insert into credentials values (?, ?, 'kept', 0)").bind(company.id, user.id).run();
  expect(await ways()).toEqual({ singleSignOn: false, local: false });
  await env.DB.prepare("update groups set sso_only = 0 where id = ?").bind(group.id).run();
  expect(await ways()).toEqual({ singleSignOn: false, local: true });

  const local = signInWrite(user.id);
  await completeSignIn(db, company.id, { ...local, session: { ...local.session, issuer: "urn:vestibule:local" } });
  expect(await ways()).toEqual({ singleSignOn: false, local: true });
  await completeSignIn(db, company.id, signInWrite(user.id));
  expect(await ways()).toEqual({ singleSignOn: true, local: true });
});
