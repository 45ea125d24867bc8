/** How many round trips to D1 each journey makes before its answer, and how many rows D1 reads and writes for it in all, counted one journey at a time. */
import { setTimeout } from "node:timers/promises";
import { printTable, verdict } from "../figures.ts";
import { Connection, requestText } from "./connection.ts";
import type { Counts } from "./database-client.ts";
import { type Origin, temporaryFolder } from "./processes.ts";
import { startStack } from "./stack.ts";
import {
  ADMINISTRATOR,
  answered,
  type Company,
  emailOf,
  makeCompany,
  pageRequest,
  signIn,
  startRequest,
} from "./visitors.ts";

/** Past SESSION_FRESH_MS, and past TOUCH_INTERVAL_MS; the company's settings are due by then as well. */
const DUE_MS = 46_000;
const TOUCH_DUE_MS = 301_000;

const SETTLE_MS = 200;

type Journey = readonly [name: string, most: number | null, walk: () => Promise<Counts>];

export async function benchTrips(origin: Origin): Promise<void> {
  const folder = temporaryFolder();
  const stack = await startStack(folder.path, origin.small);
  const connection = await Connection.open(stack.gateway);
  try {
    const company = await makeCompany(stack, "acme", origin.small);
    const rows: string[][] = [];
    for (const [name, most, walk] of journeys(company, connection)) {
      const { roundTrips: trips, rowsRead, rowsWritten } = await walk();
      const goal = most === null ? "" : most === 0 ? "0" : `at most ${most}`;
      rows.push([
        name,
        goal,
        String(trips),
        most === null ? "" : verdict(trips <= most),
        String(rowsRead),
        String(rowsWritten),
      ]);
    }
    printTable("Round trips to D1", ["journey", "goal", "found", "", "rows read", "rows written"], rows);
  } finally {
    connection.close();
    await stack.stop();
    folder.remove();
  }
}

function journeys(company: Company, connection: Connection): Journey[] {
  const { control, counts } = company.stack;
  /** Until nothing is asked any more: changes are sealed into the audit's chain after their answers. */
  const settled = async () => {
    const sum = { rowsRead: 0, rowsWritten: 0 };
    for (;;) {
      await setTimeout(SETTLE_MS);
      const { roundTrips, rowsRead, rowsWritten } = await counts();
      if (roundTrips === 0) return sum;
      sum.rowsRead += rowsRead;
      sum.rowsWritten += rowsWritten;
    }
  };
  const counted = async (request: string, status: number) => {
    await settled();
    const answer = await connection.ask(request);
    if (answer.status !== status) throw new Error(`answered with ${answer.status}: ${answer.body}`);
    const { roundTrips, rowsRead, rowsWritten } = await counts();
    const after = await settled();
    return { roundTrips, rowsRead: rowsRead + after.rowsRead, rowsWritten: rowsWritten + after.rowsWritten };
  };
  const start = startRequest(company);
  const session = () => signIn(connection, company, emailOf(1));
  /** With the company's settings in memory. */
  const warmed = async (request: string, status: number) => {
    await connection.ask(start);
    return counted(request, status);
  };
  const forgotten = async (request: string, status: number) => {
    await control({ forget: true });
    return counted(request, status);
  };
  const signedIn = async (n: number) => counted((await answered(connection, company, emailOf(n))).request, 303);
  const due = async (ahead: number) => {
    const page = pageRequest(company, await session());
    await control({ ahead });
    const trips = await warmed(page, 200);
    await control({ ahead: 0, forget: true });
    return trips;
  };
  return [
    ["start of a sign-in, company's settings warm", 0, () => warmed(start, 200)],
    ["start of a sign-in, fresh isolate", null, () => forgotten(start, 200)],
    ["ACS, first sign-in of a person (two after the answer: the audit is sealed)", 4, () => signedIn(2)],
    ["ACS, known person", 2, () => signedIn(2)],
    ["proxied request, session fresh", 0, async () => counted(pageRequest(company, await session()), 200)],
    ["proxied request, session due, settings warm", 1, () => due(DUE_MS)],
    ["proxied request, session due and its last use to be written", 1, () => due(TOUCH_DUE_MS)],
    [
      "proxied request, session fresh, fresh isolate",
      null,
      async () => forgotten(pageRequest(company, await session()), 200),
    ],
    [
      "console, the list of users",
      null,
      async () =>
        warmed(pageRequest(company, await signIn(connection, company, ADMINISTRATOR), "/sso/admin/users"), 200),
    ],
    ["not signed in, sent to sign in", 0, () => warmed(requestText("GET /assets/17", company.host, []), 303)],
  ];
}
