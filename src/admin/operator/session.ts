/**
 * The operator's session: a sealed cookie and nothing else, so that it can be told without D1. It is sealed under a key of its own purpose
 * that takes part of OPERATOR_TOKEN and GATEWAY_SECRET as they are now: with another token or secret it is worth nothing, the one before
 * of a rotation included. Knows no pages.
 */
import { createHash } from "node:crypto";
import type { Config } from "../../config.ts";
import type { Services } from "../../context.ts";
import { OWN_COOKIE_PREFIX, readCookies } from "../../session/index.ts";
import type { FormOwner } from "../frame/index.ts";

export const OPERATOR_COOKIE = `${OWN_COOKIE_PREFIX}operator`;
export const OPERATOR_SESSION_MS = 8 * 3_600_000;
export const OPERATOR_IDLE_MS = 30 * 60_000;
/** How exactly the idle limit is kept: a cookie younger than this is not made anew. */
const RENEW_AFTER_MS = 60_000;

export interface OperatorSession extends FormOwner {
  readonly startedAt: number;
  readonly seenAt: number;
}

/** Stands where a company's id would in the derivation of keys. Never shown. */
function ownerOf({ operatorToken, gatewaySecret }: Config): string {
  return createHash("sha256").update(gatewaySecret).update(operatorToken).digest("hex");
}

export function newSession({ config, now }: Services): OperatorSession {
  return { id: crypto.randomUUID(), userId: ownerOf(config), startedAt: now(), seenAt: now() };
}

/** A Set-Cookie value. */
export async function sessionCookie({ config, sealer }: Services, session: OperatorSession): Promise<string> {
  const { id, startedAt, seenAt } = session;
  const value = await sealer.seal("operator", ownerOf(config), JSON.stringify([id, startedAt, seenAt]));
  const left = Math.min(OPERATOR_IDLE_MS, startedAt + OPERATOR_SESSION_MS - seenAt);
  return withAttributes(value, Math.ceil(left / 1000));
}

export const CLEARED_COOKIE = withAttributes("", 0);

function withAttributes(value: string, maxAge: number): string {
  return `${OPERATOR_COOKIE}=${value}; Path=/; Max-Age=${maxAge}; Secure; HttpOnly; SameSite=Strict`;
}

/** Null without a session that still counts. `setCookie` where it is to be carried on. */
export async function readOperatorSession(
  services: Services,
  request: Request,
): Promise<{ session: OperatorSession; setCookie: string | null } | null> {
  const { config, sealer } = services;
  const now = services.now();
  for (const [name, value] of readCookies(request)) {
    const text = name === OPERATOR_COOKIE ? await sealer.open("operator", ownerOf(config), value) : null;
    if (text === null) continue;
    const [id, startedAt, seenAt] = JSON.parse(text) as [string, number, number];
    // Clocks differ by a little; what is from farther ahead was made by one that was wrong.
    if (seenAt > now + RENEW_AFTER_MS || now >= startedAt + OPERATOR_SESSION_MS || now >= seenAt + OPERATOR_IDLE_MS)
      continue;
    const session = { id, userId: ownerOf(config), startedAt, seenAt: now };
    return { session, setCookie: now - seenAt < RENEW_AFTER_MS ? null : await sessionCookie(services, session) };
  }
  return null;
}
