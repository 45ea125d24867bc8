/** A company's settings, groups and single sign-on written in one batch: all of it, each part over the version that was seen, or nothing. */
import { and, eq, inArray, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { listOf, textOf } from "./bulk.ts";
import { guardFailed } from "./changes.ts";
import { type CompanyChanges, changeCompanyStatements } from "./companies.ts";
import { type Database, decide, run } from "./database.ts";
import { samlOvertaken, saveSamlStatements } from "./saml-settings.ts";
import { audit, groups, users } from "./schema.ts";
import type { AuditRecord, Group, SamlSettings, SpKey } from "./types.ts";

/** `group` null: it goes. `expectedVersion` null: it is new. */
export interface GroupWrite {
  readonly id: string;
  readonly group: Group | null;
  readonly expectedVersion: number | null;
  readonly record: AuditRecord;
}

/** What is null stays as it is. */
export interface ConfigurationWrite {
  readonly company: {
    readonly expectedVersion: number;
    readonly changes: CompanyChanges;
    readonly record: AuditRecord;
  } | null;
  readonly groups: readonly GroupWrite[];
  readonly saml: {
    readonly expectedVersion: number | null;
    readonly settings: SamlSettings;
    readonly newKeys: readonly SpKey[];
    readonly record: AuditRecord;
  } | null;
}

/** Those of these groups that some user is in. */
export async function findGroupsWithUsers(db: Database, companyId: string, ids: readonly string[]): Promise<string[]> {
  const someone = sql`select 1 from ${users} where ${users.companyId} = ${companyId} and ${users.groupId} = value`;
  const rows = await run(
    db.all<{ id: string }>(sql`select value as id from json_each(${JSON.stringify(ids)}) where exists (${someone})`),
  );
  return rows.map(({ id }) => id);
}

/** `overtaken`: a part is not as it was seen, or a group that should go is in use. Nothing is written unless "done". */
export async function writeConfiguration(
  db: Database,
  companyId: string,
  write: ConfigurationWrite,
): Promise<"done" | "overtaken"> {
  const { company, saml } = write;
  const statements: BatchItem<"sqlite">[] = [
    ...(company === null
      ? []
      : changeCompanyStatements(db, companyId, company.expectedVersion, company.changes, company.record)),
    ...groupStatements(db, companyId, write.groups),
    ...(saml === null
      ? []
      : saveSamlStatements(db, companyId, saml.expectedVersion, saml.settings, saml.newKeys, saml.record)),
  ];
  const gone = write.groups.filter(({ group }) => group === null).map(({ id }) => id);
  const these = inArray(groups.id, sql`(select value from json_each(${JSON.stringify(gone)}))`);
  // After the settings, which may have named them.
  if (gone.length > 0) statements.push(db.delete(groups).where(and(eq(groups.companyId, companyId), these)));
  const [first, ...rest] = statements;
  if (first === undefined) return "done";
  const outcome = await decide(db.batch([first, ...rest]));
  if (outcome.ok) return "done";
  if (guardFailed(outcome) || samlOvertaken(outcome.constraint) || outcome.constraint === "foreign key")
    return "overtaken";
  throw new Error(`unexpected constraint: ${outcome.constraint}`);
}

function groupStatements(db: Database, companyId: string, writes: readonly GroupWrite[]): BatchItem<"sqlite">[] {
  if (writes.length === 0) return [];
  const records = writes.map(({ id, expectedVersion, record }) => ({
    ...record,
    before: textOf(record.before),
    after: textOf(record.after),
    object_id: id,
    expected_version: expectedVersion,
  }));
  const seen = sql`case when value ->> 'expected_version' is null or exists (select 1 from ${groups} where ${groups.companyId} = ${companyId} and ${groups.id} = value ->> 'object_id' and ${groups.version} = value ->> 'expected_version') then value ->> 'at' end`;
  const rows = writes.flatMap(({ group }) =>
    group === null ? [] : [{ ...group, companyId, ssoOnly: group.ssoOnly ? 1 : 0 }],
  );
  return [
    db.insert(audit).select(listOf(audit, records, { at: seen })),
    db
      .insert(groups)
      .select(sql`${listOf(groups, rows)} where true`)
      .onConflictDoUpdate({
        target: [groups.companyId, groups.id],
        set: {
          type: sql`excluded.type`,
          ssoOnly: sql`excluded.sso_only`,
          version: sql`excluded.version`,
          updatedAt: sql`excluded.updated_at`,
        },
      }),
  ];
}
