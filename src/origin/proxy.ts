/** Everything on a company host that isn't the gateway's own: who is it, may it pass, and what the origin says. */
import type { Context } from "hono";
import type { AppEnv, Services } from "../context.ts";
import { newReference, problem } from "../failure.ts";
import { log } from "../log.ts";
import { count, observe, statusClass } from "../metrics.ts";
import { originUnavailablePage } from "../pages/index.ts";
import { type CurrentSession, freshSession, isNavigation, readSession } from "../session/index.ts";
import type { PathRule } from "../store/index.ts";
import { resolveTenant, ruleFor, type Tenant } from "../tenant/index.ts";
import { lap } from "../trace.ts";
import { isFromAnotherCompany } from "./another-company.ts";
import { identityOf, knownIdentity } from "./assertion.ts";
import { forgetAtEdge, fromEdge, isPartOfPage, isSafe, isWorthALook, keepAtEdge } from "./edge-cache.ts";
import { fetchOrigin } from "./fetch-origin.ts";
import { keepForLater } from "./kept-post.ts";
import { outgoing } from "./outgoing.ts";
import { maySendAgain, sendAgain } from "./resend.ts";
import { fitResponse } from "./response.ts";
import { signInFirst } from "./sign-in-first.ts";
import { suspendedCompany } from "./suspended.ts";
import { originOf, pathOf, targetUrl } from "./target.ts";

export { ORIGIN_HEADERS_TIMEOUT_MS } from "./fetch-origin.ts";

/** TRACE answers with the request as it arrived, identity headers included (RFC 9110, 9.3.8); CONNECT asks for a tunnel. */
const METHODS_REFUSED: readonly string[] = ["CONNECT", "TRACE", "TRACK"];

/** One request on a company host, and what it needs to be answered. */
export interface Passage {
  readonly services: Services;
  readonly tenant: Tenant;
  readonly request: Request;
  waitUntil(promise: Promise<unknown>): void;
  /** Where this is a kept form on its way again: keeps it once more, since the origin can't be reached. */
  keepAgain?(): Promise<Response>;
}

export function proxyToOrigin(c: Context<AppEnv>): Promise<Response> {
  return passToOrigin({
    services: c.get("services"),
    tenant: c.get("tenant"),
    request: c.req.raw,
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  });
}

/** The same without a framework's context, whose making costs more than all the checks in here. */
export async function passToOrigin(arrived: Passage): Promise<Response> {
  const passage = maySendAgain(arrived.request) ? await sendAgain(arrived) : arrived;
  if (passage instanceof Response) return passage;
  const { services, tenant, request } = passage;
  if (METHODS_REFUSED.includes(request.method)) {
    return problem(405, "method-not-allowed", "This method is not passed on");
  }
  if (tenant.company.status !== "active") return suspendedCompany(tenant.company, request);

  const origin = originOf(tenant.company.originUrl);
  const url = targetUrl(origin, request.url);
  const path = pathOf(origin, url);
  const rule = ruleFor(tenant.company.pathRules, path);
  // Waiting costs more than what is waited for, where this isolate knows it already.
  const admitted = admitAtOnce(passage, rule) ?? (await admit(passage, rule));
  lap("session");
  if (admitted instanceof Response) return admitted;
  if (hasUnsendableBody(request)) {
    return problem(400, "body-not-allowed", `A ${request.method} request with a body can't be passed on`);
  }

  const isLive = () => (admitted ? isSignedIn(passage) : isOpen(passage, path));
  const fitting = { tenant, origin, url, setCookie: admitted?.setCookie ?? null, isLive };
  const asked = { ...passage, url, partOfPage: isPartOfPage(request), identified: admitted !== null };
  const kept = isWorthALook(asked) ? await fromEdge(asked) : null;
  if (kept !== null) {
    count("proxied_requests", statusClass(kept.status), tenant.company.id);
    return fitResponse(kept, fitting);
  }

  const identity =
    admitted &&
    (knownIdentity(services, tenant, admitted.session) ?? (await identityOf(services, tenant, admitted.session)));
  lap("signing");
  const [askedAt, startedAt] = [services.now(), performance.now()];
  const answer = await fetchOrigin(url, outgoing(request, tenant, identity), services, (promise) =>
    passage.waitUntil(promise),
  );
  const durationMs = performance.now() - startedAt;
  observe("origin_headers", durationMs, tenant.company.id);
  lap("origin");
  if (answer.kind === "answered") {
    count("proxied_requests", statusClass(answer.response.status), tenant.company.id);
    if (!isSafe(request)) await forgetAtEdge(asked, answer.response.status);
    keepAtEdge(asked, answer.response, askedAt);
    return fitResponse(answer.response, fitting);
  }

  count("origin_failures", answer.kind, tenant.company.id);
  const reference = newReference();
  const code = `origin_${answer.kind}`;
  log("refusal", { company: tenant.company.slug, code, reference, durationMs, error: answer.reason });
  if (answer.kind === "down" && passage.keepAgain) return passage.keepAgain();
  if (isNavigation(request)) return originUnavailablePage({ kind: answer.kind, reference });
  return answer.kind === "down"
    ? problem(502, "origin-down", "The application does not answer", { reference })
    : problem(504, "origin-slow", "The application takes too long", { reference });
}

/** Who passes: somebody, nobody in particular (null), or not this one. A session that can't be checked passes as nobody nowhere. */
async function admit(passage: Passage, rule: PathRule): Promise<CurrentSession | Response | null> {
  const { services, tenant, request } = passage;
  if (rule.access === "public" || (rule.preflight && isPreflight(request))) return null;
  const current = await readSession(services, tenant, request, (promise) => passage.waitUntil(promise));
  const misused = current !== null && isFromAnotherCompany(services.config, tenant, request);
  if (current !== null && !misused) return current;
  if (rule.access === "optional") return null;
  return misused
    ? problem(403, "another-company", "A page of another company can't use this session")
    : ((await keepForLater(passage)) ?? signInFirst(request, tenant, rule.unauthenticated));
}

/** Somebody who is known to be signed in; null says nothing. */
function admitAtOnce({ services, tenant, request }: Passage, rule: PathRule): CurrentSession | null {
  if (rule.access === "public" || (rule.preflight && isPreflight(request))) return null;
  const current = freshSession(services, tenant, request);
  return current && !isFromAnotherCompany(services.config, tenant, request) ? current : null;
}

/** The question that browsers put before a request that a page of elsewhere makes; never with a cookie. Fetch standard, 3.2.2 */
function isPreflight({ method, headers, body }: Request): boolean {
  return method === "OPTIONS" && body === null && headers.has("origin") && headers.has("access-control-request-method");
}

/** By the settings as they then are: a stricter policy ends what is open too. */
async function isSignedIn({ services, tenant, request }: Passage): Promise<boolean> {
  const now = await resolveTenant(services, tenant.company.slug);
  return now?.company.id === tenant.company.id && (await readSession(services, now, request)) !== null;
}

/** Whether the company still lets everybody have this path. */
async function isOpen({ services, tenant }: Passage, path: string): Promise<boolean> {
  const now = await resolveTenant(services, tenant.company.slug);
  if (now?.company.id !== tenant.company.id || now.company.status !== "active") return false;
  return ruleFor(now.company.pathRules, path).access !== "session";
}

/** fetch sends no body with these methods, and to leave it out would change what was asked. RFC 9110, 9.3.1: it means nothing. */
function hasUnsendableBody(request: Request): boolean {
  if (request.body === null) return false;
  const { method, headers } = request;
  return (method === "GET" || method === "HEAD") && headers.get("content-length") !== "0";
}
