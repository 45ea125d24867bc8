/** How many sign-ins one workerd bears: fresh signed responses, each of a started request of its own, posted to the ACS. */
import { median, printTable, quantile } from "../figures.ts";
import { Connection, load } from "./connection.ts";
import { type Origin, temporaryFolder } from "./processes.ts";
import { type Stack, startStack } from "./stack.ts";
import { answered, type Company, emailOf, makeCompany, startRequest } from "./visitors.ts";

const ROUNDS = 5;
const SIGN_INS = 150;
const CONNECTIONS = 8;
const START_MS = 1_000;

export interface Rate {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of workerd without the database, in microseconds. */
  readonly cpuUs: number;
}

export async function benchSignIns(origin: Origin): Promise<void> {
  const folder = temporaryFolder();
  const stack = await startStack(folder.path, origin.small);
  try {
    const company = await makeCompany(stack, "acme", origin.small);
    const created: Rate[] = [];
    const known: Rate[] = [];
    const started: Rate[] = [];
    for (let round = -1; round < ROUNDS; round++) {
      const first = await signInRate(company, SIGN_INS, (round + 1) * SIGN_INS);
      const again = await signInRate(company, SIGN_INS, (round + 1) * SIGN_INS);
      const start = await startRate(company);
      // The first round warms up.
      if (round < 0) continue;
      created.push(first);
      known.push(again);
      started.push(start);
    }
    const row = (name: string, rates: readonly Rate[]) => [
      name,
      ...(["perSecond", "p50", "p99", "cpuUs"] as const).map((what, column) =>
        median(rates.map((rate) => rate[what])).toFixed(column === 1 || column === 2 ? 1 : 0),
      ),
    ];
    printTable(
      `Sign-ins on one workerd, ${CONNECTIONS} connections, database, load and provider on the same machine`,
      ["what", "a second", "p50, ms", "p99, ms", "workerd's processor time each, us"],
      [
        row("GET /sso/login", started),
        row("POST /sso/acs, first sign-in (person created)", created),
        row("POST /sso/acs, known person", known),
      ],
    );
  } finally {
    await stack.stop();
    folder.remove();
  }
}

/** Of people `from` and the following. The identity provider's work is done before the clock runs. */
export async function signInRate(company: Company, count: number, from: number): Promise<Rate> {
  const connection = await Connection.open(company.stack.gateway);
  const requests: string[] = [];
  for (let n = 0; n < count; n++) requests.push((await answered(connection, company, emailOf(from + n))).request);
  connection.close();
  return rated(company.stack, 303, 60_000, () => requests.pop() ?? null);
}

export function startRate(company: Company): Promise<Rate> {
  const start = startRequest(company);
  return rated(company.stack, 200, START_MS, () => start);
}

async function rated(stack: Stack, status: number, milliseconds: number, next: () => string | null): Promise<Rate> {
  const cpu = stack.cpuMs();
  const { requests, seconds, latencies } = await load(stack.gateway, {
    connections: CONNECTIONS,
    milliseconds,
    status,
    next,
  });
  return {
    perSecond: requests / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpuUs: ((stack.cpuMs() - cpu) * 1000) / requests,
  };
}
