/** One message for every code that the core can answer with: a new code without a message here does not compile. */
import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodeRedirectMessage } from "../../src/saml/bindings.ts";
import { SAML_REFUSAL_CODES, type SamlRefusalCode } from "../../src/saml/refusal.ts";
import { decideResponse } from "../../src/saml/response.ts";
import { CONFIRMATION_BEARER, NS, SIGNATURE } from "../../src/saml/terms.ts";
import { toBase64 } from "../support/identity-provider.ts";
import { CONTENT_CIPHER } from "../support/messages/encrypt.ts";
import { NOW, type Overrides, type Recipe, type Scene, scene } from "../support/messages/scene.ts";

type Make = (s: Scene) => Promise<string>;

async function code(s: Scene, samlResponse: string, overrides: Overrides = {}): Promise<string> {
  const decision = await decideResponse(samlResponse, { ...s.expectations, ...overrides });
  return decision.ok ? "accepted" : decision.refusal.code;
}
const field =
  (make: (s: Scene) => string | Uint8Array): Make =>
  (s) =>
    code(s, toBase64(make(s)));
const own =
  (recipe: Recipe = {}, overrides: Overrides = {}): Make =>
  async (s) =>
    code(s, (await s.own(recipe)).samlResponse, overrides);
const sent = (edit: (xml: string) => string) => own({ edit: { sent: edit } });
const signed = (edit: (xml: string) => string) => own({ edit: { assertion: edit } });
const gcm = (s: Scene) => ({ to: s.sp, cipher: CONTENT_CIPHER.aes256gcm });

