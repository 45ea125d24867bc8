/** A Worker in a workerd that has just been started: how long until it answers, and what it costs the processor. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPATIBILITY_DATE, type Parts } from "./bundle.ts";

const TRIES = 4_000;
const POLL_MS = 1;

export const OPERATOR_TOKEN = "operator-token-of-the-benchmark";
const GATEWAY_SECRET = Buffer.alloc(32, 7).toString("base64url");

export interface Question {
  readonly method?: string;
  /** Header and path: everything is on loopback. */
  readonly host: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface FreshWorker {
  /** From starting the process to the whole answer. */
  readonly ms: number;
  /** The same as the scheduler counts it, all threads; NaN where it doesn't tell. */
  readonly processorMs: number;
  readonly first: Answer;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts the Worker and asks it until it answers. The database is at that port. */
export async function startFresh(parts: Parts, databasePort: number, question: Question): Promise<FreshWorker> {
  const folder = mkdtempSync(join(tmpdir(), "vestibule-bench-"));
  const port = await freePort();
  for (const [name, text] of parts) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "config.capnp"), configuration([...parts.keys()], port, databasePort));
  const nearMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const workerd = (nearMiniflare("workerd") as { default: string }).default;
  const start = performance.now();
  const child = spawn(workerd, ["serve", join(folder, "config.capnp")], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; tries < TRIES; tries++) {
    const first = await ask(port, question).catch(() => null);
    if (first) {
      const ms = performance.now() - start;
      return { ms, processorMs: processorMs(child.pid), first, ask: (next) => ask(port, next), stop };
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await stop();
  throw new Error("workerd did not answer");
}

function configuration(names: readonly string[], port: number, databasePort: number): string {
  const modules = names.map((name) => `(name = "${name}", esModule = embed "${name}")`).join(", ");
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "d1", external = (address = "127.0.0.1:${databasePort}", http = ()))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [${modules}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "BASE_DOMAIN", text = "localhost"),
    (name = "OPERATOR_TOKEN", text = "${OPERATOR_TOKEN}"),
    (name = "GATEWAY_SECRET", text = "${GATEWAY_SECRET}"),
    (name = "DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [(name = "fetcher", service = "d1")]))
  ]
);
`;
}

function ask(port: number, { method = "GET", host, path, headers, body }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = { ...headers, host };
    const sent = request({ host: "127.0.0.1", port, method, path, headers: all, agent: false }, (response) => {
      const read: Buffer[] = [];
      response.on("data", (part: Buffer) => read.push(part));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(read).toString(),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** proc(5), schedstat: nanoseconds on a processor, by thread. */
function processorMs(pid: number | undefined): number {
  if (process.platform !== "linux") return Number.NaN;
  const threads = readdirSync(`/proc/${pid}/task`);
  const read = (thread: string) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
  return threads.reduce((sum, thread) => sum + Number(read(thread).split(" ")[0]), 0) / 1e6;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
