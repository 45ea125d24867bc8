/**
 * What every change has in common: it stands in one batch with its audit record, and it happens only to the version of the
 * row that its maker saw. The record goes first, and its `at` is read through the guarded row: where that row is gone or
 * newer, `at` is null, the NOT NULL constraint fails and the whole batch rolls back.
 */
import { type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Database, Outcome } from "./database.ts";
import { audit } from "./schema.ts";
import type { AuditRecord } from "./types.ts";

/** `version_changed`: the row is gone or was changed meanwhile; read it again. Nothing was written. */
export type ChangeResult = "done" | "version_changed";

export function auditStatement(db: Database, record: AuditRecord) {
  return db.insert(audit).values(record);
}

/** The record of a change to an existing row; `row` finds it by its key, and by the expected version where it has one. */
export function guardedAuditStatement(db: Database, record: AuditRecord, table: SQLiteTable, row: SQL | undefined) {
  return db.insert(audit).values({ ...record, at: sql`(select ${record.at} from ${table} where ${row})` });
}

const GUARD = "audit.at";

/** True when the guard said no. */
export function guardFailed(outcome: Outcome<unknown>): boolean {
  return !outcome.ok && outcome.constraint === GUARD;
}

/** A constraint that these statements cannot meet is a bug in them. */
export function unexpected(constraint: string): never {
  throw new Error(`unexpected constraint: ${constraint}`);
}
