/**
 * What the tests of signatures share: a key pair's certificate as a company pins it, a message to sign, and the result of
 * verifying the element with an ID in it.
 */

import { readCertificates } from "../../../src/saml/certificate.ts";
import type { Result } from "../../../src/saml/refusal.ts";
import { verifyElement } from "../../../src/saml/signature.ts";
import { NS } from "../../../src/saml/terms.ts";
import type { Certificate, VerifiedElement, XmlElement } from "../../../src/saml/types.ts";
import { attributeValue, childElements, readXml } from "../../../src/saml/xml.ts";
import type { KeyPair } from "./keys.ts";

export function pinned(pair: KeyPair): Certificate {
  const read = readCertificates(pair.certificate);
  if (!read.ok) throw new Error(read.problem.code);
  return read.value[0]!;
}

/** An Assertion of the ID "_a" in a Response of the ID "_r", with prefixes and an xsi:type as real ones have. */
export const RESPONSE =
  `<samlp:Response xmlns:samlp="${NS.samlp}" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="_r" Version="2.0">` +
  `<saml:Issuer xmlns:saml="${NS.saml}">https://idp.example/</saml:Issuer>` +
  `<saml:Assertion xmlns:saml="${NS.saml}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="_a" Version="2.0">` +
  `<saml:Issuer>https://idp.example/</saml:Issuer>\n  <saml:Subject><saml:NameID>b.simon@acme.example</saml:NameID></saml:Subject>` +
  `<saml:AttributeStatement><saml:Attribute Name="é &lt;&amp;"><saml:AttributeValue xsi:type="xs:string">Zoë &amp; co</saml:AttributeValue>` +
  `</saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>`;

export function parsed(xml: string): XmlElement {
  const read = readXml(new TextEncoder().encode(xml));
  if (!read.ok) throw new Error(`${read.refusal.code} at ${read.refusal.offset}`);
  return read.value.root;
}

export function elementById(root: XmlElement, id: string): XmlElement {
  const pending = [root];
  for (const element of pending) {
    if (attributeValue(element, "ID") === id) return element;
    pending.push(...childElements(element));
  }
  throw new Error(`no element has the ID ${id}`);
}

/** Verifies the element with that ID as the pinned pairs' signature. */
export function verifyById(
  xml: string,
  id: string,
  pairs: readonly KeyPair[],
  allowSha1 = false,
): Promise<Result<VerifiedElement>> {
  return verifyElement(elementById(parsed(xml), id), { certificates: pairs.map(pinned), allowSha1 });
}

/** The code of a refusal, "accepted" of anything else. */
export function codeOf(result: Result<unknown>): string {
  return result.ok ? "accepted" : result.refusal.code;
}
