/** Who must not start, answer or apply a test, and what a test must never become: a sign-in, or a sign-in a test. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  answer,
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  startGateway,
  startSignIn,
} from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, formOn, personIn, signInAs, submit } from "./console-stage.ts";
import { answerTest, apply, beginTest, claimsFor, post, RESULT, saveDraft, testAs } from "./drafts-stage.ts";

const ADA = "ada@acme.example";
const SESSION = "__Host-vestibule-session";

let gateway: Gateway;
let acme: Company;
let ada: Browser;
let slugs = 0;

beforeEach(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, `acme${slugs++}`, await createIdentityProvider());
  ada = await personIn(gateway, acme, ADA, true);
  await saveDraft(ada, acme);
});

const draft = async () => (await gateway.api("GET", `/companies/${acme.slug}/saml/draft`)).body;
const lastSignIn = async () => (await gateway.api("GET", `/companies/${acme.slug}/sign-ins?limit=1`)).body.items[0];
const at = (path: string) => acme.url + CONSOLE + path;

/** Nobody came in: no session cookie, no session, no user. */
async function expectNobody(browser: Browser, response: Response): Promise<void> {
  expect(response.headers.getSetCookie().join()).not.toContain(SESSION);
  expect((await browser.get(`${acme.url}/sso/session`)).status).toBe(401);
  const { body } = await gateway.api("GET", `/companies/${acme.slug}/users?email=mallory@acme.example`);
  expect(body.items).toEqual([]);
}

describe("the answer to a test signs nobody in", () => {
  const testAnswer = async () => {
    const begun = await beginTest(ada, acme);
    return { begun, form: await answer(gateway, acme, begun.requestId, claimsFor("mallory@acme.example")) };
  };

  it.for([false, true])(
    "posted as a sign-in, in a browser that has one under way or none; IdP-initiated allowed: %s",
    async (allowIdpInitiated) => {
      await gateway.api("PATCH", `/companies/${acme.slug}/saml`, { allowIdpInitiated });
      const { begun, form } = await testAnswer();
      for (const relayState of ["", begun.requestId, "none"]) {
        const browser = gateway.browser();
        // With a sign-in under way or without one, when nobody must be asked whom to continue as either.
        if (relayState !== "none") await startSignIn(browser, acme);
        const answered = await post(browser, acme, form, relayState);
        expect(answered.status).toBe(403);
        const expected = "a request that this gateway made for this company";
        expect(await lastSignIn()).toMatchObject({
          outcome: "refused",
          code: "in_response_to_mismatch",
          checks: expect.arrayContaining([expect.objectContaining({ name: "pending_request", ok: false, expected })]),
        });
        await expectNobody(browser, answered);
      }
    },
  );

  it("in another browser, though it says that it is a test", async () => {
    const { begun, form } = await testAnswer();
    const browser = gateway.browser();
    const answered = await post(browser, acme, form, begun.relayState);
    expect(answered.status).toBe(403);
    expect(await lastSignIn()).toMatchObject({ outcome: "refused", code: "test_invalid" });
    await expectNobody(browser, answered);
    expect((await draft()).draft.test).toBeNull();
  });

  it("when the draft is in force meanwhile: not as a test, not as a sign-in", async () => {
    const { begun, form } = await testAnswer();
    expect((await apply(ada, acme)).status).toBe(303);
    const before = ada.cookie(acme.url, SESSION);
    const answered = await post(ada, acme, form, begun.relayState);
    expect(answered.headers.get("location")).toBe(`${RESULT}?answer=older`);
    expect(ada.cookie(acme.url, SESSION)).toBe(before);
    const browser = gateway.browser();
    await startSignIn(browser, acme);
    await expectNobody(browser, await post(browser, acme, form, begun.requestId));
  });

  it("nor once it has passed: its assertion and its request are used up", async () => {
    const { begun, form } = await testAnswer();
    expect((await post(ada, acme, form, begun.relayState)).headers.get("location")).toBe(RESULT);
    const again = await answer(gateway, acme, begun.requestId, claimsFor("mallory@acme.example"));
    const browser = gateway.browser();
    await expectNobody(browser, await post(browser, acme, form, ""));
    await expectNobody(browser, await post(browser, acme, again, ""));
  });

  it("and not the visitor whose browser holds the test: they stay who they were", async () => {
    const html = await testAs(gateway, ada, acme, "mallory@acme.example");
    expect(html).toContain("mallory@acme.example");
    const session = await (await ada.get(`${acme.url}/sso/session`)).json();
    expect(session).toMatchObject({ user: { email: ADA } });
  });
});

