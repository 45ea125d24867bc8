import { beforeAll, describe, expect, it } from "vitest";
import { SIGN_IN_REFUSAL_CODES } from "../../src/failure.ts";
import { STATUS_SUCCESS } from "../../src/saml/index.ts";
import {
  answer,
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  signIn,
  startGateway,
  startSignIn,
  type TestIdp,
} from "../support/gateway.ts";
import { createIdentityProvider, entraClaims } from "../support/identity-provider.ts";

let gateway: Gateway;
let idp: TestIdp;
let acme: Company;
let globex: Company;

beforeAll(async () => {
  gateway = startGateway();
  idp = await createIdentityProvider();
  acme = await createCompany(gateway, "acme", idp);
  globex = await createCompany(gateway, "globex", await createIdentityProvider({ keyName: "globex" }));
});

const SESSION = "__Host-vestibule-session";

async function whoIs(browser: Browser, company = acme) {
  const response = await browser.get(`${company.url}/sso/session`, { accept: "application/json" });
  return response.status === 200 ? ((await response.json()) as { user: { email: string; id: string } }) : null;
}

const seen = new Set<string>();

/** The page has a reference; the company's log has its record; nobody is signed in. */
async function expectRefused(response: Response, code: string, company = acme) {
  const html = await response.text();
  expect(response.status, html).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  expect(response.headers.getSetCookie().some((line) => line.startsWith(`${SESSION}=`))).toBe(false);
  const reference = /[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}/.exec(html)?.[0];
  expect(reference, "a reference on the page").toBeDefined();
  const { body } = await gateway.api("GET", `/companies/${company.slug}/sign-ins?limit=1`);
  const record = body.items[0];
  expect(record).toMatchObject({ outcome: "refused", code });
  seen.add(code);
  const failing = record.checks.find((check: { ok: boolean }) => !check.ok);
  expect(failing, "a failing check").toBeDefined();
  const failed = record.checks.filter(({ ok }: { ok: boolean }) => !ok);
  expect(JSON.stringify(failed), "what went well is not among what failed").not.toContain(STATUS_SUCCESS);
  // The visitor learns nothing that helps to try again.
  expect(html).not.toContain(code);
  return { record, failing };
}

