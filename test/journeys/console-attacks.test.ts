/** Who must not come into the console, and what must not be done in it: members, others' administrators, forged forms, hostile text. */
import { beforeAll, describe, expect, it } from "vitest";
import { RECENT_SIGN_IN_MS } from "../../src/admin/console/gate.ts";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, decode, formOn, personIn, signInAs, submit } from "./console-stage.ts";

let gateway: Gateway;
let acme: Company;
let globex: Company;
let ada: Browser;

const HOSTILE = [
  `"><img src=x onerror=alert(1)>`,
  `'><svg/onload=alert(1)>`,
  `</title></style></textarea><script>alert(1)</script>`,
  `javascript:alert(1)`,
  `\${alert(1)} {{alert(1)}} &lt;script&gt;`,
];

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  globex = await createCompany(gateway, "globex", await createIdentityProvider({ keyName: "globex" }));
  ada = await personIn(gateway, acme, "ada@acme.example", true);
});

const at = (path: string, company = acme) => company.url + CONSOLE + path;
const settings = async () => (await gateway.api("GET", "/companies/acme/saml")).body;
const audits = async () => (await gateway.api("GET", "/companies/acme/audit")).body.items.length;

describe("the door", () => {
  it("sends nobody to sign in, and back to the very page", async () => {
    const answered = await gateway.browser().get(at("/users?email=b"));
    expect(answered.status).toBe(303);
    const location = answered.headers.get("location") ?? "";
    expect(location).toBe(`/sso/login?return_to=${encodeURIComponent("/sso/admin/users?email=b")}`);
  });

  it("sends nobody who posts to sign in, and does nothing", async () => {
    const before = await audits();
    const answered = await gateway.browser().post(at("/groups/new"), { title: "Mine", type: "administrator" });
    expect(answered.status).toBe(303);
    expect(await audits()).toBe(before);
  });

  it("is shut to a member, whatever they ask for", async () => {
    const member = await personIn(gateway, acme, "mallory@acme.example");
    for (const path of ["", "/settings", "/users", "/audit", "/tokens", "/nothing"]) {
      const answered = await member.get(at(path));
      expect(answered.status, path).toBe(403);
      expect(await answered.text()).toContain("This is for administrators");
    }
    const form = formOn(await (await ada.get(at("/groups/new"))).text(), "/sso/admin/groups/new", { title: "Mine" });
    expect((await member.post(at("/groups/new"), form)).status).toBe(403);
  });

  it("is shut to another company's administrator, with their cookie or their form", async () => {
    const other = await personIn(gateway, globex, "eve@globex.example", true);
    const cookie = other.cookie(globex.url, "__Host-vestibule-session") ?? "";
    const carried = await gateway.browser().get(at("/users"), { cookie: `__Host-vestibule-session=${cookie}` });
    expect(carried.status).toBe(303);

    const theirs = formOn(await (await other.get(at("/groups/new", globex))).text(), "/sso/admin/groups/new");
    const before = await audits();
    expect((await ada.post(at("/groups/new"), { ...theirs, title: "Forged" })).status).toBe(403);
    expect(await audits()).toBe(before);
  });

  it("shows nothing of another company, though its id is named", async () => {
    const { body } = await gateway.api("GET", "/companies/globex/users?email=eve@globex.example");
    const [eve] = body.items;
    expect((await ada.get(at(`/users/${eve.id}`))).status).toBe(404);
    expect((await ada.get(at(`/groups/${globex.staffId}`))).status).toBe(404);
    const html = await (await ada.get(at("/users/new"))).text();
    const form = formOn(html, "/sso/admin/users/new", { email: "x@acme.example", groupId: globex.staffId });
    expect((await ada.post(at("/users/new"), form)).status).toBe(422);
  });

  it("shuts within a minute when the administrator is moved to a member group", async () => {
    const bob = await personIn(gateway, acme, "bob@acme.example", true);
    expect((await bob.get(at(""))).status).toBe(200);
    const { body } = await gateway.api("GET", "/companies/acme/users?email=bob@acme.example");
    await gateway.api("PATCH", `/companies/acme/users/${body.items[0].id}`, { groupId: acme.staffId });
    gateway.advance(60);
    expect((await bob.get(at(""))).status).toBe(403);
  });
});

