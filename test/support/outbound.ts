/**
 * The world outside the Worker under test. Every fetch of the Worker arrives here; nothing reaches a network.
 * Hosts: `origin.example` echoes what it got as JSON; other behaviours are chosen by path.
 */
import { Response, type Request } from "miniflare";

export async function outbound(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.hostname === "origin.example") {
    return Response.json({
      method: request.method,
      url: request.url,
      headers: [...request.headers],
      body: await request.text(),
    });
  }
  return new Response("no such host in the tests", { status: 599 });
}
