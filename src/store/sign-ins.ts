/**
 * Sign-ins. At most two round trips: what the decision needs is read in one batch, and all that it changes is written in
 * another, where unique keys decide the single winner. Also the records that tell an administrator what happened.
 */
import { and, desc, eq, getTableColumns, gte, isNotNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { Check } from "../saml/index.ts";
import { countStatement } from "./attempts.ts";
import { auditStatement, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, newId, run } from "./database.ts";
import { emailKey } from "./email.ts";
import { GROUPS_PER_COMPANY_MAX, groupOf } from "./groups.ts";
import {
  audit,
  companies,
  groups,
  localAttempts,
  samlSettings,
  sessions,
  signIns,
  usedAssertions,
  usedRequests,
  users,
} from "./schema.ts";
import { limitSessionsStatement } from "./sessions.ts";
import type {
  AuditRecord,
  Company,
  Group,
  NewSignIn,
  NewUser,
  Page,
  SessionRow,
  SignInDetail,
  SignInFilter,
  SignInRecord,
  Subject,
  User,
  UserChanges,
} from "./types.ts";
import { newUserRow, oneUser, userColumns, userOf } from "./users.ts";

/** A response has some forty checks. */
export const SIGN_IN_CHECKS_MAX = 80;
/** Of `expected` and `received` each: hostile text may be long, and an administrator needs its beginning. */
export const SIGN_IN_TEXT_CHARS_MAX = 500;
/** Subjects that one assertion can stand for: its user key and its NameID, by each spelling of the issuer. */
export const SIGN_IN_SUBJECTS_MAX = 8;

export interface SignInQuery {
  readonly requestId: string | null;
  readonly issuer: string;
  readonly assertionId: string;
  readonly subjects: readonly Subject[];
  readonly email: string;
}

/** What stands in the database before the sign-in. `users`: found by any subject or by e-mail; at most one a subject. */
export interface SignInState {
  /** Null where the company has no settings (any more). */
  readonly settingsVersion: number | null;
  readonly companyStatus: Company["status"];
  readonly requestUsed: boolean;
  readonly assertionUsed: boolean;
  readonly users: User[];
  readonly groups: Group[];
}

/** One batch of reads. A company that is gone reads as suspended, without settings. Nothing is decided here: completeSignIn decides. */
export async function prepareSignIn(db: Database, companyId: string, q: SignInQuery): Promise<SignInState> {
  const subjects = q.subjects
    .slice(0, SIGN_IN_SUBJECTS_MAX)
    .map((subject) =>
      and(
        eq(users.companyId, companyId),
        eq(users.subjectIssuer, subject.issuer),
        eq(users.subjectKind, subject.kind),
        eq(users.subjectValue, subject.value),
      ),
    );
  const byEmail = and(eq(users.companyId, companyId), eq(users.email, emailKey(q.email)));
  const [company, settings, request, assertion, found, all] = await run(
    db.batch([
      db.select({ status: companies.status }).from(companies).where(eq(companies.id, companyId)),
      db.select({ version: samlSettings.version }).from(samlSettings).where(eq(samlSettings.companyId, companyId)),
      db
        .select({ one: sql<number>`1` })
        .from(usedRequests)
        .where(and(eq(usedRequests.companyId, companyId), eq(usedRequests.requestId, q.requestId ?? ""))),
      db
        .select({ one: sql<number>`1` })
        .from(usedAssertions)
        .where(
          and(
            eq(usedAssertions.companyId, companyId),
            eq(usedAssertions.issuer, q.issuer),
            eq(usedAssertions.assertionId, q.assertionId),
          ),
        ),
      db
        .select()
        .from(users)
        .where(or(...subjects, byEmail)),
      db.select().from(groups).where(eq(groups.companyId, companyId)).limit(GROUPS_PER_COMPANY_MAX),
    ]),
  );
  return {
    settingsVersion: settings[0]?.version ?? null,
    companyStatus: company[0]?.status ?? "suspended",
    requestUsed: request.length > 0,
    assertionUsed: assertion.length > 0,
    users: found.map(userOf),
    groups: all.map(groupOf),
  };
}

/** All that one successful sign-in writes. Times are UTC milliseconds. */
export interface SignInWrite {
  readonly now: number;
  /** Null for an unsolicited response. */
  readonly requestId: string | null;
  /** Until when the use of the request must be remembered. */
  readonly requestExpiresAt: number;
  readonly issuer: string;
  readonly assertionId: string;
  /** VerifiedAssertion.notOnOrAfter: until when the assertion could be presented again. */
  readonly assertionExpiresAt: number;
  readonly user:
    | { readonly kind: "create"; readonly user: NewUser }
    | {
        readonly kind: "update";
        readonly userId: string;
        readonly changes: UserChanges;
        readonly expectedVersion: number;
      };
  readonly session: SessionRow;
  readonly signIn: NewSignIn;
}

/**
 * `request_used`, `assertion_used`: another node was first (SAML Profiles 4.1.4.5: never twice). `user_changed`: the user
 * is not what prepareSignIn read (changed, disabled, deleted, created meanwhile, or its group is gone): prepare again.
 * Unless "done", nothing at all was written.
 */
export type SignInResult = "done" | "request_used" | "assertion_used" | "user_changed";

export async function completeSignIn(db: Database, companyId: string, w: SignInWrite): Promise<SignInResult> {
  const statements: BatchItem<"sqlite">[] = [
    db.insert(usedAssertions).values({
      companyId,
      issuer: w.issuer,
      assertionId: w.assertionId,
      expiresAt: w.assertionExpiresAt,
    }),
    ...userStatements(db, companyId, w),
    db.insert(sessions).values({ ...w.session, companyId }),
    limitSessionsStatement(db, companyId, w.session),
    db.insert(signIns).values(signInRow(companyId, w.signIn)),
  ];
  if (w.requestId !== null) {
    statements.unshift(
      db.insert(usedRequests).values({ companyId, requestId: w.requestId, expiresAt: w.requestExpiresAt }),
    );
  }
  const outcome = await decide(db.batch(statements as [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]]));
  if (outcome.ok) return "done";
  if (outcome.constraint.includes("used_requests.")) return "request_used";
  if (outcome.constraint.includes("used_assertions.")) return "assertion_used";
  if (outcome.constraint.includes("users.") || outcome.constraint === "foreign key") return "user_changed";
  return unexpected(outcome.constraint);
}

