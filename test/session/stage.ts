/**
 * A small stage for sessions and the proxy: isolates that share one D1 and one clock and nothing else, companies with
 * people in them, and the handlers of a company host mounted as the Worker mounts them.
 */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { vi } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { AppEnv, Bindings, Services } from "../../src/context.ts";
import { failureResponse } from "../../src/failure.ts";
import { jwks, proxyToOrigin } from "../../src/origin/index.ts";
import { createSealer } from "../../src/sealing.ts";
import { newSession, type Session, sessionCookie } from "../../src/session/index.ts";
import {
  type Company,
  completeSignIn,
  createCompany,
  createGroup,
  createUser,
  findUser,
  type Group,
  type NewUser,
  openDatabase,
  type SamlSettings,
  saveSamlSettings,
} from "../../src/store/index.ts";
import { classifyHost, forgetTenant, newAssertionKey, resolveTenant, type Tenant } from "../../src/tenant/index.ts";
import { auditRow, companyRow, groupRow, settingsRow, signInWrite, userRow } from "../store/rows.ts";

export const START = Date.UTC(2026, 10, 23, 9, 0, 0);
export const BASE = "example.com";

export class Clock {
  now = START;
  advance(seconds: number): void {
    this.now += seconds * 1000;
  }
}

export interface Isolate {
  readonly services: Services;
  /** Round trips to D1 since the last look. */
  trips(): number;
  fetch(request: Request): Promise<Response>;
  tenant(slug: string): Promise<Tenant>;
}

export interface IsolateOptions {
  /** Newest first. */
  readonly secrets?: readonly string[];
  /** Stands before D1: may refuse or delay a round trip. */
  readonly onTrip?: () => void | Promise<void>;
  readonly bindings?: Partial<Bindings>;
}

const SECRET = "dGVzdC1nYXRld2F5LXNlY3JldC0zMi1ieXRlcy1sb25n";

/** An isolate is what has its own sealer: all memory hangs on it. */
export function isolate(clock: Clock, options: IsolateOptions = {}): Isolate {
  const count = { trips: 0 };
  const d1 = watched(env.DB, async () => {
    count.trips++;
    await options.onTrip?.();
  });
  const bindings: Bindings = { ...env, BASE_DOMAIN: BASE, DB: d1, ...options.bindings };
  const secrets = (options.secrets ?? [SECRET]).map((text) => Uint8Array.from(Buffer.from(text, "base64url")));
  const services: Services = {
    config: readConfig(bindings),
    sealer: createSealer(secrets),
    database: openDatabase(bindings.DB),
    now: () => clock.now,
  };
  const app = new Hono<AppEnv>()
    .onError(failureResponse)
    .use(async (c, next) => {
      c.set("services", services);
      const host = classifyHost(services.config, c.req.raw);
      const tenant = host.kind === "company" ? await resolveTenant(services, host.slug) : null;
      if (tenant === null) return c.text("unknown", 404);
      c.set("tenant", tenant);
      return next();
    })
    .get("/sso/jwks.json", jwks)
    .all("*", proxyToOrigin);
  return {
    services,
    trips() {
      const { trips } = count;
      count.trips = 0;
      return trips;
    },
    async fetch(request) {
      const ctx = createExecutionContext();
      const response = await app.fetch(request, bindings, ctx);
      await waitOnExecutionContext(ctx);
      return response;
    },
    async tenant(slug) {
      const tenant = await resolveTenant(services, slug);
      if (tenant === null) throw new Error(`no company ${slug}`);
      return tenant;
    },
  };
}

/** The same D1; each run of a statement or of a batch is one round trip. */
function watched(d1: D1Database, onTrip: () => Promise<void>): D1Database {
  const wrap = <T extends object>(inner: T, trips: readonly string[]): T =>
    new Proxy(inner, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          const call = () => Reflect.apply(member, target, args) as unknown;
          if (name === "prepare" || name === "bind") return wrap(call() as object, ["run", "all", "first", "raw"]);
          if (name === "withSession") return wrap(call() as object, ["batch"]);
          return trips.includes(String(name)) ? onTrip().then(call) : call();
        };
      },
    });
  return wrap(d1, ["batch", "exec"]);
}

export interface Seeded {
  readonly company: Company;
  readonly group: Group;
  readonly user: NewUser;
}

let made = 0;