describe("a visitor", () => {
  it("is sent to sign in and comes back to the very page, signed in", async () => {
    const browser = gateway.browser();
    const page = await browser.get(`${acme.url}/assets/17?view=large&q=%C3%A9`);
    expect(page.status).toBe(303);
    const location = new URL(page.headers.get("location") ?? "", acme.url);
    expect(location.pathname).toBe("/sso/login");
    expect(location.searchParams.get("return_to")).toBe("/assets/17?view=large&q=%C3%A9");

    const { requestId, relayState } = await startSignIn(browser, acme, location.searchParams.get("return_to") ?? "");
    expect(new TextEncoder().encode(relayState).length).toBeLessThanOrEqual(80);
    const SAMLResponse = await answer(gateway, acme, requestId);
    const back = await browser.post(acme.acsUrl, { SAMLResponse, RelayState: relayState }, { crossSite: true });
    expect(back.status).toBe(303);
    expect(back.headers.get("location")).toBe("/assets/17?view=large&q=%C3%A9");
    expect(await whoIs(browser)).toMatchObject({
      company: { slug: "acme" },
      user: {
        email: "b.simon@acme.example",
        firstName: "Britta",
        lastName: "Simon",
        group: { id: acme.staffId, title: "Staff", type: "member" },
      },
      nameId: "b.simon@acme.example",
    });
  });

  it("signs in by the Redirect binding as well", async () => {
    const initech = await createCompany(gateway, "initech", idp, {
      requestBinding: "Redirect",
      loginUrl: "https://idp.example/saml2?tenant=1",
    });
    const browser = gateway.browser();
    const login = await browser.get(`${initech.url}/sso/login?return_to=/a`);
    expect(login.status).toBe(303);
    const target = new URL(login.headers.get("location") ?? "");
    expect(target.origin + target.pathname).toBe("https://idp.example/saml2");
    expect(target.searchParams.get("tenant")).toBe("1");
    const packed = Buffer.from(target.searchParams.get("SAMLRequest") ?? "", "base64");
    const { inflateRawSync } = await import("node:zlib");
    const xml = inflateRawSync(packed).toString();
    const requestId = / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
    const SAMLResponse = await answer(gateway, initech, requestId);
    const back = await browser.post(initech.acsUrl, { SAMLResponse }, { crossSite: true });
    expect(back.headers.get("location")).toBe("/a");
  });

  it("signs in from several tabs at once, each landing where it started", async () => {
    const browser = gateway.browser();
    const tabs = [];
    for (const path of ["/one", "/two", "/three"]) tabs.push({ path, ...(await startSignIn(browser, acme, path)) });
    for (const { path, requestId } of tabs.reverse()) {
      const SAMLResponse = await answer(gateway, acme, requestId);
      const back = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
      expect(back.headers.get("location")).toBe(path);
    }
  });

  it("has fifteen minutes to answer, and no more", async () => {
    const browser = gateway.browser();
    const early = await startSignIn(browser, acme);
    const late = await startSignIn(browser, acme);
    gateway.advance(14 * 60);
    const inTime = await answer(gateway, acme, early.requestId);
    expect((await browser.post(acme.acsUrl, { SAMLResponse: inTime }, { crossSite: true })).status).toBe(303);
    gateway.advance(2 * 60);
    const tooLate = await answer(gateway, acme, late.requestId);
    await expectRefused(
      await browser.post(acme.acsUrl, { SAMLResponse: tooLate }, { crossSite: true }),
      "request_expired",
    );
  });

  it("who comes back with the back button is led home when a session exists", async () => {
    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, acme);
    const SAMLResponse = await answer(gateway, acme, requestId);
    await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
    const again = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
    expect(again.status).toBe(403);
    const refresh = /http-equiv="refresh" content="0; ?url=([^"]+)"/i.exec(await again.text())?.[1] ?? "";
    const next = await browser.get(new URL(refresh.replaceAll("&amp;", "&"), acme.url).href);
    expect([next.status, next.headers.get("location")]).toEqual([303, "/"]);

    const stranger = await gateway.browser().get(new URL(refresh, acme.url).href);
    expect(stranger.status).toBe(403);
    const html = await stranger.text();
    expect(html).toContain(/reference=([\w-]+)/.exec(refresh)?.[1]);
    expect(html).not.toMatch(/http-equiv="refresh"/i);
    const forged = await gateway.browser().get(`${acme.url}/sso/acs/used?reference=${encodeURIComponent("<b>-12345")}`);
    expect(await forged.text()).not.toContain("<b>-12345");
  });

  it("starts a sign-in without any database access while the settings are warm, and ends it in two round trips", async () => {
    const browser = gateway.browser();
    await startSignIn(browser, acme);
    gateway.roundTrips();
    const { requestId } = await startSignIn(browser, acme);
    expect(gateway.roundTrips()).toBe(0);
    const SAMLResponse = await answer(gateway, acme, requestId);
    expect((await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true })).status).toBe(303);
    expect(gateway.roundTrips()).toBeLessThanOrEqual(2);
  });
});

