/** A company's own key pairs are rolled over while its people go on signing in: by REST, in the console, and never into having none. */
import { verify, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  BASE,
  type Browser,
  type Company,
  createCompany,
  startGateway,
  startSignIn,
} from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import type { KeyPair } from "../support/messages/keys.ts";
import { CONSOLE, formOn, personIn, submit } from "./console-stage.ts";

const gateway = startGateway();
const { api } = gateway;
let acme: Company;
let made = 0;

beforeAll(async () => {
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
});

async function company(saml: Record<string, unknown>): Promise<Company> {
  return createCompany(gateway, `rolled-${++made}`, acme.idp, saml);
}

const keysOf = async ({ slug }: Company) => (await api("GET", `/companies/${slug}/saml/keys`)).body.items;
const states = async (of: Company) => (await keysOf(of)).map(({ state }: { state: string }) => state);
const begin = (of: Company, use: string) => api("POST", `/companies/${of.slug}/saml/keys`, { use });
const activate = (of: Company, id: string) => api("POST", `/companies/${of.slug}/saml/keys/${id}/activate`);
const retire = (of: Company, id: string) => api("DELETE", `/companies/${of.slug}/saml/keys/${id}`);

/** Certificates in the metadata of a use, in their order, as base64. */
async function published(of: Company, use: string): Promise<string[]> {
  const xml = await (await gateway.fetch(new Request(`https://${of.slug}.${BASE}/sso/metadata`))).text();
  const descriptors = xml.match(/<md:KeyDescriptor[\s\S]*?<\/md:KeyDescriptor>/g) ?? [];
  return descriptors
    .filter((text) => text.includes(`use="${use}"`))
    .map((text) => /<ds:X509Certificate>([^<]+)/.exec(text)?.[1] ?? "");
}

const base64Of = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, "");
const x509 = (base64: string) => new X509Certificate(Buffer.from(base64, "base64"));

/** An identity provider that encrypts to this certificate signs somebody in. */
async function signInEncryptedTo(of: Company, certificate: string): Promise<number> {
  const spki = x509(certificate).publicKey.export({ format: "der", type: "spki" });
  const rsa = { name: "RSA-OAEP", hash: "SHA-256" };
  const publicKey = await crypto.subtle.importKey("spki", Uint8Array.from(spki as Buffer), rsa, true, ["encrypt"]);
  const privateJwk = (await crypto.subtle.exportKey("jwk", publicKey)) as JsonWebKey;
  const to = { kind: "RSA-2048", certificate, privateJwk } as KeyPair;
  const browser = gateway.browser();
  const { requestId, relayState } = await startSignIn(browser, of);
  const SAMLResponse = await answer(gateway, of, requestId, { encrypt: { to } });
  const back = await browser.post(of.acsUrl, { SAMLResponse, RelayState: relayState }, { crossSite: true });
  return back.status;
}

describe("the encryption key", () => {
  it("is rolled over without one refused sign-in, whichever published key the provider takes", async () => {
    const of = await company({ wantEncryptedAssertions: true });
    const [first] = await published(of, "encryption");
    const begun = await begin(of, "encryption");
    expect(begun.status).toBe(201);
    expect(begun.body).toMatchObject({ use: "encryption", state: "published", activatedAt: null, retiredAt: null });
    const next = base64Of(begun.body.pem);
    expect(await published(of, "encryption")).toEqual([first, next]);
    expect([await signInEncryptedTo(of, first!), await signInEncryptedTo(of, next)]).toEqual([303, 303]);

    expect((await activate(of, begun.body.id)).body.state).toBe("active");
    expect(await published(of, "encryption")).toEqual([next, first]);
    expect([await signInEncryptedTo(of, first!), await signInEncryptedTo(of, next)]).toEqual([303, 303]);

    const [former] = await keysOf(of);
    expect((await retire(of, former.id)).status).toBe(204);
    expect(await published(of, "encryption")).toEqual([next]);
    expect([await signInEncryptedTo(of, first!), await signInEncryptedTo(of, next)]).toEqual([303, 303]);

    gateway.advance(24 * 3_600 + 1);
    expect([await signInEncryptedTo(of, first!), await signInEncryptedTo(of, next)]).toEqual([403, 303]);
    expect(await states(of)).toEqual(["retired", "active"]);
  });
});

