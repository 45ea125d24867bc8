/** Group J: encryption proves nothing about who wrote it. Anyone has the company's certificate. Rules R12, R14, R27, R28. */
import { describe, expect, it } from "vitest";
import { NS } from "../../src/saml/terms.ts";
import { CONTENT_CIPHER, encryptXml, KEY_TRANSPORT } from "../support/messages/encrypt.ts";
import { keyPair } from "../support/messages/keys.ts";
import {
  ATTACKER,
  asVictim,
  type Code,
  mustAccept,
  mustRefuse,
  outcomeOf,
  type Scene,
  scene,
  VICTIM,
  victimClaims,
} from "../support/messages/scene.ts";
import { atEnd, atStart, cut, drop, idOf, putAfter, putBefore, swap, withId } from "../support/messages/surgery.ts";
import { attack } from "./catalogue.ts";

const WANTED = { overrides: { wantEncryptedAssertions: true } } as const;
const FAILED: readonly Code[] = ["decryption_failed"];

/** An attack on a company that switched encryption on: CBC and GCM are both open to it. */
function encrypted(name: string, codes: Code | readonly Code[], craft: (s: Scene) => Promise<string>): void {
  attack(name, codes, async (s) => ({ message: await craft(s), ...WANTED }));
}

const around = (s: Scene, xml: string | Uint8Array, style = {}) => encryptXml(xml, { to: s.sp, ...style });
const shell = async (s: Scene, content: string) => {
  const { xml } = await s.own({ sign: "none" });
  return swap(xml, cut(xml, "Assertion"), content);
};
const forgedAssertion = async (s: Scene) =>
  drop(
    await s.mallory.assertion({ ...s.options, nameID: VICTIM, attributes: victimClaims() }),
    /<Signature[\s\S]*<\/Signature>/,
  );
const stolen = (s: Scene) => s.idp.assertion({ ...s.options, nameID: VICTIM, attributes: victimClaims() });

