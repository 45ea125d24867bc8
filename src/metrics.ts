/**
 * What is counted, and nothing else: a closed list of counters and durations with one label each, whose values are words of
 * ours. No person, address, path or host fits into it. Two places keep them: this isolate's memory, whole, for
 * `GET /metrics`; and Workers Analytics Engine, by company, where the binding METRICS is there. Knows no clock.
 *
 * The memory is one isolate's: another one answers the next scrape with its own numbers, and a new one starts at nothing, as
 * Prometheus expects of a counter. The whole of the world is what Analytics Engine sums up (docs/operations.md has queries).
 */

/** Values that each counter's label takes. */
interface Labels {
  /** How sign-ins ended: `success`, or the code of the refusal. */
  sign_ins: string;
  /** What visitors got for what was meant for the origin. */
  proxied_requests: "1xx" | "2xx" | "3xx" | "4xx" | "5xx";
  edge_cache: "hit" | "miss";
  /** How it was known who it is: from the cookie or the isolate's memory, by a question to D1, or nobody. */
  session_checks: "fresh" | "asked" | "none";
  d1_round_trips: "done" | "constraint" | "failed" | "timed_out";
  origin_failures: "down" | "slow";
  /** By name of the job. */
  cron_runs: string;
  cron_failures: string;
  /** Who was told to wait. */
  rate_limited: "sign_in" | "local" | "api";
  /** Requests that ended in a 5xx of ours. */
  failures: "bug" | "misconfigured" | "storage_unavailable";
}

export type Counter = keyof Labels;
/** From the question to the answer; of the origin, to its headers. */
export type Duration = "d1_round_trip" | "origin_headers";

/** The name of each counter's label. */
const COUNTERS: Record<Counter, string> = {
  sign_ins: "outcome",
  proxied_requests: "status",
  edge_cache: "outcome",
  session_checks: "kind",
  d1_round_trips: "outcome",
  origin_failures: "kind",
  cron_runs: "job",
  cron_failures: "job",
  rate_limited: "where",
  failures: "kind",
};
/** Upper bounds of what is counted together, in milliseconds. */
const BUCKETS_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000];

/** One label's numbers; of a duration the sum too. */
interface Cell {
  count: number;
  sumMs: number;
}
type Cells = Map<string, Map<string, Cell>>;

/** Companies whose numbers wait to be written; those of more are written under no company. */
const COMPANIES_MAX = 1_000;

const totals: Cells = new Map();
const buckets: Record<Duration, number[]> = { d1_round_trip: [], origin_headers: [] };
/** Not yet written, by company id; only where there is somewhere to write to. */
const unwritten = new Map<string, Cells>();
let dataset: AnalyticsEngineDataset | null = null;

/** A few additions: two lookups by words that are there already, and as many again where a company's part is written. */
export function count<C extends Counter>(counter: C, label: Labels[C], companyId = ""): void {
  add(counter, label, 0, companyId);
}

export function observe(duration: Duration, ms: number, companyId = ""): void {
  inBucket(duration, ms);
  add(duration, "", ms, companyId);
}

function inBucket(duration: Duration, ms: number): void {
  let place = 0;
  while (place < BUCKETS_MS.length && ms > (BUCKETS_MS[place] as number)) place++;
  buckets[duration][place] = (buckets[duration][place] ?? 0) + 1;
}

/** `count` for what is counted with every request: the look for its place is made once. */
export function counter<C extends Counter>(counter: C, label: Labels[C]): (companyId: string) => void {
  let cell: Cell | undefined;
  return (companyId) => {
    cell ??= cellOf(totals, counter, label);
    cell.count++;
    if (dataset !== null) addForCompany(counter, label, 0, companyId);
  };
}

/** `observe` likewise. */
export function observer(duration: Duration): (ms: number, companyId: string) => void {
  let cell: Cell | undefined;
  return (ms, companyId) => {
    cell ??= cellOf(totals, duration, "");
    inBucket(duration, ms);
    cell.count++;
    cell.sumMs += ms;
    if (dataset !== null) addForCompany(duration, "", ms, companyId);
  };
}

