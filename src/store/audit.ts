/** The audit log, read. It is written only in the batch of the change that it records. */
import { and, desc, eq, lt } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { audit } from "./schema.ts";
import type { AuditRecord, Page } from "./types.ts";

/** Newest first; `page.after` is an id. With `companyId` null: of all companies, deleted ones too. */
export async function listAudit(db: Database, companyId: string | null, page: Page): Promise<AuditRecord[]> {
  return run(
    db
      .select()
      .from(audit)
      .where(
        and(
          companyId === null ? undefined : eq(audit.companyId, companyId),
          page.after === null ? undefined : lt(audit.id, page.after),
        ),
      )
      .orderBy(desc(audit.id))
      .limit(page.limit)
      .all(),
  );
}
