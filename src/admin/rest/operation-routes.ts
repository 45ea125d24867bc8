/** What an operator asks of the running gateway: a token that shows where the time of a company's requests goes. */
import * as z from "zod/mini";
import { makeTraceToken, TRACE_HEADER, TRACE_TOKEN_MS } from "../../trace.ts";
import { checkOrigin, originCheckInput, originCheckView } from "../origin-check.ts";
import { answer } from "../problems.ts";
import { companyRoute, operatorRoute, type Route, reply } from "./route.ts";

export const operationRoutes: Route[] = [
  operatorRoute({
    method: "get",
    path: "/trace-token",
    summary: `Make a token that, sent as ${TRACE_HEADER}, gets Server-Timing with a company's answers for ten minutes`,
    view: z.object({ header: z.string(), token: z.string(), expiresAt: z.string() }),
    unversioned: true,
    async handle({ services }) {
      const { sealer, now } = services;
      const token = await makeTraceToken(sealer, now());
      const expiresAt = new Date(now() + TRACE_TOKEN_MS).toISOString();
      return answer({ status: 200, body: { header: TRACE_HEADER, token, expiresAt } });
    },
  }),
  companyRoute({
    method: "post",
    path: "/companies/:slug/origin-check",
    summary:
      "Send the origin requests that did not come through the gateway, and one that could have; say what it refuses",
    body: originCheckInput,
    view: originCheckView,
    unversioned: true,
    makesNothing: true,
    async handle({ services, company, body: input }) {
      return reply(await checkOrigin(services, company.slug, input), (body) => ({ status: 200, body }));
    },
  }),
];
