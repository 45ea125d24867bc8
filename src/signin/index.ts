/**
 * SIGN-IN: the journey from a page navigation to a session. Owns metadata, the request to the identity provider, the
 * AssertionConsumerService, who the person is, and the logo that the pages on the way show. Refuses to know how messages are
 * verified (saml), how rows are kept (store) and what the visitor wanted at the origin.
 */
import { Hono } from "hono/tiny";
import type { AppEnv } from "../context.ts";
import { TEST_START_PATH } from "../session/index.ts";
import { acs } from "./acs.ts";
import { continueSignIn } from "./continue.ts";
import { signInLimit } from "./limit.ts";
import { localSignIn, showLocalSignIn } from "./local.ts";
import { showInvitation, useInvitation } from "./local-invitation.ts";
import { login } from "./login.ts";
import { companyLogo } from "./logo.ts";
import { metadata } from "./metadata.ts";
import { passkeyOptions, passkeySignIn } from "./passkey-sign-in.ts";
import { createPasskey, newPasskeyOptions, PASSKEYS_PATH, removePasskey, showPasskeys } from "./passkeys.ts";
import { afterUsedResponse, USED_RESPONSE_PATH } from "./refused.ts";
import { session } from "./session.ts";
import { startTest } from "./test.ts";

export { signInLimit };

export const signInRoutes = new Hono<AppEnv>()
  .get("/sso/metadata", metadata)
  .get("/sso/login", login)
  .get(TEST_START_PATH, startTest)
  .post("/sso/acs", acs)
  .post("/sso/acs/continue", continueSignIn)
  .get(USED_RESPONSE_PATH, afterUsedResponse)
  .get("/sso/local", showLocalSignIn)
  .post("/sso/local", localSignIn)
  .get("/sso/local/invitation", showInvitation)
  .post("/sso/local/invitation", useInvitation)
  .get("/sso/local/passkey", passkeyOptions)
  .post("/sso/local/passkey", passkeySignIn)
  .get(PASSKEYS_PATH, showPasskeys)
  .post(PASSKEYS_PATH, createPasskey)
  .get(`${PASSKEYS_PATH}/options`, newPasskeyOptions)
  .post(`${PASSKEYS_PATH}/remove`, removePasskey)
  .get("/sso/session", session)
  .get("/sso/logo", companyLogo);
