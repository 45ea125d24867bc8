/**
 * The session cookie: who the visitor is and when D1 last confirmed it, sealed for one company. It proves itself in any
 * isolate of the world, so that a request needs no query while the proof is fresh.
 */
import type { Services } from "../context.ts";
import type { Tenant } from "../tenant/index.ts";
import { OWN_COOKIE_PREFIX } from "./cookies.ts";
import { limitsOf, type Session } from "./session.ts";

export const SESSION_COOKIE = `${OWN_COOKIE_PREFIX}session`;
/** Browsers keep 4096 bytes of a cookie, its name and attributes counted. */
export const SESSION_COOKIE_BYTES_MAX = 3500;
/** The cookie outlives the session: that it is over is ours to say, and a form sent too late is still known to be somebody's. */
const COOKIE_AFTERLIFE_SECONDS = 12 * 3_600;

/** The layout of the sealed array; another layout is another number, and a cookie of an unknown one is no session. */
const LAYOUT = 1;

/** What a cookie says. `identity` is null where the names would not have fitted: then only the isolate's memory or D1 knows them. */
export interface CarriedSession {
  readonly id: string;
  readonly checkedAt: number;
  readonly touchedAt: number;
  readonly signedInAt: number;
  readonly expiresAt: number;
  readonly idleMinutes: number;
  readonly identity: Session | null;
}

type Layout = [
  layout: typeof LAYOUT,
  id: string,
  checkedAt: number,
  touchedAt: number,
  signedInAt: number,
  expiresAt: number,
  idleMinutes: number,
  identity: [string, string, string, string, string, string, string, Session["group"]["type"], string] | null,
];

/** A Set-Cookie value. */
export async function sessionCookie(services: Services, tenant: Tenant, session: Session): Promise<string> {
  const { group } = session;
  const { id, checkedAt, touchedAt, signedInAt, expiresAt, idleMinutes } = session;
  const proof = [id, checkedAt, touchedAt, signedInAt, expiresAt, idleMinutes] as const;
  const names = [session.userId, session.email, session.firstName, session.lastName, session.userCompany] as const;
  const identity: Layout[7] = [...names, group.id, group.title, group.type, session.nameId];
  const seal = (content: Layout[7]) =>
    services.sealer.seal("session", tenant.company.id, JSON.stringify([LAYOUT, ...proof, content] satisfies Layout));
  const limits = limitsOf(tenant, session);
  const end = Math.min(limits.expiresAt, services.now() + limits.idleMs) + COOKIE_AFTERLIFE_SECONDS * 1000;
  const maxAge = Math.max(1, Math.ceil((end - services.now()) / 1000));
  const cookie = withAttributes(await seal(identity), maxAge);
  return cookie.length <= SESSION_COOKIE_BYTES_MAX ? cookie : withAttributes(await seal(null), maxAge);
}

/** The Set-Cookie value that ends the browser's part of a session. */
export function clearSessionCookie(): string {
  return withAttributes("", 0);
}

function withAttributes(value: string, maxAge: number): string {
  return `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAge}; Secure; HttpOnly; SameSite=Lax`;
}

/** Cookies kept open. A browser sends the same one some 40 seconds long, and opening it costs more than all else that is done here. Some 2 KB each. */
const OPENED_MAX = 4_000;
interface Opened {
  /** It opens at no other. */
  readonly companyId: string;
  readonly carried: CarriedSession;
}
/** By value. One an isolate; the sealer is made once an isolate and stands for it. */
const openedBy = new WeakMap<Services["sealer"], Map<string, Opened>>();

/** Null for anything that this gateway did not seal for this company. The same cookie gives the same object. */
export async function openSessionCookie(
  services: Services,
  tenant: Tenant,
  value: string,
): Promise<CarriedSession | null> {
  const known = openedBefore(services, tenant, value);
  if (known) return known;
  const carried = await unseal(services, tenant, value);
  if (carried === null) return null;
  const opened = openedOf(services);
  if (opened.size >= OPENED_MAX) opened.delete(opened.keys().next().value as string);
  opened.set(value, { companyId: tenant.company.id, carried });
  return carried;
}

/** Null says nothing about a cookie. */
export function openedBefore(services: Services, tenant: Tenant, value: string): CarriedSession | null {
  const known = openedOf(services).get(value);
  return known?.companyId === tenant.company.id ? known.carried : null;
}

function openedOf(services: Services): Map<string, Opened> {
  let opened = openedBy.get(services.sealer);
  if (!opened) {
    opened = new Map();
    openedBy.set(services.sealer, opened);
  }
  return opened;
}

async function unseal(services: Services, tenant: Tenant, value: string): Promise<CarriedSession | null> {
  const text = await services.sealer.open("session", tenant.company.id, value);
  if (text === null) return null;
  const [layout, id, checkedAt, touchedAt, signedInAt, expiresAt, idleMinutes, content] = JSON.parse(text) as Layout;
  if (layout !== LAYOUT) return null;
  const proof = { id, checkedAt, touchedAt, signedInAt, expiresAt, idleMinutes };
  if (content === null) return { ...proof, identity: null };
  const [userId, email, firstName, lastName, userCompany, groupId, title, type, nameId] = content;
  const group = { id: groupId, title, type };
  return { ...proof, identity: { ...proof, userId, email, firstName, lastName, userCompany, group, nameId } };
}
