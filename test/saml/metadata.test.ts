import { describe, expect, it } from "vitest";
import {
  type IdpMetadata,
  METADATA_KEYS_MAX,
  readIdpMetadata,
  type SpMetadataParts,
  spMetadata,
} from "../../src/saml/metadata.ts";
import { BINDING, METADATA_BYTES_MAX, NAME_ID_FORMAT, NS } from "../../src/saml/terms.ts";
import type { XmlElement } from "../../src/saml/types.ts";
import { attributeValue, childElements, isElement, readXml, textContent } from "../../src/saml/xml.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { keyPair } from "../support/messages/keys.ts";

const parts: SpMetadataParts = {
  entityId: "https://acme.vestibule.example/sso/metadata",
  acsUrl: "https://acme.vestibule.example/sso/acs",
  sloUrl: "https://acme.vestibule.example/sso/slo",
  nameIdFormat: NAME_ID_FORMAT.emailAddress,
  authnRequestsSigned: false,
  wantAssertionsSigned: true,
  signingCertificates: [],
  encryptionCertificates: [],
};

function readSp(metadata: Partial<SpMetadataParts> = {}): XmlElement {
  const document = readXml(new TextEncoder().encode(spMetadata({ ...parts, ...metadata })));
  if (!document.ok) throw new Error(JSON.stringify(document.refusal));
  return document.value.root;
}
const named = (parent: XmlElement, localName: string) => childElements(parent).filter((c) => c.localName === localName);

describe("our metadata", () => {
  it("names us, our endpoints and what we ask for", () => {
    const root = readSp();
    expect(isElement(root, NS.md, "EntityDescriptor")).toBe(true);
    expect(attributeValue(root, "entityID")).toBe(parts.entityId);
    const role = named(root, "SPSSODescriptor")[0] as XmlElement;
    expect(attributeValue(role, "protocolSupportEnumeration")).toBe(NS.samlp);
    expect(attributeValue(role, "AuthnRequestsSigned")).toBe("false");
    expect(attributeValue(role, "WantAssertionsSigned")).toBe("true");
    expect(childElements(role).map(({ localName }) => localName)).toEqual([
      "SingleLogoutService",
      "SingleLogoutService",
      "NameIDFormat",
      "AssertionConsumerService",
    ]);
    expect(
      named(role, "SingleLogoutService").map((e) => [attributeValue(e, "Binding"), attributeValue(e, "Location")]),
    ).toEqual([
      [BINDING.redirect, parts.sloUrl],
      [BINDING.post, parts.sloUrl],
    ]);
    const acs = named(role, "AssertionConsumerService")[0] as XmlElement;
    expect(["Binding", "Location", "index", "isDefault"].map((name) => attributeValue(acs, name))).toEqual([
      BINDING.post,
      parts.acsUrl,
      "0",
      "true",
    ]);
  });

  it("publishes every certificate of a roll-over, keys before endpoints, ciphers with the encryption keys", async () => {
    const [old, next] = [
      (await keyPair("RSA-2048", "old")).certificate,
      (await keyPair("RSA-2048", "next")).certificate,
    ];
    const role = named(
      readSp({ signingCertificates: [old, next], encryptionCertificates: [next] }),
      "SPSSODescriptor",
    )[0] as XmlElement;
    const keys = childElements(role).slice(0, 3);
    expect(keys.map((key) => attributeValue(key, "use"))).toEqual(["signing", "signing", "encryption"]);
    const certificate = (key: XmlElement) => {
      let at = key;
      for (const name of ["KeyInfo", "X509Data", "X509Certificate"]) at = named(at, name)[0] as XmlElement;
      return textContent(at);
    };
    expect(keys.map(certificate)).toEqual([old, next, next]);
    expect(named(keys[0] as XmlElement, "EncryptionMethod")).toEqual([]);
    const ciphers = named(keys[2] as XmlElement, "EncryptionMethod").map((method) =>
      attributeValue(method, "Algorithm"),
    );
    expect(ciphers[0]).toContain("aes256-gcm");
    expect(ciphers.join()).not.toMatch(/cbc|rsa-1_5/);
  });

  it("carries the company's name as text, whatever it is", () => {
    const name = `Acme <&"'> GmbH\u0001]]>`;
    const organization = named(readSp({ organizationName: name }), "Organization")[0] as XmlElement;
    expect(childElements(organization).map((e) => [e.localName, textContent(e)])).toEqual([
      ["OrganizationName", name.replace("\u0001", "\ufffd")],
      ["OrganizationDisplayName", name.replace("\u0001", "\ufffd")],
      ["OrganizationURL", "https://acme.vestibule.example/"],
    ]);
    expect(named(readSp(), "Organization")).toEqual([]);
  });

  it("asks for no format when none is set", () => {
    expect(named(named(readSp({ nameIdFormat: "" }), "SPSSODescriptor")[0] as XmlElement, "NameIDFormat")).toEqual([]);
  });
});

