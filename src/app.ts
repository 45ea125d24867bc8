/** The map: which host leads where, which middleware runs first, what mounts under which path. Nothing is decided here. */
import type { Handler, MiddlewareHandler } from "hono";
import { Hono } from "hono/tiny";
import type * as Admin from "./admin/index.ts";
import type { AppEnv, Bindings, Services } from "./context.ts";
import { failureOf, failureResponse, misconfiguredResponse, problem } from "./failure.ts";
import { log } from "./log.ts";
import {
  jwks,
  KEPT_POST_PATH,
  passToOrigin,
  proxyToOrigin,
  showKeptPost,
  suspendedCompany,
  throwAwayKeptPost,
} from "./origin/index.ts";
import { nothingHerePage, unknownCompanyPage } from "./pages/index.ts";
import { isNavigation } from "./session/index.ts";
import { signInLimit, signInRoutes } from "./signin/index.ts";
import { signOutRoutes } from "./signout/index.ts";
import { sealAudit, sealPending } from "./store/index.ts";
import { classifyHost, freshTenant, IN_HOST, resolveTenant, servicesOfCompany, type Tenant } from "./tenant/index.ts";
import { TRACE_HEADER, withTrace } from "./trace.ts";

/** Makes the services of an environment, or gives those it made before. */
type ProvideServices = (env: Bindings) => Services;

export interface App {
  fetch(request: Request, env: Bindings, ctx: ExecutionContext): Response | Promise<Response>;
}

export function createApp(provide: ProvideServices): App {
  const services: MiddlewareHandler<AppEnv> = async (c, next) => {
    c.set("services", provide(c.env));
    await next();
  };
  const company = companyHost(services);
  const operator = new Hono<AppEnv>().onError(failureResponse).all("*", operatorHost(services));
  return {
    fetch(request, env, ctx) {
      let provided: Services;
      try {
        provided = provide(env);
      } catch (error) {
        return misconfiguredResponse(error);
      }
      const { config } = provided;
      // Each property of a request is a call into the platform.
      const { url } = request;
      const host = classifyHost(config, { url });
      if (host.kind !== "unknown" && config.scheme === "https:" && url.startsWith("http:")) {
        return toHttps(request);
      }
      if (host.kind === "operator") return operator.fetch(request, env, ctx);
      if (host.kind === "company") {
        const { slug } = host;
        const answer = () =>
          isOriginsOwn(url)
            ? straightToOrigin(provided, slug, { request, url, ctx })
            : company.fetch(request, env, ctx);
        return request.headers.has(TRACE_HEADER) ? withTrace(provided, request, answer) : answer();
      }
      return unknownCompanyPage(hostnameOf(url));
    },
  };
}

/** A visitor may name a host that is none, or ask for no path at all, as `OPTIONS *` does. */
function hostnameOf(url: string): string {
  return URL.parse(url)?.hostname ?? "this address";
}

/** Nothing is served in the clear. A body that came in the clear is not asked for again by a redirect that would keep it. */
function toHttps(request: Request): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return problem(403, "https-only", "This host is reached by https only");
  }
  return new Response(null, { status: 308, headers: { location: request.url.replace(/^http:/, "https:") } });
}

/** `https://<company>.<BASE_DOMAIN>`: the gateway owns /sso, every other path is the origin's. */
function companyHost(services: MiddlewareHandler<AppEnv>): Hono<AppEnv> {
  return (
    new Hono<AppEnv>()
      .onError(failureResponse)
      // Says that this gateway runs, of no company and without D1: what a monitor may ask every second.
      .get("/sso/health", (c) => c.json({ status: "ok" }, 200, { "cache-control": "no-store" }))
      .all("/sso/admin/*", companyConsole(services))
      .use(services, tenantOfHost, sealsAudit)
      .on("ALL", ["/sso/login", "/sso/acs/*", "/sso/slo", "/sso/local/*"], signInLimit)
      .route("/", signInRoutes)
      .route("/", signOutRoutes)
      .get("/sso/jwks.json", jwks)
      .get(`${KEPT_POST_PATH}/:id`, showKeptPost)
      .post(`${KEPT_POST_PATH}/:id`, throwAwayKeptPost)
      .all("/sso", (c) => c.redirect("/", 303))
      .all("/sso/*", nothingHere)
      .all("*", proxyToOrigin)
  );
}

