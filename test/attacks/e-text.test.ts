/** Group E: what canonicalisation drops or blurs, and text that two readers read differently. Rules R7, R13, R16. */
import { describe, expect, it } from "vitest";
import { C14N, NS, TRANSFORM_ENVELOPED } from "../../src/saml/terms.ts";
import { CLAIM } from "../support/identity-provider.ts";
import { signBytes } from "../support/messages/keys.ts";
import {
  ATTACKER,
  asVictim,
  attackerClaims,
  mustAccept,
  type Recipe,
  type Scene,
  scene,
  VICTIM,
} from "../support/messages/scene.ts";
import { cut, prefixed, putAfter, swap } from "../support/messages/surgery.ts";
import { attack, attackAsSelf, honestTwin } from "./catalogue.ts";

/** The attacker may register names that begin with the victim's. */
const LONG = `${VICTIM}.attacker.example`;
const longName = (s: Scene, recipe: Recipe = {}) => s.own({ nameID: LONG, ...recipe });
const longMail = (s: Scene) => s.own({ attributes: { ...attackerClaims(), [CLAIM.emailAddress]: LONG } });
const XSI = "http://www.w3.org/2001/XMLSchema-instance";

describe("E: canonicalisation and text", () => {
  honestTwin();

  for (const [name, comment] of [
    ["an empty comment", "<!---->"],
    ["a comment", "<!-- x -->"],
    ["two comments", "<!--a--><!--b-->"],
    ["a comment that looks like markup", "<!--</NameID>-->"],
  ] as const) {
    attackAsSelf(`E01 ${name} after the victim's address in the NameID`, async (s) => {
      const genuine = await longName(s);
      return { genuine, message: swap(genuine.xml, `>${LONG}`, `>${VICTIM}${comment}.attacker.example`) };
    });
    attackAsSelf(`E02 ${name} before the address`, async (s) => {
      const genuine = await s.own({ nameID: `x${VICTIM}` });
      return { genuine, message: swap(genuine.xml, `>x${VICTIM}`, `>x${comment}${VICTIM}`) };
    });
    attackAsSelf(`E03 ${name} splits the e-mail attribute`, async (s) => {
      const genuine = await longMail(s);
      return { genuine, message: swap(genuine.xml, `>${LONG}`, `>${VICTIM}${comment}.attacker.example`) };
    });
    attackAsSelf(`E04 ${name} in the Audience, the Issuer and the AuthnContextClassRef`, async (s) => {
      const genuine = await s.own();
      const split = (xml: string, tag: string) => swap(xml, new RegExp(`(?<=<${tag}>.{8})`), comment);
      return { genuine, message: ["Audience", "AuthnContextClassRef"].reduce(split, genuine.xml) };
    });
  }

  for (const [name, change] of [
    [
      "E05 a processing instruction splits the NameID",
      (x: string) => swap(x, `>${LONG}`, `>${VICTIM}<?x?>.attacker.example`),
    ],
    [
      "E06 a processing instruction stands for the suffix of the NameID",
      (x: string) => swap(x, `>${LONG}`, `>${VICTIM}<?x .attacker.example?>`),
    ],
    [
      "E06 a processing instruction without data stands for the suffix",
      (x: string) => swap(x, `>${LONG}`, `>${VICTIM}<?.attacker.example?>`),
    ],
    ["E24 a processing instruction before the root", (x: string) => `<?x y?>${x}`],
    ["E24 a processing instruction after the root", (x: string) => `${x}<?x y?>`],
    ["E24 xml-stylesheet", (x: string) => `<?xml-stylesheet href="http://127.0.0.1:9/"?>${x}`],
  ] as const) {
    attack(name, "xml_processing_instruction", async (s) => change((await longName(s)).xml));
  }
  attack('E24 a processing instruction hides "not" in the role notadmin', "xml_processing_instruction", async (s) => {
    const { xml } = await s.own({ attributes: { ...attackerClaims(), [CLAIM.role]: "notadmin" } });
    return swap(xml, ">notadmin<", "><?x not?>admin<");
  });

  for (const [name, change] of [
    [
      "E07 CDATA holds the victim's address, the rest follows as text",
      (x: string) => swap(x, `>${LONG}`, `><![CDATA[${VICTIM}]]>.attacker.example`),
    ],
    ["E07 CDATA holds all of it", (x: string) => swap(x, `>${LONG}`, `><![CDATA[${LONG}]]>`)],
    ["E08 text first, CDATA last", (x: string) => swap(x, `>${LONG}`, `>${VICTIM}<![CDATA[.attacker.example]]>`)],
    ["E08 an empty CDATA section", (x: string) => swap(x, `>${LONG}`, `>${VICTIM}<![CDATA[]]>.attacker.example`)],
    ["E09 a decimal character reference", (x: string) => swap(x, `>${LONG}`, `>${VICTIM}&#46;attacker.example`)],
    ["E09 a hexadecimal character reference", (x: string) => swap(x, `>${LONG}`, `>${VICTIM}&#x2e;attacker.example`)],
    ["E09 a reference with leading zeros", (x: string) => swap(x, `>${LONG}`, `>${VICTIM}&#000046;attacker.example`)],
  ] as const) {
    attackAsSelf(
      `${name}`,
      async (s) => {
        const genuine = await longName(s);
        return { genuine, message: change(genuine.xml) };
      },
      "self",
    );
  }

  const relative = (xml: string) => asVictim(swap(xml, "<Assertion ", '<Assertion xmlns:r="relative/uri" '));
  attack(
    "E10 IdP-signed digest of the empty string; the forged assertion has a relative namespace URI",
    "xml_namespace",
    async (s) => relative((await s.own({ signature: { digested: () => "" } })).xml),
  );
  attack(
    "E10 the same, the assertion otherwise untouched",
    "digest_mismatch",
    async (s) => (await s.own({ signature: { digested: () => "" } })).xml,
  );
  attack("E11 SignatureValue over the empty string; relative namespace on SignedInfo", "xml_namespace", async (s) => {
    const signWith = () =>
      signBytes(s.idp.keyPair, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", new Uint8Array());
    const { xml } = await s.own({ signature: { signWith } });
    return swap(asVictim(xml), "<SignedInfo>", '<SignedInfo xmlns:r="relative/uri">');
  });
  for (const c14n of [
    "urn:unknown",
    "http://www.w3.org/2006/12/xml-c14n11",
    "",
    `${C14N.exclusive} `,
    C14N.exclusive.toUpperCase(),
  ]) {
    attack(
      `E12 IdP-signed digest of the empty string with the canonicalisation ${JSON.stringify(c14n)}`,
      ["signature_algorithm", "signature_transform", "signature_malformed"],
      async (s) =>
        asVictim(
          (
            await s.own({
              signature: {
                digested: () => "",
                c14n,
                signWith: () =>
                  signBytes(s.idp.keyPair, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", new Uint8Array()),
              },
            })
          ).xml,
        ),
    );
    attack(`E12 the transform ${JSON.stringify(c14n)} alone`, ["signature_transform"], async (s) =>
      asVictim((await s.own({ signature: { digested: () => "", transform: c14n } })).xml),
    );
  }

  for (const declaration of [
    'xmlns:fooxmlns="urn:x" fooxmlns:Format="urn:y"',
    'xmlns:xxmlns="urn:x" xxmlns:a="b"',
    'xmlns:xmlnsx="urn:x" xmlnsx:a="b"',
    'xmlns:x="urn:x" x:xmlns="b"',
    'xmlnsx="b"',
    'xmlns.x="b"',
    'XMLNS:x="b"',
    'xmlns:x="urn:x" x:a.xmlns="b"',
    'xml:lang="en"',
    'xml:base="urn:x"',
  ]) {
    attack(
      `E13 after signing, the NameID gets ${declaration}`,
      ["digest_mismatch", "xml_namespace", "xml_malformed"],
      async (s) => swap((await s.own()).xml, "<NameID ", `<NameID ${declaration} `),
    );
    attack(
      `E14 after signing, the Assertion gets ${declaration}`,
      ["digest_mismatch", "xml_namespace", "xml_malformed"],
      async (s) => swap((await s.own()).xml, "<Assertion ", `<Assertion ${declaration} `),
    );
  }

  /** Two attributes, each value with xsi:type, the second editable by its owner; then everything between goes into the first's namespace URI. */
  const swallow = (xml: string, own: string, nick: string) => {
    const between = `" xsi:type="xs:string">${own}</AttributeValue></Attribute><Attribute Name="nick"><AttributeValue xmlns:xsi="${XSI}`;
    const inner = between.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const whole = `xmlns:xsi="${XSI}${between}" xsi:type="xs:string">${nick}`;
    return swap(xml, whole, `xmlns:xsi='${XSI}${inner}' xsi:type="xs:string">${nick}`);
  };
  const typed = (name: string, value: string) =>
    `<Attribute Name="${name}"><AttributeValue xmlns:xsi="${XSI}" xsi:type="xs:string">${value}</AttributeValue></Attribute>`;
  for (const [row, sign, name, own, nick] of [
    ["E15", "assertion", "mail", ATTACKER, VICTIM],
    ["E25", "response", "mail", ATTACKER, VICTIM],
    ["E29", "assertion", "role", "user", "admin"],
    ["E29", "both", "role", "user", "admin"],
  ] as const) {
    const recipe = {
      sign,
      edit: {
        assertion: (x: string) =>
          swap(x, "</AttributeStatement>", `${typed(name, own)}${typed("nick", nick)}</AttributeStatement>`),
      },
    } as const;
    it(`${row} the twin with both attributes is accepted, ${sign} signed`, async () => {
      const s = await scene();
      const accepted = await mustAccept(await s.own(recipe), s);
      expect(accepted.attributes.get(name)).toEqual([own]);
      expect(accepted.attributes.get("nick")).toEqual([nick]);
    });
    attack(
      `${row} a namespace URI swallows the markup between ${name} and a user-editable attribute, ${sign} signed`,
      ["xml_namespace", "digest_mismatch"],
      async (s) => swallow((await s.own(recipe)).xml, own, nick),
    );
  }

  for (const [name, change] of [
    ["E16 &#xD; inserted into the NameID", (x: string) => swap(x, `>${ATTACKER}`, `>${ATTACKER}&#xD;`)],
    ["E16 &#13; inserted into the NameID", (x: string) => swap(x, `>${ATTACKER}`, `>&#13;${ATTACKER}`)],
    ["E16 &#xD; inside", (x: string) => swap(x, `>${ATTACKER}`, `>${VICTIM}&#xD;`)],
    ["E20 a space inserted into Conditions", (x: string) => swap(x, "<AudienceRestriction>", " <AudienceRestriction>")],
    [
      "E20 a line feed inserted into Conditions",
      (x: string) => swap(x, "<AudienceRestriction>", "\n<AudienceRestriction>"),
    ],
    ["E21 U+2028 inserted into the NameID", (x: string) => swap(x, `>${ATTACKER}`, `>${ATTACKER}\u2028`)],
    ["E21 U+0085 inserted into the NameID", (x: string) => swap(x, `>${ATTACKER}`, `>${ATTACKER}\u0085`)],
    ["E21 a combining character after the NameID", (x: string) => swap(x, `>${ATTACKER}`, `>${ATTACKER}\u0301`)],
    ["E21 U+FEFF inserted into the NameID", (x: string) => swap(x, `>${ATTACKER}`, `>\ufeff${ATTACKER}`)],
    ["E22 the NameID's Format is dropped", (x: string) => swap(x, / Format="[^"]*"/, "")],
  ] as const) {
    attack(name, ["digest_mismatch"], async (s) => change((await s.own()).xml));
  }

  attack("E17 default-namespace assertion re-declared with xmlns:é", "xml_namespace", async (s) =>
    swap((await s.own()).xml, `xmlns="${NS.saml}"><Issuer>`, `xmlns:é="${NS.saml}"><Issuer>`),
  );
  attack("E28 xmlns renamed to xmlns:é on the signed apex, victim's assertion", "xml_namespace", async (s) =>
    swap(
      (await s.victims()).xml,
      / xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Issuer>https:\/\/[^<]*<\/Issuer><Signature/,
      ` xmlns:é="${NS.saml}"><Issuer>${s.idp.entityId}</Issuer><Signature`,
    ),
  );

  const withComments = [
    ["both", { c14n: C14N.exclusiveWithComments }],
    ["the Reference", { transform: C14N.exclusiveWithComments }],
    ["the SignedInfo", { c14n: C14N.exclusiveWithComments, transform: C14N.exclusive }],
    ["both, inclusive", { c14n: C14N.inclusiveWithComments }],
  ] as const;
  for (const [where, signature] of withComments) {
    attack(
      `E19 c14n with comments for ${where}; a comment inserted into the NameID`,
      ["signature_algorithm", "signature_transform"],
      async (s) => swap((await longName(s, { signature })).xml, `>${LONG}`, `>${VICTIM}<!---->.attacker.example`),
    );
  }

  attack(
    "E23 an IdP whose entityID starts with ours, signed with its own key, Issuer split by a comment",
    "signature_invalid",
    async (s) => {
      const issuer = `${s.idp.entityId}.evil.example`;
      const { xml } = await s.mallory.respond({ ...s.options, issuer, nameID: VICTIM });
      return xml.replaceAll(`>${issuer}<`, `>${s.idp.entityId}<!---->.evil.example<`);
    },
  );
  attack("E23 the same Issuer signed by our own IdP", "issuer_mismatch", async (s) => {
    const issuer = `${s.idp.entityId}.evil.example`;
    const { xml } = await s.own({ issuer });
    return xml.replaceAll(`>${issuer}<`, `>${s.idp.entityId}<!---->.evil.example<`);
  });

  for (const c14n of [C14N.inclusive, C14N.exclusive]) {
    const style = { signature: { c14n }, edit: { assertion: (x: string) => prefixed(x, "saml", NS.saml) } };
    for (const [tag, evil] of [
      ["saml:NameID", "urn:evil"],
      ["saml:Subject", "urn:evil"],
      ["saml:Attribute", "urn:evil"],
      ["saml:NameID", "urn:oasis:names:tc:SAML:1.0:assertion"],
      ["saml:AttributeValue", ""],
    ] as const) {
      attack(
        `E27 ${c14n}: the saml prefix is rebound to ${JSON.stringify(evil)} on ${tag} after signing`,
        ["digest_mismatch", "xml_namespace", "xml_malformed"],
        async (s) => swap((await s.own(style)).xml, new RegExp(`<${tag}(?=[ >])`), `<${tag} xmlns:saml="${evil}"`),
      );
    }
    attack(`E27 ${c14n}: a default namespace is put on the NameID after signing`, ["digest_mismatch"], async (s) =>
      swap((await s.own({ signature: { c14n } })).xml, "<NameID ", '<NameID xmlns="urn:evil" '),
    );
  }
  attackAsSelf(
    "E30 an unused declaration on the NameID changes nothing (exclusive), nor does the message's meaning",
    async (s) => {
      const genuine = await s.own();
      return { genuine, message: swap(genuine.xml, "<NameID ", '<NameID xmlns:unused="urn:x" ') };
    },
  );
  attack("E30 an unused declaration on the NameID breaks an inclusive digest", "digest_mismatch", async (s) =>
    swap((await s.own({ signature: { c14n: C14N.inclusive } })).xml, "<NameID ", '<NameID xmlns:unused="urn:x" '),
  );
  attack("E31 markup put into the enveloped transform's element", "signature_transform", async (s) =>
    putAfter((await s.own()).xml, `<Transform Algorithm="${TRANSFORM_ENVELOPED}">`.replace(">", "/>"), "<Transform/>"),
  );
  attack("E32 the Subject as escaped text of the NameID", "digest_mismatch", async (s) => {
    const { xml } = await s.own();
    return swap(
      xml,
      cut(xml, "NameID"),
      cut(xml, "NameID").replace(ATTACKER, `&lt;NameID&gt;${VICTIM}&lt;/NameID&gt;`),
    );
  });
});
