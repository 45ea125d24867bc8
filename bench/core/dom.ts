/** Steps in a DOM for the contenders that are a signature library and no more. */
import { DOMParser, type Document, type Element } from "@xmldom/xmldom";

export const DS = "http://www.w3.org/2000/09/xmldsig#";
const SAML = "urn:oasis:names:tc:SAML:2.0:assertion";

export function parse(xml: string): Document {
  return new DOMParser().parseFromString(xml, "text/xml");
}

export function fromBase64(samlResponse: string): string {
  return Buffer.from(samlResponse, "base64").toString("utf8");
}

/** The signatures of a Response and of its Assertion. */
export function signatures(document: Document): Element[] {
  return [...document.getElementsByTagNameNS(DS, "Signature")];
}

/** NameID and claims, as somebody would read them; answers the NameID. */
export function readClaims(document: Document): string {
  const claims = new Map<string, string[]>();
  for (const attribute of document.getElementsByTagNameNS(SAML, "Attribute")) {
    const values = [...attribute.getElementsByTagNameNS(SAML, "AttributeValue")].map(
      (value) => value.textContent ?? "",
    );
    claims.set(attribute.getAttribute("Name") ?? "", values);
  }
  const nameID = document.getElementsByTagNameNS(SAML, "NameID")[0]?.textContent;
  if (!nameID || claims.size === 0) throw new Error("no claims");
  return nameID;
}
