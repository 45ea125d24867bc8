/** Every statement that the store issues is explained by SQLite itself: none may read a table or an index from end to end. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import * as store from "../../src/store/index.ts";
import {
  assertionKeyRow,
  auditRow,
  companyRow,
  companyWithUser,
  draftRow,
  groupRow,
  invitationRow,
  NOW,
  passkeyRow,
  sessionRow,
  settingsRow,
  signInRow,
  signInWrite,
  sourceRow,
  spKeyRow,
  testedWrite,
  userRow,
} from "./rows.ts";

type Functions = {
  [K in keyof typeof store as (typeof store)[K] extends (db: store.Database, ...rest: never[]) => Promise<unknown>
    ? K
    : never]: unknown;
};
type Calls = Record<keyof Functions, (db: store.Database, ids: Ids) => Promise<unknown>>;
interface Ids {
  company: string;
  slug: string;
  group: string;
  user: string;
}

const page = { after: "x", limit: 10 };
const start = { after: null, limit: 10 };
const record = (ids: Ids) => auditRow(ids.company);
const limit = (bucket: string) => ({ bucket, max: 1 });
const limits = { pair: limit("p"), address: limit("a"), email: limit("e") };
const claim = { actor: "operator", key: "k", requestSha256: "hash", createdAt: NOW };
const subject = (value: string) => ({ issuer: "https://idp.example/", kind: "nameId" as const, value });

/** Each function that talks to D1, called so that it issues every statement it has. The type demands all of them. */
const calls: Calls = {
  loadTenant: (db, ids) => store.loadTenant(db, ids.slug),
  findCompany: (db, ids) => store.findCompany(db, ids.slug),
  listCompanies: (db) => store.listCompanies(db, start),
  searchCompanies: async (db) => {
    await store.searchCompanies(db, "a", page);
    await store.searchCompanies(db, "a", start);
  },
  findLogo: (db, ids) => store.findLogo(db, ids.company),
  saveLogo: async (db, ids) => {
    const logo = { contentType: "image/png", bytes: new Uint8Array(1), sha256: "s" };
    await store.saveLogo(db, ids.company, 0, logo, record(ids));
    await store.saveLogo(db, ids.company, 0, null, record(ids));
  },
  findSlugs: (db, ids) => store.findSlugs(db, [ids.company, "x"]),
  createCompany: (db) => {
    const company = companyRow("plan-new");
    return store.createCompany(db, company, assertionKeyRow(), auditRow(company.id));
  },
  findPlacement: (db, ids) => store.findPlacement(db, ids.slug),
  takePlacement: (db) => store.takePlacement(db, "plan-placed", "DB_TWO"),
  dropPlacement: (db) => store.dropPlacement(db, "plan-placed", "DB_TWO"),
  updateCompany: (db, ids) =>
    store.updateCompany(db, ids.company, 1, { name: "N", signInRetentionDays: 30 }, record(ids)),
  insertAssertionKey: (db, ids) => store.insertAssertionKey(db, ids.company, assertionKeyRow()),
  beginAssertionKey: (db, ids) => store.beginAssertionKey(db, ids.company, assertionKeyRow(), NOW, record(ids)),
  retireAssertionKey: (db, ids) => store.retireAssertionKey(db, ids.company, "x", NOW, record(ids)),
  listAssertionKeys: (db, ids) => store.listAssertionKeys(db, ids.company),
  findDueAssertionKeys: (db) =>
    store.findDueAssertionKeys(db, { oldBy: NOW, announcedBy: NOW, latelySince: NOW - 1 }, 10),
  insertSpKey: (db, ids) => store.insertSpKey(db, ids.company, spKeyRow("signing")),
  beginSpKeyRollover: (db, ids) =>
    store.beginSpKeyRollover(db, ids.company, { ...spKeyRow("encryption"), activatedAt: null }, record(ids)),
  activateSpKey: (db, ids) => store.activateSpKey(db, ids.company, "x", record(ids)),
  retireSpKey: (db, ids) => store.retireSpKey(db, ids.company, "x", record(ids)),
  listSpKeys: (db, ids) => store.listSpKeys(db, ids.company),
  readDatabaseState: (db) => store.readDatabaseState(db),
  listWrappedKeys: async (db) => {
    for (const table of store.WRAPPED_KEY_TABLES) await store.listWrappedKeys(db, table, null, 10);
  },
  replaceWrappedKeys: async (db, ids) => {
    const from = { companyId: ids.company, id: "k", wrapped: "sealed" };
    for (const table of store.WRAPPED_KEY_TABLES) await store.replaceWrappedKeys(db, table, [{ from, to: "anew" }]);
  },
  createGroup: (db, ids) => store.createGroup(db, ids.company, groupRow(), record(ids)),
  findGroup: (db, ids) => store.findGroup(db, ids.company, ids.group),
  listGroups: (db, ids) => store.listGroups(db, ids.company, page),
  updateGroup: (db, ids) => store.updateGroup(db, ids.company, ids.group, 1, { title: "T" }, record(ids)),
  saveSamlSettings: async (db, ids) => {
    const mapped = { ...settingsRow(ids.group), groupMapping: [{ claim: "c", value: "v", groupId: ids.group }] };
    await store.saveSamlSettings(db, ids.company, null, mapped, [spKeyRow("encryption")], record(ids));
    await store.saveSamlSettings(db, ids.company, 1, { ...mapped, version: 2 }, [], record(ids));
  },
  findSamlSettings: (db, ids) => store.findSamlSettings(db, ids.company),
  listSamlVersions: async (db, ids) => {
    await store.listSamlVersions(db, ids.company, start);
    await store.listSamlVersions(db, ids.company, { after: "2", limit: 10 });
  },
  saveMetadataSource: async (db, ids) => {
    await store.saveMetadataSource(db, ids.company, null, sourceRow(1), record(ids));
    await store.saveMetadataSource(db, ids.company, 1, sourceRow(2), record(ids));
    await store.saveMetadataSource(db, ids.company, 2, sourceRow(3), null);
  },
  findMetadataSource: (db, ids) => store.findMetadataSource(db, ids.company),
  listDueMetadataSources: (db) => store.listDueMetadataSources(db, NOW, 10),
  claimMetadataSource: (db, ids) =>
    store.claimMetadataSource(db, { companyId: ids.company, slug: ids.slug, nextAt: NOW }, NOW + 1),
  deleteMetadataSource: (db, ids) => store.deleteMetadataSource(db, ids.company, 3, record(ids)),
  findSamlVersion: (db, ids) => store.findSamlVersion(db, ids.company, 1),
  findSamlDraft: (db, ids) => store.findSamlDraft(db, ids.company),
  saveSamlDraft: async (db, ids) => {
    await store.saveSamlDraft(db, ids.company, null, draftRow(1), [spKeyRow("signing")], record(ids));
    await store.saveSamlDraft(db, ids.company, 1, draftRow(2), [], record(ids));
    await store.saveSamlSettings(db, ids.company, 2, { ...settingsRow(null), version: 3 }, [], record(ids), 2);
  },
  recordTestedSignIn: (db, ids) => store.recordTestedSignIn(db, ids.company, testedWrite(2)),
  deleteSamlDraft: (db, ids) => store.deleteSamlDraft(db, ids.company, 2, record(ids)),
  findWaysIn: (db, ids) => store.findWaysIn(db, ids.company, ids.user, "urn:x"),
  createUser: (db, ids) => store.createUser(db, ids.company, userRow(ids.group, "plan@x.example"), record(ids)),
  findUser: (db, ids) => store.findUser(db, ids.company, ids.user),
  findUserByEmail: (db, ids) => store.findUserByEmail(db, ids.company, "plan@x.example"),
  listUsers: (db, ids) => store.listUsers(db, ids.company, page),
  searchUsers: (db, ids) => store.searchUsers(db, ids.company, "b", page),
  findUsersByEmails: (db, ids) => store.findUsersByEmails(db, ids.company, ["b@x.example", "c@x.example"]),
  writeUsers: (db, ids) => {
    const user = {
      ...userRow(ids.group, "list@x.example"),
      version: 1,
      createdAt: NOW,
      updatedAt: NOW,
      lastSignInAt: null,
    };
    return store.writeUsers(db, ids.company, [{ user, expectedVersion: null, record: record(ids) }]);
  },
  hasMappedUsers: (db, ids) => store.hasMappedUsers(db, ids.company),
  hasOtherAdministrator: (db, ids) => store.hasOtherAdministrator(db, ids.company, ids.user),
  updateUser: (db, ids) =>
    store.updateUser(db, ids.company, ids.user, 1, { email: "b@x.example", subject: subject("1") }, record(ids)),
  prepareSignIn: (db, ids) =>
    store.prepareSignIn(db, ids.company, {
      requestId: "_r",
      issuer: "i",
      assertionId: "_a",
      subjects: [subject("1"), subject("2")],
      email: "b@x.example",
    }),
  completeSignIn: async (db, ids) => {
    const update = (changes: store.UserChanges, expectedVersion: number) => ({
      ...signInWrite(ids.user),
      user: { kind: "update" as const, userId: ids.user, changes, expectedVersion },
    });
    await store.completeSignIn(db, ids.company, update({ firstName: "B" }, 2));
    await store.completeSignIn(db, ids.company, update({}, 3));
    const user = userRow(ids.group, "created@x.example");
    await store.completeSignIn(db, ids.company, { ...signInWrite(user.id), user: { kind: "create", user } });
  },
  recordSignIn: (db, ids) => store.recordSignIn(db, ids.company, signInRow()),
  findSignIn: (db, ids) => store.findSignIn(db, ids.company, "x"),
  listSignIns: async (db, ids) => {
    await store.listSignIns(db, ids.company, null, page);
    await store.listSignIns(db, ids.company, "REF-1", start);
  },
  searchSignIns: async (db, ids) => {
    await store.searchSignIns(db, ids.company, { outcome: "refused", code: "c", email: "e", from: 1, to: 2 }, page);
    await store.searchSignIns(db, ids.company, { outcome: "refused" }, start);
  },
  takeSealedMessage: (db, ids) => store.takeSealedMessage(db, ids.company, "x", record(ids)),
  checkSession: (db, ids) => store.checkSession(db, ids.company, sessionRow(ids.user).id, { lastSeenAt: NOW }),
  keepPost: (db, ids) =>
    store.keepPost(db, ids.company, {
      id: "kept",
      userId: ids.user,
      path: "/",
      contentType: "",
      body: new Uint8Array(3),
      createdAt: NOW,
      expiresAt: NOW + 1,
    }),
  findKeptPost: (db, ids) => store.findKeptPost(db, ids.company, "kept", NOW),
  takeKeptPost: (db, ids) => store.takeKeptPost(db, ids.company, { id: "x", userId: ids.user, path: "/", now: NOW }),
  discardKeptPost: (db, ids) => store.discardKeptPost(db, ids.company, "x"),
  findSession: (db, ids) => store.findSession(db, ids.company, "x"),
  listSessions: async (db, ids) => {
    await store.listSessions(db, ids.company, null, page);
    await store.listSessions(db, ids.company, ids.user, start);
  },
  endOwnSessions: async (db, ids) => {
    await store.endOwnSessions(db, ids.company, { userId: ids.user, only: "x" }, record(ids));
    await store.endOwnSessions(db, ids.company, { userId: ids.user, allBut: "x" }, record(ids));
  },
  endSession: async (db, ids) => {
    await store.endSession(db, ids.company, "x");
    await store.endSession(db, ids.company, "x", record(ids));
  },
  endSessionsByLogout: async (db, ids) => {
    const nameID = { value: "n", nameQualifier: null, spNameQualifier: null };
    const logout = {
      issuers: ["i", "j"],
      nameID,
      formats: [],
      sessionIndexes: [],
      messageId: "_l",
      rememberUntil: NOW,
    };
    await store.endSessionsByLogout(db, ids.company, logout);
    const qualified = { value: "n", nameQualifier: "q", spNameQualifier: "r" };
    const narrow = { ...logout, nameID: qualified, formats: ["f"], sessionIndexes: ["s", "t"], messageId: "_m" };
    await store.endSessionsByLogout(db, ids.company, narrow);
  },
  endSessionsOfUser: async (db, ids) => {
    await store.endSessionsOfUser(db, ids.company, ids.user);
    await store.endSessionsOfUser(db, ids.company, null, record(ids));
  },
  createToken: (db, ids) =>
    store.createToken(db, ids.company, { id: "t", name: "n", createdAt: NOW, expiresAt: null }, "hash", record(ids)),
  findToken: (db, ids) => store.findToken(db, ids.company, "t"),
  findTokenByHash: (db) => store.findTokenByHash(db, "hash"),
  listTokens: (db, ids) => store.listTokens(db, ids.company, page),
  deleteToken: (db, ids) => store.deleteToken(db, ids.company, "t", record(ids)),
  listAudit: async (db, ids) => {
    await store.listAudit(db, ids.company, page);
    await store.listAudit(db, null, page);
    await store.listAudit(db, null, start);
  },
  sealAudit: (db, ids) => store.sealAudit(db, ids.company),
  sealPending: (db) => store.sealPending(db),
  findAuditSpan: (db, ids) => store.findAuditSpan(db, ids.company, 0, NOW),
  listAuditChain: (db, ids) => store.listAuditChain(db, ids.company, { after: 0, last: 9, limit: 10 }),
  prepareLocalSignIn: (db, ids) =>
    store.prepareLocalSignIn(db, ids.company, { email: "b@x.example", limits, now: NOW, windowMs: 1 }),
  completeLocalSignIn: (db, ids) =>
    store.completeLocalSignIn(db, ids.company, {
      now: NOW,
      userId: ids.user,
      password: "kept",
      keepAnew: "kept anew",
      limits,
      session: sessionRow(ids.user),
      signIn: signInRow(),
    }),
  createInvitation: (db, ids) => store.createInvitation(db, ids.company, invitationRow(ids.user), "token", record(ids)),
  listInvitations: (db, ids) => store.listInvitations(db, ids.company, "setup", page),
  listPendingInvitations: async (db, ids) => {
    await store.listPendingInvitations(db, ids.company, ids.user, start);
    await store.listPendingInvitations(db, ids.company, null, page);
  },
  findInvitation: (db, ids) => store.findInvitation(db, ids.company, "invitation", "x"),
  deleteInvitation: (db, ids) => store.deleteInvitation(db, ids.company, "invitation", "x", record(ids)),
  prepareInvitation: (db, ids) => store.prepareInvitation(db, ids.company, "token"),
  acceptInvitation: async (db, ids) => {
    const group = { ...groupRow(), type: "administrator" as const, ssoOnly: false };
    const user = userRow(group.id, "invited@x.example");
    await store.acceptInvitation(db, ids.company, {
      now: NOW,
      tokenSha256: "token",
      record: record(ids),
      newGroup: { group, record: record(ids) },
      user,
      newUser: { user, record: record(ids) },
      password: "kept",
      session: sessionRow(user.id),
      signIn: signInRow(),
    });
  },
  claimIdempotencyKey: (db) => store.claimIdempotencyKey(db, claim, { abandonedAt: NOW, forgottenAt: NOW }),
  keepIdempotentAnswer: (db) => store.keepIdempotentAnswer(db, claim, 201, "sealed"),
  releaseIdempotencyKey: (db) => store.releaseIdempotencyKey(db, claim),
  preparePasskeySignIn: (db, ids) =>
    store.preparePasskeySignIn(db, ids.company, { passkeyId: "x", limits, now: NOW, windowMs: 1 }),
  completePasskeySignIn: (db, ids) =>
    store.completePasskeySignIn(db, ids.company, {
      now: NOW,
      passkey: passkeyRow(ids.user),
      signCount: 1,
      challenge: { id: "passkey:a", expiresAt: NOW },
      limits,
      session: sessionRow(ids.user),
      signIn: signInRow(),
    }),
  listPasskeys: (db, ids) => store.listPasskeys(db, ids.company, ids.user),
  findPasskey: (db, ids) => store.findPasskey(db, ids.company, ids.user, "x"),
  preparePasskeys: (db, ids) => store.preparePasskeys(db, ids.company, ids.user),
  addPasskey: (db, ids) =>
    store.addPasskey(db, ids.company, {
      passkey: passkeyRow(ids.user),
      sessionId: "s",
      challenge: { id: "passkey:b", expiresAt: NOW },
      record: record(ids),
    }),
  deletePasskey: (db, ids) => store.deletePasskey(db, ids.company, ids.user, "x", record(ids)),
  deletePasskeysOfUser: (db, ids) => store.deletePasskeysOfUser(db, ids.company, ids.user, record(ids)),
  findGroupsWithUsers: (db, ids) => store.findGroupsWithUsers(db, ids.company, [ids.group]),
  writeConfiguration: (db, ids) => {
    const group = groupRow();
    const gone = { id: "x", group: null, expectedVersion: 1, record: record(ids) };
    const groups = [{ id: group.id, group, expectedVersion: null, record: record(ids) }, gone];
    const company = { expectedVersion: 1, changes: { name: "N" }, record: record(ids) };
    return store.writeConfiguration(db, ids.company, { company, groups, saml: null });
  },
  purgeExpired: (db) => store.purgeExpired(db, NOW),
  deleteUser: async (db, ids) => {
    await store.deleteUser(db, ids.company, ids.user, 3, record(ids), true);
    await store.deleteUser(db, ids.company, ids.user, 3, record(ids));
  },
  deleteGroup: (db, ids) => store.deleteGroup(db, ids.company, ids.group, 2, record(ids)),
  deleteCompany: (db, ids) => store.deleteCompany(db, ids.company, 2, record(ids)),
};