describe("a browser without a request of ours", () => {
  async function unbound(email: string) {
    const { requestId } = await startSignIn(gateway.browser(), acme, "/wanted");
    const SAMLResponse = await answer(gateway, acme, requestId, { nameID: email, attributes: entraClaims({ email }) });
    const browser = gateway.browser();
    const page = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
    const html = await page.text();
    const token = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? "";
    return { browser, page, html, token, SAMLResponse };
  }

  it("is asked whether to continue as that person, and nothing is written until it says yes", async () => {
    const { browser, page, html, token } = await unbound("asked@acme.example");
    expect(page.status).toBe(200);
    expect(html).toContain("asked@acme.example");
    expect(browser.cookie(acme.url, SESSION)).toBeNull();
    const users = await gateway.api("GET", "/companies/acme/users?email=asked@acme.example");
    expect(users.body.items).toEqual([]);

    const yes = await browser.post(`${acme.url}/sso/acs/continue`, { token });
    expect(yes.status).toBe(303);
    expect(yes.headers.get("location")).toBe("/");
    expect((await whoIs(browser))?.user.email).toBe("asked@acme.example");
  });

  it("can't be made to say yes by another site", async () => {
    const { browser, token } = await unbound("csrf@acme.example");
    const forced = await browser.post(`${acme.url}/sso/acs/continue`, { token }, { crossSite: true });
    await expectRefused(forced, "confirmation_invalid");
    expect(browser.cookie(acme.url, SESSION)).toBeNull();
  });

  it("can't answer the question that another browser was asked", async () => {
    const attacker = await unbound("attacker@acme.example");
    const victim = await unbound("victim@acme.example");
    const swapped = await victim.browser.post(`${acme.url}/sso/acs/continue`, { token: attacker.token });
    await expectRefused(swapped, "confirmation_invalid");
  });

  it("can answer once, within five minutes", async () => {
    const first = await unbound("once@acme.example");
    await first.browser.post(`${acme.url}/sso/acs/continue`, { token: first.token });
    const again = await first.browser.post(acme.acsUrl, { SAMLResponse: first.SAMLResponse }, { crossSite: true });
    await expectRefused(again, "request_used");
    const slow = await unbound("slow@acme.example");
    gateway.advance(6 * 60);
    const late = await slow.browser.post(`${acme.url}/sso/acs/continue`, { token: slow.token });
    await expectRefused(late, "confirmation_invalid");
  });

  it("is admitted by the settings of the question, in an isolate that remembers older ones too", async () => {
    const own = await createCompany(gateway, "newer", idp, {});
    await gateway.api("PATCH", "/companies/newer/saml", { jit: { groupId: own.administratorsId } });
    const there = gateway.isolate();
    await there.browser().get(`${own.url}/sso/login`);
    await gateway.api("PATCH", "/companies/newer/saml", { jit: { groupId: own.staffId } });

    const { requestId } = await startSignIn(gateway.browser(), own);
    const browser = gateway.browser();
    const email = "new@newer.example";
    const SAMLResponse = await answer(gateway, own, requestId, { nameID: email, attributes: entraClaims({ email }) });
    const asked = await browser.post(own.acsUrl, { SAMLResponse }, { crossSite: true });
    const token = /name="token" value="([^"]+)"/.exec(await asked.text())?.[1] ?? "";
    expect((await browser.at(there).post(`${own.acsUrl}/continue`, { token })).status).toBe(303);
    const { body } = await gateway.api("GET", `/companies/newer/users?email=${email}`);
    expect(body.items[0].groupId).toBe(own.staffId);
  });

  it("with a token of its own making is refused", async () => {
    const browser = gateway.browser();
    for (const token of ["", "x", "A".repeat(200)]) {
      await expectRefused(await browser.post(`${acme.url}/sso/acs/continue`, { token }), "confirmation_invalid");
    }
  });
});

