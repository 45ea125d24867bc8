/**
 * A small HTTP/1.1 client that keeps its connections, cheap enough to load a Worker from the same machine: it looks for the
 * status, the end of the answer, and nothing else unless it is asked to keep it.
 */
import { connect, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  /** Status line and headers as they came. */
  readonly head: string;
  readonly body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LAST_CHUNK = "0\r\n\r\n";
const ANSWER_MS_MAX = 30_000;

export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy(new Error("no answer in time")));
    socket.on("data", (data) => this.#take(typeof data === "string" ? Buffer.from(data) : data));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the connection was closed")));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(new Connection(socket)));
      socket.once("error", reject);
    });
  }

  /** One at a time. */
  ask(request: Buffer | string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }

  #take(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString("latin1", 0, headEnd);
    const body = this.#received.subarray(headEnd + HEAD_END.length);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined ? body.length < Number(length) : !endsChunks(body)) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve({ status: Number(head.slice(9, 12)), head, body });
  }
}

function endsChunks(body: Buffer): boolean {
  return body.length >= LAST_CHUNK.length && body.toString("latin1", body.length - LAST_CHUNK.length) === LAST_CHUNK;
}

/** Text of a body, chunked or not. */
export function textOf({ head, body }: Answer): string {
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return body.toString("utf8");
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, end), 16);
    if (!(size > 0)) break;
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(parts).toString("utf8");
}

/** All values of one header. */
export function headerValues({ head }: Answer, name: string): string[] {
  return head
    .split("\r\n")
    .slice(1)
    .flatMap((line) => (line.toLowerCase().startsWith(`${name}:`) ? [line.slice(name.length + 1).trim()] : []));
}

/** A request as a browser sends it. */
export function requestText(line: string, host: string, headers: readonly string[], body = ""): string {
  const lines = [
    `${line} HTTP/1.1`,
    `Host: ${host}`,
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.9",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
    "Sec-Fetch-Site: same-origin",
    ...headers,
    ...(body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds, one a request. */
  readonly latencies: readonly number[];
}

/**
 * Sends requests over so many connections, each the next one as soon as its answer is there, until `next` has none left or the
 * time is over. Any status but the expected one ends it: a quick refusal must not pass for speed.
 */
export async function load(
  port: number,
  options: { connections: number; milliseconds: number; status: number; next: () => string | null },
): Promise<Load> {
  const connections = await Promise.all(Array.from({ length: options.connections }, () => Connection.open(port)));
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + options.milliseconds;
  try {
    await Promise.all(
      connections.map(async (connection) => {
        for (let now = performance.now(); now < end; ) {
          const request = options.next();
          if (request === null) return;
          const answer = await connection.ask(request);
          if (answer.status !== options.status) {
            throw new Error(`answered with ${answer.status}: ${textOf(answer).slice(0, 400)}`);
          }
          const then = now;
          now = performance.now();
          latencies.push(now - then);
        }
      }),
    );
  } finally {
    for (const connection of connections) connection.close();
  }
  return { requests: latencies.length, seconds: (performance.now() - start) / 1000, latencies };
}
