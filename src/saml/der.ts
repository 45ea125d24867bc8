/**
 * Owns DER (X.690, 10): one way to write each value, so anything else is refused: indefinite or padded lengths, tags of several
 * octets, octets left over. Knows tags and lengths, times and object identifiers; what they mean, its callers know.
 */

/** Identifier octets of the values that certificates are made of (X.690 8.1.2, X.680 8.6). */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  explicit0: 0xa0,
  explicit3: 0xa3,
} as const;

type Bytes = Uint8Array<ArrayBuffer>;

/** One value: its identifier octet, its contents, and all of its octets. Views into what was read. */
export interface DerValue {
  readonly tag: number;
  readonly content: Bytes;
  readonly octets: Bytes;
}

const CONSTRUCTED = 0x20;
const TAG_IN_NEXT_OCTETS = 0x1f;
const LENGTH_OCTETS_MAX = 4;

/** The one value that `octets` are, or null. */
export function readDer(octets: Bytes): DerValue | null {
  const value = valueAt(octets, 0);
  return value && value.octets.length === octets.length ? value : null;
}

/** The values inside a constructed one; null where it is none, is absent, or its contents are not values from end to end. */
export function membersOf(value: DerValue | null | undefined): DerValue[] | null {
  if (!value || (value.tag & CONSTRUCTED) === 0) return null;
  const members: DerValue[] = [];
  for (let at = 0; at < value.content.length; ) {
    const member = valueAt(value.content, at);
    if (member === null) return null;
    members.push(member);
    at += member.octets.length;
  }
  return members;
}

function valueAt(octets: Bytes, at: number): DerValue | null {
  const tag = octets[at];
  let length = octets[at + 1];
  if (tag === undefined || length === undefined || (tag & TAG_IN_NEXT_OCTETS) === TAG_IN_NEXT_OCTETS) return null;
  let start = at + 2;
  if (length >= 0x80) {
    const count = length - 0x80;
    if (count === 0 || count > LENGTH_OCTETS_MAX || octets[start] === 0) return null;
    length = 0;
    for (const end = start + count; start < end; start++) length = length * 256 + (octets[start] ?? 0);
    if (length < 0x80) return null;
  }
  const end = start + length;
  if (end > octets.length) return null;
  return { tag, content: octets.subarray(start, end), octets: octets.subarray(at, end) };
}

/** Of a BIT STRING of whole octets (X.690 8.6); null for any other. */
export function bitStringOctets(value: DerValue | undefined): Bytes | null {
  return value?.tag === TAG.bitString && value.content[0] === 0 ? value.content.subarray(1) : null;
}

/** In dotted form (X.690 8.19); null for anything but an OBJECT IDENTIFIER. */
export function objectIdentifierText(value: DerValue | undefined): string | null {
  if (value?.tag !== TAG.objectIdentifier || value.content.length === 0) return null;
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of value.content) {
    arc = arc * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(arc)) return null;
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  if ((value.content.at(-1) as number) >= 0x80) return null;
  const [first = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join(".");
}

const TIME = /^(\d\d)?(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 has them, in UTC milliseconds; null for anything else. */
export function timeOf(value: DerValue | undefined): number | null {
  if (value?.tag !== TAG.utcTime && value?.tag !== TAG.generalizedTime) return null;
  const parts = TIME.exec(String.fromCharCode(...value.content.subarray(0, 16)));
  if (!parts || (parts[1] === undefined) !== (value.tag === TAG.utcTime)) return null;
  const [, century, years, ...rest] = parts;
  const year = Number(years) + (century === undefined ? (Number(years) < 50 ? 2000 : 1900) : Number(century) * 100);
  const [month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = rest.map(Number);
  const time = Date.UTC(year, month - 1, day, hours, minutes, seconds);
  // The 31st of February is another day.
  return new Date(time).getUTCDate() === day && month >= 1 && month <= 12 && hours < 24 && minutes < 60 && seconds < 60
    ? time
    : null;
}

/** Writes a value. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Bytes {
  const length = contents.reduce((sum, { length }) => sum + length, 0);
  const head = [tag, ...lengthOctets(length)];
  const written = new Uint8Array(head.length + length);
  written.set(head);
  let at = head.length;
  for (const content of contents) {
    written.set(content, at);
    at += content.length;
  }
  return written;
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 + octets.length, ...octets];
}

export function derObjectIdentifier(text: string): Bytes {
  const [top = 0, second = 0, ...rest] = text.split(".").map(Number);
  const octets = [top * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(0x80 + (left % 128));
    return groups;
  });
  return der(TAG.objectIdentifier, Uint8Array.from(octets));
}

/** RFC 5280 4.1.2.5: from 2050 on, GeneralizedTime. */
const GENERALIZED_TIME_FROM = Date.UTC(2050, 0, 1);

/** Of UTC milliseconds, cut to the second. */
export function derTime(time: number): Bytes {
  const digits = new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);
  const [tag, text] = time < GENERALIZED_TIME_FROM ? [TAG.utcTime, digits.slice(2)] : [TAG.generalizedTime, digits];
  return der(tag, new TextEncoder().encode(`${text}Z`));
}
