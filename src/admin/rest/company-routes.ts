/** /companies */
import {
  changeCompany,
  companiesOfAll,
  companyPatch,
  companyPut,
  companyView,
  deleteCompany,
  makeCompany,
  newCompany,
  purgeEdgeCache,
  viewCompany,
} from "../companies.ts";
import { answer } from "../problems.ts";
import { PAGING_PARAMETERS, readPage } from "./paging.ts";
import { companyRoute, NO_CONTENT, operatorRoute, type Route, reply } from "./route.ts";

export const companyRoutes: Route[] = [
  operatorRoute({
    method: "get",
    path: "/companies",
    summary: "List the companies by slug",
    query: PAGING_PARAMETERS,
    view: companyView,
    list: true,
    async handle({ services, query }) {
      const name = { list: "companies", owner: "operator" };
      const page = await readPage(
        services,
        query,
        name,
        (wanted) => companiesOfAll(services, wanted),
        (company) => company.slug,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewCompany), nextCursor },
      }));
    },
  }),
  operatorRoute({
    method: "post",
    path: "/companies",
    summary: "Create a company",
    body: newCompany,
    view: companyView,
    async handle({ services, actor, body }) {
      const made = await makeCompany(services, actor, body);
      return reply(made, (company) => ({
        status: 201,
        body: viewCompany(company),
        version: company,
        location: `/companies/${company.slug}`,
      }));
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug",
    summary: "Read a company",
    view: companyView,
    async handle({ company }) {
      return answer({ status: 200, body: viewCompany(company), version: company });
    },
  }),
  companyRoute({
    method: "patch",
    path: "/companies/:slug",
    summary: "Change a company; status and originUrl are the operator's to change",
    body: companyPatch,
    view: companyView,
    async handle({ services, actor, slug, body, precondition }) {
      const changed = await changeCompany(services, actor, slug, body, precondition);
      return reply(changed, (company) => ({ status: 200, body: viewCompany(company), version: company }));
    },
  }),
  companyRoute({
    method: "put",
    path: "/companies/:slug",
    summary: "Change a company; an absent optional field keeps its value",
    body: companyPut,
    view: companyView,
    async handle({ services, actor, slug, body, precondition }) {
      const changed = await changeCompany(services, actor, slug, body, precondition);
      return reply(changed, (company) => ({ status: 200, body: viewCompany(company), version: company }));
    },
  }),
  companyRoute({
    method: "post",
    path: "/companies/:slug/edge-cache/purge",
    summary: "Let go of everything that is kept at the edge for the company, everywhere within 60 seconds",
    conditional: true,
    view: companyView,
    async handle({ services, actor, slug, precondition }) {
      const purged = await purgeEdgeCache(services, actor, slug, precondition);
      return reply(purged, (company) => ({ status: 201, body: viewCompany(company), version: company }));
    },
  }),
  operatorRoute({
    method: "delete",
    path: "/companies/:slug",
    summary: "Delete a company with everything of it but its audit",
    async handle({ services, actor, slug, precondition }) {
      return reply(await deleteCompany(services, actor, slug, precondition), NO_CONTENT);
    },
  }),
];
