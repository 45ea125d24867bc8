/** The processes that a load runs on, each on loopback and each ended by whoever started it: the database, workerd, the origin. */
import { fork, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundle, COMPATIBILITY_DATE, type Parts } from "../core/bundle.ts";
import { Connection } from "./connection.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What workerd takes for `request.cf`, and off the request. */
export const CF_HEADER = "CF-Blob";
const START_TRIES = 500;
const START_POLL_MS = 10;

export interface Origin {
  /** Ports: small pages; large bodies. */
  readonly small: number;
  readonly large: number;
  close(): void;
}

export async function startOrigin(): Promise<Origin> {
  const child = fork(join(import.meta.dirname, "origin.ts"));
  const ports = await new Promise<{ small: number; large: number }>((resolve, reject) => {
    child.once("message", resolve);
    child.once("exit", () => reject(new Error("the origin ended")));
  });
  return { ...ports, close: () => child.disconnect() };
}

export interface DatabaseProcess {
  readonly port: number;
  stop(): Promise<void>;
}

/** A real local D1, its file below the folder, its tables made. */
export async function startDatabase(folder: string): Promise<DatabaseProcess> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      resourcePersistencePath: folder,
      compatibilityDate: COMPATIBILITY_DATE,
      modules: [
        {
          type: "ESModule",
          path: "database.js",
          contents: await bundle('export { default } from "./database-server.ts";', import.meta.dirname),
        },
      ],
      d1Databases: { DB: "vestibule" },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    }),
  );
  await migrate(miniflare);
  return { port: Number((await miniflare.unsafeGetDirectURL()).port), stop: () => miniflare.dispose() };
}

/** In the migrations' own order; a second start finds them made. */
async function migrate(miniflare: Miniflare): Promise<void> {
  const d1 = await miniflare.getD1Database("DB");
  if (await d1.prepare("select 1 from sqlite_master where name = 'companies'").first()) return;
  const folder = join(ROOT, "migrations");
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort()) {
    const statements = readFileSync(join(folder, file), "utf8").split("--> statement-breakpoint");
    await d1.batch(statements.map((statement) => d1.prepare(statement)));
  }
}

export interface WorkerdOptions {
  /** Socket names by port that lead to `worker`, or to its named entrypoint. */
  readonly sockets: readonly {
    readonly port: number;
    readonly worker: string;
    readonly entrypoint?: string;
    /** Whether `request.cf` comes with each request, in a header. */
    readonly takesCf?: boolean;
  }[];
  readonly workers: Readonly<
    Record<string, { readonly parts: Parts; readonly bindings: Readonly<Record<string, string>> }>
  >;
  /** Where the bindings named DATABASE lead. */
  readonly databasePort: number;
}

export interface WorkerdProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** workerd as it is, with nothing between its sockets and the Workers, nor between them and the network. */
export async function startWorkerd({ sockets, workers, databasePort }: WorkerdOptions): Promise<WorkerdProcess> {
  const { path: folder, remove } = temporaryFolder();
  const declarations = Object.entries(workers).map(([name, { parts, bindings }]) => {
    mkdirSync(join(folder, name));
    for (const [part, text] of parts) writeFileSync(join(folder, name, part), text);
    const modules = [...parts.keys()].map((part) => `(name = "${part}", esModule = embed "${name}/${part}")`);
    const texts = Object.entries(bindings).map(([key, value]) => `(name = "${key}", text = "${value}")`);
    return `const ${name} :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [${[...texts, '(name = "DATABASE", service = "database")'].join(", ")}]
);`;
  });
  const services = Object.keys(workers).map((name) => `(name = "${name}", worker = .${name})`);
  const listeners = sockets.map(({ port, worker, entrypoint, takesCf }, index) => {
    const http = takesCf ? `(cfBlobHeader = "${CF_HEADER}")` : "()";
    const service = entrypoint ? `(name = "${worker}", entrypoint = "${entrypoint}")` : `"${worker}"`;
    return `(name = "socket${index}", address = "127.0.0.1:${port}", http = ${http}, service = ${service})`;
  });
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")},
    (name = "database", external = (address = "127.0.0.1:${databasePort}", http = ())),
    (name = "internet", network = (allow = ["local"]))
  ],
  sockets = [
    ${listeners.join(",\n    ")}
  ]
);
${declarations.join("\n")}
`,
  );
  const nearMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const workerd = (nearMiniflare("workerd") as { default: string }).default;
  const child = spawn(workerd, ["serve", join(folder, "config.capnp")], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (data) => {
    complaints += data;
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill();
    await ended;
    remove();
  };
  for (let tries = 0; tries < START_TRIES; tries++) {
    const open = await Connection.open(sockets[0]?.port ?? 0).catch(() => null);
    open?.close();
    if (open && child.pid !== undefined) return { pid: child.pid, stop };
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, START_POLL_MS));
  }
  await stop();
  throw new Error(`workerd did not start: ${complaints}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "vestibule-bench-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
