/** The administrator's console in a real browser: Microsoft's tutorial walked by pasting, without a script, by keyboard; every page looked at. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import type { Demo } from "../../demo/demo.ts";
import { pem } from "../support/identity-provider.ts";
import { keyPair } from "../support/messages/keys.ts";
import { expectAccessible, lookAt, pick, stage, strike } from "./stage.ts";

const CONSOLE = "/sso/admin";
/** Fifteen pages in three looks each, on a machine that others use too. */
const LOOKING_MS_MAX = 300_000;

interface Visit {
  readonly demo: Demo;
  readonly profile: BrowserContext;
  readonly tab: Page;
  readonly complaints: string[];
}

async function visit(context: TestContext, options: BrowserContextOptions = {}): Promise<Visit> {
  const { browser, demo } = await stage(context);
  const profile = await browser.newContext(options);
  context.onTestFinished(() => profile.close());
  const tab = await profile.newPage();
  const complaints: string[] = [];
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  return { demo, profile, tab, complaints };
}

interface Listed {
  readonly items: readonly { readonly id: string; readonly title?: string; readonly email?: string }[];
}

async function groupCalled(demo: Demo, title: string): Promise<string> {
  const { items } = (await demo.api("GET", "/companies/acme/groups")) as Listed;
  return items.find((group) => group.title === title)?.id ?? "";
}

/** Britta is made an administrator, as the operator would, and signs in. */
async function administrator(context: TestContext, options: BrowserContextOptions = {}): Promise<Visit> {
  const visitor = await visit(context, options);
  const { demo, tab } = visitor;
  const groupId = await groupCalled(demo, "Administrators");
  const email = "z.brannstrom@acme.example";
  const { items } = (await demo.api("GET", `/companies/acme/users?email=${email}`)) as Listed;
  if (items.length === 0) await demo.api("POST", "/companies/acme/users", { email, groupId });
  await tab.goto(demo.companyUrl + CONSOLE);
  if (options.javaScriptEnabled === false) await tab.getByRole("button", { name: "Continue to sign in" }).click();
  await pick(tab, /Brännström/);
  if (options.javaScriptEnabled === false) {
    const onward = tab.getByRole("button");
    if (await onward.count()) await onward.first().click();
  }
  await tab.waitForURL(`${demo.companyUrl}${CONSOLE}`);
  return visitor;
}

interface Settings {
  readonly loginUrl: string;
  readonly logoutUrl: string;
  readonly idpEntityId: string;
  readonly jit: { readonly groupId: string };
  readonly certificates: readonly { readonly pem: string; readonly sha256: string }[];
}
const settingsOf = async (demo: Demo) => (await demo.api("GET", "/companies/acme/saml")) as Settings;

afterAll(strike);

