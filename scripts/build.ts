/**
 * Bundles the Worker into dist/: what every visitor needs, and apart from it what only administrators need, which an isolate evaluates
 * when it is asked for (`whenAsked` in src/app.ts). Wrangler runs this (`[build]` in wrangler.toml) and uploads the parts. It would
 * not make them itself: its one file holds all that `import()` reaches, with whatever that shares, in functions, which is larger and
 * starts no faster (docs/performance.md, "The Worker").
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";

const ROOT = join(import.meta.dirname, "..");

/** What libraries bring along and nothing here reaches, and what stands there instead. */
const LEFT_OUT: readonly (readonly [module: RegExp, standIn: string])[] = [
  [/^(?:pkijs|asn1js)$/, "src/saml/no-x509.ts"],
  [/^pvtsutils$/, "src/saml/few-pvtsutils.ts"],
  // Of xmldsigjs.
  [
    /\/(?:(?:transforms|key_infos)\/index|key_infos\/rsa_key|key_info_clause\.registry|algorithm\.registry)\.js$/,
    "src/saml/no-document.ts",
  ],
  // Of Drizzle.
  [/\/pg-core\/columns\/enum\.js$/, "src/store/no-postgres.ts"],
  [/\/(?:relations|query-builders\/query)\.js$/, "src/store/no-relations.ts"],
];

const leaveOut: Plugin = {
  name: "leave-out",
  setup(plugin) {
    for (const [filter, standIn] of LEFT_OUT) plugin.onResolve({ filter }, () => ({ path: join(ROOT, standIn) }));
  },
};

const { outputFiles } = await build({
  absWorkingDir: ROOT,
  entryPoints: ["src/worker.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  // No hash: a part of an earlier build would be uploaded beside its successor.
  chunkNames: "[name]",
  format: "esm",
  minify: true,
  sourcemap: true,
  write: false,
  // As wrangler bundles.
  target: "es2024",
  platform: "browser",
  conditions: ["workerd", "worker", "browser"],
  external: ["node:*", "cloudflare:*"],
  define: { "process.env.NODE_ENV": '"production"' },
  plugins: [leaveOut],
});

// What is as it was stays untouched, so that `wrangler dev` doesn't begin anew when something else builds beside it.
for (const { path, contents } of outputFiles) {
  if (existsSync(path) && readFileSync(path).equals(contents)) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}
