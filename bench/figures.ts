/** What all benchmarks share: interleaved rounds, medians, and tables that are printed as Markdown. */
import { availableParallelism, loadavg } from "node:os";

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** One thing to measure: does `iterations` of its work and answers the milliseconds that they took. */
export interface Contender {
  readonly name: string;
  run(iterations: number): Promise<number>;
}

/** How long one contender is at work in one round. Long enough for timers and pipes not to matter, short enough to be fair. */
const SLICE_MS = 30;
/** Before the first round: compilers settle. */
const WARM_UP_MS = 400;
const ITERATIONS_MAX = 5_000;

/**
 * Microseconds an iteration, by contender: the medians over `rounds`, in each of which all take their turn, so that whatever
 * else the machine does meets them alike. A first turn warms each up and finds how many iterations fill its slice.
 */
export async function measure(contenders: readonly Contender[], rounds: number): Promise<Map<string, number>> {
  const iterations = new Map<Contender, number>();
  for (const contender of contenders) {
    let count = 4;
    let each = Number.NaN;
    for (let spent = 0; spent < WARM_UP_MS; count = Math.min(ITERATIONS_MAX, count * 2)) {
      const took = await contender.run(count);
      spent += took;
      each = took / count;
    }
    iterations.set(contender, Math.max(1, Math.min(ITERATIONS_MAX, Math.round(SLICE_MS / each))));
  }
  const found = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const count = iterations.get(contender) ?? 1;
      found.get(contender.name)?.push(((await contender.run(count)) / count) * 1000);
    }
  }
  return new Map([...found].map(([name, values]) => [name, median(values)]));
}

export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  console.log(`\n${title}\n\n${[line(head), rule, ...rows.map(line)].join("\n")}`);
}

/** `3.42` for a ratio below ten, `34.2`, `342`. */
export function ratio(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
}

export function verdict(met: boolean): string {
  return met ? "met" : "NOT met";
}

/** What was measured where, for whoever reads the tables later. */
export function printMachine(): void {
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, load ${load}`,
  );
}

/** The values of `--name=value` and `--name value`, split at commas; null when the flag isn't there. */
export function flag(name: string): string[] | null {
  const at = process.argv.findIndex((argument) => argument === `--${name}` || argument.startsWith(`--${name}=`));
  if (at === -1) return null;
  const argument = process.argv[at] ?? "";
  const value = argument.includes("=") ? argument.slice(argument.indexOf("=") + 1) : (process.argv[at + 1] ?? "");
  return value.split(",").filter(Boolean);
}
