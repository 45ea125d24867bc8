/**
 * The one place where a refusal or a bug becomes a Response. The visitor sees one of a few constant sentences and a
 * reference; everything else stands in the sign-in record and the log under that reference.
 */
import type { Context } from "hono";
import { ConfigError } from "./config.ts";
import type { AppEnv } from "./context.ts";
import { log } from "./log.ts";
import { count } from "./metrics.ts";
import { type Brand, refusalPage, unavailablePage } from "./pages/index.ts";
import type { SamlRefusalCode } from "./saml/index.ts";
import { StorageUnavailable } from "./store/index.ts";

/** Refusals that are made outside the protocol core. Stable: they stand in sign-in records. */
export const SIGN_IN_REFUSAL_CODES = [
  "form_invalid",
  "request_expired",
  "request_used",
  "assertion_used",
  "confirmation_invalid",
  "test_invalid",
  "email_missing",
  "email_invalid",
  "claim_ambiguous",
  "user_key_invalid",
  "user_unknown",
  "user_disabled",
  "user_conflict",
  "group_missing",
  "company_suspended",
  "local_credentials_wrong",
  "local_not_allowed",
  "local_throttled",
  "invitation_invalid",
  "passkey_malformed",
  "passkey_challenge_invalid",
  "passkey_challenge_expired",
  "passkey_challenge_used",
  "passkey_origin",
  "passkey_rp_id",
  "passkey_not_verified",
  "passkey_unknown",
  "passkey_user_handle",
  "passkey_signature",
  "passkey_counter",
  "passkey_exists",
] as const;

export type RefusalCode = SamlRefusalCode | (typeof SIGN_IN_REFUSAL_CODES)[number];

type Face =
  | "not_readable"
  | "not_believed"
  | "not_signed_in"
  | "start_again"
  | "not_admitted"
  | "password_wrong"
  | "password_barred"
  | "too_often"
  | "link_over"
  | "passkey_wrong";

/** What the visitor reads of a refusal. */
export interface VisitorWords {
  readonly status: 400 | 403 | 429;
  readonly title: string;
  readonly sentence: string;
  readonly advice: string;
  readonly retry: boolean;
}

const FACES: Record<Face, VisitorWords> = {
  not_readable: {
    status: 400,
    title: "This sign-in could not be read",
    sentence: "What arrived here is not a sign-in answer that we can read.",
    advice: "Please start again. If it happens twice, give your administrator the reference below.",
    retry: true,
  },
  not_believed: {
    status: 403,
    title: "This sign-in was not accepted",
    sentence: "The answer of your organisation’s identity provider could not be verified.",
    advice: "Please give your administrator the reference below: the sign-in log says what has to change.",
    retry: true,
  },
  not_signed_in: {
    status: 403,
    title: "You were not signed in",
    sentence: "Your organisation’s identity provider did not complete the sign-in.",
    advice: "Try again. If you did not cancel it yourself, give your administrator the reference below.",
    retry: true,
  },
  start_again: {
    status: 403,
    title: "This sign-in is over",
    sentence: "It took too long, was already used, or belongs to another window.",
    advice: "Please start again.",
    retry: true,
  },
  not_admitted: {
    status: 403,
    title: "You don’t have access here",
    sentence: "Your identity is known, but it has no access to this application.",
    advice: "Ask your organisation’s administrator for access and give them the reference below.",
    retry: false,
  },
  password_wrong: {
    status: 403,
    title: "This sign-in did not work",
    sentence: "The e-mail address or the password is not right, or this account can’t sign in with a password.",
    advice: "Try again, or ask your administrator for a link to choose a new password.",
    retry: true,
  },
  password_barred: {
    status: 403,
    title: "This account can’t use a password or a passkey",
    sentence: "It signs in through your organisation, or it is closed.",
    advice: "Ask your organisation’s administrator and give them the reference below.",
    retry: false,
  },
  too_often: {
    status: 429,
    title: "Too many attempts",
    sentence: "There were too many attempts to sign in from here or with this address.",
    advice: "Wait a quarter of an hour, then try again.",
    retry: true,
  },
  link_over: {
    status: 403,
    title: "This link does not work any more",
    sentence: "It was already used, has expired or was withdrawn. A link works once.",
    advice: "If you have chosen a password with it, sign in with that. If not, ask for a new link.",
    retry: false,
  },
  passkey_wrong: {
    status: 403,
    title: "This passkey did not work",
    sentence: "It is not for this host or can’t be used here, or it took too long.",
    advice: "Try again, or sign in another way. If it stays, give your administrator the reference below.",
    retry: true,
  },
};

