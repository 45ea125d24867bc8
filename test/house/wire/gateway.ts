/** Starts the proxy in workerd as it runs in production, with nothing between its socket and the test, and an origin that speaks raw HTTP. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../../..");
/** workerd and its schema come with miniflare. */
const nearMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
const workerd = (nearMiniflare("workerd") as { default: string }).default;

const ANSWER_MS_MAX = 5_000;
/** Of 50 ms each: a busy machine takes its time. */
const START_TRIES_MAX = 400;

export interface Wire {
  readonly port: number;
  /** `name=value` of a fresh session. */
  readonly cookie: string;
  /** The most memory that workerd has had, in MB; where the platform has no /proc, always 0. */
  peakMemory(): number;
  stop(): Promise<void>;
}

/** The Worker's own date, so that the proxy is looked at as it will run. */
const DATE = /^compatibility_date = "([\d-]+)"/m.exec(readFileSync(join(ROOT, "wrangler.toml"), "utf8"))?.[1] ?? "";
const COMPATIBILITY = ["--compatibility-date", DATE, "--compatibility-flags", "nodejs_compat"];

let bundled: Promise<string> | null = null;

/** Once for all that a test file starts. */
async function bundle(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "vestibule-wire-"));
  const config = join(import.meta.dirname, "wrangler.toml");
  const wrangler = join(ROOT, "node_modules/.bin/wrangler");
  await run(wrangler, ["deploy", "--dry-run", "--outdir", folder, "--config", config, ...COMPATIBILITY], { cwd: ROOT });
  const code = readFileSync(join(folder, "worker.js"), "utf8");
  rmSync(folder, { recursive: true, force: true });
  return code;
}

/** `originPort` may be of something that does not listen. With a port of a cache the company keeps answers there. */
export async function startWire(originPort: number, cachePort: number | null = null): Promise<Wire> {
  bundled ??= bundle();
  const folder = mkdtempSync(join(tmpdir(), "vestibule-wire-"));
  writeFileSync(join(folder, "worker.js"), await bundled);
  const port = await freePort();
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "world", network = (allow = ["local"])),
    (name = "cache", external = (address = "127.0.0.1:${cachePort ?? originPort}", http = ()))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "${DATE}",
  compatibilityFlags = ["nodejs_compat"],
  globalOutbound = "world",
  cacheApiOutbound = "cache",
  bindings = [
    (name = "ORIGIN", text = "http://127.0.0.1:${originPort}"),
    (name = "EDGE_CACHE", text = "${cachePort === null ? "off" : "on"}")
  ]
);
`,
  );
  const child = spawn(workerd, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints += text.toString();
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const cookie = await signIn(port).catch((error: unknown) => {
    throw new Error(`the proxy did not start: ${complaints}`, { cause: error });
  });
  return {
    port,
    cookie: cookie.slice(0, cookie.indexOf(";")),
    peakMemory() {
      if (process.platform !== "linux") return 0;
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    async stop() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function signIn(port: number): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/sign-in`)).text();
    } catch (error) {
      if (tries === START_TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

export interface RawOrigin {
  readonly port: number;
  /** The bytes of the last request, as far as they have come. */
  received(): string;
  /** What to answer to the next request: bytes, then whether to hang up. */
  answer(bytes: Buffer | string, options?: { hangUp?: boolean }): void;
  close(): void;
}

/** An origin that writes the very bytes it is told. One connection, one request. */
export async function startRawOrigin(): Promise<RawOrigin> {
  let received = Buffer.alloc(0);
  let next: { bytes: Buffer; hangUp: boolean } = { bytes: Buffer.alloc(0), hangUp: true };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    let seen = Buffer.alloc(0);
    let answered = false;
    socket.on("data", (data) => {
      seen = Buffer.concat([seen, data]);
      received = seen;
      if (answered || !isWhole(seen.toString("latin1"))) return;
      answered = true;
      socket.write(next.bytes, () => next.hangUp && socket.end());
    });
  });
  return {
    port: await listen(server),
    received: () => received.toString("latin1"),
    answer(bytes, { hangUp = true } = {}) {
      next = { bytes: typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes, hangUp };
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const body = text.slice(end + 4);
  if (/^transfer-encoding: chunked/im.test(text.slice(0, end))) return body.endsWith("0\r\n\r\n");
  return body.length >= Number(/^content-length: (\d+)/im.exec(text.slice(0, end))?.[1] ?? 0);
}

/** An origin in Node's own HTTP, for what is large. */
export async function startHttpOrigin(listener: RequestListener): Promise<{ port: number; close(): void }> {
  const server = createHttpServer(listener);
  return {
    port: await listen(server),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * What workerd speaks to where the platform's cache stands: a PUT brings a whole response as a message of its own, a GET wants
 * it back and is told whether it was there.
 */
export async function startCache(): Promise<{ port: number; stored(): number; close(): void }> {
  const messages = new Map<string, Buffer>();
  const origin = await startHttpOrigin((request, response) => {
    const key = `${request.headers.host}${request.url}`;
    if (request.method === "PUT") {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        messages.set(key, Buffer.concat(parts));
        response.writeHead(204).end();
      });
      return;
    }
    const message = messages.get(key);
    if (message === undefined) return response.writeHead(504, { "cf-cache-status": "MISS" }).end();
    const end = message.indexOf("\r\n\r\n") + 4;
    const [line, ...headers] = message.toString("latin1", 0, end - 4).split("\r\n");
    // workerd writes this where it knew no length, and then no chunks.
    const own = headers.filter((header) => !/^(?:transfer-encoding|content-length):/i.test(header));
    const added = ["CF-Cache-Status: HIT", "Connection: close", `Content-Length: ${message.length - end}`];
    request.socket.write(`${[line, ...added, ...own].join("\r\n")}\r\n\r\n`, "latin1");
    request.socket.write(message.subarray(end));
    return request.socket.end();
  });
  return { ...origin, stored: () => messages.size };
}

export interface RawAnswer {
  /** Status line and headers. */
  readonly head: string;
  /** As it came over the wire, chunk sizes and all. */
  readonly body: Buffer;
  /** True when the gateway hung up before the test did. */
  readonly hungUp: boolean;
}

/** Writes a request and reads until the answer is whole, the gateway hangs up, or nothing has come for `quietMs`. */
export function speak(port: number, request: Buffer | string, quietMs = 400): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let all = Buffer.alloc(0);
    let timer = setTimeout(() => finish(false), ANSWER_MS_MAX);
    const finish = (hungUp: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const end = all.indexOf("\r\n\r\n");
      resolve({ head: all.subarray(0, end).toString("latin1"), body: all.subarray(end + 4), hungUp });
    };
    socket.on("data", (data) => {
      all = Buffer.concat([all, data]);
      clearTimeout(timer);
      const text = all.toString("latin1");
      if (/\r\n(?:content-length|transfer-encoding): /i.test(text) && isWhole(text)) return finish(false);
      timer = setTimeout(() => finish(false), quietMs);
    });
    socket.on("end", () => finish(true));
    socket.on("error", () => finish(true));
    socket.write(typeof request === "string" ? Buffer.from(request, "latin1") : request);
  });
}
