/** How the browser comes to ask: whether a person or a program reads the answer (pages for the one, RFC 9457 for the other). */

/** Whether a person's browser is about to show the answer as a page. Fetch metadata says so; older browsers show it by what they accept. */
export function isNavigation(request: Request, method: "GET" | "POST" = "GET"): boolean {
  const { headers } = request;
  if (request.method !== method) return false;
  const mode = headers.get("sec-fetch-mode");
  if (mode !== null) return mode === "navigate";
  if (headers.has("sec-fetch-site") || headers.has("sec-fetch-dest")) return false;
  // Scripts that ask for a piece of a page accept what pages do (jQuery's load); they say who they are.
  if (headers.get("x-requested-with")?.toLowerCase() === "xmlhttprequest") return false;
  return (headers.get("accept") ?? "").toLowerCase().includes("text/html");
}

/**
 * Whether a person is led to this page, and no other page only embeds it. Where a service worker of this very host passes navigations
 * on, browsers call the destination of all of them "empty", of frames too; no script can ask in that mode (Fetch, "new Request").
 */
export function isLedHere({ method, headers }: Request): boolean {
  if (method !== "GET") return false;
  const destination = headers.get("sec-fetch-dest");
  return destination === "document" || (destination === "empty" && headers.get("sec-fetch-mode") === "navigate");
}
