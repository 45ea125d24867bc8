/** Assertions that were signed where they stood and then encrypted: the plaintext alone does not say what was around them. */
import { describe, expect, it } from "vitest";
import { C14N, NS } from "../../src/saml/terms.ts";
import { CONTENT_CIPHER, encryptXml } from "../support/messages/encrypt.ts";
import {
  ATTACKER,
  asVictim,
  mustAccept,
  mustRefuse,
  type Recipe,
  type Scene,
  scene,
} from "../support/messages/scene.ts";
import { cut, drop, swap, withAttribute } from "../support/messages/surgery.ts";

const DEFAULT = ` xmlns="${NS.saml}"`;

/** Encrypts the assertion of a message as it stands in it, as libxmlsec does. */
async function hidden(s: Scene, xml: string, edit: (assertion: string) => string = (x) => x): Promise<string> {
  const assertion = cut(xml, "Assertion");
  const encrypted = await encryptXml(edit(assertion), { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm });
  return swap(xml, assertion, encrypted);
}

/** Nothing of SAML is declared below the Response. */
const onResponse = (x: string) => withAttribute(x.replaceAll(DEFAULT, ""), DEFAULT.trim());
const around = (x: string) =>
  withAttribute(x, `xmlns:unused="urn:unused" xmlns:xs="http://www.w3.org/2001/XMLSchema" xml:lang="en"`);

const STYLES: Readonly<Record<string, Recipe["signature"]>> = {
  "exclusive canonical forms": { prefix: "ds" },
  "a PrefixList with the default namespace": { prefix: "ds", prefixList: "#default samlp" },
  "inclusive canonical forms": { prefix: "ds", c14n: C14N.inclusive },
  "an inclusive SignedInfo": { prefix: "ds", c14n: C14N.inclusive, transform: C14N.exclusive },
};

describe("an assertion signed in its place, then encrypted", () => {
  for (const [name, signature = {}] of Object.entries(STYLES)) {
    it(`is opened when the Response alone declares its namespace, with ${name}`, async () => {
      const s = await scene();
      const { xml } = await s.own({ signature, edit: { response: onResponse } });
      expect((await mustAccept(await hidden(s, xml), s)).nameID.value).toBe(ATTACKER);
      await mustRefuse(await hidden(s, xml, asVictim), ["digest_mismatch"], s);
    });

    it(`is opened when more is declared around it than it uses, with ${name}`, async () => {
      const s = await scene();
      const { xml } = await s.own({ signature, edit: { response: around } });
      expect((await mustAccept(await hidden(s, xml), s)).nameID.value).toBe(ATTACKER);
    });
  }

  it("is refused when only what was put around the ciphertext gives it its namespace", async () => {
    const s = await scene();
    const { xml } = await s.own({ signature: { prefix: "ds" } });
    await mustRefuse(await hidden(s, xml, (x) => drop(x, DEFAULT)), ["decryption_failed"], s);
  });

  it("is refused when it has no namespace and no signature, though the Response that is signed declares one", async () => {
    const s = await scene();
    const { xml, responseId } = await s.own({ sign: "none", edit: { response: onResponse } });
    await mustRefuse(await s.idp.sign(await hidden(s, xml), responseId), ["decryption_failed"], s);
  });
});
