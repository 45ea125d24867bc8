/**
 * The proxy alone, for looking at it from the wire: one company, whose origin is where the test listens, and no database,
 * since a fresh session needs none. `/sign-in` gives a session cookie.
 */
import { Hono } from "hono";
import type { AppEnv, Bindings, Services } from "../../../src/context.ts";
import { jwks, proxyToOrigin } from "../../../src/origin/index.ts";
import { createSealer } from "../../../src/sealing.ts";
import { newSession, sessionCookie } from "../../../src/session/index.ts";
import { openDatabase } from "../../../src/store/index.ts";
import { newAssertionKey } from "../../../src/tenant/index.ts";
import { makeTenant, type Tenant } from "../../../src/tenant/tenant.ts";

const group = {
  id: "g",
  title: "Photographers",
  type: "member",
  ssoOnly: true,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
} as const;
const user = { id: "u", email: "b.simon@acme.example", firstName: "Britta", lastName: "Simon", company: "Acme" };
const secret = new Uint8Array(32).fill(7);

const config = {
  baseDomain: "localhost:8787",
  scheme: "http:",
  local: true,
  operatorToken: "x",
  gatewaySecret: secret,
  previousGatewaySecret: null,
  newCompaniesDatabase: "DB",
} as const;
const services: Services = {
  config,
  sealer: createSealer([secret]),
  database: openDatabase({} as D1Database),
  now: () => Date.now(),
};
let tenant: Tenant | null = null;

interface WireBindings extends Bindings {
  readonly ORIGIN: string;
  readonly EDGE_CACHE: string;
}

async function company({ ORIGIN: originUrl, EDGE_CACHE }: WireBindings): Promise<Tenant> {
  const sessionPolicy = { absoluteHours: 12, idleMinutes: 60 };
  const common = {
    id: "c",
    slug: "acme",
    name: "Acme",
    status: "active",
    sessionsPerUserMax: null,
    pathRules: [],
    edgeCache: EDGE_CACHE === "on",
    edgeCacheGeneration: 0,
    signInRetentionDays: 90,
    keepMessages: false,
    color: null,
    logoSha256: null,
    version: 1,
    createdAt: 0,
    updatedAt: 0,
  } as const;
  const assertionKeys = [await newAssertionKey(services, "c")];
  return makeTenant(config, {
    company: { ...common, originUrl, sessionPolicy },
    saml: null,
    assertionKeys,
    spKeys: [],
  });
}

const app = new Hono<AppEnv & { Bindings: WireBindings }>()
  .use(async (c, next) => {
    tenant ??= await company(c.env);
    c.set("services", services);
    c.set("tenant", tenant);
    await next();
  })
  .get("/sign-in", async (c) => {
    const nameID = { value: "n", format: null, nameQualifier: null, spNameQualifier: null };
    const start = { tenant: c.get("tenant"), user, group, now: Date.now(), nameID, issuer: "i", userAgent: "" };
    const { session } = newSession({ ...start, sessionIndex: null, sessionNotOnOrAfter: null });
    return c.text(await sessionCookie(services, c.get("tenant"), session));
  })
  .get("/sso/jwks.json", jwks)
  .all("*", proxyToOrigin);

export default app;
