/** Which Issuer a company's identity provider may name, Entra's two spellings taken as one. No I/O. */
import type { SamlSettings } from "../store/index.ts";

const TENANT_ID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
/** Entra's Issuer: `sts.windows.net` in assertions, a login host in some logout messages. The national clouds have hosts of their own. */
const ENTRA_ISSUER = new RegExp(`^https://([a-z.]+)/(${TENANT_ID})/?$`);
const ENTRA_LOGIN_URL = new RegExp(`^https://([a-z.]+)/(${TENANT_ID})/saml2(?:[?#]|$)`);

/** Per cloud, the host of the assertions' Issuer and those of the Login URL. */
const ENTRA_CLOUDS: readonly (readonly string[])[] = [
  ["sts.windows.net", "login.microsoftonline.com", "login.microsoftonline.us"],
  ["sts.chinacloudapi.cn", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
];

/**
 * The Issuers to accept; null where nothing is known of the identity provider but its keys. An Entra Login URL names the
 * tenant, so a company that pasted only that and a certificate is still pinned to it.
 */
export function expectedIdpEntityIds(saml: Pick<SamlSettings, "idpEntityId" | "loginUrl">): string[] | null {
  if (saml.idpEntityId !== null) {
    return [...new Set([saml.idpEntityId, ...entraSpellings(ENTRA_ISSUER.exec(saml.idpEntityId))])];
  }
  const derived = entraSpellings(ENTRA_LOGIN_URL.exec(saml.loginUrl));
  return derived.length > 0 ? derived : null;
}

function entraSpellings(match: RegExpExecArray | null): string[] {
  const [, host, tenantId] = match ?? [];
  const hosts = ENTRA_CLOUDS.find((cloud) => cloud.some((name) => name === host));
  return hosts?.map((name) => `https://${name}/${tenantId}/`) ?? [];
}
