/** What the closed profile refuses (SAML Core 5.4; attacks A, B, C, D, H, I), each with the code that names the reason. */
import { beforeAll, describe, expect, test } from "vitest";
import type { SamlRefusal } from "../../src/saml/refusal.ts";
import { verifyElement } from "../../src/saml/signature.ts";
import { C14N, DIGEST, NS, SIGNATURE } from "../../src/saml/terms.ts";
import { fromBig, type KeyPair, keyPair, pkcs1Encode, rawRsaSign, toBig } from "../support/messages/keys.ts";
import { codeOf, elementById, parsed, pinned, RESPONSE, verifyById } from "../support/messages/pinned.ts";
import { digestBase64, type SignatureStyle, signElementById } from "../support/messages/sign.ts";
import { cut, drop, putAfter, putBefore, swap } from "../support/messages/surgery.ts";

let idp: KeyPair;
let attacker: KeyPair;
/** The Response with its Assertion signed by the pinned key, prefix ds. */
let signed: string;

beforeAll(async () => {
  idp = await keyPair();
  attacker = await keyPair("RSA-2048", "attacker");
  signed = await signElementById(RESPONSE, "_a", idp, { prefix: "ds" });
});

async function refusalOf(xml: string, pairs: readonly KeyPair[] = [idp], id = "_a"): Promise<SamlRefusal> {
  const result = await verifyById(xml, id, pairs);
  if (result.ok) throw new Error("accepted");
  return result.refusal;
}

/** Signed by the identity provider itself in that unusual style: only the profile can refuse it. */
async function refusalOfStyle(style: SignatureStyle, kind: KeyPair = idp): Promise<SamlRefusal> {
  return refusalOf(await signElementById(RESPONSE, "_a", kind, { prefix: "ds", ...style }), [kind]);
}

test("the untouched message is accepted, so that every refusal below has a reason", async () => {
  expect(codeOf(await verifyById(signed, "_a", [idp]))).toBe("accepted");
});

describe("whose key", () => {
  test("no pinned certificate refuses before anything is read", async () => {
    expect((await refusalOf(signed, [])).code).toBe("certificate_missing");
  });

  test("an element without a signature is refused, whatever is signed around or inside it", async () => {
    expect((await refusalOf(signed, [idp], "_r")).code).toBe("signature_missing");
  });

  test("the attacker's own certificate in KeyInfo gives no trust, and is named to the administrator", async () => {
    const forged = await signElementById(RESPONSE, "_a", attacker);
    expect(await refusalOf(forged)).toEqual({
      code: "signature_invalid",
      expected: `a signature by the key of ${pinned(idp).sha256}`,
      received: `${pinned(attacker).sha256}, as the message says`,
    });
  });

  test("the pinned certificate shown beside the attacker's signature gives no trust", async () => {
    const forged = await signElementById(RESPONSE, "_a", attacker);
    const refusal = await refusalOf(swap(forged, attacker.certificate, idp.certificate));
    expect(refusal.code).toBe("signature_invalid");
    expect(refusal.received).toContain("what is signed was changed");
  });

  test("two X509Certificates, the pinned one first, give no trust to the second", async () => {
    const forged = await signElementById(RESPONSE, "_a", attacker, { prefix: "ds" });
    const both = putBefore(
      forged,
      "<ds:X509Certificate>",
      `<ds:X509Certificate>${idp.certificate}</ds:X509Certificate>`,
    );
    expect((await refusalOf(both)).code).toBe("signature_invalid");
  });

  test("without KeyInfo the refusal says that the key is unknown", async () => {
    const forged = await signElementById(RESPONSE, "_a", attacker, { keyInfo: null });
    expect((await refusalOf(forged)).received).toBe("a signature by an unknown key");
  });

  test("a certificate in KeyInfo that is no base64 is no hint and no error", async () => {
    const forged = await signElementById(RESPONSE, "_a", attacker, { prefix: "ds" });
    expect((await refusalOf(swap(forged, attacker.certificate, "?"))).received).toBe("a signature by an unknown key");
  });

  test("an RSA signature is refused where only an elliptic key is pinned, and the other way round", async () => {
    const elliptic = await keyPair("P-256");
    expect((await refusalOf(signed, [elliptic])).code).toBe("signature_algorithm");
    const byElliptic = await signElementById(RESPONSE, "_a", elliptic);
    expect((await refusalOf(byElliptic)).code).toBe("signature_algorithm");
  });
});

