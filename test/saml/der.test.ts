/** DER as it is read and written: the one spelling of each value, and nothing else. */
import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCertificates } from "../../src/saml/certificate.ts";
import {
  bitStringOctets,
  der,
  derObjectIdentifier,
  derTime,
  membersOf,
  objectIdentifierText,
  readDer,
  TAG,
  timeOf,
} from "../../src/saml/der.ts";
import { integer, oid, sequence, tlv } from "../support/messages/der.ts";
import { keyPair } from "../support/messages/keys.ts";

const octets = (...values: number[]) => Uint8Array.from(values);
const ascii = (text: string) => new TextEncoder().encode(text);

describe("a value", () => {
  it("is read as it was written, at every length", () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000]) {
      const content = new Uint8Array(length).fill(7);
      const written = der(TAG.octetString, content);
      expect(Buffer.from(written).equals(tlv(TAG.octetString, content))).toBe(true);
      const read = readDer(written);
      expect([read?.tag, read?.content.length]).toEqual([TAG.octetString, length]);
    }
  });

  it.for([
    ["no octet", []],
    ["a tag alone", [0x04]],
    ["fewer octets than it says", [0x04, 2, 1]],
    ["an octet left over", [0x04, 1, 1, 1]],
    ["an indefinite length", [0x30, 0x80, 0, 0]],
    ["a length of two octets where one would do", [0x04, 0x81, 1, 1]],
    ["a length with a leading zero", [0x04, 0x82, 0, 0x80, ...new Array(128).fill(0)]],
    ["a length of five octets", [0x04, 0x85, 1, 0, 0, 0, 0]],
    ["a length cut short", [0x04, 0x82, 1]],
    ["a tag of several octets", [0x1f, 0x20, 0]],
  ] as const)("with %s is none", ([, bytes]) => {
    expect(readDer(octets(...bytes))).toBeNull();
  });

  it("has members only where it is constructed, and values from end to end", () => {
    const inner = der(TAG.integer, octets(5));
    expect(membersOf(readDer(der(TAG.sequence, inner, inner)))).toHaveLength(2);
    expect(membersOf(readDer(der(TAG.sequence)))).toEqual([]);
    expect(membersOf(readDer(der(TAG.octetString, inner)))).toBeNull();
    expect(membersOf(readDer(der(TAG.sequence, inner, octets(2))))).toBeNull();
    expect(membersOf(null)).toBeNull();
  });
});

describe("an object identifier", () => {
  it.for(["1.2.840.113549.1.1.11", "2.5.4.3", "0.9.2342.19200300.100.1.25", "1.3.132.0.34"])(
    "%s is written as another writer does, and read back",
    (text) => {
      const written = derObjectIdentifier(text);
      expect(Buffer.from(written).equals(oid(text))).toBe(true);
      expect(objectIdentifierText(readDer(written) ?? undefined)).toBe(text);
    },
  );

  it("whose first two numbers take two octets is read back", () => {
    expect([...derObjectIdentifier("2.999.3")]).toEqual([0x06, 3, 0x88, 0x37, 3]);
    expect(objectIdentifierText(readDer(derObjectIdentifier("2.999.3"))!)).toBe("2.999.3");
  });

  it("that ends in the middle of a number, or is past all numbers, is none", () => {
    const read = (...content: number[]) =>
      objectIdentifierText(readDer(der(TAG.objectIdentifier, octets(...content)))!);
    expect(read(0x2a, 0x86)).toBeNull();
    expect(read(0x2a, ...new Array(9).fill(0xff), 0x7f)).toBeNull();
    expect(read()).toBeNull();
    expect(objectIdentifierText(readDer(der(TAG.integer, octets(1)))!)).toBeNull();
  });
});

