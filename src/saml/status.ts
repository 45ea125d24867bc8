/**
 * Owns the Status of a response (SAML Core 3.2.2): whether it says Success, and what else it says to people.
 */
import { NS, STATUS_SUCCESS } from "./terms.ts";
import type { ResponseStatus, XmlElement } from "./types.ts";
import { attributeValue, childrenNamed, textContent } from "./xml.ts";

/** Two levels are defined (Core 3.2.2.2); a few more may be said. */
export const STATUS_CODES_MAX = 8;
/** Entra's messages have some 300 characters. */
export const STATUS_MESSAGE_CHARS_MAX = 2048;

/** The status codes from the outermost in, and the StatusMessage; null unless exactly one Status with one StatusCode stands in `response`. */
export function readStatus(response: XmlElement): ResponseStatus | null {
  const status = only(response, "Status");
  const codes: string[] = [];
  for (
    let at = status && only(status, "StatusCode");
    at && codes.length < STATUS_CODES_MAX;
    at = only(at, "StatusCode")
  ) {
    const value = attributeValue(at, "Value");
    if (value === null) return null;
    codes.push(value);
  }
  if (!status || codes.length === 0) return null;
  const message = only(status, "StatusMessage");
  const text = message ? textContent(message) : null;
  return { codes, message: text === null ? null : text.trim().slice(0, STATUS_MESSAGE_CHARS_MAX) };
}

/** Core 3.2.2.2: only the top-level code counts, and only the exact URI; what is nested inside changes nothing. */
export function isSuccess(status: ResponseStatus): boolean {
  return status.codes[0] === STATUS_SUCCESS;
}

/** Status for the log: codes and message in one line. */
export function statusText(status: ResponseStatus): string {
  return [...status.codes, ...(status.message ? [status.message] : [])].join(" | ");
}

function only(parent: XmlElement, localName: string): XmlElement | null {
  const found = childrenNamed(parent, NS.samlp, localName);
  return found.length === 1 ? (found[0] as XmlElement) : null;
}
