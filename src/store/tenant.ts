/** Everything the gateway must know of a company before it serves it, in one round trip. */
import { asc, desc, eq, sql } from "drizzle-orm";
import { companyOf } from "./companies.ts";
import { type Database, run } from "./database.ts";
import { settingsOf } from "./saml-settings.ts";
import { assertionKeys, companies, groupMappings, samlSettings, spKeys } from "./schema.ts";
import type { AssertionKey, Company, SamlSettings, SpKey } from "./types.ts";

/** Keys read per company and table: rotation leaves two or three; a bound all the same. */
const KEYS_MAX = 20;

/** What loadTenant answers. Keys come newest first, retired ones included (of the service provider: after the others): the reader decides by `retiredAt`. */
export interface TenantRows {
  readonly company: Company;
  readonly saml: SamlSettings | null;
  readonly assertionKeys: AssertionKey[];
  readonly spKeys: SpKey[];
}

/** Null for an unknown slug. A suspended company is returned: its status says so. */
export async function loadTenant(db: Database, slug: string): Promise<TenantRows | null> {
  const companyId = sql`(select ${companies.id} from ${companies} where ${companies.slug} = ${slug})`;
  const [company, settings, mappings, assertion, sp] = await run(
    db.batch([
      db.select().from(companies).where(eq(companies.slug, slug)),
      db.select().from(samlSettings).where(eq(samlSettings.companyId, companyId)),
      db
        .select()
        .from(groupMappings)
        .where(eq(groupMappings.companyId, companyId))
        .orderBy(asc(groupMappings.position)),
      db
        .select()
        .from(assertionKeys)
        .where(eq(assertionKeys.companyId, companyId))
        .orderBy(desc(assertionKeys.createdAt))
        .limit(KEYS_MAX),
      // What is in use must not be crowded out by what was retired.
      db
        .select()
        .from(spKeys)
        .where(eq(spKeys.companyId, companyId))
        .orderBy(sql`${spKeys.retiredAt} is not null`, desc(spKeys.createdAt))
        .limit(KEYS_MAX),
    ]),
  );
  if (!company[0]) return null;
  return {
    company: companyOf(company[0]),
    saml: settings[0] ? settingsOf(settings[0], mappings) : null,
    assertionKeys: assertion.map(({ companyId: _, ...key }) => key),
    spKeys: sp.map(({ companyId: _, ...key }) => key),
  };
}
