/** The administrator's console as its users meet it: what a page shows, what a form does, and what stays when it is not accepted. */
import { beforeAll, describe, expect, it } from "vitest";
import { adviceFor } from "../../src/admin/console/advice.ts";
import { certificateHealth } from "../../src/admin/console/certificate-health.ts";
import { SIGN_IN_REFUSAL_CODES } from "../../src/failure.ts";
import { SAML_REFUSAL_CODES } from "../../src/saml/index.ts";
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
import { CONSOLE, decode, formOn, personIn, signInAs, submit } from "./console-stage.ts";

let gateway: Gateway;
let acme: Company;
let ada: Browser;

const PAGES = [
  "",
  "/setup",
  "/setup?provider=okta",
  "/settings",
  "/draft",
  "/draft/test",
  "/versions",
  "/versions/1",
  "/metadata",
  "/keys",
  "/users",
  "/users/new",
  "/groups",
  "/groups/new",
  "/sign-ins",
  "/explain",
  "/audit",
  "/tokens",
  "/paths",
];

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  ada = await personIn(gateway, acme, "ada@acme.example", true);
});

const page = async (path: string, browser = ada) => {
  const response = await browser.get(acme.url + CONSOLE + path);
  // Where an address may break is no part of it.
  const html = (await response.text()).replaceAll("<wbr/>", "");
  return { status: response.status, headers: response.headers, html };
};
const saml = async () => (await gateway.api("GET", "/companies/acme/saml")).body;
const draft = async () => (await gateway.api("GET", "/companies/acme/saml/draft")).body;
/** Puts the draft in force as automation does: what the console asks for first is told in drafts.test.ts. */
const applyDraft = async () =>
  expect((await gateway.api("POST", "/companies/acme/saml/draft/apply", {})).status).toBe(201);
const audited = async () => (await gateway.api("GET", "/companies/acme/audit?limit=1")).body.items[0];

/** So that what follows counts as recent. */
async function signInAnew(): Promise<void> {
  expect((await signInAs(gateway, ada, acme, "ada@acme.example")).status).toBe(303);
}

describe("each page", () => {
  it.for(PAGES)("%s is shown to an administrator, runs nothing inline and is kept by nobody", async (path) => {
    const { status, headers, html } = await page(path);
    expect(status, html).toBe(200);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(html).not.toMatch(/ style="| on[a-z]+="/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).toContain("acme Inc.");
  });

  it("that does not exist says so in the console's own words", async () => {
    const { status, html } = await page("/nothing/here");
    expect(status).toBe(404);
    expect(html).toContain("There is no such page");
  });
});

