/**
 * How often a wrong operator's token may be tried: counted in the isolate, so that it holds without D1; the platform counts
 * beside it for all isolates of a data centre (API_FAILURE_LIMIT). One network's tries and the whole world's are told apart. The token itself is long and random; this keeps the trying visible
 * and dear, and a full count refuses the right token too.
 */
import type { Services } from "../../context.ts";

export const ATTEMPT_WINDOW_MS = 15 * 60_000;
export const ATTEMPTS_PER_PLACE_MAX = 10;
/** From everywhere: a hundred networks that all try as often as they may. */
export const ATTEMPTS_MAX = 1_000;

interface Counted {
  windowStartedAt: number;
  all: number;
  readonly byPlace: Map<string, number>;
}

/** One an isolate: its services stand for it. */
const counted = new WeakMap<Services, Counted>();

function countsOf(services: Services): Counted {
  const known = counted.get(services);
  if (known && services.now() < known.windowStartedAt + ATTEMPT_WINDOW_MS) return known;
  const fresh = { windowStartedAt: services.now(), all: 0, byPlace: new Map<string, number>() };
  counted.set(services, fresh);
  return fresh;
}

/** Seconds until somebody at this place may try again, or null when they may now. */
export function waitSeconds(services: Services, place: string): number | null {
  const { windowStartedAt, all, byPlace } = countsOf(services);
  if (all < ATTEMPTS_MAX && (byPlace.get(place) ?? 0) < ATTEMPTS_PER_PLACE_MAX) return null;
  return Math.max(1, Math.ceil((windowStartedAt + ATTEMPT_WINDOW_MS - services.now()) / 1000));
}

export function countWrong(services: Services, place: string): void {
  const counts = countsOf(services);
  counts.all++;
  // The world's limit bounds the number of places, too.
  counts.byPlace.set(place, (counts.byPlace.get(place) ?? 0) + 1);
}
