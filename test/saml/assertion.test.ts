/** Each check of the Web Browser SSO profile on an assertion that is properly signed: the oracle is honest, its message is not for us, not now, or not enough. */
import { describe, expect, it } from "vitest";
import { NAME_ID_CHARS_MAX } from "../../src/saml/name-id.ts";
import { decideResponse } from "../../src/saml/response.ts";
import { CONFIRMATION_BEARER } from "../../src/saml/terms.ts";
import type { ResponseDecision } from "../../src/saml/types.ts";
import {
  ACS,
  ATTACKER,
  attackerClaims,
  ENTITY_ID,
  NOW,
  type Overrides,
  REQUEST,
  type Recipe,
  scene,
} from "../support/messages/scene.ts";

const HOUR = 3_600_000;
const at = (instant: number) => new Date(instant).toISOString();

async function decide(recipe: Recipe = {}, overrides: Overrides = {}): Promise<ResponseDecision> {
  const s = await scene();
  return decideResponse((await s.own(recipe)).samlResponse, { ...s.expectations, ...overrides });
}
const codeOf = (decision: ResponseDecision) => (decision.ok ? "accepted" : decision.refusal.code);
/** The outcome of a message whose assertion was rewritten before it was signed; the rewriting must have had an effect. */
async function edited(edit: (xml: string) => string, overrides: Overrides = {}, recipe: Recipe = {}) {
  let touched = false;
  const assertion = (xml: string) => {
    const after = edit(xml);
    touched ||= after !== xml;
    return after;
  };
  const decision = await decide({ ...recipe, edit: { assertion } }, overrides);
  if (!touched) throw new Error("the edit changed nothing");
  return decision;
}
const bearer = (data: Record<string, string>) =>
  `<SubjectConfirmation Method="${CONFIRMATION_BEARER}"><SubjectConfirmationData${Object.entries(data)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join("")}/></SubjectConfirmation>`;
const good = { InResponseTo: REQUEST, Recipient: ACS, NotOnOrAfter: at(NOW + HOUR) };
const confirmations = (...list: string[]) =>
  edited((xml) => xml.replace(/<SubjectConfirmation .*<\/SubjectConfirmation>/, list.join("")));

interface Row {
  readonly code: string;
  readonly edit: (xml: string) => string;
  readonly overrides?: Overrides;
}
function rows(table: Record<string, Row>): void {
  for (const [name, { code, edit, overrides }] of Object.entries(table)) {
    it(`${name}: ${code}`, async () => expect(codeOf(await edited(edit, overrides))).toBe(code));
  }
}

