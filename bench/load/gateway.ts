/**
 * The Worker under load: the product itself over a database whose round trips are counted. A second entrypoint, on a socket of
 * its own, tells the count, turns the clock and makes the isolate forget; the product's own way is no longer by it.
 */
import type { Bindings } from "../../src/context.ts";
import worker from "../../src/worker.ts";
import { remoteDatabase } from "./database-client.ts";

type LoadBindings = Omit<Bindings, "DB"> & { readonly DATABASE: Fetcher };

let roundTrips = 0;
let clockAheadMs = 0;
let outageUntil = 0;
let bindings: Bindings | null = null;

const realNow = Date.now.bind(Date);
Date.now = () => realNow() + clockAheadMs;

export default {
  fetch(request, env, ctx) {
    bindings ??= { ...env, DB: remoteDatabase(env.DATABASE, counted) };
    return worker.fetch(request, bindings, ctx);
  },
} satisfies ExportedHandler<LoadBindings>;

function counted(): void {
  roundTrips++;
  if (realNow() < outageUntil) throw new Error("D1_ERROR: Network connection lost.");
}

/** `GET /?ahead=50000&forget=1&outage=4000`: the round trips since the last look. */
export const control = {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const ahead = searchParams.get("ahead");
    if (ahead !== null) clockAheadMs = Number(ahead);
    outageUntil = Math.max(outageUntil, realNow() + Number(searchParams.get("outage") ?? 0));
    // Services belong to the bindings object: another one has no memory.
    if (searchParams.has("forget")) bindings = null;
    const counted = roundTrips;
    roundTrips = 0;
    return new Response(String(counted));
  },
} satisfies ExportedHandler<LoadBindings>;
