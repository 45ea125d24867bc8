/** /companies/:slug/saml */
import type { Services } from "../../context.ts";
import { METADATA_BYTES_MAX } from "../../saml/index.ts";
import { fetchMetadata, importMetadata, metadataFromUrl } from "../idp-metadata.ts";
import { type Answer, answer, notFound } from "../problems.ts";
import {
  type ConfiguredCompany,
  patched,
  readSaml,
  samlPatch,
  samlPut,
  samlView,
  viewSaml,
  writeSaml,
} from "../saml-settings.ts";
import { mediaType, readBytes, readJson, unsupported } from "./body.ts";
import { companyRoute, type Reply, type Route, reply } from "./route.ts";

/** RFC 9110 names the general types; the first is SAML Metadata's own (appendix A). */
const METADATA_TYPES = ["application/samlmetadata+xml", "application/xml", "text/xml"];

const path = "/companies/:slug/saml";
export const settings = (status: 200 | 201) => (configured: ConfiguredCompany) => ({
  status,
  body: viewSaml(configured),
  version: { id: configured.tenant.company.id, version: configured.saml.version },
});

export const samlRoutes: Route[] = [
  companyRoute({
    method: "get",
    path,
    summary: "Read the single sign-on settings and what to enter at the identity provider",
    view: samlView,
    async handle({ services, company }) {
      return reply(await readSaml(services, company), settings(200));
    },
  }),
  companyRoute({
    method: "put",
    path,
    summary:
      "Write the settings whole, in force at once and untried: loginUrl and certificates must be there, the rest has defaults",
    body: samlPut,
    view: samlView,
    async handle({ services, actor, company, body, precondition }) {
      return reply(await writeSaml(services, actor, company, precondition, () => answer(body)), settings(200));
    },
  }),
  companyRoute({
    method: "patch",
    path,
    summary: "Change some of the settings, in force at once",
    body: samlPatch,
    view: samlView,
    async handle({ services, actor, company, body, precondition }) {
      const written = await writeSaml(services, actor, company, precondition, (current) =>
        current === null ? notFound("object: write the settings whole first") : answer(patched(current, body)),
      );
      return reply(written, settings(200));
    },
  }),
  companyRoute({
    method: "post",
    path: "/companies/:slug/saml/metadata",
    summary: "Make the settings from the identity provider's metadata; the company's own choices stay",
    conditional: true,
    otherBodies: {
      "application/json": metadataFromUrl,
      ...Object.fromEntries(METADATA_TYPES.map((type) => [type, null])),
    },
    view: samlView,
    async handle({ services, actor, company, request, precondition }) {
      const source = await metadataOf(services, request);
      if (!source.ok) return source;
      const made = await importMetadata(services, actor, company, source.value, precondition);
      return reply(made, (configured): Reply => {
        return { ...settings(201)(configured), location: `/companies/${company.slug}/saml` };
      });
    },
  }),
];

async function metadataOf(
  services: Services,
  request: Request,
): Promise<Answer<{ readonly bytes: Uint8Array; readonly path: "" | "url" }>> {
  const type = mediaType(request);
  if (METADATA_TYPES.includes(type)) {
    const bytes = await readBytes(request, METADATA_BYTES_MAX);
    return bytes.ok ? answer({ bytes: bytes.value, path: "" }) : bytes;
  }
  if (type !== "application/json") return unsupported([...METADATA_TYPES, "application/json"]);
  const named = await readJson(request, metadataFromUrl);
  if (!named.ok) return named;
  const fetched = await fetchMetadata(services, named.value.url);
  return fetched.ok ? answer({ bytes: fetched.value, path: "url" }) : fetched;
}
