/** Plain paths of the origin take a shorter way through the Worker than all others; nobody may notice which way a request took. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

let gateway: Gateway;
let acme: Company;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
});

const asked = async (from: Gateway, url: string, accept = "application/json") => {
  const response = await from.fetch(new Request(url, { headers: { accept } }));
  const text = (await response.text())
    .replace(/[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}/g, "REFERENCE")
    .replace(/nonce="[^"]*"/g, "nonce");
  return { status: response.status, type: response.headers.get("content-type"), text };
};

describe("the gateway's own paths", () => {
  it.each(["/sso/session", "/%73so/session", "/ss%6F/session", "/%73so/session?a=%2F"])(
    "are not the origin's, however %s is written",
    async (path) => {
      const { status, text } = await asked(gateway, acme.url + path);
      expect(status).toBe(401);
      expect(text).not.toContain("This address needs a session");
    },
  );

  it.each(["/sso", "/sso?x=1", "/sso/", "/sso/nothing"])("%s stays the gateway's", async (path) => {
    const { text } = await asked(gateway, acme.url + path);
    expect(text).not.toContain("This address needs a session");
  });

  it.each(["/", "/ssomething", "/SSO/session", "//sso/session", "/a?next=/sso/x", "/a?b=%2F"])(
    "do not begin at %s",
    async (path) => {
      const { status, text } = await asked(gateway, acme.url + path);
      expect(status).toBe(401);
      expect(text).toContain("This address needs a session");
    },
  );
});

describe("both ways answer alike", () => {
  const WAYS = ["/assets/17", "/%61ssets/17"] as const;

  it("when nobody is signed in", async () => {
    const [short, long] = await Promise.all(WAYS.map((path) => asked(gateway, acme.url + path)));
    expect(short).toEqual(long);
    expect(short?.status).toBe(401);
  });

  it("for a company that nobody knows, and one that is suspended", async () => {
    const unknown = await Promise.all(WAYS.map((path) => asked(gateway, `https://nobody.example.com${path}`)));
    expect(unknown[0]).toEqual(unknown[1]);
    expect(unknown[0]?.status).toBe(404);
    const closed = await createCompany(gateway, "closed", acme.idp);
    await gateway.api("PATCH", "/companies/closed", { status: "suspended" });
    const suspended = await Promise.all(WAYS.map((path) => asked(gateway.isolate(), closed.url + path)));
    expect(suspended[0]).toEqual(suspended[1]);
    expect(suspended[0]?.status).toBe(403);
    const below = await Promise.all(
      ["/sso/session", "/sso/logout", "/sso/jwks.json"].map((path) => asked(gateway.isolate(), closed.url + path)),
    );
    for (const { status, text } of below) expect([status, JSON.parse(text)]).toMatchObject([403, { status: 403 }]);
  });

  it.each(["application/json", "text/html"])("when the database is down, to who accepts %s", async (accept) => {
    const down = { batch: () => Promise.reject(new Error("no D1")), prepare: (sql: string) => env.DB.prepare(sql) };
    const blind = startGateway({ DB: down as unknown as D1Database });
    const [short, long] = await Promise.all(WAYS.map((path) => asked(blind, acme.url + path, accept)));
    expect(short).toEqual(long);
    expect(short?.status).toBe(503);
  });
});
