/** The Worker as it is deployed: how large it is, and how long it takes to be there for a visitor, and then for an administrator. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { createIdentityProvider } from "../../test/support/identity-provider.ts";
import { median, printTable, verdict } from "../figures.ts";
import type { Parts } from "./bundle.ts";
import { type Answer, type FreshWorker, OPERATOR_TOKEN, type Question, startFresh } from "./fresh-worker.ts";
import { startLocalD1 } from "./local-d1.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
const KILOBYTE = 1000;
const GZIP_BYTES_MAX = 250_000;
const START_MS_MAX = 50;
const STARTS = 15;

const TRIVIAL: Parts = new Map([["worker.js", 'export default { fetch: () => new Response("ok") };']]);

const HEALTH: Question = { host: "acme.localhost", path: "/sso/health" };
/** Whoever opens a page of a company and is sent to sign in: settings and keys are read from the database on the way. */
const VISIT: Question = { host: "acme.localhost", path: "/assets/17", headers: { "sec-fetch-mode": "navigate" } };

const api = (method: string, path: string, body?: unknown): Question => ({
  method,
  host: "admin.localhost",
  path: `/api/v1${path}`,
  headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, "content-type": "application/json" },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

export async function printBuiltWorker(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "vestibule-bench-"));
  const database = await startLocalD1(join(ROOT, "migrations"));
  try {
    const wrangler = join(ROOT, "node_modules/.bin/wrangler");
    const options = { cwd: ROOT, env: { ...process.env, CI: "1" } };
    await run(wrangler, ["deploy", "--dry-run", "--env=", "--outdir", folder], options);
    const parts = readParts(folder);
    const inNode = await evaluationInNode(folder);
    const found = await starts(parts, (database.address() as AddressInfo).port);
    printFigures(Buffer.from([...parts.values()].join("")), inNode, found);
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function readParts(folder: string): Parts {
  const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const ownFirst = names.sort((one, other) => Number(other === "worker.js") - Number(one === "worker.js"));
  return new Map(ownFirst.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Median milliseconds of the import, each in a new process. */
async function evaluationInNode(folder: string): Promise<number> {
  const file = JSON.stringify(join(folder, "worker.js"));
  const script = `const t = performance.now(); await import(${file}); console.log(performance.now() - t);`;
  const found: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
    found.push(Number(stdout));
  }
  return median(found);
}

interface Starts {
  /** Milliseconds to the first answer less those of an empty Worker, and the same in processor time. */
  readonly health: readonly [ms: number, processorMs: number];
  readonly visit: readonly [ms: number, processorMs: number];
  /** What the first call of the API takes after a visit, less the same call made again. */
  readonly administrator: number;
}

/** Medians, all in turns. */
async function starts(parts: Parts, databasePort: number): Promise<Starts> {
  await makeCompany(parts, databasePort);
  const found = { empty: [], health: [], visit: [] } as Record<"empty" | "health" | "visit", FreshWorker[]>;
  const administrators: number[] = [];
  for (let n = 0; n < STARTS; n++) {
    const empty = await startFresh(TRIVIAL, databasePort, HEALTH);
    await empty.stop();
    const health = await startFresh(parts, databasePort, HEALTH);
    await health.stop();
    const visit = await startFresh(parts, databasePort, VISIT);
    const { status, headers } = visit.first;
    if (status !== 303 || !headers.location?.includes("/sso/login")) throw new Error(`a visitor got ${status}`);
    administrators.push((await timeCall(visit)) - (await timeCall(visit)));
    await visit.stop();
    for (const [name, started] of Object.entries({ empty, health, visit }))
      found[name as keyof typeof found].push(started);
  }
  const less = (name: "health" | "visit", what: "ms" | "processorMs") =>
    median(found[name].map((one) => one[what])) - median(found.empty.map((one) => one[what]));
  return {
    health: [less("health", "ms"), less("health", "processorMs")],
    visit: [less("visit", "ms"), less("visit", "processorMs")],
    administrator: median(administrators),
  };
}

/** Milliseconds of a call of the API. */
async function timeCall(worker: FreshWorker): Promise<number> {
  const start = performance.now();
  accepted(await worker.ask(api("GET", "/companies/acme")));
  return performance.now() - start;
}

/** A company whose people sign in with SAML, as its operator makes it. */
async function makeCompany(parts: Parts, databasePort: number): Promise<void> {
  const { certificatePem } = await createIdentityProvider();
  const company = { slug: "acme", name: "Acme", originUrl: "http://127.0.0.1:9" };
  const worker = await startFresh(parts, databasePort, api("POST", "/companies", company));
  accepted(worker.first);
  const settings = { loginUrl: "https://idp.example/saml2", certificates: [certificatePem] };
  accepted(await worker.ask(api("PUT", "/companies/acme/saml", settings)));
  await worker.stop();
}

function accepted({ status, text }: Answer): void {
  if (status >= 300) throw new Error(`the API answered ${status}: ${text}`);
}

function printFigures(code: Buffer, inNode: number, { health, visit, administrator }: Starts): void {
  const size = (bytes: number) => `${(bytes / KILOBYTE).toFixed(1)} KB`;
  const gzip = gzipSync(code).length;
  const time = (what: string, ms: number) => [
    what,
    `below ${START_MS_MAX} ms`,
    `${ms.toFixed(1)} ms`,
    verdict(ms < START_MS_MAX),
  ];
  printTable(
    "The built Worker",
    ["what", "goal", "found", ""],
    [
      ["size, gzip", `at most ${size(GZIP_BYTES_MAX)}`, size(gzip), verdict(gzip <= GZIP_BYTES_MAX)],
      ["size", "", size(code.length), ""],
      time("evaluating the module, Node", inNode),
      time("fresh workerd: first answer (/sso/health), less an empty Worker's", health[0]),
      time("the same in processor time", health[1]),
      time("fresh workerd: a visitor sent to sign in, less an empty Worker's answer", visit[0]),
      time("the same in processor time", visit[1]),
      ["the first call of the API after that, less the next", "", `${administrator.toFixed(1)} ms`, ""],
    ],
  );
}
