import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  checkSession,
  completeSignIn,
  deleteUser,
  endSession,
  endSessionsByLogout,
  endSessionsOfUser,
  findSession,
  listAudit,
  listSessions,
  nearestReplica,
  openDatabase,
  type SessionRow,
  updateCompany,
  updateUser,
} from "../../src/store/index.ts";
import { auditRow, companyWithUser, NOW, sessionRow, signInWrite } from "./rows.ts";

const db = openDatabase(env.DB);
const all = { after: null, limit: 200 };

async function withSession(slug: string, more: Partial<SessionRow> = {}) {
  const made = await companyWithUser(db, slug);
  const session = sessionRow(made.user.id, more);
  await completeSignIn(db, made.company.id, signInWrite(made.user.id, { session }));
  return { ...made, session, companyId: made.company.id };
}

async function another(companyId: string, userId: string, more: Partial<SessionRow> = {}) {
  const session = sessionRow(userId, more);
  await completeSignIn(db, companyId, signInWrite(userId, { session }));
  return session;
}

describe("checkSession", () => {
  it("tells the session, the person, the group as they are now, and the company's status", async () => {
    const { companyId, user, group, session } = await withSession("check");
    await updateUser(db, companyId, user.id, 1, { firstName: "Changed" }, auditRow(companyId));
    await updateCompany(db, companyId, 1, { status: "suspended" }, auditRow(companyId));
    const checked = await checkSession(db, companyId, session.id, null);
    expect(checked).toMatchObject({ session, user: { firstName: "Changed" }, companyStatus: "suspended" });
    expect(checked?.group).toEqual(group);
  });

  it("moves the last use forward when told, never back", async () => {
    const { companyId, session } = await withSession("touch");
    const touched = await checkSession(db, companyId, session.id, { lastSeenAt: NOW + 5000 });
    expect(touched?.session.lastSeenAt).toBe(NOW + 5000);
    await checkSession(db, companyId, session.id, { lastSeenAt: NOW + 1000 });
    expect((await findSession(db, companyId, session.id))?.lastSeenAt).toBe(NOW + 5000);
  });

  it("knows no session of another company, and none that ended", async () => {
    const { companyId, session } = await withSession("foreign");
    const other = await companyWithUser(db, "foreign-other");
    expect(await checkSession(db, other.company.id, session.id, { lastSeenAt: NOW })).toBeNull();
    expect(await endSession(db, other.company.id, session.id)).toBe(false);
    expect(await endSession(db, companyId, session.id)).toBe(true);
    expect(await endSession(db, companyId, session.id)).toBe(false);
    expect(await checkSession(db, companyId, session.id, null)).toBeNull();
  });

  it("reads from the nearest replica as well", async () => {
    const { companyId, session } = await withSession("replica");
    expect((await checkSession(nearestReplica(db), companyId, session.id, null))?.session.id).toBe(session.id);
  });
});

