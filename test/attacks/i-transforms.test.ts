/** Group I: transforms that sign less than what is read. Rules R3, R7, R8, R10. */
import { describe } from "vitest";
import { C14N, NS, TRANSFORM_ENVELOPED } from "../../src/saml/terms.ts";
import { attributeStatementXml } from "../support/identity-provider.ts";
import { asVictim, type Scene, VICTIM, victimClaims } from "../support/messages/scene.ts";
import { cut, putAfter, putBefore, swap } from "../support/messages/surgery.ts";
import { attack, honestTwin } from "./catalogue.ts";

const EXCLUSIVE = `<Transform Algorithm="${C14N.exclusive}"/>`;
const ENVELOPED = `<Transform Algorithm="${TRANSFORM_ENVELOPED}"/>`;
const transform = (algorithm: string, content = "") => `<Transform Algorithm="${algorithm}">${content}</Transform>`;

/** Every transform of XML-DSig and its companions that could make two documents one. */
const FOREIGN: readonly [string, string][] = [
  [
    "I01 XSLT",
    transform(
      "http://www.w3.org/TR/1999/REC-xslt-19991116",
      '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/"/></xsl:stylesheet>',
    ),
  ],
  [
    "I02 XPath 1.0",
    transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<XPath>not(ancestor-or-self::NameID)</XPath>"),
  ],
  ["I03 base64", transform("http://www.w3.org/2000/09/xmldsig#base64")],
  ["I04 c14n with comments", transform(C14N.exclusiveWithComments)],
  [
    "I05 XPath Filter 2.0",
    transform(
      "http://www.w3.org/2002/06/xmldsig-filter2",
      '<XPath xmlns="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">//NameID</XPath>',
    ),
  ],
  ["I06 XPointer", transform("http://www.w3.org/2001/04/xmldsig-more/xptr")],
  ["I07 the decryption transform", transform("http://www.w3.org/2002/07/decrypt#XML")],
  [
    "I07 the STR transform",
    transform("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"),
  ],
  ["I07 c14n 1.1", transform("http://www.w3.org/2006/12/xml-c14n11")],
  ["I07 c14n 2.0", transform("http://www.w3.org/2010/xml-c14n2")],
  ["I07 an unknown one", transform("urn:unknown")],
  ["I07 none named", "<Transform/>"],
];

/** The identity provider signed with these transforms: whatever they would have left out is what the attacker changes. */
const signedWith = async (s: Scene, from: string, to: string) =>
  (await s.own({ signature: { signedInfo: (x) => swap(x, from, to), digested: () => "" } })).xml;