describe("the answer to a sign-in is no test", () => {
  it("posted as one by the administrator: the draft is refused, the sign-in still good", async () => {
    const { requestId, relayState } = await startSignIn(ada, acme);
    const form = await answer(gateway, acme, requestId, claimsFor(ADA));
    const begun = await beginTest(ada, acme);
    expect((await post(ada, acme, form, begun.relayState)).headers.get("location")).toBe(RESULT);
    expect((await draft()).draft.test).toMatchObject({
      outcome: "refused",
      code: "in_response_to_mismatch",
      result: null,
    });
    expect((await post(ada, acme, form, relayState)).headers.get("location")).toBe("/");
  });

  it("nor is one that nobody asked for, even where the draft allows those", async () => {
    gateway.advance(1);
    await saveDraft(ada, acme, { allowIdpInitiated: "on" });
    const begun = await beginTest(ada, acme);
    const form = await answer(gateway, acme, null, claimsFor(ADA));
    await post(ada, acme, form, begun.relayState);
    expect((await draft()).draft.test).toMatchObject({ outcome: "refused", code: "in_response_to_mismatch" });
  });
});

describe("a test belongs to who began it", () => {
  it("another administrator's browser, even with a test of its own under way, can't answer it", async () => {
    const bob = await personIn(gateway, acme, "bob@acme.example", true);
    const begun = await beginTest(ada, acme);
    await beginTest(bob, acme);
    const answered = await answerTest(gateway, bob, acme, begun, claimsFor("bob@acme.example"));
    expect(answered.status).toBe(403);
    expect(await lastSignIn()).toMatchObject({ code: "test_invalid" });
    expect((await draft()).draft.test).toBeNull();
  });

  it("a stolen ticket starts nothing without its session", async () => {
    await submit(ada, acme, "/draft", {}, "/draft/test");
    const ticket = ada.cookie(acme.url, "__Host-vestibule-test") ?? "";
    const bob = await personIn(gateway, acme, "bob@acme.example", true);
    for (const browser of [gateway.browser(), bob]) {
      const cookie = [`__Host-vestibule-test=${ticket}`, `${SESSION}=${browser.cookie(acme.url, SESSION) ?? ""}`].join(
        "; ",
      );
      const started = await browser.fetch(`${acme.url}/sso/login/test`, { cookies: false, headers: { cookie } });
      expect(started.status).toBe(303);
      expect(started.headers.get("location")).toBe(RESULT);
    }
    expect((await gateway.browser().get(`${acme.url}/sso/login/test`)).headers.get("location")).toBe(RESULT);
  });

  it("it is worth nothing once the administrator is none any more, is signed out, or took too long", async () => {
    const begun = await beginTest(ada, acme);
    const { body } = await gateway.api("GET", `/companies/${acme.slug}/users?email=${ADA}`);
    const path = `/companies/${acme.slug}/users/${body.items[0].id}`;
    for (const groupId of [acme.staffId, acme.administratorsId]) {
      await gateway.api("PATCH", path, { groupId });
      if (groupId === acme.administratorsId) await gateway.api("DELETE", `/companies/${acme.slug}/sessions`);
      const answered = await answerTest(gateway, ada, acme, begun, claimsFor(ADA));
      expect(answered.status).toBe(403);
      expect(await lastSignIn()).toMatchObject({ code: "test_invalid" });
    }
    expect((await draft()).draft.test).toBeNull();
    await signInAs(gateway, ada, acme, ADA);
    const late = await beginTest(ada, acme);
    gateway.advance(16 * 60);
    await answerTest(gateway, ada, acme, late, claimsFor(ADA));
    expect((await draft()).draft.test).toMatchObject({ outcome: "refused", code: "request_expired" });
  });

  it("another company's administrator can neither begin nor answer it, with their cookies or their form", async () => {
    const globex = await createCompany(gateway, `globex${slugs}`, await createIdentityProvider({ keyName: "globex" }));
    const eve = await personIn(gateway, globex, "eve@globex.example", true);
    await saveDraft(eve, globex);
    const theirs = await beginTest(eve, globex);
    const cookies = ["__Host-vestibule-test", SESSION]
      .map((name) => `${name}=${eve.cookie(globex.url, name)}`)
      .join("; ");
    const browser = gateway.browser();
    const carried = { cookies: false, headers: { cookie: cookies } };
    expect((await browser.fetch(`${acme.url}/sso/login/test`, carried)).headers.get("location")).toBe(RESULT);
    expect((await browser.fetch(at("/draft"), carried)).status).toBe(303);
    const begun = await beginTest(ada, acme);
    const form = await answer(gateway, acme, begun.requestId, claimsFor(ADA));
    for (const relayState of [begun.relayState, theirs.relayState]) {
      const body = new URLSearchParams({ SAMLResponse: form, RelayState: relayState });
      const answered = await browser.fetch(acme.acsUrl, { method: "POST", body, ...carried });
      expect(answered.status).toBe(403);
    }
    const html = await (await eve.get(`${globex.url}${CONSOLE}/draft`)).text();
    for (const action of ["apply", "discard", "test"]) {
      const forged = formOn(html, `${CONSOLE}/draft/${action}`, { version: String((await draft()).draft.version) });
      expect((await ada.post(at(`/draft/${action}`), forged)).status, action).toBe(403);
    }
    expect((await draft()).draft.test).toBeNull();
  });

  it("a member can do none of it", async () => {
    const member = await personIn(gateway, acme, "member@acme.example");
    const html = await (await ada.get(at("/draft"))).text();
    for (const path of ["/draft", "/draft/test", "/versions", "/versions/1"])
      expect((await member.get(at(path))).status).toBe(403);
    for (const path of ["/draft/apply", "/draft/discard", "/draft/test"]) {
      expect((await member.post(at(path), formOn(html, CONSOLE + path))).status).toBe(403);
    }
    expect((await member.post(at("/versions/1/restore"), {})).status).toBe(403);
    expect((await draft()).draft.test).toBeNull();
  });
});

