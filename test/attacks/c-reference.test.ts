/** Group C: what the Reference names, and what an ID is. Rules R4, R5, R7, R12, R36. */
import { describe, expect, it } from "vitest";
import { NS } from "../../src/saml/terms.ts";
import { asVictim, mustAccept, type Scene, scene, VICTIM } from "../support/messages/scene.ts";
import { cut, drop, idOf, putAfter, putBefore, swap, withAttribute, withId } from "../support/messages/surgery.ts";
import { attack, honestTwin, WRAPPED } from "./catalogue.ts";

async function pieces(s: Scene) {
  const { xml } = await s.own();
  const genuine = cut(xml, "Assertion");
  const signature = cut(xml, "Signature");
  const bare = drop(genuine, signature);
  return { xml, genuine, signature, bare, id: idOf(genuine), forged: withId(asVictim(bare), "_forged") };
}
const parked = (xml: string, genuine: string) =>
  putBefore(xml, "<samlp:Status>", `<samlp:Extensions>${genuine}</samlp:Extensions>`);

/** The attributes that some library once took for an ID, each with the signed one's value. */
const ID_LIKE: readonly [string, (id: string) => string][] = [
  ["xml:id", (id) => `xml:id="${id}"`],
  ["samlp:ID", (id) => `samlp:ID="${id}"`],
  ["x:ID of a foreign namespace", (id) => `xmlns:x="urn:x" x:ID="${id}"`],
  ["Id", (id) => `Id="${id}"`],
  ["id", (id) => `id="${id}"`],
  ["AssertionID", (id) => `AssertionID="${id}"`],
  [
    "wsu:Id",
    (id) =>
      `xmlns:wsu="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" wsu:Id="${id}"`,
  ],
  ["ds:Id", (id) => `xmlns:ds="${NS.ds}" ds:Id="${id}"`],
  ["saml:ID", (id) => `xmlns:saml="${NS.saml}" saml:ID="${id}"`],
];

