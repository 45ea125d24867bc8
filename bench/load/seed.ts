/** Fills a database file with other companies and their people, by SQLite itself: a million rows take seconds, not hours. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Seed {
  readonly companies: number;
  readonly usersPerCompany: number;
  /** Base64 DER, as the store keeps it. */
  readonly certificate: string;
  readonly idpEntityId: string;
}

/** The database of `startDatabase(folder)`, which must not be running. */
export function seed(folder: string, { companies, usersPerCompany, certificate, idpEntityId }: Seed): void {
  const database = new DatabaseSync(databaseFile(folder));
  // Nobody else is here, and what is lost in a crash is made again.
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA foreign_keys = OFF",
  );
  const now = Date.now();
  // Ids look as UUIDv7 do: in order of making, the company's number in their middle.
  const id = (kind: string, n: string) =>
    `printf('0190${kind}-%04x-7%03x-8000-%012x', (${n}) >> 16, (${n}) & 4095, ${n})`;
  database.exec(`
    BEGIN;
    CREATE TEMP TABLE n (i INTEGER PRIMARY KEY);
    INSERT INTO n WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ${companies}) SELECT i FROM c;
    CREATE TEMP TABLE k (j INTEGER PRIMARY KEY);
    INSERT INTO k WITH RECURSIVE c(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM c WHERE j < ${usersPerCompany}) SELECT j FROM c;
  `);
  const insert = (table: string, columns: Readonly<Record<string, string>>, from: string) =>
    database.exec(
      `INSERT INTO ${table} (${Object.keys(columns).join(", ")}) SELECT ${Object.values(columns).join(", ")} FROM ${from}`,
    );
  const company = id("c000", "i");
  const group = id("6000", "i");
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const made = { version: "1", created_at: String(now), updated_at: String(now) };
  insert(
    "companies",
    {
      ...{ id: company, slug: "printf('company-%06d', i)", name: "printf('Company %d', i)", status: "'active'" },
      ...{ origin_url: "'https://origin.example'", absolute_hours: "12", idle_minutes: "60", ...made },
    },
    "n",
  );
  insert("groups", { company_id: company, id: group, title: "'Staff'", type: "'member'", sso_only: "1", ...made }, "n");
  insert(
    "saml_settings",
    {
      ...{
        company_id: company,
        version: "1",
        idp_entity_id: text(idpEntityId),
        login_url: "'https://idp.example/saml2'",
      },
      ...{ name_id_format: "'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'", request_binding: "'POST'" },
      ...{ certificates: text(JSON.stringify([certificate])), jit_enabled: "1", jit_group_id: group },
      ...{ sign_authn_requests: "0", want_encrypted_assertions: "0", allow_idp_initiated: "0", force_authn: "0" },
      ...{ requested_authn_context: "'[]'", clock_skew_seconds: "180", allow_sha1: "0", updated_at: String(now) },
    },
    "n",
  );
  const person = id("a000", `i * ${usersPerCompany} + j`);
  const email = "printf('person.%d@company-%06d.example', j, i)";
  insert(
    "users",
    {
      ...{ company_id: company, id: person, email, first_name: "'Britta'", last_name: "'Simon'", company: "'Company'" },
      ...{ group_id: group, status: "'active'", subject_issuer: text(idpEntityId), subject_kind: "'userKey'" },
      ...{ subject_value: person, last_sign_in_at: String(now), ...made },
    },
    "n CROSS JOIN k",
  );
  insert(
    "sessions",
    {
      ...{ company_id: company, id: id("5000", "i"), user_id: id("a000", `i * ${usersPerCompany} + 1`) },
      ...{
        created_at: String(now),
        last_seen_at: String(now),
        expires_at: String(now + 43_200_000),
        idle_minutes: "60",
      },
      ...{
        user_agent: "'Mozilla/5.0'",
        issuer: text(idpEntityId),
        name_id: email.replace("j", "1"),
        session_index: "'_1'",
      },
    },
    "n",
  );
  database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** The same id as there. */
export function seededId(kind: string, n: number): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return `0190${kind}-${hex(n >> 16, 4)}-7${hex(n & 4095, 3)}-8000-${hex(n, 12)}`;
}

/** The one file below the folder that holds our tables. */
export function databaseFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite"))
    .map((name) => join(folder, name));
  for (const file of files) {
    const database = new DatabaseSync(file, { readOnly: true });
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'companies'").get();
    database.close();
    if (found) return file;
  }
  throw new Error(`no database below ${folder}`);
}

export const megabytesOf = (file: string): number => statSync(file).size / 1_048_576;
