/** The console's import, export and deletion of users: as an administrator meets them, and as others try them. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, decode, formOn, personIn, submit } from "./console-stage.ts";

let gateway: Gateway;
let acme: Company;
let ada: Browser;
const IMPORT = `${CONSOLE}/users/import`;

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  ada = await personIn(gateway, acme, "ada@acme.example", true);
});

const userOf = async (email: string) =>
  (await gateway.api("GET", `/companies/acme/users?email=${encodeURIComponent(email)}`)).body.items[0];
const person = async (email: string, groupId = acme.staffId) =>
  (await gateway.api("POST", "/companies/acme/users", { email, groupId })).body;
const dryRun = async (csv: string, changes: Record<string, string> = {}) => {
  const response = await submit(ada, acme, "/users/import", { csv, ...changes });
  return { status: response.status, html: await response.text() };
};

describe("an import in the console", () => {
  it("shows first, changes nothing, and does exactly that at the second button", async () => {
    const { status, html } = await dryRun("email,firstName,group\nnew@acme.example,<b>Nora</b>,Staff\nx,y,Staff");
    expect(status).toBe(200);
    expect(html).toContain("Nothing was changed yet.");
    expect(html).toContain("1 created, 0 changed, 0 left as they are, 1 refused.");
    expect(html).toContain("&lt;b&gt;Nora&lt;/b&gt;");
    expect(html).not.toContain("<b>Nora");
    expect(html).toContain("Must be one plain e-mail address");
    expect(await userOf("new@acme.example")).toBeUndefined();

    const carryOut = html.slice(html.indexOf("Rows of the file"));
    const done = await ada.post(acme.url + IMPORT, formOn(carryOut, IMPORT));
    expect(decode(await done.text())).toContain("The import is done.");
    expect(await userOf("new@acme.example")).toMatchObject({ firstName: "<b>Nora</b>", groupId: acme.staffId });
    const { body } = await gateway.api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0]).toMatchObject({ resource: "user", action: "create", actor: expect.stringMatching(/^user:/) });
  });

  it("takes a file as well", async () => {
    const page = await (await ada.get(acme.url + IMPORT)).text();
    const form = new FormData();
    for (const [name, value] of Object.entries(formOn(page, IMPORT))) form.set(name, value);
    form.set("file", new File(["\uFEFFemail,group\r\nfiled@acme.example,Staff\r\n"], "people.csv"));
    const response = await ada.fetch(acme.url + IMPORT, { method: "POST", body: form });
    const html = await response.text();
    expect(html).toContain("Import 1 user<");
    await ada.post(acme.url + IMPORT, formOn(html.slice(html.indexOf("Rows of the file")), IMPORT));
    expect(await userOf("filed@acme.example")).toMatchObject({ status: "active" });
  });

  it("keeps what was pasted when it can't be read, and says why", async () => {
    const { status, html } = await dryRun("email|group\na@acme.example|Staff");
    expect(status).toBe(422);
    expect(html).toContain("There is no column “email|group”");
    expect(formOn(html, IMPORT).csv).toBe("email|group\na@acme.example|Staff");
    expect((await dryRun("")).html).toContain("Choose a file or paste its text");
  });

  it("never moves the administrator who does it, and asks for a fresh sign-in where others may be", async () => {
    const own = await dryRun("email,group\nada@acme.example,Staff", { allowAdministrators: "on" });
    expect(own.html).toContain("This is you: another administrator can change that");
    const second = await dryRun("email,group\nsecond@acme.example,Administrators", { allowAdministrators: "on" });
    gateway.advance(16 * 60);
    const form = formOn(second.html.slice(second.html.indexOf("Rows of the file")), IMPORT);
    const stopped = await ada.post(acme.url + IMPORT, form);
    expect([stopped.status, (await stopped.text()).includes("Nothing was saved yet.")]).toEqual([403, true]);
    expect(await userOf("second@acme.example")).toBeUndefined();
    ada = await personIn(gateway, acme, "ada@acme.example");
  });

  it("is nobody's but an administrator's, and takes no form of another site", async () => {
    const member = await personIn(gateway, acme, "member@acme.example");
    for (const path of ["/users/import", "/users/export"]) {
      expect((await member.get(acme.url + CONSOLE + path)).status).toBe(403);
    }
    const csv = { csv: "email,group\nforged@acme.example,Staff", carryOut: "yes" };
    expect((await ada.post(acme.url + IMPORT, csv)).status).toBe(403);
    const page = await (await ada.get(acme.url + IMPORT)).text();
    const forged = await ada.post(acme.url + IMPORT, { ...formOn(page, IMPORT), ...csv }, { crossSite: true });
    expect([303, 403]).toContain(forged.status);
    expect(await userOf("forged@acme.example")).toBeUndefined();
  });
});

it("the export of the console is this company's users", async () => {
  const response = await ada.get(`${acme.url}${CONSOLE}/users/export`);
  expect(response.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(await response.text()).toContain("ada@acme.example,Ada,Admin,");
});

describe("deleting a user", () => {
  it("asks first, ends their sessions and leaves the audit", async () => {
    const leaver = await personIn(gateway, acme, "leaver@acme.example");
    const { id } = await userOf("leaver@acme.example");
    const page = await (await ada.get(`${acme.url}${CONSOLE}/users/${id}`)).text();
    expect(page).toMatch(
      /<summary[^>]*>Delete the user [\s\S]+Yes, delete the user <span class="hidden">leaver@acme\.example</,
    );
    const deleted = await submit(ada, acme, `/users/${id}`, {}, `/users/${id}/delete`);
    expect(deleted.headers.get("location")).toBe("/sso/admin/users?done=user-deleted");
    expect(await userOf("leaver@acme.example")).toBeUndefined();
    const { body } = await gateway.api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0]).toMatchObject({
      resource: "user",
      action: "delete",
      before: { email: "leaver@acme.example" },
    });
    gateway.advance(60);
    expect((await leaver.get(`${acme.url}/sso/session`)).status).toBe(401);
    const again = await ada.post(
      `${acme.url}${CONSOLE}/users/${id}/delete`,
      formOn(page, `${CONSOLE}/users/${id}/delete`),
    );
    expect(again.status).toBe(404);
  });

  it("spares oneself", async () => {
    const { id } = await userOf("ada@acme.example");
    const form = { form_token: formOn(await (await ada.get(acme.url + IMPORT)).text(), IMPORT).form_token ?? "" };
    const refused = await ada.post(`${acme.url}${CONSOLE}/users/${id}/delete`, form);
    expect([refused.status, (await refused.text()).includes("You cannot delete yourself")]).toEqual([409, true]);
    expect(await userOf("ada@acme.example")).toBeDefined();
  });

  it("leaves one administrator where two delete each other at the same moment", async () => {
    const bea = await personIn(gateway, acme, "bea@acme.example", true);
    const ids = [(await userOf("ada@acme.example")).id, (await userOf("bea@acme.example")).id];
    const form = async (browser: Browser) => ({
      form_token: formOn(await (await browser.get(acme.url + IMPORT)).text(), IMPORT).form_token ?? "",
    });
    const [of, other] = [await form(ada), await form(bea)];
    const answers = await Promise.all([
      ada.post(`${acme.url}${CONSOLE}/users/${ids[1]}/delete`, of),
      bea.post(`${acme.url}${CONSOLE}/users/${ids[0]}/delete`, other),
    ]);
    const left = [await userOf("ada@acme.example"), await userOf("bea@acme.example")].filter(Boolean);
    expect(left).toHaveLength(1);
    const done = answers.filter(({ headers }) => headers.get("location")?.includes("done=user-deleted"));
    expect(done).toHaveLength(1);
  });

  it("asks for a fresh sign-in", async () => {
    const left = (await userOf("ada@acme.example")) ? "ada@acme.example" : "bea@acme.example";
    const browser = await personIn(gateway, acme, left);
    const victim = await person("victim@acme.example");
    gateway.advance(16 * 60);
    const stopped = await submit(browser, acme, `/users/${victim.id}`, {}, `/users/${victim.id}/delete`);
    expect(stopped.status).toBe(403);
    expect(await userOf("victim@acme.example")).toBeDefined();
  });
});
