/** Signing in with a passkey: each way to be refused, with its code in the log and one face for the visitor, then the honest way in. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { ATTEMPTS_PER_PAIR_MAX } from "../../src/signin/local-throttle.ts";
import { CHALLENGE_SECONDS } from "../../src/signin/passkey-challenge.ts";
import { startGateway } from "../support/gateway.ts";
import { fieldOf, invite, type LocalCompany, lastSignIn, makeCompany, signInWith, whoIs } from "./local-stage.ts";
import { assertion, type Bent, FLAGS, makeKey, optionsOf, signInWithKey, withPasskey } from "./passkey-stage.ts";

const gateway = startGateway();
const { api } = gateway;

/** What differs from page to page, taken out. */
const bare = (html: string) =>
  html
    .replace(/[2-9A-Z]{5}-[2-9A-Z]{5}/g, "REFERENCE")
    .replace(/nonce="[^"]*"/g, "")
    .replace(/name="form_token" value="[^"]*"/g, "");

type Key = ReturnType<typeof makeKey>;
interface People {
  readonly acme: LocalCompany;
  readonly other: LocalCompany;
  readonly key: Key;
  readonly rsa: Key;
  readonly foreign: Key;
  readonly disabled: Key;
  readonly moved: Key;
  /** Has counted to seven. */
  readonly counted: Key;
}

async function people(): Promise<People> {
  const acme = await makeCompany(gateway, "pk-refused");
  const other = await makeCompany(gateway, "pk-refused-other");
  const { key } = await withPasskey(gateway, acme, "a@x.example");
  const rsa = await withPasskey(gateway, acme, "rsa@x.example", "RS256");
  const foreign = await withPasskey(gateway, other, "a@x.example");
  const disabled = await withPasskey(gateway, acme, "disabled@x.example");
  await api("PATCH", `${acme.path}/users/${disabled.id}`, { status: "disabled" });
  const moved = await withPasskey(gateway, acme, "moved@x.example");
  await api("PATCH", `${acme.path}/users/${moved.id}`, { groupId: acme.ssoOnly });
  const counted = (await withPasskey(gateway, acme, "counted@x.example")).key;
  counted.signCount = 7;
  expect((await signInWithKey(gateway.browser(), acme, counted)).status).toBe(303);
  return { acme, other, key, rsa: rsa.key, foreign: foreign.key, disabled: disabled.key, moved: moved.key, counted };
}

/** What is sent, and the code that the log has for it. */
const REFUSED: readonly (readonly [string, string, (p: People) => [Key, Bent?]])[] = [
  [
    "passkey_origin",
    "a look-alike host",
    ({ key }) => [key, { origin: "https://pk-refused.example.com.evil.example" }],
  ],
  ["passkey_origin", "another company", ({ key, other }) => [key, { origin: other.url }]],
  ["passkey_origin", "another port", ({ key, acme }) => [key, { origin: `${acme.url}:8443` }]],
  ["passkey_origin", "a frame in another site", ({ key }) => [key, { client: { crossOrigin: true } }]],
  [
    "passkey_origin",
    "a frame that names its top",
    ({ key }) => [key, { client: { topOrigin: "https://evil.example" } }],
  ],
  ["passkey_rp_id", "the whole platform's host", ({ key }) => [key, { rpId: "example.com" }]],
  ["passkey_rp_id", "another company's host", ({ key }) => [key, { rpId: "pk-refused-other.example.com" }]],
  ["passkey_challenge_invalid", "a guess", ({ key }) => [key, { challenge: "Z3Vlc3NlZA" }]],
  ["passkey_unknown", "a key of nobody", () => [makeKey()]],
  ["passkey_unknown", "a key of another company", ({ foreign }) => [foreign]],
  ["passkey_not_verified", "nobody was asked for a PIN", ({ key }) => [key, { flags: FLAGS.present }]],
  ["passkey_not_verified", "nobody was there", ({ key }) => [key, { flags: FLAGS.verified }]],
  ["passkey_user_handle", "somebody else's handle", ({ key, rsa }) => [{ ...key, userHandle: rsa.userHandle }]],
  ["passkey_user_handle", "no handle", ({ key }) => [{ ...key, userHandle: "" }]],
  ["passkey_signature", "a key made anew", ({ key }) => [{ ...key, privateKey: makeKey().privateKey }]],
  ["passkey_signature", "a key of the other kind", ({ key, rsa }) => [{ ...key, privateKey: rsa.privateKey }]],
  ["passkey_signature", "the other way round", ({ key, rsa }) => [{ ...rsa, privateKey: key.privateKey }]],
  ["passkey_signature", "a bit turned, ES256", ({ key }) => [key, { tampered: true }]],
  ["passkey_signature", "a bit turned, RS256", ({ rsa }) => [rsa, { tampered: true }]],
  ["passkey_signature", "none", ({ key }) => [key, { fields: { signature: "" } }]],
  [
    "passkey_signature",
    "no ASN.1",
    ({ key }) => [key, { fields: { signature: Buffer.alloc(70, 48).toString("hex") } }],
  ],
  ["passkey_counter", "one back", ({ counted }) => [{ ...counted, signCount: 6 }]],
  ["passkey_counter", "none any more", ({ counted }) => [{ ...counted, signCount: 0 }]],
  ["passkey_counter", "the same again", ({ counted }) => [counted]],
  ["local_not_allowed", "a disabled user", ({ disabled }) => [disabled]],
  ["local_not_allowed", "a group that is SSO only", ({ moved }) => [moved]],
];

