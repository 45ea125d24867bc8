/** What the fuzzers share: chance that a seed repeats, cutting and pasting of bytes, which code was reached, and the turns of a hunt. */
import { Session } from "node:inspector/promises";

export interface Chance {
  /** 0 to `below` - 1. */
  below(below: number): number;
  pick<T>(list: readonly T[]): T;
}

/** xorshift32: the same seed, the same run (as far as the clock lets it go). */
export function chance(seed: number): Chance {
  let state = seed >>> 0 || 1;
  const below = (limit: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  return { below, pick: <T>(list: readonly T[]) => list[below(list.length)] as T };
}

/** `bytes` with what stands between `from` and `end` replaced. */
export function splice(bytes: Uint8Array, from: number, end: number, inserted: Uint8Array): Uint8Array {
  const spliced = new Uint8Array(bytes.length - (end - from) + inserted.length);
  spliced.set(bytes.subarray(0, from));
  spliced.set(inserted, from);
  spliced.set(bytes.subarray(end), from + inserted.length);
  return spliced;
}

/** Which code ran of the scripts whose URL fits, and how often. Code runs several times slower while it is counted. */
export class Coverage {
  private readonly session = new Session();
  private readonly scripts: RegExp;
  private readonly covered = new Set<string>();

  private constructor(scripts: RegExp) {
    this.scripts = scripts;
    this.session.connect();
  }

  static async of(scripts: RegExp): Promise<Coverage> {
    const coverage = new Coverage(scripts);
    await coverage.session.post("Profiler.enable");
    return coverage;
  }

  get points(): number {
    return this.covered.size;
  }

  async start(): Promise<void> {
    await this.session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  async stop(): Promise<void> {
    await this.session.post("Profiler.stopPreciseCoverage");
  }

  /** Whether code ran since the last look that never ran before, or more often than before. */
  async reachedMore(): Promise<boolean> {
    const { result } = await this.session.post("Profiler.takePreciseCoverage");
    const before = this.covered.size;
    for (const script of result) {
      if (!this.scripts.test(script.url)) continue;
      for (const { ranges } of script.functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          // By powers of two: the second attribute is another case than the first, the hundredth is not.
          const often = Math.min(8, Math.floor(Math.log2(count)));
          if (count > 0) this.covered.add(`${script.url}:${startOffset}-${endOffset}*${often}`);
        }
      }
    }
    return this.covered.size > before;
  }
}

/** After so many faults there is enough to look at. */
export const FAULTS_MAX = 20;
/** A fifth of each turn goes to exploring. */
const TURN_MILLISECONDS = 5_000;
const MUTANTS_A_LOOK = 100;

export interface Hunt {
  readonly seconds: number;
  readonly seed: string;
  /** Looks until then for what reaches more code. */
  explore(until: number): Promise<void>;
  /** Tries what the hunt began with. */
  begin(): void;
  /** Tries one mutant. */
  tryOne(): void;
  faults(): number;
  /** How often each thing came out. */
  readonly counts: ReadonlyMap<string, number>;
  /** A line on what was kept. */
  kept(): string;
}

/** Explores and tries by turns for as long as it is told, prints what came of it, and ends the process: with 1 where there were faults. */
export async function hunt(the: Hunt): Promise<never> {
  const started = Date.now();
  const end = started + the.seconds * 1000;
  let tried = 0;
  // First of all: code that was compiled before the counting began is never counted block by block.
  await the.explore(started + TURN_MILLISECONDS / 5);
  the.begin();
  for (let turn = started; turn < end && the.faults() <= FAULTS_MAX; turn += TURN_MILLISECONDS) {
    await the.explore(turn + TURN_MILLISECONDS / 5);
    while (Date.now() < Math.min(end, turn + TURN_MILLISECONDS) && the.faults() <= FAULTS_MAX) {
      for (let n = 0; n < MUTANTS_A_LOOK; n++) the.tryOne();
      tried += MUTANTS_A_LOOK;
    }
  }
  console.log(`${tried} mutants in ${Math.round((Date.now() - started) / 1000)} s, seed ${the.seed}`);
  console.log(the.kept());
  for (const [what, n] of [...the.counts].sort((a, b) => b[1] - a[1])) console.log(String(n).padStart(9), what);
  process.exit(the.faults() > 0 ? 1 : 0);
}
