/** A visitor's journeys in a real browser, through the whole: gateway in workerd, stand-in identity provider, asset library behind. */
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import type { Demo } from "../../demo/demo.ts";
import { lookAt, pick, stage, strike } from "./stage.ts";

const DEEP_LINK = "/assets/17?view=large#details";
/** Longer than any script, refresh or redirect would wait. */
const LONG_ENOUGH_MS = 1_500;

interface Visit {
  readonly demo: Demo;
  readonly profile: BrowserContext;
  readonly tab: Page;
}

/** A visitor with a browser of their own. */
async function visit(context: TestContext, options: BrowserContextOptions = {}): Promise<Visit> {
  const { browser, demo } = await stage(context);
  const profile = await browser.newContext(options);
  context.onTestFinished(() => profile.close());
  return { demo, profile, tab: await profile.newPage() };
}

async function signIn({ demo, tab }: Visit, path: string): Promise<void> {
  await tab.goto(demo.companyUrl + path);
  await pick(tab, /Britta Simon/);
  await tab.waitForURL((url) => url.origin === demo.companyUrl && !url.pathname.startsWith("/sso/"));
}

/** Settings are in force everywhere within a minute; the isolate that wrote them has them at once. */
async function useBinding(demo: Demo, requestBinding: "POST" | "Redirect"): Promise<void> {
  await demo.api("PATCH", "/companies/acme/saml", { requestBinding });
}

/** What the gateway says of this browser, asked in another tab of it. */
async function sessionOf({ demo, profile }: Visit): Promise<{ status?: number; [member: string]: unknown }> {
  const tab = await profile.newPage();
  const response = await tab.goto(`${demo.companyUrl}/sso/session`);
  const body = await response?.json();
  await tab.close();
  return { ...body, status: response?.status() };
}

/** The reference that a refusal page shows; the company's sign-in log has the whole story under it. */
async function refusal({ demo, tab }: Visit): Promise<{ code: string; record: Record<string, unknown> }> {
  const reference = await tab.locator("dl.reference code").textContent();
  expect(reference).toMatch(/^[0-9A-Z-]{8,}$/);
  const { items } = (await demo.api("GET", "/companies/acme/sign-ins")) as { items: Record<string, unknown>[] };
  const record = items.find((item) => item.reference === reference);
  expect(record).toBeDefined();
  return { code: String(record?.code), record: record ?? {} };
}

/** Pixels across, of what the browser really decoded. */
const pictureWidth = (tab: Page) =>
  tab.locator("figure img").evaluate((image: unknown) => (image as { naturalWidth: number }).naturalWidth);

afterAll(strike);

describe.for(["POST", "Redirect"] as const)("by %s", (binding) => {
  it("a deep link leads through the identity provider to that very page, signs out, and stays signed out", async (context) => {
    const visitor = await visit(context);
    const { demo, tab } = visitor;
    await useBinding(demo, binding);

    await signIn(visitor, DEEP_LINK);
    const arrived = new URL(tab.url());
    expect(arrived.pathname + arrived.search).toBe("/assets/17?view=large");
    // Only a page of ours can keep the fragment, and by Redirect there is none.
    if (binding === "POST") expect(arrived.hash).toBe("#details");
    expect(await tab.getByRole("heading", { level: 1 }).textContent()).toBe("Blue hour at the lake");
    expect(await pictureWidth(tab)).toBe(1500);

    const session = await sessionOf(visitor);
    expect(session).toMatchObject({ status: 200, user: { email: "b.simon@acme.example", group: { title: "Staff" } } });

    await tab.getByRole("link", { name: "Sign out" }).click();
    await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
    await tab.waitForTimeout(LONG_ENOUGH_MS);
    expect(await tab.getByRole("heading", { level: 1 }).textContent()).toBe("You are signed out");
    expect((await sessionOf(visitor)).status).toBe(401);

    await tab.goto(`${demo.companyUrl}/assets/17`);
    await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
  });

  it("works without script", async (context) => {
    const visitor = await visit(context, { javaScriptEnabled: false });
    const { demo, tab } = visitor;
    await useBinding(demo, binding);
    await tab.goto(`${demo.companyUrl}/assets/17?view=large`);
    if (binding === "POST") await tab.getByRole("button", { name: "Continue to sign in" }).click();
    await tab.getByRole("button", { name: /Britta Simon/ }).click();
    await tab.getByRole("button", { name: "Continue" }).click();
    await tab.waitForURL(`${demo.companyUrl}/assets/17?view=large`);
  });

  it("two tabs sign in at once, and each arrives where it was going", async (context) => {
    const first = await visit(context);
    const { demo, profile } = first;
    await useBinding(demo, binding);
    const second = { ...first, tab: await profile.newPage() };
    await first.tab.goto(`${demo.companyUrl}/assets/12?view=large`);
    await second.tab.goto(`${demo.companyUrl}/assets/14`);
    await pick(first.tab, /Britta Simon/);
    await first.tab.waitForURL(`${demo.companyUrl}/assets/12?view=large`);
    await pick(second.tab, /Britta Simon/);
    await second.tab.waitForURL(`${demo.companyUrl}/assets/14`);
  });

  it("needs nothing but a keyboard", async (context) => {
    const { demo, tab } = await visit(context);
    await useBinding(demo, binding);
    await tab.goto(`${demo.companyUrl}/assets/16`);
    await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
    await tabTo(tab, "Britta Simon");
    await tab.keyboard.press("Enter");
    await tab.waitForURL(`${demo.companyUrl}/assets/16`);
    await tabTo(tab, "Sign out");
    await tab.keyboard.press("Enter");
    await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
    await tabTo(tab, "Sign in again");
    await tab.keyboard.press("Enter");
    await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
  });
});

