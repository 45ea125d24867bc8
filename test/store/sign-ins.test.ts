import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  checkSession,
  completeSignIn,
  deleteUser,
  findUser,
  findUserByEmail,
  listAudit,
  listSessions,
  listSignIns,
  newId,
  openDatabase,
  prepareSignIn,
  recordSignIn,
  SIGN_IN_CHECKS_MAX,
  SIGN_IN_TEXT_CHARS_MAX,
  updateUser,
} from "../../src/store/index.ts";
import { auditRow, companyWithUser, NOW, sessionRow, signInRow, signInWrite, userRow } from "./rows.ts";

const db = openDatabase(env.DB);
const all = { after: null, limit: 200 };

async function counts(companyId: string) {
  const of = async (table: string) =>
    (await env.DB.prepare(`select count(*) as n from ${table} where company_id = ?`)
      .bind(companyId)
      .first<number>("n")) ?? 0;
  return {
    users: await of("users"),
    sessions: await of("sessions"),
    signIns: await of("sign_ins"),
    requests: await of("used_requests"),
    assertions: await of("used_assertions"),
    audit: await of("audit"),
  };
}

describe("completeSignIn", () => {
  it("writes the session, the record and the uses together", async () => {
    const { company, user } = await companyWithUser(db, "together");
    const before = await counts(company.id);
    const write = signInWrite(user.id);
    expect(await completeSignIn(db, company.id, write)).toBe("done");
    expect(await counts(company.id)).toEqual({ ...before, sessions: 1, signIns: 1, requests: 1, assertions: 1 });
    const checked = await checkSession(db, company.id, write.session.id, null);
    expect(checked?.session).toEqual(write.session);
    expect(checked?.user.lastSignInAt).toBe(NOW);
    expect(checked?.user.version, "a sign-in that changes nothing leaves the version").toBe(1);
    expect(checked?.companyStatus).toBe("active");
  });

  it("has one winner among 32 at once with the same assertion and request", async () => {
    const { company, user } = await companyWithUser(db, "race-request");
    const write = signInWrite(user.id);
    const results = await Promise.all(
      Array.from({ length: 32 }, () =>
        completeSignIn(db, company.id, { ...write, session: sessionRow(user.id), signIn: signInRow() }),
      ),
    );
    expect(results.filter((result) => result === "done")).toHaveLength(1);
    expect(results.filter((result) => result === "request_used")).toHaveLength(31);
    expect(await counts(company.id)).toMatchObject({ sessions: 1, signIns: 1, requests: 1, assertions: 1 });
  });

  it("has one winner among 32 at once with the same unsolicited assertion", async () => {
    const { company, user } = await companyWithUser(db, "race-assertion");
    const write = signInWrite(user.id, { requestId: null });
    const results = await Promise.all(
      Array.from({ length: 32 }, () =>
        completeSignIn(db, company.id, { ...write, session: sessionRow(user.id), signIn: signInRow() }),
      ),
    );
    expect(results.filter((result) => result === "done")).toHaveLength(1);
    expect(results.filter((result) => result === "assertion_used")).toHaveLength(31);
    expect(await counts(company.id)).toMatchObject({ sessions: 1, signIns: 1, requests: 0, assertions: 1 });
  });

  it("creates one user when 16 first sign-ins of the same person arrive at once", async () => {
    const { company, group } = await companyWithUser(db, "race-create");
    const results = await Promise.all(
      Array.from({ length: 16 }, () => {
        const user = userRow(group.id, "New.Person@contoso.example");
        return completeSignIn(db, company.id, {
          ...signInWrite(user.id),
          user: { kind: "create", user },
        });
      }),
    );
    expect(results.filter((result) => result === "done")).toHaveLength(1);
    expect(results.filter((result) => result === "user_changed")).toHaveLength(15);
    expect(await counts(company.id)).toMatchObject({ users: 2, sessions: 1, requests: 1, assertions: 1 });
    expect((await findUserByEmail(db, company.id, "NEW.person@contoso.example"))?.lastSignInAt).toBe(NOW);
  });

  it("takes the same assertion id from another issuer, and of another company", async () => {
    const { company, user } = await companyWithUser(db, "issuer-one");
    const other = await companyWithUser(db, "issuer-two");
    const write = signInWrite(user.id, { requestId: null, assertionId: "_same" });
    expect(await completeSignIn(db, company.id, write)).toBe("done");
    const elsewhere = { ...write, issuer: "https://other.example/", session: sessionRow(user.id), signIn: signInRow() };
    expect(await completeSignIn(db, company.id, elsewhere)).toBe("done");
    const theirs = signInWrite(other.user.id, { requestId: null, assertionId: "_same" });
    expect(await completeSignIn(db, other.company.id, theirs)).toBe("done");
  });

  it("applies changes under the next version and records who changed what", async () => {
    const { company, user, group } = await companyWithUser(db, "changes");
    const subject = { issuer: "https://idp.example/", kind: "userKey" as const, value: "oid-1" };
    const write = signInWrite(user.id, {
      user: { kind: "update", userId: user.id, changes: { lastName: "Simon-Lee", subject }, expectedVersion: 1 },
    });
    expect(await completeSignIn(db, company.id, write)).toBe("done");
    expect(await findUser(db, company.id, user.id)).toMatchObject({ lastName: "Simon-Lee", subject, version: 2 });
    const [record] = await listAudit(db, company.id, { after: null, limit: 1 });
    expect(record).toMatchObject({
      actor: "sign-in",
      action: "update",
      resource: "user",
      resourceId: user.id,
      before: { email: user.email, firstName: "Britta", lastName: "Simon", company: "Contoso", groupId: group.id },
      after: { lastName: "Simon-Lee", subject },
    });
  });

  const spoilers: [string, (companyId: string, userId: string) => Promise<unknown>][] = [
    [
      "was disabled",
      (companyId, userId) => updateUser(db, companyId, userId, 1, { status: "disabled" }, auditRow(companyId)),
    ],
    [
      "was changed",
      (companyId, userId) => updateUser(db, companyId, userId, 1, { firstName: "B." }, auditRow(companyId)),
    ],
    ["was deleted", (companyId, userId) => deleteUser(db, companyId, userId, 1, auditRow(companyId))],
  ];
  for (const [what, spoil] of spoilers) {
    for (const changes of [{}, { firstName: "Changed" }]) {
      it(`writes nothing when the user ${what} meanwhile (${Object.keys(changes).length} changes)`, async () => {
        const slug = `spoil-${what.slice(4)}-${Object.keys(changes).length}`;
        const { company, user } = await companyWithUser(db, slug);
        await spoil(company.id, user.id);
        const before = await counts(company.id);
        const write = signInWrite(user.id, {
          user: { kind: "update", userId: user.id, changes, expectedVersion: 1 },
        });
        expect(await completeSignIn(db, company.id, write)).toBe("user_changed");
        expect(await counts(company.id)).toEqual(before);
      });
    }
  }

  it("refuses a disabled user even when its version is the expected one", async () => {
    const { company, user } = await companyWithUser(db, "disabled-now");
    await updateUser(db, company.id, user.id, 1, { status: "disabled" }, auditRow(company.id));
    const write = signInWrite(user.id, { user: { kind: "update", userId: user.id, changes: {}, expectedVersion: 2 } });
    expect(await completeSignIn(db, company.id, write)).toBe("user_changed");
  });

  it("cannot give a user of one company a group or a session of another", async () => {
    const { company, user } = await companyWithUser(db, "mine");
    const other = await companyWithUser(db, "theirs");
    const moved = signInWrite(user.id, {
      user: { kind: "update", userId: user.id, changes: { groupId: other.group.id }, expectedVersion: 1 },
    });
    expect(await completeSignIn(db, company.id, moved)).toBe("user_changed");
    const stranger = userRow(other.group.id, "x@contoso.example");
    const created = { ...signInWrite(stranger.id), user: { kind: "create" as const, user: stranger } };
    expect(await completeSignIn(db, company.id, created)).toBe("user_changed");
    const foreign = signInWrite(other.user.id, { session: sessionRow(other.user.id) });
    expect(await completeSignIn(db, company.id, foreign)).toBe("user_changed");
  });
});

