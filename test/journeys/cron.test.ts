/** The schedule: jobs that fail, hang or meet themselves. */
import { createExecutionContext, createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { JOB_MS_MAX, JOBS, type Job, runJobs } from "../../src/cron.ts";
import { jobRuns } from "../../src/metrics.ts";
import worker from "../../src/worker.ts";
import { Clock, heldTime, isolate, seedCompany, signIn } from "../session/stage.ts";

const clock = new Clock();
afterEach(() => vi.restoreAllMocks());

function logged(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
  return lines;
}

const rows = async (table: string) =>
  (await env.DB.prepare(`select count(*) n from ${table}`).first<number>("n")) ?? -1;

describe("the jobs of the schedule", () => {
  it("go on when one of them fails, before its first await too, and are each logged with what they did", async () => {
    const lines = logged();
    const { services } = isolate(clock);
    const jobs: Job[] = [
      { name: "late", run: () => Promise.reject(new Error("no answer")) },
      {
        name: "early",
        run() {
          throw new Error("broken");
        },
      },
      { name: "fine", run: async () => "did it" },
    ];
    await runJobs(services, jobs);
    expect(lines).toMatchObject([
      { event: "cron", code: "late", error: "Error: no answer" },
      { event: "cron", code: "early", error: "Error: broken" },
      { event: "cron", code: "fine", result: "did it" },
    ]);
    expect(jobRuns.get("early")).toMatchObject({ ok: false, at: clock.now });
    expect(jobRuns.get("fine")).toMatchObject({ ok: true, result: "did it" });
  });

  it("do not wait for one that never ends", async () => {
    const lines = logged();
    const waits = heldTime();
    const jobs: Job[] = [
      { name: "endless", run: () => new Promise(() => {}) },
      { name: "next", run: async () => "done" },
    ];
    const running = runJobs(isolate(clock).services, jobs);
    await vi.waitFor(() => expect(waits).toHaveLength(1));
    expect(waits[0]?.ms).toBe(JOB_MS_MAX);
    waits[0]?.pass();
    await running;
    expect(lines).toMatchObject([
      { code: "endless", error: `not done within ${JOB_MS_MAX} ms` },
      { code: "next", result: "done" },
    ]);
  });

  it("bear being run twice at once in two isolates, and leave what is still needed", async () => {
    const lines = logged();
    const [here, there] = [isolate(clock), isolate(clock)];
    const acme = await seedCompany(here);
    for (let n = 0; n < 3; n++) await signIn(here, acme);
    clock.advance(3 * 86_400);
    await signIn(here, acme);
    await Promise.all([runJobs(here.services), runJobs(there.services)]);
    for (const { name } of JOBS) {
      expect(lines.filter(({ code, error }) => code === name && error === undefined)).toHaveLength(2);
    }
    expect(await rows("sessions")).toBe(1);
    expect(await rows("users")).toBe(1);
  });

  it("are all run by the Worker's schedule, and what was counted is written by company where there is somewhere to write to", async () => {
    const lines = logged();
    const points: AnalyticsEngineDataPoint[] = [];
    const METRICS = { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point!) };
    await worker.scheduled(createScheduledController(), { ...env, METRICS }, createExecutionContext());
    expect(lines.map(({ event, code }) => [event, code])).toEqual(JOBS.map(({ name }) => ["cron", name]));
    for (const { name } of JOBS) {
      expect(points).toContainEqual({ indexes: [""], blobs: ["cron_runs", name], doubles: [1, 0] });
    }
  });

  it("fail one by one, and do nothing by halves, while D1 is down", async () => {
    const lines = logged();
    let down = false;
    const here = isolate(clock, {
      onTrip() {
        if (down) throw new Error("D1_ERROR: Network connection lost.");
      },
    });
    const acme = await seedCompany(here);
    await signIn(here, acme);
    clock.advance(3 * 86_400);
    down = true;
    const before = await rows("sessions");
    await runJobs(here.services);
    expect(lines.find(({ code }) => code === "purge")).toMatchObject({
      error: "StorageUnavailable: D1 did not answer: Network connection lost.",
    });
    expect(await rows("sessions")).toBe(before);
  });
});
