/** A company's API tokens. Only the SHA-256 of a secret is kept, and the index over it is how a caller is recognised. */
import { and, asc, eq, gt } from "drizzle-orm";
import { auditStatement, guardedAuditStatement, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { tokens } from "./schema.ts";
import type { AuditRecord, Page, Token } from "./types.ts";

function tokenOf({ companyId: _, secretSha256: _secret, ...token }: typeof tokens.$inferSelect): Token {
  return token;
}

/** Whose token this is, by the SHA-256 of its secret (lower-case hex); null for none. Expiry is the caller's to judge. */
export async function findTokenByHash(
  db: Database,
  secretSha256: string,
): Promise<{ readonly companyId: string; readonly token: Token } | null> {
  const row = await run(db.select().from(tokens).where(eq(tokens.secretSha256, secretSha256)).get());
  return row ? { companyId: row.companyId, token: tokenOf(row) } : null;
}

/** In the order they were made; `page.after` is an id. */
export async function listTokens(db: Database, companyId: string, page: Page): Promise<Token[]> {
  const rows = await run(
    db
      .select()
      .from(tokens)
      .where(and(eq(tokens.companyId, companyId), gt(tokens.id, page.after ?? "")))
      .orderBy(asc(tokens.id))
      .limit(page.limit)
      .all(),
  );
  return rows.map(tokenOf);
}

const oneToken = (companyId: string, id: string) => and(eq(tokens.companyId, companyId), eq(tokens.id, id));

/** One token of this company, or null. */
export async function findToken(db: Database, companyId: string, id: string): Promise<Token | null> {
  const row = await run(db.select().from(tokens).where(oneToken(companyId, id)).get());
  return row ? tokenOf(row) : null;
}

export async function createToken(
  db: Database,
  companyId: string,
  token: Token,
  secretSha256: string,
  record: AuditRecord,
): Promise<"done" | "company_gone"> {
  const outcome = await decide(
    db.batch([db.insert(tokens).values({ ...token, companyId, secretSha256 }), auditStatement(db, record)]),
  );
  if (outcome.ok) return "done";
  return outcome.constraint === "foreign key" ? "company_gone" : unexpected(outcome.constraint);
}

/** True when there was one to delete; in force at once, since a token is looked up at every call. */
export async function deleteToken(db: Database, companyId: string, id: string, record: AuditRecord): Promise<boolean> {
  const recorded = guardedAuditStatement(db, record, tokens, oneToken(companyId, id));
  return (await decide(db.batch([recorded, db.delete(tokens).where(oneToken(companyId, id))]))).ok;
}
