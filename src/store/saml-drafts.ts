/** Settings about to be, what a test sign-in showed of them, and the ways that would be left to come in. One draft a company. */
import { and, eq, gt, lt, or, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { auditStatement, type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { credentials, groups, passkeys, samlDrafts, sessions, usedAssertions, usedRequests, users } from "./schema.ts";
import { boundedChecks, boundedText } from "./sign-ins.ts";
import { insertSpKeyStatement } from "./sp-keys.ts";
import type { AuditRecord, SamlDraft, SpKey, TestedSignIn } from "./types.ts";

/** Of all claims of a tested response together: 150 group ids fit many times; what is beyond it is left out. */
export const TESTED_CLAIMS_CHARS_MAX = 60_000;

function boundedClaims(claims: TestedSignIn["claims"]): TestedSignIn["claims"] {
  let left = TESTED_CLAIMS_CHARS_MAX;
  const taken = (text: string) => {
    const short = boundedText(text) ?? "";
    left -= short.length + 1;
    return left >= 0 ? [short] : [];
  };
  return claims.flatMap(({ name, values }) => taken(name).map((one) => ({ name: one, values: values.flatMap(taken) })));
}

const draftOf = (companyId: string) => eq(samlDrafts.companyId, companyId);
const theDraft = (companyId: string, version: number) => and(draftOf(companyId), eq(samlDrafts.version, version));

/** Null for a company that has none. */
export async function findSamlDraft(db: Database, companyId: string): Promise<SamlDraft | null> {
  const row = await run(db.select().from(samlDrafts).where(draftOf(companyId)).get());
  if (!row) return null;
  const { companyId: _, ...draft } = row;
  return draft;
}

/**
 * Writes the draft whole, with the key pairs that it needs, so that they are published before it is in force. Any test of the
 * draft before it is forgotten. `expectedVersion` null: there was none.
 */
export async function saveSamlDraft(
  db: Database,
  companyId: string,
  expectedVersion: number | null,
  draft: Omit<SamlDraft, "testedVersion" | "tested">,
  newKeys: readonly SpKey[],
  record: AuditRecord,
): Promise<ChangeResult> {
  const row = { ...draft, testedVersion: null, tested: null };
  const first =
    expectedVersion === null
      ? auditStatement(db, record)
      : guardedAuditStatement(db, record, samlDrafts, theDraft(companyId, expectedVersion));
  const outcome = await decide(
    db.batch([
      first,
      expectedVersion === null
        ? db.insert(samlDrafts).values({ ...row, companyId })
        : db.update(samlDrafts).set(row).where(draftOf(companyId)),
      ...newKeys.map((key) => insertSpKeyStatement(db, companyId, key)),
    ]),
  );
  if (outcome.ok) return "done";
  const changed = guardFailed(outcome) || outcome.constraint === "saml_drafts.company_id";
  return changed ? "version_changed" : unexpected(outcome.constraint);
}

/** Forgets the version that the caller saw. */
export async function deleteSamlDraft(
  db: Database,
  companyId: string,
  expectedVersion: number,
  record: AuditRecord,
): Promise<ChangeResult> {
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, samlDrafts, theDraft(companyId, expectedVersion)),
      deleteDraftStatement(db, companyId),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}

export function deleteDraftStatement(db: Database, companyId: string) {
  return db.delete(samlDrafts).where(draftOf(companyId));
}

/** What one test sign-in writes. Times are UTC milliseconds. */
export interface TestedWrite {
  /** Of the draft that was tried. */
  readonly version: number;
  readonly tested: TestedSignIn;
  readonly requestId: string;
  readonly requestExpiresAt: number;
  /** Null where the response was not believed. */
  readonly assertion: { readonly issuer: string; readonly id: string; readonly expiresAt: number } | null;
}

/**
 * Uses up the test's request, and the assertion where there is one, as a sign-in does, and notes the outcome on the very
 * version that was tried. `draft_changed`: that version is no more. Unless "done", nothing was written.
 */
export async function recordTestedSignIn(
  db: Database,
  companyId: string,
  w: TestedWrite,
): Promise<"done" | "request_used" | "assertion_used" | "draft_changed"> {
  const tested = {
    ...w.tested,
    checks: boundedChecks(w.tested.checks),
    claims: boundedClaims(w.tested.claims),
  };
  // Null where the version is another by now: the NOT NULL of the use rolls all of it back.
  const expiresAt = sql`(select ${w.requestExpiresAt} from ${samlDrafts} where ${theDraft(companyId, w.version)})`;
  const uses: BatchItem<"sqlite">[] = [];
  if (w.assertion !== null) {
    const { issuer, id: assertionId, expiresAt: until } = w.assertion;
    uses.push(db.insert(usedAssertions).values({ companyId, issuer, assertionId, expiresAt: until }));
  }
  const outcome = await decide(
    db.batch([
      db.insert(usedRequests).values({ companyId, requestId: w.requestId, expiresAt }),
      ...uses,
      db.update(samlDrafts).set({ testedVersion: w.version, tested }).where(draftOf(companyId)),
    ]),
  );
  if (outcome.ok) return "done";
  if (outcome.constraint === "used_requests.expires_at") return "draft_changed";
  if (outcome.constraint.includes("used_requests.")) return "request_used";
  if (outcome.constraint.includes("used_assertions.")) return "assertion_used";
  return outcome.constraint === "foreign key" ? "draft_changed" : unexpected(outcome.constraint);
}

export interface WaysIn {
  /** Somebody has come in by single sign-on, whatever its settings were then. */
  readonly singleSignOn: boolean;
  /** This user may come in without it: a password or a passkey, and a group that lets them. */
  readonly local: boolean;
}

/** Two lookups of one row each. `localIssuer` is the issuer of sessions that no identity provider stands behind. */
export async function findWaysIn(
  db: Database,
  companyId: string,
  userId: string,
  localIssuer: string,
): Promise<WaysIn> {
  const linked = and(eq(users.companyId, companyId), gt(users.subjectIssuer, ""));
  const begun = and(
    eq(sessions.companyId, companyId),
    or(lt(sessions.issuer, localIssuer), gt(sessions.issuer, localIssuer)),
  );
  const ofUser = (table: typeof credentials | typeof passkeys) =>
    sql`exists (select 1 from ${table} where ${and(eq(table.companyId, companyId), eq(table.userId, userId))})`;
  const groupId = sql`(select ${users.groupId} from ${users} where ${and(eq(users.companyId, companyId), eq(users.id, userId))})`;
  const [linkedOne, begunOne, local] = await run(
    db.batch([
      db.select({ id: users.id }).from(users).where(linked).limit(1),
      db.select({ id: sessions.id }).from(sessions).where(begun).limit(1),
      db
        .select({ local: sql<number>`${groups.ssoOnly} = 0 and (${ofUser(credentials)} or ${ofUser(passkeys)})` })
        .from(groups)
        .where(and(eq(groups.companyId, companyId), eq(groups.id, groupId))),
    ]),
  );
  return { singleSignOn: linkedOne.length + begunOne.length > 0, local: local[0]?.local === 1 };
}
