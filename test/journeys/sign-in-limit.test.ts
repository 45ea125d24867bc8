import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId, openDatabase, recordSignIn } from "../../src/store/index.ts";
import { answer, type Company, createCompany, startGateway, startSignIn, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

let idp: TestIdp;
let acme: Company;

beforeAll(async () => {
  idp = await createIdentityProvider();
  acme = await createCompany(startGateway(), "acme", idp);
});

/** Lets so many requests of one key through. */
function limitOf(max: number) {
  const seen = new Map<string, number>();
  return {
    seen,
    async limit({ key }: { key: string }) {
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return { success: (seen.get(key) ?? 0) <= max };
    },
  };
}

const fromAddress = (address: string, accept = "text/html") => ({ "cf-connecting-ip": address, accept });
const PATHS = [
  ["GET", "/sso/login"],
  ["POST", "/sso/acs"],
  ["POST", "/sso/acs/continue"],
  ["GET", "/sso/slo"],
  ["POST", "/sso/slo"],
  ["GET", "/sso/local"],
  ["POST", "/sso/local"],
  ["GET", "/sso/local/invitation?token=x"],
] as const;

describe("the limit of requests to sign in", () => {
  it.each(PATHS)(
    "is kept at %s %s, with a page or a problem and a time to come back, and writes nothing",
    async (method, path) => {
      const gateway = startGateway({ SIGN_IN_LIMIT: limitOf(0) });
      await gateway.fetch(new Request(`${acme.url}/sso/metadata`));
      gateway.roundTrips();
      for (const [accept, type] of [
        ["text/html", "text/html; charset=utf-8"],
        ["application/json", "application/problem+json"],
      ] as const) {
        const init = {
          method,
          headers: fromAddress("192.0.2.1", accept),
          ...(method === "POST" ? { body: "SAMLResponse=x" } : {}),
        };
        const refused = await gateway.fetch(new Request(acme.url + path, init));
        expect([refused.status, refused.headers.get("content-type"), refused.headers.get("retry-after")]).toEqual([
          429,
          type,
          "60",
        ]);
        expect(refused.headers.getSetCookie()).toEqual([]);
      }
      expect(gateway.roundTrips()).toBe(0);
    },
  );

  it("counts each address, each IPv6 network and each company apart, and nothing but sign-in", async () => {
    const binding = limitOf(2);
    const gateway = startGateway({ SIGN_IN_LIMIT: binding });
    await createCompany(gateway, "globex", idp);
    const login = async (host: string, address: string) =>
      (await gateway.fetch(new Request(`https://${host}.example.com/sso/login`, { headers: fromAddress(address) })))
        .status;
    for (const address of ["192.0.2.1", "192.0.2.2", "2001:db8::1"]) {
      expect([await login("acme", address), await login("acme", address), await login("acme", address)]).toEqual([
        200, 200, 429,
      ]);
    }
    expect(await login("acme", "2001:db8::ffff:1")).toBe(429);
    expect(await login("acme", "2001:db8:0:1::1")).toBe(200);
    expect(await login("globex", "192.0.2.1")).toBe(200);
    for (const path of ["/sso/metadata", "/sso/session", "/sso/jwks.json", "/"]) {
      const headers = fromAddress("192.0.2.1");
      expect((await gateway.fetch(new Request(acme.url + path, { headers, redirect: "manual" }))).status).not.toBe(429);
    }
  });

  it("is none where nothing is bound, and refuses nobody when it can’t be asked", async () => {
    const failing = { limit: () => Promise.reject(new Error("away")) };
    for (const SIGN_IN_LIMIT of [undefined, failing]) {
      const gateway = startGateway({ SIGN_IN_LIMIT } as never);
      expect((await gateway.browser().get(`${acme.url}/sso/login`)).status).toBe(200);
    }
  });

  it("lets a hundred sign-ins a second of one address pass as wrangler.toml sets it", async () => {
    const { SIGN_IN_LIMIT } = env as unknown as { SIGN_IN_LIMIT: ReturnType<typeof limitOf> };
    for (let n = 0; n < 300; n++) expect(await SIGN_IN_LIMIT.limit({ key: "one office" })).toEqual({ success: true });
  });
});

describe("a flood of refused messages", () => {
  const refusals = async (slug: string) =>
    (await env.DB.prepare(
      "select count(*) as n from sign_ins join companies on companies.id = company_id where slug = ?",
    )
      .bind(slug)
      .first<number>("n")) ?? 0;

  it("leaves a bounded number of records, hides nobody’s own refusal, and is over when it is over", async () => {
    const gateway = startGateway();
    const flooded = await createCompany(gateway, "flooded", idp);
    const junk = () =>
      gateway.fetch(
        new Request(flooded.acsUrl, {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: "SAMLResponse=anVuaw",
        }),
      );
    for (let n = 0; n < 6; n++) await Promise.all(Array.from({ length: 10 }, junk));
    expect(await refusals("flooded")).toBe(50);

    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, flooded);
    const samlResponse = await answer(gateway, flooded, requestId, { spEntityId: "https://elsewhere.example/" });
    const page = await browser.post(flooded.acsUrl, { SAMLResponse: samlResponse }, { crossSite: true });
    const reference = /<code>([0-9A-Z-]{11})<\/code>/.exec(await page.text())?.[1];
    const { body } = await gateway.api("GET", `/companies/flooded/sign-ins?reference=${reference}`);
    expect(body.items[0]).toMatchObject({ code: "audience_mismatch" });

    gateway.advance(601);
    await junk();
    expect(await refusals("flooded")).toBe(52);
  });

  it("is kept whole on a developer's machine, where a test sends hundreds of them", async () => {
    const gateway = startGateway({ BASE_DOMAIN: "localhost:8787" });
    await createCompany(startGateway(), "locally", idp);
    const junk = () =>
      gateway.fetch(
        new Request("http://locally.localhost:8787/sso/acs", {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: "SAMLResponse=anVuaw",
        }),
      );
    for (let n = 0; n < 6; n++) await Promise.all(Array.from({ length: 10 }, junk));
    expect(await refusals("locally")).toBe(60);
  });

  it("shows that it goes on: one in a thousand is kept", async () => {
    const gateway = startGateway();
    await createCompany(gateway, "drowned", idp);
    const id = await env.DB.prepare("select id from companies where slug = 'drowned'").first<string>("id");
    const record = () => ({
      id: newId(),
      at: gateway.now(),
      outcome: "refused" as const,
      code: "message_missing",
      email: null,
      userId: null,
      reference: "X",
      checks: [],
    });
    const db = openDatabase(env.DB);
    await recordSignIn(db, id ?? "", record());
    await env.DB.prepare("update local_attempts set count = 998 where bucket = 'refused unasked' and company_id = ?")
      .bind(id)
      .run();
    await recordSignIn(db, id ?? "", record());
    expect(await refusals("drowned")).toBe(1);
    await recordSignIn(db, id ?? "", record());
    expect(await refusals("drowned")).toBe(2);
  });
});
