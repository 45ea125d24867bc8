import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { outbound } from "./test/support/outbound.ts";

/**
 * The protocol core is tested in workerd by itself; what else runs in the Worker runs there over a real D1; what people and
 * tools do to it runs in Node; what needs Debian's packages stands apart (`npm run test:interop`).
 */
export default defineConfig({
  test: {
    silent: "passed-only",
    // Left to itself a run keeps one core idle; of two that is half of them.
    maxWorkers: "100%",
    projects: [
      {
        plugins: [
          cloudflareTest({
            miniflare: { compatibilityDate: "2026-10-20", compatibilityFlags: ["nodejs_compat"] },
          }),
        ],
        // Pure functions: nothing to keep apart, so the files share their workers.
        test: { name: "core", include: ["test/{saml,attacks}/**/*.test.ts"], isolate: false, testTimeout: 30_000 },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            main: "./src/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                OPERATOR_TOKEN: "operator-token-of-the-tests",
                GATEWAY_SECRET: "dGVzdC1nYXRld2F5LXNlY3JldC0zMi1ieXRlcy1sb25n",
                TEST_MIGRATIONS: await readD1Migrations("migrations"),
              },
              // For the tests of companies spread over several.
              d1Databases: ["SECOND_DATABASE"],
              outboundService: outbound,
            },
          })),
        ],
        test: {
          name: "workerd",
          testTimeout: 30_000,
          include: ["test/{store,session,journeys}/**/*.test.{ts,tsx}"],
          setupFiles: ["./test/support/migrate.ts"],
        },
      },
      {
        test: {
          name: "node",
          include: ["test/{house,browser}/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
