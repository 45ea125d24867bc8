/** Every identity provider's honest message is accepted, with exactly the claims it makes; and its forgery is not. */
import { describe, expect, it } from "vitest";
import { decideResponse } from "../../src/saml/index.ts";
import { C14N, DIGEST, SIGNATURE } from "../../src/saml/terms.ts";
import { entraClaims } from "../support/identity-provider.ts";
import type { Shape } from "../support/messages/provider-shape.ts";
import { shapes } from "../support/messages/providers.ts";
import {
  ATTACKER,
  asLists,
  attackerClaims,
  type Code,
  mustAccept,
  mustRefuse,
  outcomeOf,
  REQUEST,
  type Scene,
  scene,
  VICTIM,
} from "../support/messages/scene.ts";
import type { SignatureStyle } from "../support/messages/sign.ts";
import { swap } from "../support/messages/surgery.ts";

async function signedShape(s: Scene, one: Shape): Promise<string> {
  let xml = one.xml;
  for (const [what, style] of one.sign)
    xml = await s.idp.sign(xml, what === "assertion" ? one.assertionId : one.responseId, style);
  return one.finish ? one.finish(xml) : xml;
}

const FORGED: readonly Code[] = ["digest_mismatch"];

describe("honest messages of other identity providers", () => {
  for (const one of shapes()) {
    it(`${one.name}: accepted with exactly its claims, and refused when a name is changed`, async () => {
      const s = await scene();
      const expected = { idpEntityIds: [one.entityId] };
      const xml = await signedShape(s, one);
      const accepted = await mustAccept(xml, s, expected);
      expect(accepted.nameID).toEqual(one.nameID);
      expect(Object.fromEntries(accepted.attributes)).toEqual(one.attributes);
      expect(accepted).toMatchObject({
        issuer: one.entityId,
        id: one.assertionId,
        inResponseTo: REQUEST,
        sessionIndex: one.sessionIndex,
      });
      await mustRefuse(swap(xml, `>${one.nameID.value}<`, `>${VICTIM}<`), FORGED, s, expected);
    });
  }
});

