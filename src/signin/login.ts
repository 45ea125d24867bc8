/** `GET /sso/login`: starts a sign-in at the company's identity provider. No database write; none read while the settings are warm. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { notConfiguredPage, onTheWayPage, postBindingPage } from "../pages/index.ts";
import { buildAuthnRequest, encodePostMessage, redirectUrl, signElement } from "../saml/index.ts";
import type { SamlSettings } from "../store/index.ts";
import { signingKey, type Tenant } from "../tenant/index.ts";
import { fragmentCookieName, makeRequestId, makeRoom, pendingRequestCookie, returnPathCookie } from "./request.ts";
import { safeReturnPath } from "./return-path.ts";

export async function login(c: Context<AppEnv>): Promise<Response> {
  const { sealer, now } = c.get("services");
  const tenant = c.get("tenant");
  const { company, saml } = tenant;
  if (saml === null) return notConfiguredPage(company, "/sso/local");

  const returnPath = safeReturnPath(c.req.query("return_to"), tenant.baseUrl);
  const id = await makeRequestId(sealer, company.id, now());
  // The answer finds its request by the signed InResponseTo; RelayState says nothing and is only there for providers that expect one.
  const response = await sendRequest(c, tenant, saml, { id, relayState: id, inBetween: null });
  const headers = new Headers(response.headers);
  const pending = { id, returnPath };
  const cookies = isPartOfAPage(c.req.raw)
    ? []
    : [
        await pendingRequestCookie(sealer, company.id, pending),
        await returnPathCookie(sealer, company.id, pending),
        ...(await makeRoom(sealer, company.id, c.req.raw)),
      ];
  for (const cookie of cookies) if (cookie !== null) headers.append("set-cookie", cookie);
  return new Response(response.body, { status: response.status, headers });
}

/**
 * What carries an AuthnRequest to the identity provider, by the settings' binding. `inBetween`: a path of ours that the
 * browser is to go to first where it would otherwise be redirected at once.
 */
export async function sendRequest(
  c: Context<AppEnv>,
  tenant: Tenant,
  saml: SamlSettings,
  { id, relayState, inBetween }: { id: string; relayState: string; inBetween: string | null },
): Promise<Response> {
  const services = c.get("services");
  const { company } = tenant;
  if (saml.requestBinding === "Redirect" && inBetween !== null) return onTheWayPage(company, inBetween);
  const xml = buildAuthnRequest({
    id,
    issueInstant: services.now(),
    destination: saml.loginUrl,
    spEntityId: tenant.entityId,
    acsUrl: tenant.acsUrl,
    nameIdFormat: saml.nameIdFormat,
    forceAuthn: saml.forceAuthn,
    requestedAuthnContext: saml.requestedAuthnContext,
  });
  const key = saml.signAuthnRequests ? await signingKey(services, tenant) : null;
  const response =
    saml.requestBinding === "Redirect"
      ? c.redirect(await redirectUrl(saml.loginUrl, "SAMLRequest", xml, relayState, key), 303)
      : postBindingPage({
          action: saml.loginUrl,
          samlRequest: encodePostMessage(key ? await signElement(xml, key) : xml),
          relayState,
          company,
          fragmentCookieName: fragmentCookieName(id),
        });

  const headers = new Headers(response.headers);
  headers.set("cache-control", "no-store");
  return new Response(response.body, { status: response.status, headers });
}

/** A browser that loads a picture or a script from here signs nobody in: it gets no cookie, or another site could fill it with them. */
function isPartOfAPage(request: Request): boolean {
  const mode = request.headers.get("sec-fetch-mode");
  return mode !== null && mode !== "navigate" && request.headers.has("sec-fetch-site");
}
