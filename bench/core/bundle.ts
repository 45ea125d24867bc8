/** Bundles for workerd, made as wrangler makes them: minified, Node's own modules left to the runtime. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
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

/** One ES module of this source text, which may import from the folder. */
export async function bundle(source: string, folder: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: folder, loader: "ts" },
    bundle: true,
    minify: true,
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
  return outputFiles[0]?.text ?? "";
}
