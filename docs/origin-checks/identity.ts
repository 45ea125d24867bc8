/** Who is asking: the verified claims of X-Vestibule-Jwt-Assertion, or null. Needs jose 5 or 6; runs in Node, Deno, Bun and Workers. */
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from "jose";

export interface Identity extends JWTPayload {
  readonly sub: string;
  readonly email: string;
  readonly name: string;
  readonly company: string;
  readonly group: { readonly id: string; readonly title: string; readonly type: "administrator" | "member" };
}

/**
 * `company` is the company's host at the gateway (https://acme.example.com), `application` the scheme, host and port of its
 * originUrl. Make one check a company and keep it: it holds the keys for five minutes.
 */
export function identityCheck(company: string, application: string) {
  const keys = createRemoteJWKSet(new URL("/sso/jwks.json", company), { cacheMaxAge: 300_000, timeoutDuration: 5_000 });

  return async (assertion: string | null | undefined): Promise<Identity | null> => {
    if (!assertion) return null;
    try {
      const { payload } = await jwtVerify<Identity>(assertion, keys, {
        algorithms: ["ES256"],
        issuer: company,
        audience: application,
        requiredClaims: ["exp", "nbf", "sub"],
        clockTolerance: 5,
      });
      return payload;
    } catch (error) {
      console.warn("refused an identity assertion:", error instanceof Error ? error.message : error);
      return null;
    }
  };
}

// const check = identityCheck("https://acme.example.com", "https://assets.internal.example.com");
// const who = await check(request.headers.get("x-vestibule-jwt-assertion"));
// if (who === null) return new Response("Unauthorized", { status: 401 });
