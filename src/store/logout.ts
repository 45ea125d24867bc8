/** What a LogoutRequest of the identity provider changes: the message is used up and the sessions it names end, in one batch. */
import { and, eq, inArray, isNull, or } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { NameID } from "../saml/index.ts";
import { unexpected } from "./changes.ts";
import { type Database, decide } from "./database.ts";
import { sessions, usedAssertions } from "./schema.ts";

export interface LogoutWrite {
  /** Spellings of the company's one identity provider; 1 to 4. */
  readonly issuers: readonly string[];
  readonly nameID: Omit<NameID, "format">;
  /** Those that a session's NameID may have, or none; empty: any. */
  readonly formats: readonly string[];
  /** Empty: all sessions of that person (SAML Core 3.7.3.2). */
  readonly sessionIndexes: readonly string[];
  readonly messageId: string;
  /** UTC milliseconds: until when the message's ID is remembered. */
  readonly rememberUntil: number;
}

/** SessionIndexes of one message that are told apart, since D1 binds 100 parameters a statement; a message that names more means all of the person's. */
export const SESSION_INDEXES_MAX = 50;

/**
 * The ids of the sessions that ended, or "used" when this very message ended them before. The value must be the same letter by
 * letter, and so must Format and qualifiers (Core 3.3.4), where both sides say one: identity providers leave them out in logout
 * messages. A session that has no SessionIndex can't be told from those that are named, and ends with them.
 */
export async function endSessionsByLogout(
  db: Database,
  companyId: string,
  w: LogoutWrite,
): Promise<readonly string[] | "used"> {
  const { value, nameQualifier, spNameQualifier } = w.nameID;
  const named = and(
    eq(sessions.companyId, companyId),
    inArray(sessions.issuer, [...w.issuers]),
    eq(sessions.nameId, value),
    saysNoOther(sessions.nameIdFormat, w.formats),
    saysNoOther(sessions.nameQualifier, nameQualifier && [nameQualifier]),
    saysNoOther(sessions.spNameQualifier, spNameQualifier && [spNameQualifier]),
    w.sessionIndexes.length > SESSION_INDEXES_MAX ? undefined : saysNoOther(sessions.sessionIndex, w.sessionIndexes),
  );
  const outcome = await decide(
    db.batch([
      db.insert(usedAssertions).values({
        companyId,
        issuer: w.issuers[0] ?? "",
        assertionId: `logout ${w.messageId}`,
        expiresAt: w.rememberUntil,
      }),
      db.delete(sessions).where(named).returning({ id: sessions.id }),
    ]),
  );
  if (outcome.ok) return outcome.value[1].map(({ id }) => id);
  if (outcome.constraint.includes("used_assertions.")) return "used";
  // The company is gone, and its sessions with it.
  return outcome.constraint === "foreign key" ? [] : unexpected(outcome.constraint);
}

/** What the message says stands in the session too, or nothing does; no condition where the message says nothing. */
function saysNoOther(column: SQLiteColumn, said: readonly string[] | "" | null) {
  return said && said.length > 0 ? or(isNull(column), inArray(column, [...said])) : undefined;
}
