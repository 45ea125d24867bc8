/**
 * Finds a Chromium for the browser tests and starts it. Owns where one may be: named, installed, or shipped inside an npm package. Where none
 * works the tests are left out loudly, and under CI they fail instead: there nothing may be left out.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { type Browser, chromium } from "playwright-core";
import type { TestContext } from "vitest";

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];

let started: Promise<Browser | string> | null = null;

/** The browser, started once a test file; or why there is none. */
function startChromium(): Promise<Browser | string> {
  started ??= tryToStart();
  return started;
}

async function tryToStart(): Promise<Browser | string> {
  const failures: string[] = [];
  for await (const { path, args } of candidates()) {
    try {
      return await chromium.launch({ executablePath: path, args, env: { ...process.env, ...fontEnvironment() } });
    } catch (error) {
      failures.push(`${path}: ${String(error).split("\n")[0]}`);
    }
  }
  return failures.length === 0 ? "no Chromium found" : failures.join("; ");
}

async function* candidates(): AsyncGenerator<{ path: string; args: string[] }> {
  const named = process.env.CHROMIUM_PATH;
  for (const path of named ? [named] : INSTALLED) if (existsSync(path)) yield { path, args: FLAGS };
  const shipped = await shippedExecutable();
  // Its own flags switch web security off; ours and these two are enough.
  if (shipped !== null) yield { path: shipped, args: [...FLAGS, "--no-zygote", "--disable-setuid-sandbox"] };
}

async function shippedExecutable(): Promise<string | null> {
  try {
    const { default: shipped } = await import("@sparticuz/chromium");
    return await shipped.executablePath();
  } catch {
    return null;
  }
}

/** The browser for this test; without one the test is left out with the reason shown, or fails under CI. */
export async function browserFor(context: TestContext): Promise<Browser> {
  const browser = await startChromium();
  if (typeof browser !== "string") return browser;
  const reason = `Browser tests left out: ${browser}. Install Chromium, or name one in CHROMIUM_PATH.`;
  if (process.env.CI) throw new Error(reason);
  const line = "!".repeat(Math.min(reason.length, 120));
  console.warn(`\n${line}\n${reason}\n${line}\n`);
  return context.skip(reason);
}

export async function closeChromium(): Promise<void> {
  const browser = await started;
  started = null;
  if (browser && typeof browser !== "string") await browser.close();
}

/** Pictures look the same on every machine: the open font that comes with the npm package, not what happens to be installed. */
function fontEnvironment(): Record<string, string> {
  const folder = join(tmpdir(), "vestibule-fonts");
  const conf = join(folder, "fonts.conf");
  try {
    if (!existsSync(conf)) {
      const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
      const archive = join(dirname(entry), "../../bin/fonts.tar.br");
      mkdirSync(folder, { recursive: true });
      for (const font of tarFiles(brotliDecompressSync(readFileSync(archive)))) {
        if (font.name.endsWith(".ttf")) writeFileSync(join(folder, font.name.replaceAll("/", "-")), font.bytes);
      }
      writeFileSync(conf, fontsConf(folder));
    }
    return { FONTCONFIG_FILE: conf };
  } catch {
    return {};
  }
}

function* tarFiles(tar: Buffer): Generator<{ name: string; bytes: Buffer }> {
  const BLOCK = 512;
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString("utf8", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 136), 8) || 0;
    yield { name, bytes: tar.subarray(at + BLOCK, at + BLOCK + size) };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function fontsConf(folder: string): string {
  const prefer = (family: string, font: string) =>
    `<alias binding="strong"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>
<dir>${folder}</dir><dir>/usr/share/fonts</dir><cachedir>${folder}/cache</cachedir>
${prefer("system-ui", "Open Sans")}${prefer("sans-serif", "Open Sans")}${prefer("monospace", "DejaVu Sans Mono")}</fontconfig>
`;
}
