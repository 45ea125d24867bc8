/**
 * Counts password attempts in fixed windows, for all isolates of the world at once: each attempt is counted before it is
 * looked at, so that a thousand at a time are a thousand. Knows bucket names and limits, not what they stand for.
 */
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { localAttempts } from "./schema.ts";

/** A bucket (a tag, never an address in the clear) and how many attempts of one window it takes. */
export interface AttemptLimit {
  readonly bucket: string;
  readonly max: number;
}

/** What an attempt counts against. Where `pair` or `address` is full, `email` is not counted: else one address could lock a person out everywhere. */
export interface AttemptLimits {
  /** This e-mail address from this network address. */
  readonly pair: AttemptLimit;
  /** Anybody from this network address. */
  readonly address: AttemptLimit;
  /** This e-mail address from anywhere. */
  readonly email: AttemptLimit;
}

/** How full a bucket is, this attempt included. */
export interface AttemptCount {
  readonly bucket: string;
  readonly count: number;
  /** UTC milliseconds. */
  readonly windowStartedAt: number;
}

function counting(now: number, windowMs: number) {
  const { companyId, bucket, count, windowStartedAt } = localAttempts;
  const over = sql`${windowStartedAt} <= ${now - windowMs}`;
  const set = {
    count: sql`case when ${over} then 1 else ${count} + 1 end`,
    windowStartedAt: sql`case when ${over} then ${now} else ${windowStartedAt} end`,
  };
  return { onConflict: { target: [companyId, bucket], set }, counted: { bucket, count, windowStartedAt } };
}

/** One more in each of these buckets; gives their AttemptCounts. */
export function countStatement(
  db: Database,
  companyId: string,
  buckets: readonly string[],
  now: number,
  windowMs: number,
) {
  const { onConflict, counted } = counting(now, windowMs);
  return db
    .insert(localAttempts)
    .values(buckets.map((bucket) => ({ companyId, bucket, windowStartedAt: now, count: 1 })))
    .onConflictDoUpdate(onConflict)
    .returning(counted);
}

/** Two upserts for one batch, each giving AttemptCounts. */
export function countAttemptStatements(
  db: Database,
  companyId: string,
  limits: AttemptLimits,
  now: number,
  windowMs: number,
) {
  const { pair, address, email } = limits;
  const { onConflict, counted } = counting(now, windowMs);
  const full = sql`select 1 from ${localAttempts} where ${localAttempts.companyId} = ${companyId} and ${localAttempts.bucket} in (${pair.bucket}, ${address.bucket}) and ${localAttempts.count} > case ${localAttempts.bucket} when ${pair.bucket} then ${pair.max} else ${address.max} end`;
  return [
    countStatement(db, companyId, [pair.bucket, address.bucket], now, windowMs),
    db
      .insert(localAttempts)
      .select(sql`select ${companyId}, ${email.bucket}, ${now}, 1 where not exists (${full})`)
      .onConflictDoUpdate(onConflict)
      .returning(counted),
  ] as const;
}

/** A success costs nothing: what it counted is taken back, and the person's own mistakes at this place are forgotten. */
export function forgiveAttemptStatement(db: Database, companyId: string, { pair, address, email }: AttemptLimits) {
  const buckets = [pair.bucket, address.bucket, email.bucket];
  return db
    .update(localAttempts)
    .set({
      count: sql`case ${localAttempts.bucket} when ${pair.bucket} then 0 else max(${localAttempts.count} - 1, 0) end`,
    })
    .where(and(eq(localAttempts.companyId, companyId), inArray(localAttempts.bucket, buckets)));
}
