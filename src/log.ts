/**
 * What may be logged, and nothing else: one JSON line an event, its fields from a closed list. No URL with its query, no
 * header, no claim, no message ever fits into it, so a secret can't slip in.
 */

export interface LogFields {
  readonly company?: string;
  readonly code?: string;
  readonly reference?: string;
  readonly method?: string;
  /** Path without its query, where it is one of our own: an origin's may name people, or be a secret that opens something. */
  readonly path?: string;
  readonly status?: number;
  readonly durationMs?: number;
  /** What a job of the schedule did, in words of ours. */
  readonly result?: string;
  /** Name and message of an error, without what it quotes; stacks go where the platform keeps them. */
  readonly error?: string;
}

export type LogEvent =
  | "sign_in"
  | "test_sign_in"
  | "sign_out"
  | "refusal"
  | "weak_signature"
  | "storage_unavailable"
  | "misconfigured"
  | "bug"
  | "cron";

const OWN_PATH = /^\/(?:sso|api|health|metrics)(?:\/|$)/;
/** Engines and parsers put into a message what they could not read. */
const QUOTED = /"[^"]*"?|`[^`]*`?|\bhttps?:\S+/g;
const PATH_CHARS_MAX = 200;
const ERROR_CHARS_MAX = 500;
const RESULT_CHARS_MAX = 200;

export function log(event: LogEvent, fields: LogFields): void {
  const line = {
    event,
    company: fields.company,
    code: fields.code,
    reference: fields.reference,
    method: fields.method,
    path: fields.path === undefined || OWN_PATH.test(fields.path) ? fields.path?.slice(0, PATH_CHARS_MAX) : "/…",
    status: fields.status,
    durationMs: fields.durationMs && Math.round(fields.durationMs),
    result: fields.result?.slice(0, RESULT_CHARS_MAX),
    error: fields.error?.replace(QUOTED, "…").slice(0, ERROR_CHARS_MAX),
  };
  if (event === "bug" || event === "misconfigured" || event === "storage_unavailable")
    console.error(JSON.stringify(line));
  else console.log(JSON.stringify(line));
}
