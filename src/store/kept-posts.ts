/** Bodies of requests that found their session over, sealed, until the person is back: kept for a while, a few a person, taken once. */
import { and, eq, gt, sql } from "drizzle-orm";
import { type Database, decide, run } from "./database.ts";
import { keptPosts, users } from "./schema.ts";
import type { KeptPost } from "./types.ts";
import { oneUser } from "./users.ts";

/** The oldest gives way. */
export const KEPT_POSTS_PER_USER_MAX = 5;

const oneKeptPost = (companyId: string, id: string, now: number) =>
  and(eq(keptPosts.companyId, companyId), eq(keptPosts.id, id), gt(keptPosts.expiresAt, now));

/** False, and nothing written, where the person is gone or disabled. `body`: sealed bytes; a row of D1 holds 2 MB. */
export async function keepPost(
  db: Database,
  companyId: string,
  post: Omit<KeptPost, "bytes"> & { readonly body: Uint8Array },
): Promise<boolean> {
  // Nobody fails the NOT NULL, and with it the batch.
  const userId = sql`(select ${users.id} from ${users} where ${oneUser(companyId, post.userId)} and ${users.status} = 'active')`;
  const ofUser = and(eq(keptPosts.companyId, companyId), eq(keptPosts.userId, post.userId));
  const beyond = sql`(select rowid from ${keptPosts} where ${ofUser} order by rowid desc limit -1 offset ${KEPT_POSTS_PER_USER_MAX})`;
  const outcome = await decide(
    db.batch([
      db.insert(keptPosts).values({ ...post, companyId, userId, body: Buffer.from(post.body) }),
      db.delete(keptPosts).where(and(ofUser, sql`rowid in ${beyond}`)),
    ]),
  );
  return outcome.ok;
}

/** One that has not expired, without its body; whose it is, is the caller's to compare. */
export async function findKeptPost(db: Database, companyId: string, id: string, now: number): Promise<KeptPost | null> {
  const { companyId: _, body, ...columns } = keptColumns;
  const row = await run(
    db
      .select({ ...columns, bytes: sql<number>`length(${body})` })
      .from(keptPosts)
      .where(oneKeptPost(companyId, id, now))
      .get(),
  );
  return row ?? null;
}

const keptColumns = {
  companyId: keptPosts.companyId,
  id: keptPosts.id,
  userId: keptPosts.userId,
  path: keptPosts.path,
  contentType: keptPosts.contentType,
  body: keptPosts.body,
  createdAt: keptPosts.createdAt,
  expiresAt: keptPosts.expiresAt,
};

/** Gives it to one caller in the world, and forgets it. */
export async function takeKeptPost(
  db: Database,
  companyId: string,
  q: { readonly id: string; readonly userId: string; readonly path: string; readonly now: number },
): Promise<{ readonly contentType: string; readonly body: Uint8Array } | null> {
  const wanted = and(oneKeptPost(companyId, q.id, q.now), eq(keptPosts.userId, q.userId), eq(keptPosts.path, q.path));
  const { contentType, body } = keptColumns;
  const [row] = await run(db.delete(keptPosts).where(wanted).returning({ contentType, body }));
  return row ?? null;
}

/** Thrown away, whosever it is: whoever holds its id sits at the browser that sent it. */
export async function discardKeptPost(db: Database, companyId: string, id: string): Promise<void> {
  await run(
    db
      .delete(keptPosts)
      .where(and(eq(keptPosts.companyId, companyId), eq(keptPosts.id, id)))
      .run(),
  );
}
