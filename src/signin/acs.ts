/**
 * `POST /sso/acs`, the AssertionConsumerService: read, verify, bind to the browser, admit. Each step hands on a value that
 * the next one needs, so none can be left out. SAML Profiles 4.1.4.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { notConfiguredPage } from "../pages/index.ts";
import { readCookie, TEST_COOKIE, TEST_RELAY_PREFIX } from "../session/index.ts";
import { reloadTenant } from "../tenant/index.ts";
import { admit } from "./admit.ts";
import { believe } from "./believe.ts";
import { askToContinue } from "./continue.ts";
import { readSamlResponseForm } from "./form.ts";
import { refuseSignIn } from "./refused.ts";
import { finishTest } from "./test.ts";

export async function acs(c: Context<AppEnv>): Promise<Response> {
  const { company, saml } = c.get("tenant");
  // A first draft may be tried where nothing is in force, and only in a browser that says so.
  if (saml === null && readCookie(c.req.raw, TEST_COOKIE) === null) return notConfiguredPage(company, "/sso/local");
  const form = await readSamlResponseForm(c.req.raw);
  if (!form.ok) return refuseSignIn(c, { refusal: form.refusal, checks: [], email: null, idpStatus: null });
  if (form.relayState.startsWith(TEST_RELAY_PREFIX)) return finishTest(c, form.samlResponse, form.relayState);
  if (saml === null) return notConfiguredPage(company, "/sso/local");

  c.set("samlResponse", form.samlResponse);
  const decided = await decide(c, form.samlResponse);
  if (decided !== "settings_changed") return decided;
  // An administrator changed the settings after this isolate had read them: the newest ones decide.
  const tenant = await reloadTenant(c.get("services"), company.slug);
  if (tenant?.saml == null) return notConfiguredPage(company, "/sso/local");
  c.set("tenant", tenant);
  const decidedAgain = await decide(c, form.samlResponse);
  if (decidedAgain === "settings_changed") throw new Error("the settings changed twice during one sign-in");
  return decidedAgain;
}

async function decide(c: Context<AppEnv>, samlResponse: string): Promise<Response | "settings_changed"> {
  const tenant = c.get("tenant");
  const attempt = await believe(c, tenant, tenant.saml!, samlResponse);
  if (!attempt.ok) return (await settingsAreOld(c)) ? "settings_changed" : refuseSignIn(c, attempt);
  const { returnPath, facts } = attempt.value;
  const unbound = returnPath === null && facts.requestId !== null;
  const admitted = await admit(c, tenant, attempt.value, { ask: unbound });
  return admitted === "ask" ? askToContinue(c, tenant, attempt.value) : admitted;
}

/** A refusal by settings that are no longer in force (a certificate added a moment ago) is none yet. */
async function settingsAreOld(c: Context<AppEnv>): Promise<boolean> {
  const { company, saml } = c.get("tenant");
  const newest = await reloadTenant(c.get("services"), company.slug);
  return newest?.saml?.version !== saml?.version;
}