describe("a form", () => {
  const fields = { title: "Forged", type: "administrator" };

  it("without a token, with one of another session, cut short or made up does nothing", async () => {
    const html = await (await ada.get(at("/groups/new"))).text();
    const { form_token: own = "" } = formOn(html, "/sso/admin/groups/new");
    const bob = await personIn(gateway, acme, "carol@acme.example", true);
    const bobs = formOn(await (await bob.get(at("/groups/new"))).text(), "/sso/admin/groups/new").form_token ?? "";
    const before = await audits();
    for (const form_token of ["", bobs, own.slice(0, -2), "A".repeat(own.length)]) {
      const answered = await ada.post(at("/groups/new"), { ...fields, form_token });
      expect(answered.status).toBe(403);
    }
    expect((await ada.post(at("/groups/new"), fields)).status).toBe(403);
    expect(await audits()).toBe(before);
  });

  it.for(["cross-site", "same-site"])(
    "sent from elsewhere does nothing though its token is right: %s",
    async (site) => {
      const html = await (await ada.get(at("/groups/new"))).text();
      const body = new URLSearchParams({ ...formOn(html, "/sso/admin/groups/new"), ...fields });
      const headers = { "sec-fetch-site": site };
      expect((await ada.fetch(at("/groups/new"), { method: "POST", body, headers })).status).toBe(403);
    },
  );

  it("needs no Origin of ours: behind Defender's proxy it is another host's", async () => {
    const html = await (await ada.get(at("/groups/new"))).text();
    const body = new URLSearchParams(
      formOn(html, "/sso/admin/groups/new", { title: "Through a proxy", ssoOnly: null }),
    );
    const headers = { origin: "https://acme.example.com.mcas.ms", "sec-fetch-site": "same-origin" };
    expect((await ada.fetch(at("/groups/new"), { method: "POST", body, headers })).status).toBe(303);
    expect(html).not.toMatch(/(?:action|href)="https:\/\/acme\.example\.com/);
  });

  it("that is none, or far too large, is refused before it is read", async () => {
    const json = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
    expect((await ada.fetch(at("/settings"), json)).status).toBe(400);
    const large = new URLSearchParams({ certificates: "A".repeat(1_200_000) });
    expect((await ada.fetch(at("/settings"), { method: "POST", body: large })).status).toBe(400);
    const broken = {
      method: "POST",
      body: "--x\r\nnonsense",
      headers: { "content-type": "multipart/form-data; boundary=x" },
    };
    expect((await ada.fetch(at("/settings"), broken)).status).toBe(400);
    expect((await ada.fetch(at("/settings"), { method: "DELETE" })).status).toBe(405);
  });
});

describe("a sign-in of more than 15 minutes ago", () => {
  const later = () => gateway.advance(RECENT_SIGN_IN_MS / 1000 + 1);

  it("is not enough for a dangerous change; what was typed is kept, and saved after signing in again", async () => {
    const dora = await personIn(gateway, acme, "dora@acme.example", true);
    later();
    const html = await (await dora.get(at("/settings"))).text();
    expect(html).toContain(`/sso/login?return_to=${encodeURIComponent("/sso/admin/settings")}`);
    expect(html).toContain(`/sso/local?return_to=${encodeURIComponent("/sso/admin/settings")}`);
    const typed = formOn(html, "/sso/admin/settings", { logoutUrl: "https://idp.example/typed" });
    const paused = await dora.post(at("/settings"), typed);
    expect(paused.status).toBe(403);
    const kept = formOn(await paused.text(), "/sso/admin/settings");
    expect(kept.logoutUrl).toBe("https://idp.example/typed");
    expect((await settings()).logoutUrl).not.toBe("https://idp.example/typed");

    await signInAs(gateway, dora, acme, "dora@acme.example");
    const again = await dora.post(at("/settings"), kept);
    // The form was of the earlier session: it is shown once more, and then acted on.
    expect(again.status).toBe(403);
    const saved = await dora.post(at("/settings"), formOn(await again.text(), "/sso/admin/settings"));
    expect(saved.status).toBe(303);
    const { body: draft } = await gateway.api("GET", "/companies/acme/saml/draft");
    expect(draft.logoutUrl).toBe("https://idp.example/typed");
  });

  it.for([
    ["a token", "/tokens", { name: "T" }, "/tokens"],
    ["an SSO-only group", "/groups/new", { title: "G", ssoOnly: "on" }, "/groups/new"],
    ["an administrators' group", "/groups/new", { title: "G", type: "administrator", ssoOnly: null }, "/groups/new"],
    ["metadata", "/metadata", { text: "<x/>" }, "/metadata"],
  ] as const)("does not make %s", async ([, page, changes, action]) => {
    const dora = await personIn(gateway, acme, "dora@acme.example", true);
    later();
    const before = await audits();
    const answered = await submit(dora, acme, page, changes as Record<string, string | null>, action);
    expect(answered.status).toBe(403);
    expect(await audits()).toBe(before);
  });

  it("does not disable anybody, nor make an administrator, and does the harmless", async () => {
    const dora = await personIn(gateway, acme, "dora@acme.example", true);
    await personIn(gateway, acme, "b.simon@acme.example");
    const { body } = await gateway.api("GET", "/companies/acme/users?email=b.simon@acme.example");
    const path = `/users/${body.items[0].id}`;
    later();
    expect((await submit(dora, acme, path, {}, `${path}/disable`)).status).toBe(403);
    expect((await submit(dora, acme, path, { groupId: acme.administratorsId })).status).toBe(403);
    expect((await submit(dora, acme, path, { firstName: "Brit" })).status).toBe(303);
    const now = await gateway.api("GET", `/companies/acme${path}`);
    expect(now.body).toMatchObject({ status: "active", groupId: acme.staffId, firstName: "Brit" });
  });
});

describe("hostile text", () => {
  /** Nothing that was text has become markup: each page has only the elements, attributes and addresses of our own. */
  function expectOnlyText(html: string, text: string): void {
    expect(html).not.toContain("<img");
    expect(html).not.toMatch(/<svg\/|<script>alert|onerror=alert\(1\)>(?!")/);
    expect(html.match(/<script/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(html).not.toMatch(/href="javascript:/i);
    expect(html).not.toMatch(/action="(?!\/sso\/admin)/);
    expect(decode(html)).toContain(text.slice(0, 12));
  }

  it.for(HOSTILE)("in every field of a form stays text: %s", async (text) => {
    ada = await personIn(gateway, acme, "ada@acme.example", true);
    for (const page of ["/settings", "/metadata", "/groups/new", "/users/new", "/tokens", "/explain"]) {
      const html = await (await ada.get(at(page))).text();
      const form = formOn(html, `/sso/admin${page}`);
      const filled = Object.fromEntries(
        Object.keys(form).map((name) => [name, name === "form_token" ? (form[name] ?? "") : text]),
      );
      const answered = await ada.post(at(page), filled);
      const shown = await answered.text();
      if (answered.status !== 303) expectOnlyText(shown, text);
    }
  });

  it.each(["%0d%0aSet-Cookie:%20a=b", "%E2%82%AC", "..%2F..%2Fx"])(
    "in the address of a user leads nowhere else: %s",
    async (id) => {
      const form = formOn(await (await ada.get(at("/tokens"))).text(), "/sso/admin/tokens");
      const answered = await ada.post(at(`/users/${id}/sessions/x/end`), form);
      expect(answered.status).toBe(303);
      expect(answered.headers.get("location")).toBe(
        `/sso/admin/users/${encodeURIComponent(decodeURIComponent(id))}?done=session-ended`,
      );
      expect(answered.headers.getSetCookie()).toEqual([]);
    },
  );

  it.for(HOSTILE)("in names, groups, tokens, the log and the audit stays text: %s", async (text) => {
    ada = await personIn(gateway, acme, "ada@acme.example", true);
    const { body: group } = await gateway.api("POST", "/companies/acme/groups", { title: text });
    const email = `h${HOSTILE.indexOf(text)}@acme.example`;
    const person = { email, firstName: text, lastName: text, company: text, groupId: group.id };
    const { body: user } = await gateway.api("POST", "/companies/acme/users", person);
    await gateway.api("POST", "/companies/acme/tokens", { name: text });
    const browser = gateway.browser();
    await browser.fetch(acme.acsUrl, {
      method: "POST",
      body: new URLSearchParams({ SAMLResponse: Buffer.from(`<a xmlns="${text}">${text}</a>`).toString("base64") }),
    });
    const paths = [
      "",
      "/users",
      `/users/${user.id}`,
      "/users/new",
      "/groups",
      `/groups/${group.id}`,
      "/audit",
      "/tokens",
      "/settings",
    ];
    for (const path of paths) {
      const html = await (await ada.get(at(path))).text();
      expectOnlyText(html, path === "" ? "" : text);
    }
    const log = await (await ada.get(at("/sign-ins"))).text();
    const newest = /href="(\/sso\/admin\/sign-ins\/[^"]+)"/.exec(log)?.[1] ?? "";
    expectOnlyText(await (await ada.get(acme.url + newest)).text(), "");
    for (const query of ["/users?email=", "/sign-ins?reference=", "/setup?provider=", "?done=", "/audit?after="]) {
      expectOnlyText(await (await ada.get(at(query + encodeURIComponent(text)))).text(), "");
    }
  });
});
