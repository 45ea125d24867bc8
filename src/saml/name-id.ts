/**
 * Owns whom an assertion or a logout request is about: the NameID (SAML Core 2.2.3, 2.4.1), taken by code points.
 */
import { accept, type Result, refuse } from "./refusal.ts";
import type { NameID, XmlElement } from "./types.ts";
import { attributeValue, textContent } from "./xml.ts";

/** Persistent identifiers have 256 at most (Core 8.3.7), addresses 254, distinguished names a few hundred. */
export const NAME_ID_CHARS_MAX = 1024;

/**
 * Controls, invisible format characters and line separators; white space at either end. No identity provider means them, people
 * cannot see them, and programs that come later trim or drop them: then two persons would be one.
 */
const DECEPTIVE = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^\s|\s$`;
/** Made when it is first needed: looking properties up takes longer than a module should. */
let deceptive: RegExp | undefined;

/** Reads a saml:NameID element. Refuses with name_id_invalid. */
export function readNameID(element: XmlElement): Result<NameID> {
  const value = textContent(element);
  if (value === null) return refuse("name_id_invalid", { expected: "text", received: "elements" });
  if (value === "") return refuse("name_id_invalid", { expected: "text", received: "empty" });
  if (value.length > NAME_ID_CHARS_MAX) {
    return refuse("name_id_invalid", {
      expected: `at most ${NAME_ID_CHARS_MAX} characters`,
      received: `${value.length}`,
    });
  }
  deceptive ??= new RegExp(DECEPTIVE, "u");
  if (deceptive.test(value)) {
    return refuse("name_id_invalid", { expected: "no invisible characters", received: JSON.stringify(value) });
  }
  return accept({
    value,
    format: attributeValue(element, "Format"),
    nameQualifier: attributeValue(element, "NameQualifier"),
    spNameQualifier: attributeValue(element, "SPNameQualifier"),
  });
}
