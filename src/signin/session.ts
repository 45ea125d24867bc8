/** `GET /sso/session`: who this browser is signed in as, for the company's own pages. The fields are the product's contract. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { notSignedIn } from "../failure.ts";
import { readSession } from "../session/index.ts";

export async function session(c: Context<AppEnv>): Promise<Response> {
  const tenant = c.get("tenant");
  const current = await readSession(c.get("services"), tenant, c.req.raw);
  if (current === null) return notSignedIn(tenant.baseUrl);
  const { session } = current;
  const body = {
    company: { slug: tenant.company.slug, name: tenant.company.name },
    user: {
      id: session.userId,
      email: session.email,
      firstName: session.firstName,
      lastName: session.lastName,
      company: session.userCompany,
      group: session.group,
    },
    nameId: session.nameId,
    signedInAt: new Date(session.signedInAt).toISOString(),
    expiresAt: new Date(session.expiresAt).toISOString(),
  };
  const headers = new Headers({ "cache-control": "no-store" });
  if (current.setCookie !== null) headers.append("set-cookie", current.setCookie);
  return Response.json(body, { headers });
}
