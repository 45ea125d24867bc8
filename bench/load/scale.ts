/** One company in the database against 100,000 with 1,000,000 people: two stacks take turns at the same work. */
import { statSync } from "node:fs";
import { createIdentityProvider } from "../../test/support/identity-provider.ts";
import { median, printTable, quantile, ratio, verdict } from "../figures.ts";
import { Connection, load, requestText } from "./connection.ts";
import { type Origin, startDatabase, temporaryFolder } from "./processes.ts";
import { databaseFile, seed } from "./seed.ts";
import { signInRate, startRate } from "./sign-ins.ts";
import { BASE_DOMAIN, type Stack, startStack } from "./stack.ts";
import { type Company, makeCompany, pageRequest, signInAll } from "./visitors.ts";

const COMPANIES = 100_000;
const USERS_PER_COMPANY = 10;
const ROUNDS = 9;
const ROUND_MS = 700;
const CONNECTIONS = 8;
const SESSIONS = 20;
const SIGN_INS = 60;
const COLD_STARTS = 25;
const DUE_MS = 46_000;
const RATIO_MAX = 1.2;
const MEGABYTE = 1_048_576;

/** Milliseconds, less is better; for rates, of one unit of work. */
const WORKS = [
  "proxied GET, session fresh (time a request under load)",
  "proxied GET, session due (one query; median)",
  "GET /sso/login (time a request under load)",
  "GET /sso/login, company unknown to the isolate (one query; median)",
  "POST /sso/acs, person created (time each under load)",
  "POST /sso/acs, known person (time each under load)",
] as const;

interface Side {
  readonly company: Company;
  /** The host of any company of that database. */
  readonly anyHost: () => string;
}

export async function benchScale(origin: Origin): Promise<void> {
  const small = temporaryFolder();
  const large = temporaryFolder();
  const stacks: Stack[] = [];
  try {
    await seeded(large.path);
    const sides: Side[] = [];
    for (const { path } of [small, large]) {
      const stack = await startStack(path, origin.small);
      stacks.push(stack);
      const company = await makeCompany(stack, "acme", origin.small);
      const many = path === large.path;
      sides.push({ company, anyHost: () => (many ? `${seededSlug()}.${BASE_DOMAIN}` : company.host) });
    }
    const found = sides.map(() => WORKS.map((): number[] => []));
    for (let round = -1; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? [0, 1] : [1, 0];
      for (const index of order) {
        const times = await once(sides[index]!, round + 1);
        // The first round warms up.
        if (round >= 0) for (const [work, time] of times.entries()) found[index]?.[work]?.push(time);
      }
    }
    const rows = WORKS.map((name, work) => {
      const [one, many] = found.map((times) => times[work] ?? []) as [number[], number[]];
      const paired = median(many.map((time, round) => time / (one[round] ?? Number.NaN)));
      return [name, median(one).toFixed(3), median(many).toFixed(3), ratio(paired), verdict(paired <= RATIO_MAX)];
    });
    const megabytes = statSync(databaseFile(large.path)).size / MEGABYTE;
    printTable(
      `One company against ${COMPANIES} with ${COMPANIES * USERS_PER_COMPANY} people (${megabytes.toFixed(0)} MB of SQLite), at most ${RATIO_MAX} x, in ms`,
      ["what", "1 company", `${COMPANIES} companies`, "ratio", ""],
      rows,
    );
  } finally {
    for (const stack of stacks) await stack.stop();
    small.remove();
    large.remove();
  }
}

async function seeded(folder: string): Promise<void> {
  const database = await startDatabase(folder);
  await database.stop();
  const { certificate, entityId } = await createIdentityProvider();
  seed(folder, { companies: COMPANIES, usersPerCompany: USERS_PER_COMPANY, certificate, idpEntityId: entityId });
}

function seededSlug(): string {
  return `company-${String(1 + Math.floor(Math.random() * COMPANIES)).padStart(6, "0")}`;
}

/** A turn: each of WORKS, in their order. */
async function once(side: Side, round: number): Promise<number[]> {
  const { company } = side;
  const { stack } = company;
  const pages = (await signInAll(company, SESSIONS)).map((cookie) => pageRequest(company, cookie));
  let turn = 0;
  const fresh = await load(stack.gateway, {
    ...{ connections: CONNECTIONS, milliseconds: ROUND_MS, status: 200 },
    next: () => pages[turn++ % pages.length] ?? null,
  });
  const due = await dueTimes(side, pages);
  const start = await startRate(company);
  const cold = await coldTimes(side);
  const from = 1_000 + round * SIGN_INS;
  const created = await signInRate(company, SIGN_INS, from);
  const known = await signInRate(company, SIGN_INS, from);
  return [
    (fresh.seconds * 1000) / fresh.requests,
    quantile(due, 0.5),
    1000 / start.perSecond,
    quantile(cold, 0.5),
    1000 / created.perSecond,
    1000 / known.perSecond,
  ];
}

/** Each session once, when its proof is due. */
async function dueTimes({ company }: Side, pages: readonly string[]): Promise<number[]> {
  const { stack } = company;
  await stack.control({ ahead: DUE_MS });
  const connection = await Connection.open(stack.gateway);
  // The company's settings are due as well; that query is not this one.
  await connection.ask(requestText("GET /assets/17", company.host, []));
  const times: number[] = [];
  for (const page of pages) times.push(await timed(connection, page, 200));
  connection.close();
  await stack.control({ ahead: 0, forget: true });
  return times;
}

/** Each with an isolate that has forgotten everything. */
async function coldTimes({ company, anyHost }: Side): Promise<number[]> {
  const connection = await Connection.open(company.stack.gateway);
  const times: number[] = [];
  for (let n = 0; n < COLD_STARTS; n++) {
    await company.stack.control({ forget: true });
    times.push(await timed(connection, requestText("GET /sso/login", anyHost(), []), 200));
  }
  connection.close();
  return times;
}

async function timed(connection: Connection, request: string, status: number): Promise<number> {
  const start = performance.now();
  const answer = await connection.ask(request);
  if (answer.status !== status) throw new Error(`answered with ${answer.status}: ${answer.body}`);
  return performance.now() - start;
}
