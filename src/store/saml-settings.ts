/** A company's SAML settings with their group mappings: read whole, written whole, and every state of them kept as a version. */
import { and, asc, desc, eq, lt, lte, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { auditStatement, type ChangeResult, guardedAuditStatement, guardFailed, unexpected } from "./changes.ts";
import { type Database, decide, run } from "./database.ts";
import { deleteDraftStatement } from "./saml-drafts.ts";
import { groupMappings, samlDrafts, samlSettings, samlVersions } from "./schema.ts";
import { insertSpKeyStatement } from "./sp-keys.ts";
import type { AuditRecord, Page, SamlSettings, SamlVersion, SpKey } from "./types.ts";

/** Each is a row; an IdP sends at most 150 groups. */
export const GROUP_MAPPINGS_MAX = 200;
/** Five parameters a row, and D1 takes a hundred a statement. */
const MAPPINGS_PER_STATEMENT = 20;
/** Versions kept of one company, the newest ones; some 10 KB each. */
export const SAML_VERSIONS_MAX = 100;

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
 * Writes the settings whole, with their mappings, the key pairs that they now need, the version to go back to and the record.
 * `expectedVersion` null: there were none. `settings.version` is the version they get. `appliedDraft`: they are the draft of
 * that version, which must still be there and is then gone. `group_unknown`: a group that is named is not one of this company.
 * Nothing is written unless "done".
 */
export async function saveSamlSettings(
  db: Database,
  companyId: string,
  expectedVersion: number | null,
  settings: SamlSettings,
  newKeys: readonly SpKey[],
  record: AuditRecord,
  appliedDraft: number | null = null,
): Promise<ChangeResult | "group_unknown"> {
  const statements = saveSamlStatements(db, companyId, expectedVersion, settings, newKeys, record, appliedDraft);
  const outcome = await decide(db.batch(statements));
  if (outcome.ok) return "done";
  if (guardFailed(outcome) || samlOvertaken(outcome.constraint)) return "version_changed";
  return outcome.constraint === "foreign key" ? "group_unknown" : unexpected(outcome.constraint);
}

/** Whether this constraint says that somebody else wrote the settings meanwhile. */
export function samlOvertaken(constraint: string): boolean {
  return ["saml_settings.company_id", "saml_versions.at"].includes(constraint);
}

/** The statements of `saveSamlSettings`, for one batch. */
export function saveSamlStatements(
  db: Database,
  companyId: string,
  expectedVersion: number | null,
  settings: SamlSettings,
  newKeys: readonly SpKey[],
  record: AuditRecord,
  appliedDraft: number | null = null,
): [BatchItem<"sqlite">, ...BatchItem<"sqlite">[]] {
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
  // The draft's guard stands in the version's row as the settings' own stands in the record's: a null time fails the batch.
  const draft = and(eq(samlDrafts.companyId, companyId), eq(samlDrafts.version, appliedDraft ?? 0));
  const at = appliedDraft === null ? record.at : sql`(select ${record.at} from ${samlDrafts} where ${draft})`;
  const { actor } = record;
  const { version } = settings;
  following.push(
    db.insert(samlVersions).values({ companyId, version, at, actor, settings }),
    db
      .delete(samlVersions)
      .where(and(ofCompanyVersions(companyId), lte(samlVersions.version, version - SAML_VERSIONS_MAX))),
    ...(appliedDraft === null ? [] : [deleteDraftStatement(db, companyId)]),
  );
  const first =
    expectedVersion === null ? auditStatement(db, record) : guardedAuditStatement(db, record, samlSettings, seen);
  return [first, ...following];
}

const ofCompanyVersions = (companyId: string) => eq(samlVersions.companyId, companyId);

function versionOf({ companyId: _, ...version }: typeof samlVersions.$inferSelect): SamlVersion {
  return version;
}

/** Newest first, the one in force included; `page.after` is a version. */
export async function listSamlVersions(db: Database, companyId: string, page: Page): Promise<SamlVersion[]> {
  const older = page.after === null ? undefined : lt(samlVersions.version, Number(page.after));
  const rows = await run(
    db
      .select()
      .from(samlVersions)
      .where(and(ofCompanyVersions(companyId), older))
      .orderBy(desc(samlVersions.version))
      .limit(page.limit)
      .all(),
  );
  return rows.map(versionOf);
}

/** One version of this company, or null. */
export async function findSamlVersion(db: Database, companyId: string, version: number): Promise<SamlVersion | null> {
  const row = await run(
    db
      .select()
      .from(samlVersions)
      .where(and(ofCompanyVersions(companyId), eq(samlVersions.version, version)))
      .get(),
  );
  return row ? versionOf(row) : null;
}
