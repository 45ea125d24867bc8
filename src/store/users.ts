/** Users of a company: found by id or e-mail, listed by id, changed under their version. */
import { and, asc, eq, exists, gt, gte, inArray, lt, ne, sql } from "drizzle-orm";
import { auditStatement, type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { emailKey } from "./email.ts";
import { groups, sessions, users } from "./schema.ts";
import type { AuditRecord, NewUser, Page, Subject, User, UserChanges } from "./types.ts";

type Row = typeof users.$inferSelect;

export function userOf(row: Row): User {
  const { companyId: _, subjectIssuer, subjectKind, subjectValue, ...user } = row;
  const linked = subjectIssuer !== null && subjectKind !== null && subjectValue !== null;
  return { ...user, subject: linked ? { issuer: subjectIssuer, kind: subjectKind, value: subjectValue } : null };
}

function subjectColumns(subject: Subject | null) {
  return {
    subjectIssuer: subject?.issuer ?? null,
    subjectKind: subject?.kind ?? null,
    subjectValue: subject?.value ?? null,
  };
}

/** The row of a new user: version 1. */
export function newUserRow(companyId: string, { subject, ...user }: NewUser, now: number) {
  return {
    ...user,
    ...subjectColumns(subject),
    companyId,
    email: emailKey(user.email),
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

/** The columns that these changes set. */
export function userColumns({ subject, ...changes }: UserChanges) {
  return {
    ...changes,
    ...(changes.email === undefined ? {} : { email: emailKey(changes.email) }),
    ...(subject === undefined ? {} : subjectColumns(subject)),
  };
}

export const oneUser = (companyId: string, id: string) => and(eq(users.companyId, companyId), eq(users.id, id));

/** One user of this company, or null. */
export async function findUser(db: Database, companyId: string, id: string): Promise<User | null> {
  const row = await run(db.select().from(users).where(oneUser(companyId, id)).get());
  return row ? userOf(row) : null;
}

/** By e-mail address, A to Z in either case. */
export async function findUserByEmail(db: Database, companyId: string, email: string): Promise<User | null> {
  const row = await run(
    db
      .select()
      .from(users)
      .where(and(eq(users.companyId, companyId), eq(users.email, emailKey(email))))
      .get(),
  );
  return row ? userOf(row) : null;
}

/** In the order they were made; `page.after` is an id. */
export async function listUsers(db: Database, companyId: string, page: Page): Promise<User[]> {
  const rows = await run(
    db
      .select()
      .from(users)
      .where(and(eq(users.companyId, companyId), gt(users.id, page.after ?? "")))
      .orderBy(asc(users.id))
      .limit(page.limit)
      .all(),
  );
  return rows.map(userOf);
}

/**
 * Those whose address begins with `prefix` (A to Z in either case), in the order of their addresses; `page.after` is an
 * address. The prefix is a range of the index over addresses, so that a search costs what it shows.
 */
export async function searchUsers(db: Database, companyId: string, prefix: string, page: Page): Promise<User[]> {
  const from = emailKey(prefix);
  const rows = await run(
    db
      .select()
      .from(users)
      .where(
        and(
          eq(users.companyId, companyId),
          gte(users.email, from),
          // No address has a character behind the last one of Unicode.
          lt(users.email, `${from}\u{10FFFF}`),
          gt(users.email, page.after ?? ""),
        ),
      )
      .orderBy(asc(users.email))
      .limit(page.limit)
      .all(),
  );
  return rows.map(userOf);
}

/** What another row of the company says no to. */
export type UserConflict = "email_taken" | "subject_taken" | "group_unknown";

export function userConflictOf(constraint: string): UserConflict {
  if (constraint.includes("users.email")) return "email_taken";
  if (constraint.includes("users.subject_value")) return "subject_taken";
  return constraint === "foreign key" ? "group_unknown" : unexpected(constraint);
}

export async function createUser(
  db: Database,
  companyId: string,
  user: NewUser,
  record: AuditRecord,
): Promise<"done" | UserConflict> {
  const outcome = await decide(
    db.batch([db.insert(users).values(newUserRow(companyId, user, record.at)), auditStatement(db, record)]),
  );
  return outcome.ok ? "done" : userConflictOf(outcome.constraint);
}

/** Changes the version that the caller saw. Disabling ends every session of the user, so that enabling again revives none. */
export async function updateUser(
  db: Database,
  companyId: string,
  id: string,
  expectedVersion: number,
  changes: UserChanges,
  record: AuditRecord,
): Promise<ChangeResult | UserConflict> {
  const update = [
    guardedAuditStatement(db, record, users, and(oneUser(companyId, id), eq(users.version, expectedVersion))),
    db
      .update(users)
      .set({ ...userColumns(changes), version: sql`${users.version} + 1`, updatedAt: record.at })
      .where(oneUser(companyId, id)),
  ] as const;
  const ended = db.delete(sessions).where(and(eq(sessions.companyId, companyId), eq(sessions.userId, id)));
  const outcome = await decide(db.batch(changes.status === "disabled" ? [...update, ended] : update));
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : userConflictOf(outcome.constraint);
}

/** Another user than this one who is active and in a group of type administrator. */
function otherAdministrator(db: Database, companyId: string, id: string) {
  const administrators = db
    .select({ id: groups.id })
    .from(groups)
    .where(and(eq(groups.companyId, companyId), eq(groups.type, "administrator")));
  const others = and(ne(users.id, id), eq(users.status, "active"), inArray(users.groupId, administrators));
  return db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.companyId, companyId), others))
    .limit(1);
}

/** Whether anybody could still administer the company without this user. */
export async function hasOtherAdministrator(db: Database, companyId: string, id: string): Promise<boolean> {
  return (await run(otherAdministrator(db, companyId, id))).length > 0;
}

/** Whether a rule of the group mapping gave anybody their group, be it gone or not. */
export async function hasMappedUsers(db: Database, companyId: string): Promise<boolean> {
  const mapped = and(eq(users.companyId, companyId), eq(users.groupSource, "mapping"));
  return (await run(db.select({ one: sql`1` }).from(users).where(mapped).limit(1))).length > 0;
}

/**
 * Deletes the user and every session of theirs; sign-in records and audit stay. With `othersMustStay` only while another
 * administrator is there; where none is, it answers as if the version had changed.
 */
export async function deleteUser(
  db: Database,
  companyId: string,
  id: string,
  expectedVersion: number,
  record: AuditRecord,
  othersMustStay = false,
): Promise<ChangeResult> {
  const seen = and(oneUser(companyId, id), eq(users.version, expectedVersion));
  const outcome = await decide(
    db.batch([
      guardedAuditStatement(
        db,
        record,
        users,
        othersMustStay ? and(seen, exists(otherAdministrator(db, companyId, id))) : seen,
      ),
      db.delete(users).where(oneUser(companyId, id)),
    ]),
  );
  if (outcome.ok) return "done";
  return guardFailed(outcome) ? "version_changed" : unexpected(outcome.constraint);
}
