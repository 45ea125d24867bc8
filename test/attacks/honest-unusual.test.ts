/** Honest messages that strictness must not lose: many declarations, unusual places, ciphertexts as other products write them. */
import { describe, expect, it } from "vitest";
import { importDecryptionKey } from "../../src/saml/index.ts";
import { NS } from "../../src/saml/terms.ts";
import { entraClaims, guidFor } from "../support/identity-provider.ts";
import { CONTENT_CIPHER, encryptXml, KEY_TRANSPORT, MGF } from "../support/messages/encrypt.ts";
import { keyPair } from "../support/messages/keys.ts";
import {
  ATTACKER,
  asLists,
  attackerClaims,
  mustAccept,
  NOW,
  type Recipe,
  type Scene,
  scene,
} from "../support/messages/scene.ts";
import { cut, drop, prefixed, putAfter, putBefore, swap, withAttribute } from "../support/messages/surgery.ts";

const XS = "http://www.w3.org/2001/XMLSchema";
const XSI = "http://www.w3.org/2001/XMLSchema-instance";

async function acceptedAsSelf(recipe: Recipe): Promise<void> {
  const s = await scene();
  for (const sign of ["assertion", "response", "both"] as const) {
    const accepted = await mustAccept(await s.own({ sign, ...recipe }), s);
    expect(accepted.nameID.value).toBe(ATTACKER);
  }
}

