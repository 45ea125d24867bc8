/**
 * Group M: names that look like the victim's. The identity provider really signed them, for the account that the attacker has:
 * they may sign that account in, by code points, or be refused. How accounts are linked is the journeys' to prove. Rules R30, R31.
 */
import { describe, expect, it } from "vitest";
import { CLAIM } from "../support/identity-provider.ts";
import { ATTACKER, attackerClaims, mustAccept, outcomeOf, scene, VICTIM } from "../support/messages/scene.ts";
import { swap } from "../support/messages/surgery.ts";
import { honestTwin } from "./catalogue.ts";

/** Row, name, and whether it must be refused: names that no two programs read alike. */
const NAMES: readonly (readonly [row: string, name: string, refused: boolean])[] = [
  ["M01 another domain", "victim@corp.example.evil.example", false],
  ["M02 Cyrillic і instead of i", "vіctim@corp.example", false],
  ["M03 ı instead of i", "vıctim@corp.example", false],
  ["M03 İ instead of i", "vİctim@corp.example", false],
  ["M03 K as the Kelvin sign", "victim@corp.exam\u212ble", false],
  ["M04 a zero-width space", "victim\u200b@corp.example", true],
  ["M04 a soft hyphen", "vic\u00adtim@corp.example", true],
  ["M04 a right-to-left override", "\u202evictim@corp.example", true],
  ["M04 a byte-order mark", "\ufeffvictim@corp.example", true],
  ["M05 a space at the end", `${VICTIM} `, true],
  ["M05 a space at the beginning", ` ${VICTIM}`, true],
  ["M06 U+00A0 at the end", `${VICTIM}\u00a0`, true],
  ["M06 U+3000 at the end", `${VICTIM}\u3000`, true],
  ["M06 a line feed at the end", `${VICTIM}\n`, true],
  ["M07 a tab inside", "victim\t@corp.example", true],
  ["M07 U+0085 inside", "victim\u0085@corp.example", true],
  ["M07 U+2028 inside", "victim\u2028@corp.example", true],
  ["M08 other letter case", "Victim@Corp.Example", false],
  ["M09 two domains", `${VICTIM}@attacker.example`, false],
  ["M10 a quoted local part", `"${VICTIM}"@attacker.example`, false],
  ["M11 a list", `${VICTIM},${ATTACKER}`, false],
  ["M11 a list with a semicolon", `${VICTIM};${ATTACKER}`, false],
  ["M13 full-width letters", "ｖｉｃｔｉｍ@corp.example", false],
  ["M13 a decomposed letter", "vi\u0301ctim@corp.example", false],
  ["M13 percent-encoding", "victim%40corp.example", false],
  ["M13 an escaped entity", "victim&#64;corp.example", false],
];

