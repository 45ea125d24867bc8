/** Companies: found by slug, listed by slug, made together with their first assertion key. */
import { and, asc, eq, gt, gte, inArray, lt, sql } from "drizzle-orm";
import { auditStatement, type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { assertionKeys, companies } from "./schema.ts";
import { expiryStatement } from "./sign-ins.ts";
import type { AssertionKey, AuditRecord, Company, Page } from "./types.ts";

type Row = typeof companies.$inferSelect;

export function companyOf({ absoluteHours, idleMinutes, ...row }: Row): Company {
  return { ...row, sessionPolicy: { absoluteHours, idleMinutes } };
}

/** One company, or null. */
export async function findCompany(db: Database, slug: string): Promise<Company | null> {
  const row = await run(db.select().from(companies).where(eq(companies.slug, slug)).get());
  return row ? companyOf(row) : null;
}

/** By slug, ascending; `page.after` is a slug. */
export async function listCompanies(db: Database, page: Page): Promise<Company[]> {
  const rows = await run(
    db
      .select()
      .from(companies)
      .where(gt(companies.slug, page.after ?? ""))
      .orderBy(asc(companies.slug))
      .limit(page.limit)
      .all(),
  );
  return rows.map(companyOf);
}

/** Those whose slug begins with a text, by slug, ascending; `page.after` is a slug. */
export async function searchCompanies(db: Database, prefix: string, page: Page): Promise<Company[]> {
  const { slug } = companies;
  const begins = and(gte(slug, prefix), lt(slug, `${prefix}\u{10FFFF}`), gt(slug, page.after ?? ""));
  const rows = await run(db.select().from(companies).where(begins).orderBy(asc(slug)).limit(page.limit).all());
  return rows.map(companyOf);
}

/** Slugs by company id; companies that are gone are left out. At most a hundred ids: D1 binds no more. */
export async function findSlugs(db: Database, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { id, slug } = companies;
  const rows = await run(
    db
      .select({ id, slug })
      .from(companies)
      .where(inArray(id, [...ids]))
      .all(),
  );
  return new Map(rows.map((row) => [row.id, row.slug]));
}

/** The company, its assertion key and the record of it, or nothing. */
export async function createCompany(
  db: Database,
  company: Company,
  key: AssertionKey,
  record: AuditRecord,
): Promise<"done" | "slug_taken"> {
  const { sessionPolicy, pathRules, ...columns } = company;
  const outcome = await decide(
    db.batch([
      db.insert(companies).values({ ...columns, ...sessionPolicy, pathRules: [...pathRules] }),
      db.insert(assertionKeys).values({ ...key, companyId: company.id }),
      auditStatement(db, record),
    ]),
  );
  if (outcome.ok) return "done";
  return outcome.constraint === "companies.slug" ? "slug_taken" : unexpected(outcome.constraint);
}

/** All but what names a company, counts for it or is kept beside it. */
export type CompanyChanges = Partial<
  Omit<Company, "id" | "slug" | "version" | "createdAt" | "updatedAt" | "logoSha256">
>;

/** For one batch: the record, and the change of the version that the caller saw to one more. */
export function changeCompanyStatements(
  db: Database,
  companyId: string,
  expectedVersion: number,
  changes: CompanyChanges,
  record: AuditRecord,
) {
  const { sessionPolicy, pathRules, ...columns } = changes;
  const { signInRetentionDays: days } = changes;
  const seen = and(eq(companies.id, companyId), eq(companies.version, expectedVersion));
  return [
    guardedAuditStatement(db, record, companies, seen),
    db
      .update(companies)
      .set({
        ...columns,
        ...sessionPolicy,
        ...(pathRules ? { pathRules: [...pathRules] } : {}),
        version: sql`${companies.version} + 1`,
        updatedAt: record.at,
      })
      .where(eq(companies.id, companyId)),
    ...(days === undefined ? [] : [expiryStatement(db, companyId, days)]),
  ] as const;
}

/** Changes the version that the caller saw; the new version is one more. */
export async function updateCompany(
  db: Database,
  companyId: string,
  expectedVersion: number,
  changes: CompanyChanges,
  record: AuditRecord,
): Promise<ChangeResult> {
  const outcome = await decide(db.batch(changeCompanyStatements(db, companyId, expectedVersion, changes, record)));
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}

/** Deletes the company with everything of it except its audit. */
export async function deleteCompany(
  db: Database,
  companyId: string,
  expectedVersion: number,
  record: AuditRecord,
): Promise<ChangeResult> {
  const seen = and(eq(companies.id, companyId), eq(companies.version, expectedVersion));
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, companies, seen),
      db.delete(companies).where(eq(companies.id, companyId)),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}
