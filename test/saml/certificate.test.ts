/** What administrators paste: certificates in any wrapping are read, anything else is named, nothing throws. */
import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CERTIFICATE_TEXT_CHARS_MAX,
  CERTIFICATES_MAX,
  fingerprintOf,
  readCertificates,
} from "../../src/saml/certificate.ts";
import type { Certificate } from "../../src/saml/types.ts";
import { integer, oid, sequence, tlv } from "../support/messages/der.ts";
import { type KeyKind, type KeyPair, keyPair } from "../support/messages/keys.ts";

let idp: KeyPair;
let next: KeyPair;
beforeAll(async () => {
  idp = await keyPair();
  next = await keyPair("RSA-2048", "next");
});

const pem = (base64: string, label = "CERTIFICATE") =>
  `-----BEGIN ${label}-----\n${base64.replace(/.{64}/g, "$&\n").trimEnd()}\n-----END ${label}-----\n`;
const base64 = (octets: Uint8Array) => Buffer.from(octets).toString("base64");

function read(text: string): Certificate[] {
  const result = readCertificates(text);
  if (!result.ok) throw new Error(result.problem.code);
  return result.value;
}

function problemOf(text: string): string {
  const result = readCertificates(text);
  if (result.ok) throw new Error("accepted");
  expect(result.problem.message).toMatch(/^[A-Z].*\.$/);
  return result.problem.code;
}

const utf8 = (text: string) => tlv(0x0c, new TextEncoder().encode(text));
const attribute = (type: string, value: Uint8Array) => sequence(oid(type), value);
/** An RDNSequence of relative names, each a SET of its attributes. */
const nameOf = (...relative: Uint8Array[][]) => sequence(...relative.map((attributes) => tlv(0x31, ...attributes)));
const time = (digits: string) => tlv(digits.length > 13 ? 0x18 : 0x17, new TextEncoder().encode(digits));

interface Fields {
  readonly subject?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly spki?: Uint8Array;
  readonly notBefore?: string;
  readonly notAfter?: string;
}

/** A certificate whose own signature is nonsense: nobody looks at it. */
function certificate(fields: Fields = {}): Uint8Array {
  const algorithm = sequence(oid("1.2.840.113549.1.1.11"), tlv(0x05));
  const subject = fields.subject ?? nameOf([attribute("2.5.4.3", utf8("x"))]);
  const validity = sequence(time(fields.notBefore ?? "250101000000Z"), time(fields.notAfter ?? "350101000000Z"));
  const spki = fields.spki ?? idp.spki;
  const version = tlv(0xa0, tlv(0x02, Uint8Array.of(2)));
  const tbs = sequence(
    version,
    integer(Uint8Array.of(7)),
    algorithm,
    fields.issuer ?? subject,
    validity,
    subject,
    spki,
  );
  return sequence(tbs, algorithm, tlv(0x03, new Uint8Array(33)));
}

function rsaSpki(modulusBits: number, exponent: Uint8Array): Uint8Array {
  const modulus = new Uint8Array(Math.ceil(modulusBits / 8)).fill(0xff);
  modulus[0] = 0xff >>> ((8 - (modulusBits % 8)) % 8);
  const key = sequence(integer(modulus), integer(exponent));
  return sequence(sequence(oid("1.2.840.113549.1.1.1"), tlv(0x05)), tlv(0x03, Uint8Array.of(0), key));
}

