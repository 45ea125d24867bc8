/**
 * SimpleSAMLphp as Debian ships it, run by PHP's own web server as an identity provider: its key and certificate are made anew each time,
 * and what it knows of us is what its own parser reads in our published metadata.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchLocal } from "../../../demo/local-http.ts";
import { generateKeyPair } from "../../../src/saml/key-pair.ts";
import { requireDebianPackages, SIMPLESAMLPHP } from "../support-debian.ts";
import { freePort, untilTheEnd } from "../support-gateway.ts";

const HERE = import.meta.dirname;
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
/** SimpleSAMLphp 1.19 is older than PHP 8.2: its deprecation notices are not ours to read. E_ALL without E_DEPRECATED and E_STRICT. */
const ERRORS_REPORTED = 32_767 & ~8_192 & ~2_048;

/** What a test wants it to do differently for one service provider, in the words of SimpleSAMLphp's saml20-sp-remote reference. */
export type ServiceProviderOptions = Readonly<Record<string, unknown>>;

export interface SimpleSamlPhp {
  readonly url: string;
  readonly entityId: string;
  /** Its metadata document as published. */
  metadata(): Promise<string>;
  /** Takes our metadata in, or again; answers what its parser made of it. */
  trust(spMetadata: string, options?: ServiceProviderOptions): Promise<Record<string, unknown>>;
  /** Runs a script of this folder with SimpleSAMLphp's libraries: its standard output. */
  run(script: string, args: readonly string[], input: string): string;
  /** Its log so far: why it turned something away stands here. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** `folder` is the run's own. */
export async function startSimpleSamlPhp(folder: string): Promise<SimpleSamlPhp> {
  requireDebianPackages();
  const state = join(folder, "simplesamlphp");
  for (const part of ["cert", "log", "data", "tmp", "sessions", "service-providers"]) {
    await mkdir(join(state, part), { recursive: true });
  }
  await makeCertificate(join(state, "cert/idp"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const environment = {
    ...process.env,
    INTEROP_STATE: state,
    INTEROP_BASE_URL: url,
    SIMPLESAMLPHP_CONFIG_DIR: join(HERE, "config"),
  };
  const settings = ["display_errors=0", "log_errors=1", `error_reporting=${ERRORS_REPORTED}`];
  const child = spawn(
    "php",
    [...settings.flatMap((one) => ["-d", one]), "-S", `127.0.0.1:${port}`, "-t", join(SIMPLESAMLPHP, "www")],
    { env: environment, stdio: "ignore", detached: true },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  untilTheEnd().signal.addEventListener("abort", () => endGroup(child));
  const metadata = async () => {
    const answer = await fetchLocal(`${url}saml2/idp/metadata.php`);
    if (!answer.ok) throw new Error(`SimpleSAMLphp answered with ${answer.status}: ${await answer.text()}`);
    return answer.text();
  };
  const run = (script: string, args: readonly string[], input: string) => {
    const php = spawnSync("php", ["-d", `error_reporting=${ERRORS_REPORTED}`, join(HERE, script), ...args], {
      input,
      env: environment,
      encoding: "utf8",
    });
    if (php.status !== 0) throw new Error(`${script} failed: ${php.stderr}${php.stdout}`);
    return php.stdout;
  };
  await untilItAnswers(url);
  return {
    url,
    entityId: `${url}saml2/idp/metadata.php`,
    metadata,
    run,
    async trust(spMetadata, options = {}) {
      const understood = JSON.parse(run("read-metadata.php", [], spMetadata)) as Record<string, unknown>;
      const name = encodeURIComponent(String(understood.entityid));
      const file = join(state, "service-providers", `${name}.json`);
      await writeFile(file, JSON.stringify({ metadata: understood, options }));
      return understood;
    },
    log: () => readFile(join(state, "log/simplesamlphp.log"), "utf8"),
    async stop() {
      endGroup(child);
      await ended;
    },
  };
}

/** A key pair and a self-signed certificate, as an administrator makes one: `<path>.key` and `<path>.crt`. */
export async function makeCertificate(path: string): Promise<void> {
  const pair = await generateKeyPair("signing", { subject: "identity provider", now: Date.now(), years: 1 });
  const pem = (label: string, base64: string) =>
    `-----BEGIN ${label}-----\n${base64.match(/.{1,64}/g)?.join("\n")}\n-----END ${label}-----\n`;
  await writeFile(`${path}.key`, pem("PRIVATE KEY", Buffer.from(pair.privateKeyPkcs8).toString("base64")), {
    mode: 0o600,
  });
  await writeFile(`${path}.crt`, pem("CERTIFICATE", pair.certificate.base64));
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const answer = await fetchLocal(`${url}saml2/idp/metadata.php`).catch(() => null);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`SimpleSAMLphp did not answer within ${START_TIMEOUT_MS / 1000} seconds`);
}

function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
}
