/** The schedule over many databases: a failing one costs the others nothing, and together they stay within what D1 takes of a run. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DATABASES_A_RUN_MAX, type Job, QUERIES_A_RUN_MAX, runJobs } from "../../src/cron.ts";
import { jobRuns } from "../../src/metrics.ts";
import { PURGE_QUERIES } from "../../src/store/index.ts";
import { faultyD1 } from "../support/faulty-d1.ts";
import { createCompany, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { addressOf, document, Publisher, sourceOf } from "./follow-stage.ts";

const RUN_SECONDS = 15 * 60;
/** What D1 takes of one invocation (developers.cloudflare.com/d1/platform/limits). */
const D1_QUERIES_MAX = 1_000;

let lines: { code?: string; result?: string; error?: string }[];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The same D1 under one more name, with every statement counted, those of a batch too. */
function counted(d1: D1Database): { d1: D1Database; statements: number } {
  const seen = { statements: 0 };
  const wrap = <T extends object>(inner: T): T =>
    new Proxy(inner, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          if (["run", "all", "first", "raw"].includes(String(name))) seen.statements++;
          if (name === "batch") seen.statements += (args[0] as unknown[]).length;
          const made = Reflect.apply(member, target, args) as object;
          return ["prepare", "bind", "withSession"].includes(String(name)) ? wrap(made) : made;
        };
      },
    });
  return Object.assign(seen, { d1: wrap(d1) });
}

/** As many databases as are asked for beside the first. All are one D1, which to the gateway makes no difference. */
function spread(count: number, previous: Partial<typeof env> = {}) {
  const databases = Array.from({ length: count }, () => counted(env.DB));
  const bindings = Object.fromEntries(
    databases.slice(1).map(({ d1 }, n) => [`DB_${String(n + 2).padStart(3, "0")}`, d1]),
  );
  return { databases, gateway: startGateway({ DB: databases[0]!.d1, ...bindings, ...previous }) };
}

/** More of everything than one run can do: companies with old keys under the previous secret, a backlog of the audit, metadata that is due. */
async function seed(companies: number): Promise<void> {
  await env.DB.batch(["audit", "companies"].map((table) => env.DB.prepare(`delete from ${table}`)));
  const gateway = startGateway();
  const idp = await createIdentityProvider();
  const model = await createCompany(gateway, "model", idp);
  new Publisher().put(addressOf(model), document(idp));
  expect((await sourceOf(gateway, model).put()).body.failure).toBeNull();
  const numbers = `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${companies})`;
  const changed: Record<string, string> = {
    id: "'many-' || n",
    slug: "'many-' || n",
    company_id: "'many-' || n",
    next_at: "1",
    jit_group_id: "null",
  };
  for (const table of ["companies", "assertion_keys", "saml_settings", "metadata_sources", "audit"]) {
    const { results } = await env.DB.prepare(`select * from ${table} limit 1`).all();
    const columns = Object.keys(results[0]!).map((name) => {
      if (table === "audit")
        return (
          { id: "'many-' || n", company_id: "'many-' || (n % 30)", seq: "null", hash: "null" }[name] ?? `"${name}"`
        );
      return name === "created_at" ? "1" : (changed[name] ?? `"${name}"`);
    });
    const from = `(select * from ${table} limit 1)`;
    await env.DB.prepare(`insert into ${table} ${numbers} select ${columns} from numbers join ${from}`).run();
  }
}

describe("a database that is away", () => {
  it("loses its own turn and no other's, and is named", async () => {
    const broken = faultyD1(env.DB);
    broken.fault = "down";
    const gateway = startGateway({ DB: broken.d1, DB_TWO: counted(env.DB).d1 } as Partial<typeof env>);
    await env.DB.prepare(
      "insert into local_attempts (company_id, bucket, window_started_at, count) select id, 'old', 1, 1 from companies limit 1",
    ).run();
    for (let run = 0; run < 2; run++) {
      lines.length = 0;
      await runJobs(gateway.services);
      const purge = lines.find(({ code }) => code === "purge");
      expect(purge?.error).toMatch(/\bDB: StorageUnavailable: /);
      expect(purge?.error).toMatch(/\bDB_TWO: \d+ rows/);
      gateway.advance(RUN_SECONDS);
    }
    expect(jobRuns.get("purge")?.ok).toBe(false);
  });

  it("and hangs is behind the others in its next run", async () => {
    const visits: string[][] = [];
    const { gateway } = spread(3);
    const names = new Map([...gateway.services.databases!].map(([name, database]) => [database, name]));
    for (let run = 0; run < 3; run++) {
      const visited: string[] = [];
      const job: Job = { name: "look", run: async ({ database }) => String(visited.push(names.get(database)!)) };
      await runJobs(gateway.services, [job]);
      visits.push(visited);
      gateway.advance(RUN_SECONDS);
    }
    expect(visits.map((visited) => [...visited].sort())).toEqual(Array(3).fill([...names.values()].sort()));
    expect(new Set(visits.map(([first]) => first)).size).toBe(3);
  });
});

describe("more databases than a run visits", () => {
  it("take turns: none waits longer than it takes to visit all", async () => {
    const { gateway } = spread(2 * DATABASES_A_RUN_MAX + 5);
    const visits = new Map<unknown, number>();
    const job: Job = {
      name: "look",
      async run({ database }, may) {
        expect(may.queries).toBeGreaterThan(PURGE_QUERIES * 2);
        visits.set(database, (visits.get(database) ?? 0) + 1);
        return "";
      },
    };
    for (let run = 0; run < 3; run++) {
      await runJobs(gateway.services, [job]);
      gateway.advance(RUN_SECONDS);
    }
    expect(visits.size).toBe(2 * DATABASES_A_RUN_MAX + 5);
  });
});

describe("the queries of a run", () => {
  it.each([1, 10, DATABASES_A_RUN_MAX])(
    "are within what D1 takes however much is due in each of %i databases, and each gets its part of the work",
    async (count) => {
      await seed(1_500);
      const NEXT = Buffer.alloc(32, 5).toString("base64url");
      const { databases, gateway } = spread(count, {
        GATEWAY_SECRET: NEXT,
        GATEWAY_SECRET_PREVIOUS: env.GATEWAY_SECRET,
      });
      await runJobs(gateway.services);
      expect(lines.filter(({ error }) => error !== undefined)).toEqual([]);
      const statements = databases.map((one) => one.statements);
      const sum = statements.reduce((all, one) => all + one, 0);
      expect(sum).toBeLessThanOrEqual(QUERIES_A_RUN_MAX);
      expect(QUERIES_A_RUN_MAX).toBeLessThan(D1_QUERIES_MAX);
      // Each job did something in each database.
      for (const [code, did] of [
        ["rotate", /[1-9]\d* begun/g],
        ["follow", /[1-9]\d* read/g],
        ["rewrap", /of [1-9]\d* sealed anew/g],
        ["seal", /the audit of [1-9]\d* companies/g],
      ] as const) {
        expect(jobRuns.get(code)?.result.match(did), code).toHaveLength(count);
      }
    },
  );
});
