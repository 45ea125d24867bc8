/**
 * Owns the bearer confirmation (SAML Profiles 4.1.4.2, 4.1.4.3): that this assertion was meant to be handed to us, now, and in
 * answer to what. One confirmation must satisfy everything; halves of two do not add up.
 */
import { CheckList } from "./checks.ts";
import { CONFIRMATION_BEARER, NS } from "./terms.ts";
import { isBefore, momentText, readTime } from "./time.ts";
import type { ResponseExpectations, XmlElement } from "./types.ts";
import { attributeValue, childNamed, childrenNamed } from "./xml.ts";

export interface Confirmation {
  /** null for an unsolicited response. */
  readonly inResponseTo: string | null;
  /** UTC milliseconds. */
  readonly notOnOrAfter: number;
}

/**
 * Checks the Subject's confirmations. `responseInResponseTo` is what the Response says (perhaps unsigned): it may only agree.
 * Returns the first bearer confirmation that satisfies everything, else null with the first one's failures in `checks`.
 * An Address is not compared: people's addresses change, and proxies have others (Profiles 4.1.4.2 makes it optional).
 */
export function checkSubjectConfirmation(
  checks: CheckList,
  subject: XmlElement,
  responseInResponseTo: string | null,
  expectations: ResponseExpectations,
): Confirmation | null {
  const methods = childrenNamed(subject, NS.saml, "SubjectConfirmation");
  const bearers = methods.filter((method) => attributeValue(method, "Method") === CONFIRMATION_BEARER);
  let failed: CheckList | null = null;
  for (const bearer of bearers) {
    const attempt = new CheckList();
    const confirmation = confirm(attempt, bearer, responseInResponseTo, expectations);
    if (confirmation && !attempt.refusal) {
      checks.append(attempt);
      return confirmation;
    }
    failed ??= attempt;
  }
  if (failed) checks.append(failed);
  else {
    const received = methods.map((method) => attributeValue(method, "Method") ?? "none").join(", ") || "none";
    checks.check("subjectConfirmation", "subject_confirmation_missing", false, CONFIRMATION_BEARER, received);
  }
  return null;
}

function confirm(
  checks: CheckList,
  bearer: XmlElement,
  responseInResponseTo: string | null,
  expectations: ResponseExpectations,
): Confirmation | null {
  const data = childNamed(bearer, NS.saml, "SubjectConfirmationData");
  if (!data) {
    checks.check("subjectConfirmation", "subject_confirmation_missing", false, "SubjectConfirmationData", "none");
    return null;
  }
  const recipient = attributeValue(data, "Recipient");
  const { acsUrl } = expectations;
  checks.check("recipient", "recipient_mismatch", recipient === acsUrl, acsUrl, recipient ?? "none");
  const notBefore = attributeValue(data, "NotBefore");
  checks.check("confirmationNotBefore", "subject_confirmation_not_before", notBefore === null, null, notBefore);
  const notOnOrAfter = checkNotOnOrAfter(checks, attributeValue(data, "NotOnOrAfter"), expectations);
  const inResponseTo = attributeValue(data, "InResponseTo");
  checkInResponseTo(checks, inResponseTo, responseInResponseTo, expectations);
  return notOnOrAfter === null ? null : { inResponseTo, notOnOrAfter };
}

function checkNotOnOrAfter(checks: CheckList, text: string | null, expectations: ResponseExpectations): number | null {
  const name = "confirmationNotOnOrAfter";
  const instant = readTime(text);
  const expected = momentText(expectations);
  if (text !== null && instant === null) {
    checks.check(name, "time_invalid", false, "xs:dateTime in UTC", text);
  } else {
    const ok = instant !== null && isBefore(expectations, instant);
    checks.check(name, "subject_confirmation_expired", ok, expected, text ?? "none");
  }
  return instant;
}

/** Which request it answers is the caller's to compare; that both levels agree, and that there is one where one must be, is decided here. */
function checkInResponseTo(
  checks: CheckList,
  signed: string | null,
  ofResponse: string | null,
  expectations: ResponseExpectations,
): void {
  if (signed === null && (ofResponse !== null || !expectations.allowIdpInitiated)) {
    checks.check("inResponseTo", "in_response_to_missing", false, ofResponse ?? "the ID of our request", "none");
  } else {
    const ok = ofResponse === null || ofResponse === signed;
    checks.check("inResponseTo", "in_response_to_mismatch", ok, ofResponse, signed ?? "none (unsolicited)");
  }
}
