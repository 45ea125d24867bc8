/** `/settings`: the single sign-on settings, shown and saved through the functions of REST. */
import { createHash } from "node:crypto";
import { GROUPS_PER_COMPANY_MAX, type Group, listGroups, type SamlSettings } from "../../store/index.ts";
import { reloadTenant, type Tenant } from "../../tenant/index.ts";
import { fieldErrors } from "../fields.ts";
import { type Answer, answer, type FieldError, invalid } from "../problems.ts";
import { type SamlInput, samlPut, writeSaml } from "../saml-settings.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { pauseOf } from "./gate.ts";
import { withErrors } from "./parts.tsx";
import { SETTINGS_PATH } from "./paths.ts";
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

export async function showSettings(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const [tenant, groups] = await Promise.all([storedTenant(visit), allGroups(visit)]);
  return settingsPage(visit, { fields: firstChoice(fieldsOf(tenant.saml), tenant.saml, groups), groups, tenant });
}

/** A company that begins with one member group means that one. */
function firstChoice(fields: SettingsFields, saml: SamlSettings | null, groups: readonly Group[]): SettingsFields {
  const members = groups.filter(({ type }) => type === "member");
  const [only] = members;
  if (saml !== null || members.length !== 1 || only === undefined) return fields;
  return { ...fields, texts: { ...fields.texts, "jit.groupId": only.id } };
}

export async function saveSettings(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const fields = await fieldsPosted(c.get("posted"));
  const again = async (more: Omit<Parameters<typeof settingsPage>[1], "fields" | "groups" | "tenant">) => {
    const [tenant, groups] = await Promise.all([storedTenant(visit), allGroups(visit)]);
    return settingsPage(visit, { fields, groups, tenant, ...more });
  };
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return again({ status: 403, pause });

  const saved = await writeSaml(
    visit.services,
    visit.actor,
    visit.tenant.company,
    (current) => (current?.version ?? 0) === fields.version,
    (current) => composed(fields, current),
  );
  if (saved.ok) return leadTo(SETTINGS_PATH, "settings-saved");
  const { problem } = saved;
  if (problem.status === 412) return conflicting(visit, fields);
  const errors = (problem.errors ?? [{ path: "", message: problem.title }]).map(onTheForm);
  return again({ status: problem.status, errors: withErrors(errors) });
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
  const [tenant, groups] = await Promise.all([storedTenant(visit), allGroups(visit)]);
  const stored = fieldsOf(tenant.saml);
  return settingsPage(visit, {
    status: 409,
    fields: { ...fields, version: stored.version },
    groups,
    tenant,
    differences: differencesOf(stored, fields),
  });
}
