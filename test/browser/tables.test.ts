/** The console's tables and buttons with awkward people in them: in any window, on paper, by keyboard and without a script. */
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { expectAccessible, pick, stage, strike } from "./stage.ts";

/** Wide, a laptop's, just wider than the menu at the side, a tablet's either way, a phone's. */
const WIDTHS = [1280, 1120, 1000, 960, 820, 768, 360];
const AWKWARD = [
  { email: "wilhelmine.von-und-zu-hohenlohe@speditionsgesellschaft-sued.example", firstName: "Wilhelmine" },
  {
    email: "hubert.blaine.sr@grosshandels-und-speditionsgesellschaft.example",
    firstName: "Hubert",
    lastName: "Blaine",
  },
  { email: "mohammed.abdulrahman@acme.example", firstName: "محمد", lastName: "عبد الرحمن" },
];

/** What breaks within a word, and what stands out of its card. */
const FAULTS = `(() => {
  const faults = [];
  for (const card of document.querySelectorAll(".card"))
    if (card.scrollWidth > card.clientWidth) faults.push("out of its card: " + card.textContent.slice(0, 40));
  for (const cell of document.querySelectorAll("tbody td, tbody th")) {
    const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      for (const { 0: word, index } of text.data.matchAll(/[\\p{L}\\d]+/gu)) {
        const range = document.createRange();
        range.setStart(text, index);
        range.setEnd(text, index + word.length);
        if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) faults.push("broken: " + word);
      }
    }
  }
  return faults;
})()`;

async function faultsOf(tab: Page, path: string): Promise<unknown[]> {
  await tab.goto(path);
  const faults: unknown[] = [];
  for (const width of WIDTHS) {
    await tab.setViewportSize({ width, height: 800 });
    faults.push(...((await tab.evaluate(FAULTS)) as string[]).map((fault) => `${width}: ${fault}`));
  }
  return faults;
}

afterAll(strike);

describe("with long addresses, codes and names", () => {
  it("no table breaks a word or stands out of its card, whatever the window", async (context) => {
    const { browser, demo } = await stage(context);
    const groups = (await demo.api("GET", "/companies/acme/groups")) as { items: { id: string; type: string }[] };
    const groupId = groups.items.find(({ type }) => type === "administrator")?.id;
    for (const person of AWKWARD) await demo.api("POST", "/companies/acme/users", { ...person, groupId });
    const profile = await browser.newContext();
    context.onTestFinished(() => profile.close());
    const tab = await profile.newPage();
    for (const name of [/Whitfield/, /Meeting room/]) {
      await tab.goto(demo.companyUrl);
      await pick(tab, name);
      await tab.locator("dl.reference").waitFor();
    }
    await tab.goto(`${demo.companyUrl}/sso/admin`);
    await pick(tab, /Marsh/);
    await tab.waitForURL(`${demo.companyUrl}/sso/admin`);
    for (const path of ["", "/users", "/groups", "/sign-ins", "/setup", "/versions"]) {
      expect(await faultsOf(tab, `${demo.companyUrl}/sso/admin${path}`), path).toEqual([]);
    }
  });

  it("the log is printed without menus, buttons and fields", async (context) => {
    const { browser, demo } = await stage(context);
    const profile = await browser.newContext();
    context.onTestFinished(() => profile.close());
    const tab = await profile.newPage();
    await tab.goto(`${demo.companyUrl}/sso/admin/sign-ins`);
    await pick(tab, /Marsh/);
    await tab.getByRole("heading", { name: "Sign-in log" }).waitFor();
    await tab.emulateMedia({ media: "print" });
    expect(await tab.locator("tbody tr").first().isVisible()).toBe(true);
    for (const hidden of [".side", ".search", "button", ".actions"]) {
      for (const one of await tab.locator(hidden).all()) expect(await one.isVisible(), hidden).toBe(false);
    }
  });
});

it("what can't be taken back is asked for twice, by keyboard and without a script", async (context) => {
  const { browser, demo } = await stage(context);
  const { id } = (await demo.api("POST", "/companies/acme/tokens", { name: "Old importer" })) as { id: string };
  const profile = await browser.newContext({ javaScriptEnabled: false });
  context.onTestFinished(() => profile.close());
  const tab = await profile.newPage();
  await tab.goto(`${demo.companyUrl}/sso/admin/tokens`);
  await tab.getByRole("button", { name: "Continue to sign in" }).click();
  await pick(tab, /Marsh/);
  const onward = tab.getByRole("button");
  if (await onward.count()) await onward.first().click();
  await tab.getByRole("heading", { name: "API tokens" }).waitFor();

  const sure = tab.getByRole("button", { name: "Yes, delete Old importer" });
  expect(await sure.isVisible()).toBe(false);
  await tab.locator("summary", { hasText: "Delete Old importer" }).press("Enter");
  await sure.press("Enter");
  await tab.getByText("The token was deleted.").waitFor();
  const { items } = (await demo.api("GET", "/companies/acme/tokens")) as { items: { id: string }[] };
  expect(items.map((token) => token.id)).not.toContain(id);
});

it("an opened question is accessible", async (context) => {
  const { browser, demo } = await stage(context);
  const profile = await browser.newContext();
  context.onTestFinished(() => profile.close());
  const tab = await profile.newPage();
  await tab.goto(`${demo.companyUrl}/sso/admin/sessions`);
  await pick(tab, /Marsh/);
  await tab.locator("summary", { hasText: "Sign everybody out" }).click();
  await tab.getByRole("button", { name: "Yes, sign everybody out" }).waitFor();
  await expectAccessible(tab);
});
