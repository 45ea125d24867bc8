/** Group K, third part: signed by the right key, and nobody, or no success, or no authentication. Rules R18, R21, R22, R25. */
import { STATUS_SUCCESS } from "../../src/saml/terms.ts";
import { ACS, NOW, REQUEST } from "../support/messages/scene.ts";
import { cut, drop, putAfter, putBefore, swap } from "../support/messages/surgery.ts";
import {
  AUTHN_FAILED,
  assertion,
  BEARER,
  conditions,
  confirmation,
  data,
  describeRows,
  HOUR,
  iso,
  RESPONDER,
  type Row,
  response,
} from "./recipes.ts";

const ROWS: readonly Row[] = [
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

describeRows("K: subject, status, statements", ROWS);
