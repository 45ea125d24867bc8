/** How many requests one client may make to the sign-in's own addresses, at each company. Refused before anything is read or written. */
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../context.ts";
import { problem } from "../failure.ts";
import { count } from "../metrics.ts";
import { tooManyRequestsPage } from "../pages/index.ts";
import { limited, placeOfRequest, RATE_LIMIT_SECONDS } from "../rate-limit.ts";

export const signInLimit: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { company } = c.get("tenant");
  if (!(await limited(c.env.SIGN_IN_LIMIT, `${company.id} ${placeOfRequest(c.req.raw.headers)}`))) return next();
  count("rate_limited", "sign_in", company.id);
  const retryAfter = { "retry-after": String(RATE_LIMIT_SECONDS) };
  return (c.req.header("accept") ?? "").includes("text/html")
    ? tooManyRequestsPage(company, retryAfter)
    : problem(429, "rate-limited", "Too many requests to sign in from this address", {}, retryAfter);
};
