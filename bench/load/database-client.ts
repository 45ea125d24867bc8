/** The gateway's D1 under load: the part of the interface that the product uses, over HTTP to database-server.ts, every call counted. */

type Mode = "all" | "batch" | "first" | "raw" | "run";

/** One round trip. */
export interface Call {
  readonly mode: Mode;
  readonly statements: readonly { readonly sql: string; readonly params: readonly unknown[] }[];
}

export type Reply =
  | { readonly value: unknown; readonly rowsRead: number; readonly rowsWritten: number }
  | { readonly error: string };

/** What the platform would bill for. */
export interface Counts {
  readonly roundTrips: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

class RemoteStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
  readonly #call: (call: Call) => Promise<unknown>;

  constructor(call: (call: Call) => Promise<unknown>, sql: string, params: readonly unknown[]) {
    this.#call = call;
    this.sql = sql;
    this.params = params;
  }

  bind(...params: unknown[]): RemoteStatement {
    return new RemoteStatement(this.#call, this.sql, params);
  }

  all = () => this.#call({ mode: "all", statements: [this] });
  first = () => this.#call({ mode: "first", statements: [this] });
  raw = () => this.#call({ mode: "raw", statements: [this] });
  run = () => this.#call({ mode: "run", statements: [this] });
}

/** `count` hears of each round trip before it is made, and may fail it; `countRows` of the rows that D1 read and wrote for it. */
export function remoteDatabase(
  server: Fetcher,
  count: () => void,
  countRows: (read: number, written: number) => void,
): D1Database {
  const call = async ({ mode, statements }: Call): Promise<unknown> => {
    count();
    const body = JSON.stringify({ mode, statements: statements.map(({ sql, params }) => ({ sql, params })) });
    const answer = await server.fetch("http://database/", { method: "POST", body });
    const reply = (await answer.json()) as Reply;
    if ("error" in reply) throw new Error(reply.error);
    countRows(reply.rowsRead, reply.rowsWritten);
    return reply.value;
  };
  const database = {
    prepare: (sql: string) => new RemoteStatement(call, sql, []),
    batch: (statements: RemoteStatement[]) => call({ mode: "batch", statements }),
    withSession: () => database,
  };
  return database as unknown as D1Database;
}
