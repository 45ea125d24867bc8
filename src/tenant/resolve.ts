/**
 * From a slug to its company, through the isolate's memory. Only finished values are kept: in workerd a promise that one
 * request made must not be awaited by another, since it dies with its maker. What stands in for sharing is a claim: of
 * the requests that find a value due, one asks D1 and the others go on with what is known.
 */
import type { Services } from "../context.ts";
import { loadTenant, StorageUnavailable } from "../store/index.ts";
import { makeTenant, type Tenant } from "./tenant.ts";

/** How long settings are believed without asking. */
export const TENANT_FRESH_MS = 30_000;
/** How long they are believed while somebody asks, or while D1 gives no answer; changes must be in force within 60 s. */
export const TENANT_STALE_MS = 55_000;
/** An unknown slug may be a company that is being made; asking for made-up ones again and again must not reach D1 each time. */
export const UNKNOWN_FRESH_MS = 5_000;
/** After this a claim is taken for lost: its request was cancelled. */
const CLAIM_MS = 5_000;
/** Some 10 KB each. */
const TENANTS_MAX = 1_000;
/** Apart from the tenants, so that a flood of made-up names drives out no company. */
const UNKNOWN_MAX = 1_000;

interface Known {
  readonly tenant: Tenant;
  /** The rows it was made of, as text: an unchanged company keeps its object, and with it all that was parsed and imported for it. */
  readonly rows: string;
  readonly loadedAt: number;
  claimedUntil: number;
}

interface TenantMemory {
  readonly tenants: Map<string, Known>;
  /** When each unknown slug was asked for. */
  readonly unknown: Map<string, number>;
  /** How often something was forgotten: what was asked before that must not be remembered after it. */
  forgotten: number;
}

/** One memory an isolate; the sealer is made once an isolate and stands for it. */
const memories = new WeakMap<Services["sealer"], TenantMemory>();

function memoryOf(services: Services): TenantMemory {
  let memory = memories.get(services.sealer);
  if (!memory) {
    memory = { tenants: new Map(), unknown: new Map(), forgotten: 0 };
    memories.set(services.sealer, memory);
  }
  return memory;
}

/** What is known of it and believed without asking; null: `resolveTenant` finds out. Spares the wait, which costs more than the look. */
export function freshTenant(services: Services, slug: string): Tenant | null {
  const known = memoryOf(services).tenants.get(slug);
  return known && isWithin(services.now() - known.loadedAt, TENANT_FRESH_MS) ? known.tenant : null;
}

/** Null for a slug that no company has. Throws StorageUnavailable when it must ask D1 and can't. */
export async function resolveTenant(services: Services, slug: string): Promise<Tenant | null> {
  const memory = memoryOf(services);
  const now = services.now();
  const absentAt = memory.unknown.get(slug);
  if (absentAt !== undefined && isWithin(now - absentAt, UNKNOWN_FRESH_MS)) return null;

  const known = memory.tenants.get(slug);
  const age = known ? now - known.loadedAt : -1;
  if (known && isWithin(age, TENANT_FRESH_MS)) return known.tenant;
  const usable = known && isWithin(age, TENANT_STALE_MS) ? known : null;
  if (usable && now < usable.claimedUntil) return usable.tenant;
  if (usable) usable.claimedUntil = now + CLAIM_MS;
  try {
    return await load(services, memory, slug);
  } catch (error) {
    if (usable && error instanceof StorageUnavailable) return usable.tenant;
    throw error;
  }
}

/** As it stands in D1 now. */
export function reloadTenant(services: Services, slug: string): Promise<Tenant | null> {
  return load(services, memoryOf(services), slug);
}

/** Call after a write: in this isolate it is in force at once, in the others when their memory is due. */
export function forgetTenant(services: Services, slug: string): void {
  const memory = memoryOf(services);
  memory.tenants.delete(slug);
  memory.unknown.delete(slug);
  memory.forgotten++;
}

async function load(services: Services, memory: TenantMemory, slug: string): Promise<Tenant | null> {
  // Both before the question: what changes while D1 answers is then not taken for known.
  const loadedAt = services.now();
  const { forgotten } = memory;
  const rows = await loadTenant(services.database, slug);
  const overtaken = memory.forgotten !== forgotten;
  if (rows === null) {
    memory.tenants.delete(slug);
    if (!overtaken) remember(memory.unknown, slug, loadedAt, UNKNOWN_MAX);
    return null;
  }
  memory.unknown.delete(slug);
  const text = JSON.stringify(rows);
  const known = memory.tenants.get(slug);
  const tenant = known?.rows === text ? known.tenant : makeTenant(services.config, rows);
  // Of two loads that overtook one another the one that asked later stays, unless it claims to come from the future.
  const newer = known && known.loadedAt > loadedAt && known.loadedAt <= services.now();
  if (!overtaken && !newer) {
    remember(memory.tenants, slug, { tenant, rows: text, loadedAt, claimedUntil: 0 }, TENANTS_MAX);
  }
  return tenant;
}

/** A clock that was set back makes an age negative: then nothing is known. */
function isWithin(age: number, limit: number): boolean {
  return age >= 0 && age < limit;
}

/** The oldest goes when there are too many; what is written again counts as young. */
function remember<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key);
  if (map.size >= max) map.delete(map.keys().next().value as string);
  map.set(key, value);
}