describe("honest and unusual", () => {
  for (const groups of [150, 300, 1_000]) {
    it(`OpenSAML's way with ${groups} groups: every value declares xs and xsi`, async () => {
      const s = await scene();
      const names = Array.from({ length: groups }, (_, i) => guidFor(`group ${i}`));
      const value = (v: string) =>
        `<AttributeValue xmlns:xs="${XS}" xmlns:xsi="${XSI}" xsi:type="xs:string">${v}</AttributeValue>`;
      const attribute = `<Attribute Name="groups">${names.map(value).join("")}</Attribute>`;
      for (const sign of ["assertion", "response", "both"] as const) {
        for (const prefixList of [undefined, "xs"]) {
          const signature = { prefix: "ds", ...(prefixList ? { prefixList } : {}) };
          const own = await s.own({
            sign,
            signature,
            edit: { assertion: (x) => putBefore(x, "</AttributeStatement>", attribute) },
          });
          if (own.xml.length > 250_000) continue;
          expect((await mustAccept(own, s)).attributes.get("groups")).toEqual(names);
        }
      }
    });
  }
  it("a thousand groups in Entra's way", async () => {
    const s = await scene();
    const attributes = entraClaims({ email: ATTACKER, groups: 1_000 });
    expect(Object.fromEntries((await mustAccept(await s.own({ attributes }), s)).attributes)).toEqual(
      asLists(attributes),
    );
  });
  it("a hundred attributes", async () => {
    const attributes = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`urn:attribute:${i}`, `value ${i}`]));
    await acceptedAsSelf({ attributes });
  });
  it("attributes of the standard that say nothing to us: Consent, xml:lang, schemaLocation, Address", async () => {
    await acceptedAsSelf({
      edit: {
        assertion: (x) => swap(x, "<SubjectConfirmationData ", '<SubjectConfirmationData Address="192.0.2.1" '),
        response: (x) =>
          withAttribute(
            x,
            `Consent="urn:oasis:names:tc:SAML:2.0:consent:obtained" xml:lang="en" xmlns:xsi="${XSI}" xsi:schemaLocation="${NS.samlp} saml-schema-protocol-2.0.xsd"`,
          ),
      },
    });
  });
  it("Extensions with something in it, StatusMessage and StatusDetail on a success", async () => {
    await acceptedAsSelf({
      edit: {
        response: (x) =>
          putBefore(
            putBefore(x, "<samlp:Status>", '<samlp:Extensions><x xmlns="urn:x" a="b">y<z/></x></samlp:Extensions>'),
            "</samlp:Status>",
            '<samlp:StatusMessage>fine</samlp:StatusMessage><samlp:StatusDetail><x xmlns="urn:x"/></samlp:StatusDetail>',
          ),
      },
    });
  });
  it("Advice, SubjectLocality, AuthnContextDecl, AuthenticatingAuthority, NameID inside SubjectConfirmation", async () => {
    await acceptedAsSelf({
      edit: {
        assertion: (x) => {
          const advised = putAfter(
            x,
            "</Conditions>",
            '<Advice><AssertionIDRef>_x</AssertionIDRef><x xmlns="urn:x">y</x></Advice>',
          );
          const located = putBefore(
            advised,
            "<AuthnContext>",
            '<SubjectLocality Address="192.0.2.1" DNSName="pc.corp.example"/>',
          );
          const contextual = putBefore(
            located,
            "</AuthnContext>",
            "<AuthnContextDeclRef>urn:x</AuthnContextDeclRef><AuthenticatingAuthority>urn:y</AuthenticatingAuthority>",
          );
          return swap(
            contextual,
            "<SubjectConfirmationData ",
            "<NameID>an attesting entity</NameID><SubjectConfirmationData ",
          );
        },
      },
    });
  });
  it("two AttributeStatements, and one between the AuthnStatement and the end", async () => {
    const s = await scene();
    const more =
      '<AttributeStatement><Attribute Name="more"><AttributeValue>x</AttributeValue></Attribute></AttributeStatement>';
    const accepted = await mustAccept(
      await s.own({ edit: { assertion: (x) => putAfter(x, "</AuthnStatement>", more) } }),
      s,
    );
    expect(accepted.attributes.get("more")).toEqual(["x"]);
    expect(Object.fromEntries(accepted.attributes)).toMatchObject(asLists(attackerClaims()));
  });
  it("EncryptedAttribute and valueless attributes are passed over", async () => {
    const s = await scene();
    const odd = '<EncryptedAttribute/><Attribute Name="none"/><Attribute Name="empty"><AttributeValue/></Attribute>';
    const accepted = await mustAccept(
      await s.own({ edit: { assertion: (x) => putBefore(x, "</AttributeStatement>", odd) } }),
      s,
    );
    expect([accepted.attributes.get("none"), accepted.attributes.get("empty")]).toEqual([[], [""]]);
  });
  it("the Signature stands last in its element, or before the Issuer, as some tool kits put it", async () => {
    const s = await scene();
    const { xml } = await s.own();
    const signature = cut(xml, "Signature");
    const without = drop(xml, signature);
    for (const other of [
      putBefore(without, "</Assertion>", signature),
      putBefore(without, "<Subject>", `\n${signature}\n`.trim()),
    ]) {
      expect((await mustAccept(other, s)).nameID.value).toBe(ATTACKER);
    }
  });
  it("an Id on the Signature, SignedInfo, SignatureValue and KeyInfo", async () => {
    const s = await scene();
    const { xml } = await s.own({ signature: { signedInfo: (x) => swap(x, "<SignedInfo>", '<SignedInfo Id="_si">') } });
    const marked = ["Signature xmlns", "SignatureValue", "KeyInfo"].reduce(
      (x, tag, i) =>
        swap(x, `<${tag}`, `<${tag.replace(" xmlns", "")} Id="_i${i}"${tag.includes(" ") ? " xmlns" : ""}`),
      xml,
    );
    expect((await mustAccept(marked, s)).nameID.value).toBe(ATTACKER);
  });
  it("times without fractions, with seven digits, with nine, and with +00:00", async () => {
    for (const write of [
      (z: string) => z.replace(/\.\d+Z/, "Z"),
      (z: string) => z.replace("Z", "1234Z"),
      (z: string) => z.replace("Z", "123456Z"),
      (z: string) => z.replace("Z", "+00:00"),
    ]) {
      await acceptedAsSelf({ edit: { response: (x) => x.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, write) } });
    }
  });
  it("every namespace declared on the Response alone", async () => {
    const s = await scene();
    const lift = (x: string) =>
      withAttribute(x.replaceAll(` xmlns:saml="${NS.saml}"`, ""), `xmlns:saml="${NS.saml}" xmlns:ds="${NS.ds}"`);
    for (const sign of ["assertion", "response", "both"] as const) {
      const own = await s.own({
        sign,
        signature: { prefix: "ds" },
        edit: { assertion: (x) => prefixed(x, "saml", NS.saml), response: lift },
      });
      expect((await mustAccept(own, s)).nameID.value).toBe(ATTACKER);
    }
  });
  it("issued a moment ahead of our clock, and nine minutes ago", async () => {
    const s = await scene();
    for (const now of [NOW - 60_000, NOW + 540_000]) await mustAccept(await s.own(), s, { now });
  });
});

