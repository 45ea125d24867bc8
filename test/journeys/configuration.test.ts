/** A company as code: read, planned, carried out. What is dangerous is said first, and nothing that changed meanwhile is overwritten. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { DANGER_CODES } from "../../src/admin/configuration-dangers.ts";
import { createCompany, startGateway, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { withPeople } from "./rest-company.ts";

const gateway = startGateway();
const { api } = gateway;
let idp: TestIdp;
let otherIdp: TestIdp;

beforeAll(async () => {
  [idp, otherIdp] = await Promise.all([createIdentityProvider(), createIdentityProvider({ keyName: "other" })]);
});

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever JSON came
type Json = any;
const get = async (slug: string): Promise<Json> => (await api("GET", `/companies/${slug}/configuration`)).body;
const plan = (slug: string, body: Json, headers = {}) =>
  api("POST", `/companies/${slug}/configuration/plan`, body, headers);
const apply = (slug: string, configuration: Json, planId: string, accept: readonly string[] = [], headers = {}) =>
  api("POST", `/companies/${slug}/configuration/apply`, { configuration, planId, accept }, headers);
const auditOf = async (slug: string) => (await api("GET", `/companies/${slug}/audit?limit=200`)).body.items;
/** The plan carried out with all its dangers accepted. */
async function carryOut(slug: string, wanted: Json) {
  const { status, body } = await plan(slug, wanted);
  expect(status, JSON.stringify(body)).toBe(200);
  return apply(
    slug,
    wanted,
    body.planId,
    body.dangers.map(({ code }: Json) => code),
  );
}

describe("the edge cache", () => {
  it("begins anew when it is switched on again, as by every other way", async () => {
    await createCompany(gateway, "edge", idp);
    const generation = async () => (await api("GET", "/companies/edge")).body.edgeCacheGeneration;
    const wanted = await get("edge");
    const before = await generation();
    for (const edgeCache of [false, true]) {
      expect((await carryOut("edge", { ...wanted, company: { ...wanted.company, edgeCache } })).status).toBe(200);
    }
    expect(await generation()).toBe(before + 1);
  });
});

describe("a configuration that was read", () => {
  it("holds settings, groups and single sign-on by title, no users, no ids and no secrets", async () => {
    await createCompany(gateway, "read", idp, { groupMapping: [] });
    await api("POST", "/companies/read/tokens", { name: "t" });
    const answer = await api("GET", "/companies/read/configuration");
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      company: { name: "read Inc.", originUrl: "https://origin.example", status: "active", keepMessages: false },
      groups: [
        { title: "Administrators", type: "administrator", ssoOnly: false },
        { title: "Staff", type: "member", ssoOnly: true },
      ],
      saml: { loginUrl: "https://idp.example/saml2", jit: { enabled: true, group: "Staff" } },
    });
    const text = JSON.stringify(answer.body);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-7|"id"|secret|PRIVATE|serviceProvider|updatedAt|version/);
    expect(Object.keys(answer.body.saml)).toEqual(Object.keys(answer.body.saml).sort());
    expect(JSON.stringify(await get("read"))).toBe(text);
  });

  it("planned and carried out again changes nothing and leaves no record", async () => {
    await createCompany(gateway, "noop", idp);
    const before = [await get("noop"), await auditOf("noop")];
    const planned = await plan("noop", before[0]);
    expect(planned.body).toMatchObject({ differences: [], dangers: [], obstacles: [] });
    const applied = await apply("noop", before[0], planned.body.planId);
    expect([applied.status, applied.body]).toEqual([200, before[0]]);
    expect([await get("noop"), await auditOf("noop")]).toEqual(before);
  });

  it("makes another company like it", async () => {
    await createCompany(gateway, "model", idp, { clockSkewSeconds: 60, signAuthnRequests: true });
    await api("POST", "/companies", { slug: "like-it", name: "x", originUrl: "https://elsewhere.example" });
    const model = await get("model");
    const applied = await carryOut("like-it", model);
    expect([applied.status, applied.body]).toEqual([200, model]);
    expect(await get("like-it")).toEqual(model);
    const records = await auditOf("like-it");
    const kinds = records.map(({ action, resource }: Json) => `${action} ${resource}`).sort();
    expect(kinds).toEqual(["create company", "create group", "create group", "create saml", "update company"]);
    const { body } = await api("GET", "/companies/like-it/saml");
    expect(body).toMatchObject({
      signAuthnRequests: true,
      serviceProvider: { entityId: "https://like-it.example.com/sso/metadata" },
    });
  });
});

