/** `/settings`: the single sign-on settings, shown and saved through the functions of REST. */
import { createHash } from "node:crypto";
import {
  GROUPS_PER_COMPANY_MAX,
  type Group,
  listGroups,
  type SamlDraft,
  type SamlSettings,
} from "../../store/index.ts";
import { reloadTenant, type Tenant } from "../../tenant/index.ts";
import { fieldErrors } from "../fields.ts";
import { type Answer, answer, type FieldError, invalid } from "../problems.ts";
import { readSettingsAndDraft, writeDraft } from "../saml-draft.ts";
import { type SamlInput, samlPut, writeSaml } from "../saml-settings.ts";
import type { Precondition } from "../versions.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { pauseOf } from "./gate.ts";
import { withErrors } from "./parts.tsx";
import { DRAFT_PATH, SETTINGS_PATH } from "./paths.ts";
import {
  differencesOf,
  fieldOfPath,
  fieldsOf,
  fieldsPosted,
  type SettingsFields,
  settingsInput,
} from "./settings-form.ts";
import { settingsPage } from "./settings-page.tsx";

/** As stored now, past this isolate's memory: a form must start from the version that it will be saved over. */
export async function storedTenant(visit: Visit): Promise<Tenant> {
  const { company } = visit.tenant;
  const stored = await reloadTenant(visit.services, company.slug);
  return stored?.company.id === company.id ? stored : visit.tenant;
}

export function allGroups(visit: Visit): Promise<Group[]> {
  const { services, tenant } = visit;
  return listGroups(services.database, tenant.company.id, { after: null, limit: GROUPS_PER_COMPANY_MAX });
}

/** What is in force, and what a form starts from: the draft where there is one. */
export interface Stored {
  readonly tenant: Tenant;
  readonly draft: SamlDraft | null;
}

export async function storedSettings(visit: Visit): Promise<Stored> {
  const found = await readSettingsAndDraft(visit.services, visit.tenant.company);
  return found.ok ? found.value : { tenant: visit.tenant, draft: null };
}

/** The version of what the form starts from. A draft's is a time, so it is never that of settings in force. */
export function versionOf({ tenant, draft }: Stored): number {
  return draft?.version ?? tenant.saml?.version ?? 0;
}

function storedFields(stored: Stored): SettingsFields {
  return { ...fieldsOf(stored.draft?.settings ?? stored.tenant.saml), version: versionOf(stored) };
}

export async function showSettings(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const [stored, groups] = await Promise.all([storedSettings(visit), allGroups(visit)]);
  const started = stored.draft?.settings ?? stored.tenant.saml;
  return settingsPage(visit, { fields: firstChoice(storedFields(stored), started, groups), groups, stored });
}

/** A company that begins with one member group means that one. */
function firstChoice(fields: SettingsFields, saml: SamlSettings | null, groups: readonly Group[]): SettingsFields {
  const members = groups.filter(({ type }) => type === "member");
  const [only] = members;
  if (saml !== null || members.length !== 1 || only === undefined) return fields;
  return { ...fields, texts: { ...fields.texts, "jit.groupId": only.id } };
}

/** Changes are a draft; only where nothing is in force and nothing is drafted may the first settings count at once. */
export async function saveSettings(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const fields = await fieldsPosted(posted);
  const again = async (more: Omit<Parameters<typeof settingsPage>[1], "fields" | "groups" | "stored">) => {
    const [stored, groups] = await Promise.all([storedSettings(visit), allGroups(visit)]);
    return settingsPage(visit, { fields, groups, stored, ...more });
  };
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return again({ status: 403, pause });

  const stored = await storedSettings(visit);
  if (versionOf(stored) !== fields.version) return conflicting(visit, fields);
  const atOnce = versionOf(stored) === 0 && posted.text("action") === "apply";
  const compose = (current: SamlSettings | null) => composed(fields, current);
  const { services, actor, tenant } = visit;
  const saved = atOnce
    ? await writeSaml(services, actor, tenant.company, (current) => current === null, compose)
    : await writeDraft(services, actor, tenant.company, asSeen(stored), compose);
  if (saved.ok) return atOnce ? leadTo(SETTINGS_PATH, "settings-saved") : leadTo(DRAFT_PATH, "draft-saved");
  const { problem } = saved;
  if (problem.status === 412) return conflicting(visit, fields);
  const errors = (problem.errors ?? [{ path: "", message: problem.title }]).map(onTheForm);
  return again({ status: problem.status, errors: withErrors(errors) });
}

/** The draft that was read, or still none. */
export function asSeen({ draft }: Stored): Precondition {
  return (current) => (current?.version ?? 0) === (draft?.version ?? 0);
}

function onTheForm({ path, message }: FieldError): FieldError {
  return { path: fieldOfPath(path), message };
}

/** Judged as REST judges it; a removed certificate is one that is not sent. */
function composed(fields: SettingsFields, current: SamlSettings | null): Answer<SamlInput> {
  const kept = keptCertificates(fields, current);
  const made = samlPut.safeParse(settingsInput(fields, kept));
  return made.success ? answer(made.data) : invalid(fieldErrors(made.error));
}

function keptCertificates(fields: SettingsFields, current: SamlSettings | null): string[] {
  return (current?.certificates ?? []).filter((base64) => !fields.removed.includes(sha256Of(base64)));
}

function sha256Of(base64: string): string {
  return createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");
}

async function conflicting(visit: Visit, fields: SettingsFields): Promise<Response> {
  const [stored, groups] = await Promise.all([storedSettings(visit), allGroups(visit)]);
  const now = storedFields(stored);
  return settingsPage(visit, {
    status: 409,
    fields: { ...fields, version: now.version },
    groups,
    stored,
    differences: differencesOf(now, fields),
  });
}
