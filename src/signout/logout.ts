/** `GET` and `POST /sso/logout`: the visitor signs out, here and, where the company has a Logout URL, at the identity provider. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { problem } from "../failure.ts";
import { log } from "../log.ts";
import { makeMessageId } from "../message-id.ts";
import { signedOutPage } from "../pages/index.ts";
import { buildLogoutRequest, redirectUrl } from "../saml/index.ts";
import {
  clearSessionCookie,
  forgetSession,
  isFromElsewhere,
  isLedHere,
  LOCAL_ISSUER,
  readSession,
} from "../session/index.ts";
import { endSession, findSession, type SessionRow } from "../store/index.ts";
import { signingKeyIfAny, type Tenant } from "../tenant/index.ts";

/** How long the identity provider may take the request for current. */
const LOGOUT_REQUEST_SECONDS = 300;

export async function logout(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  // HEAD only asks (RFC 9110 9.2.1): programs send it to look whether a link leads somewhere.
  if (c.req.method === "HEAD") return signedOutPage({ company: tenant.company, signInUrl: "/" });
  // A link may stand anywhere; what another company's page posts or embeds comes with the session's cookie, and nobody has pressed anything.
  if (isFromElsewhere(c.req.raw) && !isLedHere(c.req.raw))
    return problem(403, "not-asked", "Another site can't sign anybody out");
  const current = await readSession(services, tenant, c.req.raw);
  const row = current && (await findSession(services.database, tenant.company.id, current.session.id));
  if (row) {
    await endSession(services.database, tenant.company.id, row.id);
    forgetSession(services, row.id);
    log("sign_out", { company: tenant.company.slug });
  }
  const onward = row && (await identityProviderUrl(c, tenant, row));
  const response = onward ? c.redirect(onward, 303) : signedOutPage({ company: tenant.company, signInUrl: "/" });
  const headers = new Headers(response.headers);
  headers.set("cache-control", "no-store");
  headers.append("set-cookie", clearSessionCookie());
  return new Response(response.body, { status: response.status, headers });
}

/** A LogoutRequest by the Redirect binding, which is the one that Entra takes; null without a Logout URL, or where no identity provider signed the person in. SAML Profiles 4.4.3.1. */
async function identityProviderUrl(c: Context<AppEnv>, tenant: Tenant, session: SessionRow): Promise<string | null> {
  const services = c.get("services");
  const destination = tenant.saml?.logoutUrl;
  if (!destination || session.issuer === LOCAL_ISSUER) return null;
  const issueInstant = services.now();
  const xml = buildLogoutRequest({
    id: await makeMessageId(services.sealer, "logout-request-id", tenant.company.id, issueInstant),
    issueInstant,
    destination,
    spEntityId: tenant.entityId,
    nameID: {
      value: session.nameId,
      format: session.nameIdFormat,
      nameQualifier: session.nameQualifier,
      spNameQualifier: session.spNameQualifier,
    },
    sessionIndex: session.sessionIndex,
    notOnOrAfter: issueInstant + LOGOUT_REQUEST_SECONDS * 1000,
  });
  return redirectUrl(destination, "SAMLRequest", xml, null, await signingKeyIfAny(services, tenant));
}
