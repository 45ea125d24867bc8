/**
 * A company as one canonical JSON: its settings, its groups by title, single sign-on with groups by title. No users, no secrets,
 * no ids, so that it can stand in a repository and be laid over another company. What differs is found path by path here;
 * what of it is dangerous, in `configuration-dangers.ts`; how it is carried out, in `configuration-apply.ts`.
 */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  GROUPS_PER_COMPANY_MAX,
  type Group,
  listGroups,
  newId,
  type SamlSettings,
} from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";
import type { Actor } from "./actor.ts";
import { pemOf } from "./certificates.ts";
import { companyPatch, emptiedBy, OPERATORS, viewCompany } from "./companies.ts";
import { CLAIM_CHARS_MAX, exactText, urlErrors } from "./fields.ts";
import { newGroup, title } from "./groups.ts";
import { type Answer, answer, conflict, type FieldError, forbidden, invalid } from "./problems.ts";
import { readTenant, type SamlInput, samlPut, settingsOf } from "./saml-settings.ts";
import { differing } from "./versions.ts";

/** What a company is by itself, and what is kept beside it or counts for it. */
const NOT_CONFIGURED = new Set(["id", "slug", "createdAt", "updatedAt", "edgeCacheGeneration", "logoSha256"]);
const ofCompany = companyPatch.shape;
const companyFields = Object.keys(ofCompany).filter((name) => !NOT_CONFIGURED.has(name));
const companyPart = z.strictObject(
  Object.fromEntries(Object.entries(ofCompany).filter(([name]) => !NOT_CONFIGURED.has(name))),
);
const { serviceProvider: _, updatedAt: _updatedAt, ...samlFields } = samlPut.shape;

export const configuration = z.strictObject({
  company: companyPart.check(z.meta({ description: "Fields that are absent stay as they are" })),
  groups: z
    .array(newGroup)
    .check(z.maxLength(GROUPS_PER_COMPANY_MAX), z.meta({ description: "All groups; others are deleted" })),
  saml: z.nullable(
    z.strictObject({
      ...samlFields,
      jit: z._default(z.strictObject({ enabled: z.boolean(), group: z._default(z.nullable(title), null) }), {
        enabled: false,
        group: null,
      }),
      groupMapping: z._default(
        z.array(z.strictObject({ claim: exactText(CLAIM_CHARS_MAX), value: exactText(CLAIM_CHARS_MAX), group: title })),
        [],
      ),
    }),
  ),
});
export type Configuration = z.output<typeof configuration>;

/** A company as it stands, or as it is to be. */
export interface State {
  readonly company: Company;
  readonly groups: readonly Group[];
  readonly saml: SamlSettings | null;
}

export async function readState(
  services: Services,
  company: Company,
): Promise<Answer<{ readonly state: State; readonly tenant: Tenant }>> {
  const tenant = await readTenant(services, company);
  if (!tenant.ok) return tenant;
  const groups = await listGroups(services.database, company.id, { after: null, limit: GROUPS_PER_COMPANY_MAX });
  const twice = repeated(groups);
  if (twice !== undefined) return conflict("groups", `Two groups have the title “${twice}”: rename one of them first`);
  const { company: current, saml } = tenant.value;
  return answer({ state: { company: current, groups, saml }, tenant: tenant.value });
}

function repeated(groups: readonly { readonly title: string }[]): string | undefined {
  const titles = groups.map(({ title }) => title);
  return titles.find((title, index) => titles.indexOf(title) < index);
}

