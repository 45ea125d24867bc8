/** /companies/:slug/groups */
import { listGroups } from "../../store/index.ts";
import {
  changeGroup,
  deleteGroup,
  groupPatch,
  groupPut,
  groupView,
  makeGroup,
  newGroup,
  readGroup,
  viewGroup,
} from "../groups.ts";
import { PAGING_PARAMETERS, readPage } from "./paging.ts";
import { companyRoute, NO_CONTENT, type Route, reply } from "./route.ts";

export const groupRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/groups",
    summary: "List the permission groups in the order they were made",
    query: PAGING_PARAMETERS,
    view: groupView,
    list: true,
    async handle({ services, company, query }) {
      const page = await readPage(
        services,
        query,
        { list: "groups", owner: company.id },
        (wanted) => listGroups(services.database, company.id, wanted),
        (group) => group.id,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewGroup), nextCursor },
      }));
    },
  }),
  companyRoute({
    method: "post",
    path: "/companies/:slug/groups",
    summary: "Create a permission group",
    body: newGroup,
    view: groupView,
    async handle({ services, actor, company, body }) {
      const made = await makeGroup(services, actor, company, body);
      return reply(made, (group) => ({
        status: 201,
        body: viewGroup(group),
        version: group,
        location: `/companies/${company.slug}/groups/${group.id}`,
      }));
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug/groups/:id",
    summary: "Read a permission group",
    view: groupView,
    async handle({ services, company, id }) {
      const found = await readGroup(services, company, id);
      return reply(found, (group) => ({ status: 200, body: viewGroup(group), version: group }));
    },
  }),
  companyRoute({
    method: "patch",
    path: "/companies/:slug/groups/:id",
    summary: "Change a permission group",
    body: groupPatch,
    view: groupView,
    async handle({ services, actor, company, id, body, precondition }) {
      const changed = await changeGroup(services, actor, company, id, body, precondition);
      return reply(changed, (group) => ({ status: 200, body: viewGroup(group), version: group }));
    },
  }),
  companyRoute({
    method: "put",
    path: "/companies/:slug/groups/:id",
    summary: "Change a permission group; an absent optional field keeps its value",
    body: groupPut,
    view: groupView,
    async handle({ services, actor, company, id, body, precondition }) {
      const changed = await changeGroup(services, actor, company, id, body, precondition);
      return reply(changed, (group) => ({ status: 200, body: viewGroup(group), version: group }));
    },
  }),
  companyRoute({
    method: "delete",
    path: "/companies/:slug/groups/:id",
    summary: "Delete a permission group that nothing uses",
    async handle({ services, actor, company, id, precondition }) {
      return reply(await deleteGroup(services, actor, company, id, precondition), NO_CONTENT);
    },
  }),
];
