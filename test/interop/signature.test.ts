/**
 * Signatures and encryption between us and xmlsec1 (libxml2's, which most identity providers that are not .NET or Java rest on):
 * each must accept what the other made. Needs the program `xmlsec1` (Debian package of that name).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canonicalForm } from "../../src/saml/canonical-form.ts";
import { decryptElement } from "../../src/saml/encryption.ts";
import { importDecryptionKey, importSigningKey } from "../../src/saml/key-pair.ts";
import { type SigningKey, signElement } from "../../src/saml/signature.ts";
import {
  C14N,
  CONTENT_ENCRYPTION,
  DIGEST,
  KEY_TRANSPORT,
  NS,
  SIGNATURE,
  TRANSFORM_ENVELOPED,
} from "../../src/saml/terms.ts";
import { type KeyKind, type KeyPair, keyPair } from "../support/messages/keys.ts";
import { codeOf, parsed, RESPONSE, verifyById } from "../support/messages/pinned.ts";

let folder: string;
let pair: KeyPair;
let key: SigningKey;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vestibule-interop-"));
  pair = await keyPair();
  key = await importSigningKey(pair.pkcs8, pair.certificate);
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const pem = (label: string, octets: Uint8Array) =>
  `-----BEGIN ${label}-----\n${Buffer.from(octets).toString("base64").replace(/.{64}/g, "$&\n").trimEnd()}\n-----END ${label}-----\n`;

const ID_ATTRIBUTES = ["--id-attr:ID", `${NS.saml}:Assertion`, "--id-attr:ID", `${NS.samlp}:Response`];

const xmlsec1 = (...args: string[]) =>
  execFileSync("xmlsec1", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const certificateFile = (of: KeyPair) =>
  file("certificate.pem", pem("CERTIFICATE", Buffer.from(of.certificate, "base64")));

/** Throws unless xmlsec1 finds the first signature valid by the pair's key. */
const verifyByXmlsec1 = (xml: string, of: KeyPair = pair) =>
  xmlsec1("--verify", "--pubkey-cert-pem", certificateFile(of), ...ID_ATTRIBUTES, file("signed.xml", xml));

const signByXmlsec1 = (template: string, of: KeyPair) =>
  xmlsec1(
    "--sign",
    "--privkey-pem",
    file("key.pem", pem("PRIVATE KEY", of.pkcs8)),
    ...ID_ATTRIBUTES,
    file("template.xml", template),
  );

