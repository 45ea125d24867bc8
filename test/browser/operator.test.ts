/** From nothing, in a real browser: the operator creates a company by keyboard, its first administrator opens the link and makes it theirs. Each page looked at. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, expect, it, type TestContext } from "vitest";
import { lookAt, stage, strike } from "./stage.ts";

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

/** Tab until the field of this name has the focus. */
async function tabTo(tab: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    if ((await tab.evaluate("document.activeElement.name")) === name) return;
    await tab.keyboard.press("Tab");
  }
  throw new Error(`the keyboard does not reach ${name}`);
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
    await first.tab.getByText(`${home}/sso/acs`).first().waitFor();

    await dress(first.tab, home);
    await invite(first.tab, home);
    await tour(tab, demo.adminUrl);
    expect(complaints.filter((text) => !/status of (403|422)/.test(text))).toEqual([]);
  },
  LOOKING_MS_MAX,
);

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