describe("prepareSignIn", () => {
  it("finds the user by e-mail in either case, and by a subject of this company only", async () => {
    const { company, user } = await companyWithUser(db, "prepare");
    const other = await companyWithUser(db, "prepare-other");
    const subject = { issuer: "https://idp.example/", kind: "userKey" as const, value: "oid-7" };
    await updateUser(db, company.id, user.id, 1, { subject }, auditRow(company.id));
    const q = {
      requestId: "_r",
      issuer: subject.issuer,
      assertionId: "_a",
      subjects: [],
      email: "B.SIMON@CONTOSO.example",
    };
    const byEmail = await prepareSignIn(db, company.id, q);
    expect(byEmail.users.map((found) => found.id)).toEqual([user.id]);
    const bySubject = await prepareSignIn(db, company.id, { ...q, email: "no@one.example", subjects: [subject] });
    expect(bySubject.users.map((found) => found.id)).toEqual([user.id]);
    expect(bySubject.groups).toHaveLength(1);
    const elsewhere = await prepareSignIn(db, other.company.id, { ...q, email: "no@one.example", subjects: [subject] });
    expect(elsewhere.users).toEqual([]);
  });

  it("does not fold letters beyond A to Z: a Kelvin sign is not a k", async () => {
    const { company } = await companyWithUser(db, "kelvin", "kim@contoso.example");
    const q = { requestId: null, issuer: "i", assertionId: "_a", subjects: [], email: "\u212Aim@contoso.example" };
    expect((await prepareSignIn(db, company.id, q)).users).toEqual([]);
  });

  it("tells what is used, the settings' version and the company's status", async () => {
    const { company, user } = await companyWithUser(db, "used");
    const write = signInWrite(user.id);
    const q = {
      requestId: write.requestId,
      issuer: write.issuer,
      assertionId: write.assertionId,
      subjects: [],
      email: "",
    };
    expect(await prepareSignIn(db, company.id, q)).toMatchObject({ requestUsed: false, assertionUsed: false });
    await completeSignIn(db, company.id, write);
    expect(await prepareSignIn(db, company.id, q)).toMatchObject({
      requestUsed: true,
      assertionUsed: true,
      settingsVersion: null,
      companyStatus: "active",
    });
    expect((await prepareSignIn(db, newId(), q)).companyStatus, "a company that is gone").toBe("suspended");
  });

  it("takes as many subjects as an assertion can stand for within D1's hundred parameters", async () => {
    const { company } = await companyWithUser(db, "many-subjects");
    const subjects = Array.from({ length: 50 }, (_, n) => ({ issuer: "i", kind: "nameId" as const, value: `${n}` }));
    const q = { requestId: null, issuer: "i", assertionId: "_a", subjects, email: "x@y.example" };
    expect((await prepareSignIn(db, company.id, q)).users).toEqual([]);
  });
});

