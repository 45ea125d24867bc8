/** Rotation of the identity assertion's keys: no origin ever meets a signature whose key its copy of the list lacks. */
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { assertionKeyView } from "../../src/admin/assertion-keys.ts";
import { purgeExpired } from "../../src/store/index.ts";
import { forgetTenant, rotateAssertionKeys } from "../../src/tenant/index.ts";
import {
  allowance,
  Clock,
  echoOf,
  type Isolate,
  isolate,
  navigation,
  type Seeded,
  START,
  seedCompany,
  signIn,
  urlOf,
} from "../session/stage.ts";
import { startGateway } from "../support/gateway.ts";

const MINUTE = 60;
const DAY = 86_400;

let clock: Clock;
let here: Isolate;
let there: Isolate;
let acme: Seeded;

beforeEach(async () => {
  await env.DB.prepare("delete from assertion_keys").run();
  clock = new Clock();
  here = isolate(clock);
  there = isolate(clock);
  acme = await seedCompany(here);
});

/** An origin that looks at the list again only when its copy is so old, whatever it meets. */
function origin(at: Isolate, cachedSeconds: number) {
  let copy: { keys: JSONWebKeySet; fetchedAt: number } | null = null;
  return async (token: string) => {
    if (copy === null || clock.now - copy.fetchedAt >= cachedSeconds * 1000) {
      const response = await at.fetch(new Request(urlOf(acme, "/sso/jwks.json")));
      copy = { keys: await response.json(), fetchedAt: clock.now };
    }
    await jwtVerify(token, createLocalJWKSet(copy.keys), {
      issuer: urlOf(acme).slice(0, -1),
      audience: "https://origin.example",
      algorithms: ["ES256"],
      currentDate: new Date(clock.now),
    });
  };
}

async function assertion(at: Isolate, cookie: string): Promise<string> {
  return (await echoOf(await at.fetch(navigation(urlOf(acme), cookie)))).headers.get("x-vestibule-jwt-assertion")!;
}

interface Row {
  kid: string;
  created_at: number;
  retired_at: number | null;
}
const rows = async () =>
  (
    await env.DB.prepare("select * from assertion_keys where company_id = ? order by created_at")
      .bind(acme.company.id)
      .all<Row>()
  ).results;
const records = async () =>
  (
    await env.DB.prepare(
      "select actor, action, resource_id from audit where company_id = ? and resource = 'assertion-key' order by id",
    )
      .bind(acme.company.id)
      .all<{ actor: string; action: string; resource_id: string }>()
  ).results;
const published = async () => {
  const response = await here.fetch(new Request(urlOf(acme, "/sso/jwks.json")));
  return ((await response.json()) as JSONWebKeySet).keys.map(({ kid }) => kid);
};

describe("over 40 days", () => {
  it("every assertion of every isolate is verified by origins with copies of the list up to ten minutes old", async () => {
    const origins = [origin(here, 300), origin(there, 300), origin(there, 300), origin(here, 600)];
    const signers = new Set<string>();
    const days = async (from: number, to: number, step: number) => {
      for (let at = from; at < to; at += step) {
        clock.now = START + at * 1000;
        if (at % (15 * MINUTE) < step) {
          await rotateAssertionKeys(here.services, allowance());
          await purgeExpired(here.services.database, clock.now);
        }
        const { cookie } = await signIn(here, acme);
        for (const [n, isolateNow] of [here, there].entries()) {
          const token = await assertion(isolateNow, cookie);
          signers.add(String(decodeProtectedHeader(token).kid));
          // Not all at each step, so that their copies are of different ages.
          for (const [m, check] of origins.entries()) if ((at / step + m + n) % 3 !== 0) await check(token);
        }
      }
    };
    await days(0, 30 * DAY - 3_600, 8 * 3_600);
    // From before the successor is made, so that there are copies without it.
    await days(30 * DAY - 11 * MINUTE, 30 * DAY + 35 * MINUTE, 47);
    await days(30 * DAY + 35 * MINUTE, 30 * DAY + 100 * MINUTE, 211);
    await days(31 * DAY, 40 * DAY, 8 * 3_600);
    expect(signers.size).toBe(2);
    const [only, ...others] = await rows();
    expect(others).toEqual([]);
    expect(signers.has(only!.kid)).toBe(true);
    expect(only!.created_at).toBeGreaterThanOrEqual(START + 30 * DAY * 1000);
  }, 60_000);
});

