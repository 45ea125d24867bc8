/** What is shown and ended, not changed: sessions, sign-ins, audit, tokens. */
import {
  findSignIn,
  listAudit,
  listSessions,
  listSignIns,
  listTokens,
  type SignInDetail,
  sealAudit,
} from "../../store/index.ts";
import {
  AUDIT_EXPORT_PARAMETERS,
  AUDIT_FILES,
  auditCheckView,
  checkAudit,
  exportAudit,
  servicesOfAudit,
} from "../audit-chain.ts";
import { type Answer, answer, notFound } from "../problems.ts";
import {
  auditOfAll,
  auditView,
  signInDetailView,
  signInView,
  viewAudit,
  viewSignIn,
  viewSignInDetail,
} from "../records.ts";
import { endOneSession, endSessions, readSession, sessionView, viewSession } from "../sessions.ts";
import { deleteToken, makeToken, newToken, readToken, tokenView, tokenWithSecretView, viewToken } from "../tokens.ts";
import { preconditionFailed } from "../versions.ts";
import { PAGING_PARAMETERS, readPage } from "./paging.ts";
import { companyRoute, NO_CONTENT, operatorRoute, type Route, reply } from "./route.ts";

const sessionRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/sessions",
    summary: "List the sessions, newest first, of all users or of ?userId=",
    query: [...PAGING_PARAMETERS, "userId"],
    view: sessionView,
    list: true,
    async handle({ services, company, query }) {
      const userId = query.get("userId");
      const page = await readPage(
        services,
        query,
        { list: `sessions ${userId ?? "*"}`, owner: company.id },
        (wanted) => listSessions(services.database, company.id, userId, wanted),
        (session) => session.id,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewSession), nextCursor },
      }));
    },
  }),
  companyRoute({
    method: "delete",
    path: "/companies/:slug/sessions",
    summary: "Sign everybody of the company out, or with ?userId= one user everywhere",
    unversioned: true,
    query: ["userId"],
    async handle({ services, actor, company, query }) {
      return reply(await endSessions(services, actor, company, query.get("userId")), NO_CONTENT);
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug/sessions/:id",
    summary: "Read a session",
    view: sessionView,
    async handle({ services, company, id }) {
      const found = await readSession(services, company, id);
      return reply(found, (session) => ({
        status: 200,
        body: viewSession(session),
        version: { id, version: session.lastSeenAt },
      }));
    },
  }),
  companyRoute({
    method: "delete",
    path: "/companies/:slug/sessions/:id",
    summary: "End a session",
    async handle({ services, actor, company, id, precondition }) {
      const found = await readSession(services, company, id);
      if (found.ok && !precondition({ id, version: found.value.lastSeenAt })) return preconditionFailed();
      return reply(await endOneSession(services, actor, company, id), NO_CONTENT);
    },
  }),
];

const signInRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/sign-ins",
    summary: "List the sign-ins with their checks, newest first, or find one by ?reference=",
    query: [...PAGING_PARAMETERS, "reference"],
    view: signInView,
    list: true,
    async handle({ services, company, query }) {
      const reference = query.get("reference");
      const page = await readPage(
        services,
        query,
        { list: `sign-ins ${reference ?? "*"}`, owner: company.id },
        (wanted) => listSignIns(services.database, company.id, reference, wanted),
        (record) => record.id,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewSignIn), nextCursor },
      }));
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug/sign-ins/:id",
    summary: "Read a sign-in, with its message, values struck out",
    view: signInDetailView,
    async handle({ services, company, id }) {
      const record = await findSignIn(services.database, company.id, id);
      const found: Answer<SignInDetail> = record ? answer(record) : notFound("sign-in");
      return reply(found, (signIn) => ({ status: 200, body: viewSignInDetail(signIn), version: { id, version: 1 } }));
    },
  }),
];

const auditRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/audit",
    summary: "List the changes, newest first",
    query: PAGING_PARAMETERS,
    view: auditView,
    list: true,
    async handle({ services, company, query }) {
      const page = await readPage(
        services,
        query,
        { list: "audit", owner: company.id },
        async (wanted) => {
          await sealAudit(services.database, company.id);
          return listAudit(services.database, company.id, wanted);
        },
        (record) => record.id,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewAudit), nextCursor },
      }));
    },
  }),
  operatorRoute({
    method: "get",
    path: "/audit",
    summary: "List the changes of all companies, deleted ones too, newest first",
    query: PAGING_PARAMETERS,
    view: auditView,
    list: true,
    async handle({ services, query }) {
      const page = await readPage(
        services,
        query,
        { list: "audit", owner: "operator" },
        (wanted) => auditOfAll(services, wanted),
        (record) => record.id,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewAudit), nextCursor },
      }));
    },
  }),
];

const chainRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/audit/check",
    summary: "Check the chain of the changes, and find where it is broken first",
    view: auditCheckView,
    unversioned: true,
    async handle({ services, company }) {
      return answer({ status: 200, body: await checkAudit(services, company.id) });
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug/audit/export",
    summary: "All changes in the order of their chain, as a file",
    query: AUDIT_EXPORT_PARAMETERS,
    files: AUDIT_FILES,
    unversioned: true,
    async handle({ services, company, query }) {
      return reply(await exportAudit(services, company.id, query), (file) => ({ status: 200, file }));
    },
  }),
  operatorRoute({
    method: "get",
    path: "/audit/check",
    summary: "Check the chain of a company that may be deleted, ?companyId=",
    query: ["companyId"],
    view: auditCheckView,
    unversioned: true,
    async handle({ services, query }) {
      const companyId = query.get("companyId") ?? "";
      const there = await servicesOfAudit(services, companyId);
      return answer({ status: 200, body: await checkAudit(there, companyId) });
    },
  }),
  operatorRoute({
    method: "get",
    path: "/audit/export",
    summary: "All changes of a company that may be deleted, ?companyId=, as a file",
    query: ["companyId", ...AUDIT_EXPORT_PARAMETERS],
    files: AUDIT_FILES,
    unversioned: true,
    async handle({ services, query }) {
      const companyId = query.get("companyId") ?? "";
      const made = await exportAudit(await servicesOfAudit(services, companyId), companyId, query);
      return reply(made, (file) => ({ status: 200, file }));
    },
  }),
];

const tokenRoutes: Route[] = [
  companyRoute({
    method: "get",
    path: "/companies/:slug/tokens",
    summary: "List the API tokens, without their secrets",
    query: PAGING_PARAMETERS,
    view: tokenView,
    list: true,
    async handle({ services, company, query }) {
      const page = await readPage(
        services,
        query,
        { list: "tokens", owner: company.id },
        (wanted) => listTokens(services.database, company.id, wanted),
        (token) => token.id,
      );
      return reply(page, ({ items, nextCursor }) => ({
        status: 200,
        body: { items: items.map(viewToken), nextCursor },
      }));
    },
  }),
  companyRoute({
    method: "post",
    path: "/companies/:slug/tokens",
    summary: "Create an API token; the answer shows its secret, this once",
    body: newToken,
    view: tokenWithSecretView,
    async handle({ services, actor, company, body }) {
      const made = await makeToken(services, actor, company, body);
      return reply(made, ({ token, secret }) => ({
        status: 201,
        body: { ...viewToken(token), secret },
        version: { id: token.id, version: 1 },
        location: `/companies/${company.slug}/tokens/${token.id}`,
      }));
    },
  }),
  companyRoute({
    method: "get",
    path: "/companies/:slug/tokens/:id",
    summary: "Read an API token, without its secret",
    view: tokenView,
    async handle({ services, company, id }) {
      const found = await readToken(services, company, id);
      return reply(found, (token) => ({ status: 200, body: viewToken(token), version: { id, version: 1 } }));
    },
  }),
  companyRoute({
    method: "delete",
    path: "/companies/:slug/tokens/:id",
    summary: "Delete an API token: it opens nothing from now on",
    async handle({ services, actor, company, id, precondition }) {
      const found = await readToken(services, company, id);
      if (found.ok && !precondition({ id, version: 1 })) return preconditionFailed();
      return reply(await deleteToken(services, actor, company, id), NO_CONTENT);
    },
  }),
];

export const recordRoutes: Route[] = [
  ...sessionRoutes,
  ...signInRoutes,
  ...auditRoutes,
  ...chainRoutes,
  ...tokenRoutes,
];