describe("the tutorial", () => {
  it("is walked by pasting without a script, and B.Simon then signs in", async (context) => {
    const { demo, tab, complaints } = await administrator(context, { javaScriptEnabled: false });
    const before = await settingsOf(demo);

    await tab.locator(".nav-wide").getByRole("link", { name: "Permission groups" }).click();
    await tab.getByRole("link", { name: "Create a group" }).click();
    const title = "Agencies";
    await tab.getByLabel("Title").fill(title);
    await tab.getByLabel("This group can only sign in via Single Sign-On").check();
    await tab.getByRole("button", { name: "Create" }).click();
    await tab.getByText("The permission group was created.").waitFor();

    await tab.locator(".nav-wide").getByRole("link", { name: "Set up your provider" }).click();
    await tab.getByText(`${demo.companyUrl}/sso/acs`).waitFor();
    await tab.getByRole("link", { name: "Enter the settings" }).click();
    await tab.getByLabel("Login URL").fill(before.loginUrl);
    await tab.getByLabel("Logout URL").fill(before.logoutUrl);
    await tab.getByLabel("Name ID Format").selectOption("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress");
    await tab.getByLabel("Binding for requests").selectOption("POST");
    await tab.getByLabel("Add certificates").fill(before.certificates[0]?.pem ?? "");
    await tab.getByLabel("Create users when they first sign in").check();
    await tab.getByLabel("Permission group for new users").selectOption({ label: `${title} (member)` });
    await tab.getByRole("button", { name: "Save as draft" }).click();
    await tab.getByText("The draft is saved.").waitFor();
    await tab.getByText("No test is needed for this change").waitFor();
    await tab.getByRole("button", { name: "Apply" }).click();
    await tab.getByText("The settings are in force everywhere within a minute.").waitFor();
    expect(complaints).toEqual([]);

    const after = await settingsOf(demo);
    expect(after.jit.groupId).toBe(await groupCalled(demo, title));
    expect(after.certificates).toHaveLength(1);

    const { items } = (await demo.api("GET", "/companies/acme/users?email=b.simon@acme.example")) as Listed;
    for (const { id } of items) await demo.api("DELETE", `/companies/acme/users/${id}`);
    const britta = await visit(context);
    await britta.tab.goto(`${demo.companyUrl}/assets/17`);
    await pick(britta.tab, /Britta Simon/);
    await britta.tab.waitForURL(`${demo.companyUrl}/assets/17`);
    const session = await (await britta.tab.goto(`${demo.companyUrl}/sso/session`))?.json();
    expect(session).toMatchObject({ user: { email: "b.simon@acme.example", group: { title } } });
  });

  it("can be walked by keyboard alone, and what is wrong has the focus", async (context) => {
    const { demo, tab } = await administrator(context);
    await tab.goto(`${demo.companyUrl}${CONSOLE}/settings`);
    await tab.keyboard.press("Tab");
    expect(await tab.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
    await tab.keyboard.press("Enter");
    for (let presses = 0; presses < 20; presses++) {
      await tab.keyboard.press("Tab");
      if ((await tab.evaluate("document.activeElement.name")) === "loginUrl") break;
    }
    await tab.keyboard.press("Control+A");
    await tab.keyboard.type("ftp://nowhere.example");
    await tab.keyboard.press("Enter");
    await tab.getByText("Nothing was saved yet: please correct").waitFor();
    expect(await tab.evaluate("document.activeElement.getAttribute('role')")).toBe("alert");
    expect(await tab.title()).toBe("Error: Single sign-on settings · Acme");
    await tab.keyboard.press("Tab");
    await tab.keyboard.press("Enter");
    await tab.keyboard.press("Tab");
    expect(await tab.getByLabel("Login URL").inputValue()).toBe("ftp://nowhere.example");
    await expectAccessible(tab);
  });
});

it("a changed certificate is tried first: the wrong one is shown with what was expected, the right one passes and is applied", async (context) => {
  const { demo, tab, complaints } = await administrator(context);
  const [right] = (await settingsOf(demo)).certificates;
  const wrong = pem((await keyPair("RSA-2048", "wrong")).certificate);
  const settings = `${demo.companyUrl}${CONSOLE}/settings`;
  const draftOf = async (certificate: string) => {
    await tab.goto(settings);
    for (const box of await tab.getByRole("checkbox", { name: /^Remove/ }).all()) await box.check();
    await tab.getByLabel("Add certificates").fill(certificate);
  };
  const trySignIn = async () => {
    await tab.getByRole("button", { name: "Test sign-in" }).click();
    await pick(tab, /Brännström/);
    await tab.waitForURL(`${demo.companyUrl}${CONSOLE}/draft/test`);
  };

  await draftOf(wrong);
  await tab.getByRole("button", { name: "Save as draft" }).click();
  await tab.getByText("So a test of this draft must go well first.").waitFor();
  await lookAt(tab, "console-draft");
  await trySignIn();
  await tab.locator(".badge", { hasText: "Test refused" }).waitFor();
  expect(await tab.locator(".checks .no").innerText()).toMatch(/Expected[\s\S]+Received/);
  await lookAt(tab, "console-test-refused");

  await draftOf(right?.pem ?? "");
  // Our own console's policy must not stop the redirects that this binding is made of.
  await tab.getByLabel("Binding for requests").selectOption("Redirect");
  await tab.getByRole("button", { name: "Save as draft" }).click();
  await trySignIn();
  await tab.locator(".badge", { hasText: "Test passed" }).waitFor();
  await tab.getByText("Who would be signed in").waitFor();
  await lookAt(tab, "console-test-passed");
  await tab.getByRole("link", { name: "Back to the draft" }).click();
  await lookAt(tab, "console-draft-passed");
  await tab.getByRole("button", { name: "Apply" }).click();
  await tab.getByText("The settings are in force everywhere within a minute.").waitFor();
  expect(await settingsOf(demo)).toMatchObject({
    requestBinding: "Redirect",
    certificates: [{ sha256: right?.sha256 }],
  });

  await tab.goto(`${demo.companyUrl}${CONSOLE}/versions`);
  await lookAt(tab, "console-versions");
  await tab.getByRole("rowheader").nth(1).getByRole("link").click();
  await lookAt(tab, "console-version");
  await tab.getByRole("button", { name: "Make it the draft" }).click();
  await tab.getByText("The draft is that version now.").waitFor();
  await tab.locator("summary", { hasText: "Discard" }).click();
  await tab.getByRole("button", { name: "Yes, discard" }).click();
  await tab.getByText("The draft is discarded.").waitFor();
  expect(complaints).toEqual([]);
});

it("what an address announces is trusted by a button, and an address that fails is said so", async (context) => {
  const { demo, tab, complaints } = await administrator(context);
  const { certificates } = await settingsOf(demo);
  const keys = await Promise.all(["next", "stray"].map((name) => keyPair("P-256", name)));
  const feed = await fetch(`${demo.identityProviderUrl}/federationmetadata/2007-06/federationmetadata.xml`);
  const [head = "", key = "", tail = ""] = (await feed.text()).split(/(<KeyDescriptor.*?<\/KeyDescriptor>)/);
  const more = keys.map(({ certificate }) => key.replace(/(<X509Certificate>)[^<]*/, `$1${certificate}`));
  let page: string | null = head + key + more.join("") + tail;
  const publisher = createServer((_, response) => response.writeHead(page === null ? 503 : 200).end(page));
  publisher.listen(0, "127.0.0.1");
  context.onTestFinished(async () => {
    publisher.close();
    await demo.api("PATCH", "/companies/acme/saml", { certificates: certificates.map((one) => one.pem) });
    await demo.api("DELETE", "/companies/acme/saml/metadata-source");
  });
  await once(publisher, "listening");
  const { port } = publisher.address() as AddressInfo;

  await tab.goto(`${demo.companyUrl}${CONSOLE}/metadata`);
  await tab.getByLabel("Address").fill(`http://127.0.0.1:${port}/metadata.xml`);
  await tab.getByRole("button", { name: "Follow", exact: true }).click();
  await tab.getByText("The address is followed.").waitFor();
  await tab
    .getByRole("heading", { name: "Certificates at this address" })
    .evaluate((one) => (one as unknown as { scrollIntoView(): void }).scrollIntoView());
  await lookAt(tab, "console-metadata-announced");
  await tab.goto(demo.companyUrl + CONSOLE);
  await tab.getByText("a certificate that is not trusted here").waitFor();
  await lookAt(tab, "console-overview-announced");
  await tab.getByRole("link", { name: "Look at it" }).click();
  await tab
    .getByRole("button", { name: /^Trust it/ })
    .first()
    .click();
  await tab.getByText("The certificate is trusted everywhere").waitFor();
  await tab.getByRole("button", { name: /^Not ours/ }).click();
  await tab.getByText("The certificate is announced no more.").waitFor();
  page = page.replace(more[0] ?? "", "");
  await tab.getByRole("button", { name: "Read now" }).click();
  await tab.getByText("no longer published").waitFor();
  page = null;
  await tab.getByRole("button", { name: "Read now" }).click();
  await tab.getByText("Answered with status 503").waitFor();
  await lookAt(tab, "console-metadata-failing");
  expect(complaints).toEqual([]);
});

describe("each page", () => {
  it(
    "is accessible, fits any window and breaks no rule of its policy",
    async (context) => {
      const { demo, tab, complaints } = await administrator(context);
      const refused = await visit(context);
      await refused.tab.goto(`${demo.companyUrl}/`);
      await pick(refused.tab, /Meeting room/);
      await refused.tab.locator("dl.reference").waitFor();
      const { items } = (await demo.api("GET", "/companies/acme/users?email=d.whitfield@acme.example")) as Listed;
      const { items: signIns } = (await demo.api("GET", "/companies/acme/sign-ins?limit=1")) as Listed;
      const { items: all } = (await demo.api("GET", "/companies/acme/users?email=z.brannstrom@acme.example")) as Listed;
      await demo.api("POST", "/companies/acme/saml/keys", { use: "signing" });
      await demo.api("POST", "/companies/acme/saml/keys", { use: "signing" });
      const pages: [string, string][] = [
        ["overview", ""],
        ["setup", "/setup"],
        ["settings", "/settings"],
        ["metadata", "/metadata"],
        ["keys", "/keys"],
        ["users", "/users"],
        ["user-new", "/users/new"],
        ["user", `/users/${all[0]?.id}`],
        ["user-disabled", `/users/${items[0]?.id}`],
        ["groups", "/groups"],
        ["sessions", "/sessions"],
        ["group", `/groups/${await groupCalled(demo, "Staff")}`],
        ["sign-ins", "/sign-ins"],
        ["sign-in", `/sign-ins/${signIns[0]?.id}`],
        ["explain", "/explain"],
        ["audit", "/audit"],
        ["tokens", "/tokens"],
      ];
      for (const [name, path] of pages) {
        await tab.goto(`${demo.companyUrl}${CONSOLE}${path}`);
        await tab.evaluate(
          "document.querySelectorAll('main details:not(.sure)').forEach((one) => { one.open = true })",
        );
        await lookAt(tab, `console-${name}`);
      }
      expect(complaints).toEqual([]);
    },
    LOOKING_MS_MAX,
  );

  it("is legible where something is wrong or was made: errors, a secret, an explained response, a member at the door", async (context) => {
    const { demo, tab } = await administrator(context);
    await tab.goto(`${demo.companyUrl}${CONSOLE}/settings`);
    await tab.getByLabel("Login URL").fill("http://idp.example");
    await tab.getByLabel("Add certificates").fill("MII, or so they say");
    await tab.getByRole("button", { name: "Save" }).click();
    await tab.getByText("please correct").waitFor();
    await lookAt(tab, "console-settings-errors");

    await tab.goto(`${demo.companyUrl}${CONSOLE}/paths`);
    for (const [path, access] of [
      ["/press/*", "public"],
      ["/press/drafts/*", "session"],
    ] as const) {
      await tab.getByLabel("Path", { exact: true }).fill(path);
      await tab.getByLabel("Who may ask").selectOption(access);
      await tab.getByRole("button", { name: "Add" }).click();
      await tab.getByText("The path rules are saved.").waitFor();
    }
    await tab.getByRole("button", { name: "Up: /press/drafts/*" }).click();
    await tab.getByRole("button", { name: "Up: /press/*", exact: true }).waitFor();
    await lookAt(tab, "console-paths");
    for (const path of ["/press/*", "/press/drafts/*"]) {
      await tab.locator("summary", { hasText: path }).last().click();
      if (path === "/press/*") await lookAt(tab, "console-paths-remove");
      await tab.getByRole("button", { name: `Yes, remove ${path}`, exact: true }).click();
      await tab.getByText("The path rules are saved.").waitFor();
    }
    await tab.getByText("There is no rule yet").waitFor();

    await tab.goto(`${demo.companyUrl}${CONSOLE}/tokens`);
    await tab.getByLabel("Name").fill("Directory synchronisation");
    await tab.getByRole("button", { name: "Create" }).click();
    await tab.locator(".secret").waitFor();
    await lookAt(tab, "console-token-made");

    await tab.goto(`${demo.companyUrl}${CONSOLE}/explain`);
    await tab.getByLabel("Error").fill("AADSTS50011: The reply URL specified in the request does not match");
    await tab.getByRole("button", { name: "Explain" }).first().click();
    await tab.getByText("is not registered").waitFor();
    await lookAt(tab, "console-explained");

    const member = await visit(context);
    await member.tab.goto(demo.companyUrl + CONSOLE);
    await pick(member.tab, /Okafor/);
    await member.tab.getByText("This is for administrators").waitFor();
    await lookAt(member.tab, "console-member");
  });

  it("shows that the application refuses what did not come through the gateway, and which page of it does not", async (context) => {
    const { demo, tab, complaints } = await administrator(context);
    await tab.goto(demo.companyUrl + CONSOLE);
    await tab.locator(".nav-wide").getByRole("link", { name: "Check the application" }).click();
    await tab.getByRole("button", { name: "Check now" }).click();
    await tab.getByText("refuses what did not come through the gateway, and answers what did").waitFor();
    expect(await tab.locator("main .badge.good").count()).toBe(6);
    await lookAt(tab, "console-origin");
    await tab.getByLabel("Path").fill("/identity.json");
    await tab.getByRole("button", { name: "Check again" }).click();
    await tab.getByText("Anyone who reaches it directly can be anyone.").waitFor();
    expect(await tab.locator("main .badge.bad").count()).toBe(5);
    await lookAt(tab, "console-origin-careless");
    expect(complaints).toEqual([]);
  });

  it("copies a value by its button", async (context) => {
    const { demo, tab, profile } = await administrator(context);
    await profile.grantPermissions(["clipboard-read", "clipboard-write"]);
    await tab.goto(`${demo.companyUrl}${CONSOLE}/setup`);
    await tab.getByRole("button", { name: "Copy Identifier (Entity ID)" }).click();
    await tab.getByText("Copied to the clipboard").waitFor();
    expect(await tab.evaluate("navigator.clipboard.readText()")).toBe(`${demo.companyUrl}/sso/metadata`);
  });
});