describe("J: encrypted assertions", () => {
  it("the honest twin is accepted: every cipher, key transport and place of the key; the assertion, the Response or both signed", async () => {
    const s = await scene();
    for (const cipher of [
      CONTENT_CIPHER.aes128cbc,
      CONTENT_CIPHER.aes256cbc,
      CONTENT_CIPHER.aes128gcm,
      CONTENT_CIPHER.aes256gcm,
    ]) {
      for (const keyTransport of [KEY_TRANSPORT.oaepMgf1p, KEY_TRANSPORT.oaep]) {
        for (const keyPlace of ["inside", "beside"] as const) {
          for (const sign of ["assertion", "response", "both"] as const) {
            const own = await s.own({ sign, encrypt: { to: s.sp, cipher, keyTransport, keyPlace } });
            expect((await mustAccept(own, s, WANTED.overrides)).nameID.value).toBe(ATTACKER);
          }
        }
      }
    }
  });
  it("the crafted shell of this file is accepted around the attacker's own signed assertion", async () => {
    const s = await scene();
    const xml = await shell(s, await around(s, await s.idp.assertion(s.options)));
    expect((await mustAccept(xml, s, WANTED.overrides)).nameID.value).toBe(ATTACKER);
  });

  encrypted("J01 forged unsigned assertion encrypted to us, no signature anywhere", "signature_missing", async (s) =>
    shell(s, await around(s, await forgedAssertion(s))),
  );
  encrypted("J02 forged encrypted assertion before the genuine signed clear one", "assertion_not_single", async (s) => {
    const { xml } = await s.own();
    return putBefore(xml, "<Assertion", await around(s, await forgedAssertion(s)));
  });
  encrypted("J03 genuine signed clear assertion before the forged encrypted one", "assertion_not_single", async (s) => {
    const { xml } = await s.own();
    return putAfter(xml, "</Assertion>", await around(s, await forgedAssertion(s)));
  });
  encrypted(
    "J04 forged encrypted assertion in a Response signed around a clear one",
    "assertion_not_single",
    async (s) => {
      const { xml } = await s.own({ sign: "response" });
      return putAfter(xml, "</Assertion>", await around(s, await forgedAssertion(s)));
    },
  );
  encrypted("J05 signed Response: its ciphertext replaced by a forged one", "digest_mismatch", async (s) => {
    const { xml } = await s.own({ sign: "response", encrypt: { to: s.sp } });
    return swap(xml, cut(xml, "EncryptedAssertion"), await around(s, await forgedAssertion(s)));
  });
  encrypted(
    "J06 two EncryptedAssertion: forged unsigned first, genuine signed second",
    "assertion_not_single",
    async (s) => {
      const { xml } = await s.own({ encrypt: { to: s.sp } });
      return putBefore(xml, "<EncryptedAssertion", await around(s, await forgedAssertion(s)));
    },
  );
  encrypted("J06 genuine first, forged second", "assertion_not_single", async (s) => {
    const { xml } = await s.own({ encrypt: { to: s.sp } });
    return putAfter(xml, "</EncryptedAssertion>", await around(s, await forgedAssertion(s)));
  });
  for (const [name, plaintext] of [
    [
      "J07 forged then genuine assertion",
      async (s: Scene) => withId(await forgedAssertion(s), "_f") + (await s.idp.assertion(s.options)),
    ],
    [
      "J07 genuine then forged assertion",
      async (s: Scene) => (await s.idp.assertion(s.options)) + withId(await forgedAssertion(s), "_f"),
    ],
    ["J08 a whole Response", async (s: Scene) => (await s.victims()).xml],
    ["J08 an assertion in a wrapper", async (s: Scene) => `<w>${await stolen(s)}</w>`],
    ["J08 an EncryptedAssertion", async (s: Scene) => around(s, await stolen(s))],
    ["J08 an AttributeStatement", async () => `<AttributeStatement xmlns="${NS.saml}"/>`],
    ["J08 a NameID", async () => `<NameID xmlns="${NS.saml}">${VICTIM}</NameID>`],
    ["J08 text", async () => VICTIM],
    ["J08 nothing", async () => ""],
    ["J09 an assertion of no namespace", async (s: Scene) => drop(await stolen(s), ` xmlns="${NS.saml}"`)],
    [
      "J09 an assertion of SAML 1.1",
      async (s: Scene) => swap(await stolen(s), NS.saml, "urn:oasis:names:tc:SAML:1.0:assertion"),
    ],
    [
      "J11 a DOCTYPE, then a genuine assertion of the victim",
      async (s: Scene) => `<!DOCTYPE Assertion [<!ENTITY e "x">]>${await stolen(s)}`,
    ],
    ["J11 a lower-case doctype", async (s: Scene) => `<!doctype x>${await stolen(s)}`],
    ["J12 a processing instruction", async (s: Scene) => `<?x y?>${await stolen(s)}`],
    ["J12 text after the assertion", async (s: Scene) => `${await stolen(s)}x`],
    ["J12 an end tag and a new beginning", async (s: Scene) => `</plaintext>${await stolen(s)}<plaintext>`],
    ["J12 closes the wrapper of a careless reader", async (s: Scene) => `${await stolen(s)}</plaintext><plaintext>`],
    ["J12 an unclosed assertion", async (s: Scene) => drop(await stolen(s), "</Assertion>")],
    ["J12 UTF-16", async (s: Scene) => Uint8Array.from(Buffer.from(`\ufeff${await stolen(s)}`, "utf16le"))],
    ["J12 invalid UTF-8", async (s: Scene) => Uint8Array.from([...Buffer.from(await stolen(s)), 0x80])],
  ] as const) {
    encrypted(`${name} as plaintext`, FAILED, async (s) => shell(s, await around(s, await plaintext(s))));
  }
  encrypted(
    "J10 plaintext: genuine signed assertion with a forged Subject in its signature's Object",
    "signature_malformed",
    async (s) => {
      const assertion = await s.idp.assertion(s.options);
      const object = `<Object><Subject xmlns="${NS.saml}"><NameID>${VICTIM}</NameID></Subject></Object>`;
      return shell(s, await around(s, putBefore(assertion, "</Signature>", object)));
    },
  );
  encrypted("J10 plaintext: a second Signature with a forged Subject", "signature_misplaced", async (s) => {
    const assertion = await s.idp.assertion(s.options);
    const decoy = `<Signature xmlns="${NS.ds}"><Subject xmlns="${NS.saml}"><NameID>${VICTIM}</NameID></Subject></Signature>`;
    return shell(s, await around(s, putBefore(assertion, "<Subject>", decoy)));
  });
  for (const [name, change] of [
    [
      "in Advice",
      (forged: string, genuine: string) => putAfter(forged, "</Conditions>", `<Advice>${genuine}</Advice>`),
    ],
    ["in an AttributeValue", (forged: string, genuine: string) => putAfter(forged, "<AttributeValue>", genuine)],
    ["as its first child", (forged: string, genuine: string) => atStart(forged, genuine)],
    ["as its last child", (forged: string, genuine: string) => atEnd(forged, genuine)],
  ] as const) {
    encrypted(
      `J10 plaintext: a forged assertion with the genuine one ${name}`,
      ["assertion_not_single", "signature_misplaced"],
      async (s) =>
        shell(s, await around(s, change(withId(await forgedAssertion(s), "_f"), await s.idp.assertion(s.options)))),
    );
  }
  encrypted("J10 plaintext: the attacker's assertion, changed after it was signed", "digest_mismatch", async (s) =>
    shell(s, await around(s, asVictim(await s.idp.assertion(s.options)))),
  );
  encrypted("J13 plaintext assertion signed by the attacker's key", "signature_invalid", async (s) =>
    shell(s, await around(s, await s.mallory.assertion({ ...s.options, nameID: VICTIM }))),
  );
  encrypted(
    "J14 the same in a Response that the attacker signed too",
    "signature_invalid",
    async (s) => (await s.mallory.respond({ ...s.options, nameID: VICTIM, sign: "both", encrypt: { to: s.sp } })).xml,
  );

  for (const [name, style] of [
    ["J15 3DES-CBC", { cipher: CONTENT_CIPHER.tripleDes }],
    ["J15 RSA 1.5 key transport", { keyTransport: KEY_TRANSPORT.rsa15 }],
    ["J15 an unknown cipher", { cipher: "urn:unknown" }],
    ["J15 an unknown key transport", { keyTransport: "urn:unknown" }],
    ["J15 OAEP with MD5", { oaepDigest: "http://www.w3.org/2001/04/xmldsig-more#md5" }],
  ] as const) {
    encrypted(`${name}, a genuine assertion of the victim`, "encryption_algorithm", async (s) =>
      shell(s, await around(s, await stolen(s), style)),
    );
  }
  attack("J15 AES-CBC for a company that did not switch encryption on", "encryption_algorithm", async (s) => ({
    message: await shell(s, await around(s, await stolen(s))),
    overrides: { wantEncryptedAssertions: false },
  }));
  attack("J15 any ciphertext for a company without a decryption key", "encryption_not_expected", async (s) => ({
    message: await shell(s, await around(s, await stolen(s))),
    overrides: { decryptionKeys: [] },
  }));
  attack("J15 a clear assertion for a company that demands encryption", "encryption_required", async (s) => ({
    message: (await s.own()).xml,
    ...WANTED,
  }));

  for (const length of [0, 4, 8, 12, 15]) {
    encrypted(`J16 a GCM tag cut to ${length} octets`, FAILED, async (s) =>
      shell(
        s,
        await around(s, await stolen(s), {
          cipher: CONTENT_CIPHER.aes256gcm,
          ciphertext: (c: Uint8Array) => c.slice(0, c.length - 16 + length),
        }),
      ),
    );
  }
  it("J17 Q19 every bit flipped, every truncation and every wrong key gives one and the same refusal", async () => {
    const s = await scene();
    const assertion = await stolen(s);
    const refusals = new Set<string>();
    const present = async (style: object) => {
      const outcome = await outcomeOf(await shell(s, await around(s, assertion, style)), s, WANTED.overrides);
      expect(outcome.ok).toBe(false);
      refusals.add(JSON.stringify(outcome));
    };
    for (const cipher of [CONTENT_CIPHER.aes256cbc, CONTENT_CIPHER.aes128gcm]) {
      for (const flip of [1, 2, 9, 15, 16, 17, 32]) {
        for (const bit of [1, 128])
          await present({
            cipher,
            ciphertext: (c: Uint8Array) => c.map((byte, i) => (i === c.length - flip ? byte ^ bit : byte)),
          });
      }
      for (const length of [1, 12, 15, 16, 17, 31, 32, 48])
        await present({ cipher, ciphertext: (c: Uint8Array) => c.slice(0, length) });
      await present({ cipher, to: await keyPair("RSA-2048", "another sp") });
    }
    expect([...refusals]).toEqual([JSON.stringify({ ok: false, code: "decryption_failed" })]);
  });
  for (const [name, from, to] of [
    [
      "J18 CipherReference to a loopback URL",
      /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>(?=<\/xenc:CipherData><\/xenc:EncryptedData>)/,
      '<xenc:CipherReference URI="http://127.0.0.1:9/"/>',
    ],
    [
      "J18 CipherReference for the key",
      /<xenc:CipherValue>[^<]*<\/xenc:CipherValue>/,
      '<xenc:CipherReference URI="http://127.0.0.1:9/"/>',
    ],
    [
      "J19 RetrievalMethod to a loopback URL",
      /<xenc:EncryptedKey[\s\S]*<\/xenc:EncryptedKey>/,
      '<RetrievalMethod URI="http://127.0.0.1:9/"/>',
    ],
    ["J19 RetrievalMethod to nothing", /<xenc:EncryptedKey[\s\S]*<\/xenc:EncryptedKey>/, '<RetrievalMethod URI=""/>'],
    ["J19 no key at all", /<KeyInfo[\s\S]*<\/KeyInfo>/, ""],
    ["J22 Type Content", /#Element"/, '#Content"'],
    [
      "J22 two EncryptedData",
      /(?=<xenc:EncryptedData)/,
      '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>',
    ],
  ] as const) {
    encrypted(name, FAILED, async (s) => shell(s, swap(await around(s, await stolen(s)), from, to)));
  }
  encrypted(
    "J20 EncryptedAssertion holds a clear forged assertion next to EncryptedData of the genuine one",
    "assertion_not_single",
    async (s) => {
      const { xml } = await s.own({ encrypt: { to: s.sp } });
      return putBefore(xml, "<xenc:EncryptedData", withId(await forgedAssertion(s), "_f"));
    },
  );
  encrypted(
    "J21 forged plaintext has the ID of the genuine clear assertion in Extensions and a copy of its signature",
    "signature_misplaced",
    async (s) => {
      const genuine = await s.idp.assertion(s.options);
      const forged = putAfter(
        asVictim(drop(genuine, cut(genuine, "Signature"))),
        "</Issuer>",
        cut(genuine, "Signature"),
      );
      return putBefore(
        await shell(s, await around(s, forged)),
        "<samlp:Status>",
        `<samlp:Extensions>${genuine}</samlp:Extensions>`,
      );
    },
  );
  encrypted("J21 the same without the genuine one", "digest_mismatch", async (s) => {
    const genuine = await s.idp.assertion(s.options);
    return shell(s, await around(s, asVictim(genuine)));
  });
  encrypted(
    "J23 forged encrypted assertion; a genuine signed Response stands in Extensions",
    "schema_invalid",
    async (s) => {
      const { xml } = await s.own({ sign: "response" });
      return putBefore(
        await shell(s, await around(s, await forgedAssertion(s))),
        "<samlp:Status>",
        `<samlp:Extensions>${xml}</samlp:Extensions>`,
      );
    },
  );
  attack("J24 unsigned assertion whose Subject is an EncryptedID of the victim", "signature_missing", async (s) => {
    const { xml } = await s.own({ sign: "none" });
    return swap(
      xml,
      cut(xml, "NameID"),
      await around(s, `<NameID xmlns="${NS.saml}">${VICTIM}</NameID>`, {
        element: "EncryptedID",
        cipher: CONTENT_CIPHER.aes256gcm,
      }),
    );
  });
  attack(
    "J24 signed assertion whose NameID was replaced by an EncryptedID of the victim",
    "digest_mismatch",
    async (s) => {
      const { xml } = await s.own();
      return swap(
        xml,
        cut(xml, "NameID"),
        await around(s, `<NameID xmlns="${NS.saml}">${VICTIM}</NameID>`, {
          element: "EncryptedID",
          cipher: CONTENT_CIPHER.aes256gcm,
        }),
      );
    },
  );
  for (const [name, plaintext] of [
    ["a NameID with a comment", `<NameID xmlns="${NS.saml}">${VICTIM}<!---->.attacker.example</NameID>`],
    ["an assertion", `<Assertion xmlns="${NS.saml}"/>`],
    ["two NameIDs", `<NameID xmlns="${NS.saml}">${ATTACKER}</NameID><NameID xmlns="${NS.saml}">${VICTIM}</NameID>`],
    ["a NameID of no namespace", `<NameID>${VICTIM}</NameID>`],
  ] as const) {
    it(`J25 an EncryptedID, signed, with ${name} never names the victim`, async () => {
      const s = await scene();
      const id = await around(s, plaintext, { element: "EncryptedID", cipher: CONTENT_CIPHER.aes256gcm });
      const own = await s.own({ edit: { assertion: (x) => swap(x, cut(x, "NameID"), id) } });
      const outcome = await outcomeOf(own, s);
      if (outcome.ok) expect(outcome.assertion.nameID.value).toBe(`${VICTIM}.attacker.example`);
      else expect(outcome.code).toBe("decryption_failed");
    });
  }
  it("J26 an honest EncryptedID is the name inside it; for a company that wants CBC too", async () => {
    const s = await scene();
    for (const cipher of [CONTENT_CIPHER.aes256gcm, CONTENT_CIPHER.aes256cbc]) {
      const id = await around(s, `<NameID xmlns="${NS.saml}">${ATTACKER}</NameID>`, { element: "EncryptedID", cipher });
      const clear = await s.own({ edit: { assertion: (x) => swap(x, cut(x, "NameID"), id) } });
      const sealed = await s.own({ edit: { assertion: (x) => swap(x, cut(x, "NameID"), id) }, encrypt: { to: s.sp } });
      expect((await mustAccept(sealed, s, WANTED.overrides)).nameID.value).toBe(ATTACKER);
      if (cipher === CONTENT_CIPHER.aes256gcm) expect((await mustAccept(clear, s)).nameID.value).toBe(ATTACKER);
      else await mustRefuse(clear, ["encryption_algorithm"], s);
    }
  });
  it("J27 what the attacker encrypts around a stolen clear assertion stays that assertion: the ID is the same, so replay is seen", async () => {
    const s = await scene();
    const genuine = await s.idp.assertion(s.options);
    const one = await mustAccept(await shell(s, await around(s, genuine)), s, WANTED.overrides);
    const two = await mustAccept(await shell(s, await around(s, genuine)), s, WANTED.overrides);
    expect([one.id, two.id]).toEqual([idOf(genuine), idOf(genuine)]);
  });
});
