/** Following an identity provider's metadata: what it announces, what is trusted, whose turn it is, and what a bad publisher can't do. */
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { followMetadata } from "../../src/admin/index.ts";
import { claimMetadataSource, findCompany, findMetadataSource, saveMetadataSource } from "../../src/store/index.ts";
import { allowance } from "../session/stage.ts";
import { type Company, createCompany, type Gateway, signIn, startGateway, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { addressOf, document, Publisher, sha256Of, sourceOf } from "./follow-stage.ts";

const DAY = 86_400;
let gateway: Gateway;
let publisher: Publisher;
let idp: TestIdp;
/** The same provider after its rollover. */
let next: TestIdp;
let acme: Company;
let source: ReturnType<typeof sourceOf>;
let slugs = 0;

beforeAll(async () => {
  idp = await createIdentityProvider();
  next = await createIdentityProvider({ keyName: "next" });
});
beforeEach(async () => {
  gateway = startGateway();
  publisher = new Publisher();
  acme = await createCompany(gateway, `follow${slugs++}`, idp);
  source = sourceOf(gateway, acme);
  publisher.put(addressOf(acme), document(idp));
});
afterEach(async () => {
  // What is left would be due in the tests that follow.
  await source.get().then(({ status }) => (status === 200 ? gateway.api("DELETE", source.path) : null));
  vi.unstubAllGlobals();
});

const follow = () => followMetadata(gateway.services, allowance());
const audit = async () => (await gateway.api("GET", `/companies/${acme.slug}/audit`)).body.items;
const signInBy = async (signer: TestIdp) =>
  (await signIn(gateway, gateway.browser(), { ...acme, idp: signer })).headers.get("location");

describe("a certificate that appears", () => {
  it("is announced, believed only once it is trusted, and the old one stays until somebody takes it out", async () => {
    const put = await source.put();
    expect(put.status, JSON.stringify(put.body)).toBe(200);
    expect(put.body).toMatchObject({ url: addressOf(acme), trust: "announce", failure: null, announced: [] });
    expect(put.body.certificates).toHaveLength(1);

    publisher.put(addressOf(acme), document(idp, [idp, next]));
    gateway.advance(DAY);
    expect(await follow()).toBe("1 due, 1 read, 0 failing");
    const { body } = await source.get();
    expect(body.announced.map((one: { sha256: string }) => one.sha256)).toEqual([await sha256Of(next)]);
    expect(await source.pinned()).toEqual([await sha256Of(idp)]);
    expect((await audit())[0]).toMatchObject({
      actor: "metadata",
      resource: "metadata-source",
      after: { announced: [await sha256Of(next)] },
    });
    expect(await signInBy(next)).toBeNull();

    const accepted = await source.post("accept", { sha256: await sha256Of(next) });
    expect([accepted.status, accepted.body.announced]).toEqual([200, []]);
    expect(await source.pinned()).toEqual([await sha256Of(idp), await sha256Of(next)]);
    expect((await audit())[0]).toMatchObject({ actor: "operator", resource: "saml" });
    expect(await signInBy(next)).toBe("/");
    expect((await source.post("accept", { sha256: await sha256Of(next) })).status).toBe(409);

    publisher.put(addressOf(acme), document(idp, [next]));
    gateway.advance(DAY);
    await follow();
    expect((await source.get()).body.certificates).toHaveLength(1);
    expect(await source.pinned(), "the old key is not unpinned by itself").toHaveLength(2);
    const only = { certificates: [next.certificate] };
    expect((await gateway.api("PATCH", `/companies/${acme.slug}/saml`, only)).status).toBe(200);
    expect(await signInBy(idp)).toBeNull();
    expect(await signInBy(next)).toBe("/");
  });

  it("is trusted at once where the company said so, as a version of the settings made by “metadata”", async () => {
    await source.put("automatic");
    publisher.put(addressOf(acme), document(idp, [idp, next]));
    gateway.advance(DAY);
    await follow();
    expect((await source.get()).body).toMatchObject({ announced: [], failure: null });
    expect(await source.pinned()).toEqual([await sha256Of(idp), await sha256Of(next)]);
    expect(await signInBy(next)).toBe("/");
    const versions = await gateway.api("GET", `/companies/${acme.slug}/saml/versions`);
    expect(versions.body.items[0]).toMatchObject({ version: 2, actor: "metadata" });
    expect((await audit()).find(({ resource }: { resource: string }) => resource === "saml")).toMatchObject({
      actor: "metadata",
      action: "update",
    });
  });

  it("is not trusted again by itself where somebody took it out while it is published", async () => {
    publisher.put(addressOf(acme), document(idp, [idp, next]));
    await source.put("automatic");
    expect(await source.pinned()).toHaveLength(2);
    await gateway.api("PATCH", `/companies/${acme.slug}/saml`, { certificates: [idp.certificate] });
    gateway.advance(DAY);
    await follow();
    expect(await source.pinned()).toEqual([await sha256Of(idp)]);
    expect((await source.get()).body.announced).toHaveLength(1);
  });

  it("is announced no more once it is dismissed, and may be thought better of while it is published", async () => {
    publisher.put(addressOf(acme), document(idp, [idp, next]));
    await source.put();
    const sha256 = await sha256Of(next);
    expect((await source.post("dismiss", { sha256 })).body.announced).toEqual([]);
    expect((await source.post("dismiss", { sha256 })).status).toBe(422);
    for (const trust of ["announce", "automatic"]) {
      expect((await source.put(trust)).body.announced).toEqual([]);
      gateway.advance(DAY);
      await follow();
      expect(await source.pinned()).toHaveLength(1);
    }
    expect((await source.post("accept", { sha256 })).status).toBe(200);
    expect(await source.pinned()).toHaveLength(2);
    expect((await source.post("accept", { sha256: "0".repeat(64) })).status).toBe(422);
    expect((await source.post("accept", { sha256: "x" })).status).toBe(422);
  });

  it("beyond those that can be trusted at once is a failure in words, and is trusted when there is room", async () => {
    const ten = await Promise.all(Array.from({ length: 9 }, (_, n) => createIdentityProvider({ keyName: `many${n}` })));
    const certificates = [idp, ...ten].map(({ certificate }) => certificate);
    await gateway.api("PATCH", `/companies/${acme.slug}/saml`, { certificates });
    publisher.put(addressOf(acme), document(idp, [idp, next]));
    const { body } = await source.put("automatic");
    expect(body.failure).toMatch(/At most 10/);
    expect(body.announced).toHaveLength(1);
    expect(await source.pinned()).toHaveLength(10);
    await gateway.api("PATCH", `/companies/${acme.slug}/saml`, { certificates: [idp.certificate] });
    gateway.advance(DAY);
    await follow();
    expect((await source.get()).body).toMatchObject({ failure: null, announced: [] });
    expect(await source.pinned()).toHaveLength(2);
  });
});

describe("a publisher that is not to be believed", () => {
  const stands = async () => {
    const { body } = await source.get();
    expect(body.certificates, "the last good copy stays").toHaveLength(1);
    expect(await source.pinned()).toEqual([await sha256Of(idp)]);
    return body;
  };
  const endless = () =>
    new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)) });
  const zipped = () => {
    const bytes = new Blob([new Uint8Array(8_000_000).fill(0x20)]).stream().pipeThrough(new CompressionStream("gzip"));
    return bytes.pipeThrough(new DecompressionStream("gzip"));
  };

  it.for<[string, (request: Request) => Response | Promise<Response>, RegExp]>([
    ["another provider's document", () => new Response(document(other(), [next])), /another identity provider/],
    ["404", () => new Response("no", { status: 404 }), /status 404/],
    ["a page", () => new Response("<!doctype html><p>Sign in</p>"), /xml_/],
    ["a document that has ended", () => new Response(ended()), /valid until/],
    ["a document without keys", () => new Response(document(idp, [])), /certificate_missing/],
    ["a redirect to another host", () => Response.redirect("https://evil.example/", 302), /another host/],
    ["a redirect to a private address", () => Response.redirect("https://169.254.169.254/", 302), /another host/],
    ["a redirect to http", () => Response.redirect("http://idp.example/", 302), /https/],
    ["a redirect with a password", () => Response.redirect("https://a:b@idp.example/", 302), /user name/],
    ["redirects without end", ({ url }) => Response.redirect(`${url}x`, 302), /status 404|too often/],
    ["a document without end", () => new Response(endless()), /larger than/],
    ["much out of little", () => new Response(zipped()), /larger than/],
    ["nothing", () => Promise.reject(new Error("refused")), /could not be reached/i],
  ])("takes nothing by %s, which is said in words", async ([, page, words]) => {
    await source.put("automatic");
    publisher.put(addressOf(acme), page);
    gateway.advance(DAY);
    expect(await follow()).toBe("1 due, 0 read, 1 failing");
    const body = await stands();
    expect(body.failure).toMatch(words);
    expect(body.failedAt).toBe(new Date(gateway.now()).toISOString());
  });

  const other = () => ({ ...next, metadata: otherProvider.metadata });
  const ended = () => document(idp).replace("<IDPSSODescriptor", '<IDPSSODescriptor validUntil="2026-11-01T00:00:00Z"');
  let otherProvider: TestIdp;
  beforeAll(async () => {
    otherProvider = await createIdentityProvider({ entityId: "https://sts.windows.net/other/", keyName: "next" });
  });

  it("is asked again after an hour, then after as long again as it has failed, to a day, and daily when it is well", async () => {
    await source.put();
    publisher.put(addressOf(acme), () => new Response("", { status: 500 }));
    gateway.advance(DAY);
    const hours: number[] = [];
    for (let look = 0; look < 9; look++) {
      await follow();
      const { body } = await source.get();
      const wait = (Date.parse(body.nextAt) - gateway.now()) / 1000;
      hours.push(wait / 3600);
      gateway.advance(wait);
    }
    for (const [index, least] of [1, 1, 2, 4, 8, 16, 24, 24, 24].entries()) {
      expect(hours[index], `look ${index}`).toBeGreaterThanOrEqual(least);
      expect(hours[index], `look ${index}`).toBeLessThanOrEqual(least * 1.125 ** 7);
    }
    publisher.put(addressOf(acme), document(idp));
    await follow();
    const { body } = await source.get();
    expect(body).toMatchObject({ failure: null, failedAt: null, readAt: new Date(gateway.now()).toISOString() });
    const wait = (Date.parse(body.nextAt) - gateway.now()) / 3_600_000;
    expect(wait).toBeGreaterThanOrEqual(20);
    expect(wait).toBeLessThanOrEqual(24);
  });

  /** As if the time were over soon. */
  const shortTime = () =>
    vi.spyOn(AbortSignal, "timeout").mockImplementation(() => {
      const ending = new AbortController();
      setTimeout(() => ending.abort(), 100);
      return ending.signal;
    });

  it("that never answers ends with its time, and takes no other company's turn", async () => {
    const globex = await createCompany(gateway, `globex${slugs}`, idp);
    const theirs = sourceOf(gateway, globex);
    publisher.put(addressOf(globex), document(idp));
    await theirs.put();
    await source.put();
    gateway.advance(DAY);
    publisher.put(addressOf(acme), ({ signal }) => {
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const time = shortTime();
    expect(await follow()).toBe("2 due, 1 read, 1 failing");
    time.mockRestore();
    expect((await stands()).failure).toMatch(/no answer within 10 seconds/);
    expect((await theirs.get()).body.failure).toBeNull();
    await gateway.api("DELETE", theirs.path);
  });

  it("that answers drop by drop ends with its time as well", async () => {
    vi.unstubAllGlobals();
    const time = shortTime();
    const url = "https://origin.example/ticks";
    const { body } = await gateway.api("PUT", source.path, { url });
    time.mockRestore();
    expect(body.failure).toMatch(/no answer within 10 seconds/);
  });
});

