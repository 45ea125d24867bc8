/** Group B: signature wrapping. The signature is genuine and verifies; what is read must not be something else. Rules R3, R4, R6, R7, R8. */
import { describe } from "vitest";
import { NS } from "../../src/saml/terms.ts";
import { attributeStatementXml } from "../support/identity-provider.ts";
import { asVictim, type Scene, VICTIM, victimClaims } from "../support/messages/scene.ts";
import {
  atEnd,
  atStart,
  cut,
  drop,
  idOf,
  prefixed,
  putAfter,
  putBefore,
  swap,
  withId,
} from "../support/messages/surgery.ts";
import { attack, attackAsSelf, honestTwin, WRAPPED } from "./catalogue.ts";

const AUTHN_FAILED = ["urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"];
const FORGED_SUBJECT = `<Subject xmlns="${NS.saml}"><NameID>${VICTIM}</NameID></Subject>`;
const object = (content: string) => `<Object xmlns="${NS.ds}">${content}</Object>`;
const extensions = (content: string) => `<samlp:Extensions>${content}</samlp:Extensions>`;

/** The pieces of a genuine response with a signed assertion, and a forgery of that assertion without a signature. */
async function pieces(s: Scene) {
  const { xml } = await s.own();
  const genuine = cut(xml, "Assertion");
  const signature = cut(xml, "Signature");
  const bare = drop(genuine, signature);
  const forged = withId(asVictim(bare), "_forged");
  return { xml, genuine, signature, bare, forged, id: idOf(genuine) };
}

/** The same one floor higher: a signed Response, and the forgery of it. */
async function responsePieces(s: Scene, sign: "response" | "both" = "response") {
  const { xml } = await s.own({ sign });
  const signature = cut(xml, "Signature");
  const bare = drop(xml, signature);
  return { xml, signature, bare, forged: withId(asVictim(bare), "_forged") };
}

const signedError = async (s: Scene) => (await s.own({ sign: "response", status: AUTHN_FAILED })).xml;
const looseAssertion = async (s: Scene) =>
  asVictim(drop((await s.own({ sign: "none" })).xml.replace(/^.*?(?=<Assertion)/, ""), "</samlp:Response>"));

