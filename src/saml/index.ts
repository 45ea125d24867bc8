/**
 * The protocol core's one door. SAML 2.0 as a service provider speaks it: it reads and judges what identity providers send, and
 * writes what they are sent. Pure: it knows no framework, no database, no clock and no network; everything it needs is handed in.
 *
 * Nothing behind this door believes a byte that no pinned key signed: who needs claims gets a VerifiedAssertion from
 * `decideResponse`, and only from there; who must end a session asks `receiveLogoutQuery` or `receiveLogoutPost`. The parts they are
 * made of (the reader, the verifier, the decrypter) stay inside, so that nobody can verify one thing and read another.
 */
export { type AuthnRequestParts, buildAuthnRequest } from "./authn-request.ts";
export { decodePostMessage, encodePostMessage, redirectUrl } from "./bindings.ts";
export {
  CERTIFICATES_MAX,
  type CertificateProblem,
  type CertificateProblemCode,
  type CertificateResult,
  readCertificates,
} from "./certificate.ts";
export { CHECK_TEXT_CHARS_MAX } from "./checks.ts";
export { MESSAGE_AGE_SECONDS_MAX } from "./envelope.ts";
export { isIdentifier } from "./identifier.ts";
export { generateKeyPair, importDecryptionKey, importSigningKey } from "./key-pair.ts";
export {
  buildLogoutRequest,
  buildLogoutResponse,
  type LogoutExpectations,
  type LogoutRequest,
  type LogoutRequestParts,
  type LogoutResponse,
  type LogoutResponseParts,
  type LogoutTrust,
  receiveLogoutPost,
  receiveLogoutQuery,
} from "./logout.ts";
export { type Endpoint, type IdpMetadata, readIdpMetadata, type SpMetadataParts, spMetadata } from "./metadata.ts";
export { redactMessage } from "./redact.ts";
export {
  accept,
  type Check,
  type Result,
  refuse,
  SAML_REFUSAL_CODES,
  type SamlRefusal,
  type SamlRefusalCode,
} from "./refusal.ts";
export { decideResponse } from "./response.ts";
export { type SigningKey, signElement, signQuery } from "./signature.ts";
export * from "./terms.ts";
export { readTime, writeTime } from "./time.ts";
export type {
  Certificate,
  NameID,
  ResponseDecision,
  ResponseExpectations,
  ResponseStatus,
  VerifiedAssertion,
} from "./types.ts";
