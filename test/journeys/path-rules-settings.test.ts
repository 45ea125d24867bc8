/** How path rules and the edge cache are set: by REST and in the console, by whom, and what is not taken. */
import { beforeAll, describe, expect, it } from "vitest";
import { companyView } from "../../src/admin/companies.ts";
import { PATH_RULES_MAX } from "../../src/admin/path-rules.ts";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, formOn, personIn, signInAs, submit } from "./console-stage.ts";

let gateway: Gateway;
let acme: Company;
let ada: Browser;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  ada = await personIn(gateway, acme, "ada@acme.example", true);
});

const read = async () => (await gateway.api("GET", "/companies/acme")).body;
const patch = (body: unknown) => gateway.api("PATCH", "/companies/acme", body);
const paths = async () => (await read()).pathRules.map(({ path }: { path: string }) => path);
const open = (path: string) => gateway.fetch(new Request(acme.url + path));

describe("by REST", () => {
  it("a company has no rules and a cache to begin with, and may be made with both", async () => {
    expect(await read()).toMatchObject({ pathRules: [], edgeCache: true, edgeCacheGeneration: 0 });
    const pathRules = [{ path: "/docs/*", access: "public" }];
    const made = await gateway.api("POST", "/companies", {
      slug: "opened",
      name: "Opened",
      originUrl: "https://origin.example",
      pathRules,
      edgeCache: false,
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      pathRules: [{ path: "/docs/*", access: "public", unauthenticated: "signIn", preflight: false }],
      edgeCache: false,
    });
    expect(companyView.safeParse(made.body).success).toBe(true);
  });

  it("rules are in force at once where they were set, and read back as they were set", async () => {
    expect((await open("/docs/a")).status).toBe(401);
    const set = await patch({ pathRules: [{ path: "/docs/*", access: "public", preflight: true }], edgeCache: false });
    expect([set.status, set.body.edgeCache]).toEqual([200, false]);
    expect((await open("/docs/a")).status).toBe(200);
    const put = await gateway.api("PUT", "/companies/acme", await read());
    expect([put.status, put.headers.get("etag")]).toEqual([200, set.headers.get("etag")]);
    expect((await patch({ pathRules: [], edgeCache: true })).body).toMatchObject({ pathRules: [], edgeCache: true });
    expect((await open("/docs/a")).status).toBe(401);
  });

  const rule = (path: string) => ({ path, access: "public" });
  it.each([
    ["below /sso", [rule("/sso/session")], "pathRules.0.path"],
    ["with dots", [rule("/a"), rule("/a/../b")], "pathRules.1.path"],
    ["with an encoded slash", [rule("/a%2Fb")], "pathRules.0.path"],
    ["with a query", [rule("/a?b=1")], "pathRules.0.path"],
    ["of no access", [{ path: "/a", access: "nobody" }], "pathRules.0.access"],
    ["of another field", [{ ...rule("/a"), method: "GET" }], "pathRules.0.method"],
    ["twice", [rule("/a"), rule("/a")], "pathRules"],
    ["too many", Array.from({ length: PATH_RULES_MAX + 1 }, (_, n) => rule(`/a${n}`)), "pathRules"],
  ])("a path %s is not taken", async (_what, pathRules, at) => {
    const { status, body } = await patch({ pathRules });
    expect([status, body.errors[0].path]).toEqual([422, at]);
    expect(await paths()).toEqual([]);
  });

  it("a purge raises the generation, once a call, leaves a record, and is another company's for nobody", async () => {
    const before = (await read()).edgeCacheGeneration;
    const token = (await gateway.api("POST", "/companies/acme/tokens", { name: "t" })).body.secret;
    const own = { authorization: `Bearer ${token}` };
    const purged = await gateway.api("POST", "/companies/acme/edge-cache/purge", undefined, own);
    expect([purged.status, purged.body.edgeCacheGeneration]).toEqual([201, before + 1]);
    const { items } = (await gateway.api("GET", "/companies/acme/audit?limit=1")).body;
    expect(items[0]).toMatchObject({
      resource: "company",
      before: { edgeCacheGeneration: before },
      after: { edgeCacheGeneration: before + 1 },
    });
    expect((await gateway.api("POST", "/companies/opened/edge-cache/purge", undefined, own)).status).toBe(403);
    expect((await patch({ edgeCacheGeneration: 0 })).body.edgeCacheGeneration).toBe(before + 1);
  });
});

describe("in the console", () => {
  const page = async () => (await ada.get(`${acme.url}${CONSOLE}/paths`)).text();
  const press = async (action: string, act: string) =>
    ada.post(`${acme.url}${CONSOLE}/paths/${action}`, { ...formOn(await page(), `${CONSOLE}/paths/${action}`), act });

  it("rules are added, moved and removed, in the order in which they decide", async () => {
    for (const path of ["/a", "/b/*", "/c"]) {
      expect((await submit(ada, acme, "/paths", { path, access: "public" })).status).toBe(303);
    }
    expect(await paths()).toEqual(["/a", "/b/*", "/c"]);
    expect((await press("2", "up")).headers.get("location")).toContain("done=paths-saved");
    expect(await paths()).toEqual(["/a", "/c", "/b/*"]);
    await press("0", "down");
    expect(await paths()).toEqual(["/c", "/a", "/b/*"]);
    await press("1", "remove");
    expect(await paths()).toEqual(["/c", "/b/*"]);
    expect(await page()).toContain("open to the whole internet");
  });

  it("what is not taken is shown again with what was typed", async () => {
    const again = await submit(ada, acme, "/paths", { path: '/sso/"><b>', access: "public" });
    const html = await again.text();
    expect(again.status).toBe(422);
    expect(html).toContain("Must be a plain path");
    expect(html).toContain("/sso/&quot;&gt;&lt;b&gt;");
    expect(await paths()).toEqual(["/c", "/b/*"]);
  });

  it("of two who change at the same time the second sees what the first did", async () => {
    const fields = formOn(await page(), `${CONSOLE}/paths/0`);
    await press("0", "remove");
    const late = await ada.post(`${acme.url}${CONSOLE}/paths/0`, { ...fields, act: "remove" });
    expect(late.status).toBe(409);
    expect(await late.text()).toContain("Somebody else changed");
    expect(await paths()).toEqual(["/b/*"]);
  });

  it("the cache is switched and emptied, and switched on again it begins empty", async () => {
    const { edgeCacheGeneration: before } = await read();
    await press("cache", "off");
    expect((await read()).edgeCache).toBe(false);
    await press("cache", "on");
    expect((await press("cache", "purge")).headers.get("location")).toContain("done=cache-purged");
    expect(await read()).toMatchObject({ edgeCache: true, edgeCacheGeneration: before + 2 });
  });

  it("nothing is opened without a sign-in of the last 15 minutes, by a forged form or by a member", async () => {
    const forged = await ada.post(`${acme.url}${CONSOLE}/paths`, { path: "/*", access: "public", version: "1" });
    expect(forged.status).toBe(403);
    const member = await personIn(gateway, acme, "m@acme.example");
    expect((await member.get(`${acme.url}${CONSOLE}/paths`)).status).toBe(403);
    gateway.advance(16 * 60);
    const stale = await submit(ada, acme, "/paths", { path: "/z", access: "public" });
    expect(stale.status).toBe(403);
    expect(await stale.text()).toContain("more than 15 minutes old");
    expect((await press("0", "remove")).status).toBe(403);
    expect(await paths()).toEqual(["/b/*"]);
    await signInAs(gateway, ada, acme, "ada@acme.example");
  });
});
