/** Everything on a company host that isn't the gateway's own: who is it, may it pass, and what the origin says. */
import type { Context } from "hono";
import type { AppEnv, Services } from "../context.ts";
import { newReference, problem } from "../failure.ts";
import { log } from "../log.ts";
import { count, counter, observer, statusClass } from "../metrics.ts";
import { originUnavailablePage } from "../pages/index.ts";
import { type CurrentSession, freshSession, isNavigation, openedBefore, readSession } from "../session/index.ts";
import type { PathRule } from "../store/index.ts";
import { resolveTenant, ruleFor, type Tenant } from "../tenant/index.ts";
import { lap } from "../trace.ts";
import { identityOf, isUsable, knownIdentity } from "./assertion.ts";
import { forgetAtEdge, fromEdge, isSafe, isWorthALook, keepAtEdge } from "./edge-cache.ts";
import { fetchOrigin } from "./fetch-origin.ts";
import { type Heard, hear, remember } from "./heard.ts";
import { keepForLater } from "./kept-post.ts";
import { type Identified, outgoing } from "./outgoing.ts";
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
  /** Its URL, which the platform makes anew each time it is asked. */
  readonly url: string;
  waitUntil(promise: Promise<unknown>): void;
  /** Where this is a kept form on its way again: keeps it once more, since the origin can't be reached. */
  keepAgain?(): Promise<Response>;
}

export function proxyToOrigin(c: Context<AppEnv>): Promise<Response> {
  return passToOrigin({
    services: c.get("services"),
    tenant: c.get("tenant"),
    request: c.req.raw,
    url: c.req.url,
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  });
}

/** The same without a framework's context, whose making costs more than all the checks in here. */
export async function passToOrigin(arrived: Passage): Promise<Response> {
  // Each property of a request is a call into the platform.
  const { method } = arrived.request;
  const passage = method === "POST" && maySendAgain(arrived.request) ? await sendAgain(arrived) : arrived;
  if (passage instanceof Response) return passage;
  const { services, tenant, request } = passage;
  const { company } = tenant;
  if (METHODS_REFUSED.includes(method)) {
    return problem(405, "method-not-allowed", "This method is not passed on");
  }
  if (company.status !== "active") return suspendedCompany(company, request);

  const origin = originOf(company.originUrl);
  const url = targetUrl(origin, passage.url);
  const path = pathOf(origin, url);
  const rule = ruleFor(company.pathRules, path);
  const hearing = hear(request, method, tenant, services.config);
  const { heard } = hearing;
  // Waiting costs more than what is waited for, where this isolate knows it already.
  const admitted = admitAtOnce(passage, rule, heard) ?? (await admit(passage, rule, heard));
  lap("session");
  if (admitted instanceof Response) return admitted;
  if (admitted !== null) remember(hearing);
  if (hearing.hasBody && !isSendable(request, method)) {
    return problem(400, "body-not-allowed", `A ${method} request with a body can't be passed on`);
  }

  const isLive = () => (admitted ? isSignedIn(passage) : isOpen(passage, path));
  const fitting = { tenant, origin, url, setCookie: admitted?.setCookie ?? null, isLive };
  const asked = { ...passage, method, url, partOfPage: heard.partOfPage, identified: admitted !== null };
  const kept = isWorthALook(asked) ? await fromEdge(asked) : null;
  if (kept !== null) {
    countAnswer(kept.status, company.id);
    return fitResponse(kept, fitting);
  }

  const now = services.now();
  const atOnce = admitted && identifiedAtOnce(passage, heard, admitted, now);
  const identified = atOnce ?? (admitted && (await identify(passage, admitted)));
  lap("signing");
  const askedAt = atOnce === null ? services.now() : now;
  const going = outgoing(request, tenant, hearing, identified);
  const answer = await fetchOrigin(url, going, {
    services,
    askedAt,
    waitUntil: (promise) => passage.waitUntil(promise),
  });
  const answeredAt = services.now();
  observeOrigin(answeredAt - askedAt, company.id);
  lap("origin");
  if (answer.kind === "answered") {
    const { response } = answer;
    countAnswer(response.status, company.id);
    if (!isSafe(method)) await forgetAtEdge(asked, response.status);
    keepAtEdge(asked, response, { askedAt, answeredAt });
    return fitResponse(response, fitting);
  }

  count("origin_failures", answer.kind, company.id);
  const reference = newReference();
  const code = `origin_${answer.kind}`;
  const durationMs = answeredAt - askedAt;
  log("refusal", { company: company.slug, code, reference, durationMs, error: answer.reason });
  if (answer.kind === "down" && passage.keepAgain) return passage.keepAgain();
  if (isNavigation(request)) return originUnavailablePage({ kind: answer.kind, reference });
  return answer.kind === "down"
    ? problem(502, "origin-down", "The application does not answer", { reference })
    : problem(504, "origin-slow", "The application takes too long", { reference });
}

const observeOrigin = observer("origin_headers");
const countGood = counter("proxied_requests", "2xx");
function countAnswer(status: number, companyId: string): void {
  if (status >= 200 && status < 300) countGood(companyId);
  else count("proxied_requests", statusClass(status), companyId);
}

/** What went along with the same words of the same session, or was signed lately; null: it is to be signed. */
function identifiedAtOnce(
  { services, tenant }: Passage,
  { sent }: Heard,
  { session }: CurrentSession,
  now: number,
): Identified | null {
  if (sent?.session === session && isUsable(sent.identity, now)) return sent;
  const identity = knownIdentity(services, tenant, session);
  return identity && { session, identity };
}

async function identify({ services, tenant }: Passage, { session }: CurrentSession): Promise<Identified> {
  return { session, identity: await identityOf(services, tenant, session) };
}

/** Who passes: somebody, nobody in particular (null), or not this one. A session that can't be checked passes as nobody nowhere. */
async function admit(passage: Passage, rule: PathRule, heard: Heard): Promise<CurrentSession | Response | null> {
  const { services, tenant, request } = passage;
  if (rule.access === "public" || (rule.preflight && isPreflight(request))) return null;
  const current = await readSession(services, tenant, request, (promise) => passage.waitUntil(promise));
  const misused = current !== null && heard.fromAnotherCompany;
  if (current !== null && !misused) return current;
  if (rule.access === "optional") return null;
  return misused
    ? problem(403, "another-company", "A page of another company can't use this session")
    : ((await keepForLater(passage)) ?? signInFirst(request, tenant, rule.unauthenticated));
}

/** Somebody who is known to be signed in; null says nothing. */
function admitAtOnce({ services, tenant, request }: Passage, rule: PathRule, heard: Heard): CurrentSession | null {
  if (rule.access === "public" || (rule.preflight && isPreflight(request))) return null;
  const { sessionCookie, fromAnotherCompany } = heard;
  if (sessionCookie === null || fromAnotherCompany) return null;
  heard.carried ??= openedBefore(services, tenant, sessionCookie);
  return heard.carried && freshSession(services, tenant, heard.carried);
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
function isSendable({ headers }: Request, method: string): boolean {
  return (method !== "GET" && method !== "HEAD") || headers.get("content-length") === "0";
}
