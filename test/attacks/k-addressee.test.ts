/** Group K, first part: signed by the right key, and not for us, not from him, not for this request. Rules R19, R20, R21, R23, R26. */
import { ACS, ENTITY_ID, REQUEST } from "../support/messages/scene.ts";
import { cut, drop, putAfter, putBefore, swap } from "../support/messages/surgery.ts";
import { assertion, conditions, describeRows, type Row } from "./recipes.ts";

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
];

describeRows("K: audience, recipient, issuer, request", ROWS);
