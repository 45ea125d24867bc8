/**
 * Owns the Conditions of an assertion (SAML Core 2.5): when it holds, for whom, and that nothing in it is beyond us.
 */
import type { CheckList } from "./checks.ts";
import { NS } from "./terms.ts";
import { isBefore, isReached, momentText, readTime } from "./time.ts";
import type { ResponseExpectations, XmlElement } from "./types.ts";
import { attributeValue, childElements, childrenNamed, textContent } from "./xml.ts";

/**
 * Checks one Conditions element. Returns its NotOnOrAfter in UTC milliseconds, Infinity where it sets none (the bearer
 * confirmation always does). What fails stands in `checks`.
 */
export function checkConditions(
  checks: CheckList,
  conditions: XmlElement | null,
  expectations: ResponseExpectations,
): number {
  if (!conditions) {
    checks.check("conditions", "conditions_missing", false, "Conditions with an AudienceRestriction", "none");
    return Number.NaN;
  }
  checkAudience(checks, conditions, expectations.spEntityId);
  const notOnOrAfter = checkPeriod(checks, conditions, expectations);
  checkKinds(checks, conditions);
  return notOnOrAfter;
}

/** Core 2.5.1.2. Both ends are optional in the standard; an end that is there must be a time. */
function checkPeriod(checks: CheckList, conditions: XmlElement, expectations: ResponseExpectations): number {
  const notBeforeText = attributeValue(conditions, "NotBefore");
  const notOnOrAfterText = attributeValue(conditions, "NotOnOrAfter");
  const notBefore = notBeforeText === null ? -Infinity : readTime(notBeforeText);
  const notOnOrAfter = notOnOrAfterText === null ? Infinity : readTime(notOnOrAfterText);
  if (notBefore === null || notOnOrAfter === null || !(notBefore < notOnOrAfter)) {
    const received = `${notBeforeText ?? "-"} to ${notOnOrAfterText ?? "-"}`;
    checks.check("conditions", "time_invalid", false, "xs:dateTime in UTC, NotBefore before NotOnOrAfter", received);
    return Number.NaN;
  }
  const expected = momentText(expectations);
  const begun = isReached(expectations, notBefore);
  checks.check("conditionsNotBefore", "conditions_not_yet_valid", begun, expected, notBeforeText ?? "none");
  const lasts = isBefore(expectations, notOnOrAfter);
  checks.check("conditionsNotOnOrAfter", "conditions_expired", lasts, expected, notOnOrAfterText ?? "none");
  return notOnOrAfter;
}

/** Core 2.5.1.4: every AudienceRestriction must name us, and inside one any Audience may. By code points. */
function checkAudience(checks: CheckList, conditions: XmlElement, spEntityId: string): void {
  const restrictions = childrenNamed(conditions, NS.saml, "AudienceRestriction");
  if (restrictions.length === 0) {
    checks.check("audience", "audience_missing", false, spEntityId, "no AudienceRestriction");
    return;
  }
  let ok = true;
  const received: string[] = [];
  for (const restriction of restrictions) {
    const audiences = childrenNamed(restriction, NS.saml, "Audience").map((audience) => textContent(audience) ?? "");
    ok &&= audiences.includes(spEntityId);
    received.push(audiences.join(" or "));
  }
  checks.check("audience", "audience_mismatch", ok, spEntityId, received.join(" and "));
}

const KINDS: readonly string[] = ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"];

/**
 * Core 2.5.1: a condition that is not understood leaves the assertion's validity unknown, so it is refused. OneTimeUse (2.5.1.5)
 * asks for what every assertion gets here, one use; ProxyRestriction (2.5.1.6) binds whoever issues assertions of its own on it.
 */
function checkKinds(checks: CheckList, conditions: XmlElement): void {
  const unknown = childElements(conditions).find(
    (child) => child.namespaceURI !== NS.saml || !KINDS.includes(child.localName),
  );
  const received = unknown ? `{${unknown.namespaceURI}}${unknown.localName}` : null;
  checks.check("conditionKinds", "condition_unknown", !unknown, "conditions of SAML Core 2.5.1", received);
}
