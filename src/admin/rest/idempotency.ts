/**
 * Idempotency-Key on POST (draft-ietf-httpapi-idempotency-key-header): a request is carried out once per actor and key, and
 * whoever sends it again is given the first answer. The key is claimed in D1 before the work begins; where its maker died before
 * the answer was kept, nobody knows what was done, and who repeats the request is told so rather than have it done twice.
 * Refusals are kept like successes, failures of ours (5xx) are not.
 */
import { createHash } from "node:crypto";
import type { Services } from "../../context.ts";
import { problem } from "../../failure.ts";
import { METADATA_BYTES_MAX } from "../../saml/index.ts";
import {
  claimIdempotencyKey,
  IDEMPOTENCY_RETENTION_HOURS,
  type IdempotencyClaim,
  keepIdempotentAnswer,
  releaseIdempotencyKey,
  StorageInDoubt,
} from "../../store/index.ts";
import { type Actor, actorName } from "../actor.ts";
import { type Answer, answer, fail } from "../problems.ts";
import { readBytes } from "./body.ts";

/** Longer than any call of the API takes. */
export const ABANDONED_CLAIM_SECONDS = 60;
/** The largest body that any POST takes. */
const BODY_BYTES_MAX = Math.max(METADATA_BYTES_MAX, 1_048_576);
/** An answer that is sealed must fit into a row of D1, which holds 2 MB: a report on an import may be longer. */
const KEPT_ANSWER_BYTES_MAX = 1_000_000;
const KEY = /^[\x20-\x7e]{1,255}$/;
/** What an answer is made of beside its status and body. */
const KEPT_HEADERS = ["content-type", "location", "etag", "allow", "accept"];

/** `work` is given the request with its body to read once more, and answers it whatever happens, but for bugs. */
export async function once(
  services: Services,
  actor: Actor,
  request: Request,
  work: (request: Request) => Promise<Response>,
): Promise<Answer<Response>> {
  const key = request.headers.get("idempotency-key");
  if (key === null || request.method !== "POST") return answer(await work(request));
  if (!KEY.test(key)) {
    const title = "An Idempotency-Key has 1 to 255 printable ASCII characters";
    return fail({ status: 400, type: "idempotency-key-invalid", title });
  }
  const bytes = await readBytes(request, BODY_BYTES_MAX);
  if (!bytes.ok) return bytes;
  const now = services.now();
  const claim = {
    actor: actorName(actor),
    key,
    requestSha256: requestSha256(request, bytes.value),
    createdAt: now,
  };
  const found = await claimIdempotencyKey(services.database, claim, {
    abandonedAt: now - ABANDONED_CLAIM_SECONDS * 1000,
    forgottenAt: now - IDEMPOTENCY_RETENTION_HOURS * 3_600_000,
  });
  switch (found.state) {
    case "claimed":
      return answer(await carryOut(services, claim, copyOf(request, bytes.value), work));
    case "answered":
      return answer(await again(services, claim, found));
    case "other_request": {
      const title = "This Idempotency-Key was used for another request";
      return fail({ status: 422, type: "idempotency-key-reused", title });
    }
    case "abandoned":
      return answer(instead(UNKNOWN_OUTCOME));
    case "at_work": {
      const title = "The first request with this Idempotency-Key has no answer yet";
      return fail({ status: 409, type: "idempotency-key-in-use", title, headers: { "retry-after": "1" } });
    }
  }
}

async function carryOut(
  services: Services,
  claim: IdempotencyClaim,
  request: Request,
  work: (request: Request) => Promise<Response>,
): Promise<Response> {
  let response: Response;
  try {
    response = await work(request);
  } catch (error) {
    // A write that gave no answer may still have happened: to repeat it could do it twice.
    if (error instanceof StorageInDoubt) await keep(services, claim, instead(UNKNOWN_OUTCOME));
    else await releaseIdempotencyKey(services.database, claim);
    throw error;
  }
  if (response.status >= 500) {
    await releaseIdempotencyKey(services.database, claim);
    return response;
  }
  const body = await response.text();
  const tooLarge = Buffer.byteLength(body) > KEPT_ANSWER_BYTES_MAX;
  const given = () => new Response(response.status === 204 ? null : body, response);
  await keep(services, claim, tooLarge ? instead(TOO_LARGE) : given());
  return given();
}

const TOO_LARGE = ["not-kept", "The first request was carried out; its answer was too large to be kept"] as const;
const UNKNOWN_OUTCOME = [
  "unknown",
  "Whether the first request was carried out is not known: look, then use another key",
] as const;

/** What a repeated request is told where the first answer can't be given again. */
function instead([type, title]: readonly [string, string]): Response {
  return problem(409, `idempotency-answer-${type}`, title);
}

async function keep({ sealer, database }: Services, claim: IdempotencyClaim, response: Response): Promise<void> {
  const { status, headers: all } = response;
  const body = await response.text();
  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = all.get(name);
    return value === null ? [] : [[name, value]];
  });
  const sealed = await sealer.seal("idempotent-answer", claim.actor, JSON.stringify([claim.key, headers, body]));
  await keepIdempotentAnswer(database, claim, status, sealed);
}

async function again(
  services: Services,
  claim: IdempotencyClaim,
  kept: { readonly status: number; readonly sealedAnswer: string },
): Promise<Response> {
  const opened = await services.sealer.open("idempotent-answer", claim.actor, kept.sealedAnswer);
  if (opened === null) throw new Error("an answer that is kept can't be opened");
  const [key, headers, body] = JSON.parse(opened) as [string, [string, string][], string];
  if (key !== claim.key) throw new Error("an answer is kept under another key than its own");
  return new Response(kept.status === 204 ? null : body, {
    status: kept.status,
    headers: [...headers, ["cache-control", "no-store"], ["idempotency-replayed", "true"]],
  });
}

/** All that decides what the request does: method, address, conditions, type and body. */
function requestSha256(request: Request, body: Uint8Array): string {
  const { pathname, search } = new URL(request.url);
  const { headers } = request;
  const head = [request.method, pathname, search, headers.get("content-type"), headers.get("if-match")];
  return createHash("sha256").update(JSON.stringify(head)).update("\n").update(body).digest("hex");
}

function copyOf(request: Request, body: Uint8Array): Request {
  const { method, headers } = request;
  return new Request(request.url, { method, headers, ...(body.length > 0 ? { body: Uint8Array.from(body) } : {}) });
}