/** Exhaustive by type: a new code does not compile until it has a face. */
export function faceOf(code: RefusalCode): Face {
  switch (code) {
    case "form_invalid":
    case "message_missing":
    case "message_too_large":
    case "base64_invalid":
    case "deflate_invalid":
    case "xml_encoding":
    case "xml_doctype":
    case "xml_processing_instruction":
    case "xml_malformed":
    case "xml_namespace":
    case "xml_duplicate_id":
    case "xml_limit":
      return "not_readable";
    case "status_not_success":
      return "not_signed_in";
    case "request_expired":
    case "request_used":
    case "assertion_used":
    case "confirmation_invalid":
    case "test_invalid":
    case "in_response_to_missing":
    case "in_response_to_mismatch":
    case "conditions_expired":
    case "subject_confirmation_expired":
      return "start_again";
    case "email_missing":
    case "email_invalid":
    case "claim_ambiguous":
    case "user_key_invalid":
    case "user_unknown":
    case "user_disabled":
    case "user_conflict":
    case "group_missing":
    case "company_suspended":
      return "not_admitted";
    case "local_credentials_wrong":
      return "password_wrong";
    case "local_not_allowed":
      return "password_barred";
    case "local_throttled":
      return "too_often";
    case "invitation_invalid":
      return "link_over";
    case "passkey_malformed":
    case "passkey_challenge_invalid":
    case "passkey_challenge_expired":
    case "passkey_challenge_used":
    case "passkey_origin":
    case "passkey_rp_id":
    case "passkey_not_verified":
    case "passkey_unknown":
    case "passkey_user_handle":
    case "passkey_signature":
    case "passkey_counter":
    case "passkey_exists":
      return "passkey_wrong";
    case "message_type":
    case "version_unsupported":
    case "schema_invalid":
    case "id_invalid":
    case "time_invalid":
    case "assertion_missing":
    case "assertion_not_single":
    case "encryption_not_expected":
    case "encryption_required":
    case "encryption_algorithm":
    case "decryption_failed":
    case "certificate_missing":
    case "signature_missing":
    case "signature_misplaced":
    case "signature_malformed":
    case "signature_algorithm":
    case "signature_transform":
    case "signature_reference":
    case "signature_invalid":
    case "digest_mismatch":
    case "issuer_missing":
    case "issuer_mismatch":
    case "destination_missing":
    case "destination_mismatch":
    case "subject_missing":
    case "name_id_missing":
    case "name_id_invalid":
    case "subject_confirmation_missing":
    case "recipient_mismatch":
    case "subject_confirmation_not_before":
    case "conditions_missing":
    case "conditions_not_yet_valid":
    case "condition_unknown":
    case "audience_missing":
    case "audience_mismatch":
    case "issue_instant_out_of_window":
    case "authn_statement_missing":
    case "authn_instant_too_old":
    case "authn_context_mismatch":
    case "session_not_on_or_after_passed":
    case "attribute_duplicate":
      return "not_believed";
  }
}

export function visitorWords(code: RefusalCode): VisitorWords {
  return FACES[faceOf(code)];
}

/** No letters or digits that are mistaken for one another when read out over a telephone. */
const REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const REFERENCE_CHARS = 10;

/** What the visitor reads to the administrator: ten characters, 49 random bits. */
export function newReference(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(REFERENCE_CHARS));
  const text = [...bytes].map((byte) => REFERENCE_ALPHABET[byte % REFERENCE_ALPHABET.length]).join("");
  return `${text.slice(0, 5)}-${text.slice(5)}`;
}

/** Whether a text looks like one of ours, so that it may be shown. */
export function isReference(text: string): boolean {
  return (
    text.length === REFERENCE_CHARS + 1 &&
    text[5] === "-" &&
    [...text.replace("-", "")].every((c) => REFERENCE_ALPHABET.includes(c))
  );
}

/** The page of a refused sign-in. `refreshTo` leads a visitor who is signed in all the same (the back button) home. */
export function refusalResponse(p: {
  code: RefusalCode;
  reference: string;
  retry: string;
  refreshTo?: string;
  company?: Brand;
}): Response {
  const face = FACES[faceOf(p.code)];
  return refusalPage({
    status: face.status,
    title: face.title,
    sentence: face.sentence,
    advice: face.advice,
    reference: p.reference,
    home: null,
    retry: face.retry ? p.retry : null,
    ...(p.refreshTo === undefined ? {} : { refreshTo: p.refreshTo }),
    ...(p.company === undefined ? {} : { company: p.company }),
  });
}

/** RFC 9457. */
export function problem(
  status: number,
  type: string,
  title: string,
  extra: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify({ type: `urn:vestibule:problem:${type}`, title, status, ...extra }), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}

/** Where a session is needed: for whoever reads no pages. */
export function notSignedIn(baseUrl: string, extra: Record<string, unknown> = {}): Response {
  return problem(401, "not-signed-in", "Nobody is signed in here", { ...extra, signInUrl: `${baseUrl}/sso/login` });
}

/** Whatever was thrown. Nothing of it reaches the visitor but a reference. */
export function failureResponse(error: Error, c: Context<AppEnv>): Response {
  return failureOf(error, c.req.raw, c.get("tenant")?.company.slug);
}

/** The same without a framework's context. `company` is the slug where one is known already. */
export function failureOf(error: Error, request: Request, company: string | undefined): Response {
  const reference = newReference();
  const unavailable = error instanceof StorageUnavailable;
  const event = unavailable ? "storage_unavailable" : error instanceof ConfigError ? "misconfigured" : "bug";
  const { pathname } = new URL(request.url);
  const said = `${error.name}: ${error.message}`;
  log(event, { ...(company ? { company } : {}), reference, method: request.method, path: pathname, error: said });
  count("failures", event);
  const forPeople = (request.headers.get("accept") ?? "").includes("text/html");
  if (unavailable) {
    return forPeople
      ? unavailablePage(reference)
      : problem(503, "unavailable", "The service is unavailable for a moment", { reference }, { "retry-after": "10" });
  }
  if (!forPeople) return problem(500, "internal", "Something went wrong on our side", { reference });
  return refusalPage({
    status: 500,
    title: "Something went wrong on our side",
    sentence: "The fault is not yours.",
    advice: "Please try again in a moment. If it stays, give your administrator the reference below.",
    reference,
    home: null,
    retry: null,
  });
}

/** Before there are any services: the settings themselves are wrong. The log says which. */
export function misconfiguredResponse(error: unknown): Response {
  if (!(error instanceof ConfigError)) throw error;
  log("misconfigured", { error: error.message });
  count("failures", "misconfigured");
  return problem(500, "misconfigured", "The gateway is not configured; its log says which setting is wrong");
}