/** A company of its own for each caller, with one group and one person. */
export async function seedCompany(at: Isolate, changes: Partial<Company> = {}): Promise<Seeded> {
  const { database } = at.services;
  const company: Company = { ...companyRow(`company-${++made}`), createdAt: START, updatedAt: START, ...changes };
  await createCompany(database, company, await newAssertionKey(at.services, company.id), auditRow(company.id));
  const group = { ...groupRow("Photographers"), ssoOnly: false };
  await createGroup(database, company.id, group, auditRow(company.id));
  const user = userRow(group.id, `b.simon@${company.slug}.example`);
  await createUser(database, company.id, user, auditRow(company.id));
  return { company, group, user };
}

/** Gives the company single sign-on. */
export async function seedSaml(
  at: Isolate,
  { company, group }: Seeded,
  changes: Partial<SamlSettings> = {},
): Promise<void> {
  const settings = { ...settingsRow(group.id), certificates: [], ...changes };
  const saved = await saveSamlSettings(at.services.database, company.id, null, settings, [], auditRow(company.id));
  if (saved !== "done") throw new Error(saved);
  forgetTenant(at.services, company.slug);
}

/** Signs the person in as the ACS does, and gives the cookie's value. */
export async function signIn(
  at: Isolate,
  { company, group, user }: Seeded,
  changes: Partial<Parameters<typeof newSession>[0]> = {},
): Promise<{ session: Session; setCookie: string; cookie: string }> {
  const tenant = await at.tenant(company.slug);
  const now = at.services.now();
  const { row, session } = newSession({
    tenant,
    user,
    group,
    now,
    nameID: { value: user.email, format: null, nameQualifier: null, spNameQualifier: null },
    issuer: "https://idp.example/",
    sessionIndex: "_session1",
    sessionNotOnOrAfter: null,
    userAgent: "Chromium",
    ...changes,
  });
  const { version } = (await findUser(at.services.database, company.id, user.id))!;
  const write = signInWrite(user.id, {
    now,
    session: row,
    requestExpiresAt: now + 900_000,
    assertionExpiresAt: now + 3_600_000,
    user: { kind: "update", userId: user.id, changes: {}, expectedVersion: version },
  });
  const outcome = await completeSignIn(at.services.database, company.id, write);
  if (outcome !== "done") throw new Error(outcome);
  const setCookie = await sessionCookie(at.services, tenant, session);
  at.trips();
  return { session, setCookie, cookie: cookieOf(setCookie) };
}

/** `name=value` of a Set-Cookie line. */
export function cookieOf(setCookie: string): string {
  return setCookie.slice(0, setCookie.indexOf(";"));
}

/** The cookie that a response gave, or else the one before. */
export function nextCookie(response: Response, before: string): string {
  const line = response.headers.getSetCookie().find((text) => text.startsWith("__Host-vestibule-session="));
  return line === undefined ? before : cookieOf(line);
}

export function urlOf({ company }: Pick<Seeded, "company">, path = "/"): string {
  return `https://${company.slug}.${BASE}${path}`;
}

/** A page navigation as a browser makes it. */
export function navigation(url: string, cookie: string | null = null, headers: Record<string, string> = {}): Request {
  return new Request(url, {
    redirect: "manual",
    headers: {
      accept: "text/html,*/*;q=0.8",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      ...(cookie === null ? {} : { cookie }),
      ...headers,
    },
  });
}

/** What arrived at the origin, as it echoes it. */
export interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

export async function echoOf(response: Response): Promise<Echo> {
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const { headers, ...echo } = (await response.json()) as Omit<Echo, "headers"> & { headers: [string, string][] };
  return { ...echo, headers: new Headers(headers) };
}

/** What a job of the schedule may take; as good as all there is unless a test says less. */
export const allowance = (queries = 1_000) => ({ queries, until: Number.POSITIVE_INFINITY });

/** Time as the gateway waits for it, passed by hand; what is shorter than `fromMs` passes by itself. */
export function heldTime(fromMs = 1_000) {
  const waits: { ms: number; pass: () => void }[] = [];
  const really = scheduler.wait.bind(scheduler);
  vi.spyOn(scheduler, "wait").mockImplementation((ms: number) =>
    ms < fromMs ? really(ms) : new Promise((resolve) => waits.push({ ms, pass: () => resolve(undefined) })),
  );
  return waits;
}
export const aMoment = () => new Promise((resolve) => setTimeout(resolve, 50));
