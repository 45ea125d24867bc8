/**
 * `GET` and `POST /sso/slo`, the SingleLogoutService: LogoutRequests of the identity provider end the sessions they name,
 * found without any cookie; LogoutResponses end a sign-out that began here. Only what a pinned key signed is believed, and
 * whatever comes ends on a page or in an answer, never in another request: nothing can loop. SAML Profiles 4.4.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { newReference } from "../failure.ts";
import { readForm } from "../form.ts";
import { log } from "../log.ts";
import { makeMessageId, readMessageId } from "../message-id.ts";
import { notConfiguredPage, refusalPage, signedOutPage } from "../pages/index.ts";
import {
  buildLogoutResponse,
  type LogoutRequest,
  type LogoutResponse,
  type LogoutTrust,
  NAME_ID_FORMAT,
  type NameID,
  RELAY_STATE_BYTES_MAX,
  type Result,
  receiveLogoutPost,
  receiveLogoutQuery,
  redirectUrl,
  SAML_MESSAGE_BASE64_CHARS_MAX,
  STATUS_SUCCESS,
} from "../saml/index.ts";
import { clearSessionCookie, forgetSession, readSession } from "../session/index.ts";
import { endSessionsByLogout, newId, recordSignIn } from "../store/index.ts";
import { decryptionKeys, signingKeyIfAny, type Tenant } from "../tenant/index.ts";

/** A LogoutRequest is remembered as long as its IssueInstant could still pass. */
const LOGOUT_REQUEST_REMEMBERED_MS = 3_600_000;
/** An answer to our own LogoutRequest that comes later than this is nobody's any more. */
const LOGOUT_ANSWER_MS = 900_000;
const FORM_BYTES_MAX = SAML_MESSAGE_BASE64_CHARS_MAX + SAML_MESSAGE_BASE64_CHARS_MAX / 4 + 4096;

/** Entra's logout endpoint turns LogoutResponses away (reported): its own page goes on without one. */
const TAKES_NO_LOGOUT_RESPONSE = /^https:\/\/login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn)\//;

export async function sloByRedirect(c: Context<AppEnv>): Promise<Response> {
  // The octets as they came: the signature is over their very spelling (Bindings 3.4.4.1).
  const { url } = c.req.raw;
  const rawQuery = url.includes("?") ? url.slice(url.indexOf("?") + 1).replace(/#.*$/, "") : "";
  const trust = await trustOf(c);
  if (trust === null) return notConfiguredPage(c.get("tenant").company, "/sso/local");
  let message = await receiveLogoutQuery(rawQuery, trust);
  // All but this: runtimes hand out a URL whose apostrophes, which some encoders leave as they are, have become %27.
  if (!message.ok && message.refusal.code === "signature_invalid" && rawQuery.includes("%27")) {
    message = await receiveLogoutQuery(rawQuery.replaceAll("%27", "'"), trust);
  }
  return receive(c, message, new URLSearchParams(rawQuery).get("RelayState"));
}

export async function sloByPost(c: Context<AppEnv>): Promise<Response> {
  const trust = await trustOf(c);
  if (trust === null) return notConfiguredPage(c.get("tenant").company, "/sso/local");
  const form = await readForm(c.req.raw, FORM_BYTES_MAX);
  const refused = (code: "message_missing" | "schema_invalid", expected: string, received: string) =>
    refuse(c, { code, expected, received }, true);
  if (!form.ok) return refused("message_missing", form.refusal.expected, form.refusal.received);
  const { fields } = form;
  const messages = [...fields].filter(([name]) => name === "SAMLRequest" || name === "SAMLResponse");
  const [message] = messages;
  if (!message) return refused("message_missing", "SAMLRequest or SAMLResponse", "neither");
  if (messages.length > 1) return refused("schema_invalid", "one message", `${messages.length}`);
  const [parameter, value] = message as ["SAMLRequest" | "SAMLResponse", string];
  const received = await receiveLogoutPost(parameter, value, trust);
  // A post from another site comes without the session's cookie (SameSite=Lax): nobody knows here whether there is one.
  if (!received.ok && parameter === "SAMLRequest") return refuse(c, received.refusal, true);
  return receive(c, received, fields.get("RelayState"));
}

/** Null where the company has no single sign-on. */
async function trustOf(c: Context<AppEnv>): Promise<LogoutTrust | null> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  if (tenant.saml === null) return null;
  return {
    now: services.now(),
    clockSkewSeconds: tenant.saml.clockSkewSeconds,
    sloUrl: tenant.sloUrl,
    idpEntityIds: tenant.expectedIdpEntityIds,
    certificates: tenant.certificates,
    allowSha1: tenant.saml.allowSha1,
    decryptionKeys: await decryptionKeys(services, tenant),
    wantEncryptedAssertions: tenant.saml.wantEncryptedAssertions,
  };
}