/** The company's administrators. */
function companyConsole(services: MiddlewareHandler<AppEnv>): Handler<AppEnv> {
  return whenAsked(({ consoleRoutes }) =>
    new Hono<AppEnv>()
      .onError(failureResponse)
      .use(services, tenantOfHost, sealsAudit)
      .route("/sso/admin", consoleRoutes),
  );
}

const nothingHere: MiddlewareHandler<AppEnv> = async (c) =>
  isNavigation(c.req.raw)
    ? nothingHerePage(c.get("tenant").company)
    : problem(404, "not-found", "The gateway has nothing here");

/** `https://admin.<BASE_DOMAIN>`: the operator. */
function operatorHost(services: MiddlewareHandler<AppEnv>): Handler<AppEnv> {
  return whenAsked(({ adminRoutes, operationHost, operatorRoutes }) =>
    new Hono<AppEnv>()
      .onError(failureResponse)
      .use(services, sealsAudit)
      .get("/health", (c) => c.json({ status: "ok" }))
      .route("/api/v1", adminRoutes)
      .route("/", operationHost)
      .route("/", operatorRoutes)
      .all("*", () => problem(404, "not-found", "Nothing here")),
  );
}

/**
 * What administrators use is half of the code and no visitor's: an isolate evaluates it when the first request for it comes. So nobody
 * imports it but this and the schedule (docs/performance.md, "The Worker").
 */
function whenAsked(make: (admin: typeof Admin) => Hono<AppEnv>): Handler<AppEnv> {
  let made: Hono<AppEnv> | undefined;
  return async (c) => {
    made ??= make(await import("./admin/index.ts"));
    return made.fetch(c.req.raw, c.env, c.executionCtx);
  };
}

/** After the answer, what the request changed is sealed into the audit's chain. What fails here is sealed by the schedule. */
const sealsAudit: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  const company = c.get("audited");
  if (company === undefined) return;
  const { database } = c.get("services");
  const sealed = company === null ? sealPending(database) : sealAudit(database, company, SEAL_ROUNDS_AFTER);
  c.executionCtx.waitUntil(sealed.catch((error: Error) => log("storage_unavailable", { error: error.message })));
};

/** Rivals of the same moment seal for one another. */
const SEAL_ROUNDS_AFTER = 3;

/** Behind it a handler knows its company and nothing of any other. */
const tenantOfHost: MiddlewareHandler<AppEnv> = async (c, next) => {
  const provided = c.get("services");
  const host = classifyHost(provided.config, c.req.raw);
  let tenant: Tenant | null = null;
  if (host.kind === "company") {
    const services = await servicesOfCompany(provided, host.slug);
    c.set("services", services);
    tenant = await resolveTenant(services, host.slug);
  }
  const closed = closedDoor(tenant, c.req.raw);
  if (closed) return closed;
  c.set("tenant", tenant!);
  return next();
};

/** Nobody gets past it to a company that isn't there or is suspended. */
function closedDoor(tenant: Tenant | null, request: Request): Response | null {
  if (tenant === null) return unknownCompanyPage(hostnameOf(request.url));
  return tenant.company.status === "active" ? null : suspendedCompany(tenant.company, request);
}

/** Plainly the origin's: a path that doesn't begin with /sso, and has nothing encoded that a router might read as if it did. */
function isOriginsOwn(url: string): boolean {
  const path = url.indexOf("/", IN_HOST);
  if (path < 0 || url.startsWith("/sso", path)) return false;
  const encoded = url.indexOf("%", path);
  if (encoded < 0) return true;
  const query = url.indexOf("?", path);
  return query >= 0 && query < encoded;
}

/** What the routes above come to for nearly every request, without a router and its context, which cost more than all the rest. */
async function straightToOrigin(
  provided: Services,
  slug: string,
  { request, url, ctx }: { readonly request: Request; readonly url: string; readonly ctx: ExecutionContext },
): Promise<Response> {
  let tenant: Tenant | null = null;
  try {
    const services = provided.databases ? await servicesOfCompany(provided, slug) : provided;
    // Nearly always known, and a wait costs more than the look.
    tenant = freshTenant(services, slug) ?? (await resolveTenant(services, slug));
    const closed = closedDoor(tenant, request);
    if (closed) return closed;
    return await passToOrigin({
      services,
      tenant: tenant!,
      request,
      url,
      waitUntil: (promise) => ctx.waitUntil(promise),
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return failureOf(error, request, tenant?.company.slug);
  }
}
