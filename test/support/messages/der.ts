/**
 * The few bytes of DER (X.690) that a self-signed certificate (RFC 5280) needs. Written for the tests alone, so that
 * what the gateway reads was not made by the library it reads with.
 */

type Bytes = Uint8Array<ArrayBuffer>;

export function concat(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One tag-length-value. */
export function tlv(tag: number, ...content: readonly Uint8Array[]): Bytes {
  const body = concat(content);
  const length: number[] = [];
  if (body.length < 0x80) length.push(body.length);
  else {
    for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
    length.unshift(0x80 | length.length);
  }
  return concat([Uint8Array.from([tag, ...length]), body]);
}

export const sequence = (...content: readonly Uint8Array[]) => tlv(0x30, ...content);

/** A non-negative INTEGER from its big-endian bytes. */
export function integer(bytes: Uint8Array): Bytes {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return (trimmed[0] ?? 0) & 0x80 ? tlv(0x02, Uint8Array.of(0), trimmed) : tlv(0x02, trimmed);
}

export function oid(dotted: string): Bytes {
  const arcs = dotted.split(".").map(Number);
  const bytes: number[] = [(arcs[0] ?? 0) * 40 + (arcs[1] ?? 0)];
  for (const arc of arcs.slice(2)) {
    const groups = [arc & 0x7f];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
      groups.unshift((rest & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(0x06, Uint8Array.from(bytes));
}

const ascii = (text: string) => new TextEncoder().encode(text);

function time(at: number): Bytes {
  const digits = new Date(at).toISOString().replace(/[-:T]/g, "").slice(0, 14);
  const year = Number(digits.slice(0, 4));
  return year < 2050 ? tlv(0x17, ascii(`${digits.slice(2)}Z`)) : tlv(0x18, ascii(`${digits}Z`));
}

const SIGNATURE_OIDS = {
  "RSA-SHA256": sequence(oid("1.2.840.113549.1.1.11"), tlv(0x05)),
  "ECDSA-SHA256": sequence(oid("1.2.840.10045.4.3.2")),
  "ECDSA-SHA384": sequence(oid("1.2.840.10045.4.3.3")),
} as const;

export type CertificateSignature = keyof typeof SIGNATURE_OIDS;

/** The raw r || s of WebCrypto as ECDSA-Sig-Value. */
export function ecdsaToDer(raw: Uint8Array): Bytes {
  const half = raw.length / 2;
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}

export interface CertificateFields {
  readonly commonName: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Uint8Array;
  readonly algorithm: CertificateSignature;
}

/** A self-signed X.509 v3 certificate without extensions, as DER. `sign` gets the TBSCertificate and answers the signature's octets. */
export async function selfSignedCertificate(
  fields: CertificateFields,
  sign: (tbs: Bytes) => Promise<Uint8Array>,
): Promise<Bytes> {
  const name = sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(0x0c, ascii(fields.commonName)))));
  const algorithm = SIGNATURE_OIDS[fields.algorithm];
  const tbs = sequence(
    tlv(0xa0, tlv(0x02, Uint8Array.of(2))),
    integer(crypto.getRandomValues(new Uint8Array(12))),
    algorithm,
    name,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    name,
    fields.spki,
  );
  return sequence(tbs, algorithm, tlv(0x03, Uint8Array.of(0), await sign(tbs)));
}
