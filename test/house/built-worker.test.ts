/**
 * What is deployed: the parts that scripts/build.ts makes, minified and without what it leaves out. They start, are as small as
 * promised, and sign people in: nothing that the other tests prove is lost on the way into them.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdentityProvider } from "../support/identity-provider.ts";

const ROOT = join(import.meta.dirname, "../..");
const GZIP_BYTES_MAX = 250_000;
const TOKEN = "operator-token-of-the-tests";
const ACME = "http://acme.localhost:8787";

const folder = mkdtempSync(join(tmpdir(), "vestibule-built-"));
/** The text of each part, by its name. */
let parts: Map<string, string>;
let worker: Miniflare;

beforeAll(async () => {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const options = { cwd: ROOT, env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } };
  execFileSync(process.execPath, [wrangler, "deploy", "--dry-run", "--env=", "--outdir", folder], options);
  const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
  parts = new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
  const compatibilityDate = /^compatibility_date = "(.+)"$/m.exec(
    readFileSync(join(ROOT, "wrangler.toml"), "utf8"),
  )?.[1];
  worker = new Miniflare(
    convertV4MiniflareOptions({
      // The first is the Worker's own.
      modules: ["worker.js", ...names.filter((name) => name !== "worker.js")].map((path) => ({
        type: "ESModule",
        path,
        contents: parts.get(path) ?? "",
      })),
      compatibilityDate: compatibilityDate ?? "",
      compatibilityFlags: ["nodejs_compat"],
      bindings: {
        BASE_DOMAIN: "localhost:8787",
        OPERATOR_TOKEN: TOKEN,
        GATEWAY_SECRET: "dGVzdC1nYXRld2F5LXNlY3JldC0zMi1ieXRlcy1sb25n",
      },
      d1Databases: { DB: "built" },
    }),
  );
  const db = await worker.getD1Database("DB");
  const migrations = readdirSync(join(ROOT, "migrations")).filter((name) => name.endsWith(".sql"));
  for (const name of migrations.sort()) {
    const statements = readFileSync(join(ROOT, "migrations", name), "utf8").split("--> statement-breakpoint");
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
});

afterAll(async () => {
  await worker?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(url: string, init: RequestInit = {}) {
  return worker.dispatchFetch(url, { redirect: "manual", ...(init as object) });
}

async function api(method: string, path: string, body: unknown) {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const url = `http://admin.localhost:8787/api/v1${path}`;
  const response = await ask(url, { method, headers, body: JSON.stringify(body) });
  expect(response.status, await response.clone().text()).toBeLessThan(300);
  return (await response.json()) as { id: string; pem: string };
}

/** The parts that come with one, itself first: what a Worker evaluates before its first request. */
function withWhatItImports(name: string): string[] {
  const imported = [...(parts.get(name) ?? "").matchAll(/\bfrom"\.\/([^"]+)"/g)].map((match) => match[1] ?? "");
  return [name, ...imported.flatMap(withWhatItImports)];
}

describe("the bundle", () => {
  it("is at most 250 KB gzip", () => {
    expect(gzipSync([...parts.values()].join("")).length).toBeLessThanOrEqual(GZIP_BYTES_MAX);
  });

  it("has nothing of what libraries bring along and nobody reaches", () => {
    const whole = [...parts.values()].join("");
    for (const text of ["KeyValue has empty value", "PgEnumColumn"]) expect(whole, text).not.toContain(text);
  });

  it("brings what only administrators use when they ask for it", () => {
    expect([...parts.keys()].sort()).toEqual(["admin.js", "chunk.js", "worker.js"]);
    expect(withWhatItImports("worker.js")).toEqual(["worker.js", "chunk.js"]);
    expect(parts.get("worker.js")).toContain('import("./admin.js")');
    // The schemas of the API are the dearest to make.
    for (const name of ["worker.js", "chunk.js"]) expect(parts.get(name), name).not.toContain("ZodMini");
    expect(parts.get("admin.js")).toContain("ZodMini");
  });

  it("answers several who ask for that at once, before it has come", async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const asked = [1, 2, 3, 4].flatMap(() => [
      ask("http://admin.localhost:8787/api/v1/companies", { headers }),
      ask("http://admin.localhost:8787/sign-in"),
    ]);
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200, 200]);
  });

  it("does all that the schedule asks for", async () => {
    const { outcome } = await (await worker.getWorker()).scheduled({ cron: "*/15 * * * *" });
    expect(outcome).toBe("ok");
    const metrics = await ask("http://admin.localhost:8787/metrics", { headers: { authorization: `Bearer ${TOKEN}` } });
    const jobs = [...(await metrics.text()).matchAll(/^vestibule_cron_runs_total\{job="(\w+)"\} 1$/gm)];
    expect(jobs.map(([, job]) => job).sort()).toEqual(["follow", "purge", "rewrap", "rotate", "seal"]);
  });

  it("signs its requests, signs a person in, and refuses a changed response", async () => {
    const idp = await createIdentityProvider();
    await api("POST", "/companies", { slug: "acme", name: "Acme", originUrl: "http://127.0.0.1:9" });
    const { id: groupId } = await api("POST", "/companies/acme/groups", { title: "Staff" });
    await api("PUT", "/companies/acme/saml", {
      loginUrl: "https://idp.example/saml2",
      idpEntityId: idp.entityId,
      certificates: [idp.certificatePem],
      jit: { enabled: true, groupId },
      signAuthnRequests: true,
    });
    const signIn = async (change: (xml: string) => string) => {
      const login = await ask(`${ACME}/sso/login?return_to=/here`);
      const html = await login.text();
      const field = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
      const request = Buffer.from(field("SAMLRequest"), "base64").toString();
      expect(request).toContain("<ds:SignatureValue>");
      const { xml } = await idp.respond({
        acsUrl: `${ACME}/sso/acs`,
        spEntityId: `${ACME}/sso/metadata`,
        inResponseTo: / ID="([^"]+)"/.exec(request)?.[1] ?? "",
        now: Date.now(),
      });
      const SAMLResponse = Buffer.from(change(xml)).toString("base64");
      const body = new URLSearchParams({ SAMLResponse, RelayState: field("RelayState") }).toString();
      const cookie = login.headers.getSetCookie().map((line) => line.split(";")[0]);
      const headers = { "content-type": "application/x-www-form-urlencoded", cookie: cookie.join("; ") };
      return ask(`${ACME}/sso/acs`, { method: "POST", headers, body });
    };
    const back = await signIn((xml) => xml);
    expect([back.status, back.headers.get("location")]).toEqual([303, "/here"]);
    const session =
      back.headers
        .getSetCookie()
        .find((line) => line.includes("session="))
        ?.split(";")[0] ?? "";
    const who = await ask(`${ACME}/sso/session`, { headers: { cookie: session } });
    expect([who.status, await who.json()]).toMatchObject([
      200,
      { company: { slug: "acme" }, user: { group: { id: groupId } } },
    ]);
    expect((await signIn((xml) => xml.replace(/<(\w+:)?AttributeValue>/, "$&x"))).status).toBe(403);
  });
});
