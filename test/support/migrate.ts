/** Every test file starts on the migrated schema, in a storage of its own. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

declare global {
  namespace Cloudflare {
    interface Env {
      DB: D1Database;
      SECOND_DATABASE: D1Database;
      BASE_DOMAIN: string;
      OPERATOR_TOKEN: string;
      GATEWAY_SECRET: string;
      GATEWAY_SECRET_PREVIOUS?: string;
      TEST_MIGRATIONS: { name: string; queries: string[] }[];
    }
  }
}

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
