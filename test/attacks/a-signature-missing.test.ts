/** Group A: no signature that counts, or a key that nobody pinned. Rules R1, R2, R3, R4, R18. */
import { describe } from "vitest";
import { NS } from "../../src/saml/terms.ts";
import { asVictim, type Scene, VICTIM } from "../support/messages/scene.ts";
import { cut, drop, partsOf, swap } from "../support/messages/surgery.ts";
import { attack, honestTwin } from "./catalogue.ts";

const SIGN = ["assertion", "response", "both"] as const;
const EMPTY = `<Signature xmlns="${NS.ds}"/>`;

const unsigned = (xml: string) => partsOf(xml, "Signature").reduce((left, part) => drop(left, part.text), xml);
const x509 = (...certificates: string[]) =>
  `<X509Data>${certificates.map((c) => `<X509Certificate>${c}</X509Certificate>`).join("")}</X509Data>`;

/** The victim's response, as the attacker's own key signs it. */
const faked = (s: Scene, keyInfo?: string | null) =>
  s.mallory
    .respond({
      ...s.options,
      nameID: VICTIM,
      ...(keyInfo === undefined ? {} : { signature: { keyInfo } }),
    })
    .then((r) => r.xml);

/** Where both are signed, the assertion's signature is checked first, and the Response's covers it. */
const without = (part: string, sign: (typeof SIGN)[number]) => {
  if (sign === "both") return "digest_mismatch";
  return part === "Transforms" ? "signature_transform" : "signature_malformed";
};

