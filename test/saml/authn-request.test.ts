import { describe, expect, it } from "vitest";
import { type AuthnRequestParts, buildAuthnRequest } from "../../src/saml/authn-request.ts";
import { BINDING, NAME_ID_FORMAT, NS } from "../../src/saml/terms.ts";
import type { XmlElement } from "../../src/saml/types.ts";
import { attributeValue, childElements, isElement, readXml, textContent } from "../../src/saml/xml.ts";

const parts: AuthnRequestParts = {
  id: "_0f2c",
  issueInstant: Date.UTC(2026, 10, 20, 9),
  destination: "https://login.microsoftonline.com/7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90/saml2",
  spEntityId: "https://acme.vestibule.example/sso/metadata",
  acsUrl: "https://acme.vestibule.example/sso/acs",
  nameIdFormat: NAME_ID_FORMAT.emailAddress,
  forceAuthn: false,
  requestedAuthnContext: [],
};

function read(request: Partial<AuthnRequestParts> = {}): XmlElement {
  const document = readXml(new TextEncoder().encode(buildAuthnRequest({ ...parts, ...request })));
  if (!document.ok) throw new Error(JSON.stringify(document.refusal));
  return document.value.root;
}
const names = (element: XmlElement) => childElements(element).map(({ localName }) => localName);

describe("an AuthnRequest", () => {
  it("says who asks, where to answer and how", () => {
    const root = read();
    expect(isElement(root, NS.samlp, "AuthnRequest")).toBe(true);
    expect(Object.fromEntries(root.attributes.map(({ localName, value }) => [localName, value]))).toEqual({
      ID: "_0f2c",
      Version: "2.0",
      IssueInstant: "2026-11-20T09:00:00.000Z",
      Destination: parts.destination,
      ProtocolBinding: BINDING.post,
      AssertionConsumerServiceURL: parts.acsUrl,
    });
    const [issuer, policy] = childElements(root);
    expect(issuer && isElement(issuer, NS.saml, "Issuer") && textContent(issuer)).toBe(parts.spEntityId);
    expect(policy && attributeValue(policy, "Format")).toBe(NAME_ID_FORMAT.emailAddress);
    expect(policy && attributeValue(policy, "AllowCreate")).toBe("true");
  });

  it("never sends what Entra refuses: SPNameQualifier, Subject, Scoping, an empty Format", () => {
    const xml = buildAuthnRequest({ ...parts, forceAuthn: true, isPassive: true, requestedAuthnContext: ["urn:x"] });
    for (const word of ["SPNameQualifier", "Subject", "Scoping", 'Format=""']) expect(xml).not.toContain(word);
    expect(names(read({ nameIdFormat: "" }))).toEqual(["Issuer"]);
  });

  it("asks for any of the formats in its own words, and for AllowCreate where it means something", () => {
    for (const format of Object.values(NAME_ID_FORMAT)) {
      const policy = childElements(read({ nameIdFormat: format }))[1] as XmlElement;
      expect(attributeValue(policy, "Format")).toBe(format);
      expect(attributeValue(policy, "AllowCreate")).toBe(format === NAME_ID_FORMAT.transient ? null : "true");
    }
  });

  it("says ForceAuthn and IsPassive only when they are meant", () => {
    expect(attributeValue(read({ forceAuthn: true }), "ForceAuthn")).toBe("true");
    expect(attributeValue(read({ isPassive: true }), "IsPassive")).toBe("true");
    expect(attributeValue(read({ isPassive: false }), "IsPassive")).toBeNull();
    expect(attributeValue(read(), "ForceAuthn")).toBeNull();
  });

  it("asks for authentication contexts only when told, exactly, and last", () => {
    const classes = ["urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"];
    const root = read({ requestedAuthnContext: classes });
    expect(names(root)).toEqual(["Issuer", "NameIDPolicy", "RequestedAuthnContext"]);
    const context = childElements(root)[2] as XmlElement;
    expect(attributeValue(context, "Comparison")).toBe("exact");
    expect(childElements(context).map(textContent)).toEqual(classes);
    expect(names(read())).not.toContain("RequestedAuthnContext");
  });

  it("cannot be broken by what stands in a company's settings", () => {
    const hostile = `https://a.example/?x="&y=<z>'\t\r\n]]>é\u{1F600}`;
    const root = read({ destination: hostile, spEntityId: hostile, acsUrl: hostile, requestedAuthnContext: [hostile] });
    expect(attributeValue(root, "Destination")).toBe(hostile);
    expect(attributeValue(root, "AssertionConsumerServiceURL")).toBe(hostile);
    expect(textContent(childElements(root)[0] as XmlElement)).toBe(hostile);
  });

  it("writes a replacement for what XML cannot carry", () => {
    const root = read({ spEntityId: "a\u0000b\ud800c\uffffd" });
    expect(textContent(childElements(root)[0] as XmlElement)).toBe("a\ufffdb\ufffdc\ufffdd");
  });

  it("throws on an ID that identity providers refuse: that is a bug of ours", () => {
    for (const id of ["", "0abc", "a b", "a:b", "-a", `_${"a".repeat(300)}`]) {
      expect(() => buildAuthnRequest({ ...parts, id })).toThrow(/NCName/);
    }
  });
});
