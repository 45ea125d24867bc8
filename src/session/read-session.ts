/**
 * From a request to its session. While the cookie's proof is fresh nothing is asked; when it is due, one request an isolate
 * asks D1 once, and the browser gets a renewed cookie. A session that was ended, a user who was disabled or moved, a company
 * that was suspended: in force within 60 s, because no proof is believed for longer than SESSION_STALE_MS.
 */
import type { Services } from "../context.ts";
import { count, counter } from "../metrics.ts";
import { checkSession, nearestReplica, StorageUnavailable } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { type CarriedSession, openSessionCookie, SESSION_COOKIE, sessionCookie } from "./cookie.ts";
import { readCookie } from "./cookies.ts";
import { type Remembered, type SessionMemory, sessionMemory } from "./memory.ts";
import { judge, limitsOf, type Session } from "./session.ts";

/** How long D1's word is believed without asking again. What is left of the minute is for a replica that is behind (docs/scale.md, "Replicas lag"). */
export const SESSION_FRESH_MS = 40_000;
/** How long it is believed while another request of the isolate is asking: as long as a claim to ask stands. */
export const SESSION_STALE_MS = 45_000;
/** The last use goes to the primary database, which may be far away: not more often than this. */
export const TOUCH_INTERVAL_MS = 300_000;
/** Where the idle limit is short, it is kept to a quarter of itself. */
const PARTS_OF_IDLE = 4;

export interface CurrentSession {
  readonly session: Session;
  /** To be sent with the response, where there is one. */
  readonly setCookie: string | null;
}

/**
 * Null: nobody is signed in, or no longer. Throws StorageUnavailable when D1 must be asked and gives no answer.
 * With `waitUntil` a question goes on when its visitor has left, for the benefit of those who rely on the answer.
 */
export async function readSession(
  services: Services,
  tenant: Tenant,
  request: Request,
  waitUntil?: (promise: Promise<unknown>) => void,
): Promise<CurrentSession | null> {
  const value = readCookie(request, SESSION_COOKIE);
  const carried = value === null ? null : await openSessionCookie(services, tenant, value);
  if (carried === null) {
    count("session_checks", "none", tenant.company.id);
    return null;
  }

  const known = withoutAsking(services, tenant, carried);
  if (known !== "unknown") {
    count("session_checks", known ? "fresh" : "none", tenant.company.id);
    return known;
  }
  const now = services.now();
  const { idleMs } = limitsOf(tenant, carried);
  const age = now - carried.checkedAt;
  const memory = sessionMemory(services);
  if (!memory.claim(carried.id, now)) {
    if (carried.identity && isWithin(age, Math.min(SESSION_STALE_MS, idleMs))) {
      count("session_checks", "fresh", tenant.company.id);
      return { session: carried.identity, setCookie: null };
    }
  }
  const question = ask(services, tenant, carried, { now, idleMs, memory });
  waitUntil?.(question.catch(() => undefined));
  return current(await question, carried, !isWithin(age, freshMsOf(idleMs)));
}

/**
 * Who is signed in by an opened cookie of this company, where no D1 need be asked. Null says nothing: `readSession` finds out.
 * Spares nearly every request the wait, which costs more than the checks.
 */
export function freshSession(services: Services, tenant: Tenant, carried: CarriedSession): CurrentSession | null {
  const known = withoutAsking(services, tenant, carried);
  if (!known || known === "unknown") return null;
  countFresh(tenant.company.id);
  return known;
}
const countFresh = counter("session_checks", "fresh");

/** What the cookie and the isolate's memory say. */
function withoutAsking(services: Services, tenant: Tenant, carried: CarriedSession): CurrentSession | null | "unknown" {
  const now = services.now();
  const { expiresAt, idleMs } = limitsOf(tenant, carried);
  if (now >= expiresAt) return null;
  const freshMs = freshMsOf(idleMs);
  const proven = isWithin(now - carried.checkedAt, freshMs);
  const remembered = sessionMemory(services).get(carried.id);
  if (remembered && isWithin(now - remembered.checkedAt, freshMs)) {
    // The isolate's own answer counts where it is the later one, above all when it was "no".
    if (!proven || remembered.checkedAt >= carried.checkedAt) return current(remembered, carried, !proven);
  }
  return carried.identity && proven ? { session: carried.identity, setCookie: null } : "unknown";
}

function freshMsOf(idleMs: number): number {
  return Math.min(SESSION_FRESH_MS, idleMs / PARTS_OF_IDLE);
}

function current(answer: Remembered, carried: CarriedSession, renew: boolean): CurrentSession | null {
  if (answer.session === null) return null;
  const isNews = answer.checkedAt !== carried.checkedAt;
  return { session: answer.session, setCookie: renew && isNews ? answer.setCookie : null };
}

/** Call after ending a session: in this isolate it is over at once, in the others when its proof is due. */
export function forgetSession(services: Services, sessionId: string): void {
  const now = services.now();
  sessionMemory(services).keep(sessionId, { checkedAt: now, session: null, setCookie: null }, now);
}

/** One round trip: to the nearest replica, or to the primary when the last use is to be written as well. */
async function ask(
  services: Services,
  tenant: Tenant,
  carried: CarriedSession,
  { now, idleMs, memory }: { now: number; idleMs: number; memory: SessionMemory },
): Promise<Remembered> {
  const idle = now - carried.checkedAt >= idleMs;
  // What may be over must not be prolonged by looking at it.
  const touchDue = !idle && now - carried.touchedAt >= Math.min(TOUCH_INTERVAL_MS, idleMs / PARTS_OF_IDLE);
  // Of a session that has just begun a replica may not have heard yet.
  const begins = now - carried.signedInAt < SESSION_FRESH_MS;
  const database = touchDue || begins ? services.database : nearestReplica(services.database);
  try {
    count("session_checks", "asked", tenant.company.id);
    const touch = touchDue ? { lastSeenAt: now } : null;
    const checked = await checkSession(database, tenant.company.id, carried.id, touch).catch((error: unknown) => {
      if (touch === null || !(error instanceof StorageUnavailable)) throw error;
      // The primary takes no writes: who it is can still be read, and the last use is written when the proof is due again.
      return checkSession(nearestReplica(services.database), tenant.company.id, carried.id, null);
    });
    const session = judge(tenant, checked, now, carried.checkedAt);
    const setCookie = session && (await sessionCookie(services, tenant, session));
    const answer = { checkedAt: now, session, setCookie };
    memory.keep(carried.id, answer, services.now());
    return answer;
  } catch (error) {
    memory.release(carried.id);
    throw error;
  }
}

/** A proof from the future is none: a clock was wrong, here or where it was made. */
function isWithin(age: number, limit: number): boolean {
  return age >= 0 && age < limit;
}
