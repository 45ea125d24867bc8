/** Following metadata in the console: the form, what is announced, who may decide it, and the hints on the overview. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followMetadata } from "../../src/admin/index.ts";
import { allowance } from "../session/stage.ts";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, decode, formOn, personIn, submit } from "./console-stage.ts";
import { addressOf, document, Publisher, sha256Of, sourceOf } from "./follow-stage.ts";

const DAY = 86_400;
const PAGE = `${CONSOLE}/metadata`;
let gateway: Gateway;
let publisher: Publisher;
let idp: Awaited<ReturnType<typeof createIdentityProvider>>;
let next: typeof idp;
let acme: Company;
let ada: Browser;
let slugs = 0;

beforeEach(async () => {
  gateway = startGateway();
  idp = await createIdentityProvider();
  next = await createIdentityProvider({ keyName: "next" });
  acme = await createCompany(gateway, `console${slugs++}`, idp);
  ada = await personIn(gateway, acme, "ada@acme.example", true);
  publisher = new Publisher();
  publisher.put(addressOf(acme), document(idp, [idp, next]));
});
afterEach(() => void vi.unstubAllGlobals());

const page = async (browser = ada) => decode(await (await browser.get(acme.url + PAGE)).text());
const overview = async () => decode(await (await ada.get(acme.url + CONSOLE)).text());
const follow = (changes: Record<string, string> = {}) =>
  submit(ada, acme, "/metadata", { address: addressOf(acme), ...changes }, "/metadata/follow");
/** Presses the n-th button of that name. */
const press = (step: string) => submit(ada, acme, "/metadata", {}, `/metadata/${step}`);

describe("an address that is followed", () => {
  it("is given, read, and its certificates are trusted or not, one by one", async () => {
    expect((await follow()).headers.get("location")).toBe(`${PAGE}?done=metadata-followed`);
    expect(await page()).toContain("New</span>");
    expect(await overview()).toContain("a certificate that is not trusted here");
    expect((await press("dismiss")).headers.get("location")).toBe(`${PAGE}?done=certificate-dismissed`);
    expect(await page()).toContain("Not ours</span>");
    expect(await overview()).not.toContain("a certificate that is not trusted here");
    expect((await press("trust")).headers.get("location")).toBe(`${PAGE}?done=certificate-trusted`);
    expect(await sourceOf(gateway, acme).pinned()).toEqual([await sha256Of(idp), await sha256Of(next)]);
    publisher.put(addressOf(acme), document(idp, [next]));
    expect((await press("read")).headers.get("location")).toBe(`${PAGE}?done=metadata-looked`);
    expect(await page()).toContain("Trusted, no longer published");
    expect((await press("stop")).headers.get("location")).toBe(`${PAGE}?done=metadata-stopped`);
    expect((await sourceOf(gateway, acme).get()).status).toBe(404);
    expect(await sourceOf(gateway, acme).pinned()).toHaveLength(2);
    const audit = decode(await (await ada.get(`${acme.url}${CONSOLE}/audit`)).text());
    expect(audit).toContain("which metadata is followed");
  });

  it("that can't be read is said so there at once, on the overview after three days, and its words stay text", async () => {
    await follow();
    const hostile = await createIdentityProvider({ entityId: `https://x/"><img/src=x>`, keyName: "next" });
    publisher.put(addressOf(acme), document(hostile));
    for (let day = 0; day <= 4; day++) {
      gateway.advance(DAY);
      await followMetadata(gateway.services, allowance());
    }
    ada = await personIn(gateway, acme, "ada@acme.example", true);
    const html = await (await ada.get(acme.url + PAGE)).text();
    expect(html).toContain("Describes another identity provider: https://x/&quot;&gt;&lt;img/src=x&gt;");
    expect(html).not.toContain("<img/src");
    await press("dismiss");
    expect(await overview()).toContain("could not be read for three days");
    publisher.put(addressOf(acme), document(idp, [idp]));
    await press("read");
    expect(await overview()).not.toContain("could not be read for three days");
  });

  it("comes back as typed where it is no address, or was changed meanwhile", async () => {
    for (const address of ["", "https://10.0.0.1/", "x"]) {
      const refused = await follow({ address, trust: "automatic" });
      expect(refused.status).toBe(422);
      const form = formOn(await refused.text(), `${PAGE}/follow`);
      expect(form).toMatchObject({ address, trust: "automatic" });
    }
    expect((await follow({ trust: "blindly" })).status).toBe(422);
    const form = formOn(await (await ada.get(acme.url + PAGE)).text(), `${PAGE}/follow`, { address: addressOf(acme) });
    await follow();
    const late = await ada.post(`${acme.url}${PAGE}/follow`, { ...form, trust: "automatic" });
    expect(late.status).toBe(412);
    expect((await sourceOf(gateway, acme).get()).body.trust).toBe("announce");
  });

  it("can't be followed before the settings are there", async () => {
    expect((await ada.get(`${acme.url}${PAGE}/nothing`)).status).toBe(404);
    await gateway.api("PATCH", `/companies/${acme.slug}/saml`, { idpEntityId: null });
    expect(decode(await (await follow()).text())).toContain("Enter the IdP Entity ID in the settings first");
    expect(publisher.asked).toEqual([]);
  });
});

