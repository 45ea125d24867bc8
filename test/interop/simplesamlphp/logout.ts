/** Single logout with SimpleSAMLphp: begun here, begun there, with two companies in one browser, by Redirect and by POST. */
import { describe, expect, it } from "vitest";
import { BINDING, NAME_ID_FORMAT } from "../../../src/saml/index.ts";
import type { Browser, Page } from "../support-browser.ts";
import type { Company } from "../support-gateway.ts";
import { arrivedAt, deliver, formWith, sessionOf, textOf, toIdentityProvider } from "../support-journey.ts";
import { ssp } from "./people.ts";

/** SimpleSAMLphp signs logout messages only when told to; the gateway believes no other. */
const SIGNING = { "sign.logout": true };
/** So that SimpleSAMLphp's Lax cookie comes along, and it remembers who signed in. */
const REMEMBERED = { requestBinding: "Redirect" };

const logoutService = () => `${ssp.idp.url}saml2/idp/SingleLogoutService.php`;

/** The person signs out on SimpleSAMLphp's side. */
function signOutThere(browser: Browser): Promise<Page> {
  const end = encodeURIComponent(`${ssp.idp.url}saml2/idp/metadata.php`);
  return browser.open(`${ssp.idp.url}saml2/idp/initSLO.php?RelayState=${end}`);
}

/** Another company, in a browser that SimpleSAMLphp knows already. */
async function alsoSignInAt(browser: Browser, company: Company): Promise<void> {
  arrivedAt(await deliver(browser, await toIdentityProvider(browser, company)));
}

async function expectSignedOutHere(browser: Browser, company: Company, page: Page): Promise<void> {
  expect(page.status).toBe(200);
  expect(new URL(page.url).origin).toBe(company.url);
  expect(textOf(page)).toMatch(/signed out/i);
  expect(await sessionOf(browser, company)).toBeNull();
}

async function expectPasswordAskedAgain(browser: Browser, company: Company): Promise<void> {
  const page = await toIdentityProvider(browser, company);
  expect(formWith(page, "username").action).toContain(ssp.idp.url);
}

describe("a person signs out here", () => {
  it.each([
    ["an e-mail address", NAME_ID_FORMAT.emailAddress],
    ["a persistent identifier", NAME_ID_FORMAT.persistent],
    ["a transient identifier", NAME_ID_FORMAT.transient],
  ])("known by %s, and is signed out at SimpleSAMLphp too", async (_, nameIdFormat) => {
    const company = await ssp.connect({ ...REMEMBERED, nameIdFormat }, SIGNING);
    const { browser } = await ssp.signIn(company);
    const page = await browser.click(`${company.url}/sso/logout`);
    expect(page.visited.some((url) => url.startsWith(logoutService()))).toBe(true);
    await expectSignedOutHere(browser, company, page);
    await expectPasswordAskedAgain(browser, company);
  });

  it("by a request that SimpleSAMLphp validates with our published certificate", async () => {
    const company = await ssp.connect(
      { ...REMEMBERED, signAuthnRequests: true },
      { ...SIGNING, "validate.logout": true },
    );
    const { browser } = await ssp.signIn(company);
    const page = await browser.click(`${company.url}/sso/logout`);
    await expectSignedOutHere(browser, company, page);
    await expectPasswordAskedAgain(browser, company);
  });

  it("whatever SimpleSAMLphp makes of the request: one it turns away has ended the session all the same", async () => {
    const company = await ssp.connect(REMEMBERED, { ...SIGNING, "validate.logout": true });
    const { browser } = await ssp.signIn(company);
    const page = await browser.click(`${company.url}/sso/logout`);
    expect(textOf(page)).toContain("Missing certificate in metadata");
    expect(await sessionOf(browser, company)).toBeNull();
  });

  it("and with it at every company of that browser", async () => {
    const [first, second] = [await ssp.connect(REMEMBERED, SIGNING), await ssp.connect(REMEMBERED, SIGNING)];
    const { browser } = await ssp.signIn(first);
    await alsoSignInAt(browser, second);
    const page = await browser.click(`${first.url}/sso/logout`);
    expect(page.visited.some((url) => url.startsWith(`${second.url}/sso/slo`))).toBe(true);
    await expectSignedOutHere(browser, first, page);
    expect(await sessionOf(browser, second)).toBeNull();
  });
});

