/** Group K: signed by the right key, and still not for us, not now, not this, not again. Rules R18 to R26. */
import { describe, expect, it } from "vitest";
import { STATUS_SUCCESS } from "../../src/saml/terms.ts";
import {
  ACS,
  type Code,
  Door,
  ENTITY_ID,
  fieldOf,
  mustAccept,
  NOW,
  ORIGIN,
  type Overrides,
  outcomeOf,
  REQUEST,
  type Recipe,
  scene,
} from "../support/messages/scene.ts";
import { cut, drop, putAfter, putBefore, swap, withId } from "../support/messages/surgery.ts";
import { attack, honestTwin } from "./catalogue.ts";

const HOUR = 3_600_000;
const RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder";
const AUTHN_FAILED = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const iso = (at: number) => new Date(at).toISOString();
const assertion = (edit: (xml: string) => string): Recipe => ({ edit: { assertion: edit } });
const response = (edit: (xml: string) => string): Recipe => ({ edit: { response: edit } });
const conditions = (edit: (xml: string) => string) =>
  assertion((x) => swap(x, cut(x, "Conditions"), edit(cut(x, "Conditions"))));
const confirmation = (edit: (xml: string) => string) =>
  assertion((x) => swap(x, cut(x, "SubjectConfirmation"), edit(cut(x, "SubjectConfirmation"))));
const confirmationData = (attributes: string) =>
  `<SubjectConfirmation Method="${BEARER}"><SubjectConfirmationData ${attributes}/></SubjectConfirmation>`;
const GOOD = { InResponseTo: REQUEST, NotOnOrAfter: iso(NOW + HOUR), Recipient: ACS };
const data = (changed: Record<string, string | null>) =>
  confirmationData(
    Object.entries({ ...GOOD, ...changed })
      .filter(([, v]) => v !== null)
      .map(([k, v]) => `${k}="${v}"`)
      .join(" "),
  );

type Row = readonly [name: string, code: Code | readonly Code[], recipe: Recipe, overrides?: Overrides];

