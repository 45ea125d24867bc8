/** The gateway and the Worker that only forwards, side by side in one workerd over one database; and what the platform tells of it. */
import { readFileSync } from "node:fs";
import { bundleParts } from "../core/bundle.ts";
import { Connection, textOf } from "./connection.ts";
import type { Counts } from "./database-client.ts";
import { freePort, startDatabase, startWorkerd } from "./processes.ts";

export const BASE_DOMAIN = "localhost:8787";
export const OPERATOR_TOKEN = "operator-token-of-the-benchmark";
const GATEWAY_SECRET = Buffer.alloc(32, 7).toString("base64url");
/** Linux counts a process's time in hundredths of a second. */
const TICK_MS = 10;

export interface Control {
  readonly ahead?: number;
  readonly forget?: boolean;
  readonly outage?: number;
}

export interface Stack {
  /** Ports. */
  readonly gateway: number;
  readonly forward: number;
  /** The same, with `request.cf` as it comes in CF_HEADER. */
  readonly gatewayWithCf: number;
  readonly forwardWithCf: number;
  /** D1 round trips since the last look. With `ahead` the gateway's clock is so many milliseconds ahead from now on; `forget` empties its memory; D1 gives no answer for `outage` milliseconds. */
  control(options?: Control): Promise<number>;
  /** The same with the rows that D1 read and wrote. */
  counts(options?: Control): Promise<Counts>;
  /** Milliseconds of processor time that workerd has had. */
  cpuMs(): number;
  /** Resident memory of workerd now, in MB. */
  residentMb(): number;
  stop(): Promise<void>;
}

/** `forwardTo` is the port that the other Worker forwards to. The folder holds the database. */
export async function startStack(folder: string, forwardTo: number): Promise<Stack> {
  const here = import.meta.dirname;
  const gateway = await freePort();
  const control = await freePort();
  const forward = await freePort();
  const gatewayWithCf = await freePort();
  const forwardWithCf = await freePort();
  const database = await startDatabase(folder);
  const workerd = await startWorkerd({
    databasePort: database.port,
    sockets: [
      { port: gateway, worker: "gateway" },
      { port: control, worker: "gateway", entrypoint: "control" },
      { port: forward, worker: "forward" },
      { port: gatewayWithCf, worker: "gateway", takesCf: true },
      { port: forwardWithCf, worker: "forward", takesCf: true },
    ],
    workers: {
      gateway: {
        parts: await bundleParts('export { control, default } from "./gateway.ts";', here),
        bindings: { BASE_DOMAIN, OPERATOR_TOKEN, GATEWAY_SECRET },
      },
      forward: {
        parts: await bundleParts('export { default } from "./forward.ts";', here),
        bindings: { ORIGIN: `http://127.0.0.1:${forwardTo}` },
      },
    },
  }).catch(async (error: unknown) => {
    await database.stop();
    throw error;
  });
  const counts = async ({ ahead, forget, outage }: Control = {}) => {
    const connection = await Connection.open(control);
    const query = `${ahead === undefined ? "" : `&ahead=${ahead}`}${forget ? "&forget=1" : ""}${outage === undefined ? "" : `&outage=${outage}`}`;
    const answer = await connection.ask(`GET /?${query} HTTP/1.1\r\nHost: control\r\n\r\n`);
    connection.close();
    return JSON.parse(textOf(answer)) as Counts;
  };
  return {
    gateway,
    forward,
    gatewayWithCf,
    forwardWithCf,
    counts,
    control: async (options) => (await counts(options)).roundTrips,
    cpuMs: () => cpuTicks(workerd.pid) * TICK_MS,
    residentMb: () => residentKilobytes(workerd.pid) / 1024,
    async stop() {
      await workerd.stop();
      await database.stop();
    },
  };
}

function residentKilobytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** User and system time (proc(5), fields 14 and 15); the name before them may hold anything. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
