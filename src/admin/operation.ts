/** What stands on the operator's host beside the API: this isolate's metrics, and how the parts of the gateway are. */
import type { MiddlewareHandler } from "hono";
import { Hono } from "hono/tiny";
import type { AppEnv } from "../context.ts";
import { problem } from "../failure.ts";
import { prometheusText } from "../metrics.ts";
import { healthDetails } from "./health.ts";
import { admitCaller } from "./rest/limits.ts";

const operatorOnly: MiddlewareHandler<AppEnv> = async (c, next) => {
  const actor = await admitCaller(c.get("services"), c.env, c.req.raw.headers);
  if (!actor.ok) {
    const { status, type, title, headers } = actor.problem;
    return problem(status, type, title, {}, headers ?? {});
  }
  if (actor.value.kind !== "operator") return problem(403, "forbidden", "This is for the operator");
  await next();
  c.header("cache-control", "no-store");
};

/** To be mounted at the root of the operator's host. */
export const operationHost = new Hono<AppEnv>()
  .get("/metrics", operatorOnly, (c) => c.text(prometheusText(), 200, { "content-type": "text/plain; version=0.0.4" }))
  .get("/health/details", operatorOnly, async (c) => {
    const health = await healthDetails(c.get("services"));
    return c.json(health, health.status === "ok" ? 200 : 503, health.status === "ok" ? {} : { "retry-after": "10" });
  });