test("a pinned elliptic key whose point is not on its curve verifies nothing, and is no error", async () => {
  const elliptic = await keyPair("P-256");
  const off = pinned(elliptic);
  const spki = Uint8Array.from(off.spki);
  spki[spki.length - 1] = spki.at(-1)! ^ 1;
  const element = elementById(parsed(await signElementById(RESPONSE, "_a", elliptic)), "_a");
  const result = await verifyElement(element, { certificates: [{ ...off, spki }], allowSha1: false });
  expect(codeOf(result)).toBe("signature_invalid");
});

describe("which algorithm", () => {
  const hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
  test.each([
    hmac,
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
    "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
    "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
    "none",
    "",
    ` ${SIGNATURE.rsaSha256}`,
    SIGNATURE.rsaSha256.toUpperCase(),
  ])("SignatureMethod %o is refused before any key is used", async (method) => {
    const refusal = await refusalOfStyle({ method });
    expect(refusal.code).toBe("signature_algorithm");
    expect(refusal.received).toBe(method);
  });

  test.each(["certificate", "spki"] as const)("HMAC keyed with the public %s is refused", async (what) => {
    const secret = what === "certificate" ? Buffer.from(idp.certificate, "base64") : idp.spki;
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const signWith = async (octets: Uint8Array) =>
      new Uint8Array(await crypto.subtle.sign("HMAC", key, Uint8Array.from(octets)));
    expect((await refusalOfStyle({ method: hmac, signWith })).code).toBe("signature_algorithm");
  });

  test("HMACOutputLength is refused, under any method", async () => {
    const withLength = (xml: string) =>
      xml.replace(
        /(<ds:SignatureMethod [^>]*)\/>/,
        "$1><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
      );
    expect((await refusalOfStyle({ signedInfo: withLength })).code).toBe("signature_malformed");
    expect((await refusalOfStyle({ signedInfo: withLength, method: hmac })).code).toBe("signature_algorithm");
  });

  test("RSA-SHA1 is refused unless the company allows it", async () => {
    expect((await refusalOfStyle({ algorithm: SIGNATURE.rsaSha1 })).code).toBe("signature_algorithm");
  });

  test("a SHA-1 digest under an RSA-SHA256 signature is refused unless the company allows it", async () => {
    expect((await refusalOfStyle({ digest: DIGEST.sha1 })).code).toBe("signature_algorithm");
  });

  test.each(["http://www.w3.org/2001/04/xmldsig-more#md5", "http://www.w3.org/2001/04/xmlenc#ripemd160", ""])(
    "DigestMethod %o is refused, SHA-1 allowed or not",
    async (digest) => {
      const unusual = await signElementById(RESPONSE, "_a", idp, { digest });
      expect(codeOf(await verifyById(unusual, "_a", [idp], true))).toBe("signature_algorithm");
    },
  );

  test("RSA-PSS is not taken for PKCS#1, nor PKCS#1 for RSA-PSS", async () => {
    const pss = { algorithm: SIGNATURE.rsaPssSha256, method: SIGNATURE.rsaSha256 };
    const pkcs1 = { algorithm: SIGNATURE.rsaSha256, method: SIGNATURE.rsaPssSha256 };
    expect((await refusalOfStyle(pss)).code).toBe("signature_invalid");
    expect((await refusalOfStyle(pkcs1)).code).toBe("signature_invalid");
  });

  test("a hash other than the named one is refused", async () => {
    const style = { algorithm: SIGNATURE.rsaSha512, method: SIGNATURE.rsaSha256 };
    expect((await refusalOfStyle(style)).code).toBe("signature_invalid");
  });
});

