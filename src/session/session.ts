/** What a session is, how one begins and what limits it. No I/O, no clock. */
import type { NameID } from "../saml/index.ts";
import { type CheckedSession, type Group, newId, type SessionRow, type User } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";

/** Who this browser is, as of `checkedAt`. Times are UTC milliseconds. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  /** The person's own words for where they work. */
  readonly userCompany: string;
  readonly group: { readonly id: string; readonly title: string; readonly type: Group["type"] };
  readonly nameId: string;
  readonly signedInAt: number;
  /** The absolute end, as the sign-in set it; `limitsOf` knows whether the policy has become stricter since. */
  readonly expiresAt: number;
  readonly idleMinutes: number;
  /** When D1 last said that all this is so. */
  readonly checkedAt: number;
  /** What D1 holds as the last use. */
  readonly touchedAt: number;
}

/** The Issuer of a session that no identity provider stands behind: a password or a passkey, here. */
export const LOCAL_ISSUER = "urn:vestibule:local";

/** Kept for people who look at a list of sessions; the rest of a longer one tells them nothing. */
export const USER_AGENT_CHARS_MAX = 300;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export interface NewSession {
  readonly tenant: Tenant;
  readonly user: Pick<User, "id" | "email" | "firstName" | "lastName" | "company">;
  readonly group: Group;
  readonly now: number;
  readonly nameID: NameID;
  readonly issuer: string;
  readonly sessionIndex: string | null;
  /** SAML Core 2.7.2: the identity provider's own end of the session. */
  readonly sessionNotOnOrAfter: number | null;
  readonly userAgent: string;
}

/** The row to write with the sign-in, and the session that its cookie carries. */
export function newSession(start: NewSession): { row: SessionRow; session: Session } {
  const { tenant, user, group, now, nameID } = start;
  const { absoluteHours, idleMinutes } = tenant.company.sessionPolicy;
  const row: SessionRow = {
    id: newId(),
    userId: user.id,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: Math.min(now + absoluteHours * HOUR, start.sessionNotOnOrAfter ?? Number.POSITIVE_INFINITY),
    idleMinutes,
    userAgent: start.userAgent.slice(0, USER_AGENT_CHARS_MAX),
    issuer: start.issuer,
    nameId: nameID.value,
    nameIdFormat: nameID.format,
    nameQualifier: nameID.nameQualifier,
    spNameQualifier: nameID.spNameQualifier,
    sessionIndex: start.sessionIndex,
  };
  return { row, session: sessionOf(row, user, group, now) };
}

function sessionOf(row: SessionRow, user: NewSession["user"], group: Group, checkedAt: number): Session {
  return {
    id: row.id,
    userId: row.userId,
    email: user.email,
    firstName: user.firstName,
    lastName: user.lastName,
    userCompany: user.company,
    group: { id: group.id, title: group.title, type: group.type },
    nameId: row.nameId,
    signedInAt: row.createdAt,
    expiresAt: row.expiresAt,
    idleMinutes: row.idleMinutes,
    checkedAt,
    touchedAt: row.lastSeenAt,
  };
}

export interface Limits {
  /** The absolute end. */
  readonly expiresAt: number;
  readonly idleMs: number;
}

/** What limits a session now: what it began with, or the company's policy where that has become stricter. */
export function limitsOf(tenant: Tenant, session: Pick<Session, "signedInAt" | "expiresAt" | "idleMinutes">): Limits {
  const { absoluteHours, idleMinutes } = tenant.company.sessionPolicy;
  return {
    expiresAt: Math.min(session.expiresAt, session.signedInAt + absoluteHours * HOUR),
    idleMs: Math.min(session.idleMinutes, idleMinutes) * MINUTE,
  };
}

/** The session, if everything that D1 answered allows it to go on. `lastUse` is the latest that its cookie proves. */
export function judge(tenant: Tenant, checked: CheckedSession | null, now: number, lastUse: number): Session | null {
  if (!checked) return null;
  const { session: row, user, group, companyStatus } = checked;
  if (user.status !== "active" || companyStatus !== "active") return null;
  // The group has since been closed to passwords.
  if (row.issuer === LOCAL_ISSUER && group.ssoOnly) return null;
  const session = sessionOf(row, user, group, now);
  const { expiresAt, idleMs } = limitsOf(tenant, session);
  if (now >= expiresAt || now - Math.max(lastUse, row.lastSeenAt) >= idleMs) return null;
  return session;
}
