/**
 * Whether a company's application believes anything but the gateway: requests that did not come through it are sent to the
 * configured origin, and one that could have. What came back is said and kept nowhere.
 */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import { RATE_LIMIT_SECONDS } from "../rate-limit.ts";
import { newId } from "../store/index.ts";
import {
  assertionSigner,
  type Identity,
  identityClaims,
  identityToken,
  isRulePath,
  reloadTenant,
  ruleFor,
  signIdentity,
  type Tenant,
} from "../tenant/index.ts";
import { exactText } from "./fields.ts";
import { RULE_PATH_CHARS_MAX } from "./path-rules.ts";
import { type Answer, answer, fail, invalid, notFound } from "./problems.ts";

/** Until the origin's status line; its body is not read. */
export const PROBE_MS_MAX = 5_000;
/** Of one company, by one isolate. */
export const CHECKS_A_MINUTE_MAX = 10;
const COMPANIES_COUNTED_MAX = 1_000;
/** An expired assertion is so old. */
const EXPIRED_MS = 3_600_000;

const verdict = z.enum(["refused", "answered", "unclear", "unreachable"]);

export const originCheckInput = z.strictObject({
  path: z._default(
    exactText(RULE_PATH_CHARS_MAX).check(
      z.refine(
        (path) => isRulePath(path) && !path.endsWith("*"),
        "Must be a plain path, not below /sso, without query",
      ),
    ),
    "/",
  ),
});

export const originCheckView = z.object({
  url: z.string(),
  ok: z.boolean(),
  probes: z.array(
    z.object({
      name: z.enum(["missing", "unsigned", "forged", "expired", "foreign", "genuine"]),
      verdict,
      status: z.nullable(z.int()),
    }),
  ),
});
export type OriginCheck = z.infer<typeof originCheckView>;
type Probe = OriginCheck["probes"][number];

/** Whom the API's probes speak of: it has no person at hand. */
const NOBODY: Identity = {
  id: "origin-check",
  userId: "origin-check",
  email: "origin-check@vestibule.invalid",
  firstName: "Origin",
  lastName: "Check",
  group: { id: "origin-check", title: "Origin check", type: "member" },
};

/** By company, when it was checked; one memory an isolate. */
const memories = new WeakMap<Services["sealer"], Map<string, number[]>>();

export async function checkOrigin(
  services: Services,
  slug: string,
  { path }: z.infer<typeof originCheckInput>,
  who: Identity = NOBODY,
): Promise<Answer<OriginCheck>> {
  const tenant = await reloadTenant(services, slug);
  if (tenant === null) return notFound("company");
  const { company } = tenant;
  if (ruleFor(company.pathRules, path).access !== "session") {
    return invalid([{ path: "path", message: "Is open to everyone by a path rule: choose one that needs a sign-in" }]);
  }
  if (isTooOften(services, company.id)) {
    const headers = { "retry-after": String(RATE_LIMIT_SECONDS) };
    return fail({ status: 429, type: "rate-limited", title: "Too many checks; try again in a minute", headers });
  }
  const url = company.originUrl.replace(/\/+$/, "") + path;
  const assertions = await assertionsFor(services, tenant, who);
  const probes = await Promise.all(
    Object.entries(assertions).map(([name, assertion]) => probe(tenant, url, name as Probe["name"], assertion, who)),
  );
  const ok = probes.every((one) => one.verdict === (one.name === "genuine" ? "answered" : "refused"));
  return answer({ url, ok, probes });
}

/** All but the last are worth nothing to anybody: unsigned, not by a key of ours, long expired, or for nobody there is. */
async function assertionsFor(
  services: Services,
  tenant: Tenant,
  who: Identity,
): Promise<Record<Probe["name"], string | null>> {
  const now = services.now();
  const signer = await assertionSigner(services, tenant);
  const claims = identityClaims(tenant, who);
  const thrownAway = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const elsewhere = { iss: "https://another-company.invalid", aud: "https://another-application.invalid" };
  return {
    missing: null,
    unsigned: `${identityToken({ alg: "none", typ: "JWT" }, claims, now)}.`,
    forged: await signIdentity({ ...signer, privateKey: thrownAway.privateKey }, claims, now),
    expired: await signIdentity(signer, claims, now - EXPIRED_MS),
    foreign: await signIdentity(signer, { ...claims, ...elsewhere, company: newId() }, now),
    genuine: await signIdentity(signer, claims, now),
  };
}

/** The plain headers come with each: an application that believes them answers the one without an assertion. */
async function probe(
  { baseUrl }: Tenant,
  url: string,
  name: Probe["name"],
  assertion: string | null,
  { userId, email }: Identity,
): Promise<Probe> {
  const [scheme = "", host = ""] = baseUrl.split("://");
  const headers = new Headers({
    accept: "text/html,*/*;q=0.8",
    "user-agent": "Vestibule-Origin-Check",
    "x-forwarded-host": host,
    "x-forwarded-proto": scheme,
    "x-forwarded-user": userId,
    "x-forwarded-email": encodeURI(email),
  });
  if (assertion !== null) headers.set("x-vestibule-jwt-assertion", assertion);
  const signal = AbortSignal.timeout(PROBE_MS_MAX);
  const response = await fetch(url, { headers, signal, redirect: "manual", cache: "no-store" }).catch(() => null);
  if (response === null) return { name, status: null, verdict: "unreachable" };
  // Nobody waits for it.
  response.body?.cancel().catch(() => undefined);
  return { name, status: response.status, verdict: verdictOf(response, url) };
}

function verdictOf({ status, ok, headers }: Response, url: string): Probe["verdict"] {
  if (ok) return "answered";
  if (status === 401 || status === 403) return "refused";
  const location = headers.get("location") ?? "";
  const leadsAway = status >= 300 && status < 400 && URL.canParse(location, url);
  // To a page of its own may be to its sign-in, or only to its start page.
  return leadsAway && new URL(location, url).origin !== new URL(url).origin ? "refused" : "unclear";
}

function isTooOften({ sealer, now }: Services, companyId: string): boolean {
  const runs = memories.get(sealer) ?? new Map<string, number[]>();
  memories.set(sealer, runs);
  const recent = (runs.get(companyId) ?? []).filter((at) => now() - at < RATE_LIMIT_SECONDS * 1000);
  if (recent.length >= CHECKS_A_MINUTE_MAX) return true;
  if (runs.size >= COMPANIES_COUNTED_MAX) runs.clear();
  runs.set(companyId, [...recent, now()]);
  return false;
}