describe("M: identity and attributes", () => {
  honestTwin();

  for (const [row, name, refused] of NAMES) {
    it(`${row}: NameID ${JSON.stringify(name)} is that very name${refused ? ", which is refused" : ""}`, async () => {
      const s = await scene();
      // Line ends in text are written as references, or the parser would change them before the signature is made.
      const own = await s.own({
        nameID: name.replace("\n", "{LF}"),
        edit: { assertion: (x) => x.replace("{LF}", "&#10;") },
      });
      const outcome = await outcomeOf(own, s);
      expect(name).not.toBe(VICTIM);
      if (refused) expect(outcome).toMatchObject({ ok: false, code: "name_id_invalid" });
      else expect(outcome.ok && outcome.assertion.nameID.value).toBe(name);
    });
    it(`${row}: the e-mail claim ${JSON.stringify(name)} keeps its code points`, async () => {
      const s = await scene();
      const own = await s.own({
        attributes: { ...attackerClaims(), [CLAIM.emailAddress]: name.replace("\n", "{LF}") },
        edit: { assertion: (x) => x.replace("{LF}", "&#10;") },
      });
      const outcome = await outcomeOf(own, s);
      if (outcome.ok) expect(outcome.assertion.attributes.get(CLAIM.emailAddress)).toEqual([name]);
      else expect(refused).toBe(true);
    });
  }

  it("M12 an attribute named like the WS-Fed nameidentifier claim does not become the NameID", async () => {
    const s = await scene();
    for (const name of [
      "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
      "NameID",
      "nameID",
      "urn:oasis:names:tc:SAML:2.0:assertion:NameID",
      "sub",
      "issuer",
      "id",
    ]) {
      const accepted = await mustAccept(await s.own({ attributes: { ...attackerClaims(), [name]: VICTIM } }), s);
      expect(accepted.nameID.value).toBe(ATTACKER);
      expect(accepted.issuer).toBe(s.idp.entityId);
      expect(accepted.attributes.get(name)).toEqual([VICTIM]);
    }
  });
  it("M14 FriendlyName does not name an attribute", async () => {
    const s = await scene();
    const friendly = `<Attribute Name="urn:oid:user.editable" FriendlyName="email"><AttributeValue>${VICTIM}</AttributeValue></Attribute>`;
    const friendlyClaim = friendly.replace('"email"', `"${CLAIM.emailAddress}"`).replace("editable", "editable2");
    const accepted = await mustAccept(
      await s.own({
        edit: { assertion: (x) => swap(x, "<AttributeStatement>", `<AttributeStatement>${friendly}${friendlyClaim}`) },
      }),
      s,
    );
    expect(accepted.attributes.get("email")).toBeUndefined();
    expect(accepted.attributes.get(CLAIM.emailAddress)).toEqual([ATTACKER]);
    expect(accepted.attributes.get("urn:oid:user.editable")).toEqual([VICTIM]);
  });
  it("M15 attribute names that differ in case or white space are other attributes", async () => {
    const s = await scene();
    const others = [
      CLAIM.emailAddress.toUpperCase(),
      ` ${CLAIM.emailAddress}`,
      `${CLAIM.emailAddress}/`,
      `${CLAIM.emailAddress}\u200b`,
    ];
    const accepted = await mustAccept(
      await s.own({ attributes: { ...attackerClaims(), ...Object.fromEntries(others.map((o) => [o, VICTIM])) } }),
      s,
    );
    expect(accepted.attributes.get(CLAIM.emailAddress)).toEqual([ATTACKER]);
  });
  it("M16 attributes __proto__, constructor, prototype are names like others and pollute nothing", async () => {
    const s = await scene();
    const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
    const pollution = names
      .map((n) => `<Attribute Name="${n}"><AttributeValue>${VICTIM}</AttributeValue></Attribute>`)
      .join("");
    const accepted = await mustAccept(
      await s.own({ edit: { assertion: (x) => swap(x, "<AttributeStatement>", `<AttributeStatement>${pollution}`) } }),
      s,
    );
    for (const name of names) expect(accepted.attributes.get(name)).toEqual([VICTIM]);
    expect(accepted.attributes).toBeInstanceOf(Map);
    expect(Object.prototype.toString.call({})).toBe("[object Object]");
    expect(({} as Record<string, unknown>)[VICTIM]).toBeUndefined();
  });
  it("M17 an attribute that comes twice keeps both values side by side, in their order", async () => {
    const s = await scene();
    const again = `<Attribute Name="${CLAIM.emailAddress}"><AttributeValue>${VICTIM}</AttributeValue></Attribute>`;
    for (const [edit, values] of [
      [(x: string) => swap(x, "</AttributeStatement>", `${again}</AttributeStatement>`), [ATTACKER, VICTIM]],
      [(x: string) => swap(x, "<AttributeStatement>", `<AttributeStatement>${again}`), [VICTIM, ATTACKER]],
      [
        (x: string) =>
          swap(x, "</AttributeStatement>", `</AttributeStatement><AttributeStatement>${again}</AttributeStatement>`),
        [ATTACKER, VICTIM],
      ],
    ] as const) {
      const outcome = await outcomeOf(await s.own({ edit: { assertion: edit } }), s);
      if (outcome.ok) expect(outcome.assertion.attributes.get(CLAIM.emailAddress)).toEqual(values);
      else expect(outcome.code).toBe("attribute_duplicate");
    }
  });
  it("M18 values with elements inside, nil values and attributes of other namespaces are no text", async () => {
    const s = await scene();
    const odd =
      `<Attribute Name="a"><AttributeValue><x>${VICTIM}</x></AttributeValue></Attribute>` +
      `<Attribute Name="b"><AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></Attribute>` +
      `<Attribute xmlns="urn:x" Name="c"><AttributeValue>${VICTIM}</AttributeValue></Attribute>` +
      `<Attribute Name="d"><AttributeValue xmlns="urn:x">${VICTIM}</AttributeValue></Attribute>`;
    const outcome = await outcomeOf(
      await s.own({ edit: { assertion: (x) => swap(x, "<AttributeStatement>", `<AttributeStatement>${odd}`) } }),
      s,
    );
    if (outcome.ok) expect(JSON.stringify([...outcome.assertion.attributes])).not.toContain(VICTIM);
    else expect(outcome.code).toBe("schema_invalid");
  });
  it("M19 M20 escaped markup in a display name stays text, and is not read twice", async () => {
    const s = await scene();
    for (const text of [
      `<Subject><NameID>${VICTIM}</NameID></Subject>`,
      `&lt;NameID&gt;${VICTIM}&lt;/NameID&gt;`,
      `</AttributeValue></Attribute><Attribute Name="x"><AttributeValue>${VICTIM}`,
      `]]><NameID>${VICTIM}</NameID><![CDATA[`,
      "&amp;amp;",
      "<!-- -->",
      `"'<>&`,
    ]) {
      const accepted = await mustAccept(
        await s.own({ attributes: { ...attackerClaims(), [CLAIM.displayName]: text } }),
        s,
      );
      expect(accepted.nameID.value).toBe(ATTACKER);
      expect(accepted.attributes.get(CLAIM.displayName)).toEqual([text]);
      expect(accepted.attributes.has("x")).toBe(false);
    }
  });
  it("M21 the NameID's Format and qualifiers are part of who it is", async () => {
    const s = await scene();
    const parts = {
      value: VICTIM,
      format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
      nameQualifier: "urn:a",
      spNameQualifier: "urn:b",
    };
    expect((await mustAccept(await s.own({ nameID: parts }), s)).nameID).toEqual(parts);
  });
  it("M23 one e-mail attribute with two values keeps two values", async () => {
    const s = await scene();
    for (const values of [
      [ATTACKER, VICTIM],
      [VICTIM, ATTACKER],
    ]) {
      const accepted = await mustAccept(
        await s.own({ attributes: { ...attackerClaims(), [CLAIM.emailAddress]: values } }),
        s,
      );
      expect(accepted.attributes.get(CLAIM.emailAddress)).toEqual(values);
      expect(accepted.nameID.value).toBe(ATTACKER);
    }
  });
});