describe("C: IDs and the resolution of the Reference", () => {
  honestTwin();

  for (const [name, attribute] of ID_LIKE) {
    attack(
      `C01 C04 C05 forged assertion carries ${name} equal to the signed ID, the genuine one is parked`,
      WRAPPED,
      async (s) => {
        const { xml, genuine, id, forged } = await pieces(s);
        return parked(swap(xml, genuine, withAttribute(forged, attribute(id))), genuine);
      },
    );
    attack(`C02 as before, the signature moved into the forged assertion (${name})`, WRAPPED, async (s) => {
      const { xml, genuine, bare, signature, id, forged } = await pieces(s);
      const carrier = putAfter(withAttribute(forged, attribute(id)), "</Issuer>", signature);
      return parked(swap(xml, genuine, carrier), bare);
    });
    attack(`C03 forged assertion has ${name} and no ID at all`, [...WRAPPED, "id_invalid"], async (s) => {
      const { xml, genuine, signature, id, forged } = await pieces(s);
      const carrier = putAfter(withAttribute(drop(forged, ' ID="_forged"'), attribute(id)), "</Issuer>", signature);
      return swap(xml, genuine, carrier);
    });
    attack(`C16 genuine assertion kept as sibling; forged first with ${name}`, WRAPPED, async (s) => {
      const { xml, genuine, id, forged } = await pieces(s);
      return putBefore(xml, genuine, withAttribute(forged, attribute(id)));
    });
    attack(
      `C06 forged Response: its ID is new, ${name} equals the signed Response, which is parked`,
      WRAPPED,
      async (s) => {
        const { xml } = await s.own({ sign: "response" });
        const signature = cut(xml, "Signature");
        const forged = withAttribute(withId(asVictim(drop(xml, signature)), "_forged"), attribute(idOf(xml)));
        return putAfter(forged, "</Issuer>", `${signature}<samlp:Extensions>${xml}</samlp:Extensions>`);
      },
    );
  }

  attack(
    "C07 a DOCTYPE declares the attribute ref as type ID; the forged assertion has ref",
    "xml_doctype",
    async (s) => {
      const { xml, genuine, id, forged } = await pieces(s);
      const doctype = "<!DOCTYPE Response [<!ATTLIST Assertion ref ID #IMPLIED>]>";
      return doctype + parked(swap(xml, genuine, withAttribute(forged, `ref="${id}"`)), genuine);
    },
  );

  const uris: readonly [string, string | null, (id: string) => string | null][] = [
    ["C08 the Reference has no URI", null, () => null],
    ["C09 #xpointer(id('..'))", "", (id) => `#xpointer(id('${id}'))`],
    ["C09 #xpointer(/)", "", () => "#xpointer(/)"],
    ['C11 URI=""', "", () => ""],
    ["C13 the URI points to http://127.0.0.1:9/", "", () => "http://127.0.0.1:9/"],
    ["C14 the URI is an absolute one with our fragment", "", (id) => `https://corp.vestibule.example/#${id}`],
    ['C15 URI="#"', "", () => "#"],
    ["C17 the fragment is percent-encoded", "", (id) => `#%5F${id.slice(1)}`],
    ["C18 a space after the fragment", "", (id) => `#${id} `],
    ["C19 the ID without #", "", (id) => id],
    ["C20 two fragments", "", (id) => `##${id}`],
  ];
  for (const [name, , uri] of uris) {
    for (const sign of ["assertion", "response"] as const) {
      const signed = sign === "assertion" ? "_a1" : "_r1";
      const recipe = { sign, assertionId: "_a1", responseId: "_r1", signature: { uri: uri(signed) } };
      attack(
        `${name}, ${sign} signed by the identity provider and unchanged`,
        "signature_reference",
        async (s) => (await s.own(recipe)).xml,
      );
      attack(
        `${name}, ${sign} signed, forged with the genuine one parked`,
        [...WRAPPED, "signature_reference"],
        async (s) => {
          const { xml } = await s.own(recipe);
          return parked(asVictim(xml), sign === "assertion" ? cut(xml, "Assertion") : xml);
        },
      );
      attack(
        `${name}, ${sign}, signed by the attacker`,
        ["signature_reference", "signature_invalid"],
        async (s) => (await s.mallory.respond({ ...s.options, nameID: VICTIM, ...recipe })).xml,
      );
    }
  }

  for (const [name, padded] of [
    ["a leading space", (id: string) => ` ${id}`],
    ["a trailing space", (id: string) => `${id} `],
    ["a leading tab reference", (id: string) => `&#9;${id}`],
    ["a trailing line feed reference", (id: string) => `${id}&#10;`],
    ["a zero-width space", (id: string) => `${id}\u200b`],
    ["upper case", (id: string) => id.toUpperCase()],
    ["a soft hyphen", (id: string) => `${id}\u00ad`],
  ] as const) {
    attack(
      `C10 the forged assertion's ID is the signed one with ${name}`,
      [...WRAPPED, "id_invalid", "signature_reference"],
      async (s) => {
        const { xml, genuine, signature, bare, id, forged } = await pieces(s);
        return parked(swap(xml, genuine, putAfter(withId(forged, padded(id)), "</Issuer>", signature)), bare);
      },
    );
    attack(`C10 alone in its slot, the ID with ${name}`, ["id_invalid", "signature_reference"], async (s) => {
      const { xml, genuine, id } = await pieces(s);
      return swap(xml, genuine, withId(asVictim(genuine), padded(id)));
    });
  }

  for (const id of [
    "x' or '1'='1",
    "x']|//*['",
    "&quot;] | //*[&quot;",
    "__proto__",
    "constructor",
    "1abc",
    "a:b",
    "a b",
    "-a",
    "",
    "ä\u0301\u2028",
  ]) {
    attack(
      `C12 attacker-signed assertion with the ID ${JSON.stringify(id)}`,
      ["id_invalid", "signature_reference", "signature_invalid", "signature_malformed", "schema_invalid"],
      async (s) => {
        const { xml, genuine, signature, forged } = await pieces(s);
        const signedBefore = swap(signature, `URI="#${idOf(genuine)}"`, `URI="#${id}"`);
        return swap(xml, genuine, putAfter(withId(forged, id), "</Issuer>", signedBefore));
      },
    );
  }
  for (const id of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    attack(
      `C12 the forged assertion has the ID ${id}, its Reference another`,
      ["signature_reference", "id_invalid"],
      async (s) => {
        const { xml, genuine, forged, signature } = await pieces(s);
        return swap(xml, genuine, putAfter(withId(forged, id), "</Issuer>", signature));
      },
    );
  }
  attack(
    "C21 Response and Assertion carry the same ID, the signature is the assertion's",
    "xml_duplicate_id",
    async (s) => {
      const { xml, id } = await pieces(s);
      return withId(xml, id);
    },
  );
  attack("C22 the ID stands once more in the Signature's subtree", "xml_duplicate_id", async (s) => {
    const { xml, id } = await pieces(s);
    return swap(xml, "<KeyInfo>", `<KeyInfo ID="${id}">`);
  });
  attack("C22 the ID stands once more as Id of the Signature", "xml_duplicate_id", async (s) => {
    const { xml, id } = await pieces(s);
    return swap(xml, "<Signature ", `<Signature Id="${id}" `);
  });
  attack("C23 an ID of an element in a foreign part equals the signed one", "xml_duplicate_id", async (s) => {
    const { xml, id } = await pieces(s);
    return parked(xml, `<x xmlns="urn:x" ID="${id}"/>`);
  });

  describe("what is an honest ID", () => {
    for (const id of ["_a", "A-1.b", "_ä", "id.with-every_kind9"]) {
      attackFree(`the ID ${id} is accepted`, id);
    }
  });
});

function attackFree(name: string, id: string): void {
  it(name, async () => {
    const s = await scene();
    expect((await mustAccept(await s.own({ assertionId: id }), s)).id).toBe(id);
  });
}
