/**
 * What to change when a sign-in was refused: one sentence a code, with the field's name in Entra where it is to be changed there.
 * Exhaustive by type: a new code does not compile until somebody has said what to do about it.
 */
import type { RefusalCode } from "../../failure.ts";

export interface Advice {
  /** Who can mend it. */
  readonly where: "At your provider" | "Here" | "The person" | "Nobody";
  readonly sentence: string;
  /** The page of this console that has the field. */
  readonly page?: "settings" | "users" | "groups";
}

export interface Ours {
  readonly entityId: string;
  readonly acsUrl: string;
  /** Whether a certificate that the settings hold has expired. */
  readonly expired?: boolean;
}

const provider = (sentence: string): Advice => ({ where: "At your provider", sentence });
const here = (sentence: string, page: Advice["page"] = "settings"): Advice => ({
  where: "Here",
  sentence,
  ...(page ? { page } : {}),
});
const person = (sentence: string): Advice => ({ where: "The person", sentence });

const RESEND =
  "The message was damaged on its way or is not a SAML answer: let the person try again, and check that the “Reply URL” receives only your provider’s answers.";
const STRUCTURE =
  "Your provider’s answer does not follow SAML 2.0 at the place shown: check that the application is of type SAML 2.0, and ask the provider’s support with this log entry.";
const TRY_AGAIN = "Nothing has to be changed: the person starts again from the application, in one window.";
const SIGNATURE_FORM =
  "The answer is signed in a way that is not accepted: in Entra set “Signing Option” to “Sign SAML assertion” and “Signing Algorithm” to “SHA-256”.";
const REPLY_URL = ({ acsUrl }: Ours) =>
  provider(`In Entra, Basic SAML Configuration, set “Reply URL (Assertion Consumer Service URL)” to ${acsUrl}`);
const CLOCK =
  "The clocks differ: if it happens often, raise “Clock skew in seconds” under More in the settings; if it happened once, the person simply tries again.";

const PASSKEY_DAMAGED =
  "What the browser sent is no passkey made or used for this host: the person tries again, or another browser. If it stays, treat it as an attack.";
const PASSKEY_AGAIN = "Nothing has to be changed: the person opens the sign-in page anew and uses the passkey at once.";

/** Refusals of those who come with a passkey. */
const WITH_PASSKEY = {
  passkey_malformed: person(PASSKEY_DAMAGED),
  passkey_challenge_invalid: person(PASSKEY_AGAIN),
  passkey_challenge_expired: person(PASSKEY_AGAIN),
  passkey_challenge_used: person(PASSKEY_AGAIN),
  passkey_origin: person(PASSKEY_DAMAGED),
  passkey_rp_id: person(PASSKEY_DAMAGED),
  passkey_not_verified: person(
    "The device did not ask who uses it: the person sets up a PIN, fingerprint or face for it, or uses another passkey.",
  ),
  passkey_unknown: person(
    "This passkey was removed here or never added: the person signs in another way, deletes it on the device and adds a new one.",
  ),
  passkey_user_handle: person(PASSKEY_DAMAGED),
  passkey_signature: person(PASSKEY_DAMAGED),
  passkey_counter: here(
    "The passkey counted backwards, as a copy of it would: remove it from the user, who then adds a new one.",
    "users",
  ),
  passkey_exists: person("The device has this passkey already: the person uses it, or removes it first."),
};