describe("ending sessions", () => {
  describe("by a message of the identity provider", () => {
    const said = {
      value: "n@x.example",
      nameQualifier: "https://idp.example/",
      spNameQualifier: "https://sp.example/",
    };
    const row = {
      nameId: said.value,
      nameIdFormat: "urn:format",
      nameQualifier: said.nameQualifier,
      spNameQualifier: said.spNameQualifier,
    };
    const other = "urn:another";
    const issuers = ["https://spelt.otherwise.example/", sessionRow("").issuer];
    const message = { issuers, nameID: said, formats: ["urn:format", "urn:any"], sessionIndexes: [] as string[] };
    let messages = 0;

    it.each<[string, boolean, Partial<SessionRow>, object]>([
      ["says the same", true, row, {}],
      ["says another value", false, row, { nameID: { ...said, value: "N@x.example" } }],
      ["says other Formats", false, row, { formats: [other] }],
      ["says no Format", true, row, { formats: [] }],
      ["says a Format where the session has none", true, { ...row, nameIdFormat: null }, {}],
      ["says another NameQualifier", false, row, { nameID: { ...said, nameQualifier: other } }],
      ["says no NameQualifier", true, row, { nameID: { ...said, nameQualifier: null } }],
      ["says a NameQualifier where the session has none", true, { ...row, nameQualifier: null }, {}],
      ["says another SPNameQualifier", false, row, { nameID: { ...said, spNameQualifier: other } }],
      ["says no SPNameQualifier", true, row, { nameID: { ...said, spNameQualifier: null } }],
      ["names its SessionIndex among others", true, { ...row, sessionIndex: "a" }, { sessionIndexes: ["b", "a"] }],
      ["names another SessionIndex", false, { ...row, sessionIndex: "a" }, { sessionIndexes: ["b"] }],
      [
        "names a SessionIndex where the session has none",
        true,
        { ...row, sessionIndex: null },
        { sessionIndexes: ["b"] },
      ],
      ["is another issuer's", false, { ...row, issuer: "https://other.example/" }, {}],
    ])("that %s: ended is %s", async (_what, ends, more, changes) => {
      const { companyId, session } = await withSession(`message-${messages++}`, more);
      const logout = { ...message, ...changes, messageId: "_1", rememberUntil: NOW };
      expect(await endSessionsByLogout(db, companyId, logout)).toEqual(ends ? [session.id] : []);
      expect((await findSession(db, companyId, session.id)) === null).toBe(ends);
    });
  });

  it("by a message of the identity provider happens once, and for a company that is gone not at all", async () => {
    const { companyId, session } = await withSession("by-message");
    const nameID = { value: session.nameId, nameQualifier: null, spNameQualifier: null };
    const logout = {
      issuers: [session.issuer],
      nameID,
      formats: ["urn:any"],
      sessionIndexes: ["_session1"],
      messageId: "_1",
      rememberUntil: NOW,
    };
    expect(await endSessionsByLogout(db, companyId, logout)).toEqual([session.id]);
    expect(await endSessionsByLogout(db, companyId, logout)).toBe("used");
    expect(await endSessionsByLogout(db, "gone", logout)).toEqual([]);
  });

  it("ends all of one user and of nobody else, and records it", async () => {
    const { companyId, user } = await withSession("everywhere");
    await another(companyId, user.id);
    const other = await withSession("everywhere-other");
    expect(await endSessionsOfUser(db, companyId, user.id, auditRow(companyId, { action: "delete" }))).toBe(2);
    expect(await listSessions(db, companyId, null, all)).toEqual([]);
    expect(await listSessions(db, other.companyId, other.user.id, all)).toHaveLength(1);
    expect((await listAudit(db, companyId, { after: null, limit: 1 }))[0]?.action).toBe("delete");
  });

  it("records the end of one session only where there was one", async () => {
    const { companyId, session } = await withSession("record-end");
    const records = (await listAudit(db, companyId, all)).length;
    expect(await endSession(db, companyId, session.id, auditRow(companyId))).toBe(true);
    expect(await endSession(db, companyId, session.id, auditRow(companyId))).toBe(false);
    expect(await listAudit(db, companyId, all)).toHaveLength(records + 1);
  });

  it("disabling a user ends that user's sessions, and enabling again revives none", async () => {
    const { companyId, user, session } = await withSession("disable-user");
    await updateUser(db, companyId, user.id, 1, { status: "disabled" }, auditRow(companyId));
    await updateUser(db, companyId, user.id, 2, { status: "active" }, auditRow(companyId));
    expect(await checkSession(db, companyId, session.id, null)).toBeNull();
  });

  it("deleting a user ends that user's sessions", async () => {
    const { companyId, user, session } = await withSession("delete-user");
    expect(await deleteUser(db, companyId, user.id, 1, auditRow(companyId))).toBe("done");
    expect(await findSession(db, companyId, session.id)).toBeNull();
  });
});

describe("listSessions", () => {
  it("is newest first, page by page", async () => {
    const { companyId, user, session } = await withSession("pages");
    const second = await another(companyId, user.id);
    const third = await another(companyId, user.id);
    const first = await listSessions(db, companyId, null, { after: null, limit: 2 });
    const rest = await listSessions(db, companyId, null, { after: first[1]!.id, limit: 2 });
    expect([...first, ...rest].map((found) => found.id)).toEqual([third.id, second.id, session.id]);
  });
});