describe("the settings", () => {
  it("show what is stored, and saving them makes a draft that changes nothing", async () => {
    const before = await saml();
    const saved = await submit(ada, acme, "/settings");
    expect(saved.status, await saved.clone().text()).toBe(303);
    expect(saved.headers.get("location")).toBe("/sso/admin/draft?done=draft-saved");
    expect(await saml()).toEqual(before);
    expect((await page("/draft?done=draft-saved")).html).toContain("Nothing: the draft is what is in force.");
    await applyDraft();
    expect({ ...(await saml()), updatedAt: null }).toEqual({ ...before, updatedAt: null });
  });

  it("say only what the console itself can say of a change", async () => {
    const { html } = await page("/settings?done=%3Cb%3EYou+won");
    expect(html).not.toContain("You won");
    expect((await page("/settings?done=toString")).html).not.toContain('role="status"><p>');
  });

  it("are saved by the validation of REST, under the administrator's name", async () => {
    const changed = await submit(ada, acme, "/settings", {
      logoutUrl: "https://idp.example/logout",
      requestBinding: "Redirect",
      clockSkewSeconds: "120",
      "attributeMapping.email": "mail",
      "groupMapping.0.claim": "role",
      "groupMapping.0.value": "Boss",
      "groupMapping.0.groupId": acme.administratorsId,
      "groupMapping.0.priority": "20",
      "groupMapping.1.claim": "role",
      "groupMapping.1.value": "Worker",
      "groupMapping.1.groupId": acme.staffId,
      "groupMapping.1.priority": "10",
    });
    expect(changed.status, await changed.clone().text()).toBe(303);
    expect(await draft()).toMatchObject({
      logoutUrl: "https://idp.example/logout",
      requestBinding: "Redirect",
      clockSkewSeconds: 120,
      attributeMapping: { email: "mail" },
      groupMapping: [{ value: "Worker" }, { value: "Boss" }],
    });
    const record = await audited();
    expect(record).toMatchObject({ resource: "saml", resourceId: "draft", action: "create" });
    expect(record.actor).toMatch(/^user:[0-9a-f-]{36}$/);
    const { html } = await page("/audit");
    expect(html).toContain(">You<");
    expect(html).toContain('<a href="/sso/admin/draft">the draft of the settings</a>');
    await gateway.api("DELETE", "/companies/acme/saml/draft");
    await gateway.api("PATCH", "/companies/acme/saml", {
      requestBinding: "POST",
      groupMapping: [],
      attributeMapping: { email: null },
    });
  });

  it("keep all that was typed when a field is wrong, and say it beside the field", async () => {
    const answered = await submit(ada, acme, "/settings", {
      loginUrl: "javascript:alert(1)",
      idpEntityId: "https://typed.example/",
      certificates: "not a certificate",
      clockSkewSeconds: "nine",
      forceAuthn: "on",
    });
    const html = await answered.text();
    expect(answered.status).toBe(422);
    const fields = formOn(html, "/sso/admin/settings");
    expect(fields).toMatchObject({
      loginUrl: "javascript:alert(1)",
      idpEntityId: "https://typed.example/",
      certificates: "not a certificate",
      clockSkewSeconds: "nine",
      forceAuthn: "on",
    });
    for (const id of ["f-loginUrl", "f-clockSkewSeconds"]) {
      expect(html).toContain(`id="${id}-error"`);
      expect(html).toContain(`href="#${id}"`);
      expect(html).toMatch(new RegExp(`id="${id}"[^>]*aria-invalid="true"`));
    }
    expect(html).toContain("autofocus");
    expect((await saml()).idpEntityId).not.toBe("https://typed.example/");
  });

  it("take a second certificate by upload, as PEM or DER, and let one go", async () => {
    const other = await createIdentityProvider({ keyName: "other" });
    const html = (await page("/settings")).html;
    const form = new FormData();
    for (const [name, value] of Object.entries(formOn(html, "/sso/admin/settings"))) form.set(name, value);
    form.set("certificateFiles", new File([Buffer.from(other.certificate, "base64")], "next.cer"));
    const added = await ada.fetch(`${acme.url}/sso/admin/settings`, { method: "POST", body: form });
    expect(added.status, await added.clone().text()).toBe(303);
    const [first, second] = (await draft()).certificates;
    expect(second.pem.replaceAll(/-----[A-Z ]+-----|\s/g, "")).toBe(other.certificate);

    const named = decode((await page("/draft")).html);
    expect(named).toContain("Certificate added");
    expect(named, "by its subject and fingerprint").toContain(`${second.subject}, SHA-256 `);
    expect((await submit(ada, acme, "/settings", { remove: second.sha256 })).status).toBe(303);
    expect((await draft()).certificates.map(({ sha256 }: { sha256: string }) => sha256)).toEqual([first.sha256]);
    const none = await submit(ada, acme, "/settings", { remove: first.sha256 });
    expect(none.status).toBe(422);
    expect(await none.text()).toContain("At least one certificate is needed");
    await gateway.api("DELETE", "/companies/acme/saml/draft");
  });

  it.each([
    ["bare base64", (certificate: string) => certificate.replace(/.{64}/g, "$&\r\n"), 303],
    ["nothing that is a certificate", () => "<html>", 422],
    ["half a certificate", (certificate: string) => certificate.slice(0, 200), 422],
  ])("pass over no upload beside a pasted certificate: %s", async (_holds, content, status) => {
    const { certificate } = await createIdentityProvider({ keyName: "other" });
    const form = new FormData();
    const pasted = { certificates: acme.idp.certificatePem };
    for (const [name, value] of Object.entries(formOn((await page("/settings")).html, "/sso/admin/settings", pasted)))
      form.set(name, value);
    form.set("certificateFiles", new File([content(certificate)], "next.cer"));
    const answered = await ada.fetch(`${acme.url}/sso/admin/settings`, { method: "POST", body: form });
    expect(answered.status, await answered.clone().text()).toBe(status);
    if (status === 303) expect((await draft()).certificates).toHaveLength(2);
    await gateway.api("DELETE", "/companies/acme/saml/draft");
  });

  it("bring an uploaded file back as text when something else is wrong", async () => {
    const html = (await page("/settings")).html;
    const form = new FormData();
    for (const [name, value] of Object.entries(formOn(html, "/sso/admin/settings", { loginUrl: "" })))
      form.set(name, value);
    form.set("certificateFiles", new File([acme.idp.certificatePem], "same.pem"));
    const answered = await ada.fetch(`${acme.url}/sso/admin/settings`, { method: "POST", body: form });
    expect(answered.status).toBe(422);
    expect(formOn(await answered.text(), "/sso/admin/settings").certificates).toBe(acme.idp.certificatePem.trim());
  });

  it("are overwritten by nobody who has not seen them: both versions are shown, what was typed stays", async () => {
    const html = (await page("/settings")).html;
    await gateway.api("PATCH", "/companies/acme/saml", { logoutUrl: "https://idp.example/theirs" });
    const mine = formOn(html, "/sso/admin/settings", { logoutUrl: "https://idp.example/mine" });
    const conflict = await ada.post(`${acme.url}/sso/admin/settings`, mine);
    expect(conflict.status).toBe(409);
    const shown = await conflict.text();
    expect(shown).toContain("https://idp.example/theirs");
    const again = formOn(shown, "/sso/admin/settings");
    expect(again.logoutUrl).toBe("https://idp.example/mine");
    expect((await ada.post(`${acme.url}/sso/admin/settings`, again)).status).toBe(303);
    expect((await draft()).logoutUrl).toBe("https://idp.example/mine");
    expect((await saml()).logoutUrl).toBe("https://idp.example/theirs");
  });

  it("in a draft are overwritten by nobody either", async () => {
    const html = (await page("/settings")).html;
    gateway.advance(1);
    await gateway.api("PUT", "/companies/acme/saml/draft", {
      loginUrl: "https://idp.example/theirs",
      certificates: [acme.idp.certificatePem],
    });
    const mine = formOn(html, "/sso/admin/settings", { loginUrl: "https://idp.example/mine" });
    const conflict = await ada.post(`${acme.url}/sso/admin/settings`, mine);
    expect(conflict.status).toBe(409);
    expect((await draft()).loginUrl).toBe("https://idp.example/theirs");
    await gateway.api("DELETE", "/companies/acme/saml/draft");
  });

  it("come from the provider's metadata, pasted or uploaded, and a document that is none is said so", async () => {
    const xml = acme.idp.metadata({ loginUrl: "https://idp.example/from-metadata" });
    const done = await submit(ada, acme, "/metadata", { text: xml });
    expect(done.status, await done.clone().text()).toBe(303);
    expect(done.headers.get("location")).toBe("/sso/admin/draft?done=metadata-drafted");
    expect((await draft()).loginUrl).toBe("https://idp.example/from-metadata");
    expect((await saml()).loginUrl).toBe("https://idp.example/saml2");

    const bad = await submit(ada, acme, "/metadata", { text: "<html>" });
    expect(bad.status).toBe(422);
    expect(decode(await bad.text())).toContain("Is not usable identity provider metadata");
    const twice = await submit(ada, acme, "/metadata", { text: xml, url: "https://idp.example/metadata" });
    expect(await twice.text()).toContain("Give only one");
    const inside = await submit(ada, acme, "/metadata", { url: "https://10.0.0.1/metadata" });
    expect(await inside.text()).toContain("Must name a public host");
    await gateway.api("DELETE", "/companies/acme/saml/draft");
  });
});