function userStatements(db: Database, companyId: string, w: SignInWrite): BatchItem<"sqlite">[] {
  const record = {
    id: newId(),
    companyId,
    at: w.now,
    actor: "sign-in",
    resource: "user" as const,
  };
  if (w.user.kind === "create") {
    const { user } = w.user;
    return [
      db.insert(users).values({ ...newUserRow(companyId, user, w.now), lastSignInAt: w.now }),
      auditStatement(db, {
        ...record,
        action: "create",
        resourceId: user.id,
        before: null,
        after: { ...user, email: emailKey(user.email) },
      }),
    ];
  }
  const { userId, changes, expectedVersion } = w.user;
  const changed = Object.keys(changes).length > 0;
  const step = changed ? 1 : 0;
  // A null version fails the NOT NULL and with it the batch: the user must be the one that was read, and active.
  const version = sql`case when ${users.version} = ${expectedVersion} and ${users.status} = 'active' then ${users.version} + ${step} end`;
  const update = db
    .update(users)
    .set({ ...userColumns(changes), version, lastSignInAt: w.now, ...(changed ? { updatedAt: w.now } : {}) })
    .where(oneUser(companyId, userId));
  if (!changed) return [update];
  const before = sql`(select json_object('email', ${users.email}, 'firstName', ${users.firstName}, 'lastName', ${users.lastName}, 'company', ${users.company}, 'groupId', ${users.groupId}, 'groupSource', ${users.groupSource}) from ${users} where ${oneUser(companyId, userId)})`;
  const recorded = db.insert(audit).values({ ...record, action: "update", resourceId: userId, before, after: changes });
  return [recorded, update];
}

/** Refusals are counted in windows of this length. */
export const REFUSALS_WINDOW_MS = 600_000;
/** Records a window and company: of messages that nobody here asked for, of those whose browser had a form or a request of ours, and on a developer's machine. */
export const REFUSALS_KEPT_MAX = { unasked: 50, asked: 200, local: 100_000 } as const;
/** Beyond that one in so many is kept, so that the log shows that it goes on. */
export const REFUSALS_SAMPLED_EVERY = 1_000;

/**
 * A refusal. Counted and written in one batch, where one too many is taken out again: anybody may send what is refused, and
 * nobody can fill the database with it, or hide other people's refusals behind a flood of messages that nobody asked for.
 */
export async function recordSignIn(
  db: Database,
  companyId: string,
  record: NewSignIn,
  kind: keyof typeof REFUSALS_KEPT_MAX = "unasked",
): Promise<void> {
  const bucket = `refused ${kind}`;
  const counter = and(eq(localAttempts.companyId, companyId), eq(localAttempts.bucket, bucket));
  const tooMany = sql`(select ${localAttempts.count} > ${REFUSALS_KEPT_MAX[kind]} and ${localAttempts.count} % ${REFUSALS_SAMPLED_EVERY} <> 0 from ${localAttempts} where ${counter})`;
  // The company may be gone meanwhile; then there is no log to write to.
  await decide(
    db.batch([
      db.insert(signIns).values(signInRow(companyId, record)),
      countStatement(db, companyId, [bucket], record.at, REFUSALS_WINDOW_MS),
      db.delete(signIns).where(and(eq(signIns.companyId, companyId), eq(signIns.id, record.id), tooMany)),
    ]),
  );
}

