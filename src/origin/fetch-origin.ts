/** One request to the origin: streamed up, its answer's headers awaited for a bounded time, its body untouched. */

/** From the moment the origin has the whole request until its status line. Large uploads take as long as they take. */
export const ORIGIN_HEADERS_TIMEOUT_MS = 30_000;

/** Made by Cloudflare in the origin's place when it can't be reached, refuses the connection, or answers in no HTTP. */
const UNREACHABLE_STATUSES: readonly number[] = [520, 521, 522, 523, 525, 526, 530];
const UNREACHABLE_STATUS_MIN = 520;
const UNREACHABLE_SLOW_STATUS = 524;

export type OriginAnswer =
  | { readonly kind: "answered"; readonly response: Response }
  | { readonly kind: "down" | "slow"; readonly reason: string };

export function fetchOrigin(
  url: string,
  request: Request,
  headers: Headers,
  timeoutMs = ORIGIN_HEADERS_TIMEOUT_MS,
): Promise<OriginAnswer> {
  const { body, sent } = outgoingBody(request);
  if (body === null) headers.delete("content-length");
  return new Promise((resolve) => {
    fetch(url, {
      method: request.method,
      headers,
      body,
      redirect: "manual",
      // What one company's origin said must never answer another's request: Cloudflare would keep it by URL alone.
      cache: "no-store",
    }).then(
      (response) => resolve(sortOut(response)),
      (error: unknown) => resolve({ kind: "down", reason: String(error) }),
    );
    // The platform's own timer, which ends with the request; Node's, which setTimeout is here, costs as much as all the rest.
    const wait = async () => {
      await scheduler.wait(timeoutMs);
      resolve({ kind: "slow", reason: `no headers within ${timeoutMs} ms` });
    };
    if (sent === null) void wait();
    else void sent.then(wait);
  });
}

/**
 * The body as a stream that tells when it has been taken whole. A pipe between two of the platform's own streams costs no
 * buffering; the length that the visitor announced is kept, so that the origin sees it too.
 */
function outgoingBody(request: Request): { body: ReadableStream | null; sent: Promise<void> | null } {
  if (request.body === null || request.method === "GET" || request.method === "HEAD") return { body: null, sent: null };
  const length = request.headers.get("content-length");
  const { readable, writable } =
    length !== null && /^\d{1,15}$/.test(length)
      ? new FixedLengthStream(Number(length))
      : new IdentityTransformStream();
  // A visitor or an origin that goes away ends the pipe; the fetch then says so.
  return { body: readable, sent: request.body.pipeTo(writable).catch(() => undefined) };
}

function sortOut(response: Response): OriginAnswer {
  const { status } = response;
  const madeByCloudflare = status >= UNREACHABLE_STATUS_MIN && response.headers.get("server") === "cloudflare";
  if (madeByCloudflare && UNREACHABLE_STATUSES.includes(status)) return { kind: "down", reason: `status ${status}` };
  if (madeByCloudflare && status === UNREACHABLE_SLOW_STATUS) return { kind: "slow", reason: `status ${status}` };
  // A Worker can make no response of another status, and HTTP knows none. RFC 9110, 15.
  if (status !== 101 && (status < 200 || status > 599)) return { kind: "down", reason: `status ${status}` };
  return { kind: "answered", response };
}
