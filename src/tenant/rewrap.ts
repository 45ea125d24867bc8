/** Seals the companies' private keys anew when GATEWAY_SECRET was changed, so that the previous one can go. */
import type { Services } from "../context.ts";
import { listWrappedKeys, replaceWrappedKeys, WRAPPED_KEY_TABLES, type WrappedKey } from "../store/index.ts";

/** Keys a page: as many statements a batch, and as many decryptions in a row. */
export const REWRAP_KEYS_MAX = 100;

export interface Rewrapped {
  readonly checked: number;
  readonly rewrapped: number;
  /** Keys that neither secret opens: lost, unless an older secret is found. */
  readonly unreadable: number;
  /** Where the next page begins; null: this was the last one. */
  readonly next: RewrapPlace | null;
}

/** After which key of which table; an index into WRAPPED_KEY_TABLES. */
export interface RewrapPlace {
  readonly table: number;
  readonly after: Pick<WrappedKey, "companyId" | "id"> | null;
}

/** One page; two round trips at most. Safe to repeat and to run twice at once. */
export async function rewrapKeys(services: Services, place: RewrapPlace | null): Promise<Rewrapped> {
  const at = place?.table ?? 0;
  const table = WRAPPED_KEY_TABLES[at];
  if (table === undefined) return { checked: 0, rewrapped: 0, unreadable: 0, next: null };
  const { database, sealer } = services;
  const keys = await listWrappedKeys(database, table, place?.after ?? null, REWRAP_KEYS_MAX);
  const changes: { from: WrappedKey; to: string }[] = [];
  let unreadable = 0;
  for (const from of keys) {
    const to = await sealer.reseal("wrapped-key", from.companyId, from.wrapped);
    if (to === null) unreadable++;
    else if (to !== from.wrapped) changes.push({ from, to });
  }
  if (changes.length > 0) await replaceWrappedKeys(database, table, changes);
  return {
    checked: keys.length,
    rewrapped: changes.length,
    unreadable,
    next: placeAfter(at, keys),
  };
}

function placeAfter(at: number, keys: readonly WrappedKey[]): RewrapPlace | null {
  const last = keys.at(-1);
  if (last && keys.length === REWRAP_KEYS_MAX) {
    return { table: at, after: { companyId: last.companyId, id: last.id } };
  }
  return at + 1 < WRAPPED_KEY_TABLES.length ? { table: at + 1, after: null } : null;
}

/** Pages a run of the schedule: some seconds of work. */
const PAGES_A_RUN_MAX = 20;
/** Where the last run of this isolate stopped; another isolate begins at the front, which does no harm. */
const places = new WeakMap<Services["sealer"], RewrapPlace>();

/** For the schedule. Where no previous secret is accepted there is nothing to do. */
export async function rewrapSomeKeys(services: Services): Promise<string> {
  if (services.config.previousGatewaySecret === null) return "no previous secret";
  let place = places.get(services.sealer) ?? null;
  const sum = { checked: 0, rewrapped: 0, unreadable: 0 };
  for (let page = 0; page < PAGES_A_RUN_MAX; page++) {
    const done = await rewrapKeys(services, place);
    sum.checked += done.checked;
    sum.rewrapped += done.rewrapped;
    sum.unreadable += done.unreadable;
    place = done.next;
    if (place === null) break;
  }
  if (place === null) places.delete(services.sealer);
  else places.set(services.sealer, place);
  const { checked, rewrapped, unreadable } = sum;
  return `${rewrapped} of ${checked} sealed anew, ${unreadable} unreadable, ${place ? "more next time" : "all seen"}`;
}
