/** The Worker: one fetch, one schedule, and the services that all requests of an isolate share. */
import { createApp } from "./app.ts";
import { databaseNames, readConfig } from "./config.ts";
import type { Bindings, Services } from "./context.ts";
import { runJobs } from "./cron.ts";
import { writeMetrics, writeMetricsLater } from "./metrics.ts";
import { createSealer } from "./sealing.ts";
import { type Database, openDatabase } from "./store/index.ts";

const made = new WeakMap<Bindings, Services>();

function servicesOf(env: Bindings): Services {
  const known = made.get(env);
  if (known) return known;
  const config = readConfig(env);
  const secrets = [config.gatewaySecret, ...(config.previousGatewaySecret ? [config.previousGatewaySecret] : [])];
  const further = databaseNames(env);
  const services: Services = {
    config,
    sealer: createSealer(secrets),
    database: openDatabase(env.DB),
    ...(further.length > 0 ? { databases: databasesOf(env, further) } : {}),
    now: () => Date.now(),
  };
  made.set(env, services);
  return services;
}

/** The first one and those that are bound beside it. */
function databasesOf(env: Bindings, further: readonly string[]): Map<string, Database> {
  const bound = env as unknown as Readonly<Record<string, D1Database>>;
  return new Map(["DB", ...further].map((name) => [name, openDatabase(bound[name]!)]));
}

const app = createApp(servicesOf);

export default {
  fetch(request, env, ctx) {
    if (env.METRICS) writeMetricsLater(env.METRICS, Date.now(), ctx);
    return app.fetch(request, env, ctx);
  },

  async scheduled(_controller, env, ctx) {
    if (env.METRICS) writeMetricsLater(env.METRICS, Date.now(), ctx);
    await runJobs(servicesOf(env));
    writeMetrics();
  },
} satisfies ExportedHandler<Bindings>;
