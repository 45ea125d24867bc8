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
const EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

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
      format: EMAIL,
      nameQualifier: "https://idp.example/",
      spNameQualifier: "https://sp.example/",
    };
    const row = {
      nameId: said.value,
      nameIdFormat: EMAIL,
      nameQualifier: said.nameQualifier,
      spNameQualifier: said.spNameQualifier,
    };
    const other = "urn:another";
    const unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    let messages = 0;

    it.each<[string, boolean, Partial<SessionRow>, Partial<typeof said> | Record<string, string | null>, string[]?]>([
      ["says the same", true, row, said],
      ["says another value", false, row, { ...said, value: "N@x.example" }],
      ["says another Format", false, row, { ...said, format: other }],
      ["says no Format", true, row, { ...said, format: null }],
      ["says that its Format means nothing", true, row, { ...said, format: unspecified }],
      ["says a Format where the session has none", true, { ...row, nameIdFormat: null }, said],
      ["says a Format where the session's means nothing", true, { ...row, nameIdFormat: unspecified }, said],
      ["says another NameQualifier", false, row, { ...said, nameQualifier: other }],
      ["says no NameQualifier", true, row, { ...said, nameQualifier: null }],
      ["says a NameQualifier where the session has none", true, { ...row, nameQualifier: null }, said],
      ["says another SPNameQualifier", false, row, { ...said, spNameQualifier: other }],
      ["says no SPNameQualifier", true, row, { ...said, spNameQualifier: null }],
      ["names its SessionIndex among others", true, { ...row, sessionIndex: "a" }, said, ["b", "a"]],
      ["names another SessionIndex", false, { ...row, sessionIndex: "a" }, said, ["b"]],
      ["names a SessionIndex where the session has none", true, { ...row, sessionIndex: null }, said, ["b"]],
      ["is another issuer's", false, { ...row, issuer: "https://other.example/" }, said],
    ])("that %s: ended is %s", async (_what, ends, more, nameID, sessionIndexes = []) => {
      const { companyId, session } = await withSession(`message-${messages++}`, more);
      const issuers = ["https://spelt.otherwise.example/", sessionRow("").issuer];
      const message = { issuers, nameID: { ...said, ...nameID }, sessionIndexes, messageId: "_1", rememberUntil: NOW };
      expect(await endSessionsByLogout(db, companyId, message)).toEqual(ends ? [session.id] : []);
      expect((await findSession(db, companyId, session.id)) === null).toBe(ends);
    });
  });

  it("by a message of the identity provider happens once, and for a company that is gone not at all", async () => {
    const { companyId, session } = await withSession("by-message");
    const nameID = { value: session.nameId, format: "urn:any", nameQualifier: null, spNameQualifier: null };
    const logout = {
      issuers: [session.issuer],
      nameID,
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
