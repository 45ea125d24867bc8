/**
 * From a verified assertion to a person: which claim is the e-mail, the names, the immutable key, with what the company's group
 * mapping gives. Pure; takes nothing but a VerifiedAssertion, so unverified text can't come here.
 */
import { NAME_ID_FORMAT, type NameID, type VerifiedAssertion } from "../saml/index.ts";
import { isPlainEmail, type SamlSettings, type Subject } from "../store/index.ts";
import { unicode } from "../unicode.ts";
import { type MappedGroups, mappedGroups } from "./group-mapping.ts";

/** The person as the identity provider describes them, and the facts that the session and the store keep. */
export interface SignInFacts extends MappedGroups {
  readonly issuer: string;
  readonly assertionId: string;
  readonly assertionExpiresAt: number;
  readonly requestId: string | null;
  readonly nameID: NameID;
  readonly sessionIndex: string | null;
  readonly sessionNotOnOrAfter: number | null;
  /** As received; compare through emailKey(). */
  readonly email: string;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** Strongest first; empty when the identity provider gives nothing that stays the same. */
  readonly subjects: readonly Subject[];
}

export type ClaimRefusal = {
  readonly code: "email_missing" | "email_invalid" | "claim_ambiguous" | "user_key_invalid";
  readonly expected: string;
  readonly received: string | null;
};

const WS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";
const MS = "http://schemas.microsoft.com/identity/claims/";

/** The claims that Entra sends, then the names that other providers give the same thing (eduPerson OIDs, Okta, Google, Keycloak). */
export const DEFAULT_CLAIMS = {
  email: [`${WS}emailaddress`],
  /** Asked only after the NameID, since a person may be allowed to edit what stands there. */
  emailFallback: [`${WS}name`, "email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"],
  firstName: [`${WS}givenname`, "givenName", "firstName", "first_name", "urn:oid:2.5.4.42"],
  lastName: [`${WS}surname`, "surname", "lastName", "last_name", "sn", "urn:oid:2.5.4.4"],
  userKey: [`${MS}objectidentifier`],
} as const;

export const NAME_CHARS_MAX = 200;
export const USER_KEY_CHARS_MAX = 256;

export function factsOf(
  assertion: VerifiedAssertion,
  settings: SamlSettings,
): { ok: true; facts: SignInFacts } | { ok: false; refusal: ClaimRefusal } {
  const email = emailOf(assertion, settings.attributeMapping.email);
  if (!email.ok) return email;
  const userKey = userKeyOf(assertion, settings.attributeMapping.userKey);
  if (!userKey.ok) return userKey;
  const { issuer, nameID } = assertion;
  const subjects: Subject[] = [];
  if (userKey.value !== null) subjects.push({ issuer, kind: "userKey", value: userKey.value });
  // SAML Core 8.3.8: a transient identifier names nobody beyond its session.
  if (nameID.format !== NAME_ID_FORMAT.transient) {
    subjects.push({ issuer, kind: "nameId", value: nameIdKey(nameID) });
  }
  return {
    ok: true,
    facts: {
      issuer,
      assertionId: assertion.id,
      assertionExpiresAt: assertion.notOnOrAfter,
      requestId: assertion.inResponseTo,
      nameID,
      sessionIndex: assertion.sessionIndex,
      sessionNotOnOrAfter: assertion.sessionNotOnOrAfter,
      email: email.value,
      firstName: displayable(firstValue(assertion, settings.attributeMapping.firstName, DEFAULT_CLAIMS.firstName)),
      lastName: displayable(firstValue(assertion, settings.attributeMapping.lastName, DEFAULT_CLAIMS.lastName)),
      subjects,
      ...mappedGroups(assertion, settings.groupMapping),
    },
  };
}

/** SAML Core 2.2.2: the value means nothing without its format and qualifiers. Injective, so that no two identifiers meet. */
export function nameIdKey(nameID: NameID): string {
  return JSON.stringify([nameID.value, nameID.format, nameID.nameQualifier, nameID.spNameQualifier]);
}

type Read = { ok: true; value: string } | { ok: false; refusal: ClaimRefusal };

function emailOf(assertion: VerifiedAssertion, mapped: string | null): Read {
  const { nameID } = assertion;
  const candidates: (readonly [string, readonly string[]])[] =
    mapped !== null
      ? [[mapped, assertion.attributes.get(mapped) ?? []]]
      : [
          ...valuesOf(assertion, DEFAULT_CLAIMS.email),
          ["NameID", isPlainEmail(nameID.value) ? [nameID.value] : []],
          ...valuesOf(assertion, DEFAULT_CLAIMS.emailFallback).filter(([, values]) => values.every(isPlainEmail)),
        ];
  for (const [claim, values] of candidates) {
    const given = values.filter((value) => value !== "");
    if (given.length === 0) continue;
    if (given.length > 1) return refuseClaim("claim_ambiguous", `one value of ${claim}`, `${given.length} values`);
    const email = given[0] as string;
    if (!isPlainEmail(email)) return refuseClaim("email_invalid", `an e-mail address in ${claim}`, email);
    return { ok: true, value: email };
  }
  const expected = mapped ?? `${DEFAULT_CLAIMS.email[0]}, or an e-mail address as NameID`;
  return refuseClaim("email_missing", expected, [...assertion.attributes.keys()].join(", ") || "no attributes");
}

const NO_CHARACTER = unicode(String.raw`\p{C}`);

function userKeyOf(
  assertion: VerifiedAssertion,
  mapped: string | null,
): { ok: true; value: string | null } | { ok: false; refusal: ClaimRefusal } {
  for (const [claim, values] of valuesOf(assertion, mapped !== null ? [mapped] : DEFAULT_CLAIMS.userKey)) {
    if (values.length === 0) continue;
    if (values.length > 1) return refuseClaim("claim_ambiguous", `one value of ${claim}`, `${values.length} values`);
    const value = values[0] as string;
    if (value === "" || value.length > USER_KEY_CHARS_MAX || NO_CHARACTER().test(value)) {
      return refuseClaim("user_key_invalid", `1 to ${USER_KEY_CHARS_MAX} plain characters in ${claim}`, value);
    }
    return { ok: true, value };
  }
  // Named by the administrator and absent: linking by something weaker would be a downgrade that nobody sees.
  if (mapped !== null) return refuseClaim("user_key_invalid", mapped, "not in the assertion");
  return { ok: true, value: null };
}

function valuesOf(assertion: VerifiedAssertion, claims: readonly string[]): (readonly [string, readonly string[]])[] {
  return claims.map((claim) => [claim, assertion.attributes.get(claim) ?? []] as const);
}

/** Names decide nothing, so the first of several will do. */
function firstValue(assertion: VerifiedAssertion, mapped: string | null, claims: readonly string[]): string | null {
  for (const [, values] of valuesOf(assertion, mapped !== null ? [mapped] : claims)) {
    const value = values.find((text) => text.trim() !== "");
    if (value !== undefined) return value;
  }
  return null;
}

/** Control and bidirectional formatting characters have no place in a name that others read. */
const MISLEADING = unicode(String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`, "gu");

function displayable(name: string | null): string | null {
  if (name === null) return null;
  const plain = name.replace(MISLEADING(), " ").trim();
  return [...plain].slice(0, NAME_CHARS_MAX).join("");
}

function refuseClaim(code: ClaimRefusal["code"], expected: string, received: string | null) {
  return { ok: false, refusal: { code, expected, received } } as const;
}
