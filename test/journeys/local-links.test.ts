/** One-time links as those meet them who may use them, and those who may not. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startGateway } from "../support/gateway.ts";
import {
  choose,
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
const gone = async (response: Response) => {
  const text = await response.text();
  return response.status === 403 && text.includes("This link does not work any more") && !text.includes("<form");
};

afterEach(() => vi.restoreAllMocks());

describe("a stolen link", () => {
  it("opens nothing when it was used, has expired, was revoked, was replaced or is another company's", async () => {
    const [acme, other] = [await makeCompany(gateway, "acme"), await makeCompany(gateway, "other")];
    const user = await makeUser(gateway, acme, "a@x.example");

    const used = await invite(gateway, acme, user);
    const sibling = await invite(gateway, acme, user);
    const thief = gateway.browser();
    const form = await (await thief.get(used.url)).text();
    expect((await choose(gateway.browser(), used.url)).status).toBe(303);
    expect(await gone(await gateway.browser().get(used.url))).toBe(true);
    expect(await gone(await gateway.browser().get(sibling.url))).toBe(true);
    const late = {
      form_token: fieldOf(form, "form_token"),
      token: fieldOf(form, "token"),
      password: "thief's own password",
      password_again: "thief's own password",
    };
    expect(await gone(await thief.post(`${acme.url}/sso/local/invitation`, late))).toBe(true);
    expect((await whoIs(thief, acme)).status).toBe(401);
    expect((await signInWith(thief, acme, "a@x.example", "thief's own password")).status).toBe(403);

    const revoked = await invite(gateway, acme, user);
    await api("DELETE", `${acme.path}/invitations/${revoked.id}`);
    expect(await gone(await choose(gateway.browser(), revoked.url))).toBe(true);

    const elsewhere = await invite(gateway, acme, user);
    expect(await gone(await choose(gateway.browser(), elsewhere.url.replace("acme.", "other.")))).toBe(true);
    expect(await lastSignIn(gateway, other)).toMatchObject({ code: "invitation_invalid", email: null });

    const short = await invite(gateway, acme, user, { expiresInHours: 1 });
    gateway.advance(3600);
    expect(await gone(await choose(gateway.browser(), short.url))).toBe(true);
    expect(await lastSignIn(gateway, acme)).toMatchObject({ code: "invitation_invalid", email: "a@x.example" });
    for (const token of ["", "x", "x".repeat(43), `${"x".repeat(42)}'`, "%00", "x".repeat(4000)]) {
      expect(await gone(await gateway.browser().get(`${acme.url}/sso/local/invitation?token=${token}`))).toBe(true);
    }
  });

  it("of a user who was disabled, moved to an SSO-only group or deleted opens nothing", async () => {
    const acme = await makeCompany(gateway, "changed");
    const disabled = await makeUser(gateway, acme, "d@x.example");
    const moved = await makeUser(gateway, acme, "m@x.example");
    const deleted = await makeUser(gateway, acme, "e@x.example");
    const links = await Promise.all([disabled, moved, deleted].map((id) => invite(gateway, acme, id)));
    await api("PATCH", `${acme.path}/users/${disabled}`, { status: "disabled" });
    await api("PATCH", `${acme.path}/users/${moved}`, { groupId: acme.ssoOnly });
    await api("DELETE", `${acme.path}/users/${deleted}`);
    for (const { url } of links) {
      const browser = gateway.browser();
      expect((await choose(browser, url)).status).toBe(403);
      expect((await whoIs(browser, acme)).status).toBe(401);
    }
    expect(
      await env.DB.prepare(
        "select count(*) n from credentials c join companies o on o.id = c.company_id where slug = 'changed'",
      ).first("n"),
    ).toBe(0);
  });

  it("posted 32 times at once makes one session", async () => {
    const acme = await makeCompany(gateway, "race");
    const user = await makeUser(gateway, acme, "a@x.example");
    const { url } = await invite(gateway, acme, user);
    const isolates = [gateway, gateway.isolate(), gateway.isolate(), gateway.isolate()];
    const browsers = Array.from({ length: 32 }, (_, n) => isolates[n % 4]!.browser());
    const responses = await Promise.all(browsers.map((browser, n) => choose(browser, url, `password of browser ${n}`)));
    expect(responses.map(({ status }) => status).sort()).toEqual([303, ...Array(31).fill(403)]);
    const sessions = await api("GET", `${acme.path}/sessions?userId=${user}`);
    expect(sessions.body.items).toHaveLength(1);
    const winner = responses.findIndex(({ status }) => status === 303);
    const asUser = (n: number) => signInWith(gateway.browser(), acme, "a@x.example", `password of browser ${n}`);
    expect([(await asUser(winner)).status, (await asUser((winner + 1) % 32)).status]).toEqual([303, 403]);
    const uses = (await api("GET", `${acme.path}/audit?limit=200`)).body.items.filter(
      (item: { resource: string; action: string }) => item.resource === "invitation" && item.action === "update",
    );
    expect(uses).toHaveLength(1);
  });

  it("is not used up by looking at it, nor by a form from another site or another browser", async () => {
    const acme = await makeCompany(gateway, "looked");
    const user = await makeUser(gateway, acme, "a@x.example");
    const { url } = await invite(gateway, acme, user);
    const token = new URL(url).searchParams.get("token") ?? "";
    const post = `${acme.url}/sso/local/invitation`;
    for (let n = 0; n < 3; n++) expect((await gateway.browser().get(url)).status).toBe(200);
    await gateway.fetch(new Request(url, { method: "HEAD" }));
    const attacker = gateway.browser();
    const formToken = fieldOf(await (await attacker.get(url)).text(), "form_token");
    const fields = { form_token: formToken, token, password: PASSWORD, password_again: PASSWORD };
    expect((await attacker.post(post, fields, { crossSite: true })).status).toBe(403);
    expect((await gateway.browser().post(post, fields)).status).toBe(403);
    expect((await choose(gateway.browser(), url)).status).toBe(303);
  });
});

describe("a link's token", () => {
  it("reaches no log, no record, no Referer, and moves from the address into the form at once", async () => {
    const lines: string[] = [];
    for (const level of ["log", "error", "warn", "info"] as const)
      vi.spyOn(console, level).mockImplementation((...args) => void lines.push(args.join(" ")));
    const acme = await makeCompany(gateway, "quiet");
    const user = await makeUser(gateway, acme, "a@x.example");
    const { url } = await invite(gateway, acme, user);
    const token = new URL(url).searchParams.get("token") ?? "";
    const browser = gateway.browser();
    const page = await browser.get(url);
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    const html = await page.text();
    expect(html.split(token)).toHaveLength(2);
    expect(fieldOf(html, "token")).toBe(token);
    expect(html).toContain(`history.replaceState(null,"",location.pathname)`);
    await choose(browser, url);
    const refused = await browser.get(url);
    expect(refused.headers.get("referrer-policy")).toBe("no-referrer");
    expect(await refused.text()).not.toContain(token);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).not.toContain(token);
    for (const table of ["audit", "sign_ins", "invitations", "sessions"]) {
      const { results } = await env.DB.prepare(`select * from ${table}`).all();
      expect(JSON.stringify(results)).not.toContain(token);
    }
  });
});

describe("an invitation", () => {
  it("asks for a password that is long and not easy, typed twice, and is used up only then; two round trips", async () => {
    const acme = await makeCompany(gateway, "choosy");
    const user = await makeUser(gateway, acme, "britta.simon@x.example", {
      firstName: `<i>Britta</i>`,
      lastName: `"Simon"`,
    });
    const { url } = await invite(gateway, acme, user);
    const browser = gateway.browser();
    for (const [password, again, says] of [
      ["short", "short", "too short"],
      ["x".repeat(129), "x".repeat(129), "too long"],
      ["password1234", "password1234", "too easy"],
      ["Britta.Simon.1", "Britta.Simon.1", "too easy"],
      [PASSWORD, `${PASSWORD}!`, "not the same"],
    ] as const) {
      const response = await choose(browser, url, password, again);
      const html = await response.text();
      expect([response.status, html.includes(says)]).toEqual([422, true]);
      expect(html).not.toContain("<i>");
      expect(html).not.toContain(`value="${password}"`);
    }
    await browser.get(url);
    gateway.roundTrips();
    expect((await choose(browser, url)).headers.get("location")).toBe("/");
    // Two of them after the answer: they seal the audit.
    expect(gateway.roundTrips()).toBe(5);
    expect((await whoIs(browser, acme)).body).toMatchObject({ user: { id: user }, nameId: "britta.simon@x.example" });
    expect(await lastSignIn(gateway, acme)).toMatchObject({ outcome: "success", userId: user });
  });

  it("gives a new password: the old one and the sessions it began are over", async () => {
    const acme = await makeCompany(gateway, "reset");
    const { id, email, browser } = await withPassword(gateway, acme, "a@x.example");
    const { url } = await invite(gateway, acme, id);
    const fresh = gateway.browser();
    expect((await choose(fresh, url, "nine green staircases")).status).toBe(303);
    gateway.advance(60);
    expect([(await whoIs(browser, acme)).status, (await whoIs(fresh, acme)).status]).toEqual([401, 200]);
    expect((await signInWith(gateway.browser(), acme, email)).status).toBe(403);
    expect((await signInWith(gateway.browser(), acme, email, "nine green staircases")).status).toBe(303);
  });
});

describe("a set-up link", () => {
  const make = async (slug: string, person: object) =>
    (await api("POST", `/companies/${slug}/setup-links`, person)).body as { id: string; url: string };
  const bare = async (slug: string) => {
    await api("POST", "/companies", { slug, name: slug, originUrl: "https://origin.example" });
    return { slug, path: `/companies/${slug}`, url: `https://${slug}.example.com`, staff: "", ssoOnly: "", admins: "" };
  };

  it("makes its person the administrator of a company that has nothing yet, and is in the audit log", async () => {
    const company = await bare("fresh");
    const { url, id } = await make("fresh", { email: "First@x.example", firstName: "Ada", lastName: "First" });
    const browser = gateway.browser();
    const response = await choose(browser, url);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sso/admin/setup"]);
    const { body } = await whoIs(browser, company);
    expect(body.user).toMatchObject({
      email: "first@x.example",
      firstName: "Ada",
      group: { title: "Administrators", type: "administrator" },
    });
    const groups = (await api("GET", "/companies/fresh/groups")).body.items;
    expect(groups).toMatchObject([{ title: "Administrators", type: "administrator", ssoOnly: false }]);
    expect((await browser.get(`${company.url}/sso/admin/setup`)).status).toBe(200);
    const audit = (await api("GET", "/companies/fresh/audit")).body.items;
    expect(
      audit.map(({ action, resource }: { action: string; resource: string }) => `${action} ${resource}`).sort(),
    ).toEqual(["create company", "create group", "create invitation", "create user", "update invitation"]);
    expect(audit.find((item: { action: string }) => item.action === "update")).toMatchObject({
      resourceId: id,
      after: { userId: body.user.id },
    });
    expect((await signInWith(gateway.browser(), company, "first@x.example")).status).toBe(303);
    expect(await gone(await gateway.browser().get(url))).toBe(true);
  });

  it("joins the administrators who are there, never a group that is SSO only, and another link for the same person is void", async () => {
    const company = await makeCompany(gateway, "joined");
    const links = [await make("joined", { email: "n@x.example" }), await make("joined", { email: "n@x.example" })];
    const browser = gateway.browser();
    expect((await choose(browser, links[0]!.url)).status).toBe(303);
    expect((await whoIs(browser, company)).body.user.group).toMatchObject({ id: company.admins });
    expect(await gone(await choose(gateway.browser(), links[1]!.url))).toBe(true);

    await api("PATCH", `${company.path}/groups/${company.admins}`, { ssoOnly: true });
    const later = await make("joined", { email: "later@x.example" });
    const second = gateway.browser();
    expect((await choose(second, later.url)).status).toBe(303);
    const { group } = (await whoIs(second, company)).body.user;
    expect(group).toMatchObject({ title: "Administrators", type: "administrator" });
    expect(group.id).not.toBe(company.admins);
  });

  it("revoked, expired, or for somebody who became a member meanwhile makes nobody an administrator", async () => {
    const company = await makeCompany(gateway, "undone");
    const [revoked, member, late] = [
      await make("undone", { email: "r@x.example" }),
      await make("undone", { email: "m@x.example" }),
      await make("undone", { email: "l@x.example", expiresInHours: 1 }),
    ];
    await api("DELETE", `/companies/undone/setup-links/${revoked.id}`);
    await makeUser(gateway, company, "m@x.example");
    expect((await choose(gateway.browser(), revoked.url)).status).toBe(403);
    expect((await choose(gateway.browser(), member.url)).status).toBe(403);
    gateway.advance(3600);
    expect((await choose(gateway.browser(), late.url)).status).toBe(403);
    expect((await api("GET", "/companies/undone/users")).body.items).toMatchObject([
      { email: "m@x.example", groupId: company.staff },
    ]);
  });
});
