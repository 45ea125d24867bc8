/** Signatures of the Redirect binding (SAML Bindings 3.4.4.1): over the raw query, each parameter once. */
import { beforeAll, describe, expect, test } from "vitest";
import { verifyQuery } from "../../src/saml/query-signature.ts";
import { SIGNATURE } from "../../src/saml/terms.ts";
import { type KeyKind, type KeyPair, keyPair, signBytes } from "../support/messages/keys.ts";
import { codeOf, pinned } from "../support/messages/pinned.ts";

let idp: KeyPair;
beforeAll(async () => {
  idp = await keyPair();
});

const upper = encodeURIComponent;
/** As .NET and so Entra write it. */
const lower = (text: string) => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (pair) => pair.toLowerCase());

interface QueryStyle {
  readonly pair?: KeyPair;
  readonly algorithm?: string;
  readonly escaped?: (text: string) => string;
}

async function signedQuery(
  query: string,
  { pair = idp, algorithm = SIGNATURE.rsaSha256, escaped = upper }: QueryStyle = {},
) {
  const signed = `${query}&SigAlg=${escaped(algorithm)}`;
  const value = Buffer.from(await signBytes(pair, algorithm, new TextEncoder().encode(signed))).toString("base64");
  return `${signed}&Signature=${escaped(value)}`;
}

const verify = (query: string, pairs: readonly KeyPair[] = [idp], allowSha1 = false) =>
  verifyQuery(query, { certificates: pairs.map(pinned), allowSha1 });

const QUERY = "SAMLRequest=fZ%2fB%3D%3d&RelayState=%2Fa%20b";

describe("an honest query verifies", () => {
  test.each<[string, KeyKind]>([
    [SIGNATURE.rsaSha256, "RSA-2048"],
    [SIGNATURE.rsaSha512, "RSA-2048"],
    [SIGNATURE.rsaPssSha256, "RSA-2048"],
    [SIGNATURE.ecdsaSha256, "P-256"],
    [SIGNATURE.ecdsaSha384, "P-384"],
  ])("by %s", async (algorithm, kind) => {
    const pair = await keyPair(kind);
    const result = await verify(await signedQuery(QUERY, { pair, algorithm }), [pair]);
    expect(result).toEqual({
      ok: true,
      value: { certificateSha256: pinned(pair).sha256, signatureAlgorithm: algorithm },
    });
  });

  test.each([
    ["without RelayState", "SAMLResponse=abc"],
    ["with an empty RelayState", "SAMLResponse=abc&RelayState="],
    ["with escapes that nobody needs", "SAMLRequest=%61%62%63&RelayState=%7e"],
    ["with a plus for a space", "SAMLRequest=abc&RelayState=a+b"],
    ["with an equals sign in a value", "SAMLRequest=abc==&RelayState=x"],
  ])("%s", async (_, query) => {
    expect(codeOf(await verify(await signedQuery(query)))).toBe("accepted");
  });

  test("in lower-case escapes, as Entra writes them", async () => {
    const query = await signedQuery(`SAMLRequest=${lower("a+/=")}`, { escaped: lower });
    expect(query).toMatch(/%2f/);
    expect(codeOf(await verify(query))).toBe("accepted");
  });

  test("in any order: the binding's order is signed", async () => {
    const parts = (await signedQuery(QUERY)).split("&");
    expect(codeOf(await verify(parts.reverse().join("&")))).toBe("accepted");
  });

  test("beside parameters of others", async () => {
    expect(codeOf(await verify(`client-request-id=1&${await signedQuery(QUERY)}&x&=`))).toBe("accepted");
  });

  test("with + left unescaped in the Signature", async () => {
    expect(codeOf(await verify((await signedQuery(QUERY)).replaceAll("%2B", "+")))).toBe("accepted");
  });

  test("by the second of two pinned certificates", async () => {
    expect(codeOf(await verify(await signedQuery(QUERY), [await keyPair("RSA-2048", "old"), idp]))).toBe("accepted");
  });

  test("by RSA-SHA1 only where the company allows it", async () => {
    const query = await signedQuery(QUERY, { algorithm: SIGNATURE.rsaSha1 });
    expect(codeOf(await verify(query, [idp], true))).toBe("accepted");
    expect(codeOf(await verify(query))).toBe("signature_algorithm");
  });
});

