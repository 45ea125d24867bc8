/** A passkey's life in a real browser with a virtual authenticator: made, used to sign in, removed. Each page looked at. */
import type { CDPSession, Page } from "playwright-core";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import { lookAt, stage, strike } from "./stage.ts";

const PASSWORD = "seven blue ladders";

/** A device that asks its owner for nothing, and always gets it. */
async function plugIn(tab: Page): Promise<{ cdp: CDPSession; authenticatorId: string }> {
  const cdp = await tab.context().newCDPSession(tab);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, authenticatorId };
}

async function visit(context: TestContext, slug: string) {
  const { browser, demo } = await stage(context);
  await demo.api("POST", "/companies", { slug, name: `${slug} & Söhne`, originUrl: demo.originUrl });
  const person = { email: "ada.first@studio.example", firstName: "Ada", lastName: "First" };
  const { url } = (await demo.api("POST", `/companies/${slug}/setup-links`, person)) as { url: string };
  const profile = await browser.newContext();
  context.onTestFinished(() => profile.close());
  const tab = await profile.newPage();
  const complaints: string[] = [];
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(String(error)));
  return { tab, profile, link: url, home: demo.companyUrl.replace("acme", slug), complaints };
}

afterAll(strike);

describe("a passkey", () => {
  it("is added after the first sign-in, signs its owner in by keyboard alone, is seen by administrators and removed", async (context) => {
    const { tab, profile, link, home, complaints } = await visit(context, "keys");
    const { cdp, authenticatorId } = await plugIn(tab);
    await tab.goto(link);
    await tab.getByLabel("New password").fill(PASSWORD);
    await tab.getByLabel("The same again").fill(PASSWORD);
    await tab.getByLabel("Then add a passkey").check();
    await tab.getByRole("button").click();
    await tab.waitForURL(`${home}/sso/local/passkeys`);
    await tab.getByText("You have no passkey yet.").waitFor();
    await lookAt(tab, "page-passkeys-none");

    await tab.getByLabel("Name of the new passkey").fill("Work laptop");
    await tab.keyboard.press("Enter");
    await tab.getByText("The passkey is added.").waitFor();
    await lookAt(tab, "page-passkeys");
    const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
    expect(credentials).toMatchObject([{ rpId: "keys.localhost", isResidentCredential: true }]);

    // The same device a second time: the browser says so, in words, and the focus stays.
    await tab.getByLabel("Name of the new passkey").fill("Again");
    await tab.getByRole("button", { name: "Add a passkey" }).press("Enter");
    await tab.getByText("has a passkey for you here already").waitFor();
    expect(await tab.evaluate("document.activeElement.textContent")).toBe("Add a passkey");

    // Chosen where the address would be typed; the virtual device chooses by itself.
    await profile.clearCookies();
    await tab.goto(`${home}/sso/local?return_to=/sso/local/passkeys`);
    await tab.waitForURL(`${home}/sso/local/passkeys`);

    // Chosen by the button, in a browser that offers nothing by itself.
    await tab.addInitScript("delete PublicKeyCredential.isConditionalMediationAvailable");
    await profile.clearCookies();
    await tab.goto(`${home}/sso/local?return_to=/sso/local/passkeys`);
    await tab.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
    await lookAt(tab, "page-local-passkey");
    await tab.getByRole("button", { name: "Sign in with a passkey" }).focus();
    await tab.keyboard.press("Enter");
    await tab.waitForURL(`${home}/sso/local/passkeys`);
    await tab.getByText("ada.first@studio.example").waitFor();

    await tab.goto(`${home}/sso/admin/users`);
    await tab.getByRole("link", { name: "Ada First" }).first().click();
    const card = tab.getByRole("region", { name: "Passkeys" });
    await card.getByRole("rowheader", { name: "Work laptop" }).waitFor();
    await card.scrollIntoViewIfNeeded();
    await lookAt(tab, "console-user-passkeys");
    await card.locator("summary", { hasText: "Remove" }).click();
    await card.getByRole("button", { name: "Yes, remove Work laptop" }).click();
    await tab.getByText("The passkey is removed. It signs nobody in").waitFor();

    // The device does not know; the visitor reads why nothing happens.
    await profile.clearCookies();
    await tab.goto(`${home}/sso/local`);
    await tab.getByRole("button", { name: "Sign in with a passkey" }).click();
    await tab.getByRole("heading", { name: "This passkey did not work" }).waitFor();
    await lookAt(tab, "page-local-passkey-wrong");
    expect(complaints.filter((text) => !/status of 403/.test(text))).toEqual([]);
  });

  it("that there is none is said in words", async (context) => {
    const { tab, home } = await visit(context, "nokeys");
    await plugIn(tab);
    await tab.goto(`${home}/sso/local`);
    await tab.getByRole("button", { name: "Sign in with a passkey" }).click();
    await tab.getByRole("status").getByText("No passkey was used").waitFor();
    expect(tab.url()).toBe(`${home}/sso/local`);
  });
});
