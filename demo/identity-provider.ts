/**
 * A stand-in for Microsoft Entra ID on this machine: a sign-in page with a few people, answers in Entra's shape, metadata, and single logout.
 * Like Entra it answers only to reply URLs it knows: those of companies below the gateway's local domain.
 *
 *   GET|POST /saml2     AuthnRequest by Redirect or POST; LogoutRequest by Redirect
 *   POST     /sign-in   the choice made on the sign-in page
 *   GET      /federationmetadata/2007-06/federationmetadata.xml
 */
import { Hono } from "hono";
import { createIdentityProvider, pem, TENANT_ID, toBase64 } from "../test/support/identity-provider.ts";
import { type KeyPair, signBytes } from "../test/support/messages/keys.ts";
import { defaultAlgorithm, signElementById } from "../test/support/messages/sign.ts";
import { answerPage, faultPage, signedOutPage, signInPage } from "./identity-provider-pages.ts";
import { claimsOf, personById } from "./people.ts";
import { type IncomingRequest, readRequest } from "./saml-request.ts";

const STATUS = "urn:oasis:names:tc:SAML:2.0:status";
/** Entra binds NameIDs and logout to a session of its own; here it is the assertion's ID, as Entra makes it. */
export const IDP_ENTITY_ID = `https://sts.windows.net/${TENANT_ID}/`;

export interface StandIn {
  readonly app: Hono;
  readonly entityId: string;
  readonly loginUrl: string;
  readonly logoutUrl: string;
  readonly certificatePem: string;
}

export async function standInIdentityProvider(options: {
  baseUrl: string;
  /** `localhost:8787`: reply URLs are `http://<company>.<this>/sso/acs`. */
  gatewayDomain: string;
  key: KeyPair;
}): Promise<StandIn> {
  const { key, baseUrl } = options;
  const messages = await createIdentityProvider({ entityId: IDP_ENTITY_ID });
  const endpoint = `${baseUrl}/saml2`;
  const app = new Hono();

  const begin = (message: string | undefined, relayState: string, deflated: boolean): Response | Promise<Response> => {
    const request = message === undefined ? null : readRequest(message, deflated);
    if (request === null)
      return faultPage(
        "AADSTS750054",
        "SAMLRequest or SAMLResponse must be present as query string parameters in HTTP request for SAML Redirect binding.",
      );
    if (request.kind === "LogoutResponse") return signedOutPage();
    const acsUrl = knownReplyUrl(request, options.gatewayDomain);
    if (acsUrl === null)
      return faultPage(
        "AADSTS50011",
        `The reply URL '${request.acsUrl}' specified in the request does not match the reply URLs configured for the application '${request.issuer}'.`,
      );
    if (request.kind === "LogoutRequest") return logout(request, relayState);
    return signInPage({ requestId: request.id, issuer: request.issuer, acsUrl, relayState });
  };

  app.get("/saml2", (c) => {
    const response = c.req.query("SAMLResponse");
    return begin(response ?? c.req.query("SAMLRequest"), c.req.query("RelayState") ?? "", true);
  });
  app.post("/saml2", async (c) => {
    const form = await c.req.parseBody();
    return begin(String(form.SAMLRequest ?? ""), String(form.RelayState ?? ""), false);
  });

  app.post("/sign-in", async (c) => {
    const form = Object.fromEntries(
      Object.entries(await c.req.parseBody()).map(([name, value]) => [name, String(value)]),
    );
    const { requestId = "", issuer = "", acsUrl = "", relayState = "" } = form;
    const request: IncomingRequest = { kind: "AuthnRequest", id: requestId, issuer, acsUrl };
    if (knownReplyUrl(request, options.gatewayDomain) !== acsUrl)
      return faultPage("AADSTS50011", "The reply URL is not known.");
    const about = { acsUrl, spEntityId: issuer, inResponseTo: requestId || null, now: Date.now() };
    const person = personById(form.person ?? "");
    const samlResponse =
      person === undefined ? await cancelled(about) : await signedIn({ ...about, ...claimsOf(person) });
    return answerPage({ acsUrl, samlResponse, relayState });
  });

  /** Signed with the kept key; `respond` itself would sign with one of the process. */
  async function signedIn(about: Parameters<typeof messages.respond>[0]): Promise<string> {
    const { xml, assertionId } = await messages.respond({ ...about, sign: "none" });
    return toBase64(await signElementById(xml, assertionId, key));
  }

  async function cancelled(about: Parameters<typeof messages.respond>[0]): Promise<string> {
    const { samlResponse } = await messages.respond({
      ...about,
      sign: "none",
      status: [`${STATUS}:Responder`, `${STATUS}:AuthnFailed`],
      statusMessage: `AADSTS65004: User declined to consent to access the app. Trace ID: ${crypto.randomUUID()} Correlation ID: ${crypto.randomUUID()} Timestamp: ${new Date().toISOString()}`,
    });
    return samlResponse;
  }

  /** Front-channel, SAML Profiles 4.4: the stand-in keeps no session of its own, so there is nothing more to end. */
  async function logout(request: IncomingRequest, relayState: string): Promise<Response> {
    const destination = request.issuer.replace(/\/sso\/metadata$/, "/sso/slo");
    const xml = messages.logoutResponse({ destination, now: Date.now(), inResponseTo: request.id });
    const query = await messages.redirectQuery("SAMLResponse", xml, {
      sign: false,
      ...(relayState ? { relayState } : {}),
    });
    const algorithm = defaultAlgorithm(key);
    const signed = `${query}&SigAlg=${encodeURIComponent(algorithm)}`;
    const signature = await signBytes(key, algorithm, new TextEncoder().encode(signed));
    return Response.redirect(`${destination}?${signed}&Signature=${encodeURIComponent(toBase64(signature))}`, 303);
  }

  app.get("/federationmetadata/2007-06/federationmetadata.xml", (c) => {
    const xml = messages.metadata({ loginUrl: endpoint, logoutUrl: endpoint, certificates: [key.certificate] });
    // Entra's begins with a byte-order mark.
    return c.body(`\uFEFF${xml}`, 200, { "Content-Type": "application/xml" });
  });

  app.get("/", () => signedOutPage());
  app.notFound(() => faultPage("AADSTS900561", "The endpoint does not accept this address."));
  return {
    app,
    entityId: IDP_ENTITY_ID,
    loginUrl: endpoint,
    logoutUrl: endpoint,
    certificatePem: pem(key.certificate),
  };
}

/** The AssertionConsumerService of a company below the gateway's domain, or null. For a LogoutRequest the company's, which it doesn't name. */
function knownReplyUrl(request: IncomingRequest, gatewayDomain: string): string | null {
  const entity = new RegExp(`^http://([a-z0-9-]+\\.${gatewayDomain.replaceAll(".", "\\.")})/sso/metadata$`).exec(
    request.issuer,
  );
  if (entity === null) return null;
  const acsUrl = `http://${entity[1]}/sso/acs`;
  return request.acsUrl === null || request.acsUrl === acsUrl ? acsUrl : null;
}
