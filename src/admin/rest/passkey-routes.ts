/** /companies/:slug/users/:id/passkeys */
import type { Passkey } from "../../store/index.ts";
import { deletePasskey, deletePasskeys, passkeyView, readPasskey, readPasskeys, viewPasskey } from "../passkeys.ts";
import { preconditionFailed } from "../versions.ts";
import { companyRoute, NO_CONTENT, type Route, reply } from "./route.ts";

const LIST = "/companies/:slug/users/:id/passkeys";
const ONE = `${LIST}/:passkeyId`;

const versionOf = ({ id, lastUsedAt }: Passkey) => ({ id, version: lastUsedAt ?? 0 });

export const passkeyRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: LIST,
    summary: "List a user's passkeys in the order they were made: ten at most",
    view: passkeyView,
    list: true,
    async handle({ services, company, id }) {
      return reply(await readPasskeys(services, company, id), (passkeys) => ({
        status: 200,
        body: { items: passkeys.map(viewPasskey), nextCursor: null },
      }));
    },
  }),
  companyRoute({
    method: "delete",
    path: LIST,
    summary: "Remove all passkeys of a user",
    unversioned: true,
    async handle({ services, actor, company, id }) {
      return reply(await deletePasskeys(services, actor, company, id), NO_CONTENT);
    },
  }),
  companyRoute({
    method: "get",
    path: ONE,
    summary: "Read a passkey",
    view: passkeyView,
    async handle({ services, company, id, passkeyId }) {
      return reply(await readPasskey(services, company, id, passkeyId), (passkey) => ({
        status: 200,
        body: viewPasskey(passkey),
        version: versionOf(passkey),
      }));
    },
  }),
  companyRoute({
    method: "delete",
    path: ONE,
    summary: "Remove a passkey: it signs nobody in from now on",
    async handle({ services, actor, company, id, passkeyId, precondition }) {
      const found = await readPasskey(services, company, id, passkeyId);
      if (!found.ok) return found;
      if (!precondition(versionOf(found.value))) return preconditionFailed();
      return reply(await deletePasskey(services, actor, company, found.value), NO_CONTENT);
    },
  }),
];
