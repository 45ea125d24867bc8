/** The company's own keys: made once however many ask, sealed for one company, imported once an isolate. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { insertSpKey } from "../../src/store/index.ts";
import {
  assertionSigner,
  decryptionKeys,
  forgetTenant,
  newSpKey,
  RETIRED_KEY_OPENS_MS,
  reloadTenant,
  signingKey,
} from "../../src/tenant/index.ts";
import { Clock, type Isolate, isolate, type Seeded, seedCompany } from "./stage.ts";

let clock: Clock;
let here: Isolate;
let acme: Seeded;

beforeEach(async () => {
  clock = new Clock();
  here = isolate(clock);
  acme = await seedCompany(here);
});

async function fresh(at: Isolate) {
  return (await reloadTenant(at.services, acme.company.slug))!;
}

describe("the key that signs requests", () => {
  it("is made where there is none, one and the same for all isolates that ask at once", async () => {
    const isolates = [here, isolate(clock), isolate(clock)];
    const keys = await Promise.all(
      isolates.map(async (at) => signingKey(at.services, await at.tenant(acme.company.slug))),
    );
    expect(new Set(keys.map(({ certificateBase64 }) => certificateBase64)).size).toBe(1);
    const { spKeys } = await fresh(here);
    expect(spKeys.filter(({ use }) => use === "signing")).toHaveLength(1);
    expect(keys[0]?.privateKey).toMatchObject({ type: "private", extractable: false });
  });

  it("is imported once an isolate while the company stays as it is", async () => {
    const first = await signingKey(here.services, await fresh(here));
    expect(await signingKey(here.services, await fresh(here))).toBe(first);
  });

  it("is never a retired one", async () => {
    const first = await signingKey(here.services, await fresh(here));
    await env.DB.prepare("update sp_keys set retired_at = ? where company_id = ?")
      .bind(clock.now, acme.company.id)
      .run();
    const second = await signingKey(here.services, await fresh(here));
    expect(second.certificateBase64).not.toBe(first.certificateBase64);
  });
});

describe("the keys that open encrypted assertions", () => {
  it("are those that are not retired, and retired ones for a day more", async () => {
    const { database } = here.services;
    const opening = async () => (await decryptionKeys(here.services, await fresh(here))).length;
    expect(await opening()).toBe(0);
    await insertSpKey(database, acme.company.id, await newSpKey(here.services, acme.company, "encryption"));
    await env.DB.prepare("update sp_keys set retired_at = ? where company_id = ?")
      .bind(clock.now, acme.company.id)
      .run();
    clock.advance(60);
    await insertSpKey(database, acme.company.id, await newSpKey(here.services, acme.company, "encryption"));
    expect(await opening()).toBe(2);
    clock.advance(RETIRED_KEY_OPENS_MS / 1_000 - 61);
    expect(await opening()).toBe(2);
    clock.advance(1);
    expect(await opening()).toBe(1);
  });
});

describe("a wrapped key", () => {
  it("of one company can't be put in another's place", async () => {
    const other = await seedCompany(here);
    await env.DB.prepare(
      "update assertion_keys set wrapped_private_jwk = (select wrapped_private_jwk from assertion_keys where company_id = ?) where company_id = ?",
    )
      .bind(acme.company.id, other.company.id)
      .run();
    forgetTenant(here.services, other.company.slug);
    const tenant = await here.tenant(other.company.slug);
    await expect(assertionSigner(here.services, tenant)).rejects.toThrow("another secret");
  });

  it("says nothing of the key", async () => {
    const key = await newSpKey(here.services, acme.company, "signing");
    expect(Buffer.from(key.wrappedPrivateKey, "base64url").toString("latin1")).not.toContain("MII");
    expect(key.certificate).toMatch(/^MII/);
  });
});
