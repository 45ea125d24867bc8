/**
 * What one database bears: the bytes that a row takes with its indexes, and how long SQLite is at work for each round trip of the
 * gateway in a database of 100,000 companies and 1,000,000 people.
 */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { createIdentityProvider } from "../../test/support/identity-provider.ts";
import { median, printTable } from "../figures.ts";
import { type Origin, startDatabase, temporaryFolder } from "./processes.ts";
import { databaseFile, seed, seededId } from "./seed.ts";
import { startStack } from "./stack.ts";
import { storeTimes } from "./store-times.ts";
import { makeCompany, signInAll } from "./visitors.ts";

const SIGN_INS = 30;
const COMPANIES = 100_000;
const USERS_PER_COMPANY = 10;
/** Rows of each table, of so many companies in turn at random: as they come in production, not one company after another. */
const ROWS = 60_000;
const ROWS_COMPANIES = 3_000;
const MEASURED = [
  "companies",
  "groups",
  "saml_settings",
  "saml_versions",
  "assertion_keys",
  "users",
  "sessions",
  "sign_ins",
  "used_requests",
  "used_assertions",
  "audit",
] as const;

export async function benchD1(origin: Origin): Promise<void> {
  await rowSizes(origin);
  await roundTrips();
}

/** Rows that real sign-ins left, written again and again under other keys. */
async function rowSizes(origin: Origin): Promise<void> {
  const folder = temporaryFolder();
  try {
    const stack = await startStack(folder.path, origin.small);
    await signInAll(await makeCompany(stack, "acme", origin.small), SIGN_INS);
    await stack.stop();
    const real = new DatabaseSync(databaseFile(folder.path), { readOnly: true });
    printTable(
      `Bytes a row takes with its indexes, ${ROWS} rows of ${ROWS_COMPANIES} companies in no order`,
      ["table", "bytes"],
      MEASURED.map((table) => [table, bytesOf(real, table).toFixed(0)]),
    );
    real.close();
  } finally {
    folder.remove();
  }
}

function bytesOf(real: DatabaseSync, table: string): number {
  const copy = new DatabaseSync(":memory:", { enableForeignKeyConstraints: false });
  const made = real.prepare("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL").all(table);
  for (const { sql } of made) copy.exec(String(sql));
  const rows = real.prepare(`SELECT * FROM ${table}`).all();
  const names = Object.keys(rows[0] ?? {});
  const insert = copy.prepare(`INSERT INTO ${table} VALUES (${names.map(() => "?").join(", ")})`);
  // Where one company has one row, there are as many companies as rows.
  const owners = ["companies", "saml_settings"].includes(table) ? ROWS : ROWS_COMPANIES;
  copy.exec("BEGIN");
  for (let n = 0; n < ROWS; n++) {
    const row = rows[n % rows.length] ?? {};
    const company = owners === ROWS ? n : Math.floor(Math.random() * owners);
    insert.run(...names.map((name) => otherwise(name, row[name] as SQLInputValue, n, company)));
  }
  copy.exec("COMMIT");
  const { bytes } = copy.prepare("SELECT sum(pgsize) AS bytes FROM dbstat").get() as { bytes: number };
  copy.close();
  return bytes / ROWS;
}

/** The same value for another row: as long as it was, and nobody else's. */
function otherwise(name: string, value: SQLInputValue, n: number, company: number): SQLInputValue {
  if (name === "company_id") return scattered(company);
  if (name === "seq" || name === "version") return n + 1;
  if (typeof value !== "string") return value;
  if (name === "id" || name === "user_id" || name === "kid") return seededId("a000", n);
  if (/^(?:request_id|assertion_id|email|subject_value|name_id|slug|reference|hash)$/.test(name)) {
    return String(n).padStart(6, "0") + value.slice(6);
  }
  return value;
}

/** Companies' ids are as old as the companies, so their sessions come in no order of theirs. */
const scattered = (company: number) => seededId("c000", (company * 7919) % 1_000_003);

async function roundTrips(): Promise<void> {
  const folder = temporaryFolder();
  try {
    await (await startDatabase(folder.path)).stop();
    const { certificate, entityId } = await createIdentityProvider();
    seed(folder.path, {
      ...{ companies: COMPANIES, usersPerCompany: USERS_PER_COMPANY },
      ...{ certificate, idpEntityId: entityId },
    });
    const times = await storeTimes(databaseFile(folder.path), COMPANIES, USERS_PER_COMPANY, entityId);
    printTable(
      `SQLite at work for one round trip, ${COMPANIES} companies, ${COMPANIES * USERS_PER_COMPANY} people`,
      ["round trip", "median, us", "mean, us", "one database, a second"],
      [...times].map(([name, each]) => {
        const mean = each.reduce((sum, time) => sum + time, 0) / each.length;
        return [name, median(each).toFixed(0), mean.toFixed(0), (1_000_000 / mean).toFixed(0)];
      }),
    );
  } finally {
    folder.remove();
  }
}
