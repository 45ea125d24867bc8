/** Changes by administrators: the version decides, the audit record stands or falls with the change, companies stay apart. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  createCompany,
  createGroup,
  createToken,
  createUser,
  deleteCompany,
  deleteGroup,
  deleteToken,
  deleteUser,
  findCompany,
  findGroup,
  findSamlSettings,
  findTokenByHash,
  findUser,
  GROUPS_PER_COMPANY_MAX,
  listAudit,
  listCompanies,
  listGroups,
  listTokens,
  listUsers,
  newId,
  openDatabase,
  saveSamlSettings,
  updateCompany,
  updateGroup,
  updateUser,
} from "../../src/store/index.ts";
import {
  assertionKeyRow,
  auditRow,
  companyRow,
  companyWithUser,
  groupRow,
  NOW,
  settingsRow,
  spKeyRow,
  userRow,
} from "./rows.ts";

const db = openDatabase(env.DB);
const all = { after: null, limit: 1000 };
const auditCount = async (companyId: string) => (await listAudit(db, companyId, all)).length;

describe("companies", () => {
  it("have a slug of their own: the second gets slug_taken and leaves nothing behind", async () => {
    await companyWithUser(db, "taken");
    const second = companyRow("taken");
    expect(await createCompany(db, second, assertionKeyRow(), auditRow(second.id))).toBe("slug_taken");
    expect(await auditCount(second.id)).toBe(0);
  });

  it("are listed by slug, page by page", async () => {
    for (const slug of ["list-b", "list-a", "list-c"]) await companyWithUser(db, slug);
    const first = await listCompanies(db, { after: "list-", limit: 2 });
    const rest = await listCompanies(db, { after: first[1]!.slug, limit: 1 });
    expect([...first, ...rest].map((company) => company.slug)).toEqual(["list-a", "list-b", "list-c"]);
  });

  it("change once for two administrators who saw the same version", async () => {
    const { company } = await companyWithUser(db, "two-admins");
    const records = await auditCount(company.id);
    const results = await Promise.all(
      ["One", "Two"].map((name) => updateCompany(db, company.id, 1, { name }, auditRow(company.id))),
    );
    expect(results.sort()).toEqual(["done", "version_changed"]);
    expect((await findCompany(db, "two-admins"))?.version).toBe(2);
    expect(await auditCount(company.id), "the loser left no record").toBe(records + 1);
  });

  it("take everything of theirs with them, but not their audit, and nothing of others", async () => {
    const { company, group, user } = await companyWithUser(db, "going");
    const staying = await companyWithUser(db, "staying");
    const settings = { ...settingsRow(group.id), groupMapping: [{ claim: "c", value: "v", groupId: group.id }] };
    await saveSamlSettings(db, company.id, null, settings, [spKeyRow("signing")], auditRow(company.id));
    const records = await auditCount(company.id);
    const gone = auditRow(company.id, { action: "delete", before: { slug: "going" } });
    expect(await deleteCompany(db, company.id, 1, gone)).toBe("done");
    for (const table of ["groups", "users", "saml_settings", "group_mappings", "sp_keys", "assertion_keys"]) {
      const left = await env.DB.prepare(`select count(*) as n from ${table} where company_id = ?`).bind(company.id);
      expect(await left.first("n"), table).toBe(0);
    }
    expect(await auditCount(company.id)).toBe(records + 1);
    expect(await findUser(db, company.id, user.id)).toBeNull();
    expect(await findUser(db, staying.company.id, staying.user.id)).not.toBeNull();
  });
});

describe("groups", () => {
  it("are not deleted while a user, the just-in-time setting or a mapping names them", async () => {
    const { company, group, user } = await companyWithUser(db, "in-use");
    const free = groupRow("Free");
    await createGroup(db, company.id, free, auditRow(company.id));
    expect(await deleteGroup(db, company.id, group.id, 1, auditRow(company.id))).toBe("in_use");
    await updateUser(db, company.id, user.id, 1, { groupId: free.id }, auditRow(company.id));
    await saveSamlSettings(db, company.id, null, settingsRow(group.id), [], auditRow(company.id));
    expect(await deleteGroup(db, company.id, group.id, 1, auditRow(company.id))).toBe("in_use");
    const mapped = { ...settingsRow(null), version: 2, groupMapping: [{ claim: "c", value: "v", groupId: group.id }] };
    await saveSamlSettings(db, company.id, 1, mapped, [], auditRow(company.id));
    expect(await deleteGroup(db, company.id, group.id, 1, auditRow(company.id))).toBe("in_use");
    await saveSamlSettings(db, company.id, 2, { ...settingsRow(null), version: 3 }, [], auditRow(company.id));
    expect(await deleteGroup(db, company.id, group.id, 1, auditRow(company.id))).toBe("done");
    expect(await findGroup(db, company.id, group.id)).toBeNull();
  });

  it("are at most as many as a sign-in reads", async () => {
    const { company } = await companyWithUser(db, "many-groups");
    const row = env.DB.prepare("insert into groups values (?, ?, 'G', 'member', 0, 1, 0, 0)");
    await env.DB.batch(Array.from({ length: GROUPS_PER_COMPANY_MAX - 1 }, () => row.bind(company.id, newId())));
    expect(await createGroup(db, company.id, groupRow(), auditRow(company.id))).toBe("too_many");
    expect(await listGroups(db, company.id, all)).toHaveLength(GROUPS_PER_COMPANY_MAX);
  });

  it("of a company that is gone are not made", async () => {
    expect(await createGroup(db, newId(), groupRow(), auditRow(newId()))).toBe("company_gone");
  });

  it("are changed and deleted only as their version was seen", async () => {
    const { company, group } = await companyWithUser(db, "group-version");
    expect(await updateGroup(db, company.id, group.id, 1, { title: "T" }, auditRow(company.id))).toBe("done");
    expect(await updateGroup(db, company.id, group.id, 1, { title: "U" }, auditRow(company.id))).toBe(
      "version_changed",
    );
    expect(await deleteGroup(db, company.id, group.id, 1, auditRow(company.id))).toBe("version_changed");
    expect(await findGroup(db, company.id, group.id)).toMatchObject({ title: "T", version: 2 });
    const other = await companyWithUser(db, "group-version-other");
    expect(await updateGroup(db, other.company.id, group.id, 2, { title: "V" }, auditRow(other.company.id))).toBe(
      "version_changed",
    );
  });
});

describe("users", () => {
  it("have an e-mail and a subject of their own within the company, and share both across companies", async () => {
    const { company, group, user } = await companyWithUser(db, "unique");
    const other = await companyWithUser(db, "unique-other");
    const twin = userRow(group.id, user.email.toUpperCase());
    expect(await createUser(db, company.id, twin, auditRow(company.id))).toBe("email_taken");
    const subject = { issuer: "i", kind: "nameId" as const, value: "n" };
    expect(await updateUser(db, company.id, user.id, 1, { subject }, auditRow(company.id))).toBe("done");
    const linked = { ...userRow(group.id, "second@x.example"), subject };
    expect(await createUser(db, company.id, linked, auditRow(company.id))).toBe("subject_taken");
    expect(await updateUser(db, other.company.id, other.user.id, 1, { subject }, auditRow(other.company.id))).toBe(
      "done",
    );
    expect(await listUsers(db, company.id, all)).toHaveLength(1);
  });

  it("cannot join a group of another company", async () => {
    const { company, user } = await companyWithUser(db, "join");
    const other = await companyWithUser(db, "join-other");
    const stranger = userRow(other.group.id, "s@x.example");
    expect(await createUser(db, company.id, stranger, auditRow(company.id))).toBe("group_unknown");
    const moved = await updateUser(db, company.id, user.id, 1, { groupId: other.group.id }, auditRow(company.id));
    expect(moved).toBe("group_unknown");
    expect(await deleteUser(db, other.company.id, user.id, 1, auditRow(other.company.id))).toBe("version_changed");
    expect(await findUser(db, company.id, user.id)).toMatchObject({ groupId: user.groupId, version: 1 });
  });

  it("keep text that looks like SQL, JSON or HTML as text", async () => {
    const { company, group } = await companyWithUser(db, "text");
    const name = `'); DROP TABLE users; -- "<b>\${x}</b>\\ \u{1F600}`;
    const user = { ...userRow(group.id, "o'brien+x@contoso.example"), firstName: name, lastName: '{"a":[1]}' };
    expect(await createUser(db, company.id, user, auditRow(company.id, { after: user }))).toBe("done");
    expect(await findUser(db, company.id, user.id)).toMatchObject(user);
    expect((await listAudit(db, company.id, { after: null, limit: 1 }))[0]?.after).toEqual(user);
  });
});

describe("SAML settings", () => {
  it("come back as they were written, mappings in their order, two hundred of them", async () => {
    const { company, group } = await companyWithUser(db, "settings");
    const groupMapping = Array.from({ length: 200 }, (_, n) => ({ claim: "groups", value: `${n}`, groupId: group.id }));
    const settings = { ...settingsRow(group.id), groupMapping, requestedAuthnContext: ["urn:x"] };
    expect(await saveSamlSettings(db, company.id, null, settings, [], auditRow(company.id))).toBe("done");
    expect(await findSamlSettings(db, company.id)).toEqual(settings);
    const fewer = { ...settings, version: 2, groupMapping: groupMapping.slice(0, 1) };
    expect(await saveSamlSettings(db, company.id, 1, fewer, [], auditRow(company.id))).toBe("done");
    expect(await findSamlSettings(db, company.id)).toEqual(fewer);
  });

  it("are written once by two who saw the same version, the first time too", async () => {
    const { company } = await companyWithUser(db, "settings-race");
    const save = (expected: number | null) =>
      saveSamlSettings(db, company.id, expected, settingsRow(null), [spKeyRow("signing")], auditRow(company.id));
    expect((await Promise.all([save(null), save(null)])).sort()).toEqual(["done", "version_changed"]);
    expect(await save(7)).toBe("version_changed");
    const keys = await env.DB.prepare("select count(*) as n from sp_keys where company_id = ?").bind(company.id);
    expect(await keys.first("n")).toBe(1);
  });

  it("cannot name a group of another company", async () => {
    const { company } = await companyWithUser(db, "settings-group");
    const other = await companyWithUser(db, "settings-group-other");
    const jit = settingsRow(other.group.id);
    expect(await saveSamlSettings(db, company.id, null, jit, [], auditRow(company.id))).toBe("group_unknown");
    const mapped = { ...settingsRow(null), groupMapping: [{ claim: "c", value: "v", groupId: other.group.id }] };
    expect(await saveSamlSettings(db, company.id, null, mapped, [], auditRow(company.id))).toBe("group_unknown");
    expect(await findSamlSettings(db, company.id)).toBeNull();
  });
});

describe("tokens", () => {
  it("are found by the hash of their secret until they are deleted", async () => {
    const { company } = await companyWithUser(db, "tokens");
    const token = { id: newId(), name: "CI", createdAt: NOW, expiresAt: null };
    expect(await createToken(db, company.id, token, "a".repeat(64), auditRow(company.id))).toBe("done");
    expect(await findTokenByHash(db, "a".repeat(64))).toEqual({ companyId: company.id, token });
    expect(await listTokens(db, company.id, all)).toEqual([token]);
    await deleteToken(db, company.id, token.id, auditRow(company.id));
    expect(await findTokenByHash(db, "a".repeat(64))).toBeNull();
    expect(await createToken(db, newId(), token, "b".repeat(64), auditRow(company.id))).toBe("company_gone");
  });
});
