/** Group D: two readings of SignedInfo, Reference and DigestValue. Rules R8, R9, R11. */
import { describe, expect, it } from "vitest";
import { NS } from "../../src/saml/terms.ts";
import { byId, canonicalize, parse } from "../support/messages/canonical.ts";
import { asVictim, outcomeOf, type Scene, scene } from "../support/messages/scene.ts";
import { digestBase64 } from "../support/messages/sign.ts";
import {
  atEnd,
  atStart,
  cut,
  drop,
  idOf,
  partsOf,
  putAfter,
  putBefore,
  swap,
  withId,
} from "../support/messages/surgery.ts";
import { attack, honestTwin, WRAPPED } from "./catalogue.ts";

const MALFORMED = ["signature_malformed"] as const;
const content = (element: string) => element.replace(/^<[^>]*>/, "").replace(/<\/[^>]*>$/, "");

/** The forged document (assertion changed, signature kept) with the digest that the forgery has, and the genuine digest. */
async function forgery(s: Scene) {
  const { xml } = await s.own();
  const forged = asVictim(xml);
  const assertion = cut(forged, "Assertion");
  const signature = cut(assertion, "Signature");
  const bare = drop(forged, signature);
  const forgedDigest = await digestBase64(canonicalize(byId(parse(bare), idOf(assertion))));
  const signedInfo = cut(signature, "SignedInfo");
  const digestValue = cut(signature, "DigestValue");
  const genuineDigest = content(digestValue);
  const forgedInfo = swap(signedInfo, genuineDigest, forgedDigest);
  return { xml: forged, signature, signedInfo, digestValue, genuineDigest, forgedDigest, forgedInfo, genuine: xml };
}

