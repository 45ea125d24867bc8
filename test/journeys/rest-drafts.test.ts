/** Drafts and versions of the single sign-on settings by REST: kept apart from what is in force, applied whole, gone back to. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Company, createCompany, type Gateway, signIn, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

let gateway: Gateway;
let acme: Company;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
});

const PATH = "/companies/acme/saml";
const inForce = async () => (await gateway.api("GET", PATH)).body;
const put = (changes: object, headers = {}) =>
  gateway.api(
    "PUT",
    `${PATH}/draft`,
    { loginUrl: "https://idp.example/saml2", certificates: [acme.idp.certificatePem], ...changes },
    headers,
  );
const latestAudit = async () => (await gateway.api("GET", "/companies/acme/audit?limit=1")).body.items[0];

describe("a draft", () => {
  it("is not there until it is written, and then changes nothing that is in force", async () => {
    expect((await gateway.api("GET", `${PATH}/draft`)).status).toBe(404);
    expect((await gateway.api("POST", `${PATH}/draft/apply`, {})).status).toBe(404);
    const before = await inForce();
    const written = await put({ loginUrl: "https://idp.example/new", wantEncryptedAssertions: true });
    expect(written.status, JSON.stringify(written.body)).toBe(200);
    expect(written.body).toMatchObject({ loginUrl: "https://idp.example/new", draft: { basedOn: 1, test: null } });
    expect(written.body.certificates[0].subject).toBe(before.certificates[0].subject);
    expect(await inForce()).toEqual(before);
    expect(await latestAudit()).toMatchObject({ action: "create", resource: "saml", resourceId: "draft" });
    const metadata = await (await gateway.browser().get(acme.entityId)).text();
    expect(metadata, "the key to encrypt to is published before it is needed").toContain('use="encryption"');
  });

  it("may be sent back as it was shown, and is judged by the rules of the settings", async () => {
    const { body, headers } = await gateway.api("GET", `${PATH}/draft`);
    gateway.advance(1);
    const again = await gateway.api("PUT", `${PATH}/draft`, body);
    expect(again.status).toBe(200);
    expect(again.headers.get("etag")).not.toBe(headers.get("etag"));
    const wrong = await put({ loginUrl: "http://idp.example/", certificates: ["none"], unknown: 1 });
    expect(wrong.status).toBe(422);
    const stranger = await put({ jit: { enabled: true, groupId: "019a0000-0000-7000-8000-000000000000" } });
    expect(stranger.body.errors).toEqual([{ path: "jit.groupId", message: "Is not a group of this company" }]);
  });

  it("is written, applied and discarded only as the version that If-Match names", async () => {
    const { headers } = await gateway.api("GET", `${PATH}/draft`);
    const stale = { "if-match": headers.get("etag") ?? "" };
    gateway.advance(1);
    expect((await put({}, stale)).status).toBe(200);
    expect((await put({}, stale)).status).toBe(412);
    expect((await gateway.api("POST", `${PATH}/draft/apply`, {}, stale)).status).toBe(412);
    expect((await gateway.api("DELETE", `${PATH}/draft`, undefined, stale)).status).toBe(412);
    expect((await gateway.api("GET", `${PATH}/draft`)).status).toBe(200);
  });

  it("is put in force without a test by whoever holds a token, unless they ask for one", async () => {
    gateway.advance(1);
    const written = await put({
      loginUrl: "https://idp.example/applied",
      jit: { enabled: true, groupId: acme.staffId },
    });
    const demanded = await gateway.api("POST", `${PATH}/draft/apply`, { requireTest: true });
    expect(demanded.status).toBe(409);
    expect(demanded.body.type).toContain("test-required");
    const { body: token } = await gateway.api("POST", "/companies/acme/tokens", { name: "automation" });
    const match = { "if-match": written.headers.get("etag") ?? "", authorization: `Bearer ${token.secret}` };
    const applied = await gateway.api("POST", `${PATH}/draft/apply`, {}, match);
    expect(applied.status, JSON.stringify(applied.body)).toBe(201);
    expect(await inForce()).toMatchObject({ loginUrl: "https://idp.example/applied" });
    expect((await gateway.api("GET", `${PATH}/draft`)).status).toBe(404);
    expect((await signIn(gateway, gateway.browser(), acme)).status).toBe(303);
  });

  it("is discarded without a trace in what is in force, and its version never comes back", async () => {
    const first = await put({});
    expect((await gateway.api("DELETE", `${PATH}/draft`)).status).toBe(204);
    expect(await latestAudit()).toMatchObject({ action: "delete", resourceId: "draft", after: null });
    gateway.advance(1);
    const second = await put({});
    expect(second.body.draft.version).toBeGreaterThan(first.body.draft.version);
    await gateway.api("DELETE", `${PATH}/draft`);
  });

  it("that names a group which is gone can't be applied", async () => {
    const { body: group } = await gateway.api("POST", "/companies/acme/groups", { title: "Passing" });
    await put({ jit: { enabled: true, groupId: group.id } });
    expect((await gateway.api("DELETE", `/companies/acme/groups/${group.id}`)).status).toBe(204);
    const applied = await gateway.api("POST", `${PATH}/draft/apply`, {});
    expect(applied.status).toBe(422);
    await gateway.api("DELETE", `${PATH}/draft`);
  });

  it("is nobody else's: another company's token is told nothing", async () => {
    await createCompany(gateway, "globex", await createIdentityProvider({ keyName: "globex" }));
    const { body: token } = await gateway.api("POST", "/companies/globex/tokens", { name: "theirs" });
    const theirs = { authorization: `Bearer ${token.secret}` };
    await put({});
    for (const [method, path] of [
      ["GET", "/draft"],
      ["DELETE", "/draft"],
      ["GET", "/versions"],
      ["GET", "/versions/1"],
    ]) {
      expect((await gateway.api(method!, PATH + path, undefined, theirs)).status, path).toBe(403);
    }
    expect((await gateway.api("POST", `${PATH}/draft/apply`, {}, theirs)).status).toBe(403);
    expect((await gateway.api("POST", `${PATH}/versions/1/restore`, {}, theirs)).status).toBe(403);
    await gateway.api("DELETE", `${PATH}/draft`);
  });
});

describe("versions", () => {
  it("hold every state that was in force, newest first, with who made it", async () => {
    await gateway.api("PATCH", PATH, { loginUrl: "https://idp.example/third" });
    const { body } = await gateway.api("GET", `${PATH}/versions?limit=2`);
    expect(body.items.map(({ version }: { version: number }) => version)).toEqual([3, 2]);
    expect(body.items[0]).toMatchObject({ actor: "operator", settings: { loginUrl: "https://idp.example/third" } });
    const rest = await gateway.api("GET", `${PATH}/versions?limit=2&cursor=${encodeURIComponent(body.nextCursor)}`);
    expect(rest.body.items.map(({ version }: { version: number }) => version)).toEqual([1]);
    expect((await gateway.api("GET", `${PATH}/versions/1`)).body.settings.loginUrl).toBe("https://idp.example/saml2");
    for (const id of ["0", "99", "1e1", "-1", "x"]) {
      expect((await gateway.api("GET", `${PATH}/versions/${id}`)).status, id).toBe(404);
    }
  });

  it("are gone back to as a draft, or at once where that is asked for", async () => {
    const drafted = await gateway.api("POST", `${PATH}/versions/1/restore`, {});
    expect(drafted.status, JSON.stringify(drafted.body)).toBe(201);
    expect(drafted.headers.get("location")).toBe("/api/v1/companies/acme/saml/draft");
    expect(drafted.body).toMatchObject({ loginUrl: "https://idp.example/saml2", draft: { basedOn: 3 } });
    expect((await inForce()).loginUrl).toBe("https://idp.example/third");
    const applied = await gateway.api("POST", `${PATH}/versions/2/restore`, { apply: true });
    expect(applied.status).toBe(201);
    expect((await inForce()).loginUrl).toBe("https://idp.example/applied");
    expect((await gateway.api("GET", `${PATH}/versions/4`)).body.settings.loginUrl).toBe("https://idp.example/applied");
  });
});
