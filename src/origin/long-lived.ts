/**
 * Answers that outlive their request: WebSockets and event streams. The session that opened one is looked at again while
 * it lasts, so that who was signed out is cut off within a minute here too. Every other body is handed on untouched.
 */

/** Looked at this often, the end of a session is noticed as early as at any other request. It costs a query only when the proof is due. */
export const LIVENESS_INTERVAL_MS = 5_000;
/** RFC 6455, 7.4.1: the endpoint's policy ends it. */
const CLOSE_POLICY = 1008;
const CLOSE_GOING_AWAY = 1001;
const CLOSE_INTERNAL = 1011;
const ENDED = "session ended";

/** Whether the session that asked is still one. Throws when that can't be found out, which counts as no. */
export type IsLive = () => Promise<boolean>;

/** Resolves when the session is over, or with `stop` when the answer is. */
async function sessionOver(isLive: IsLive, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await scheduler.wait(LIVENESS_INTERVAL_MS);
    if (stop.aborted || !(await isLive().catch(() => false))) return;
  }
}

/** Stands between the two ends of a WebSocket, message by message. */
export function relayWebSocket(response: Response, origin: WebSocket, isLive: IsLive): Response {
  const [visitorsEnd, visitor] = Object.values(new WebSocketPair()) as [WebSocket, WebSocket];
  const over = new AbortController();
  for (const [from, to] of [
    [origin, visitor],
    [visitor, origin],
  ] as const) {
    from.accept();
    from.binaryType = "arraybuffer";
    from.addEventListener("message", ({ data }) => quietly(() => to.send(data as string | ArrayBuffer)));
    from.addEventListener("close", ({ code, reason }) => {
      over.abort();
      close(to, code, reason);
    });
    from.addEventListener("error", () => {
      over.abort();
      close(to, CLOSE_INTERNAL, "");
    });
  }
  void sessionOver(isLive, over.signal).then(() => {
    if (over.signal.aborted) return;
    over.abort();
    close(visitor, CLOSE_POLICY, ENDED);
    close(origin, CLOSE_GOING_AWAY, ENDED);
  });
  const { headers } = response;
  const relayed = new Response(null, { status: 101, webSocket: visitorsEnd, headers });
  // What the origin compresses with is between the origin and us.
  relayed.headers.delete("sec-websocket-extensions");
  return relayed;
}

/** 1005, 1006 and 1015 say how a connection ended and are never sent. RFC 6455, 7.4.1. */
function close(socket: WebSocket, code: number, reason: string): void {
  quietly(() => {
    if (code === 1005) socket.close();
    else socket.close(code === 1006 || code === 1015 ? CLOSE_INTERNAL : code, reason);
  });
}

/** The other end may have gone in the same moment. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // Nothing is left to tell and nobody to tell it.
  }
}

export function isEventStream(contentType: string): boolean {
  // Sent twice it reads as a list, of which browsers take the last (Fetch standard, 2.2.2).
  return /(?:^|,)\s*text\/event-stream\s*(?:[;,]|$)/i.test(contentType);
}

/** Ends an event stream as if the origin had; the browser then asks again and learns that nobody is signed in. */
export function limitEventStream(response: Response, isLive: IsLive): Response {
  const { readable, writable } = new IdentityTransformStream();
  const over = new AbortController();
  const ended = new AbortController();
  response
    .body!.pipeTo(writable, { signal: over.signal, preventAbort: true })
    .catch((error: unknown) => (over.signal.aborted ? writable.close() : writable.abort(error)))
    // The visitor has left already.
    .catch(() => undefined)
    .finally(() => ended.abort());
  void sessionOver(isLive, ended.signal).then(() => over.abort());
  const limited = new Response(readable, response);
  // Passing through here has opened it, and to compress events again would hold them back.
  limited.headers.delete("content-encoding");
  limited.headers.delete("content-length");
  return limited;
}
