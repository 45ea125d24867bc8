/** As much of express as samlp's handlers touch, over a fetch handler. */

export interface ExpressRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocol: string;
  readonly originalUrl: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
  /** What samlp calls the profile of the person who is signed in. */
  user?: unknown;
}

export interface ExpressResponse {
  set(name: string, value: string): void;
  /** A number is a status without a body. */
  send(what: string | number, body?: unknown): void;
  redirect(url: string): void;
}

export type Handler = (req: ExpressRequest, res: ExpressResponse, next: (error?: Error) => void) => void;

export async function expressRequest(request: Request): Promise<ExpressRequest> {
  const url = new URL(request.url);
  const body = request.method === "POST" ? Object.fromEntries(new URLSearchParams(await request.text())) : {};
  return {
    method: request.method,
    headers: Object.fromEntries(request.headers),
    protocol: url.protocol.slice(0, -1),
    originalUrl: url.pathname + url.search,
    query: Object.fromEntries(url.searchParams),
    body,
  };
}

/** Runs a handler; an error that it passes on becomes a 500 with the error's words. */
export function run(handler: Handler, req: ExpressRequest): Promise<Response> {
  return new Promise((resolve) => {
    const headers = new Headers({ "content-type": "text/html; charset=utf-8" });
    const res: ExpressResponse = {
      set: (name, value) => headers.set(name, value),
      send: (what, body) =>
        resolve(
          typeof what === "number"
            ? new Response(String(body ?? ""), { status: what, headers })
            : new Response(what, { headers }),
        ),
      redirect: (location) => resolve(new Response(null, { status: 302, headers: { location } })),
    };
    handler(req, res, (error) => resolve(new Response(String(error?.message ?? "no answer"), { status: 500 })));
  });
}
