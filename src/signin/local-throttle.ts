/**
 * How often a password may be tried: counted in D1, so that it holds for all isolates together, in buckets whose names are
 * tags, so that no address is kept. One person's typing, one network's, and the whole world's at one account are told apart:
 * nobody is locked out everywhere by what one other place does.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { placeOfRequest } from "../rate-limit.ts";
import type { Check } from "../saml/index.ts";
import { type AttemptCount, type AttemptLimits, emailKey } from "../store/index.ts";

export const ATTEMPT_WINDOW_SECONDS = 900;
/** One account from one address. */
export const ATTEMPTS_PER_PAIR_MAX = 10;
/** One account from anywhere: at this rate the worst 100,000 passwords take ten days, and they can't be chosen. */
export const ATTEMPTS_PER_EMAIL_MAX = 100;
/** One address at any account. A success is taken back from the count, so a whole office behind one address is no problem. */
export const ATTEMPTS_PER_ADDRESS_MAX = 200;
/** On a developer's machine: a hundred a second from one address. */
export const LOCAL_ATTEMPTS_PER_ADDRESS_MAX = 100 * ATTEMPT_WINDOW_SECONDS;

/** `account`: the e-mail address typed, or what names a passkey. */
export async function attemptLimits(c: Context<AppEnv>, account: string): Promise<AttemptLimits> {
  const { sealer, config } = c.get("services");
  const { id } = c.get("tenant").company;
  const place = placeOfRequest(c.req.raw.headers);
  const key = emailKey(account);
  const bucket = (...parts: string[]) => sealer.tag("local-attempt", id, parts.join("\n"));
  const perAddress = config.local ? LOCAL_ATTEMPTS_PER_ADDRESS_MAX : ATTEMPTS_PER_ADDRESS_MAX;
  return {
    pair: { bucket: await bucket("pair", place, key), max: ATTEMPTS_PER_PAIR_MAX },
    address: { bucket: await bucket("address", place), max: perAddress },
    email: { bucket: await bucket("email", key), max: ATTEMPTS_PER_EMAIL_MAX },
  };
}

export type AttemptVerdict =
  | { readonly throttled: false; readonly count: number }
  | { readonly throttled: true; readonly which: keyof AttemptLimits; readonly retryAfterSeconds: number };

/** `attempts`: what the store counted, this one included. */
export function judgeAttempts(limits: AttemptLimits, attempts: readonly AttemptCount[], now: number): AttemptVerdict {
  for (const which of ["pair", "address", "email"] as const) {
    const { bucket, max } = limits[which];
    const counted = attempts.find((attempt) => attempt.bucket === bucket);
    if (counted === undefined || counted.count <= max) continue;
    const ms = counted.windowStartedAt + ATTEMPT_WINDOW_SECONDS * 1000 - now;
    return { throttled: true, which, retryAfterSeconds: Math.max(1, Math.ceil(ms / 1000)) };
  }
  const own = attempts.find((attempt) => attempt.bucket === limits.pair.bucket);
  return { throttled: false, count: own?.count ?? 0 };
}

/** What the administrator reads of it. */
export function attemptsCheck(limits: AttemptLimits, verdict: AttemptVerdict): Check {
  if (!verdict.throttled) {
    return { name: "attempts", ok: true, expected: `${limits.pair.max} or fewer`, received: `${verdict.count}` };
  }
  const expected = `${limits[verdict.which].max} in ${ATTEMPT_WINDOW_SECONDS} seconds`;
  return { name: "attempts", ok: false, expected, received: `more: ${verdict.which}` };
}
