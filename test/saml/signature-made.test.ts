/** The signatures that we make: an independent verifier must accept them, and so must our own. */
import { DOMParser } from "@xmldom/xmldom";
import { beforeAll, describe, expect, test } from "vitest";
import { SignedXml } from "xml-crypto";
import { importSigningKey } from "../../src/saml/key-pair.ts";
import { type SigningKey, signatureOf, signElement, signQuery, verifyElement } from "../../src/saml/signature.ts";
import { NS, SIGNATURE } from "../../src/saml/terms.ts";
import { childElements } from "../../src/saml/xml.ts";
import { type KeyPair, keyPair } from "../support/messages/keys.ts";
import { codeOf, elementById, parsed, pinned, RESPONSE } from "../support/messages/pinned.ts";

let pair: KeyPair;
let key: SigningKey;

beforeAll(async () => {
  pair = await keyPair("RSA-2048", "service provider");
  key = await importSigningKey(pair.pkcs8, pair.certificate);
});

/** What xml-crypto says was signed, or it throws. */
function signedByXmlCrypto(xml: string): string[] {
  const document = new DOMParser().parseFromString(xml, "text/xml");
  const verifier = new SignedXml({
    publicCert: `-----BEGIN CERTIFICATE-----\n${pair.certificate.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----`,
  });
  const [node] = Array.from(document.getElementsByTagNameNS(NS.ds, "Signature"));
  verifier.loadSignature(node as never);
  if (!verifier.checkSignature(xml)) throw new Error("xml-crypto does not accept the signature");
  return verifier.getSignedReferences();
}

const REQUEST =
  `<?xml version="1.0"?>\n<!-- <saml:Issuer> --><samlp:AuthnRequest xmlns:samlp="${NS.samlp}" ID="_q1" Version="2.0" Destination="https://idp/?a=1&amp;b=&gt;'>" >` +
  `\n <!-- </saml:Issuer> --> <saml:Issuer xmlns:saml="${NS.saml}" Format='">'>https://acme.example/<![CDATA[</saml:Issuer>]]></saml:Issuer >` +
  `<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>`;

describe("signElement", () => {
  test("an independent verifier accepts it, over the whole root", async () => {
    const [reference] = signedByXmlCrypto(await signElement(REQUEST, key));
    expect(reference).toContain("NameIDPolicy");
    expect(reference).toContain('ID="_q1"');
  });

  test("the signature stands right after the Issuer, whatever looks like one in comments, CDATA and attributes", async () => {
    const root = parsed(await signElement(REQUEST, key));
    expect(childElements(root).map(({ localName }) => localName)).toEqual(["Issuer", "Signature", "NameIDPolicy"]);
  });

  test("an empty Issuer is one too", async () => {
    const xml = `<samlp:R xmlns:samlp="${NS.samlp}" ID="_1"><saml:Issuer xmlns:saml="${NS.saml}"/><x/></samlp:R>`;
    const root = parsed(await signElement(xml, key));
    expect(childElements(root).map(({ localName }) => localName)).toEqual(["Issuer", "Signature", "x"]);
  });

  test("in metadata it is the first child", async () => {
    const xml = `<md:EntityDescriptor xmlns:md="${NS.md}" ID="_m" entityID="https://acme.example/a>b"><md:SPSSODescriptor/></md:EntityDescriptor>`;
    const signed = await signElement(xml, key);
    expect(childElements(parsed(signed)).map(({ localName }) => localName)).toEqual(["Signature", "SPSSODescriptor"]);
    expect(signedByXmlCrypto(signed)).toHaveLength(1);
  });

  test("everything but the signature stays as it was, byte for byte", async () => {
    const signed = await signElement(REQUEST, key);
    expect(signed.replace(/<ds:Signature .*<\/ds:Signature>/s, "")).toBe(REQUEST);
  });

  test("our own verifier accepts it, and no other key", async () => {
    const root = parsed(await signElement(RESPONSE, key));
    const verified = await verifyElement(root, { certificates: [pinned(pair)], allowSha1: false });
    expect(codeOf(verified)).toBe("accepted");
    const other = { certificates: [pinned(await keyPair())], allowSha1: false };
    expect(codeOf(await verifyElement(root, other))).toBe("signature_invalid");
  });

  test("a message may be signed around an element that is signed already", async () => {
    const inner = await signElement(elementText("_a"), key);
    const outer = await signElement(RESPONSE.replace(elementText("_a"), inner), key);
    const root = parsed(outer);
    const trust = { certificates: [pinned(pair)], allowSha1: false };
    expect(codeOf(await verifyElement(root, trust))).toBe("accepted");
    expect(codeOf(await verifyElement(elementById(root, "_a"), trust))).toBe("accepted");
  });

  test.each([
    [SIGNATURE.ecdsaSha256, "P-256", { name: "ECDSA", namedCurve: "P-256" }],
    [SIGNATURE.rsaPssSha256, "RSA-2048", { name: "RSA-PSS", hash: "SHA-256" }],
    [SIGNATURE.rsaSha512, "RSA-2048", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" }],
  ] as const)("by %s it verifies too", async (algorithm, kind, importAs) => {
    const signer = await keyPair(kind);
    const privateKey = await crypto.subtle.importKey("pkcs8", signer.pkcs8, importAs, false, ["sign"]);
    const signed = await signElement(RESPONSE, { privateKey, algorithm, certificateBase64: signer.certificate });
    const verified = await verifyElement(parsed(signed), { certificates: [pinned(signer)], allowSha1: false });
    expect(codeOf(verified)).toBe("accepted");
  });

  test.each([
    ["not well-formed", "<a ID='_1'>"],
    ["without an ID", "<a><b/></a>"],
    ["with an ID that is no name", "<a ID='a&quot;b'><b/></a>"],
    ["empty", "<a ID='_1'/>"],
  ])("a text that is %s is the caller's bug", async (_, xml) => {
    await expect(signElement(xml, key)).rejects.toThrow("cannot sign");
  });

  test("the key's certificate is in KeyInfo, so that the receiver can tell our keys apart", async () => {
    const signature = signatureOf(parsed(await signElement(RESPONSE, key)));
    expect(JSON.stringify(signature, (name, value) => (name === "parent" ? undefined : value))).toContain(
      pair.certificate,
    );
  });
});

/** The text of the element with that ID in RESPONSE. */
function elementText(id: string): string {
  const start = RESPONSE.lastIndexOf("<", RESPONSE.indexOf(`ID="${id}"`));
  return RESPONSE.slice(start, RESPONSE.indexOf("</saml:Assertion>") + "</saml:Assertion>".length);
}

describe("signQuery", () => {
  test("Node verifies the signature over everything before it", async () => {
    const { createPublicKey, verify } = await import("node:crypto");
    const signed = await signQuery("SAMLRequest=fZ%2B&RelayState=a%20b", key);
    const [before, signature] = signed.split("&Signature=") as [string, string];
    expect(before).toBe(`SAMLRequest=fZ%2B&RelayState=a%20b&SigAlg=${encodeURIComponent(SIGNATURE.rsaSha256)}`);
    const publicKey = createPublicKey({ key: Buffer.from(pair.spki), format: "der", type: "spki" });
    const value = Buffer.from(decodeURIComponent(signature), "base64");
    expect(verify("sha256", Buffer.from(before), publicKey, value)).toBe(true);
  });
});