const ROWS: readonly Row[] = [
  // Audience
  ["K01 no AudienceRestriction", "audience_missing", { audience: null }],
  ["K02 another service provider's Audience", "audience_mismatch", { audience: "https://other.example/sso/metadata" }],
  ["K03 Audience is ours plus a suffix", "audience_mismatch", { audience: `${ENTITY_ID}.evil.example` }],
  ["K04 Audience is a proper prefix of ours", "audience_mismatch", { audience: ENTITY_ID.slice(0, -3) }],
  [
    "K05 two AudienceRestriction elements, ours only in the second",
    "audience_mismatch",
    conditions((c) =>
      putBefore(c, "<AudienceRestriction>", "<AudienceRestriction><Audience>urn:x</Audience></AudienceRestriction>"),
    ),
  ],
  [
    "K05 ours only in the first",
    "audience_mismatch",
    conditions((c) =>
      putAfter(c, "</AudienceRestriction>", "<AudienceRestriction><Audience>urn:x</Audience></AudienceRestriction>"),
    ),
  ],
  ["K06 empty Audience element", "audience_mismatch", { audience: "" }],
  ["K06 AudienceRestriction without an Audience", "audience_mismatch", { audience: [] }],
  ["K07 Audience differs by a trailing slash", "audience_mismatch", { audience: `${ENTITY_ID}/` }],
  ["K07 Audience differs in case", "audience_mismatch", { audience: ENTITY_ID.toUpperCase() }],
  ["K07 Audience with white space around", "audience_mismatch", { audience: ` ${ENTITY_ID} ` }],
  [
    "K07 Audience with a default port",
    "audience_mismatch",
    { audience: ENTITY_ID.replace(".example/", ".example:443/") },
  ],
  ["K08 Audience by http", "audience_mismatch", { audience: ENTITY_ID.replace("https", "http") }],
  [
    "K08 Audience holds our entity ID in a child element",
    "audience_mismatch",
    conditions((c) => swap(c, ENTITY_ID, `<x>${ENTITY_ID}</x>`)),
  ],
  [
    "K09 Audience in another namespace",
    "audience_mismatch",
    conditions((c) => swap(c, "<Audience>", '<Audience xmlns="urn:x">')),
  ],
  [
    "K09 AudienceRestriction in another namespace",
    "audience_missing",
    conditions((c) => swap(c, "<AudienceRestriction>", '<AudienceRestriction xmlns="urn:x">')),
  ],
  // Destination and Recipient
  ["K10 Recipient is another ACS", "recipient_mismatch", { recipient: "https://other.example/sso/acs" }],
  ["K11 Recipient missing", "recipient_mismatch", { recipient: null }],
  ["K12 Recipient is our ACS plus a suffix", "recipient_mismatch", { recipient: `${ACS}/x` }],
  ["K12 Recipient with a query", "recipient_mismatch", { recipient: `${ACS}?x` }],
  ["K12 Recipient in other case", "recipient_mismatch", { recipient: ACS.toUpperCase() }],
  ["K13 Destination is another ACS", "destination_mismatch", { destination: "https://other.example/sso/acs" }],
  ["K13 Destination is our ACS plus a suffix", "destination_mismatch", { destination: `${ACS}/x` }],
  ["K13 Destination is empty", "destination_mismatch", { destination: "" }],
  ["K14 no Destination on a signed Response", "destination_missing", { destination: null, sign: "response" }],
  ["K14 no Destination where both are signed", "destination_missing", { destination: null, sign: "both" }],
  // Issuer
  ["K15 Issuer is another identity provider", "issuer_mismatch", { issuer: "https://sts.windows.net/other/" }],
  ["K16 Issuer is empty", "issuer_mismatch", { issuer: "" }],
  ["K17 assertion without Issuer", "issuer_missing", assertion((x) => drop(x, cut(x, "Issuer")))],
  [
    "K18 Response Issuer is another IdP, Response signed",
    "issuer_mismatch",
    { responseIssuer: "https://other.example/", sign: "response" },
  ],
  [
    "K18 Response Issuer is another IdP, assertion signed",
    "issuer_mismatch",
    { responseIssuer: "https://other.example/" },
  ],
  [
    "K19 Issuer differs by a trailing slash",
    "issuer_mismatch",
    { issuer: "https://sts.windows.net/7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90" },
  ],
  [
    "K19 Issuer differs in case",
    "issuer_mismatch",
    { issuer: "https://STS.windows.net/7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90/" },
  ],
  [
    "K19 Issuer of another Format",
    "issuer_mismatch",
    assertion((x) =>
      swap(x, "<Issuer>", '<Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName">'),
    ),
  ],
  ["K19 two Issuers", "schema_invalid", assertion((x) => putAfter(x, "</Issuer>", cut(x, "Issuer")))],
  // Request
  ["K20 InResponseTo of another request", "in_response_to_mismatch", { inResponseTo: "_another" }],
  [
    "K21 Response InResponseTo (unsigned) is ours, SubjectConfirmationData has another",
    "in_response_to_mismatch",
    { inResponseTo: "_another", responseInResponseTo: REQUEST },
  ],
  [
    "K22 SubjectConfirmationData has none, the Response ours",
    "in_response_to_missing",
    { inResponseTo: null, responseInResponseTo: REQUEST },
  ],
  [
    "K22 the same where IdP-initiated is allowed",
    "in_response_to_missing",
    { inResponseTo: null, responseInResponseTo: REQUEST },
    { allowIdpInitiated: true },
  ],
  ["K23 no InResponseTo at all while a request is pending", "in_response_to_missing", { inResponseTo: null }],
  ["K23 an empty InResponseTo", "in_response_to_mismatch", { inResponseTo: "" }],
  [
    "K24 Response InResponseTo wrong, SubjectConfirmationData right",
    "in_response_to_mismatch",
    { responseInResponseTo: "_another" },
  ],
  ["K24 InResponseTo with white space around", "in_response_to_mismatch", { inResponseTo: ` ${REQUEST} ` }],
  // Time
  [
    "K25 Conditions NotOnOrAfter two hours ago",
    "conditions_expired",
    conditions((c) => swap(c, /NotBefore="[^"]*" NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${iso(NOW - 2 * HOUR)}"`)),
  ],
  [
    "K26 Conditions NotBefore in two hours",
    "conditions_not_yet_valid",
    conditions((c) => swap(c, /NotBefore="[^"]*" NotOnOrAfter="[^"]*"/, `NotBefore="${iso(NOW + 2 * HOUR)}"`)),
  ],
  [
    "K27 SubjectConfirmationData NotOnOrAfter two hours ago",
    "subject_confirmation_expired",
    { confirmationNotOnOrAfter: NOW - 2 * HOUR },
  ],
  [
    "K28 SubjectConfirmationData without NotOnOrAfter",
    "subject_confirmation_expired",
    { confirmationNotOnOrAfter: null },
  ],
  [
    "K29 bearer SubjectConfirmationData with NotBefore in the future",
    "subject_confirmation_not_before",
    confirmation(() => data({ NotBefore: iso(NOW + HOUR) })),
  ],
  [
    "K29 bearer SubjectConfirmationData with NotBefore in the past",
    "subject_confirmation_not_before",
    confirmation(() => data({ NotBefore: iso(NOW - HOUR) })),
  ],
  ...[
    "never",
    "",
    "0",
    "NaN",
    "Infinity",
    "2026-11-20",
    "2026-11-20T10:00:00",
    "2026-11-20 10:00:00Z",
    "2026-11-20T25:00:00Z",
    "2026-11-31T10:00:00Z",
    "2026-11-20T10:00:00z",
    "20261120T100000Z",
    "+002026-11-20T10:00:00Z",
    "2026-11-20T10:00:00Z ",
    "1795170000",
    "２０２６-11-20T10:00:00Z",
    "2026-11-20T24:00:00Z",
    "Fri, 20 Nov 2026 10:00:00 GMT",
    "2026-11-20T10:00:00+01:00",
    "99999-11-20T10:00:00Z",
  ].flatMap((text): Row[] => [
    [
      `K30 Conditions NotOnOrAfter is ${JSON.stringify(text)}`,
      ["time_invalid", "conditions_expired"],
      conditions((c) => swap(c, /NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${text}"`)),
    ],
    [
      `K30 Conditions NotBefore is ${JSON.stringify(text)}`,
      ["time_invalid"],
      conditions((c) => swap(c, /NotBefore="[^"]*"/, `NotBefore="${text}"`)),
    ],
    [
      `K30 SubjectConfirmationData NotOnOrAfter is ${JSON.stringify(text)}`,
      ["time_invalid"],
      confirmation(() => data({ NotOnOrAfter: text })),
    ],
    [
      `K31 IssueInstant of the assertion is ${JSON.stringify(text)}`,
      ["time_invalid"],
      assertion((x) => swap(x, /IssueInstant="[^"]*"/, `IssueInstant="${text}"`)),
    ],
    [
      `K31 AuthnInstant is ${JSON.stringify(text)}`,
      ["time_invalid"],
      assertion((x) => swap(x, /AuthnInstant="[^"]*"/, `AuthnInstant="${text}"`)),
    ],
    [
      `K31 SessionNotOnOrAfter is ${JSON.stringify(text)}`,
      ["time_invalid", "session_not_on_or_after_passed"],
      assertion((x) => swap(x, "<AuthnStatement ", `<AuthnStatement SessionNotOnOrAfter="${text}" `)),
    ],
  ]),
  [
    "K32 expired two hours ago, written with an offset of -12:00",
    "time_invalid",
    conditions((c) => swap(c, /NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${iso(NOW - 14 * HOUR).replace("Z", "-12:00")}"`)),
  ],
  [
    "K32 the same in SubjectConfirmationData",
    "time_invalid",
    confirmation(() => data({ NotOnOrAfter: iso(NOW + 10 * HOUR).replace("Z", "+12:00") })),
  ],
  [
    "K33 NotBefore after NotOnOrAfter",
    "time_invalid",
    { notBefore: NOW + HOUR, notOnOrAfter: NOW - HOUR, confirmationNotOnOrAfter: NOW + HOUR },
  ],
  ["K34 no Conditions at all", "conditions_missing", assertion((x) => drop(x, cut(x, "Conditions")))],
  ["K34 two Conditions", "schema_invalid", assertion((x) => putAfter(x, "</Conditions>", cut(x, "Conditions")))],
  // Subject
  [
    "K35 only a sender-vouches confirmation",
    "subject_confirmation_missing",
    confirmation((c) => swap(c, BEARER, "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")),
  ],
  [
    "K35 only a holder-of-key confirmation",
    "subject_confirmation_missing",
    confirmation((c) => swap(c, BEARER, "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")),
  ],
  [
    "K35 a method that begins like bearer",
    "subject_confirmation_missing",
    confirmation((c) => swap(c, BEARER, `${BEARER}x`)),
  ],
  [
    "K35 a SubjectConfirmation in another namespace",
    "subject_confirmation_missing",
    confirmation((c) => swap(c, "<SubjectConfirmation ", '<SubjectConfirmation xmlns="urn:x" ')),
  ],
  ["K36 Subject without SubjectConfirmation", "subject_confirmation_missing", confirmation(() => "")],
  [
    "K37 bearer SubjectConfirmation without SubjectConfirmationData",
    "subject_confirmation_missing",
    confirmation(() => `<SubjectConfirmation Method="${BEARER}"/>`),
  ],
  [
    "K38 two confirmations: each satisfies a different half of the checks",
    "recipient_mismatch",
    confirmation(() => data({ Recipient: "https://other.example/" }) + data({ NotOnOrAfter: iso(NOW - HOUR) })),
  ],
  [
    "K38 the halves in the other order",
    "subject_confirmation_expired",
    confirmation(() => data({ NotOnOrAfter: iso(NOW - HOUR) }) + data({ Recipient: "https://other.example/" })),
  ],
  [
    "K38 one confirmation with two SubjectConfirmationData halves",
    "recipient_mismatch",
    confirmation(
      () =>
        `<SubjectConfirmation Method="${BEARER}"><SubjectConfirmationData Recipient="https://other.example/" NotOnOrAfter="${iso(NOW + HOUR)}" InResponseTo="${REQUEST}"/><SubjectConfirmationData Recipient="${ACS}" NotOnOrAfter="${iso(NOW - HOUR)}" InResponseTo="${REQUEST}"/></SubjectConfirmation>`,
    ),
  ],
  // Status
  [
    "K39 failure status with an assertion inside",
    "status_not_success",
    { status: [RESPONDER], withAssertion: true, sign: "response" },
  ],
  [
    "K40 failure status, assertion signed",
    "status_not_success",
    { status: [RESPONDER, AUTHN_FAILED], withAssertion: true },
  ],
  [
    "K41 top-level Responder with nested Success",
    "status_not_success",
    { status: [RESPONDER, STATUS_SUCCESS], withAssertion: true },
  ],
  ["K42 Response without Status", "schema_invalid", response((x) => drop(x, cut(x, "samlp:Status")))],
  ["K42 Status without StatusCode", "schema_invalid", response((x) => drop(x, cut(x, "samlp:StatusCode")))],
  ["K42 StatusCode without Value", "schema_invalid", response((x) => drop(x, ` Value="${STATUS_SUCCESS}"`))],
  [
    "K42 Status in another namespace",
    "schema_invalid",
    response((x) => swap(x, "<samlp:Status>", '<samlp:Status xmlns:samlp="urn:x">')),
  ],
  [
    "K43 two Status elements: Success then AuthnFailed",
    "schema_invalid",
    response((x) => putAfter(x, "</samlp:Status>", cut(x, "samlp:Status").replace(STATUS_SUCCESS, AUTHN_FAILED))),
  ],
  [
    "K43 two StatusCodes: Success then AuthnFailed",
    "schema_invalid",
    response((x) => putAfter(x, cut(x, "samlp:StatusCode"), `<samlp:StatusCode Value="${AUTHN_FAILED}"/>`)),
  ],
  [
    "K43 Status after the assertion",
    "schema_invalid",
    response((x) => putBefore(drop(x, cut(x, "samlp:Status")), "</samlp:Response>", cut(x, "samlp:Status"))),
  ],
  [
    "K44 StatusCode value ends in :Success but is another URI",
    "status_not_success",
    { status: ["urn:evil:status:Success"], withAssertion: true },
  ],
  ...[`${STATUS_SUCCESS} `, STATUS_SUCCESS.toUpperCase(), "", "Success", `${STATUS_SUCCESS}#`].map(
    (status): Row => [
      `K44 StatusCode ${JSON.stringify(status)}`,
      "status_not_success",
      { status: [status], withAssertion: true },
    ],
  ),
  [
    "K45 Version 1.1 on the assertion",
    "version_unsupported",
    assertion((x) => swap(x, 'Version="2.0"', 'Version="1.1"')),
  ],
  [
    "K45 Version 1.1 on the Response",
    "version_unsupported",
    response((x) => swap(x, 'Version="2.0"', 'Version="1.1"')),
  ],
  [
    "K45 Version 2.00 on the Response",
    "version_unsupported",
    response((x) => swap(x, 'Version="2.0"', 'Version="2.00"')),
  ],
  ["K45 no Version on the assertion", "version_unsupported", assertion((x) => drop(x, ' Version="2.0"'))],
  // Statements
  [
    "K46 Conditions contain an unknown condition",
    "condition_unknown",
    conditions((c) =>
      putBefore(
        c,
        "</Conditions>",
        '<Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x" xsi:type="x:Delegation"/>',
      ),
    ),
  ],
  [
    "K46 Conditions contain an element of another namespace",
    "condition_unknown",
    conditions((c) => putBefore(c, "</Conditions>", '<x xmlns="urn:x"/>')),
  ],
  [
    "K47 the Response's IssueInstant is two days old",
    "issue_instant_out_of_window",
    { ...response((x) => swap(x, /IssueInstant="[^"]*"/, `IssueInstant="${iso(NOW - 48 * HOUR)}"`)), sign: "response" },
  ],
  ["K48 no AuthnStatement", "authn_statement_missing", assertion((x) => drop(x, cut(x, "AuthnStatement")))],
  [
    "K48 an AuthzDecisionStatement instead",
    "authn_statement_missing",
    assertion((x) =>
      swap(
        x,
        cut(x, "AuthnStatement"),
        '<AuthzDecisionStatement Resource="urn:x" Decision="Permit"><Action Namespace="urn:x">x</Action></AuthzDecisionStatement>',
      ),
    ),
  ],
  [
    "K49 IssueInstant two days ahead",
    "issue_instant_out_of_window",
    assertion((x) => swap(x, /IssueInstant="[^"]*"/, `IssueInstant="${iso(NOW + 48 * HOUR)}"`)),
  ],
  [
    "K49 IssueInstant an hour old",
    "issue_instant_out_of_window",
    assertion((x) => swap(x, /IssueInstant="[^"]*"/, `IssueInstant="${iso(NOW - HOUR)}"`)),
  ],
  ["K50 SessionNotOnOrAfter an hour ago", "session_not_on_or_after_passed", { sessionNotOnOrAfter: NOW - HOUR }],
  ["K50 AuthnInstant two days ahead", "time_invalid", { authnInstant: NOW + 48 * HOUR }],
  [
    "K51 assertion without Subject; the e-mail address is only an attribute",
    "subject_missing",
    assertion((x) => drop(x, cut(x, "Subject"))),
  ],
  ["K51 Subject without NameID", "name_id_missing", { nameID: null }],
  ["K51 two NameIDs", "schema_invalid", assertion((x) => putAfter(x, cut(x, "NameID"), cut(x, "NameID")))],
  [
    "K51 BaseID in place of NameID",
    "name_id_missing",
    assertion((x) =>
      swap(
        x,
        cut(x, "NameID"),
        '<BaseID xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x" xsi:type="x:y"/>',
      ),
    ),
  ],
  [
    "K51 NameID only inside SubjectConfirmation",
    "name_id_missing",
    assertion((x) => putAfter(drop(x, cut(x, "NameID")), `<SubjectConfirmation Method="${BEARER}">`, cut(x, "NameID"))),
  ],
  [
    "K51 NameID with a child element",
    "name_id_invalid",
    assertion((x) => swap(x, ">attacker@corp.example<", "><b>victim@corp.example</b><")),
  ],
  ["K51 NameID is empty", "name_id_invalid", { nameID: "" }],
  ["K51 NameID is white space", "name_id_invalid", { nameID: "  " }],
  [
    "K52 root element is AuthnRequest",
    "message_type",
    { edit: { sent: (x) => x.replaceAll("samlp:Response", "samlp:AuthnRequest") } },
  ],
  [
    "K52 root element is ArtifactResponse",
    "message_type",
    { edit: { sent: (x) => x.replaceAll("samlp:Response", "samlp:ArtifactResponse") } },
  ],
  [
    "K53 root element is ResponseX",
    "message_type",
    { edit: { sent: (x) => x.replaceAll("samlp:Response", "samlp:ResponseX") } },
  ],
  [
    "K53 root element is response",
    "message_type",
    { edit: { sent: (x) => x.replaceAll("samlp:Response", "samlp:response") } },
  ],
  [
    "K53 root element Response of another namespace",
    "message_type",
    {
      edit: {
        sent: (x) =>
          swap(
            x,
            'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"',
            'xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol"',
          ),
      },
    },
  ],
  ["K54 a Response without an assertion", "assertion_missing", { withAssertion: false }],
  ["K54 a signed Response without an assertion", "assertion_missing", { withAssertion: false, sign: "response" }],
  [
    "K55 ForceAuthn was asked for; the authentication is older than the request (S08)",
    "authn_instant_too_old",
    { authnInstant: NOW - HOUR },
    { authnInstantNotBefore: NOW - 300_000 },
  ],
  [
    "K56 S09 weaker AuthnContextClassRef than was asked for",
    "authn_context_mismatch",
    {},
    { requestedAuthnContext: ["http://schemas.microsoft.com/claims/multipleauthn"] },
  ],
  [
    "K56 AuthnContextClassRef that begins like the one asked for",
    "authn_context_mismatch",
    { authnContextClassRef: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password" },
    { requestedAuthnContext: ["urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"] },
  ],
  [
    "K57 a second AuthnStatement with the context that was asked for, the first without",
    "authn_context_mismatch",
    assertion((x) =>
      putAfter(x, "</AuthnStatement>", cut(x, "AuthnStatement").replace("classes:Password", "classes:X509")),
    ),
    { requestedAuthnContext: ["urn:oasis:names:tc:SAML:2.0:ac:classes:X509"] },
  ],
  [
    "K58 a second AuthnStatement whose session has passed",
    "session_not_on_or_after_passed",
    assertion((x) =>
      putAfter(
        x,
        "</AuthnStatement>",
        swap(cut(x, "AuthnStatement"), "<AuthnStatement ", `<AuthnStatement SessionNotOnOrAfter="${iso(NOW - HOUR)}" `),
      ),
    ),
  ],
  [
    "K59 statements before the Subject",
    "schema_invalid",
    assertion((x) => putBefore(drop(x, cut(x, "AuthnStatement")), "<Subject>", cut(x, "AuthnStatement"))),
  ],
];

describe("K: protocol checks", () => {
  honestTwin();

  for (const [name, code, recipe, overrides] of ROWS) {
    attack(name, code, async (s) => {
      const { xml } = await s.own(recipe);
      return overrides ? { message: xml, overrides } : xml;
    });
  }

  it("K60 the same Response twice", async () => {
    const s = await scene();
    const door = new Door(s.expectations);
    const { samlResponse } = await s.own();
    expect(await door.present(samlResponse)).toMatchObject({ ok: true });
    expect(await door.present(samlResponse)).toMatchObject({ ok: false, code: "in_response_to_mismatch" });
    door.expectAnswerTo(REQUEST);
    expect(await door.present(samlResponse)).toMatchObject({ ok: false, code: "assertion_used" });
  });
  it("K61 the same signed assertion in a new Response wrapper with another Response ID", async () => {
    const s = await scene();
    const door = new Door(s.expectations);
    const { xml } = await s.own();
    expect(await door.present(fieldOf(xml))).toMatchObject({ ok: true });
    door.expectAnswerTo(REQUEST);
    expect(await door.present(fieldOf(withId(xml, "_new")))).toMatchObject({ ok: false, code: "assertion_used" });
  });
  it("K62 the same assertion in other bytes: comments, CDATA, quotes, unused declarations", async () => {
    const s = await scene();
    const door = new Door(s.expectations);
    const { xml } = await s.own();
    expect(await door.present(fieldOf(xml))).toMatchObject({ ok: true });
    for (const other of [
      `<!-- x -->${xml}`,
      xml.replaceAll('"', "'"),
      swap(xml, "<Subject>", '<Subject xmlns:u="urn:u">'),
      `${xml}\n`,
    ]) {
      door.expectAnswerTo(REQUEST);
      expect(await door.present(fieldOf(other))).toMatchObject({ ok: false, code: "assertion_used" });
    }
  });
  it("K63 an assertion with OneTimeUse presented twice, IdP-initiated", async () => {
    const s = await scene();
    const door = new Door({ ...s.expectations, allowIdpInitiated: true }, null);
    const { samlResponse } = await s.own({
      inResponseTo: null,
      ...conditions((c) => putBefore(c, "</Conditions>", "<OneTimeUse/>")),
    });
    expect(await door.present(samlResponse)).toMatchObject({ ok: true });
    expect(await door.present(samlResponse)).toMatchObject({ ok: false, code: "assertion_used" });
  });
  it("K64 use is remembered for as long as the assertion could pass", async () => {
    const s = await scene();
    const own = await s.own();
    const { notOnOrAfter } = await mustAccept(own, s);
    for (const later of [0, 60_000, 600_000, 720_000, HOUR, 2 * HOUR]) {
      const now = NOW + later;
      const outcome = await outcomeOf(own, s, { now });
      if (outcome.ok) expect(notOnOrAfter).toBeGreaterThan(now);
    }
    expect(await outcomeOf(own, s, { now: notOnOrAfter })).toMatchObject({ ok: false });
  });

  it("K65 clocks apart by less than the skew are forgiven, by more are not", async () => {
    const s = await scene();
    const own = await s.own();
    for (const [now, ok] of [
      [NOW - 119_000, true],
      [NOW - 121_000, false],
      [NOW + 600_000 + 119_000, true],
      [NOW + 600_000 + 121_000, false],
    ] as const) {
      expect(await outcomeOf(own, s, { now }), `${(now - NOW) / 1000} s`).toMatchObject({ ok });
    }
  });
  it("K66 what is honest and unusual is accepted", async () => {
    const s = await scene();
    const recipes: readonly (readonly [Recipe, Overrides?])[] = [
      [{ audience: ["urn:other", ENTITY_ID] }],
      [{ destination: null }],
      [{ responseIssuer: null }],
      [{ notBefore: null }],
      [{ notOnOrAfter: null, confirmationNotOnOrAfter: NOW + HOUR }],
      [{ responseInResponseTo: null }],
      [{ sessionIndex: null }],
      [{ status: [STATUS_SUCCESS, AUTHN_FAILED] }],
      [{ attributes: null }],
      [{ nameID: { value: "x", format: null } }],
      [{ authnInstant: NOW - 90 * 24 * HOUR }],
      [{ inResponseTo: null }, { allowIdpInitiated: true }],
      [conditions((c) => putBefore(c, "</Conditions>", '<OneTimeUse/><ProxyRestriction Count="0"/>'))],
      [conditions((c) => putAfter(c, "</AudienceRestriction>", cut(c, "AudienceRestriction")))],
      [confirmation((c) => data({ Recipient: "https://other.example/" }) + c)],
      [confirmation((c) => c + c.replace(BEARER, "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"))],
      [assertion((x) => putAfter(x, "</Conditions>", '<Advice><x xmlns="urn:x">y</x></Advice>'))],
      [{ authnContextClassRef: "urn:x" }, { requestedAuthnContext: ["urn:y", "urn:x"] }],
      [{ sessionNotOnOrAfter: NOW + HOUR }],
      [{}, { idpEntityIds: null }],
    ];
    for (const [recipe, overrides] of recipes) {
      const door = new Door({ ...s.expectations, ...overrides }, recipe.inResponseTo === null ? null : REQUEST);
      expect(await door.present((await s.own(recipe)).samlResponse), JSON.stringify(recipe)).toMatchObject({
        ok: true,
      });
    }
  });
  it("our own addresses in these tests are of one origin", () => {
    expect([ACS, ENTITY_ID].every((url) => url.startsWith(`${ORIGIN}/`))).toBe(true);
  });
});
