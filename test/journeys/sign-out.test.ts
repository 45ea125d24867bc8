import { beforeAll, describe, expect, it } from "vitest";
import { NAME_ID_FORMAT } from "../../src/saml/index.ts";
import {
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  signIn,
  startGateway,
  type TestIdp,
} from "../support/gateway.ts";
import { createIdentityProvider, entraClaims } from "../support/identity-provider.ts";

let gateway: Gateway;
let idp: TestIdp;
let plain: Company;
let acme: Company;

const SLO_AT_IDP = "https://idp.example/logout?app=1";

beforeAll(async () => {
  gateway = startGateway();
  idp = await createIdentityProvider();
  plain = await createCompany(gateway, "plain", idp);
  acme = await createCompany(gateway, "acme", idp, { logoutUrl: SLO_AT_IDP });
});

const isSignedIn = async (browser: Browser, company: Company) =>
  (await browser.get(`${company.url}/sso/session`)).status === 200;

async function signedIn(company = acme, email = "b.simon@acme.example", sessionIndex = "index-1") {
  const browser = gateway.browser();
  await signIn(gateway, browser, company, { nameID: email, attributes: entraClaims({ email }), sessionIndex });
  expect(await isSignedIn(browser, company)).toBe(true);
  return browser;
}

/** Past the time for which a cookie is believed unasked: what D1 says decides. */
const letProofsLapse = () => gateway.advance(60);

