/** The Worker as it is deployed: how large it is, and how long it takes to be there. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { median, printTable, verdict } from "../figures.ts";
import { COMPATIBILITY_DATE } from "./bundle.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
const KILOBYTE = 1024;
const GZIP_KILOBYTES_MAX = 250;
const START_MS_MAX = 50;
const STARTS = 11;

const TRIVIAL = 'export default { fetch: () => new Response("ok") };';

export async function printBuiltWorker(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "vestibule-bench-"));
  try {
    const wrangler = join(ROOT, "node_modules/.bin/wrangler");
    await run(wrangler, ["deploy", "--dry-run", "--outdir", folder], { cwd: ROOT, env: { ...process.env, CI: "1" } });
    const file = join(folder, "worker.js");
    const code = readFileSync(file);
    const gzip = gzipSync(code).length / KILOBYTE;
    const inNode = await evaluationInNode(file);
    const inWorkerd = await firstAnswers(code.toString("utf8"));
    const start = inWorkerd.worker - inWorkerd.trivial;
    printTable(
      "The built Worker",
      ["what", "goal", "found", ""],
      [
        [
          "size, gzip",
          `at most ${GZIP_KILOBYTES_MAX} KB`,
          `${gzip.toFixed(1)} KB`,
          verdict(gzip <= GZIP_KILOBYTES_MAX),
        ],
        ["size", "", `${(code.length / KILOBYTE).toFixed(1)} KB`, ""],
        [
          "evaluating the module, Node",
          `below ${START_MS_MAX} ms`,
          `${inNode.toFixed(1)} ms`,
          verdict(inNode < START_MS_MAX),
        ],
        [
          "first answer of a fresh workerd, less that of an empty Worker",
          `below ${START_MS_MAX} ms`,
          `${start.toFixed(1)} ms`,
          verdict(start < START_MS_MAX),
        ],
      ],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Median milliseconds of the import, each in a new process. */
async function evaluationInNode(file: string): Promise<number> {
  const script = `const t = performance.now(); await import(${JSON.stringify(file)}); console.log(performance.now() - t);`;
  const found: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
    found.push(Number(stdout));
  }
  return median(found);
}

/** Median milliseconds from starting workerd to its first answer: of our Worker, and of one that does nothing. */
async function firstAnswers(code: string): Promise<{ worker: number; trivial: number }> {
  const worker: number[] = [];
  const trivial: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    worker.push(await firstAnswer(code));
    trivial.push(await firstAnswer(TRIVIAL));
  }
  return { worker: median(worker), trivial: median(trivial) };
}

async function firstAnswer(code: string): Promise<number> {
  const nearMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const workerd = (nearMiniflare("workerd") as { default: string }).default;
  const folder = mkdtempSync(join(tmpdir(), "vestibule-bench-"));
  const port = await freePort();
  writeFileSync(join(folder, "worker.js"), code);
  writeFileSync(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [(name = "BASE_DOMAIN", text = "localhost")]
);
`,
  );
  const start = performance.now();
  const child = spawn(workerd, ["serve", join(folder, "config.capnp")], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    for (let tries = 0; tries < 2_000; tries++) {
      if (await answers(port)) return performance.now() - start;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error("workerd did not answer");
  } finally {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Any answer counts: without its secrets the Worker says that it is misconfigured, with all its code loaded. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(true));
    });
    sent.on("error", () => resolve(false));
    sent.end();
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
