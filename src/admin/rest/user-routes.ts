/** /companies/:slug/users */
import { findUserByEmail, listUsers } from "../../store/index.ts";
import { answer } from "../problems.ts";
import {
  changeUser,
  deleteUser,
  makeUser,
  newUser,
  readUser,
  userPatch,
  userPut,
  userView,
  viewUser,
} from "../users.ts";
import { PAGING_PARAMETERS, readPage } from "./paging.ts";
import { companyRoute, NO_CONTENT, type Route, reply } from "./route.ts";

export const userRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/users",
    summary: "List the users in the order they were made, or find one by ?email=",
    query: [...PAGING_PARAMETERS, "email"],
    view: userView,
    list: true,
    async handle({ services, company, query }) {
      const email = query.get("email");
      if (email !== null) {
        // A plus sign that was not encoded reads as a blank; no address holds one.
        const sought = email.trim().replaceAll(" ", "+");
        const user = await findUserByEmail(services.database, company.id, sought);
        return answer({ status: 200, body: { items: user ? [viewUser(user)] : [], nextCursor: null } });
      }
      const page = await readPage(
        services,
        query,
        { list: "users", owner: company.id },
        (wanted) => listUsers(services.database, company.id, wanted),
        (user) => user.id,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewUser), nextCursor },
      }));
    },
  }),
  companyRoute({
    method: "post",
    path: "/companies/:slug/users",
    summary: "Create a user",
    body: newUser,
    view: userView,
    async handle({ services, actor, company, body }) {
      const made = await makeUser(services, actor, company, body);
      return reply(made, (user) => ({
        status: 201,
        body: viewUser(user),
        version: user,
        location: `/companies/${company.slug}/users/${user.id}`,
      }));
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug/users/:id",
    summary: "Read a user",
    view: userView,
    async handle({ services, company, id }) {
      const found = await readUser(services, company, id);
      return reply(found, (user) => ({ status: 200, body: viewUser(user), version: user }));
    },
  }),
  companyRoute({
    method: "patch",
    path: "/companies/:slug/users/:id",
    summary: "Change a user; disabling ends the user's sessions",
    body: userPatch,
    view: userView,
    async handle({ services, actor, company, id, body, precondition }) {
      const changed = await changeUser(services, actor, company, id, body, precondition);
      return reply(changed, (user) => ({ status: 200, body: viewUser(user), version: user }));
    },
  }),
  companyRoute({
    method: "put",
    path: "/companies/:slug/users/:id",
    summary: "Change a user; an absent optional field keeps its value",
    body: userPut,
    view: userView,
    async handle({ services, actor, company, id, body, precondition }) {
      const changed = await changeUser(services, actor, company, id, body, precondition);
      return reply(changed, (user) => ({ status: 200, body: viewUser(user), version: user }));
    },
  }),
  companyRoute({
    method: "delete",
    path: "/companies/:slug/users/:id",
    summary: "Delete a user with the user's sessions",
    async handle({ services, actor, company, id, precondition }) {
      return reply(await deleteUser(services, actor, company, id, precondition), NO_CONTENT);
    },
  }),
];
