/** The authenticated proxied GET beside a Worker that only forwards. */
import { median, printTable, quantile, ratio, verdict } from "../figures.ts";
import { type Load, load } from "./connection.ts";
import { type Origin, temporaryFolder } from "./processes.ts";
import { startStack } from "./stack.ts";
import { makeCompany, pageRequest, signInAll } from "./visitors.ts";

const ROUNDS = 9;
const ROUND_MS = 1_500;
const CONNECTIONS = 8;
const SESSIONS = 40;
const THROUGHPUT_MIN = 0.9;

interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50: number;
  readonly p99: number;
}

/** Both Workers take turns, so that whatever else the machine does meets them alike. */
export async function benchProxy(origin: Origin): Promise<void> {
  const folder = temporaryFolder();
  const stack = await startStack(folder.path, origin.small);
  try {
    const company = await makeCompany(stack, "acme", origin.small);
    const rounds: Record<"gateway" | "forward", Round[]> = { gateway: [], forward: [] };
    let requests = 0;
    let queries = 0;
    for (let round = -1; round < ROUNDS; round++) {
      const sessions = await signInAll(company, SESSIONS);
      const pages = sessions.map((cookie) => pageRequest(company, cookie));
      for (const page of pages)
        await load(stack.gateway, { connections: 1, milliseconds: 1_000, status: 200, next: once(page) });
      await stack.control();
      for (const kind of round % 2 ? (["gateway", "forward"] as const) : (["forward", "gateway"] as const)) {
        let turn = 0;
        const cpu = stack.cpuMs();
        const found = await load(stack[kind], {
          connections: CONNECTIONS,
          milliseconds: ROUND_MS,
          status: 200,
          next: () => pages[turn++ % pages.length] ?? null,
        });
        const trips = await stack.control();
        // The first round warms up.
        if (round < 0) continue;
        rounds[kind].push(summary(found, stack.cpuMs() - cpu));
        if (kind === "gateway") {
          requests += found.requests;
          queries += trips;
        }
      }
    }
    print(rounds, requests, queries);
  } finally {
    await stack.stop();
    folder.remove();
  }
}

export function once(request: string): () => string | null {
  let left: string | null = request;
  return () => {
    const next = left;
    left = null;
    return next;
  };
}

function summary({ requests, seconds, latencies }: Load, cpuMs: number): Round {
  return {
    perSecond: requests / seconds,
    cpuUs: (cpuMs * 1000) / requests,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

function print(rounds: Record<"gateway" | "forward", Round[]>, requests: number, queries: number): void {
  const of = (kind: "gateway" | "forward", what: keyof Round) => median(rounds[kind].map((round) => round[what]));
  const paired = (what: keyof Round) =>
    median(rounds.gateway.map((round, index) => round[what] / (rounds.forward[index]?.[what] ?? Number.NaN)));
  const row = (name: string, what: keyof Round, digits: number, goal = "", met = "") => [
    name,
    of("forward", what).toFixed(digits),
    of("gateway", what).toFixed(digits),
    ratio(paired(what)),
    goal,
    met,
  ];
  const throughput = paired("perSecond");
  printTable(
    `Authenticated proxied GET of a 1 KB page, ${CONNECTIONS} connections, ${SESSIONS} sessions, beside a Worker that only forwards`,
    ["what", "only forwards", "gateway", "ratio", "goal", ""],
    [
      row("requests a second", "perSecond", 0, `at least ${THROUGHPUT_MIN}`, verdict(throughput >= THROUGHPUT_MIN)),
      row("p50, ms", "p50", 2),
      row("p99, ms", "p99", 2),
      row("workerd's processor time a request, us", "cpuUs", 0),
      ["D1 round trips", "-", `${queries} in ${requests}`, "-", "0 while fresh", verdict(queries === 0)],
    ],
  );
}