/** Presses Tab until the element with that text has the focus, and sees that the focus shows. */
async function tabTo(tab: Page, text: string): Promise<void> {
  const STEPS_MAX = 20;
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    await tab.keyboard.press("Tab");
    const focused = tab.locator(":focus");
    if (!(await focused.textContent())?.includes(text)) continue;
    const outline = await focused.evaluate((element: unknown) => {
      const page = globalThis as unknown as { getComputedStyle(of: unknown): { outlineStyle: string } };
      return page.getComputedStyle(element).outlineStyle;
    });
    expect(outline).toMatch(/^(solid|auto)$/);
    return;
  }
  throw new Error(`no way to ${text} by Tab`);
}

describe("whoever is not let in reads why in a sentence, and the administrator in full", () => {
  it("after Cancel at the identity provider", async (context) => {
    const visitor = await visit(context);
    await visitor.tab.goto(`${visitor.demo.companyUrl}/assets/17`);
    await pick(visitor.tab, "Cancel");
    await visitor.tab.getByRole("heading", { name: "You were not signed in" }).waitFor();
    const { code, record } = await refusal(visitor);
    expect(code).toBe("status_not_success");
    expect(JSON.stringify(record)).toContain("AADSTS65004");
    expect(await visitor.tab.content()).not.toContain("AADSTS");
    await lookAt(visitor.tab, "journey-cancelled");

    await visitor.tab.getByRole("link", { name: "Try again" }).click();
    await pick(visitor.tab, /Britta Simon/);
    await visitor.tab.waitForURL((url) => url.pathname !== "/sso/acs");
    expect((await sessionOf(visitor)).status).toBe(200);
  });

  it("with a disabled account", async (context) => {
    const visitor = await visit(context);
    await visitor.tab.goto(`${visitor.demo.companyUrl}/assets/17`);
    await pick(visitor.tab, /Dan Whitfield/);
    await visitor.tab.locator("dl.reference").waitFor();
    expect((await refusal(visitor)).code).toBe("user_disabled");
    expect((await sessionOf(visitor)).status).toBe(401);
    await lookAt(visitor.tab, "journey-not-admitted");
  });

  it("with an account that has no e-mail address", async (context) => {
    const visitor = await visit(context);
    await visitor.tab.goto(`${visitor.demo.companyUrl}/assets/17`);
    await pick(visitor.tab, /Meeting room/);
    await visitor.tab.locator("dl.reference").waitFor();
    expect((await refusal(visitor)).code).toBe("email_missing");
  });
});

describe("what browsers and people do", () => {
  it("going back to the identity provider and choosing again leads home, signed in as before", async (context) => {
    const visitor = await visit(context);
    // By POST the browser itself asks before it shows the provider's page again.
    await useBinding(visitor.demo, "Redirect");
    await signIn(visitor, "/assets/17");
    await visitor.tab.goBack();
    await pick(visitor.tab, /Britta Simon/);
    await visitor.tab.getByRole("heading", { name: "All pictures" }).waitFor();
    expect((await sessionOf(visitor)).status).toBe(200);
  });

  it("a browser that lost its cookies on the way is asked whom to continue as", async (context) => {
    const visitor = await visit(context);
    const { demo, tab, profile } = visitor;
    await tab.goto(`${demo.companyUrl}/assets/17`);
    await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
    await profile.clearCookies();
    await pick(tab, /Britta Simon/);
    await tab.getByText("b.simon@acme.example").waitFor();
    expect((await sessionOf(visitor)).status).toBe(401);
    await lookAt(tab, "journey-continue");
    await tab.getByRole("button", { name: "Continue" }).click();
    await tab.getByRole("heading", { name: "All pictures" }).waitFor();
    expect((await sessionOf(visitor)).status).toBe(200);
  });

  it("somebody in 150 groups, and somebody with a name beyond ASCII, are greeted by name", async (context) => {
    for (const name of ["Ijeoma Okafor", "Zoë Brännström"]) {
      const { demo, tab } = await visit(context);
      await tab.goto(`${demo.companyUrl}/`);
      await pick(tab, new RegExp(name));
      await tab.locator("header").getByText(name).waitFor();
    }
  });

  it("an unknown company's address gives a page of our own", async (context) => {
    const { demo, tab } = await visit(context);
    const response = await tab.goto(demo.companyUrl.replace("acme", "nobody"));
    expect(response?.status()).toBe(404);
    await tab.getByText("nobody.localhost").waitFor();
    await lookAt(tab, "journey-unknown-company");
  });
});