describe("a plan", () => {
  it("says path by path what would change, and changes nothing", async () => {
    await createCompany(gateway, "paths", idp);
    const before = [await get("paths"), await auditOf("paths")];
    const wanted = structuredClone(before[0]);
    wanted.company.name = "Renamed";
    wanted.groups = [...wanted.groups.filter(({ title }: Json) => title !== "Administrators"), { title: "a/b~c" }];
    wanted.saml.jit = { enabled: false, group: null };
    const { body } = await plan("paths", wanted);
    expect(body.differences).toEqual([
      { path: "/company/name", before: "paths Inc.", after: "Renamed" },
      { path: "/saml/jit/enabled", before: true, after: false },
      { path: "/saml/jit/group", before: "Staff", after: null },
      { path: "/groups/Administrators", before: { ssoOnly: false, type: "administrator" }, after: null },
      { path: "/groups/a~1b~0c", before: null, after: { ssoOnly: false, type: "member" } },
    ]);
    expect([await get("paths"), await auditOf("paths")]).toEqual(before);
  });

  const dangers: Record<string, (wanted: Json) => void> = {
    "removes-last-administrator-group": (c) => c.groups.shift(),
    "makes-administrators": (c) => Object.assign(c.groups[1], { type: "administrator", ssoOnly: false }),
    "unmakes-administrators": (c) => Object.assign(c.groups[0], { type: "member" }),
    "administrators-sso-only": (c) => Object.assign(c.groups[0], { ssoOnly: true }),
    "sign-in-makes-administrators": (c) =>
      c.saml.groupMapping.push({ claim: "g", value: "v", group: "Administrators" }),
    "takes-back-groups": (c) => Object.assign(c.saml.groupMapping[0], { value: "another" }),
    "deletes-groups": (c) => c.groups.shift(),
    "replaces-certificates": (c) => Object.assign(c.saml, { certificates: [otherIdp.certificatePem] }),
    "adds-certificates": (c) => c.saml.certificates.push(otherIdp.certificatePem),
    "changes-identity-provider": (c) => Object.assign(c.saml, { loginUrl: "https://other.example/" }),
    "changes-who-people-are": (c) => Object.assign(c.saml.attributeMapping, { userKey: "employee" }),
    "allows-sha1": (c) => Object.assign(c.saml, { allowSha1: true }),
    "allows-idp-initiated": (c) => Object.assign(c.saml, { allowIdpInitiated: true }),
    "accepts-unencrypted": (c) => Object.assign(c.saml, { wantEncryptedAssertions: false }),
    "changes-origin": (c) => Object.assign(c.company, { originUrl: "https://evil.example" }),
    "suspends-company": (c) => Object.assign(c.company, { status: "suspended" }),
    "changes-public-paths": (c) =>
      c.company.pathRules.push({ path: "/open/*", access: "public", unauthenticated: "signIn", preflight: false }),
    "shortens-sessions": (c) => Object.assign(c.company, { sessionsPerUserMax: 1 }),
    "shortens-retention": (c) => Object.assign(c.company, { signInRetentionDays: 7 }),
    "keeps-messages": (c) => Object.assign(c.company, { keepMessages: true }),
  };

  it.for(Object.keys(dangers))("says that it %s, and is carried out only when that is accepted", async (code) => {
    const slug = `d-${code}`.slice(0, 40);
    const { staffId } = await createCompany(gateway, slug, idp);
    await api("PATCH", `/companies/${slug}/saml`, {
      wantEncryptedAssertions: code === "accepts-unencrypted",
      groupMapping: [{ claim: "g", value: "staff", groupId: staffId }],
    });
    const before = await get(slug);
    const wanted = structuredClone(before);
    dangers[code]?.(wanted);
    const planned = await plan(slug, wanted);
    const codes = planned.body.dangers.map((danger: Json) => danger.code);
    expect(codes).toContain(code);
    const others = codes.filter((one: string) => one !== code);
    const refused = await apply(slug, wanted, planned.body.planId, others);
    expect([refused.status, refused.body.type]).toEqual([409, "urn:vestibule:problem:danger"]);
    expect(refused.body.errors.map(({ path }: Json) => path)).toEqual([`accept.${code}`]);
    expect(await get(slug)).toEqual(before);
    expect((await apply(slug, wanted, planned.body.planId, codes)).status).toBe(200);
    expect(await get(slug)).not.toEqual(before);
  });

  it("knows every danger that is tested here, and no other", () => {
    expect([...DANGER_CODES].sort()).toEqual(Object.keys(dangers).sort());
  });

  it("that would delete a group with users says so, and can't be carried out", async () => {
    const { slug, group, user } = await withPeople(gateway, "inhabited");
    const wanted = { ...(await get(slug)), groups: [] };
    const planned = await plan(slug, wanted);
    expect(planned.body.obstacles[0].message).toContain("Users are in the group “Members”");
    const refused = await apply(slug, wanted, planned.body.planId, DANGER_CODES);
    expect(refused.status).toBe(409);
    expect((await api("GET", `/companies/${slug}/groups/${group.id}`)).status).toBe(200);
    await api("DELETE", `/companies/${slug}/users/${user.id}`);
    expect((await carryOut(slug, wanted)).status).toBe(200);
    expect((await get(slug)).groups).toEqual([]);
  });
});