describe("the assertion itself", () => {
  rows({
    "another Version": { code: "version_unsupported", edit: (x) => x.replace('Version="2.0"', 'Version="1.1"') },
    "no Version": { code: "version_unsupported", edit: (x) => x.replace('Version="2.0"', "") },
    "no IssueInstant": { code: "time_invalid", edit: (x) => x.replace(/IssueInstant="[^"]*"/, "") },
    "an IssueInstant in another zone": {
      code: "time_invalid",
      edit: (x) => x.replace(/(IssueInstant="[^"]*)Z"/, '$1+01:00"'),
    },
    "an unknown child": { code: "schema_invalid", edit: (x) => x.replace("<Subject>", '<x xmlns="urn:x"/><Subject>') },
    "two Subjects": { code: "schema_invalid", edit: (x) => x.replace(/(<Subject>.*<\/Subject>)/, "$1$1") },
    "two Conditions": { code: "schema_invalid", edit: (x) => x.replace(/(<Conditions.*<\/Conditions>)/, "$1$1") },
    "text between elements": { code: "schema_invalid", edit: (x) => x.replace("<Subject>", "text<Subject>") },
    "Conditions before Subject": {
      code: "schema_invalid",
      edit: (x) => x.replace(/(<Subject>.*<\/Subject>)(<Conditions.*<\/Conditions>)/, "$2$1"),
    },
    "a Subject of another namespace": {
      code: "schema_invalid",
      edit: (x) => x.replace("<Subject>", '<Subject xmlns="urn:x">'),
    },
  });

  it("is made now: neither ahead of us nor older than ten minutes, skew allowed for", async () => {
    const outcome = async (issueInstant: number) =>
      codeOf(await decide({ issueInstant, notBefore: NOW - HOUR, notOnOrAfter: NOW + HOUR }));
    expect(await outcome(NOW + 2 * 86_400_000)).toBe("issue_instant_out_of_window");
    expect(await outcome(NOW + 130_000)).toBe("issue_instant_out_of_window");
    expect(await outcome(NOW + 115_000)).toBe("accepted");
    expect(await outcome(NOW - 715_000)).toBe("accepted");
    expect(await outcome(NOW - 725_000)).toBe("issue_instant_out_of_window");
  });

  it("may hold statements of other kinds and an Advice, which say nothing", async () => {
    const decision = await edited((x) =>
      x
        .replace("</Conditions>", '</Conditions><Advice><AssertionIDRef>_x</AssertionIDRef><y xmlns="urn:y"/></Advice>')
        .replace(
          "</Assertion>",
          '<AuthzDecisionStatement Resource="urn:r" Decision="Permit"><Action Namespace="urn:n">a</Action></AuthzDecisionStatement></Assertion>',
        ),
    );
    expect(codeOf(decision)).toBe("accepted");
  });
});

describe("the issuer", () => {
  rows({
    none: { code: "issuer_missing", edit: (x) => x.replace(/<Issuer>.*?<\/Issuer>/, "") },
    "an empty one": { code: "issuer_mismatch", edit: (x) => x.replace(/<Issuer>.*?<\/Issuer>/, "<Issuer/>") },
    "with a slash more": { code: "issuer_mismatch", edit: (x) => x.replace("</Issuer>", "/</Issuer>") },
    "in other case": { code: "issuer_mismatch", edit: (x) => x.replace("sts.windows.net", "STS.windows.net") },
    "with white space before it": { code: "issuer_mismatch", edit: (x) => x.replace("<Issuer>", "<Issuer> ") },
    "with white space after it": { code: "issuer_mismatch", edit: (x) => x.replace("</Issuer>", "\n</Issuer>") },
    "with an element inside": { code: "issuer_mismatch", edit: (x) => x.replace("</Issuer>", "<b/></Issuer>") },
    "of another Format": {
      code: "issuer_mismatch",
      edit: (x) => x.replace("<Issuer>", '<Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">'),
    },
  });

  it("may say that it is an entity", async () => {
    const format = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
    expect(codeOf(await edited((x) => x.replace("<Issuer>", `<Issuer Format="${format}">`)))).toBe("accepted");
  });

  it("is one of the spellings that the company's provider has", async () => {
    const { idp } = await scene();
    const other = "https://login.microsoftonline.com/7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90/";
    expect(codeOf(await decide({ issuer: other }, { idpEntityIds: [idp.entityId, other] }))).toBe("accepted");
    expect(codeOf(await decide({ issuer: other }))).toBe("issuer_mismatch");
    expect(codeOf(await decide({}, { idpEntityIds: [] }))).toBe("issuer_mismatch");
  });

  it("is any, where the company pinned a certificate only, but the same on both levels and never empty", async () => {
    const overrides = { idpEntityIds: null };
    expect(codeOf(await decide({ issuer: "urn:any" }, overrides))).toBe("accepted");
    expect(codeOf(await decide({ issuer: "urn:any", responseIssuer: null }, overrides))).toBe("accepted");
    expect(codeOf(await decide({ issuer: "urn:any", responseIssuer: "urn:other" }, overrides))).toBe("issuer_mismatch");
    expect(codeOf(await decide({ issuer: "", responseIssuer: null }, overrides))).toBe("issuer_mismatch");
    expect(codeOf(await decide({ issuer: null }, overrides))).toBe("issuer_missing");
    expect(codeOf(await decide({ issuer: `urn:${"x".repeat(1100)}` }, overrides))).toBe("issuer_mismatch");
  });
});

describe("the subject", () => {
  rows({
    none: { code: "subject_missing", edit: (x) => x.replace(/<Subject>.*<\/Subject>/, "") },
    "no NameID": { code: "name_id_missing", edit: (x) => x.replace(/<NameID .*<\/NameID>/, "") },
    "a BaseID": { code: "name_id_missing", edit: (x) => x.replace(/<NameID .*<\/NameID>/, "<BaseID/>") },
    "two NameIDs": { code: "schema_invalid", edit: (x) => x.replace(/(<NameID .*<\/NameID>)/, "$1$1") },
    "an empty NameID": { code: "name_id_invalid", edit: (x) => x.replace(/>[^<]*<\/NameID>/, "></NameID>") },
    "an element inside the NameID": { code: "name_id_invalid", edit: (x) => x.replace("</NameID>", "<b/></NameID>") },
    "a NameID that is too long": {
      code: "name_id_invalid",
      edit: (x) => x.replace("</NameID>", `${"x".repeat(NAME_ID_CHARS_MAX)}</NameID>`),
    },
  });

  const deceptive: Record<string, string> = {
    "a zero-width space": "\u200b",
    "a soft hyphen": "\u00ad",
    "a right-to-left override": "\u202e",
    "a byte-order mark": "\ufeff",
    "a line feed": "&#10;",
    "a tab": "&#9;",
    "a C1 control": "\u0085",
    "a line separator": "\u2028",
    "a tag character": "\u{e0061}",
  };
  for (const [name, character] of Object.entries(deceptive)) {
    it(`a NameID with ${name} inside is refused`, async () => {
      expect(
        codeOf(
          await edited((x) =>
            x.replace("attacker@corp.example</NameID>", `attacker${character}@corp.example</NameID>`),
          ),
        ),
      ).toBe("name_id_invalid");
    });
  }
  for (const space of [" ", "\u00a0", "\u3000"]) {
    it(`a NameID that begins or ends in U+${space.charCodeAt(0).toString(16)} is refused, not trimmed`, async () => {
      expect(codeOf(await edited((x) => x.replace("</NameID>", `${space}</NameID>`)))).toBe("name_id_invalid");
      expect(codeOf(await edited((x) => x.replace(`>${ATTACKER}</NameID>`, `>${space}${ATTACKER}</NameID>`)))).toBe(
        "name_id_invalid",
      );
    });
  }

  it("is taken by code points, with its Format and qualifiers", async () => {
    const nameID = {
      value: "Ivo Müller (イヴォ) 2",
      format: "urn:f",
      nameQualifier: "urn:q",
      spNameQualifier: "urn:s",
    };
    const decision = await decide({ nameID });
    expect(decision.ok && decision.assertion.nameID).toEqual(nameID);
    const bare = await decide({ nameID: { value: "x", format: null } });
    expect(bare.ok && bare.assertion.nameID).toEqual({
      value: "x",
      format: null,
      nameQualifier: null,
      spNameQualifier: null,
    });
  });

  it("keeps a comment from splitting the NameID (CVE-2017-11427)", async () => {
    const decision = await edited((x) => x.replace("</NameID>", "<!-- x -->.evil.example</NameID>"));
    expect(decision.ok && decision.assertion.nameID.value).toBe(`${ATTACKER}.evil.example`);
  });
});

describe("the bearer confirmation", () => {
  const table: Record<string, readonly [string, readonly string[]]> = {
    none: ["subject_confirmation_missing", []],
    "sender-vouches alone": ["subject_confirmation_missing", [bearer(good).replace("cm:bearer", "cm:sender-vouches")]],
    "without data": ["subject_confirmation_missing", [`<SubjectConfirmation Method="${CONFIRMATION_BEARER}"/>`]],
    "another Recipient": ["recipient_mismatch", [bearer({ ...good, Recipient: "https://other.example/acs" })]],
    "our Recipient with a suffix": ["recipient_mismatch", [bearer({ ...good, Recipient: `${ACS}.evil.example` })]],
    "no Recipient": ["recipient_mismatch", [bearer({ InResponseTo: REQUEST, NotOnOrAfter: good.NotOnOrAfter })]],
    expired: ["subject_confirmation_expired", [bearer({ ...good, NotOnOrAfter: at(NOW - 2 * HOUR) })]],
    "without an end": ["subject_confirmation_expired", [bearer({ InResponseTo: REQUEST, Recipient: ACS })]],
    "an end that is no date": ["time_invalid", [bearer({ ...good, NotOnOrAfter: "never" })]],
    "an end in another zone": ["time_invalid", [bearer({ ...good, NotOnOrAfter: "2026-11-20T07:00:00-12:00" })]],
    "NotBefore ahead": ["subject_confirmation_not_before", [bearer({ ...good, NotBefore: at(NOW + HOUR) })]],
    "NotBefore behind": ["subject_confirmation_not_before", [bearer({ ...good, NotBefore: at(NOW - HOUR) })]],
    "of another request than the Response": ["in_response_to_mismatch", [bearer({ ...good, InResponseTo: "_other" })]],
    "of no request though the Response names one": [
      "in_response_to_missing",
      [bearer({ Recipient: ACS, NotOnOrAfter: good.NotOnOrAfter })],
    ],
    "two that satisfy a half each": [
      "recipient_mismatch",
      [bearer({ ...good, Recipient: "https://other.example/" }), bearer({ ...good, NotOnOrAfter: at(NOW - 2 * HOUR) })],
    ],
  };
  for (const [name, [code, list]] of Object.entries(table)) {
    it(`${name}: ${code}`, async () => expect(codeOf(await confirmations(...list))).toBe(code));
  }

  it("is one of several, wherever it stands", async () => {
    const bad = bearer({ ...good, Recipient: "https://other.example/" });
    const vouches = bearer(good).replace("cm:bearer", "cm:holder-of-key");
    for (const list of [
      [bad, bearer(good)],
      [bearer(good), bad],
      [vouches, bad, bearer(good)],
    ]) {
      const decision = await confirmations(...list);
      expect(decision.ok && decision.assertion.inResponseTo).toBe(REQUEST);
      expect(decision.checks.every(({ ok }) => ok)).toBe(true);
    }
  });

  it("may name an address, which is not compared", async () => {
    expect(codeOf(await confirmations(bearer({ ...good, Address: "192.0.2.1" })))).toBe("accepted");
  });

  it("answers no request only where the company allows it", async () => {
    const recipe = { inResponseTo: null };
    expect(codeOf(await decide(recipe))).toBe("in_response_to_missing");
    const decision = await decide(recipe, { allowIdpInitiated: true });
    expect(decision.ok && decision.assertion.inResponseTo).toBeNull();
    expect(
      codeOf(await decide({ inResponseTo: null, responseInResponseTo: REQUEST }, { allowIdpInitiated: true })),
    ).toBe("in_response_to_missing");
    expect(codeOf(await decide({}, { allowIdpInitiated: true }))).toBe("accepted");
  });
});

describe("the conditions", () => {
  const audience = (...names: string[]) =>
    `<AudienceRestriction>${names.map((name) => `<Audience>${name}</Audience>`).join("")}</AudienceRestriction>`;
  const within = (content: string) => (x: string) =>
    x.replace(/<AudienceRestriction>.*<\/AudienceRestriction>/, content);
  rows({
    none: { code: "conditions_missing", edit: (x) => x.replace(/<Conditions.*<\/Conditions>/, "") },
    "no AudienceRestriction": { code: "audience_missing", edit: within("") },
    "an AudienceRestriction without Audience": { code: "audience_mismatch", edit: within("<AudienceRestriction/>") },
    "an empty Audience": { code: "audience_mismatch", edit: within(audience("")) },
    "another Audience": { code: "audience_mismatch", edit: within(audience("https://other.example/")) },
    "ours with a suffix": { code: "audience_mismatch", edit: within(audience(`${ENTITY_ID}.evil`)) },
    "ours with a slash more": { code: "audience_mismatch", edit: within(audience(`${ENTITY_ID}/`)) },
    "a prefix of ours": { code: "audience_mismatch", edit: within(audience(ENTITY_ID.slice(0, -1))) },
    "ours with white space": { code: "audience_mismatch", edit: within(audience(` ${ENTITY_ID} `)) },
    "the gateway's origin": { code: "audience_mismatch", edit: within(audience(new URL(ENTITY_ID).origin)) },
    "ours in the second restriction only": {
      code: "audience_mismatch",
      edit: within(audience("urn:x") + audience(ENTITY_ID)),
    },
    "ours in the first restriction only": {
      code: "audience_mismatch",
      edit: within(audience(ENTITY_ID) + audience("urn:x")),
    },
    "an Audience of another namespace": {
      code: "audience_mismatch",
      edit: within(`<AudienceRestriction><Audience xmlns="urn:x">${ENTITY_ID}</Audience></AudienceRestriction>`),
    },
    "an unknown condition": {
      code: "condition_unknown",
      edit: (x) => x.replace("</Conditions>", '<x:Only xmlns:x="urn:x"/></Conditions>'),
    },
    "a condition by xsi:type": {
      code: "condition_unknown",
      edit: (x) => x.replace("</Conditions>", "<Condition/></Conditions>"),
    },
    "OneTimeUse of another namespace": {
      code: "condition_unknown",
      edit: (x) => x.replace("</Conditions>", '<OneTimeUse xmlns="urn:x"/></Conditions>'),
    },
    "NotBefore ahead": {
      code: "conditions_not_yet_valid",
      edit: (x) => x.replace(/NotBefore="[^"]*"/, `NotBefore="${at(NOW + HOUR / 2)}"`),
    },
    "NotOnOrAfter behind": {
      code: "conditions_expired",
      edit: (x) =>
        x.replace(
          /<Conditions[^>]*>/,
          `<Conditions NotBefore="${at(NOW - 3 * HOUR)}" NotOnOrAfter="${at(NOW - 2 * HOUR)}">`,
        ),
    },
    "NotOnOrAfter that is no date": {
      code: "time_invalid",
      edit: (x) => x.replace(/(<Conditions[^>]*NotOnOrAfter=")[^"]*/, "$1NaN"),
    },
    "an empty NotBefore": { code: "time_invalid", edit: (x) => x.replace(/NotBefore="[^"]*"/, 'NotBefore=""') },
    "an end before the beginning": {
      code: "time_invalid",
      edit: (x) =>
        x.replace(/<Conditions[^>]*>/, `<Conditions NotBefore="${at(NOW + 1000)}" NotOnOrAfter="${at(NOW)}">`),
    },
  });

  const accepted: Record<string, (x: string) => string> = {
    "several Audiences, ours among them": within(audience("urn:x", ENTITY_ID, "urn:y")),
    "several restrictions that all name us": within(audience("urn:x", ENTITY_ID) + audience(ENTITY_ID)),
    "OneTimeUse and ProxyRestriction": (x) =>
      x.replace("</Conditions>", '<OneTimeUse/><ProxyRestriction Count="0"/></Conditions>'),
    "no dates at all": (x) => x.replace(/<Conditions[^>]*>/, "<Conditions>"),
  };
  for (const [name, edit] of Object.entries(accepted)) {
    it(`accepts ${name}`, async () => expect(codeOf(await edited(edit))).toBe("accepted"));
  }

  it("allow for the company's clock skew, and no more", async () => {
    const ahead = (clockSkewSeconds: number) => decide({ notBefore: NOW + 90_000 }, { now: NOW, clockSkewSeconds });
    expect(codeOf(await ahead(90))).toBe("accepted");
    expect(codeOf(await ahead(89))).toBe("conditions_not_yet_valid");
    const times = {
      notBefore: NOW - 300_000,
      notOnOrAfter: NOW,
      confirmationNotOnOrAfter: NOW + HOUR,
      issueInstant: NOW - 60_000,
    };
    expect(codeOf(await decide(times, { now: NOW + 59_999, clockSkewSeconds: 60 }))).toBe("accepted");
    expect(codeOf(await decide(times, { now: NOW + 60_000, clockSkewSeconds: 60 }))).toBe("conditions_expired");
  });
});

describe("the authentication", () => {
  const statement = (x: string, with_: string) => x.replace(/<AuthnStatement .*<\/AuthnStatement>/, with_);
  const PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
  rows({
    none: { code: "authn_statement_missing", edit: (x) => statement(x, "") },
    "without AuthnInstant": { code: "time_invalid", edit: (x) => x.replace(/AuthnInstant="[^"]*"/, "") },
    "at no time": { code: "time_invalid", edit: (x) => x.replace(/AuthnInstant="[^"]*"/, 'AuthnInstant="x"') },
    "in the future": {
      code: "time_invalid",
      edit: (x) => x.replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${at(NOW + HOUR)}"`),
    },
    "with a session that is over": {
      code: "session_not_on_or_after_passed",
      edit: (x) => x.replace("<AuthnStatement", `<AuthnStatement SessionNotOnOrAfter="${at(NOW - HOUR)}"`),
    },
    "with a session end that is no date": {
      code: "time_invalid",
      edit: (x) => x.replace("<AuthnStatement", '<AuthnStatement SessionNotOnOrAfter="later"'),
    },
    "of a weaker kind than asked for": {
      code: "authn_context_mismatch",
      edit: (x) => x.replace(PASSWORD, "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"),
      overrides: { requestedAuthnContext: [PASSWORD] },
    },
    "of a kind that is not said though one was asked for": {
      code: "authn_context_mismatch",
      edit: (x) => x.replace(/<AuthnContext>.*<\/AuthnContext>/, "<AuthnContext/>"),
      overrides: { requestedAuthnContext: [PASSWORD] },
    },
    "older than the request that forced it": {
      code: "authn_instant_too_old",
      edit: (x) => x.replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${at(NOW - HOUR)}"`),
      overrides: { authnInstantNotBefore: NOW - 300_000 },
    },
  });

  it("may be long ago where nobody asked for a new one", async () => {
    expect(codeOf(await decide({ authnInstant: NOW - 90 * 86_400_000 }))).toBe("accepted");
  });

  it("is new enough within the skew of the request that forced it", async () => {
    expect(codeOf(await decide({ authnInstant: NOW - 100_000 }, { authnInstantNotBefore: NOW }))).toBe("accepted");
    expect(codeOf(await decide({ authnInstant: NOW - 121_000 }, { authnInstantNotBefore: NOW }))).toBe(
      "authn_instant_too_old",
    );
  });

  it("is of one of the kinds asked for", async () => {
    const decision = await decide({}, { requestedAuthnContext: ["urn:x", PASSWORD] });
    expect(decision.ok && decision.assertion.authnContextClassRef).toBe(PASSWORD);
  });

  it("said several times counts by its strictest dates", async () => {
    const second = `<AuthnStatement AuthnInstant="${at(NOW - HOUR)}" SessionNotOnOrAfter="${at(NOW + HOUR)}"><AuthnContext/></AuthnStatement>`;
    const decision = await edited(
      (x) => x.replace("</Assertion>", `${second}</Assertion>`),
      {},
      { sessionNotOnOrAfter: NOW + 2 * HOUR, sessionIndex: "s1" },
    );
    expect(decision.ok && decision.assertion).toMatchObject({
      authnInstant: NOW - HOUR,
      sessionNotOnOrAfter: NOW + HOUR,
      sessionIndex: "s1",
    });
    const over = second.replace(at(NOW + HOUR), at(NOW - HOUR));
    expect(codeOf(await edited((x) => x.replace("</Assertion>", `${over}</Assertion>`)))).toBe(
      "session_not_on_or_after_passed",
    );
  });

  it("may have no SessionIndex and no SessionNotOnOrAfter", async () => {
    const decision = await decide({ sessionIndex: null });
    expect(decision.ok && decision.assertion).toMatchObject({ sessionIndex: null, sessionNotOnOrAfter: null });
  });
});

describe("the attributes", () => {
  const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
  async function attributes(statement: string) {
    const decision = await edited((x) => x.replace(/<AttributeStatement>.*<\/AttributeStatement>/, statement));
    if (!decision.ok) throw new Error(decision.refusal.code);
    return Object.fromEntries(decision.assertion.attributes);
  }
  const one = (name: string, ...values: string[]) =>
    `<AttributeStatement><Attribute Name="${name}">${values.join("")}</Attribute></AttributeStatement>`;

  it("are read by exact Name, values in their order", async () => {
    const decision = await decide({ attributes: { ...attackerClaims(), mail: ["a", "b"], Mail: "c", " mail": "d" } });
    if (!decision.ok) throw new Error(decision.refusal.code);
    const map = decision.assertion.attributes;
    expect([map.get("mail"), map.get("Mail"), map.get(" mail"), map.get("MAIL")]).toEqual([
      ["a", "b"],
      ["c"],
      ["d"],
      undefined,
    ]);
  });

  const roles = (...formats: (string | null)[]) =>
    `<AttributeStatement>${formats
      .map(
        (format, i) =>
          `<Attribute Name="Role"${format === null ? "" : ` NameFormat="${format}"`}><AttributeValue>r${i}</AttributeValue></Attribute>`,
      )
      .join("")}</AttributeStatement>`;

  it("of one Name stand side by side, so that nobody takes one of them for the only one", async () => {
    expect(await attributes(roles("urn:basic", "urn:basic"))).toEqual({ Role: ["r0", "r1"] });
    expect(await attributes(roles(null, "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"))).toEqual({
      Role: ["r0", "r1"],
    });
    expect(await attributes(roles(null, null) + roles(null))).toEqual({ Role: ["r0", "r1", "r0"] });
  });

  it("of one Name in two formats are two attributes that look alike, and refused", async () => {
    for (const statement of [
      roles("urn:basic", "urn:uri"),
      roles("urn:basic", null),
      roles("urn:basic") + roles("urn:uri"),
    ]) {
      expect(codeOf(await edited((x) => x.replace(/<AttributeStatement>.*<\/AttributeStatement>/, statement)))).toBe(
        "attribute_duplicate",
      );
    }
  });

  it("are never found by FriendlyName", async () => {
    const statement = one("urn:oid:1", "<AttributeValue>v</AttributeValue>").replace(
      "<Attribute ",
      '<Attribute FriendlyName="mail" ',
    );
    expect(await attributes(statement)).toEqual({ "urn:oid:1": ["v"] });
  });

  it("named like parts of objects are plain names", async () => {
    const names = ["__proto__", "constructor", "prototype", "toString"];
    const decision = await decide({ attributes: Object.fromEntries(names.map((name) => [`${name}`, "x"])) });
    if (!decision.ok) throw new Error(decision.refusal.code);
    for (const name of names.slice(1)) expect(decision.assertion.attributes.get(name)).toEqual(["x"]);
    expect(decision.assertion.attributes.get("hasOwnProperty")).toBeUndefined();
  });

  it("that hold elements are passed over, and cost nobody the sign-in", async () => {
    const targeted = `<AttributeValue><NameID Format="urn:f">opaque</NameID></AttributeValue>`;
    expect(
      await attributes(one("urn:oid:1.3.6.1.4.1.5923.1.1.1.10", targeted, "<AttributeValue>text</AttributeValue>")),
    ).toEqual({
      "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": ["text"],
    });
  });

  it("that are nil have no value, and empty ones an empty one", async () => {
    const nil = (value: string) => `<AttributeValue ${XSI} xsi:nil="${value}"/>`;
    expect(await attributes(one("a", nil("true"), nil("1"), nil("false"), "<AttributeValue/>"))).toEqual({
      a: ["", ""],
    });
    expect(await attributes(one("a"))).toEqual({ a: [] });
  });

  it("keep markup that was escaped as text", async () => {
    expect(
      await attributes(one("a", "<AttributeValue>&lt;/Attribute&gt;&amp;amp;<![CDATA[<b>]]></AttributeValue>")),
    ).toEqual({
      a: ["</Attribute>&amp;<b>"],
    });
  });

  it("may be absent, and an EncryptedAttribute is passed over", async () => {
    expect(codeOf(await decide({ attributes: null }))).toBe("accepted");
    expect(await attributes(`<AttributeStatement><EncryptedAttribute/></AttributeStatement>`)).toEqual({});
  });

  it("without a Name are refused", async () => {
    expect(codeOf(await edited((x) => x.replace(/<Attribute Name="[^"]*"/, "<Attribute")))).toBe("schema_invalid");
  });

  it("of another namespace are none", async () => {
    expect(
      await attributes(
        `<AttributeStatement><Attribute xmlns="urn:x" Name="a"><AttributeValue>x</AttributeValue></Attribute></AttributeStatement>`,
      ),
    ).toEqual({});
  });
});
