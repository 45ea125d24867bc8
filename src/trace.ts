/**
 * Where the time of one request goes, told in Server-Timing to an operator who asked for it, and to nobody else: the request
 * must carry a token that only this gateway makes. Nothing is measured otherwise.
 *
 * A Worker's clock stands still while it computes and moves with its input and output (Cloudflare's measure against timing
 * attacks), so what only computes, signing for one, shows as 0. Waiting shows as it is.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Sealer } from "./sealing.ts";

/** Of the family that never reaches an origin. */
export const TRACE_HEADER = "x-vestibule-trace";
export const TRACE_TOKEN_MS = 600_000;

/** `<UTC milliseconds of its end>.<tag>` */
export async function makeTraceToken(sealer: Sealer, now: number): Promise<string> {
  const end = String(now + TRACE_TOKEN_MS);
  return `${end}.${await sealer.tag("trace", "", end)}`;
}

async function isTraceToken(sealer: Sealer, token: string, now: number): Promise<boolean> {
  const [, end, tag] = /^(\d{13})\.([\w-]{22})$/.exec(token) ?? [];
  if (end === undefined || tag === undefined) return false;
  // Also none that ends later than one made now would: a clock was wrong.
  if (Number(end) <= now || Number(end) > now + TRACE_TOKEN_MS) return false;
  return sealer.verifyTag("trace", "", end, tag);
}

type Step = "session" | "signing" | "origin" | "d1";

interface Trace {
  readonly begunAt: number;
  lapAt: number;
  readonly steps: Map<Step, { ms: number; times: number }>;
}

const traces = new AsyncLocalStorage<Trace>();
/** Traced requests at work: while there are none, a lap is a comparison. */
let traced = 0;

/** Ends a step that began where the one before ended. */
export function lap(step: Step): void {
  if (traced === 0) return;
  const trace = traces.getStore();
  if (!trace) return;
  const now = performance.now();
  add(trace, step, now - trace.lapAt);
  trace.lapAt = now;
}

/** A step within others, whose time is theirs too. */
export function addToTrace(step: Step, ms: number): void {
  if (traced === 0) return;
  const trace = traces.getStore();
  if (trace) add(trace, step, ms);
}

function add({ steps }: Trace, step: Step, ms: number): void {
  const known = steps.get(step) ?? { ms: 0, times: 0 };
  steps.set(step, { ms: known.ms + ms, times: known.times + 1 });
}

/** Answers, and says where the time went if the request has a valid token. */
export async function withTrace(
  { sealer, now }: { readonly sealer: Sealer; readonly now: () => number },
  request: Request,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  const token = request.headers.get(TRACE_HEADER) ?? "";
  if (!(await isTraceToken(sealer, token, now()))) return answer();
  const begunAt = performance.now();
  const trace: Trace = { begunAt, lapAt: begunAt, steps: new Map() };
  traced++;
  try {
    const response = await traces.run(trace, answer);
    return response.webSocket ? response : withServerTiming(response, trace);
  } finally {
    traced--;
  }
}

/** Beside what the origin says of itself. */
function withServerTiming(response: Response, { begunAt, steps }: Trace): Response {
  const timed = new Response(response.body, response);
  for (const [step, { ms, times }] of steps) {
    timed.headers.append("server-timing", `${step};dur=${ms.toFixed(1)}${times > 1 ? `;desc="${times} times"` : ""}`);
  }
  timed.headers.append("server-timing", `gateway;dur=${(performance.now() - begunAt).toFixed(1)}`);
  return timed;
}
