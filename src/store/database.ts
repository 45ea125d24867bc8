/**
 * The door to D1: opens it, makes ids, and sorts its failures in two: a constraint that said no (a value the callers in this
 * folder read), and everything else (StorageUnavailable, which the callers answer with 503).
 */
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { v7 } from "uuid";
import { count, observe } from "../metrics.ts";
import { addToTrace } from "../trace.ts";

export type Database = DrizzleD1Database & { readonly $client: D1Database };

/** Any D1 failure that is not a constraint: unreachable, overloaded, timed out, or a statement it refuses. Answer 503. */
export class StorageUnavailable extends Error {
  override readonly name = "StorageUnavailable";
}

/** D1 gave no answer in time, or broke off in the middle: a write may have happened all the same. */
export class StorageInDoubt extends StorageUnavailable {}

/** A handle over a D1 binding, or over a D1 session (`withSession`). Costs nothing; makes no round trip. */
export function openDatabase(d1: D1Database | D1DatabaseSession): Database {
  // Drizzle calls prepare and batch only, and a D1 session has both.
  return drizzle(d1 as D1Database);
}

/** The same database read from its nearest replica; rows may be some seconds old, never torn. */
export function nearestReplica(db: Database): Database {
  const client: Partial<D1Database> = db.$client;
  return client.withSession ? openDatabase(client.withSession("first-unconstrained")) : db;
}

/** UUIDv7 (RFC 9562, 5.7): text, 36 characters; later ids sort after earlier ones, so a key is also an order in time. */
export function newId(): string {
  return v7();
}

/** What a batch came to: its value, or the constraint that rolled all of it back (`users.company_id, users.email`, `foreign key`). */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly constraint: string };

/**
 * How long anybody waits for D1: far longer than a healthy answer from the other side of the world takes, and shorter than a
 * browser's patience. A write that has not answered by then may still have happened: its caller may neither say that it did
 * nor do it again by itself. That is safe because each write is one batch: it is there whole or not at all.
 */
export const D1_TIMEOUT_MS = 10_000;
/** For work of the schedule, which nobody waits for. D1 itself ends a query after 30 seconds. */
export const D1_TIMEOUT_LONG_MS = 30_000;

const TIMED_OUT = Symbol("timed out");

/** Runs reads, or writes that no constraint can refuse. */
export async function run<T>(work: PromiseLike<T>, timeoutMs = D1_TIMEOUT_MS): Promise<T> {
  const outcome = await decide(work, timeoutMs);
  if (outcome.ok) return outcome.value;
  throw new StorageUnavailable(`D1 refused by a constraint: ${outcome.constraint}`);
}

/** Runs a write that constraints decide. The constraint's text is the tables and columns that SQLite names. */
export async function decide<T>(work: PromiseLike<T>, timeoutMs = D1_TIMEOUT_MS): Promise<Outcome<T>> {
  const askedAt = performance.now();
  const waiting = new AbortController();
  const timeout = scheduler.wait(timeoutMs, { signal: waiting.signal }).then(
    () => TIMED_OUT,
    () => TIMED_OUT,
  );
  try {
    const value = await Promise.race([work, timeout]);
    if (value === TIMED_OUT) {
      count("d1_round_trips", "timed_out");
      throw new StorageInDoubt(`D1 gave no answer within ${timeoutMs} ms`);
    }
    count("d1_round_trips", "done");
    return { ok: true, value: value as T };
  } catch (error) {
    if (error instanceof StorageUnavailable) throw error;
    const constraint = constraintOf(error);
    count("d1_round_trips", constraint === null ? "failed" : "constraint");
    if (constraint !== null) return { ok: false, constraint };
    const Failure = says(error, NOTHING_DONE) ? StorageUnavailable : StorageInDoubt;
    throw new Failure(`D1 did not answer${reasonOf(error)}`, { cause: error });
  } finally {
    waiting.abort();
    const ms = performance.now() - askedAt;
    observe("d1_round_trip", ms);
    addToTrace("d1", ms);
  }
}

const CAUSES_MAX = 5;
/**
 * Of D1's errors those by which nothing was done (developers.cloudflare.com/d1/observability/debug-d1): SQLite refused, or nobody took
 * the work. All others, and whatever the runtime throws where the connection itself fails, say nothing of it.
 */
const NOTHING_DONE = /^D1_ERROR: .*(?:SQLITE_|overloaded|requests queued|cannot resolve)/is;
/** What D1 says of itself. Anything with a quote in it may hold a value, and so may the text that Drizzle puts around. */
const SAID = /^D1_ERROR: ([\w .,:;()-]{1,120})$/;

/** For the log. */
function reasonOf(error: unknown): string {
  const said = says(error, SAID)?.[1];
  return said === undefined ? "" : `: ${said}`;
}

/** Drizzle puts its own error around D1's. */
function says(error: unknown, what: RegExp): RegExpExecArray | null {
  for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; at = at.cause, depth++) {
    const found = what.exec(at.message);
    if (found !== null) return found;
  }
  return null;
}

const NAMED = /(?:UNIQUE|NOT NULL) constraint failed: ([\w., ]+)/;

function constraintOf(error: unknown): string | null {
  if (says(error, /FOREIGN KEY constraint failed/)) return "foreign key";
  return says(error, NAMED)?.[1] ?? null;
}
