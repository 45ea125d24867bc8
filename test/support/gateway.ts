/**
 * The whole gateway in one test: the app over the real D1 of the test file, with a clock that the test turns, an operator
 * who speaks REST, and browsers with cookie jars that keep to SameSite as Chromium does.
 */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { routes } from "../../src/admin/rest/index.ts";
import { openApi } from "../../src/admin/rest/openapi.ts";
import { createApp } from "../../src/app.ts";
import { databaseNames, readConfig } from "../../src/config.ts";
import type { Bindings, Services } from "../../src/context.ts";
import { createSealer } from "../../src/sealing.ts";
import { openDatabase } from "../../src/store/index.ts";
import type { createIdentityProvider } from "./identity-provider.ts";

export type TestIdp = Awaited<ReturnType<typeof createIdentityProvider>>;

export const BASE = "example.com";
export const START = Date.UTC(2026, 10, 23, 9, 0, 0);

export interface Gateway {
  readonly services: Services;
  /** Another isolate over the same database: its own memory, the same clock. */
  isolate(): Gateway;
  fetch(request: Request): Promise<Response>;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  browser(): Browser;
  now(): number;
  advance(seconds: number): void;
  /** D1 calls (prepare-run or batch) since the last look. */
  roundTrips(): number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever JSON came
  readonly body: any;
}

interface Clock {
  now: number;
}

export function startGateway(overrides: Partial<Bindings> = {}, clock: Clock = { now: START }): Gateway {
  const counter = { calls: 0 };
  const d1 = counting(overrides.DB ?? env.DB, counter);
  const bindings: Bindings = { ...env, BASE_DOMAIN: BASE, ...overrides, DB: d1 };
  const config = readConfig(bindings);
  const secrets = [config.gatewaySecret, ...(config.previousGatewaySecret ? [config.previousGatewaySecret] : [])];
  const further = databaseNames(bindings).map((name) => [name, openDatabase(Reflect.get(bindings, name))] as const);
  const database = openDatabase(bindings.DB);
  const services: Services = {
    config,
    sealer: createSealer(secrets),
    database,
    ...(further.length > 0 ? { databases: new Map([["DB", database], ...further]) } : {}),
    now: () => clock.now,
  };
  const app = createApp(() => services);
  const gateway: Gateway = {
    services,
    isolate: () => startGateway(overrides, clock),
    async fetch(request) {
      const ctx = createExecutionContext();
      const response = await app.fetch(request, bindings, ctx);
      await waitOnExecutionContext(ctx);
      return response;
    },
    async api(method, path, body, headers = {}) {
      const init: RequestInit = {
        method,
        headers: {
          authorization: `Bearer ${bindings.OPERATOR_TOKEN}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      };
      const response = await gateway.fetch(new Request(`https://admin.${BASE}/api/v1${path}`, init));
      expectAsTold(method, path, response);
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
    },
    browser: () => new Browser(gateway),
    now: () => clock.now,
    advance(seconds) {
      clock.now += seconds * 1000;
    },
    roundTrips() {
      const { calls } = counter;
      counter.calls = 0;
      return calls;
    },
  };
  return gateway;
}

interface Document {
  readonly paths: Record<string, Record<string, Told>>;
}

interface Told {
  readonly responses: Record<string, { readonly headers?: { readonly ETag?: unknown } }>;
}

const places = routes.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/:\w+/g, "[^/?]+")}(?:\\?|$)`),
  told: null as Told | null,
}));

/** Every answer's status is one that openapi.json tells of for its route, and so is whether an entity tag stands over it. */
function expectAsTold(method: string, path: string, { status, headers }: Response): void {
  const place = places.find(({ route, pattern }) => route.method === method.toLowerCase() && pattern.test(path));
  if (place === undefined) return;
  place.told ??= Object.values(Object.values((openApi([place.route]) as Document).paths)[0] ?? {})[0] ?? null;
  const answer = place.told?.responses[status];
  expect(answer, `${method} ${path}: ${status}`).toBeDefined();
  expect(headers.has("etag"), `${method} ${path}: ETag`).toBe(answer?.headers?.ETag !== undefined);
}

/** The same D1, with its calls counted; one batch is one call. */
function counting(d1: D1Database, counter: { calls: number }): D1Database {
  const statement = (inner: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(inner, {
      get(target, name) {
        if (name === "bind") return (...values: unknown[]) => statement(target.bind(...values));
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          if (["run", "all", "first", "raw"].includes(String(name))) counter.calls++;
          return member.apply(target, args);
        };
      },
    });
  const wrap = <T extends object>(inner: T): T =>
    new Proxy(inner, {
      get(target, name) {
        if (name === "prepare") return (sql: string) => statement((target as unknown as D1Database).prepare(sql));
        if (name === "withSession")
          return (...args: []) => wrap((target as unknown as D1Database).withSession(...args));
        const member = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          if (name === "batch" || name === "exec") counter.calls++;
          return member.apply(target, args);
        };
      },
    });
  return wrap(d1);
}

interface Cookie {
  readonly value: string;
  readonly sameSite: string;
}

/** One person's browser. `crossSite` requests come from another site, as an identity provider's form post does. */
export class Browser {
  readonly cookies = new Map<string, Map<string, Cookie>>();
  private readonly gateway: Gateway;

  constructor(gateway: Gateway) {
    this.gateway = gateway;
  }

  /** The same person's browser at another isolate. */
  at(gateway: Gateway): Browser {
    const other = new Browser(gateway);
    for (const [host, jar] of this.cookies) other.cookies.set(host, jar);
    return other;
  }

  async fetch(url: string, init: RequestInit & { crossSite?: boolean; cookies?: boolean } = {}): Promise<Response> {
    const { host } = new URL(url);
    const jar = this.cookies.get(host) ?? new Map<string, Cookie>();
    this.cookies.set(host, jar);
    const method = init.method ?? "GET";
    const headers = new Headers({
      accept: "text/html,application/xhtml+xml,*/*;q=0.8",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      "sec-fetch-site": init.crossSite ? "cross-site" : "same-origin",
      "user-agent": "test browser",
    });
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
    const sent = [...jar].filter(([, { sameSite }]) => {
      if (init.cookies === false) return false;
      if (!init.crossSite || sameSite === "none") return true;
      return sameSite === "lax" && method === "GET";
    });
    if (sent.length > 0) headers.set("cookie", sent.map(([name, { value }]) => `${name}=${value}`).join("; "));
    const request = new Request(url, { ...init, method, headers, redirect: "manual" });
    const response = await this.gateway.fetch(request);
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    return response;
  }

  get(url: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(url, { headers });
  }

  post(url: string, fields: Record<string, string>, options: { crossSite?: boolean } = {}): Promise<Response> {
    return this.fetch(url, { method: "POST", body: new URLSearchParams(fields), ...options });
  }

  cookie(url: string, name: string): string | null {
    return this.cookies.get(new URL(url).host)?.get(name)?.value ?? null;
  }
}

function keep(jar: Map<string, Cookie>, line: string): void {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const name = pair.slice(0, pair.indexOf("="));
  const value = pair.slice(pair.indexOf("=") + 1);
  const attribute = (wanted: string) =>
    attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
  if (attribute("max-age") === "0") jar.delete(name);
  else jar.set(name, { value, sameSite: (attribute("samesite") ?? "lax").toLowerCase() });
}

/** A company as Microsoft's tutorial leaves it: POST binding, Just-In-Time provisioning into a member group. */
export async function createCompany(
  gateway: Gateway,
  slug: string,
  idp: TestIdp,
  saml: Record<string, unknown> = {},
): Promise<Company> {
  await gateway.api("POST", "/companies", { slug, name: `${slug} Inc.`, originUrl: "https://origin.example" });
  const { body: staff } = await gateway.api("POST", `/companies/${slug}/groups`, {
    title: "Staff",
    type: "member",
    ssoOnly: true,
  });
  const { body: admins } = await gateway.api("POST", `/companies/${slug}/groups`, {
    title: "Administrators",
    type: "administrator",
    ssoOnly: false,
  });
  const settings = await gateway.api("PUT", `/companies/${slug}/saml`, {
    loginUrl: "https://idp.example/saml2",
    idpEntityId: idp.entityId,
    certificates: [idp.certificatePem],
    jit: { enabled: true, groupId: staff.id },
    ...saml,
  });
  if (settings.status !== 200) throw new Error(JSON.stringify(settings.body));
  const url = `https://${slug}.${BASE}`;
  return {
    slug,
    url,
    idp,
    acsUrl: `${url}/sso/acs`,
    entityId: `${url}/sso/metadata`,
    staffId: staff.id,
    administratorsId: admins.id,
  };
}

