/** One request to the origin: its answer's headers awaited for a bounded time, its body untouched. */
import type { Services } from "../context.ts";
import type { Outgoing } from "./outgoing.ts";
import { isDone, type Waiting, waitAtMost } from "./patience.ts";

/**
 * From the moment the origin has the whole request until its status line. Large uploads take as long as they take. Below the 30
 * seconds that the platform keeps a timer on which others than its maker rely (patience.ts).
 */
export const ORIGIN_HEADERS_TIMEOUT_MS = 29_000;

/** Made by Cloudflare in the origin's place when it can't be reached, refuses the connection, or answers in no HTTP. */
const UNREACHABLE_STATUSES: readonly number[] = [520, 521, 522, 523, 525, 526, 530];
const UNREACHABLE_STATUS_MIN = 520;
const UNREACHABLE_SLOW_STATUS = 524;

export type OriginAnswer =
  | { readonly kind: "answered"; readonly response: Response }
  | { readonly kind: "down" | "slow"; readonly reason: string };

interface Patience {
  readonly services: Services;
  /** UTC milliseconds; now. */
  readonly askedAt: number;
  /** May keep the timer that others share. */
  readonly waitUntil: (promise: Promise<unknown>) => void;
}

export function fetchOrigin(url: string, { init, sent }: Outgoing, patience: Patience): Promise<OriginAnswer> {
  const { services, askedAt, waitUntil } = patience;
  return new Promise((resolve) => {
    let waiting: Waiting | null = null;
    let over = false;
    const wait = (from: number) => {
      const wanted = { from, ms: ORIGIN_HEADERS_TIMEOUT_MS, giveUp: () => resolve(TOO_SLOW) };
      // An origin may answer before it has the whole body.
      if (!over) waiting = waitAtMost(services, wanted, waitUntil);
    };
    const end = (answer: OriginAnswer) => {
      over = true;
      if (waiting !== null) isDone(waiting);
      resolve(answer);
    };
    fetch(url, init).then(
      (response) => end(sortOut(response)),
      (error: unknown) => end({ kind: "down", reason: String(error) }),
    );
    if (sent === null) wait(askedAt);
    else void sent.then(() => wait(services.now()));
  });
}

const TOO_SLOW: OriginAnswer = { kind: "slow", reason: `no headers within ${ORIGIN_HEADERS_TIMEOUT_MS} ms` };

function sortOut(response: Response): OriginAnswer {
  const { status } = response;
  const madeByCloudflare = status >= UNREACHABLE_STATUS_MIN && response.headers.get("server") === "cloudflare";
  if (madeByCloudflare && UNREACHABLE_STATUSES.includes(status)) return { kind: "down", reason: `status ${status}` };
  if (madeByCloudflare && status === UNREACHABLE_SLOW_STATUS) return { kind: "slow", reason: `status ${status}` };
  // A Worker can make no response of another status, and HTTP knows none. RFC 9110, 15. No protocol is switched that nobody asked for.
  if (status === 101 ? response.webSocket === null : status < 200 || status > 599)
    return { kind: "down", reason: `status ${status}` };
  return { kind: "answered", response };
}