describe("a response", () => {
  async function posted(changes: Parameters<typeof answer>[3] = {}, edit: (xml: string) => string = (xml) => xml) {
    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, acme);
    const xml = Buffer.from(await answer(gateway, acme, requestId, changes), "base64").toString();
    const SAMLResponse = Buffer.from(edit(xml)).toString("base64");
    return { browser, SAMLResponse, response: await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true }) };
  }

  it("without a signature is refused", async () => {
    await expectRefused((await posted({ sign: "none" })).response, "signature_missing");
  });

  it("changed by a letter is refused", async () => {
    const { response } = await posted({}, (xml) => xml.replaceAll("b.simon@acme.example", "v.simon@acme.example"));
    await expectRefused(response, "digest_mismatch");
  });

  it("signed by another key is refused, and the log shows the pinned fingerprint and the one that came", async () => {
    const other = await createIdentityProvider({ entityId: idp.entityId, keyName: "other" });
    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, acme);
    const SAMLResponse = await answer(gateway, { ...acme, idp: other }, requestId);
    const response = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
    const { failing } = await expectRefused(response, "signature_invalid");
    expect(failing.expected).toMatch(/[0-9a-f]{64}/);
    expect(failing.received).toMatch(/[0-9a-f]{64}/);
  });

  it("that came too late is refused", async () => {
    const past = gateway.now() - 7200_000;
    const { response } = await posted({
      notBefore: past - 1000,
      notOnOrAfter: past,
      confirmationNotOnOrAfter: gateway.now() + 60_000,
    });
    const { failing } = await expectRefused(response, "conditions_expired");
    expect(failing.expected).not.toBeNull();
    expect(failing.received).not.toBeNull();
  });

  it("for another company's audience is refused", async () => {
    const { failing } = await expectRefused(
      (await posted({ audience: globex.entityId })).response,
      "audience_mismatch",
    );
    expect(failing).toMatchObject({ expected: acme.entityId, received: globex.entityId });
  });

  it("of another company's identity provider is refused, though that one is known here", async () => {
    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, acme);
    const foreign = { ...acme, idp: globex.idp };
    for (const issuer of [globex.idp.entityId, idp.entityId]) {
      const SAMLResponse = await answer(gateway, foreign, requestId, { issuer });
      const response = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
      await expectRefused(response, issuer === idp.entityId ? "signature_invalid" : "issuer_mismatch");
    }
  });

  it("to a request of another company is refused", async () => {
    const { requestId } = await startSignIn(gateway.browser(), globex);
    const browser = gateway.browser();
    await startSignIn(browser, acme);
    const SAMLResponse = await answer(gateway, acme, requestId);
    const response = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
    await expectRefused(response, "in_response_to_mismatch");
  });

  it("to another browser's request is refused where this one has its own", async () => {
    const { requestId } = await startSignIn(gateway.browser(), acme);
    const browser = gateway.browser();
    await startSignIn(browser, acme);
    const SAMLResponse = await answer(gateway, acme, requestId);
    const response = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
    await expectRefused(response, "in_response_to_mismatch");
  });

  it("that nobody asked for is refused, unless the company allows it", async () => {
    const SAMLResponse = await answer(gateway, acme, null);
    const response = await gateway.browser().post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
    await expectRefused(response, "in_response_to_missing");

    const open = await createCompany(gateway, "open", idp, { allowIdpInitiated: true });
    const browser = gateway.browser();
    const unasked = await answer(gateway, open, null);
    const back = await browser.post(
      open.acsUrl,
      { SAMLResponse: unasked, RelayState: "https://evil.example/" },
      { crossSite: true },
    );
    expect(back.status).toBe(303);
    expect(back.headers.get("location")).toBe("/");
    const again = await gateway.browser().post(open.acsUrl, { SAMLResponse: unasked }, { crossSite: true });
    await expectRefused(again, "assertion_used", open);
  });

  it("is used once, also in another wrapper, at another isolate, in the same browser and in another", async () => {
    const { browser, SAMLResponse, response } = await posted();
    expect(response.status).toBe(303);
    const elsewhere = gateway.isolate();
    await expectRefused(await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true }), "request_used");
    await expectRefused(
      await elsewhere.browser().post(acme.acsUrl, { SAMLResponse }, { crossSite: true }),
      "request_used",
    );
  });

  it("posted 32 times at once makes one session", async () => {
    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, acme);
    const email = "thirtytwo@acme.example";
    const SAMLResponse = await answer(gateway, acme, requestId, { nameID: email, attributes: entraClaims({ email }) });
    const nodes = [gateway, gateway.isolate(), gateway.isolate()];
    const responses = await Promise.all(
      Array.from({ length: 32 }, (_, index) =>
        browser.at(nodes[index % 3] as Gateway).post(acme.acsUrl, { SAMLResponse }, { crossSite: true }),
      ),
    );
    expect(responses.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(responses.filter(({ status }) => status >= 500)).toHaveLength(0);
    const user = (await gateway.api("GET", `/companies/acme/users?email=${email}`)).body.items[0];
    const sessions = await gateway.api("GET", `/companies/acme/sessions?userId=${user.id}`);
    expect(sessions.body.items).toHaveLength(1);
  });

  it("with a failure status keeps what the identity provider said for the administrator, and shows the visitor none of it", async () => {
    const message = "AADSTS50105: Your administrator has configured the application <b>Vestibule</b>";
    const { response } = await posted({
      status: ["urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"],
      statusMessage: message,
      sign: "response",
    });
    const html = await response.clone().text();
    const { record } = await expectRefused(response, "status_not_success");
    expect(JSON.stringify(record.checks)).toContain("AADSTS50105");
    expect(html).not.toContain("AADSTS50105");
  });
});

