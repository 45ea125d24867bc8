/** The database in a process of its own, as it is in a place of its own in production: runs statements on a real local D1. */
import type { Call, Reply } from "./database-client.ts";

interface DatabaseBindings {
  readonly DB: D1Database;
}

async function answer(d1: D1Database, { mode, statements }: Call): Promise<unknown> {
  const prepared = statements.map(({ sql, params }) => d1.prepare(sql).bind(...params));
  if (mode === "batch") return d1.batch(prepared);
  const [only] = prepared;
  if (!only) throw new Error("no statement");
  return mode === "raw" ? only.raw() : mode === "all" ? only.all() : mode === "first" ? only.first() : only.run();
}

export default {
  async fetch(request, env) {
    const call = (await request.json()) as Call;
    const reply: Reply = await answer(env.DB, call).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
    );
    return Response.json(reply);
  },
} satisfies ExportedHandler<DatabaseBindings>;
