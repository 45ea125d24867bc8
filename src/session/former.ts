/** Whose browser this was: a cookie of ours whose session is over still says who had it. It opens nothing. */
import type { Services } from "../context.ts";
import type { Tenant } from "../tenant/index.ts";
import { openSessionCookie, SESSION_COOKIE } from "./cookie.ts";
import { readCookie } from "./cookies.ts";

/** Since D1 last confirmed it: a form that was open for a working day is somebody's, an old cookie found somewhere is nobody's. */
export const FORMER_SESSION_MS = 24 * 3_600_000;

/** The user's id; null where the cookie isn't ours, is too old, or holds no names (they didn't fit). Asks nobody. */
export async function formerUser(services: Services, tenant: Tenant, request: Request): Promise<string | null> {
  const value = readCookie(request, SESSION_COOKIE);
  const carried = value === null ? null : await openSessionCookie(services, tenant, value);
  if (!carried?.identity) return null;
  const age = services.now() - carried.checkedAt;
  return age >= 0 && age < FORMER_SESSION_MS ? carried.identity.userId : null;
}
