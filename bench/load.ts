/**
 * `npm run bench:load`: the built Worker in workerd, on loopback. `--only=proxy,trips,sign-in,streams,scale,d1` runs parts;
 * `--only=soak --minutes=30` is for patience.
 */
import { flag, printMachine } from "./figures.ts";
import { benchD1 } from "./load/d1.ts";
import { startOrigin } from "./load/processes.ts";
import { benchProxy } from "./load/proxy.ts";
import { benchScale } from "./load/scale.ts";
import { benchSignIns } from "./load/sign-ins.ts";
import { soak } from "./load/soak.ts";
import { benchStreams } from "./load/streams.ts";
import { benchTrips } from "./load/trips.ts";

const parts = {
  proxy: benchProxy,
  trips: benchTrips,
  "sign-in": benchSignIns,
  streams: benchStreams,
  scale: benchScale,
  d1: benchD1,
} as const;

const only = flag("only") ?? Object.keys(parts);
printMachine();
const origin = await startOrigin();
try {
  for (const [name, part] of Object.entries(parts)) if (only.includes(name)) await part(origin);
  if (only.includes("soak")) await soak();
} finally {
  origin.close();
}
