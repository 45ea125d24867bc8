/**
 * Passwords, as far as the database is concerned: one round trip reads whose it is and counts the attempt, another begins the
 * session. What is kept of a password is opaque here.
 */
import { and, eq, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type AttemptCount, type AttemptLimits, countAttemptStatements, forgiveAttemptStatement } from "./attempts.ts";
import { unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { emailKey } from "./email.ts";
import { groupOf } from "./groups.ts";
import { companies, credentials, groups, sessions, signIns, users } from "./schema.ts";
import { limitSessionsStatement } from "./sessions.ts";
import { signInRow } from "./sign-ins.ts";
import type { Company, Group, SessionRow, SignInRecord, User } from "./types.ts";
import { oneUser, userOf } from "./users.ts";

/** A user with the group that decides whether a password may be used, and what is kept of it; null for none. */
export interface LocalAccount {
  readonly user: User;
  readonly group: Group;
  readonly password: string | null;
}

export interface LocalSignInState {
  readonly companyStatus: Company["status"];
  /** Null where nobody has this address. */
  readonly account: LocalAccount | null;
  readonly attempts: AttemptCount[];
}

/** One batch: counts the attempt and reads the account, the same statements whether there is one or not. */
export async function prepareLocalSignIn(
  db: Database,
  companyId: string,
  q: { readonly email: string; readonly limits: AttemptLimits; readonly now: number; readonly windowMs: number },
): Promise<LocalSignInState> {
  const byEmail = and(eq(users.companyId, companyId), eq(users.email, emailKey(q.email)));
  const userId = sql`(select ${users.id} from ${users} where ${byEmail})`;
  const groupId = sql`(select ${users.groupId} from ${users} where ${byEmail})`;
  const [narrow, wide, company, user, group, credential] = await run(
    db.batch([
      ...countAttemptStatements(db, companyId, q.limits, q.now, q.windowMs),
      db.select({ status: companies.status }).from(companies).where(eq(companies.id, companyId)),
      db.select().from(users).where(byEmail),
      db
        .select()
        .from(groups)
        .where(and(eq(groups.companyId, companyId), eq(groups.id, groupId))),
      db
        .select({ password: credentials.password })
        .from(credentials)
        .where(and(eq(credentials.companyId, companyId), eq(credentials.userId, userId))),
    ]),
  );
  return {
    companyStatus: company[0]?.status ?? "suspended",
    attempts: [...narrow, ...wide],
    account:
      user[0] && group[0]
        ? { user: userOf(user[0]), group: groupOf(group[0]), password: credential[0]?.password ?? null }
        : null,
  };
}

/** All that a sign-in with a password writes. */
export interface LocalSignInWrite {
  readonly now: number;
  readonly userId: string;
  /** What was verified: another one by now, and nothing is written. */
  readonly password: string;
  /** The same password kept under newer parameters; null to leave it. */
  readonly keepAnew: string | null;
  readonly limits: AttemptLimits;
  readonly session: SessionRow;
  readonly signIn: SignInRecord;
}

/** `not_allowed`: the user, the group, the company or the password is no longer what it was. Nothing was written then. */
export async function completeLocalSignIn(
  db: Database,
  companyId: string,
  w: LocalSignInWrite,
): Promise<"done" | "not_allowed"> {
  const one = and(eq(credentials.companyId, companyId), eq(credentials.userId, w.userId));
  const same = sql`exists (select 1 from ${credentials} where ${one} and ${credentials.password} = ${w.password})`;
  const statements: BatchItem<"sqlite">[] = [
    admittedStatement(db, companyId, w.userId, w.now, same),
    ...beginSessionStatements(db, companyId, w),
    forgiveAttemptStatement(db, companyId, w.limits),
  ];
  if (w.keepAnew !== null) statements.push(keepPasswordStatement(db, companyId, w.userId, w.keepAnew, w.now));
  const outcome = await decide(db.batch(statements as [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]]));
  if (outcome.ok) return "done";
  return notAdmitted(outcome.constraint) ? "not_allowed" : unexpected(outcome.constraint);
}

/** Of a row of users: it may sign in without an identity provider. */
export function mayUseLocal(companyId: string): SQL {
  const company = sql`exists (select 1 from ${companies} where ${companies.id} = ${companyId} and ${companies.status} = 'active')`;
  const group = sql`exists (select 1 from ${groups} where ${groups.companyId} = ${companyId} and ${groups.id} = ${users.groupId} and ${groups.ssoOnly} = 0)`;
  return sql`${users.status} = 'active' and ${company} and ${group}`;
}

/**
 * Notes the sign-in on the user, and fails the batch (NOT NULL of `version`) unless the company and the user are active and
 * the user's group may use passwords. A user who is gone fails the session's foreign key instead.
 */
export function admittedStatement(
  db: Database,
  companyId: string,
  userId: string,
  now: number,
  also: SQL = sql`1`,
): BatchItem<"sqlite"> {
  const version = sql`case when ${mayUseLocal(companyId)} and ${also} then ${users.version} end`;
  return db.update(users).set({ version, lastSignInAt: now }).where(oneUser(companyId, userId));
}

/** True when it was admittedStatement that said no, or there is no such user any more. */
export function notAdmitted(constraint: string): boolean {
  return constraint === "users.version" || constraint === "foreign key";
}

export function beginSessionStatements(
  db: Database,
  companyId: string,
  { session, signIn }: { readonly session: SessionRow; readonly signIn: SignInRecord },
): BatchItem<"sqlite">[] {
  return [
    db.insert(sessions).values({ ...session, companyId }),
    limitSessionsStatement(db, companyId, session),
    db.insert(signIns).values(signInRow(companyId, signIn)),
  ];
}

export function keepPasswordStatement(
  db: Database,
  companyId: string,
  userId: string,
  password: string,
  now: number,
): BatchItem<"sqlite"> {
  return db
    .insert(credentials)
    .values({ companyId, userId, password, updatedAt: now })
    .onConflictDoUpdate({ target: [credentials.companyId, credentials.userId], set: { password, updatedAt: now } });
}
