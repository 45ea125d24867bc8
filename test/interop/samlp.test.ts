/** Another identity provider, built on Auth0's npm package samlp: other templates, another signer, another encryption library. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BINDING, SIGNATURE } from "../../src/saml/index.ts";
import { Browser, type Page } from "./support-browser.ts";
import { type Company, type Gateway, startInteropGateway } from "./support-gateway.ts";
import {
  arrivedAt,
  DEEP_LINK,
  deliver,
  expectRefused,
  formWith,
  responseXml,
  sessionOf,
  textOf,
  toField,
  toIdentityProvider,
} from "./support-journey.ts";
import { type Samlp, type SamlpOptions, startSamlp } from "./support-samlp.ts";

let gateway: Gateway;
let idp: Samlp;
let companies = 0;

beforeAll(async () => {
  gateway = await startInteropGateway();
  idp = await startSamlp(gateway.folder);
});

afterAll(async () => {
  await idp?.stop();
  await gateway?.stop();
  expect(gateway?.faults).toEqual([]);
});

async function connect(settings: Readonly<Record<string, unknown>> = {}, options: SamlpOptions = {}): Promise<Company> {
  const company = await gateway.company(`samlp${++companies}`, await idp.metadata(), settings);
  idp.trust(await company.metadata(), options);
  return company;
}

async function answerFor(browser: Browser, company: Company): Promise<Page> {
  const page = await toIdentityProvider(browser, company);
  return browser.submit(formWith(page, "person"), { person: "bsimon" });
}

async function signIn(company: Company) {
  const browser = new Browser();
  const answer = await answerFor(browser, company);
  const landed = await deliver(browser, answer);
  arrivedAt(landed);
  return { browser, answer, landed, xml: responseXml(answer) };
}

describe("a person of samlp's identity provider signs in", () => {
  it.each(["POST", "Redirect"])("with the request sent by %s", async (requestBinding) => {
    const company = await connect({ requestBinding });
    const { browser, landed } = await signIn(company);
    expect(landed.url).toBe(company.url + DEEP_LINK);
    expect(await sessionOf(browser, company)).toMatchObject({
      user: { email: "b.simon@acme.example", firstName: "Bérengère", lastName: "Simon & <Söhne>" },
      nameId: "b.simon@acme.example",
    });
  });

  it.each(["POST", "Redirect"])(
    "with the request signed and sent by %s, which samlp verifies",
    async (requestBinding) => {
      const company = await connect({ requestBinding, signAuthnRequests: true }, { demandSignature: true });
      await signIn(company);
      await company.change({ signAuthnRequests: false });
      expect((await answerFor(new Browser(), company)).text).toContain("MUST be signed");
    },
  );

  it.each<[string, SamlpOptions, number]>([
    ["the assertion alone, as samlp does unless told otherwise", {}, 1],
    ["the response alone", { signAssertion: false, signResponse: true }, 1],
    ["both", { signResponse: true }, 2],
    ["both with prefixed signatures", { signResponse: true, signatureNamespacePrefix: "dsig" }, 2],
  ])("with a signature over %s", async (_, options, signatures) => {
    const { xml } = await signIn(await connect({}, options));
    expect(xml.match(/SignatureValue>[^<]/g)).toHaveLength(signatures);
  });

  it("with SHA-1 only where the company allows it", async () => {
    const company = await connect({}, { signatureAlgorithm: "rsa-sha1", digestAlgorithm: "sha1" });
    const browser = new Browser();
    await expectRefused(
      browser,
      company,
      await deliver(browser, await answerFor(browser, company)),
      "signature_algorithm",
    );
    await company.change({ allowSha1: true });
    expect((await signIn(company)).xml).toContain(SIGNATURE.rsaSha1);
  });

  it("with attributes that have types and several values, of which one decides the group", async () => {
    const company = await connect({}, { typedAttributes: true, includeAttributeNameFormat: true });
    const editors = (await gateway.api("POST", `/companies/${company.slug}/groups`, {
      title: "Editors",
      type: "member",
      ssoOnly: true,
    })) as { id: string };
    await company.change({
      groupMapping: [{ claim: "http://schemas.passportjs.com/groups", value: "editors", groupId: editors.id }],
    });
    const { browser } = await signIn(company);
    expect((await sessionOf(browser, company))?.user.group.id).toBe(editors.id);
  });
});

describe("encryption by xml-encryption, to our published certificate", () => {
  const ALGORITHMS = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
  ];

  it.each(ALGORITHMS)("with %s", async (encryptionAlgorithm) => {
    const company = await connect({ wantEncryptedAssertions: true }, { encrypt: true, encryptionAlgorithm });
    const { browser, xml } = await signIn(company);
    expect(xml).toContain(encryptionAlgorithm);
    expect(xml).not.toContain("b.simon");
    expect((await sessionOf(browser, company))?.user.lastName).toBe("Simon & <Söhne>");
  });

  it("inside a signed response", async () => {
    const company = await connect({ wantEncryptedAssertions: true }, { encrypt: true, signResponse: true });
    await signIn(company);
  });
});

describe("samlp's identity provider signs nobody in", () => {
  it("who was refused there: the visitor is told, and the administrator reads the status", async () => {
    const denied = "urn:oasis:names:tc:SAML:2.0:status:RequestDenied";
    const company = await connect({}, { refuseWith: { code: denied } });
    const browser = new Browser();
    const page = await deliver(browser, await answerFor(browser, company));
    await expectRefused(browser, company, page, "status_not_success");
    expect(JSON.stringify((await company.signIns())[0]?.checks)).toContain(denied);
  });

  it("whose assertion was changed on its way", async () => {
    const company = await connect();
    const browser = new Browser();
    const answer = await answerFor(browser, company);
    const changed = responseXml(answer).replaceAll("b.simon@", "c.simon@");
    await expectRefused(browser, company, await deliver(browser, answer, toField(changed)), "digest_mismatch");
  });
});

describe("single logout with samlp", () => {
  it.each([
    ["Redirect", BINDING.redirect],
    ["POST", BINDING.post],
  ])(
    "a person who signs out here is signed out there and at another company, answered by %s",
    async (_, logoutBinding) => {
      const company = await connect({ signAuthnRequests: true }, { logoutBinding });
      const other = await connect({ signAuthnRequests: true }, { logoutBinding });
      const { browser } = await signIn(company);
      arrivedAt(await deliver(browser, await answerFor(browser, other)));
      let page = await browser.click(`${company.url}/sso/logout`);
      // By POST each message waits in a form, as for a browser without script.
      for (let forms = 0; page.url.startsWith(idp.url) && forms < 4; forms++)
        page = await browser.submit(page.forms[0]!);
      expect(page.url).toContain(`${company.url}/sso/slo`);
      expect(page.status).toBe(200);
      expect(textOf(page)).toMatch(/signed out/i);
      expect(await sessionOf(browser, company)).toBeNull();
      expect(await sessionOf(browser, other)).toBeNull();
    },
  );

  it("a person who signs out there is signed out here", async () => {
    const company = await connect({}, { logoutBinding: BINDING.redirect });
    const { browser } = await signIn(company);
    const page = await browser.open(`${idp.url}/logout`);
    expect(page.visited.some((url) => url.startsWith(`${company.url}/sso/slo`))).toBe(true);
    expect(page.status).toBe(200);
    expect(await sessionOf(browser, company)).toBeNull();
  });
});
