/** The gateway's own pages in a real browser: looks, accessibility, and what their policy lets run. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import * as pages from "../../src/pages/index.ts";
import { browserFor, closeChromium } from "../support/chromium.ts";
import { lookAt } from "./stage.ts";

const REFERENCE = "7QK4-9XVD-02MT";
const LONG = "Gesellschaft für vorausschauende Vermögensverwaltungsberatung und Partner mbB";

const PAGES: Record<string, () => Response> = {
  "post-binding": () =>
    pages.postBindingPage({
      action: `${base}/hold`,
      samlRequest: "PHNhbWw+",
      relayState: "state",
      company: { name: "Acme" },
      fragmentCookieName: "vestibule-fragment-1",
    }),
  continue: () =>
    pages.continuePage({
      email: "b.simon@acme.example",
      company: { name: "Acme" },
      token: "t",
      action: "/sso/continue",
    }),
  "signed-out": () => pages.signedOutPage({ company: { name: "Acme" }, signInUrl: "/sso/login?return_to=/" }),
  refusal: () =>
    pages.refusalPage({
      status: 403,
      title: "We could not sign you in",
      sentence: "The answer of your identity provider did not pass our checks.",
      advice: "Try once more. If it happens again, give your administrator the reference below.",
      reference: REFERENCE,
      home: null,
      retry: "/sso/login?return_to=/",
    }),
  "refusal-with-home": () =>
    pages.refusalPage({
      status: 400,
      title: "This sign-in is already finished",
      sentence: "The page you came back to has done its work.",
      advice: "You are signed in: go on from the start page.",
      reference: REFERENCE,
      home: "/",
      retry: "/sso/login?return_to=/",
    }),
  "unknown-company": () => pages.unknownCompanyPage("acmee.example.com"),
  "suspended-company": () => pages.suspendedCompanyPage({ name: "Acme" }),
  "not-configured": () => pages.notConfiguredPage({ name: LONG }, "/sso/local"),
  "origin-down": () => pages.originUnavailablePage({ kind: "down", reference: REFERENCE }),
  "origin-slow": () => pages.originUnavailablePage({ kind: "slow", reference: REFERENCE }),
  unavailable: () => pages.unavailablePage(REFERENCE),
};

/** Pages that lead on by themselves. */
const OTHERS: Record<string, () => Response> = {
  redirecting: () =>
    pages.postBindingPage({
      action: `${base.replace("acme", "login")}/provider`,
      samlRequest: "PHNhbWw+",
      relayState: "state",
      company: { name: "Acme" },
      fragmentCookieName: "vestibule-fragment-1",
    }),
  "signed-in-already": () =>
    pages.refusalPage({
      status: 400,
      title: "This sign-in is already finished",
      sentence: "The page you came back to has done its work.",
      advice: "You are signed in.",
      reference: REFERENCE,
      home: "/",
      retry: null,
      refreshTo: "/arrived",
    }),
};

let posted = "";
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    // "No Content" keeps a browser on the page it has, so that a form that submits itself can be looked at.
    if (request.url === "/hold") return void response.writeHead(204).end();
    if (request.url === "/provider") {
      const other = base.replace("acme.", "");
      for await (const chunk of request) posted += chunk;
      return void response.writeHead(303, { location: `${other}/arrived` }).end();
    }
    if (request.url === "/arrived") return void response.end(posted);
    posted = "";
    const path = new URL(request.url ?? "/", "http://x").pathname.slice(1);
    const make = { ...PAGES, ...OTHERS }[path];
    const answer = make ? make() : new Response("none", { status: 404 });
    response.writeHead(answer.status, [...answer.headers].flat());
    response.end(await answer.text());
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  base = `http://acme.localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await closeChromium();
  server.close();
});

/** A tab in a fresh profile. */
async function freshTab(context: TestContext, options: BrowserContextOptions = {}) {
  const browser = await browserFor(context);
  const profile = await browser.newContext(options);
  context.onTestFinished(() => profile.close());
  return { tab: await profile.newPage(), profile };
}

/** A tab that shows a page, with what it complained of. */
async function openPage(context: TestContext, path: string, options: BrowserContextOptions = {}) {
  const { tab } = await freshTab(context, options);
  const complaints: string[] = [];
  tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  // Not until it has loaded: a page whose form submits itself never has.
  await tab.goto(base + path, { waitUntil: "commit" });
  await tab.locator("footer").waitFor();
  return { tab, complaints };
}

describe("each page", () => {
  it.for(Object.keys(PAGES))(
    "is accessible, fits any window and breaks no rule of its policy: %s",
    async (name, context) => {
      const { tab, complaints } = await openPage(context, `/${name}`);
      await lookAt(tab, `page-${name}`);
      expect(complaints.filter((text) => !text.startsWith("Failed to load resource"))).toEqual([]);
    },
  );

  it.for(Object.keys(PAGES))(
    "needs no sideways scrolling at 320 pixels, and none with text twice as large: %s",
    async (name, context) => {
      const { tab } = await openPage(context, `/${name}`, { viewport: { width: 320, height: 568 } });
      const sideways = () => tab.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(await sideways()).toBeLessThanOrEqual(0);
      await tab.evaluate("document.documentElement.style.fontSize = '200%'");
      expect(await sideways()).toBeLessThanOrEqual(0);
    },
  );
});

describe("the hand-over to the identity provider", () => {
  it("posts itself to a provider that redirects to another host, and keeps the fragment for the way back", async (context) => {
    const { tab, profile } = await freshTab(context);
    await tab.goto(`${base}/redirecting#details`);
    await tab.waitForURL("**/arrived");
    expect(await tab.textContent("body")).toBe("SAMLRequest=PHNhbWw%2B&RelayState=state");
    const [cookie] = (await profile.cookies(base)).filter(({ name }) => name === "vestibule-fragment-1");
    expect(cookie).toMatchObject({ value: "%23details", sameSite: "None", secure: true, path: "/" });
    expect((cookie?.expires ?? 0) - Date.now() / 1000).toBeGreaterThan(800);
  });

  it.for([
    ["none", ""],
    ["one of 2 KB", `#${"x".repeat(2048)}`],
  ] as const)("saves no fragment where there is %s", async ([, fragment], context) => {
    const { tab, profile } = await freshTab(context);
    await tab.goto(`${base}/redirecting${fragment}`);
    await tab.waitForURL("**/arrived");
    expect(await profile.cookies(base)).toEqual([]);
  });

  it("cannot be made to set another cookie by what stands in the fragment", async (context) => {
    const { tab, profile } = await freshTab(context);
    await tab.goto(`${base}/redirecting#a; Path=/x; Domain=localhost\r\nb=c`);
    await tab.waitForURL("**/arrived");
    const cookies = await profile.cookies(base);
    expect(cookies.map(({ name, path, domain }) => [name, path, domain])).toEqual([
      ["vestibule-fragment-1", "/", "acme.localhost"],
    ]);
  });

  it("works by its button where no script runs", async (context) => {
    const { tab } = await openPage(context, "/redirecting", { javaScriptEnabled: false });
    await tab.getByRole("button", { name: "Continue to sign in" }).click();
    await tab.waitForURL("**/arrived");
  });
});

describe("a refusal", () => {
  it("leads home at once where it is told to", async (context) => {
    const { tab } = await freshTab(context);
    await tab.goto(`${base}/signed-in-already`, { waitUntil: "commit" });
    await tab.waitForURL("**/arrived");
  });
});
