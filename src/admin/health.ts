/** What an operator's health page says: each part with its own word, so that one that is broken hides no other. */
import type { Services } from "../context.ts";
import { jobRuns } from "../metrics.ts";
import { type DatabaseState, NEWEST_MIGRATION, nearestReplica, readDatabaseState } from "../store/index.ts";

/** The schedule comes every quarter of an hour and purges what has ended; what still lies there after so long it never met. */
export const PURGE_OVERDUE_MS = 2 * 3_600_000;

interface Reach {
  readonly ok: boolean;
  readonly latencyMs: number;
}

export interface Health {
  readonly status: "ok" | "degraded";
  readonly version: { readonly id: string; readonly deployedAt: string } | null;
  readonly database: { readonly primary: Reach; readonly replica: Reach };
  readonly migrations: { readonly ok: boolean; readonly expected: string; readonly applied: string | null };
  /** `opens`: whether a key that lies sealed in D1 can be opened; null where there is none or D1 gives no answer. */
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
  const { config, database, now } = services;
  const [primary, replica] = await Promise.all([ask(services, database), ask(services, nearestReplica(database))]);
  const state = primary.state ?? replica.state;
  const migrated = state?.migration === NEWEST_MIGRATION;
  const opens = state ? await opensOldest(services, state) : null;
  const scheduled = state ? now() - (state.oldestEnd ?? now()) < PURGE_OVERDUE_MS : null;
  const ok = primary.reach.ok && replica.reach.ok && migrated && opens !== false && scheduled !== false;
  return {
    status: ok ? "ok" : "degraded",
    version: config.version ?? null,
    database: { primary: primary.reach, replica: replica.reach },
    migrations: { ok: migrated, expected: NEWEST_MIGRATION, applied: state?.migration ?? null },
    secrets: { opens, previousAccepted: config.previousGatewaySecret !== null },
    assertionKeys: { oldestAt: iso(state?.oldestKeyAt) },
    schedule: {
      ok: scheduled,
      runsHere: [...jobRuns].map(([name, run]) => ({ name, ...run, at: new Date(run.at).toISOString() })),
    },
  };
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

function iso(time: number | null | undefined): string | null {
  return time == null ? null : new Date(time).toISOString();
}
