/**
 * Owns what an assertion must say to sign a person in (SAML Core 2.3.3, Profiles 4.1.4.2, 4.1.4.3), and is the only maker of a
 * VerifiedAssertion. It is handed the element that a signature covers, and sees nothing else of the message.
 */
import { readAttributes } from "./attributes.ts";
import { checkAuthnStatements } from "./authn-statement.ts";
import type { CheckList } from "./checks.ts";
import { checkConditions } from "./conditions.ts";
import { checkIssueInstant, type Envelope, MESSAGE_AGE_SECONDS_MAX } from "./envelope.ts";
import { checkIssuer, readIssuer } from "./issuer.ts";
import { readNameID } from "./name-id.ts";
import { openEncrypted } from "./plaintext.ts";
import { type ContentRule, checkContent, checkVersionAndId } from "./response-shape.ts";
import { checkSubjectConfirmation } from "./subject-confirmation.ts";
import { NS } from "./terms.ts";
import type { NameID, ResponseExpectations, VerifiedAssertion, VerifiedElement, XmlElement } from "./types.ts";
import { attributeValue, childElements, childNamed, childrenNamed, isElement } from "./xml.ts";

/** Replay is remembered a little longer than an assertion could pass, in case the company's clock skew is raised meanwhile. */
const REPLAY_MARGIN_SECONDS = 300;

/** SAML Core 2.3.3. Statements of other kinds may stand there and say nothing to us. */
const ASSERTION_CONTENT: readonly ContentRule[] = [
  { namespaceURI: NS.saml, names: ["Issuer"] },
  { namespaceURI: NS.saml, names: ["Subject"] },
  { namespaceURI: NS.saml, names: ["Conditions"] },
  { namespaceURI: NS.saml, names: ["Advice"] },
  {
    namespaceURI: NS.saml,
    names: ["AuthnStatement", "AttributeStatement", "AuthzDecisionStatement", "Statement"],
    repeats: true,
  },
];

/**
 * Makes every check of the profile and, when none failed in the whole list, the claims. Goes on after a failure where it can,
 * so that the list shows an administrator everything that is wrong. The first failure names the refusal, so what says most comes
 * first: who speaks, for which application, until when, and only then how old the message is.
 */
export async function decideAssertion(
  checks: CheckList,
  proof: VerifiedElement,
  envelope: Envelope,
  expectations: ResponseExpectations,
): Promise<VerifiedAssertion | null> {
  const assertion = proof.element;
  const malformed = checkVersionAndId(assertion) ?? checkContent(assertion, ASSERTION_CONTENT);
  if (malformed) {
    checks.settle("assertion", { ok: false, refusal: malformed });
    return null;
  }
  const issuer = readIssuer(assertion);
  // With no Issuer of the company's own to compare with, the two of the message must at least be one.
  const expectedIssuers = expectations.idpEntityIds ?? (envelope.issuer ? [envelope.issuer.value] : null);
  checkIssuer(checks, "assertionIssuer", issuer, expectedIssuers);
  const subject = childNamed(assertion, NS.saml, "Subject");
  if (!subject) checks.check("subject", "subject_missing", false, "a Subject with a NameID", "none");
  const identifier = subject && findIdentifier(checks, subject);
  const isEncrypted = identifier !== null && isElement(identifier, NS.saml, "EncryptedID");
  const clear = isEncrypted ? await openIdentifier(checks, identifier, expectations) : identifier;
  const nameID = clear && checkNameID(checks, clear);
  const conditionsEnd = checkConditions(checks, childNamed(assertion, NS.saml, "Conditions"), expectations);
  const confirmation = subject && checkSubjectConfirmation(checks, subject, envelope.inResponseTo, expectations);
  checkIssueInstant(checks, "responseIssueInstant", envelope.issueInstant, expectations);
  const issueInstant = checkIssueInstant(
    checks,
    "issueInstant",
    attributeValue(assertion, "IssueInstant"),
    expectations,
  );
  const authentication = checkAuthnStatements(
    checks,
    childrenNamed(assertion, NS.saml, "AuthnStatement"),
    expectations,
  );
  const attributes = checks.settle(
    "attributes",
    readAttributes(childrenNamed(assertion, NS.saml, "AttributeStatement")),
  );
  if (
    checks.refusal ||
    !issuer ||
    issueInstant === null ||
    !nameID ||
    !confirmation ||
    !authentication ||
    !attributes
  ) {
    return null;
  }
  const lastMoment = Math.min(conditionsEnd, confirmation.notOnOrAfter, issueInstant + MESSAGE_AGE_SECONDS_MAX * 1000);
  return {
    id: attributeValue(assertion, "ID") as string,
    issuer: issuer.value,
    issueInstant,
    nameID,
    attributes,
    inResponseTo: confirmation.inResponseTo,
    notOnOrAfter: lastMoment + (expectations.clockSkewSeconds + REPLAY_MARGIN_SECONDS) * 1000,
    ...authentication,
    certificateSha256: proof.certificateSha256,
    signatureAlgorithm: proof.signatureAlgorithm,
  } as VerifiedAssertion;
}

/** Core 2.4: exactly one identifier, in the clear or encrypted to us. A BaseID names nobody we know how to compare. */
function findIdentifier(checks: CheckList, subject: XmlElement): XmlElement | null {
  const identifiers = childElements(subject).filter(
    (child) => child.namespaceURI === NS.saml && ["NameID", "EncryptedID", "BaseID"].includes(child.localName),
  );
  const [identifier] = identifiers;
  if (identifiers.length === 1 && identifier && !isElement(identifier, NS.saml, "BaseID")) return identifier;
  const code = identifiers.length > 1 ? "schema_invalid" : "name_id_missing";
  const received = identifiers.map(({ localName }) => localName).join(", ") || "none";
  checks.check("nameID", code, false, "one NameID", received);
  return null;
}

async function openIdentifier(
  checks: CheckList,
  encrypted: XmlElement,
  expectations: ResponseExpectations,
): Promise<XmlElement | null> {
  const opened = checks.settle("nameIDEncryption", await openEncrypted(encrypted, "NameID", expectations));
  return opened === null ? null : opened.element;
}

function checkNameID(checks: CheckList, identifier: XmlElement): NameID | null {
  const read = readNameID(identifier);
  return checks.settle("nameID", read, read.ok ? read.value.value : null);
}
