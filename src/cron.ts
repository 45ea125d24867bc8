/**
 * What the schedule does: the one list of jobs. Each is kept apart from the others' failures, gets a bounded time, and is
 * logged with what it did. Two runs may overlap, in one isolate or in two: a job must bear that.
 */
import type { Services } from "./context.ts";
import { log } from "./log.ts";
import { count, type JobRun, jobRuns } from "./metrics.ts";
import { purgeExpired, sealPending } from "./store/index.ts";
import { rewrapKeys, rotateAssertionKeys, servicesOfAll } from "./tenant/index.ts";

export interface Job {
  readonly name: string;
  /**
   * Does a bounded piece of work and says in a few words what it did, without anybody's data: it is logged. What is left is
   * the next run's. Runs again or twice at once without harm; what one half did when the other failed must be whole.
   */
  run(services: Services): Promise<string>;
}

/** For each database, in this order, one after the other, so that they do not crowd D1. */
export const JOBS: readonly Job[] = [
  {
    name: "seal",
    async run({ database }) {
      return `the audit of ${await sealPending(database)} companies`;
    },
  },
  {
    name: "purge",
    async run({ database, now }) {
      const { rows, more } = await purgeExpired(database, now());
      return `${rows} rows${more ? ", more next time" : ""}`;
    },
  },
  { name: "rewrap", run: (services) => rewrapKeys(services) },
  { name: "rotate", run: rotateAssertionKeys },
  {
    // Last: others decide how long it takes.
    name: "follow",
    async run(services) {
      const { followMetadata } = await import("./admin/index.ts");
      return followMetadata(services);
    },
  },
];

/** The schedule comes every 15 minutes, and the platform ends a run after as many; ten jobs that all hang still leave room. */
export const JOB_MS_MAX = 60_000;

export async function runJobs(services: Services, jobs: readonly Job[] = JOBS): Promise<void> {
  for (const job of jobs) {
    const run = await runJob(services, job);
    jobRuns.set(job.name, run);
    count(run.ok ? "cron_runs" : "cron_failures", job.name);
    const { result, durationMs } = run;
    log("cron", { code: job.name, durationMs, ...(run.ok ? { result } : { error: result }) });
  }
}

async function runJob(services: Services, job: Job): Promise<JobRun> {
  const at = services.now();
  const outcome = await new Promise<{ ok: boolean; result: string }>((resolve) => {
    const fail = (error: unknown) => resolve({ ok: false, result: String(error) });
    void scheduler.wait(JOB_MS_MAX).then(() => fail(`not done within ${JOB_MS_MAX} ms`));
    // Also what it throws before its first await.
    Promise.resolve(services)
      .then(async (all) => {
        const said: string[] = [];
        for (const each of servicesOfAll(all)) said.push(await job.run(each));
        return said.join("; ");
      })
      .then((result) => resolve({ ok: true, result }), fail);
  });
  return { at, ...outcome, durationMs: services.now() - at };
}
