/** Keys of the identity assertion, made for a company on demand. Of concurrent makers one wins. */
import { and, eq, isNull, sql } from "drizzle-orm";
import { type Database, decide } from "./database.ts";
import { assertionKeys } from "./schema.ts";
import type { AssertionKey } from "./types.ts";

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
