/**
 * One company's rows as SQL that puts them into another database, read from any database that answers SELECT. Tables, columns, keys
 * and their order are asked of the database itself, so none can be forgotten. Writes nothing.
 */

/** One statement's rows. */
export type Query = (sql: string) => Promise<Record<string, unknown>[]>;

export interface CompanyTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
  /** What says whose a row is: `id` in companies, else `company_id`. */
  readonly owner: string;
}

/** Forms that wait for their person to sign in again: fifteen minutes, which a suspended company's person can't do. */
const LEFT_BEHIND = new Set(["kept_posts"]);
/** D1 takes statements of 100,000 bytes; a longer value is put together by several. */
const LITERAL_CHARS_MAX = 8_000;
/** Some hundred bytes a row; those of these tables can be a hundred times as long. */
const PAGE_ROWS = 2_000;
const PAGE_ROWS_LONG = 50;
const LONG_ROWS = new Set(["logos", "saml_drafts", "saml_versions", "sign_ins"]);
/** D1 ends a statement after 30 seconds. */
const DELETED_AT_ONCE_MAX = 10_000;

/** D1 lets nobody ask about its own tables. */
const OURS = "t.type = 'table' AND t.name GLOB '[a-z]*' AND t.name NOT GLOB 'sqlite_*'";

const quoted = (name: string) => `"${name}"`;
const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** Every table that holds rows of companies, those that others refer to first. */
export async function companyTables(query: Query): Promise<CompanyTable[]> {
  const tables = new Map<
    string,
    { columns: string[]; key: [place: number, column: string][]; refersTo: Set<string> }
  >();
  const ofAll = "FROM sqlite_master AS t JOIN";
  for (const { name, column, pk } of await query(
    `SELECT t.name, c.name AS "column", c.pk ${ofAll} pragma_table_info(t.name) AS c WHERE ${OURS} ORDER BY t.name, c.cid`,
  )) {
    const table = tables.get(String(name)) ?? { columns: [], key: [], refersTo: new Set() };
    tables.set(String(name), table);
    table.columns.push(String(column));
    if (Number(pk) > 0) table.key.push([Number(pk), String(column)]);
  }
  for (const { name, other } of await query(
    `SELECT DISTINCT t.name, f."table" AS other ${ofAll} pragma_foreign_key_list(t.name) AS f WHERE ${OURS}`,
  )) {
    if (name !== other) tables.get(String(name))?.refersTo.add(String(other));
  }
  const found = new Map<string, CompanyTable & { readonly refersTo: Set<string> }>();
  for (const [name, { columns, key, refersTo }] of tables) {
    const owner = name === "companies" ? "id" : "company_id";
    if (LEFT_BEHIND.has(name) || !columns.includes(owner)) continue;
    const inOrder = key.sort(([one], [other]) => one - other).map(([, column]) => column);
    found.set(name, { name, columns, key: inOrder, owner, refersTo });
  }
  const ordered: CompanyTable[] = [];
  while (found.size > 0) {
    const free = [...found.values()].find(({ refersTo }) => ![...refersTo].some((table) => found.has(table)));
    if (!free) throw new Error(`tables refer to one another in a circle: ${[...found.keys()].join(", ")}`);
    found.delete(free.name);
    ordered.push(free);
  }
  return ordered;
}

/** The company's id and status, or null. */
export async function findCompany(
  query: Query,
  slug: string,
): Promise<{ id: string; status: string; updated_at: number } | null> {
  const rows = await query(`SELECT id, status, updated_at FROM companies WHERE slug = ${text(slug)}`);
  return (rows[0] as { id: string; status: string; updated_at: number } | undefined) ?? null;
}

/** The statements that put this company's rows of one table into another database, in the order of the key. */
export async function* copyStatements(query: Query, table: CompanyTable, companyId: string): AsyncGenerator<string> {
  const limit = LONG_ROWS.has(table.name) ? PAGE_ROWS_LONG : PAGE_ROWS;
  const key = table.key.map(quoted).join(", ");
  // As SQL literals: no number loses digits on its way, and bytes stay bytes.
  const values = table.columns.map((column, at) => `${literal(column)} AS c${at}`).join(", ");
  const mine = `${quoted(table.owner)} = ${text(companyId)}`;
  for (let after = ""; ; ) {
    const rows = await query(
      `SELECT ${values} FROM ${quoted(table.name)} WHERE ${mine}${after} ORDER BY ${key} LIMIT ${limit}`,
    );
    let last: string[] = [];
    for (const row of rows) {
      last = table.columns.map((_, at) => String(row[`c${at}`]));
      yield* rowStatements(table, last);
    }
    if (rows.length < limit) return;
    after = ` AND (${key}) > (${table.key.map((column) => last[table.columns.indexOf(column)]).join(", ")})`;
  }
}

