/** What an operator's health page says: each part with its own word, so that one that is broken hides no other. */
import type { Services } from "../context.ts";
import { jobRuns } from "../metrics.ts";
import { type DatabaseState, NEWEST_MIGRATION, nearestReplica, readDatabaseState } from "../store/index.ts";
import { nameOfDatabase, servicesOfAll } from "../tenant/index.ts";

/** The schedule comes every quarter of an hour and purges what has ended; what still lies there after so long it never met. */
export const PURGE_OVERDUE_MS = 2 * 3_600_000;

interface Reach {
  readonly ok: boolean;
  readonly latencyMs: number;
}

interface DatabaseHealth {
  /** Of its binding. */
  readonly name: string;
  readonly ok: boolean;
  readonly primary: Reach;
  readonly replica: Reach;
  /** The last migration that was applied. */
  readonly applied: string | null;
  /** Whether a key that lies sealed in it can be opened; null where there is none or it gives no answer. */
  readonly opens: boolean | null;
  /** Whether the schedule visits it; null where it gives no answer. */
  readonly scheduled: boolean | null;
  readonly oldestKeyAt: number | null;
}

/** Of several databases the worst counts; which one it is, `databases` says. */
export interface Health {
  readonly status: "ok" | "degraded";
  readonly version: { readonly id: string; readonly deployedAt: string } | null;
  readonly database: { readonly primary: Reach; readonly replica: Reach };
  readonly databases: readonly Omit<DatabaseHealth, "oldestKeyAt">[];
  readonly migrations: { readonly ok: boolean; readonly expected: string; readonly applied: string | null };
  readonly secrets: { readonly opens: boolean | null; readonly previousAccepted: boolean };
  readonly assertionKeys: { readonly oldestAt: string | null };
  readonly schedule: {
    readonly ok: boolean | null;
    /** What this isolate itself ran last; the other isolates' runs stand in the log. */
    readonly runsHere: readonly { name: string; at: string; ok: boolean; result: string; durationMs: number }[];
  };
}

/** Throws nothing: a database that is away is what this is there to say. */
export async function healthDetails(services: Services): Promise<Health> {
  const { config } = services;
  const all = await Promise.all(servicesOfAll(services).map(healthOfDatabase));
  const unmigrated = all.find(({ applied }) => applied !== NEWEST_MIGRATION);
  const oldest = all.flatMap(({ oldestKeyAt }) => oldestKeyAt ?? []);
  return {
    status: all.every(({ ok }) => ok) ? "ok" : "degraded",
    version: config.version ?? null,
    database: { primary: worst(all.map(({ primary }) => primary)), replica: worst(all.map(({ replica }) => replica)) },
    databases: all.map(({ oldestKeyAt: _, ...database }) => database),
    migrations: { ok: !unmigrated, expected: NEWEST_MIGRATION, applied: (unmigrated ?? all[0]!).applied },
    secrets: {
      opens: together(all.map(({ opens }) => opens)),
      previousAccepted: config.previousGatewaySecret !== null,
    },
    assertionKeys: { oldestAt: oldest.length > 0 ? new Date(Math.min(...oldest)).toISOString() : null },
    schedule: {
      ok: together(all.map(({ scheduled }) => scheduled)),
      runsHere: [...jobRuns].map(([name, run]) => ({ name, ...run, at: new Date(run.at).toISOString() })),
    },
  };
}

async function healthOfDatabase(services: Services): Promise<DatabaseHealth> {
  const { database, now } = services;
  const [primary, replica] = await Promise.all([ask(services, database), ask(services, nearestReplica(database))]);
  const state = primary.state ?? replica.state;
  const applied = state?.migration ?? null;
  const opens = state ? await opensOldest(services, state) : null;
  const scheduled = state ? now() - (state.oldestEnd ?? now()) < PURGE_OVERDUE_MS : null;
  const reached = primary.reach.ok && replica.reach.ok;
  return {
    name: nameOfDatabase(services),
    ok: reached && applied === NEWEST_MIGRATION && opens !== false && scheduled !== false,
    primary: primary.reach,
    replica: replica.reach,
    applied,
    opens,
    scheduled,
    oldestKeyAt: state?.oldestKeyAt ?? null,
  };
}

function worst(all: readonly Reach[]): Reach {
  return { ok: all.every(({ ok }) => ok), latencyMs: Math.max(...all.map(({ latencyMs }) => latencyMs)) };
}

/** False where one is; null where none is known. */
function together(all: readonly (boolean | null)[]): boolean | null {
  return all.includes(false) ? false : all.includes(true) || null;
}

async function ask(
  { now }: Services,
  database: Services["database"],
): Promise<{ reach: Reach; state: DatabaseState | null }> {
  const askedAt = now();
  const state = await readDatabaseState(database).catch(() => null);
  return { reach: { ok: state !== null, latencyMs: now() - askedAt }, state };
}

async function opensOldest({ sealer }: Services, { oldestKey }: DatabaseState): Promise<boolean | null> {
  if (oldestKey === null) return null;
  return (await sealer.open("wrapped-key", oldestKey.companyId, oldestKey.wrapped)) !== null;
}
