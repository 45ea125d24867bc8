/** The database in a process of its own, as it is in a place of its own in production: runs statements on a real local D1. */
import type { Call, Reply } from "./database-client.ts";

interface DatabaseBindings {
  readonly DB: D1Database;
}

interface Answer {
  readonly value: unknown;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

async function answer(d1: D1Database, { mode, statements }: Call): Promise<Answer> {
  const prepared = statements.map(({ sql, params }) => d1.prepare(sql).bind(...params));
  if (mode === "batch") {
    const results = await d1.batch(prepared);
    return counted(results, results);
  }
  const [only] = prepared;
  if (!only) throw new Error("no statement");
  if (mode === "all" || mode === "run") {
    const result = await only[mode]();
    return counted(result, [result]);
  }
  const value = mode === "raw" ? await only.raw() : await only.first();
  // These tell no counts; what only reads can be asked again.
  return counted(value, /^\s*select/i.test(statements[0]?.sql ?? "") ? [await only.all()] : []);
}

function counted(value: unknown, results: readonly D1Result[]): Answer {
  const sum = (what: "rows_read" | "rows_written") => results.reduce((all, { meta }) => all + meta[what], 0);
  return { value, rowsRead: sum("rows_read"), rowsWritten: sum("rows_written") };
}

export default {
  async fetch(request, env) {
    const call = (await request.json()) as Call;
    const reply: Reply = await answer(env.DB, call).catch((error: unknown) => ({
      error: error instanceof Error ? error.message : String(error),
    }));
    return Response.json(reply);
  },
} satisfies ExportedHandler<DatabaseBindings>;
