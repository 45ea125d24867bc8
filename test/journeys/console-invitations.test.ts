/** People invited in the console to sign in with a password: who may be, what the link is, and who must not get one. */
import { beforeAll, describe, expect, it } from "vitest";
import { RECENT_SIGN_IN_MS } from "../../src/admin/console/gate.ts";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, decode, formOn, personIn, submit } from "./console-stage.ts";

let gateway: Gateway;
let acme: Company;
let globex: Company;
let ada: Browser;
let guest: string;
let staff: string;

const page = async (path: string, browser = ada) => (await browser.get(acme.url + CONSOLE + path)).text();
const links = async () => (await gateway.api("GET", "/companies/acme/invitations")).body.items;
const urlIn = (html: string) => decode(/<code class="secret">([^<]*)/.exec(html)?.[1] ?? "");

async function user(slug: string, email: string, groupId: string): Promise<string> {
  return (await gateway.api("POST", `/companies/${slug}/users`, { email, groupId, firstName: "Gus" })).body.id;
}

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  globex = await createCompany(gateway, "globex", await createIdentityProvider({ keyName: "globex" }));
  ada = await personIn(gateway, acme, "ada@acme.example", true);
  const { body } = await gateway.api("POST", "/companies/acme/groups", {
    title: "Guests",
    type: "member",
    ssoOnly: false,
  });
  guest = await user("acme", "guest@acme.example", body.id);
  staff = await user("acme", "staff@acme.example", acme.staffId);
});

describe("an invitation", () => {
  it("is made on the user's page, shown once, and lets its person choose a password", async () => {
    const made = await submit(ada, acme, `/users/${guest}`, {}, `/users/${guest}/invite`);
    expect(made.status).toBe(200);
    const url = urlIn(await made.text());
    expect(url).toMatch(/^https:\/\/acme\.example\.com\/sso\/local\/invitation\?token=[\w-]{43}$/);
    const opened = await (await gateway.browser().get(url)).text();
    expect(opened).toContain("guest@acme.example");
    for (const path of [`/users/${guest}`, "/invitations", "/audit"]) {
      expect(await page(path)).not.toContain(url.slice(-43));
    }
    const { body } = await gateway.api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0]).toMatchObject({ action: "create", resource: "invitation" });
    expect(body.items[0].actor).toMatch(/^user:/);
  });

  it("is listed until it is revoked, and opens nothing after", async () => {
    const made = await submit(ada, acme, "/users", {}, `/users/${guest}/invite`);
    const url = urlIn(await made.text());
    const { id } = (await links()).at(-1);
    const revoke = `/invitations/${id}/revoke`;
    expect(await page(`/users/${guest}`)).toContain(revoke);
    expect(await page("/invitations")).toContain("guest@acme.example");
    const revoked = await submit(ada, acme, "/invitations", {}, revoke);
    expect(revoked.headers.get("location")).toBe(`${CONSOLE}/invitations?done=invitation-revoked`);
    expect(await (await gateway.browser().get(url)).text()).toContain("This link does not work any more");
  });

  it("that has expired is said to be", async () => {
    gateway.advance(73 * 3600);
    const late = await personIn(gateway, acme, "late@acme.example", true);
    expect(await page("/invitations", late)).toContain("Expired");
    ada = await personIn(gateway, acme, "ada@acme.example", true);
  });

  it("is not offered for who may sign in by single sign-on only, and refused when it is asked for all the same", async () => {
    const before = (await links()).length;
    expect(await page(`/users/${staff}`)).not.toContain(`/users/${staff}/invite`);
    expect(await page("/users")).not.toContain(`/users/${staff}/invite`);
    const fields = formOn(await page(`/users/${guest}`), `${CONSOLE}/users/${guest}/invite`);
    const forced = await ada.post(`${acme.url}${CONSOLE}/users/${staff}/invite`, fields);
    expect(forced.status).toBe(409);
    expect(await forced.text()).toContain("can only sign in via Single Sign-On");
    expect(await links()).toHaveLength(before);
  });

  it("is not made for a disabled user, for nobody, or for another company's", async () => {
    await gateway.api("PATCH", `/companies/acme/users/${guest}`, { status: "disabled" });
    expect(await page(`/users/${guest}`)).not.toContain("Invite to sign in locally");
    await gateway.api("PATCH", `/companies/acme/users/${guest}`, { status: "active" });
    const fields = formOn(await page(`/users/${guest}`), `${CONSOLE}/users/${guest}/invite`);
    const eve = await user("globex", "eve@globex.example", globex.administratorsId);
    for (const id of ["nobody", eve, encodeURIComponent(`"><script>alert(1)</script>`)]) {
      const answered = await ada.post(`${acme.url}${CONSOLE}/users/${id}/invite`, fields);
      expect(answered.status).toBe(422);
      expect(await answered.text()).not.toContain("<script>alert");
    }
  });

  it("asks for a sign-in of the last minutes, since the link lets in whoever has it", async () => {
    const browser = await personIn(gateway, acme, "ada@acme.example", true);
    const fields = formOn(await page(`/users/${guest}`, browser), `${CONSOLE}/users/${guest}/invite`);
    gateway.advance(RECENT_SIGN_IN_MS / 1000 + 1);
    const before = (await links()).length;
    const answered = await browser.post(`${acme.url}${CONSOLE}/users/${guest}/invite`, fields);
    expect(answered.status).toBe(403);
    expect(await answered.text()).toContain("Nothing was saved yet");
    expect(await links()).toHaveLength(before);
  });

  it("is neither made nor revoked by a member or a form that isn't ours", async () => {
    const member = await personIn(gateway, acme, "mallory@acme.example");
    const before = (await links()).length;
    const [{ id }] = await links();
    for (const path of [`/users/${guest}/invite`, `/invitations/${id}/revoke`]) {
      expect((await member.post(acme.url + CONSOLE + path, {})).status).toBe(403);
      expect((await ada.post(acme.url + CONSOLE + path, {})).status).toBe(403);
    }
    expect(await links()).toHaveLength(before);
  });
});