describe("what a signature value may be", () => {
  const signatureValueOf = (xml: string) => Buffer.from(/SignatureValue>([^<]*)</.exec(xml)?.[1] ?? "", "base64");
  const withValue = (xml: string, value: Uint8Array) =>
    swap(xml, /SignatureValue>[^<]*</, `SignatureValue>${Buffer.from(value).toString("base64")}<`);

  test("an RSA signature with a leading zero octet is refused: its length is the modulus'", async () => {
    const refusal = await refusalOf(withValue(signed, Buffer.concat([Buffer.of(0), signatureValueOf(signed)])));
    expect(refusal).toMatchObject({ code: "signature_invalid", received: "257 octets that no such key can have made" });
  });

  test("an RSA signature without its last octet is refused", async () => {
    expect((await refusalOf(withValue(signed, signatureValueOf(signed).subarray(0, 255)))).code).toBe(
      "signature_invalid",
    );
  });

  test("an RSA signature plus the modulus is refused", async () => {
    const modulus = toBig(Buffer.from(idp.privateJwk.n ?? "", "base64url"));
    const sum = toBig(signatureValueOf(signed)) + modulus;
    // Most sums need a 257th octet; the value that fits in 256 must be refused too.
    const value = fromBig(sum, sum.toString(16).length > 512 ? 257 : 256);
    expect((await refusalOf(withValue(signed, value))).code).toBe("signature_invalid");
  });

  test("a signature over a DigestInfo with octets behind it (exponent 3 forgeries) is refused", async () => {
    const prefix = Buffer.from("3031300d060960864801650304020105000420", "hex");
    const signWith = async (octets: Uint8Array) => {
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(octets)));
      return rawRsaSign(idp, pkcs1Encode(Buffer.concat([prefix, hash, Buffer.alloc(8)]), 256));
    };
    expect((await refusalOfStyle({ signWith })).code).toBe("signature_invalid");
    const honest = async (octets: Uint8Array) => {
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(octets)));
      return rawRsaSign(idp, pkcs1Encode(Buffer.concat([prefix, hash]), 256));
    };
    const control = await signElementById(RESPONSE, "_a", idp, { signWith: honest });
    expect(codeOf(await verifyById(control, "_a", [idp]))).toBe("accepted");
  });

  test("ECDSA values of zero, of the order, or in DER are refused", async () => {
    const elliptic = await keyPair("P-256");
    const bySelf = await signElementById(RESPONSE, "_a", elliptic);
    const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
    const value = signatureValueOf(bySelf);
    const r = value.subarray(0, 32);
    for (const hostile of [
      Buffer.alloc(64),
      Buffer.concat([order, order]),
      Buffer.concat([r, Buffer.alloc(32)]),
      Buffer.concat([r, order]),
      Buffer.concat([Buffer.of(0), r, Buffer.of(0), value.subarray(32)]),
      Buffer.concat([
        Buffer.from("30440220", "hex"),
        Buffer.alloc(32, 1),
        Buffer.from("0220", "hex"),
        Buffer.alloc(32, 1),
      ]),
    ]) {
      expect((await refusalOf(withValue(bySelf, hostile), [elliptic])).code).toBe("signature_invalid");
    }
  });

  test.each([
    ["empty", ""],
    ["base64 with a missing pad", "AAAAA"],
    ["base64 with stray low bits", "AAF="],
    ["base64url", "A-_A"],
    ["base64 and more", "AAAA===="],
    ["a character outside the alphabet", "AA\u00a0AA"],
    ["thousands of characters", "AAAA".repeat(20_000)],
  ])("SignatureValue that is %s is malformed", async (_, text) => {
    expect((await refusalOf(swap(signed, /SignatureValue>[^<]*</, `SignatureValue>${text}<`))).code).toBe(
      "signature_malformed",
    );
  });
});

