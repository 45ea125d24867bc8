/** Logos: one a company, read by nobody but the request for the picture itself. The company's row names it by its hash. */
import { and, eq, sql } from "drizzle-orm";
import { type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { companies, logos } from "./schema.ts";
import type { AuditRecord } from "./types.ts";

export interface Logo {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** The company's logo, or null. */
export async function findLogo(db: Database, companyId: string): Promise<Logo | null> {
  const row = await run(db.select().from(logos).where(eq(logos.companyId, companyId)).get());
  return row ? { contentType: row.contentType, bytes: row.bytes } : null;
}

/** Puts the logo in the place of any before, or, null, takes it away; against the version of the company that the caller saw. */
export async function saveLogo(
  db: Database,
  companyId: string,
  expectedVersion: number,
  logo: (Logo & { readonly sha256: string }) | null,
  record: AuditRecord,
): Promise<ChangeResult> {
  const seen = and(eq(companies.id, companyId), eq(companies.version, expectedVersion));
  const picture = logo && { contentType: logo.contentType, bytes: Buffer.from(logo.bytes) };
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, companies, seen),
      picture === null
        ? db.delete(logos).where(eq(logos.companyId, companyId))
        : db
            .insert(logos)
            .values({ companyId, ...picture })
            .onConflictDoUpdate({ target: logos.companyId, set: picture }),
      db
        .update(companies)
        .set({ logoSha256: logo?.sha256 ?? null, version: sql`${companies.version} + 1`, updatedAt: record.at })
        .where(eq(companies.id, companyId)),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}
