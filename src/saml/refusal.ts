/**
 * What the protocol core answers when it does not believe a message: a value with a stable code, never an exception.
 * The codes are part of the product's contract (they stand in sign-in records and in the administrator's log).
 */

export const SAML_REFUSAL_CODES = [
  // The envelope: SAML Bindings 3.4, 3.5
  "message_missing",
  "message_too_large",
  "base64_invalid",
  "deflate_invalid",
  // The reader: XML 1.0, Namespaces in XML 1.0
  "xml_encoding",
  "xml_doctype",
  "xml_processing_instruction",
  "xml_malformed",
  "xml_namespace",
  "xml_duplicate_id",
  "xml_limit",
  // The shape of the message: SAML Core 2, 3
  "message_type",
  "version_unsupported",
  "schema_invalid",
  "id_invalid",
  "time_invalid",
  // Status: SAML Core 3.2.2
  "status_not_success",
  // Which assertion: SAML Profiles 4.1.4
  "assertion_missing",
  "assertion_not_single",
  // Encryption: XML-Enc. One code for whatever went wrong inside, so that it can't serve as an oracle.
  "encryption_not_expected",
  "encryption_required",
  "encryption_algorithm",
  "decryption_failed",
  // Signature: SAML Core 5.4, XML-DSig
  "certificate_missing",
  "signature_missing",
  "signature_misplaced",
  "signature_malformed",
  "signature_algorithm",
  "signature_transform",
  "signature_reference",
  "signature_invalid",
  "digest_mismatch",
  // Who speaks, and to whom: SAML Core 2.2.5, 3.2.2; Profiles 4.1.4
  "issuer_missing",
  "issuer_mismatch",
  "destination_missing",
  "destination_mismatch",
  "in_response_to_missing",
  "in_response_to_mismatch",
  // Subject: SAML Core 2.4, Profiles 4.1.4.2
  "subject_missing",
  "name_id_missing",
  "name_id_invalid",
  "subject_confirmation_missing",
  "recipient_mismatch",
  "subject_confirmation_expired",
  "subject_confirmation_not_before",
  // Conditions: SAML Core 2.5
  "conditions_missing",
  "conditions_not_yet_valid",
  "conditions_expired",
  "condition_unknown",
  "audience_missing",
  "audience_mismatch",
  "issue_instant_out_of_window",
  // Authentication: SAML Core 2.7.2
  "authn_statement_missing",
  "authn_instant_too_old",
  "authn_context_mismatch",
  "session_not_on_or_after_passed",
  // Attributes: SAML Core 2.7.3
  "attribute_duplicate",
] as const;

export type SamlRefusalCode = (typeof SAML_REFUSAL_CODES)[number];

/** Why a message is not believed. `expected` and `received` are for the administrator; they may hold hostile text and are escaped where shown. */
export interface SamlRefusal {
  readonly code: SamlRefusalCode;
  readonly expected?: string;
  readonly received?: string;
  /** Byte offset in the message, where the reader knows one. */
  readonly offset?: number;
}

export type Result<T, E = SamlRefusal> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: E };

export function accept<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refuse(
  code: SamlRefusalCode,
  detail: Omit<SamlRefusal, "code"> = {},
): { readonly ok: false; readonly refusal: SamlRefusal } {
  return { ok: false, refusal: { code, ...detail } };
}

/** One line of the sign-in log: a named check, in the order it was made. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: string | null;
  readonly received: string | null;
}
