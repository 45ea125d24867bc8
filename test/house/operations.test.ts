/** docs/operations.md, held against the source: whoever is called at night finds every word that the gateway says. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(resolve(import.meta.dirname, "../..", path), "utf8");
const handbook = read("docs/operations.md");

/** The words in quotes or before a colon between two marks of a file. */
function words(path: string, from: string, to: string, each: RegExp): string[] {
  const [, rest = ""] = read(path).split(from);
  return [...(rest.split(to)[0] ?? "").matchAll(each)].map(([, word]) => word ?? "");
}

it.each([
  ["event of the log", words("src/log.ts", "export type LogEvent =", ";", /"(\w+)"/g)],
  ["counter", words("src/metrics.ts", "const COUNTERS", "};", /^ {2}(\w+):/gm).map((name) => `${name}_total`)],
  ["duration", words("src/metrics.ts", "export type Duration =", ";", /"(\w+)"/g).map((name) => `${name}_seconds`)],
])("explains every %s", (_what, names) => {
  expect(names.length).toBeGreaterThan(1);
  expect(names.filter((name) => !handbook.includes(`\`${name}\``))).toEqual([]);
});
