/** Many users at once: looked up, and written with their audit records as lists that travel as one JSON parameter each. */
import { and, eq, getTableColumns, inArray, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { type ChangeResult, guardFailed } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { emailKey } from "./email.ts";
import { audit, sessions, users } from "./schema.ts";
import type { AuditRecord, User } from "./types.ts";
import { newUserRow, type UserConflict, userConflictOf, userOf } from "./users.ts";

/** D1 takes a hundred parameters a statement; one is the company. */
const EMAILS_PER_STATEMENT = 99;

/** Those of these addresses that are users of this company, in no order. One batch. */
export async function findUsersByEmails(db: Database, companyId: string, emails: readonly string[]): Promise<User[]> {
  const statements = [];
  for (let from = 0; from < emails.length; from += EMAILS_PER_STATEMENT) {
    const some = emails.slice(from, from + EMAILS_PER_STATEMENT).map(emailKey);
    const these = and(eq(users.companyId, companyId), inArray(users.email, some));
    statements.push(db.select().from(users).where(these));
  }
  const [first, ...rest] = statements;
  if (first === undefined) return [];
  return (await run(db.batch([first, ...rest]))).flat().map(userOf);
}

/** A user as they are to be, the version that was seen of them (null: they are new) and the record of it. */
export interface UserWrite {
  readonly user: User;
  readonly expectedVersion: number | null;
  readonly record: AuditRecord;
}

/**
 * Writes all of these users with their records, or none. Disabling ends every session of a user. How a user is linked to the
 * identity provider, and when they last signed in, stays as it is.
 */
export async function writeUsers(
  db: Database,
  companyId: string,
  writes: readonly UserWrite[],
): Promise<ChangeResult | UserConflict> {
  const records = writes.map(({ record, user, expectedVersion }) => ({
    ...record,
    before: textOf(record.before),
    after: textOf(record.after),
    user_id: user.id,
    expected_version: expectedVersion,
  }));
  const rows = writes.map(({ user, record }) => ({
    ...newUserRow(companyId, user, record.at),
    version: user.version,
  }));
  const disabled = writes.filter(({ user }) => user.status === "disabled").map(({ user }) => user.id);
  // As in changes.ts: where a user is gone or newer than was seen, `at` is null and nothing of the batch happens.
  const seen = sql`case when value ->> 'expected_version' is null or exists (select 1 from ${users} where ${users.companyId} = ${companyId} and ${users.id} = value ->> 'user_id' and ${users.version} = value ->> 'expected_version') then value ->> 'at' end`;
  const excluded = (column: { name: string }) => sql.raw(`excluded.${column.name}`);
  const outcome = await decide(
    db.batch([
      db.insert(audit).select(listOf(audit, records, { at: seen })),
      db
        .insert(users)
        .select(sql`${listOf(users, rows)} where true`)
        .onConflictDoUpdate({
          target: [users.companyId, users.id],
          set: {
            firstName: excluded(users.firstName),
            lastName: excluded(users.lastName),
            company: excluded(users.company),
            groupId: excluded(users.groupId),
            groupSource: excluded(users.groupSource),
            status: excluded(users.status),
            version: excluded(users.version),
            updatedAt: excluded(users.updatedAt),
          },
        }),
      db
        .delete(sessions)
        .where(
          and(
            eq(sessions.companyId, companyId),
            inArray(sessions.userId, sql`(select value from json_each(${JSON.stringify(disabled)}))`),
          ),
        ),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : userConflictOf(outcome.constraint);
}

/** How a record's views travel in such a list. */
export function textOf(view: unknown): string | null {
  return view === null ? null : JSON.stringify(view);
}

/** A select that gives these rows in the order of the table's columns; `instead` names columns that are worked out. */
export function listOf(table: SQLiteTable, rows: readonly object[], instead: Readonly<Record<string, SQL>> = {}): SQL {
  // The names are those of our own schema.
  const values = Object.keys(getTableColumns(table)).map((name) => instead[name] ?? sql.raw(`value ->> '${name}'`));
  return sql`select ${sql.join(values, sql`, `)} from json_each(${JSON.stringify(rows)})`;
}
