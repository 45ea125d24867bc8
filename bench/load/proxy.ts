/** The authenticated proxied GET beside a Worker that only forwards. */
import { median, printTable, quantile, ratio, verdict } from "../figures.ts";
import { type Load, load } from "./connection.ts";
import { CF_HEADER, type Origin, temporaryFolder } from "./processes.ts";
import { startStack } from "./stack.ts";
import { type Company, makeCompany, pageRequest, signInAll } from "./visitors.ts";

const ROUNDS = 9;
const ROUND_MS = 1_000;
const CONNECTIONS = 8;
const SESSIONS = 40;
const THROUGHPUT_MIN = 0.9;
/** The company's settings are read again when they have been in memory so long (TENANT_FRESH_MS); no other query is allowed. */
const SETTINGS_SECONDS = 30;

/** The origin tells by the path how much to answer with. */
interface Page {
  readonly path: string;
  /** What the n-th request says besides the rest. */
  also?(n: number): readonly string[];
  readonly withCf?: true;
}
const PAGES: Readonly<Record<string, Page>> = {
  "a page of 1 KB": { path: "/assets/17?view=large" },
  "a page of 16 KB": { path: "/large/17?view=large" },
  "a page of 1 KB, each request with a header of its own": {
    path: "/assets/17?view=large",
    also: (n) => [`If-None-Match: "${n}"`],
  },
  "a page of 1 KB, as Cloudflare hands on what Chrome asks": {
    path: "/assets/17?view=large",
    also: asCloudflareHandsOn,
    withCf: true,
  },
};

type Kind = "gateway" | "forward";

interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p50: number;
  readonly p99: number;
}

interface Found {
  readonly rounds: Record<Kind, Round[]>;
  requests: number;
  queries: number;
  seconds: number;
}

export async function benchProxy(origin: Origin): Promise<void> {
  const folder = temporaryFolder();
  const stack = await startStack(folder.path, origin.small);
  try {
    const company = await makeCompany(stack, "acme", origin.small);
    for (const [what, page] of Object.entries(PAGES)) print(what, await benchPage(company, page));
  } finally {
    await stack.stop();
    folder.remove();
  }
}

/** Both Workers take turns, so that whatever else the machine does meets them alike. */
async function benchPage(company: Company, { path, also, withCf }: Page): Promise<Found> {
  const { stack } = company;
  let asked = 0;
  const found: Found = { rounds: { gateway: [], forward: [] }, requests: 0, queries: 0, seconds: 0 };
  for (let round = -1; round < ROUNDS; round++) {
    const pages = (await signInAll(company, SESSIONS)).map((cookie) => pageRequest(company, cookie, path));
    // Each session's identity assertion is made now; it serves for longer than a round.
    const unread = [...pages];
    await load(stack.gateway, {
      connections: 1,
      milliseconds: ROUND_MS,
      status: 200,
      next: () => unread.pop() ?? null,
    });
    await stack.control();
    for (const kind of round % 2 ? (["gateway", "forward"] as const) : (["forward", "gateway"] as const)) {
      let turn = 0;
      const cpu = stack.cpuMs();
      const next = () => {
        const page = pages[turn++ % pages.length] ?? null;
        return page && also ? withLines(page, also(asked++)) : page;
      };
      const one = await load(stack[withCf ? (`${kind}WithCf` as const) : kind], {
        connections: CONNECTIONS,
        milliseconds: ROUND_MS,
        status: 200,
        next,
      });
      const trips = await stack.control();
      // The first round warms up.
      if (round < 0) continue;
      found.rounds[kind].push(summary(one, stack.cpuMs() - cpu));
      if (kind !== "gateway") continue;
      found.requests += one.requests;
      found.queries += trips;
      found.seconds += one.seconds;
    }
  }
  return found;
}

function withLines(request: string, lines: readonly string[]): string {
  return request.replace(/\r\n\r\n$/, `\r\n${lines.join("\r\n")}\r\n\r\n`);
}

/**
 * The marks that Cloudflare puts on a request, one of them never the same twice, and `request.cf` as its documentation lists it
 * (IncomingRequestCfProperties), which this workerd reads from a header. A Request that is made of a request copies that too.
 */
function asCloudflareHandsOn(n: number): readonly string[] {
  return [
    'Sec-CH-UA: "Chromium";v="140", "Not=A?Brand";v="24", "Google Chrome";v="140"',
    "Sec-CH-UA-Mobile: ?0",
    'Sec-CH-UA-Platform: "Windows"',
    "Priority: u=0, i",
    "Upgrade-Insecure-Requests: 1",
    "CDN-Loop: cloudflare; loops=1",
    "CF-Connecting-IP: 203.0.113.7",
    "CF-IPCountry: DE",
    'CF-Visitor: {"scheme":"https"}',
    `CF-Ray: ${n.toString(16).padStart(16, "0")}-FRA`,
    "X-Forwarded-Proto: https",
    "X-Real-IP: 203.0.113.7",
    `${CF_HEADER}: ${CF}`,
  ];
}
const CF = JSON.stringify({
  asn: 64_500,
  asOrganization: "Example Telecom",
  city: "Frankfurt am Main",
  clientAcceptEncoding: "gzip, deflate, br, zstd",
  clientTcpRtt: 12,
  colo: "FRA",
  continent: "EU",
  country: "DE",
  edgeRequestKeepAliveStatus: 1,
  httpProtocol: "HTTP/2",
  isEUCountry: "1",
  latitude: "50.11552",
  longitude: "8.68417",
  postalCode: "60313",
  region: "Hesse",
  regionCode: "HE",
  requestPriority: "weight=256;exclusive=1",
  timezone: "Europe/Berlin",
  tlsCipher: "AEAD-AES128-GCM-SHA256",
  tlsClientAuth: {
    certFingerprintSHA1: "",
    certFingerprintSHA256: "",
    certIssuerDN: "",
    certIssuerDNLegacy: "",
    certIssuerDNRFC2253: "",
    certIssuerSerial: "",
    certIssuerSKI: "",
    certNotAfter: "",
    certNotBefore: "",
    certPresented: "0",
    certRevoked: "0",
    certSerial: "",
    certSKI: "",
    certSubjectDN: "",
    certSubjectDNLegacy: "",
    certSubjectDNRFC2253: "",
    certVerified: "NONE",
  },
  tlsClientHelloLength: "1824",
  tlsVersion: "TLSv1.3",
});

function summary({ requests, seconds, latencies }: Load, cpuMs: number): Round {
  return {
    perSecond: requests / seconds,
    cpuUs: (cpuMs * 1000) / requests,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}

function print(what: string, { rounds, requests, queries, seconds }: Found): void {
  const of = (kind: Kind, what: keyof Round) => median(rounds[kind].map((round) => round[what]));
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
  const settings = Math.ceil(seconds / SETTINGS_SECONDS);
  printTable(
    `Authenticated proxied GET of ${what}, ${CONNECTIONS} connections, ${SESSIONS} sessions, beside a Worker that only forwards`,
    ["what", "only forwards", "gateway", "ratio", "goal", ""],
    [
      row("requests a second", "perSecond", 0, `at least ${THROUGHPUT_MIN}`, verdict(throughput >= THROUGHPUT_MIN)),
      row("p50, ms", "p50", 2),
      row("p99, ms", "p99", 2),
      row("workerd's processor time a request, us", "cpuUs", 0),
      [
        "D1 round trips",
        "-",
        `${queries} in ${requests}`,
        "-",
        `none but the settings, each ${SETTINGS_SECONDS} s`,
        verdict(queries <= settings),
      ],
    ],
  );
}
