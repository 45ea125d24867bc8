/** The company's own keys: made in the Worker, readable by others, usable for exactly one purpose. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { decryptElement } from "../../src/saml/encryption.ts";
import { generateKeyPair, importDecryptionKey, importSigningKey, type KeyPair } from "../../src/saml/key-pair.ts";
import { signElement, verifyElement } from "../../src/saml/signature.ts";
import { SIGNATURE } from "../../src/saml/terms.ts";
import { encryptXml } from "../support/messages/encrypt.ts";
import { codeOf, parsed, RESPONSE } from "../support/messages/pinned.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
let signing: KeyPair;
let encryption: KeyPair;
beforeAll(async () => {
  signing = await generateKeyPair("signing", { subject: "acme.example.com", now: NOW, years: 3 });
  encryption = await generateKeyPair("encryption", { subject: "acme.example.com", now: NOW, years: 30 });
});

const openssl = (pair: KeyPair) => new X509Certificate(Buffer.from(pair.certificate.base64, "base64"));

describe("generateKeyPair", () => {
  test("OpenSSL reads the certificate, and finds it signed by its own key", () => {
    const certificate = openssl(signing);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe("CN=acme.example.com");
    expect(certificate.ca).toBe(false);
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
  });

  test("it is valid from the day before, for as many years as asked, past 2050 too", () => {
    const day = 24 * 3_600_000;
    expect(signing.certificate).toMatchObject({ notBefore: NOW - day, notAfter: Date.UTC(2029, 10, 23, 12, 0, 0) });
    expect(Date.parse(openssl(encryption).validTo)).toBe(Date.UTC(2056, 10, 23, 12, 0, 0));
    expect(encryption.certificate.notAfter).toBe(Date.UTC(2056, 10, 23, 12, 0, 0));
  });

  test("the private key belongs to it", () => {
    const key = createPrivateKey({ key: Buffer.from(signing.privateKeyPkcs8), format: "der", type: "pkcs8" });
    const modulus = Buffer.from(key.export({ format: "jwk" }).n ?? "", "base64url");
    expect(openssl(signing).raw.includes(modulus)).toBe(true);
    expect(openssl(encryption).raw.includes(modulus)).toBe(false);
  });

  test("keyUsage says what it is for, so that nobody encrypts to a signing key", () => {
    const extension = (octet: number, unused: number) =>
      Buffer.from([0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff, 0x04, 0x04, 0x03, 0x02, unused, octet]);
    expect(openssl(signing).raw.includes(extension(0x80, 7))).toBe(true);
    expect(openssl(encryption).raw.includes(extension(0x20, 5))).toBe(true);
  });

  test("every certificate has a serial number of its own", () => {
    expect(openssl(signing).serialNumber).not.toBe(openssl(encryption).serialNumber);
    expect(openssl(signing).serialNumber).toMatch(/^[4-7]/);
  });

  test("a long or unusual host name makes a certificate all the same", async () => {
    const subject = `${"x".repeat(70)}.zoë`;
    const { certificate } = await generateKeyPair("signing", { subject, now: NOW, years: 1 });
    expect(certificate.subject).toBe(`CN=${"x".repeat(64)}`);
  });
});

describe("the keys in use", () => {
  test("what the signing key signs, its certificate verifies", async () => {
    const key = await importSigningKey(signing.privateKeyPkcs8, signing.certificate.base64);
    expect(key.algorithm).toBe(SIGNATURE.rsaSha256);
    const signed = await signElement(RESPONSE, key);
    const verified = await verifyElement(parsed(signed), { certificates: [signing.certificate], allowSha1: false });
    expect(codeOf(verified)).toBe("accepted");
  });

  test("what is encrypted to the certificate, the decryption key opens", async () => {
    const key = await importDecryptionKey(encryption.privateKeyPkcs8);
    const details = createPrivateKey({ key: Buffer.from(encryption.privateKeyPkcs8), format: "der", type: "pkcs8" });
    const to = {
      kind: "RSA-2048" as const,
      certificate: encryption.certificate.base64,
      spki: Uint8Array.from(encryption.certificate.spki),
      privateJwk: details.export({ format: "jwk" }) as JsonWebKey,
      pkcs8: encryption.privateKeyPkcs8,
    };
    const opened = await decryptElement(parsed(await encryptXml("<a/>", { to })), [key]);
    expect(opened.ok && new TextDecoder().decode(opened.value)).toBe("<a/>");
  });

  test("neither key can be taken out again", async () => {
    const { privateKey } = await importSigningKey(signing.privateKeyPkcs8, signing.certificate.base64);
    expect(privateKey).toMatchObject({ extractable: false, usages: ["sign"] });
    expect(await importDecryptionKey(encryption.privateKeyPkcs8)).toMatchObject({
      extractable: false,
      usages: ["decrypt"],
    });
  });
});
