import { describe, expect, it } from "vitest";
import type { VerifiedAssertion } from "../../src/saml/index.ts";
import { DEFAULT_CLAIMS, factsOf, nameIdKey } from "../../src/signin/claims.ts";
import { isPlainEmail, type SamlSettings } from "../../src/store/index.ts";

const WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
const OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const GROUPS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const GROUPS_LINK = "http://schemas.microsoft.com/claims/groups.link";

/** Stands for what the protocol core would have verified; only tests may make one up. */
function assertion(attributes: Record<string, string[]>, nameID = "b.simon@acme.example", format?: string) {
  return {
    id: "_a",
    issuer: "https://sts.windows.net/t/",
    notOnOrAfter: 1,
    inResponseTo: null,
    sessionIndex: "_a",
    sessionNotOnOrAfter: null,
    nameID: {
      value: nameID,
      format: format ?? "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
      nameQualifier: null,
      spNameQualifier: null,
    },
    attributes: new Map(Object.entries(attributes)),
  } as unknown as VerifiedAssertion;
}

const settings = (changes: Partial<SamlSettings> = {}): SamlSettings =>
  ({
    attributeMapping: { email: null, firstName: null, lastName: null, userKey: null },
    groupMapping: [],
    ...changes,
  }) as SamlSettings;

function facts(...args: Parameters<typeof assertion>) {
  const read = factsOf(assertion(...args), settings());
  if (!read.ok) throw new Error(read.refusal.code);
  return read.facts;
}

describe("the claims of Entra", () => {
  it("give e-mail, names and the immutable key before the NameID", () => {
    const read = facts({
      [`${WS}emailaddress`]: ["B.Simon@acme.example"],
      [`${WS}givenname`]: ["B."],
      [`${WS}surname`]: ["Simon"],
      [OBJECT_ID]: ["0f3c"],
    });
    expect(read).toMatchObject({ email: "B.Simon@acme.example", firstName: "B.", lastName: "Simon" });
    expect(read.subjects.map(({ kind, value }) => [kind, value])).toEqual([
      ["userKey", "0f3c"],
      ["nameId", nameIdKey(read.nameID)],
    ]);
  });

  it("without an e-mail claim fall back to the NameID, then to the user principal name", () => {
    expect(facts({ [`${WS}name`]: ["upn@acme.example"] }).email).toBe("b.simon@acme.example");
    expect(facts({ [`${WS}name`]: ["upn@acme.example"] }, "k3j4").email).toBe("upn@acme.example");
  });

  it("without any address are refused, naming what came", () => {
    const read = factsOf(assertion({ [`${WS}name`]: ["no address"] }, "k3j4"), settings());
    expect(read).toMatchObject({ ok: false, refusal: { code: "email_missing", received: `${WS}name` } });
  });
});

