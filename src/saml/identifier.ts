/**
 * Owns what an ID may look like: SAML Core 1.3.4 makes it an xs:ID, which is an NCName (Namespaces in XML 1.0, production 4).
 */

/** Longer ones than any implementation makes (UUIDs, 160 bits of hex), short enough to store. */
export const IDENTIFIER_CHARS_MAX = 256;

const START =
  "A-Z_a-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F" +
  "\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}";
const NC_NAME = new RegExp(`^[${START}][${START}\\-.0-9\\u00B7\\u0300-\\u036F\\u203F\\u2040]*$`, "u");

/** True for an NCName of bounded length; the text is taken as it is, never trimmed. */
export function isIdentifier(text: string | null): text is string {
  return text !== null && text.length <= IDENTIFIER_CHARS_MAX && NC_NAME.test(text);
}
