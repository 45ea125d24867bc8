/** Where companies' identity providers publish their metadata, what the last looks at it gave, and whose turn it is to be read. */
import { and, asc, eq, lte } from "drizzle-orm";
import { auditStatement, type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { companies, metadataSources } from "./schema.ts";
import type { AuditRecord, MetadataSource } from "./types.ts";

const sourceOf = (companyId: string) => eq(metadataSources.companyId, companyId);
const theSource = (companyId: string, version: number) =>
  and(sourceOf(companyId), eq(metadataSources.version, version));

/** Null for a company that follows none. */
export async function findMetadataSource(db: Database, companyId: string): Promise<MetadataSource | null> {
  const row = await run(db.select().from(metadataSources).where(sourceOf(companyId)).get());
  if (!row) return null;
  const { companyId: _, ...source } = row;
  return source;
}

/**
 * Writes the source whole over the version that was seen; `expectedVersion` null: there was none. `record` null: a look at it
 * that found nothing new. `version_changed` also where the company is gone.
 */
export async function saveMetadataSource(
  db: Database,
  companyId: string,
  expectedVersion: number | null,
  source: MetadataSource,
  record: AuditRecord | null,
): Promise<ChangeResult> {
  const row = {
    ...source,
    certificates: [...source.certificates],
    announced: [...source.announced],
    dismissed: [...source.dismissed],
  };
  const seen = theSource(companyId, expectedVersion ?? 0);
  const returned = { version: metadataSources.version };
  const written =
    expectedVersion === null
      ? db
          .insert(metadataSources)
          .values({ ...row, companyId })
          .returning(returned)
      : db.update(metadataSources).set(row).where(seen).returning(returned);
  const first =
    record && expectedVersion !== null
      ? guardedAuditStatement(db, record, metadataSources, seen)
      : record && auditStatement(db, record);
  const outcome = await decide<unknown[]>(first ? db.batch([first, written]) : db.batch([written]));
  if (outcome.ok) return (outcome.value.at(-1) as unknown[]).length > 0 ? "done" : "version_changed";
  const changed = guardFailed(outcome) || ["metadata_sources.company_id", "foreign key"].includes(outcome.constraint);
  return changed ? "version_changed" : unexpected(outcome.constraint);
}

/** Forgets the version that the caller saw. */
export async function deleteMetadataSource(
  db: Database,
  companyId: string,
  expectedVersion: number,
  record: AuditRecord,
): Promise<ChangeResult> {
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, metadataSources, theSource(companyId, expectedVersion)),
      db.delete(metadataSources).where(sourceOf(companyId)),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}

/** A source whose turn it is. Times are UTC milliseconds. */
export interface DueMetadataSource {
  readonly companyId: string;
  readonly slug: string;
  readonly nextAt: number;
}

/** Those whose time has come, the longest due first. */
export function listDueMetadataSources(db: Database, now: number, limit: number): Promise<DueMetadataSource[]> {
  return run(
    db
      .select({ companyId: metadataSources.companyId, slug: companies.slug, nextAt: metadataSources.nextAt })
      .from(metadataSources)
      .innerJoin(companies, eq(companies.id, metadataSources.companyId))
      .where(lte(metadataSources.nextAt, now))
      .orderBy(asc(metadataSources.nextAt))
      .limit(limit)
      .all(),
  );
}

/** Puts off the source's next turn; true for the one caller who did it, of all that saw it due. */
export async function claimMetadataSource(db: Database, due: DueMetadataSource, nextAt: number): Promise<boolean> {
  const claimed = await run(
    db
      .update(metadataSources)
      .set({ nextAt })
      .where(and(sourceOf(due.companyId), eq(metadataSources.nextAt, due.nextAt)))
      .returning({ version: metadataSources.version }),
  );
  return claimed.length > 0;
}
