/**
 * From nothing to B.Simon, in a real browser: the operator creates a company, its first administrator opens the link and walks
 * Microsoft's tutorial, and B.Simon signs in; once by keyboard alone, pasting, and once with the provider's metadata. Each page looked at.
 */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, expect, it, type TestContext } from "vitest";
import type { Demo } from "../../demo/demo.ts";
import { expectAccessible, lookAt, pick, stage, strike } from "./stage.ts";

const PASSWORD = "seven blue ladders";
const LOOKING_MS_MAX = 300_000;
/** 160 by 56 pixels: a ring and three bars on nothing. */
const LOGO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAKAAAAA4CAMAAABNJAMxAAAABlBMVEX///96H6L5JvKiAAAAAnRSTlMA/1uRIrUAAADLSURBVHja7ZlLEsAgCEPJ/S/ddRcqfoDoJFtleGPtCMFMChR4yf7ipmNjREvsfByE6Iudr5wQ4CYE1ggRofU8ZYDroTmAG7ECbCcxV3AGYHfDKLoEcGI1A3D6hhYD8hWIjuylgJgGBN0B1h6hL/W9gPF/sQBfB/Tefv9brU8sQAHqLb6smqGvB2+rqJN6kj3fKKGr2zS24vviE9ZbqLMQYQ4e9WZeA8z3By2I0MoAsz3qB11+/jkJ/6SJf1Z3wbSTf17MUP75OU0a6gNS7g4igK/szAAAAABJRU5ErkJggg==",
  "base64",
);

async function freshTab(context: TestContext, complaints: string[]): Promise<{ profile: BrowserContext; tab: Page }> {
  const { browser } = await stage(context);
  const profile = await browser.newContext();
  context.onTestFinished(() => profile.close());
  const tab = await profile.newPage();
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  return { profile, tab };
}

const TABS_MAX = 60;

