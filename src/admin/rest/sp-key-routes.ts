/** /companies/:slug/saml/keys */
import * as z from "zod/mini";
import { activate, beginRollover, newSpKeyInput, readSpKeys, retire, spKeyView, viewSpKey } from "../sp-keys.ts";
import { companyRoute, NO_CONTENT, type Route, reply } from "./route.ts";

const path = "/companies/:slug/saml/keys";

export const spKeyRoutes: Route[] = [
  companyRoute({
    method: "get",
    path,
    summary: "List the company's own key pairs, whole, in the order they were made",
    view: z.object({ items: z.array(spKeyView), nextCursor: z.null() }),
    unversioned: true,
    async handle({ services, company }) {
      const items = (await readSpKeys(services, company)).map(viewSpKey);
      return { ok: true, value: { status: 200, body: { items, nextCursor: null } } };
    },
  }),
  companyRoute({
    method: "post",
    path,
    summary: "Begin a rollover: make the next key pair of a use and publish it in the metadata",
    body: newSpKeyInput,
    view: spKeyView,
    unversioned: true,
    async handle({ services, actor, company, body }) {
      return reply(await beginRollover(services, actor, company, body), (begun) => ({
        status: 201,
        body: viewSpKey(begun),
        location: `/companies/${company.slug}/saml/keys`,
      }));
    },
  }),
  companyRoute({
    method: "post",
    path: `${path}/:id/activate`,
    summary: "Put a published key pair in use; the former stays published until it is retired",
    view: spKeyView,
    unversioned: true,
    async handle({ services, actor, company, id }) {
      return reply(await activate(services, actor, company, id), (active) => ({
        status: 201,
        body: viewSpKey(active),
      }));
    },
  }),
  companyRoute({
    method: "delete",
    path: `${path}/:id`,
    summary: "Retire a key pair that is not in use: it leaves the metadata, and decrypts for a day more",
    unversioned: true,
    async handle({ services, actor, company, id }) {
      return reply(await retire(services, actor, company, id), NO_CONTENT);
    },
  }),
];
