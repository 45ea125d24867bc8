/** What an operator does to the running gateway: a token for timings, and sealing the companies' keys under a new secret. */
import * as z from "zod";
import { type RewrapPlace, rewrapKeys } from "../../tenant/index.ts";
import { makeTraceToken, TRACE_HEADER, TRACE_TOKEN_MS } from "../../trace.ts";
import { answer } from "../problems.ts";
import { badQuery } from "./paging.ts";
import { operatorRoute, type Route } from "./route.ts";

/** Of the sealed cursor; the company part of its key. */
const OWNER = "";
const PREFIX = "rewrapped-keys\n";

const rewrappedView = z.object({
  checked: z.int(),
  rewrapped: z.int(),
  unreadable: z.int(),
  nextCursor: z.string().nullable(),
});

export const operationRoutes: Route[] = [
  operatorRoute({
    method: "get",
    path: "/trace-token",
    summary: `Make a token that, sent as ${TRACE_HEADER}, gets Server-Timing with a company's answers for ten minutes`,
    view: z.object({ header: z.string(), token: z.string(), expiresAt: z.iso.datetime() }),
    async handle({ services }) {
      const { sealer, now } = services;
      const token = await makeTraceToken(sealer, now());
      const expiresAt = new Date(now() + TRACE_TOKEN_MS).toISOString();
      return answer({ status: 200, body: { header: TRACE_HEADER, token, expiresAt } });
    },
  }),
  operatorRoute({
    method: "post",
    path: "/rewrapped-keys",
    summary:
      "Seal the next hundred private keys under the newest GATEWAY_SECRET; repeat with nextCursor until it is null",
    body: z.strictObject({ cursor: z.string().max(1_000).nullable().default(null) }),
    view: rewrappedView,
    async handle({ services, body }) {
      const opened = body.cursor === null ? null : await services.sealer.open("cursor", OWNER, body.cursor);
      if (body.cursor !== null && !opened?.startsWith(PREFIX))
        return badQuery("cursor", "Is not a cursor of this list");
      const place = opened == null ? null : (JSON.parse(opened.slice(PREFIX.length)) as RewrapPlace);
      const { next, ...counts } = await rewrapKeys(services, place);
      const nextCursor = next && (await services.sealer.seal("cursor", OWNER, PREFIX + JSON.stringify(next)));
      return answer({ status: 201, body: { ...counts, nextCursor } });
    },
  }),
];