describe("a certificate is read", () => {
  test("with everything that OpenSSL reads in it", () => {
    const [only] = read(pem(idp.certificate));
    const openssl = new X509Certificate(Buffer.from(idp.certificate, "base64"));
    expect(only).toEqual({
      base64: idp.certificate,
      subject: "CN=idp",
      issuer: "CN=idp",
      sha256: openssl.fingerprint256.replaceAll(":", "").toLowerCase(),
      notBefore: Date.parse(openssl.validFrom),
      notAfter: Date.parse(openssl.validTo),
      key: { type: "RSA", bits: 2048 },
      spki: new Uint8Array(openssl.publicKey.export({ format: "der", type: "spki" })),
    });
  });

  test.each<[KeyKind, Certificate["key"]]>([
    ["RSA-3072", { type: "RSA", bits: 3072 }],
    ["P-256", { type: "EC", curve: "P-256" }],
    ["P-384", { type: "EC", curve: "P-384" }],
    ["P-521", { type: "EC", curve: "P-521" }],
  ])("with a key of %s", async (kind, key) => {
    const pair = await keyPair(kind);
    expect(read(pair.certificate)[0]).toMatchObject({ key, spki: pair.spki });
  });

  test("from any wrapping of its base64", () => {
    const { certificate: bare } = idp;
    const wrappings = [
      bare,
      `\ufeff ${bare.replace(/.{50}/g, "$&\r\n\t ")}\n\n`,
      bare.replace(/.{10}/g, "$&\u00a0"),
      pem(bare),
      pem(bare).replaceAll("\n", "\r\n"),
      pem(bare).replaceAll("\n", " "),
      pem(bare).replaceAll("\n", "\\n"),
      pem(bare).replaceAll("\n", "\\r\\n"),
      pem(bare, "X509 CERTIFICATE"),
      `Bag Attributes\n    friendlyName: x\nsubject=/CN=idp\n${pem(bare)}\nmore words`,
      base64(new TextEncoder().encode(pem(bare))),
      base64(new TextEncoder().encode(`subject=/CN=idp\n${pem(bare)}`)),
    ];
    for (const text of wrappings)
      expect(
        read(text).map((c) => c.base64),
        text,
      ).toEqual([bare]);
  });

  test("beside another, in their order and each once", () => {
    const text = pem(idp.certificate) + pem(next.certificate) + pem(idp.certificate);
    expect(read(text).map(({ subject }) => subject)).toEqual(["CN=idp", "CN=next"]);
  });

  test.each([
    ["bare, bare", () => `${idp.certificate}\n\n${next.certificate}`],
    ["bare, bare, without a line between", () => idp.certificate.replace(/.{64}/g, "$&\r\n") + next.certificate],
    ["a block, bare", () => `${pem(idp.certificate)}\n${next.certificate.replace(/.{76}/g, "$&\n")}\n`],
    ["bare, a block", () => `${idp.certificate}\n${pem(next.certificate)}`],
    ["bare among words", () => `old:\n${pem(idp.certificate)}and the next one:\n${next.certificate}\nfrom June on`],
  ])("beside another, armoured or not: %s", (_shape, text) => {
    expect(read(text()).map(({ subject }) => subject)).toEqual(["CN=idp", "CN=next"]);
  });

  test("once: the same certificate is the same object, whose imported keys are kept with it", () => {
    expect(read(pem(idp.certificate))[0]).toBe(read(idp.certificate)[0]);
  });

  test("in version 1, which says no version", () => {
    const der = Buffer.from(certificate());
    const version = Buffer.from("a003020102", "hex");
    const at = der.indexOf(version);
    const shorter = Buffer.concat([der.subarray(0, at), der.subarray(at + version.length)]);
    // The two outer lengths (two octets each) count five octets less.
    for (const length of [2, 6]) shorter.writeUInt16BE(shorter.readUInt16BE(length) - version.length, length);
    expect(read(base64(shorter))[0]?.subject).toBe("CN=x");
  });

  test("though it has expired, or is not yet valid", () => {
    expect(read(base64(certificate({ notAfter: "260101000000Z" })))[0]?.notAfter).toBe(Date.UTC(2026, 0, 1));
    expect(read(base64(certificate({ notBefore: "20600101000000Z", notAfter: "20610101000000Z" })))[0]?.notBefore).toBe(
      Date.UTC(2060, 0, 1),
    );
  });

  test("with names as people read them (RFC 4514)", () => {
    const subject = nameOf(
      [attribute("2.5.4.6", tlv(0x13, new TextEncoder().encode("DE")))],
      [attribute("2.5.4.10", utf8('Zoë, "Söhne" + Co')), attribute("2.5.4.11", utf8("#1"))],
      [attribute("1.2.840.113549.1.9.1", tlv(0x16, new TextEncoder().encode("a@b.example")))],
      [attribute("2.5.4.3", utf8(" x; <y>\\\u0000 "))],
      [attribute("1.2.3.4", utf8("z"))],
    );
    expect(read(base64(certificate({ subject })))[0]?.subject).toBe(
      '1.2.3.4=#0c017a,CN=\\ x\\; \\<y\\>\\\\\\00\\ ,emailAddress=a@b.example,O=Zoë\\, \\"Söhne\\" \\+ Co+OU=\\#1,C=DE',
    );
    expect(read(base64(certificate({ subject: sequence() })))[0]?.subject).toBe("");
  });
});

