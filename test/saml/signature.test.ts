/** Honest signatures, by signers that share no code with the verifier: each one must pass, and give the signed element. */
import { describe, expect, test } from "vitest";
import { canonicalForm } from "../../src/saml/canonical-form.ts";
import { signatureOf, verifyElement } from "../../src/saml/signature.ts";
import { C14N, DIGEST, NS, SIGNATURE } from "../../src/saml/terms.ts";
import { type KeyKind, keyPair } from "../support/messages/keys.ts";
import { codeOf, elementById, parsed, pinned, RESPONSE, verifyById } from "../support/messages/pinned.ts";
import { type SignatureStyle, signElementById } from "../support/messages/sign.ts";

/** Signs the Assertion, verifies it, and demands that what comes out is the whole element without its signature. */
async function expectVerified(style: SignatureStyle, kind: KeyKind = "RSA-2048", id = "_a", allowSha1 = false) {
  const pair = await keyPair(kind);
  const signed = await signElementById(RESPONSE, id, pair, style);
  const result = await verifyById(signed, id, [pair], allowSha1);
  expect(result).toMatchObject({ ok: true });
  if (!result.ok) return;
  const { element, certificateSha256 } = result.value;
  expect(certificateSha256).toBe(pinned(pair).sha256);
  expect(signatureOf(element)).toBeNull();
  const original = elementById(parsed(RESPONSE), id);
  const exclusively = { method: "exclusive" } as const;
  expect(canonicalForm(element, exclusively)).toBe(canonicalForm(original, exclusively));
  return result.value;
}

describe("every allowed algorithm verifies", () => {
  test.each<[string, KeyKind]>([
    [SIGNATURE.rsaSha256, "RSA-2048"],
    [SIGNATURE.rsaSha384, "RSA-2048"],
    [SIGNATURE.rsaSha512, "RSA-3072"],
    [SIGNATURE.rsaPssSha256, "RSA-2048"],
    [SIGNATURE.rsaPssSha384, "RSA-2048"],
    [SIGNATURE.rsaPssSha512, "RSA-3072"],
    [SIGNATURE.ecdsaSha256, "P-256"],
    [SIGNATURE.ecdsaSha384, "P-384"],
    [SIGNATURE.ecdsaSha512, "P-521"],
    [SIGNATURE.ecdsaSha512, "P-256"],
    [SIGNATURE.ecdsaSha256, "P-384"],
  ])("%s by a key of %s", async (algorithm, kind) => {
    const verified = await expectVerified({ algorithm }, kind);
    expect(verified?.signatureAlgorithm).toBe(algorithm);
  });

  test.each([DIGEST.sha256, DIGEST.sha384, DIGEST.sha512])("digest %s", async (digest) => {
    await expectVerified({ digest });
  });

  test("SHA-1 in signature and digest, where the company's settings allow it", async () => {
    await expectVerified({ algorithm: SIGNATURE.rsaSha1, digest: DIGEST.sha1 }, "RSA-2048", "_a", true);
  });
});

describe("every honest way to canonicalize verifies", () => {
  test.each<[string, SignatureStyle]>([
    ["exclusive throughout", {}],
    ["inclusive throughout", { c14n: C14N.inclusive }],
    ["exclusive SignedInfo, inclusive reference", { transform: C14N.inclusive }],
    ["inclusive SignedInfo, exclusive reference", { c14n: C14N.inclusive, transform: C14N.exclusive }],
    ["enveloped-signature alone, which implies inclusive", { transform: null }],
    ["a PrefixList for the types of attribute values", { prefixList: "xs" }],
    ["a PrefixList with several prefixes and the default", { prefixList: "#default xs xsi saml ds" }],
    ["a PrefixList that names no prefix in scope", { prefixList: "nowhere" }],
    ["an empty PrefixList", { prefixList: "" }],
    ["a PrefixList on SignedInfo", { methodPrefixList: "xs samlp" }],
  ])("%s", async (_, style) => {
    await expectVerified(style);
  });

  test.each([{}, { c14n: C14N.inclusive }, { prefixList: "xs" }])("over the Response: %o", async (style) => {
    await expectVerified(style, "RSA-2048", "_r");
  });

  test("a prefix kept by PrefixList is still declared in what comes out", async () => {
    const verified = await expectVerified({ prefixList: "xs" });
    expect(verified?.element.namespaces).toContainEqual({ prefix: "xs", uri: "http://www.w3.org/2001/XMLSchema" });
  });
});

