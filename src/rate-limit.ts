/**
 * Limits of how often something may be asked for, counted by the platform near each visitor (Workers rate limiting binding).
 * What each allows stands in wrangler.toml; where a binding is absent there is no limit. Knows no routes and no refusals.
 */

/** The longest `simple.period` that a binding can have; after it any caller may try again. */
export const RATE_LIMIT_SECONDS = 60;

/** Counts one more for this key; true when that is too many. A limit that can't be asked refuses nobody: it guards the load, never the door. */
export async function limited(binding: RateLimit | undefined, key: string): Promise<boolean> {
  if (binding === undefined) return false;
  const { success } = await binding.limit({ key }).catch(() => ({ success: true }));
  return !success;
}

/** Where a request comes from. Cloudflare sets the header and strikes out what a client sends; without it all are one place. */
export function placeOfRequest(headers: Headers): string {
  return placeOf(headers.get("cf-connecting-ip") ?? "");
}

/** An IPv6 network is one place: whoever has an address there has 2^64 of them (RFC 6177). */
export function placeOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? [] : tail.split(":");
  while (groups.length + behind.length < 8) groups.push("0");
  return [...groups, ...behind]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
