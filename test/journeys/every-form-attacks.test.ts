/** Every page and every form of both consoles, as their own tables of routes name them: a page that is added is attacked here without anybody thinking of it. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { consoleRoutes, operatorRoutes } from "../../src/admin/index.ts";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, formOn, personIn } from "./console-stage.ts";
import { OPERATOR, OPERATOR_COOKIE, operatorIn } from "./operator-stage.ts";

interface Named {
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

/** The paths that take the method, their parameters filled in. */
const pathsOf = ({ routes }: Named, method: string, filled: string) => [
  ...new Set(
    routes
      .filter((route) => route.method === method && !route.path.includes("*"))
      .map(({ path }) => path.replace(/\/$/, "").replace(/:\w+/g, filled)),
  ),
];

const PAGES = pathsOf(consoleRoutes, "GET", "x");
const FORMS = pathsOf(consoleRoutes, "POST", "x");
const SESSION = "__Host-vestibule-session";

let gateway: Gateway;
let acme: Company;
let globex: Company;
let ada: Browser;
let eve: Browser;
let member: Browser;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  globex = await createCompany(gateway, "globex", await createIdentityProvider({ keyName: "globex" }));
  ada = await personIn(gateway, acme, "ada@acme.example", true);
  eve = await personIn(gateway, globex, "eve@globex.example", true);
  member = await personIn(gateway, acme, "mallory@acme.example");
});

const at = (path: string, company = acme) => company.url + CONSOLE + path;
const ownToken = async (browser: Browser, company = acme) =>
  formOn(await (await browser.get(at("/tokens", company))).text(), `${CONSOLE}/tokens`).form_token ?? "";

/** Everything that a change could have touched: each change leaves a record in the same batch. */
async function changes(): Promise<unknown> {
  const { results } = await env.DB.prepare(
    "select (select count(*) from audit) audits, (select count(*) from sessions) sessions, (select count(*) from saml_drafts) drafts",
  ).all();
  return results[0];
}

it("the consoles' tables name as many pages and forms as there were, or more", () => {
  expect(PAGES.length).toBeGreaterThanOrEqual(28);
  expect(FORMS.length).toBeGreaterThanOrEqual(30);
  expect(pathsOf(operatorRoutes, "POST", "x").length).toBeGreaterThanOrEqual(9);
});

describe("every page of a company's console", () => {
  it.for(PAGES)("is shut to nobody, a member, another company's administrator and the operator: %s", async (path) => {
    const nobody = await gateway.browser().get(at(path));
    expect([nobody.status, nobody.headers.get("location")?.split("?")[0]]).toEqual([303, "/sso/login"]);
    const barred = await member.get(at(path));
    expect([barred.status, (await barred.text()).includes("This is for administrators")]).toEqual([403, true]);
    const operator = await operatorIn(gateway);
    for (const cookie of [
      `${SESSION}=${eve.cookie(globex.url, SESSION)}`,
      `${SESSION}=${operator.cookie(OPERATOR, OPERATOR_COOKIE)}`,
    ]) {
      expect((await gateway.browser().get(at(path), { cookie })).status).toBe(303);
    }
  });
});

describe("every form of a company's console", () => {
  it.for(FORMS)("does nothing for anybody but an administrator's own page: %s", async (path) => {
    const token = await ownToken(ada);
    const fields = { form_token: token, title: "Forged", name: "Forged", action: "apply" };
    const before = await changes();
    const post = (browser: Browser, more: Record<string, string>, headers: Record<string, string> = {}) =>
      browser.fetch(at(path), { method: "POST", body: new URLSearchParams({ ...fields, ...more }), headers });

    expect((await post(gateway.browser(), {})).status).toBe(303);
    expect((await post(member, {})).status).toBe(403);
    const cookie = `${SESSION}=${eve.cookie(globex.url, SESSION)}`;
    expect((await post(gateway.browser(), {}, { cookie })).status).toBe(303);
    for (const form_token of ["", await ownToken(eve, globex), `${token.slice(0, -2)}AA`, "x".repeat(5000)]) {
      expect((await post(ada, { form_token })).status).toBe(403);
    }
    for (const site of ["cross-site", "same-site"]) {
      expect((await post(ada, {}, { "sec-fetch-site": site })).status).toBe(403);
    }
    const json = JSON.stringify(fields);
    const sent = { method: "POST", body: json, headers: { "content-type": "text/plain" } };
    expect((await ada.fetch(at(path), sent)).status).toBe(400);
    for (const method of ["PUT", "PATCH", "DELETE"]) expect((await ada.fetch(at(path), { method })).status).toBe(405);
    if (!PAGES.includes(path)) expect((await ada.get(`${at(path)}?${new URLSearchParams(fields)}`)).status).toBe(404);
    expect(await changes()).toEqual(before);
  });

  it.for(FORMS)("with a right token and ids of another company does nothing to that company: %s", async (path) => {
    const slug = "/companies/globex";
    const { body: users } = await gateway.api("GET", `${slug}/users`);
    const { body: sessions } = await gateway.api("GET", `${slug}/sessions`);
    const theirs = async () => {
      const parts = await Promise.all(
        ["", "/saml", "/groups", "/users", "/sessions", "/tokens", "/audit"].map((part) =>
          gateway.api("GET", slug + part),
        ),
      );
      return parts.map(({ body }) => body);
    };
    const before = await theirs();
    const ids = [users.items[0].id, globex.staffId, sessions.items[0].id];
    for (const id of ids) {
      const target = path.replace("/x", `/${id}`).replace("/x/", `/${sessions.items[0].id}/`);
      const fields = { form_token: await ownToken(ada), groupId: globex.staffId, version: "1" };
      if (!path.includes("/x")) break;
      await ada.post(at(target), fields);
    }
    expect(await theirs()).toEqual(before);
  });
});

describe("every form of the operator's console", () => {
  const forms = pathsOf(operatorRoutes, "POST", "acme").filter((path) => !path.startsWith("/sign-"));

  it.for(forms)("does nothing for anybody but the operator's own page: %s", async (path) => {
    const operator = await operatorIn(gateway);
    const page = await (await operator.get(`${OPERATOR}/companies/acme`)).text();
    const token = formOn(page, "/companies/acme").form_token ?? "";
    const fields = { form_token: token, name: "Forged", status: "suspended", slug: "forged" };
    const before = await changes();
    const post = (browser: Browser, more: Record<string, string>, headers: Record<string, string> = {}) =>
      browser.fetch(OPERATOR + path, { method: "POST", body: new URLSearchParams({ ...fields, ...more }), headers });
    expect((await post(gateway.browser(), {})).status).toBe(303);
    const cookie = `${OPERATOR_COOKIE}=${ada.cookie(acme.url, SESSION)}`;
    expect((await post(gateway.browser(), {}, { cookie })).status).toBe(303);
    for (const form_token of ["", await ownToken(ada), `${token.slice(0, -2)}AA`]) {
      expect((await post(operator, { form_token })).status).toBe(403);
    }
    for (const site of ["cross-site", "same-site"]) {
      expect((await post(operator, {}, { "sec-fetch-site": site })).status).toBe(403);
    }
    expect(await changes()).toEqual(before);
    expect((await gateway.api("GET", "/companies/acme")).body.status).toBe("active");
  });
});
