/**
 * What every origin behind Vestibule does: take the identity from the signed assertion, and from nothing else. Any JWT library will do; this is
 * the whole of it with jose. To copy from, take docs/origin-checks.
 */
import { createRemoteJWKSet, customFetch, decodeJwt, type JWTPayload, jwtVerify } from "jose";
import { fetchLocal } from "./local-http.ts";

export const ASSERTION_HEADER = "x-vestibule-jwt-assertion";
const CLOCK_TOLERANCE_SECONDS = 5;

export interface VisitorClaims extends JWTPayload {
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly given_name?: string;
  readonly family_name?: string;
  readonly name?: string;
}

export type IdentityCheck = { ok: true; claims: VisitorClaims } | { ok: false; why: string };

/** `issuer` is the company's host, `audience` this origin: a proof made for another company or another origin is none. */
export function identityChecker(options: {
  issuer: string;
  audience: string;
}): (request: Request) => Promise<IdentityCheck> {
  const keys = createRemoteJWKSet(new URL("/sso/jwks.json", options.issuer), {
    cooldownDuration: 1_000,
    // Only because Node does not resolve *.localhost; anywhere else the default is right.
    [customFetch]: (url: string) => fetchLocal(url),
  });
  return async (request) => {
    const assertion = request.headers.get(ASSERTION_HEADER);
    if (assertion === null) return { ok: false, why: `there is no ${ASSERTION_HEADER} header` };
    try {
      const { payload } = await jwtVerify(assertion, keys, {
        ...options,
        algorithms: ["ES256"],
        requiredClaims: ["exp", "sub"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      return { ok: true, claims: payload };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  };
}

/**
 * The same for an origin that serves every company of one gateway, `companyUrl` being one of them: the assertion says which company it is of,
 * and is then held against that company's own keys. A host that is none of the gateway's is never asked for keys.
 */
export function companiesChecker({ companyUrl, audience }: { companyUrl: string; audience: string }) {
  const { host, protocol } = new URL(companyUrl);
  const domain = host.slice(host.indexOf("."));
  const checkers = new Map<string, ReturnType<typeof identityChecker>>();
  return (request: Request): Promise<IdentityCheck> => {
    const said = issuerOf(request.headers.get(ASSERTION_HEADER));
    const slug = said.slice(`${protocol}//`.length, -domain.length);
    const issuer = /^[a-z0-9-]{1,63}$/.test(slug) ? `${protocol}//${slug}${domain}` : companyUrl;
    const check = checkers.get(issuer) ?? identityChecker({ issuer, audience });
    checkers.set(issuer, check);
    return check(request);
  };
}

/** What an assertion says of itself, not verified yet. */
function issuerOf(assertion: string | null): string {
  try {
    return decodeJwt(assertion ?? "").iss ?? "";
  } catch {
    return "";
  }
}

/** How to address a visitor. */
export function nameOf(claims: VisitorClaims): string {
  const first = claims.firstName ?? claims.given_name;
  const last = claims.lastName ?? claims.family_name;
  return claims.name ?? ([first, last].filter(Boolean).join(" ") || (claims.email ?? claims.sub ?? "somebody"));
}