describe("people", () => {
  it("are created by hand and then let in by the identity provider", async () => {
    const made = await submit(ada, acme, "/users/new", {
      email: "B.Simon@acme.example",
      firstName: "Britta",
      lastName: "Simon",
      company: "Contoso",
      groupId: acme.staffId,
    });
    expect(made.status, await made.clone().text()).toBe(303);
    const location = made.headers.get("location") ?? "";
    expect(location).toMatch(/^\/sso\/admin\/users\/[0-9a-f-]{36}\?done=user-created$/);
    const britta = await personIn(gateway, acme, "b.simon@acme.example");
    const shown = await (await ada.get(acme.url + location)).text();
    expect(shown).toContain("b.simon@acme.example");
    expect(shown).toContain("test browser");

    const path = location.replace(CONSOLE, "").split("?")[0] ?? "";
    const out = await submit(ada, acme, path, {}, `${path}/sign-out`);
    expect(out.headers.get("location")).toContain("sessions-ended");
    gateway.advance(60);
    expect((await britta.get(`${acme.url}/sso/session`)).status).toBe(401);

    await signInAnew();
    expect((await submit(ada, acme, path, {}, `${path}/disable`)).headers.get("location")).toContain("user-disabled");
    const refused = await signInAs(gateway, gateway.browser(), acme, "b.simon@acme.example");
    expect(refused.status).toBe(403);
    expect((await submit(ada, acme, path, {}, `${path}/enable`)).headers.get("location")).toContain("user-enabled");
  });

  it("are found by how their address begins", async () => {
    expect((await page("/users?email=B.SIM")).html).toContain("b.simon@acme.example");
    expect((await page("/users?email=b.simon%25")).html).not.toContain("b.simon@acme.example");
    expect((await page("/users?email=simon")).html).not.toContain("b.simon@acme.example");
  });

  it("keep what was typed when the address is taken", async () => {
    const taken = await submit(ada, acme, "/users/new", {
      email: "ada@acme.example",
      firstName: "Zoë",
      groupId: acme.staffId,
    });
    expect(taken.status).toBe(409);
    const html = await taken.text();
    expect(html).toContain('id="f-email-error"');
    expect(formOn(html, "/sso/admin/users/new").firstName).toBe("Zoë");
  });

  it("do not lock themselves out of the console", async () => {
    const { body } = await gateway.api("GET", "/companies/acme/users?email=ada@acme.example");
    const path = `/users/${body.items[0].id}`;
    expect((await submit(ada, acme, path, { groupId: acme.staffId })).status).toBe(409);
    const { html } = await page(path);
    expect(html).not.toContain("Disable the user");
    const token = formOn(html, `${CONSOLE}${path}`).form_token ?? "";
    expect((await ada.post(`${acme.url}${CONSOLE}${path}/disable`, { form_token: token })).status).toBe(409);
    expect((await submit(ada, acme, `/groups/${acme.administratorsId}`, { type: "member" })).status).toBe(409);
  });

  it("are grouped, and a group in use is not deleted", async () => {
    const made = await submit(ada, acme, "/groups/new", { title: "Agencies", ssoOnly: "on" });
    expect(made.status, await made.clone().text()).toBe(303);
    const { body } = await gateway.api("GET", "/companies/acme/groups");
    const group = body.items.find(({ title }: { title: string }) => title === "Agencies");
    expect(group).toMatchObject({ type: "member", ssoOnly: true });
    const path = `/groups/${group.id}`;
    expect((await submit(ada, acme, path, { title: "Agencies 2", ssoOnly: null })).status).toBe(303);
    expect((await gateway.api("GET", `/companies/acme${path}`)).body).toMatchObject({
      title: "Agencies 2",
      ssoOnly: false,
    });
    expect((await submit(ada, acme, path, {}, `${path}/delete`)).headers.get("location")).toContain("group-deleted");
    const staff = `/groups/${acme.staffId}`;
    expect((await submit(ada, acme, staff, {}, `${staff}/delete`)).status).toBe(409);
  });
});

