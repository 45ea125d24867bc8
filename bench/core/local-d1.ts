/** D1 as workerd's own client for it asks it, over HTTP and SQLite in memory: what a start needs of a database, and no workerd of its own. */
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

interface Query {
  readonly sql: string;
  /** Bytes come as numbers. */
  readonly params?: readonly (string | number | null | readonly number[])[];
}

/** With the tables made. Listens on a port of its own choice. */
export async function startLocalD1(migrations: string): Promise<Server> {
  const database = new DatabaseSync(":memory:");
  const files = readdirSync(migrations).filter((name) => name.endsWith(".sql"));
  for (const file of files.sort()) database.exec(readFileSync(join(migrations, file), "utf8"));
  const server = createServer(async (request, response) => {
    const format = new URL(request.url ?? "/", "http://d1").searchParams.get("resultsFormat");
    const body = JSON.parse(await textOf(request)) as Query | Query[];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer(database, [body].flat(), format === "ROWS_AND_COLUMNS")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** One batch: all of it or nothing. */
function answer(database: DatabaseSync, queries: readonly Query[], asRows: boolean): unknown {
  database.exec("begin");
  try {
    const results = queries.map((query) => run(database, query, asRows));
    database.exec("commit");
    return results;
  } catch (error) {
    database.exec("rollback");
    return { success: false, error: (error as Error).message };
  }
}

function run(database: DatabaseSync, { sql, params = [] }: Query, asRows: boolean): unknown {
  const statement = database.prepare(sql);
  const columns = statement.columns().map(({ name }) => name);
  const values = params.map((value) => (Array.isArray(value) ? Uint8Array.from(value) : value) as SQLInputValue);
  statement.setReturnArrays(true);
  const rows = (statement.all(...values) as unknown as unknown[][]).map((row) => row.map(plain));
  const { changes, last } = database.prepare("select changes() as changes, last_insert_rowid() as last").get() as {
    changes: number;
    last: number;
  };
  return {
    success: true,
    results: asRows
      ? { columns, rows }
      : rows.map((row) => Object.fromEntries(row.map((cell, i) => [columns[i], cell]))),
    meta: {
      duration: 0,
      changes,
      last_row_id: last,
      changed_db: changes > 0,
      size_after: 0,
      rows_read: 0,
      rows_written: 0,
    },
  };
}

const plain = (cell: unknown) => (cell instanceof Uint8Array ? [...cell] : cell);

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
