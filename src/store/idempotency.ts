/**
 * Idempotency keys: an insert that one of any number of the same requests wins, and the answer that the others are given.
 * What is kept of an answer is sealed by the caller; nothing here can read it.
 */
import { and, eq, isNull, lte, sql } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { idempotencyKeys } from "./schema.ts";

/** One request under its key; `createdAt` is this very attempt. */
export interface IdempotencyClaim {
  /** `operator` or `token:<id>`. */
  readonly actor: string;
  readonly key: string;
  readonly requestSha256: string;
  readonly createdAt: number;
}

/**
 * `claimed`: this attempt is to do the work. `other_request`: the key stands for something else. `at_work`: the first attempt has no
 * answer yet. `abandoned`: it will have none, and whether it did its work nobody knows.
 */
export type IdempotencyState =
  | { readonly state: "claimed" | "other_request" | "at_work" | "abandoned" }
  | { readonly state: "answered"; readonly status: number; readonly sealedAnswer: string };

const ofKey = ({ actor, key }: Pick<IdempotencyClaim, "actor" | "key">) =>
  and(eq(idempotencyKeys.actor, actor), eq(idempotencyKeys.key, key));

const unanswered = (claim: IdempotencyClaim) =>
  and(ofKey(claim), eq(idempotencyKeys.createdAt, claim.createdAt), isNull(idempotencyKeys.status));

/**
 * Claims the key, or says why not. One that began at `forgottenAt` or before counts as not there; one that is unanswered and
 * began at `abandonedAt` or before is abandoned.
 */
export async function claimIdempotencyKey(
  db: Database,
  claim: IdempotencyClaim,
  times: { readonly abandonedAt: number; readonly forgottenAt: number },
): Promise<IdempotencyState> {
  const { requestSha256, createdAt } = claim;
  const [won, rows] = await run(
    db.batch([
      db
        .insert(idempotencyKeys)
        .values({ ...claim })
        .onConflictDoUpdate({
          target: [idempotencyKeys.actor, idempotencyKeys.key],
          set: { requestSha256, createdAt, status: sql`null`, sealedAnswer: sql`null` },
          setWhere: lte(idempotencyKeys.createdAt, times.forgottenAt),
        })
        .returning({ createdAt: idempotencyKeys.createdAt }),
      db.select().from(idempotencyKeys).where(ofKey(claim)),
    ]),
  );
  if (won.length > 0) return { state: "claimed" };
  const row = rows[0];
  if (row?.requestSha256 !== requestSha256) return { state: "other_request" };
  if (row.status === null || row.sealedAnswer === null) {
    return { state: row.createdAt <= times.abandonedAt ? "abandoned" : "at_work" };
  }
  return { state: "answered", status: row.status, sealedAnswer: row.sealedAnswer };
}

/** Does nothing where the claim was taken over meanwhile. */
export async function keepIdempotentAnswer(
  db: Database,
  claim: IdempotencyClaim,
  status: number,
  sealedAnswer: string,
): Promise<void> {
  await run(db.update(idempotencyKeys).set({ status, sealedAnswer }).where(unanswered(claim)));
}

/** Nothing came of it: whoever repeats the request begins anew. */
export async function releaseIdempotencyKey(db: Database, claim: IdempotencyClaim): Promise<void> {
  await run(db.delete(idempotencyKeys).where(unanswered(claim)));
}
