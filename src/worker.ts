/** The Worker: one fetch, one schedule, and the services that all requests of an isolate share. */
import { createApp } from "./app.ts";
import { readConfig } from "./config.ts";
import type { Bindings, Services } from "./context.ts";
import { runJobs } from "./cron.ts";
import { writeMetrics, writeMetricsLater } from "./metrics.ts";
import { createSealer } from "./sealing.ts";
import { openDatabase } from "./store/index.ts";

const made = new WeakMap<Bindings, Services>();

function servicesOf(env: Bindings): Services {
  const known = made.get(env);
  if (known) return known;
  const config = readConfig(env);
  const secrets = [config.gatewaySecret, ...(config.previousGatewaySecret ? [config.previousGatewaySecret] : [])];
  const services: Services = {
    config,
    sealer: createSealer(secrets),
    database: openDatabase(env.DB),
    now: () => Date.now(),
  };
  made.set(env, services);
  return services;
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