describe("I: transforms", () => {
  honestTwin();

  for (const [name, xml] of FOREIGN) {
    attack(
      `${name}, signed by the attacker`,
      ["signature_transform", "signature_invalid"],
      async (s) =>
        (
          await s.mallory.respond({
            ...s.options,
            nameID: VICTIM,
            signature: { signedInfo: (x) => swap(x, EXCLUSIVE, xml) },
          })
        ).xml,
    );
    attack(`${name} in place of c14n, signed by the identity provider`, "signature_transform", async (s) =>
      asVictim(await signedWith(s, EXCLUSIVE, xml)),
    );
    attack(`${name} between the two`, "signature_transform", async (s) =>
      asVictim(await signedWith(s, EXCLUSIVE, xml + EXCLUSIVE)),
    );
    attack(`${name} before the two`, "signature_transform", async (s) =>
      asVictim(await signedWith(s, ENVELOPED, xml + ENVELOPED)),
    );
    attack(`${name} alone`, "signature_transform", async (s) =>
      asVictim(await signedWith(s, ENVELOPED + EXCLUSIVE, xml)),
    );
  }
  attack(
    "I08 enveloped-signature twice, a decoy Signature holds the forged Subject",
    "signature_misplaced",
    async (s) => {
      const { xml } = await s.own({ signature: { signedInfo: (x) => swap(x, ENVELOPED, ENVELOPED + ENVELOPED) } });
      const decoy = `<Signature xmlns="${NS.ds}"><Object><Subject xmlns="${NS.saml}"><NameID>${VICTIM}</NameID></Subject></Object></Signature>`;
      return putBefore(xml, "<Subject>", decoy);
    },
  );
  attack(
    "I08 enveloped-signature twice and nothing else",
    "signature_transform",
    async (s) => (await s.own({ signature: { signedInfo: (x) => swap(x, EXCLUSIVE, ENVELOPED) } })).xml,
  );
  attack(
    "I08 c14n before enveloped-signature",
    "signature_transform",
    async (s) =>
      (await s.own({ signature: { signedInfo: (x) => swap(x, ENVELOPED + EXCLUSIVE, EXCLUSIVE + ENVELOPED) } })).xml,
  );
  attack(
    "I08 c14n alone, the Signature included",
    "signature_transform",
    async (s) => (await s.own({ signature: { signedInfo: (x) => swap(x, ENVELOPED, "") } })).xml,
  );
  attack(
    "I08 Transforms without any",
    "signature_transform",
    async (s) => (await s.own({ signature: { signedInfo: (x) => swap(x, ENVELOPED + EXCLUSIVE, "") } })).xml,
  );
  attack(
    "I08 text inside the enveloped transform",
    "signature_transform",
    async (s) =>
      (await s.own({ signature: { signedInfo: (x) => swap(x, ENVELOPED, transform(TRANSFORM_ENVELOPED, "x")) } })).xml,
  );
  attack(
    "I08 an XPath inside the enveloped transform",
    "signature_transform",
    async (s) =>
      (
        await s.own({
          signature: { signedInfo: (x) => swap(x, ENVELOPED, transform(TRANSFORM_ENVELOPED, "<XPath>1</XPath>")) },
        })
      ).xml,
  );

  for (const [row, what, forged] of [
    ["I09", "Subject", `<Subject><NameID>${VICTIM}</NameID></Subject>`],
    ["I10", "AttributeStatement", attributeStatementXml(victimClaims())],
  ] as const) {
    const inside = forged.replace(/^<\w+/, `$& xmlns="${NS.saml}"`);
    for (const [where, put] of [
      ["after the first", (x: string, decoy: string) => putAfter(x, cut(x, "Signature"), decoy)],
      ["before the first", (x: string, decoy: string) => putBefore(x, cut(x, "Signature"), decoy)],
      ["last in the assertion", (x: string, decoy: string) => putBefore(x, "</Assertion>", decoy)],
    ] as const) {
      attack(
        `${row} a second child Signature holds a forged ${what}, ${where}`,
        ["signature_misplaced", "signature_malformed"],
        async (s) => put((await s.own()).xml, `<Signature xmlns="${NS.ds}">${inside}</Signature>`),
      );
      attack(
        `${row} the whole genuine signature again with an Object of a forged ${what}, ${where}`,
        ["signature_misplaced", "signature_malformed"],
        async (s) => {
          const { xml } = await s.own();
          return put(xml, swap(cut(xml, "Signature"), "</Signature>", `<Object>${inside}</Object></Signature>`));
        },
      );
    }
  }
  attack(
    "I11 an InclusiveNamespaces in inclusive c14n",
    "signature_transform",
    async (s) => (await s.own({ signature: { transform: C14N.inclusive, prefixList: "saml" } })).xml,
  );
  attack("I11 two InclusiveNamespaces", "signature_transform", async (s) => {
    const list = `<InclusiveNamespaces xmlns="${NS.ec}" PrefixList="xs"/>`;
    return (
      await s.own({ signature: { signedInfo: (x) => swap(x, EXCLUSIVE, transform(C14N.exclusive, list + list)) } })
    ).xml;
  });
  attack(
    "I11 an InclusiveNamespaces in another namespace",
    "signature_transform",
    async (s) =>
      (
        await s.own({
          signature: {
            signedInfo: (x) => swap(x, EXCLUSIVE, transform(C14N.exclusive, '<InclusiveNamespaces PrefixList="xs"/>')),
          },
        })
      ).xml,
  );
});
