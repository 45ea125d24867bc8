/** The REST API: the table of routes, and the steps that every call goes through before its handler. */
import type { Context } from "hono";
import { Hono } from "hono/tiny";
import type { AppEnv } from "../../context.ts";
import { problem } from "../../failure.ts";
import type { Company } from "../../store/index.ts";
import { servicesOfCompany } from "../../tenant/index.ts";
import type { Actor } from "../actor.ts";
import { readCompany } from "../companies.ts";
import { type Answer, answer, fail, forbidden, type Problem } from "../problems.ts";
import { assertionKeyRoutes } from "./assertion-key-routes.ts";
import { readJson } from "./body.ts";
import { companyRoutes } from "./company-routes.ts";
import { entityTag, preconditionOf } from "./conditional.ts";
import { configurationRoutes } from "./configuration-routes.ts";
import { groupRoutes } from "./group-routes.ts";
import { once } from "./idempotency.ts";
import { invitationRoutes } from "./invitation-routes.ts";
import { admitCaller } from "./limits.ts";
import { logoRoutes } from "./logo-routes.ts";
import { openApi } from "./openapi.ts";
import { operationRoutes } from "./operation-routes.ts";
import { badQuery } from "./paging.ts";
import { passkeyRoutes } from "./passkey-routes.ts";
import { recordRoutes } from "./record-routes.ts";
import { type Description, referencePage } from "./reference.tsx";
import type { CompanyCall, Reply, Route } from "./route.ts";
import { samlDraftRoutes } from "./saml-draft-routes.ts";
import { samlRoutes } from "./saml-routes.ts";
import { samlSourceRoutes } from "./saml-source-routes.ts";
import { spKeyRoutes } from "./sp-key-routes.ts";
import { userFileRoutes } from "./user-file-routes.ts";
import { userRoutes } from "./user-routes.ts";

export const API_ROOT = "/api/v1";

export const routes: readonly Route[] = [
  ...companyRoutes,
  ...logoRoutes,
  ...samlRoutes,
  ...samlSourceRoutes,
  ...spKeyRoutes,
  ...assertionKeyRoutes,
  ...samlDraftRoutes,
  ...configurationRoutes,
  ...groupRoutes,
  // Before the users by id: their last parts are no ids.
  ...userFileRoutes,
  ...userRoutes,
  ...passkeyRoutes,
  ...invitationRoutes,
  ...recordRoutes,
  ...operationRoutes,
];

/** To be mounted at API_ROOT of the operator's host. */
export const adminRoutes = new Hono<AppEnv>();

let description: ReturnType<typeof openApi> | undefined;
adminRoutes.get("/openapi.json", () => {
  description ??= openApi(routes);
  return new Response(JSON.stringify(description), { headers: { "content-type": "application/json" } });
});
adminRoutes.get("/reference", (c) => {
  description ??= openApi(routes);
  return referencePage(description as Description, new URL(c.req.url).origin + API_ROOT);
});
adminRoutes.get("/", (c) => c.redirect(`${API_ROOT}/reference`, 303));

for (const route of routes) {
  adminRoutes.on(route.method.toUpperCase(), route.path, (c) => serve(route, c));
}

for (const path of new Set(routes.map((route) => route.path))) {
  const allowed = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
  const allow = [...new Set(allowed.includes("GET") ? [...allowed, "HEAD"] : allowed)].join(", ");
  adminRoutes.all(path, () =>
    respond(fail({ status: 405, type: "method", title: "This object has no such method", headers: { allow } })),
  );
}

adminRoutes.all("*", () => respond(fail({ status: 404, type: "not-found", title: "The API has nothing here" })));

/** Who, on what, with what: the first step that fails is the answer. */
async function serve(route: Route, c: Context<AppEnv>): Promise<Response> {
  const services = await servicesOfCompany(c.get("services"), c.req.param("slug") ?? "");
  c.set("services", services);
  const actor = await admitCaller(services, c.env, c.req.raw.headers);
  if (!actor.ok) return problemResponse(actor.problem);
  const company = await admit(route, c, actor.value, c.req.param("slug") ?? "");
  if (!company.ok) return problemResponse(company.problem);
  if (route.method !== "get") c.set("audited", company.value?.id ?? null);
  const known = checkQuery(route, new URL(c.req.url).searchParams);
  if (!known.ok) return problemResponse(known.problem);
  const done = await once(services, actor.value, c.req.raw, async (request) =>
    respond(await carryOut(route, c, request, actor.value, company.value)),
  );
  return done.ok ? done.value : problemResponse(done.problem);
}

async function carryOut(
  route: Route,
  c: Context<AppEnv>,
  request: Request,
  actor: Actor,
  company: Company | null,
): Promise<Answer<Reply>> {
  const body = route.body ? await readJson(request, route.body) : answer(undefined);
  if (!body.ok) return body;
  const call = {
    services: c.get("services"),
    actor,
    request,
    slug: c.req.param("slug") ?? "",
    id: c.req.param("id") ?? "",
    passkeyId: c.req.param("passkeyId") ?? "",
    query: new URL(request.url).searchParams,
    body: body.value,
    precondition: preconditionOf(request.headers),
    company,
  };
  // The schema of this very route made the body, and a company route got its company.
  return route.handle(call as CompanyCall<never>);
}

/** The company of a company's route. A token learns nothing of other companies, not even whether they are there. */
async function admit(route: Route, c: Context<AppEnv>, actor: Actor, slug: string): Promise<Answer<Company | null>> {
  const services = c.get("services");
  if (actor.kind === "operator") {
    return route.access === "company" ? readCompany(services, slug) : answer(null);
  }
  if (route.access === "operator") return forbidden("This is for the operator");
  const company = await readCompany(services, slug);
  if (!company.ok || company.value.id !== actor.companyId) return forbidden("This token is another company's");
  return company.value.status === "active" ? company : forbidden("This company is suspended");
}

/** A parameter that was meant and not understood could widen what a DELETE removes. */
function checkQuery(route: Route, query: URLSearchParams): Answer<null> {
  for (const name of query.keys()) {
    if (!route.query?.includes(name)) return badQuery(name, "Is not a parameter of this list");
    if (query.getAll(name).length > 1) return badQuery(name, "Must be given once");
  }
  return answer(null);
}

function respond(given: Answer<Reply>): Response {
  if (!given.ok) return problemResponse(given.problem);
  const { status, body, version, location, file } = given.value;
  if (file) return file;
  const headers = new Headers({ "cache-control": "no-store" });
  if (version) headers.set("etag", entityTag(version));
  if (location !== undefined) headers.set("location", API_ROOT + location);
  if (status === 204) return new Response(null, { status, headers });
  headers.set("content-type", "application/json");
  return new Response(JSON.stringify(body), { status, headers });
}

function problemResponse({ status, type, title, errors, headers }: Problem): Response {
  return problem(status, type, title, errors ? { errors } : {}, headers ?? {});
}