describe("D: SignedInfo, Reference and DigestValue confusion", () => {
  honestTwin();

  it("the forged digests of this file are the right ones: with SignedInfo replaced only the signature value is wrong", async () => {
    const s = await scene();
    const { xml, signedInfo, forgedInfo } = await forgery(s);
    expect(await outcomeOf(xml, s)).toMatchObject({ ok: false, code: "digest_mismatch" });
    expect(await outcomeOf(swap(xml, signedInfo, forgedInfo), s)).toMatchObject({
      ok: false,
      code: "signature_invalid",
    });
  });

  attack("D01 forged SignedInfo before the genuine one", "signature_malformed", async (s) => {
    const { xml, signedInfo, forgedInfo } = await forgery(s);
    return putBefore(xml, signedInfo, forgedInfo);
  });
  attack("D02 forged SignedInfo after the genuine one", "signature_malformed", async (s) => {
    const { xml, signedInfo, forgedInfo } = await forgery(s);
    return putAfter(xml, signedInfo, forgedInfo);
  });
  attack("D02 forged SignedInfo last in the Signature", "signature_malformed", async (s) => {
    const { xml, signature, forgedInfo } = await forgery(s);
    return swap(xml, signature, atEnd(signature, forgedInfo));
  });
  attack("D03 forged digest in a comment, genuine digest as text", "signature_malformed", async (s) => {
    const { xml, genuineDigest, forgedDigest } = await forgery(s);
    return swap(xml, genuineDigest, `<!--${forgedDigest}-->${genuineDigest}`);
  });
  attack("D04 genuine digest in a comment, forged digest as text", "signature_malformed", async (s) => {
    const { xml, genuineDigest, forgedDigest } = await forgery(s);
    return swap(xml, genuineDigest, `<!--${genuineDigest}-->${forgedDigest}`);
  });
  attack("D05 two DigestValue elements, forged first", "signature_malformed", async (s) => {
    const { xml, digestValue, genuineDigest, forgedDigest } = await forgery(s);
    return putBefore(xml, digestValue, swap(digestValue, genuineDigest, forgedDigest));
  });
  attack("D06 two DigestValue elements, forged last", "signature_malformed", async (s) => {
    const { xml, digestValue, genuineDigest, forgedDigest } = await forgery(s);
    return putAfter(xml, digestValue, swap(digestValue, genuineDigest, forgedDigest));
  });
  attack("D07 forged DigestValue smuggled into StatusDetail, first in document order", "digest_mismatch", async (s) => {
    const { xml, forgedDigest } = await forgery(s);
    const smuggled = `<samlp:StatusDetail><DigestValue xmlns="${NS.ds}">${forgedDigest}</DigestValue></samlp:StatusDetail>`;
    return putBefore(xml, "</samlp:Status>", smuggled);
  });
  for (const place of ["before", "after"] as const) {
    attack(`D08 forged SignedInfo in a ds:Object ${place} the genuine SignedInfo`, MALFORMED, async (s) => {
      const { xml, signedInfo, forgedInfo } = await forgery(s);
      return (place === "before" ? putBefore : putAfter)(xml, signedInfo, `<Object>${forgedInfo}</Object>`);
    });
  }
  attack(
    "D09 DigestValue starts with a processing instruction that carries the forged digest",
    "xml_processing_instruction",
    async (s) => {
      const { xml, genuineDigest, forgedDigest } = await forgery(s);
      return swap(xml, genuineDigest, `<?d ${forgedDigest}?>${genuineDigest}`);
    },
  );
  attack("D10 extra Reference for the forged assertion appended to SignedInfo", "signature_malformed", async (s) => {
    const { xml, signature, forgedInfo } = await forgery(s);
    return putAfter(xml, cut(signature, "Reference"), cut(forgedInfo, "Reference"));
  });
  attack("D10 extra Reference first, and the genuine assertion parked", "signature_misplaced", async (s) => {
    const { xml, signature, forgedInfo, genuine } = await forgery(s);
    const both = putBefore(xml, cut(signature, "Reference"), cut(forgedInfo, "Reference"));
    return putBefore(
      both,
      "<samlp:Status>",
      `<samlp:Extensions>${withId(cut(genuine, "Assertion"), "_x")}</samlp:Extensions>`,
    );
  });
  attack("D11 the Reference is doubled, both genuine", "signature_malformed", async (s) => {
    const { genuine } = await forgery(s);
    return putAfter(genuine, cut(genuine, "Reference"), cut(genuine, "Reference"));
  });
  for (const namespace of ["urn:decoy", "", `${NS.ds}x`, "http://www.w3.org/2000/09/XMLDSIG#"]) {
    attack(
      `D12 a decoy Signature in namespace ${JSON.stringify(namespace)} before the genuine one`,
      [...WRAPPED, "digest_mismatch"],
      async (s) => {
        const { xml, signature, forgedInfo, signedInfo } = await forgery(s);
        const decoy = swap(swap(signature, signedInfo, forgedInfo), NS.ds, namespace);
        return putBefore(xml, signature, decoy);
      },
    );
  }
  attack(
    "D15 ds:Object first in Signature with SignatureMethod, CanonicalizationMethod and DigestValue of the forgery",
    "signature_malformed",
    async (s) => {
      const { xml, signature, forgedInfo } = await forgery(s);
      const parts = ["SignatureMethod", "CanonicalizationMethod", "DigestValue"].map((name) => cut(forgedInfo, name));
      return swap(xml, signature, atStart(signature, `<Object>${parts.join("")}</Object>`));
    },
  );
  attack("D16 forged digest in CDATA before the genuine text", "signature_malformed", async (s) => {
    const { xml, genuineDigest, forgedDigest } = await forgery(s);
    return swap(xml, genuineDigest, `<![CDATA[${forgedDigest}]]>${genuineDigest}`);
  });
  attack("D16 genuine text before the forged digest in CDATA", "signature_malformed", async (s) => {
    const { xml, genuineDigest, forgedDigest } = await forgery(s);
    return swap(xml, genuineDigest, `${genuineDigest}<![CDATA[${forgedDigest}]]>`);
  });
  attack("D17 forged digest as text, genuine digest in a child element", "signature_malformed", async (s) => {
    const { xml, genuineDigest, forgedDigest } = await forgery(s);
    return swap(xml, genuineDigest, `${forgedDigest}<x>${genuineDigest}</x>`);
  });
  attack("D18 outer forged Signature contains the genuine Signature as child", "signature_misplaced", async (s) => {
    const { xml, signature, signedInfo, forgedInfo } = await forgery(s);
    return swap(xml, signature, atEnd(swap(signature, signedInfo, forgedInfo), signature));
  });
  attack("D18 the same with the genuine one first", "signature_misplaced", async (s) => {
    const { xml, signature, signedInfo, forgedInfo } = await forgery(s);
    return swap(xml, signature, atStart(swap(signature, signedInfo, forgedInfo), signature));
  });
  for (const order of ["genuine first", "forged first"] as const) {
    attack(
      `D19 genuine assertion in Extensions, two SignedInfo with right digests, ${order}`,
      [...MALFORMED, ...WRAPPED],
      async (s) => {
        const { genuine } = await forgery(s);
        const assertion = cut(genuine, "Assertion");
        const signature = cut(genuine, "Signature");
        const bare = drop(assertion, signature);
        const forged = withId(asVictim(bare), "_forged");
        const inPlace = swap(genuine, assertion, forged);
        const digest = await digestBase64(canonicalize(byId(parse(inPlace), "_forged")));
        const info = cut(signature, "SignedInfo");
        const forgedInfo = swap(
          swap(info, content(cut(info, "DigestValue")), digest),
          `#${idOf(assertion)}`,
          "#_forged",
        );
        const both = order === "genuine first" ? info + forgedInfo : forgedInfo + info;
        const carried = putAfter(forged, "</Issuer>", swap(signature, info, both));
        return putBefore(
          swap(inPlace, forged, carried),
          "<samlp:Status>",
          `<samlp:Extensions>${bare}</samlp:Extensions>`,
        );
      },
    );
  }

  /** Anything at all added inside SignedInfo or SignatureValue: nothing may stand there that canonicalisation drops. */
  const ADDED: readonly [string, string][] = [
    ["a comment", "<!--x-->"],
    ["an element", "<x/>"],
    ["CDATA", "<![CDATA[x]]>"],
    ["a processing instruction", "<?x y?>"],
    ["text", "x"],
    ["a foreign element", '<x xmlns="urn:x"/>'],
  ];
  for (const [what, addition] of ADDED) {
    it(`D20 ${what} anywhere in SignedInfo, SignatureValue or between them is refused`, async () => {
      const s = await scene();
      const { xml } = await s.own();
      const signature = cut(xml, "Signature");
      const holders = partsOf(signature, "*").filter((p) => !/^<(X509|KeyInfo)/.test(p.text));
      expect(holders.length).toBeGreaterThan(10);
      for (const holder of holders) {
        for (const put of [atStart, atEnd]) {
          const changed = signature.slice(0, holder.start) + put(holder.text, addition) + signature.slice(holder.end);
          const outcome = await outcomeOf(swap(xml, signature, changed), s);
          expect(outcome, `${what} in ${holder.text.slice(0, 40)}`).toMatchObject({ ok: false });
        }
      }
    });
  }
  for (const [name, change] of [
    ["white space before the DigestValue's text", (x: string) => x.replace("<DigestValue>", "<DigestValue> ")],
    ["no padding on the DigestValue", (x: string) => x.replace(/=<\/DigestValue>/, "</DigestValue>")],
    [
      "a character outside the alphabet in the DigestValue",
      (x: string) => x.replace("</DigestValue>", "*</DigestValue>"),
    ],
    ["text after the padding of the DigestValue", (x: string) => x.replace("</DigestValue>", "QUJD</DigestValue>")],
    ["a truncated DigestValue", (x: string) => x.replace(/<DigestValue>[^<]{4}/, "<DigestValue>")],
    [
      "a character outside the alphabet in the SignatureValue",
      (x: string) => x.replace("<SignatureValue>", "<SignatureValue>*"),
    ],
    ["a truncated SignatureValue", (x: string) => x.replace(/<SignatureValue>[^<]{4}/, "<SignatureValue>")],
    [
      "an unused bit set in the DigestValue",
      (x: string) => x.replace(/(.)=<\/DigestValue>/, (_, c) => `${nextInAlphabet(c)}=</DigestValue>`),
    ],
  ] as const) {
    attack(`D21 ${name}`, [...MALFORMED, "signature_invalid"], async (s) => {
      const { xml } = await s.own();
      const changed = change(xml);
      if (changed === xml) throw new Error("nothing changed");
      return changed;
    });
  }
});

function nextInAlphabet(c: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return alphabet[alphabet.indexOf(c) ^ 1] ?? "A";
}
