/** /companies/:slug/saml/draft and /companies/:slug/saml/versions. A token or the operator may apply without a test. */
import * as z from "zod/mini";
import { listSamlVersions } from "../../store/index.ts";
import { answer } from "../problems.ts";
import {
  applyDraft,
  type DraftedCompany,
  discardDraft,
  draftApply,
  draftPut,
  draftView,
  readDraft,
  readVersion,
  restoreAsDraft,
  versionRestore,
  versionView,
  viewDraft,
  viewVersion,
  writeDraft,
} from "../saml-draft.ts";
import { patched, readTenant, samlView, writeSaml } from "../saml-settings.ts";
import { PAGING_PARAMETERS, readPage } from "./paging.ts";
import { type CompanyCall, companyRoute, NO_CONTENT, type Reply, type Route, reply } from "./route.ts";
import { settings } from "./saml-routes.ts";

const SAML = "/companies/:slug/saml";
const DRAFT = `${SAML}/draft`;

const draftReply =
  ({ services, company }: CompanyCall<unknown>, status: 200 | 201) =>
  (drafted: DraftedCompany): Reply => ({
    status,
    body: viewDraft(services, drafted),
    version: { id: company.id, version: drafted.draft.version },
    ...(status === 201 ? { location: `/companies/${company.slug}/saml/draft` } : {}),
  });

export const samlDraftRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: DRAFT,
    summary: "Read the draft of the settings, and what a test sign-in showed of it",
    view: draftView,
    async handle(call) {
      return reply(await readDraft(call.services, call.company), draftReply(call, 200));
    },
  }),
  companyRoute({
    method: "put",
    path: DRAFT,
    summary: "Write the draft whole; it is in force for nobody, and an administrator can try it in the console",
    body: draftPut,
    view: draftView,
    async handle(call) {
      const { services, actor, company, precondition } = call;
      const { draft: _, ...body } = call.body;
      const written = await writeDraft(services, actor, company, precondition, () => answer(body));
      return reply(written, draftReply(call, 200));
    },
  }),
  companyRoute({
    method: "delete",
    path: DRAFT,
    summary: "Discard the draft",
    async handle({ services, actor, company, precondition }) {
      return reply(await discardDraft(services, actor, company, precondition), NO_CONTENT);
    },
  }),
  companyRoute({
    method: "post",
    path: `${DRAFT}/apply`,
    summary: "Put the draft in force; without a test unless requireTest says so. If-Match names the draft",
    conditional: true,
    body: draftApply,
    view: samlView,
    async handle({ services, actor, company, body, precondition }) {
      const options = { ...body, precondition, settingsVersion: null, withoutTest: false };
      const applied = await applyDraft(services, actor, company, options);
      return reply(applied, (configured): Reply => {
        return { ...settings(201)(configured), location: `/companies/${company.slug}/saml` };
      });
    },
  }),
  companyRoute({
    method: "get",
    path: `${SAML}/versions`,
    summary: "List the settings that were in force, newest first; the newest hundred are kept",
    query: PAGING_PARAMETERS,
    view: versionView,
    list: true,
    async handle({ services, company, query }) {
      const tenant = await readTenant(services, company);
      if (!tenant.ok) return tenant;
      const page = await readPage(
        services,
        query,
        { list: "saml-versions", owner: company.id },
        (wanted) => listSamlVersions(services.database, company.id, wanted),
        ({ version }) => String(version),
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map((version) => viewVersion(services, tenant.value, version)), nextCursor },
      }));
    },
  }),
  companyRoute({
    method: "get",
    path: `${SAML}/versions/:id`,
    summary: "Read one version of the settings",
    view: versionView,
    async handle({ services, company, id }) {
      return reply(await readVersion(services, company, id), ({ tenant, version }) => ({
        status: 200,
        body: viewVersion(services, tenant, version),
        version: { id: company.id, version: version.version },
      }));
    },
  }),
  companyRoute({
    method: "post",
    path: `${SAML}/versions/:id/restore`,
    summary:
      "Go back to a version: as the draft, or with apply in force at once. If-Match names the draft, or the settings",
    conditional: true,
    body: versionRestore,
    // The draft's `draft` is there where it became one.
    view: z.partial(draftView, { draft: true }),
    async handle(call) {
      const { services, actor, company, id, precondition } = call;
      if (!call.body.apply) {
        return reply(await restoreAsDraft(services, actor, company, id, precondition), draftReply(call, 201));
      }
      const found = await readVersion(services, company, id);
      if (!found.ok) return found;
      const input = patched(found.value.version.settings, {});
      const written = await writeSaml(services, actor, company, precondition, () => answer(input));
      return reply(written, (configured): Reply => {
        return { ...settings(201)(configured), location: `/companies/${company.slug}/saml` };
      });
    },
  }),
];
