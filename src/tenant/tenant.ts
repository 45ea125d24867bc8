/** A company as a request sees it: its record, its settings, its keys, and what our own URLs are for it. No I/O. */
import type { Config } from "../config.ts";
import { type Certificate, readCertificates } from "../saml/index.ts";
import type { AssertionKey, Company, SamlSettings, SpKey, TenantRows } from "../store/index.ts";
import { expectedIdpEntityIds } from "./idp-entity-ids.ts";

export interface Tenant {
  readonly company: Company;
  /** Null: the company has no single sign-on. */
  readonly saml: SamlSettings | null;
  /** The pinned certificates, parsed once a load. One that can't be parsed is left out: it verifies nothing. */
  readonly certificates: readonly Certificate[];
  /** Newest first, retired ones included. */
  readonly assertionKeys: readonly AssertionKey[];
  /** Newest first, and after them the retired ones. */
  readonly spKeys: readonly SpKey[];
  /** `https://acme.example.com`, without a slash. */
  readonly baseUrl: string;
  /** `<baseUrl>/sso/metadata`. */
  readonly entityId: string;
  readonly acsUrl: string;
  readonly sloUrl: string;
  /** What an administrator enters as Sign-on URL. */
  readonly signOnUrl: string;
  readonly expectedIdpEntityIds: readonly string[] | null;
}

/** What a company's own record says; the rest of a Tenant follows from it. */
type Recorded = Pick<Tenant, keyof TenantRows>;

export function makeTenant(config: Config, rows: Recorded): Tenant {
  const baseUrl = `${config.scheme}//${rows.company.slug}.${config.baseDomain}`;
  return {
    ...rows,
    certificates: (rows.saml?.certificates ?? []).flatMap((base64) => {
      const read = readCertificates(base64);
      return read.ok ? read.value : [];
    }),
    baseUrl,
    entityId: `${baseUrl}/sso/metadata`,
    acsUrl: `${baseUrl}/sso/acs`,
    sloUrl: `${baseUrl}/sso/slo`,
    signOnUrl: `${baseUrl}/`,
    expectedIdpEntityIds: rows.saml && expectedIdpEntityIds(rows.saml),
  };
}

/** The company as it would be under other settings: a draft, or an earlier version. */
export function withSettings({ config }: { readonly config: Config }, tenant: Tenant, saml: SamlSettings): Tenant {
  return makeTenant(config, { ...tenant, saml });
}