describe("the shape of Signature", () => {
  const part = (name: string) => cut(signed, name);
  const cases: [string, () => string][] = [
    ["an empty ds:Signature", () => swap(signed, part("ds:Signature"), `<ds:Signature xmlns:ds="${NS.ds}"/>`)],
    ["a second Signature beside the first", () => putBefore(signed, part("ds:Signature"), part("ds:Signature"))],
    [
      "a forged SignedInfo before the genuine one",
      () => putBefore(signed, part("ds:SignedInfo"), part("ds:SignedInfo")),
    ],
    ["a forged SignedInfo after the genuine one", () => putAfter(signed, part("ds:SignedInfo"), part("ds:SignedInfo"))],
    ["an Object", () => putBefore(signed, "</ds:Signature>", "<ds:Object/>")],
    [
      "an Object before SignedInfo",
      () => putBefore(signed, "<ds:SignedInfo>", "<ds:Object><ds:SignedInfo/></ds:Object>"),
    ],
    ["a Signature inside the Signature", () => putBefore(signed, "</ds:Signature>", part("ds:Signature"))],
    [
      "SignatureValue before SignedInfo",
      () => putBefore(drop(signed, part("ds:SignatureValue")), "<ds:SignedInfo>", part("ds:SignatureValue")),
    ],
    ["two SignatureValues", () => putAfter(signed, part("ds:SignatureValue"), part("ds:SignatureValue"))],
    ["no SignatureValue", () => drop(signed, part("ds:SignatureValue"))],
    ["no SignedInfo", () => drop(signed, part("ds:SignedInfo"))],
    ["two KeyInfos", () => putAfter(signed, part("ds:KeyInfo"), part("ds:KeyInfo"))],
    ["text in the Signature", () => putBefore(signed, "<ds:SignatureValue>", "x")],
    ["a comment in the Signature", () => putBefore(signed, "<ds:SignatureValue>", "<!-- x -->")],
    ["a comment in SignedInfo", () => putBefore(signed, "<ds:SignatureMethod ", "<!-- x -->")],
    ["a comment in DigestValue", () => putAfter(signed, "<ds:DigestValue>", "<!-- x -->")],
    ["a comment in SignatureValue", () => putAfter(signed, "<ds:SignatureValue>", "<!-- x -->")],
    ["a child element in DigestValue", () => putAfter(signed, "<ds:DigestValue>", "<x/>")],
    ["a child element in SignatureValue", () => putAfter(signed, "<ds:SignatureValue>", "<x/>")],
    ["two DigestValues", () => putAfter(signed, part("ds:DigestValue"), part("ds:DigestValue"))],
    ["no DigestValue", () => drop(signed, part("ds:DigestValue"))],
    ["a second Reference", () => putAfter(signed, part("ds:Reference"), part("ds:Reference"))],
    ["no Reference", () => drop(signed, part("ds:Reference"))],
    ["thousands of References", () => putAfter(signed, part("ds:Reference"), part("ds:Reference").repeat(200))],
    ["a foreign element in Reference", () => putBefore(signed, "<ds:DigestMethod ", '<x xmlns="urn:x"/>')],
    ["a foreign attribute on Reference", () => swap(signed, "<ds:Reference ", '<ds:Reference xml:base="http://x/" ')],
    [
      "a foreign attribute on SignatureMethod",
      () => swap(signed, "<ds:SignatureMethod ", '<ds:SignatureMethod Size="1" '),
    ],
    ["SignedInfo in another namespace", () => signed.replace("<ds:SignedInfo>", '<ds:SignedInfo xmlns:ds="urn:x">')],
    [
      "a Subject inside KeyInfo",
      () => putAfter(signed, "<ds:KeyInfo>", `<saml:Subject><saml:NameID>v</saml:NameID></saml:Subject>`),
    ],
    ["a Subject inside X509Data", () => putAfter(signed, "<ds:X509Data>", `<saml:Subject/>`)],
    [
      "a RetrievalMethod in KeyInfo",
      () => putAfter(signed, "<ds:KeyInfo>", '<ds:RetrievalMethod URI="http://127.0.0.1/"/>'),
    ],
    [
      "hundreds of elements in KeyInfo",
      () => putAfter(signed, "<ds:KeyInfo>", "<ds:KeyName>x</ds:KeyName>".repeat(300)),
    ],
    ["a digest of another length", () => swap(signed, /DigestValue>[^<]*</, "DigestValue>AAAA<")],
    [
      "two digests in one text (CDATA first)",
      () => putAfter(signed, "<ds:DigestValue>", `<![CDATA[${"A".repeat(43)}=]]>`),
    ],
  ];
  test.each(cases)("%s is malformed", async (_, attack) => {
    expect((await refusalOf(attack())).code).toBe("signature_malformed");
  });

  test("the refusal says what was expected and what was there", async () => {
    expect(await refusalOf(putBefore(signed, "</ds:Signature>", "<ds:Object/>"))).toMatchObject({
      expected: "Signature of SignedInfo, SignatureValue, KeyInfo?, @Id",
      received: "SignedInfo, SignatureValue, KeyInfo, Object",
    });
  });

  test("a Signature in a foreign namespace is no signature", async () => {
    expect((await refusalOf(swap(signed, `xmlns:ds="${NS.ds}"`, 'xmlns:ds="urn:x"'))).code).toBe("signature_missing");
  });
});