describe("tokens", () => {
  it("are shown once, work, and open nothing after they are deleted", async () => {
    await signInAnew();
    const made = await submit(ada, acme, "/tokens", { name: "Directory sync" });
    const html = await made.text();
    const secret = /vestibule_[A-Za-z0-9_-]{43}/.exec(html)?.[0] ?? "";
    expect(secret).not.toBe("");
    const call = () => gateway.api("GET", "/companies/acme", undefined, { authorization: `Bearer ${secret}` });
    expect((await call()).status).toBe(200);
    const list = (await page("/tokens")).html;
    expect(list).toContain("Directory sync");
    expect(list).not.toContain(secret);
    const action = /action="\/sso\/admin(\/tokens\/[^"]+\/delete)"/.exec(list)?.[1] ?? "";
    expect((await submit(ada, acme, "/tokens", {}, action)).status).toBe(303);
    expect((await call()).status).toBe(401);
  });
});

describe("what happened", () => {
  it("is found by the visitor's reference, with the failing check and the field to change", async () => {
    const browser = gateway.browser();
    const { requestId, relayState } = await startSignIn(browser, acme);
    const SAMLResponse = await answer(gateway, acme, requestId, { spEntityId: "https://other.example/metadata" });
    const refused = await browser.post(acme.acsUrl, { SAMLResponse, RelayState: relayState }, { crossSite: true });
    const reference = /[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}/.exec(await refused.text())?.[0] ?? "";
    const list = (await page(`/sign-ins?reference=${reference.toLowerCase()}`)).html;
    const path = /href="\/sso\/admin(\/sign-ins\/[^"]+)"/.exec(list)?.[1] ?? "";
    const { html } = await page(path);
    expect(html).toContain("https://other.example/metadata");
    expect(html).toContain(`set “Identifier (Entity ID)” to ${acme.entityId}`);
    expect((await page("/sign-ins?outcome=refused")).html).toContain(reference);
    expect((await page("/sign-ins?outcome=success")).html).not.toContain(reference);
  });

  it("has advice for every code that there is", () => {
    for (const code of [...SAML_REFUSAL_CODES, ...SIGN_IN_REFUSAL_CODES]) {
      const advice = adviceFor(code, { entityId: acme.entityId, acsUrl: acme.acsUrl });
      expect(advice?.sentence.length, code).toBeGreaterThan(30);
    }
    expect(adviceFor("toString", { entityId: "", acsUrl: "" })).toBeNull();
  });

  it("at Entra is put in our words", async () => {
    const explained = await submit(ada, acme, "/explain", { error: "AADSTS50011: The redirect URI ..." });
    expect(decode(await explained.text())).toContain("“Reply URL” must contain our Reply URL");
    expect(await (await submit(ada, acme, "/explain", { error: "AADSTS4242424" })).text()).toContain(
      "is not among those",
    );
  });

  it("in a pasted response is explained without signing anybody in, using it up or storing it", async () => {
    const browser = gateway.browser();
    const { requestId } = await startSignIn(browser, acme);
    const response = await answer(gateway, acme, requestId);
    const before = (await gateway.api("GET", "/companies/acme/sign-ins?limit=1")).body.items[0].id;
    const send = async (text: string) => {
      const html = (await page("/explain")).html;
      const { form_token = "" } = formOn(html, "/sso/admin/explain");
      return decode(await (await ada.post(`${acme.url}/sso/admin/explain`, { form_token, response: text })).text());
    };
    for (const text of [
      response,
      encodeURIComponent(response),
      `SAMLResponse=${encodeURIComponent(response)}&RelayState=x`,
    ]) {
      expect(await send(text)).toContain("This answer passes every check.");
    }
    expect(await send(Buffer.from(response, "base64").toString())).toContain("b.simon@acme.example");
    expect(await send(response.slice(0, -8))).toContain("This answer is refused");
    expect((await gateway.api("GET", "/companies/acme/sign-ins?limit=1")).body.items[0].id).toBe(before);
    // Nothing was used up: the person it was for is still let in.
    const back = await browser.post(acme.acsUrl, { SAMLResponse: response }, { crossSite: true });
    expect(back.status).toBe(303);

    gateway.advance(2 * 3600);
    ada = await personIn(gateway, acme, "ada@acme.example", true);
    expect(await send(response)).toContain("Apart from its age");
  });
});

describe("a certificate", () => {
  it.for([
    [61, "good"],
    [59, "warn"],
    [29, "warn"],
    [6, "bad"],
    [-1, "bad"],
  ] as const)("that ends in %i days is shown as %s", ([days, tone]) => {
    const now = gateway.now();
    expect(certificateHealth({ notBefore: 0, notAfter: now + days * 86_400_000 + 1 }, now).tone).toBe(tone);
  });
});