describe("whoever must not come in reads the same page after the same round trips, and the log knows why:", () => {
  let all: People;
  let first: string;
  beforeAll(async () => {
    all = await people();
  }, 30_000);

  for (const [n, [code, what, make]] of REFUSED.entries()) {
    it(`${code}, ${what}`, async () => {
      const { acme } = all;
      const [key, bent] = make(all);
      const browser = gateway.browser();
      await browser.get(`${acme.url}/sso/local`);
      gateway.roundTrips();
      const headers = { "cf-connecting-ip": `192.0.2.${n}` };
      const response = await signInWithKey(browser, acme, key, bent, { headers });
      expect([response.status, gateway.roundTrips()]).toEqual([403, 2]);
      const record = await lastSignIn(gateway, acme);
      expect([record.outcome, record.code, record.checks.at(-1).ok]).toEqual(["refused", code, false]);
      expect((await whoIs(browser, acme)).status).toBe(401);
      const html = bare(await response.text());
      first ??= html;
      expect(html).toContain("This passkey did not work");
      expect(html).toBe(first);
    });
  }
});

describe("who must not come in with a passkey", () => {
  it("is whoever sends what is no credential, and gets the same page", async () => {
    const acme = await makeCompany(gateway, "pk-malformed");
    const { key } = await withPasskey(gateway, acme, "a@x.example");
    const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const bents: Bent[] = [
      { type: "webauthn.create" },
      { flags: FLAGS.present | FLAGS.verified | FLAGS.backedUp },
      { fields: { id: "" } },
      { fields: { id: "a+b/" } },
      { fields: { id: Buffer.alloc(1024).toString("base64url") } },
      { fields: { authenticatorData: "AAAA" } },
      { fields: { clientDataJSON: "bm90IGpzb24" } },
      { fields: { clientDataJSON: json(null) } },
      { fields: { clientDataJSON: json({ type: "webauthn.get", challenge: 1, origin: acme.url }) } },
    ];
    for (const bent of bents) {
      const response = await signInWithKey(gateway.browser(), acme, key, bent);
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("This passkey did not work");
      expect((await lastSignIn(gateway, acme)).code).toBe("passkey_malformed");
    }
  });

  it("is everybody of a group that becomes SSO only, sessions that began with a passkey included", async () => {
    const acme = await makeCompany(gateway, "pk-closed");
    const { key, browser } = await withPasskey(gateway, acme, "a@x.example");
    const visitor = gateway.browser();
    expect((await signInWithKey(visitor, acme, key)).status).toBe(303);
    await api("PATCH", `${acme.path}/groups/${acme.staff}`, { ssoOnly: true });
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("local_not_allowed");
    expect((await browser.get(`${acme.url}/sso/local/passkeys`)).status).toBe(403);
    gateway.advance(60);
    expect((await whoIs(visitor, acme)).status).toBe(401);
  });

  it("is another company's passkey of the same address, even when its row is put there", async () => {
    const [one, two] = [await makeCompany(gateway, "pk-one"), await makeCompany(gateway, "pk-two")];
    const { key } = await withPasskey(gateway, one, "same@x.example");
    const there = await withPasskey(gateway, two, "same@x.example");
    expect((await signInWithKey(gateway.browser(), two, key)).status).toBe(403);
    await env.DB.prepare(
      "insert into passkeys select u.company_id, p.id, u.id, p.public_key, p.algorithm, 0, p.transports, 'x', 0, null from passkeys p, users u where p.id = ? and u.id = ?",
    )
      .bind(key.id, there.id)
      .run();
    expect((await signInWithKey(gateway.browser(), two, key)).status).toBe(403);
    expect((await lastSignIn(gateway, two)).code).toBe("passkey_user_handle");
  });
});

