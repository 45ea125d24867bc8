/** Test before it counts: a draft, its test sign-in in the administrator's own browser, and what is asked for before it is in force. */
import { beforeEach, describe, expect, it } from "vitest";
import { type Browser, type Company, createCompany, type Gateway, signIn, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, decode, personIn, submit } from "./console-stage.ts";
import { answerTest, apply, beginTest, claimsFor, saveDraft, testAs } from "./drafts-stage.ts";
import { makeCompany, withPassword } from "./local-stage.ts";

const ADA = "ada@acme.example";

let gateway: Gateway;
let acme: Company;
let ada: Browser;
let slugs = 0;

beforeEach(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, `acme${slugs++}`, await createIdentityProvider());
  ada = await personIn(gateway, acme, ADA, true);
});

const api = async (method: string, path: string, body?: unknown) =>
  (await gateway.api(method, `/companies/${acme.slug}${path}`, body)).body;
const inForce = () => api("GET", "/saml");
const page = async (path: string, browser = ada) => decode(await (await browser.get(acme.url + CONSOLE + path)).text());
const whoIs = async (browser: Browser) => (await browser.get(`${acme.url}/sso/session`)).json();

describe("a test sign-in", () => {
  it("shows every check, the claims, the user and the group, and changes nobody", async () => {
    await saveDraft(ada, acme, { "attributeMapping.firstName": "nickname" });
    const before = [
      await whoIs(ada),
      await api("GET", "/users"),
      await api("GET", "/sign-ins"),
      await api("GET", "/sessions"),
    ];
    const html = decode(
      await testAs(gateway, ada, acme, ADA, { attributes: { ...claimsFor(ADA).attributes, nickname: "Countess" } }),
    );
    expect(html).toContain("Test passed");
    expect(html).toContain("Who would be signed in");
    expect(html).toContain("Countess Admin");
    expect(html).toContain("Administrators");
    expect(html).toContain("Audience: our Entity ID");
    expect(html).toContain("http://schemas.microsoft.com/identity/claims/objectidentifier");
    const after = [
      await whoIs(ada),
      await api("GET", "/users"),
      await api("GET", "/sign-ins"),
      await api("GET", "/sessions"),
    ];
    expect(after).toEqual(before);
    expect((await api("GET", "/saml/draft")).draft.test).toMatchObject({
      outcome: "success",
      ofThisVersion: true,
      result: { email: ADA, firstName: "Countess" },
    });
  });

  it("says who would be created, and creates nobody", async () => {
    await saveDraft(ada, acme, {});
    const html = await testAs(gateway, ada, acme, "new@acme.example");
    expect(html).toContain("Would be created");
    expect(html).toContain("Staff");
    expect((await api("GET", "/users?email=new@acme.example")).items).toEqual([]);
    expect(await whoIs(ada)).toMatchObject({ user: { email: ADA } });
  });

  it("is decided by the draft: what it refuses is shown with expected and received, and what it would let in is let in nowhere", async () => {
    const next = await createIdentityProvider({ keyName: "next" });
    await saveDraft(ada, acme, { idpEntityId: "https://wrong.example/", logoutUrl: "https://idp.example/out" });
    const wrong = decode(await testAs(gateway, ada, acme, ADA));
    expect(wrong).toContain("Test refused");
    expect(wrong).toContain("<code>https://wrong.example/</code>");
    expect(wrong).toContain(`<code>${acme.idp.entityId}</code>`);
    expect(wrong).toContain("What to change");
    const refused = await testAs(gateway, ada, acme, ADA, { idp: next });
    expect(refused).toContain("Nobody would be signed in");
    expect((await api("GET", "/sign-ins?limit=1")).items[0]).toMatchObject({ outcome: "success" });
  });

  it("goes by the draft's own binding, Login URL and wishes", async () => {
    await saveDraft(ada, acme, { loginUrl: "https://other.example/sso?x=1" });
    expect((await beginTest(ada, acme)).action).toBe("https://other.example/sso?x=1");
    gateway.advance(1);
    await saveDraft(ada, acme, { requestBinding: "Redirect", forceAuthn: "on" });
    await submit(ada, acme, "/draft", {}, "/draft/test");
    // A page in between, for the console's policy would hold for a redirect of its form.
    const between = await ada.get(`${acme.url}/sso/login/test`);
    expect(between.status).toBe(200);
    expect(await between.text()).toContain('content="0; url=/sso/login/test?go=1"');
    const onward = await ada.get(`${acme.url}/sso/login/test?go=1`);
    expect(onward.status).toBe(303);
    const location = new URL(onward.headers.get("location") ?? "");
    expect(location.origin).toBe("https://other.example");
    expect(location.searchParams.get("RelayState")).toMatch(/^test\./);
  });

  it("that never comes back leaves the draft untested", async () => {
    await saveDraft(ada, acme, { idpEntityId: "" });
    await beginTest(ada, acme);
    expect(await page("/draft")).toContain("Not tested");
    expect(await page("/draft/test")).toContain("No test of this draft has come back yet.");
  });

  it("works before anything is in force, for an administrator with a password", async () => {
    const bare = await makeCompany(gateway, `bare${slugs}`);
    const { browser } = await withPassword(gateway, bare, "first@bare.example", { groupId: bare.admins });
    const company = {
      ...acme,
      slug: bare.slug,
      url: bare.url,
      acsUrl: `${bare.url}/sso/acs`,
      entityId: `${bare.url}/sso/metadata`,
    };
    await saveDraft(browser, company, {
      loginUrl: "https://idp.example/saml2",
      certificates: acme.idp.certificatePem,
      "jit.groupId": bare.staff,
    });
    const html = await testAs(gateway, browser, company, "second@bare.example");
    expect(html).toContain("Test passed");
    const applied = await apply(browser, company);
    expect(applied.headers.get("location")).toBe(`${CONSOLE}/settings?done=draft-applied`);
    expect((await signIn(gateway, gateway.browser(), company)).status).toBe(303);
  });

  it("keeps hostile claims as text", async () => {
    await saveDraft(ada, acme);
    const text = `"><img src=x onerror=alert(1)></code><script>alert(1)</script>`;
    const html = await testAs(gateway, ada, acme, ADA, {
      attributes: { ...claimsFor(ADA).attributes, [text]: [text, text] },
    });
    expect(html).not.toContain("<img");
    expect(html).not.toContain("<script>alert");
    expect(decode(html)).toContain(text);
  });
});

