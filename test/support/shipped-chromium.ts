/**
 * The Chromium, libraries and font that the npm package @sparticuz/chromium ships compressed, unpacked once a machine into a folder of ours. Its own
 * unpacking is not used: two test files at once would step on each other, and it leaves the libraries packed.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const PACKAGE = "@sparticuz/chromium";

export interface ShippedChromium {
  readonly executable: string;
  /** NSS, NSPR and expat, for machines without them. */
  readonly libraries: string;
}

/** Null where the package isn't there or its binary can't be for this machine. */
export function shippedChromium(): ShippedChromium | null {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  const folder = unpacked("chromium", (to) => {
    writeFileSync(join(to, "chromium"), decompress("chromium.br"), { mode: 0o755 });
    unpackTar("al2023.tar.br", to);
  });
  return folder === null ? null : { executable: join(folder, "chromium"), libraries: join(folder, "lib") };
}

/** A fontconfig file that makes pictures look the same on every machine, with the package's open font first; null without the package. */
export function shippedFonts(): string | null {
  const folder = unpacked("fonts", (to, home) => {
    unpackTar("fonts.tar.br", to);
    writeFileSync(join(to, "vestibule.conf"), fontsConf(home));
  });
  return folder === null ? null : join(folder, "vestibule.conf");
}

/** Fills a folder beside its later home, and moves it there: nobody sees it half full. */
function unpacked(name: string, fill: (folder: string, home: string) => void): string | null {
  try {
    const { version } = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8")) as { version: string };
    const folder = join(tmpdir(), `vestibule-${name}-${version}`);
    if (existsSync(folder)) return folder;
    const filling = mkdtempSync(join(tmpdir(), `vestibule-${name}-`));
    fill(filling, folder);
    try {
      renameSync(filling, folder);
    } catch {
      // Another process was faster.
      rmSync(filling, { recursive: true, force: true });
    }
    return folder;
  } catch {
    return null;
  }
}

function packageFolder(): string {
  // build/esm/index.js or build/cjs/index.cjs
  return join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), "../..");
}

function decompress(file: string): Buffer {
  return brotliDecompressSync(readFileSync(join(packageFolder(), "bin", file)));
}

/** POSIX ustar: 512-byte headers, then the file in whole blocks. Names are the package's own. */
function unpackTar(file: string, folder: string): void {
  const BLOCK = 512;
  const tar = decompress(file);
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const name = tar.toString("utf8", at, at + 100).replace(/\0.*$/s, "");
    const size = Number.parseInt(tar.toString("latin1", at + 124, at + 136), 8) || 0;
    const isFile = "0\0".includes(String.fromCharCode(tar[at + 156] ?? 0));
    if (isFile && !name.split("/").includes("..")) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), tar.subarray(at + BLOCK, at + BLOCK + size));
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function fontsConf(home: string): string {
  const prefer = (family: string, font: string) =>
    `<alias binding="strong"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>
<dir>${home}/fonts</dir><dir>/usr/share/fonts</dir><cachedir>${home}/cache</cachedir>
${prefer("system-ui", "Open Sans")}${prefer("sans-serif", "Open Sans")}${prefer("monospace", "DejaVu Sans Mono")}</fontconfig>
`;
}
