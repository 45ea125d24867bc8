/** A sign-in with a passkey: one round trip reads whose it is and counts the attempt, another uses the challenge up and begins the session. */
import { and, eq, sql } from "drizzle-orm";
import { type AttemptCount, type AttemptLimits, countAttemptStatements, forgiveAttemptStatement } from "./attempts.ts";
import { unexpected } from "./changes.ts";
import { admittedStatement, beginSessionStatements, notAdmitted } from "./credentials.ts";
import { type Database, decide, run } from "./database.ts";
import { groupOf } from "./groups.ts";
import { onePasskey, passkeyOf } from "./passkeys.ts";
import { companies, groups, passkeys, usedRequests, users } from "./schema.ts";
import type { Company, Group, Passkey, SessionRow, SignInRecord, User } from "./types.ts";
import { userOf } from "./users.ts";

/** A passkey with its user, and the group that decides whether it may be used. */
export interface PasskeyAccount {
  readonly passkey: Passkey;
  readonly user: User;
  readonly group: Group;
}

export interface PasskeySignInState {
  readonly companyStatus: Company["status"];
  /** Null where this company has no such credential. */
  readonly account: PasskeyAccount | null;
  readonly attempts: AttemptCount[];
}

/** One batch: counts the attempt and reads the account, the same statements whether there is one or not. */
export async function preparePasskeySignIn(
  db: Database,
  companyId: string,
  q: { readonly passkeyId: string; readonly limits: AttemptLimits; readonly now: number; readonly windowMs: number },
): Promise<PasskeySignInState> {
  const one = onePasskey(companyId, q.passkeyId);
  const byPasskey = and(
    eq(users.companyId, companyId),
    eq(users.id, sql`(select ${passkeys.userId} from ${passkeys} where ${one})`),
  );
  const groupId = sql`(select ${users.groupId} from ${users} where ${byPasskey})`;
  const [narrow, wide, company, passkey, user, group] = await run(
    db.batch([
      ...countAttemptStatements(db, companyId, q.limits, q.now, q.windowMs),
      db.select({ status: companies.status }).from(companies).where(eq(companies.id, companyId)),
      db.select().from(passkeys).where(one),
      db.select().from(users).where(byPasskey),
      db
        .select()
        .from(groups)
        .where(and(eq(groups.companyId, companyId), eq(groups.id, groupId))),
    ]),
  );
  return {
    companyStatus: company[0]?.status ?? "suspended",
    attempts: [...narrow, ...wide],
    account:
      passkey[0] && user[0] && group[0]
        ? { passkey: passkeyOf(passkey[0]), user: userOf(user[0]), group: groupOf(group[0]) }
        : null,
  };
}

/** All that a sign-in with a passkey writes. */
export interface PasskeySignInWrite {
  readonly now: number;
  /** As it was verified: removed, moved or counted further by now, and nothing is written. */
  readonly passkey: Passkey;
  /** What its authenticator counts now. */
  readonly signCount: number;
  readonly challenge: { readonly id: string; readonly expiresAt: number };
  readonly limits: AttemptLimits;
  readonly session: SessionRow;
  readonly signIn: SignInRecord;
}

/** `not_allowed`: the user, the group, the company or the passkey is no longer what it was. Unless "done", nothing was written. */
export async function completePasskeySignIn(
  db: Database,
  companyId: string,
  w: PasskeySignInWrite,
): Promise<"done" | "challenge_used" | "not_allowed"> {
  const { passkey, challenge } = w;
  const one = onePasskey(companyId, passkey.id);
  const same = sql`exists (select 1 from ${passkeys} where ${one} and ${passkeys.userId} = ${passkey.userId} and ${passkeys.signCount} = ${passkey.signCount})`;
  const outcome = await decide(
    db.batch([
      db.insert(usedRequests).values({ companyId, requestId: challenge.id, expiresAt: challenge.expiresAt }),
      admittedStatement(db, companyId, passkey.userId, w.now, same),
      db.update(passkeys).set({ signCount: w.signCount, lastUsedAt: w.now }).where(one),
      ...beginSessionStatements(db, companyId, w),
      forgiveAttemptStatement(db, companyId, w.limits),
    ]),
  );
  if (outcome.ok) return "done";
  if (outcome.constraint.includes("used_requests")) return "challenge_used";
  return notAdmitted(outcome.constraint) ? "not_allowed" : unexpected(outcome.constraint);
}
