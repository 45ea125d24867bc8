/**
 * X.501 names as people read them: the string form of RFC 4514. Only for showing and for comparing one certificate's
 * issuer with another's subject; no decision about trust rests on a name.
 */
import { Buffer } from "node:buffer";
import { type BaseBlock, Constructed, ObjectIdentifier } from "asn1js";

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
export function distinguishedNameText(name: BaseBlock): string | null {
  const parts: string[] = [];
  for (const relative of members(name)) {
    const pairs: string[] = [];
    for (const attribute of members(relative)) {
      const [type, value] = members(attribute);
      if (!(type instanceof ObjectIdentifier) || !value) return null;
      const oid = type.valueBlock.toString();
      const keyword = KEYWORDS.get(oid);
      const text = keyword ? stringOf(value) : null;
      pairs.push(text === null ? `${keyword ?? oid}=#${hex(value)}` : `${keyword}=${escapeValue(text)}`);
    }
    parts.push(pairs.join("+"));
  }
  return parts.reverse().join(",");
}

function members(block: BaseBlock): readonly BaseBlock[] {
  return block instanceof Constructed ? (block.valueBlock.value as BaseBlock[]) : [];
}

/** The text of a DirectoryString or IA5String; null for anything else. */
function stringOf(value: BaseBlock): string | null {
  const text: unknown = (value.valueBlock as { value?: unknown }).value;
  return typeof text === "string" ? text : null;
}

function hex(value: BaseBlock): string {
  return Buffer.from(value.toBER()).toString("hex");
}

/** RFC 4514 2.4. Control characters by their hexadecimal pair, so that a name can't break a line. */
function escapeValue(text: string): string {
  return text
    .replace(/[\\",+;<>]/g, "\\$&")
    .replace(/^[ #]| $/g, "\\$&")
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
