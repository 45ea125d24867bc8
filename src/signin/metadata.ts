/** `GET /sso/metadata`: what an identity provider has to know about this company's service provider. SAML Metadata 2.4.4. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { NAME_ID_FORMAT, spMetadata } from "../saml/index.ts";
import { publishedSpKeys } from "../tenant/index.ts";

export function metadata(c: Context<AppEnv>): Response {
  const { company, saml, spKeys, entityId, acsUrl, sloUrl } = c.get("tenant");
  const certificates = (use: "signing" | "encryption") => publishedSpKeys(spKeys, use).map((key) => key.certificate);
  const xml = spMetadata({
    entityId,
    acsUrl,
    sloUrl,
    nameIdFormat: saml?.nameIdFormat ?? NAME_ID_FORMAT.emailAddress,
    authnRequestsSigned: saml?.signAuthnRequests ?? false,
    wantAssertionsSigned: true,
    signingCertificates: certificates("signing"),
    encryptionCertificates: certificates("encryption"),
    organizationName: company.name,
  });
  return new Response(xml, {
    headers: { "content-type": "application/samlmetadata+xml", "cache-control": "max-age=300" },
  });
}
