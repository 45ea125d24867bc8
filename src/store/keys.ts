/** Keys made for a company on demand. Of concurrent makers one wins. */
import { and, eq, isNull, sql } from "drizzle-orm";
import { type Database, decide } from "./database.ts";
import { assertionKeys, spKeys } from "./schema.ts";
import type { AssertionKey, SpKey } from "./types.ts";

/** Keeps the key unless the company already has one that is not retired: of concurrent makers one wins; load again to learn which. */
export async function insertAssertionKey(db: Database, companyId: string, key: AssertionKey): Promise<void> {
  const active = db
    .select({ one: sql`1` })
    .from(assertionKeys)
    .where(and(eq(assertionKeys.companyId, companyId), isNull(assertionKeys.retiredAt)));
  await decide(
    db
      .insert(assertionKeys)
      .select(
        sql`select ${companyId}, ${key.kid}, ${JSON.stringify(key.publicJwk)}, ${key.wrappedPrivateJwk}, ${key.createdAt}, ${key.retiredAt} where not exists ${active}`,
      )
      .run(),
  );
}

/** Likewise, per use. A company that is gone meanwhile gets no key and no error. */
export async function insertSpKey(db: Database, companyId: string, key: SpKey): Promise<void> {
  await decide(insertSpKeyStatement(db, companyId, key).run());
}

export function insertSpKeyStatement(db: Database, companyId: string, key: SpKey) {
  const active = db
    .select({ one: sql`1` })
    .from(spKeys)
    .where(and(eq(spKeys.companyId, companyId), eq(spKeys.use, key.use), isNull(spKeys.retiredAt)));
  return db
    .insert(spKeys)
    .select(
      sql`select ${companyId}, ${key.id}, ${key.use}, ${key.certificate}, ${key.wrappedPrivateKey}, ${key.createdAt}, ${key.retiredAt}, ${key.activatedAt} where not exists ${active}`,
    );
}