describe("xmlsec1 verifies what we sign", () => {
  test("a Response", async () => {
    verifyByXmlsec1(await signElement(RESPONSE, key));
  });

  test.each([
    [SIGNATURE.rsaSha512, "RSA-2048", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" }],
    [SIGNATURE.ecdsaSha256, "P-256", { name: "ECDSA", namedCurve: "P-256" }],
    [SIGNATURE.ecdsaSha384, "P-384", { name: "ECDSA", namedCurve: "P-384" }],
  ] as const)("%s", async (algorithm, kind, importAs) => {
    const signer = await keyPair(kind);
    const privateKey = await crypto.subtle.importKey("pkcs8", signer.pkcs8, importAs, false, ["sign"]);
    verifyByXmlsec1(
      await signElement(RESPONSE, { privateKey, algorithm, certificateBase64: signer.certificate }),
      signer,
    );
  });

  test("and refuses it once a letter is changed, so that it did verify", async () => {
    const signed = await signElement(RESPONSE, key);
    expect(() => verifyByXmlsec1(signed.replace("b.simon", "c.simon"))).toThrow();
  });

  test("sixty generated Responses with namespaces and characters of all kinds", async () => {
    const text = fc.string({
      unit: fc.constantFrom(
        "a",
        "é",
        "𝄞",
        " ",
        "\n",
        "\t",
        "&amp;",
        "&lt;",
        "&gt;",
        "&#13;",
        "&quot;",
        "'",
        "]]",
        "&#x2028;",
      ),
    });
    const attribute = fc
      .tuple(fc.constantFrom("x", "y", "p:x", "q:x", "xml:lang"), text)
      .map(([name, value]) => ` ${name}="${value}"`);
    const declaration = fc.constantFrom(
      "",
      ' xmlns="urn:d"',
      ' xmlns:p="urn:p"',
      ' xmlns:p="urn:o"',
      ' xmlns=""',
      ' xmlns:unused="urn:u"',
    );
    const { element } = fc.letrec<{ element: string }>((tie) => ({
      element: fc
        .tuple(
          fc.constantFrom("a", "p:a", "q:b"),
          declaration,
          fc.option(attribute),
          fc.array(fc.oneof({ maxDepth: 3 }, text, tie("element")), { maxLength: 4 }),
        )
        .map(([name, declared, value, children]) => `<${name}${declared}${value ?? ""}>${children.join("")}</${name}>`),
    }));
    await fc.assert(
      fc.asyncProperty(element, async (content) => {
        verifyByXmlsec1(
          await signElement(
            `<samlp:Response xmlns:samlp="${NS.samlp}" xmlns:p="urn:p" xmlns:q="urn:q" ID="_r">${content}</samlp:Response>`,
            key,
          ),
        );
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

interface Template {
  readonly algorithm?: string;
  readonly digest?: string;
  readonly c14n?: string;
  readonly transform?: string | null;
  readonly prefixList?: string;
}

/** RESPONSE with an empty signature in its Assertion, for xmlsec1 to fill in. */
function template({
  algorithm = SIGNATURE.rsaSha256,
  digest = DIGEST.sha256,
  c14n = C14N.exclusive,
  transform = C14N.exclusive,
  prefixList,
}: Template): string {
  const list =
    prefixList === undefined ? "" : `<ec:InclusiveNamespaces xmlns:ec="${NS.ec}" PrefixList="${prefixList}"/>`;
  const second = transform === null ? "" : `<ds:Transform Algorithm="${transform}">${list}</ds:Transform>`;
  const signature =
    `<ds:Signature xmlns:ds="${NS.ds}">\n<ds:SignedInfo>\n<ds:CanonicalizationMethod Algorithm="${c14n}"/>\n<ds:SignatureMethod Algorithm="${algorithm}"/>\n` +
    `<ds:Reference URI="#_a">\n<ds:Transforms><ds:Transform Algorithm="${TRANSFORM_ENVELOPED}"/>${second}</ds:Transforms>\n` +
    `<ds:DigestMethod Algorithm="${digest}"/>\n<ds:DigestValue/>\n</ds:Reference>\n</ds:SignedInfo>\n<ds:SignatureValue/>\n<ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo></ds:Signature>`;
  const place = RESPONSE.lastIndexOf("</saml:Issuer>") + "</saml:Issuer>".length;
  return RESPONSE.slice(0, place) + signature + RESPONSE.slice(place);
}

describe("we verify what xmlsec1 signs", () => {
  test.each<[string, Template, KeyKind]>([
    ["exclusive", {}, "RSA-2048"],
    ["inclusive", { c14n: C14N.inclusive, transform: C14N.inclusive }, "RSA-2048"],
    ["enveloped alone", { transform: null }, "RSA-2048"],
    ["a PrefixList", { prefixList: "xs #default" }, "RSA-2048"],
    ["RSA-SHA384", { algorithm: SIGNATURE.rsaSha384, digest: DIGEST.sha384 }, "RSA-2048"],
    ["RSA-SHA512", { algorithm: SIGNATURE.rsaSha512, digest: DIGEST.sha512 }, "RSA-3072"],
    ["ECDSA-SHA256", { algorithm: SIGNATURE.ecdsaSha256 }, "P-256"],
    ["ECDSA-SHA384", { algorithm: SIGNATURE.ecdsaSha384 }, "P-384"],
    ["ECDSA-SHA512", { algorithm: SIGNATURE.ecdsaSha512 }, "P-521"],
  ])("%s", async (_, style, kind) => {
    const signer = await keyPair(kind);
    const signed = signByXmlsec1(template(style), signer);
    expect(codeOf(await verifyById(signed, "_a", [signer]))).toBe("accepted");
    expect(codeOf(await verifyById(signed.replace("b.simon", "c.simon"), "_a", [signer]))).toBe("digest_mismatch");
  });

  test("RSA-SHA1, only where it is allowed", async () => {
    const signed = signByXmlsec1(template({ algorithm: SIGNATURE.rsaSha1, digest: DIGEST.sha1 }), pair);
    expect(codeOf(await verifyById(signed, "_a", [pair], true))).toBe("accepted");
    expect(codeOf(await verifyById(signed, "_a", [pair]))).toBe("signature_algorithm");
  });
});

describe("we decrypt what xmlsec1 encrypts", () => {
  test.each([
    ["aes-128", CONTENT_ENCRYPTION.aes128Cbc],
    ["aes-256", CONTENT_ENCRYPTION.aes256Cbc],
    ["aes-256", CONTENT_ENCRYPTION.aes256Gcm],
  ])("%s, %s", async (sessionKey, algorithm) => {
    const encryptedKey =
      `<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="${KEY_TRANSPORT.rsaOaepMgf1p}"/>` +
      `<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey>`;
    const data =
      `<xenc:EncryptedData xmlns:xenc="${NS.xenc}" Type="${NS.xenc}Element"><xenc:EncryptionMethod Algorithm="${algorithm}"/>` +
      `<ds:KeyInfo xmlns:ds="${NS.ds}">${encryptedKey}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>`;
    const encrypted = xmlsec1(
      "--encrypt",
      "--pubkey-cert-pem",
      certificateFile(pair),
      "--session-key",
      sessionKey,
      "--xml-data",
      file("plain.xml", RESPONSE),
      file("encryption.xml", data),
    );
    const element = `<saml:EncryptedAssertion xmlns:saml="${NS.saml}">${encrypted.replace(/^<\?xml[^>]*>\s*/, "")}</saml:EncryptedAssertion>`;
    const opened = await decryptElement(parsed(element), [await importDecryptionKey(pair.pkcs8)]);
    // xmlsec1 parses and writes what it encrypts, so the text differs where its meaning doesn't.
    const plaintext = parsed(opened.ok ? new TextDecoder().decode(opened.value) : "");
    expect(canonicalForm(plaintext, { method: "inclusive" })).toBe(
      canonicalForm(parsed(RESPONSE), { method: "inclusive" }),
    );
  });
});
