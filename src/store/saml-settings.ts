/** A company's SAML settings with their group mappings: read whole, written whole. */
import { and, asc, eq } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { auditStatement, type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { groupMappings, samlSettings } from "./schema.ts";
import { insertSpKeyStatement } from "./sp-keys.ts";
import type { AuditRecord, SamlSettings, SpKey } from "./types.ts";

/** Each is a row; an IdP sends at most 150 groups. */
export const GROUP_MAPPINGS_MAX = 200;
/** Five parameters a row, and D1 takes a hundred a statement. */
const MAPPINGS_PER_STATEMENT = 20;

type SettingsRow = typeof samlSettings.$inferSelect;
type MappingRow = typeof groupMappings.$inferSelect;

/** `mappings` in order of position. */
export function settingsOf(row: SettingsRow, mappings: readonly MappingRow[]): SamlSettings {
  const {
    companyId: _,
    jitEnabled,
    jitGroupId,
    emailClaim,
    firstNameClaim,
    lastNameClaim,
    userKeyClaim,
    ...rest
  } = row;
  return {
    ...rest,
    jit: { enabled: jitEnabled, groupId: jitGroupId },
    attributeMapping: {
      email: emailClaim,
      firstName: firstNameClaim,
      lastName: lastNameClaim,
      userKey: userKeyClaim,
    },
    groupMapping: mappings.map(({ claim, value, groupId }) => ({ claim, value, groupId })),
  };
}

function columnsOf(settings: SamlSettings) {
  const { jit, attributeMapping: names, groupMapping: _, certificates, requestedAuthnContext, ...rest } = settings;
  return {
    ...rest,
    certificates: [...certificates],
    requestedAuthnContext: [...requestedAuthnContext],
    jitEnabled: jit.enabled,
    jitGroupId: jit.groupId,
    emailClaim: names.email,
    firstNameClaim: names.firstName,
    lastNameClaim: names.lastName,
    userKeyClaim: names.userKey,
  };
}

/** Null for a company that has none. */
export async function findSamlSettings(db: Database, companyId: string): Promise<SamlSettings | null> {
  const [settings, mappings] = await run(
    db.batch([
      db.select().from(samlSettings).where(eq(samlSettings.companyId, companyId)),
      db
        .select()
        .from(groupMappings)
        .where(eq(groupMappings.companyId, companyId))
        .orderBy(asc(groupMappings.position)),
    ]),
  );
  return settings[0] ? settingsOf(settings[0], mappings) : null;
}

/**
 * Writes the settings whole, with their mappings, the key pairs that they now need and the record of it.
 * `expectedVersion` null: there were none. `settings.version` is the version they get. `group_unknown`: a group that is
 * named is not one of this company. Nothing is written unless "done".
 */
export async function saveSamlSettings(
  db: Database,
  companyId: string,
  expectedVersion: number | null,
  settings: SamlSettings,
  newKeys: readonly SpKey[],
  record: AuditRecord,
): Promise<ChangeResult | "group_unknown"> {
  const ofCompany = eq(samlSettings.companyId, companyId);
  const columns = columnsOf(settings);
  const seen = and(ofCompany, eq(samlSettings.version, expectedVersion ?? 0));
  const mappings = settings.groupMapping.map((mapping, position) => ({ ...mapping, companyId, position }));
  const following: BatchItem<"sqlite">[] = [
    expectedVersion === null
      ? db.insert(samlSettings).values({ ...columns, companyId })
      : db.update(samlSettings).set(columns).where(ofCompany),
    db.delete(groupMappings).where(eq(groupMappings.companyId, companyId)),
    ...newKeys.map((key) => insertSpKeyStatement(db, companyId, key)),
  ];
  for (let from = 0; from < mappings.length; from += MAPPINGS_PER_STATEMENT) {
    following.push(db.insert(groupMappings).values(mappings.slice(from, from + MAPPINGS_PER_STATEMENT)));
  }
  const first =
    expectedVersion === null ? auditStatement(db, record) : guardedAuditStatement(db, record, samlSettings, seen);
  const outcome = await decide(db.batch([first, ...following]));
  if (outcome.ok) return "done";
  if (guardFailed(outcome) || outcome.constraint === "saml_settings.company_id") return "version_changed";
  return outcome.constraint === "foreign key" ? "group_unknown" : unexpected(outcome.constraint);
}