export interface Company {
  readonly slug: string;
  readonly url: string;
  readonly idp: TestIdp;
  readonly acsUrl: string;
  readonly entityId: string;
  readonly staffId: string;
  readonly administratorsId: string;
}

/** Goes to a page, follows to the sign-in and gives the ID of the AuthnRequest that the browser would carry to the IdP. */
export async function startSignIn(
  browser: Browser,
  company: Company,
  path = "/",
): Promise<{ requestId: string; relayState: string }> {
  const login = await browser.get(`${company.url}/sso/login?return_to=${encodeURIComponent(path)}`);
  const html = await login.text();
  const field = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
  const xml = Buffer.from(field("SAMLRequest"), "base64").toString();
  return { requestId: / ID="([^"]+)"/.exec(xml)?.[1] ?? "", relayState: field("RelayState") };
}

type Answer = Partial<Parameters<TestIdp["respond"]>[0]>;

/** The IdP's answer as the form field. */
export async function answer(
  gateway: Gateway,
  company: Company,
  requestId: string | null,
  changes: Answer = {},
): Promise<string> {
  const { samlResponse } = await company.idp.respond({
    acsUrl: company.acsUrl,
    spEntityId: company.entityId,
    inResponseTo: requestId,
    now: gateway.now(),
    ...changes,
  });
  return samlResponse;
}

/** The whole way in; the browser then holds a session. */
export async function signIn(
  gateway: Gateway,
  browser: Browser,
  company: Company,
  changes: Answer = {},
  path = "/",
): Promise<Response> {
  const { requestId, relayState } = await startSignIn(browser, company, path);
  const SAMLResponse = await answer(gateway, company, requestId, changes);
  return browser.post(company.acsUrl, { SAMLResponse, RelayState: relayState }, { crossSite: true });
}
