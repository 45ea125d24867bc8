/**
 * Key pairs of the service provider. Of each use one is in use; while it is rolled over a second one is published beside it,
 * then takes its place, and the former is retired: at no moment is there none. Each step is one batch with its record.
 */
import { and, desc, eq, isNotNull, isNull, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { companies, spKeys } from "./schema.ts";
import type { AuditRecord, SpKey } from "./types.ts";

/** A rollover leaves one more a use; whoever rolls over daily still sees weeks. */
const KEYS_LISTED_MAX = 100;

const other = alias(spKeys, "other");

/** Keeps the key unless the company has one of this use in use. A company that is gone meanwhile gets no key and no error. */
export async function insertSpKey(db: Database, companyId: string, key: SpKey): Promise<void> {
  await decide(insertSpKeyStatement(db, companyId, key).run());
}

export function insertSpKeyStatement(db: Database, companyId: string, key: SpKey) {
  const standing = db
    .select({ one: sql`1` })
    .from(spKeys)
    .where(and(unretired(companyId, key.use), isNotNull(spKeys.activatedAt)));
  return db
    .insert(spKeys)
    .select(
      sql`select ${companyId}, ${key.id}, ${key.use}, ${key.certificate}, ${key.wrappedPrivateKey}, ${key.createdAt}, ${key.retiredAt}, ${key.activatedAt} where not exists ${standing}`,
    );
}

/** In the order they were made, retired ones too; of very many the newest. */
export async function listSpKeys(db: Database, companyId: string): Promise<SpKey[]> {
  const rows = await run(
    db
      .select()
      .from(spKeys)
      .where(eq(spKeys.companyId, companyId))
      .orderBy(desc(spKeys.id))
      .limit(KEYS_LISTED_MAX)
      .all(),
  );
  return rows.map(({ companyId: _, ...key }) => key).reverse();
}

/** Publishes a key that is not in use yet. `already_begun`: one of this use waits already (or the company is gone). */
export async function beginSpKeyRollover(
  db: Database,
  companyId: string,
  key: SpKey,
  record: AuditRecord,
): Promise<"done" | "already_begun"> {
  const waiting = db
    .select({ one: sql`1` })
    .from(spKeys)
    .where(and(unretired(companyId, key.use), isNull(spKeys.activatedAt)));
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, companies, sql`${companies.id} = ${companyId} and not exists ${waiting}`),
      db.insert(spKeys).values({ ...key, companyId }),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "already_begun" : unexpected(outcome.constraint);
}

/** Puts a published key in use from `record.at` on. `not_waiting`: it is in use already, retired or not there. */
export async function activateSpKey(
  db: Database,
  companyId: string,
  keyId: string,
  record: AuditRecord,
): Promise<"done" | "not_waiting"> {
  const waiting = and(oneKey(companyId, keyId), isNull(spKeys.activatedAt), isNull(spKeys.retiredAt));
  return (await changed(db, record, waiting, { activatedAt: record.at })) ? "done" : "not_waiting";
}

/**
 * Retires a key at `record.at`: one that waits, or one whose place another has taken. `in_use`: it is the only one of its use
 * that is in use and would leave none, or it is retired or not there.
 */
export async function retireSpKey(
  db: Database,
  companyId: string,
  keyId: string,
  record: AuditRecord,
): Promise<"done" | "in_use"> {
  const successor = db
    .select({ one: sql`1` })
    .from(other)
    .where(
      and(
        eq(other.companyId, companyId),
        sql`${other.use} = ${spKeys.use}`,
        isNull(other.retiredAt),
        isNotNull(other.activatedAt),
        sql`(${other.activatedAt}, ${other.id}) > (${spKeys.activatedAt}, ${spKeys.id})`,
      ),
    );
  const spare = and(
    oneKey(companyId, keyId),
    isNull(spKeys.retiredAt),
    sql`(${spKeys.activatedAt} is null or exists ${successor})`,
  );
  return (await changed(db, record, spare, { retiredAt: record.at })) ? "done" : "in_use";
}

const unretired = (companyId: string, use: SpKey["use"]) =>
  and(eq(spKeys.companyId, companyId), eq(spKeys.use, use), isNull(spKeys.retiredAt));
const oneKey = (companyId: string, id: string) => and(eq(spKeys.companyId, companyId), eq(spKeys.id, id));

/** The guard reads `row` before the update of the same batch; both name the key whole. */
async function changed(
  db: Database,
  record: AuditRecord,
  row: SQL | undefined,
  change: { readonly activatedAt?: number; readonly retiredAt?: number },
): Promise<boolean> {
  const outcome = await decide(
    db.batch([guardedAuditStatement(db, record, spKeys, row), db.update(spKeys).set(change).where(row)]),
  );
  if (outcome.ok) return true;
  return guardFailed(outcome) ? false : unexpected(outcome.constraint);
}
