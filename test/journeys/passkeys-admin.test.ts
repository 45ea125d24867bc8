/** Passkeys in administrators' hands: seen and removed, in the console and by REST, with an audit record, never another company's. */
import { describe, expect, it } from "vitest";
import { type Browser, startGateway } from "../support/gateway.ts";
import { formOn } from "./console-stage.ts";
import { type LocalCompany, lastSignIn, makeCompany, withPassword } from "./local-stage.ts";
import { addKey, makeKey, signInWithKey, withPasskey } from "./passkey-stage.ts";

const gateway = startGateway();
const { api } = gateway;

const audited = async (path: string, action: string) =>
  (await api("GET", `${path}/audit?limit=200`)).body.items.filter(
    (r: { resource: string; action: string }) => r.resource === "passkey" && r.action === action,
  );

describe("by REST", () => {
  it("a user's passkeys are listed, read and removed, one or all, each removal once in the audit log", async () => {
    const acme = await makeCompany(gateway, "pk-rest");
    const { id, key, browser } = await withPasskey(gateway, acme, "a@x.example");
    for (const name of ["Phone", "Key"]) await addKey(browser, acme, makeKey("RS256"), {}, name);
    const path = `${acme.path}/users/${id}/passkeys`;

    const { body } = await api("GET", path);
    expect(body.nextCursor).toBeNull();
    expect(body.items.map(({ name }: { name: string }) => name).sort()).toEqual(["Key", "Laptop", "Phone"]);
    const one = await api("GET", `${path}/${key.id}`);
    expect(one.body).toEqual({
      id: key.id,
      userId: id,
      name: "Laptop",
      algorithm: "ES256",
      createdAt: new Date(gateway.now()).toISOString(),
      lastUsedAt: null,
    });
    const etag = one.headers.get("etag") ?? "";
    gateway.advance(1);
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(303);
    expect((await api("DELETE", `${path}/${key.id}`, undefined, { "if-match": etag })).status).toBe(412);
    expect((await api("DELETE", `${path}/${key.id}`)).status).toBe(204);
    expect((await api("GET", `${path}/${key.id}`)).status).toBe(404);
    expect((await api("DELETE", `${path}/${key.id}`)).status).toBe(404);
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("passkey_unknown");

    for (const _ of [1, 2]) expect((await api("DELETE", path)).status).toBe(204);
    expect((await api("GET", path)).body.items).toEqual([]);
    const [all, first, ...more] = await audited(acme.path, "delete");
    expect(more).toEqual([]);
    expect(all).toMatchObject({ actor: "operator", resourceId: "*", before: { userId: id } });
    expect(all.before.passkeys).toHaveLength(2);
    expect(first).toMatchObject({ actor: "operator", resourceId: key.id, before: { name: "Laptop" }, after: null });
  });

  it("the sessions that a removed passkey began end, and no others", async () => {
    const acme = await makeCompany(gateway, "pk-lost");
    const { id, key, browser: byPassword } = await withPasskey(gateway, acme, "a@x.example");
    const path = `${acme.path}/users/${id}/passkeys`;
    const other = makeKey();
    await addKey(byPassword, acme, other, {}, "Phone");
    const [lost, kept] = [gateway.browser(), gateway.browser()];
    expect((await signInWithKey(lost, acme, key)).status).toBe(303);
    expect((await signInWithKey(kept, acme, other)).status).toBe(303);
    const statuses = async () => {
      gateway.advance(60);
      const browsers = [byPassword, lost, kept];
      return Promise.all(browsers.map(async (one) => (await one.get(`${acme.url}/sso/session`)).status));
    };
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await api("DELETE", `${path}/${key.id}`)).status).toBe(204);
    expect(await statuses()).toEqual([200, 401, 200]);
    expect((await api("DELETE", path)).status).toBe(204);
    expect(await statuses()).toEqual([200, 401, 401]);
  });

  it("they are nobody's but their user's and company's", async () => {
    const [acme, other] = [await makeCompany(gateway, "pk-mine"), await makeCompany(gateway, "pk-theirs")];
    const { id, key } = await withPasskey(gateway, acme, "a@x.example");
    const there = await withPassword(gateway, other, "a@x.example");
    const colleague = await withPassword(gateway, acme, "b@x.example");
    const { secret } = (await api("POST", `${other.path}/tokens`, {})).body;
    const token = { authorization: `Bearer ${secret}` };
    for (const method of ["GET", "DELETE"]) {
      expect((await api(method, `${acme.path}/users/${id}/passkeys`, undefined, token)).status).toBe(403);
      for (const path of [
        `${other.path}/users/${there.id}/passkeys/${key.id}`,
        `${other.path}/users/${id}/passkeys/${key.id}`,
        `${other.path}/users/${id}/passkeys`,
        `${acme.path}/users/${colleague.id}/passkeys/${key.id}`,
      ]) {
        expect((await api(method, path)).status).toBe(404);
      }
    }
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(303);
  });
});

