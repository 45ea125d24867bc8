/** Passwords, one-time links and counted attempts, as the database decides them. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  type AcceptedInvitation,
  acceptInvitation,
  completeLocalSignIn,
  createInvitation,
  createUser,
  type Group,
  openDatabase,
  prepareInvitation,
  prepareLocalSignIn,
  updateCompany,
  updateGroup,
  updateUser,
} from "../../src/store/index.ts";
import { auditRow, companyWithUser, groupRow, invitationRow, NOW, sessionRow, signInRow, userRow } from "./rows.ts";

const db = openDatabase(env.DB);
const WINDOW = 60_000;

async function invited(slug: string, token = `token of ${slug}`) {
  const made = await companyWithUser(db, slug);
  const { company, group, user } = made;
  const record = () => auditRow(company.id);
  const opened = await updateGroup(db, company.id, group.id, 1, { ssoOnly: false }, record());
  const invitation = invitationRow(user.id);
  const created = await createInvitation(db, company.id, invitation, token, record());
  expect([opened, created]).toEqual(["done", "done"]);
  const accepted = (more: Partial<AcceptedInvitation> = {}): AcceptedInvitation => ({
    now: NOW,
    tokenSha256: token,
    record: record(),
    newGroup: null,
    newUser: null,
    user,
    password: "kept",
    session: sessionRow(user.id),
    signIn: signInRow(),
    ...more,
  });
  return { ...made, invitation, token, record, accepted };
}

const count = (table: string, companyId: string) =>
  env.DB.prepare(`select count(*) n from ${table} where company_id = ?`).bind(companyId).first("n");

describe("a one-time link", () => {
  it("has one winner of many, and leaves a password, a session and a record behind", async () => {
    const { company, accepted, token } = await invited("race");
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => acceptInvitation(db, company.id, accepted())));
    expect(outcomes.sort()).toEqual(["done", ...Array(15).fill("invitation_gone")]);
    expect(await prepareInvitation(db, company.id, token)).toBeNull();
    for (const table of ["credentials", "sessions", "sign_ins"]) expect(await count(table, company.id)).toBe(1);
  });

  it("is nothing in another company", async () => {
    const { token } = await invited("owner");
    const other = await invited("other");
    expect(await prepareInvitation(db, other.company.id, token)).toBeNull();
    const stolen = other.accepted({ tokenSha256: token });
    expect(await acceptInvitation(db, other.company.id, stolen)).toBe("invitation_gone");
    expect(await count("sessions", other.company.id)).toBe(0);
  });

  it("is over at its end, whoever asks", async () => {
    const { company, accepted, invitation } = await invited("late");
    expect(await acceptInvitation(db, company.id, accepted({ now: invitation.expiresAt }))).toBe("invitation_gone");
    expect(await acceptInvitation(db, company.id, accepted({ now: invitation.expiresAt - 1 }))).toBe("done");
  });

  it("takes the person's other links and earlier sessions of its kind with it, and nobody else's", async () => {
    const { company, group, user, accepted, record } = await invited("several");
    await createInvitation(db, company.id, invitationRow(user.id), "second token", record());
    const other = userRow(group.id, "other@contoso.example");
    await createUser(db, company.id, other, record());
    await createInvitation(db, company.id, invitationRow(other.id), "others token", record());
    const local = { issuer: "local" };
    const first = accepted({ session: sessionRow(user.id, local) });
    expect(await acceptInvitation(db, company.id, first)).toBe("done");
    expect(await count("invitations", company.id)).toBe(1);

    await createInvitation(db, company.id, invitationRow(user.id), "third token", record());
    const again = accepted({ tokenSha256: "third token", session: sessionRow(user.id, local) });
    expect(await acceptInvitation(db, company.id, again)).toBe("done");
    expect(await count("sessions", company.id)).toBe(1);
    expect(await count("credentials", company.id)).toBe(1);
  });

  for (const [who, forbid] of [
    ["a disabled user", (m: Invited) => updateUser(db, m.company.id, m.user.id, 1, { status: "disabled" }, m.record())],
    [
      "a group that is SSO only",
      (m: Invited) => updateGroup(db, m.company.id, m.group.id, 2, { ssoOnly: true }, m.record()),
    ],
    ["a suspended company", (m: Invited) => updateCompany(db, m.company.id, 1, { status: "suspended" }, m.record())],
  ] as const) {
    it(`opens nothing for ${who}, and neither does a password`, async () => {
      const made = await invited(who.replace(/\W/g, ""));
      const { company, user, accepted, record } = made;
      expect(await acceptInvitation(db, company.id, accepted())).toBe("done");
      await createInvitation(db, company.id, invitationRow(user.id), `again ${who}`, record());
      expect(await forbid(made)).toBe("done");
      expect(await acceptInvitation(db, company.id, accepted({ tokenSha256: `again ${who}` }))).toBe("not_allowed");
      expect(await signIn(made)).toBe("not_allowed");
      expect(await count("sign_ins", company.id)).toBe(1);
    });
  }

  it("makes the group and the user that a set-up link needs, once", async () => {
    const { company, record } = await invited("setup");
    const group: Group = { ...groupRow("Administrators"), type: "administrator", ssoOnly: false };
    const user = userRow(group.id, "first@contoso.example");
    const link = {
      id: "s",
      kind: "setup",
      email: user.email,
      firstName: "",
      lastName: "",
      createdAt: NOW,
      expiresAt: NOW + 9,
    } as const;
    await createInvitation(db, company.id, link, "setup token", record());
    const use = {
      now: NOW,
      tokenSha256: "setup token",
      record: record(),
      newGroup: { group, record: record() },
      newUser: { user, record: record() },
      user,
      password: "kept",
      session: sessionRow(user.id),
      signIn: signInRow(),
    };
    const taken = {
      ...use,
      newUser: { user: { ...user, id: "x", email: "b.simon@contoso.example" }, record: record() },
    };
    expect(await acceptInvitation(db, company.id, taken)).toBe("user_changed");
    expect(await acceptInvitation(db, company.id, use)).toBe("done");
    expect(await acceptInvitation(db, company.id, { ...use, record: record() })).toBe("invitation_gone");
  });
});

type Invited = Awaited<ReturnType<typeof invited>>;

const limit = (bucket: string, max: number) => ({ bucket, max });
const limits = { pair: limit("pair", 3), address: limit("address", 5), email: limit("email", 4) };

function signIn({ company, user }: Invited, more: { password?: string; keepAnew?: string } = {}) {
  return completeLocalSignIn(db, company.id, {
    now: NOW,
    userId: user.id,
    password: more.password ?? "kept",
    keepAnew: more.keepAnew ?? null,
    limits,
    session: sessionRow(user.id),
    signIn: signInRow(),
  });
}

describe("a password", () => {
  it("begins a session only while it is still the one that was verified", async () => {
    const made = await invited("changed");
    await acceptInvitation(db, made.company.id, made.accepted());
    expect(await signIn(made, { keepAnew: "kept anew" })).toBe("done");
    expect(await signIn(made)).toBe("not_allowed");
    expect(await signIn(made, { password: "kept anew" })).toBe("done");
  });
});

describe("attempts", () => {
  const attempt = async (companyId: string, now: number, email = "b.simon@contoso.example") => {
    const { attempts } = await prepareLocalSignIn(db, companyId, { email, limits, now, windowMs: WINDOW });
    return Object.fromEntries(attempts.map(({ bucket, count }) => [bucket, count]));
  };

  it("are counted before they are looked at, and start anew when the window is over", async () => {
    const { company } = await invited("counted");
    const all = await Promise.all(Array.from({ length: 3 }, () => attempt(company.id, NOW)));
    expect(all.map(({ pair }) => pair).sort()).toEqual([1, 2, 3]);
    expect(await attempt(company.id, NOW + WINDOW - 1)).toEqual({ pair: 4, address: 4 });
    expect(await attempt(company.id, NOW + WINDOW)).toEqual({ pair: 1, address: 1, email: 1 });
  });

  it("beyond what one place may try don't fill the person's own limit", async () => {
    const { company } = await invited("filled");
    for (let n = 0; n < 9; n++) await attempt(company.id, NOW);
    const elsewhere = { ...limits, pair: limit("pair2", 3), address: limit("address2", 5) };
    const q = { email: "x@y.example", limits: elsewhere, now: NOW, windowMs: WINDOW };
    const { attempts } = await prepareLocalSignIn(db, company.id, q);
    expect(attempts.find(({ bucket }) => bucket === "email")?.count).toBe(4);
  });

  it("that succeed cost nothing", async () => {
    const made = await invited("forgiven");
    await acceptInvitation(db, made.company.id, made.accepted());
    await attempt(made.company.id, NOW);
    await attempt(made.company.id, NOW);
    expect(await signIn(made)).toBe("done");
    expect(await attempt(made.company.id, NOW)).toEqual({ pair: 1, address: 2, email: 2 });
  });

  it("of one company are none of another", async () => {
    const [one, two] = [await invited("one"), await invited("two")];
    for (let n = 0; n < 9; n++) await attempt(one.company.id, NOW);
    expect(await attempt(two.company.id, NOW)).toEqual({ pair: 1, address: 1, email: 1 });
  });
});
