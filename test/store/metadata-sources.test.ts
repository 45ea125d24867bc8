import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  claimMetadataSource,
  deleteCompany,
  deleteMetadataSource,
  findMetadataSource,
  listDueMetadataSources,
  openDatabase,
  saveMetadataSource,
} from "../../src/store/index.ts";
import { auditRow, companyWithUser, NOW, sourceRow } from "./rows.ts";

const db = openDatabase(env.DB);
const audited = async () => (await env.DB.prepare("select count(*) as n from audit").first<number>("n")) ?? -1;

async function following(slug: string, nextAt = NOW) {
  const { company } = await companyWithUser(db, slug);
  const record = () => auditRow(company.id);
  const source = { ...sourceRow(5), nextAt };
  expect(await saveMetadataSource(db, company.id, null, source, record())).toBe("done");
  return { company, record, source };
}

describe("a metadata source", () => {
  it("is written and deleted only over the version that was seen, and then with its record", async () => {
    const { company, record, source } = await following("source-seen", NOW + 9_000);
    const before = await audited();
    for (const [expected, noted] of [
      [null, record()],
      [null, null],
      [4, record()],
      [4, null],
    ] as const) {
      expect(await saveMetadataSource(db, company.id, expected, sourceRow(9), noted)).toBe("version_changed");
    }
    expect(await deleteMetadataSource(db, company.id, 4, record())).toBe("version_changed");
    expect([await audited(), await findMetadataSource(db, company.id)]).toEqual([before, source]);
    const read = { ...source, version: 6, announced: ["MIIC"], failure: "late", failedAt: NOW };
    expect(await saveMetadataSource(db, company.id, 5, read, null)).toBe("done");
    expect([await audited(), await findMetadataSource(db, company.id)]).toEqual([before, read]);
    expect(await saveMetadataSource(db, company.id, 6, { ...read, version: 7 }, record())).toBe("done");
    expect(await deleteMetadataSource(db, company.id, 7, record())).toBe("done");
    expect([await audited(), await findMetadataSource(db, company.id)]).toEqual([before + 2, null]);
  });

  it("is due when its time has come, the longest waiting first, and its turn has one taker", async () => {
    const late = await following("source-late", NOW - 2);
    const later = await following("source-later", NOW - 1);
    await following("source-not-yet", NOW + 1);
    const due = await listDueMetadataSources(db, NOW, 10);
    expect(due.map(({ slug }) => slug)).toEqual(["source-late", "source-later"]);
    expect(await listDueMetadataSources(db, NOW, 1)).toEqual(due.slice(0, 1));
    const takers = await Promise.all([1, 2, 3].map(() => claimMetadataSource(db, due[0]!, NOW + 9)));
    expect(takers.filter(Boolean)).toHaveLength(1);
    expect((await findMetadataSource(db, late.company.id))?.nextAt).toBe(NOW + 9);
    expect((await findMetadataSource(db, later.company.id))?.nextAt).toBe(NOW - 1);
    await deleteCompany(db, later.company.id, later.company.version, later.record());
    expect(await listDueMetadataSources(db, NOW, 10)).toEqual([]);
  });

  it("is of no company that is gone", async () => {
    expect(await saveMetadataSource(db, "nobody", null, sourceRow(1), auditRow("nobody"))).toBe("version_changed");
  });
});
