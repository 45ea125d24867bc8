/**
 * Owns the one question that matters: which assertion did a pinned key sign? Every signature present must be valid, at least one
 * must cover the assertion, and what goes on from here is read again from the signed bytes. SAML Core 5.4.
 */
import type { CheckList } from "./checks.ts";
import { openEncrypted, type Plaintext } from "./plaintext.ts";
import type { Result } from "./refusal.ts";
import { checkAssertionAlone, type ResponseShape } from "./response-shape.ts";
import { signatureOf, verifyElement } from "./signature.ts";
import { NS } from "./terms.ts";
import type { ResponseExpectations, VerifiedElement, XmlElement } from "./types.ts";
import { childrenNamed } from "./xml.ts";

export interface Proofs {
  /** The Response as its own signature covers it; null when it has none. */
  readonly response: VerifiedElement | null;
  /** The clear Assertion as its own signature covers it; null when it has none, or is encrypted. */
  readonly assertion: VerifiedElement | null;
}

/** Verifies the signatures that stand in the clear. Returns null when one does not hold. */
export async function verifySignatures(
  checks: CheckList,
  shape: ResponseShape,
  expectations: ResponseExpectations,
): Promise<Proofs | null> {
  const { response, assertion } = shape;
  if (expectations.certificates.length === 0) {
    checks.check("certificate", "certificate_missing", false, "a certificate in the company's settings", "none");
    return null;
  }
  let ofAssertion: VerifiedElement | null = null;
  if (assertion && signatureOf(assertion)) {
    ofAssertion = settleSignature(checks, "assertionSignature", await verifyElement(assertion, expectations));
    if (!ofAssertion) return null;
  }
  let ofResponse: VerifiedElement | null = null;
  if (signatureOf(response)) {
    ofResponse = settleSignature(checks, "responseSignature", await verifyElement(response, expectations));
    if (!ofResponse) return null;
  }
  return { response: ofResponse, assertion: ofAssertion };
}

/**
 * The clear assertion that the claims are read from, as a signature covers it: by its own signature where it has one, else as a
 * child of the verified Response.
 */
export function proveAssertion(
  checks: CheckList,
  { assertion }: ResponseShape,
  proofs: Proofs,
  { wantEncryptedAssertions }: ResponseExpectations,
): VerifiedElement | null {
  if (!assertion) {
    checks.check("assertion", "assertion_missing", false, "one Assertion", "none");
    return null;
  }
  checks.check(
    "encryption",
    "encryption_required",
    !wantEncryptedAssertions,
    wantEncryptedAssertions ? "EncryptedAssertion" : null,
    "Assertion",
  );
  return proofs.assertion ?? coveredByResponse(checks, proofs.response, "Assertion");
}

/** The same of an encrypted one. The ciphertext is taken from the verified Response when there is one. */
export async function proveEncryptedAssertion(
  checks: CheckList,
  received: XmlElement,
  { response }: Proofs,
  expectations: ResponseExpectations,
): Promise<VerifiedElement | null> {
  const covered = response && coveredByResponse(checks, response, "EncryptedAssertion");
  if (response && !covered) return null;
  const opened = await openEncrypted(covered ? covered.element : received, "Assertion", expectations);
  const plaintext = checks.settle("encryption", opened);
  if (!plaintext) return null;
  const assertion = plaintext.element;
  const alone = checkAssertionAlone(assertion);
  if (alone) {
    checks.settle("structure", { ok: false, refusal: alone });
    return null;
  }
  if (signatureOf(assertion)) {
    return settleSignature(checks, "assertionSignature", await verifyPlaintext(plaintext, expectations));
  }
  if (covered) return { ...covered, element: assertion };
  return unsigned(checks);
}

/**
 * Inclusive canonicalization and prefix lists may have seen namespaces that the text alone does not have: then SignedInfo reads
 * otherwise, or only the digest does. Whichever reading a pinned key signed is what goes on.
 */
async function verifyPlaintext(
  { element, inPlace }: Plaintext,
  expectations: ResponseExpectations,
): Promise<Result<VerifiedElement>> {
  const result = await verifyElement(element, expectations);
  if (result.ok || !["digest_mismatch", "signature_invalid"].includes(result.refusal.code)) return result;
  for (const other of inPlace()) {
    if (checkAssertionAlone(other)) continue;
    const verified = await verifyElement(other, expectations);
    if (verified.ok) return verified;
  }
  return result;
}

/** The one child of that name in the Response as it was signed. */
function coveredByResponse(
  checks: CheckList,
  response: VerifiedElement | null,
  localName: "Assertion" | "EncryptedAssertion",
): VerifiedElement | null {
  if (!response) return unsigned(checks);
  const found = childrenNamed(response.element, NS.saml, localName);
  const [only] = found;
  if (found.length !== 1 || !only) {
    checks.check("assertion", "assertion_not_single", false, `one signed ${localName}`, `${found.length}`);
    return null;
  }
  return { ...response, element: only };
}

function unsigned(checks: CheckList): null {
  checks.check("signature", "signature_missing", false, "a signature of the Assertion or of the Response", "none");
  return null;
}

function settleSignature(checks: CheckList, name: string, result: Result<VerifiedElement>): VerifiedElement | null {
  const received = result.ok
    ? `${result.value.signatureAlgorithm}, certificate ${result.value.certificateSha256}`
    : null;
  return checks.settle(name, result, received);
}
