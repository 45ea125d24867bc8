/**
 * Giving up on an origin that keeps us waiting, with one timer for many: one of its own would cost a request more than all its
 * checks. A request that finds none sets it, for itself and for those who come within a second; the platform keeps it for them
 * after that request is answered, and it is let go as soon as nobody waits.
 *
 * Should the platform end the request that set it before its time, the others wait until the platform's own limit.
 */
import type { Services } from "../context.ts";

/** Who comes later than this after the first sets another timer: so much less may be waited than is said. */
export const JOINING_MS = 1_000;

interface Watch {
  readonly begunAt: number;
  readonly ms: number;
  readonly waiting: Set<() => void>;
  /** Lets the timer go. */
  end: (() => void) | null;
}

/** The newest. One an isolate; the sealer is made once an isolate and stands for it. */
const watches = new WeakMap<Services["sealer"], Watch>();

/** Calls `giveUp` in `ms` milliseconds, or up to JOINING_MS before. What it gives back calls that off. */
export function waitAtMost(
  ms: number,
  giveUp: () => void,
  { sealer, now }: Services,
  waitUntil: (promise: Promise<unknown>) => void,
): () => void {
  const begunAt = now();
  let watch = watches.get(sealer);
  if (!watch?.end || watch.ms !== ms || begunAt < watch.begunAt || begunAt >= watch.begunAt + JOINING_MS) {
    watch = { begunAt, ms, waiting: new Set(), end: null };
    watches.set(sealer, watch);
    waitUntil(keep(watch));
  }
  const joined = watch;
  joined.waiting.add(giveUp);
  return () => {
    joined.waiting.delete(giveUp);
    if (joined.waiting.size === 0) joined.end?.();
  };
}

function keep(watch: Watch): Promise<void> {
  return new Promise((resolve) => {
    watch.end = () => {
      watch.end = null;
      resolve();
    };
    const expire = async () => {
      // The platform's own timer, which ends with the request that set it.
      await scheduler.wait(watch.ms);
      for (const giveUp of watch.waiting) giveUp();
      watch.waiting.clear();
      watch.end?.();
    };
    void expire();
  });
}
