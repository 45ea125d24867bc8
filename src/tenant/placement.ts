/**
 * From a company to its database. With one database, which is how a gateway begins, nothing is asked and nothing is kept. With
 * several, the first says where a slug is placed, and an isolate remembers it for half a minute: a company is moved while
 * it is suspended (docs/scale.md), so nobody writes to the place it left.
 */
import type { Services } from "../context.ts";
import { dropPlacement, findPlacement, StorageUnavailable, takePlacement } from "../store/index.ts";

/** Name of the first database's binding, where placements are kept and every company is that has none. */
export const FIRST_DATABASE = "DB";
export const PLACEMENT_FRESH_MS = 30_000;
/** How long it is believed while the first database gives no answer: as long as settings are. */
export const PLACEMENT_STALE_MS = 55_000;
/** Some 100 bytes each. */
const PLACEMENTS_MAX = 10_000;

interface Placements {
  /** By the binding's name; made once, so that what is kept by services is kept. */
  readonly byDatabase: Map<string, Services>;
  readonly bySlug: Map<string, Found>;
  /** Those that have no placement, apart: made-up names are among them, and must not drive out those that are placed. */
  readonly unplaced: Map<string, Found>;
}

interface Found {
  readonly services: Services;
  readonly at: number;
}

/** One an isolate; the sealer is made once an isolate and stands for it. */
const memories = new WeakMap<Services["sealer"], Placements>();

function memoryOf(services: Services): Placements {
  let memory = memories.get(services.sealer);
  if (!memory) {
    memory = { byDatabase: new Map(), bySlug: new Map(), unplaced: new Map() };
    memories.set(services.sealer, memory);
  }
  return memory;
}

/** The services over the database that holds this company, or would. Throws StorageUnavailable when it must ask and can't. */
export async function servicesOfCompany(services: Services, slug: string): Promise<Services> {
  const { databases } = services;
  if (!databases || databases.size < 2) return services;
  const { bySlug, unplaced } = memoryOf(services);
  const now = services.now();
  const known = bySlug.get(slug) ?? unplaced.get(slug);
  const age = known && now >= known.at ? now - known.at : PLACEMENT_STALE_MS;
  if (known && age < PLACEMENT_FRESH_MS) return known.services;
  let placed: string | null;
  try {
    placed = await findPlacement(at(services, FIRST_DATABASE).database, slug);
  } catch (error) {
    if (known && age < PLACEMENT_STALE_MS && error instanceof StorageUnavailable) return known.services;
    throw error;
  }
  const found = at(services, placed ?? FIRST_DATABASE);
  forget(services, slug);
  const among = placed === null ? unplaced : bySlug;
  if (among.size >= PLACEMENTS_MAX) among.delete(among.keys().next().value as string);
  among.set(slug, { services: found, at: now });
  return found;
}

/** The services once for each database, the first one first: for what concerns all companies. */
export function servicesOfAll(services: Services): Services[] {
  const names = services.databases ? [...services.databases.keys()] : [];
  return names.length < 2 ? [services] : names.map((name) => at(services, name));
}

/** The binding's name. */
export function nameOfDatabase({ databases, database }: Services): string {
  return [...(databases ?? [])].find(([, one]) => one === database)?.[0] ?? FIRST_DATABASE;
}

/**
 * Up to `limit` objects of all databases in one order, each database giving as many in that order. `before` is negative where the
 * first argument stands before the second.
 */
export async function fromAll<T>(
  services: Services,
  limit: number,
  load: (database: Services["database"]) => Promise<T[]>,
  before: (a: T, b: T) => number,
): Promise<T[]> {
  const lists = await Promise.all(servicesOfAll(services).map(({ database }) => load(database)));
  return lists.length === 1 ? lists[0]! : lists.flat().sort(before).slice(0, limit);
}

/**
 * Takes a slug and tells the services over the database that new companies go to; null: another company has the slug. What was taken
 * for a company that then was not made is taken again by the next who asks for it.
 */
export async function placeCompany(services: Services, slug: string): Promise<Services | null> {
  if (servicesOfAll(services).length < 2) return services;
  const first = at(services, FIRST_DATABASE).database;
  const taken = await takePlacement(first, slug, services.config.newCompaniesDatabase);
  forget(services, slug);
  const placed = taken ? services.config.newCompaniesDatabase : await findPlacement(first, slug);
  return placed === null ? null : at(services, placed);
}

/** After a company was deleted: its slug is free. `services` are those over its database. */
export async function unplaceCompany(services: Services, slug: string): Promise<void> {
  if (servicesOfAll(services).length < 2) return;
  await dropPlacement(at(services, FIRST_DATABASE).database, slug, nameOfDatabase(services));
  forget(services, slug);
}

function forget(services: Services, slug: string): void {
  const { bySlug, unplaced } = memoryOf(services);
  bySlug.delete(slug);
  unplaced.delete(slug);
}

function at(services: Services, name: string): Services {
  const database = services.databases?.get(name);
  if (!database) throw new Error(`a company is placed in ${name}, which is not bound`);
  const { byDatabase } = memoryOf(services);
  let placed = byDatabase.get(name);
  if (!placed) {
    placed = { ...services, database };
    byDatabase.set(name, placed);
  }
  return placed;
}
