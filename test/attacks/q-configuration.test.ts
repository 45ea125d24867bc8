/**
 * Group Q: what administrators and metadata hand over, as far as the core decides it: weak keys, hostile metadata. Rules R1, R2, R12, R17.
 * At the endpoint are proved: Q07 an unconfigured company answers 404, Q08 suspended company and disabled user, Q09 one decision for
 * SP- and IdP-initiated, Q10 two companies with one IdP entity ID, Q18 nothing hostile is reflected, Q19 one sentence for all refusals;
 * S01 S03 browser binding and parallel tabs; P01 to P20 RelayState; N13 N15 N19 N20 N22 parameters; O30 S07 pending logouts.
 */
import { describe, expect, it } from "vitest";
import { readCertificates, readIdpMetadata } from "../../src/saml/index.ts";
import { createIdentityProvider, pem } from "../support/identity-provider.ts";
import { type KeyKind, keyPair } from "../support/messages/keys.ts";
import { Door, scene } from "../support/messages/scene.ts";
import { cut, putBefore, swap } from "../support/messages/surgery.ts";

const read = (xml: string) => readIdpMetadata(new TextEncoder().encode(xml));
const LOGIN = "https://login.example/saml2";
const metadata = async (o: { logoutUrl?: string; use?: "signing" | null; certificates?: string[] } = {}) =>
  (await createIdentityProvider()).metadata({ loginUrl: LOGIN, ...o });

describe("Q: configuration and metadata", () => {
  it("Q01 certificates with RSA keys below 2048 bits are not taken, those above and EC keys are", async () => {
    for (const [kind, ok] of [
      ["RSA-1024", false],
      ["RSA-2048", true],
      ["RSA-3072", true],
      ["P-256", true],
      ["P-384", true],
      ["P-521", true],
    ] as const satisfies readonly (readonly [KeyKind, boolean])[]) {
      const { certificate } = await keyPair(kind, "q01");
      expect(readCertificates(certificate), kind).toMatchObject({ ok });
      expect(readCertificates(pem(certificate)), kind).toMatchObject({ ok });
    }
  });
  it("Q01 an expired certificate is read: its key counts, its dates are for people", async () => {
    const { certificate } = await keyPair("P-256", "q01");
    const result = readCertificates(certificate);
    expect(result.ok && result.value[0]?.notAfter).toBe(Date.UTC(2040, 0, 1));
  });
  it("Q02 a KeyDescriptor without use is a signing key; one for encryption is not", async () => {
    const { certificate } = await createIdentityProvider();
    expect(read(await metadata({ use: null }))).toMatchObject({
      ok: true,
      value: { certificates: [{ base64: certificate }] },
    });
    expect(read(await metadata())).toMatchObject({ ok: true, value: { certificates: [{ base64: certificate }] } });
    expect(read((await metadata()).replace('use="signing"', 'use="encryption"'))).toMatchObject({
      ok: false,
      refusal: { code: "certificate_missing" },
    });
  });
  it("Q04 metadata without any key is refused: no import lowers the demand for signatures", async () => {
    const xml = await metadata();
    expect(read(swap(xml, cut(xml, "KeyDescriptor"), ""))).toMatchObject({
      ok: false,
      refusal: { code: "certificate_missing" },
    });
  });
  it("Q04 a key of 1024 bits in metadata is not taken", async () => {
    const weak = await keyPair("RSA-1024", "q01");
    expect(read(await metadata({ certificates: [weak.certificate] }))).toMatchObject({ ok: false });
  });
  it("Q05 metadata with a DTD, entities, too many keys or too many bytes is refused", async () => {
    const xml = await metadata();
    const body = xml.replace(/^<\?.*?\?>/, "");
    const key = cut(xml, "KeyDescriptor");
    for (const [hostile, codes] of [
      [`<!DOCTYPE x [<!ENTITY e "y">]>${body}`, ["xml_doctype"]],
      [`<!doctype x>${body}`, ["xml_doctype"]],
      [putBefore(xml, key, key.repeat(500)), ["xml_limit", "xml_malformed"]],
      [putBefore(xml, key, "<x/>".repeat(11_000)), ["xml_limit"]],
      [putBefore(xml, key, `<!--${" ".repeat(1_100_000)}-->`), ["message_too_large", "xml_limit"]],
      [`${body}${body}`, ["xml_malformed"]],
      [swap(xml, "<IDPSSODescriptor", "<?x y?><IDPSSODescriptor"), ["xml_processing_instruction"]],
    ] as const) {
      const result = read(hostile);
      expect(result.ok ? "accepted" : codes.includes(result.refusal.code as never) || result.refusal.code).toBe(true);
    }
  });
  it("Q06 a Location that is no http or https address is refused", async () => {
    for (const location of [
      "javascript:alert(1)",
      "JavaScript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "//evil.example/",
      "/relative",
      "",
      "https://user:secret@login.example/",
      "https://login.example/\nx",
      " https://login.example/",
      "ftp://login.example/",
      "https:\\\\login.example",
      'https://login.example/"onload="x',
    ]) {
      const xml = (await metadata()).replaceAll(
        LOGIN,
        location.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("\n", "&#10;"),
      );
      expect(read(xml), location).toMatchObject({ ok: false });
    }
  });
  it("Q11 a hostile entityID, two of them, or none is refused or kept as it is", async () => {
    const xml = await metadata();
    expect(read(swap(xml, / entityID="[^"]*"/, ""))).toMatchObject({ ok: false, refusal: { code: "issuer_missing" } });
    expect(read(swap(xml, / entityID="[^"]*"/, ' entityID=""'))).toMatchObject({ ok: false });
    const result = read(swap(xml, / entityID="[^"]*"/, ' entityID="&lt;script&gt;"'));
    expect(result.ok && result.value.entityId).toBe("<script>");
  });
  it("Q12 metadata of a service provider, or of SAML 1.1, is not an identity provider's", async () => {
    const xml = await metadata();
    expect(read(xml.replaceAll("IDPSSODescriptor", "SPSSODescriptor"))).toMatchObject({ ok: false });
    expect(
      read(
        swap(
          xml,
          'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"',
          'protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol"',
        ),
      ),
    ).toMatchObject({ ok: false });
  });
  it("Q07 a company without a certificate believes nothing, however well signed", async () => {
    const s = await scene();
    const outcome = await new Door({ ...s.expectations, certificates: [] }).present(
      (await s.own({ sign: "both" })).samlResponse,
    );
    expect(outcome).toMatchObject({ ok: false, code: "certificate_missing" });
  });
});