describe("the signing key", () => {
  async function signedWith(of: Company, certificates: readonly string[]): Promise<number> {
    const login = await gateway.browser().get(`${of.url}/sso/login`);
    const query = new URL(login.headers.get("location") ?? "").search.slice(1);
    const [signed = "", signature = ""] = query.split("&Signature=");
    const bytes = Buffer.from(decodeURIComponent(signature), "base64");
    return certificates.findIndex((one) => verify("sha256", Buffer.from(signed), x509(one).publicKey, bytes));
  }

  it("signs with the one in use: the former until the next is put in use", async () => {
    const of = await company({ signAuthnRequests: true, requestBinding: "Redirect" });
    const [first = ""] = await published(of, "signing");
    const { body } = await begin(of, "signing");
    const next = base64Of(body.pem);
    expect(await published(of, "signing")).toEqual([first, next]);
    expect(await signedWith(of, [first, next])).toBe(0);
    await activate(of, body.id);
    expect(await published(of, "signing")).toEqual([next, first]);
    expect(await signedWith(of, [first, next])).toBe(1);
  });

  it("that is the first of its use is in use at once", async () => {
    const of = await company({});
    const begun = await begin(of, "signing");
    expect(begun.body.state).toBe("active");
    await api("PATCH", `/companies/${of.slug}/saml`, { signAuthnRequests: true });
    expect(await published(of, "signing")).toEqual([base64Of(begun.body.pem)]);
  });
});

describe("a step out of order", () => {
  it("changes nothing: a second beginning, the one in use retired, a retired one put in use", async () => {
    const of = await company({ wantEncryptedAssertions: true });
    const [active] = await keysOf(of);
    expect((await retire(of, active.id)).status).toBe(409);
    expect((await activate(of, active.id)).status).toBe(409);
    const next = await begin(of, "encryption");
    expect((await begin(of, "encryption")).status).toBe(409);
    expect((await retire(of, active.id)).status).toBe(409);
    expect((await retire(of, next.body.id)).status).toBe(204);
    expect((await retire(of, next.body.id)).status).toBe(409);
    expect((await activate(of, next.body.id)).status).toBe(409);
    expect((await begin(of, "both")).status).toBe(422);
    expect(await states(of)).toEqual(["active", "retired"]);
  });

  it("made by ten at once happens once", async () => {
    const of = await company({ wantEncryptedAssertions: true });
    const begun = await Promise.all(Array.from({ length: 10 }, () => begin(of, "encryption")));
    expect(begun.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    expect(await states(of)).toEqual(["active", "published"]);
  });

  it("at another company's key finds none", async () => {
    const [of, other] = [await company({}), await company({ wantEncryptedAssertions: true })];
    const { body } = await begin(other, "encryption");
    expect((await activate(of, body.id)).status).toBe(404);
    expect((await retire(of, body.id)).status).toBe(404);
    expect(await states(other)).toEqual(["active", "published"]);
  });
});

describe("the audit", () => {
  it("has each step, with the certificate and without the private half", async () => {
    const of = await company({ wantEncryptedAssertions: true });
    const { body } = await begin(of, "encryption");
    await activate(of, body.id);
    const { items } = (await api("GET", `/companies/${of.slug}/audit?limit=2`)).body;
    expect(items).toMatchObject([
      { action: "update", resource: "sp-key", before: { state: "published" }, after: { state: "active" } },
      { action: "create", resource: "sp-key", before: null, after: { state: "published", sha256: body.sha256 } },
    ]);
    expect(JSON.stringify(items)).not.toMatch(/wrapped|private/i);
  });
});

describe("the console", () => {
  async function click(ada: Browser, of: Company, action: RegExp): Promise<Response> {
    const html = await (await ada.get(`${of.url}${CONSOLE}/keys`)).text();
    const path = action.exec(html)?.[0] ?? "";
    return ada.post(of.url + path, formOn(html, path));
  }

  it("walks an administrator through the steps", async () => {
    const of = await company({ signAuthnRequests: true });
    const ada = await personIn(gateway, of, "ada@acme.example", true);
    expect((await submit(ada, of, "/keys")).headers.get("location")).toContain("done=key-published");
    expect(await states(of)).toEqual(["active", "published"]);
    expect((await click(ada, of, /\/sso\/admin\/keys\/[^"]+\/activate/)).status).toBe(303);
    expect(await states(of)).toEqual(["previous", "active"]);
    expect((await click(ada, of, /\/sso\/admin\/keys\/[^"]+\/retire/)).status).toBe(303);
    expect(await states(of)).toEqual(["retired", "active"]);
  });

  it("asks for a recent sign-in, and says why a step was not taken", async () => {
    const of = await company({ signAuthnRequests: true });
    const ada = await personIn(gateway, of, "ada@acme.example", true);
    const html = await (await ada.get(`${of.url}${CONSOLE}/keys`)).text();
    const form = formOn(html, `${CONSOLE}/keys`);
    expect((await ada.post(`${of.url}${CONSOLE}/keys`, form)).status).toBe(303);
    const again = await ada.post(`${of.url}${CONSOLE}/keys`, form);
    expect(again.status).toBe(409);
    expect(await again.text()).toContain("published already");
    gateway.advance(16 * 60);
    expect((await submit(ada, of, "/keys", {}, "/keys")).status).toBe(403);
  });
});
