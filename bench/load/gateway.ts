/**
 * The Worker under load: the product itself over a database whose round trips are counted. A second entrypoint, on a socket of
 * its own, tells the count, turns the clock and makes the isolate forget; the product's own way is no longer by it.
 */
import type { Bindings } from "../../src/context.ts";
import worker from "../../src/worker.ts";
import { type Counts, remoteDatabase } from "./database-client.ts";

type LoadBindings = Omit<Bindings, "DB"> & { readonly DATABASE: Fetcher };

const NOTHING: Counts = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 };
let counts = NOTHING;
let clockAheadMs = 0;
let outageUntil = 0;
let bindings: Bindings | null = null;

const realNow = Date.now.bind(Date);
Date.now = () => realNow() + clockAheadMs;

export default {
  fetch(request, env, ctx) {
    bindings ??= { ...env, DB: remoteDatabase(env.DATABASE, countTrip, countRows) };
    return worker.fetch(request, bindings, ctx);
  },
} satisfies ExportedHandler<LoadBindings>;

function countTrip(): void {
  counts = { ...counts, roundTrips: counts.roundTrips + 1 };
  if (realNow() < outageUntil) throw new Error("D1_ERROR: Network connection lost.");
}

function countRows(read: number, written: number): void {
  counts = { ...counts, rowsRead: counts.rowsRead + read, rowsWritten: counts.rowsWritten + written };
}

/** `GET /?ahead=50000&forget=1&outage=4000`: what was counted since the last look. */
export const control = {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    const ahead = searchParams.get("ahead");
    if (ahead !== null) clockAheadMs = Number(ahead);
    outageUntil = Math.max(outageUntil, realNow() + Number(searchParams.get("outage") ?? 0));
    // Services belong to the bindings object: another one has no memory.
    if (searchParams.has("forget")) bindings = null;
    const counted = counts;
    counts = NOTHING;
    return Response.json(counted);
  },
} satisfies ExportedHandler<LoadBindings>;