describe("a plan that is carried out", () => {
  it("happens only while nothing changed since, and only as it was planned", async () => {
    await createCompany(gateway, "since", idp);
    const wanted = await get("since");
    wanted.company.name = "Planned";
    const { body } = await plan("since", wanted);
    const other = structuredClone(wanted);
    other.company.name = "Not planned";
    expect((await apply("since", other, body.planId)).status).toBe(412);
    await api("POST", "/companies/since/groups", { title: "Meanwhile" });
    const late = await apply("since", wanted, body.planId);
    expect([late.status, late.body.type]).toEqual([412, "urn:vestibule:problem:precondition-failed"]);
    expect((await get("since")).company.name).toBe("since Inc.");
  });

  it("is not taken for fresh when something was changed and changed back", async () => {
    await createCompany(gateway, "back", idp);
    const wanted = await get("back");
    wanted.company.name = "Planned";
    const { body } = await plan("back", wanted);
    await api("PATCH", "/companies/back", { name: "x" });
    await api("PATCH", "/companies/back", { name: "back Inc." });
    expect((await apply("back", wanted, body.planId)).status).toBe(412);
  });

  it("has one winner when ten carry it out at once", async () => {
    await createCompany(gateway, "ten", idp);
    const wanted = await get("ten");
    wanted.groups.push({ title: "New" });
    wanted.company.name = "Ten";
    const { body } = await plan("ten", wanted);
    const answers = await Promise.all(Array.from({ length: 10 }, () => apply("ten", wanted, body.planId)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    expect((await get("ten")).groups).toHaveLength(3);
  });

  it("happens whole or not at all", async () => {
    await createCompany(gateway, "whole", idp);
    const wanted = await get("whole");
    wanted.company.name = "Half";
    wanted.groups.push({ title: "New", type: "member", ssoOnly: false });
    wanted.saml.clockSkewSeconds = 1;
    const { body } = await plan("whole", wanted);
    const before = [await get("whole"), await auditOf("whole")];
    const broken: Pick<D1Database, "prepare" | "batch"> = {
      prepare: (text) =>
        env.DB.prepare(text.includes('insert into "saml_versions"') ? "insert into nowhere values (1)" : text),
      batch: (statements) => env.DB.batch(statements),
    };
    const failing = startGateway({ DB: broken as D1Database });
    const failed = await failing.api("POST", "/companies/whole/configuration/apply", {
      configuration: wanted,
      planId: body.planId,
    });
    expect(failed.status).toBe(503);
    expect([await get("whole"), await auditOf("whole")]).toEqual(before);
    expect((await apply("whole", wanted, body.planId)).status).toBe(200);
  });

  it("keeps groups with their people, and leaves what the operator decides to the operator", async () => {
    const { slug, group } = await withPeople(gateway, "token");
    const { body } = await api("POST", `/companies/${slug}/tokens`, { name: "t" });
    const headers = { authorization: `Bearer ${body.secret}` };
    const wanted = await get(slug);
    const moved = structuredClone(wanted);
    moved.company.originUrl = "https://evil.example";
    const refused = await plan(slug, moved, headers);
    expect([refused.status, refused.body.errors[0].path]).toEqual([403, "company.originUrl"]);
    wanted.groups[0].ssoOnly = true;
    const planned = await plan(slug, wanted, headers);
    expect((await apply(slug, wanted, planned.body.planId, [], headers)).status).toBe(200);
    expect((await api("GET", `/companies/${slug}/groups/${group.id}`)).body.ssoOnly).toBe(true);
    expect((await auditOf(slug))[0].actor).toMatch(/^token:/);
    const other = await withPeople(gateway, "token-other");
    for (const path of ["", "/plan", "/apply"]) {
      const method = path === "" ? "GET" : "POST";
      const given = path === "" ? undefined : { configuration: wanted, planId: "x" };
      expect((await api(method, `/companies/${other.slug}/configuration${path}`, given, headers)).status).toBe(403);
    }
  });
});

describe("what is no configuration", () => {
  const wrong: [string, (c: Json) => void, string][] = [
    ["an unknown field", (c) => Object.assign(c.company, { owner: "me" }), "company.owner"],
    ["a company's slug", (c) => Object.assign(c.company, { slug: "other" }), "company.slug"],
    ["a secret", (c) => Object.assign(c.saml, { serviceProvider: {} }), "saml.serviceProvider"],
    ["a group that is not there", (c) => Object.assign(c.saml.jit, { group: "Nobody" }), "saml.jit.group"],
    [
      "a mapping to none",
      (c) => c.saml.groupMapping.push({ claim: "a", value: "b", group: "N" }),
      "saml.groupMapping.0.group",
    ],
    ["two groups of one title", (c) => c.groups.push({ title: "Staff" }), "groups"],
    ["no single sign-on where there was some", (c) => Object.assign(c, { saml: null }), "saml"],
    ["a URL that is not https", (c) => Object.assign(c.saml, { loginUrl: "http://idp.example" }), "saml.loginUrl"],
    [
      "an origin that is not https",
      (c) => Object.assign(c.company, { originUrl: "http://o.example" }),
      "company.originUrl",
    ],
    ["a certificate that is none", (c) => Object.assign(c.saml, { certificates: ["x"] }), "saml.certificates.0"],
    ["no groups at all", (c) => delete c.groups, "groups"],
  ];
  it.for(wrong)("because it holds %s is refused with the field's path", async ([, change, path], { expect: its }) => {
    const slug = `w-${wrong.findIndex(([, one]) => one === change)}`;
    await createCompany(gateway, slug, idp);
    const wanted = await get(slug);
    change(wanted);
    const { status, body } = await plan(slug, wanted);
    its([status, body.errors[0].path]).toEqual([422, path]);
  });

  it("a company with two groups of one title has none until one is renamed", async () => {
    const { slug } = await withPeople(gateway, "doubled");
    await api("POST", `/companies/${slug}/groups`, { title: "Members" });
    expect((await api("GET", `/companies/${slug}/configuration`)).status).toBe(409);
    const { responses } = (await api("GET", "/openapi.json")).body.paths["/companies/{slug}/configuration"].get;
    expect(Object.keys(responses)).toContain("409");
  });
});

it("whatever is carried out is then so: the same plan is empty", async () => {
  await createCompany(gateway, "property", idp);
  const titles = fc.constantFrom("Staff", "Editors", "constructor", "__proto__", "a/b", "é", "<b>");
  const group = fc.record({
    title: titles,
    type: fc.constantFrom("administrator", "member"),
    ssoOnly: fc.boolean(),
  });
  const choices = fc.record({
    name: fc.constantFrom("A", "B", "Ünï"),
    sessionPolicy: fc.record({
      absoluteHours: fc.integer({ min: 1, max: 720 }),
      idleMinutes: fc.integer({ min: 1, max: 60 }),
    }),
    signInRetentionDays: fc.integer({ min: 1, max: 90 }),
    groups: fc.uniqueArray(group, { minLength: 1, maxLength: 5, selector: ({ title }) => title }),
    mapped: fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.nat(4)), { maxLength: 4 }),
    jit: fc.option(fc.nat(4)),
    saml: fc.record({
      allowSha1: fc.boolean(),
      signAuthnRequests: fc.boolean(),
      clockSkewSeconds: fc.integer({ min: 0, max: 600 }),
    }),
    both: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(choices, async ({ name, sessionPolicy, signInRetentionDays, groups, mapped, jit, saml, both }) => {
      const titled = (n: number) => groups[n % groups.length]?.title;
      const wanted = {
        company: { name, sessionPolicy, signInRetentionDays },
        groups,
        saml: {
          ...saml,
          loginUrl: "https://idp.example/saml2",
          certificates: both ? [idp.certificatePem, otherIdp.certificatePem] : [idp.certificatePem],
          jit: jit === null ? { enabled: false } : { enabled: true, group: titled(jit) },
          groupMapping: mapped.map(([value, n]) => ({ claim: "role", value, group: titled(n) })),
        },
      };
      const applied = await carryOut("property", wanted);
      expect(applied.status, JSON.stringify(applied.body)).toBe(200);
      const again = await plan("property", wanted);
      expect(again.body).toMatchObject({ differences: [], dangers: [] });
      const read = await get("property");
      expect(read).toEqual(applied.body);
      expect((await plan("property", read)).body.differences).toEqual([]);
    }),
    { numRuns: 12 },
  );
}, 30_000);
