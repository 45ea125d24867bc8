/**
 * The gateway as an identity provider meets it: `wrangler dev` on a port of its own with a database of its own, an origin behind it, and
 * companies set up over the REST API. Everything ends with the tests, whatever becomes of them.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMigrations, startGateway } from "../../demo/gateway.ts";
import { type IdentityCheck, identityChecker } from "../../demo/identity-check.ts";
import { fetchLocal } from "../../demo/local-http.ts";
import { type Api, type Group, restApi } from "../../demo/provision.ts";
import { close, serve } from "../../demo/serve.ts";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string | null;
  readonly received: string | null;
}

/** As GET /companies/:slug/sign-ins lists it. */
export interface SignIn {
  readonly outcome: "success" | "refused";
  readonly code: string | null;
  readonly email: string | null;
  readonly reference: string;
  readonly checks: readonly Check[];
}

export interface Company {
  readonly slug: string;
  readonly url: string;
  readonly staff: Group;
  /** Newest first. */
  signIns(): Promise<readonly SignIn[]>;
  settings(): Promise<Record<string, unknown>>;
  change(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** The metadata document as published. */
  metadata(): Promise<string>;
}

export interface Gateway {
  readonly port: number;
  readonly api: Api;
  /** A folder of this run's own. */
  readonly folder: string;
  /** What it logged that no message from outside may ever bring about. */
  readonly faults: readonly string[];
  /** Makes a company whose settings come from the metadata of an identity provider, with just-in-time provisioning. */
  company(slug: string, idpMetadata: string, settings?: Readonly<Record<string, unknown>>): Promise<Company>;
  stop(): Promise<void>;
}

/** What the origin saw of a request, as it answers it. */
export interface Arrived {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly identity: IdentityCheck;
}

const FAULT = /"event":"(?:bug|storage_unavailable|misconfigured)"/;

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Aborts when this process ends, or is told to, or has lost the one that runs it: nothing that it started outlives it. */
export function untilTheEnd(): AbortController {
  const controller = new AbortController();
  process.once("exit", () => controller.abort());
  process.once("disconnect", () => controller.abort());
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      controller.abort();
      process.exit(1);
    });
  }
  return controller;
}

export async function startInteropGateway(): Promise<Gateway> {
  const [port, originPort] = [await freePort(), await freePort()];
  const folder = await mkdtemp(join(tmpdir(), "vestibule-interop-"));
  const operatorToken = randomBytes(32).toString("base64url");
  const secretsFile = join(folder, "secrets");
  const secret = randomBytes(32).toString("base64url");
  await writeFile(secretsFile, `OPERATOR_TOKEN=${operatorToken}\nGATEWAY_SECRET=${secret}\n`, { mode: 0o600 });
  const originUrl = `http://127.0.0.1:${originPort}`;
  const origin = await serve(originPort, (request) => arrived(request, originUrl));
  const faults: string[] = [];
  const options = {
    port,
    secretsFile,
    folder: join(import.meta.dirname, "../.."),
    persistTo: folder,
    // Its log of who came and went is not for people who run tests.
    print: (line: string) => {
      if (FAULT.test(line)) faults.push(line);
      else if (!line.startsWith("{")) console.log(line);
    },
    signal: untilTheEnd().signal,
  };
  await applyMigrations(options);
  const gateway = await startGateway(options);
  const api = restApi(port, operatorToken);
  return {
    port,
    api,
    folder,
    faults,
    company: (slug, idpMetadata, settings = {}) =>
      setUpCompany({ api, port, operatorToken, originUrl }, slug, idpMetadata, settings),
    async stop() {
      await gateway.stop();
      await close(origin);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The origin says what it got, and what a JWT library makes of the proof of identity. */
async function arrived(request: Request, audience: string): Promise<Response> {
  const issuer = `http://${request.headers.get("x-forwarded-host")}`;
  const seen: Arrived = {
    path: new URL(request.url).pathname + new URL(request.url).search,
    headers: Object.fromEntries(request.headers),
    identity: await identityChecker({ issuer, audience })(request),
  };
  return Response.json(seen);
}

interface Platform {
  readonly api: Api;
  readonly port: number;
  readonly operatorToken: string;
  readonly originUrl: string;
}

async function setUpCompany(
  { api, port, operatorToken, originUrl }: Platform,
  slug: string,
  idpMetadata: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<Company> {
  await api("POST", "/companies", { slug, name: `The ${slug} company`, originUrl });
  const staff = (await api("POST", `/companies/${slug}/groups`, {
    title: "Staff",
    type: "member",
    ssoOnly: true,
  })) as Group;
  const imported = await fetchLocal(`http://admin.localhost:${port}/api/v1/companies/${slug}/saml/metadata`, {
    method: "POST",
    headers: { authorization: `Bearer ${operatorToken}`, "content-type": "application/samlmetadata+xml" },
    body: idpMetadata,
  });
  if (!imported.ok) throw new Error(`the metadata was answered with ${imported.status}: ${await imported.text()}`);
  const path = `/companies/${slug}/saml`;
  const url = `http://${slug}.localhost:${port}`;
  const company: Company = {
    slug,
    url,
    staff,
    signIns: async () => ((await api("GET", `/companies/${slug}/sign-ins`)) as { items: SignIn[] }).items,
    settings: async () => (await api("GET", path)) as Record<string, unknown>,
    // What GET shows, PUT takes again.
    change: async (changes) => void (await api("PUT", path, { ...(await company.settings()), ...changes })),
    async metadata() {
      const answer = await fetchLocal(`${url}/sso/metadata`);
      if (!answer.ok) throw new Error(`the metadata was answered with ${answer.status}`);
      return answer.text();
    },
  };
  await company.change({ jit: { enabled: true, groupId: staff.id }, ...settings });
  return company;
}