describe("what is referred to", () => {
  test.each([
    ["", ""],
    ["#", "#"],
    ["no URI", null],
    ["an XPointer", "#xpointer(id('_a'))"],
    ["the root", "#xpointer(/)"],
    ["another element", "#_r"],
    ["a percent-encoded ID", "#%5Fa"],
    ["an ID with a space", "# _a"],
    ["a file", "file:///etc/passwd"],
    ["a loopback address", "http://127.0.0.1:9/#_a"],
    ["the ID alone", "_a"],
    ["the ID in other case", "#_A"],
  ])("a Reference to %o is refused, though the pinned key signed it", async (_, uri) => {
    expect((await refusalOfStyle({ uri })).code).toBe("signature_reference");
  });

  test("a signature of the Assertion moved to the Response signs nothing there", async () => {
    const signature = cut(signed, "ds:Signature");
    const moved = swap(
      drop(signed, signature),
      "</saml:Issuer><saml:Assertion",
      `</saml:Issuer>${signature}<saml:Assertion`,
    );
    expect(await refusalOf(moved, [idp], "_r")).toEqual({
      code: "signature_reference",
      expected: "#_r",
      received: "#_a",
    });
  });

  test.each(["Id", "id", "samlp:ID", "xml:id"])("an element whose ID stands in %s has none", async (name) => {
    const renamed = swap(signed, ' ID="_a"', ` ${name}="_a"`);
    const [assertion] = parsed(renamed).children.filter((c) => c.kind === "element" && c.localName === "Assertion");
    if (assertion?.kind !== "element") throw new Error("no assertion");
    const result = await verifyElement(assertion, { certificates: [pinned(idp)], allowSha1: false });
    expect(codeOf(result)).toBe("signature_reference");
  });

  test("an empty ID is none", async () => {
    const empty = await signElementById(RESPONSE.replace('ID="_a"', 'ID=""'), "", idp);
    expect((await refusalOf(empty, [idp], "")).code).toBe("signature_reference");
  });
});

