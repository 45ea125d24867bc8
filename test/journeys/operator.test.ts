/** What the operator does in the console at the operator's own host: companies made, found, changed, opened, suspended, deleted. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Browser, type Gateway, startGateway } from "../support/gateway.ts";
import { decode } from "./console-stage.ts";
import { OPERATOR, operatorIn, send } from "./operator-stage.ts";

let gateway: Gateway;
let operator: Browser;

const ADMINISTRATOR = { email: "ada@acme.example", firstName: "Ada", lastName: "First" };
const COMPANY = { slug: "acme", name: "Acme & Söhne", originUrl: "https://origin.example" };
const secretIn = (html: string) => decode(/<code class="secret">([^<]*)/.exec(html)?.[1] ?? "");
const text = async (path: string) => (await operator.get(OPERATOR + path)).text();
const companies = async () => (await gateway.api("GET", "/companies?limit=200")).body.items;

beforeAll(async () => {
  gateway = startGateway();
  operator = await operatorIn(gateway);
});

describe("creating a company", () => {
  it("asks for everything at once, keeps what was typed, and makes nothing while a field is wrong", async () => {
    const before = (await companies()).length;
    const typed = { slug: "Not A Slug", name: "", originUrl: "ftp://x", email: "nobody" };
    const answered = await send(operator, "/new-company", typed);
    expect(answered.status).toBe(422);
    const html = await answered.text();
    for (const name of ["slug", "name", "originUrl", "email"]) expect(html).toContain(`id="f-${name}-error"`);
    expect(html).toContain('value="Not A Slug"');
    expect(await companies()).toHaveLength(before);
  });

  it("ends with a link that is shown once and makes its person the first administrator", async () => {
    const answered = await send(operator, "/new-company", { ...COMPANY, ...ADMINISTRATOR });
    expect(answered.status).toBe(200);
    const url = secretIn(await answered.text());
    expect(url).toMatch(/^https:\/\/acme\.example\.com\/sso\/local\/invitation\?token=[\w-]{43}$/);
    const html = await text("/companies/acme/access");
    expect(html).toContain(ADMINISTRATOR.email);
    expect(html).not.toContain(url.slice(-43));

    const visitor = gateway.browser();
    const page = await (await visitor.get(url)).text();
    expect(page).toContain("Choose a password");
    expect(page).toContain(ADMINISTRATOR.email);
  });

  it("says so when the slug is taken", async () => {
    const answered = await send(operator, "/new-company", { ...COMPANY, ...ADMINISTRATOR });
    expect(answered.status).toBe(409);
    expect(await answered.text()).toContain("Another company has this slug");
  });

  it("leaves its records under the operator's name", async () => {
    const { body } = await gateway.api("GET", "/companies/acme/audit");
    const made = body.items.map((one: Record<string, string>) => `${one.actor} ${one.action} ${one.resource}`);
    expect(made).toEqual(["operator create invitation", "operator create company"]);
  });
});

describe("the list of companies", () => {
  it("finds them by the beginning of their slug, page by page", async () => {
    for (let n = 10; n < 64; n++) await gateway.api("POST", "/companies", { ...COMPANY, slug: `many-${n}` });
    const first = await text("/companies?slug=MANY-");
    expect(first.match(/href="\/companies\/many-\d\d"/g)).toHaveLength(50);
    expect(first).not.toContain("/companies/acme");
    const next = decode(/href="(\/companies\?[^"]*after=[^"]*)"/.exec(first)?.[1] ?? "");
    const second = await text(next);
    expect(second.match(/href="\/companies\/many-\d\d"/g)).toHaveLength(4);
    const back = 'href="/companies?slug=many-">Back to the first page<';
    expect([first.includes(back), second.includes(back)]).toEqual([false, true]);
    expect(await text("/companies?slug=nowhere")).toContain("No slug begins like this.");
  });
});

describe("a company's page", () => {
  it("changes name, origin and the limits of sessions", async () => {
    const changes = { name: "Acme", "sessionPolicy.absoluteHours": "8", "sessionPolicy.idleMinutes": "20" };
    const answered = await send(operator, "/companies/acme", changes);
    expect([answered.status, answered.headers.get("location")]).toEqual([303, "/companies/acme?done=saved"]);
    const { body } = await gateway.api("GET", "/companies/acme");
    expect(body).toMatchObject({ name: "Acme", sessionPolicy: { absoluteHours: 8, idleMinutes: 20 } });
  });

  it.each([
    [{ "sessionPolicy.absoluteHours": "" }, "f-sessionPolicy-absoluteHours-error"],
    [{ "sessionPolicy.idleMinutes": "1.5" }, "f-sessionPolicy-idleMinutes-error"],
    [{ originUrl: "http://origin.example" }, "f-originUrl-error"],
  ])("shows what is wrong with %j beside its field", async (changes, id) => {
    const answered = await send(operator, "/companies/acme", changes);
    expect(answered.status).toBe(422);
    expect(await answered.text()).toContain(`id="${id}"`);
  });

  it("overwrites nothing that was saved meanwhile", async () => {
    const html = await text("/companies/acme");
    await gateway.api("PATCH", "/companies/acme", { name: "Renamed" });
    const version = /name="version" value="(\d+)"/.exec(html)?.[1] ?? "";
    const answered = await send(operator, "/companies/acme", { version, name: "Mine" });
    expect(answered.status).toBe(409);
    expect(await answered.text()).toContain("Somebody else saved this meanwhile");
    expect((await gateway.api("GET", "/companies/acme")).body.name).toBe("Renamed");
  });

  it("asks before it suspends, and resumes", async () => {
    const status = async () => (await gateway.api("GET", "/companies/acme")).body.status;
    const asked = await send(operator, "/companies/acme", {}, "/companies/acme/status");
    const html = await asked.text();
    expect(html).toContain("Suspend acme?");
    expect(await status()).toBe("active");
    const form_token = /name="form_token" value="([^"]+)"/.exec(html)?.[1] ?? "";
    const sure = { form_token, status: "suspended", sure: "yes" };
    expect((await operator.post(`${OPERATOR}/companies/acme/status`, sure)).status).toBe(303);
    expect(await status()).toBe("suspended");
    expect(await text("/companies?slug=acme")).toContain("Suspended");
    expect((await send(operator, "/companies/acme", {}, "/companies/acme/status")).status).toBe(303);
    expect(await status()).toBe("active");
  });

  it("makes and revokes set-up links", async () => {
    const person = { email: "second@acme.example" };
    const path = "/companies/acme/access";
    const made = await send(operator, path, person, `${path}/links`);
    const url = secretIn(await made.text());
    expect((await gateway.browser().get(url)).status).toBe(200);
    const { body } = await gateway.api("GET", "/companies/acme/setup-links");
    const { id } = body.items.find((link: { email: string }) => link.email === person.email);
    const revoked = await send(operator, path, {}, `${path}/links/${id}/revoke`);
    expect(revoked.headers.get("location")).toBe(`${path}?done=revoked`);
    expect(await (await gateway.browser().get(url)).text()).toContain("This link does not work any more");
    const wrong = await send(operator, path, { email: "second@" }, `${path}/links`);
    expect([wrong.status, (await wrong.text()).includes('value="second@"')]).toEqual([422, true]);
  });

  it("makes and deletes API tokens", async () => {
    const path = "/companies/acme/access";
    const made = await send(operator, path, { name: "Importer" }, `${path}/tokens`);
    const secret = secretIn(await made.text());
    const as = { authorization: `Bearer ${secret}` };
    expect((await gateway.api("GET", "/companies/acme", undefined, as)).status).toBe(200);
    expect(await text(path)).not.toContain(secret);
    const { body } = await gateway.api("GET", "/companies/acme/tokens");
    await send(operator, path, {}, `${path}/tokens/${body.items[0].id}/delete`);
    expect((await gateway.api("GET", "/companies/acme", undefined, as)).status).toBe(401);
    const past = await send(operator, path, { name: "Past", expiresAt: "2020-01-01" }, `${path}/tokens`);
    expect([past.status, (await past.text()).includes("Must be in the future")]).toEqual([422, true]);
  });

  it("shows its changes and, of refused sign-ins, the code and nothing of the person", async () => {
    const visitor = gateway.browser();
    const html = await (await visitor.get("https://acme.example.com/sso/local")).text();
    const token = /name="(?:form_)?token" value="([^"]+)"/.exec(html)?.[1] ?? "";
    await visitor.post("https://acme.example.com/sso/local", { email: "who@acme.example", password: "x", token });
    const { body } = await gateway.api("GET", "/companies/acme/sign-ins");
    const shown = await text("/companies/acme/activity");
    expect(shown).toContain(`<code>${body.items[0].code}</code>`);
    expect(shown).not.toContain("who@acme.example");
    expect(shown).toContain("an API token");
    const all = await text("/audit");
    expect(all).toContain('<a href="/companies/acme">acme</a>');
    expect(all).toContain('<a href="/companies/many-63">many-63</a>');
  });

  it("is deleted only by its typed slug, and its audit stays", async () => {
    const wrong = await send(operator, "/companies/many-10", { slug: "many-11" }, "/companies/many-10/delete");
    expect(wrong.status).toBe(422);
    expect((await gateway.api("GET", "/companies/many-10")).status).toBe(200);
    const gone = await send(operator, "/companies/many-10", { slug: "many-10" }, "/companies/many-10/delete");
    expect(gone.headers.get("location")).toBe("/companies?done=deleted");
    expect((await gateway.api("GET", "/companies/many-10")).status).toBe(404);
    expect((await operator.get(`${OPERATOR}/companies/many-10`)).status).toBe(404);
    expect(await text("/audit")).toContain("deleted the company");
  });
});