describe("every honest spelling verifies", () => {
  const x509 = "<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>";
  const rsaKeyValue =
    "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AAAA</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>";
  test.each<[string, SignatureStyle]>([
    ["Entra: no prefix", { prefix: "" }],
    ["Okta, Shibboleth: the prefix ds, base64 in lines", { prefix: "ds", lineWidth: 76 }],
    ["an unusual prefix", { prefix: "dsig" }],
    ["indented, with line feeds", { prefix: "ds", gap: "\n    ", lineWidth: 64 }],
    [
      "Google: X509SubjectName beside the certificate",
      {
        prefix: "ds",
        keyInfo:
          "<ds:X509Data><ds:X509SubjectName>ST=California</ds:X509SubjectName><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>",
      },
    ],
    [
      "Keycloak: KeyName, X509Data and KeyValue",
      { prefix: "ds", keyInfo: `<ds:KeyName>k1</ds:KeyName>${x509}${rsaKeyValue}` },
    ],
    [
      "an elliptic KeyValue",
      {
        prefix: "ds",
        keyInfo: `<ds:KeyValue><dsig11:ECKeyValue xmlns:dsig11="${NS.dsig11}"><dsig11:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><dsig11:PublicKey>AAAA</dsig11:PublicKey></dsig11:ECKeyValue></ds:KeyValue>`,
      },
    ],
    [
      "issuer and serial number",
      {
        prefix: "ds",
        keyInfo:
          "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>",
      },
    ],
    ["no KeyInfo", { keyInfo: null }],
    ["a KeyInfo without content", { keyInfo: "" }],
    [
      "Ids on the parts of the signature",
      { prefix: "ds", signedInfo: (xml) => xml.replace("<ds:SignedInfo", '<ds:SignedInfo Id="_si"') },
    ],
  ])("%s", async (_, style) => {
    await expectVerified(style);
  });

  test("CR LF line ends throughout, which the reader makes line feeds", async () => {
    const pair = await keyPair();
    const signed = await signElementById(RESPONSE, "_a", pair, { prefix: "ds", gap: "\n", lineWidth: 76 });
    expect(codeOf(await verifyById(signed.replaceAll("\n", "\r\n"), "_a", [pair]))).toBe("accepted");
  });

  test("a Response and its Assertion, both signed, the inner one first", async () => {
    const pair = await keyPair();
    const inner = await signElementById(RESPONSE, "_a", pair);
    const both = await signElementById(inner, "_r", pair);
    const response = await verifyById(both, "_r", [pair]);
    expect(codeOf(response)).toBe("accepted");
    expect(codeOf(await verifyById(both, "_a", [pair]))).toBe("accepted");
    if (response.ok) {
      const again = await verifyElement(elementById(response.value.element, "_a"), {
        certificates: [pinned(pair)],
        allowSha1: false,
      });
      expect(codeOf(again)).toBe("accepted");
    }
  });
});

describe("which key counts", () => {
  test("any of several pinned certificates verifies, whatever KeyInfo shows", async () => {
    const [old, next, ec] = [
      await keyPair("RSA-2048", "old"),
      await keyPair("RSA-2048", "next"),
      await keyPair("P-256"),
    ];
    for (const signer of [old, next, ec]) {
      for (const keyInfo of [undefined, null]) {
        const signed = await signElementById(RESPONSE, "_a", signer, keyInfo === null ? { keyInfo } : {});
        const result = await verifyById(signed, "_a", [old, ec, next]);
        expect(result.ok && result.value.certificateSha256).toBe(pinned(signer).sha256);
      }
    }
  });

  test("a pinned key of a larger modulus beside the signer's is no hindrance", async () => {
    const pair = await keyPair();
    const signed = await signElementById(RESPONSE, "_a", pair);
    expect(codeOf(await verifyById(signed, "_a", [await keyPair("RSA-3072"), pair]))).toBe("accepted");
  });
});

describe("what comes out is what was digested", () => {
  test("the element has no parent: nothing around it can be reached", async () => {
    const verified = await expectVerified({});
    expect(verified?.element.parent).toBeNull();
  });

  test("comments are not signed, so they are gone", async () => {
    const pair = await keyPair();
    const signed = await signElementById(RESPONSE, "_a", pair);
    const commented = signed.replace("b.simon@acme.example", "b.simon@acme.example<!-- x -->");
    const result = await verifyById(commented, "_a", [pair]);
    expect(
      result.ok && JSON.stringify(result.value.element, (key, value) => (key === "parent" ? undefined : value)),
    ).not.toContain("comment");
  });
});
