/**
 * Rotation of the keys of the identity assertion. A successor is published beside the key that signs, takes over by itself once
 * every copy of the list can hold it, and then the former is retired: at no moment is there none, and no origin meets an unknown one.
 */
import type { Allowance, Services } from "../context.ts";
import {
  type AssertionKey,
  type AuditRecord,
  beginAssertionKey,
  findDueAssertionKeys,
  newId,
  retireAssertionKey,
} from "../store/index.ts";
import { ASSERTION_KEY_ANNOUNCED_MS, assertionKeyState, newAssertionKey } from "./assertion-keys.ts";

/** After this a key gets a successor. */
export const ASSERTION_KEY_LIFE_MS = 30 * 86_400_000;
/** A forced rotation is looked for so long; where no run came meanwhile the former is retired when it is old. */
const LATELY_MS = 86_400_000;
/** Of each kind a run: at four runs an hour 288,000 companies rotate in the 30 days. */
const KEYS_A_RUN_MAX = 100;
/** Statements of the search, and of the change of one key. */
const SEARCH_QUERIES = 3;
const CHANGE_QUERIES = 2;

/** As REST shows it and the audit keeps it: nothing private, `keys` being all of the company. */
export function describeAssertionKey(key: AssertionKey, keys: readonly AssertionKey[], now: number) {
  const { kty, crv, x, y } = key.publicJwk;
  return {
    kid: key.kid,
    state: assertionKeyState(key, keys, now),
    publicJwk: { kty, crv, x, y },
    createdAt: new Date(key.createdAt).toISOString(),
    retiredAt: key.retiredAt === null ? null : new Date(key.retiredAt).toISOString(),
  };
}

/** Publishes a successor unless a key was made after `noneSince`; null: one was. `actor` as in the audit. */
export async function beginAssertionKeyRotation(
  services: Services,
  actor: string,
  companyId: string,
  former: readonly AssertionKey[],
  noneSince: number,
): Promise<AssertionKey | null> {
  const key = await newAssertionKey(services, companyId);
  const after = describeAssertionKey(key, [key, ...former], key.createdAt);
  const record = recordOf(services, actor, companyId, { action: "create", resourceId: key.kid, before: null, after });
  const begun = await beginAssertionKey(services.database, companyId, key, noneSince, record);
  return begun === "done" ? key : null;
}

/** For the schedule. Runs that overlap find the same work; each piece has one winner. */
export async function rotateAssertionKeys(services: Services, may: Allowance): Promise<string> {
  const begunAt = services.now();
  const [oldBy, announcedBy] = [begunAt - ASSERTION_KEY_LIFE_MS, begunAt - ASSERTION_KEY_ANNOUNCED_MS];
  const times = { oldBy, announcedBy, latelySince: begunAt - LATELY_MS };
  may.queries -= SEARCH_QUERIES;
  const { old, superseded } = await findDueAssertionKeys(services.database, times, KEYS_A_RUN_MAX);
  const more = old.length === KEYS_A_RUN_MAX || superseded.length >= KEYS_A_RUN_MAX;
  const mayGoOn = () => services.now() <= may.until && may.queries >= CHANGE_QUERIES;
  let begun = 0;
  let retired = 0;
  for (const { companyId, ...key } of old) {
    if (!mayGoOn()) break;
    may.queries -= CHANGE_QUERIES;
    if (await beginAssertionKeyRotation(services, "schedule", companyId, [key], oldBy)) begun++;
  }
  for (const { companyId, ...key } of superseded) {
    if (!mayGoOn()) break;
    may.queries -= CHANGE_QUERIES;
    const before = { ...describeAssertionKey(key, [key], begunAt), state: "previous" };
    const after = { ...before, retiredAt: new Date(services.now()).toISOString() };
    const record = recordOf(services, "schedule", companyId, { action: "update", resourceId: key.kid, before, after });
    if ((await retireAssertionKey(services.database, companyId, key.kid, announcedBy, record)) === "done") retired++;
  }
  return `${begun} begun, ${retired} retired${more || (begun + retired < old.length + superseded.length && !mayGoOn()) ? ", more next time" : ""}`;
}

function recordOf(
  { now }: Services,
  actor: string,
  companyId: string,
  change: Pick<AuditRecord, "action" | "resourceId" | "before" | "after">,
): AuditRecord {
  return { ...change, id: newId(), companyId, at: now(), actor, resource: "assertion-key" };
}
