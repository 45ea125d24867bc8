/**
 * The audit log, read and sealed. A record is written only in the batch of the change that it records; right after, it is sealed
 * into its company's chain: SQLite has no SHA-256, so its place and its hash come from here.
 */
import { and, asc, desc, eq, gt, gte, isNotNull, isNull, lt, lte, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { auditHash, CHAIN_START, type ChainRow } from "./audit-chain.ts";
import { type Database, decide, run } from "./database.ts";
import { audit } from "./schema.ts";
import type { AuditRecord, Page } from "./types.ts";

/** Records sealed in one batch. */
export const SEAL_ROWS_MAX = 50;
/** Rounds of one call: a backlog, or rivals who were quicker. Their statements stay below the 1,000 that D1 takes of a request. */
export const SEAL_ROUNDS_MAX = 15;
/** Companies of one call of sealPending, and its statements. */
export const SEAL_COMPANIES_MAX = 20;
const SEAL_QUERIES_MAX = 400;
/** Statements by which a round reads. */
const SEAL_READS = 2;
const HASH_CHARS = 64;

/** A record and its place in the chain; null until it is sealed. */
export interface SealedAudit extends AuditRecord {
  readonly seq: number | null;
  readonly hash: string | null;
}

/** The column keeps the hash before it too, so that the oldest row that retention left can still be recomputed. */
const ownHash = (kept: string | null) => kept?.slice(HASH_CHARS) ?? null;

/** Newest first; `page.after` is an id. With `companyId` null: of all companies, deleted ones too. */
export async function listAudit(db: Database, companyId: string | null, page: Page): Promise<SealedAudit[]> {
  const rows = await run(
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
  return rows.map((row) => ({ ...row, hash: ownHash(row.hash) }));
}

/** As they stand in the table: what somebody wrote there by hand may be no JSON, and then it is hashed as the text that it is. */
const STORED = {
  ...{ id: audit.id, companyId: audit.companyId, at: audit.at, actor: audit.actor, action: audit.action },
  ...{ resource: audit.resource, resourceId: audit.resourceId, seq: audit.seq, hash: audit.hash },
  before: sql<string | null>`${audit.before}`,
  after: sql<string | null>`${audit.after}`,
};
/** Left to itself SQLite takes the chain's index for these rows, and sorts them. */
const UNSEALED = sql.raw("audit indexed by audit_unsealed where seq is null");
type Stored = Omit<typeof audit.$inferSelect, "before" | "after"> & { before: string | null; after: string | null };

function chainRow({ at, before, after, ...row }: Stored, seq: number, previousHash: string, hash: string): ChainRow {
  const time = Number.isFinite(new Date(at).getTime()) ? new Date(at).toISOString() : String(at);
  return { ...row, seq, at: time, before: jsonOrText(before), after: jsonOrText(after), previousHash, hash };
}

function jsonOrText(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * Gives every record that has none yet its place and its hash: a batch of reads and a batch of writes a round. Two sealers can't
 * both win: a row that is sealed already, or a place that is taken, rolls the later batch back, and it reads again. False when
 * rounds ran out before the records did.
 */
export async function sealAudit(
  db: Database,
  companyId: string,
  roundsMax = SEAL_ROUNDS_MAX,
  may = { queries: Number.POSITIVE_INFINITY },
): Promise<boolean> {
  const ofCompany = eq(audit.companyId, companyId);
  for (let round = 0; round < roundsMax && may.queries > SEAL_READS; round++) {
    may.queries -= SEAL_READS;
    const rowsMax = Math.min(SEAL_ROWS_MAX, may.queries);
    const [[head], open] = await run(
      db.batch([
        db
          .select({ seq: audit.seq, hash: audit.hash })
          .from(audit)
          .where(and(ofCompany, isNotNull(audit.seq)))
          .orderBy(desc(audit.seq))
          .limit(1),
        db
          .select(STORED)
          .from(audit)
          .where(
            sql`${audit.id} in (select id from ${UNSEALED} and company_id = ${companyId} order by id limit ${rowsMax})`,
          ),
      ]),
    );
    if (open.length === 0) return true;
    open.sort((one, other) => (one.id < other.id ? -1 : 1));
    let previousHash = ownHash(head?.hash ?? null) ?? CHAIN_START;
    const writes = open.map((row, index): BatchItem<"sqlite"> => {
      const seq = (head?.seq ?? 0) + index + 1;
      const hash = auditHash(chainRow(row, seq, previousHash, ""));
      const kept = previousHash + hash;
      previousHash = hash;
      // Null where another was quicker: the NOT NULL constraint fails, and the whole batch with it.
      const at = sql`case when ${audit.seq} is null then ${audit.at} end`;
      return db.update(audit).set({ seq, hash: kept, at }).where(eq(audit.id, row.id));
    });
    may.queries -= writes.length;
    const outcome = await decide(db.batch(writes as [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]]));
    if (outcome.ok && open.length < rowsMax) return true;
  }
  return false;
}

/**
 * Seals for companies that have something to seal, deleted ones too; at most SEAL_COMPANIES_MAX of them, each with its share of
 * the statements: none waits for another's backlog. Answers how many.
 */
export async function sealPending(db: Database, may = { queries: SEAL_QUERIES_MAX }): Promise<number> {
  may.queries--;
  const pending = await run(
    db.all<{ companyId: string }>(
      sql`select distinct company_id as "companyId" from ${UNSEALED} limit ${SEAL_COMPANIES_MAX}`,
    ),
  );
  for (const [index, { companyId }] of pending.entries()) {
    const share = { queries: Math.floor(may.queries / (pending.length - index)) };
    may.queries -= share.queries;
    await sealAudit(db, companyId, SEAL_ROUNDS_MAX, share);
    may.queries += share.queries;
  }
  return pending.length;
}

/** Which part of a chain a time span is: the first and the last place in it (0 and 0 for none), and how many records wait for a seal. */
export async function findAuditSpan(db: Database, companyId: string, from: number, to: number) {
  const ofCompany = eq(audit.companyId, companyId);
  const [[span], [waiting]] = await run(
    db.batch([
      db
        .select({
          first: sql<number>`coalesce(min(${audit.seq}), 0)`,
          last: sql<number>`coalesce(max(${audit.seq}), 0)`,
        })
        .from(audit)
        .where(and(ofCompany, isNotNull(audit.seq), gte(audit.at, from), lt(audit.at, to))),
      db
        .select({ unsealed: sql<number>`count(*)` })
        .from(audit)
        .where(and(ofCompany, isNull(audit.seq))),
    ]),
  );
  return { first: span?.first ?? 0, last: span?.last ?? 0, unsealed: waiting?.unsealed ?? 0 };
}

/** Sealed records by their place, ascending: those after `after`, up to `last`. */
export async function listAuditChain(
  db: Database,
  companyId: string,
  span: { readonly after: number; readonly last: number; readonly limit: number },
): Promise<ChainRow[]> {
  const rows = await run(
    db
      .select(STORED)
      .from(audit)
      .where(and(eq(audit.companyId, companyId), gt(audit.seq, span.after), lte(audit.seq, span.last)))
      .orderBy(asc(audit.seq))
      .limit(span.limit)
      .all(),
  );
  return rows.map((row) => {
    const kept = row.hash ?? "";
    return chainRow(row, row.seq ?? 0, kept.slice(0, HASH_CHARS), kept.slice(HASH_CHARS));
  });
}
