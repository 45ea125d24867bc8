import { describe, expect, it } from "vitest";
import { nameIdKey, type SignInFacts } from "../../src/signin/claims.ts";
import { resolveUser } from "../../src/signin/resolve-user.ts";
import type { Group, SamlSettings, Subject, User } from "../../src/store/index.ts";

const ISSUER = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/";
const EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const group = (id: string, type: Group["type"] = "member"): Group => ({
  id,
  title: id,
  type,
  ssoOnly: false,
  version: 1,
  createdAt: 0,
  updatedAt: 0,
});
const groups = [group("staff"), group("admins", "administrator")];
const settings = (changes: Partial<SamlSettings> = {}): SamlSettings =>
  ({ jit: { enabled: true, groupId: "staff" }, groupMapping: [], ...changes }) as SamlSettings;
const nameID = (value: string, format = EMAIL_FORMAT) => ({
  value,
  format,
  nameQualifier: null,
  spNameQualifier: null,
});
const byKey = (value: string): Subject => ({ issuer: ISSUER, kind: "userKey", value });
const byName = (value: string, format?: string): Subject => ({
  issuer: ISSUER,
  kind: "nameId",
  value: nameIdKey(nameID(value, format)),
});
const facts = (changes: Partial<SignInFacts> = {}): SignInFacts => ({
  issuer: ISSUER,
  assertionId: "_a",
  assertionExpiresAt: 0,
  requestId: null,
  nameID: nameID("b.simon@acme.example"),
  sessionIndex: null,
  sessionNotOnOrAfter: null,
  email: "b.simon@acme.example",
  firstName: "B.",
  lastName: "Simon",
  subjects: [byKey("object-1"), byName("b.simon@acme.example")],
  mappedGroupId: null,
  unknownGroupIds: [],
  rules: true,
  ...changes,
});
const user = (changes: Partial<User> = {}): User => ({
  id: "user-1",
  email: "b.simon@acme.example",
  firstName: "B.",
  lastName: "Simon",
  company: "Acme",
  groupId: "staff",
  groupSource: "manual",
  status: "active",
  subject: byKey("object-1"),
  version: 1,
  createdAt: 0,
  updatedAt: 0,
  lastSignInAt: null,
  ...changes,
});

describe("an unknown person", () => {
  it("is created in the Just-In-Time group, linked by the immutable key", () => {
    expect(resolveUser(facts(), settings(), { users: [], groups, issuers: [ISSUER] })).toMatchObject({
      kind: "create",
      person: {
        email: "b.simon@acme.example",
        firstName: "B.",
        groupId: "staff",
        groupSource: "manual",
        subject: byKey("object-1"),
      },
    });
  });

  it("is refused where Just-In-Time provisioning is off", () => {
    const decision = resolveUser(facts(), settings({ jit: { enabled: false, groupId: null } }), {
      users: [],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "user_unknown" } });
  });

  it("is refused when the group to create them in is gone", () => {
    const decision = resolveUser(facts(), settings({ jit: { enabled: true, groupId: "gone" } }), {
      users: [],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "group_missing" } });
  });

  it("goes into the group that a mapping names", () => {
    const decision = resolveUser(facts({ mappedGroupId: "admins" }), settings(), {
      users: [],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "create", person: { groupId: "admins", groupSource: "mapping" } });
  });
});