describe("anything else is refused", () => {
  const cases: [string, string, (query: string) => string][] = [
    ["no Signature", "signature_missing", (query) => query.replace(/&Signature=.*/, "")],
    ["an empty Signature", "signature_missing", (query) => query.replace(/&Signature=.*/, "&Signature=")],
    ["no SigAlg", "signature_missing", (query) => query.replace(/&SigAlg=[^&]*/, "")],
    ["no message", "message_missing", (query) => query.replace("SAMLRequest=", "Request=")],
    ["another message", "signature_invalid", (query) => query.replace("fZ", "fY")],
    ["another RelayState", "signature_invalid", (query) => query.replace("%2Fa", "%2Fb")],
    ["no RelayState", "signature_invalid", (query) => query.replace(/&RelayState=[^&]*/, "")],
    ["a RelayState added", "signature_malformed", (query) => `RelayState=x&${query}`],
    ["the message's other name", "signature_invalid", (query) => query.replace("SAMLRequest=", "SAMLResponse=")],
    ["escapes in upper case instead", "signature_invalid", (query) => query.replace("%2f", "%2F")],
    ["values escaped twice", "signature_invalid", (query) => query.replace("%2f", "%252f")],
    ["an unsigned SAMLRequest first", "signature_malformed", (query) => `SAMLRequest=x&${query}`],
    ["an unsigned SAMLRequest last", "signature_malformed", (query) => `${query}&SAMLRequest=x`],
    ["an unsigned SAMLResponse", "signature_malformed", (query) => `SAMLResponse=x&${query}`],
    ["a SAMLRequest with an escaped name", "signature_malformed", (query) => `SAML%52equest=x&${query}`],
    ["a SAMLRequest without a value", "signature_malformed", (query) => `SAMLRequest&${query}`],
    ["two SigAlgs", "signature_malformed", (query) => `${query}&SigAlg=x`],
    ["two Signatures", "signature_malformed", (query) => `${query}&Signature=AAAA`],
    ["HMAC", "signature_algorithm", (query) => query.replace("rsa-sha256", "hmac-sha256")],
    ["an unknown SigAlg", "signature_algorithm", (query) => query.replace("rsa-sha256", "rsa-md5")],
    ["another SigAlg", "signature_invalid", (query) => query.replace("rsa-sha256", "rsa-sha512")],
    ["a broken escape in SigAlg", "signature_malformed", (query) => query.replace("SigAlg=http", "SigAlg=%zz")],
    ["a broken escape in Signature", "signature_malformed", (query) => query.replace("&Signature=", "&Signature=%")],
    ["a Signature that is no base64", "signature_malformed", (query) => query.replace("&Signature=", "&Signature=_")],
    [
      "a Signature of another length",
      "signature_invalid",
      (query) => query.replace(/&Signature=.*/, "&Signature=AAAA"),
    ],
  ];
  test.each(cases)("%s: %s", async (_, code, attack) => {
    const query = await signedQuery(QUERY);
    const attacked = attack(query);
    expect(attacked).not.toBe(query);
    expect(codeOf(await verify(attacked))).toBe(code);
  });

  test("another company's identity provider", async () => {
    const query = await signedQuery(QUERY, { pair: await keyPair("RSA-2048", "other tenant") });
    expect(codeOf(await verify(query))).toBe("signature_invalid");
  });

  test("no pinned certificate", async () => {
    expect(codeOf(await verify(await signedQuery(QUERY), []))).toBe("certificate_missing");
  });

  test("HMAC keyed with the certificate", async () => {
    const algorithm = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    const signed = `${QUERY}&SigAlg=${upper(algorithm)}`;
    const secret = Buffer.from(idp.certificate, "base64");
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const value = Buffer.from(await crypto.subtle.sign("HMAC", key, Buffer.from(signed))).toString("base64");
    expect(codeOf(await verify(`${signed}&Signature=${upper(value)}`))).toBe("signature_algorithm");
  });

  test("megabytes", async () => {
    expect(codeOf(await verify(`SAMLRequest=${"A".repeat(2_000_000)}`))).toBe("message_too_large");
  });

  test("hundreds of thousands of parameters cost no more than their length", async () => {
    expect(codeOf(await verify(`${"&".repeat(400_000)}&SAMLRequest=x`))).toBe("signature_missing");
  });
});