describe("a challenge", () => {
  it("works once, in the whole world", async () => {
    const acme = await makeCompany(gateway, "pk-replay");
    const { key } = await withPasskey(gateway, acme, "a@x.example");
    const browser = gateway.browser();
    await browser.get(`${acme.url}/sso/local`);
    const { challenge } = await optionsOf(browser, acme);
    const attempts = [gateway, gateway.isolate(), gateway].map((isolate) =>
      signInWithKey(browser.at(isolate), acme, key, {}, { challenge }),
    );
    const statuses = (await Promise.all(attempts)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([303, 403, 403]);
    expect((await signInWithKey(browser, acme, key, {}, { challenge })).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("passkey_challenge_used");
  });

  it("is over after five minutes", async () => {
    const acme = await makeCompany(gateway, "pk-late");
    const { key } = await withPasskey(gateway, acme, "a@x.example");
    const browser = gateway.browser();
    await browser.get(`${acme.url}/sso/local`);
    const { challenge, timeout } = await optionsOf(browser, acme);
    expect(timeout).toBe(CHALLENGE_SECONDS * 1000);
    gateway.advance(CHALLENGE_SECONDS);
    expect((await signInWithKey(browser, acme, key, {}, { challenge })).status).toBe(403);
    expect((await lastSignIn(gateway, acme)).code).toBe("passkey_challenge_expired");
  });

  it("is worth nothing in another browser, at another company, or for another use", async () => {
    const acme = await makeCompany(gateway, "pk-bound");
    const other = await makeCompany(gateway, "pk-bound-other");
    const { key, browser: own } = await withPasskey(gateway, acme, "a@x.example");
    const browser = gateway.browser();
    await browser.get(`${acme.url}/sso/local`);
    await browser.get(`${other.url}/sso/local`);
    const challenges = [
      (await optionsOf(own, acme)).challenge,
      (await optionsOf(browser, other)).challenge,
      (await optionsOf(own, acme, "passkeys/options")).challenge,
    ];
    const browsers = [browser, browser, own];
    for (const [n, challenge] of challenges.entries()) {
      expect((await signInWithKey(browsers[n]!, acme, key, {}, { challenge })).status).toBe(403);
      expect((await lastSignIn(gateway, acme)).code).toBe("passkey_challenge_invalid");
    }
    // Two tabs of one browser don't take each other's away.
    const [first, second] = [(await optionsOf(browser, acme)).challenge, (await optionsOf(browser, acme)).challenge];
    expect(second).not.toBe(first);
    for (const challenge of [second, first]) {
      expect((await signInWithKey(browser, acme, key, {}, { challenge })).status).toBe(303);
    }
  });

  it("is given to browsers that have our page's cookie, and to nobody's cache", async () => {
    const acme = await makeCompany(gateway, "pk-cookie");
    expect((await gateway.browser().get(`${acme.url}/sso/local/passkey`)).status).toBe(403);
    const browser = gateway.browser();
    await browser.get(`${acme.url}/sso/local`);
    gateway.roundTrips();
    const response = await browser.get(`${acme.url}/sso/local/passkey`);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(await response.json()).toMatchObject({ rpId: "pk-cookie.example.com", userVerification: "required" });
    expect(gateway.roundTrips()).toBe(0);
  });
});

describe("forged and repeated attempts", () => {
  it("sign nobody in from another site, or without this browser's form", async () => {
    const acme = await makeCompany(gateway, "pk-forged");
    const { key } = await withPasskey(gateway, acme, "a@x.example");
    const browser = gateway.browser();
    const html = await (await browser.get(`${acme.url}/sso/local`)).text();
    const { challenge } = await optionsOf(browser, acme);
    const fields = { form_token: fieldOf(html, "form_token"), ...assertion(key, acme, challenge) };
    const post = (body: Record<string, string>, more: object = {}) =>
      browser.fetch(`${acme.url}/sso/local/passkey`, { method: "POST", body: new URLSearchParams(body), ...more });
    for (const response of [
      await post(fields, { crossSite: true }),
      await post(fields, { headers: { "sec-fetch-site": "same-site" } }),
      await post({ ...fields, form_token: "" }),
    ]) {
      expect(response.status).toBe(403);
      expect(response.headers.getSetCookie()).toEqual([]);
      expect((await lastSignIn(gateway, acme)).code).toBe("confirmation_invalid");
    }
    expect((await post(fields)).status).toBe(303);
  });

  it("are throttled as passwords are", async () => {
    const acme = await makeCompany(gateway, "pk-guessed");
    const { key } = await withPasskey(gateway, acme, "a@x.example");
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    const guess = (bent: Bent) => signInWithKey(gateway.browser(), acme, key, bent, { headers });
    for (let n = 0; n < ATTEMPTS_PER_PAIR_MAX; n++) expect((await guess({ rpId: "wrong" })).status).toBe(403);
    const throttled = await guess({});
    expect(throttled.status).toBe(429);
    expect(Number(throttled.headers.get("retry-after"))).toBeGreaterThan(800);
    expect((await lastSignIn(gateway, acme)).code).toBe("local_throttled");
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(303);
  });
});

describe("with a passkey of their own", () => {
  for (const algorithm of ["ES256", "RS256"] as const) {
    it(`a person is in, by ${algorithm}: one page, two round trips, and back to where they wanted to go`, async () => {
      const acme = await makeCompany(gateway, `pk-in-${algorithm.toLowerCase()}`);
      const { key, id } = await withPasskey(gateway, acme, "a@x.example", algorithm);
      const browser = gateway.browser();
      await browser.get(`${acme.url}/sso/local`);
      gateway.roundTrips();
      const response = await signInWithKey(browser, acme, key, {}, { returnTo: "/assets/17?view=large" });
      expect(gateway.roundTrips()).toBe(2);
      expect([response.status, response.headers.get("location")]).toEqual([303, "/assets/17?view=large"]);
      expect((await whoIs(browser, acme)).body.user).toMatchObject({ id, email: "a@x.example" });
      const record = await lastSignIn(gateway, acme);
      expect(record).toMatchObject({ outcome: "success", code: null, email: "a@x.example", userId: id });
      expect(record.checks).toContainEqual({ name: "passkey", ok: true, expected: null, received: "Laptop" });
    });
  }

  it("that counts, they are in each time it counts on", async () => {
    const acme = await makeCompany(gateway, "pk-counts");
    const { key } = await withPasskey(gateway, acme, "a@x.example");
    for (const signCount of [0, 0, 1, 2, 900]) {
      const at = { ...key, signCount };
      expect((await signInWithKey(gateway.browser(), acme, at)).status).toBe(303);
    }
    const kept = await env.DB.prepare("select sign_count n from passkeys where id = ?").bind(key.id).first("n");
    expect(kept).toBe(900);
  });

  it("the numbers of whose signatures happen to be short or long in DER, they are in all the same", async () => {
    const acme = await makeCompany(gateway, "pk-der");
    const { key } = await withPasskey(gateway, acme, "a@x.example");
    const lengths = (der: Buffer) => [der[3] ?? 0, der[5 + (der[3] ?? 0)] ?? 0] as const;
    for (const until of [
      (der: Buffer) => lengths(der)[0] < 32,
      (der: Buffer) => lengths(der)[1] < 32,
      (der: Buffer) => lengths(der).every((length) => length === 33),
      (der: Buffer) => lengths(der).every((length) => length === 32),
    ]) {
      expect((await signInWithKey(gateway.browser(), acme, key, { until })).status).toBe(303);
    }
  });

  it("they keep their password, and a new one leaves the passkey", async () => {
    const acme = await makeCompany(gateway, "pk-both");
    const { key, id, email } = await withPasskey(gateway, acme, "a@x.example");
    expect((await signInWith(gateway.browser(), acme, email)).status).toBe(303);
    await invite(gateway, acme, id);
    expect((await signInWithKey(gateway.browser(), acme, key)).status).toBe(303);
  });
});