/** A D1 that notes the text of every statement prepared on it. */
function recording(d1: D1Database, seen: Set<string>): D1Database {
  const recorder: Pick<D1Database, "prepare" | "batch"> = {
    prepare(text) {
      seen.add(text);
      return d1.prepare(text);
    },
    batch: (statements) => d1.batch(statements),
  };
  return recorder as D1Database;
}

async function planOf(text: string): Promise<string[]> {
  const parameters = text.split("?").length - 1;
  const statement = env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`).bind(...Array(parameters).fill(null));
  const { results } = await statement.all<{ detail: string }>();
  return results.map((row) => row.detail);
}

/** SCAN of a table or an index. A row of constants is not one, nor a list that came as a parameter; a walk along an index that LIMIT ends early is named below. */
const scans = (plan: string[]) =>
  plan.filter((detail) => /^SCAN (?!CONSTANT ROW|\d+-ROW VALUES CLAUSE|json_each VIRTUAL TABLE)/.test(detail));

describe("query plans", () => {
  const statements = new Set<string>();

  beforeAll(async () => {
    const db = store.openDatabase(recording(env.DB, statements));
    const { company, group, user } = await companyWithUser(db, "plan");
    const ids = { company: company.id, slug: company.slug, group: group.id, user: user.id };
    for (const call of Object.values(calls)) await call(db, ids);
  });

  it("were collected from every function of the store that talks to D1", () => {
    expect(statements.size).toBeGreaterThan(60);
  });

  it("never read a table or an index from end to end", async () => {
    const found: string[] = [];
    for (const text of statements) {
      const bad = scans(await planOf(text));
      // The newest audit of all companies: the primary key walked backwards, ended by LIMIT. There is no key to search by.
      const walksNewest = text.includes('from "audit" order by "audit"."id" desc limit ?');
      // Companies with unsealed records: the partial index holds only such records, and LIMIT ends the walk.
      const walksUnsealed = bad.every((detail) => detail.includes("audit_unsealed")) && text.includes("limit ?");
      if (bad.length > 0 && !walksNewest && !walksUnsealed) found.push(`${bad.join("; ")}: ${text}`);
    }
    expect(found).toEqual([]);
  });

  it("sort no more than what one company has of keys", async () => {
    const sorts: string[] = [];
    for (const text of statements) {
      const plan = await planOf(text);
      if (plan.some((detail) => detail.startsWith("USE TEMP B-TREE"))) sorts.push(text);
    }
    expect(sorts.filter((text) => !/from "(assertion|sp)_keys"/.test(text))).toEqual([]);
  });

  it("would be found bad if one did scan", async () => {
    expect(scans(await planOf("select * from users where first_name = ?"))).toHaveLength(1);
    expect(scans(await planOf("delete from sign_ins where code = ?"))).toHaveLength(1);
  });
});

describe("foreign keys", () => {
  it("are enforced, and each has an index to look its children up by", async () => {
    expect(await env.DB.prepare("PRAGMA foreign_keys").first("foreign_keys")).toBe(1);
    const missing: string[] = [];
    const tables = await rows<{ name: string }>("PRAGMA table_list");
    for (const { name: table } of tables.filter(({ name }) => !/^(sqlite_|d1_|_cf_)/.test(name))) {
      const indexes: string[] = [];
      for (const { name } of await rows<{ name: string }>(`PRAGMA index_list("${table}")`)) {
        const columns = await rows<{ name: string }>(`PRAGMA index_info("${name}")`);
        indexes.push(`${columns.map((column) => column.name).join(",")},`);
      }
      const keys = new Map<number, string[]>();
      for (const { id, from } of await rows<{ id: number; from: string }>(`PRAGMA foreign_key_list("${table}")`)) {
        keys.set(id, [...(keys.get(id) ?? []), from]);
      }
      for (const columns of keys.values()) {
        const covered = indexes.some((index) => index.startsWith(`${columns.join(",")},`));
        if (!covered) missing.push(`${table}(${columns.join(",")})`);
      }
    }
    // One row a company: the primary key finds it.
    expect(missing).toEqual(["saml_settings(company_id,jit_group_id)"]);
  });
});

async function rows<T>(text: string): Promise<T[]> {
  return (await env.DB.prepare(text).all<T>()).results;
}
