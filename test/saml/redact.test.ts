/** What is kept of a message: never a person's value, wherever a sender puts it; enough to see what was sent. */
import { describe, expect, it } from "vitest";
import { encodePostMessage, NS, redactMessage } from "../../src/saml/index.ts";
import { REDACTED_CHARS_MAX } from "../../src/saml/redact.ts";

const SECRET = "b.simon@contoso.example";
const MARK = `[${SECRET.length} characters]`;

function response(parts: { inside?: string; assertion?: string } = {}): string {
  return `<samlp:Response xmlns:samlp="${NS.samlp}" xmlns:saml="${NS.saml}" ID="_r1" Version="2.0" IssueInstant="2026-11-23T09:00:00Z" Destination="https://acme.example.com/sso/acs" InResponseTo="_q1">
  <saml:Issuer>https://sts.windows.net/t/</saml:Issuer>
  <samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${parts.inside ?? ""}
  <saml:Assertion ID="_a1" Version="2.0" IssueInstant="2026-11-23T09:00:00Z"><saml:Issuer>https://sts.windows.net/t/</saml:Issuer>
    <ds:Signature xmlns:ds="${NS.ds}"><ds:SignedInfo><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#_a1"><ds:DigestValue>c2VjcmV0</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>c2lnbmF0dXJl</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>Y2VydA==</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>
    <saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${SECRET}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="https://acme.example.com/sso/acs" NotOnOrAfter="2026-11-23T10:00:00Z" Address="${SECRET}"/></saml:SubjectConfirmation></saml:Subject>
    <saml:Conditions NotBefore="2026-11-23T09:00:00Z"><saml:AudienceRestriction><saml:Audience>https://acme.example.com/sso/metadata</saml:Audience></saml:AudienceRestriction></saml:Conditions>
    <saml:AttributeStatement><saml:Attribute Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"><saml:AttributeValue>${SECRET}</saml:AttributeValue><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>${parts.assertion ?? ""}
  </saml:Assertion>
</samlp:Response>`;
}

const redacted = (xml: string) => redactMessage(encodePostMessage(xml));

describe("a kept message", () => {
  it("shows its structure, IDs, issuer, addresses, times, algorithms and status", () => {
    const text = redacted(response());
    for (const kept of [
      'ID="_r1" Version="2.0" IssueInstant="2026-11-23T09:00:00Z" Destination="https://acme.example.com/sso/acs" InResponseTo="_q1"',
      "<saml:Issuer>https://sts.windows.net/t/</saml:Issuer>",
      '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>',
      'Recipient="https://acme.example.com/sso/acs" NotOnOrAfter="2026-11-23T10:00:00Z"',
      "<saml:Audience>https://acme.example.com/sso/metadata</saml:Audience>",
      'Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"',
      'Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"',
      'URI="#_a1"',
    ]) {
      expect(text).toContain(kept);
    }
  });

  it("has a mark of its length where a value stood", () => {
    const text = redacted(response());
    expect(text).toContain(`emailAddress">${MARK}</saml:NameID>`);
    expect(text).toContain(`<saml:AttributeValue>${MARK}</saml:AttributeValue>`);
    expect(text).toContain("<saml:AttributeValue>[1 character]</saml:AttributeValue>");
    expect(text).toContain(`Address="${MARK}"`);
    for (const [value, length] of [
      ["c2VjcmV0", 8],
      ["c2lnbmF0dXJl", 12],
      ["Y2VydA==", 8],
    ] as const) {
      expect(text).not.toContain(value);
      expect(text).toContain(`>[${length} characters]<`);
    }
    expect(text).not.toContain(SECRET);
  });

  it.for<[string, string]>([
    ["in a comment", `<!--${SECRET}-->`],
    [
      "in a comment within the issuer",
      `<saml:Advice><saml:Issuer>https://x/<!--${SECRET}--></saml:Issuer></saml:Advice>`,
    ],
    ["between elements", SECRET],
    ["in an element of another namespace", `<x:P xmlns:x="urn:x" ID="${SECRET}" Name="${SECRET}">${SECRET}</x:P>`],
    [
      "in a SAML element below one of another namespace",
      `<x:P xmlns:x="urn:x"><saml:Issuer ID="${SECRET}">${SECRET}</saml:Issuer></x:P>`,
    ],
    ["in an attribute with a prefix", `<saml:Statement xmlns:x="urn:x" x:Name="${SECRET}"/>`],
    ["in an attribute that nobody knows", `<saml:Statement Nickname="${SECRET}"/>`],
    [
      "in an issuer within an attribute's value",
      `<saml:AttributeValue Name="${SECRET}"><saml:Issuer>${SECRET}</saml:Issuer></saml:AttributeValue>`,
    ],
    [
      "in an encrypted part",
      `<xenc:CipherData xmlns:xenc="${NS.xenc}"><xenc:CipherValue>${SECRET}</xenc:CipherValue></xenc:CipherData>`,
    ],
    ["in CDATA", `<saml:NameID><![CDATA[${SECRET}]]></saml:NameID>`],
    [
      "in characters by number",
      `<saml:NameID>${[...SECRET].map((c) => `&#${c.charCodeAt(0)};`).join("")}</saml:NameID>`,
    ],
    ["in a status message", `<samlp:StatusMessage>${SECRET}</samlp:StatusMessage>`],
  ])("holds no value of a person: %s", ([, xml]) => {
    for (const text of [redacted(response({ assertion: xml })), redacted(response({ inside: xml }))]) {
      expect(text).toContain("<samlp:Response");
      expect(text).not.toContain(SECRET);
      expect(text).toContain("character");
    }
  });

  it("is bounded, whatever is sent: in depth, in width, in one name", () => {
    const wide = response({ assertion: `<saml:Statement Name="${"n".repeat(500)}"/>`.repeat(400) });
    const name = response({ assertion: `<saml:${"n".repeat(100_000)}/>` });
    const value = redacted(response({ assertion: `<saml:Statement Name="${"v".repeat(5_000)}"/>` }));
    expect(value).toContain('Name="[5000 characters]"');
    for (const xml of [wide, name]) {
      const text = redacted(xml);
      expect(text.length).toBeLessThanOrEqual(REDACTED_CHARS_MAX + 11);
      expect(text.endsWith("\n[cut here]")).toBe(true);
    }
    const groups = `<saml:AttributeValue>${"0".repeat(36)}</saml:AttributeValue>`.repeat(150);
    expect(
      redacted(response({ assertion: `<saml:Attribute Name="groups">${groups}</saml:Attribute>` })).endsWith(
        "</samlp:Response>",
      ),
    ).toBe(true);
  });

  it("is none where the reader refuses: only the size and the first error", () => {
    expect(redactMessage(`!${SECRET}`)).toBe("Not kept: 24 characters, base64_invalid");
    expect(redacted(`<!DOCTYPE x [${SECRET}]><x/>`)).toMatch(/^Not kept: \d+ bytes, xml_doctype at byte 0$/);
    expect(redacted(`<samlp:Response>${SECRET}`)).toMatch(/^Not kept: \d+ bytes, xml_\w+ at byte \d+$/);
    expect(redactMessage("")).toBe("Not kept: 0 characters, message_missing");
  });
});