describe("honest messages of Entra", () => {
  const mine = async (s: Scene, xml: string) => {
    const accepted = await mustAccept(xml, s);
    expect(accepted.nameID.value).toBe(ATTACKER);
    expect(Object.fromEntries(accepted.attributes)).toEqual(asLists(attackerClaims()));
  };
  const STYLES: readonly (readonly [string, SignatureStyle])[] = [
    ["RSA-SHA384", { algorithm: SIGNATURE.rsaSha384, digest: DIGEST.sha384 }],
    ["RSA-SHA512", { algorithm: SIGNATURE.rsaSha512, digest: DIGEST.sha512 }],
    ["RSA-PSS", { algorithm: SIGNATURE.rsaPssSha256 }],
    ["RSA-PSS with SHA-512", { algorithm: SIGNATURE.rsaPssSha512, digest: DIGEST.sha512 }],
    ["inclusive canonical forms", { c14n: C14N.inclusive }],
    ["inclusive SignedInfo, exclusive reference", { c14n: C14N.inclusive, transform: C14N.exclusive }],
    ["exclusive SignedInfo, inclusive reference", { c14n: C14N.exclusive, transform: C14N.inclusive }],
    ["enveloped-signature alone", { transform: null }],
    ["a PrefixList", { prefixList: "xs xsi saml samlp" }],
    ["a PrefixList with #default", { prefixList: "#default xs" }],
    ["an empty PrefixList", { prefixList: "" }],
    ["a PrefixList for SignedInfo", { methodPrefixList: "samlp" }],
    ["a prefix for the signature", { prefix: "ds" }],
    ["lines of 76 characters", { lineWidth: 76 }],
    ["lines of 64 characters and gaps", { lineWidth: 64, gap: "\r\n\t" }],
    ["no KeyInfo", { keyInfo: null }],
    ["KeyInfo with a KeyName", { keyInfo: "<KeyName>signing key</KeyName>" }],
    [
      "KeyInfo with a subject, an issuer and a serial",
      {
        keyInfo:
          "<X509Data><X509SubjectName>CN=x</X509SubjectName><X509IssuerSerial><X509IssuerName>CN=x</X509IssuerName><X509SerialNumber>1</X509SerialNumber></X509IssuerSerial></X509Data>",
      },
    ],
  ];
  for (const sign of ["assertion", "response", "both"] as const) {
    for (const [name, signature] of STYLES) {
      it(`${sign} signed with ${name} is accepted`, async () => {
        const s = await scene();
        await mine(s, (await s.own({ sign, signature })).xml);
      });
    }
    it(`${sign} signed by ECDSA keys is accepted`, async () => {
      for (const kind of ["P-256", "P-384"] as const) {
        const s = await scene(kind);
        await mine(s, (await s.own({ sign })).xml);
        await mine(s, (await s.own({ sign, signature: { algorithm: SIGNATURE.ecdsaSha512 } })).xml);
      }
    });
    it(`${sign} signed: an XML declaration, a byte-order mark, line ends and comments around or inside change nothing`, async () => {
      const s = await scene();
      const { xml } = await s.own({ sign });
      for (const other of [
        `<?xml version="1.0" encoding="utf-8"?>${xml}`,
        `<?xml version="1.0"?>\r\n${xml}\r\n`,
        `\ufeff${xml}`,
        `<!-- x -->${xml}<!-- y -->`,
        swap(xml, "<Subject>", "<!-- x --><Subject>"),
        swap(xml, "</AttributeStatement>", "<!-- x --></AttributeStatement>"),
        swap(xml, "<samlp:Status>", "<!-- x --><samlp:Status>"),
      ]) {
        await mine(s, other);
      }
    });
  }
  it("150 groups arrive all, in their order", async () => {
    const s = await scene();
    const attributes = entraClaims({ email: ATTACKER, groups: 150 });
    for (const sign of ["assertion", "response", "both"] as const) {
      const own = await s.own({ sign, attributes });
      expect(own.xml.length).toBeGreaterThan(14_000);
      expect(Object.fromEntries((await mustAccept(own, s)).attributes)).toEqual(asLists(attributes));
    }
  });
  it("text of every kind arrives as it was signed", async () => {
    const s = await scene();
    const texts = [
      "",
      " ",
      " leading and trailing ",
      "tab\tand\nline feed",
      "ünïcödé 漢字 😀 \u{10ffff}",
      "&<>\"'",
      "]]>",
      "a]]&gt;b",
      "<!-- x -->",
      "\u00a0\u2028\u0085\ufffd",
      "x".repeat(20_000),
      "%00",
      "\\u0000",
    ];
    const attributes = Object.fromEntries(texts.map((t, i) => [`urn:a${i}`, [t, t]]));
    for (const sign of ["assertion", "response", "both"] as const) {
      for (const c14n of [C14N.exclusive, C14N.inclusive]) {
        const own = await s.own({ sign, attributes, signature: { c14n } });
        expect(Object.fromEntries((await mustAccept(own, s)).attributes)).toEqual(attributes);
      }
    }
  });
  it("attribute names of every kind arrive as they were signed", async () => {
    const s = await scene();
    const names = ["a b", "ünï", "a&b<c>\"d'", "tab\there", "http://x/?a=1&b=2#c", " x "];
    const attributes = Object.fromEntries(names.map((n) => [n, ["v"]]));
    const own = await s.own({ attributes, edit: { assertion: (x) => x.replace("tab\there", "tab&#9;here") } });
    expect(Object.fromEntries((await mustAccept(own, s)).attributes)).toEqual(attributes);
  });
  it("a carriage return in a value is signed as &#xD; and arrives", async () => {
    const s = await scene();
    const own = await s.own({ attributes: { a: "one{CR}two" }, edit: { assertion: (x) => swap(x, "{CR}", "&#13;") } });
    expect((await mustAccept(own, s)).attributes.get("a")).toEqual(["one\rtwo"]);
  });
  it("a refusal by the identity provider arrives with its codes and message, signed or not", async () => {
    const s = await scene();
    for (const sign of ["none", "response"] as const) {
      const { samlResponse } = await s.own({
        sign,
        status: ["urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"],
        statusMessage: "AADSTS50105: not assigned. Trace ID: x",
      });
      expect(await decideResponse(samlResponse, s.expectations)).toMatchObject({
        ok: false,
        refusal: { code: "status_not_success" },
        status: {
          codes: ["urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"],
          message: "AADSTS50105: not assigned. Trace ID: x",
        },
      });
    }
    expect((await outcomeOf(await s.own(), s)).ok).toBe(true);
  });
});
