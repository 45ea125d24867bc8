import { deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { decodePostMessage, decodeRedirectMessage, encodePostMessage, redirectUrl } from "../../src/saml/bindings.ts";
import { importSigningKey } from "../../src/saml/key-pair.ts";
import type { Result } from "../../src/saml/refusal.ts";
import { verifyQuery } from "../../src/saml/signature.ts";
import { SAML_MESSAGE_BASE64_CHARS_MAX, SAML_MESSAGE_BYTES_MAX } from "../../src/saml/terms.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { certificateOf } from "../support/messages/scene.ts";

const codeOf = (result: Result<unknown>) => (result.ok ? "accepted" : result.refusal.code);
const textOf = (result: Result<Uint8Array>) =>
  result.ok ? new TextDecoder().decode(result.value) : result.refusal.code;
const deflated = (bytes: Uint8Array) => deflateRawSync(bytes).toString("base64");
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("a form field is strict base64 or refused", () => {
  const refused: Record<string, string> = {
    "base64url (N11)": "PDw_Pz8-",
    "a character outside the alphabet (N10)": "PGE!vPg==",
    "a space, which a form decoder makes of +": "PGE vPg==",
    "a tab": "PGEvPg==\t",
    "no padding": "PGEvPg",
    "too much padding": "PGEvPg===",
    "padding in the middle": "PGE=PGEv",
    "text after padding": "PGEvPg==PGEv",
    "unused bits that are set": "PGEvPh==",
    "one character": "A",
    "padding alone": "====",
    "percent-encoding left over (N16)": "PGEvPg%3D%3D",
    "XML that is not encoded at all": "<samlp:Response/>",
    "a zero byte": "PGEvPg==\0",
    "letters of another script": "PGEｖPg==",
  };
  for (const [name, text] of Object.entries(refused)) {
    it(`refuses ${name}`, () => expect(codeOf(decodePostMessage(text))).toBe("base64_invalid"));
  }

  it("refuses nothing at all as missing", () => {
    expect(codeOf(decodePostMessage(""))).toBe("message_missing");
    expect(codeOf(decodePostMessage("\r\n"))).toBe("message_missing");
  });

  it("refuses a field that is too long before it is decoded", () => {
    expect(codeOf(decodePostMessage("A".repeat(SAML_MESSAGE_BASE64_CHARS_MAX + 4)))).toBe("message_too_large");
    expect(codeOf(decodePostMessage("!".repeat(20_000_000)))).toBe("message_too_large");
  });

  it("refuses a message of one byte more than the limit, and takes one of the limit", () => {
    const of = (bytes: number) => Buffer.alloc(bytes, 32).toString("base64");
    expect(codeOf(decodePostMessage(of(SAML_MESSAGE_BYTES_MAX + 1)))).toBe("message_too_large");
    expect(codeOf(decodePostMessage(of(SAML_MESSAGE_BYTES_MAX)))).toBe("accepted");
  });

  it("takes line ends of either kind wherever they stand", () => {
    expect(textOf(decodePostMessage("PGEv\r\nPg==\r\n"))).toBe("<a/>");
    expect(textOf(decodePostMessage("\nPG\nEvPg=\n="))).toBe("<a/>");
  });

  it("decodes once only: base64 of base64 stays text (N23)", () => {
    expect(textOf(decodePostMessage(encodePostMessage(encodePostMessage("<a/>"))))).toBe("PGEvPg==");
  });

  it("never inflates a posted message", () => {
    const once = deflated(bytesOf("<a/>"));
    expect(textOf(decodePostMessage(once))).not.toBe("<a/>");
  });

  it("gives back what was encoded, whatever the characters", () => {
    for (const text of ["<a/>", "ä€😀", "", "x".repeat(100_000)]) {
      if (text !== "") expect(textOf(decodePostMessage(encodePostMessage(text)))).toBe(text);
    }
  });
});

describe("a query parameter is base64 of one DEFLATE stream or refused", () => {
  it("inflates a message", () => expect(textOf(decodeRedirectMessage(deflated(bytesOf("<a>ä</a>"))))).toBe("<a>ä</a>"));

  it("refuses what is not deflated", () => {
    expect(codeOf(decodeRedirectMessage(encodePostMessage("<samlp:LogoutRequest/>")))).toBe("deflate_invalid");
  });

  it("refuses a stream that is cut off", () => {
    const whole = deflateRawSync(bytesOf("<a/>".repeat(500)));
    expect(codeOf(decodeRedirectMessage(whole.subarray(0, -4).toString("base64")))).toBe("deflate_invalid");
  });

  it("refuses bytes after the stream", () => {
    const longer = Buffer.concat([deflateRawSync(bytesOf("<a/>")), Buffer.from("<b/>")]);
    expect(codeOf(decodeRedirectMessage(longer.toString("base64")))).toBe("deflate_invalid");
  });

  it("refuses a second stream after the first", () => {
    const twice = Buffer.concat([deflateRawSync(bytesOf("<a/>")), deflateRawSync(bytesOf("<b/>"))]);
    expect(codeOf(decodeRedirectMessage(twice.toString("base64")))).toBe("deflate_invalid");
  });

  it("stops a small text that would inflate to a gigabyte's share (N18, N24)", () => {
    const bomb = deflated(Buffer.alloc(50_000_000, 32));
    expect(bomb.length).toBeLessThan(SAML_MESSAGE_BASE64_CHARS_MAX);
    expect(codeOf(decodeRedirectMessage(bomb))).toBe("message_too_large");
  });

  it("takes a message of the limit and refuses one byte more", () => {
    expect(codeOf(decodeRedirectMessage(deflated(Buffer.alloc(SAML_MESSAGE_BYTES_MAX, 32))))).toBe("accepted");
    expect(codeOf(decodeRedirectMessage(deflated(Buffer.alloc(SAML_MESSAGE_BYTES_MAX + 1, 32))))).toBe(
      "message_too_large",
    );
  });

  it("refuses bad base64, nothing and too much like a form field", () => {
    expect(codeOf(decodeRedirectMessage("???"))).toBe("base64_invalid");
    expect(codeOf(decodeRedirectMessage(""))).toBe("message_missing");
    expect(codeOf(decodeRedirectMessage("A".repeat(SAML_MESSAGE_BASE64_CHARS_MAX + 4)))).toBe("message_too_large");
  });
});

describe("a redirect", () => {
  const xml = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1"/>`;
  const queryOf = (url: string) => new URL(url).search.slice(1);

  it("carries the message, then RelayState", async () => {
    const url = await redirectUrl("https://idp.example/sso", "SAMLRequest", xml, "/a b?c=d&e=f#g", null);
    expect([...new URL(url).searchParams.keys()]).toEqual(["SAMLRequest", "RelayState"]);
    expect(new URL(url).searchParams.get("RelayState")).toBe("/a b?c=d&e=f#g");
    expect(textOf(decodeRedirectMessage(new URL(url).searchParams.get("SAMLRequest") ?? ""))).toBe(xml);
  });

  it("leaves RelayState out when there is none, and keeps an empty one", async () => {
    expect(await redirectUrl("https://idp.example/", "SAMLRequest", xml, null, null)).not.toContain("RelayState");
    expect(await redirectUrl("https://idp.example/", "SAMLRequest", xml, "", null)).toMatch(/&RelayState=$/);
  });

  const joints: Record<string, readonly [string, string]> = {
    "a bare path": ["https://idp.example/sso", "https://idp.example/sso?SAMLRequest="],
    "a query of its own": ["https://idp.example/sso?idpid=C01", "https://idp.example/sso?idpid=C01&SAMLRequest="],
    "an empty query": ["https://idp.example/sso?", "https://idp.example/sso?SAMLRequest="],
    "a query that ends in &": ["https://idp.example/sso?a=b&", "https://idp.example/sso?a=b&SAMLRequest="],
    "a fragment": ["https://idp.example/sso?a=b#top", "https://idp.example/sso?a=b&SAMLRequest="],
    "a ? in the fragment": ["https://idp.example/sso#a?b", "https://idp.example/sso?SAMLRequest="],
  };
  for (const [name, [destination, start]] of Object.entries(joints)) {
    it(`joins a destination with ${name}`, async () => {
      const url = await redirectUrl(destination, "SAMLRequest", xml, "r", null);
      expect(url.startsWith(start)).toBe(true);
    });
  }

  it("is signed in the order of the binding, and the signature verifies over the raw query", async () => {
    const idp = await createIdentityProvider();
    const key = await importSigningKey(idp.keyPair.pkcs8, idp.certificate);
    const url = await redirectUrl("https://idp.example/sso?tenant=1", "SAMLResponse", xml, "a+b", key);
    const names = queryOf(url)
      .split("&")
      .map((pair) => pair.split("=")[0]);
    expect(names).toEqual(["tenant", "SAMLResponse", "RelayState", "SigAlg", "Signature"]);
    const trust = { certificates: [await certificateOf(idp)], allowSha1: false };
    expect(await verifyQuery(queryOf(url), trust)).toMatchObject({ ok: true });
    const altered = queryOf(url).replace("RelayState=a%2Bb", "RelayState=a%2Bc");
    expect(codeOf(await verifyQuery(altered, trust))).toBe("signature_invalid");
  });
});
