/** What the tests of password sign-in start from: a company without an identity provider, its people, and forms sent as browsers send them. */
import { expect } from "vitest";
import type { Browser, Gateway } from "../support/gateway.ts";

export const PASSWORD = "seven blue ladders";

export interface LocalCompany {
  readonly slug: string;
  readonly path: string;
  readonly url: string;
  readonly staff: string;
  readonly ssoOnly: string;
  readonly admins: string;
}

export async function makeCompany({ api }: Gateway, slug: string, name = `${slug} Inc.`): Promise<LocalCompany> {
  await api("POST", "/companies", { slug, name, originUrl: "https://origin.example" });
  const path = `/companies/${slug}`;
  const group = async (title: string, more: object): Promise<string> =>
    (await api("POST", `${path}/groups`, { title, ...more })).body.id;
  const staff = await group("Staff", {});
  const ssoOnly = await group("Single sign-on only", { ssoOnly: true });
  const admins = await group("Admins", { type: "administrator" });
  return { slug, path, url: `https://${slug}.example.com`, staff, ssoOnly, admins };
}

export async function makeUser(
  { api }: Gateway,
  company: LocalCompany,
  email: string,
  more: object = {},
): Promise<string> {
  const made = await api("POST", `${company.path}/users`, { email, groupId: company.staff, ...more });
  expect(made.status).toBe(201);
  return made.body.id;
}

export async function invite({ api }: Gateway, company: LocalCompany, userId: string, more: object = {}) {
  const made = await api("POST", `${company.path}/invitations`, { userId, ...more });
  expect(made.status).toBe(201);
  return made.body as { id: string; url: string };
}

/** A user with a password, chosen by an invitation. */
export async function withPassword(gateway: Gateway, company: LocalCompany, email: string, more: object = {}) {
  const id = await makeUser(gateway, company, email, more);
  const { url } = await invite(gateway, company, id);
  const browser = gateway.browser();
  expect((await choose(browser, url)).status).toBe(303);
  return { id, email, browser };
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

/** The value of a hidden or visible field, as the browser would send it. */
export function fieldOf(html: string, name: string): string {
  const input = new RegExp(`<input[^>]*name="${name}"[^>]*>`).exec(html)?.[0] ?? "";
  const value = /value="([^"]*)"/.exec(input)?.[1] ?? "";
  return value.replace(/&(#?\w+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
}

/** Opens a link and sends its form. */
export async function choose(browser: Browser, url: string, password = PASSWORD, again = password): Promise<Response> {
  const page = await browser.get(url);
  if (page.status !== 200) return page;
  const html = await page.text();
  const fields = { form_token: fieldOf(html, "form_token"), token: fieldOf(html, "token") };
  return browser.post(url.split("?")[0] ?? "", { ...fields, password, password_again: again });
}

/** Opens /sso/local and sends its form. */
export async function signInWith(
  browser: Browser,
  company: Pick<LocalCompany, "url">,
  email: string,
  password = PASSWORD,
  options: { returnTo?: string; address?: string } = {},
): Promise<Response> {
  const query = options.returnTo === undefined ? "" : `?return_to=${encodeURIComponent(options.returnTo)}`;
  const html = await (await browser.get(`${company.url}/sso/local${query}`)).text();
  const fields = { form_token: fieldOf(html, "form_token"), return_to: fieldOf(html, "return_to"), email, password };
  return browser.fetch(`${company.url}/sso/local`, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: options.address === undefined ? {} : { "cf-connecting-ip": options.address },
  });
}

export async function whoIs(browser: Browser, company: LocalCompany) {
  const response = await browser.get(`${company.url}/sso/session`);
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever JSON came
  return { status: response.status, body: (await response.json()) as any };
}

export async function lastSignIn({ api }: Gateway, company: LocalCompany) {
  return (await api("GET", `${company.path}/sign-ins?limit=1`)).body.items[0];
}