async function receive(
  c: Context<AppEnv>,
  message: Result<LogoutRequest | LogoutResponse>,
  relayState: string | null,
): Promise<Response> {
  if (!message.ok) return refuse(c, message.refusal);
  return message.value.kind === "LogoutRequest"
    ? endSessions(c, message.value, relayState)
    : finishOwnLogout(c, message.value);
}

async function endSessions(c: Context<AppEnv>, request: LogoutRequest, relayState: string | null): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const { nameID, sessionIndexes, id, issuer } = request;
  const ended = await endSessionsByLogout(services.database, tenant.company.id, {
    issuers: tenant.expectedIdpEntityIds ?? [issuer],
    nameID,
    formats: formatsOf(nameID),
    sessionIndexes,
    messageId: id,
    rememberUntil: services.now() + LOGOUT_REQUEST_REMEMBERED_MS,
  });
  if (ended === "used") {
    const refusal = { code: "in_response_to_mismatch", expected: "a LogoutRequest not yet used", received: id };
    return refuse(c, refusal, c.req.method === "POST");
  }
  for (const sessionId of ended) forgetSession(services, sessionId);
  log("sign_out", { company: tenant.company.slug, code: "by_identity_provider" });
  const onward = await answerUrl(c, tenant, id, relayState);
  const response = onward ? c.redirect(onward, 303) : endPage(tenant);
  return withoutSession(response);
}

/** Core 2.2.2: no Format means the unspecified one, and that one means nothing. */
function formatsOf({ format }: NameID): string[] {
  const { unspecified } = NAME_ID_FORMAT;
  return format === null || format === unspecified ? [] : [format, unspecified];
}

/** The LogoutResponse's way back; null where nobody takes one. */
async function answerUrl(
  c: Context<AppEnv>,
  tenant: Tenant,
  inResponseTo: string,
  relayState: string | null,
): Promise<string | null> {
  const services = c.get("services");
  const destination = tenant.saml?.logoutUrl;
  if (!destination || TAKES_NO_LOGOUT_RESPONSE.test(destination)) return null;
  const issueInstant = services.now();
  const xml = buildLogoutResponse({
    id: await makeMessageId(services.sealer, "logout-request-id", tenant.company.id, issueInstant),
    issueInstant,
    destination,
    spEntityId: tenant.entityId,
    inResponseTo,
    statusCode: STATUS_SUCCESS,
  });
  const echoed =
    relayState !== null && new TextEncoder().encode(relayState).length <= RELAY_STATE_BYTES_MAX ? relayState : null;
  return redirectUrl(destination, "SAMLResponse", xml, echoed, await signingKeyIfAny(services, tenant));
}

/** Our own LogoutRequest came back answered. The session ended before it was sent; whatever the answer says, it has. */
async function finishOwnLogout(c: Context<AppEnv>, response: LogoutResponse): Promise<Response> {
  const { sealer, now } = c.get("services");
  const tenant = c.get("tenant");
  const own = await readMessageId(sealer, "logout-request-id", tenant.company.id, response.inResponseTo);
  if (own === null || now() > own.issuedAt + LOGOUT_ANSWER_MS) {
    return refuse(c, {
      code: "in_response_to_mismatch",
      expected: "a LogoutRequest of ours",
      received: response.inResponseTo,
    });
  }
  return endPage(tenant);
}

/** Nothing ends, nothing is answered. A visitor who has no session here reads that they are signed out, where that is so. */
async function refuse(
  c: Context<AppEnv>,
  refusal: { readonly code: string; readonly expected?: string; readonly received?: string },
  unknown = false,
): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const reference = newReference();
  const record = {
    id: newId(),
    at: services.now(),
    outcome: "refused",
    code: refusal.code,
    email: null,
    userId: null,
    reference,
    checks: [{ name: "logout", ok: false, expected: refusal.expected ?? null, received: refusal.received ?? null }],
  } as const;
  await recordSignIn(services.database, tenant.company.id, record, services.config.local ? "local" : "unasked");
  log("refusal", { company: tenant.company.slug, code: refusal.code, reference });
  const signedIn = (await readSession(services, tenant, c.req.raw)) !== null;
  if (!signedIn && !unknown) {
    const page = endPage(tenant);
    return new Response(page.body, { status: 403, headers: page.headers });
  }
  return refusalPage({
    status: 403,
    title: "This sign-out was not accepted",
    sentence: `The message of your organisation’s identity provider could not be verified. You ${signedIn ? "are" : "may be"} still signed in.`,
    advice: "To sign out here, use the button below. Your administrator may want the reference.",
    reference,
    home: "/sso/logout",
    homeLabel: "Sign out here",
    retry: null,
  });
}

function endPage(tenant: Tenant): Response {
  return signedOutPage({ company: tenant.company, signInUrl: "/" });
}

function withoutSession(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("cache-control", "no-store");
  headers.append("set-cookie", clearSessionCookie());
  return new Response(response.body, { status: response.status, headers });
}
