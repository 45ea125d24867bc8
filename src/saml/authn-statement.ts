/**
 * Owns the AuthnStatement (SAML Core 2.7.2): that the person was authenticated, when, how, and for how long that may count.
 */
import type { CheckList } from "./checks.ts";
import { NS } from "./terms.ts";
import { isBefore, isReached, momentText, readTime, writeTime } from "./time.ts";
import type { ResponseExpectations, XmlElement } from "./types.ts";
import { attributeValue, childNamed, textContent } from "./xml.ts";

export interface Authentication {
  readonly authnInstant: number;
  readonly sessionIndex: string | null;
  readonly sessionNotOnOrAfter: number | null;
  readonly authnContextClassRef: string | null;
}

/**
 * Checks the assertion's AuthnStatements and answers what they say together. One is what identity providers send; of several,
 * each must pass every check, and the strictest dates count: the earliest AuthnInstant and SessionNotOnOrAfter.
 */
export function checkAuthnStatements(
  checks: CheckList,
  statements: readonly XmlElement[],
  expectations: ResponseExpectations,
): Authentication | null {
  let whole: Authentication | null = null;
  for (const statement of statements) {
    const one = checkAuthnStatement(checks, statement, expectations);
    if (!one) return null;
    whole = whole ? strictest(whole, one) : one;
  }
  if (!whole) checks.check("authnStatement", "authn_statement_missing", false, "an AuthnStatement", "none");
  return whole;
}

function checkAuthnStatement(
  checks: CheckList,
  statement: XmlElement,
  expectations: ResponseExpectations,
): Authentication | null {
  const authnInstant = checkAuthnInstant(checks, attributeValue(statement, "AuthnInstant"), expectations);
  const until = attributeValue(statement, "SessionNotOnOrAfter");
  const sessionNotOnOrAfter = readTime(until);
  if (until !== null && sessionNotOnOrAfter === null) {
    checks.check("sessionNotOnOrAfter", "time_invalid", false, "xs:dateTime in UTC", until);
    return null;
  }
  const lasts = sessionNotOnOrAfter === null || isBefore(expectations, sessionNotOnOrAfter);
  const expected = momentText(expectations);
  checks.check("sessionNotOnOrAfter", "session_not_on_or_after_passed", lasts, expected, until ?? "none");
  const authnContextClassRef = readAuthnContextClassRef(statement);
  checkAuthnContext(checks, authnContextClassRef, expectations.requestedAuthnContext);
  if (authnInstant === null) return null;
  const sessionIndex = attributeValue(statement, "SessionIndex");
  return { authnInstant, sessionIndex, sessionNotOnOrAfter, authnContextClassRef };
}

/** Core 2.7.2. Where the request said ForceAuthn (3.4.1), an older authentication than that request is not an answer to it. */
function checkAuthnInstant(checks: CheckList, text: string | null, expectations: ResponseExpectations): number | null {
  const instant = readTime(text);
  if (instant === null || !isReached(expectations, instant)) {
    const expected = `xs:dateTime in UTC, not after ${momentText(expectations)}`;
    checks.check("authnInstant", "time_invalid", false, expected, text ?? "none");
    return null;
  }
  const earliest = expectations.authnInstantNotBefore;
  const fresh = earliest === null || instant + expectations.clockSkewSeconds * 1000 >= earliest;
  const expected = earliest === null ? null : `not before ${writeTime(earliest)}`;
  checks.check("authnInstant", "authn_instant_too_old", fresh, expected, text);
  return instant;
}

function readAuthnContextClassRef(statement: XmlElement): string | null {
  const context = childNamed(statement, NS.saml, "AuthnContext");
  const reference = context && childNamed(context, NS.saml, "AuthnContextClassRef");
  return reference ? textContent(reference) : null;
}

/** Core 3.3.2.2.1, comparison "exact": one of those we named. */
function checkAuthnContext(checks: CheckList, received: string | null, requested: readonly string[]): void {
  const ok = requested.length === 0 || (received !== null && requested.includes(received));
  const expected = requested.length === 0 ? null : requested.join(" or ");
  checks.check("authnContext", "authn_context_mismatch", ok, expected, received ?? "none");
}

function strictest(a: Authentication, b: Authentication): Authentication {
  const ends = [a.sessionNotOnOrAfter, b.sessionNotOnOrAfter].filter((end) => end !== null);
  return {
    authnInstant: Math.min(a.authnInstant, b.authnInstant),
    sessionIndex: a.sessionIndex ?? b.sessionIndex,
    sessionNotOnOrAfter: ends.length === 0 ? null : Math.min(...ends),
    authnContextClassRef: a.authnContextClassRef ?? b.authnContextClassRef,
  };
}