/** The JSON of a state: keys sorted, groups by title, so that the same company is the same text. */
export function canonical({ company, groups, saml }: State): unknown {
  const titleOf = (id: string | null) => groups.find((group) => group.id === id)?.title ?? null;
  const shown: Record<string, unknown> = viewCompany(company);
  const { version: _version, updatedAt: _at, jit, groupMapping, certificates, ...rest } = saml ?? ({} as SamlSettings);
  return sorted({
    company: Object.fromEntries(companyFields.map((name) => [name, shown[name]])),
    groups: groups
      .map(({ title, type, ssoOnly }) => ({ title, type, ssoOnly }))
      .sort((a, b) => (a.title < b.title ? -1 : 1)),
    saml: saml && {
      ...rest,
      certificates: certificates.map(pemOf),
      jit: { enabled: jit.enabled, group: titleOf(jit.groupId) },
      groupMapping: groupMapping.map(({ claim, value, groupId }) => ({ claim, value, group: titleOf(groupId) })),
    },
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** The state that a configuration describes, laid over the present one: what has the same title or value keeps its id and version. */
export async function stateOf(
  services: Services,
  actor: Actor,
  current: State,
  wanted: Configuration,
): Promise<Answer<State>> {
  const twice = repeated(wanted.groups);
  if (twice !== undefined) return invalid([{ path: "groups", message: `Two groups have the title “${twice}”` }]);
  const company = companyOf(services, actor, current.company, wanted.company);
  if (!company.ok) return company;
  const now = services.now();
  const groups = wanted.groups.map((group): Group => {
    const known = current.groups.find(({ title }) => title === group.title);
    if (known === undefined) return { ...group, id: newId(), version: 1, createdAt: now, updatedAt: now };
    const changed = Object.keys(differing<Group>(known, group)).length > 0;
    return changed ? { ...known, ...group, version: known.version + 1, updatedAt: now } : known;
  });
  if (wanted.saml === null) {
    if (current.saml === null) return answer({ company: company.value, groups, saml: null });
    return invalid([{ path: "saml", message: "Single sign-on can be changed, not removed" }]);
  }
  const input = samlInputOf(wanted.saml, groups);
  if (!input.ok) return input;
  const saml = await settingsOf(services, company.value, input.value, current.saml, groups);
  if (!saml.ok)
    return invalid((saml.problem.errors ?? []).map(({ path, message }) => ({ path: `saml.${path}`, message })));
  const next = { company: company.value, groups, saml: saml.value };
  return answer(sameSaml(current, next) ? { ...next, saml: current.saml } : next);
}

export function sameSaml(a: State, b: State): boolean {
  const text = ({ saml }: State) => saml && JSON.stringify(sorted({ ...saml, version: 0, updatedAt: 0 }));
  return text(a) === text(b);
}

function companyOf(services: Services, actor: Actor, current: Company, wanted: object): Answer<Company> {
  const { sessionPolicy, ...rest } = wanted as Partial<Company>;
  const policy = { ...current.sessionPolicy, ...sessionPolicy };
  const changes = differing(current, { ...rest, sessionPolicy: policy });
  const barred = OPERATORS.filter((field) => actor.kind !== "operator" && field in changes);
  if (barred.length > 0) {
    const errors = barred.map((field) => ({ path: `company.${field}`, message: "Is the operator's to change" }));
    return forbidden("The operator decides this", errors);
  }
  const errors = urlErrors(services.config, { originUrl: changes.originUrl });
  if (errors.length > 0) return invalid(errors.map(({ message }) => ({ path: "company.originUrl", message })));
  if (Object.keys(changes).length === 0) return answer(current);
  const next = { ...current, ...changes, ...emptiedBy(current, changes) };
  return answer({ ...next, version: current.version + 1, updatedAt: services.now() });
}

function samlInputOf(saml: NonNullable<Configuration["saml"]>, groups: readonly Group[]): Answer<SamlInput> {
  const errors: FieldError[] = [];
  const idOf = (path: string, name: string) => {
    const group = groups.find(({ title }) => title === name);
    if (group === undefined) errors.push({ path: `saml.${path}`, message: "Is not one of these groups" });
    return group?.id ?? "";
  };
  const { jit, groupMapping, ...rest } = saml;
  const input: SamlInput = {
    ...rest,
    jit: { enabled: jit.enabled, groupId: jit.group === null ? null : idOf("jit.group", jit.group) },
    groupMapping: groupMapping.map(({ claim, value, group }, index) => ({
      claim,
      value,
      groupId: idOf(`groupMapping.${index}.group`, group),
    })),
  };
  return errors.length > 0 ? invalid(errors) : answer(input);
}

export interface Difference {
  /** A JSON pointer (RFC 6901) into the configuration, with groups by their titles. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Lists are compared whole, but for the groups. */
export function differencesOf(before: State, after: State): Difference[] {
  const [a, b] = [byTitle(canonical(before)), byTitle(canonical(after))];
  return walk("", a, b);
}

function byTitle(shown: unknown): unknown {
  const { groups, ...rest } = shown as { groups: { title: string }[] };
  return { ...rest, groups: Object.fromEntries(groups.map(({ title, ...group }) => [title, group])) };
}

function walk(path: string, before: unknown, after: unknown): Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, before: before ?? null, after: after ?? null }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const step = key.replaceAll("~", "~0").replaceAll("/", "~1");
    return walk(`${path}/${step}`, own(before, key), own(after, key));
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A group may be called `constructor`. */
function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