describe("the form", () => {
  const post = (body: string, headers: Record<string, string> = {}, query = "") =>
    gateway.browser().fetch(`${acme.acsUrl}${query}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      crossSite: true,
    });

  it("without a message is refused", async () => {
    await expectRefused(await post(""), "message_missing");
    await expectRefused(await post("SAMLResponse[]=QUJD"), "message_missing");
  });

  it("with two messages, a message in the query, or a request is refused", async () => {
    await expectRefused(await post("SAMLResponse=QUJD&SAMLResponse=QUJD"), "form_invalid");
    await expectRefused(await post("SAMLResponse=QUJD&RelayState=a&RelayState=b"), "form_invalid");
    await expectRefused(await post("SAMLResponse=QUJD", {}, "?SAMLResponse=QUJD"), "form_invalid");
    await expectRefused(await post("SAMLRequest=QUJD"), "form_invalid");
    await expectRefused(await post("SAMLResponse=QUJD", { "content-type": "text/plain" }), "form_invalid");
  });

  it.each([
    ["SAMLResponse=!!!!", "base64_invalid"],
    ["SAMLResponse=QUJ", "base64_invalid"],
    ["SAMLResponse=QUJD", "xml_malformed"],
    [`SAMLResponse=${encodeURIComponent(btoa("<!DOCTYPE x><x/>"))}`, "xml_doctype"],
    [`SAMLResponse=${encodeURIComponent(btoa("<x/>"))}`, "message_type"],
  ])("%s is refused as %s", async (body, code) => {
    await expectRefused(await post(body), code);
  });

  it("of ten megabytes is refused, and the next one is served", async () => {
    await expectRefused(await post(`SAMLResponse=${"A".repeat(10_000_000)}`), "message_too_large");
    expect((await signIn(gateway, gateway.browser(), acme)).status).toBe(303);
  });

  it("is not taken by GET", async () => {
    const response = await gateway.browser().get(`${acme.acsUrl}?SAMLResponse=QUJD`);
    expect(response.status).toBe(404);
  });
});

describe("a person", () => {
  const as = (email: string, claims: Record<string, string | string[]> = {}) => ({
    nameID: email,
    attributes: { ...entraClaims({ email }), ...claims },
  });

  it("without Just-In-Time provisioning is turned away until somebody creates them", async () => {
    const strict = await createCompany(gateway, "strict", idp, { jit: { enabled: false, groupId: null } });
    const browser = gateway.browser();
    await expectRefused(await signIn(gateway, browser, strict, as("new@acme.example")), "user_unknown", strict);
    await gateway.api("POST", "/companies/strict/users", {
      email: "New@acme.example",
      firstName: "New",
      lastName: "Person",
      company: "Strict",
      groupId: strict.staffId,
    });
    expect((await signIn(gateway, browser, strict, as("new@acme.example"))).status).toBe(303);
  });

  it("who is disabled stays out, and no second account appears", async () => {
    const email = "disabled@acme.example";
    await signIn(gateway, gateway.browser(), acme, as(email));
    const [user] = (await gateway.api("GET", `/companies/acme/users?email=${email}`)).body.items;
    await gateway.api("PATCH", `/companies/acme/users/${user.id}`, { status: "disabled" });
    await expectRefused(await signIn(gateway, gateway.browser(), acme, as(email)), "user_disabled");
    expect((await gateway.api("GET", `/companies/acme/users?email=${email}`)).body.items).toHaveLength(1);
  });

  it("with the e-mail address of somebody else's account is turned away", async () => {
    await signIn(gateway, gateway.browser(), acme, as("taken@acme.example"));
    const other = as("taken@acme.example", {
      "http://schemas.microsoft.com/identity/claims/objectidentifier": "another",
    });
    await expectRefused(
      await signIn(gateway, gateway.browser(), acme, { ...other, nameID: "other-name" }),
      "user_conflict",
    );
  });

  it("with an address that could be taken for another is turned away", async () => {
    const mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    await expectRefused(
      await signIn(gateway, gateway.browser(), acme, as("a@acme.example", { [mail]: "v\u0456ctim@acme.example" })),
      "email_invalid",
    );
    await expectRefused(
      await signIn(
        gateway,
        gateway.browser(),
        acme,
        as("a@acme.example", { [mail]: ["a@acme.example", "b@acme.example"] }),
      ),
      "claim_ambiguous",
    );
    await expectRefused(
      await signIn(gateway, gateway.browser(), acme, { nameID: "no-address", attributes: { x: "y" } }),
      "email_missing",
    );
  });

  it("without the key that the administrator named is turned away", async () => {
    const mapping = { email: null, firstName: null, lastName: null, userKey: "uid" };
    const keyed = await createCompany(gateway, "keyed", idp, { attributeMapping: mapping });
    await expectRefused(await signIn(gateway, gateway.browser(), keyed), "user_key_invalid", keyed);
    const withKey = as("keyed@acme.example", { uid: "42" });
    expect((await signIn(gateway, gateway.browser(), keyed, withKey)).status).toBe(303);
  });

  it("whom no mapping gives a group is turned away where none is chosen for the others", async () => {
    const mapped = await createCompany(gateway, "mapped", idp);
    const { body } = await gateway.api("GET", "/companies/mapped/saml");
    const rules = [{ claim: "role", value: "editor", groupId: mapped.staffId }];
    const jit = { enabled: true, groupId: null };
    const saved = await gateway.api("PUT", "/companies/mapped/saml", { ...body, jit, groupMapping: rules });
    expect(saved.status).toBe(200);
    await expectRefused(await signIn(gateway, gateway.browser(), mapped), "group_missing", mapped);
    const editor = as("editor@acme.example", { role: "editor" });
    expect((await signIn(gateway, gateway.browser(), mapped, editor)).status).toBe(303);
  });

  it("is updated from the claims on later sign-ins", async () => {
    const email = "renamed@acme.example";
    await signIn(gateway, gateway.browser(), acme, as(email));
    const surname = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname";
    const browser = gateway.browser();
    await signIn(gateway, browser, acme, as(email, { [surname]: "<i>Married</i>" }));
    expect(await whoIs(browser)).toMatchObject({ user: { lastName: "<i>Married</i>" } });
  });

  it("of a suspended company is turned away at once where another isolate has not heard of it", async () => {
    const late = await createCompany(gateway, "late", idp);
    const elsewhere = gateway.isolate();
    const browser = elsewhere.browser();
    const { requestId } = await startSignIn(browser, late);
    await gateway.api("PATCH", "/companies/late", { status: "suspended" });
    const SAMLResponse = await answer(gateway, late, requestId);
    const response = await browser.post(late.acsUrl, { SAMLResponse }, { crossSite: true });
    await expectRefused(response, "company_suspended", late);
  });

  it("signs in with a certificate that was added a moment ago in another isolate", async () => {
    const next = await createIdentityProvider({ entityId: idp.entityId, keyName: "next" });
    const rolling = await createCompany(gateway, "rolling", idp);
    const elsewhere = gateway.isolate();
    const browser = elsewhere.browser();
    const { requestId } = await startSignIn(browser, rolling);
    const { body } = await gateway.api("GET", "/companies/rolling/saml");
    await gateway.api("PUT", "/companies/rolling/saml", {
      ...body,
      certificates: [...body.certificates, next.certificatePem],
    });
    const SAMLResponse = await answer(gateway, { ...rolling, idp: next }, requestId);
    expect((await browser.post(rolling.acsUrl, { SAMLResponse }, { crossSite: true })).status).toBe(303);
  });
});

describe("a SHA-1 signature", () => {
  it("passes only where the company says so, and its record says that it did", async () => {
    const old = { signature: { algorithm: "http://www.w3.org/2000/09/xmldsig#rsa-sha1" } };
    await expectRefused(await signIn(gateway, gateway.browser(), acme, old), "signature_algorithm");
    const lenient = await createCompany(gateway, "lenient", idp, { allowSha1: true });
    expect((await signIn(gateway, gateway.browser(), lenient, old)).status).toBe(303);
    const { body } = await gateway.api("GET", "/companies/lenient/sign-ins?limit=1");
    expect(body.items[0].checks.map(({ name }: { name: string }) => name)).toContain("sha1_allowed");
  });
});

describe("forced authentication", () => {
  it("refuses an authentication from before the request", async () => {
    const forced = await createCompany(gateway, "forced", idp, { forceAuthn: true });
    const old = { authnInstant: gateway.now() - 3600_000 };
    await expectRefused(await signIn(gateway, gateway.browser(), forced, old), "authn_instant_too_old", forced);
    expect((await signIn(gateway, gateway.browser(), forced)).status).toBe(303);
  });
});

it("what says that it answers a test of the settings, in a browser that began none, is refused", async () => {
  const { requestId } = await startSignIn(gateway.browser(), acme);
  const SAMLResponse = await answer(gateway, acme, requestId);
  const fields = { SAMLResponse, RelayState: `test.${requestId}` };
  await expectRefused(await gateway.browser().post(acme.acsUrl, fields, { crossSite: true }), "test_invalid");
});

describe("a company without SAML settings", () => {
  it("answers 404 at the ACS", async () => {
    await gateway.api("POST", "/companies", { slug: "bare", name: "Bare", originUrl: "https://origin.example" });
    const response = await gateway.browser().post("https://bare.example.com/sso/acs", { SAMLResponse: "QUJD" });
    expect(response.status).toBe(404);
  });
});

it("each refusal that the gateway makes itself was seen above", () => {
  expect(
    SIGN_IN_REFUSAL_CODES.filter((code) => !seen.has(code) && !/^(?:local|invitation|passkey)_/.test(code)),
  ).toEqual([]);
});
