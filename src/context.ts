/** The types that tie the floors together: what the platform binds, what a request carries. No behaviour. */
import type { Config } from "./config.ts";
import type { Sealer } from "./sealing.ts";
import type { Database } from "./store/index.ts";
import type { Tenant } from "./tenant/index.ts";

/** Bindings and secrets of wrangler.toml and `.dev.vars`. */
export interface Bindings {
  DB: D1Database;
  /** The binding of the database that new companies go to; DB without it. */
  NEW_COMPANIES_DATABASE?: string;
  BASE_DOMAIN: string;
  OPERATOR_TOKEN: string;
  GATEWAY_SECRET: string;
  GATEWAY_SECRET_PREVIOUS?: string;
  /** Where metrics are written by company; without it only this isolate's memory counts. */
  METRICS?: AnalyticsEngineDataset;
  /** Calls of the API an actor; absent: no limit. */
  API_LIMIT?: RateLimit;
  /** Calls of the API with a wrong token from one place; absent: no limit. */
  API_FAILURE_LIMIT?: RateLimit;
  /** By company and client address; absent: no limit. */
  SIGN_IN_LIMIT?: RateLimit;
  /** Which build runs. */
  VERSION?: WorkerVersionMetadata;
}

/** What every handler may use. `now` is the one clock of the Worker, UTC milliseconds. */
export interface Services {
  readonly config: Config;
  readonly sealer: Sealer;
  readonly database: Database;
  /** All databases by the name of their binding, where there are several. */
  readonly databases?: ReadonlyMap<string, Database>;
  readonly now: () => number;
}

/** What a job of the schedule may take of one run in one database. */
export interface Allowance {
  /** Statements that may still be sent, each of a batch counted. Whoever sends some takes them off. */
  queries: number;
  /** Nothing is begun after it; UTC milliseconds. */
  readonly until: number;
}

export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    services: Services;
    /** Set on company hosts only, by the tenant middleware. */
    tenant: Tenant;
    /** Nonce of this response's Content-Security-Policy. */
    cspNonce: string;
    /** The message that this request brought, for the sign-in log. */
    samlResponse?: string;
    /** The company whose audit this request may have written to; null: several, or one that is not known here. Absent: none. */
    audited?: string | null;
  };
}