const ADVICE: Record<RefusalCode, Advice | ((ours: Ours) => Advice)> = {
  ...WITH_PASSKEY,
  form_invalid: provider(RESEND),
  message_missing: provider(
    "The address was opened without an answer from the provider: people start at the application itself; “Sign on URL” must not be the Reply URL.",
  ),
  message_too_large: provider(
    "The answer is too large: in Entra, under Attributes & Claims › Groups, send only groups assigned to the application, or roles instead.",
  ),
  base64_invalid: provider(RESEND),
  deflate_invalid: provider(RESEND),
  xml_encoding: provider(STRUCTURE),
  xml_doctype: provider(STRUCTURE),
  xml_processing_instruction: provider(STRUCTURE),
  xml_malformed: provider(STRUCTURE),
  xml_namespace: provider(STRUCTURE),
  xml_duplicate_id: provider(STRUCTURE),
  xml_limit: provider("The answer has more parts than any real one: send fewer attributes or groups with it."),
  message_type: provider(
    "Something other than a sign-in answer came to the “Reply URL”: check that the provider’s “Logout Url” is not set to it.",
  ),
  version_unsupported: provider("The provider speaks another SAML version: choose SAML 2.0 for this application."),
  schema_invalid: provider(STRUCTURE),
  id_invalid: provider(STRUCTURE),
  time_invalid: provider(STRUCTURE),
  status_not_success: provider(
    "Your provider said no; its own words stand in the list below. An AADSTS number among them is explained under “Explain an error”.",
  ),
  assertion_missing: provider(
    "The provider answered without saying who the person is: check in Entra that the person is assigned under Users and groups.",
  ),
  assertion_not_single: provider("The provider sent several assertions: configure one application for one audience."),
  encryption_not_expected: here(
    "The answer is encrypted but no encryption key exists here: turn on “Demand encrypted assertions” under More and give Entra the certificate from our metadata, or turn Token encryption off in Entra.",
  ),
  encryption_required: provider(
    "The answer is not encrypted although the settings demand it: in Entra import our encryption certificate under “Token encryption” and activate it, or turn “Demand encrypted assertions” off here.",
  ),
  encryption_algorithm: provider(
    "The provider encrypts with an algorithm that is not safe: choose AES-128 or AES-256 with RSA-OAEP.",
  ),
  decryption_failed: provider(
    "The answer was encrypted to another certificate: in Entra, Token encryption, import the encryption certificate of our current metadata and activate it.",
  ),
  certificate_missing: here("No certificate is set: add the provider’s “Certificate (Base64)” to the settings."),
  signature_missing: provider(
    "The answer is not signed: in Entra, SAML Certificates › Edit, set “Signing Option” to “Sign SAML assertion”.",
  ),
  signature_misplaced: provider(SIGNATURE_FORM),
  signature_malformed: provider(SIGNATURE_FORM),
  signature_algorithm: provider(
    "The signature uses an algorithm that is not accepted: in Entra, SAML Certificates › Edit, set “Signing Algorithm” to “SHA-256”.",
  ),
  signature_transform: provider(SIGNATURE_FORM),
  signature_reference: provider(SIGNATURE_FORM),
  signature_invalid: ({ expired }) =>
    here(
      `${expired ? "A certificate set here has expired, and Entra then takes its next one by itself. " : ""}The answer was signed by a key that is not set here: download “Certificate (Base64)” anew in Entra, SAML Certificates, and add it to the settings.`,
    ),
  digest_mismatch: provider(
    "The answer was altered after it was signed: something between the provider and here rewrites it, such as a proxy; if it stays, treat it as an attack.",
  ),
  issuer_missing: provider(STRUCTURE),
  issuer_mismatch: here(
    "Another identity provider answered than the settings name: set “Identity provider’s Entity ID” under More to Entra’s “Microsoft Entra Identifier”, or the Login URL to the right tenant.",
  ),
  destination_missing: REPLY_URL,
  destination_mismatch: REPLY_URL,
  in_response_to_missing: here(
    "The sign-in was started at the provider: people start at the “Sign on URL”, or you turn on “Allow IdP-initiated sign-in” under More.",
  ),
  in_response_to_mismatch: person(TRY_AGAIN),
  subject_missing: provider(
    "The answer names nobody: in Entra, Attributes & Claims, choose a source for “Unique User Identifier (Name ID)”.",
  ),
  name_id_missing: provider(
    "The answer has no NameID: in Entra, Attributes & Claims, choose a source for “Unique User Identifier (Name ID)”.",
  ),
  name_id_invalid: provider(
    "The NameID cannot be used: in Entra, Attributes & Claims, set “Unique User Identifier (Name ID)” to user.mail or user.userprincipalname.",
  ),
  subject_confirmation_missing: provider(STRUCTURE),
  recipient_mismatch: REPLY_URL,
  subject_confirmation_expired: person(CLOCK),
  subject_confirmation_not_before: provider(STRUCTURE),
  conditions_missing: ({ entityId }) =>
    provider(`The answer is for no one in particular: set “Identifier (Entity ID)” to ${entityId}`),
  conditions_not_yet_valid: here(CLOCK),
  conditions_expired: person(CLOCK),
  condition_unknown: provider(
    "The provider attached a condition that we do not know and must not ignore: remove it from the token configuration.",
  ),
  audience_missing: ({ entityId }) =>
    provider(`In Entra, Basic SAML Configuration, set “Identifier (Entity ID)” to ${entityId}`),
  audience_mismatch: ({ entityId }) =>
    provider(
      `In Entra, Basic SAML Configuration, set “Identifier (Entity ID)” to ${entityId} exactly as it stands here`,
    ),
  issue_instant_out_of_window: here(CLOCK),
  authn_statement_missing: provider(STRUCTURE),
  authn_instant_too_old: provider(
    "The provider did not ask for credentials anew although “Ask for authentication every time” is on: turn it off under More if the provider cannot do that.",
  ),
  authn_context_mismatch: here(
    "The person signed in by another method than the settings ask for: empty “Requested authentication context” under More, as Entra needs it for MFA and passkeys.",
  ),
  session_not_on_or_after_passed: person(TRY_AGAIN),
  attribute_duplicate: provider(
    "One claim is sent twice: in Entra, Attributes & Claims, remove the second one of that name.",
  ),
  request_expired: person("The sign-in took longer than 15 minutes: the person starts again from the application."),
  request_used: person(
    "This sign-in was completed already, as by the back button: the person opens the application anew.",
  ),
  assertion_used: person(
    "This answer was used already, as by reloading the page: the person opens the application anew.",
  ),
  confirmation_invalid: person(TRY_AGAIN),
  test_invalid: person(
    "The answer to a test sign-in came in another browser than the administrator’s, or too late: start the test again in the console.",
  ),
  email_missing: provider(
    "No e-mail address came: in Entra, Attributes & Claims, add “emailaddress” with the source user.mail, and fill in the person’s Email in their profile.",
  ),
  email_invalid: provider(
    "What came as e-mail address is none: correct the person’s Email in Entra, or name another claim under More › Claim names.",
  ),
  claim_ambiguous: provider(
    "A claim that must have one value has several: choose a source with one value in Entra, Attributes & Claims.",
  ),
  user_key_invalid: here(
    "The claim set as “Claim for the immutable user key” is absent or unusable: correct its name under More, or empty it.",
  ),
  user_unknown: here(
    "Nobody here has this address and Just-In-Time provisioning is off: turn it on in the settings, or create the user.",
  ),
  user_disabled: here("The user is disabled here: enable them if they should have access.", "users"),
  user_conflict: here(
    "The address belongs to a user who is linked to another person at the provider: change that user’s e-mail address here, and the newcomer can sign in.",
    "users",
  ),
  group_missing: here(
    "There is no permission group for this person: choose one under Just-In-Time provisioning that is not of administrators, or correct the group mapping.",
  ),
  company_suspended: { where: "Nobody", sentence: "The operator has suspended the company: ask them." },
  local_credentials_wrong: person(
    "The password or the address was mistyped, or the person never chose a password: an invitation lets them choose one.",
  ),
  local_not_allowed: here(
    "The user is disabled, or in a permission group that can only sign in via Single Sign-On: passwords are refused there, always.",
    "users",
  ),
  local_throttled: person(
    "Too many passwords were tried from one place or for one address: wait a quarter of an hour. If the person did not try, somebody else did.",
  ),
  invitation_invalid: here(
    "The link was already used, has expired or was revoked: make a new invitation for the user.",
    "users",
  ),
};

export function adviceFor(code: string | null, ours: Ours): Advice | null {
  if (code === null || !Object.hasOwn(ADVICE, code)) return null;
  const advice = ADVICE[code as RefusalCode];
  return typeof advice === "function" ? advice(ours) : advice;
}
