/** `npm start` as its user meets it: a process that starts, says what is wrong when it can't, and leaves nothing behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { restApi } from "../../demo/provision.ts";

const START = join(import.meta.dirname, "../../demo/start.ts");
const state = mkdtempSync(join(tmpdir(), "vestibule-start-"));
const port = 20_000 + Math.floor(Math.random() * 40_000);

interface Run {
  readonly process: ChildProcess;
  /** What it has said so far. */
  said(): string;
  readonly ended: Promise<number | null>;
}

function start(environment: Record<string, string>, command = [process.execPath, START]): Run {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, NO_COLOR: "1", VESTIBULE_STATE: state, PORT: String(port), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { process: child, said: () => output, ended };
}

async function untilItRuns(run: Run): Promise<void> {
  while (!run.said().includes("Vestibule is running")) {
    const over = await Promise.race([run.ended.then(() => true), new Promise((next) => setTimeout(next, 100))]);
    if (over === true) throw new Error(`it ended: ${run.said()}`);
  }
}

/** Whoever has the state folder in their command line; null where there is no /proc to look into. */
function processesOfThisDemo(): string[] | null {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        } catch {
          return "";
        }
      })
      .filter((command) => command.includes(state) || command.includes(`127.0.0.1:${port}`));
  } catch {
    return null;
  }
}

async function occupy(taken: number): Promise<Server> {
  const server = createServer();
  server.listen(taken, "127.0.0.1");
  await once(server, "listening");
  return server;
}

afterAll(() => rmSync(state, { recursive: true, force: true }));

describe("npm start", () => {
  it.for([0, 1, 2])("says which port is taken and how to take others: the port + %i", async (offset) => {
    const server = await occupy(port + offset);
    const run = start({});
    expect(await run.ended).toBe(1);
    server.close();
    expect(run.said()).toContain(`Port ${port + offset} is taken by another program`);
    expect(run.said()).toContain("PORT=9000 npm start");
    expect(run.said()).not.toMatch(/\n\s+at /);
  });

  it.for(["http", "0", "65534", "80.5", "-1"])("wants a port that is one: %s", async (wrong) => {
    const run = start({ PORT: wrong });
    expect(await run.ended).toBe(1);
    expect(run.said()).toContain("PORT must be a number");
  });

  it("makes the secrets, starts everything, ends it all on Ctrl-C, and finds its data again", async () => {
    const first = start({});
    await untilItRuns(first);
    const secrets = readFileSync(join(state, ".dev.vars"), "utf8");
    expect(secrets).toMatch(/^OPERATOR_TOKEN=[\w-]{43}\nGATEWAY_SECRET=[\w-]{43}\n$/);
    expect(statSync(join(state, ".dev.vars")).mode & 0o777).toBe(0o600);
    for (const url of [`http://acme.localhost:${port}/`, `http://acme.localhost:${port}/assets/17`]) {
      expect(first.said()).toContain(url);
    }
    const token = /OPERATOR_TOKEN=(\S+)/.exec(secrets)?.[1] ?? "";
    const api = restApi(port, token);
    const company = await api("GET", "/companies/acme");
    const settings = await api("PATCH", "/companies/acme/saml", { requestBinding: "Redirect" });
    expect(processesOfThisDemo()?.length ?? 1).toBeGreaterThan(0);

    first.process.kill("SIGINT");
    expect(await first.ended).toBe(0);
    expect(processesOfThisDemo() ?? []).toEqual([]);

    const second = start({});
    await untilItRuns(second);
    expect(readFileSync(join(state, ".dev.vars"), "utf8")).toBe(secrets);
    expect(await api("GET", "/companies/acme")).toEqual(company);
    expect(await api("GET", "/companies/acme/saml")).toEqual(settings);
    second.process.kill("SIGTERM");
    expect(await second.ended).toBe(0);
    expect(processesOfThisDemo() ?? []).toEqual([]);
  });

  it("ends with npm's shell, which passes no signal on", async () => {
    const shell = ["sh", "-c", `"$0" "$1"; exit $?`, process.execPath, START];
    const run = start({ npm_lifecycle_event: "start" }, shell);
    await untilItRuns(run);
    run.process.kill("SIGKILL");
    // Its output ends with the last process that has it.
    await run.ended;
    expect(processesOfThisDemo() ?? []).toEqual([]);
  });

  it("leaves nothing behind when it is ended before everything runs", async () => {
    const run = start({});
    while (!run.said().includes("Starting the gateway")) await new Promise((next) => setTimeout(next, 50));
    await new Promise((next) => setTimeout(next, 700));
    run.process.kill("SIGINT");
    expect(await run.ended).toBe(0);
    expect(processesOfThisDemo() ?? []).toEqual([]);
  });
});
