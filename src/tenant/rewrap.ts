/** Seals the companies' private keys anew when GATEWAY_SECRET was changed, so that the previous one can go. */
import type { Allowance, Services } from "../context.ts";
import { listWrappedKeys, replaceWrappedKeys, WRAPPED_KEY_TABLES, type WrappedKey } from "../store/index.ts";

/** Keys a page, and statements a batch. */
const REWRAP_KEYS_MAX = 250;

/** After which key of which table. */
interface Place {
  readonly table: number;
  readonly after: WrappedKey | null;
}

const FRONT: Place = { table: 0, after: null };
/** Where the last run of this isolate stopped; another isolate begins at the front, which does no harm. */
const places = new WeakMap<Services["database"], Place>();

/**
 * For the schedule: one look at every key, then it says "all seen". Safe to repeat and to run twice at once. Where no
 * previous secret is accepted there is nothing to do. An unreadable key is one that neither secret opens.
 */
export async function rewrapKeys(services: Services, may: Allowance): Promise<string> {
  if (services.config.previousGatewaySecret === null) return "no previous secret";
  const sum = { checked: 0, rewrapped: 0, unreadable: 0 };
  let place: Place | null = places.get(services.database) ?? FRONT;
  while (place && may.queries > 1 && services.now() <= may.until) place = await rewrapPage(services, place, sum, may);
  if (place) places.set(services.database, place);
  else places.delete(services.database);
  return `${sum.rewrapped} of ${sum.checked} sealed anew, ${sum.unreadable} unreadable, ${place ? "more next time" : "all seen"}`;
}

async function rewrapPage(
  { database, sealer }: Services,
  { table: at, after }: Place,
  sum: { checked: number; rewrapped: number; unreadable: number },
  may: Allowance,
): Promise<Place | null> {
  const table = WRAPPED_KEY_TABLES[at];
  if (table === undefined) return null;
  may.queries--;
  const keys = await listWrappedKeys(database, table, after, REWRAP_KEYS_MAX);
  const changes: { from: WrappedKey; to: string }[] = [];
  let last = after;
  for (const from of keys) {
    if (changes.length >= may.queries) break;
    const to = await sealer.reseal("wrapped-key", from.companyId, from.wrapped);
    if (to === null) sum.unreadable++;
    else if (to !== from.wrapped) changes.push({ from, to });
    sum.checked++;
    last = from;
  }
  may.queries -= changes.length;
  await replaceWrappedKeys(database, table, changes);
  sum.rewrapped += changes.length;
  if (keys.length === REWRAP_KEYS_MAX || last !== (keys.at(-1) ?? after)) return { table: at, after: last };
  return at + 1 < WRAPPED_KEY_TABLES.length ? { table: at + 1, after: null } : null;
}
