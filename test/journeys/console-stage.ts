/** What the console's tests start from: an administrator in a browser, forms read from the page as a browser would send them. */
import { expect } from "vitest";
import { type Browser, type Company, type Gateway, signIn } from "../support/gateway.ts";
import { entraClaims } from "../support/identity-provider.ts";

export const CONSOLE = "/sso/admin";

/** Signs a person in; `administrator` makes them one first. */
export async function personIn(
  gateway: Gateway,
  company: Company,
  email: string,
  administrator = false,
): Promise<Browser> {
  if (administrator) {
    const { body } = await gateway.api("GET", `/companies/${company.slug}/users?email=${encodeURIComponent(email)}`);
    if (body.items.length === 0) {
      const person = { email, groupId: company.administratorsId, firstName: "Ada", lastName: "Admin" };
      expect((await gateway.api("POST", `/companies/${company.slug}/users`, person)).status).toBe(201);
    }
  }
  const browser = gateway.browser();
  const back = await signInAs(gateway, browser, company, email);
  expect(back.status).toBe(303);
  return browser;
}

export function signInAs(gateway: Gateway, browser: Browser, company: Company, email: string): Promise<Response> {
  return signIn(gateway, browser, company, {
    nameID: email,
    attributes: entraClaims({ email, givenName: "Ada", surname: "Admin" }),
  });
}

/** What a browser would send of the form whose action is `path`, filled in as it came, with some fields changed. */
export function formOn(
  html: string,
  path: string,
  changes: Record<string, string | null> = {},
): Record<string, string> {
  const form = html.split("<form").find((part) => part.includes(`action="${path}"`));
  if (form === undefined) throw new Error(`no form for ${path}`);
  const text = form.split("</form>")[0] ?? "";
  const fields: Record<string, string> = {};
  for (const [tag] of text.matchAll(/<input[^>]*>/g)) {
    const name = attribute(tag, "name");
    const type = attribute(tag, "type");
    if (name === null || type === "file") continue;
    if (type === "checkbox" && !/ checked(?:[ =>/]|$)/.test(tag)) continue;
    fields[name] = attribute(tag, "value") ?? "";
  }
  for (const [, tag = "", body = ""] of text.matchAll(/<textarea([^>]*)>([\s\S]*?)<\/textarea>/g)) {
    fields[attribute(tag, "name") ?? ""] = decode(body).replace(/^\n/, "");
  }
  for (const [, tag = "", body = ""] of text.matchAll(/<select([^>]*)>([\s\S]*?)<\/select>/g)) {
    const options = [...body.matchAll(/<option[^>]*>/g)].map(([option]) => option);
    const chosen = options.find((option) => option.includes(" selected")) ?? options[0] ?? "";
    fields[attribute(tag, "name") ?? ""] = attribute(chosen, "value") ?? "";
  }
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete fields[name];
    else fields[name] = value;
  }
  return fields;
}

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(` ${name}="([^"]*)"`).exec(tag);
  return found ? decode(found[1] ?? "") : null;
}

export function decode(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Opens a page, changes its form and sends it. */
export async function submit(
  browser: Browser,
  company: Company,
  page: string,
  changes: Record<string, string | null> = {},
  action = page,
): Promise<Response> {
  const html = await (await browser.get(company.url + CONSOLE + page)).text();
  return browser.post(company.url + CONSOLE + action, formOn(html, CONSOLE + action, changes));
}