const MESSAGES: Record<SamlRefusalCode, Make> = {
  message_missing: (s) => code(s, ""),
  message_too_large: (s) => code(s, "A".repeat(400_000)),
  base64_invalid: (s) => code(s, "PHNhbWxwOlJlc3BvbnNl*"),
  deflate_invalid: async () => {
    const cut = deflateRawSync("<samlp:LogoutRequest/>".repeat(9)).subarray(0, -3);
    const decoded = decodeRedirectMessage(cut.toString("base64"));
    return decoded.ok ? "accepted" : decoded.refusal.code;
  },
  xml_encoding: field(() => Uint8Array.of(0x3c, 0xc1, 0x80, 0x3e)),
  xml_doctype: sent((xml) => `<!DOCTYPE a>${xml}`),
  xml_processing_instruction: sent((xml) => xml.replace("<samlp:Status>", "<?x y?><samlp:Status>")),
  xml_malformed: sent((xml) => xml.slice(0, -1)),
  xml_namespace: sent((xml) => xml.replace("<samlp:Status>", "<nowhere:x/><samlp:Status>")),
  xml_duplicate_id: sent((xml) =>
    xml.replace("<samlp:StatusCode", `<samlp:StatusCode ID="${/ID="([^"]*)"/.exec(xml)?.[1]}"`),
  ),
  xml_limit: field(() => "<a>".repeat(100)),
  message_type: field(() => `<LogoutRequest xmlns="${NS.samlp}"/>`),
  version_unsupported: sent((xml) => xml.replace('Version="2.0"', 'Version="1.1"')),
  schema_invalid: sent((xml) => xml.replace(/<samlp:Status>.*<\/samlp:Status>/, "")),
  id_invalid: sent((xml) => xml.replace(/ID="/, 'ID="0')),
  time_invalid: signed((xml) => xml.replace(/AuthnInstant="[^"]*"/, 'AuthnInstant="soon"')),
  status_not_success: own({ status: ["urn:oasis:names:tc:SAML:2.0:status:Requester"] }),
  assertion_missing: sent((xml) => xml.replace(/<Assertion .*<\/Assertion>/, "")),
  assertion_not_single: sent((xml) =>
    xml.replace("<samlp:Status>", `<samlp:Extensions><Assertion xmlns="${NS.saml}"/></samlp:Extensions><samlp:Status>`),
  ),
  encryption_not_expected: async (s) =>
    code(s, (await s.own({ encrypt: gcm(s) })).samlResponse, { decryptionKeys: [] }),
  encryption_required: own({}, { wantEncryptedAssertions: true }),
  encryption_algorithm: async (s) =>
    code(s, (await s.own({ encrypt: { to: s.sp, cipher: CONTENT_CIPHER.tripleDes } })).samlResponse),
  decryption_failed: async (s) => code(s, (await s.own({ encrypt: { ...gcm(s), to: s.idp.keyPair } })).samlResponse),
  certificate_missing: own({}, { certificates: [] }),
  signature_missing: own({ sign: "none" }),
  signature_misplaced: sent((xml) =>
    xml.replace("<samlp:Status>", `<samlp:Extensions><Signature xmlns="${NS.ds}"/></samlp:Extensions><samlp:Status>`),
  ),
  signature_malformed: sent((xml) => xml.replace("<SignedInfo>", "<SignedInfo><!-- x -->")),
  signature_algorithm: own({ signature: { algorithm: SIGNATURE.rsaSha1 } }),
  signature_transform: own({ signature: { transform: "http://www.w3.org/TR/1999/REC-xslt-19991116" } }),
  signature_reference: own({ signature: { uri: "" } }),
  signature_invalid: async (s) => code(s, (await s.mallory.respond(s.options)).samlResponse),
  digest_mismatch: sent((xml) => xml.replace(/attacker@/, "victim@")),
  issuer_missing: own({ issuer: null }),
  issuer_mismatch: own({ issuer: "https://other.example/" }),
  destination_missing: own({ destination: null, sign: "response" }),
  destination_mismatch: own({ destination: "https://other.example/acs" }),
  in_response_to_missing: own({ inResponseTo: null }),
  in_response_to_mismatch: own({ responseInResponseTo: "_other" }),
  subject_missing: signed((xml) => xml.replace(/<Subject>.*<\/Subject>/, "")),
  name_id_missing: own({ nameID: null, attributes: {} }),
  name_id_invalid: own({ nameID: "vic\u200btim@corp.example" }),
  subject_confirmation_missing: signed((xml) =>
    xml.replace(CONFIRMATION_BEARER, "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
  ),
  recipient_mismatch: own({ recipient: "https://other.example/acs" }),
  subject_confirmation_expired: own({ confirmationNotOnOrAfter: NOW - 7_200_000 }),
  subject_confirmation_not_before: signed((xml) =>
    xml.replace("<SubjectConfirmationData", '<SubjectConfirmationData NotBefore="2020-01-01T00:00:00Z"'),
  ),
  conditions_missing: signed((xml) => xml.replace(/<Conditions.*<\/Conditions>/, "")),
  conditions_not_yet_valid: own({ notBefore: NOW + 3_600_000 }),
  conditions_expired: own({
    notBefore: NOW - 7_200_000,
    notOnOrAfter: NOW - 3_600_000,
    confirmationNotOnOrAfter: NOW + 60_000,
  }),
  condition_unknown: signed((xml) => xml.replace("</Conditions>", '<x xmlns="urn:x"/></Conditions>')),
  audience_missing: own({ audience: null }),
  audience_mismatch: own({ audience: "https://other.example/metadata" }),
  issue_instant_out_of_window: own({ issueInstant: NOW - 86_400_000, notOnOrAfter: NOW + 86_400_000 }),
  authn_statement_missing: signed((xml) => xml.replace(/<AuthnStatement.*<\/AuthnStatement>/, "")),
  authn_instant_too_old: own({ authnInstant: NOW - 86_400_000 }, { authnInstantNotBefore: NOW - 60_000 }),
  authn_context_mismatch: own({}, { requestedAuthnContext: ["urn:oasis:names:tc:SAML:2.0:ac:classes:X509"] }),
  session_not_on_or_after_passed: own({ sessionNotOnOrAfter: NOW - 3_600_000 }),
  attribute_duplicate: signed((xml) =>
    xml.replace("</AttributeStatement>", (end) => {
      const name = /<Attribute Name="([^"]*)"/.exec(xml)?.[1];
      return `<Attribute Name="${name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"/>${end}`;
    }),
  ),
};

describe("every code is the answer to some message", () => {
  for (const expected of SAML_REFUSAL_CODES) {
    it(expected, async () => expect(await MESSAGES[expected](await scene())).toBe(expected));
  }

  it("and the message that they are all made from is accepted", async () => {
    expect(await own()(await scene())).toBe("accepted");
  });
});
