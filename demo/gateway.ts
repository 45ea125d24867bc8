/**
 * Runs the gateway itself: wrangler's local D1 migrations, then `wrangler dev` with workerd under it, as a process group of its own that ends as
 * one. Nothing here needs a network or an account.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fetchLocal } from "./local-http.ts";

export interface GatewayOptions {
  readonly port: number;
  /** The repository: where wrangler.toml is. */
  readonly folder: string;
  /** File with OPERATOR_TOKEN and GATEWAY_SECRET. */
  readonly secretsFile: string;
  /** Where local D1 keeps its data; null is wrangler's own place, which a plain `npx wrangler dev` uses too. */
  readonly persistTo: string | null;
  /** Gets each line that a child prints and that somebody may want to read. */
  readonly print: (line: string) => void;
  /** Ends the children, whatever they are doing. */
  readonly signal: AbortSignal;
}

export interface Gateway {
  /** Resolves when wrangler has ended, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

const WRANGLER = join(dirname(createRequire(import.meta.url).resolve("wrangler/package.json")), "bin/wrangler.js");
const START_TIMEOUT_MS = 120_000;
const POLL_MS = 150;
const STOP_TIMEOUT_MS = 5_000;

/** Quiet, offline, and asking nothing. */
const ENVIRONMENT = {
  CI: "1",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  NO_UPDATE_NOTIFIER: "1",
};

/** Rejects with wrangler's whole output when it fails. */
export async function applyMigrations(options: GatewayOptions): Promise<void> {
  const child = wrangler(["d1", "migrations", "apply", "vestibule", "--local", ...persistence(options)], options);
  let output = "";
  child.stdout?.on("data", (chunk) => (output += chunk));
  child.stderr?.on("data", (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`The database migrations failed:\n${output.trim()}`);
}

/** Resolves when the gateway answers. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { port, secretsFile } = options;
  const child = wrangler(
    [
      "dev",
      ...["--port", String(port), "--var", `BASE_DOMAIN:localhost:${port}`, "--env-file", secretsFile],
      ...["--inspector-port", "0", "--show-interactive-dev-session=false", ...persistence(options)],
    ],
    options,
  );
  const heard: string[] = [];
  let ready = false;
  const hear = (line: string) => {
    if (!ready) heard.push(line);
    else if (!isNoise(line)) options.print(line);
  };
  eachLine(child.stdout, hear);
  eachLine(child.stderr, hear);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const gateway: Gateway = { ended, stop: () => stopGroup(child, ended) };
  try {
    await untilItAnswers(port, ended, () => heard.some((line) => line.includes("Build failed")));
  } catch (error) {
    await gateway.stop();
    throw new Error(`${(error as Error).message}\n${heard.join("\n").trim()}`);
  }
  ready = true;
  return gateway;
}

function wrangler(args: string[], { folder, signal }: GatewayOptions): ChildProcess {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [WRANGLER, ...args], {
    cwd: folder,
    env: { ...process.env, ...ENVIRONMENT },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own: wrangler and the workerd it starts end together, and Ctrl-C reaches them only through us.
    detached: true,
  });
  signal.addEventListener("abort", () => signalGroup(child, "SIGTERM"));
  return child;
}

function persistence({ persistTo }: GatewayOptions): string[] {
  return persistTo === null ? [] : ["--persist-to", join(persistTo, "wrangler")];
}

async function untilItAnswers(port: number, ended: Promise<void>, cannotBuild: () => boolean): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (over) throw new Error("wrangler ended before the gateway answered:");
    // It would wait for an edit; whoever called us would not know for what.
    if (cannotBuild()) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      throw new Error("The gateway does not build:");
    }
    const answer = await fetchLocal(`http://admin.localhost:${port}/health`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`The gateway did not answer within ${START_TIMEOUT_MS / 1000} seconds:`);
}

async function stopGroup(child: ChildProcess, ended: Promise<void>): Promise<void> {
  signalGroup(child, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
  // Wrangler has ended; a workerd that outlived it would not have told.
  signalGroup(child, "SIGKILL");
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function eachLine(stream: NodeJS.ReadableStream | null, hear: (line: string) => void): void {
  let rest = "";
  stream?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
  stream?.on("end", () => rest !== "" && hear(rest));
}

/** Wrangler's line for each request, and its note on crons. */
function isNoise(line: string): boolean {
  return line.trim() === "" || line.includes("[wrangler:info]") || line.includes("Reloading local server");
}
