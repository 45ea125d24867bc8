/**
 * A draft of the single sign-on settings: written, tried by a test sign-in, put in force or discarded; and the versions that
 * were in force, to compare with and to go back to. A draft is judged by the rules of the settings themselves.
 */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  deleteSamlDraft,
  findSamlDraft,
  findSamlVersion,
  type SamlDraft,
  type SamlSettings,
  type SamlVersion,
  saveSamlDraft,
} from "../store/index.ts";
import { type Tenant, withSettings } from "../tenant/index.ts";
import { type Actor, actorName, auditRecord } from "./actor.ts";
import { readOnly, time, timeText } from "./fields.ts";
import { type Answer, answer, fail, notFound } from "./problems.ts";
import {
  auditView,
  type ConfiguredCompany,
  missingKeys,
  patched,
  readTenant,
  type SamlInput,
  samlPut,
  samlView,
  settingsOf,
  viewSaml,
  writeSaml,
} from "./saml-settings.ts";
import { changeVersioned, type Precondition } from "./versions.ts";

/** A draft with the company that it is of, as its settings would make it. */
export interface DraftedCompany {
  /** What is in force. */
  readonly tenant: Tenant;
  readonly draft: SamlDraft;
}

const testedView = z.object({
  at: time,
  actor: z.string(),
  ofThisVersion: z.boolean().check(z.meta({ description: "False: the draft was changed since" })),
  outcome: z.enum(["success", "refused"]),
  code: z.nullable(z.string()),
  checks: z.array(
    z.object({ name: z.string(), ok: z.boolean(), expected: z.nullable(z.string()), received: z.nullable(z.string()) }),
  ),
  claims: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  result: z.nullable(
    z.object({
      email: z.string(),
      firstName: z.string(),
      lastName: z.string(),
      userId: z.nullable(z.string()),
      groupId: z.nullable(z.string()),
    }),
  ),
});

export const draftPut = z.extend(samlPut, { draft: readOnly });

export const draftView = z.extend(samlView, {
  draft: z.object({
    version: z.int(),
    basedOn: z.nullable(z.int()).check(z.meta({ description: "The version in force that it was made from" })),
    actor: z.string(),
    test: z.nullable(testedView),
  }),
});

export const draftApply = z.strictObject({
  requireTest: z
    ._default(z.boolean(), false)
    .check(z.meta({ description: "Refuse with 409 unless a test sign-in of this very draft went well" })),
});

export const versionView = z.object({
  version: z.int(),
  at: time,
  actor: z.string().check(z.meta({ description: "operator, token:<id>, user:<id> or metadata" })),
  settings: z.omit(samlView, { serviceProvider: true }),
});

export const versionRestore = z.strictObject({
  apply: z
    ._default(z.boolean(), false)
    .check(z.meta({ description: "Put it in force at once instead of making it the draft" })),
});

export function viewDraft(services: Services, { tenant, draft }: DraftedCompany): z.infer<typeof draftView> {
  const { version, basedOn, actor, settings, tested, testedVersion } = draft;
  const drafted = withSettings(services, tenant, settings);
  const test = tested && {
    ...tested,
    at: timeText(tested.at),
    ofThisVersion: testedVersion === version,
    checks: [...tested.checks],
    claims: tested.claims.map(({ name, values }) => ({ name, values: [...values] })),
  };
  return { ...viewSaml({ tenant: drafted, saml: settings }), draft: { version, basedOn, actor, test } };
}

export function viewVersion(
  services: Services,
  tenant: Tenant,
  { version, at, actor, settings }: SamlVersion,
): z.infer<typeof versionView> {
  const { serviceProvider: _, ...shown } = viewSaml({
    tenant: withSettings(services, tenant, settings),
    saml: settings,
  });
  return { version, at: timeText(at), actor, settings: shown };
}

const noDraft = () => notFound("draft");

/** What is in force, and the draft where there is one. */
export async function readSettingsAndDraft(
  services: Services,
  company: Company,
): Promise<Answer<{ readonly tenant: Tenant; readonly draft: SamlDraft | null }>> {
  const [tenant, draft] = await Promise.all([
    readTenant(services, company),
    findSamlDraft(services.database, company.id),
  ]);
  return tenant.ok ? answer({ tenant: tenant.value, draft }) : tenant;
}

export async function readDraft(services: Services, company: Company): Promise<Answer<DraftedCompany>> {
  const found = await readSettingsAndDraft(services, company);
  if (!found.ok) return found;
  const { tenant, draft } = found.value;
  return draft === null ? noDraft() : answer({ tenant, draft });
}

