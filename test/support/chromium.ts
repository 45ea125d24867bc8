/**
 * Finds a Chromium for the browser tests and starts it. Owns where one may be: named, installed, or shipped inside an npm package. Where none
 * works the tests are left out loudly, and under CI they fail instead: there nothing may be left out.
 */
import { existsSync, writeSync } from "node:fs";
import { type Browser, chromium, type LaunchOptions } from "playwright-core";
import type { TestContext } from "vitest";
import { shippedChromium, shippedFonts } from "./shipped-chromium.ts";

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

let told = false;
let starting: Promise<Browser | string> | null = null;

/** The browser for this test, started once a test file. Without one the test is left out and the reason shown, or fails under CI. */
export async function browserFor(context: TestContext): Promise<Browser> {
  starting ??= start();
  const browser = await starting;
  if (typeof browser !== "string") return browser;
  const reason = `Browser tests left out: ${browser}. Install Chromium, or name one in CHROMIUM_PATH.`;
  if (process.env.CI) throw new Error(reason);
  const line = "!".repeat(Math.min(reason.length, 120));
  // Not console.warn: the reporter keeps what a skipped test says to itself.
  if (!told) writeSync(process.stderr.fd, `\n${line}\n${reason}\n${line}\n\n`);
  told = true;
  return context.skip(reason);
}

export async function closeChromium(): Promise<void> {
  const browser = await starting;
  starting = null;
  if (browser && typeof browser !== "string") await browser.close();
}

/** The browser, or why there is none. */
async function start(): Promise<Browser | string> {
  const failures: string[] = [];
  for (const options of candidates()) {
    try {
      return await chromium.launch({ args: FLAGS, ...options });
    } catch (error) {
      failures.push(`${options.executablePath}: ${String(error).split("\n")[0]}`);
    }
  }
  return failures.length === 0 ? "no Chromium found" : failures.join("; ");
}

function* candidates(): Generator<LaunchOptions> {
  const fonts = shippedFonts();
  const env = { ...process.env, ...(fonts === null ? {} : { FONTCONFIG_FILE: fonts }) };
  const named = process.env.CHROMIUM_PATH;
  for (const executablePath of named ? [named] : INSTALLED) {
    if (existsSync(executablePath)) yield { executablePath, env };
  }
  const shipped = shippedChromium();
  if (shipped === null) return;
  // Its own flags switch web security off; these are enough.
  const shippedOptions = { executablePath: shipped.executable, args: [...FLAGS, "--no-zygote"] };
  yield { ...shippedOptions, env };
  yield { ...shippedOptions, env: { ...env, LD_LIBRARY_PATH: shipped.libraries } };
}
