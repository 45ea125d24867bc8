/** `/sso/local/passkeys`: who may add and remove passkeys, what is taken for one, and what the audit log keeps. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { PASSKEY_NAME_CHARS_MAX } from "../../src/signin/passkeys.ts";
import { PASSKEYS_PER_USER_MAX } from "../../src/store/index.ts";
import { createCompany, signIn, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import {
  fieldOf,
  invite,
  lastSignIn,
  makeCompany,
  makeUser,
  PASSWORD,
  signInWith,
  withPassword,
} from "./local-stage.ts";
import {
  addKey,
  attestation,
  type Bent,
  FLAGS,
  makeKey,
  optionsOf,
  signInWithKey,
  withPasskey,
} from "./passkey-stage.ts";

const gateway = startGateway();
const { api } = gateway;

const count = (slug: string) =>
  env.DB.prepare("select count(*) n from passkeys p join companies c on c.id = p.company_id where slug = ?")
    .bind(slug)
    .first("n");
const audited = async (path: string) =>
  (await api("GET", `${path}/audit?limit=200`)).body.items.filter(
    (r: { resource: string }) => r.resource === "passkey",
  );

describe("a person's own passkeys", () => {
  it("are listed, added and removed by them, and each change is in the audit log under their name", async () => {
    const acme = await makeCompany(gateway, "own");
    const { browser, key, id } = await withPasskey(gateway, acme, "a@x.example");
    const url = `${acme.url}/sso/local/passkeys`;
    const html = await (await browser.get(url)).text();
    expect(html).toContain("Laptop");
    const form_token = fieldOf(html, "form_token");
    const removed = await browser.post(`${url}/remove`, { form_token, id: key.id });
    expect(removed.headers.get("location")).toBe("/sso/local/passkeys?done=removed");
    expect(await (await browser.get(`${url}?done=removed`)).text()).toContain("You have no passkey yet");
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("passkey_unknown");
    // Removing it twice changes nothing.
    expect((await browser.post(`${url}/remove`, { form_token, id: key.id })).status).toBe(303);

    const [gone, made, ...more] = await audited(acme.path);
    const view = { id: key.id, userId: id, name: "Laptop", algorithm: "ES256" };
    const common = { actor: `user:${id}`, resourceId: key.id };
    expect(more).toEqual([]);
    expect(made).toMatchObject({ ...common, action: "create", before: null, after: view });
    expect(gone).toMatchObject({ ...common, action: "delete", before: view, after: null });
  });

  it("are offered to be made for this host alone, discoverable, verified, unattested, and not twice on one device", async () => {
    const acme = await makeCompany(gateway, "options", "Acme & Söhne");
    const { browser, key, id } = await withPasskey(gateway, acme, "a@x.example");
    const options = await optionsOf(browser, acme, "passkeys/options");
    expect(options).toMatchObject({
      rp: { id: "options.example.com", name: "Acme & Söhne" },
      user: { name: "a@x.example" },
      pubKeyCredParams: [{ alg: -7 }, { alg: -257 }],
      excludeCredentials: [{ type: "public-key", id: key.id, transports: ["hybrid", "internal"] }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
    });
    expect(Buffer.from(options.user.id, "base64url").toString("hex")).toBe(id.replaceAll("-", ""));
    expect(Buffer.from(options.challenge, "base64url").length).toBeGreaterThanOrEqual(32);
  });

  it("are offered with a one-time link, before the first sign-in is over", async () => {
    const acme = await makeCompany(gateway, "offered");
    const { url } = await invite(gateway, acme, await makeUser(gateway, acme, "a@x.example"));
    const browser = gateway.browser();
    const html = await (await browser.get(url)).text();
    const fields = { form_token: fieldOf(html, "form_token"), token: fieldOf(html, "token"), next: "passkey" };
    const done = await browser.post(`${acme.url}/sso/local/invitation`, {
      ...fields,
      password: PASSWORD,
      password_again: PASSWORD,
    });
    expect(done.headers.get("location")).toBe("/sso/local/passkeys");
    expect((await addKey(browser, acme, makeKey())).status).toBe(303);
  });

  it("are also for people of an identity provider whose group may sign in without it", async () => {
    const idp = await createIdentityProvider({ entityId: "https://idp.example/pk/" });
    const company = await createCompany(gateway, "pk-both-ways", idp);
    await api("PATCH", `/companies/${company.slug}/groups/${company.staffId}`, { ssoOnly: false });
    const browser = gateway.browser();
    await signIn(gateway, browser, company, {}, "/");
    const acme = { slug: company.slug, path: "", url: company.url, staff: "", ssoOnly: "", admins: "" };
    const key = makeKey();
    expect((await addKey(browser, acme, key)).status).toBe(303);
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(303);
  });

  it("show whatever they are called as text", async () => {
    const acme = await makeCompany(gateway, "named");
    const { browser } = await withPassword(gateway, acme, "a@x.example");
    expect((await addKey(browser, acme, makeKey(), {}, "<img src=x onerror=alert(1)>")).status).toBe(303);
    const response = await browser.get(`${acme.url}/sso/local/passkeys`);
    const html = await response.text();
    expect(html).toContain("&lt;img src=x");
    expect(html).not.toContain("<img");
    expect(response.headers.get("content-security-policy")).toMatch(/script-src 'nonce-[^']+'; connect-src 'self'/);
    for (const name of ["", "   ", "x".repeat(PASSKEY_NAME_CHARS_MAX + 1), "a\u202eb", "a\nb"]) {
      expect((await addKey(browser, acme, makeKey(), {}, name)).status).toBe(422);
    }
    expect(await count("named")).toBe(1);
  });
});

describe("who must not add a passkey, or remove one", () => {
  it("is nobody who is not signed in: they sign in first and come back", async () => {
    const acme = await makeCompany(gateway, "nobody");
    const { email } = await withPassword(gateway, acme, "a@x.example");
    const browser = gateway.browser();
    const response = await browser.get(`${acme.url}/sso/local/passkeys`);
    expect(response.headers.get("location")).toBe("/sso/local?return_to=%2Fsso%2Flocal%2Fpasskeys");
    const entered = await signInWith(browser, acme, email, PASSWORD, { returnTo: "/sso/local/passkeys" });
    expect(entered.headers.get("location")).toBe("/sso/local/passkeys");
  });

  it("is whoever signed in more than a quarter of an hour ago, until they do so again", async () => {
    const acme = await makeCompany(gateway, "stale");
    const { browser, key, email } = await withPasskey(gateway, acme, "a@x.example");
    const url = `${acme.url}/sso/local/passkeys`;
    gateway.advance(15 * 60 + 1);
    const html = await (await browser.get(url)).text();
    expect(html).toContain("Sign in again");
    expect(html).not.toContain("/passkeys/remove");
    const form_token = fieldOf(await (await browser.get(`${acme.url}/sso/local`)).text(), "form_token");
    expect((await addKey(browser, acme, makeKey())).status).toBe(403);
    expect((await browser.post(`${url}/remove`, { form_token, id: key.id })).status).toBe(403);
    expect(await count("stale")).toBe(1);
    await signInWith(browser, acme, email);
    expect((await addKey(browser, acme, makeKey())).status).toBe(303);
  });

  it("is whoever's session was ended a moment ago, on whatever isolate they ask", async () => {
    const acme = await makeCompany(gateway, "ended");
    const { browser, id } = await withPassword(gateway, acme, "a@x.example");
    await api("DELETE", `${acme.path}/sessions?userId=${id}`);
    // The cookie's proof is still fresh elsewhere; the database has the last word.
    expect((await addKey(browser.at(gateway.isolate()), acme, makeKey())).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("local_not_allowed");
    expect(await count("ended")).toBe(0);
  });

  it("is everybody of an SSO-only group, and another site, and another person", async () => {
    const acme = await makeCompany(gateway, "pk-not");
    const a = await withPasskey(gateway, acme, "a@x.example");
    const b = await withPassword(gateway, acme, "b@x.example");
    const url = `${acme.url}/sso/local/passkeys`;
    const form_token = fieldOf(await (await b.browser.get(url)).text(), "form_token");
    // Another person's passkey is none of mine.
    expect((await b.browser.post(`${url}/remove`, { form_token, id: a.key.id })).status).toBe(303);
    expect(await count("pk-not")).toBe(1);
    for (const path of [url, `${url}/remove`]) {
      expect((await b.browser.post(path, { form_token, id: a.key.id }, { crossSite: true })).status).toBe(403);
      expect((await b.browser.post(path, { form_token: "", id: a.key.id })).status).toBe(403);
      expect((await lastSignIn(gateway, acme)).code).toBe("confirmation_invalid");
    }
    // What the one was asked to make, the other can't add.
    const key = makeKey();
    const { challenge } = await optionsOf(a.browser, acme, "passkeys/options");
    const fields = { form_token, name: "x", ...attestation(key, acme, challenge) };
    expect((await b.browser.post(url, fields)).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("passkey_challenge_invalid");

    await api("PATCH", `${acme.path}/users/${b.id}`, { groupId: acme.ssoOnly });
    expect((await b.browser.get(url)).status).toBe(403);
    expect((await b.browser.get(`${url}/options`)).status).toBe(403);
    expect((await b.browser.post(url, fields)).status).toBe(403);
    expect(await lastSignIn(gateway, acme)).toMatchObject({ code: "local_not_allowed", email: "b@x.example" });
  });

  it("is whoever has ten already, and whoever's device has one that is known", async () => {
    const acme = await makeCompany(gateway, "pk-full");
    const { browser, key, id } = await withPasskey(gateway, acme, "a@x.example");
    expect((await addKey(browser, acme, key)).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("passkey_exists");
    const { challenge } = await optionsOf(browser, acme, "passkeys/options");
    expect((await addKey(browser, acme, makeKey(), { challenge }, "Key 0")).status).toBe(303);
    expect((await addKey(browser, acme, makeKey(), { challenge })).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("passkey_challenge_used");
    for (let n = 1; n < PASSKEYS_PER_USER_MAX - 2; n++) {
      expect((await addKey(browser, acme, makeKey(), {}, `Key ${n}`)).status).toBe(303);
    }
    // Two at once for the last place.
    const pages = [addKey(browser, acme, makeKey()), addKey(browser, acme, makeKey())];
    const statuses = (await Promise.all(pages)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 303)).toHaveLength(1);
    expect((await addKey(browser, acme, makeKey())).status).toBe(409);
    expect((await audited(acme.path)).length).toBe(PASSKEYS_PER_USER_MAX);
    expect(await count("pk-full")).toBe(PASSKEYS_PER_USER_MAX);
    await api("DELETE", `${acme.path}/users/${id}`);
    expect(await count("pk-full")).toBe(0);
  });

  it("is whoever sends what this host's page did not ask for, each with its code", async () => {
    const acme = await makeCompany(gateway, "pk-made");
    const { browser } = await withPassword(gateway, acme, "a@x.example");
    const made = FLAGS.present | FLAGS.verified | FLAGS.credential;
    const spki = (key: ReturnType<typeof makeKey>) =>
      key.publicKey.export({ type: "spki", format: "der" }).toString("base64url");
    const attempts: [string, Bent][] = [
      ["passkey_origin", { origin: "https://evil.example" }],
      ["passkey_rp_id", { rpId: "example.com" }],
      ["passkey_not_verified", { flags: made & ~FLAGS.verified }],
      ["passkey_malformed", { flags: made & ~FLAGS.credential }],
      ["passkey_malformed", { type: "webauthn.get" }],
      ["passkey_malformed", { fields: { id: "b3RoZXI" } }],
      ["passkey_malformed", { fields: { publicKeyAlgorithm: "-8" } }],
      ["passkey_malformed", { fields: { publicKeyAlgorithm: "-257" } }],
      ["passkey_malformed", { fields: { publicKey: "AAAA" } }],
      ["passkey_malformed", { fields: { publicKey: spki(makeKey("RS256", 1024)), publicKeyAlgorithm: "-257" } }],
      ["passkey_challenge_invalid", { challenge: "AAAA" }],
    ];
    for (const [code, bent] of attempts) {
      expect((await addKey(browser, acme, makeKey(), bent)).status).toBe(403);
      expect(await lastSignIn(gateway, acme)).toMatchObject({ code, email: "a@x.example" });
    }
    expect(await count("pk-made")).toBe(0);
  });
});
