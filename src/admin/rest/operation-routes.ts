/** What an operator asks of the running gateway: a token that shows where the time of a company's requests goes. */
import * as z from "zod/mini";
import { makeTraceToken, TRACE_HEADER, TRACE_TOKEN_MS } from "../../trace.ts";
import { answer } from "../problems.ts";
import { operatorRoute, type Route } from "./route.ts";

export const operationRoutes: Route[] = [
  operatorRoute({
    method: "get",
    path: "/trace-token",
    summary: `Make a token that, sent as ${TRACE_HEADER}, gets Server-Timing with a company's answers for ten minutes`,
    view: z.object({ header: z.string(), token: z.string(), expiresAt: z.string() }),
    async handle({ services }) {
      const { sealer, now } = services;
      const token = await makeTraceToken(sealer, now());
      const expiresAt = new Date(now() + TRACE_TOKEN_MS).toISOString();
      return answer({ status: 200, body: { header: TRACE_HEADER, token, expiresAt } });
    },
  }),
];
