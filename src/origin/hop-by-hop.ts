/** Headers that belong to one connection and end with it (RFC 9110, 7.6.1), in either direction. */

/** By the standard, whatever Connection says. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** What Connection nearly always says: nothing of other headers. */
const PLAIN_CONNECTION = /^(?:close|keep-alive|upgrade)?$/i;

/** Whether a Connection header names others, which then end with it. */
export function namesOthers(connection: string): boolean {
  return !PLAIN_CONNECTION.test(connection);
}

/** Whether a header of this (lower-case) name ends with the connection; `connection` is the message's own Connection header. */
export function hopByHop(connection: string | null): (name: string) => boolean {
  if (connection === null || !namesOthers(connection)) return (name) => HOP_BY_HOP.has(name);
  const named = connection.split(",").map((name) => name.trim().toLowerCase());
  return (name) => HOP_BY_HOP.has(name) || named.includes(name);
}
