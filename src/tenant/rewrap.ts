/** Seals the companies' private keys anew when GATEWAY_SECRET was changed, so that the previous one can go. */
import type { Services } from "../context.ts";
import { listWrappedKeys, replaceWrappedKeys, WRAPPED_KEY_TABLES, type WrappedKey } from "../store/index.ts";

/** Keys a page, and statements a batch. */
const REWRAP_KEYS_MAX = 250;
/** Pages a run: 100,000 keys are looked at. D1 takes 1,000 queries of one invocation, in which the other jobs run too. */
const PAGES_A_RUN_MAX = 400;
/** Keys sealed anew a run; the page that reaches it is the last one. */
const REWRAPPED_A_RUN_MAX = 250;
/** What is left of a job's minute is for the last page. */
const RUN_MS_MAX = 40_000;

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
export async function rewrapKeys(services: Services, pagesMax = PAGES_A_RUN_MAX): Promise<string> {
  if (services.config.previousGatewaySecret === null) return "no previous secret";
  const begunAt = services.now();
  const sum = { checked: 0, rewrapped: 0, unreadable: 0 };
  let place: Place | null = places.get(services.database) ?? FRONT;
  for (let page = 0; place && page < pagesMax && sum.rewrapped < REWRAPPED_A_RUN_MAX; page++) {
    if (services.now() - begunAt > RUN_MS_MAX) break;
    place = await rewrapPage(services, place, sum);
  }
  if (place) places.set(services.database, place);
  else places.delete(services.database);
  return `${sum.rewrapped} of ${sum.checked} sealed anew, ${sum.unreadable} unreadable, ${place ? "more next time" : "all seen"}`;
}

async function rewrapPage(
  { database, sealer }: Services,
  { table: at, after }: Place,
  sum: { checked: number; rewrapped: number; unreadable: number },
): Promise<Place | null> {
  const table = WRAPPED_KEY_TABLES[at];
  if (table === undefined) return null;
  const keys = await listWrappedKeys(database, table, after, REWRAP_KEYS_MAX);
  const changes: { from: WrappedKey; to: string }[] = [];
  for (const from of keys) {
    const to = await sealer.reseal("wrapped-key", from.companyId, from.wrapped);
    if (to === null) sum.unreadable++;
    else if (to !== from.wrapped) changes.push({ from, to });
  }
  await replaceWrappedKeys(database, table, changes);
  sum.checked += keys.length;
  sum.rewrapped += changes.length;
  if (keys.length === REWRAP_KEYS_MAX) return { table: at, after: keys.at(-1)! };
  return at + 1 < WRAPPED_KEY_TABLES.length ? { table: at + 1, after: null } : null;
}
