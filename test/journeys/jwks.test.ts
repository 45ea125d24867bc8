/** The identity assertion and the keys that an origin checks it with. The origin here is any JWT library: jose, knowing the JWKS only. */
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { insertAssertionKey } from "../../src/store/index.ts";
import { forgetTenant, newAssertionKey } from "../../src/tenant/index.ts";
import {
  Clock,
  echoOf,
  type Isolate,
  isolate,
  navigation,
  nextCookie,
  type Seeded,
  seedCompany,
  signIn,
  urlOf,
} from "../session/stage.ts";

let clock: Clock;
let here: Isolate;
let acme: Seeded;

beforeEach(async () => {
  clock = new Clock();
  here = isolate(clock);
  acme = await seedCompany(here);
});

async function jwks(at: Isolate, of: Seeded): Promise<JSONWebKeySet> {
  const response = await at.fetch(new Request(urlOf(of, "/sso/jwks.json")));
  expect(response.status).toBe(200);
  return response.json();
}

async function assertionAtOrigin(at: Isolate, of: Seeded, cookie: string): Promise<string> {
  const echo = await echoOf(await at.fetch(navigation(urlOf(of), cookie)));
  return echo.headers.get("x-vestibule-jwt-assertion")!;
}

/** What an origin of this company does. */
function check(token: string, keys: JSONWebKeySet, of: Seeded) {
  return jwtVerify(token, createLocalJWKSet(keys), {
    issuer: urlOf(of).slice(0, -1),
    audience: "https://origin.example",
    algorithms: ["ES256"],
    currentDate: new Date(clock.now),
  });
}

describe("the JWKS", () => {
  it("is public, cacheable for minutes, and holds nothing private", async () => {
    const response = await here.fetch(new Request(urlOf(acme, "/sso/jwks.json")));
    expect(response.headers.get("cache-control")).toBe("max-age=300");
    expect(response.headers.get("content-type")).toContain("json");
    const { keys } = (await response.json()) as JSONWebKeySet;
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0]!).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
    expect(keys[0]).toMatchObject({ kty: "EC", crv: "P-256", use: "sig", alg: "ES256" });
  });

  it("of one company knows no key of another", async () => {
    const other = await seedCompany(here);
    const mine = (await jwks(here, acme)).keys.map(({ kid }) => kid);
    expect((await jwks(here, other)).keys.some(({ kid }) => mine.includes(kid))).toBe(false);
  });

  it("publishes a retired key for an hour more, and signs with the new one", async () => {
    const { cookie } = await signIn(here, acme);
    const before = await assertionAtOrigin(here, acme, cookie);
    await env.DB.prepare("update assertion_keys set retired_at = ? where company_id = ?")
      .bind(clock.now, acme.company.id)
      .run();
    const key = { ...(await newAssertionKey(here.services, acme.company.id)), createdAt: clock.now + 1 };
    await insertAssertionKey(here.services.database, acme.company.id, key);
    forgetTenant(here.services, acme.company.slug);

    const keys = await jwks(here, acme);
    expect(keys.keys).toHaveLength(2);
    await check(before, keys, acme);
    const after = await assertionAtOrigin(here, acme, cookie);
    expect(decodeProtectedHeader(after).kid).toBe(key.kid);
    await check(after, keys, acme);
    clock.advance(3_600);
    expect((await jwks(here, acme)).keys.map(({ kid }) => kid)).toEqual([key.kid]);
  });

  it("gets a key where a company has none, one and the same from however many isolates at once", async () => {
    await env.DB.prepare("delete from assertion_keys where company_id = ?").bind(acme.company.id).run();
    const isolates = [here, isolate(clock), isolate(clock), isolate(clock)];
    for (const at of isolates) forgetTenant(at.services, acme.company.slug);
    const sets = await Promise.all(isolates.map((at) => jwks(at, acme)));
    expect(sets.every(({ keys }) => keys.length === 1)).toBe(true);
    expect(new Set(sets.map(({ keys }) => keys[0]?.kid)).size).toBe(1);
    const { cookie } = await signIn(here, acme);
    await check(await assertionAtOrigin(here, acme, cookie), sets[0]!, acme);
  });
});

describe("the identity assertion", () => {
  it("says who it is, of which company, for whom and for how long", async () => {
    const { cookie, session } = await signIn(here, acme);
    const token = await assertionAtOrigin(here, acme, cookie);
    const { payload, protectedHeader } = await check(token, await jwks(here, acme), acme);
    expect(protectedHeader).toMatchObject({ alg: "ES256", typ: "JWT" });
    expect(payload).toMatchObject({
      iss: `https://${acme.company.slug}.example.com`,
      aud: "https://origin.example",
      sub: acme.user.id,
      sid: session.id,
      company: acme.company.slug,
      email: acme.user.email,
      given_name: "Britta",
      family_name: "Simon",
      name: "Britta Simon",
      group: { id: acme.group.id, title: "Photographers", type: "member" },
      groups: ["Photographers"],
    });
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(60);
    expect(payload.exp! - payload.nbf!).toBeLessThanOrEqual(60);
    expect(payload.jti).toBeTruthy();
  });

  it("is the same for a session for some seconds, then a new one, and always has half its life left", async () => {
    let { cookie } = await signIn(here, acme);
    const seen = new Set<string>();
    for (let seconds = 0; seconds < 100; seconds += 5) {
      const response = await here.fetch(navigation(urlOf(acme), cookie));
      cookie = nextCookie(response, cookie);
      const token = (await echoOf(response)).headers.get("x-vestibule-jwt-assertion")!;
      seen.add(token);
      expect(decodeJwt(token).exp! - clock.now / 1000).toBeGreaterThanOrEqual(30);
      await check(token, await jwks(here, acme), acme);
      clock.advance(5);
    }
    expect(seen.size).toBe(4);
  });

  it("is another one for another session of the same person", async () => {
    const first = await signIn(here, acme);
    const second = await signIn(here, acme);
    const tokens = [
      await assertionAtOrigin(here, acme, first.cookie),
      await assertionAtOrigin(here, acme, second.cookie),
    ];
    expect(tokens.map((token) => decodeJwt(token).sid)).toEqual([first.session.id, second.session.id]);
  });

  it("of one company does not verify for another", async () => {
    const other = await seedCompany(here);
    const { cookie } = await signIn(here, acme);
    const token = await assertionAtOrigin(here, acme, cookie);
    await expect(check(token, await jwks(here, other), acme)).rejects.toThrow();
    await expect(check(token, await jwks(here, acme), other)).rejects.toThrow();
  });

  it("names the origin without its path", async () => {
    const based = await seedCompany(here, { originUrl: "https://origin.example/base" });
    const { cookie } = await signIn(here, based);
    const token = await assertionAtOrigin(here, based, cookie);
    expect(decodeJwt(token).aud).toBe("https://origin.example");
  });

  it("is not made, and nothing reaches the origin, when the company's key can't be unwrapped", async () => {
    const { cookie } = await signIn(here, acme);
    await env.DB.prepare("update assertion_keys set wrapped_private_jwk = 'x' where company_id = ?")
      .bind(acme.company.id)
      .run();
    forgetTenant(here.services, acme.company.slug);
    const response = await here.fetch(navigation(urlOf(acme), cookie));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("x-vestibule");
  });
});
