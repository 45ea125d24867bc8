/**
 * How often a wrong operator's token may be tried, by place: counted in the isolate, so that it holds without D1; the platform counts
 * beside it for all isolates of a data centre (API_FAILURE_LIMIT). The token is long and random: this keeps the trying visible and dear.
 * The right one is never refused, or whoever tries wrong ones could keep the operator out.
 */
import type { Services } from "../../context.ts";

export const ATTEMPT_WINDOW_MS = 15 * 60_000;
export const ATTEMPTS_PER_PLACE_MAX = 10;
/** Kept in an isolate's memory; the one that has waited longest gives way. */
export const PLACES_MAX = 1_000;

interface Counted {
  readonly since: number;
  times: number;
}

/** One an isolate; the sealer is made once an isolate and stands for it. */
const counted = new WeakMap<Services["sealer"], Map<string, Counted>>();

/** One wrong try more at this place: null, or the seconds until it may try again where they are too many. */
export function countWrong({ sealer, now }: Pick<Services, "sealer" | "now">, place: string): number | null {
  const places = counted.get(sealer) ?? new Map<string, Counted>();
  counted.set(sealer, places);
  const known = places.get(place);
  const age = known ? now() - known.since : -1;
  if (known && age >= 0 && age < ATTEMPT_WINDOW_MS) {
    return known.times++ < ATTEMPTS_PER_PLACE_MAX ? null : Math.max(1, Math.ceil((ATTEMPT_WINDOW_MS - age) / 1000));
  }
  places.delete(place);
  if (places.size >= PLACES_MAX) places.delete(places.keys().next().value as string);
  places.set(place, { since: now(), times: 1 });
  return null;
}