describe("which transforms", () => {
  const enveloped = '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>';
  const other = (algorithm: string, content = "") => `<ds:Transform Algorithm="${algorithm}">${content}</ds:Transform>`;
  const transforms = (...list: string[]): SignatureStyle => ({
    signedInfo: (xml) =>
      swap(xml, /<ds:Transforms>.*<\/ds:Transforms>/, `<ds:Transforms>${list.join("")}</ds:Transforms>`),
  });
  const cases: [string, SignatureStyle][] = [
    ["none", { signedInfo: (xml) => drop(xml, /<ds:Transforms>.*<\/ds:Transforms>/) }],
    ["an empty list", transforms()],
    ["canonicalization without enveloped-signature", transforms(other(C14N.exclusive))],
    ["canonicalization before enveloped-signature", transforms(other(C14N.exclusive), enveloped)],
    ["enveloped-signature twice", transforms(enveloped, enveloped)],
    ["enveloped-signature twice and canonicalization", transforms(enveloped, enveloped, other(C14N.exclusive))],
    ["two canonicalizations", transforms(enveloped, other(C14N.exclusive), other(C14N.exclusive))],
    ["thousands", transforms(enveloped, other(C14N.exclusive).repeat(2000))],
    ["canonicalization with comments", transforms(enveloped, other(C14N.exclusiveWithComments))],
    ["inclusive canonicalization with comments", transforms(enveloped, other(C14N.inclusiveWithComments))],
    ["Canonical XML 1.1", transforms(enveloped, other("http://www.w3.org/2006/12/xml-c14n11"))],
    ["base64", transforms(enveloped, other("http://www.w3.org/2000/09/xmldsig#base64"))],
    ["XPath", transforms(enveloped, other("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>1</ds:XPath>"))],
    ["XPath Filter 2.0", transforms(enveloped, other("http://www.w3.org/2002/06/xmldsig-filter2"))],
    ["XSLT", transforms(enveloped, other("http://www.w3.org/TR/1999/REC-xslt-19991116"))],
    ["no algorithm", transforms(enveloped, "<ds:Transform/>")],
    [
      "content in enveloped-signature",
      transforms(swap(enveloped, "/>", "><x/></ds:Transform>"), other(C14N.exclusive)),
    ],
    ["InclusiveNamespaces in inclusive canonicalization", { transform: C14N.inclusive, prefixList: "xs" }],
    [
      "InclusiveNamespaces twice",
      transforms(
        enveloped,
        other(C14N.exclusive, `<ec:InclusiveNamespaces xmlns:ec="${NS.ec}" PrefixList="xs"/>`.repeat(2)),
      ),
    ],
    ["tens of thousands of prefixes", { prefixList: "xs ".repeat(20_000) }],
    ["more prefixes than the limit", { prefixList: Array.from({ length: 33 }, (_, n) => `p${n}`).join(" ") }],
    ["a prefix that is no name", { prefixList: "xs a:b" }],
  ];
  test.each(cases)("%s: refused, though the pinned key signed it", async (_, style) => {
    expect((await refusalOfStyle(style)).code).toBe("signature_transform");
  });

  test.each([
    C14N.exclusiveWithComments,
    C14N.inclusiveWithComments,
    "http://www.w3.org/2006/12/xml-c14n11",
    "",
    "urn:x",
  ])("CanonicalizationMethod %o is refused", async (algorithm) => {
    const signedInfo = (xml: string) =>
      swap(
        xml,
        `CanonicalizationMethod Algorithm="${C14N.exclusive}"`,
        `CanonicalizationMethod Algorithm="${algorithm}"`,
      );
    expect((await refusalOfStyle({ signedInfo })).code).toBe("signature_transform");
  });
});

