/** What SimpleSAMLphp can make of an answer: signed here or there or not at all, encrypted in every way, and spoiled on its way. */
import { describe, expect, it } from "vitest";
import { SIGNATURE } from "../../../src/saml/index.ts";
import { Browser, type Page } from "../support-browser.ts";
import type { Company } from "../support-gateway.ts";
import { arrivedAt, deliver, expectRefused, formWith, responseXml, sessionOf, toField } from "../support-journey.ts";
import { ssp } from "./people.ts";

const XMLENC = "http://www.w3.org/2001/04/xmlenc#";
const XMLENC11 = "http://www.w3.org/2009/xmlenc11#";

describe("signatures", () => {
  it.each([
    ["over the assertion", { "saml20.sign.assertion": true, "saml20.sign.response": false }, 1],
    ["over the response", { "saml20.sign.assertion": false, "saml20.sign.response": true }, 1],
    ["over both, as SimpleSAMLphp does unless told otherwise", {}, 2],
  ])("%s are enough", async (_, options, signatures) => {
    const { xml, session } = await ssp.signIn(await ssp.connect({}, options));
    expect(xml.match(/<ds:SignatureValue>/g)).toHaveLength(signatures);
    expect(session.user.email).toBe("b.simon@acme.example");
  });

  it.each(["rsaSha256", "rsaSha384", "rsaSha512"] as const)("by %s are taken", async (algorithm) => {
    const { xml } = await ssp.signIn(await ssp.connect({}, { "signature.algorithm": SIGNATURE[algorithm] }));
    expect(xml).toContain(SIGNATURE[algorithm]);
  });

  it("by SHA-1 are taken only where the company says so", async () => {
    const company = await ssp.connect({}, { "signature.algorithm": SIGNATURE.rsaSha1 });
    const browser = new Browser();
    const page = await deliver(browser, await ssp.answerFor(browser, company));
    await expectRefused(browser, company, page, "signature_algorithm");
    await company.change({ allowSha1: true });
    await ssp.signIn(company);
  });

  it("that are not there: no sign-in", async () => {
    const company = await ssp.connect({}, { "saml20.sign.assertion": false, "saml20.sign.response": false });
    const browser = new Browser();
    const answer = await ssp.answerFor(browser, company);
    expect(responseXml(answer)).not.toContain("ds:Signature");
    await expectRefused(browser, company, await deliver(browser, answer), "signature_missing");
  });
});

describe("encryption by SimpleSAMLphp, to our published certificate", () => {
  const ENCRYPTING = { "assertion.encryption": true };

  it.each([
    ["signed inside", { "saml20.sign.response": false }],
    ["signed outside", { "saml20.sign.assertion": false, "saml20.sign.response": true }],
    ["signed inside and outside", {}],
  ])("of an assertion %s signs the person in", async (_, options) => {
    const company = await ssp.connect({ wantEncryptedAssertions: true }, { ...ENCRYPTING, ...options });
    const { xml, session } = await ssp.signIn(company);
    expect(xml).toContain("<saml:EncryptedAssertion");
    expect(xml).not.toContain("b.simon");
    expect(session.user.firstName).toBe("Bérengère");
  });

  it("of the name identifier as well is undone", async () => {
    const company = await ssp.connect({ wantEncryptedAssertions: true }, { "nameid.encryption": true, ...ENCRYPTING });
    const { session } = await ssp.signIn(company);
    expect(session.nameId).toBe("b.simon@acme.example");
  });

  it("is demanded where the company wants it", async () => {
    const company = await ssp.connect({ wantEncryptedAssertions: true });
    const browser = new Browser();
    const page = await deliver(browser, await ssp.answerFor(browser, company));
    await expectRefused(browser, company, page, "encryption_required");
  });
});