describe("a person signs out at SimpleSAMLphp", () => {
  const POST_ONLY = (company: Company) => ({
    ...SIGNING,
    SingleLogoutService: [{ Binding: BINDING.post, Location: `${company.url}/sso/slo` }],
  });

  it("and at every company of that browser, and in no other browser", async () => {
    const [first, second] = [await ssp.connect(REMEMBERED, SIGNING), await ssp.connect(REMEMBERED, SIGNING)];
    const { browser } = await ssp.signIn(first);
    await alsoSignInAt(browser, second);
    const elsewhere = await ssp.signIn(first);
    const page = await signOutThere(browser);
    expect(page.url).toContain(ssp.idp.url);
    for (const company of [first, second]) {
      expect(page.visited.some((url) => url.startsWith(`${company.url}/sso/slo`))).toBe(true);
      expect(await sessionOf(browser, company)).toBeNull();
    }
    expect(await sessionOf(elsewhere.browser, first)).not.toBeNull();
  });

  it("by a POST that brings none of our cookies", async () => {
    const company = await ssp.connect(REMEMBERED);
    await ssp.idp.trust(await company.metadata(), POST_ONLY(company));
    const { browser } = await ssp.signIn(company);
    const form = formWith(await signOutThere(browser), "SAMLRequest");
    expect(form.action).toBe(`${company.url}/sso/slo`);
    const page = await browser.submit(form);
    expect(page.url).toContain(ssp.idp.url);
    expect(page.visited.some((url) => url.startsWith(logoutService()))).toBe(true);
    const { items } = (await ssp.gateway.api("GET", `/companies/${company.slug}/sessions`)) as { items: unknown[] };
    expect(items).toEqual([]);
    expect(await sessionOf(browser, company)).toBeNull();
  });

  it("by a request that names them in cipher", async () => {
    const company = await ssp.connect(
      { ...REMEMBERED, wantEncryptedAssertions: true },
      { ...SIGNING, "assertion.encryption": true, "nameid.encryption": true },
    );
    const { browser } = await ssp.signIn(company);
    const page = await signOutThere(browser);
    expect(page.url).toContain(ssp.idp.url);
    expect(await sessionOf(browser, company)).toBeNull();
  });

  it("but not by a request that nobody signed: the session stays, and the administrator reads why", async () => {
    const company = await ssp.connect(REMEMBERED);
    const { browser } = await ssp.signIn(company);
    const page = await signOutThere(browser);
    expect(page.status).toBe(403);
    expect(page.url).toContain(`${company.url}/sso/slo`);
    expect(await sessionOf(browser, company)).not.toBeNull();
    const [record] = await company.signIns();
    expect(record).toMatchObject({ outcome: "refused", code: "signature_missing" });
    expect(textOf(page)).toContain(record?.reference);
  });

  it("but not by a request for another company", async () => {
    const [company, other] = [await ssp.connect(REMEMBERED), await ssp.connect(REMEMBERED)];
    await ssp.idp.trust(await company.metadata(), POST_ONLY(company));
    const { browser } = await ssp.signIn(company);
    const there = await ssp.signIn(other);
    const { fields } = formWith(await signOutThere(browser), "SAMLRequest");
    const page = await there.browser.submit({ action: `${other.url}/sso/slo`, method: "POST", fields });
    expect(page.status).toBe(403);
    expect(await sessionOf(there.browser, other)).not.toBeNull();
    expect((await other.signIns())[0]).toMatchObject({ outcome: "refused", code: "destination_mismatch" });
  });
});