describe("a draft that changed between start and answer", () => {
  it("is not tested by the answer, and the page says that it was for an older one", async () => {
    const begun = await beginTest(ada, acme);
    gateway.advance(1);
    await saveDraft(ada, acme, { clockSkewSeconds: "60" });
    const answered = await answerTest(gateway, ada, acme, begun, claimsFor(ADA));
    expect(answered.headers.get("location")).toBe(`${RESULT}?answer=older`);
    const html = await (await ada.get(`${acme.url}${RESULT}?answer=older`)).text();
    expect(html).toContain("This test was for an older draft.");
    expect(html).toContain("Not tested");
    expect((await draft()).draft.test).toBeNull();
  });

  it("is not started either: the page that the button stood on is of the past", async () => {
    const html = await (await ada.get(at("/draft"))).text();
    gateway.advance(1);
    await saveDraft(ada, acme, { clockSkewSeconds: "60" });
    const pressed = await ada.post(at("/draft/test"), formOn(html, `${CONSOLE}/draft/test`));
    expect(pressed.status).toBe(409);
    expect(await pressed.text()).toContain("was changed meanwhile");
  });

  it("nor is one that was discarded and begun anew", async () => {
    const begun = await beginTest(ada, acme);
    await submit(ada, acme, "/draft", {}, "/draft/discard");
    gateway.advance(1);
    await saveDraft(ada, acme);
    const answered = await answerTest(gateway, ada, acme, begun, claimsFor(ADA));
    expect(answered.headers.get("location")).toBe(`${RESULT}?answer=older`);
    expect((await draft()).draft.test).toBeNull();
  });
});

describe("forms of the draft", () => {
  const forms = ["/draft/apply", "/draft/discard", "/draft/test"];

  it.for(forms)("%s does nothing without its token, from another site or by GET", async (path) => {
    const html = await (await ada.get(at("/draft"))).text();
    const form = formOn(html, CONSOLE + path);
    const bare = await ada.post(at(path), { ...form, form_token: "" });
    expect(bare.status).toBe(403);
    const foreign = { method: "POST", body: new URLSearchParams(form), headers: { "sec-fetch-site": "same-site" } };
    expect((await ada.fetch(at(path), foreign)).status).toBe(403);
    if (path !== "/draft/test") expect((await ada.get(at(path))).status).toBe(404);
    expect(ada.cookie(acme.url, "__Host-vestibule-test")).toBeNull();
    expect((await draft()).draft.test).toBeNull();
  });

  it("that put something in force, or take a version back, need a sign-in of the last 15 minutes", async () => {
    await gateway.api("PATCH", `/companies/${acme.slug}/saml`, { loginUrl: "https://idp.example/second" });
    const { version } = (await draft()).draft;
    gateway.advance(15 * 60 + 1);
    expect((await apply(ada, acme)).status).toBe(403);
    expect((await submit(ada, acme, "/versions/1", {}, "/versions/1/restore")).status).toBe(403);
    expect((await draft()).draft.version).toBe(version);
  });
});