/** Writes what `compose` makes of the draft, or of the settings in force where there is none (null: neither). */
export function writeDraft(
  services: Services,
  actor: Actor,
  company: Company,
  precondition: Precondition,
  compose: (current: SamlSettings | null) => Answer<SamlInput>,
): Promise<Answer<DraftedCompany>> {
  return changeVersioned(
    (found) => precondition(found?.version === 0 ? null : found),
    async () => {
      const found = await readSettingsAndDraft(services, company);
      if (!found.ok) return found;
      return answer({ ...found.value, id: company.id, version: found.value.draft?.version ?? 0 });
    },
    async ({ tenant, draft: current }) => {
      const composed = compose(current?.settings ?? tenant.saml);
      if (!composed.ok) return composed;
      const made = await settingsOf(services, company, composed.value, tenant.saml);
      if (!made.ok) return made;
      const now = services.now();
      const draft: SamlDraft = {
        // The time, so that no later draft has the version, the entity tag or the test of one that was discarded.
        version: Math.max((current?.version ?? 0) + 1, now),
        basedOn: current === null ? (tenant.saml?.version ?? null) : current.basedOn,
        settings: made.value,
        actor: actorName(actor),
        updatedAt: now,
        testedVersion: null,
        tested: null,
      };
      const keys = await missingKeys(services, tenant, draft.settings);
      const record = draftRecord(services, actor, company, current, draft);
      const saved = await saveSamlDraft(services.database, company.id, current?.version ?? null, draft, keys, record);
      return saved === "done" ? answer({ tenant, draft }) : saved;
    },
  );
}

function draftRecord(
  services: Services,
  actor: Actor,
  company: Company,
  before: SamlDraft | null,
  after: SamlDraft | null,
) {
  return auditRecord(services, actor, company.id, {
    action: after === null ? "delete" : before === null ? "create" : "update",
    resource: "saml",
    resourceId: DRAFT_RESOURCE_ID,
    before: before && auditView(before.settings),
    after: after && auditView(after.settings),
  });
}

/** Tells a draft's records from those of the settings in force, whose id is the company's. */
export const DRAFT_RESOURCE_ID = "draft";

export function discardDraft(
  services: Services,
  actor: Actor,
  company: Company,
  precondition: Precondition,
): Promise<Answer<null>> {
  return changeVersioned(
    precondition,
    async () => {
      const draft = await findSamlDraft(services.database, company.id);
      return draft === null ? noDraft() : answer({ id: company.id, version: draft.version, draft });
    },
    async ({ draft }) => {
      const record = draftRecord(services, actor, company, draft, null);
      const done = await deleteSamlDraft(services.database, company.id, draft.version, record);
      return done === "done" ? answer(null) : done;
    },
  );
}

/** Whether the test that stands on the draft is of this version and went well. */
export function testPassed({ version, testedVersion, tested }: SamlDraft): boolean {
  return testedVersion === version && tested?.outcome === "success";
}

/**
 * Puts the draft in force and discards it, in one batch. Whether a test is demanded is the caller's rule: `settingsVersion` is
 * what they saw in force when they decided so, null for anything.
 */
export async function applyDraft(
  services: Services,
  actor: Actor,
  company: Company,
  options: {
    readonly precondition: Precondition;
    readonly settingsVersion: number | null;
    readonly requireTest: boolean;
    /** Stands in the audit: somebody took it upon themselves. */
    readonly withoutTest: boolean;
  },
): Promise<Answer<ConfiguredCompany>> {
  const found = await findSamlDraft(services.database, company.id);
  if (found === null) return noDraft();
  if (!options.precondition({ id: company.id, version: found.version })) return changedMeanwhile("draft");
  if (options.requireTest && !testPassed(found)) {
    return fail({ status: 409, type: "test-required", title: "No test sign-in of this draft has gone well yet" });
  }
  const { settingsVersion } = options;
  const written = await writeSaml(
    services,
    actor,
    company,
    (current) => settingsVersion === null || (current?.version ?? 0) === settingsVersion,
    () => answer(patched(found.settings, {})),
    { appliedDraft: found.version, ...(options.withoutTest ? { noted: { withoutTest: true } } : {}) },
  );
  return written;
}

function changedMeanwhile(what: string) {
  return fail({ status: 412, type: "precondition-failed", title: `The ${what} was changed since it was read` });
}

export async function readVersion(
  services: Services,
  company: Company,
  id: string,
): Promise<Answer<{ readonly tenant: Tenant; readonly version: SamlVersion }>> {
  const number = /^[1-9]\d{0,8}$/.test(id) ? Number(id) : 0;
  const [tenant, version] = await Promise.all([
    readTenant(services, company),
    findSamlVersion(services.database, company.id, number),
  ]);
  if (!tenant.ok) return tenant;
  return version === null ? notFound("version") : answer({ tenant: tenant.value, version });
}

/** An earlier version as draft: what was right once may be wrong by now, so it is tried like any other. */
export async function restoreAsDraft(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
  precondition: Precondition,
): Promise<Answer<DraftedCompany>> {
  const found = await readVersion(services, company, id);
  if (!found.ok) return found;
  const { settings } = found.value.version;
  return writeDraft(services, actor, company, precondition, () => answer(patched(settings, {})));
}
