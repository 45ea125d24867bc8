/** Large bodies through the proxy, both ways: how fast, and how much memory workerd takes while they pass. */
import { request } from "node:http";
import { printTable, ratio, verdict } from "../figures.ts";
import { Connection } from "./connection.ts";
import { type Origin, temporaryFolder } from "./processes.ts";
import { type Stack, startStack } from "./stack.ts";
import { type Company, emailOf, makeCompany, signIn } from "./visitors.ts";

const MEGABYTE = 1_048_576;
const SMALL_BYTES = 64 * MEGABYTE;
const LARGE_BYTES = 1_024 * MEGABYTE;
const SAMPLE_MS = 50;
/** A gigabyte may cost that much more memory than 64 MB: buffers of the sockets and the collector's mood. */
const GROWTH_MB_MAX = 24;
const CHUNK = Buffer.alloc(65_536, "x");

interface Passed {
  readonly megabytesPerSecond: number;
  readonly peakMb: number;
}

export async function benchStreams(origin: Origin): Promise<void> {
  const folder = temporaryFolder();
  const stack = await startStack(folder.path, origin.large);
  try {
    const company = await makeCompany(stack, "acme", origin.large);
    const connection = await Connection.open(stack.gateway);
    const cookie = await signIn(connection, company, emailOf(1));
    connection.close();
    const rows: string[][] = [];
    for (const direction of ["download", "upload"] as const) {
      const pass = (port: number, bytes: number) =>
        watched(stack, bytes, () => sent(direction, port, company, cookie, bytes));
      await pass(stack.gateway, SMALL_BYTES);
      const before = stack.residentMb();
      const small = await pass(stack.gateway, SMALL_BYTES);
      const large = await pass(stack.gateway, LARGE_BYTES);
      const forwarded = await pass(stack.forward, LARGE_BYTES);
      const growth = large.peakMb - small.peakMb;
      rows.push([
        `${LARGE_BYTES / MEGABYTE} MB ${direction}`,
        before.toFixed(0),
        small.peakMb.toFixed(0),
        large.peakMb.toFixed(0),
        large.megabytesPerSecond.toFixed(0),
        ratio(large.megabytesPerSecond / forwarded.megabytesPerSecond),
        verdict(growth <= GROWTH_MB_MAX),
      ]);
    }
    printTable(
      `Streams through the proxy: workerd's resident memory in MB (sampled each ${SAMPLE_MS} ms), and speed beside the Worker that only forwards`,
      [
        "what",
        "before",
        `peak, ${SMALL_BYTES / MEGABYTE} MB`,
        `peak, ${LARGE_BYTES / MEGABYTE} MB`,
        "MB/s",
        "speed ratio",
        "flat",
      ],
      rows,
    );
  } finally {
    await stack.stop();
    folder.remove();
  }
}

async function watched(stack: Stack, bytes: number, work: () => Promise<number>): Promise<Passed> {
  let peakMb = stack.residentMb();
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, stack.residentMb());
  }, SAMPLE_MS);
  const start = performance.now();
  try {
    const passed = await work();
    if (passed !== bytes) throw new Error(`${passed} of ${bytes} bytes arrived`);
  } finally {
    clearInterval(timer);
  }
  return { megabytesPerSecond: bytes / MEGABYTE / ((performance.now() - start) / 1000), peakMb };
}

/** How many bytes arrived at the other end. */
function sent(
  direction: "download" | "upload",
  port: number,
  company: Company,
  cookie: string,
  bytes: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const upload = direction === "upload";
    const asked = request({
      host: "127.0.0.1",
      port,
      agent: false,
      method: upload ? "POST" : "GET",
      path: upload ? "/upload" : `/download?bytes=${bytes}`,
      headers: { host: company.host, cookie, ...(upload ? { "content-length": bytes } : {}) },
    });
    asked.on("error", reject);
    asked.on("response", (response) => {
      let received = 0;
      let text = "";
      response.on("data", (data: Buffer) => {
        received += data.length;
        if (upload) text += data.toString("latin1");
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) reject(new Error(`answered with ${response.statusCode}`));
        else resolve(upload ? Number(text) : received);
      });
    });
    if (!upload) {
      asked.end();
      return;
    }
    let left = bytes;
    const more = () => {
      while (left > 0) {
        const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
        left -= chunk.length;
        if (!asked.write(chunk)) {
          asked.once("drain", more);
          return;
        }
      }
      asked.end();
    };
    more();
  });
}