describe("behind the gateway", () => {
  it("the origin is told who it is, and the proof verifies with the company's published keys", async (context) => {
    const visitor = await visit(context);
    await signIn(visitor, "/identity");
    await visitor.tab.getByText("The assertion verifies").waitFor();
    const text = await visitor.tab.locator("pre").textContent();
    expect(JSON.parse(text ?? "")).toMatchObject({ email: "b.simon@acme.example", iss: visitor.demo.companyUrl });
    await lookAt(visitor.tab, "library-identity");
  });

  it("a part of a big file arrives as that part", async (context) => {
    const visitor = await visit(context);
    await signIn(visitor, "/");
    const range = (value: string) =>
      visitor.tab.evaluate(async (wanted) => {
        const response = await fetch("/files/expedition-footage.bin", { headers: { range: wanted } });
        const bytes = [...new Uint8Array(await response.arrayBuffer())];
        return { status: response.status, range: response.headers.get("content-range"), bytes };
      }, value);
    const { bigFileByte, BIG_FILE_BYTES } = await import("../../demo/big-file.ts");
    const from = 70_000_000;
    const middle = await range(`bytes=${from}-${from + 7}`);
    expect(middle.status).toBe(206);
    expect(middle.range).toBe(`bytes ${from}-${from + 7}/${BIG_FILE_BYTES}`);
    expect(middle.bytes).toEqual(Array.from({ length: 8 }, (_, i) => bigFileByte(from + i)));
    expect((await range(`bytes=${BIG_FILE_BYTES}-`)).status).toBe(416);
  });

  it("an uploaded file arrives whole", async (context) => {
    const visitor = await visit(context);
    await signIn(visitor, "/upload");
    const buffer = Buffer.alloc(3_000_000, "vestibule");
    const { createHash } = await import("node:crypto");
    await visitor.tab.getByLabel("File").setInputFiles({ name: "picture.raw", mimeType: "image/x-raw", buffer });
    await visitor.tab.getByRole("button", { name: "Send" }).click();
    await visitor.tab.getByText("Arrived whole").waitFor();
    expect(await visitor.tab.textContent("main")).toContain(createHash("sha256").update(buffer).digest("hex"));
    await lookAt(visitor.tab, "library-upload");
  });

  it("a redirect by the origin's own address stays on the company's, and its cookie is kept there", async (context) => {
    const visitor = await visit(context);
    await signIn(visitor, "/");
    await visitor.tab.goto(`${visitor.demo.companyUrl}/latest`);
    expect(visitor.tab.url()).toBe(`${visitor.demo.companyUrl}/assets/17`);
    const cookies = await visitor.profile.cookies(visitor.demo.companyUrl);
    expect(cookies.find(({ name }) => name === "last-seen")).toMatchObject({ value: "17", domain: "acme.localhost" });
  });

  it("the origin itself, without the gateway, shows nobody anything", async (context) => {
    const { demo, tab } = await visit(context);
    expect((await tab.goto(`${demo.originUrl}/assets/17`))?.status()).toBe(401);
    expect((await fetch(`${demo.originUrl}/pictures/17-small.png`)).status).toBe(401);
    await lookAt(tab, "library-not-by-the-door");
  });
});

describe("each page on the way", () => {
  it("is accessible and fits, in light, in dark and on a phone", async (context) => {
    const visitor = await visit(context);
    const { demo, tab } = visitor;
    await useBinding(demo, "POST");
    await tab.goto(demo.companyUrl + DEEP_LINK);
    await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
    await lookAt(tab, "provider-sign-in");
    await pick(tab, /Britta Simon/);
    await tab.getByRole("heading", { name: "Blue hour at the lake" }).waitFor();
    await lookAt(tab, "library-asset");
    await tab.goto(`${demo.companyUrl}/`);
    await tab.getByRole("heading", { name: "All pictures" }).waitFor();
    await tab.waitForLoadState("networkidle");
    await lookAt(tab, "library-all");
    await tab.getByRole("link", { name: "Sign out" }).click();
    await tab.getByRole("heading", { name: "You are signed out" }).waitFor();
    await lookAt(tab, "journey-signed-out");
  });
});