describe("what isn't a usable certificate is named", () => {
  const label = (name: string) => pem(base64(certificate()), name);
  const cases: [string, string, () => string][] = [
    ["nothing", "certificate_malformed", () => ""],
    ["white space", "certificate_malformed", () => " \n"],
    ["words", "certificate_malformed", () => "my certificate"],
    ["a PEM block that does not end", "certificate_malformed", () => pem(idp.certificate).slice(0, -20)],
    [
      "half a certificate beside a block",
      "certificate_malformed",
      () => pem(idp.certificate) + next.certificate.slice(0, 400),
    ],
    ["a bare private key beside a block", "private_key_pasted", () => `${pem(idp.certificate)}\n${base64(idp.pkcs8)}`],
    ["a PEM block without content", "certificate_malformed", () => pem("")],
    ["a PEM block of nonsense", "certificate_malformed", () => pem("????")],
    ["a PEM block of an unknown kind", "certificate_malformed", () => label("X509 CRL")],
    ["half a certificate", "certificate_malformed", () => idp.certificate.slice(0, 400)],
    [
      "a certificate with something behind it",
      "certificate_malformed",
      () => base64(Buffer.concat([certificate(), Buffer.of(0)])),
    ],
    ["a private key in PEM", "private_key_pasted", () => pem(base64(idp.pkcs8), "PRIVATE KEY")],
    ["an encrypted private key in PEM", "private_key_pasted", () => label("ENCRYPTED PRIVATE KEY")],
    ["an old private key in PEM", "private_key_pasted", () => label("RSA PRIVATE KEY")],
    [
      "a certificate and its private key",
      "private_key_pasted",
      () => pem(idp.certificate) + pem(base64(idp.pkcs8), "PRIVATE KEY"),
    ],
    ["a bare private key", "private_key_pasted", () => base64(idp.pkcs8)],
    [
      "a bare encrypted private key",
      "private_key_pasted",
      () => base64(sequence(sequence(oid("1.2.840.113549.1.5.13")), tlv(0x04, new Uint8Array(64)))),
    ],
    ["a private key under a certificate's label", "private_key_pasted", () => pem(base64(idp.pkcs8))],
    ["a request in PEM", "certificate_request_pasted", () => label("CERTIFICATE REQUEST")],
    ["a request in Microsoft's PEM", "certificate_request_pasted", () => label("NEW CERTIFICATE REQUEST")],
    ["a bare request", "certificate_request_pasted", () => base64(request())],
    ["a public key in PEM", "public_key_pasted", () => pem(base64(idp.spki), "PUBLIC KEY")],
    ["a bare public key", "public_key_pasted", () => base64(idp.spki)],
    ["a PKCS#7 bundle in PEM", "certificate_chain_pasted", () => label("PKCS7")],
    [
      "a bare PKCS#7 bundle",
      "certificate_chain_pasted",
      () => base64(sequence(oid("1.2.840.113549.1.7.2"), tlv(0xa0))),
    ],
    [
      "a chain",
      "certificate_chain_pasted",
      () => pem(base64(certificate({ issuer: nameOf([attribute("2.5.4.3", utf8("idp"))]) }))) + pem(idp.certificate),
    ],
    [
      "an RSA key of 1024 bits",
      "certificate_key_too_small",
      () => base64(certificate({ spki: rsaSpki(1024, Uint8Array.of(1, 0, 1)) })),
    ],
    [
      "an RSA key of 2047 bits",
      "certificate_key_too_small",
      () => base64(certificate({ spki: rsaSpki(2047, Uint8Array.of(1, 0, 1)) })),
    ],
    [
      "an RSA key of 16384 bits",
      "certificate_key_unsupported",
      () => base64(certificate({ spki: rsaSpki(16_384, Uint8Array.of(1, 0, 1)) })),
    ],
    [
      "an RSA exponent of one",
      "certificate_key_unsupported",
      () => base64(certificate({ spki: rsaSpki(2048, Uint8Array.of(1)) })),
    ],
    [
      "an even RSA exponent",
      "certificate_key_unsupported",
      () => base64(certificate({ spki: rsaSpki(2048, Uint8Array.of(4)) })),
    ],
    [
      "a huge RSA exponent",
      "certificate_key_unsupported",
      () => base64(certificate({ spki: rsaSpki(2048, new Uint8Array(64).fill(255)) })),
    ],
    ["secp256k1", "certificate_key_unsupported", () => base64(certificate({ spki: curve("1.3.132.0.10", 65) }))],
    [
      "a compressed point",
      "certificate_key_unsupported",
      () => base64(certificate({ spki: curve("1.2.840.10045.3.1.7", 33) })),
    ],
    [
      "an Ed25519 key",
      "certificate_key_unsupported",
      () => base64(certificate({ spki: sequence(sequence(oid("1.3.101.112")), tlv(0x03, new Uint8Array(33))) })),
    ],
    [
      "a DSA key",
      "certificate_key_unsupported",
      () => base64(certificate({ spki: sequence(sequence(oid("1.2.840.10040.4.1")), tlv(0x03, new Uint8Array(33))) })),
    ],
    [
      "one good and one weak certificate",
      "certificate_key_too_small",
      () => pem(idp.certificate) + pem(base64(certificate({ spki: rsaSpki(1024, Uint8Array.of(3)) }))),
    ],
    [
      "too many certificates",
      "certificate_too_many",
      () =>
        Array.from({ length: CERTIFICATES_MAX + 1 }, (_, n) =>
          pem(base64(certificate({ subject: nameOf([attribute("2.5.4.3", utf8(`${n}`))]) }))),
        ).join(""),
    ],
    [
      "a certificate of 20 KB",
      "certificate_too_large",
      () => pem(base64(certificate({ subject: nameOf([attribute("2.5.4.3", utf8("x".repeat(20_000)))]) }))),
    ],
    ["megabytes", "certificate_too_large", () => "A".repeat(CERTIFICATE_TEXT_CHARS_MAX + 1)],
    ["XML", "certificate_malformed", () => `<EntityDescriptor>${idp.certificate}</EntityDescriptor>`],
    ["thousands of BEGIN lines", "certificate_malformed", () => "-----BEGIN CERTIFICATE-----".repeat(4000)],
    ["deep ASN.1", "certificate_malformed", () => base64(nested(2000))],
  ];
  test.each(cases)("%s: %s", (_, code, text) => {
    expect(problemOf(text())).toBe(code);
  });

  test("XML gets the advice to import it", () => {
    const result = readCertificates("<EntityDescriptor/>");
    expect(result.ok ? "" : result.problem.message).toContain("import it as metadata");
  });
});