describe("a known person", () => {
  it("is found by the immutable key, and a new e-mail and name are taken over", () => {
    const found = user({ email: "old@acme.example", firstName: "Old" });
    const decision = resolveUser(facts(), settings(), { users: [found], groups, issuers: [ISSUER] });
    expect(decision).toMatchObject({
      kind: "update",
      user: { id: "user-1" },
      changes: { email: "b.simon@acme.example", firstName: "B." },
    });
  });

  it("keeps the old e-mail while another account holds the new one", () => {
    const other = user({ id: "user-2", subject: byKey("object-2") });
    const decision = resolveUser(facts(), settings(), {
      users: [other, user({ email: "old@acme.example" })],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "update", user: { id: "user-1" } });
    expect(decision.kind === "update" && "email" in decision.changes).toBe(false);
  });

  it("who is disabled stays out and is not created anew", () => {
    const decision = resolveUser(facts(), settings(), {
      users: [user({ status: "disabled" })],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "user_disabled" } });
  });

  it("who is disabled stays out by a matching e-mail too", () => {
    const disabled = user({ status: "disabled", subject: null });
    expect(resolveUser(facts(), settings(), { users: [disabled], groups, issuers: [ISSUER] })).toMatchObject({
      kind: "refuse",
      refusal: { code: "user_disabled" },
    });
  });

  it("who was created by hand is linked on the first sign-in, whatever the case of the address", () => {
    const decision = resolveUser(facts({ email: "B.Simon@Acme.Example" }), settings(), {
      users: [user({ subject: null })],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "update", changes: { subject: byKey("object-1") } });
  });

  it("stays in the group they are in when no mapping matches", () => {
    const decision = resolveUser(facts(), settings(), {
      users: [user({ groupId: "admins" })],
      groups,
      issuers: [ISSUER],
    });
    expect(decision.kind === "update" && "groupId" in decision.changes).toBe(false);
  });

  it("moves to an administrator group only because a mapping says so", () => {
    const decision = resolveUser(facts({ mappedGroupId: "admins" }), settings(), {
      users: [user()],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "update", changes: { groupId: "admins", groupSource: "mapping" } });
  });

  it("goes back to the Just-In-Time group when no rule gives any more what one gave", () => {
    const found = user({ groupId: "admins", groupSource: "mapping" });
    const decision = resolveUser(facts(), settings(), { users: [found], groups, issuers: [ISSUER] });
    expect(decision).toMatchObject({
      kind: "update",
      group: { id: "staff" },
      changes: { groupId: "staff", groupSource: "manual" },
    });
  });

  it("is refused where there is no group to go back to", () => {
    const found = user({ groupId: "admins", groupSource: "mapping" });
    const decision = resolveUser(facts(), settings({ jit: { enabled: false, groupId: null } }), {
      users: [found],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "group_missing", received: "neither" } });
  });

  it("linked by NameID is linked by the immutable key from the first time it comes", () => {
    const found = user({ subject: byName("b.simon@acme.example") });
    expect(resolveUser(facts(), settings(), { users: [found], groups, issuers: [ISSUER] })).toMatchObject({
      kind: "update",
      changes: { subject: byKey("object-1") },
    });
  });

  it("is found again after the company changed the Name ID Format", () => {
    const persistent = nameID("k3j4", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent");
    const decision = resolveUser(
      facts({ nameID: persistent, subjects: [{ issuer: ISSUER, kind: "nameId", value: nameIdKey(persistent) }] }),
      settings(),
      { users: [user({ subject: byName("b.simon@acme.example") })], groups, issuers: [ISSUER] },
    );
    expect(decision).toMatchObject({ kind: "update", user: { id: "user-1" } });
  });
});

describe("a company that has changed its identity provider", () => {
  it("keeps its people: the e-mail finds them, and the new provider's key is linked", () => {
    const next = { ...byKey("new-1"), issuer: "https://next.example/" };
    const decision = resolveUser(facts({ issuer: next.issuer, subjects: [next] }), settings(), {
      users: [user()],
      groups,
      issuers: [next.issuer],
    });
    expect(decision).toMatchObject({ kind: "update", user: { id: "user-1" }, changes: { subject: next } });
  });
});

describe("somebody else", () => {
  it("with the same address and another immutable key does not get the account", () => {
    const decision = resolveUser(facts({ subjects: [byKey("object-2")] }), settings(), {
      users: [user()],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "user_conflict" } });
  });

  it("with the same address in other letter case as NameID does not get the account", () => {
    const victim = user({ email: "victim@acme.example", subject: byName("victim@acme.example") });
    const decision = resolveUser(
      facts({
        email: "VICTIM@acme.example",
        nameID: nameID("VICTIM@acme.example"),
        subjects: [byName("VICTIM@acme.example")],
      }),
      settings(),
      { users: [victim], groups, issuers: [ISSUER] },
    );
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "user_conflict" } });
  });

  it("from an issuer that nobody named does not get the account", () => {
    const other = { ...byKey("object-1"), issuer: "https://other.example/" };
    const decision = resolveUser(facts({ issuer: other.issuer, subjects: [other] }), settings(), {
      users: [user()],
      groups,
      issuers: null,
    });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "user_conflict" } });
  });

  it("from another issuer with the same key does not get the account", () => {
    const other = { ...byKey("object-1"), issuer: "https://other.example/" };
    const decision = resolveUser(facts({ issuer: other.issuer, subjects: [other] }), settings(), {
      users: [user()],
      groups,
      issuers: [ISSUER],
    });
    expect(decision).toMatchObject({ kind: "refuse", refusal: { code: "user_conflict" } });
  });
});
