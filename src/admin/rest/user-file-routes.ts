/** /companies/:slug/users/import and /export: users as a file. */
import { answer } from "../problems.ts";
import { exportUsers } from "../user-export.ts";
import { IMPORT_BYTES_MAX, importUsers, importView } from "../user-import.ts";
import { mediaType, readBytes, unsupported } from "./body.ts";
import { badQuery, flagOf } from "./paging.ts";
import { companyRoute, type Route, reply } from "./route.ts";

const TYPES = ["text/csv"];

export const userFileRoutes: Route[] = [
  companyRoute({
    method: "post",
    path: "/companies/:slug/users/import",
    summary:
      "Create and change users from CSV in UTF-8 with the columns email, firstName, lastName, company, group (title or id) and status; answers for each row what was done",
    query: ["dryRun", "allowAdministrators"],
    otherBodies: { "text/csv": null },
    view: importView,
    makesNothing: true,
    unversioned: true,
    async handle({ services, actor, company, request, query }) {
      const dryRun = flagOf(query, "dryRun");
      if (dryRun === null) return badQuery("dryRun", "Must be true or false");
      const allowAdministrators = flagOf(query, "allowAdministrators");
      if (allowAdministrators === null) return badQuery("allowAdministrators", "Must be true or false");
      if (!TYPES.includes(mediaType(request))) return unsupported(TYPES);
      const bytes = await readBytes(request, IMPORT_BYTES_MAX);
      if (!bytes.ok) return bytes;
      const done = await importUsers(services, actor, company, bytes.value, { dryRun, allowAdministrators });
      return reply(done, (body) => ({ status: 200, body }));
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug/users/export",
    summary: "All users as CSV, as the import reads them; cells that spreadsheets would run begin with an apostrophe",
    files: TYPES,
    unversioned: true,
    async handle({ services, company }) {
      return answer({ status: 200, file: await exportUsers(services, company) });
    },
  }),
];
