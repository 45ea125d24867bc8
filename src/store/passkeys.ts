/** The passkeys that a user has: listed, added and removed. A key is added in one batch with all that must be true at that moment. */
import { and, eq, inArray, ne, type SQL, sql } from "drizzle-orm";
import { auditStatement, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { mayUseLocal } from "./credentials.ts";
import { type Database, decide, run } from "./database.ts";
import { groupOf } from "./groups.ts";
import { companies, groups, passkeys, sessions, usedRequests, users } from "./schema.ts";
import type { AuditRecord, Company, Group, Passkey, User } from "./types.ts";
import { oneUser, userOf } from "./users.ts";

/** A phone, a laptop, a security key or two, each of them twice. */
export const PASSKEYS_PER_USER_MAX = 10;

export function passkeyOf({ companyId: _, ...passkey }: typeof passkeys.$inferSelect): Passkey {
  return passkey;
}

export const onePasskey = (companyId: string, id: string) =>
  and(eq(passkeys.companyId, companyId), eq(passkeys.id, id));
const ofUser = (companyId: string, userId: string) =>
  and(eq(passkeys.companyId, companyId), eq(passkeys.userId, userId));
const inOrder = (rows: (typeof passkeys.$inferSelect)[]) =>
  rows.map(passkeyOf).sort((a, b) => a.createdAt - b.createdAt);

/** All of a user, oldest first: PASSKEYS_PER_USER_MAX at most. */
export async function listPasskeys(db: Database, companyId: string, userId: string): Promise<Passkey[]> {
  return inOrder(await run(db.select().from(passkeys).where(ofUser(companyId, userId)).all()));
}

/** One of this user, or null. */
export async function findPasskey(
  db: Database,
  companyId: string,
  userId: string,
  id: string,
): Promise<Passkey | null> {
  const one = and(onePasskey(companyId, id), eq(passkeys.userId, userId));
  const row = await run(db.select().from(passkeys).where(one).get());
  return row ? passkeyOf(row) : null;
}

/** A user with what decides whether they may have passkeys, and those they have. */
export interface PasskeyOwner {
  readonly companyStatus: Company["status"];
  readonly user: User;
  readonly group: Group;
  readonly passkeys: Passkey[];
}

/** One batch of reads. Null: there is no such user. */
export async function preparePasskeys(db: Database, companyId: string, userId: string): Promise<PasskeyOwner | null> {
  const groupId = sql`(select ${users.groupId} from ${users} where ${oneUser(companyId, userId)})`;
  const [company, user, group, held] = await run(
    db.batch([
      db.select({ status: companies.status }).from(companies).where(eq(companies.id, companyId)),
      db.select().from(users).where(oneUser(companyId, userId)),
      db
        .select()
        .from(groups)
        .where(and(eq(groups.companyId, companyId), eq(groups.id, groupId))),
      db.select().from(passkeys).where(ofUser(companyId, userId)),
    ]),
  );
  if (!company[0] || !user[0] || !group[0]) return null;
  return {
    companyStatus: company[0].status,
    user: userOf(user[0]),
    group: groupOf(group[0]),
    passkeys: inOrder(held),
  };
}

/**
 * `not_allowed`: the user, the group, the company or the session is no longer what it was, or the user has as many as there may
 * be. `exists`: the company knows this credential already. Unless "done", nothing was written.
 */
export async function addPasskey(
  db: Database,
  companyId: string,
  w: {
    readonly passkey: Passkey;
    /** Of the person who adds it: still there. */
    readonly sessionId: string;
    /** Used up by this. */
    readonly challenge: { readonly id: string; readonly expiresAt: number };
    readonly record: AuditRecord;
  },
): Promise<"done" | "not_allowed" | "challenge_used" | "exists"> {
  const { passkey, challenge } = w;
  const { userId } = passkey;
  const session = sql`exists (select 1 from ${sessions} where ${sessions.companyId} = ${companyId} and ${sessions.id} = ${w.sessionId} and ${sessions.userId} = ${userId})`;
  const room = sql`(select count(*) from ${passkeys} where ${ofUser(companyId, userId)}) < ${PASSKEYS_PER_USER_MAX}`;
  const allowed = and(oneUser(companyId, userId), mayUseLocal(companyId), session, room);
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, w.record, users, allowed),
      db.insert(usedRequests).values({ companyId, requestId: challenge.id, expiresAt: challenge.expiresAt }),
      db.insert(passkeys).values({ ...passkey, companyId, transports: [...passkey.transports] }),
    ]),
  );
  if (outcome.ok) return "done";
  if (guardFailed(outcome) || outcome.constraint === "foreign key") return "not_allowed";
  if (outcome.constraint.includes("used_requests")) return "challenge_used";
  return outcome.constraint.includes("passkeys") ? "exists" : unexpected(outcome.constraint);
}

/**
 * True when there was one to remove; in force at once, since a passkey is looked up when it is used. The sessions that it began end
 * with it, but for the one that the person removes it in: whoever has a lost device would otherwise stay signed in on it.
 */
export async function deletePasskey(
  db: Database,
  companyId: string,
  userId: string,
  id: string,
  record: AuditRecord,
  keptSession = "",
): Promise<boolean> {
  const one = and(onePasskey(companyId, id), eq(passkeys.userId, userId));
  const recorded = guardedAuditStatement(db, record, passkeys, one);
  const begun = and(begunWithPasskey(companyId, userId, eq(sessions.sessionIndex, id)), ne(sessions.id, keptSession));
  return (await decide(db.batch([recorded, db.delete(sessions).where(begun), db.delete(passkeys).where(one)]))).ok;
}

/** A session that a passkey began has the passkey's id as its SessionIndex, for want of an identity provider's. */
const begunWithPasskey = (companyId: string, userId: string, index: SQL) =>
  and(eq(sessions.companyId, companyId), eq(sessions.userId, userId), index);

/** Removes all that a user has, and ends the sessions that they began. */
export async function deletePasskeysOfUser(
  db: Database,
  companyId: string,
  userId: string,
  record: AuditRecord,
): Promise<void> {
  const held = db.select({ id: passkeys.id }).from(passkeys).where(ofUser(companyId, userId));
  const begun = begunWithPasskey(companyId, userId, inArray(sessions.sessionIndex, held));
  const gone = [db.delete(sessions).where(begun), db.delete(passkeys).where(ofUser(companyId, userId))] as const;
  await run(db.batch([auditStatement(db, record), ...gone]));
}
