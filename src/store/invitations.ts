/**
 * One-time links. Only the SHA-256 of a link's token is kept. A link is used in one batch with all that it brings about, and
 * the row that it deletes decides the single winner.
 */
import { and, asc, eq, gt, or, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { auditStatement, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { admittedStatement, beginSessionStatements, keepPasswordStatement, notAdmitted } from "./credentials.ts";
import { type Database, decide, run } from "./database.ts";
import { GROUPS_PER_COMPANY_MAX, groupOf } from "./groups.ts";
import { companies, groups, invitations, sessions, users } from "./schema.ts";
import type {
  AuditRecord,
  Company,
  Group,
  Invitation,
  NewUser,
  Page,
  SessionRow,
  SignInRecord,
  User,
} from "./types.ts";
import { newUserRow, userOf } from "./users.ts";

type Row = typeof invitations.$inferSelect;

function invitationOf(row: Row): Invitation {
  const { id, createdAt, expiresAt } = row;
  if (row.kind === "invitation") return { id, createdAt, expiresAt, kind: "invitation", userId: row.userId ?? "" };
  const { email, firstName, lastName } = row;
  const person = { email: email ?? "", firstName: firstName ?? "", lastName: lastName ?? "" };
  return { id, createdAt, expiresAt, kind: "setup", ...person };
}

const oneInvitation = (companyId: string, kind: Invitation["kind"], id: string) =>
  and(eq(invitations.companyId, companyId), eq(invitations.id, id), eq(invitations.kind, kind));

/** `gone`: the company, or the user, was deleted meanwhile. */
export async function createInvitation(
  db: Database,
  companyId: string,
  invitation: Invitation,
  tokenSha256: string,
  record: AuditRecord,
): Promise<"done" | "gone"> {
  const outcome = await decide(
    db.batch([db.insert(invitations).values({ ...invitation, companyId, tokenSha256 }), auditStatement(db, record)]),
  );
  if (outcome.ok) return "done";
  return outcome.constraint === "foreign key" ? "gone" : unexpected(outcome.constraint);
}

/** Those not yet used or revoked, in the order they were made, expired ones for a while too; `page.after` is an id. */
export async function listInvitations(
  db: Database,
  companyId: string,
  kind: Invitation["kind"],
  page: Page,
): Promise<Invitation[]> {
  const rows = await run(
    db
      .select()
      .from(invitations)
      .where(
        and(eq(invitations.companyId, companyId), gt(invitations.id, page.after ?? ""), eq(invitations.kind, kind)),
      )
      .orderBy(asc(invitations.id))
      .limit(page.limit)
      .all(),
  );
  return rows.map(invitationOf);
}

/** An invitation that was not used or revoked, with its person's address. */
export interface PendingInvitation {
  readonly link: Extract<Invitation, { kind: "invitation" }>;
  readonly email: string;
}

/** In the order they were made, of one user or, with `userId` null, of all; `page.after` is an id. */
export async function listPendingInvitations(
  db: Database,
  companyId: string,
  userId: string | null,
  page: Page,
): Promise<PendingInvitation[]> {
  const rows = await run(
    db
      .select({ row: invitations, email: users.email })
      .from(invitations)
      .innerJoin(users, and(eq(users.companyId, invitations.companyId), eq(users.id, invitations.userId)))
      .where(
        and(
          eq(invitations.companyId, companyId),
          userId === null ? undefined : eq(invitations.userId, userId),
          gt(invitations.id, page.after ?? ""),
        ),
      )
      .orderBy(asc(invitations.id))
      .limit(page.limit)
      .all(),
  );
  return rows.flatMap(({ row, email }) => {
    const link = invitationOf(row);
    return link.kind === "invitation" ? [{ link, email }] : [];
  });
}

/** One link of this company that was not yet used or revoked, or null. */
export async function findInvitation(
  db: Database,
  companyId: string,
  kind: Invitation["kind"],
  id: string,
): Promise<Invitation | null> {
  const row = await run(
    db
      .select()
      .from(invitations)
      .where(oneInvitation(companyId, kind, id))
      .get(),
  );
  return row ? invitationOf(row) : null;
}

/** True when there was one to revoke; in force at once. */
export async function deleteInvitation(
  db: Database,
  companyId: string,
  kind: Invitation["kind"],
  id: string,
  record: AuditRecord,
): Promise<boolean> {
  const one = oneInvitation(companyId, kind, id);
  const recorded = guardedAuditStatement(db, record, invitations, one);
  return (await decide(db.batch([recorded, db.delete(invitations).where(one)]))).ok;
}

/** A link as its token finds it. */
export interface InvitationState {
  readonly invitation: Invitation;
  readonly companyStatus: Company["status"];
  /** Whom it is for; null where a set-up link's person is not a user yet. */
  readonly user: User | null;
  /** All of the company. */
  readonly groups: Group[];
}

/** One batch of reads. Null: there is no such link in this company (any more). Whether it has expired is the caller's to say. */
export async function prepareInvitation(
  db: Database,
  companyId: string,
  tokenSha256: string,
): Promise<InvitationState | null> {
  const byToken = and(eq(invitations.tokenSha256, tokenSha256), eq(invitations.companyId, companyId));
  const named = (column: "userId" | "email") =>
    sql`(select ${invitations[column]} from ${invitations} where ${byToken})`;
  const [invitation, company, byId, byEmail, all] = await run(
    db.batch([
      db.select().from(invitations).where(byToken),
      db.select({ status: companies.status }).from(companies).where(eq(companies.id, companyId)),
      db
        .select()
        .from(users)
        .where(and(eq(users.companyId, companyId), eq(users.id, named("userId")))),
      db
        .select()
        .from(users)
        .where(and(eq(users.companyId, companyId), eq(users.email, named("email")))),
      db.select().from(groups).where(eq(groups.companyId, companyId)).limit(GROUPS_PER_COMPANY_MAX),
    ]),
  );
  if (!invitation[0] || !company[0]) return null;
  const user = byId[0] ?? byEmail[0];
  return {
    invitation: invitationOf(invitation[0]),
    companyStatus: company[0].status,
    user: user ? userOf(user) : null,
    groups: all.map(groupOf),
  };
}

/** All that the use of a link writes. */
export interface AcceptedInvitation {
  readonly now: number;
  readonly tokenSha256: string;
  /** Of the link's use. */
  readonly record: AuditRecord;
  /** A group to be made first, with its record. */
  readonly newGroup: { readonly group: Group; readonly record: AuditRecord } | null;
  readonly user: Pick<User, "id" | "email">;
  /** Whether `user` is to be made, with its record. */
  readonly newUser: { readonly user: NewUser; readonly record: AuditRecord } | null;
  /** What is to be kept of the password. */
  readonly password: string;
  readonly session: SessionRow;
  readonly signIn: SignInRecord;
}

/**
 * `invitation_gone`: used, revoked or expired meanwhile. `not_allowed`: the user may not (any more). `user_changed`: somebody
 * made a user of this address meanwhile; prepare again. Unless "done", nothing was written. The person's earlier sessions of
 * the same issuer end, and so do their other links.
 */
export async function acceptInvitation(
  db: Database,
  companyId: string,
  w: AcceptedInvitation,
): Promise<"done" | "invitation_gone" | "not_allowed" | "user_changed"> {
  const { user, session } = w;
  const byToken = and(
    eq(invitations.tokenSha256, w.tokenSha256),
    eq(invitations.companyId, companyId),
    gt(invitations.expiresAt, w.now),
  );
  const ofPerson = and(
    eq(invitations.companyId, companyId),
    or(eq(invitations.tokenSha256, w.tokenSha256), eq(invitations.userId, user.id), eq(invitations.email, user.email)),
  );
  const statements: BatchItem<"sqlite">[] = [guardedAuditStatement(db, w.record, invitations, byToken)];
  if (w.newGroup !== null) {
    statements.push(
      db.insert(groups).values({ ...w.newGroup.group, companyId }),
      auditStatement(db, w.newGroup.record),
    );
  }
  if (w.newUser !== null) {
    statements.push(
      db.insert(users).values(newUserRow(companyId, w.newUser.user, w.now)),
      auditStatement(db, w.newUser.record),
    );
  }
  statements.push(
    admittedStatement(db, companyId, user.id, w.now),
    keepPasswordStatement(db, companyId, user.id, w.password, w.now),
    db.delete(invitations).where(ofPerson),
    db
      .delete(sessions)
      .where(and(eq(sessions.companyId, companyId), eq(sessions.userId, user.id), eq(sessions.issuer, session.issuer))),
    ...beginSessionStatements(db, companyId, w),
  );
  const outcome = await decide(db.batch(statements as [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]]));
  if (outcome.ok) return "done";
  if (guardFailed(outcome)) return "invitation_gone";
  if (outcome.constraint.includes("users.email")) return "user_changed";
  return notAdmitted(outcome.constraint) ? "not_allowed" : unexpected(outcome.constraint);
}
