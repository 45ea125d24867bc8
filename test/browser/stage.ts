/** What every browser journey stands on: one demo on free ports with an empty state of its own, and one browser. Both start with the first test that needs them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { expect, type TestContext } from "vitest";
import { type Demo, DemoFault, startDemo } from "../../demo/demo.ts";
import { browserFor, closeChromium } from "../support/chromium.ts";

export const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const LOOKS = [
  { name: "light", width: 1120, height: 720, colorScheme: "light" },
  { name: "dark", width: 1120, height: 720, colorScheme: "dark" },
  { name: "phone", width: 360, height: 640, colorScheme: "light" },
] as const;

export const PICTURES = process.env.UPDATE_PICTURES
  ? join(import.meta.dirname, "../../docs/pictures")
  : join(tmpdir(), "vestibule-pictures");

const PORT_TRIES = 5;

interface Stage {
  readonly browser: Browser;
  readonly demo: Demo;
}

let demoStarting: Promise<Demo> | null = null;
const folders: string[] = [];
const leaving = new AbortController();

export async function stage(context: TestContext): Promise<Stage> {
  const browser = await browserFor(context);
  demoStarting ??= startOnFreePorts();
  return { browser, demo: await demoStarting };
}

async function startOnFreePorts(): Promise<Demo> {
  const folder = mkdtempSync(join(tmpdir(), "vestibule-state-"));
  folders.push(folder);
  for (let tries = 1; ; tries++) {
    const port = 20_000 + Math.floor(Math.random() * 40_000);
    try {
      return await startDemo({
        port,
        stateFolder: folder,
        print: () => {},
        progress: () => {},
        signal: leaving.signal,
      });
    } catch (error) {
      if (!(error instanceof DemoFault) || tries === PORT_TRIES) throw error;
    }
  }
}

export async function strike(): Promise<void> {
  await closeChromium();
  const demo = await demoStarting?.catch(() => null);
  await demo?.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Signs a person in at the stand-in's page, which must be the one in the tab. */
export async function pick(tab: Page, name: string | RegExp): Promise<void> {
  await tab.getByRole("heading", { name: "Pick an account" }).waitFor();
  await tab.getByRole("button", { name }).click();
}

/** Looks at the page as people do: in light, in dark, on a phone. Each must be accessible and fit. */
export async function lookAt(tab: Page, name: string): Promise<void> {
  for (const { name: look, width, height, colorScheme } of LOOKS) {
    await tab.emulateMedia({ colorScheme });
    await tab.setViewportSize({ width, height });
    await tab.screenshot({ path: join(PICTURES, `${name}-${look}.png`) });
    expect(await tab.evaluate("document.documentElement.scrollWidth - innerWidth"), look).toBeLessThanOrEqual(0);
    if (look !== "phone") await expectAccessible(tab);
  }
}

export async function expectAccessible(tab: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page: tab }).withTags(AXE_TAGS).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}
