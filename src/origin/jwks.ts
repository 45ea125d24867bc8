/** `GET /sso/jwks.json`: the public keys of the identity assertion (RFC 7517). No session: the origin's servers fetch it. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { publishedAssertionKeys, withAssertionKey } from "../tenant/index.ts";

export async function jwks(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const tenant = await withAssertionKey(services, c.get("tenant"));
  const keys = publishedAssertionKeys(tenant, services.now()).map(({ kid, publicJwk: { kty, crv, x, y } }) => ({
    // By name, so that nothing private can ever come along.
    ...{ kty, crv, x, y, kid },
    use: "sig",
    alg: "ES256",
  }));
  return Response.json(
    { keys },
    { headers: { "content-type": "application/jwk-set+json", "cache-control": "max-age=300" } },
  );
}
