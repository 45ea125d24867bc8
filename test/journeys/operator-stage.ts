/** What tests of the operator's console start from: the operator in a browser, and forms read from its pages. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { BASE, type Browser, type Gateway } from "../support/gateway.ts";
import { formOn } from "./console-stage.ts";

export const OPERATOR = `https://admin.${BASE}`;
export const OPERATOR_COOKIE = "__Host-vestibule-operator";

export function signInWith(browser: Browser, token: string, to = ""): Promise<Response> {
  return browser.post(`${OPERATOR}/sign-in`, { token, to });
}

export async function operatorIn(gateway: Gateway): Promise<Browser> {
  const browser = gateway.browser();
  expect((await signInWith(browser, env.OPERATOR_TOKEN)).status).toBe(303);
  return browser;
}

/** Opens a page, changes its form and sends it. */
export async function send(
  browser: Browser,
  page: string,
  changes: Record<string, string | null> = {},
  action = page,
): Promise<Response> {
  const html = await (await browser.get(OPERATOR + page)).text();
  return browser.post(OPERATOR + action, formOn(html, action, changes));
}
