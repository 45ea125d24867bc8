/**
 * Giving up on an origin that keeps us waiting, with one timer for many: one of its own would cost a request more than all its
 * checks. A request that finds none sets it, for itself and for those who come right after it; the platform keeps it for them
 * after that request is answered or its visitor left, for 30 seconds (developers.cloudflare.com/workers/platform/limits), so it
 * must be shorter. It is let go when nobody can join and nobody waits. Not sooner: to end from one request what another one
 * waits for costs more than a timer.
 *
 * Should the platform end the request that set it before its time, the others wait until the platform's own limit.
 */
import type { Services } from "../context.ts";

/** Who comes later than this after the first sets another timer: so much sooner than the first others may be given up on. */
export const JOINING_MS = 20;

/** Somebody who waits. */
export interface Waiting {
  readonly watch: Watch;
  /** Null: no longer. */
  giveUp: (() => void) | null;
}

interface Watch {
  readonly begunAt: number;
  readonly ms: number;
  /** Who waits, and those of them who had to do so no longer. */
  all: Waiting[];
  left: number;
  open: boolean;
  /** Lets the timer go, once nobody can join. */
  end: (() => void) | null;
}

/** The newest. One an isolate; the sealer is made once an isolate and stands for it. */
const watches = new WeakMap<Services["sealer"], Watch>();

/** When it began, UTC milliseconds, and what is called `ms` milliseconds later, or up to JOINING_MS before that. */
interface Wanted {
  readonly from: number;
  readonly ms: number;
  readonly giveUp: () => void;
}

/** `isDone` calls it off. */
export function waitAtMost(
  { sealer }: Services,
  { from, ms, giveUp }: Wanted,
  waitUntil: (promise: Promise<unknown>) => void,
): Waiting {
  let watch = watches.get(sealer);
  // By the clock too: the request that would close it may have been ended.
  if (!watch?.open || watch.ms !== ms || from < watch.begunAt || from >= watch.begunAt + JOINING_MS) {
    watch = { begunAt: from, ms, all: [], left: 0, open: true, end: null };
    watches.set(sealer, watch);
    waitUntil(keep(watch));
  }
  const waiting = { watch, giveUp };
  watch.all.push(waiting);
  watch.left++;
  return waiting;
}

export function isDone(waiting: Waiting): void {
  if (waiting.giveUp === null) return;
  waiting.giveUp = null;
  const { watch } = waiting;
  if (--watch.left > 0) return;
  watch.all = [];
  watch.end?.();
}

/** Takes the platform's own timer, which ends with the request that set it. */
async function keep(watch: Watch): Promise<void> {
  await scheduler.wait(JOINING_MS);
  watch.open = false;
  if (watch.left === 0) return;
  const nobodyWaits = new Promise<void>((resolve) => {
    watch.end = resolve;
  });
  await Promise.race([nobodyWaits, scheduler.wait(watch.ms - JOINING_MS)]);
  for (const waiting of watch.all) waiting.giveUp?.();
  watch.all = [];
}
