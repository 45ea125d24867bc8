/** /companies/:slug/logo */
import { companyView, viewCompany } from "../companies.ts";
import { changeLogo, LOGO_BYTES_MAX, LOGO_TYPES, readLogo } from "../logo.ts";
import { mediaType, readBytes, unsupported } from "./body.ts";
import { entityTag } from "./conditional.ts";
import { companyRoute, NO_CONTENT, type Route, reply } from "./route.ts";

const path = "/companies/:slug/logo";
const pictures = Object.fromEntries(LOGO_TYPES.map((type) => [type, null]));

export const logoRoutes: Route[] = [
  companyRoute({
    method: "get",
    path,
    summary: "Read the logo",
    files: LOGO_TYPES,
    async handle({ services, company }) {
      const logo = await readLogo(services, company);
      return reply(logo, ({ contentType, bytes }) => {
        const headers = {
          "content-type": contentType,
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
        };
        return {
          status: 200,
          file: new Response(Uint8Array.from(bytes), { headers: { ...headers, etag: entityTag(company) } }),
        };
      });
    },
  }),
  companyRoute({
    method: "put",
    path,
    summary: "Set the logo: a PNG, JPEG or WebP picture of at most 64 KB, told by its bytes",
    otherBodies: pictures,
    view: companyView,
    async handle({ services, actor, slug, request, precondition }) {
      if (!LOGO_TYPES.some((type) => type === mediaType(request))) return unsupported(LOGO_TYPES);
      const bytes = await readBytes(request, LOGO_BYTES_MAX);
      if (!bytes.ok) return bytes;
      const changed = await changeLogo(services, actor, slug, bytes.value, precondition);
      return reply(changed, (company) => ({ status: 200, body: viewCompany(company), version: company }));
    },
  }),
  companyRoute({
    method: "delete",
    path,
    summary: "Take the logo away",
    async handle({ services, actor, slug, precondition }) {
      return reply(await changeLogo(services, actor, slug, null, precondition), NO_CONTENT);
    },
  }),
];
