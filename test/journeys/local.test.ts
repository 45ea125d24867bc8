/** `/sso/local`: the attacks first, then the honest way in. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { placeOf } from "../../src/rate-limit.ts";
import {
  ATTEMPTS_PER_ADDRESS_MAX,
  ATTEMPTS_PER_EMAIL_MAX,
  ATTEMPTS_PER_PAIR_MAX,
} from "../../src/signin/local-throttle.ts";
import { startGateway } from "../support/gateway.ts";
import {
  fieldOf,
  invite,
  lastSignIn,
  makeCompany,
  makeUser,
  PASSWORD,
  signInWith,
  whoIs,
  withPassword,
} from "./local-stage.ts";

const gateway = startGateway();
const { api } = gateway;

/** What differs from page to page, taken out. */
const bare = (html: string) =>
  html
    .replace(/[2-9A-Z]{5}-[2-9A-Z]{5}/g, "REFERENCE")
    .replace(/nonce="[^"]*"/g, "")
    .replace(/name="form_token" value="[^"]*"/g, "")
    .replace(/value="[^"]*@[^"]*"/g, "");

const headersOf = (response: Response) =>
  [...response.headers].map(([name, value]) => [
    name,
    name === "content-security-policy" ? value.replace(/nonce-[^']*/g, "") : name === "set-cookie" ? "" : value,
  ]);

describe("who must not come in by a password", () => {
  it("looks like anybody who mistyped: same page, same headers, same round trips, whatever is true of the account", async () => {
    const acme = await makeCompany(gateway, "enumeration");
    await withPassword(gateway, acme, "known@x.example");
    await makeUser(gateway, acme, "never@x.example");
    await makeUser(gateway, acme, "never-sso@x.example", { groupId: acme.ssoOnly });
    const moved = await withPassword(gateway, acme, "moved@x.example");
    await api("PATCH", `${acme.path}/users/${moved.id}`, { groupId: acme.ssoOnly });
    const disabled = await withPassword(gateway, acme, "disabled@x.example");
    await api("PATCH", `${acme.path}/users/${disabled.id}`, { status: "disabled" });

    const attempts = [
      ["known@x.example", "not her password", "local_credentials_wrong"],
      ["nobody@x.example", PASSWORD, "local_credentials_wrong"],
      ["never@x.example", PASSWORD, "local_credentials_wrong"],
      ["never-sso@x.example", PASSWORD, "local_credentials_wrong"],
      ["moved@x.example", "not her password", "local_credentials_wrong"],
      ["moved@x.example", PASSWORD, "local_not_allowed"],
      ["disabled@x.example", PASSWORD, "local_not_allowed"],
    ] as const;
    const seen = [];
    for (const [email, password, code] of attempts) {
      const browser = gateway.browser();
      await browser.get(`${acme.url}/sso/local`);
      gateway.roundTrips();
      const response = await signInWith(browser, acme, email, password);
      seen.push({
        status: response.status,
        trips: gateway.roundTrips(),
        headers: headersOf(response),
        html: bare(await response.text()),
      });
      expect(await lastSignIn(gateway, acme)).toMatchObject({ outcome: "refused", code, email });
      expect((await whoIs(browser, acme)).status).toBe(401);
    }
    expect(seen[0]).toMatchObject({ status: 403, trips: 2 });
    for (const other of seen) expect(other).toEqual(seen[0]);
  });

  it("is everybody of an SSO-only group, by every path: sign-in, links made before, sessions begun before", async () => {
    const acme = await makeCompany(gateway, "closed");
    const user = await withPassword(gateway, acme, "a@x.example");
    const { url } = await invite(gateway, acme, user.id);
    expect((await whoIs(user.browser, acme)).status).toBe(200);

    await api("PATCH", `${acme.path}/groups/${acme.staff}`, { ssoOnly: true });
    expect((await signInWith(gateway.browser(), acme, user.email)).status).toBe(403);
    expect((await gateway.browser().get(url)).status).toBe(403);
    expect(await lastSignIn(gateway, acme)).toMatchObject({ code: "local_not_allowed", email: "a@x.example" });
    expect((await api("POST", `${acme.path}/invitations`, { userId: user.id })).status).toBe(409);
    gateway.advance(60);
    expect((await whoIs(user.browser, acme)).status).toBe(401);
  });

  it("is a user of another company with the very same address and password", async () => {
    const [one, two] = [await makeCompany(gateway, "same-one"), await makeCompany(gateway, "same-two")];
    const { browser } = await withPassword(gateway, one, "same@x.example");
    await makeUser(gateway, two, "same@x.example");
    expect((await signInWith(gateway.browser(), two, "same@x.example")).status).toBe(403);
    for (const [host, jar] of browser.cookies)
      if (host === "same-one.example.com") browser.cookies.set("same-two.example.com", jar);
    expect((await whoIs(browser, two)).status).toBe(401);
    // Nor does a row that was moved there open anything: the tag names company and user.
    const { password } = (await env.DB.prepare(
      "select password from credentials c join companies o on o.id = c.company_id where slug = 'same-one'",
    ).first()) as { password: string };
    await env.DB.prepare(
      "insert into credentials select u.company_id, u.id, ?, 0 from users u join companies o on o.id = u.company_id where slug = 'same-two'",
    )
      .bind(password)
      .run();
    expect((await signInWith(gateway.browser(), two, "same@x.example")).status).toBe(403);
  });
});

describe("a form that is not our page's", () => {
  it("signs nobody in: from another site, without the cookie, with another browser's token, of another company", async () => {
    const acme = await makeCompany(gateway, "forged");
    const other = await makeCompany(gateway, "forger");
    const { email } = await withPassword(gateway, acme, "victim@x.example");
    const page = async (company: typeof acme, browser = gateway.browser()) => {
      const html = await (await browser.get(`${company.url}/sso/local`)).text();
      return { browser, token: fieldOf(html, "form_token") };
    };
    const post = (
      browser = gateway.browser(),
      form_token = "",
      headers: Record<string, string> = {},
      crossSite = false,
    ) =>
      browser.fetch(`${acme.url}/sso/local`, {
        method: "POST",
        headers,
        crossSite,
        body: new URLSearchParams({ email, password: PASSWORD, form_token, return_to: "/" }),
      });
    const [mine, theirs, foreign] = [await page(acme), await page(acme), await page(other)];
    const responses = [
      await post(mine.browser, mine.token, {}, true),
      await post(mine.browser, mine.token, { "sec-fetch-site": "same-site" }),
      await post(gateway.browser(), mine.token),
      await post(mine.browser, theirs.token),
      await post(mine.browser, foreign.token),
      await post(mine.browser, ""),
      await post(mine.browser, mine.token, { "content-type": "application/json" }),
    ];
    for (const response of responses) {
      expect(response.status).toBe(403);
      expect(response.headers.getSetCookie().join()).not.toContain("vestibule-session");
    }
    expect(await lastSignIn(gateway, acme)).toMatchObject({ code: "confirmation_invalid" });
    expect((await post(mine.browser, mine.token)).status).toBe(303);
  });

  it("does not depend on host names, so that it works behind a proxy that shows another one, and in browsers that say nothing", async () => {
    const acme = await makeCompany(gateway, "proxied");
    const { email } = await withPassword(gateway, acme, "a@x.example");
    const browser = gateway.browser();
    const html = await (await browser.get(`${acme.url}/sso/local`)).text();
    const headers = {
      origin: "https://proxied.example.com.mcas.ms",
      "sec-fetch-site": "same-origin",
      referer: "https://proxied.example.com.mcas.ms/sso/local",
    };
    const fields = { form_token: fieldOf(html, "form_token"), return_to: "/", email, password: PASSWORD };
    const body = () => new URLSearchParams(fields);
    expect((await browser.fetch(`${acme.url}/sso/local`, { method: "POST", headers, body: body() })).status).toBe(303);
    const cookie = [...(browser.cookies.get("proxied.example.com") ?? [])]
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
    const old = new Request(`${acme.url}/sso/local`, {
      method: "POST",
      headers: { cookie, origin: "null" },
      body: body(),
    });
    expect((await gateway.fetch(old)).status).toBe(303);
  });

  it("is not read beyond its limit", async () => {
    const acme = await makeCompany(gateway, "large");
    const large = await signInWith(gateway.browser(), acme, "a@x.example", "x".repeat(20_000));
    expect(large.status).toBe(403);
    expect(await lastSignIn(gateway, acme)).toMatchObject({ code: "confirmation_invalid" });
  });
});

describe("guessing", () => {
  it("ends after a few attempts from one place, on all isolates together, and the window ends by itself", async () => {
    const acme = await makeCompany(gateway, "guessed");
    const { email } = await withPassword(gateway, acme, "a@x.example");
    const isolates = [gateway, gateway.isolate()];
    const guess = (n: number, password = "wrong password") =>
      signInWith(isolates[n % 2]!.browser(), acme, email, password, { address: "192.0.2.1" });
    for (let n = 0; n < ATTEMPTS_PER_PAIR_MAX; n++) expect((await guess(n)).status).toBe(403);
    for (const n of [0, 1]) {
      const response = await guess(n, PASSWORD);
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(800);
    }
    expect(await lastSignIn(gateway, acme)).toMatchObject({ code: "local_throttled", email });
    // The person themselves, elsewhere, is not locked out.
    expect((await signInWith(gateway.browser(), acme, email, PASSWORD, { address: "198.51.100.7" })).status).toBe(303);
    gateway.advance(901);
    expect((await guess(0, PASSWORD)).status).toBe(303);
  });

  it("is throttled for an address that nobody has just as for one that somebody has", async () => {
    const acme = await makeCompany(gateway, "guessed-nobody");
    const guess = () =>
      signInWith(gateway.browser(), acme, "nobody@x.example", "wrong password", { address: "192.0.2.2" });
    const statuses = [];
    for (let n = 0; n <= ATTEMPTS_PER_PAIR_MAX; n++) statuses.push((await guess()).status);
    expect(statuses).toEqual([...Array(ATTEMPTS_PER_PAIR_MAX).fill(403), 429]);
  });

  it("of one account from everywhere, and of every account from one place, ends as well", async () => {
    const acme = await makeCompany(gateway, "sprayed");
    await withPassword(gateway, acme, "a@x.example");
    const fill = (count: number) =>
      env.DB.prepare(
        "update local_attempts set count = ? where count > 0 and company_id = (select id from companies where slug = 'sprayed')",
      )
        .bind(count)
        .run();
    const guess = (email: string, address: string) =>
      signInWith(gateway.browser(), acme, email, "wrong password", { address });
    await guess("a@x.example", "192.0.2.3");
    await fill(ATTEMPTS_PER_EMAIL_MAX);
    // The pair is new; what is full is the account.
    expect((await guess("a@x.example", "203.0.113.9")).status).toBe(429);
    await fill(ATTEMPTS_PER_ADDRESS_MAX);
    expect((await guess("other@x.example", "192.0.2.3")).status).toBe(429);
    expect((await guess("other@x.example", "203.0.113.200")).status).toBe(403);
  });

  it("counts a whole IPv6 network as one place", () => {
    expect(placeOf("2001:db8:1:2:aaaa::1")).toBe("2001:db8:1:2");
    expect(placeOf("2001:0DB8:0001:0002::7")).toBe("2001:db8:1:2");
    expect(placeOf("2001:db8::1")).toBe("2001:db8:0:0");
    expect(placeOf("::1")).toBe("0:0:0:0");
    expect(placeOf("192.0.2.1")).toBe("192.0.2.1");
    expect(placeOf("::ffff:192.0.2.1")).toBe("::ffff:192.0.2.1");
  });

  it("leaves no address in the clear where attempts are counted", async () => {
    const { results } = await env.DB.prepare("select bucket from local_attempts").all<{ bucket: string }>();
    for (const { bucket } of results) expect(bucket).toMatch(/^(?:[\w-]{22}|refused (?:un)?asked)$/);
  });
});

describe("whoever may", () => {
  it("comes in by e-mail and password, in two round trips, to the page they wanted", async () => {
    const acme = await makeCompany(gateway, "honest");
    const { email, id } = await withPassword(gateway, acme, "grüße.a@x.example", { firstName: "Ada" });
    const browser = gateway.browser();
    const page = await browser.get(`${acme.url}/sso/local?return_to=/assets/1`);
    expect([page.status, page.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(page.headers.getSetCookie().join()).toMatch(
      /^__Host-vestibule-local=[\w-]{22}; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/,
    );
    const fields = {
      form_token: fieldOf(await page.text(), "form_token"),
      return_to: "/assets/1",
      email: ` ${email.toUpperCase().replaceAll("Ü", "ü").replace("GR", "gr").replace("SSE", "ße")} `,
      password: PASSWORD,
    };
    gateway.roundTrips();
    const response = await browser.post(`${acme.url}/sso/local`, fields);
    expect([response.status, response.headers.get("location"), gateway.roundTrips()]).toEqual([303, "/assets/1", 2]);
    expect(await whoIs(browser, acme)).toMatchObject({
      status: 200,
      body: { user: { id, email, group: { title: "Staff" } } },
    });
    expect(await lastSignIn(gateway, acme)).toMatchObject({ outcome: "success", code: null, email, userId: id });
    expect((await api("GET", `${acme.path}/users/${id}`)).body.lastSignInAt).toBe(
      new Date(gateway.now()).toISOString(),
    );
  });

  it("is sent nowhere but to this host", async () => {
    const acme = await makeCompany(gateway, "redirected");
    const { email } = await withPassword(gateway, acme, "a@x.example");
    for (const returnTo of [
      "https://evil.example/",
      "//evil.example",
      "/\\evil.example",
      "/sso/logout",
      "javascript:alert(1)",
    ]) {
      const response = await signInWith(gateway.browser(), acme, email, PASSWORD, { returnTo });
      expect(response.headers.get("location")).toBe("/");
    }
    const admin = await signInWith(gateway.browser(), acme, email, PASSWORD, { returnTo: "/sso/admin/users" });
    expect(admin.headers.get("location")).toBe("/sso/admin/users");
  });

  it("is out again: by signing out, without a word to the identity provider, and within a minute when disabled", async () => {
    const acme = await makeCompany(gateway, "out");
    const { email, id, browser } = await withPassword(gateway, acme, "a@x.example");
    const other = gateway.isolate().browser();
    expect((await signInWith(other, acme, email)).status).toBe(303);
    const out = await browser.fetch(`${acme.url}/sso/logout`, { method: "POST" });
    expect([out.status, out.headers.get("location")]).toEqual([200, null]);
    expect((await whoIs(browser, acme)).status).toBe(401);
    await api("PATCH", `${acme.path}/users/${id}`, { status: "disabled" });
    gateway.advance(60);
    expect((await whoIs(other, acme)).status).toBe(401);
  });

  it("many at once and again and again, is never throttled by their own successes", async () => {
    const acme = await makeCompany(gateway, "often");
    const { email } = await withPassword(gateway, acme, "a@x.example");
    for (let n = 0; n < ATTEMPTS_PER_PAIR_MAX + 3; n++) {
      expect((await signInWith(gateway.browser(), acme, email, PASSWORD, { address: "192.0.2.8" })).status).toBe(303);
    }
  });
});

describe("the page", () => {
  it("is there at no round trip, says whose it is, offers single sign-on where there is one, and escapes what was typed", async () => {
    const acme = await makeCompany(gateway, "page", `<b onmouseover="x">Acme</b> & 'Sons'`);
    await gateway.browser().get(`${acme.url}/sso/local`);
    gateway.roundTrips();
    const html = await (await gateway.browser().get(`${acme.url}/sso/local`)).text();
    expect(gateway.roundTrips()).toBe(0);
    expect(html).not.toContain("<b onmouseover");
    expect(html).not.toContain("/sso/login");
    const hostile = `"><script>alert(1)</script>@x.example`;
    const again = await (
      await signInWith(gateway.browser(), acme, hostile, PASSWORD, { returnTo: `/"><img src=x>` })
    ).text();
    expect(again).not.toContain("<script>alert");
    expect(again).not.toContain("<img");
    expect(fieldOf(again, "email")).toBe(hostile);
    expect(again).not.toContain(PASSWORD);
    expect(await lastSignIn(gateway, acme)).toMatchObject({ email: null, code: "local_credentials_wrong" });
  });
});
