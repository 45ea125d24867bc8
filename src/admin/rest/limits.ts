/**
 * How often the API may be called: by an actor, and with tokens that are none. A place that tried too many of those is not
 * looked up in D1 any more until its time is over, so that guessing costs the database nothing; the operator still gets in.
 */
import type { Bindings, Services } from "../../context.ts";
import { count } from "../../metrics.ts";
import { limited, placeOfRequest, RATE_LIMIT_SECONDS } from "../../rate-limit.ts";
import { type Actor, actorName } from "../actor.ts";
import { type Answer, answer, fail } from "../problems.ts";
import { authenticate, isOperatorsOwn } from "./authenticate.ts";

/** Places kept in an isolate's memory. */
const SHUT_PLACES_MAX = 1000;

const shutPlaces = new WeakMap<Services["sealer"], Map<string, number>>();

function tooMany() {
  count("rate_limited", "api");
  return fail({
    status: 429,
    type: "rate-limited",
    title: "Too many calls; try again in a minute",
    headers: { "retry-after": String(RATE_LIMIT_SECONDS) },
  });
}

/** Who is calling, where they have not called too often. */
export async function admitCaller(services: Services, env: Bindings, headers: Headers): Promise<Answer<Actor>> {
  const place = placeOfRequest(headers);
  const shut = shutPlaces.get(services.sealer) ?? new Map<string, number>();
  shutPlaces.set(services.sealer, shut);
  const authorization = headers.get("authorization") ?? undefined;
  if ((shut.get(place) ?? 0) > services.now() && !isOperatorsOwn(services, authorization)) return tooMany();
  const actor = await authenticate(services, authorization);
  if (actor.ok) {
    return (await limited(env.API_LIMIT, actorName(actor.value))) ? tooMany() : answer(actor.value);
  }
  if (!(await limited(env.API_FAILURE_LIMIT, place))) return actor;
  if (shut.size >= SHUT_PLACES_MAX) shut.delete(shut.keys().next().value as string);
  shut.set(place, services.now() + RATE_LIMIT_SECONDS * 1000);
  return tooMany();
}
