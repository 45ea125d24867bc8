/** Passkeys as the database decides them: what must still be true when one is added, and when one is used. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  addPasskey,
  completePasskeySignIn,
  completeSignIn,
  deletePasskey,
  listPasskeys,
  openDatabase,
  PASSKEYS_PER_USER_MAX,
  type PasskeySignInWrite,
  updateCompany,
  updateGroup,
  updateUser,
} from "../../src/store/index.ts";
import { auditRow, companyWithUser, NOW, passkeyRow, sessionRow, signInRow, signInWrite } from "./rows.ts";

const db = openDatabase(env.DB);
const limit = (bucket: string) => ({ bucket, max: 5 });
const limits = { pair: limit("p"), address: limit("a"), email: limit("e") };
let challenges = 0;
const newChallenge = () => ({ id: `passkey:${++challenges}`, expiresAt: NOW + 1 });

/** A user of a group that is not SSO only, signed in, with one passkey. */
async function owner(slug: string) {
  const made = await companyWithUser(db, slug);
  const { company, group, user } = made;
  const record = () => auditRow(company.id, { resource: "passkey" });
  expect(await updateGroup(db, company.id, group.id, 1, { ssoOnly: false }, record())).toBe("done");
  const session = sessionRow(user.id);
  expect(await completeSignIn(db, company.id, signInWrite(user.id, { session }))).toBe("done");
  const add = (more: Partial<Parameters<typeof addPasskey>[2]> = {}) =>
    addPasskey(db, company.id, {
      passkey: passkeyRow(user.id),
      sessionId: session.id,
      challenge: newChallenge(),
      record: record(),
      ...more,
    });
  const passkey = passkeyRow(user.id);
  expect(await add({ passkey })).toBe("done");
  const use = (more: Partial<PasskeySignInWrite> = {}) =>
    completePasskeySignIn(db, company.id, {
      now: NOW,
      passkey,
      signCount: 0,
      challenge: newChallenge(),
      limits,
      session: sessionRow(user.id),
      signIn: signInRow(),
      ...more,
    });
  return { ...made, session, passkey, record, add, use };
}

type Owner = Awaited<ReturnType<typeof owner>>;

const audits = (companyId: string) =>
  env.DB.prepare("select count(*) n from audit where company_id = ? and resource = 'passkey'")
    .bind(companyId)
    .first("n");

const FORBIDDEN = [
  ["a disabled user", (o: Owner) => updateUser(db, o.company.id, o.user.id, 1, { status: "disabled" }, o.record())],
  [
    "a group that is SSO only",
    (o: Owner) => updateGroup(db, o.company.id, o.group.id, 2, { ssoOnly: true }, o.record()),
  ],
  ["a suspended company", (o: Owner) => updateCompany(db, o.company.id, 1, { status: "suspended" }, o.record())],
] as const;

describe("a passkey", () => {
  for (const [who, forbid] of FORBIDDEN) {
    it(`is neither added nor used for ${who}`, async () => {
      const made = await owner(who.replace(/\W/g, ""));
      expect(await forbid(made)).toBe("done");
      const before = await audits(made.company.id);
      expect([await made.add(), await made.use()]).toEqual(["not_allowed", "not_allowed"]);
      expect(await audits(made.company.id)).toBe(before);
      expect(await listPasskeys(db, made.company.id, made.user.id)).toHaveLength(1);
    });
  }

  it("is added once, by its user's own session, for a challenge of its own, while there is room", async () => {
    const [made, other] = [await owner("adds"), await owner("adds-elsewhere")];
    expect(await made.add({ passkey: made.passkey })).toBe("exists");
    expect(await made.add({ sessionId: other.session.id })).toBe("not_allowed");
    expect(await made.add({ sessionId: "none" })).toBe("not_allowed");
    const challenge = newChallenge();
    expect([await made.add({ challenge }), await made.add({ challenge })]).toEqual(["done", "challenge_used"]);
    const outcomes = await Promise.all(Array.from({ length: PASSKEYS_PER_USER_MAX }, () => made.add()));
    expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(PASSKEYS_PER_USER_MAX - 2);
    expect(await listPasskeys(db, made.company.id, made.user.id)).toHaveLength(PASSKEYS_PER_USER_MAX);
    expect(await listPasskeys(db, other.company.id, made.user.id)).toEqual([]);
  });

  it("signs in while it is as it was verified, once a challenge, and remembers what it counted", async () => {
    const { company, user, passkey, use, record } = await owner("uses");
    const challenge = newChallenge();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => use({ challenge })));
    expect(outcomes.sort()).toEqual([...Array(7).fill("challenge_used"), "done"]);
    expect(await use({ signCount: 4 })).toBe("done");
    // Two at once that saw the same count: one is the copy.
    expect(await use({ signCount: 5 })).toBe("not_allowed");
    const counted = { ...passkey, signCount: 4 };
    expect(await use({ passkey: counted, signCount: 5 })).toBe("done");
    expect(await listPasskeys(db, company.id, user.id)).toMatchObject([{ signCount: 5, lastUsedAt: NOW }]);
    expect(await deletePasskey(db, company.id, "another user", passkey.id, record())).toBe(false);
    expect(await deletePasskey(db, company.id, user.id, passkey.id, record())).toBe(true);
    expect(await use({ passkey: { ...passkey, signCount: 5 }, signCount: 6 })).toBe("not_allowed");
  });
});
