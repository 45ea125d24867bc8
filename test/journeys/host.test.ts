/** Which company a request is for: hosts read strictly, companies remembered for a bounded time, and what they expect of their IdP. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { openDatabase, StorageUnavailable, updateCompany } from "../../src/store/index.ts";
import {
  classifyHost,
  expectedIdpEntityIds,
  forgetTenant,
  isSlug,
  RESERVED_SLUGS,
  reloadTenant,
  resolveTenant,
} from "../../src/tenant/index.ts";
import { Clock, type Isolate, isolate, type Seeded, seedCompany } from "../session/stage.ts";
import { auditRow } from "../store/rows.ts";
import { startGateway } from "../support/gateway.ts";

const production = readConfig({ ...env, BASE_DOMAIN: "example.com" });
const local = readConfig({ ...env, BASE_DOMAIN: "localhost:8787" });
const host = (url: string, headers: Record<string, string> = {}, config = production) =>
  classifyHost(config, new Request(url, { headers }));

describe("a host", () => {
  it("is a company's when one plain label stands before the base domain", () => {
    expect(host("https://acme.example.com/a?b")).toEqual({ kind: "company", slug: "acme" });
    expect(host("https://a.example.com/")).toEqual({ kind: "company", slug: "a" });
    expect(host("https://42-a.example.com/")).toEqual({ kind: "company", slug: "42-a" });
    expect(host(`https://${"a".repeat(63)}.example.com/`)).toEqual({ kind: "company", slug: "a".repeat(63) });
    expect(host("http://acme.localhost:8787/", {}, local)).toEqual({ kind: "company", slug: "acme" });
  });

  it("is the operator's when the label is admin", () => {
    expect(host("https://admin.example.com/")).toEqual({ kind: "operator" });
    expect(host("http://admin.localhost:8787/", {}, local)).toEqual({ kind: "operator" });
  });

  it("is compared without case", () => {
    expect(host("https://ACME.Example.COM/")).toEqual({ kind: "company", slug: "acme" });
    expect(host("https://ADMIN.example.com/")).toEqual({ kind: "operator" });
  });

  it.each([
    ["the base domain itself", "https://example.com/"],
    ["a trailing dot", "https://acme.example.com./"],
    ["a port", "https://acme.example.com:8443/"],
    ["nested labels", "https://a.acme.example.com/"],
    ["a nested admin", "https://admin.acme.example.com/"],
    ["an empty label", "https://.example.com/"],
    ["another domain with ours inside", "https://acme.example.com.evil.example/"],
    ["another domain that ends like ours", "https://acmeexample.com/"],
    ["punycode", "https://xn--acm-9ja.example.com/"],
    ["letters that become punycode", "https://acmé.example.com/"],
    ["hyphens in third and fourth place", "https://ab--cd.example.com/"],
    ["a hyphen first", "https://-acme.example.com/"],
    ["a hyphen last", "https://acme-.example.com/"],
    ["an underscore", "https://ac_me.example.com/"],
    ["64 characters", `https://${"a".repeat(64)}.example.com/`],
    ["an address", "https://127.0.0.1/"],
    ["www", "https://www.example.com/"],
    ["api", "https://api.example.com/"],
    ["static", "https://static.example.com/"],
    ["localhost in production", "http://acme.localhost:8787/"],
  ])("is unknown with %s", (_shape, url) => {
    expect(host(url)).toEqual({ kind: "unknown" });
  });

  it.each([
    ["no port", "http://acme.localhost/"],
    ["another port", "http://acme.localhost:8788/"],
    ["another domain on the same port", "http://acme.example.com:8787/"],
    ["an inner localhost", "http://acme.localhost.evil.example:8787/"],
  ])("is unknown locally with %s", (_shape, url) => {
    expect(host(url, {}, local)).toEqual({ kind: "unknown" });
  });

  it("is read from the URL alone, whatever forwarding headers say", () => {
    const forged = {
      "x-forwarded-host": "victim.example.com",
      "x-host": "victim.example.com",
      "x-original-host": "victim.example.com",
      forwarded: "host=victim.example.com",
    };
    expect(host("https://acme.example.com/", forged)).toEqual({ kind: "company", slug: "acme" });
    expect(host("https://evil.example/", forged)).toEqual({ kind: "unknown" });
  });

  it("is read anew for each, however it is like the one that was asked for last", () => {
    const acme = { kind: "company", slug: "acme" };
    const last = () => {
      for (let n = 0; n < 3; n++) expect(host("https://acme.example.com/a")).toEqual(acme);
    };
    for (const other of ["https://acme.example.com:8443/", "https://acme.example.com.evil.example/a"]) {
      last();
      expect(host(other)).toEqual({ kind: "unknown" });
    }
    last();
    expect(host("http://acme.example.com/")).toEqual(acme);
    last();
    expect(host("https://acme.example.com/a", {}, local)).toEqual({ kind: "unknown" });
  });

  // What workerd makes of `OPTIONS *`, and of Host headers that are none; a Request can't be made of it.
  it.each(["https://acme.example.com*", "https://[/", "https://a b/", "https://x.example.com:99999/"])(
    "gets the page of no company where it is none: %s",
    async (url) => {
      const response = await startGateway().fetch({ url, method: "OPTIONS" } as Request);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain("There is no company here");
    },
  );

  it("is unknown where a name and a password stand before it", () => {
    const request = { url: "https://victim.example.com@acme.example.com/" } as Request;
    expect(classifyHost(production, request)).toEqual({ kind: "unknown" });
    expect(classifyHost(production, { url: "no url" } as Request)).toEqual({ kind: "unknown" });
  });
});

describe("a slug that a company may have", () => {
  it("is a plain label that is not reserved", () => {
    expect(["acme", "a", "a1", "1a", "a-b", "a-b--c"].filter((slug) => !isSlug(slug))).toEqual([]);
    const refused = ["", "A", "a.b", "-a", "a-", "a_b", "xn--a", "a b", "é", "a\n", "a".repeat(64), ...RESERVED_SLUGS];
    expect(refused.filter(isSlug)).toEqual([]);
  });
});

describe("a company in an isolate's memory", () => {
  let clock: Clock;
  let here: Isolate;
  let acme: Seeded;

  beforeEach(async () => {
    clock = new Clock();
    here = isolate(clock);
    acme = await seedCompany(here);
    here.trips();
  });

  let version = 0;
  async function rename(name: string): Promise<void> {
    const { company } = (await reloadTenant(isolate(clock).services, acme.company.slug))!;
    version = company.version;
    await updateCompany(here.services.database, company.id, version, { name }, auditRow(company.id));
    here.trips();
  }

  it("is loaded in one round trip and then believed for 30 seconds", async () => {
    await here.tenant(acme.company.slug);
    clock.advance(29);
    await here.tenant(acme.company.slug);
    expect(here.trips()).toBe(1);
    clock.advance(1);
    await here.tenant(acme.company.slug);
    expect(here.trips()).toBe(1);
  });

  it("has the URLs of its host", async () => {
    const url = `https://${acme.company.slug}.example.com`;
    expect(await here.tenant(acme.company.slug)).toMatchObject({
      baseUrl: url,
      entityId: `${url}/sso/metadata`,
      acsUrl: `${url}/sso/acs`,
      sloUrl: `${url}/sso/slo`,
      signOnUrl: `${url}/`,
      saml: null,
      expectedIdpEntityIds: null,
      certificates: [],
    });
    const at = isolate(clock, { bindings: { BASE_DOMAIN: "localhost:8787" } });
    expect((await at.tenant(acme.company.slug)).baseUrl).toBe(`http://${acme.company.slug}.localhost:8787`);
  });

  it("shows a change within 30 seconds in an isolate that heard nothing, at once after forgetTenant and reloadTenant", async () => {
    await here.tenant(acme.company.slug);
    await rename("Second");
    expect((await here.tenant(acme.company.slug)).company.name).not.toBe("Second");
    clock.advance(30);
    expect((await here.tenant(acme.company.slug)).company.name).toBe("Second");
    await rename("Third");
    forgetTenant(here.services, acme.company.slug);
    expect((await here.tenant(acme.company.slug)).company.name).toBe("Third");
    await rename("Fourth");
    expect((await reloadTenant(here.services, acme.company.slug))?.company.name).toBe("Fourth");
    expect((await here.tenant(acme.company.slug)).company.name).toBe("Fourth");
  });

  it("stays the same object while nothing changes, so that what was parsed for it is kept", async () => {
    const first = await here.tenant(acme.company.slug);
    clock.advance(31);
    expect(await here.tenant(acme.company.slug)).toBe(first);
    await rename("Another");
    clock.advance(31);
    expect(await here.tenant(acme.company.slug)).not.toBe(first);
  });

  it("is asked for by one of many requests when it is due; the others go on with what is known", async () => {
    await here.tenant(acme.company.slug);
    clock.advance(31);
    here.trips();
    await Promise.all(Array.from({ length: 50 }, () => here.tenant(acme.company.slug)));
    expect(here.trips()).toBe(1);
  });

  it("is asked for again when the request that was asking never came back", async () => {
    let hang = false;
    const lossy = isolate(clock, { onTrip: () => (hang ? new Promise<void>(() => {}) : undefined) });
    await lossy.tenant(acme.company.slug);
    clock.advance(31);
    hang = true;
    void lossy.tenant(acme.company.slug);
    hang = false;
    await rename("Found");
    expect((await lossy.tenant(acme.company.slug)).company.name).not.toBe("Found");
    clock.advance(6);
    expect((await lossy.tenant(acme.company.slug)).company.name).toBe("Found");
  });

  it("is believed for 55 seconds while D1 gives no answer, and not longer", async () => {
    let down = false;
    const failing = isolate(clock, {
      onTrip() {
        if (down) throw new Error("D1 is down");
      },
    });
    await failing.tenant(acme.company.slug);
    down = true;
    clock.advance(54);
    expect((await failing.tenant(acme.company.slug)).company.slug).toBe(acme.company.slug);
    clock.advance(1);
    await expect(resolveTenant(failing.services, acme.company.slug)).rejects.toThrow(StorageUnavailable);
    const cold = isolate(clock, { onTrip: () => Promise.reject(new Error("D1 is down")) });
    await expect(resolveTenant(cold.services, acme.company.slug)).rejects.toThrow(StorageUnavailable);
  });

  it("is not remembered from an answer that a write has overtaken", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let slow = true;
    const at = isolate(clock, { onTrip: () => (slow ? gate : undefined) });
    const loading = resolveTenant(at.services, acme.company.slug);
    forgetTenant(at.services, acme.company.slug);
    slow = false;
    release();
    await loading;
    at.trips();
    await at.tenant(acme.company.slug);
    expect(at.trips()).toBe(1);
  });

  it("is not believed from the future after the clock was set back", async () => {
    await here.tenant(acme.company.slug);
    clock.advance(-3_600);
    await here.tenant(acme.company.slug);
    await here.tenant(acme.company.slug);
    expect(here.trips()).toBe(2);
  });

  it("that does not exist is asked for once in five seconds, and found when it was made meanwhile", async () => {
    const slug = `later-${acme.company.slug}`;
    expect(await resolveTenant(here.services, slug)).toBeNull();
    expect(await resolveTenant(here.services, slug)).toBeNull();
    expect(here.trips()).toBe(1);
    const later = await seedCompany(isolate(clock), { slug });
    expect(await resolveTenant(here.services, slug)).toBeNull();
    clock.advance(5);
    expect((await resolveTenant(here.services, slug))?.company.id).toBe(later.company.id);
  });

  it("is not driven out by a flood of names that do not exist", async () => {
    await here.tenant(acme.company.slug);
    const nothing = { results: [], success: true, meta: {} };
    const statement = { bind: () => statement };
    const empty = { prepare: () => statement, batch: async (all: unknown[]) => all.map(() => nothing) };
    const flooded = { ...here.services, database: openDatabase(empty as unknown as D1Database) };
    for (let n = 0; n < 1_100; n++) expect(await resolveTenant(flooded, `flood-${n}`)).toBeNull();
    here.trips();
    await here.tenant(acme.company.slug);
    expect(here.trips()).toBe(0);
  }, 30_000);
});

describe("the Issuers to expect", () => {
  const id = "11111111-2222-3333-4444-555555555555";
  const sts = `https://sts.windows.net/${id}/`;
  const login = `https://login.microsoftonline.com/${id}/`;

  it("are both of Entra's spellings, whichever of them was pasted", () => {
    for (const idpEntityId of [sts, login]) {
      const ids = expectedIdpEntityIds({ idpEntityId, loginUrl: "https://idp.example/" });
      expect(ids).toEqual(expect.arrayContaining([sts, login]));
    }
  });

  it("are derived from an Entra Login URL when none was pasted", () => {
    const loginUrl = `https://login.microsoftonline.com/${id}/saml2`;
    expect(expectedIdpEntityIds({ idpEntityId: null, loginUrl })).toEqual(expect.arrayContaining([sts, login]));
  });

  it("are the pasted one alone for any other identity provider", () => {
    const idpEntityId = "https://idp.example/entity";
    expect(expectedIdpEntityIds({ idpEntityId, loginUrl: `${login}saml2` })).toEqual([idpEntityId]);
  });

  it("are those of the one tenant only, never of a look-alike host", () => {
    const other = "99999999-2222-3333-4444-555555555555";
    const ids = expectedIdpEntityIds({
      idpEntityId: sts,
      loginUrl: `https://login.microsoftonline.com/${other}/saml2`,
    });
    expect(ids?.some((text) => text.includes(other))).toBe(false);
    const forged = `https://sts.windows.net.evil.example/${id}/`;
    expect(expectedIdpEntityIds({ idpEntityId: forged, loginUrl: "https://x.example/" })).toEqual([forged]);
  });

  it.each([
    ["no Entra", "https://idp.example/saml2"],
    ["any tenant", "https://login.microsoftonline.com/common/saml2"],
    ["another endpoint", `https://login.microsoftonline.com/${id}/oauth2`],
    ["an Entra URL only in its query", `https://idp.example/?x=https://login.microsoftonline.com/${id}/saml2`],
  ])("are unknown when the Login URL is %s", (_shape, loginUrl) => {
    expect(expectedIdpEntityIds({ idpEntityId: null, loginUrl })).toBeNull();
  });
});
