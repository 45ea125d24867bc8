/** /companies/:slug/invitations and, for the operator, /companies/:slug/setup-links */
import { type Invitation, listInvitations } from "../../store/index.ts";
import { readCompany } from "../companies.ts";
import {
  invitationView,
  invitationWithUrlView,
  makeInvitation,
  makeSetupLink,
  newInvitation,
  newSetupLink,
  revokeLink,
  setupLinkView,
  setupLinkWithUrlView,
  viewInvitation,
  viewSetupLink,
} from "../invitations.ts";
import { PAGING_PARAMETERS, readPage } from "./paging.ts";
import { type CompanyCall, companyRoute, NO_CONTENT, operatorRoute, type Route, reply } from "./route.ts";

async function pageOf<K extends Invitation["kind"]>(
  { services, company, query }: Pick<CompanyCall<unknown>, "services" | "company" | "query">,
  kind: K,
) {
  const page = await readPage(
    services,
    query,
    { list: kind, owner: company.id },
    // The store lists one kind.
    (wanted) =>
      listInvitations(services.database, company.id, kind, wanted) as Promise<Extract<Invitation, { kind: K }>[]>,
    (link) => link.id,
  );
  return page;
}

export const invitationRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/invitations",
    summary: "List the invitations that were not used or revoked, without their links",
    query: PAGING_PARAMETERS,
    view: invitationView,
    list: true,
    async handle(call) {
      return reply(await pageOf(call, "invitation"), ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewInvitation), nextCursor },
      }));
    },
  }),
  companyRoute({
    method: "post",
    path: "/companies/:slug/invitations",
    summary: "Create a one-time link by which a user chooses a (new) password; the answer shows it, this once",
    body: newInvitation,
    view: invitationWithUrlView,
    unversioned: true,
    async handle({ services, actor, company, body }) {
      const made = await makeInvitation(services, actor, company, body);
      return reply(made, ({ link, url }) => ({ status: 201, body: { ...viewInvitation(link), url } }));
    },
  }),
  companyRoute({
    method: "delete",
    path: "/companies/:slug/invitations/:id",
    summary: "Revoke an invitation",
    unversioned: true,
    async handle({ services, actor, company, id }) {
      return reply(await revokeLink(services, actor, company, "invitation", id), NO_CONTENT);
    },
  }),
  operatorRoute({
    method: "get",
    path: "/companies/:slug/setup-links",
    summary: "List the set-up links that were not used or revoked, without their links",
    query: PAGING_PARAMETERS,
    view: setupLinkView,
    list: true,
    async handle({ services, slug, query }) {
      const company = await readCompany(services, slug);
      if (!company.ok) return company;
      return reply(await pageOf({ services, query, company: company.value }, "setup"), ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewSetupLink), nextCursor },
      }));
    },
  }),
  operatorRoute({
    method: "post",
    path: "/companies/:slug/setup-links",
    summary: "Create a one-time link that makes its person an administrator; the answer shows it, this once",
    body: newSetupLink,
    view: setupLinkWithUrlView,
    unversioned: true,
    async handle({ services, actor, slug, body }) {
      const company = await readCompany(services, slug);
      if (!company.ok) return company;
      const made = await makeSetupLink(services, actor, company.value, body);
      return reply(made, ({ link, url }) => ({ status: 201, body: { ...viewSetupLink(link), url } }));
    },
  }),
  operatorRoute({
    method: "delete",
    path: "/companies/:slug/setup-links/:id",
    summary: "Revoke a set-up link",
    unversioned: true,
    async handle({ services, actor, slug, id }) {
      const company = await readCompany(services, slug);
      if (!company.ok) return company;
      return reply(await revokeLink(services, actor, company.value, "setup", id), NO_CONTENT);
    },
  }),
];
