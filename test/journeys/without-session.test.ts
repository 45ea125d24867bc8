/** Who asks without a session, or for what isn't there: people get pages, programs get problems (RFC 9457). */
import { beforeAll, describe, expect, it } from "vitest";
import { type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

let gateway: Gateway;
let acme: Company;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
});

const PAGE = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const SCRIPT = { accept: "*/*", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };

const ask = (path: string, headers: Record<string, string>, method = "GET") =>
  gateway.fetch(new Request(acme.url + path, { method, headers, redirect: "manual" }));

async function expectProblem(response: Response, status: number) {
  expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
  return response.json() as Promise<{ status: number; signInUrl?: string }>;
}

describe("an address below /sso that leads nowhere", () => {
  it.each(["/sso/nothing", "/sso/acs", "/sso/acs/", "/sso/session/x"])("is a page for people: %s", async (path) => {
    const response = await ask(path, PAGE);
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(await response.text()).toContain('href="/"');
    await expectProblem(await ask(path, SCRIPT), 404);
    await expectProblem(await ask(path, PAGE, "DELETE"), 404);
  });
});

describe("without a session", () => {
  it.each(["/assets/1", "/sso/admin", "/sso/admin/users"])("a page leads to the sign-in and back: %s", async (path) => {
    const response = await ask(path, PAGE);
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      `/sso/login?return_to=${encodeURIComponent(path)}`,
    ]);
  });

  it.each([
    ["a script", "GET", SCRIPT],
    ["a program", "GET", { accept: "*/*" }],
    [
      "a script of before fetch metadata",
      "GET",
      { accept: "text/html, */*; q=0.01", "x-requested-with": "XMLHttpRequest" },
    ],
    ["a HEAD", "HEAD", PAGE],
    ["a post of a program", "POST", { accept: "application/json" }],
  ])("%s is told where to sign in, by 401", async (_who, method, headers) => {
    for (const path of ["/assets/1", "/sso/admin", "/sso/admin/users/new"]) {
      const response = await ask(path, headers, method);
      if (method === "HEAD") expect(response.status).toBe(401);
      else expect((await expectProblem(response, 401)).signInUrl).toBe(`${acme.url}/sso/login`);
    }
  });

  it("a console's form that somebody took long to fill in leads to the sign-in, too", async () => {
    const response = await ask("/sso/admin/users/new", PAGE, "POST");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sso/login?return_to=%2Fsso%2Fadmin"]);
  });
});