describe("the visitor's own sign-out", () => {
  it.each(["GET", "POST"])("by %s ends the session here, on a page that does not sign in again", async (method) => {
    const browser = await signedIn(plain);
    const copy = browser.at(gateway.isolate());
    copy.cookies.set(new URL(plain.url).host, new Map(browser.cookies.get(new URL(plain.url).host)));
    const response = await browser.fetch(`${plain.url}/sso/logout`, { method });
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).not.toMatch(/http-equiv="refresh"|SAMLRequest/i);
    expect(await isSignedIn(browser, plain)).toBe(false);
    // A copy of the cookie is worth nothing either, at the latest a minute later.
    letProofsLapse();
    expect(await isSignedIn(copy, plain)).toBe(false);
  });

  it.each([
    ["a picture", "GET", { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" }],
    ["a frame", "GET", { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }],
    ["a form", "POST", { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }],
  ])(
    "is not brought about by %s of another company's page, and is by a link of anywhere",
    async (_what, method, headers) => {
      const browser = await signedIn(plain);
      const response = await browser.fetch(`${plain.url}/sso/logout`, { method, headers });
      expect([response.status, response.headers.getSetCookie()]).toEqual([403, []]);
      expect(await isSignedIn(browser, plain)).toBe(true);
      const led = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
      expect((await browser.get(`${plain.url}/sso/logout`, led)).status).toBe(200);
      expect(await isSignedIn(browser, plain)).toBe(false);
      // As it comes by way of a service worker of the company's application.
      const passedOn = await signedIn(plain);
      await passedOn.get(`${plain.url}/sso/logout`, { ...led, "sec-fetch-dest": "empty" });
      expect(await isSignedIn(passedOn, plain)).toBe(false);
    },
  );

  it("is not done by a HEAD, which only asks", async () => {
    const browser = await signedIn();
    expect((await browser.fetch(`${acme.url}/sso/logout`, { method: "HEAD" })).status).toBe(200);
    expect(await isSignedIn(browser, acme)).toBe(true);
  });

  it("without a session ends on the same page", async () => {
    expect((await gateway.browser().get(`${acme.url}/sso/logout`)).status).toBe(200);
  });

  it("goes on to the identity provider's Logout URL with who is leaving, and comes back to a page that says so", async () => {
    const browser = await signedIn();
    const response = await browser.get(`${acme.url}/sso/logout`);
    expect(response.status).toBe(303);
    const target = new URL(response.headers.get("location") ?? "");
    expect(target.origin + target.pathname + target.searchParams.get("app")).toBe("https://idp.example/logout1");
    const { inflateRawSync } = await import("node:zlib");
    const xml = inflateRawSync(Buffer.from(target.searchParams.get("SAMLRequest") ?? "", "base64")).toString();
    expect(xml).toContain(">b.simon@acme.example</");
    expect(xml).toContain(">index-1</");
    expect(await isSignedIn(browser, acme)).toBe(false);

    const inResponseTo = / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
    const answer = idp.logoutResponse({ destination: `${acme.url}/sso/slo`, now: gateway.now(), inResponseTo });
    const query = await idp.redirectQuery("SAMLResponse", answer);
    const back = await browser.fetch(`${acme.url}/sso/slo?${query}`, { crossSite: true });
    expect(back.status).toBe(200);
    expect(await back.text()).toContain("signed out");
  });
});

describe("a LogoutRequest of the identity provider", () => {
  const request = (changes: Partial<Parameters<TestIdp["logoutRequest"]>[0]> = {}) =>
    idp.logoutRequest({ destination: `${acme.url}/sso/slo`, now: gateway.now(), sessionIndex: "index-1", ...changes });
  /** From the front channel: another site's page, none of our cookies. */
  const send = async (query: string) =>
    gateway.browser().fetch(`${acme.url}/sso/slo?${query}`, { crossSite: true, cookies: false });

  it("by Redirect ends the session it names, found without any cookie, and is answered", async () => {
    const [one, other] = [await signedIn(acme, undefined, "index-1"), await signedIn(acme, undefined, "index-2")];
    const query = await idp.redirectQuery("SAMLRequest", request(), { relayState: "the provider's own" });
    const response = await send(query);
    expect(response.status).toBe(303);
    const target = new URL(response.headers.get("location") ?? "");
    expect(target.href).toMatch(/^https:\/\/idp\.example\/logout\?app=1&SAMLResponse=/);
    expect(target.searchParams.get("RelayState")).toBe("the provider's own");
    letProofsLapse();
    expect(await isSignedIn(one, acme)).toBe(false);
    expect(await isSignedIn(other, acme)).toBe(true);
  });

  it.each([
    ["80 bytes", "r".repeat(80), true],
    ["80 bytes of two a character", "é".repeat(40), true],
    ["81 bytes", "r".repeat(81), false],
    ["82 bytes of two a character", "é".repeat(41), false],
  ])("gets back its RelayState of %s, which may have 80 (Bindings 3.4.3)", async (_length, relayState, echoed) => {
    const query = await idp.redirectQuery("SAMLRequest", request({ nameID: "nobody@acme.example" }), { relayState });
    const target = new URL((await send(query)).headers.get("location") ?? "");
    expect(target.searchParams.get("RelayState")).toBe(echoed ? relayState : null);
  });

  it.each([
    ["none", null, true],
    ["one that means nothing", NAME_ID_FORMAT.unspecified, true],
    ["another", NAME_ID_FORMAT.persistent, false],
  ])("whose NameID has %s for a Format ends the session: %s", async (_which, format, ends) => {
    const value = `format-${String(format).length}@acme.example`;
    const browser = await signedIn(acme, value);
    expect((await send(await idp.redirectQuery("SAMLRequest", request({ nameID: { value, format } })))).status).toBe(
      303,
    );
    letProofsLapse();
    expect(await isSignedIn(browser, acme)).toBe(!ends);
  });

  it("may come under the other spelling of Entra's Issuer than the sign-in did", async () => {
    const tenant = "7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90";
    const entra = await createIdentityProvider({ entityId: `https://sts.windows.net/${tenant}/`, keyName: "entra" });
    const company = await createCompany(gateway, "spelt", entra, {
      idpEntityId: null,
      loginUrl: `https://login.microsoftonline.com/${tenant}/saml2`,
    });
    const browser = await signedIn(company, "spelt@acme.example", "s");
    const message = { destination: `${company.url}/sso/slo`, now: gateway.now(), nameID: "spelt@acme.example" };
    const of = (issuer: string) => entra.redirectQuery("SAMLRequest", entra.logoutRequest({ ...message, issuer }));
    const strange = await of("https://login.microsoftonline.com/00000000-2a51-4e9b-9a55-0c6f4b1d2e90/");
    expect((await gateway.browser().get(`${company.url}/sso/slo?${strange}`)).status).toBe(403);
    letProofsLapse();
    expect(await isSignedIn(browser, company)).toBe(true);
    const other = await of(`https://login.microsoftonline.com/${tenant}/`);
    expect((await gateway.browser().get(`${company.url}/sso/slo?${other}`)).status).toBe(200);
    letProofsLapse();
    expect(await isSignedIn(browser, company)).toBe(false);
  });

  it("without a SessionIndex ends all sessions of that person and nobody else's", async () => {
    const email = "two@acme.example";
    const browsers = [await signedIn(acme, email, "a"), await signedIn(acme, email, "b"), await signedIn(acme)];
    await send(await idp.redirectQuery("SAMLRequest", request({ nameID: email, sessionIndex: null })));
    letProofsLapse();
    expect(await Promise.all(browsers.map((browser) => isSignedIn(browser, acme)))).toEqual([false, false, true]);
  });

  it("that names more sessions than are told apart ends all of that person's", async () => {
    const email = "many@acme.example";
    const browsers = [await signedIn(acme, email, "first"), await signedIn(acme, email, "index-60")];
    const sessionIndex = ["first", ...Array.from({ length: 60 }, (_, at) => `index-${at + 1}`)];
    const xml = request({ id: "_many-request", nameID: email, sessionIndex });
    const SAMLRequest = await idp.postField(xml, "_many-request");
    await gateway.browser().post(`${acme.url}/sso/slo`, { SAMLRequest }, { crossSite: true });
    letProofsLapse();
    expect(await Promise.all(browsers.map((browser) => isSignedIn(browser, acme)))).toEqual([false, false]);
  });

  it("by POST is believed by the signature inside it", async () => {
    const browser = await signedIn(acme, "post@acme.example", "p");
    const xml = request({ id: "_post-request", nameID: "post@acme.example", sessionIndex: "p" });
    const SAMLRequest = await idp.postField(xml, "_post-request");
    const response = await gateway.browser().post(`${acme.url}/sso/slo`, { SAMLRequest }, { crossSite: true });
    expect(response.status).toBe(303);
    letProofsLapse();
    expect(await isSignedIn(browser, acme)).toBe(false);
  });

  it("with lower-case percent-encoding is verified as it came", async () => {
    const browser = await signedIn(acme, "lower@acme.example", "l");
    const xml = request({ nameID: "lower@acme.example", sessionIndex: "l" });
    expect((await send(await idp.redirectQuery("SAMLRequest", xml, { lowerCase: true }))).status).toBe(303);
    letProofsLapse();
    expect(await isSignedIn(browser, acme)).toBe(false);
  });

  it("at one company ends nobody's session at another", async () => {
    const elsewhere = await signedIn(plain, "shared@acme.example", "s");
    await send(await idp.redirectQuery("SAMLRequest", request({ nameID: "shared@acme.example", sessionIndex: null })));
    letProofsLapse();
    expect(await isSignedIn(elsewhere, plain)).toBe(true);
  });

  it("of Entra, which takes no LogoutResponse, ends on the signed-out page", async () => {
    const entra = await createCompany(gateway, "entra", idp, {
      logoutUrl: "https://login.microsoftonline.com/7f3c1c5e-2a51-4e9b-9a55-0c6f4b1d2e90/saml2",
    });
    const xml = idp.logoutRequest({ destination: `${entra.url}/sso/slo`, now: gateway.now() });
    const query = await idp.redirectQuery("SAMLRequest", xml);
    const response = await gateway.browser().fetch(`${entra.url}/sso/slo?${query}`, { crossSite: true });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("signed out");
  });

  describe("ends nothing", () => {
    async function expectRefused(response: Response, browser: Browser, code: string) {
      expect(response.status).toBe(403);
      letProofsLapse();
      expect(await isSignedIn(browser, acme)).toBe(true);
      const { body } = await gateway.api("GET", "/companies/acme/sign-ins?limit=1");
      expect(body.items[0]).toMatchObject({ outcome: "refused", code });
    }

    it("unsigned, with a signature only inside, or with its signature removed", async () => {
      const browser = await signedIn();
      const bare = await idp.redirectQuery("SAMLRequest", request(), { sign: false });
      await expectRefused(await send(bare), browser, "signature_missing");
      const signed = await idp.redirectQuery("SAMLRequest", request());
      await expectRefused(await send(signed.replace(/&Signature=.*$/, "")), browser, "signature_missing");
    });

    it("forged and posted, and nobody is told that they are signed out", async () => {
      const browser = await signedIn();
      const other = await createIdentityProvider({ entityId: idp.entityId, keyName: "other" });
      const SAMLRequest = await other.postField(request({ id: "_forged" }), "_forged");
      // The session's cookie doesn't come with another site's post.
      const response = await browser.post(`${acme.url}/sso/slo`, { SAMLRequest }, { crossSite: true });
      const html = await response.clone().text();
      expect(html).not.toContain("You are signed out");
      expect(html).toContain('href="/sso/logout"');
      await expectRefused(response, browser, "signature_invalid");
    });

    it("signed by another company's identity provider", async () => {
      const browser = await signedIn();
      const other = await createIdentityProvider({ entityId: idp.entityId, keyName: "other" });
      await expectRefused(
        await send(await other.redirectQuery("SAMLRequest", request())),
        browser,
        "signature_invalid",
      );
    });

    it("sent a second time", async () => {
      const query = await idp.redirectQuery("SAMLRequest", request({ sessionIndex: null }));
      await send(query);
      const browser = await signedIn();
      await expectRefused(await send(query), browser, "in_response_to_mismatch");
    });

    it("sent a second time by POST, or unsigned there, or altered, or signed by another", async () => {
      const post = (SAMLRequest: string) =>
        gateway.browser().post(`${acme.url}/sso/slo`, { SAMLRequest }, { crossSite: true });
      const xml = request({ id: "_again", sessionIndex: null });
      const field = await idp.postField(xml, "_again");
      expect((await post(field)).status).toBe(303);
      const browser = await signedIn();
      const again = await browser.post(`${acme.url}/sso/slo`, { SAMLRequest: field }, { crossSite: true });
      expect(await again.clone().text()).not.toContain("You are signed out");
      await expectRefused(again, browser, "in_response_to_mismatch");
      // The same message by the other binding is the same message.
      await expectRefused(await send(await idp.redirectQuery("SAMLRequest", xml)), browser, "in_response_to_mismatch");
      await expectRefused(await post(await idp.postField(request({ id: "_bare" }))), browser, "signature_missing");
      const altered = Buffer.from(await idp.postField(request({ id: "_altered" }), "_altered"), "base64");
      const forged = altered.toString().replace("b.simon@acme.example", "c.simon@acme.example");
      await expectRefused(await post(Buffer.from(forged).toString("base64")), browser, "digest_mismatch");
      const other = await createIdentityProvider({ entityId: idp.entityId, keyName: "other" });
      await expectRefused(await post(await other.postField(request({ id: "_o" }), "_o")), browser, "signature_invalid");
    });

    it("meant for another company", async () => {
      const browser = await signedIn();
      const query = await idp.redirectQuery("SAMLRequest", request({ destination: `${plain.url}/sso/slo` }));
      await expectRefused(await send(query), browser, "destination_mismatch");
    });

    it("out of date", async () => {
      const browser = await signedIn();
      const query = await idp.redirectQuery("SAMLRequest", request({ notOnOrAfter: gateway.now() - 7_200_000 }));
      await expectRefused(await send(query), browser, "conditions_expired");
    });

    it("with an unsigned message put first", async () => {
      const browser = await signedIn();
      const forged = await idp.redirectQuery("SAMLRequest", request(), { sign: false });
      const signed = await idp.redirectQuery("SAMLRequest", request({ nameID: "somebody@acme.example" }));
      const response = await send(`${forged}&${signed}`);
      expect(response.status).toBe(403);
      letProofsLapse();
      expect(await isSignedIn(browser, acme)).toBe(true);
    });
  });
});

describe("a LogoutResponse", () => {
  it("that nobody asked for changes nothing and is refused", async () => {
    const browser = await signedIn();
    for (const sign of [true, false]) {
      const xml = idp.logoutResponse({
        destination: `${acme.url}/sso/slo`,
        now: gateway.now(),
        inResponseTo: "_nothing",
      });
      const query = await idp.redirectQuery("SAMLResponse", xml, { sign });
      expect((await browser.fetch(`${acme.url}/sso/slo?${query}`, { crossSite: true })).status).toBe(403);
    }
    expect(await isSignedIn(browser, acme)).toBe(true);
  });
});

describe("the SingleLogoutService", () => {
  it("of a company without single sign-on is a page that says so", async () => {
    await gateway.api("POST", "/companies", { slug: "bare", name: "Bare", originUrl: "https://origin.example" });
    for (const method of ["GET", "POST"]) {
      const response = await gateway.browser().fetch("https://bare.example.com/sso/slo", { method });
      expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    }
  });

  it.each(["", "?x=1", "?SAMLRequest=", "?SAMLRequest=AAAA&SAMLRequest=AAAA", "?SAMLRequest=%"])(
    "refuses %j without falling over",
    async (query) => {
      expect((await gateway.browser().get(`${acme.url}/sso/slo${query}`)).status).toBe(403);
    },
  );

  it("refuses forms that carry no message or two, and tells nobody that they are signed out", async () => {
    for (const fields of [{}, { SAMLRequest: "AAAA", SAMLResponse: "AAAA" }] as Record<string, string>[]) {
      const response = await gateway.browser().post(`${acme.url}/sso/slo`, fields, { crossSite: true });
      expect(response.status).toBe(403);
      expect(await response.text()).not.toContain("You are signed out");
    }
  });
});
