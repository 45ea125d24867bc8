/** A session that ends under somebody's hands: the other browser ends it, and the form with its file comes through all the same. */
import { createHash } from "node:crypto";
import { afterAll, expect, it } from "vitest";
import { lookAt, pick, stage, strike } from "./stage.ts";

afterAll(strike);

it("an upload whose session was ended from another browser is kept, shown after the sign-in, and arrives byte for byte", async (context) => {
  const { browser, demo } = await stage(context);
  const open = async (path: string) => {
    const profile = await browser.newContext();
    context.onTestFinished(() => profile.close());
    const tab = await profile.newPage();
    await tab.goto(demo.companyUrl + path);
    await pick(tab, /Britta Simon/);
    await tab.waitForURL(demo.companyUrl + path);
    return tab;
  };
  const late = await open("/upload");
  const buffer = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, at) => (at * at) >>> 7));
  await late.getByLabel("File").setInputFiles({ name: "grün & blau.raw", mimeType: "image/x-raw", buffer });

  const other = await open("/sso/sessions");
  await other.getByRole("heading", { name: "Where you are signed in" }).waitFor();
  await lookAt(other, "page-own-sessions");
  await other.getByRole("button", { name: "End all others" }).click();
  await other.getByText("Done: what you ended is over").waitFor();
  expect(await other.locator("li").count()).toBe(1);

  await late.getByRole("button", { name: "Send" }).click();
  await late.getByRole("heading", { name: "Your session has ended" }).waitFor();
  await lookAt(late, "page-session-ended");
  await late.getByRole("link", { name: "Sign in and send again" }).click();
  await pick(late, /Britta Simon/);
  await late.getByRole("heading", { name: "Send it again?" }).waitFor();
  expect(await late.textContent("dl.who")).toContain("/upload");
  await lookAt(late, "page-send-again");
  await late.getByRole("button", { name: "Send again" }).click();
  await late.getByText("Arrived whole").waitFor();
  // The origin's answer stands where it would have stood, so that its relative addresses lead where they should.
  expect(late.url()).toBe(`${demo.companyUrl}/upload`);
  expect(await late.textContent("main")).toContain(createHash("sha256").update(buffer).digest("hex"));

  await late.goBack();
  await late.getByRole("heading", { name: "Nothing is kept here" }).waitFor();
  await lookAt(late, "page-nothing-kept");
});
