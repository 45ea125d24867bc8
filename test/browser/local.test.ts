/** From nothing: the operator's set-up link, a first administrator, and the way back in with a password, in a real browser. Each page looked at. */
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import type { Demo } from "../../demo/demo.ts";
import { lookAt, stage, strike } from "./stage.ts";

const PASSWORD = "seven blue ladders";

interface Visit {
  readonly demo: Demo;
  readonly profile: BrowserContext;
  readonly tab: Page;
  /** `http://<slug>.localhost:<port>` */
  readonly home: string;
  readonly complaints: string[];
}

/** A company that has nothing yet, and somebody at a browser. */
async function visit(context: TestContext, slug: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const { browser, demo } = await stage(context);
  await demo.api("POST", "/companies", { slug, name: `${slug} & Söhne`, originUrl: demo.originUrl });
  const profile = await browser.newContext(options);
  context.onTestFinished(() => profile.close());
  const tab = await profile.newPage();
  const complaints: string[] = [];
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  return { demo, profile, tab, home: demo.companyUrl.replace("acme", slug), complaints };
}

async function setUpLink({ demo }: Visit, slug: string): Promise<string> {
  const person = { email: "ada.first@studio.example", firstName: "Ada", lastName: "First" };
  const { url } = (await demo.api("POST", `/companies/${slug}/setup-links`, person)) as { url: string };
  return url;
}

async function chooseAs(tab: Page, password: string, again = password): Promise<void> {
  await tab.getByLabel("New password").fill(password);
  await tab.getByLabel("The same again").fill(again);
  await tab.getByRole("button").click();
}

afterAll(strike);

describe("a set-up link", () => {
  it("leads into the console of a company without an identity provider, and its password leads back in", async (context) => {
    const visitor = await visit(context, "studio");
    const { tab, home, profile } = visitor;
    const link = await setUpLink(visitor, "studio");

    await tab.goto(link);
    await tab.getByRole("heading", { name: "Welcome. Choose a password" }).waitFor();
    expect(tab.url()).toBe(`${home}/sso/local/invitation`);
    expect(await tab.getByLabel("E-mail address").inputValue()).toBe("ada.first@studio.example");
    await lookAt(tab, "page-local-set-up");

    await chooseAs(tab, "Studio-password-2026");
    await tab.getByText("too easy to guess").waitFor();
    await tab.locator("[role=alert]:focus").waitFor();
    await lookAt(tab, "page-local-set-up-too-easy");

    await chooseAs(tab, PASSWORD);
    await tab.waitForURL(`${home}/sso/admin/setup`);
    expect(await tab.getByRole("heading", { level: 1 }).count()).toBe(1);

    const stranger = await profile.browser()!.newContext();
    const other = await stranger.newPage();
    await other.goto(link);
    await other.getByRole("heading", { name: "This link does not work any more" }).waitFor();
    await lookAt(other, "page-local-link-over");

    // The company has no single sign-on: its console and its pages lead to the password.
    await other.goto(`${home}/sso/admin/users`);
    await other.getByRole("heading", { name: "Sign in with a password" }).waitFor();
    await lookAt(other, "page-local-sign-in");
    await other.getByLabel("E-mail address").fill("ada.first@studio.example");
    await other.getByLabel("Password").fill("not this one");
    await other.getByRole("button", { name: "Sign in", exact: true }).click();
    await other.getByRole("alert").waitFor();
    expect(await other.getByLabel("E-mail address").inputValue()).toBe("ada.first@studio.example");
    expect(await other.getByLabel("Password").inputValue()).toBe("");
    await lookAt(other, "page-local-sign-in-wrong");
    await other.getByLabel("Password").fill(PASSWORD);
    await other.keyboard.press("Enter");
    await other.waitForURL(`${home}/sso/admin/users`);
    await stranger.close();
    expect(visitor.complaints.filter((text) => !/status of (403|422)/.test(text))).toEqual([]);
  });

  it("works without a script, by keyboard alone", async (context) => {
    const visitor = await visit(context, "plain", { javaScriptEnabled: false });
    const { tab, home } = visitor;
    await tab.goto(await setUpLink(visitor, "plain"));
    await tab.keyboard.press("Tab");
    await tab.keyboard.press("Tab");
    await tab.keyboard.type(PASSWORD);
    await tab.keyboard.press("Tab");
    await tab.keyboard.type(PASSWORD);
    await tab.keyboard.press("Enter");
    await tab.waitForURL(`${home}/sso/admin/setup`);
  });
});

describe("where there is single sign-on", () => {
  it("the password page offers it, and an invited person comes in with a password and reaches the application", async (context) => {
    const visitor = await visit(context, "both");
    const { demo, tab } = visitor;
    const { id: groupId } = (await demo.api("POST", "/companies/acme/groups", { title: "Guests" })) as { id: string };
    const guest = { email: "guest@elsewhere.example", firstName: "Gus", lastName: "Guest", groupId };
    const { id: userId } = (await demo.api("POST", "/companies/acme/users", guest)) as { id: string };
    const { url } = (await demo.api("POST", "/companies/acme/invitations", { userId })) as { url: string };
    await tab.goto(url);
    await lookAt(tab, "page-local-invitation");
    await chooseAs(tab, PASSWORD);
    await tab.waitForURL(`${demo.companyUrl}/`);
    await tab.goto(`${demo.companyUrl}/sso/session`);
    expect(await tab.textContent("body")).toContain("guest@elsewhere.example");
    await tab.goto(`${demo.companyUrl}/sso/local?return_to=/assets/17`);
    await tab.getByRole("link", { name: "Use single sign-on" }).waitFor();
    await lookAt(tab, "page-local-sign-in-or-single");
  });
});
