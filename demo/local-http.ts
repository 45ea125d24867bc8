/**
 * Requests to the gateway on this machine. Browsers know that `*.localhost` is here, Node's resolver does not: connect to 127.0.0.1 and say
 * the host's name in the Host header.
 */
import { request } from "node:http";

export interface LocalRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const TIMEOUT_MS = 20_000;

/** `url` is http on localhost or any name below it. */
export function fetchLocal(url: string, options: LocalRequest = {}): Promise<Response> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        path: pathname + search,
        method: options.method ?? "GET",
        headers: { ...options.headers, host },
        timeout: TIMEOUT_MS,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(incoming.headersDistinct)) {
            for (const one of value ?? []) headers.append(name, one);
          }
          const status = incoming.statusCode ?? 0;
          const body = chunks.length === 0 ? null : Buffer.concat(chunks);
          resolve(new Response(body, { status, headers }));
        });
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer from ${host} within ${TIMEOUT_MS} ms`)));
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}