/** What a list shows of a record: not its message. */
const { id, at, outcome, code, email, checks, reference, userId } = getTableColumns(signIns);
const LISTED = { id, at, outcome, code, email, checks, reference, userId };

/** Newest first; `page.after` is an id. With `reference`, the one that a visitor's page showed. */
export async function listSignIns(
  db: Database,
  companyId: string,
  wanted: string | null,
  page: Page,
): Promise<SignInRecord[]> {
  const fits = and(eq(signIns.companyId, companyId), wanted === null ? undefined : eq(reference, wanted));
  return newest(db, page, fits);
}

function newest(db: Database, page: Page, fits: SQL | undefined): Promise<SignInRecord[]> {
  const older = page.after === null ? undefined : lt(id, page.after);
  return run(db.select(LISTED).from(signIns).where(and(fits, older)).orderBy(desc(id)).limit(page.limit).all());
}

/** How far back a search looks: what fits may be rare, and it must not read a whole log to find a page of it. */
export const SIGN_IN_FILTER_ROWS_MAX = 5_000;

/** Of the company's newest SIGN_IN_FILTER_ROWS_MAX records those that fit, newest first; `page.after` is an id. */
export async function searchSignIns(
  db: Database,
  companyId: string,
  wanted: SignInFilter,
  page: Page,
): Promise<SignInRecord[]> {
  const oldest = sql`coalesce((select ${id} from ${signIns} where ${signIns.companyId} = ${companyId} order by ${id} desc limit 1 offset ${SIGN_IN_FILTER_ROWS_MAX - 1}), '')`;
  const fits = and(
    eq(signIns.companyId, companyId),
    sql`${id} >= ${oldest}`,
    wanted.outcome == null ? undefined : eq(outcome, wanted.outcome),
    wanted.code == null ? undefined : eq(code, wanted.code),
    wanted.email == null ? undefined : sql`instr(lower(${email}), ${wanted.email.toLowerCase()}) > 0`,
    wanted.from == null ? undefined : gte(at, wanted.from),
    wanted.to == null ? undefined : lt(at, wanted.to),
  );
  return newest(db, page, fits);
}

const one = (companyId: string, wanted: string) => and(eq(signIns.companyId, companyId), eq(id, wanted));

/** One record of this company with its message, struck out, or null. */
export async function findSignIn(db: Database, companyId: string, wanted: string): Promise<SignInDetail | null> {
  const columns = { ...LISTED, message: signIns.message, whole: sql<number>`${signIns.sealedMessage} is not null` };
  const row = await run(db.select(columns).from(signIns).where(one(companyId, wanted)).get());
  if (!row) return null;
  const { whole, ...record } = row;
  return { ...record, wholeIsKept: whole === 1 };
}

/** The whole message, sealed, together with the record that somebody took it; null, and no record, where none is kept. */
export async function takeSealedMessage(
  db: Database,
  companyId: string,
  wanted: string,
  record: AuditRecord,
): Promise<string | null> {
  const kept = and(one(companyId, wanted), isNotNull(signIns.sealedMessage));
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(db, record, signIns, kept),
      db.select({ sealed: signIns.sealedMessage }).from(signIns).where(kept),
    ]),
  );
  if (outcome.ok) return outcome.value[1][0]?.sealed ?? null;
  return guardFailed(outcome) ? null : unexpected(outcome.constraint);
}

const DAY_MS = 86_400_000;

/** A record as its row: bounded, and with its end as the company has it at this moment. */
export function signInRow(companyId: string, record: NewSignIn) {
  const days = sql`(select ${companies.signInRetentionDays} from ${companies} where ${companies.id} = ${companyId})`;
  return { ...boundedRow(companyId, record), expiresAt: sql<number>`${record.at} + ${days} * ${DAY_MS}` };
}

/** Of all the company's records, when it changes how long they are kept. */
export function expiryStatement(db: Database, companyId: string, days: number) {
  return db
    .update(signIns)
    .set({ expiresAt: sql`${at} + ${days * DAY_MS}` })
    .where(eq(signIns.companyId, companyId));
}

function boundedRow(companyId: string, record: NewSignIn) {
  return { ...record, companyId, email: boundedText(record.email), checks: boundedChecks(record.checks) };
}

export function boundedChecks(checks: readonly Check[]): Check[] {
  return checks.slice(0, SIGN_IN_CHECKS_MAX).map((check) => ({
    name: check.name,
    ok: check.ok,
    expected: boundedText(check.expected),
    received: boundedText(check.received),
  }));
}

export function boundedText(text: string | null): string | null {
  if (text === null || text.length <= SIGN_IN_TEXT_CHARS_MAX) return text;
  // Not between the halves of a surrogate pair: a lone half has no UTF-8.
  return `${text.slice(0, SIGN_IN_TEXT_CHARS_MAX).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