describe("encryption by SimpleSAMLphp's library, which knows more than its settings offer:", () => {
  const CONTENT = [
    ...["aes128-cbc", "aes192-cbc", "aes256-cbc"].map((name) => XMLENC + name),
    ...["aes128-gcm", "aes192-gcm", "aes256-gcm"].map((name) => XMLENC11 + name),
  ];
  const TRANSPORT = [`${XMLENC}rsa-oaep-mgf1p`, `${XMLENC11}rsa-oaep`];

  let made: Promise<Company> | null = null;
  const encrypting = () => {
    made ??= ssp.connect({ wantEncryptedAssertions: true }, { "saml20.sign.response": false });
    return made;
  };

  /** SimpleSAMLphp's answer, and its Response with the assertion encrypted anew. */
  async function encrypted(browser: Browser, company: Company, content: string, transport: string) {
    const answer = await ssp.answerFor(browser, company);
    const key = /use="encryption">[\s\S]*?<ds:X509Certificate>([^<]*)/;
    const [, certificate = ""] = key.exec(await company.metadata()) ?? [];
    return {
      answer,
      xml: ssp.idp.run("encrypt-assertion.php", [content, transport, certificate], responseXml(answer)),
    };
  }

  const pairs = TRANSPORT.flatMap((transport) => CONTENT.map((content) => [content, transport] as const));
  it.each(pairs)("%s under %s is decrypted", async (content, transport) => {
    const company = await encrypting();
    const browser = new Browser();
    const { answer, xml } = await encrypted(browser, company, content, transport);
    expect(xml).toContain(content);
    arrivedAt(await deliver(browser, answer, toField(xml)));
    expect((await sessionOf(browser, company))?.user.email).toBe("b.simon@acme.example");
  });

  it.each([
    [`${XMLENC}aes256-cbc`, `${XMLENC}rsa-1_5`],
    [`${XMLENC}tripledes-cbc`, `${XMLENC}rsa-oaep-mgf1p`],
  ])("%s under %s is refused", async (content, transport) => {
    const company = await encrypting();
    const browser = new Browser();
    const { answer, xml } = await encrypted(browser, company, content, transport);
    await expectRefused(browser, company, await deliver(browser, answer, toField(xml)), "encryption_algorithm");
  });
});

describe("an answer signs nobody in", () => {
  const SIGNATURES = /<ds:Signature [\s\S]*?<\/ds:Signature>/g;
  const otherLetter = (_: string, tag: string, letter: string) => tag + (letter === "A" ? "B" : "A");

  it.each([
    ["with another person's address in it", "digest_mismatch", (xml: string) => xml.replaceAll("b.simon@", "c.simon@")],
    ["with its signatures taken out", "signature_missing", (xml: string) => xml.replace(SIGNATURES, "")],
    [
      "with a letter of its signature changed",
      "signature_invalid",
      (xml: string) => xml.replace(/(<ds:SignatureValue>)(.)/, otherLetter),
    ],
  ])("%s, and the true one still does", async (_, code, tamper) => {
    const company = await ssp.connect();
    const browser = new Browser();
    const answer = await ssp.answerFor(browser, company);
    const spoiled = tamper(responseXml(answer));
    expect(spoiled).not.toBe(responseXml(answer));
    await expectRefused(browser, company, await deliver(browser, answer, toField(spoiled)), code);
    // The false one did not use the request up.
    arrivedAt(await deliver(browser, answer));
  });

  it("a second time", async () => {
    const company = await ssp.connect();
    const { answer } = await ssp.signIn(company);
    const thief = new Browser();
    await expectRefused(thief, company, await deliver(thief, answer), "request_used");
  });

  it("at another company, though both trust the same SimpleSAMLphp", async () => {
    const [meant, other] = [await ssp.connect(), await ssp.connect()];
    const browser = new Browser();
    const answer = await ssp.answerFor(browser, meant);
    const page = await deliverTo(browser, answer, other);
    await expectRefused(browser, other, page, "destination_mismatch");
    expect(await sessionOf(browser, meant)).toBeNull();
  });

  function deliverTo(browser: Browser, answer: Page, company: Company): Promise<Page> {
    const { fields } = formWith(answer, "SAMLResponse");
    return browser.submit({ action: `${company.url}/sso/acs`, method: "POST", fields });
  }
});