describe("whose turn it is", () => {
  const stored = async () => {
    const { database } = gateway.services;
    const { id: companyId = "" } = (await findCompany(database, acme.slug)) ?? {};
    return { companyId, row: (await findMetadataSource(database, companyId))! };
  };

  it("is taken once, however many runs overlap", async () => {
    await source.put();
    gateway.advance(DAY);
    publisher.asked.length = 0;
    const there = gateway.isolate();
    const said = await Promise.all([follow(), followMetadata(there.services, allowance()), follow()]);
    expect(publisher.asked).toEqual([addressOf(acme)]);
    expect(said.filter((one) => one.includes("1 read"))).toHaveLength(1);
    expect(await follow()).toBe("0 due, 0 read, 0 failing");
  });

  it("comes again within an hour or so where a run died with it", async () => {
    await source.put();
    gateway.advance(DAY);
    const { companyId, row } = await stored();
    const due = { companyId, slug: acme.slug, nextAt: row.nextAt };
    expect(await claimMetadataSource(gateway.services.database, due, gateway.now() + 3_600_000)).toBe(true);
    expect(await follow()).toBe("0 due, 0 read, 0 failing");
    gateway.advance(3600);
    expect(await follow()).toBe("1 due, 1 read, 0 failing");
  });

  it("is nobody's of a suspended company, and ends with the company", async () => {
    await source.put();
    publisher.asked.length = 0;
    await gateway.api("PATCH", `/companies/${acme.slug}`, { status: "suspended" });
    gateway.advance(DAY);
    expect(await follow()).toBe("1 due, 0 read, 0 failing");
    expect((await gateway.api("DELETE", `/companies/${acme.slug}`)).status).toBe(204);
    gateway.advance(DAY);
    expect(await follow()).toBe("0 due, 0 read, 0 failing");
    expect(publisher.asked).toEqual([]);
  });

  it("goes on to the next company where a row breaks the one before", async () => {
    const globex = await createCompany(gateway, `globex${slugs}`, idp);
    await source.put();
    const theirs = sourceOf(gateway, globex);
    await theirs.put();
    const { companyId, row } = await stored();
    const broken = { ...row, url: "not a URL", version: row.version + 1 };
    await saveMetadataSource(gateway.services.database, companyId, row.version, broken, null);
    gateway.advance(DAY);
    publisher.put(addressOf(globex), document(idp));
    expect(await follow()).toBe("2 due, 1 read, 1 failing");
    await gateway.api("DELETE", theirs.path);
  });

  it("comes to nothing where another address was chosen while the first was read", async () => {
    await source.put("automatic");
    gateway.advance(DAY);
    const elsewhere = "https://idp.example/elsewhere";
    publisher.put(addressOf(acme), async () => {
      publisher.put(elsewhere, document(idp));
      await gateway.api("PUT", source.path, { url: elsewhere });
      return new Response(document(idp, [idp, next]));
    });
    await follow();
    expect((await source.get()).body).toMatchObject({ url: elsewhere, announced: [], failure: null });
    expect(await source.pinned()).toHaveLength(1);
  });
});

