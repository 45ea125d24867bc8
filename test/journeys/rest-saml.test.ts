/** Single sign-on settings over REST: defaults, certificates, what is refused, and settings made from metadata. */
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod/mini";
import { certificateView } from "../../src/admin/certificates.ts";
import { samlView } from "../../src/admin/saml-settings.ts";
import { BASE, startGateway, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { keyPair } from "../support/messages/keys.ts";
import { withPeople } from "./rest-company.ts";

const gateway = startGateway();
const { api } = gateway;
let idp: TestIdp;
let entra: TestIdp;
const LOGIN = "https://idp.example/saml2";

beforeAll(async () => {
  idp = await createIdentityProvider();
  entra = await createIdentityProvider({ keyName: "other" });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const minimal = () => ({ loginUrl: LOGIN, certificates: [idp.certificatePem] });

describe("PUT /saml", () => {
  it("needs a Login URL and a certificate; the rest has the defaults that suit Entra", async () => {
    const { slug } = await withPeople(gateway, "minimal");
    expect((await api("GET", `/companies/${slug}/saml`)).status).toBe(404);
    const put = await api("PUT", `/companies/${slug}/saml`, minimal());
    expect(put.status).toBe(200);
    const view = { ...samlView.shape, certificates: z.array(z.strictObject(certificateView.shape)) };
    expect(z.strictObject(view).parse(put.body)).toEqual(put.body);
    expect(put.body).toMatchObject({
      idpEntityId: null,
      loginUrl: LOGIN,
      logoutUrl: null,
      nameIdFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
      requestBinding: "POST",
      jit: { enabled: false, groupId: null },
      signAuthnRequests: false,
      wantEncryptedAssertions: false,
      allowIdpInitiated: false,
      forceAuthn: false,
      requestedAuthnContext: [],
      clockSkewSeconds: 180,
      allowSha1: false,
      attributeMapping: { email: null, firstName: null, lastName: null, userKey: null },
      groupMapping: [],
      serviceProvider: {
        entityId: `https://${slug}.${BASE}/sso/metadata`,
        acsUrl: `https://${slug}.${BASE}/sso/acs`,
        signOnUrl: `https://${slug}.${BASE}/`,
        logoutUrl: `https://${slug}.${BASE}/sso/slo`,
        metadataUrl: `https://${slug}.${BASE}/sso/metadata`,
      },
    });
    const read = await api("GET", `/companies/${slug}/saml`);
    expect([read.body, read.headers.get("etag")]).toEqual([put.body, put.headers.get("etag")]);
  });

  it("takes back what GET gave, and what it leaves out goes back to its default", async () => {
    const { slug, group } = await withPeople(gateway, "round-trip");
    const whole = {
      ...minimal(),
      idpEntityId: "urn:idp",
      logoutUrl: "https://idp.example/logout?a=b",
      requestBinding: "Redirect",
      jit: { enabled: true, groupId: group.id },
      allowIdpInitiated: true,
      forceAuthn: true,
      requestedAuthnContext: ["urn:oasis:names:tc:SAML:2.0:ac:classes:X509"],
      clockSkewSeconds: 0,
      attributeMapping: { email: "mail", userKey: "oid" },
      groupMapping: [
        { claim: "groups", value: "b <&>", groupId: group.id },
        { claim: "groups", value: "a", groupId: group.id },
      ],
    };
    const put = await api("PUT", `/companies/${slug}/saml`, whole);
    expect(put.body).toMatchObject({ ...whole, certificates: [{ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }] });
    const again = await api("PUT", `/companies/${slug}/saml`, put.body);
    expect(again.body).toEqual(put.body);
    const reset = await api("PUT", `/companies/${slug}/saml`, minimal());
    expect(reset.body).toMatchObject({ idpEntityId: null, groupMapping: [], jit: { enabled: false, groupId: null } });
  });

  it("takes PEM, bare base64, several in one text and the same one twice, and shows what each is", async () => {
    const { slug } = await withPeople(gateway, "certificates");
    const both = `${idp.certificatePem}\n${entra.certificatePem}`;
    const put = await api("PUT", `/companies/${slug}/saml`, {
      loginUrl: LOGIN,
      certificates: [idp.certificate, both, `  ${entra.certificate.replace(/(.{64})/g, "$1\r\n")}  `],
    });
    expect(put.body.certificates).toHaveLength(2);
    const [first] = put.body.certificates;
    expect(first.pem.replace(/-----.*-----|\s/g, "")).toBe(idp.certificate);
    expect(first.pem).toMatch(/^-----BEGIN CERTIFICATE-----\n(?:[\w+/=]{1,64}\n)+-----END CERTIFICATE-----\n$/);
    expect(first).toMatchObject({ notBefore: "2025-01-01T00:00:00.000Z", subject: expect.stringContaining("CN=") });
  });

  const group = "01a2086c-8a67-74df-b683-09c675460c09";
  const refused: [string, Record<string, unknown>, string][] = [
    ["no Login URL", { loginUrl: undefined }, "loginUrl"],
    ["plain http", { loginUrl: "http://idp.example/" }, "loginUrl"],
    ["http to loopback on a public gateway", { logoutUrl: "http://127.0.0.1/" }, "logoutUrl"],
    ["a script as Login URL", { loginUrl: "javascript:alert(1)//https://" }, "loginUrl"],
    ["a fragment", { loginUrl: "https://idp.example/#x" }, "loginUrl"],
    ["letters that no URL holds", { loginUrl: "https://idp.example/saml2/例" }, "loginUrl"],
    ["an empty Logout URL", { logoutUrl: "" }, "logoutUrl"],
    ["no certificate", { certificates: [] }, "certificates"],
    ["text instead of a list", { certificates: "PEM" }, "certificates"],
    ["a number as certificate", { certificates: [7] }, "certificates.0"],
    ["rubbish as certificate", { certificates: ["AAAA"] }, "certificates.0"],
    [
      "a private key",
      { certificates: ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] },
      "certificates.0",
    ],
    ["eleven certificates", { certificates: Array(11).fill("AAAA") }, "certificates"],
    ["a made-up Name ID Format", { nameIdFormat: "email" }, "nameIdFormat"],
    ["a binding in other letters", { requestBinding: "post" }, "requestBinding"],
    ["a skew of eleven minutes", { clockSkewSeconds: 660 }, "clockSkewSeconds"],
    ["a negative skew", { clockSkewSeconds: -1 }, "clockSkewSeconds"],
    ["a skew as text", { clockSkewSeconds: "180" }, "clockSkewSeconds"],
    ["just-in-time users without a group", { jit: { enabled: true } }, "jit.groupId"],
    ["a just-in-time group that is nobody's", { jit: { enabled: false, groupId: group } }, "jit.groupId"],
    [
      "a mapping to a group that is nobody's",
      { groupMapping: [{ claim: "c", value: "v", groupId: group }] },
      "groupMapping.0.groupId",
    ],
    [
      "a mapping without a value",
      { groupMapping: [{ claim: "c", value: "", groupId: group }] },
      "groupMapping.0.value",
    ],
    ["201 mappings", { groupMapping: Array(201).fill({ claim: "c", value: "v", groupId: group }) }, "groupMapping"],
    ["a claim with a line feed", { attributeMapping: { email: "a\nb" } }, "attributeMapping.email"],
    ["an unknown mapping", { attributeMapping: { phone: "x" } }, "attributeMapping.phone"],
    ["an entity ID with a space", { idpEntityId: "https://idp.example /" }, "idpEntityId"],
    ["an entity ID of 1025 characters", { idpEntityId: "x".repeat(1025) }, "idpEntityId"],
    ["an unknown switch", { skipSignature: true }, "skipSignature"],
  ];
  for (const [what, part, path] of refused) {
    it(`refuses ${what}, and writes nothing`, async () => {
      const slug = `r-${refused.findIndex(([name]) => name === what)}`;
      await api("POST", "/companies", { slug, name: slug, originUrl: "https://origin.example" });
      const put = await api("PUT", `/companies/${slug}/saml`, { ...minimal(), ...part });
      expect(put.status).toBe(422);
      expect(put.body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
      expect(JSON.stringify(put.body)).not.toContain("PRIVATE KEY-----\\nAAAA");
      expect((await api("GET", `/companies/${slug}/saml`)).status).toBe(404);
    });
  }

  it("refuses a certificate whose key is too short", async () => {
    const { slug } = await withPeople(gateway, "short-key");
    const short = await keyPair("RSA-1024", "short");
    const put = await api("PUT", `/companies/${slug}/saml`, {
      ...minimal(),
      certificates: [idp.certificate, short.certificate],
    });
    expect([put.status, put.body.errors[0].path]).toEqual([422, "certificates.1"]);
  });

  it("refuses a group of another company", async () => {
    const { slug } = await withPeople(gateway, "saml-mine");
    const theirs = await withPeople(gateway, "saml-theirs");
    const put = await api("PUT", `/companies/${slug}/saml`, {
      ...minimal(),
      jit: { enabled: true, groupId: theirs.group.id },
    });
    expect([put.status, put.body.errors[0].path]).toEqual([422, "jit.groupId"]);
  });

  it("is guarded by If-Match and If-None-Match, the first time too", async () => {
    const { slug } = await withPeople(gateway, "saml-etag");
    const path = `/companies/${slug}/saml`;
    expect((await api("PUT", path, minimal(), { "if-match": "*" })).status, "there are none yet").toBe(412);
    const first = await api("PUT", path, minimal(), { "if-none-match": "*" });
    expect(first.status).toBe(200);
    expect((await api("PUT", path, minimal(), { "if-none-match": "*" })).status).toBe(412);
    const tag = first.headers.get("etag") ?? "";
    const changed = { ...minimal(), forceAuthn: true };
    const results = await Promise.all(Array.from({ length: 10 }, () => api("PUT", path, changed, { "if-match": tag })));
    expect(results.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
  });

  it("is one write for ten who write at once without a tag, after which all of them stand in the audit", async () => {
    const { slug } = await withPeople(gateway, "saml-race");
    const results = await Promise.all(
      Array.from({ length: 5 }, (_, n) => api("PUT", `/companies/${slug}/saml`, { ...minimal(), clockSkewSeconds: n })),
    );
    expect(results.map(({ status }) => status)).toEqual(Array(5).fill(200));
    const audit = (await api("GET", `/companies/${slug}/audit`)).body.items;
    const written = audit.filter((record: { resource: string }) => record.resource === "saml");
    expect(written.map((record: { action: string }) => record.action).sort()).toEqual([
      "create",
      ...Array(4).fill("update"),
    ]);
  });
});

describe("PATCH /saml", () => {
  it("changes what it names, inside jit and attributeMapping too, and leaves the rest", async () => {
    const { slug, group } = await withPeople(gateway, "patch");
    const path = `/companies/${slug}/saml`;
    expect((await api("PATCH", path, { forceAuthn: true })).status, "nothing to change yet").toBe(404);
    await api("PUT", path, {
      ...minimal(),
      jit: { enabled: true, groupId: group.id },
      attributeMapping: { email: "mail" },
    });
    const patched = await api("PATCH", path, { jit: { enabled: false }, attributeMapping: { userKey: "oid" } });
    expect(patched.body).toMatchObject({
      jit: { enabled: false, groupId: group.id },
      attributeMapping: { email: "mail", userKey: "oid" },
      certificates: [{ pem: expect.any(String) }],
    });
    const rolled = await api("PATCH", path, { certificates: [...patched.body.certificates, entra.certificatePem] });
    expect(rolled.body.certificates).toHaveLength(2);
    expect((await api("PATCH", path, { jit: { enabled: null } })).status).toBe(422);
    expect((await api("PATCH", path, { jit: { groupId: null, enabled: true } })).status).toBe(422);
    expect((await api("PATCH", path, {}, { "content-type": "application/merge-patch+json" })).status).toBe(200);
  });
});

describe("the company's own keys", () => {
  it("are made when requests are first signed or assertions first encrypted, once, and published", async () => {
    const { slug } = await withPeople(gateway, "keys");
    const path = `/companies/${slug}/saml`;
    const metadata = async () => (await gateway.fetch(new Request(`https://${slug}.${BASE}/sso/metadata`))).text();
    const certificates = async () => (await metadata()).match(/<ds:X509Certificate>[^<]+/g) ?? [];
    await api("PUT", path, minimal());
    expect(await certificates()).toHaveLength(0);
    await api("PATCH", path, { signAuthnRequests: true, wantEncryptedAssertions: true });
    const made = await certificates();
    expect(made).toHaveLength(2);
    await api("PATCH", path, { signAuthnRequests: false });
    await api("PATCH", path, { signAuthnRequests: true });
    expect(new Set([...(await certificates()), ...made]).size).toBe(2);
    expect(JSON.stringify((await api("GET", path)).body)).not.toContain("wrapped");
    expect(JSON.stringify((await api("GET", `/companies/${slug}/audit`)).body)).not.toMatch(/wrapped|private/i);
  });
});

describe("POST /saml/metadata", () => {
  const xmlType = { "content-type": "application/samlmetadata+xml" };
  const url = "https://idp.example/metadata.xml";
  const document = (more: Partial<Parameters<TestIdp["metadata"]>[0]> = {}) =>
    entra.metadata({ loginUrl: LOGIN, logoutUrl: "https://idp.example/logout", ...more });
  const serve = (respond: (request: Request) => Response | Promise<Response>) => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
      asked.push(address);
      return respond(new Request(address, init));
    });
    return asked;
  };

  it("makes the settings from the document, in every type that it may have", async () => {
    for (const [n, type] of ["application/samlmetadata+xml", "application/xml", "text/xml; charset=utf-8"].entries()) {
      const { slug } = await withPeople(gateway, `metadata-${n}`);
      const made = await api("POST", `/companies/${slug}/saml/metadata`, document(), { "content-type": type });
      expect(made.status).toBe(201);
      expect(made.headers.get("location")).toBe(`/api/v1/companies/${slug}/saml`);
      expect(made.body).toMatchObject({
        idpEntityId: entra.entityId,
        loginUrl: LOGIN,
        logoutUrl: "https://idp.example/logout",
      });
      expect(made.body.certificates[0].pem.replace(/-----.*-----|\s/g, "")).toBe(entra.certificate);
      expect((await api("GET", `/companies/${slug}/saml`)).body).toEqual(made.body);
    }
  });

  it("leaves the company's own choices as they are", async () => {
    const { slug, group } = await withPeople(gateway, "metadata-again");
    const chosen = { jit: { enabled: true, groupId: group.id }, forceAuthn: true, clockSkewSeconds: 60 };
    await api("PUT", `/companies/${slug}/saml`, { ...minimal(), ...chosen });
    const made = await api("POST", `/companies/${slug}/saml/metadata`, document(), xmlType);
    expect(made.body).toMatchObject({ ...chosen, idpEntityId: entra.entityId });
    expect(made.body.certificates).toHaveLength(1);
    const stale = await api("POST", `/companies/${slug}/saml/metadata`, document(), { ...xmlType, "if-match": '"x"' });
    expect(stale.status).toBe(412);
  });

  it("refuses what is not metadata, and says why", async () => {
    const { slug } = await withPeople(gateway, "metadata-bad");
    const bad = [
      "",
      "<html/>",
      "<a><b></a>",
      '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      document().slice(0, 500),
    ];
    for (const body of bad) {
      const answer = await api("POST", `/companies/${slug}/saml/metadata`, body, xmlType);
      expect([body.slice(0, 20), answer.status]).toEqual([body.slice(0, 20), 422]);
      expect(answer.body.errors[0].message).toMatch(/metadata: \w+/);
    }
    const http = await api(
      "POST",
      `/companies/${slug}/saml/metadata`,
      document({ loginUrl: "http://idp.example/" }),
      xmlType,
    );
    expect([http.status, http.body.errors[0].path]).toEqual([422, "loginUrl"]);
    expect(
      (await api("POST", `/companies/${slug}/saml/metadata`, document(), { "content-type": "text/html" })).status,
    ).toBe(415);
    const big = `<a>${"x".repeat(1_100_000)}</a>`;
    expect((await api("POST", `/companies/${slug}/saml/metadata`, big, xmlType)).status).toBe(413);
    expect((await api("GET", `/companies/${slug}/saml`)).status).toBe(404);
  });

  it("fetches the document behind a URL, following redirects within its host", async () => {
    const { slug } = await withPeople(gateway, "metadata-url");
    const asked = serve((request) => {
      expect(request.redirect).toBe("manual");
      expect(request.headers.get("authorization")).toBeNull();
      if (request.url === url) return new Response(null, { status: 302, headers: { location: "/moved.xml" } });
      return new Response(`\uFEFF${document()}`);
    });
    const made = await api("POST", `/companies/${slug}/saml/metadata`, { url });
    expect([made.status, made.body.loginUrl]).toEqual([201, LOGIN]);
    expect(asked).toEqual([url, "https://idp.example/moved.xml"]);
  });

  const never: string[] = [
    "http://idp.example/",
    "http://localhost/",
    "https://localhost/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://8.8.8.8/",
    "https://intranet/",
    "https://db.internal/",
    "https://db.internal./",
    "https://printer.local/",
    "https://user:pass@idp.example/",
    "file:///etc/passwd",
    "data:text/xml,<a/>",
    "ftp://idp.example/",
  ];
  for (const address of never) {
    it(`never fetches ${address}`, async () => {
      const { slug } = await withPeople(gateway, `never-${never.indexOf(address)}`);
      const asked = serve(() => new Response(document()));
      const answer = await api("POST", `/companies/${slug}/saml/metadata`, { url: address });
      expect([answer.status, answer.body.errors[0].path]).toEqual([422, "url"]);
      expect(asked).toEqual([]);
    });
  }

  const failures: [string, (request: Request) => Response | Promise<Response>, RegExp][] = [
    ["a redirect to another host", () => Response.redirect("https://evil.example/", 302), /another host/],
    ["a redirect to a private address", () => Response.redirect("https://169.254.169.254/", 302), /another host/],
    ["a redirect to http", () => Response.redirect("http://idp.example/", 302), /https/],
    ["redirects without end", ({ url }) => Response.redirect(`${url}x`, 302), /too often/],
    ["404", () => new Response("no", { status: 404 }), /status 404/],
    ["a web page", () => new Response("<!doctype html><title>x</title>"), /xml_/],
    ["an endless document", () => new Response(endless()), /larger than/],
    ["no answer at all", () => Promise.reject(new Error("connection refused")), /could not be reached/i],
  ];
  for (const [what, respond, message] of failures) {
    it(`says so when the URL gives ${what}`, async () => {
      const { slug } = await withPeople(gateway, `fails-${failures.findIndex(([name]) => name === what)}`);
      serve(respond);
      const answer = await api("POST", `/companies/${slug}/saml/metadata`, { url });
      expect([answer.status, answer.body.errors[0].path]).toEqual([422, "url"]);
      expect(answer.body.errors[0].message).toMatch(message);
      expect((await api("GET", `/companies/${slug}/saml`)).status).toBe(404);
    });
  }

  function endless(): ReadableStream<Uint8Array> {
    return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)) });
  }
});
