/**
 * What is deployed: the bundle that wrangler makes, minified and without what the aliases leave out. It starts, is as small as
 * promised, and signs people in: nothing that the other tests prove is lost on the way into the bundle.
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
let bundle: Buffer;
let worker: Miniflare;

beforeAll(async () => {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const options = { cwd: ROOT, env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" } };
  execFileSync(process.execPath, [wrangler, "deploy", "--dry-run", "--env=", "--outdir", folder], options);
  bundle = readFileSync(join(folder, "worker.js"));
  const compatibilityDate = /^compatibility_date = "(.+)"$/m.exec(
    readFileSync(join(ROOT, "wrangler.toml"), "utf8"),
  )?.[1];
  worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: "ESModule", path: "worker.js", contents: bundle.toString() }],
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

describe("the bundle", () => {
  it("is at most 250 KB gzip", () => {
    expect(gzipSync(bundle).length).toBeLessThanOrEqual(GZIP_BYTES_MAX);
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
