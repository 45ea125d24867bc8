/** The whole demo as one thing that starts and stops: gateway, stand-in identity provider, asset library, and the company that ties them together. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { applyMigrations, type GatewayOptions, startGateway } from "./gateway.ts";
import { standInIdentityProvider } from "./identity-provider.ts";
import { signingKeyIn } from "./identity-provider-key.ts";
import { assetLibrary } from "./origin.ts";
import { type Api, provision, restApi } from "./provision.ts";
import { close, type FetchHandler, serve } from "./serve.ts";

const FOLDER = join(import.meta.dirname, "..");

export interface DemoOptions {
  /** The gateway's; the stand-in identity provider and the asset library take the next two. */
  readonly port: number;
  /** A folder for everything that is kept, secrets included; null keeps it where a plain `npx wrangler dev` looks. */
  readonly stateFolder: string | null;
  /** Lines from the gateway once it runs. */
  readonly print: (line: string) => void;
  /** Steps on the way, for whoever waits. */
  readonly progress: (step: string) => void;
  /** Gives the start up; what runs already ends. */
  readonly signal: AbortSignal;
}

export interface Demo {
  readonly companyUrl: string;
  readonly identityProviderUrl: string;
  readonly originUrl: string;
  readonly adminUrl: string;
  readonly operatorToken: string;
  readonly api: Api;
  /** Resolves when the gateway has ended, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** What the person at the keyboard can do something about: said without a stack. */
export class DemoFault extends Error {
  override readonly name = "DemoFault";
}

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { port, progress } = options;
  const keep = options.stateFolder ?? join(FOLDER, ".wrangler", "demo");
  const secretsFile = join(options.stateFolder ?? FOLDER, ".dev.vars");
  const urls = {
    companyUrl: `http://acme.localhost:${port}`,
    adminUrl: `http://admin.localhost:${port}`,
    identityProviderUrl: `http://localhost:${port + 1}`,
    originUrl: `http://localhost:${port + 2}`,
  };
  await checkPort(port, port);
  await mkdir(keep, { recursive: true });
  const operatorToken = await ensureSecrets(secretsFile);
  const key = await signingKeyIn(keep);
  const identityProvider = await standInIdentityProvider({
    baseUrl: urls.identityProviderUrl,
    gatewayDomain: `localhost:${port}`,
    key,
  });

  const running: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of running.splice(0).reverse()) await end();
  };
  try {
    running.push(await serveOn(port + 1, port, identityProvider.app.fetch));
    running.push(await serveOn(port + 2, port, assetLibrary(urls).fetch));
    const gatewayOptions: GatewayOptions = {
      port,
      secretsFile,
      folder: FOLDER,
      persistTo: options.stateFolder,
      print: options.print,
      signal: options.signal,
    };
    progress("Preparing the database");
    await applyMigrations(gatewayOptions);
    progress("Starting the gateway");
    const gateway = await startGateway(gatewayOptions);
    running.push(gateway.stop);
    progress("Setting up the company");
    await provision({ gatewayPort: port, operatorToken, originUrl: urls.originUrl, identityProvider });
    return { ...urls, operatorToken, api: restApi(port, operatorToken), ended: gateway.ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function serveOn(port: number, gatewayPort: number, handler: FetchHandler): Promise<() => Promise<void>> {
  let server: Server;
  try {
    server = await serve(port, handler);
  } catch (error) {
    throw portFault(error, port, gatewayPort);
  }
  return () => close(server);
}

/** The gateway's port is taken by a child later on, which would say so less clearly. */
function checkPort(port: number, gatewayPort: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => reject(portFault(error, port, gatewayPort)));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

function portFault(error: unknown, port: number, gatewayPort: number): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "EADDRINUSE" && code !== "EACCES") return error as Error;
  const why = code === "EADDRINUSE" ? "is taken by another program" : "may not be used by this account";
  const other = gatewayPort === 9000 ? 9100 : 9000;
  return new DemoFault(
    `Port ${port} ${why}. Vestibule needs three in a row (${gatewayPort} to ${gatewayPort + 2}); choose others with: PORT=${other} npm start`,
  );
}

/** Makes what is missing of the Worker's two secrets; answers the operator's token. */
async function ensureSecrets(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const value = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*["']?([^"'\\s#]+)`, "m").exec(text)?.[1];
  const missing = ["OPERATOR_TOKEN", "GATEWAY_SECRET"].filter((name) => value(name) === undefined);
  const made = new Map(missing.map((name) => [name, randomBytes(32).toString("base64url")]));
  if (missing.length > 0) {
    const kept = text === "" || text.endsWith("\n") ? text : `${text}\n`;
    const lines = [...made].map(([name, secret]) => `${name}=${secret}\n`);
    await writeFile(path, kept + lines.join(""), { mode: 0o600 });
  }
  return value("OPERATOR_TOKEN") ?? made.get("OPERATOR_TOKEN") ?? "";
}