describe("sign-in records", () => {
  it("come newest first, page by page, and by reference", async () => {
    const { company } = await companyWithUser(db, "records");
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      const record = signInRow({ outcome: "refused", code: "audience_mismatch", reference: `REF-${n}` });
      ids.unshift(record.id);
      await recordSignIn(db, company.id, record);
    }
    const first = await listSignIns(db, company.id, null, { after: null, limit: 3 });
    const second = await listSignIns(db, company.id, null, { after: first[2]!.id, limit: 3 });
    expect([...first, ...second].map((record) => record.id)).toEqual(ids);
    const [named] = await listSignIns(db, company.id, "REF-2", all);
    expect(named?.id).toBe(ids[2]);
  });

  it("keep hostile text whole in meaning but bounded in size", async () => {
    const { company } = await companyWithUser(db, "bounded");
    const received = `${"x".repeat(SIGN_IN_TEXT_CHARS_MAX - 1)}\u{1F600}${"<script>".repeat(100_000)}`;
    const check = { name: "issuer", ok: false, expected: null, received };
    const checks = Array.from({ length: 500 }, () => check);
    await recordSignIn(db, company.id, signInRow({ checks, email: "e".repeat(100_000) }));
    const [record] = await listSignIns(db, company.id, null, all);
    expect(record?.checks).toHaveLength(SIGN_IN_CHECKS_MAX);
    expect(record?.checks[0]?.received).toBe(`${"x".repeat(SIGN_IN_TEXT_CHARS_MAX - 1)}…`);
    expect(record?.email).toHaveLength(SIGN_IN_TEXT_CHARS_MAX + 1);
  });

  it("of a company that is gone are dropped without an error", async () => {
    await recordSignIn(db, newId(), signInRow());
    expect(await listSessions(db, newId(), null, all)).toEqual([]);
  });
});
