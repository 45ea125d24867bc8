/** Times the store's functions over a database file, by SQLite itself: parsing, planning and running the statements of each batch. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import {
  checkSession,
  completeSignIn,
  type Database,
  loadTenant,
  openDatabase,
  prepareSignIn,
} from "../../src/store/index.ts";
import { sessionRow, signInWrite, userRow } from "../../test/store/rows.ts";
import { seededId } from "./seed.ts";

const TIMES = 3_000;
const HALF_A_DAY_MS = 43_200_000;

interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** Microseconds of each round trip, by name. */
export async function storeTimes(
  file: string,
  companies: number,
  usersPerCompany: number,
  issuer: string,
): Promise<Map<string, number[]>> {
  // The runtime's own; the store bounds its waiting by it.
  Object.assign(globalThis, {
    scheduler: { wait: (ms: number, options: object) => setTimeout(ms, undefined, options) },
  });
  const sqlite = new DatabaseSync(file);
  sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  let lastUs = 0;
  const db = openDatabase(timed(sqlite, (us) => (lastUs = us)) as unknown as D1Database);
  const found = new Map<string, number[]>();
  for (const [name, once] of works(db, companies, usersPerCompany, issuer)) {
    const each: number[] = [];
    for (let n = -100; n < TIMES; n++) {
      await once();
      if (n >= 0) each.push(lastUs);
    }
    found.set(name, each);
  }
  sqlite.close();
  return found;
}

function works(
  db: Database,
  companies: number,
  usersPerCompany: number,
  issuer: string,
): [name: string, once: () => Promise<void>][] {
  const some = () => 1 + Math.floor(Math.random() * companies);
  const companyId = (i: number) => seededId("c000", i);
  const userId = (i: number) => seededId("a000", i * usersPerCompany + 1);
  const email = (i: number) => `person.1@company-${String(i).padStart(6, "0")}.example`;
  const must = (right: boolean) => {
    if (!right) throw new Error("not what was to be measured");
  };
  const now = Date.now();
  const session = (user: string) => sessionRow(user, { createdAt: now, expiresAt: now + HALF_A_DAY_MS, issuer });
  return [
    [
      "settings of a company (loadTenant)",
      async () => must((await loadTenant(db, `company-${String(some()).padStart(6, "0")}`)) !== null),
    ],
    [
      "session checked (checkSession)",
      async () => {
        const i = some();
        must((await checkSession(db, companyId(i), seededId("5000", i), null)) !== null);
      },
    ],
    [
      "session checked, last use written",
      async () => {
        const i = some();
        must((await checkSession(db, companyId(i), seededId("5000", i), { lastSeenAt: now + 600_000 })) !== null);
      },
    ],
    [
      "sign-in read (prepareSignIn)",
      async () => {
        const i = some();
        const subjects = [{ issuer, kind: "userKey", value: userId(i) } as const];
        const query = { requestId: "_r", issuer, assertionId: "_a", subjects, email: email(i) };
        must((await prepareSignIn(db, companyId(i), query)).users.length === 1);
      },
    ],
    [
      "sign-in written, known person (completeSignIn)",
      async () => {
        const i = some();
        const write = signInWrite(userId(i), { issuer, session: session(userId(i)) });
        must((await completeSignIn(db, companyId(i), write)) === "done");
      },
    ],
    [
      "sign-in written, person created",
      async () => {
        const i = some();
        const user = userRow(seededId("6000", i), `new.${crypto.randomUUID()}@company.example`);
        const write = signInWrite(user.id, { user: { kind: "create", user }, issuer, session: session(user.id) });
        must((await completeSignIn(db, companyId(i), write)) === "done");
      },
    ],
  ];
}

/** The part of D1 that the store uses for these, over SQLite. */
function timed(sqlite: DatabaseSync, took: (us: number) => void) {
  const prepare = (sql: string, params: readonly unknown[] = []) => ({
    ...{ sql, params },
    bind: (...values: unknown[]) => prepare(sql, values),
  });
  return {
    prepare,
    batch: async (statements: readonly Statement[]) => {
      const start = performance.now();
      sqlite.exec("BEGIN IMMEDIATE");
      const results = statements.map(({ sql, params }) => {
        const statement = sqlite.prepare(sql);
        const values = params as SQLInputValue[];
        if (statement.columns().length > 0) return { results: statement.all(...values), meta: { changes: 0 } };
        return { results: [], meta: { changes: Number(statement.run(...values).changes) } };
      });
      sqlite.exec("COMMIT");
      took((performance.now() - start) * 1000);
      return results;
    },
  };
}