describe("a key of 30 days", () => {
  const succeed = async () => {
    clock.advance(30 * DAY);
    expect(await rotateAssertionKeys(here.services, allowance())).toBe("1 begun, 0 retired");
    forgetTenant(here.services, acme.company.slug);
  };

  it("and not a younger one gets a successor, which is published at once and signs 15 minutes later", async () => {
    clock.advance(30 * DAY - 1);
    expect(await rotateAssertionKeys(here.services, allowance())).toBe("0 begun, 0 retired");
    clock.now = START;
    await succeed();
    const [former, next] = await rows();
    expect(await published()).toEqual([next!.kid, former!.kid]);
    const { cookie } = await signIn(here, acme);
    expect(decodeProtectedHeader(await assertion(here, cookie)).kid).toBe(former!.kid);
    clock.advance(15 * MINUTE - 1);
    expect(decodeProtectedHeader(await assertion(here, cookie)).kid).toBe(former!.kid);
    expect(await rotateAssertionKeys(here.services, allowance())).toBe("0 begun, 0 retired");
    clock.advance(30);
    expect(decodeProtectedHeader(await assertion(here, cookie)).kid).toBe(next!.kid);
  });

  it("is retired when the other signs, published for an hour more, and deleted after a week", async () => {
    await succeed();
    clock.advance(15 * MINUTE);
    expect(await rotateAssertionKeys(here.services, allowance())).toBe("0 begun, 1 retired");
    forgetTenant(here.services, acme.company.slug);
    const [former, next] = await rows();
    expect(former!.retired_at).toBe(clock.now);
    expect(await published()).toEqual([next!.kid, former!.kid]);
    clock.advance(3_600);
    expect(await published()).toEqual([next!.kid]);
    clock.advance(7 * DAY - 3_600);
    await purgeExpired(here.services.database, clock.now);
    expect(await rows()).toHaveLength(2);
    clock.advance(1);
    await purgeExpired(here.services.database, clock.now);
    expect(await rows()).toHaveLength(1);
    expect(await records()).toEqual([
      { actor: "schedule", action: "create", resource_id: next!.kid },
      { actor: "schedule", action: "update", resource_id: former!.kid },
    ]);
  });

  it("is succeeded once and retired once by runs that overlap", async () => {
    clock.advance(30 * DAY);
    const isolates = [here, there, isolate(clock), isolate(clock)];
    const begun = await Promise.all(isolates.map(({ services }) => rotateAssertionKeys(services, allowance())));
    expect(begun.sort()).toEqual([...Array(3).fill("0 begun, 0 retired"), "1 begun, 0 retired"]);
    clock.advance(20 * MINUTE);
    const retired = await Promise.all(isolates.map(({ services }) => rotateAssertionKeys(services, allowance())));
    expect(retired.sort()).toEqual([...Array(3).fill("0 begun, 0 retired"), "0 begun, 1 retired"]);
    expect(await rows()).toHaveLength(2);
    expect(await records()).toHaveLength(2);
  });

  it("goes on signing when the clock is set back to before its successor was made", async () => {
    await succeed();
    clock.advance(20 * MINUTE);
    const [former, next] = await rows();
    const { cookie } = await signIn(here, acme);
    expect(decodeProtectedHeader(await assertion(here, cookie)).kid).toBe(next!.kid);
    clock.now = START;
    const earlier = await signIn(here, acme);
    expect(decodeProtectedHeader(await assertion(here, earlier.cookie)).kid).toBe(former!.kid);
  });

  it("is found however many companies have one, a hundred a run", async () => {
    const { results } = await env.DB.prepare("select * from companies where id = ?").bind(acme.company.id).all();
    const columns = Object.keys(results[0]!).map((name) =>
      name === "id" || name === "slug" ? `'many-' || n` : `"${name}"`,
    );
    const many = "with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < 104)";
    await env.DB.batch([
      env.DB.prepare(
        `insert into companies ${many} select ${columns.join()} from numbers join companies on id = ?`,
      ).bind(acme.company.id),
      env.DB.prepare(
        `insert into assertion_keys ${many} select 'many-' || n, 'kid', public_jwk, wrapped_private_jwk, created_at, null from numbers join assertion_keys on company_id = ?`,
      ).bind(acme.company.id),
    ]);
    clock.advance(31 * DAY);
    expect(await rotateAssertionKeys(here.services, allowance())).toBe("100 begun, 0 retired, more next time");
    expect(await rotateAssertionKeys(here.services, allowance())).toBe("5 begun, 0 retired");
    clock.advance(15 * MINUTE);
    expect(await rotateAssertionKeys(there.services, allowance())).toBe("0 begun, 100 retired, more next time");
    expect(await rotateAssertionKeys(there.services, allowance())).toBe("0 begun, 5 retired");
    expect(await rotateAssertionKeys(there.services, allowance())).toBe("0 begun, 0 retired");
  });
});

