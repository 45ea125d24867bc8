/** Bundles for workerd, made as wrangler makes them: minified, Node's own modules left to the runtime. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";

/** What wrangler.toml says. */
export const COMPATIBILITY_DATE = compatibilityDate(
  readFileSync(join(import.meta.dirname, "../../wrangler.toml"), "utf8"),
);

function compatibilityDate(toml: string): string {
  const date = /^compatibility_date = "([\d-]+)"$/m.exec(toml)?.[1];
  if (date === undefined) throw new Error("wrangler.toml has no compatibility_date");
  return date;
}

const BUILTINS = new Set(builtinModules.filter((name) => !name.startsWith("_")));

/** Old packages `require` Node's modules, which an ES module has no word for: each becomes an import. */
const nodeModules: Plugin = {
  name: "node-modules",
  setup(plugin) {
    plugin.onResolve({ filter: /^(?:node:)?[a-z_/0-9]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, "");
      if (!BUILTINS.has(name)) return null;
      if (kind === "require-call") return { path: name, namespace: "required" };
      return { path: `node:${name}`, external: true };
    });
    plugin.onLoad({ filter: /.*/, namespace: "required" }, ({ path }) => ({
      contents: `import whole from "node:${path}"; module.exports = whole;`,
      loader: "js",
    }));
  },
};

/** The text of each of a Worker's modules by its name, the Worker's own first. */
export type Parts = ReadonlyMap<string, string>;

/** What esbuild calls what it is given as a text. */
const isOwn = (path: string) => basename(path) === "stdin.js";

/** One ES module of this source text, which may import from the folder. */
export async function bundle(source: string, folder: string): Promise<string> {
  const [only, ...others] = (await bundleParts(source, folder)).values();
  if (only === undefined || others.length > 0) throw new Error("this source makes several modules");
  return only;
}

/** The same with what is imported late in modules of its own, as scripts/build.ts makes them. */
export async function bundleParts(source: string, folder: string): Promise<Parts> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder, loader: "ts" },
    bundle: true,
    minify: true,
    splitting: true,
    outdir: "/",
    chunkNames: "[name]",
    write: false,
    format: "esm",
    target: "es2024",
    platform: "browser",
    conditions: ["workerd", "worker", "node"],
    mainFields: ["module", "main"],
    external: ["cloudflare:*"],
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [nodeModules],
    logLevel: "silent",
  });
  const ownFirst = outputFiles.toSorted((one, other) => Number(isOwn(other.path)) - Number(isOwn(one.path)));
  return new Map(ownFirst.map(({ path, text }) => [basename(path), text]));
}