describe("a hostile claim", () => {
  it("named like an identifier changes nothing", () => {
    const read = facts({
      [`${WS}nameidentifier`]: ["victim@acme.example"],
      email: ["victim@acme.example"],
      __proto__: ["victim@acme.example"],
      constructor: ["x"],
    });
    expect(read.email).toBe("b.simon@acme.example");
    expect(read.nameID.value).toBe("b.simon@acme.example");
  });

  it("with two addresses is refused rather than chosen from", () => {
    const read = factsOf(assertion({ [`${WS}emailaddress`]: ["a@acme.example", "victim@acme.example"] }), settings());
    expect(read).toMatchObject({ ok: false, refusal: { code: "claim_ambiguous" } });
  });

  it("with two immutable keys is refused", () => {
    const read = factsOf(assertion({ [OBJECT_ID]: ["a", "b"] }), settings());
    expect(read).toMatchObject({ ok: false, refusal: { code: "claim_ambiguous" } });
  });

  it("that is missing where the administrator named it is refused, not replaced by something weaker", () => {
    const mapping = { email: "mail", firstName: null, lastName: null, userKey: "uid" };
    expect(factsOf(assertion({}), settings({ attributeMapping: mapping }))).toMatchObject({
      ok: false,
      refusal: { code: "email_missing", expected: "mail" },
    });
    expect(factsOf(assertion({ mail: ["a@b.example"] }), settings({ attributeMapping: mapping }))).toMatchObject({
      ok: false,
      refusal: { code: "user_key_invalid", expected: "uid" },
    });
  });

  it("keeps markup as text and loses control and direction characters in names", () => {
    const read = facts({ [`${WS}givenname`]: ["<b>\u202eB\u0007.</b>"] });
    expect(read.firstName).toBe("<b> B .</b>");
  });

  it.each([
    "victim@corp.example@attacker.example",
    '"victim@corp.example"@attacker.example',
    "victim@corp.example,attacker@corp.example",
    "victim@corp.example attacker@corp.example",
    "v\u200bictim@corp.example",
    "victim@corp.example\u00a0",
    " victim@corp.example",
    "v\u0456ctim@corp.example",
    "v\u0131ctim@corp.example",
    "victim@corp.example\u0000",
    "victim@corp..example",
    "vi\u0301ctim@corp.example",
    "victim",
    `${"x".repeat(250)}@corp.example`,
  ])("is no plain address: %j", (address) => {
    expect(isPlainEmail(address)).toBe(false);
    expect(factsOf(assertion({ [DEFAULT_CLAIMS.email[0]]: [address] }), settings())).toMatchObject({
      ok: false,
      refusal: { code: "email_invalid" },
    });
  });

  it.each([
    "b.simon@acme.example",
    "o'neil+x@sub.acme.co.uk",
    "jürgen@müller.example",
    "иван@пример.рф",
    "a@localhost",
  ])("does not make an honest address suspicious: %j", (address) => {
    expect(isPlainEmail(address)).toBe(true);
  });
});

describe("a group mapping", () => {
  const mapping = [
    { claim: GROUPS, value: "admins-id", groupId: "admins" },
    { claim: "role", value: "admin", groupId: "admins" },
    { claim: GROUPS, value: "staff-id", groupId: "staff" },
  ];
  const mapped = (attributes: Record<string, string[]>) => {
    const read = factsOf(assertion(attributes), settings({ groupMapping: mapping }));
    return read.ok && read.facts.mappedGroupId;
  };

  it("takes the first rule that fits", () => {
    expect(mapped({ [GROUPS]: ["staff-id", "admins-id"] })).toBe("admins");
    expect(mapped({ [GROUPS]: ["staff-id"] })).toBe("staff");
  });

  it("knows no rule to fit, and none not to, whose claim Entra left out for its length", () => {
    const link = { [GROUPS_LINK]: ["https://graph.windows.net/t/users/u/getMemberObjects"] };
    const read = (attributes: Record<string, string[]>) => {
      const made = factsOf(assertion({ ...link, ...attributes }), settings({ groupMapping: mapping }));
      return made.ok && [made.facts.mappedGroupId, made.facts.unknownGroupIds];
    };
    expect(read({})).toEqual([null, ["admins", "staff"]]);
    expect(read({ role: ["admin"] }), "only what stands before the rule that fits").toEqual(["admins", ["admins"]]);
    expect(read({ [GROUPS]: ["staff-id"] }), "what came is known").toEqual(["staff", []]);
  });

  it("takes whole values of exactly that claim", () => {
    expect(mapped({ role: ["notadmin", "admin2", "Admin", " admin"] })).toBeNull();
    expect(mapped({ [`${GROUPS}.link`]: ["admins-id"] })).toBeNull();
  });
});

describe("a transient NameID", () => {
  it("links nobody", () => {
    const read = facts(
      { [`${WS}emailaddress`]: ["b.simon@acme.example"] },
      "_x",
      "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    );
    expect(read.subjects).toEqual([]);
  });
});

describe("a NameID key", () => {
  it("keeps apart what differs in format or qualifier only", () => {
    const id = (format: string | null, nameQualifier: string | null, spNameQualifier: string | null) =>
      nameIdKey({ value: "x", format, nameQualifier, spNameQualifier });
    expect(new Set([id(null, null, null), id("a", null, null), id(null, "a", null), id(null, null, "a")]).size).toBe(4);
  });
});