/** Tab until what has the focus is called so: a field's name, or the words on a link or button. */
async function tabTo(tab: Page, name: string): Promise<void> {
  for (let presses = 0; presses < TABS_MAX; presses++) {
    const focused = "(({ name, textContent }) => [name, textContent.trim()])(document.activeElement)";
    if (((await tab.evaluate(focused)) as string[]).includes(name)) return;
    await tab.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${name}`);
}

async function press(tab: Page, name: string): Promise<void> {
  await tabTo(tab, name);
  await tab.keyboard.press("Enter");
}

/** As from the provider's window beside it: copied there, pasted here. */
async function paste(tab: Page, name: string, text: string): Promise<void> {
  await tabTo(tab, name);
  await tab.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await tab.keyboard.press("Control+V");
}

/** The provider's values as the demo's company has them. */
async function providersValues(demo: Demo) {
  const settings = await demo.api("GET", "/companies/acme/saml");
  return settings as { loginUrl: string; logoutUrl: string; certificates: { pem: string }[] };
}

afterAll(strike);

it(
  "a company is created by keyboard, and its first administrator sets it up from the link alone",
  async (context) => {
    const { demo } = await stage(context);
    const complaints: string[] = [];
    const { tab } = await freshTab(context, complaints);

    await tab.goto(`${demo.adminUrl}/new-company`);
    await tab.getByRole("heading", { name: "Operator sign-in" }).waitFor();
    await lookAt(tab, "operator-sign-in");
    await tabTo(tab, "token");
    await tab.keyboard.type("not this one");
    await tab.keyboard.press("Enter");
    await tab.getByRole("alert").waitFor();
    await tabTo(tab, "token");
    await tab.keyboard.type(demo.operatorToken);
    await tab.keyboard.press("Enter");
    await tab.waitForURL(`${demo.adminUrl}/new-company`);
    await lookAt(tab, "operator-new-company");

    await tabTo(tab, "slug");
    await tab.keyboard.type("Atelier!");
    await tab.keyboard.press("Enter");
    await tab.getByRole("alert").waitFor();
    await lookAt(tab, "operator-new-company-errors");
    await tabTo(tab, "slug");
    await tab.keyboard.press("Control+A");
    const typed = {
      slug: "atelier",
      name: "Atelier Æther",
      originUrl: demo.originUrl,
      email: "ada@atelier.example",
      firstName: "Ada",
      lastName: "First",
    };
    for (const [name, text] of Object.entries(typed)) {
      await tabTo(tab, name);
      await tab.keyboard.type(text);
    }
    await tab.keyboard.press("Enter");
    await tab.getByText("“Atelier Æther” was created.").waitFor();
    await lookAt(tab, "operator-company-made");
    const link = (await tab.locator("code.secret").textContent()) ?? "";

    const first = await freshTab(context, complaints);
    await first.tab.goto(link);
    await first.tab.getByLabel("New password").fill(PASSWORD);
    await first.tab.getByLabel("The same again").fill(PASSWORD);
    await first.tab.getByLabel("The same again").press("Enter");
    const home = demo.companyUrl.replace("acme", "atelier");
    await first.tab.waitForURL(`${home}/sso/admin/setup`);
    await first.tab.getByRole("heading", { name: "Set up your provider" }).waitFor();
    await first.tab.getByRole("heading", { name: "1. Create a permission group Next" }).waitFor();
    await first.tab.getByText(`${home}/sso/acs`).first().waitFor();

    await emptyPages(first.tab, home);
    await first.profile.grantPermissions(["clipboard-read", "clipboard-write"]);
    await walkByKeyboard(first.tab, home, await providersValues(demo));
    const britta = await freshTab(context, complaints);
    await signInByKeyboard(britta.tab, home);
    await first.tab.goto(`${home}/sso/admin`);
    expect(await first.tab.getByRole("heading", { name: "To do" }).count()).toBe(0);
    await first.tab.goto(`${home}/sso/admin/setup`);
    expect(await first.tab.locator("h2 .badge").allTextContents()).toEqual(["Done", "Done", "Done", "Done"]);

    await dress(first.tab, home);
    await invite(first.tab, home);
    await tour(tab, demo.adminUrl);
    expect(complaints.filter((text) => !/status of (403|422)/.test(text))).toEqual([]);
  },
  LOOKING_MS_MAX,
);

it(
  "the tutorial is walked with the provider's metadata, tried by a test sign-in, and B.Simon signs in",
  async (context) => {
    const { demo } = await stage(context);
    const complaints: string[] = [];
    const operator = await freshTab(context, complaints);
    await operator.tab.goto(`${demo.adminUrl}/new-company`);
    await operator.tab.getByLabel("Operator token").fill(demo.operatorToken);
    await operator.tab.getByRole("button", { name: "Sign in" }).click();
    for (const [name, text] of [
      ["slug", "foundry"],
      ["name", "Foundry"],
      ["originUrl", demo.originUrl],
      ["email", "ada@foundry.example"],
    ] as const) {
      await operator.tab.locator(`input[name=${name}]`).fill(text);
    }
    await operator.tab.getByRole("button", { name: "Create" }).click();
    const link = (await operator.tab.locator("code.secret").textContent()) ?? "";

    const { tab } = await freshTab(context, complaints);
    const home = demo.companyUrl.replace("acme", "foundry");
    await tab.goto(link);
    await tab.getByLabel("New password").fill(PASSWORD);
    await tab.getByLabel("The same again").fill(PASSWORD);
    await tab.getByRole("button").click();
    await tab.getByRole("link", { name: "Import metadata instead" }).click();
    const metadata = await fetch(`${demo.identityProviderUrl}/federationmetadata/2007-06/federationmetadata.xml`);
    const file = { name: "Foundry.xml", mimeType: "text/xml", buffer: Buffer.from(await metadata.arrayBuffer()) };
    await tab.getByLabel("File").setInputFiles(file);
    await tab.getByRole("button", { name: "Import" }).click();
    await tab.waitForURL(/\/settings/);
    await lookAt(tab, "console-metadata-read");
    await tab.setViewportSize({ width: 1120, height: 720 });

    await tab.goto(`${home}/sso/admin/groups/new`);
    await tab.getByLabel("Title").fill("Founders");
    await tab.getByLabel("This group can only sign in via Single Sign-On").check();
    await tab.getByRole("button", { name: "Create" }).click();
    await tab.goto(`${home}/sso/admin/settings`);
    await tab.getByLabel("Create users when they first sign in").check();
    await tab.getByLabel("Permission group for new users").selectOption({ label: "Founders (member)" });
    await tab.getByRole("button", { name: "Save as draft" }).click();
    await tab.getByRole("button", { name: "Test sign-in" }).click();
    await pick(tab, /Britta Simon/);
    await tab.locator(".badge", { hasText: "Test passed" }).waitFor();
    await tab.getByText("Would be created", { exact: true }).waitFor();
    await tab.getByRole("link", { name: "Back to the draft" }).click();
    await tab.getByRole("button", { name: "Apply" }).click();
    await tab.getByText("The settings are in force everywhere within a minute.").waitFor();

    const britta = await freshTab(context, complaints);
    await britta.tab.goto(`${home}/assets/17`);
    await pick(britta.tab, /Britta Simon/);
    await britta.tab.waitForURL(`${home}/assets/17`);
    await britta.tab.getByText("Britta Simon").first().waitFor();
    const session = await sessionOf(britta.tab, home);
    expect(session).toMatchObject({ user: { email: "b.simon@acme.example", group: { title: "Founders" } } });
    expect(complaints).toEqual([]);
  },
  LOOKING_MS_MAX,
);

/** What a company sees that has nothing yet. */
async function emptyPages(tab: Page, home: string): Promise<void> {
  const pages = { overview: "", settings: "/settings", draft: "/draft", "sign-ins": "/sign-ins" };
  for (const [name, path] of Object.entries(pages)) {
    await tab.goto(`${home}/sso/admin${path}`);
    // The link's own password has tried nothing yet.
    if (path === "") expect(await tab.locator(".steps .badge").allTextContents()).toEqual(["Next"]);
    await lookAt(tab, `console-first-${name}`);
  }
  for (const path of ["/versions", "/groups", "/invitations", "/users/import"]) {
    await tab.goto(`${home}/sso/admin${path}`);
    await expectAccessible(tab);
  }
  await tab.setViewportSize({ width: 1120, height: 720 });
  await tab.emulateMedia({ colorScheme: "light" });
  await tab.goto(`${home}/sso/admin/setup`);
}

/** Group, then the three values, without ever touching a mouse. */
async function walkByKeyboard(
  tab: Page,
  home: string,
  values: Awaited<ReturnType<typeof providersValues>>,
): Promise<void> {
  await press(tab, "Create a group");
  await tab.waitForURL(/\/groups\/new$/);
  await lookAt(tab, "console-group-new");
  await tab.setViewportSize({ width: 1120, height: 720 });
  await tabTo(tab, "title");
  await tab.keyboard.type("Photographers");
  // Ticked from the start, as the tutorial wants it.
  expect(await tab.getByLabel("This group can only sign in via Single Sign-On").isChecked()).toBe(true);
  await press(tab, "Create");
  await tab.getByText("The permission group was created.").waitFor();

  // Back where the set-up was left, one step further.
  await tab.getByRole("heading", { name: "1. Create a permission group Done" }).waitFor();
  await tab.getByRole("heading", { name: "2. Enter in Microsoft Entra ID Next" }).waitFor();
  await press(tab, "Enter the settings");
  await tab.waitForURL(`${home}/sso/admin/settings`);
  await paste(tab, "loginUrl", values.loginUrl);
  await paste(tab, "logoutUrl", values.logoutUrl);
  await paste(tab, "certificates", values.certificates[0]?.pem ?? "");
  await tabTo(tab, "jit.groupId");
  await tab.keyboard.type("Photographers");
  expect(await tab.getByLabel("Create users when they first sign in").isChecked()).toBe(true);
  await press(tab, "Save and put in force");
  await tab.getByText("The single sign-on settings are saved.").waitFor();
}

/** In a tab of its own: Chromium looks for an icon of what is no page, which the origin has not. */
async function sessionOf(tab: Page, home: string): Promise<unknown> {
  const other = await tab.context().newPage();
  const answered = await other.goto(`${home}/sso/session`);
  const session: unknown = await answered?.json();
  await other.close();
  return session;
}

async function signInByKeyboard(tab: Page, home: string): Promise<void> {
  await tab.goto(`${home}/assets/17`);
  await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
  await tab.keyboard.press("Tab");
  expect(await tab.evaluate("document.activeElement.textContent")).toContain("Britta Simon");
  await tab.keyboard.press("Enter");
  await tab.waitForURL(`${home}/assets/17`);
  await tab.getByText("Britta Simon").first().waitFor();
  const session = await sessionOf(tab, home);
  expect(session).toMatchObject({
    company: { slug: "atelier" },
    user: { email: "b.simon@acme.example", firstName: "Britta", group: { title: "Photographers", type: "member" } },
  });
}

/** Name, colour and logo, and what visitors then see. */
async function dress(tab: Page, home: string): Promise<void> {
  await tab.goto(`${home}/sso/admin/branding`);
  await tab.getByLabel("Use a colour of our own").check();
  await tab.getByLabel("Colour", { exact: true }).fill("#7a1fa2");
  await tab.getByLabel("Logo").setInputFiles({ name: "logo.png", mimeType: "image/png", buffer: LOGO });
  await tab.getByRole("button", { name: "Save" }).click();
  await tab.getByText("The name and look are saved.").waitFor();
  await expect.poll(() => tab.evaluate("document.querySelector('img.logo').naturalWidth")).toBe(160);
  await lookAt(tab, "console-branding");
  const visitor = await tab.context().newPage();
  await visitor.goto(`${home}/sso/local`);
  await lookAt(visitor, "page-branded");
  // Too light for links on paper, too light for white letters: the button takes black ones, links keep the gateway's colour.
  await tab.getByLabel("Colour", { exact: true }).fill("#ffd54a");
  await tab.getByRole("button", { name: "Save" }).click();
  await tab.getByText("The name and look are saved.").waitFor();
  await visitor.goto(`${home}/sso/local`);
  expect(await visitor.evaluate("getComputedStyle(document.querySelector('button.button')).color")).toBe(
    "rgb(0, 0, 0)",
  );
  await visitor.close();
}

async function invite(tab: Page, home: string): Promise<void> {
  await tab.goto(`${home}/sso/admin/users`);
  await tab.getByRole("button", { name: "Invite Ada First to sign in locally" }).click();
  await tab.getByText("The link was made.").waitFor();
  await lookAt(tab, "console-invitation-made");
  await tab.getByRole("link", { name: "I have it" }).click();
  await tab.getByText("Links not used yet").waitFor();
  await lookAt(tab, "console-user-invited");
  await tab.goto(`${home}/sso/admin/invitations`);
  await lookAt(tab, "console-invitations");
  await tab.getByRole("button", { name: "Revoke" }).click();
  await tab.getByText("The link was revoked.").waitFor();
}

/** The operator's other pages. */
async function tour(tab: Page, adminUrl: string): Promise<void> {
  await tab.goto(`${adminUrl}/companies`);
  await lookAt(tab, "operator-companies");
  await tab.getByRole("link", { name: "atelier" }).click();
  await lookAt(tab, "operator-company");
  await tab.getByRole("link", { name: "Links and tokens" }).click();
  await lookAt(tab, "operator-access");
  await tab.getByRole("link", { name: "What happened" }).click();
  await lookAt(tab, "operator-activity");
  await tab.goto(`${adminUrl}/audit`);
  await lookAt(tab, "operator-audit");
  await tab.goto(`${adminUrl}/companies/atelier`);
  await tab.getByRole("button", { name: "Suspend" }).click();
  await tab.getByRole("heading", { name: "Suspend atelier?" }).waitFor();
  await lookAt(tab, "operator-suspend");
  await tab.getByRole("button", { name: "Suspend atelier" }).click();
  await tab.getByText("The company is suspended").first().waitFor();
  // At a phone's width, where the last look left the page.
  await tab.getByText("Menu", { exact: true }).click();
  await tab.locator(".menu").getByRole("button", { name: "Sign out" }).click();
  await tab.waitForURL(`${adminUrl}/sign-in`);
}
