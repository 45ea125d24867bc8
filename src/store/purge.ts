/** Forgets what has had its time. Bounded a run, so that a backlog never holds the database. */
import { and, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { D1_TIMEOUT_LONG_MS, type Database, run } from "./database.ts";
import {
  assertionKeys,
  audit,
  idempotencyKeys,
  invitations,
  keptPosts,
  localAttempts,
  sessions,
  signIns,
  usedAssertions,
  usedRequests,
} from "./schema.ts";

/** An administrator asks about a failed sign-in within days; three months cover a leave. */
export const SIGN_IN_RETENTION_DAYS = 90;
/** A year and a month: a yearly review sees the year before it. */
export const AUDIT_RETENTION_DAYS = 396;
/** A clock of another node may be behind; a used assertion is remembered this much longer than it could be presented. */
export const USED_RETENTION_MINUTES = 60;
/** An administrator still sees for a week that a link was never used. */
export const INVITATION_RETENTION_DAYS = 7;
/** Longer than any window of attempts. */
export const ATTEMPT_RETENTION_MINUTES = 60;
/** Whoever repeats a POST does so within the day. */
export const IDEMPOTENCY_RETENTION_HOURS = 24;
/** A retired key of the identity assertion is published for an hour; for a week more it explains an old log. */
export const RETIRED_KEY_RETENTION_DAYS = 7;
/** Keys younger than this are not looked at: the usual age at which one is retired, so that a run reads no others. */
const RETIRED_KEY_AGE_DAYS = 30;
/** How far apart two audit records may stand in the chain that were written the other way round. */
const OUT_OF_ORDER_ROWS_MAX = 20;
/** Rows deleted a table and run. At one run in 15 minutes: 960,000 a day. */
export const PURGE_ROWS_MAX = 10_000;
/** Statements of one call. */
export const PURGE_QUERIES = 11;

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** How many rows went, and whether a table may hold more. */
export interface Purged {
  readonly rows: number;
  readonly more: boolean;
}

/** One batch. `rowsMax` is for tests and for a caller that runs in a loop. */
export async function purgeExpired(db: Database, now: number, rowsMax = PURGE_ROWS_MAX): Promise<Purged> {
  const before = (table: SQLiteTable, column: SQLiteColumn, time: number, also?: SQL) => {
    const old = db
      .select({ rowid: sql`rowid` })
      .from(table)
      .where(and(lt(column, time), also))
      .limit(rowsMax);
    return db.delete(table).where(inArray(sql`rowid`, old));
  };
  const results = await run(
    db.batch([
      before(sessions, sessions.expiresAt, now),
      before(keptPosts, keptPosts.expiresAt, now),
      before(usedRequests, usedRequests.expiresAt, now - USED_RETENTION_MINUTES * MINUTE),
      before(usedAssertions, usedAssertions.expiresAt, now - USED_RETENTION_MINUTES * MINUTE),
      before(signIns, signIns.expiresAt, now),
      before(signIns, signIns.at, now - SIGN_IN_RETENTION_DAYS * DAY),
      auditBefore(db, now - AUDIT_RETENTION_DAYS * DAY, rowsMax),
      before(invitations, invitations.expiresAt, now - INVITATION_RETENTION_DAYS * DAY),
      before(localAttempts, localAttempts.windowStartedAt, now - ATTEMPT_RETENTION_MINUTES * MINUTE),
      before(
        assertionKeys,
        assertionKeys.createdAt,
        now - RETIRED_KEY_AGE_DAYS * DAY,
        lt(assertionKeys.retiredAt, now - RETIRED_KEY_RETENTION_DAYS * DAY),
      ),
      before(idempotencyKeys, idempotencyKeys.createdAt, now - IDEMPOTENCY_RETENTION_HOURS * 60 * MINUTE),
    ]),
    D1_TIMEOUT_LONG_MS,
  );
  const counts = results.map((result) => result.meta.changes);
  return { rows: counts.reduce((sum, count) => sum + count, 0), more: counts.some((count) => count >= rowsMax) };
}

/**
 * Only from the front of a chain, so that what stays holds together: a record waits for its seal, and for a record before it in the
 * chain whose time is later.
 */
function auditBefore(db: Database, time: number, rowsMax: number) {
  const first = sql`not exists (select 1 from audit as earlier where earlier.company_id = ${audit.companyId} and earlier.seq between ${audit.seq} - ${OUT_OF_ORDER_ROWS_MAX} and ${audit.seq} - 1 and earlier.at > ${audit.at})`;
  const old = sql`(select rowid from ${audit} where ${audit.at} < ${time} and ${audit.seq} is not null and ${first} order by ${audit.at} limit ${rowsMax})`;
  return db.delete(audit).where(sql`rowid in ${old}`);
}