describe("honest ciphertexts", () => {
  const WANTED = { wantEncryptedAssertions: true };
  const accepted = async (s: Scene, encrypted: string, overrides = {}) => {
    const { xml } = await s.own({ sign: "none" });
    const message = swap(xml, cut(xml, "Assertion"), encrypted);
    expect((await mustAccept(message, s, { ...WANTED, ...overrides })).nameID.value).toBe(ATTACKER);
  };
  const keyInfo = (content: string) => (x: string) =>
    swap(x, "<xenc:CipherData>", `<KeyInfo xmlns="${NS.ds}">${content}</KeyInfo><xenc:CipherData>`);

  for (const [name, style] of [
    ["aes128-cbc", { cipher: CONTENT_CIPHER.aes128cbc }],
    ["aes192-cbc", { cipher: CONTENT_CIPHER.aes192cbc }],
    ["aes256-cbc with mgf1p and an explicit SHA-1", { oaepDigest: "http://www.w3.org/2000/09/xmldsig#sha1" }],
    [
      "aes256-gcm with rsa-oaep, SHA-256 and MGF1 with SHA-256",
      {
        cipher: CONTENT_CIPHER.aes256gcm,
        keyTransport: KEY_TRANSPORT.oaep,
        oaepDigest: "http://www.w3.org/2001/04/xmlenc#sha256",
        mgf: MGF.sha256,
      },
    ],
    [
      "rsa-oaep with SHA-256 and MGF1 with SHA-1",
      {
        cipher: CONTENT_CIPHER.aes128gcm,
        keyTransport: KEY_TRANSPORT.oaep,
        oaepDigest: "http://www.w3.org/2001/04/xmlenc#sha256",
        mgf: MGF.sha1,
      },
    ],
    [
      "mgf1p with a SHA-256 label",
      { keyTransport: KEY_TRANSPORT.oaepMgf1p, oaepDigest: "http://www.w3.org/2001/04/xmlenc#sha256" },
    ],
    ["keys beside the data", { keyPlace: "beside" }],
  ] as const) {
    it(`${name} is opened`, async () => {
      const s = await scene();
      await accepted(s, await encryptXml(await s.idp.assertion(s.options), { to: s.sp, ...style }));
    });
  }
  it("ADFS names our certificate inside the EncryptedKey", async () => {
    const s = await scene();
    const issuer =
      "<X509Data><X509IssuerSerial><X509IssuerName>CN=sp</X509IssuerName><X509SerialNumber>1</X509SerialNumber></X509IssuerSerial></X509Data>";
    await accepted(s, keyInfo(issuer)(await encryptXml(await s.idp.assertion(s.options), { to: s.sp })));
  });
  it("Okta points to the key beside the data by RetrievalMethod, and names its recipient", async () => {
    const s = await scene();
    const plain = await encryptXml(await s.idp.assertion(s.options), { to: s.sp, keyPlace: "beside" });
    const pointing = swap(
      plain,
      /(<xenc:EncryptionMethod Algorithm="[^"]*"\/>)(?=<xenc:CipherData>)/,
      `<xenc:EncryptionMethod Algorithm="${CONTENT_CIPHER.aes256cbc}"/><ds:KeyInfo xmlns:ds="${NS.ds}"><ds:RetrievalMethod Type="${NS.xenc}EncryptedKey" URI="#_key"/></ds:KeyInfo>`,
    );
    await accepted(
      s,
      swap(
        swap(pointing, "<xenc:EncryptedKey ", `<xenc:EncryptedKey Id="_key" Recipient="${s.options.spEntityId}" `),
        "</xenc:EncryptedKey>",
        '<xenc:ReferenceList><xenc:DataReference URI="#_data"/></xenc:ReferenceList></xenc:EncryptedKey>',
      ),
    );
  });
  it("the ciphertext's base64 is broken into lines, the elements are indented", async () => {
    const s = await scene();
    const plain = await encryptXml(await s.idp.assertion(s.options), { to: s.sp });
    const broken = plain.replace(
      /<xenc:CipherValue>([^<]*)</g,
      (_, b: string) => `<xenc:CipherValue>\n${(b.match(/.{1,64}/g) ?? []).join("\n")}\n<`,
    );
    await accepted(s, broken.replaceAll("><", ">\n  <"));
  });
  it("the plaintext begins with a declaration, ends with a line feed, or is indented", async () => {
    const s = await scene();
    const assertion = await s.idp.assertion(s.options);
    for (const plaintext of [`<?xml version="1.0" encoding="UTF-8"?>${assertion}`, `${assertion}\n`, `\n${assertion}`])
      await accepted(s, await encryptXml(plaintext, { to: s.sp }));
  });
  it("the plaintext uses prefixes that only the Response declares", async () => {
    const s = await scene();
    const assertion = prefixed(await s.idp.assertion({ ...s.options, sign: "none" }), "saml", NS.saml);
    const { xml } = await s.own({ sign: "none" });
    const bare = drop(assertion, ` xmlns:saml="${NS.saml}"`);
    const shell = withAttribute(
      swap(xml, cut(xml, "Assertion"), await encryptXml(bare, { to: s.sp })),
      `xmlns:saml="${NS.saml}"`,
    );
    const signed = await s.idp.sign(shell, /<samlp:Response[^>]* ID="([^"]*)"/.exec(shell)?.[1] ?? "", {
      prefixList: "saml",
    });
    expect((await mustAccept(signed, s, WANTED)).nameID.value).toBe(ATTACKER);
  });
  it("the old key and the new one both open what was made for them", async () => {
    const s = await scene();
    const older = await keyPair("RSA-2048", "sp, older");
    const keys = [await importDecryptionKey(s.sp.pkcs8), await importDecryptionKey(older.pkcs8)];
    for (const to of [s.sp, older])
      await accepted(s, await encryptXml(await s.idp.assertion(s.options), { to }), { decryptionKeys: keys });
  });
});