/** quote() ends a text at its first NUL. */
function literal(column: string): string {
  const name = quoted(column);
  return `CASE WHEN typeof(${name}) = 'text' AND instr(${name}, char(0)) > 0 THEN 'CAST(' || quote(CAST(${name} AS BLOB)) || ' AS TEXT)' ELSE quote(${name}) END`;
}

function* rowStatements({ name, columns, key }: CompanyTable, literals: readonly string[]): Generator<string> {
  const isLong = (value: string) => value.length > LITERAL_CHARS_MAX && /^X?'/.test(value);
  const first = literals.map((value) => (isLong(value) ? (value.startsWith("X") ? "X''" : "''") : value));
  yield `INSERT INTO ${quoted(name)} (${columns.map(quoted).join(", ")}) VALUES (${first.join(", ")});`;
  const row = key.map((column) => `${quoted(column)} = ${literals[columns.indexOf(column)]}`).join(" AND ");
  for (const [at, value] of literals.entries()) {
    if (!isLong(value)) continue;
    const column = quoted(columns[at] ?? "");
    for (const part of parts(value)) {
      const joined = value.startsWith("X") ? `CAST(${column} || ${part} AS BLOB)` : `${column} || ${part}`;
      yield `UPDATE ${quoted(name)} SET ${column} = ${joined} WHERE ${row};`;
    }
  }
}

/** A long literal as several; not cut within a byte or between the halves of a character. */
function* parts(value: string): Generator<string> {
  const bytes = value.startsWith("X");
  const whole = bytes ? value.slice(2, -1) : value.slice(1, -1).replaceAll("''", "'");
  for (let at = 0; at < whole.length; ) {
    let part = whole.slice(at, at + LITERAL_CHARS_MAX);
    if (!bytes && at + part.length < whole.length) part = part.replace(/[\uD800-\uDBFF]$/, "");
    at += part.length;
    yield bytes ? `X'${part}'` : text(part);
  }
}

/** How many rows of each table the company has. */
export async function countRows(
  query: Query,
  tables: readonly CompanyTable[],
  companyId: string,
): Promise<Map<CompanyTable, number>> {
  const counts = tables.map(
    ({ name, owner }, at) =>
      `(SELECT count(*) FROM ${quoted(name)} WHERE ${quoted(owner)} = ${text(companyId)}) AS c${at}`,
  );
  const [row] = await query(`SELECT ${counts.join(", ")}`);
  return new Map(tables.map((table, at) => [table, Number(row?.[`c${at}`])]));
}

/** The statements that take these rows out of the database they left: what refers to others first, a part at a time. */
export function removeStatements(counted: ReadonlyMap<CompanyTable, number>, companyId: string): string[] {
  return [...counted].toReversed().flatMap(([{ name, owner }, rows]) => {
    const mine = `${quoted(owner)} = ${text(companyId)}`;
    const some = `SELECT rowid FROM ${quoted(name)} WHERE ${mine} LIMIT ${DELETED_AT_ONCE_MAX}`;
    const times = Math.ceil(rows / DELETED_AT_ONCE_MAX);
    return Array.from({ length: times }, () => `DELETE FROM ${quoted(name)} WHERE rowid IN (${some});`);
  });
}

/** For the first database: where the company is from now on. A company of the first database has no row. */
export function placeStatement(slug: string, binding: string): string {
  if (binding === "DB") return `DELETE FROM placements WHERE slug = ${text(slug)};`;
  return `INSERT INTO placements (slug, database) VALUES (${text(slug)}, ${text(binding)}) ON CONFLICT (slug) DO UPDATE SET database = excluded.database;`;
}

/** Where the company's rows differ between two databases; null: they are the same. */
export async function firstDifference(one: Query, other: Query, companyId: string): Promise<string | null> {
  const tables = await companyTables(one);
  const [ours, theirs] = await Promise.all([countRows(one, tables, companyId), countRows(other, tables, companyId)]);
  for (const [table, rows] of ours) {
    if (rows !== theirs.get(table)) return `${table.name}: ${rows} rows and ${theirs.get(table)}`;
    if (rows === 0) continue;
    const copied = copyStatements(other, table, companyId);
    for await (const statement of copyStatements(one, table, companyId)) {
      if ((await copied.next()).value !== statement) return `${table.name}: ${statement.slice(0, 200)}`;
    }
  }
  return null;
}
