/** What may stand in `users.email`, and when two addresses are one. */

import { unicode } from "../unicode.ts";

/** RFC 5321 4.5.3.1. */
export const EMAIL_CHARS_MAX = 254;

/**
 * The form in which an address is kept and compared: A to Z lowered, every other character as it is. Any wider case mapping
 * would let two different addresses meet.
 */
export function emailKey(email: string): string {
  return email.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const UNPLAIN = unicode(String.raw`[\p{C}\p{Z}\p{M}]`);
const SCRIPTS = ["Latin", "Cyrillic", "Greek"].map((script) => unicode(String.raw`\p{Script=${script}}`));

/**
 * An address that can't be taken for another one: one @, no quoting, no list, no white space, no control or invisible
 * characters, no letters of two scripts that look alike. Stricter than RFC 5321 on purpose.
 */
export function isPlainEmail(text: string): boolean {
  if (text.length > EMAIL_CHARS_MAX || !/^[^\s@"(),:;<>[\]\\]+@[^\s@"(),:;<>[\]\\]+$/u.test(text)) return false;
  if (UNPLAIN().test(text)) return false;
  if (SCRIPTS.filter((script) => script().test(text)).length > 1) return false;
  // Letters beyond ASCII that fold into ASCII under other people's case mappings (dotless i, long s, Kelvin sign).
  if (/[\u0131\u0130\u017f\u212a]/u.test(text)) return false;
  const domain = text.slice(text.indexOf("@") + 1);
  return !domain.startsWith(".") && !domain.endsWith(".") && !domain.includes("..");
}