describe("A: signature missing or key not trusted", () => {
  honestTwin();

  for (const sign of SIGN) {
    attack(`A01 all signatures removed, of a response with signed ${sign}`, "signature_missing", async (s) =>
      asVictim(unsigned((await s.own({ sign })).xml)),
    );
    attack(`A03 NameID changed, ${sign} signed`, "digest_mismatch", async (s) => asVictim((await s.own({ sign })).xml));
    attack(`A04 an empty ds:Signature where the signature was, ${sign}`, "signature_malformed", async (s) => {
      const { xml } = await s.own({ sign });
      return asVictim(partsOf(xml, "Signature").reduce((left, part) => swap(left, part.text, EMPTY), xml));
    });
    attack(`A04 an empty SignatureValue, ${sign}`, ["signature_malformed", "signature_invalid"], async (s) => {
      const { xml } = await s.own({ sign });
      return asVictim(xml).replace(/<SignatureValue>[^<]*/g, "<SignatureValue>");
    });
    attack(`A04 an empty DigestValue, ${sign}`, ["signature_malformed", "signature_invalid"], async (s) => {
      const { xml } = await s.own({ sign });
      return asVictim(xml).replace(/<DigestValue>[^<]*/g, "<DigestValue>");
    });
    for (const part of ["SignedInfo", "SignatureValue", "Reference", "DigestValue", "Transforms", "SignatureMethod"]) {
      attack(`A04 a Signature without ${part}, ${sign}`, without(part, sign), async (s) => {
        const { xml } = await s.own({ sign });
        return asVictim(drop(xml, cut(xml, part)));
      });
    }
    attack(
      `A05 the genuine signature of another response, ${sign}`,
      sign === "both" ? ["signature_reference", "digest_mismatch"] : "signature_reference",
      async (s) => {
        const { xml } = await s.own({ sign });
        const other = (await s.own({ sign })).xml;
        return asVictim(swap(xml, cut(xml, "Signature"), cut(other, "Signature")));
      },
    );
  }

  attack("A07 self-signed certificate embedded in KeyInfo", "signature_invalid", (s) => faked(s));
  attack("A08 signed by the attacker, KeyInfo shows the IdP's certificate", "signature_invalid", (s) =>
    faked(s, x509(s.idp.certificate)),
  );
  attack("A09 signed by the attacker, no KeyInfo at all", "signature_invalid", (s) => faked(s, null));
  attack("A10 two X509Certificate: the IdP's first, the attacker's second", "signature_invalid", (s) =>
    faked(s, x509(s.idp.certificate, s.mallory.certificate)),
  );
  attack("A10 two X509Certificate: the attacker's first, the IdP's second", "signature_invalid", (s) =>
    faked(s, x509(s.mallory.certificate, s.idp.certificate)),
  );
  attack("A11 two X509Data, one of each", "signature_invalid", (s) =>
    faked(s, x509(s.idp.certificate) + x509(s.mallory.certificate)),
  );
  attack("A12 KeyName of the IdP's certificate", "signature_invalid", (s) => faked(s, "<KeyName>idp</KeyName>"));
  attack("A13 KeyInfo with the attacker's KeyValue and the IdP's certificate", "signature_invalid", (s) => {
    const { n, e } = s.mallory.keyPair.privateJwk;
    const standard = (text = "") => Buffer.from(text, "base64url").toString("base64");
    const keyValue = `<KeyValue><RSAKeyValue><Modulus>${standard(n)}</Modulus><Exponent>${standard(e)}</Exponent></RSAKeyValue></KeyValue>`;
    return faked(s, keyValue + x509(s.idp.certificate));
  });

  attack("A14 a genuine signed LogoutRequest for the victim is posted to the ACS", "message_type", async (s) => {
    const xml = s.idp.logoutRequest({
      destination: s.options.acsUrl,
      now: s.options.now,
      id: "_logout",
      nameID: VICTIM,
    });
    return s.idp.sign(xml, "_logout");
  });
  attack("A14 a genuine signed LogoutResponse is posted to the ACS", "message_type", async (s) => {
    const xml = s.idp.logoutResponse({
      destination: s.options.acsUrl,
      now: s.options.now,
      id: "_logout",
      inResponseTo: "_request-1",
    });
    return s.idp.sign(xml, "_logout");
  });
  attack("A15 a bare signed Assertion of the attacker is posted to the ACS", "message_type", (s) =>
    s.idp.assertion(s.options),
  );

  attack(
    "A16 the attacker signs the Response with his key, the assertion is unsigned",
    "signature_invalid",
    async (s) => {
      const response = await s.mallory.respond({ ...s.options, nameID: VICTIM, sign: "response" });
      return response.xml;
    },
  );
  attack(
    "A16 the attacker signs a Response around his genuine assertion, and changes it",
    "digest_mismatch",
    async (s) => {
      const { xml, responseId } = await s.own();
      return s.mallory.sign(asVictim(xml), responseId);
    },
  );
  attack(
    "A16 the attacker signs a Response around his genuine assertion: every signature must be valid",
    "signature_invalid",
    async (s) => {
      const { xml, responseId } = await s.own();
      return s.mallory.sign(xml, responseId);
    },
  );
  attack(
    "A17 genuine assertion signature moved to the Response, assertion forged",
    "signature_reference",
    async (s) => {
      const { xml } = await s.own();
      const signature = cut(xml, "Signature");
      return swap(asVictim(drop(xml, signature)), "</Issuer>", `</Issuer>${asVictim(signature)}`);
    },
  );
  attack(
    "A17 genuine Response signature moved to the assertion, assertion forged",
    "signature_reference",
    async (s) => {
      const { xml } = await s.own({ sign: "response" });
      const signature = cut(xml, "Signature");
      return swap(asVictim(drop(xml, signature)), "</Issuer><Subject>", `</Issuer>${signature}<Subject>`);
    },
  );
  attack(
    "A19 the IdP signs a Response around an assertion whose own signature is the attacker's",
    "signature_invalid",
    async (s) => {
      const { xml, responseId } = await s.mallory.respond({ ...s.options, nameID: VICTIM });
      return s.idp.sign(xml, responseId);
    },
  );
  attack(
    "A19 the IdP signs a Response around an assertion that was changed after it was signed",
    "digest_mismatch",
    async (s) => {
      const { xml, responseId } = await s.own();
      return s.idp.sign(asVictim(xml), responseId);
    },
  );
  attack(
    "A19 a genuine signed assertion in a Response whose own signature is broken",
    ["signature_invalid", "digest_mismatch"],
    async (s) => {
      const { xml } = await s.own({ sign: "both" });
      return swap(xml, "<samlp:Status>", "<samlp:Extensions/><samlp:Status>");
    },
  );
  attack("A18 no certificate is pinned", "certificate_missing", async (s) => ({
    message: (await s.own()).xml,
    overrides: { certificates: [] },
  }));
});