describe("nothing is changed by", () => {
  const steps = ["follow", "stop", "read", "trust", "dismiss"];
  const state = async () => [(await sourceOf(gateway, acme).get()).body, await sourceOf(gateway, acme).pinned()];
  const forms = async () => {
    const html = await (await ada.get(acme.url + PAGE)).text();
    return steps.map((step) => [step, formOn(html, `${PAGE}/${step}`)] as const);
  };
  const expectRefused = async (browser: Browser, sent: readonly (readonly [string, Record<string, string>])[]) => {
    const before = await state();
    publisher.asked.length = 0;
    for (const [step, form] of sent) {
      expect([step, (await browser.post(`${acme.url}${PAGE}/${step}`, form)).status]).toEqual([step, 403]);
    }
    expect(await state()).toEqual(before);
    expect(publisher.asked).toEqual([]);
  };

  beforeEach(async () => void (await follow()));

  it("an administrator whose sign-in is old", async () => {
    const sent = await forms();
    gateway.advance(16 * 60);
    await expectRefused(ada, sent);
  });

  it("a member with an administrator's forms, and another company's administrator with their own", async () => {
    await expectRefused(await personIn(gateway, acme, "member@acme.example"), await forms());
    const globex = await createCompany(gateway, `globex${slugs}`, idp);
    const eve = await personIn(gateway, globex, "eve@globex.example", true);
    const html = await (await eve.get(globex.url + PAGE)).text();
    const theirs = formOn(html, `${PAGE}/follow`);
    const own = await forms();
    await expectRefused(
      ada,
      own.map(([step, form]) => [step, { ...form, form_token: theirs.form_token ?? "" }]),
    );
  });

  it("a form without its proof, or one that another site sent", async () => {
    const own = await forms();
    await expectRefused(
      ada,
      own.map(([step, { form_token: _, ...form }]) => [step, form]),
    );
    const [, form] = own[0]!;
    const crossed = await ada.post(`${acme.url}${PAGE}/follow`, form, { crossSite: true });
    expect([303, 403]).toContain(crossed.status);
    expect(crossed.headers.get("location") ?? "").not.toContain("done=");
    expect((await sourceOf(gateway, acme).get()).body.trust).toBe("announce");
  });
});

describe("an import before it counts", () => {
  it.for(["file", "url"])("by %s ends at the draft, which shows every difference", async (way) => {
    publisher.put("https://idp.example/once", document(next));
    const html = await (await ada.get(acme.url + PAGE)).text();
    const body = new FormData();
    for (const [name, value] of Object.entries(formOn(html, PAGE))) body.set(name, value);
    if (way === "file") body.set("file", new File([document(next)], "metadata.xml", { type: "text/xml" }));
    else body.set("url", "https://idp.example/once");
    const taken = await ada.fetch(acme.url + PAGE, { method: "POST", body });
    expect(taken.headers.get("location")).toBe(`${CONSOLE}/draft?done=metadata-drafted`);
    const draft = decode(await (await ada.get(`${acme.url}${CONSOLE}/draft`)).text());
    expect(draft).toContain("Certificate removed");
    expect(draft).toContain("Certificate added");
    expect(await sourceOf(gateway, acme).pinned()).toEqual([await sha256Of(idp)]);
  });
});

it("the overview warns of a pinned certificate 60, 30 and 7 days before its end, and after it", async () => {
  const { body } = await gateway.api("GET", `/companies/${acme.slug}/saml`);
  const end = Date.parse(body.certificates[0].notAfter);
  for (const [days, words] of [
    [61, null],
    [59, "Plan its replacement"],
    [29, "Create the next certificate at the provider"],
    [6, "Add the provider’s next certificate now"],
    [-1, "This certificate has expired"],
  ] as const) {
    gateway.advance((end - days * DAY * 1000 - gateway.now()) / 1000);
    ada = await personIn(gateway, acme, "ada@acme.example", true);
    const html = await overview();
    if (words === null) expect(html).not.toContain("Certificates that need you");
    else expect(html).toContain(words);
  }
});