describe("what was signed is what is there", () => {
  const changes: [string, (xml: string) => string][] = [
    ["another name", (xml) => swap(xml, "b.simon@", "a.simon@")],
    ["a space more", (xml) => swap(xml, "<saml:Subject>", "<saml:Subject> ")],
    ["a carriage return by reference", (xml) => swap(xml, "b.simon@", "&#xD;b.simon@")],
    ["another attribute", (xml) => swap(xml, "<saml:Subject>", '<saml:Subject x="">')],
    ["a second Subject", (xml) => putAfter(xml, cut(xml, "saml:Subject"), cut(xml, "saml:Subject"))],
    ["a rebound prefix", (xml) => swap(xml, "<saml:NameID>", '<saml:NameID xmlns:saml="urn:x">')],
    ["a Signature of a foreign namespace", (xml) => putBefore(xml, "<saml:Subject>", '<Signature xmlns="urn:x"/>')],
    ["a Signature deeper down", (xml) => putAfter(xml, "<saml:Subject>", cut(xml, "ds:Signature"))],
  ];
  test.each(changes)("%s in the signed element is a digest mismatch", async (_, change) => {
    const refusal = await refusalOf(change(signed));
    expect(refusal.code).toBe("digest_mismatch");
    expect(refusal.expected).toBe(/DigestValue>([^<]*)</.exec(signed)?.[1]);
  });

  test.each<[string, (xml: string) => string]>([
    ["the digest", (xml) => swap(xml, /DigestValue>[^<]*</, `DigestValue>${"A".repeat(43)}=<`)],
    [
      "the reference's canonicalization",
      (xml) => swap(xml, `<ds:Transform Algorithm="${C14N.exclusive}"`, `<ds:Transform Algorithm="${C14N.inclusive}"`),
    ],
    ["white space in SignedInfo", (xml) => putBefore(xml, "<ds:Reference ", "\n")],
    ["an Id on SignedInfo", (xml) => swap(xml, "<ds:SignedInfo>", '<ds:SignedInfo Id="x">')],
  ])("%s changed in SignedInfo is an invalid signature", async (_, change) => {
    expect((await refusalOf(change(signed))).code).toBe("signature_invalid");
  });

  test("a forged element with the digest recomputed is an invalid signature: the digest is not asked first", async () => {
    const forged = swap(signed, "b.simon@", "victim@");
    expect((await refusalOf(swap(forged, /DigestValue>[^<]*</, `DigestValue>${await digestBase64("x")}<`))).code).toBe(
      "signature_invalid",
    );
  });

  test("the pinned key's digest of the empty string covers nothing", async () => {
    expect((await refusalOfStyle({ digested: () => "" })).code).toBe("digest_mismatch");
  });
});

describe("costs", () => {
  const manyPrefixed = (uri: string) => `<x:a xmlns:x="${uri}" xmlns:y="${uri}2">${"<x:b/><y:b/>".repeat(150)}</x:a>`;

  test("one long namespace URI and thousands of elements do not make megabytes", async () => {
    const uri = `urn:${"x".repeat(240)}`;
    const declared = swap(signed, "<samlp:Response ", `<samlp:Response xmlns:p="${uri}" `);
    const forged = putBefore(declared, "<saml:Subject>", "<p:a/>".repeat(6_000));
    expect((await refusalOf(forged)).code).toBe("xml_limit");
    const few = putBefore(declared, "<saml:Subject>", "<p:a/>".repeat(60));
    expect((await refusalOf(few)).code).toBe("digest_mismatch");
  });

  test("nor do a few hundred in a small message: what is written again stays in proportion to it", async () => {
    const message = (uri: string) =>
      putAfter(RESPONSE, "</saml:Subject>", `<saml:Advice>${manyPrefixed(uri)}</saml:Advice>`);
    const short = await signElementById(message("urn:short"), "_a", idp);
    expect(codeOf(await verifyById(short, "_a", [idp]))).toBe("accepted");
    const long = await signElementById(message(`urn:${"u".repeat(240)}`), "_a", idp);
    expect((await refusalOf(long)).code).toBe("xml_limit");
  });

  test("nor do elements without prefixes around them or beside them count for more than they are", async () => {
    const many = manyPrefixed(`urn:${"u".repeat(240)}`);
    const plain = "<c>text</c>".repeat(20);
    for (const content of [`<b>${many}</b>`, `${plain}${many}`, `${plain}<b>${plain}${many}</b>`]) {
      const advice = `<saml:Advice><a xmlns="urn:a">${content}</a></saml:Advice>`;
      const sent = await signElementById(putAfter(RESPONSE, "</saml:Subject>", advice), "_a", idp);
      expect((await refusalOf(sent)).code).toBe("xml_limit");
    }
  });
});
