/**
 * The world outside the Worker under test. Every fetch of the Worker arrives here; nothing reaches a network.
 * `https://origin.example` answers by path, with or without a first path segment `/base`; what has no behaviour is echoed as JSON.
 */
import { type Request, Response, WebSocketPair } from "miniflare";

const STREAM_CHUNK_BYTES = 64 * 1024;
const DOCUMENT = "0123456789".repeat(100);
const ETAG = '"document-1"';

let shown = 0;

type Behaviour = (request: Request, url: URL, rest: string) => Response | Promise<Response>;

export async function outbound(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.hostname !== "origin.example") return new Response("no such host in the tests", { status: 599 });
  const [, name = "", rest = ""] = /^(?:\/base)?\/([^/]*)\/?(.*)$/.exec(url.pathname) ?? [];
  const behaviour = Object.hasOwn(behaviours, name) ? behaviours[name] : undefined;
  return (behaviour ?? echo)(request, url, rest);
}

/** What arrived. The body is read whole. */
async function echo(request: Request): Promise<Response> {
  return Response.json({
    method: request.method,
    url: request.url,
    headers: [...request.headers],
    body: await request.text(),
  });
}

const behaviours: Record<string, Behaviour> = {
  /** `/status/418` */
  status(_request, _url, rest) {
    const status = Number(rest);
    const empty = status === 204 || status === 205 || status === 304;
    return new Response(empty ? null : `origin says ${status}`, { status, headers: { "x-origin": "yes" } });
  },

  /** `/answer?name=value&name=value`: those response headers. With `status` among them, that status. */
  answer(_request, url) {
    const headers = new Headers();
    for (const [name, value] of url.searchParams) if (name !== "status") headers.append(name, value);
    return new Response("answered", {
      status: Number(url.searchParams.get("status") ?? 200),
      headers: [...headers] as [string, string][],
    });
  },

  /** `/shown/x?name=value`: what arrived, as JSON, under those response headers; never twice the same, by its `number`. `x-large` is a length. */
  async shown(request, url) {
    const headers = new Headers({ "content-type": "application/json" });
    for (const [name, value] of url.searchParams) if (name !== "status") headers.set(name, value);
    if (headers.has("x-large")) headers.set("x-large", "x".repeat(Number(headers.get("x-large"))));
    const body = JSON.stringify({ number: ++shown, headers: [...request.headers], body: await request.text() });
    return new Response(body, {
      status: Number(url.searchParams.get("status") ?? 200),
      headers: [...headers] as [string, string][],
    });
  },

  /** A document with a validator that knows ranges and conditional requests. RFC 9110, 13 and 14. */
  document(request) {
    const headers = { etag: ETAG, "accept-ranges": "bytes", "content-type": "text/plain" };
    if (request.headers.get("if-none-match") === ETAG) return new Response(null, { status: 304, headers });
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "");
    if (range === null) return new Response(request.method === "HEAD" ? null : DOCUMENT, { headers });
    const [from, to] = [Number(range[1]), Number(range[2])];
    if (from >= DOCUMENT.length) {
      return new Response(null, { status: 416, headers: { "content-range": `bytes */${DOCUMENT.length}` } });
    }
    return new Response(DOCUMENT.slice(from, to + 1), {
      status: 206,
      headers: { ...headers, "content-range": `bytes ${from}-${to}/${DOCUMENT.length}` },
    });
  },

  /** `/stream/<bytes>?name=value`: so many bytes, made as they are taken, under those headers. */
  stream(_request, url, rest) {
    let left = Number(rest);
    const chunk = new Uint8Array(STREAM_CHUNK_BYTES).fill(97);
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        // Lets the one who reads keep up: the bridge to the Worker does not wait for it.
        await new Promise((resolve) => setImmediate(resolve));
        const size = Math.min(left, chunk.length);
        left -= size;
        if (size > 0) controller.enqueue(chunk.slice(0, size));
        if (left === 0) controller.close();
      },
    });
    const headers = { "content-type": "application/octet-stream", ...Object.fromEntries(url.searchParams) };
    return new Response(body, { headers });
  },

  /** Three server-sent events, each only after the one before has had time to arrive. */
  events() {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (sent > 0) await new Promise((resolve) => setTimeout(resolve, 150));
        controller.enqueue(new TextEncoder().encode(`data: ${++sent}\n\n`));
        if (sent === 3) controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  },

  /** An event every 20 ms for some seconds; a bounded time, because the bridge to the Worker does not notice who goes away. */
  ticks() {
    let left = 400;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        controller.enqueue(new TextEncoder().encode("data: tick\n\n"));
        if (--left === 0) controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  },

  /** Counts what is uploaded, without keeping it. */
  async upload(request) {
    let bytes = 0;
    let chunks = 0;
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      chunks++;
    }
    return Response.json({ bytes, chunks, announced: request.headers.get("content-length") });
  },

  /** Answers after three seconds. */
  async late() {
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    return new Response("late");
  },

  /** Sends back every message, with the visitor's headers as the first one. `close <code> <reason>` closes. */
  socket(request) {
    const pair = new WebSocketPair();
    pair[1].accept();
    pair[1].send(JSON.stringify([...request.headers]));
    pair[1].addEventListener("message", ({ data }) => {
      const close = /^close (\d+) (.*)$/.exec(String(data));
      if (close) pair[1].close(Number(close[1]), close[2]);
      else pair[1].send(`echo ${data}`);
    });
    return new Response(null, { status: 101, webSocket: pair[0] });
  },
};
