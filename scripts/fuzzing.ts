/** What the fuzzers share: chance that a seed repeats, cutting and pasting of bytes, and which code was reached. */
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
