/** Headers that belong to one connection and end with it (RFC 9110, 7.6.1), in either direction. */

const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Those of the list that are present, and those that the Connection header names. */
export function hopByHopNames(headers: Headers): string[] {
  const named = (headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  const names = new Set([...HOP_BY_HOP, ...named]);
  return [...names].filter((name) => isFieldName(name) && headers.has(name));
}

/** RFC 9110, 5.6.2: a token. Anything else makes the Headers class throw. */
function isFieldName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name);
}