describe("B: signature wrapping", () => {
  honestTwin();

  attack(
    "B01 XSW1: the signature of the forged Response contains the genuine Response",
    "xml_duplicate_id",
    async (s) => {
      const { signature, bare, forged } = await responsePieces(s);
      return putAfter(forged, "</Issuer>", atEnd(signature, object(bare)));
    },
  );
  attack(
    "B02 XSW2: forged Response with the genuine Response as sibling of the detached signature",
    "xml_duplicate_id",
    async (s) => {
      const { signature, bare, forged } = await responsePieces(s);
      return putAfter(forged, "</Issuer>", bare + signature);
    },
  );
  attack("B03 XSW3: forged assertion before the genuine signed one", "assertion_not_single", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return putBefore(xml, genuine, forged);
  });
  attack("B03 forged assertion after the genuine signed one", "assertion_not_single", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return putAfter(xml, genuine, forged);
  });
  attack("B04 XSW4: the forged assertion contains the genuine one", "signature_misplaced", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return swap(xml, genuine, atEnd(forged, genuine));
  });
  attack(
    "B05 XSW5: the forged assertion keeps the signature, the genuine one stands after it without",
    "assertion_not_single",
    async (s) => {
      const { xml, genuine, bare, signature, forged } = await pieces(s);
      return swap(xml, genuine, putAfter(forged, "</Issuer>", signature) + bare);
    },
  );
  attack(
    "B06 XSW6: the forged assertion's signature contains the genuine assertion",
    "assertion_not_single",
    async (s) => {
      const { xml, genuine, bare, signature, forged } = await pieces(s);
      return swap(xml, genuine, putAfter(forged, "</Issuer>", atEnd(signature, bare)));
    },
  );
  attack(
    "B07 XSW7: the genuine assertion stands in Extensions, the forged one after it",
    "signature_misplaced",
    async (s) => {
      const { xml, genuine, forged } = await pieces(s);
      return putBefore(swap(xml, genuine, forged), "<samlp:Status>", extensions(genuine));
    },
  );
  attack(
    "B08 XSW8: forged assertion whose signature carries the genuine assertion in ds:Object",
    "assertion_not_single",
    async (s) => {
      const { xml, genuine, bare, signature, forged } = await pieces(s);
      return swap(xml, genuine, putAfter(forged, "</Issuer>", atEnd(signature, object(bare))));
    },
  );
  attack(
    "B09 both assertions carry the same ID; forged first with a byte copy of the signature",
    "xml_duplicate_id",
    async (s) => {
      const { xml, genuine } = await pieces(s);
      return putBefore(xml, genuine, asVictim(genuine));
    },
  );
  attack("B10 the same ID on both, genuine first", "xml_duplicate_id", async (s) => {
    const { xml, genuine } = await pieces(s);
    return putAfter(xml, genuine, asVictim(genuine));
  });
  attack(
    "B11 genuine assertion in Extensions, forged with a copy of the signature and the same ID",
    "xml_duplicate_id",
    async (s) => {
      const { xml, genuine } = await pieces(s);
      return putBefore(swap(xml, genuine, asVictim(genuine)), "<samlp:Status>", extensions(genuine));
    },
  );
  attack("B12 genuine signed assertion parked in Extensions, forged one unsigned", "signature_misplaced", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return putBefore(swap(xml, genuine, forged), "<Issuer", extensions(genuine));
  });
  attack("B13 genuine signed assertion in saml:Advice of the forged one", "signature_misplaced", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return swap(xml, genuine, putAfter(forged, "</Conditions>", `<Advice>${genuine}</Advice>`));
  });
  attack("B14 as B13, the forged one with a copy of the signature", "signature_misplaced", async (s) => {
    const { xml, genuine, signature, forged } = await pieces(s);
    const advised = putAfter(forged, "</Conditions>", `<Advice>${genuine}</Advice>`);
    return swap(xml, genuine, putAfter(advised, "</Issuer>", signature));
  });
  attack("B16 whole genuine signed Response inside Advice", "schema_invalid", async (s) => {
    const { xml, bare } = await responsePieces(s);
    const forged = withId(asVictim(cut(bare, "Assertion")), "_forged");
    const advised = putAfter(forged, "</Conditions>", `<Advice>${xml}</Advice>`);
    return withId(swap(bare, cut(bare, "Assertion"), advised), "_forged-response");
  });
  attack(
    "B17 signed success Response; forged assertion in ds:Object of its own signature",
    "assertion_not_single",
    async (s) => {
      const { xml, signature } = await responsePieces(s);
      const forged = withId(asVictim(cut(xml, "Assertion")), "_forged");
      return swap(xml, signature, atEnd(signature, object(forged)));
    },
  );
  attack(
    "B18 signed error Response; forged assertion in ds:Object of its signature",
    "assertion_not_single",
    async (s) => {
      const xml = await signedError(s);
      return swap(xml, cut(xml, "Signature"), atEnd(cut(xml, "Signature"), object(await looseAssertion(s))));
    },
  );
  attack("B19 as B18, with a Success Status first in document order", "assertion_not_single", async (s) => {
    const xml = await signedError(s);
    const success = `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`;
    return swap(xml, cut(xml, "Signature"), atEnd(cut(xml, "Signature"), object(success + (await looseAssertion(s)))));
  });
  attack(
    "B20 signed error Response; a Success Status and a forged assertion put beside",
    "schema_invalid",
    async (s) => {
      const xml = await signedError(s);
      const success = `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`;
      return swap(atEnd(xml, await looseAssertion(s)), cut(xml, "samlp:Status"), success + cut(xml, "samlp:Status"));
    },
  );
  attack(
    "B21 signed error Response; a second, decoy Signature holds the forged assertion",
    "signature_misplaced",
    async (s) => {
      const xml = await signedError(s);
      return putAfter(xml, cut(xml, "Signature"), `<Signature xmlns="${NS.ds}">${await looseAssertion(s)}</Signature>`);
    },
  );
  attack("B22 as B21 with the decoy first in document order", "signature_misplaced", async (s) => {
    const xml = await signedError(s);
    return putBefore(xml, cut(xml, "Signature"), `<Signature xmlns="${NS.ds}">${await looseAssertion(s)}</Signature>`);
  });
  attack(
    "B23 forged Subject in ds:Object of the assertion's own signature, first in document order",
    "signature_malformed",
    async (s) => {
      const { xml, signature } = await pieces(s);
      return swap(xml, signature, atEnd(signature, object(FORGED_SUBJECT)));
    },
  );
  attack("B24 forged Subject inside ds:KeyInfo of the assertion's signature", "signature_malformed", async (s) => {
    const { xml } = await pieces(s);
    return swap(xml, cut(xml, "KeyInfo"), atStart(cut(xml, "KeyInfo"), FORGED_SUBJECT));
  });
  attack("B25 forged assertion with the signed ID inside ds:Object", "xml_duplicate_id", async (s) => {
    const { xml, signature, bare } = await pieces(s);
    return swap(xml, signature, atEnd(signature, object(asVictim(bare))));
  });
  attackAsSelf("B26 forged AttributeStatement in ds:Object: e-mail and role of the victim", async (s) => {
    const genuine = await s.own();
    const signature = cut(genuine.xml, "Signature");
    const statement = attributeStatementXml(victimClaims()).replace("<AttributeStatement", `$& xmlns="${NS.saml}"`);
    return { genuine, message: swap(genuine.xml, signature, atEnd(signature, object(statement))) };
  });
  for (const copied of [false, true]) {
    const how = copied ? "its signature copied into the forged assertion" : "it stands in Extensions";
    attack(`B27 IdP-signed metadata supplies a valid signature, ${how}`, WRAPPED, async (s) => {
      const { xml, genuine, forged } = await pieces(s);
      const metadata = s.idp.metadata({ loginUrl: "https://login.example/" }).replace(/^<\?.*?\?>/, "");
      const signed = await s.idp.sign(metadata, idOf(metadata));
      const carrier = copied ? putAfter(forged, "</Issuer>", cut(signed, "Signature")) : forged;
      return putBefore(swap(xml, genuine, carrier), "<samlp:Status>", extensions(signed));
    });
    attack(`B28 an IdP-signed LogoutResponse supplies a valid signature, ${how}`, WRAPPED, async (s) => {
      const { xml, genuine, forged } = await pieces(s);
      const logout = s.idp.logoutResponse({
        destination: s.options.acsUrl,
        now: s.options.now,
        inResponseTo: "_x",
        id: "_logout",
      });
      const signed = await s.idp.sign(logout, "_logout");
      const carrier = copied ? putAfter(forged, "</Issuer>", cut(signed, "Signature")) : forged;
      return putBefore(swap(xml, genuine, carrier), "<samlp:Status>", extensions(signed));
    });
  }
  attack(
    "B29 forged Response first, genuine signed Response second, under a foreign root",
    "xml_duplicate_id",
    async (s) => {
      const { xml, forged } = await responsePieces(s);
      return `<both>${forged}${xml}</both>`;
    },
  );
  attack("B30 forged Assertion in the SAML 1.1 namespace before the genuine one", "assertion_not_single", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return putBefore(xml, genuine, swap(forged, NS.saml, "urn:oasis:names:tc:SAML:1.0:assertion"));
  });
  attack("B31 forged Assertion in no namespace before the genuine one", "assertion_not_single", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return putBefore(xml, genuine, drop(forged, ` xmlns="${NS.saml}"`));
  });
  attack("B32 forged Assertion in the protocol's namespace", "assertion_not_single", async (s) => {
    const { xml, genuine, forged } = await pieces(s);
    return putBefore(xml, genuine, swap(forged, NS.saml, NS.samlp));
  });
  attack("B34 genuine signed Response as a child element next to the forged assertion", "schema_invalid", async (s) => {
    const { xml, bare, forged } = await responsePieces(s);
    const assertion = withId(cut(forged, "Assertion"), "_forged-assertion");
    return withId(swap(bare, cut(bare, "Assertion"), assertion + xml), "_forged");
  });
  attack('B36 IdP signature with URI="" copied into a forged Response', "signature_reference", async (s) => {
    const { xml } = await s.own({ sign: "response", signature: { uri: "" } });
    return asVictim(xml);
  });
  attack(
    'B36 a signature with URI="" over the unchanged Response',
    "signature_reference",
    async (s) => (await s.own({ sign: "response", signature: { uri: "" } })).xml,
  );
  attack("B37 both signatures genuine, wrapped as XSW2 at Response level", "xml_duplicate_id", async (s) => {
    const { signature, bare, forged } = await responsePieces(s, "both");
    return putAfter(forged, "</Issuer>", bare + signature);
  });
  attack("B37 both signatures genuine, the genuine Response in Extensions", "xml_duplicate_id", async (s) => {
    const { xml, forged } = await responsePieces(s, "both");
    return putAfter(forged, "</Issuer>", extensions(xml));
  });
  attack(
    "B41 genuine signed assertion in the default namespace hidden, forged prefixed",
    "signature_misplaced",
    async (s) => {
      const { xml, genuine, forged } = await pieces(s);
      return putBefore(swap(xml, genuine, prefixed(forged, "saml", NS.saml)), "<samlp:Status>", extensions(genuine));
    },
  );
  attack(
    "B42 forged assertion as text content's sibling inside the genuine one's AttributeValue",
    "assertion_not_single",
    async (s) => {
      const { xml, forged } = await pieces(s);
      return putAfter(xml, "<AttributeValue>", forged);
    },
  );
});
