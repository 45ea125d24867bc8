/**
 * What the schedule does: the one list of jobs. Each is kept apart from the others' failures, and each database from the others';
 * it gets a bounded time and a bounded number of queries, and is logged with what it did. Two runs may overlap, in one isolate or
 * in two: a job must bear that.
 */
import type { Allowance, Services } from "./context.ts";
import { log } from "./log.ts";
import { count, type JobRun, jobRuns } from "./metrics.ts";
import { PURGE_QUERIES, purgeExpired, sealPending } from "./store/index.ts";
import { nameOfDatabase, rewrapKeys, rotateAssertionKeys, servicesOfAll } from "./tenant/index.ts";

export interface Job {
  readonly name: string;
  /**
   * Does a bounded piece of work and says in a few words what it did, without anybody's data: it is logged. What is left is
   * the next run's. Runs again or twice at once without harm; what one half did when the other failed must be whole.
   */
  run(services: Services, may: Allowance): Promise<string>;
}

/** For each database, in this order, one after the other, so that they do not crowd D1. */
export const JOBS: readonly Job[] = [
  {
    name: "purge",
    async run({ database, now }, may) {
      may.queries -= PURGE_QUERIES;
      const { rows, more } = await purgeExpired(database, now());
      return `${rows} rows${more ? ", more next time" : ""}`;
    },
  },
  { name: "rotate", run: rotateAssertionKeys },
  {
    name: "follow",
    async run(services, may) {
      const { followMetadata } = await import("./admin/index.ts");
      return followMetadata(services, may);
    },
  },
  // These have all the time in the world, and may have more to do than a day's runs.
  { name: "rewrap", run: rewrapKeys },
  {
    name: "seal",
    async run({ database }, may) {
      return `the audit of ${await sealPending(database, may)} companies`;
    },
  },
];

const RUN_INTERVAL_MS = 15 * 60_000;
/** The platform ends a run after as long as lies between two; ten jobs that all hang still leave room. */
export const JOB_MS_MAX = 60_000;
/** Of that, until when a job begins something: the rest is for what was begun to end. */
const JOB_WORK_MS = 40_000;
/** D1 takes 1,000 of one run of a Worker; whether a batch counts once Cloudflare doesn't say, so each of its statements does. */
export const QUERIES_A_RUN_MAX = 950;
/** Visited in a run, so that what each has is enough for something of every job. The others' turn is the next run. */
export const DATABASES_A_RUN_MAX = 12;

export async function runJobs(services: Services, jobs: readonly Job[] = JOBS): Promise<void> {
  const all = whoseTurn(services);
  const left = new Map(all.map((each) => [each, Math.floor(QUERIES_A_RUN_MAX / all.length)]));
  for (const job of jobs) {
    // Of what a database has left none but the last job takes more than half.
    const part = job === jobs.at(-1) ? 1 : 2;
    const run = await runJob(services, job, left, part);
    jobRuns.set(job.name, run);
    count(run.ok ? "cron_runs" : "cron_failures", job.name);
    const { result, durationMs } = run;
    log("cron", { code: job.name, durationMs, ...(run.ok ? { result } : { error: result }) });
  }
}

/** Another one first each time: where one hangs, those behind it have their turn before it in the next runs. */
function whoseTurn(services: Services): Services[] {
  const all = servicesOfAll(services);
  const step = all.length > DATABASES_A_RUN_MAX ? DATABASES_A_RUN_MAX : 1;
  const first = (Math.floor(services.now() / RUN_INTERVAL_MS) * step) % all.length;
  return [...all.slice(first), ...all.slice(0, first)].slice(0, DATABASES_A_RUN_MAX);
}

/** What one database's failure costs is its own turn. */
async function runJob(services: Services, job: Job, left: Map<Services, number>, part: number): Promise<JobRun> {
  const at = services.now();
  let over = false;
  const late = scheduler.wait(JOB_MS_MAX).then(() => {
    over = true;
    return { ok: false, result: `not done within ${JOB_MS_MAX} ms` };
  });
  const work = async () => {
    const said: string[] = [];
    let ok = true;
    let waiting = left.size;
    for (const [each, queries] of left) {
      if (over) break;
      const now = services.now();
      const share = Math.floor(queries / part);
      const may = { queries: share, until: now + (at + JOB_WORK_MS - now) / waiting-- };
      // Also what it throws before its first await.
      const begun = Promise.resolve().then(() => job.run(each, may));
      const did = await begun.catch((error: unknown) => {
        ok = false;
        return String(error);
      });
      left.set(each, queries - share + may.queries);
      said.push(left.size > 1 ? `${nameOfDatabase(each)}: ${did}` : did);
    }
    return { ok, result: said.join("; ") };
  };
  const outcome = await Promise.race([work(), late]);
  return { at, ...outcome, durationMs: services.now() - at };
}
