/** The API reference in a real browser: it fits a phone in whole, and each kind of its parts is accessible. */
import { afterAll, expect, it } from "vitest";
import { lookAt, stage, strike } from "./stage.ts";

afterAll(strike);

it("the API reference is accessible and fits any window", async (context) => {
  const { browser, demo } = await stage(context);
  const profile = await browser.newContext({ viewport: { width: 360, height: 640 } });
  context.onTestFinished(() => profile.close());
  const tab = await profile.newPage();
  await tab.goto(`${demo.companyUrl.replace("acme.", "admin.")}/api/v1/reference`);
  await tab.getByRole("heading", { name: "API reference" }).waitFor();
  expect(await tab.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
  // All calls are built alike, and looking at each would take a minute.
  await tab.evaluate("document.querySelectorAll('article').forEach((one, n) => n > 5 && one.remove())");
  await lookAt(tab, "api-reference");
});
