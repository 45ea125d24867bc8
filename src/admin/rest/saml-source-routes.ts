/** /companies/:slug/saml/metadata-source */
import { lookAtMetadata } from "../follow-metadata.ts";
import {
  acceptCertificate,
  deleteSource,
  dismissCertificate,
  type FollowingCompany,
  namedCertificate,
  readSource,
  sourcePut,
  sourceView,
  viewSource,
  writeSource,
} from "../metadata-source.ts";
import { companyRoute, NO_CONTENT, type Route, reply } from "./route.ts";

const path = "/companies/:slug/saml/metadata-source";
const shown = (following: FollowingCompany) => ({
  status: 200 as const,
  body: viewSource(following),
  version: following,
});

export const samlSourceRoutes: Route[] = [
  companyRoute({
    method: "get",
    path,
    summary: "Read which metadata the company follows, and what it announces",
    view: sourceView,
    async handle({ services, company }) {
      return reply(await readSource(services, company), shown);
    },
  }),
  companyRoute({
    method: "put",
    path,
    summary: "Follow the identity provider's metadata at this address: read now, and daily from now on",
    body: sourcePut,
    view: sourceView,
    async handle({ services, actor, company, body, precondition }) {
      const written = await writeSource(services, actor, company, body, precondition);
      return reply(written.ok ? await lookAtMetadata(services, actor, company) : written, shown);
    },
  }),
  companyRoute({
    method: "delete",
    path,
    summary: "Follow it no more; what is trusted stays so",
    async handle({ services, actor, company, precondition }) {
      return reply(await deleteSource(services, actor, company, precondition), NO_CONTENT);
    },
  }),
  companyRoute({
    method: "post",
    path: `${path}/refresh`,
    summary: "Read the metadata now",
    view: sourceView,
    makesNothing: true,
    async handle({ services, actor, company }) {
      return reply(await lookAtMetadata(services, actor, company), shown);
    },
  }),
  ...(
    [
      [
        "accept",
        acceptCertificate,
        "Trust a certificate of the metadata: it is added to the settings, in force at once",
      ],
      ["dismiss", dismissCertificate, "Announce a certificate no more"],
    ] as const
  ).map(([step, take, summary]) =>
    companyRoute({
      method: "post",
      path: `${path}/${step}`,
      summary,
      body: namedCertificate,
      view: sourceView,
      makesNothing: true,
      async handle({ services, actor, company, body }) {
        return reply(await take(services, actor, company, body.sha256), shown);
      },
    }),
  ),
];
