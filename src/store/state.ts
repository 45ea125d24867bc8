/** What an operator wants to know of a database: whether it answers, how far its schema is, and whether the schedule comes. */
import { eq, min, sql } from "drizzle-orm";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { type Database, run } from "./database.ts";
import { assertionKeys, sessions } from "./schema.ts";
import type { WrappedKey } from "./wrapped-keys.ts";

/** The file in migrations/ that this code needs to have been applied. */
export const NEWEST_MIGRATION = "0003_group_source.sql";

/** Wrangler's own book of what was applied; it makes the table. */
const d1Migrations = sqliteTable("d1_migrations", { id: integer().primaryKey(), name: text() });

export interface DatabaseState {
  /** The last migration that was applied; null: none. */
  readonly migration: string | null;
  /** When the session ended that has waited longest for its purge. */
  readonly oldestEnd: number | null;
  /** When the oldest key of the identity assertion was made. */
  readonly oldestKeyAt: number | null;
  /** That key, to try whether the secret opens it. */
  readonly oldestKey: WrappedKey | null;
}

/** One batch of lookups. */
export async function readDatabaseState(db: Database): Promise<DatabaseState> {
  const oldest = sql`(select min(${assertionKeys.createdAt}) from ${assertionKeys})`;
  const [migrations, ends, keys] = await run(
    db.batch([
      db
        .select({ name: d1Migrations.name })
        .from(d1Migrations)
        .where(eq(d1Migrations.id, sql`(select max(id) from d1_migrations)`)),
      db.select({ at: min(sessions.expiresAt) }).from(sessions),
      db
        .select({
          companyId: assertionKeys.companyId,
          id: assertionKeys.kid,
          wrapped: assertionKeys.wrappedPrivateJwk,
          createdAt: assertionKeys.createdAt,
        })
        .from(assertionKeys)
        .where(eq(assertionKeys.createdAt, oldest))
        .limit(1),
    ]),
  );
  const { createdAt, ...oldestKey } = keys[0] ?? { createdAt: null };
  return {
    migration: migrations[0]?.name ?? null,
    oldestEnd: ends[0]?.at ?? null,
    oldestKeyAt: createdAt,
    oldestKey: "id" in oldestKey ? oldestKey : null,
  };
}
