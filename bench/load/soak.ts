/**
 * Patience, and faults: people of several companies go about for as long as it is told, while now and then D1 gives no answer and
 * the origin hangs up. Nobody may see another's page, nothing but what was broken on purpose may fail, and memory must stay flat.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { flag, median, printTable, ratio, verdict } from "../figures.ts";
import { Connection, requestText, textOf } from "./connection.ts";
import { temporaryFolder } from "./processes.ts";
import { type Stack, startStack } from "./stack.ts";
import { type Company, emailOf, makeCompany, signIn } from "./visitors.ts";

const COMPANIES = ["acme", "globex", "initech"];
const PEOPLE = 20;
const WALKERS = 4;
/** Between two requests of a walker, so that half an hour is no race: some 200 requests a second in all. */
const PAUSE_MS = 20;
const OUTAGE_EVERY_MS = 60_000;
const OUTAGE_MS = 4_000;
/** What was on its way when an outage ended may still fail. */
const AFTERMATH_MS = 1_500;
const SAMPLE_MS = 15_000;
const GROWTH_MAX = 1.1;

interface Person {
  readonly company: Company;
  readonly email: string;
  cookie: string;
}

/** Answers with whom it was told the request is from; hangs up where the path says so. */
function startEcho(): Promise<{ port: number; close(): void }> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/hang-up")) {
      request.socket.destroy();
      return;
    }
    const { "x-forwarded-email": email, "x-forwarded-host": host } = request.headers;
    response.setHeader("content-type", "text/plain");
    // May be kept at the edge: by everybody who may see it, never across companies.
    if (request.url?.startsWith("/shared")) response.setHeader("cache-control", "public, max-age=30");
    response.end(request.url?.startsWith("/shared") ? `${host}` : `${host} ${email}`);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ port: (server.address() as AddressInfo).port, close: () => server.close() });
    });
  });
}

class Tally {
  readonly counts = new Map<string, number>();
  readonly wrong: string[] = [];

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  fault(what: string): void {
    this.count("WRONG");
    if (this.wrong.length < 20) this.wrong.push(what);
  }
}

export async function soak(): Promise<void> {
  const minutes = Number(flag("minutes")?.[0] ?? 30);
  const folder = temporaryFolder();
  const echo = await startEcho();
  const stack = await startStack(folder.path, echo.port);
  const tally = new Tally();
  const samples: number[] = [];
  const outage = { until: 0 };
  try {
    const people = await peopleOf(stack, echo.port);
    const end = Date.now() + minutes * 60_000;
    const isOut = () => Date.now() < outage.until + AFTERMATH_MS;
    const walkers = Array.from({ length: WALKERS }, (_, n) => walk(stack, people, { end, n, tally, isOut }));
    const faults = breakNowAndThen(stack, end, outage);
    const watch = sample(stack, end, samples);
    await Promise.all([...walkers, faults, watch]);
  } finally {
    await stack.stop();
    echo.close();
    folder.remove();
  }
  report(minutes, samples, tally);
}

async function peopleOf(stack: Stack, originPort: number): Promise<Person[]> {
  const people: Person[] = [];
  const connection = await Connection.open(stack.gateway);
  for (const slug of COMPANIES) {
    const company = await makeCompany(stack, slug, originPort);
    for (let n = 0; n < PEOPLE; n++) {
      const email = emailOf(n).replace("acme", slug);
      people.push({ company, email, cookie: await signIn(connection, company, email) });
    }
  }
  connection.close();
  return people;
}

async function walk(
  stack: Stack,
  people: readonly Person[],
  walker: { end: number; n: number; tally: Tally; isOut: () => boolean },
): Promise<void> {
  const { tally } = walker;
  let connection = await Connection.open(stack.gateway);
  for (let step = walker.n; Date.now() < walker.end; step += WALKERS) {
    const person = people[step % people.length]!;
    // An outage that ends while the answer is on its way is still its cause.
    const wasOut = walker.isOut();
    try {
      if (step % 97 === 0) person.cookie = await signIn(connection, person.company, person.email);
      else await visit(connection, person, step, { tally, isOut: () => wasOut || walker.isOut() });
    } catch (error) {
      if (wasOut || walker.isOut()) tally.count("failed during an outage, as it should");
      else tally.fault(String(error).slice(0, 300));
      connection.close();
      connection = await Connection.open(stack.gateway);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  connection.close();
}

async function visit(
  connection: Connection,
  person: Person,
  step: number,
  { tally, isOut }: { tally: Tally; isOut: () => boolean },
): Promise<void> {
  const { company, email } = person;
  const kind = step % 13 === 0 ? "hang-up" : step % 5 === 0 ? "shared" : "page";
  const asked = await connection.ask(
    requestText(`GET /${kind}/${step % 7}`, company.host, [`Cookie: ${person.cookie}`]),
  );
  const renewed = /\r\nset-cookie: (__Host-vestibule-session=[^;]+)/i.exec(asked.head)?.[1];
  if (renewed) person.cookie = renewed;
  const said = textOf(asked);
  if (kind === "hang-up") {
    if (asked.status === 502 || (asked.status === 503 && isOut())) tally.count("502, as the origin hung up");
    else tally.fault(`${kind}: ${asked.status} ${said.slice(0, 200)}`);
    return;
  }
  const expected = kind === "shared" ? company.host : `${company.host} ${email}`;
  if (asked.status === 200 && said === expected) tally.count(kind === "shared" ? "200, cacheable" : "200, own page");
  else if (asked.status === 503 && isOut()) tally.count("503 during an outage, as it should");
  else tally.fault(`${kind} of ${email}: ${asked.status} ${said.slice(0, 200)}`);
}

async function breakNowAndThen(stack: Stack, end: number, outage: { until: number }): Promise<void> {
  for (let next = Date.now() + OUTAGE_EVERY_MS; next + OUTAGE_MS < end; next += OUTAGE_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, next - Date.now()));
    outage.until = Date.now() + OUTAGE_MS + AFTERMATH_MS;
    await stack.control({ outage: OUTAGE_MS });
    outage.until = Date.now() + OUTAGE_MS;
  }
}

async function sample(stack: Stack, end: number, samples: number[]): Promise<void> {
  while (Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    samples.push(stack.residentMb());
  }
}

function report(minutes: number, samples: readonly number[], tally: Tally): void {
  const third = Math.floor(samples.length / 3);
  // The first third fills memories that are bounded.
  const [middle, last] = [median(samples.slice(third, 2 * third)), median(samples.slice(2 * third))];
  const growth = last / middle;
  const wrong = tally.counts.get("WRONG") ?? 0;
  const rows = [...tally.counts].sort((a, b) => b[1] - a[1]).map(([what, count]) => [what, String(count), ""]);
  printTable(
    `${minutes} minutes, ${COMPANIES.length} companies, ${PEOPLE * COMPANIES.length} people, D1 away ${OUTAGE_MS / 1000} s each minute`,
    ["what", "found", ""],
    [
      ...rows,
      ["answers that are wrong", String(wrong), verdict(wrong === 0)],
      ["resident memory, MB: second third", middle.toFixed(0), ""],
      ["resident memory, MB: last third", last.toFixed(0), ""],
      ["last against second", ratio(growth), verdict(growth <= GROWTH_MAX)],
    ],
  );
  for (const what of tally.wrong) console.log(what);
}
