/** The gateway's own pages in a real browser: looks, accessibility, and what their policy lets run. */
import { mkdtempSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as pages from "../../src/pages/index.ts";
import { browserFor, closeChromium } from "../support/chromium.ts";

const REFERENCE = "7QK4-9XVD-02MT";
const LONG = "Gesellschaft für vorausschauende Vermögensverwaltungsberatung und Partner mbB";

const PAGES: Record<string, () => Response> = {
  "post-binding": () =>
    pages.postBindingPage({
      action: `${base}/hold`,
      samlRequest: "PHNhbWw+",
      relayState: "state",
      companyName: "Acme",
      fragmentCookieName: "vestibule-fragment-1",
    }),
  continue: () =>
    pages.continuePage({ email: "b.simon@acme.example", companyName: "Acme", token: "t", action: "/sso/continue" }),
  "signed-out": () => pages.signedOutPage({ companyName: "Acme", signInUrl: "/sso/login?return_to=/" }),
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
  "suspended-company": () => pages.suspendedCompanyPage("Acme"),
  "not-configured": () => pages.notConfiguredPage(LONG, "/sso/local"),
  "origin-down": () => pages.originUnavailablePage({ kind: "down", reference: REFERENCE }),
  "origin-slow": () => pages.originUnavailablePage({ kind: "slow", reference: REFERENCE }),
  unavailable: () => pages.unavailablePage(REFERENCE),
};

const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const LOOKS = [
  { name: "light", width: 1120, height: 720, colorScheme: "light" },
  { name: "dark", width: 1120, height: 720, colorScheme: "dark" },
  { name: "phone", width: 360, height: 640, colorScheme: "light" },
] as const;

const PICTURES = process.env.UPDATE_PICTURES
  ? join(import.meta.dirname, "../../docs/pictures")
  : mkdtempSync(join(tmpdir(), "vestibule-pictures-"));

let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    // "No Content" keeps a browser on the page it has, so that a form that submits itself can be looked at.
    if (request.url === "/hold") return void response.writeHead(204).end();
    const make = PAGES[new URL(request.url ?? "/", "http://x").pathname.slice(1)];
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

describe.for(Object.keys(PAGES))("the page %s", (name) => {
  it.for(LOOKS)("is accessible, fits the window and breaks no rule of its own policy: $name", async (look, context) => {
    const browser = await browserFor(context);
    const { width, height, colorScheme } = look;
    const view = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor: 2 });
    try {
      const tab = await view.newPage();
      const complaints: string[] = [];
      tab.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
      await tab.goto(`${base}/${name}`, { waitUntil: "commit" });
      await tab.locator("footer").waitFor();
      await tab.screenshot({ path: join(PICTURES, `page-${name}-${look.name}.png`) });
      const axe = await new AxeBuilder({ page: tab }).withTags(AXE_TAGS).analyze();
      expect(axe.violations.map((violation) => [violation.id, violation.nodes.map((node) => node.html)])).toEqual([]);
      expect(await tab.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
      expect(complaints.filter((text) => !text.startsWith("Failed to load resource"))).toEqual([]);
    } finally {
      await view.close();
    }
  });
});
