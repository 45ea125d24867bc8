/**
 * Keys of the identity assertion: the first made on demand, the next one beside it, the former retired. Of concurrent makers one
 * wins, and a key is retired only while a younger one stands.
 */
import { and, desc, eq, gt, inArray, isNull, lte, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { D1_TIMEOUT_LONG_MS, type Database, decide, run } from "./database.ts";
import { assertionKeys, companies } from "./schema.ts";
import type { AssertionKey, AuditRecord } from "./types.ts";

/** Rotated as often as it can be, a company leaves some days of them. */
const KEYS_LISTED_MAX = 100;

const younger = alias(assertionKeys, "younger");
const lately = alias(assertionKeys, "lately");

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

/** Newest first, retired ones too; of very many the newest. */
export async function listAssertionKeys(db: Database, companyId: string): Promise<AssertionKey[]> {
  const rows = await run(
    db
      .select()
      .from(assertionKeys)
      .where(eq(assertionKeys.companyId, companyId))
      .orderBy(desc(assertionKeys.createdAt))
      .limit(KEYS_LISTED_MAX),
  );
  return rows.map(({ companyId: _, ...key }) => key);
}

/** Publishes a key beside the others. `too_early`: one that is not retired was made after `noneSince` (or the company is gone). */
export async function beginAssertionKey(
  db: Database,
  companyId: string,
  key: AssertionKey,
  noneSince: number,
  record: AuditRecord,
): Promise<"done" | "too_early"> {
  const standing = db
    .select({ one: sql`1` })
    .from(assertionKeys)
    .where(
      and(
        eq(assertionKeys.companyId, companyId),
        isNull(assertionKeys.retiredAt),
        gt(assertionKeys.createdAt, noneSince),
      ),
    );
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, companies, sql`${companies.id} = ${companyId} and not exists ${standing}`),
      db.insert(assertionKeys).values({ ...key, companyId }),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "too_early" : unexpected(outcome.constraint);
}

/** Retires a key at `record.at`. `needed`: no younger one was made by `madeBy`, or it is retired or not there. */
export async function retireAssertionKey(
  db: Database,
  companyId: string,
  kid: string,
  madeBy: number,
  record: AuditRecord,
): Promise<"done" | "needed"> {
  const spare = and(
    eq(assertionKeys.companyId, companyId),
    eq(assertionKeys.kid, kid),
    isNull(assertionKeys.retiredAt),
    hasYounger(db, madeBy),
  );
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, assertionKeys, spare),
      db.update(assertionKeys).set({ retiredAt: record.at }).where(spare),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "needed" : unexpected(outcome.constraint);
}

/** What is to be done, of all companies. */
export interface DueAssertionKeys {
  /** Keys that are old and have no successor. */
  readonly old: readonly DueAssertionKey[];
  /** Keys whose successor has taken over. */
  readonly superseded: readonly DueAssertionKey[];
}
export type DueAssertionKey = AssertionKey & { readonly companyId: string };

/**
 * Keys made by `oldBy`, and those that a key made by `announcedBy` follows: of old keys always, of others where that was made after
 * `latelySince`. Reads the rows of old keys and of late ones, not those between; `limit` of each come back, oldest first.
 */
export async function findDueAssertionKeys(
  db: Database,
  times: { readonly oldBy: number; readonly announcedBy: number; readonly latelySince: number },
  limit: number,
): Promise<DueAssertionKeys> {
  const standing = (place: SQL | undefined) =>
    db
      .select()
      .from(assertionKeys)
      .where(and(isNull(assertionKeys.retiredAt), place))
      .limit(limit);
  const isOld = lte(assertionKeys.createdAt, times.oldBy);
  const rolledOver = inArray(
    assertionKeys.companyId,
    db
      .select({ companyId: lately.companyId })
      .from(lately)
      .where(and(gt(lately.createdAt, times.latelySince), lte(lately.createdAt, times.announcedBy))),
  );
  const [old, oldSuperseded, superseded] = await run(
    db.batch([
      standing(and(isOld, sql`not ${hasYounger(db)}`)),
      standing(and(isOld, hasYounger(db, times.announcedBy))),
      standing(and(rolledOver, hasYounger(db, times.announcedBy))),
    ]),
    D1_TIMEOUT_LONG_MS,
  );
  return { old, superseded: [...oldSuperseded, ...superseded].slice(0, limit) };
}

function hasYounger(db: Database, madeBy?: number): SQL {
  const found = db
    .select({ one: sql`1` })
    .from(younger)
    .where(
      and(
        sql`${younger.companyId} = ${assertionKeys.companyId}`,
        isNull(younger.retiredAt),
        sql`${younger.createdAt} > ${assertionKeys.createdAt}`,
        madeBy === undefined ? undefined : lte(younger.createdAt, madeBy),
      ),
    );
  return sql`exists ${found}`;
}