describe("a rotation by REST", () => {
  const company = { slug: "forced", name: "Forced", originUrl: "https://origin.example" };
  const path = "/companies/forced/assertion-keys";

  it("publishes a successor, once in 15 minutes, shows nothing private and is recorded", async () => {
    const gateway = startGateway();
    await gateway.api("POST", "/companies", company);
    expect((await gateway.api("POST", path)).status).toBe(409);
    gateway.advance(DAY);
    const before = await gateway.api("GET", path);
    expect(before.body.items).toMatchObject([{ state: "active", retiredAt: null }]);

    const answers = await Promise.all([gateway.api("POST", path), gateway.isolate().api("POST", path)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const made = answers.find(({ status }) => status === 201)!.body;
    expect(z.strictObject(assertionKeyView.shape).parse(made)).toMatchObject({ state: "published" });
    expect(Object.keys(made.publicJwk).sort()).toEqual(["crv", "kty", "x", "y"]);

    gateway.advance(15 * MINUTE);
    const during = (await gateway.api("GET", path)).body.items;
    expect(during.map(({ state }: { state: string }) => state)).toEqual(["active", "previous"]);
    expect(await rotateAssertionKeys(gateway.services, allowance())).toBe("0 begun, 1 retired");
    gateway.advance(3_600);
    const after = await gateway.api("GET", path);
    expect(after.body.items).toMatchObject([{ kid: made.kid, state: "active" }, { state: "retired" }]);
    expect(JSON.stringify([made, after.body])).not.toMatch(/"d"|wrapped/i);

    const { items } = (await gateway.api("GET", "/companies/forced/audit?limit=2")).body;
    expect(items).toMatchObject([
      { actor: "schedule", action: "update", resource: "assertion-key", before: { retiredAt: null } },
      { actor: "operator", action: "create", resource: "assertion-key", after: { kid: made.kid } },
    ]);
  });

  it("is the company's own token's as well, and another company's is told no", async () => {
    const gateway = startGateway();
    for (const slug of ["first", "second"]) await gateway.api("POST", "/companies", { ...company, slug });
    gateway.advance(DAY);
    const token = (await gateway.api("POST", "/companies/first/tokens", { name: "t" })).body.secret;
    const own = { authorization: `Bearer ${token}` };
    for (const method of ["GET", "POST"]) {
      expect((await gateway.api(method, "/companies/second/assertion-keys", undefined, own)).status).toBe(403);
    }
    expect((await gateway.api("GET", "/companies/second/assertion-keys")).body.items).toHaveLength(1);
    expect((await gateway.api("POST", "/companies/first/assertion-keys", undefined, own)).status).toBe(201);
  });
});
