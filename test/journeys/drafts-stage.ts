/** A draft and its test sign-in, step by step as an administrator's browser takes them. */
import { expect } from "vitest";
import type { Browser, Company, Gateway, TestIdp } from "../support/gateway.ts";
import { entraClaims } from "../support/identity-provider.ts";
import { CONSOLE, formOn, submit } from "./console-stage.ts";

export const RESULT = `${CONSOLE}/draft/test`;

/** Saves a draft by the settings form. */
export async function saveDraft(browser: Browser, company: Company, changes: Record<string, string | null> = {}) {
  const saved = await submit(browser, company, "/settings", { action: "draft", ...changes });
  expect(saved.status, await saved.clone().text()).toBe(303);
  expect(saved.headers.get("location")).toBe(`${CONSOLE}/draft?done=draft-saved`);
}

export interface Begun {
  readonly requestId: string;
  readonly relayState: string;
  readonly action: string;
}

/** Presses "Test sign-in" and follows to the form for the identity provider. */
export async function beginTest(browser: Browser, company: Company): Promise<Begun> {
  const pressed = await submit(browser, company, "/draft", {}, "/draft/test");
  expect(pressed.status, await pressed.clone().text()).toBe(303);
  expect(pressed.headers.get("location")).toBe("/sso/login/test");
  const html = await (await browser.get(`${company.url}/sso/login/test`)).text();
  const field = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? "";
  const xml = Buffer.from(field("SAMLRequest"), "base64").toString();
  return {
    requestId: / ID="([^"]+)"/.exec(xml)?.[1] ?? "",
    relayState: field("RelayState"),
    action: /<form[^>]* action="([^"]*)"/.exec(html)?.[1] ?? "",
  };
}

type Answer = Partial<Parameters<TestIdp["respond"]>[0]> & { readonly idp?: TestIdp };

/** The identity provider's answer to a request, posted as it would be. */
export async function answerTest(
  gateway: Gateway,
  browser: Browser,
  company: Company,
  begun: Begun,
  { idp = company.idp, ...changes }: Answer = {},
): Promise<Response> {
  const { samlResponse } = await idp.respond({
    acsUrl: company.acsUrl,
    spEntityId: company.entityId,
    inResponseTo: begun.requestId,
    now: gateway.now(),
    ...changes,
  });
  return post(browser, company, samlResponse, begun.relayState);
}

export function post(browser: Browser, company: Company, SAMLResponse: string, RelayState: string): Promise<Response> {
  return browser.post(company.acsUrl, { SAMLResponse, RelayState }, { crossSite: true });
}

export const claimsFor = (email: string) => ({
  nameID: email,
  attributes: entraClaims({ email, givenName: "Ada", surname: "Admin" }),
});

/** The whole of a test, to the page of its result. */
export async function testAs(
  gateway: Gateway,
  browser: Browser,
  company: Company,
  email: string,
  more: Answer = {},
): Promise<string> {
  const answered = await answerTest(gateway, browser, company, await beginTest(browser, company), {
    ...claimsFor(email),
    ...more,
  });
  expect(answered.status, await answered.clone().text()).toBe(303);
  expect(answered.headers.get("location")).toBe(RESULT);
  return (await browser.get(company.url + RESULT)).text();
}

/** Presses "Apply" as the page offers it, or sends what it would send where it does not. */
export async function apply(browser: Browser, company: Company, changes: Record<string, string | null> = {}) {
  const html = await (await browser.get(`${company.url}${CONSOLE}/draft`)).text();
  const form = formOn(html, `${CONSOLE}/draft/apply`, changes);
  return browser.post(`${company.url}${CONSOLE}/draft/apply`, form);
}
