/**
 * X.501 names as people read them: the string form of RFC 4514. Only for showing and for comparing one certificate's
 * issuer with another's subject; no decision about trust rests on a name.
 */
import { Buffer } from "node:buffer";
import { type DerValue, membersOf, objectIdentifierText, TAG } from "./der.ts";

/** RFC 4514 section 3, RFC 4519, and the e-mail address of RFC 2985 by the name that every tool shows. */
const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "CN"],
  ["2.5.4.4", "SN"],
  ["2.5.4.5", "serialNumber"],
  ["2.5.4.6", "C"],
  ["2.5.4.7", "L"],
  ["2.5.4.8", "ST"],
  ["2.5.4.9", "STREET"],
  ["2.5.4.10", "O"],
  ["2.5.4.11", "OU"],
  ["2.5.4.12", "title"],
  ["2.5.4.42", "GN"],
  ["0.9.2342.19200300.100.1.1", "UID"],
  ["0.9.2342.19200300.100.1.25", "DC"],
  ["1.2.840.113549.1.9.1", "emailAddress"],
]);

/** RFC 4514 2.1: the relative names in reverse order. `name` is an RDNSequence (X.501 9.2); null when it isn't one. */
export function distinguishedNameText(name: DerValue | null): string | null {
  const parts: string[] = [];
  for (const relative of membersOf(name) ?? [null]) {
    const pairs: string[] = [];
    for (const attribute of membersOf(relative) ?? [null]) {
      const [type, value] = membersOf(attribute) ?? [];
      const oid = objectIdentifierText(type);
      if (oid === null || !value) return null;
      const keyword = KEYWORDS.get(oid);
      const text = keyword ? stringOf(value) : null;
      pairs.push(text === null ? `${keyword ?? oid}=#${hex(value)}` : `${keyword}=${escapeValue(text)}`);
    }
    parts.push(pairs.join("+"));
  }
  return parts.reverse().join(",");
}

/** Of a DirectoryString (RFC 5280 4.1.2.4) or another string of one alphabet; null for anything else. */
function stringOf({ tag, content }: DerValue): string | null {
  const octets = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (tag === TAG.utf8String) return octets.toString("utf8");
  if (tag === TAG.bmpString && octets.length % 2 === 0) return Buffer.from(octets).swap16().toString("utf16le");
  return BY_OCTET.includes(tag) ? octets.toString("latin1") : null;
}

const BY_OCTET: readonly number[] = [
  TAG.printableString,
  TAG.ia5String,
  TAG.teletexString,
  TAG.numericString,
  TAG.visibleString,
];

function hex({ octets }: DerValue): string {
  return Buffer.from(octets).toString("hex");
}

/** RFC 4514 2.4. Control characters by their hexadecimal pair, so that a name can't break a line. */
function escapeValue(text: string): string {
  return text
    .replace(/[\\",+;<>]/g, "\\$&")
    .replace(/^[ #]| $/g, "\\$&")
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