describe("in the console", () => {
  const open = async (browser: Browser, acme: LocalCompany, id: string) =>
    (await browser.get(`${acme.url}/sso/admin/users/${id}`)).text();

  it("an administrator sees a user's passkeys and removes one; a forged form removes none", async () => {
    const acme = await makeCompany(gateway, "pk-console");
    const { id, key } = await withPasskey(gateway, acme, "a@x.example");
    const admin = await withPasskey(gateway, acme, "admin@x.example", "ES256", { groupId: acme.admins });
    const html = await open(admin.browser, acme, id);
    expect(html).toContain("Laptop");
    expect(html).not.toContain('href="/sso/local/passkeys"');
    expect(await open(admin.browser, acme, admin.id)).toContain('href="/sso/local/passkeys"');

    const path = `/sso/admin/users/${id}/passkeys/${key.id}/remove`;
    const fields = formOn(html, path);
    const post = (browser: Browser, body: Record<string, string>, crossSite = false) =>
      browser.post(acme.url + path, body, { crossSite });
    const member = await withPassword(gateway, acme, "member@x.example");
    expect((await post(member.browser, fields)).status).toBe(403);
    expect((await post(admin.browser, { ...fields, form_token: "" })).status).toBe(403);
    await post(admin.browser, fields, true);
    expect(await audited(acme.path, "delete")).toEqual([]);

    for (const _ of [1, 2]) {
      const done = await post(admin.browser, fields);
      expect([done.status, done.headers.get("location")]).toEqual([303, `/sso/admin/users/${id}?done=passkey-removed`]);
    }
    expect(await audited(acme.path, "delete")).toMatchObject([{ actor: `user:${admin.id}`, resourceId: key.id }]);
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(403);
  });

  it("an administrator who removes their own stays signed in where they do it, and nowhere else", async () => {
    const acme = await makeCompany(gateway, "pk-own");
    const group = { title: "Chiefs", type: "administrator" };
    const groupId = (await api("POST", `${acme.path}/groups`, group)).body.id;
    const { id, key } = await withPasskey(gateway, acme, "chief@x.example", "ES256", { groupId });
    const [here, elsewhere] = [gateway.browser(), gateway.browser()];
    for (const browser of [here, elsewhere]) expect((await signInWithKey(browser, acme, key)).status).toBe(303);
    const html = await (await here.get(`${acme.url}/sso/admin/users/${id}`)).text();
    const path = `/sso/admin/users/${id}/passkeys/${key.id}/remove`;
    expect((await here.post(acme.url + path, formOn(html, path))).status).toBe(303);
    gateway.advance(60);
    const statuses = [here, elsewhere].map(async (one) => (await one.get(`${acme.url}/sso/session`)).status);
    expect(await Promise.all(statuses)).toEqual([200, 401]);
  });
});
