/** A person's way through a sign-in, step by step, whoever the identity provider is. */
import { expect } from "vitest";
import type { Browser, Form, Page } from "./support-browser.ts";
import type { Arrived, Company } from "./support-gateway.ts";

/** What `/sso/session` answers. */
export interface SessionView {
  readonly company: { readonly slug: string; readonly name: string };
  readonly user: {
    readonly id: string;
    readonly email: string;
    readonly firstName: string;
    readonly lastName: string;
    readonly group: { readonly id: string; readonly title: string; readonly type: string };
  };
  readonly nameId: string;
  readonly signedInAt: string;
  readonly expiresAt: string;
}

export const DEEP_LINK = "/assets/17?view=large&q=caf%C3%A9%20%26%20more";

/** The form of a page that carries this field; fails with the page's text where there is none. */
export function formWith(page: Page, field: string): Form {
  const form = page.forms.find(({ fields }) => field in fields);
  if (!form) throw new Error(`no form with ${field} at ${page.url} (${page.status}): ${textOf(page).slice(0, 1500)}`);
  return form;
}

/** What a person reads. */
export function textOf(page: Page): string {
  return page.text
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** From a link of the company to the identity provider's page that asks who it is, by either binding. */
export async function toIdentityProvider(browser: Browser, company: Company, path = DEEP_LINK): Promise<Page> {
  const first = await browser.open(company.url + path);
  if (!first.url.startsWith(company.url)) return first;
  const form = formWith(first, "SAMLRequest");
  expect(new URL(form.action).origin).not.toBe(company.url);
  return browser.submit(form);
}

/** Hands the identity provider's answer to the gateway. */
export function deliver(browser: Browser, answer: Page, samlResponse?: string): Promise<Page> {
  const form = formWith(answer, "SAMLResponse");
  return browser.submit(form, samlResponse === undefined ? {} : { SAMLResponse: samlResponse });
}

export function responseXml(answer: Page): string {
  return Buffer.from(formWith(answer, "SAMLResponse").fields.SAMLResponse ?? "", "base64").toString("utf8");
}

export const toField = (xml: string) => Buffer.from(xml, "utf8").toString("base64");

/** The page of the origin at the end of a sign-in: what the origin saw. Fails with what the visitor was told instead. */
export function arrivedAt(page: Page): Arrived {
  const type = page.headers.get("content-type") ?? "";
  if (page.status !== 200 || !type.includes("application/json")) {
    throw new Error(`not at the origin but at ${page.url} (${page.status}): ${textOf(page).slice(0, 1500)}`);
  }
  return JSON.parse(page.text) as Arrived;
}

/** Who this browser is at the company; null for nobody. */
export async function sessionOf(browser: Browser, company: Company): Promise<SessionView | null> {
  const page = await browser.peek(`${company.url}/sso/session`);
  if (page.status === 401) return null;
  expect(page.status).toBe(200);
  return JSON.parse(page.text) as SessionView;
}

/** A refusal as everybody must see it: a page of ours with a reference, no session, and the record behind the reference. */
export async function expectRefused(browser: Browser, company: Company, page: Page, code: string): Promise<void> {
  expect(page.status).toBeGreaterThanOrEqual(400);
  expect(page.status).toBeLessThan(500);
  expect(page.headers.get("content-type")).toContain("text/html");
  const [newest] = await company.signIns();
  expect(newest).toMatchObject({ outcome: "refused", code });
  expect(newest?.reference).not.toBe("");
  expect(textOf(page)).toContain(newest?.reference);
  const failed = newest?.checks.filter(({ ok }) => !ok) ?? [];
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.some(({ expected, received }) => expected !== null && received !== null)).toBe(true);
  expect(await sessionOf(browser, company)).toBeNull();
}
