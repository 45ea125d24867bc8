/**
 * The door to D1: opens it, makes ids, and sorts its failures in two: a constraint that said no (a value the callers in this
 * folder read), and everything else (StorageUnavailable, which the callers answer with 503).
 */
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { v7 } from "uuid";

export type Database = DrizzleD1Database & { readonly $client: D1Database };

/** Any D1 failure that is not a constraint: unreachable, overloaded, timed out, or a statement it refuses. Answer 503. */
export class StorageUnavailable extends Error {
  override readonly name = "StorageUnavailable";
}

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

/** Runs reads, or writes that no constraint can refuse. */
export async function run<T>(work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new StorageUnavailable("D1 did not answer", { cause: error });
  }
}

/** Runs a write that constraints decide. The constraint's text is the tables and columns that SQLite names. */
export async function decide<T>(work: PromiseLike<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work };
  } catch (error) {
    const constraint = constraintOf(error);
    if (constraint !== null) return { ok: false, constraint };
    throw new StorageUnavailable("D1 did not answer", { cause: error });
  }
}

const CAUSES_MAX = 5;
const NAMED = /(?:UNIQUE|NOT NULL) constraint failed: ([\w., ]+)/;

function constraintOf(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; at = at.cause, depth++) {
    if (at.message.includes("FOREIGN KEY constraint failed")) return "foreign key";
    const named = NAMED.exec(at.message)?.[1];
    if (named !== undefined) return named;
  }
  return null;
}
