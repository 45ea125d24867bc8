/** Sessions of a company's users: checked with all that they depend on in one round trip, listed, ended. */
import { and, desc, eq, lt, ne, sql } from "drizzle-orm";
import { auditStatement, guardedAuditStatement } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { groupOf } from "./groups.ts";
import { companies, groups, sessions, users } from "./schema.ts";
import type { AuditRecord, Company, Group, Page, SessionRow, User } from "./types.ts";
import { userOf } from "./users.ts";

/** More than anybody has: stands for "any number". */
const SESSIONS_COUNTED_MAX = 1_000_000;

function sessionOf({ companyId: _, ...session }: typeof sessions.$inferSelect): SessionRow {
  return session;
}

const oneSession = (companyId: string, id: string) => and(eq(sessions.companyId, companyId), eq(sessions.id, id));

/** A session with what decides whether it still counts. The caller decides: expiry, idleness, statuses. */
export interface CheckedSession {
  readonly session: SessionRow;
  readonly user: User;
  readonly group: Group;
  readonly companyStatus: Company["status"];
}

/** Null when the session was ended or never was. With `touch` its last use moves forward in the same round trip (needs the primary). */
export async function checkSession(
  db: Database,
  companyId: string,
  sessionId: string,
  touch: { readonly lastSeenAt: number } | null,
): Promise<CheckedSession | null> {
  // Four lookups by key instead of a join: a batch names columns without their table, and joined names would collide.
  const userId = sql`(select ${sessions.userId} from ${sessions} where ${oneSession(companyId, sessionId)})`;
  const groupId = sql`(select ${users.groupId} from ${users} where ${users.companyId} = ${companyId} and ${users.id} = ${userId})`;
  const reads = [
    db.select().from(sessions).where(oneSession(companyId, sessionId)),
    db
      .select()
      .from(users)
      .where(and(eq(users.companyId, companyId), eq(users.id, userId))),
    db
      .select()
      .from(groups)
      .where(and(eq(groups.companyId, companyId), eq(groups.id, groupId))),
    db.select({ status: companies.status }).from(companies).where(eq(companies.id, companyId)),
  ] as const;
  const moved = touch && [
    db
      .update(sessions)
      .set({ lastSeenAt: touch.lastSeenAt })
      .where(and(oneSession(companyId, sessionId), lt(sessions.lastSeenAt, touch.lastSeenAt))),
  ];
  const [session, user, group, company] = await run(db.batch([...reads, ...(moved ?? [])]));
  if (!session[0] || !user[0] || !group[0] || !company[0]) return null;
  return {
    session: sessionOf({ ...session[0], lastSeenAt: Math.max(session[0].lastSeenAt, touch?.lastSeenAt ?? 0) }),
    user: userOf(user[0]),
    group: groupOf(group[0]),
    companyStatus: company[0].status,
  };
}

/** Newest first, of one user or of all; `page.after` is an id. Expired ones may still be listed until they are purged. */
export async function listSessions(
  db: Database,
  companyId: string,
  userId: string | null,
  page: Page,
): Promise<SessionRow[]> {
  const rows = await run(
    db
      .select()
      .from(sessions)
      .where(
        and(
          eq(sessions.companyId, companyId),
          userId === null ? undefined : eq(sessions.userId, userId),
          page.after === null ? undefined : lt(sessions.id, page.after),
        ),
      )
      .orderBy(desc(sessions.id))
      .limit(page.limit)
      .all(),
  );
  return rows.map(sessionOf);
}

/** One session of this company, or null. */
export async function findSession(db: Database, companyId: string, id: string): Promise<SessionRow | null> {
  const row = await run(db.select().from(sessions).where(oneSession(companyId, id)).get());
  return row ? sessionOf(row) : null;
}

/** A session's last use is known to some minutes only: longer ago than this beyond its idle limit, and it is over for certain. */
const LAST_USE_SLACK_MS = 600_000;

/**
 * For the batch that begins `session`: the person's oldest sessions end, so that with it there are no more than the company
 * allows. What is long over doesn't count. Read from the company's row in that batch, so no two sign-ins at once slip through.
 */
export function limitSessionsStatement(db: Database, companyId: string, { id, userId, createdAt }: SessionRow) {
  const others = and(eq(sessions.companyId, companyId), eq(sessions.userId, userId), ne(sessions.id, id));
  const allowed = sql`(select coalesce(${companies.sessionsPerUserMax}, ${SESSIONS_COUNTED_MAX}) - 1 from ${companies} where ${companies.id} = ${companyId})`;
  const living = sql`${sessions.expiresAt} > ${createdAt} and ${sessions.lastSeenAt} + ${sessions.idleMinutes} * 60000 > ${createdAt - LAST_USE_SLACK_MS}`;
  const beyond = sql`(select ${sessions.id} from ${sessions} where ${others} and ${living} order by ${sessions.id} desc limit -1 offset ${allowed})`;
  return db.delete(sessions).where(and(others, sql`${sessions.id} in ${beyond}`));
}

/** Ends sessions of this user, one or all but one; answers their ids. The record is written only where there was something to end. */
export async function endOwnSessions(
  db: Database,
  companyId: string,
  which: { readonly userId: string } & ({ readonly only: string } | { readonly allBut: string }),
  record: AuditRecord,
): Promise<string[]> {
  const chosen = and(
    eq(sessions.companyId, companyId),
    eq(sessions.userId, which.userId),
    "only" in which ? eq(sessions.id, which.only) : ne(sessions.id, which.allBut),
  );
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, sessions, chosen),
      db.delete(sessions).where(chosen).returning({ id: sessions.id }),
    ]),
  );
  return outcome.ok ? outcome.value[1].map(({ id }) => id) : [];
}

/** True when there was one to end. `record` where a person other than the visitor ends it. */
export async function endSession(
  db: Database,
  companyId: string,
  sessionId: string,
  record: AuditRecord | null = null,
): Promise<boolean> {
  const ended = db.delete(sessions).where(oneSession(companyId, sessionId)).returning({ id: sessions.id });
  if (record === null) return (await run(ended)).length > 0;
  // Nothing to end, nothing to record.
  const recorded = guardedAuditStatement(db, record, sessions, oneSession(companyId, sessionId));
  return (await decide(db.batch([recorded, ended]))).ok;
}

/** Signs a user out everywhere; with `userId` null, everyone of the company. Answers how many sessions ended. */
export async function endSessionsOfUser(
  db: Database,
  companyId: string,
  userId: string | null,
  record: AuditRecord | null = null,
): Promise<number> {
  const ended = db
    .delete(sessions)
    .where(and(eq(sessions.companyId, companyId), userId === null ? undefined : eq(sessions.userId, userId)));
  const results = await run(db.batch(record === null ? [ended] : [ended, auditStatement(db, record)]));
  return results[0].meta.changes;
}
