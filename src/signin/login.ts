/** `GET /sso/login`: starts a sign-in at the company's identity provider. No database write; none read while the settings are warm. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { notConfiguredPage, postBindingPage } from "../pages/index.ts";
import { buildAuthnRequest, encodePostMessage, redirectUrl, signElement } from "../saml/index.ts";
import { signingKey } from "../tenant/index.ts";
import {
  clearRequestCookies,
  fragmentCookieName,
  makeRequestId,
  pendingRequestCookie,
  readPendingRequests,
  surplusRequests,
} from "./request.ts";
import { safeReturnPath } from "./return-path.ts";

export async function login(c: Context<AppEnv>): Promise<Response> {
  const { sealer, now } = c.get("services");
  const tenant = c.get("tenant");
  const { company, saml } = tenant;
  if (saml === null) return notConfiguredPage(company.name, "/sso/local");

  const returnPath = safeReturnPath(c.req.query("return_to"), tenant.baseUrl);
  const issueInstant = now();
  const id = await makeRequestId(sealer, company.id, issueInstant);
  const xml = buildAuthnRequest({
    id,
    issueInstant,
    destination: saml.loginUrl,
    spEntityId: tenant.entityId,
    acsUrl: tenant.acsUrl,
    nameIdFormat: saml.nameIdFormat,
    forceAuthn: saml.forceAuthn,
    requestedAuthnContext: saml.requestedAuthnContext,
  });
  const key = saml.signAuthnRequests ? await signingKey(c.get("services"), tenant) : null;

  // The answer finds its request by the signed InResponseTo; RelayState says nothing and is only there for providers that expect one.
  const relayState = id;
  const response =
    saml.requestBinding === "Redirect"
      ? c.redirect(await redirectUrl(saml.loginUrl, "SAMLRequest", xml, relayState, key), 303)
      : postBindingPage({
          action: saml.loginUrl,
          samlRequest: encodePostMessage(key ? await signElement(xml, key) : xml),
          relayState,
          companyName: company.name,
          fragmentCookieName: fragmentCookieName(id),
        });

  const headers = new Headers(response.headers);
  headers.set("cache-control", "no-store");
  headers.append("set-cookie", await pendingRequestCookie(sealer, company.id, { id, returnPath }));
  const waiting = await readPendingRequests(sealer, company.id, c.req.raw);
  for (const forgotten of await surplusRequests(sealer, company.id, waiting)) {
    for (const cookie of clearRequestCookies(forgotten)) headers.append("set-cookie", cookie);
  }
  return new Response(response.body, { status: response.status, headers });
}
