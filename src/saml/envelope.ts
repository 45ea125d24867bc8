/**
 * Owns what the Response says about itself around the assertion (SAML Core 3.2.2): status, destination, issuer, time.
 * When only the Assertion is signed all of this is anybody's word: it can refuse a message, and never adds anything to a claim.
 */
import type { CheckList } from "./checks.ts";
import { checkIssuer, type Issuer, readIssuer } from "./issuer.ts";
import { isSuccess, readStatus, statusText } from "./status.ts";
import { isBefore, isReached, type Moment, momentText, readTime } from "./time.ts";
import type { ResponseExpectations, ResponseStatus, XmlElement } from "./types.ts";
import { attributeValue } from "./xml.ts";

/** How old a message may be when it arrives, whatever its other dates say: it comes straight from the identity provider. */
export const MESSAGE_AGE_SECONDS_MAX = 600;

export interface Envelope {
  readonly issueInstant: string | null;
  readonly destination: string | null;
  readonly inResponseTo: string | null;
  readonly issuer: Issuer | null;
  readonly status: ResponseStatus | null;
}

/** Copies what the Response says, so that nobody needs to look at it again. */
export function readEnvelope(response: XmlElement): Envelope {
  return {
    issueInstant: attributeValue(response, "IssueInstant"),
    destination: attributeValue(response, "Destination"),
    inResponseTo: attributeValue(response, "InResponseTo"),
    issuer: readIssuer(response),
    status: readStatus(response),
  };
}

/**
 * Makes the checks of the Response. Answers false when there is no point in looking at an assertion: the identity provider
 * reports a failure. The other checks refuse too, but the list goes on, so that an administrator sees all that is wrong at once.
 * The IssueInstant is checked with the assertion's: a message that is over is over, and only else is it merely old.
 */
export function checkEnvelope(
  checks: CheckList,
  envelope: Envelope,
  responseSigned: boolean,
  expectations: ResponseExpectations,
): boolean {
  const { status, destination, issuer } = envelope;
  if (!status) {
    return checks.check("status", "schema_invalid", false, "one StatusCode with a Value", "a Status without");
  }
  if (!checks.check("status", "status_not_success", isSuccess(status), "Success", statusText(status))) return false;
  checkDestination(checks, destination, responseSigned, expectations.acsUrl);
  if (issuer) checkIssuer(checks, "responseIssuer", issuer, expectations.idpEntityIds);
  return true;
}

/** SAML Bindings 3.5.5.2: a signed message must say where it was sent to; any message that says it must mean us, exactly. */
export function checkDestination(
  checks: CheckList,
  destination: string | null,
  required: boolean,
  expected: string,
): boolean {
  if (destination !== null) {
    return checks.check("destination", "destination_mismatch", destination === expected, expected, destination);
  }
  return checks.check("destination", "destination_missing", !required, required ? expected : null, "none");
}

/** SAML Core 2.3.3, 3.2.2: made just now, by a clock close to ours. Returns the instant, or null when refused. */
export function checkIssueInstant(checks: CheckList, name: string, text: string | null, moment: Moment): number | null {
  const instant = readTime(text);
  const received = text ?? "none";
  if (instant === null) {
    checks.check(name, "time_invalid", false, "xs:dateTime in UTC", received);
    return null;
  }
  const fresh = isReached(moment, instant) && isBefore(moment, instant + MESSAGE_AGE_SECONDS_MAX * 1000);
  const expected = `within ${MESSAGE_AGE_SECONDS_MAX} s before ${momentText(moment)}`;
  return checks.check(name, "issue_instant_out_of_window", fresh, expected, received) ? instant : null;
}