const LOGIN = "https://login.microsoftonline.com/7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90/saml2";
const read = (xml: string | Uint8Array) =>
  readIdpMetadata(typeof xml === "string" ? new TextEncoder().encode(xml) : xml);
const codeOf = (xml: string | Uint8Array) => {
  const result = read(xml);
  return result.ok ? "accepted" : result.refusal.code;
};
function accepted(xml: string | Uint8Array): IdpMetadata {
  const result = read(xml);
  if (!result.ok) throw new Error(JSON.stringify(result.refusal));
  return result.value;
}
const idpMetadata = async (
  options: { certificates?: readonly string[]; use?: "signing" | null; logoutUrl?: string } = {},
) => (await createIdentityProvider()).metadata({ loginUrl: LOGIN, ...options });

describe("an identity provider's metadata", () => {
  it("gives its entity ID, endpoints and keys", async () => {
    const idp = await createIdentityProvider();
    const metadata = accepted(await idpMetadata({ logoutUrl: `${LOGIN}/logout` }));
    expect(metadata).toMatchObject({
      entityId: idp.entityId,
      loginUrls: [
        { binding: BINDING.redirect, location: LOGIN },
        { binding: BINDING.post, location: LOGIN },
      ],
      logoutUrls: [{ binding: BINDING.redirect, location: `${LOGIN}/logout` }],
      skippedCertificates: [],
      wantAuthnRequestsSigned: false,
      validUntil: null,
    });
    expect(metadata.certificates.map(({ base64 }) => base64)).toEqual([idp.certificate]);
  });

  it("may begin with a byte-order mark, as Entra's does", async () => {
    const bytes = new TextEncoder().encode(await idpMetadata());
    expect(codeOf(Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes]))).toBe("accepted");
  });

  it("keeps every signing key once, a key without use among them, and no encryption key", async () => {
    const names = ["idp", "next", "other"];
    const [one, two, three] = await Promise.all(
      names.map(async (name) => (await keyPair("RSA-2048", name)).certificate),
    );
    const xml = await idpMetadata({ certificates: [one, two, one] as string[], use: null });
    const encryption = `<KeyDescriptor use="encryption"><KeyInfo xmlns="${NS.ds}"><X509Data><X509Certificate>${three}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`;
    const metadata = accepted(xml.replace("<KeyDescriptor", `${encryption}<KeyDescriptor`));
    expect(metadata.certificates.map(({ base64 }) => base64)).toEqual([one, two]);
    expect(codeOf(xml.replaceAll("<KeyDescriptor", '<KeyDescriptor use="encryption"'))).toBe("certificate_missing");
  });

  it("takes keys of the SAML role only, not of the WS-Federation roles that Entra puts before it", async () => {
    const other = (await keyPair("RSA-2048", "other")).certificate;
    const xml = await idpMetadata();
    const role =
      `<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706">` +
      `<KeyDescriptor use="signing"><KeyInfo xmlns="${NS.ds}"><X509Data><X509Certificate>${other}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>` +
      `<fed:ClaimTypesOffered><auth:ClaimType xmlns:auth="http://docs.oasis-open.org/wsfed/authorization/200706" Uri="urn:x"><auth:DisplayName>Name</auth:DisplayName></auth:ClaimType></fed:ClaimTypesOffered></RoleDescriptor>`;
    const metadata = accepted(xml.replace("<IDPSSODescriptor", `${role}<IDPSSODescriptor`));
    expect(metadata.certificates.map(({ base64 }) => base64)).not.toContain(other);
    const sp = `<SPSSODescriptor protocolSupportEnumeration="${NS.samlp}"><AssertionConsumerService Binding="${BINDING.post}" Location="javascript:1" index="0"/></SPSSODescriptor>`;
    expect(codeOf(xml.replace("</EntityDescriptor>", `${sp}</EntityDescriptor>`))).toBe("accepted");
  });

  it("pins the provider's certificate, never the authority that stands behind it", async () => {
    const authority = (await keyPair("RSA-2048", "authority")).certificate;
    const xml = (await idpMetadata()).replace(
      "</X509Certificate>",
      `</X509Certificate><X509Certificate>${authority}</X509Certificate>`,
    );
    expect(accepted(xml).certificates.map(({ base64 }) => base64)).not.toContain(authority);
  });

  it("passes over a key that cannot be used, says why, and refuses when none is left", async () => {
    const good = (await keyPair()).certificate;
    const weak = (await keyPair("RSA-1024", "weak")).certificate;
    const metadata = accepted(await idpMetadata({ certificates: [weak, good, "bm90IGEgY2VydGlmaWNhdGU="] }));
    expect(metadata.certificates.map(({ base64 }) => base64)).toEqual([good]);
    expect(metadata.skippedCertificates).toHaveLength(2);
    expect(codeOf(await idpMetadata({ certificates: [weak] }))).toBe("certificate_missing");
    expect(codeOf(await idpMetadata({ certificates: [] }))).toBe("certificate_missing");
  });

  it("may wrap the base64 of a certificate", async () => {
    const { certificate } = await keyPair();
    const wrapped = `\n      ${(certificate.match(/.{1,64}/g) ?? []).join("\r\n      ")}\n`;
    expect(accepted(await idpMetadata({ certificates: [wrapped] })).certificates[0]?.base64).toBe(certificate);
  });

  it("may stand in a federation's file, nested too, if it is the only identity provider there", async () => {
    const entity = (await idpMetadata()).replace(/^<\?xml[^>]*>/, "");
    const sp = `<EntityDescriptor xmlns="${NS.md}" entityID="urn:sp"><SPSSODescriptor protocolSupportEnumeration="${NS.samlp}"/></EntityDescriptor>`;
    const group = (content: string) => `<EntitiesDescriptor xmlns="${NS.md}">${content}</EntitiesDescriptor>`;
    expect(codeOf(group(sp + group(entity)))).toBe("accepted");
    expect(codeOf(group(sp))).toBe("schema_invalid");
    expect(codeOf(group(entity + entity.replace(/ ID="[^"]*"/, "")))).toBe("schema_invalid");
  });

  it("says how long it holds, by its nearest end", async () => {
    const xml = await idpMetadata();
    const dated = xml
      .replace("<EntityDescriptor", '<EntityDescriptor validUntil="2027-01-01T00:00:00Z"')
      .replace("<IDPSSODescriptor", '<IDPSSODescriptor validUntil="2026-12-01T00:00:00Z"');
    expect(accepted(dated).validUntil).toBe(Date.UTC(2026, 11, 1));
    expect(codeOf(dated.replace("2027-01-01T00:00:00Z", "soon"))).toBe("time_invalid");
  });

  it("says whether it wants signed requests, and which formats it knows", async () => {
    const xml = (await idpMetadata())
      .replace("<IDPSSODescriptor", '<IDPSSODescriptor WantAuthnRequestsSigned="true"')
      .replace(
        "<SingleSignOnService",
        `<NameIDFormat> ${NAME_ID_FORMAT.persistent}\n</NameIDFormat><SingleSignOnService`,
      );
    expect(accepted(xml)).toMatchObject({ wantAuthnRequestsSigned: true, nameIdFormats: [NAME_ID_FORMAT.persistent] });
  });

  const hostile: Record<string, string> = {
    "javascript:": "javascript:alert(1)",
    "data:": "data:text/html,x",
    "a relative address": "/saml2",
    "a scheme-relative address": "//evil.example/",
    "another scheme": "ftp://idp.example/",
    "no address": "",
    "white space before it": " https://idp.example/",
    "a line feed inside": "https://idp.example/&#10;Set-Cookie: a=b",
    "a back slash": "https:\\\\evil.example",
    "a user and a password": "https://admin:secret@idp.example/",
    "no host": "https://",
    "an over-long one": `https://idp.example/${"x".repeat(2100)}`,
  };
  for (const [name, location] of Object.entries(hostile)) {
    it(`is refused for a Location that is ${name}`, async () => {
      const xml = await idpMetadata({ logoutUrl: "https://idp.example/logout" });
      expect(codeOf(xml.replace(`Location="${LOGIN}"`, `Location="${location}"`))).toBe("schema_invalid");
      expect(codeOf(xml.replace('Location="https://idp.example/logout"', `Location="${location}"`))).toBe(
        "schema_invalid",
      );
    });
  }

  it("needs a sign-in endpoint of a binding we speak; others are passed over", async () => {
    const xml = await idpMetadata();
    const soap = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP";
    expect(codeOf(xml.replaceAll(BINDING.redirect, soap))).toBe("accepted");
    expect(codeOf(xml.replaceAll(BINDING.redirect, soap).replaceAll(BINDING.post, soap))).toBe("schema_invalid");
  });

  it("is refused when it is something else", async () => {
    const xml = await idpMetadata();
    const table: Record<string, readonly [string, string]> = {
      "our own metadata": ["schema_invalid", spMetadata(parts)],
      "a web page": ["message_type", "<html><body>Sign in</body></html>"],
      "a web page as people write them": ["xml_doctype", "<!DOCTYPE html><html><body><br></body></html>"],
      JSON: ["xml_malformed", '{"issuer":"https://idp.example"}'],
      nothing: ["xml_malformed", ""],
      "an entity without a name": ["issuer_missing", xml.replace(/entityID="[^"]*"/, "")],
      "an entity with an endless name": [
        "issuer_missing",
        xml.replace(/entityID="[^"]*"/, `entityID="${"x".repeat(1100)}"`),
      ],
      "metadata of SAML 1 only": ["schema_invalid", xml.replace(NS.samlp, "urn:oasis:names:tc:SAML:1.1:protocol")],
      "two roles in one entity": ["schema_invalid", xml.replace(/(<IDPSSODescriptor .*<\/IDPSSODescriptor>)/, "$1$1")],
    };
    for (const [name, [code, text]] of Object.entries(table)) expect([name, codeOf(text)]).toEqual([name, code]);
  });

  it("is read within limits: bytes, entities, keys (Q05)", async () => {
    expect(codeOf(new Uint8Array(METADATA_BYTES_MAX + 1).fill(32))).toBe("xml_limit");
    const bomb = '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;&x;">]><a>&z;</a>';
    expect(codeOf(bomb)).toBe("xml_doctype");
    const { certificate } = await keyPair();
    expect(codeOf(await idpMetadata({ certificates: new Array(METADATA_KEYS_MAX).fill(certificate) }))).toBe(
      "accepted",
    );
    expect(codeOf(await idpMetadata({ certificates: new Array(METADATA_KEYS_MAX + 1).fill(certificate) }))).toBe(
      "xml_limit",
    );
    expect(codeOf(await idpMetadata({ certificates: new Array(20_000).fill("AA==") }))).toBe("xml_limit");
  });
});
