/** Permission groups of a company. */
import { and, asc, eq, gt, sql } from "drizzle-orm";
import { auditStatement, type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { groups } from "./schema.ts";
import type { AuditRecord, Group, Page } from "./types.ts";

/** Most groups a company may have: all of them are read at a sign-in. */
export const GROUPS_PER_COMPANY_MAX = 500;

export function groupOf({ companyId: _, ...group }: typeof groups.$inferSelect): Group {
  return group;
}

const oneGroup = (companyId: string, id: string) => and(eq(groups.companyId, companyId), eq(groups.id, id));

/** One group of this company, or null. */
export async function findGroup(db: Database, companyId: string, id: string): Promise<Group | null> {
  const row = await run(db.select().from(groups).where(oneGroup(companyId, id)).get());
  return row ? groupOf(row) : null;
}

/** In the order they were made; `page.after` is an id. */
export async function listGroups(db: Database, companyId: string, page: Page): Promise<Group[]> {
  const rows = await run(
    db
      .select()
      .from(groups)
      .where(and(eq(groups.companyId, companyId), gt(groups.id, page.after ?? "")))
      .orderBy(asc(groups.id))
      .limit(page.limit)
      .all(),
  );
  return rows.map(groupOf);
}

/** `too_many` at GROUPS_PER_COMPANY_MAX; `company_gone` when the company was deleted meanwhile. */
export async function createGroup(
  db: Database,
  companyId: string,
  group: Group,
  record: AuditRecord,
): Promise<"done" | "too_many" | "company_gone"> {
  // The count fails the NOT NULL of `version`, so that the limit holds whatever runs beside it.
  const version = sql`case when (select count(*) from ${groups} where ${groups.companyId} = ${companyId}) < ${GROUPS_PER_COMPANY_MAX} then ${group.version} end`;
  const outcome = await decide(
    db.batch([db.insert(groups).values({ ...group, companyId, version }), auditStatement(db, record)]),
  );
  if (outcome.ok) return "done";
  if (outcome.constraint === "groups.version") return "too_many";
  return outcome.constraint === "foreign key" ? "company_gone" : unexpected(outcome.constraint);
}

export type GroupChanges = Partial<Pick<Group, "title" | "type" | "ssoOnly">>;

/** Changes the version that the caller saw. */
export async function updateGroup(
  db: Database,
  companyId: string,
  id: string,
  expectedVersion: number,
  changes: GroupChanges,
  record: AuditRecord,
): Promise<ChangeResult> {
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, groups, and(oneGroup(companyId, id), eq(groups.version, expectedVersion))),
      db
        .update(groups)
        .set({ ...changes, version: sql`${groups.version} + 1`, updatedAt: record.at })
        .where(oneGroup(companyId, id)),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}

/** `in_use`: a user, the just-in-time setting or a mapping still names it. */
export async function deleteGroup(
  db: Database,
  companyId: string,
  id: string,
  expectedVersion: number,
  record: AuditRecord,
): Promise<ChangeResult | "in_use"> {
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, groups, and(oneGroup(companyId, id), eq(groups.version, expectedVersion))),
      db.delete(groups).where(oneGroup(companyId, id)),
    ]),
  );
  if (outcome.ok) return "done";
  if (outcome.constraint === "foreign key") return "in_use";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}