function request(): Uint8Array {
  const algorithm = sequence(oid("1.2.840.113549.1.1.11"), tlv(0x05));
  const info = sequence(integer(Uint8Array.of(0)), nameOf([attribute("2.5.4.3", utf8("x"))]), idp.spki, tlv(0xa0));
  return sequence(info, algorithm, tlv(0x03, new Uint8Array(33)));
}

function curve(identifier: string, octets: number): Uint8Array {
  const point = new Uint8Array(octets).fill(1);
  point[0] = octets % 2 === 1 && octets > 64 ? 4 : 2;
  return sequence(sequence(oid("1.2.840.10045.2.1"), oid(identifier)), tlv(0x03, Uint8Array.of(0), point));
}

function nested(depth: number): Uint8Array {
  let inner: Uint8Array = tlv(0x05);
  for (let level = 0; level < depth; level++) inner = sequence(inner);
  return inner;
}

describe("hostile input never throws", () => {
  test("a certificate with some octets changed", () => {
    const der = Buffer.from(idp.certificate, "base64");
    const change = fc.tuple(fc.nat(der.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const mutant = Buffer.from(der);
        for (const [at, value] of changes) mutant[at] = value;
        const result = readCertificates(base64(mutant));
        if (result.ok) expect(result.value[0]?.base64).toBe(base64(mutant));
      }),
      { numRuns: 300 },
    );
  });

  test("a certificate cut anywhere", () => {
    const der = Buffer.from(idp.certificate, "base64");
    for (let length = 0; length < der.length; length++) {
      expect(readCertificates(base64(der.subarray(0, length))).ok).toBe(false);
    }
  });

  test("any text", () => {
    const pieces = fc.constantFrom(
      "-----BEGIN ",
      "CERTIFICATE",
      "-----",
      "-----END ",
      "MII",
      "A",
      "=",
      "\n",
      "\\n",
      "<",
      "PRIVATE KEY",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }), (parts) => {
        expect(readCertificates(parts.join("")).ok).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

test("the fingerprint of something shown is made of any base64, of nothing else", () => {
  expect(fingerprintOf(idp.certificate)).toBe(read(idp.certificate)[0]?.sha256);
  expect(fingerprintOf("AAAA")).toHaveLength(64);
  expect(fingerprintOf("?")).toBeNull();
  expect(fingerprintOf("A".repeat(40_000))).toBeNull();
});
