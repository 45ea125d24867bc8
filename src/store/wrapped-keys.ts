/** Private keys as they lie sealed in D1, of all companies: read page by page, and sealed anew when GATEWAY_SECRET was changed. */
import { and, asc, eq, sql } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { assertionKeys, spKeys } from "./schema.ts";

/** The tables that hold some. */
export const WRAPPED_KEY_TABLES = ["assertion_keys", "sp_keys"] as const;
export type WrappedKeyTable = (typeof WRAPPED_KEY_TABLES)[number];

const COLUMNS = {
  assertion_keys: { table: assertionKeys, id: assertionKeys.kid, wrapped: assertionKeys.wrappedPrivateJwk },
  sp_keys: { table: spKeys, id: spKeys.id, wrapped: spKeys.wrappedPrivateKey },
};

export interface WrappedKey {
  readonly companyId: string;
  readonly id: string;
  readonly wrapped: string;
}

/** In the order of the primary key, those after `after`; `limit` at most. */
export async function listWrappedKeys(
  db: Database,
  of: WrappedKeyTable,
  after: Pick<WrappedKey, "companyId" | "id"> | null,
  limit: number,
): Promise<WrappedKey[]> {
  const { table, id, wrapped } = COLUMNS[of];
  return run(
    db
      .select({ companyId: table.companyId, id, wrapped })
      .from(table)
      .where(sql`(${table.companyId}, ${id}) > (${after?.companyId ?? ""}, ${after?.id ?? ""})`)
      .orderBy(asc(table.companyId), asc(id))
      .limit(limit),
  );
}

/** One batch; a key that somebody else sealed anew meanwhile stays as they left it. */
export async function replaceWrappedKeys(
  db: Database,
  of: WrappedKeyTable,
  changes: readonly { readonly from: WrappedKey; readonly to: string }[],
): Promise<void> {
  const { table, id, wrapped } = COLUMNS[of];
  const column = of === "sp_keys" ? "wrappedPrivateKey" : "wrappedPrivateJwk";
  const [first, ...others] = changes.map(({ from, to }) =>
    db
      .update(table)
      .set({ [column]: to })
      .where(and(eq(table.companyId, from.companyId), eq(id, from.id), eq(wrapped, from.wrapped))),
  );
  if (first) await run(db.batch([first, ...others]));
}
