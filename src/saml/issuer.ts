/**
 * Owns who speaks: the Issuer of a Response, an Assertion or a logout message (SAML Core 2.2.5), compared by code points only.
 */
import type { CheckList } from "./checks.ts";
import { NS } from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { attributeValue, childNamed, textContent } from "./xml.ts";

/** SAML Core 8.3.6. */
export const ENTITY_ID_CHARS_MAX = 1024;
const FORMAT_ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

export interface Issuer {
  readonly value: string;
  readonly format: string | null;
  /** False for an Issuer that is no entity identifier: empty, over-long, with elements inside, of another Format (Profiles 4.1.4.2). */
  readonly usable: boolean;
}

/** The Issuer child of a message or an assertion, or null. */
export function readIssuer(parent: XmlElement): Issuer | null {
  const element = childNamed(parent, NS.saml, "Issuer");
  if (!element) return null;
  const value = textContent(element);
  const format = attributeValue(element, "Format");
  const usable =
    value !== null &&
    value !== "" &&
    value.length <= ENTITY_ID_CHARS_MAX &&
    (format === null || format === FORMAT_ENTITY);
  return { value: value ?? "", format, usable };
}

/**
 * Demands one of the company's spellings of its identity provider, by code points: no trimming, no case folding, no slash
 * forgiven. null demands only that there is a usable one: then the pinned key alone says who speaks.
 */
export function checkIssuer(
  checks: CheckList,
  name: string,
  issuer: Issuer | null,
  idpEntityIds: readonly string[] | null,
): boolean {
  const expected = idpEntityIds === null ? "an entity ID" : idpEntityIds.join(" or ");
  if (!issuer) return checks.check(name, "issuer_missing", false, expected, "none");
  const ok = issuer.usable && (idpEntityIds === null || idpEntityIds.includes(issuer.value));
  const received = issuer.format === null ? issuer.value : `${issuer.value} (Format ${issuer.format})`;
  return checks.check(name, "issuer_mismatch", ok, expected, received);
}
