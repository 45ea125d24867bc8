/**
 * Moves a suspended company from one D1 database to another; docs/scale.md says when and how. Reads both through wrangler, writes
 * files of SQL, and prints the commands that carry them out: it changes no database itself.
 *
 *   node scripts/move-company.ts --slug acme --from vestibule --to vestibule-2 --binding DB_TWO -- --remote --env production
 *   node scripts/move-company.ts --slug acme --from vestibule --to vestibule-2 --compare -- --remote --env production
 *
 * What follows `--` goes to wrangler. `--first` names the first database where it is not `--from`. The exit code is 0 when the files
 * are written or the rows are the same, 1 otherwise.
 */
import { execFile } from "node:child_process";
import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { parseArgs, promisify } from "node:util";
import {
  companyTables,
  copyStatements,
  countRows,
  findCompany,
  firstDifference,
  placeStatement,
  type Query,
  removeStatements,
} from "./company-rows.ts";

/** In force everywhere (docs/storage.md, "In an isolate's memory"). */
const IN_FORCE_MS = 60_000;
const OUTPUT_BYTES_MAX = 1_000_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    slug: { type: "string" },
    from: { type: "string" },
    to: { type: "string" },
    first: { type: "string" },
    binding: { type: "string" },
    compare: { type: "boolean" },
  },
});
const { slug, from, to, binding } = values;
if (!slug || !from || !to || from === to || !(values.compare || /^DB(?:_[A-Z0-9_]+)?$/.test(binding ?? ""))) {
  end("usage: node scripts/move-company.ts --slug SLUG --from DATABASE --to DATABASE (--binding DB_NAME | --compare)");
}

const source = database(from);
const target = database(to);
const company = await findCompany(source, slug);
if (!company) end(`${from} has no company ${slug}`);
if (values.compare) {
  const difference = await firstDifference(source, target, company.id);
  if (difference !== null) end(`not the same: ${difference}`);
  console.log(`${slug} is the same in ${from} and in ${to}`);
  process.exit(0);
}
if (company.status !== "suspended") end(`${slug} is not suspended`);
const waitMs = company.updated_at + IN_FORCE_MS - Date.now();
if (waitMs > 0) end(`suspended just now; not in force everywhere before ${Math.ceil(waitMs / 1000)} s have passed`);
if (await findCompany(target, slug)) end(`${to} has a company ${slug} already`);

const counted = await countRows(source, await companyTables(source), company.id);
const files = [`${slug}-copy.sql`, `${slug}-place.sql`, `${slug}-remove.sql`] as const;
const file = createWriteStream(files[0]);
let statements = 0;
for (const [table, rows] of counted) {
  if (rows === 0) continue;
  for await (const statement of copyStatements(source, table, company.id)) {
    statements++;
    if (!file.write(`${statement}\n`)) await new Promise((resolve) => file.once("drain", resolve));
  }
}
await new Promise<void>((resolve) => file.end(resolve));
await writeFile(files[1], `${placeStatement(slug, binding ?? "")}\n`);
await writeFile(
  files[2],
  removeStatements(counted, company.id)
    .map((line) => `${line}\n`)
    .join(""),
);

const execute = (name: string, path: string) =>
  `npx wrangler d1 execute ${name} --file ${path} ${positionals.join(" ")}`.trim();
console.log(`${statements} statements of ${counted.size} tables. Now, in this order:

${execute(to, files[0])}
node scripts/move-company.ts --slug ${slug} --from ${from} --to ${to} --compare -- ${positionals.join(" ")}
${execute(values.first ?? from, files[1])}
# wait 60 seconds, make the company active again, try it
${execute(from, files[2])}`);

function database(name: string): Query {
  return async (sql) => {
    const given = ["wrangler", "d1", "execute", name, "--json", "--command", sql, ...positionals];
    const { stdout } = await promisify(execFile)("npx", given, { maxBuffer: OUTPUT_BYTES_MAX });
    const answers = JSON.parse(stdout) as { results: Record<string, unknown>[] }[];
    return answers[0]?.results ?? [];
  };
}

function end(message: string): never {
  console.error(message);
  process.exit(1);
}