describe("applying a draft", () => {
  it("is free where the change can shut nobody out, and certificates that are added shut nobody out", async () => {
    const next = await createIdentityProvider({ keyName: "next" });
    await saveDraft(ada, acme, {
      logoutUrl: "https://idp.example/out",
      certificates: next.certificatePem,
      "jit.enabled": null,
    });
    expect(await page("/draft")).toContain("No test is needed");
    const applied = await apply(ada, acme);
    expect(applied.headers.get("location")).toBe(`${CONSOLE}/settings?done=draft-applied`);
    expect(await inForce()).toMatchObject({ logoutUrl: "https://idp.example/out", jit: { enabled: false } });
    expect(await page("/draft")).toContain("There is no draft.");
  });

  it.for([
    ["the Login URL", { loginUrl: "https://idp.example/other" }],
    ["the Entity ID", { idpEntityId: "" }],
    ["the Name ID Format", { nameIdFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" }],
    ["encryption", { wantEncryptedAssertions: "on" }],
    ["a claim's name", { "attributeMapping.email": "mail" }],
    ["the clock skew", { clockSkewSeconds: "0" }],
  ] as const)("asks for a passing test where it changes %s of settings that work", async ([, changes]) => {
    const before = await inForce();
    await saveDraft(ada, acme, changes);
    const html = await page("/draft");
    expect(html).toContain("So a test of this draft must go well first.");
    expect(html).not.toContain(">Apply<");
    for (const forged of [{}, { confirm: "on" }]) {
      const refused = await apply(ada, acme, forged);
      expect(refused.status).toBe(409);
    }
    expect(await inForce()).toEqual(before);
  });

  it("is possible once this very draft has passed, and never by a test of the draft before", async () => {
    const next = await createIdentityProvider({ keyName: "next" });
    const [{ sha256 }] = (await inForce()).certificates;
    const swap = { remove: sha256, certificates: next.certificatePem };
    await saveDraft(ada, acme, swap);
    expect(await testAs(gateway, ada, acme, ADA)).toContain("Test refused");
    expect((await apply(ada, acme)).status).toBe(409);
    expect(await testAs(gateway, ada, acme, ADA, { idp: next })).toContain("Test passed");
    gateway.advance(1);
    await saveDraft(ada, acme, { forceAuthn: "on" });
    expect(await page("/draft")).toContain("Not tested");
    expect((await apply(ada, acme)).status).toBe(409);
    await testAs(gateway, ada, acme, ADA, { idp: next, authnInstant: gateway.now() });
    expect((await apply(ada, acme)).status).toBe(303);
    const [certificate] = (await inForce()).certificates;
    expect(certificate.sha256).not.toBe(sha256);
    expect((await api("GET", "/audit?limit=1")).items[0].after).not.toHaveProperty("withoutTest");
  });

  it("is refused where the test shows that no administrator could come back", async () => {
    await saveDraft(ada, acme, {
      "groupMapping.0.priority": "10",
      "groupMapping.0.claim": "role",
      "groupMapping.0.value": "Everybody",
      "groupMapping.0.groupId": acme.staffId,
    });
    const attributes = { ...claimsFor(ADA).attributes, role: "Everybody" };
    expect(await testAs(gateway, ada, acme, ADA, { attributes })).toContain("Test passed");
    expect(await page("/draft")).toContain("signed in somebody who is no administrator");
    expect((await apply(ada, acme)).status).toBe(409);
  });

  it("needs an explicit word instead of a test from who can come in by password, and the audit says so", async () => {
    const local = {
      slug: acme.slug,
      path: `/companies/${acme.slug}`,
      url: acme.url,
      staff: "",
      ssoOnly: "",
      admins: "",
    };
    const { browser } = await withPassword(gateway, local, "glass@acme.example", { groupId: acme.administratorsId });
    await saveDraft(browser, acme, { loginUrl: "https://idp.example/repaired" });
    expect(await page("/draft", browser)).toContain("Put it in force without a passing test");
    expect((await apply(browser, acme)).status).toBe(409);
    expect((await apply(browser, acme, { confirm: "on" })).status).toBe(303);
    expect((await inForce()).loginUrl).toBe("https://idp.example/repaired");
    expect((await api("GET", "/audit?limit=1")).items[0].after).toMatchObject({ withoutTest: true });
  });

  it("needs no test while nobody has ever come in by what is in force", async () => {
    const bare = await makeCompany(gateway, `bare${slugs}`);
    const { browser } = await withPassword(gateway, bare, "first@bare.example", { groupId: bare.admins });
    const company = { ...acme, slug: bare.slug, url: bare.url };
    const first = await submit(browser, company, "/settings", {
      action: "apply",
      loginUrl: "https://idp.example/typo",
      certificates: acme.idp.certificatePem,
      "jit.groupId": bare.staff,
    });
    expect(first.headers.get("location"), await first.clone().text()).toBe(`${CONSOLE}/settings?done=settings-saved`);
    await saveDraft(browser, company, { loginUrl: "https://idp.example/saml2" });
    expect((await apply(browser, company)).status).toBe(303);
    const { body } = await gateway.api("GET", `${bare.path}/saml`);
    expect(body.loginUrl).toBe("https://idp.example/saml2");
  });

  it("happens only to what was seen: not to a draft or settings that were changed meanwhile", async () => {
    await saveDraft(ada, acme, { logoutUrl: "https://idp.example/seen" });
    const refused = await apply(ada, acme, { version: "1" });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("was changed meanwhile");
    const late = await apply(ada, acme, { settings: "7" });
    expect(late.status).toBe(409);
    await api("PATCH", "/saml", { clockSkewSeconds: 60 });
    expect(await page("/draft")).toContain("were changed since this draft was begun");
    expect(await page("/draft")).toContain("Clock skew in seconds");
    expect((await submit(ada, acme, "/draft", { version: "1" }, "/draft/discard")).status).toBe(409);
    expect((await submit(ada, acme, "/draft", {}, "/draft/discard")).status).toBe(303);
    expect(await apply(ada, acme).catch(() => null), "there is no form any more").toBeNull();
  });
});

describe("versions", () => {
  it("are listed with what changed and by whom, compared with what is in force, and gone back to as a draft", async () => {
    await api("PATCH", "/saml", { loginUrl: "https://idp.example/second", jit: { enabled: false } });
    const list = await page("/versions");
    expect(list).toContain("Login URL, Just-In-Time provisioning");
    expect(list).toContain("The operator");
    expect(list).toContain("The first settings");
    const one = await page("/versions/1");
    expect(one).toContain("https://idp.example/second");
    expect(one).toContain("https://idp.example/saml2");
    expect(await page("/versions/2")).toContain("It is the same.");
    const back = await submit(ada, acme, "/versions/1", {}, "/versions/1/restore");
    expect(back.headers.get("location")).toBe(`${CONSOLE}/draft?done=version-drafted`);
    expect((await inForce()).loginUrl).toBe("https://idp.example/second");
    expect((await apply(ada, acme)).status, "asked for like any other change").toBe(409);
    await testAs(gateway, ada, acme, ADA);
    expect((await apply(ada, acme)).status).toBe(303);
    expect(await inForce()).toMatchObject({ loginUrl: "https://idp.example/saml2", jit: { enabled: true } });
    for (const id of ["9", "0", "x", "%3Cb%3E"])
      expect((await ada.get(`${acme.url}${CONSOLE}/versions/${id}`)).status).toBe(404);
  });

  it("whose groups are gone say so and change nothing", async () => {
    const group = await api("POST", "/groups", { title: "Passing" });
    await api("PATCH", "/saml", { jit: { groupId: group.id } });
    await api("PATCH", "/saml", { jit: { groupId: acme.staffId } });
    await api("DELETE", `/groups/${group.id}`);
    const back = await submit(ada, acme, "/versions/2", {}, "/versions/2/restore");
    expect(back.status).toBe(422);
    expect(await back.text()).toContain("Is not a group of this company");
    expect(await page("/draft")).toContain("There is no draft.");
  });
});

describe("closing the administrators' group to passwords", () => {
  const path = () => `/groups/${acme.administratorsId}`;
  const close = (browser: Browser) => submit(browser, acme, path(), { ssoOnly: "on" });

  it("asks for a sign-in by the settings in force, and is then done", async () => {
    gateway.advance(1);
    await api("PATCH", "/saml", { clockSkewSeconds: 60 });
    const refused = await close(ada);
    expect(refused.status).toBe(409);
    expect(decode(await refused.text())).toContain("First sign in by single sign-on yourself");
    expect(await api("GET", path())).toMatchObject({ ssoOnly: false });
    ada = await personIn(gateway, acme, ADA);
    expect((await close(ada)).status).toBe(303);
    expect(await api("GET", path())).toMatchObject({ ssoOnly: true });
  });

  it("is refused to who came in by password, and where there is no single sign-on", async () => {
    const local = {
      slug: acme.slug,
      path: `/companies/${acme.slug}`,
      url: acme.url,
      staff: "",
      ssoOnly: "",
      admins: "",
    };
    const { browser } = await withPassword(gateway, local, "glass@acme.example", { groupId: acme.administratorsId });
    expect((await close(browser)).status).toBe(409);
    const bare = await makeCompany(gateway, `bare${slugs}`);
    const first = await withPassword(gateway, bare, "first@bare.example", { groupId: bare.admins });
    const company = { ...acme, slug: bare.slug, url: bare.url };
    const refused = await submit(first.browser, company, `/groups/${bare.admins}`, { ssoOnly: "on" });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("Single sign-on is not set up");
  });

  it("is free while another group of administrators keeps its passwords", async () => {
    const other = await api("POST", "/groups", { title: "Second", type: "administrator" });
    const local = {
      slug: acme.slug,
      path: `/companies/${acme.slug}`,
      url: acme.url,
      staff: "",
      ssoOnly: "",
      admins: "",
    };
    const { browser } = await withPassword(gateway, local, "glass@acme.example", { groupId: acme.administratorsId });
    expect((await submit(browser, acme, `/groups/${other.id}`, { ssoOnly: "on" })).status).toBe(303);
  });
});

it("a test that is answered twice shows what it showed the first time", async () => {
  await saveDraft(ada, acme);
  const begun = await beginTest(ada, acme);
  const before = new Map(ada.cookies.get(new URL(acme.url).host));
  expect((await answerTest(gateway, ada, acme, begun, claimsFor(ADA))).status).toBe(303);
  ada.cookies.set(new URL(acme.url).host, before);
  const again = await answerTest(gateway, ada, acme, begun, { ...claimsFor(ADA), audience: "https://wrong.example/" });
  expect(again.status).toBe(303);
  expect(await page("/draft/test")).toContain("Test passed");
});

it("automation may ask for the same test: a draft is applied by REST once an administrator's has passed", async () => {
  await saveDraft(ada, acme, { clockSkewSeconds: "60" });
  const applied = () => gateway.api("POST", `/companies/${acme.slug}/saml/draft/apply`, { requireTest: true });
  expect((await applied()).status).toBe(409);
  await testAs(gateway, ada, acme, ADA, { audience: "https://wrong.example/" });
  expect((await applied()).status).toBe(409);
  await testAs(gateway, ada, acme, ADA);
  expect((await applied()).status).toBe(201);
  expect((await inForce()).clockSkewSeconds).toBe(60);
});

it("the first settings count at once when they come from metadata, and what is imported after them is a draft", async () => {
  const bare = await makeCompany(gateway, `bare${slugs}`);
  const { browser } = await withPassword(gateway, bare, "first@bare.example", { groupId: bare.admins });
  const company = { ...acme, slug: bare.slug, url: bare.url };
  const takeMetadata = (loginUrl: string) =>
    submit(browser, company, "/metadata", { text: acme.idp.metadata({ loginUrl: `https://idp.example/${loginUrl}` }) });
  const saml = async () => (await gateway.api("GET", `${bare.path}/saml`)).body.loginUrl;
  expect((await takeMetadata("first")).headers.get("location")).toBe(`${CONSOLE}/settings?done=metadata-read`);
  expect(await saml()).toBe("https://idp.example/first");
  expect((await takeMetadata("second")).headers.get("location")).toBe(`${CONSOLE}/draft?done=metadata-drafted`);
  expect(await saml()).toBe("https://idp.example/first");
  const settings = decode(await (await browser.get(`${bare.url}${CONSOLE}/settings`)).text());
  expect(settings).toContain("This is the draft, not what is in force.");
  expect(settings).toContain("https://idp.example/second");
  const stale = await submit(browser, company, "/metadata", {
    version: "1",
    text: acme.idp.metadata({ loginUrl: "https://idp.example/third" }),
  });
  expect(stale.status).toBe(409);
});