const STATUS_CLASSES = ["1xx", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

export function statusClass(status: number): Labels["proxied_requests"] {
  return STATUS_CLASSES[Math.floor(status / 100)] ?? "5xx";
}

function add(metric: string, label: string, ms: number, companyId: string): void {
  addTo(totals, metric, label, ms);
  if (dataset !== null) addForCompany(metric, label, ms, companyId);
}

function addForCompany(metric: string, label: string, ms: number, companyId: string): void {
  const id = unwritten.size < COMPANIES_MAX || unwritten.has(companyId) ? companyId : "";
  let ofCompany = unwritten.get(id);
  if (!ofCompany) {
    ofCompany = new Map();
    unwritten.set(id, ofCompany);
  }
  addTo(ofCompany, metric, label, ms);
}

function addTo(cells: Cells, metric: string, label: string, ms: number): void {
  const cell = cellOf(cells, metric, label);
  cell.count++;
  cell.sumMs += ms;
}

function cellOf(cells: Cells, metric: string, label: string): Cell {
  let byLabel = cells.get(metric);
  if (!byLabel) {
    byLabel = new Map();
    cells.set(metric, byLabel);
  }
  let cell = byLabel.get(label);
  if (!cell) {
    cell = { count: 0, sumMs: 0 };
    byLabel.set(label, cell);
  }
  return cell;
}

/** Everything that this isolate counted since it began, as Prometheus reads it (text format 0.0.4). */
export function prometheusText(): string {
  const lines: string[] = [];
  for (const [counter, label] of Object.entries(COUNTERS)) {
    const name = `vestibule_${counter}_total`;
    lines.push(`# TYPE ${name} counter`);
    for (const [value, { count }] of totals.get(counter) ?? []) lines.push(`${name}{${label}="${value}"} ${count}`);
  }
  for (const [duration, counts] of Object.entries(buckets)) {
    const name = `vestibule_${duration}_seconds`;
    lines.push(`# TYPE ${name} histogram`);
    let sum = 0;
    for (const [at, bound] of BUCKETS_MS.entries()) {
      sum += counts[at] ?? 0;
      lines.push(`${name}_bucket{le="${bound / 1000}"} ${sum}`);
    }
    const all = totals.get(duration)?.get("") ?? { count: 0, sumMs: 0 };
    lines.push(
      `${name}_bucket{le="+Inf"} ${all.count}`,
      `${name}_sum ${all.sumMs / 1000}`,
      `${name}_count ${all.count}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** How a job of the schedule went. */
export interface JobRun {
  readonly at: number;
  readonly ok: boolean;
  readonly result: string;
  readonly durationMs: number;
}

/** What this isolate itself ran last, by name; the schedule may well have run in another one, whose log tells. */
export const jobRuns = new Map<string, JobRun>();

/** Analytics Engine takes 25 points of one invocation by its older documentation, more by the newer; what is over waits. */
export const POINTS_A_FLUSH_MAX = 25;
/** The platform lets work go on for 30 seconds after the answer. */
export const FLUSH_INTERVAL_MS = 10_000;
let flushDueAt = 0;

/**
 * Call at each request, with the clock. Ten seconds after the first one all that was counted meanwhile is written together: a
 * point a company, metric and label, not one a request. An isolate that ends in between takes its last seconds along.
 */
export function writeMetricsLater(to: AnalyticsEngineDataset, now: number, ctx: ExecutionContext): void {
  dataset = to;
  if (now < flushDueAt && flushDueAt <= now + FLUSH_INTERVAL_MS) return;
  flushDueAt = now + FLUSH_INTERVAL_MS;
  ctx.waitUntil(scheduler.wait(FLUSH_INTERVAL_MS).then(writeMetrics));
}

/** Index: the company's id. Blobs: metric, label. Doubles: how many, and the sum of the milliseconds. */
export function writeMetrics(): void {
  if (dataset === null) return;
  let left = POINTS_A_FLUSH_MAX;
  for (const [companyId, cells] of unwritten) {
    for (const [metric, byLabel] of cells) {
      for (const [label, { count, sumMs }] of byLabel) {
        if (left-- === 0) return;
        dataset.writeDataPoint({ indexes: [companyId], blobs: [metric, label], doubles: [count, sumMs] });
        byLabel.delete(label);
      }
      cells.delete(metric);
    }
    unwritten.delete(companyId);
  }
}
