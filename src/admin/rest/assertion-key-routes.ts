/** /companies/:slug/assertion-keys */
import * as z from "zod/mini";
import { assertionKeyView, readAssertionKeys, rotateNow } from "../assertion-keys.ts";
import { companyRoute, type Route, reply } from "./route.ts";

const path = "/companies/:slug/assertion-keys";

export const assertionKeyRoutes: Route[] = [
  companyRoute({
    method: "get",
    path,
    summary: "List the keys of the identity assertion, whole, newest first",
    view: z.object({ items: z.array(assertionKeyView), nextCursor: z.null() }),
    unversioned: true,
    async handle({ services, company }) {
      const items = await readAssertionKeys(services, company);
      return { ok: true, value: { status: 200, body: { items, nextCursor: null } } };
    },
  }),
  companyRoute({
    method: "post",
    path,
    summary: "Rotate now: publish the next key, which signs after 15 minutes; the former is then retired",
    view: assertionKeyView,
    unversioned: true,
    async handle({ services, actor, company }) {
      return reply(await rotateNow(services, actor, company), (body) => ({
        status: 201,
        body,
        location: `/companies/${company.slug}/assertion-keys`,
      }));
    },
  }),
];