describe("a time", () => {
  it.for([
    Date.UTC(1950, 0, 1),
    Date.UTC(1999, 11, 31, 23, 59, 59),
    Date.UTC(2024, 1, 29, 12),
    Date.UTC(2049, 11, 31, 23, 59, 59),
    Date.UTC(2050, 0, 1),
    Date.UTC(9999, 11, 31, 23, 59, 59),
  ])("%s is written and read back", (time) => {
    expect(timeOf(readDer(derTime(time))!)).toBe(time);
  });

  it.for([
    [TAG.utcTime, "230229120000Z"],
    [TAG.utcTime, "231301000000Z"],
    [TAG.utcTime, "230001000000Z"],
    [TAG.utcTime, "230101240000Z"],
    [TAG.utcTime, "230101006000Z"],
    [TAG.utcTime, "2301010000Z"],
    [TAG.utcTime, "230101000000+0100"],
    [TAG.utcTime, "20230101000000Z"],
    [TAG.generalizedTime, "230101000000Z"],
    [TAG.generalizedTime, "20230101000000.5Z"],
    [TAG.printableString, "230101000000Z"],
  ] as const)("tag %i with %s is none", ([tag, text]) => {
    expect(timeOf(readDer(der(tag, ascii(text)))!)).toBeNull();
  });
});

describe("a bit string", () => {
  it("is taken where it has whole octets", () => {
    expect(bitStringOctets(readDer(der(TAG.bitString, octets(0, 1, 2)))!)).toEqual(octets(1, 2));
    expect(bitStringOctets(readDer(der(TAG.bitString, octets(3, 8)))!)).toBeNull();
    expect(bitStringOctets(readDer(der(TAG.bitString))!)).toBeNull();
    expect(bitStringOctets(readDer(der(TAG.octetString, octets(0, 1)))!)).toBeNull();
  });
});

describe("a changed certificate", () => {
  it("is answered, never thrown at; and where OpenSSL's heir reads it too, both see one key and the same dates", async () => {
    const { certificate } = await keyPair("RSA-2048");
    const genuine = Buffer.from(certificate, "base64");
    let both = 0;
    fc.assert(
      fc.property(
        fc.nat(genuine.length - 1),
        fc.nat(255),
        fc.constantFrom("replace", "insert", "delete"),
        (at, octet, kind) => {
          const changed =
            kind === "replace"
              ? Buffer.concat([genuine.subarray(0, at), octets(octet), genuine.subarray(at + 1)])
              : kind === "insert"
                ? Buffer.concat([genuine.subarray(0, at), octets(octet), genuine.subarray(at)])
                : Buffer.concat([genuine.subarray(0, at), genuine.subarray(at + 1)]);
          const read = readCertificates(changed.toString("base64"));
          if (!read.ok) return;
          const ours = read.value[0]!;
          let theirs: X509Certificate;
          try {
            theirs = new X509Certificate(changed);
          } catch {
            return;
          }
          both++;
          expect([ours.notBefore, ours.notAfter]).toEqual([Date.parse(theirs.validFrom), Date.parse(theirs.validTo)]);
          expect(ours.sha256).toBe(theirs.fingerprint256.replaceAll(":", "").toLowerCase());
        },
      ),
      { numRuns: 1_500, seed: 7 },
    );
    expect(both).toBeGreaterThan(100);
  });

  it("with a modulus that is no DER inside its key is refused", () => {
    const rsa = sequence(oid("1.2.840.113549.1.1.1"), tlv(0x05));
    const info = sequence(rsa, tlv(0x03, octets(0), sequence(integer(octets(1))).subarray(0, 3)));
    const name = sequence();
    const validity = sequence(derTime(0), derTime(1_000));
    const tbs = sequence(integer(octets(1)), rsa, name, validity, name, info);
    const whole = sequence(tbs, rsa, tlv(0x03, octets(0, 1)));
    const read = readCertificates(Buffer.from(whole).toString("base64"));
    expect(read.ok ? "" : read.problem.code).toBe("certificate_malformed");
  });
});