describe("the source over REST", () => {
  it("is there once it is put, keeps what was read, answers entity tags and is in the audit", async () => {
    expect((await source.get()).status).toBe(404);
    expect((await source.post("refresh")).status).toBe(404);
    const put = await source.put();
    const got = await source.get();
    expect(got.body).toEqual(put.body);
    expect(got.headers.get("etag")).toBe(put.headers.get("etag"));
    expect((await audit())[0]).toMatchObject({ action: "create", resource: "metadata-source" });
    const stale = { "if-match": '"stale"' };
    expect((await source.put("automatic", stale)).status).toBe(412);
    expect((await gateway.api("DELETE", source.path, undefined, stale)).status).toBe(412);
    const back = await gateway.api("PUT", source.path, got.body, { "if-match": got.headers.get("etag") ?? "" });
    expect(back.status, JSON.stringify(back.body)).toBe(200);
    publisher.asked.length = 0;
    expect((await source.post("refresh")).status).toBe(200);
    expect(publisher.asked).toHaveLength(1);
    expect((await gateway.api("DELETE", source.path)).status).toBe(204);
    expect((await audit())[0]).toMatchObject({ action: "delete", resource: "metadata-source" });
    expect(await source.pinned()).toHaveLength(1);
  });

  it.for([
    "http://idp.example/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://0x7f.1/",
    "https://127.0.0.1./",
    "https://[::1]/",
    "https://[fd00::1]:8443/",
    "https://[::ffff:10.0.0.1]/",
    "https://intranet./",
    "https://localhost./",
    "https://db.internal../",
    "https://user@idp.example/",
    "https://admin.example.com/api/v1/companies",
    "https://EXAMPLE.com/",
    "file:///etc/passwd",
  ])("refuses %s before anything is asked", async (url) => {
    const refused = await gateway.api("PUT", source.path, { url });
    expect([refused.status, refused.body.errors?.[0]?.path]).toEqual([422, "url"]);
    expect(publisher.asked).toEqual([]);
    expect((await source.get()).status).toBe(404);
  });

  it("refuses to follow anybody where the settings don't say whom, or where there are none", async () => {
    await gateway.api("PATCH", `/companies/${acme.slug}/saml`, { idpEntityId: null });
    const unknown = await source.put();
    expect([unknown.status, unknown.body.errors[0].message]).toEqual([422, expect.stringMatching(/IdP Entity ID/)]);
    const bare = { slug: `bare${slugs}` };
    await gateway.api("POST", "/companies", { ...bare, name: "Bare", originUrl: "https://origin.example" });
    expect((await sourceOf(gateway, bare).put()).status).toBe(404);
    expect(publisher.asked).toEqual([]);
  });

  it("is another company's token's business in no way", async () => {
    await source.put();
    const globex = await createCompany(gateway, `globex${slugs}`, idp);
    const token = await gateway.api("POST", `/companies/${globex.slug}/tokens`, { name: "t" });
    const authorization = { authorization: `Bearer ${token.body.secret}` };
    publisher.asked.length = 0;
    for (const [method, path] of [
      ["GET", ""],
      ["PUT", ""],
      ["DELETE", ""],
      ["POST", "/refresh"],
      ["POST", "/accept"],
      ["POST", "/dismiss"],
    ] as const) {
      const body = path === "" ? { url: addressOf(acme) } : { sha256: await sha256Of(idp) };
      const sent = method === "PUT" || (method === "POST" && path !== "/refresh") ? body : undefined;
      const refused = await gateway.api(method, source.path + path, sent, authorization);
      expect([method, path, refused.status]).toEqual([method, path, 403]);
    }
    expect(publisher.asked).toEqual([]);
  });
});
