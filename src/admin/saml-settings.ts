/** A company's single sign-on: what it is made of, its defaults, and how it is written whole. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import { NAME_ID_FORMAT } from "../saml/index.ts";
import {
  type Company,
  GROUP_MAPPINGS_MAX,
  GROUPS_PER_COMPANY_MAX,
  type Group,
  listGroups,
  type SamlSettings,
  type SpKey,
  saveSamlSettings,
} from "../store/index.ts";
import { activeSpKey, forgetTenant, newSpKey, reloadTenant, type Tenant } from "../tenant/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { certificatesInput, certificateView, readCertificateInputs, viewCertificate } from "./certificates.ts";
import {
  browserUrl,
  CLAIM_CHARS_MAX,
  ENTITY_ID_CHARS_MAX,
  exactText,
  id,
  identifier,
  readOnly,
  time,
  timeText,
  urlErrors,
} from "./fields.ts";
import { type Answer, answer, type FieldError, fail, invalid, notFound } from "./problems.ts";
import { changeVersioned, type Precondition } from "./versions.ts";

/** Entra's NotBefore has no buffer, and clocks are minutes apart at worst. */
export const CLOCK_SKEW_SECONDS_DEFAULT = 180;
export const CLOCK_SKEW_SECONDS_MAX = 600;
const AUTHN_CONTEXTS_MAX = 10;

const claimName = z.nullable(exactText(CLAIM_CHARS_MAX));
const nameIdFormat = z.enum(Object.values(NAME_ID_FORMAT) as [string, ...string[]]);
const requestBinding = z.enum(["POST", "Redirect"]);
const mapping = z.strictObject({ claim: exactText(CLAIM_CHARS_MAX), value: exactText(CLAIM_CHARS_MAX), groupId: id });

/** Every field of the settings, none of them demanded and none defaulted. */
const fields = {
  idpEntityId: z.nullable(identifier(ENTITY_ID_CHARS_MAX)),
  loginUrl: browserUrl,
  logoutUrl: z.nullable(browserUrl),
  nameIdFormat,
  requestBinding,
  certificates: certificatesInput,
  jit: z.strictObject({ enabled: z.boolean(), groupId: z._default(z.nullable(id), null) }),
  signAuthnRequests: z.boolean(),
  wantEncryptedAssertions: z.boolean(),
  allowIdpInitiated: z.boolean(),
  forceAuthn: z.boolean(),
  requestedAuthnContext: z.array(identifier(CLAIM_CHARS_MAX)).check(z.maxLength(AUTHN_CONTEXTS_MAX)),
  clockSkewSeconds: z.int().check(z.minimum(0), z.maximum(CLOCK_SKEW_SECONDS_MAX)),
  allowSha1: z
    .boolean()
    .check(z.meta({ description: "Accepts SHA-1 signatures. Leave it off unless the provider has nothing else." })),
  attributeMapping: z.strictObject({
    email: z.optional(claimName),
    firstName: z.optional(claimName),
    lastName: z.optional(claimName),
    userKey: z.optional(claimName),
  }),
  groupMapping: z.array(mapping).check(
    z.maxLength(GROUP_MAPPINGS_MAX),
    z.meta({
      description:
        "By priority: the first whose claim has the value decides the group at every sign-in. A group that a rule gave is taken back when none gives it any more: the user falls back to jit.groupId, or is refused where that is null or of administrators. Without any rule nothing is taken back, nor while the provider leaves out a groups claim for its length.",
    }),
  ),
};
const shownOnly = { serviceProvider: readOnly, updatedAt: readOnly };

/** The settings whole; what is absent gets its default. */
export const samlPut = z.strictObject({
  ...fields,
  ...shownOnly,
  idpEntityId: z._default(fields.idpEntityId, null),
  logoutUrl: z._default(fields.logoutUrl, null),
  nameIdFormat: z._default(nameIdFormat, NAME_ID_FORMAT.emailAddress),
  requestBinding: z._default(requestBinding, "POST"),
  jit: z._default(fields.jit, { enabled: false, groupId: null }),
  signAuthnRequests: z._default(fields.signAuthnRequests, false),
  wantEncryptedAssertions: z._default(fields.wantEncryptedAssertions, false),
  allowIdpInitiated: z._default(fields.allowIdpInitiated, false),
  forceAuthn: z._default(fields.forceAuthn, false),
  requestedAuthnContext: z._default(fields.requestedAuthnContext, []),
  clockSkewSeconds: z._default(fields.clockSkewSeconds, CLOCK_SKEW_SECONDS_DEFAULT),
  allowSha1: z._default(fields.allowSha1, false),
  attributeMapping: z._default(fields.attributeMapping, {}),
  groupMapping: z._default(fields.groupMapping, []),
});

export type SamlInput = z.output<typeof samlPut>;

/** What is absent keeps its value, inside `jit` and `attributeMapping` too. */
export const samlPatch = z.strictObject({
  ...z.partial(z.strictObject(fields)).shape,
  ...shownOnly,
  jit: z.optional(z.strictObject({ enabled: z.optional(z.boolean()), groupId: z.optional(z.nullable(id)) })),
});

export const samlView = z.object({
  idpEntityId: z.nullable(z.string()),
  loginUrl: z.string(),
  logoutUrl: z.nullable(z.string()),
  nameIdFormat: z.string(),
  requestBinding,
  certificates: z.array(certificateView),
  jit: z.object({ enabled: z.boolean(), groupId: z.nullable(z.string()) }),
  signAuthnRequests: z.boolean(),
  wantEncryptedAssertions: z.boolean(),
  allowIdpInitiated: z.boolean(),
  forceAuthn: z.boolean(),
  requestedAuthnContext: z.array(z.string()),
  clockSkewSeconds: z.int(),
  allowSha1: z.boolean(),
  attributeMapping: z.object({
    email: z.nullable(z.string()),
    firstName: z.nullable(z.string()),
    lastName: z.nullable(z.string()),
    userKey: z.nullable(z.string()),
  }),
  groupMapping: z.array(z.object({ claim: z.string(), value: z.string(), groupId: z.string() })),
  updatedAt: time,
  serviceProvider: z.object({
    entityId: z.string(),
    acsUrl: z.string(),
    signOnUrl: z.string(),
    logoutUrl: z.string(),
    metadataUrl: z.string(),
  }),
});

/** A company with its settings, as a function of this file found it; the version is the settings'. */
export interface ConfiguredCompany {
  readonly tenant: Tenant;
  readonly saml: SamlSettings;
}

export function viewSaml({ tenant, saml }: ConfiguredCompany): z.infer<typeof samlView> {
  const { version: _, updatedAt, requestedAuthnContext, groupMapping, ...rest } = saml;
  return {
    ...rest,
    certificates: tenant.certificates.map(viewCertificate),
    requestedAuthnContext: [...requestedAuthnContext],
    groupMapping: [...groupMapping],
    updatedAt: timeText(updatedAt),
    serviceProvider: {
      entityId: tenant.entityId,
      acsUrl: tenant.acsUrl,
      signOnUrl: tenant.signOnUrl,
      logoutUrl: tenant.sloUrl,
      metadataUrl: tenant.entityId,
    },
  };
}

/** Enough to find one again. */
export type CompanyName = Pick<Company, "id" | "slug">;

export async function readTenant(services: Services, company: CompanyName): Promise<Answer<Tenant>> {
  const tenant = await reloadTenant(services, company.slug);
  // The slug may have passed to another company since this one was found.
  return tenant?.company.id === company.id ? answer(tenant) : notFound("company");
}

export async function readSaml(services: Services, company: CompanyName): Promise<Answer<ConfiguredCompany>> {
  const tenant = await readTenant(services, company);
  if (!tenant.ok) return tenant;
  const { saml } = tenant.value;
  if (saml === null)
    return fail({ status: 404, type: "not-found", title: "This company has no single sign-on settings" });
  return answer({ tenant: tenant.value, saml });
}

/**
 * Writes what `compose` makes of the settings as they stand, null where there are none; in force at once. `appliedDraft` is the
 * draft's version that they are, `noted` what the audit shall say beside them.
 */
export function writeSaml(
  services: Services,
  actor: Actor,
  company: Company,
  precondition: Precondition,
  compose: (current: SamlSettings | null) => Answer<SamlInput>,
  from: { readonly appliedDraft?: number; readonly noted?: object } = {},
): Promise<Answer<ConfiguredCompany>> {
  return changeVersioned(
    // Settings that don't exist yet match no entity tag.
    (found) => precondition(found?.version === 0 ? null : found),
    async () => {
      const tenant = await readTenant(services, company);
      if (!tenant.ok) return tenant;
      return answer({ id: company.id, version: tenant.value.saml?.version ?? 0, tenant: tenant.value });
    },
    async ({ tenant }) => {
      const composed = compose(tenant.saml);
      if (!composed.ok) return composed;
      const settings = await settingsOf(services, company, composed.value, tenant.saml);
      if (!settings.ok) return settings;
      const keys = await missingKeys(services, tenant, settings.value);
      const record = auditRecord(services, actor, company.id, {
        action: tenant.saml === null ? "create" : "update",
        resource: "saml",
        resourceId: company.id,
        before: tenant.saml && auditView(tenant.saml),
        after: { ...auditView(settings.value), ...from.noted },
      });
      const expected = tenant.saml?.version ?? null;
      const { appliedDraft = null } = from;
      const db = services.database;
      const saved = await saveSamlSettings(db, company.id, expected, settings.value, keys, record, appliedDraft);
      if (saved === "version_changed") return saved;
      if (saved === "group_unknown") return invalid([{ path: "", message: "A group was deleted meanwhile" }]);
      forgetTenant(services, company.slug);
      return readSaml(services, company);
    },
  );
}

/** The audit names the certificates by what was pasted: they are public, and the log must show which key was trusted when. */
export function auditView({ version: _, updatedAt, ...settings }: SamlSettings) {
  return { ...settings, updatedAt: timeText(updatedAt) };
}

/** The record to store: certificates read, URLs allowed here, groups of this company as they are, or as `groups` says they will be. */
export async function settingsOf(
  services: Services,
  company: Company,
  input: SamlInput,
  current: SamlSettings | null,
  groups?: readonly Group[],
): Promise<Answer<SamlSettings>> {
  const { serviceProvider: _, updatedAt: _sent, certificates: texts, attributeMapping, ...rest } = input;
  const certificates = readCertificateInputs(texts);
  const errors: FieldError[] = [
    ...urlErrors(services.config, { loginUrl: input.loginUrl, logoutUrl: input.logoutUrl }),
    ...(certificates.ok ? [] : (certificates.problem.errors ?? [])),
    ...(await groupErrors(services, company, input, groups)),
  ];
  if (!certificates.ok || errors.length > 0) return invalid(errors);
  return answer({
    ...rest,
    certificates: certificates.value.map((certificate) => certificate.base64),
    attributeMapping: {
      email: attributeMapping.email ?? null,
      firstName: attributeMapping.firstName ?? null,
      lastName: attributeMapping.lastName ?? null,
      userKey: attributeMapping.userKey ?? null,
    },
    version: (current?.version ?? 0) + 1,
    updatedAt: services.now(),
  });
}

async function groupErrors(
  services: Services,
  company: Company,
  { jit, groupMapping }: SamlInput,
  planned?: readonly Group[],
): Promise<FieldError[]> {
  if (jit.enabled && jit.groupId === null && groupMapping.length === 0) {
    return [{ path: "jit.groupId", message: "Just-in-time users need a group to be created in" }];
  }
  const named = [
    ...(jit.groupId === null ? [] : [{ path: "jit.groupId", groupId: jit.groupId }]),
    ...groupMapping.map(({ groupId }, index) => ({ path: `groupMapping.${index}.groupId`, groupId })),
  ];
  if (named.length === 0) return [];
  const limit = GROUPS_PER_COMPANY_MAX;
  const groups = planned ?? (await listGroups(services.database, company.id, { after: null, limit }));
  const known = new Set(groups.map((group) => group.id));
  return named
    .filter(({ groupId }) => !known.has(groupId))
    .map(({ path }) => ({ path, message: "Is not a group of this company" }));
}

/** Key pairs that these settings need and the company lacks. */
export async function missingKeys(services: Services, tenant: Tenant, settings: SamlSettings): Promise<SpKey[]> {
  const uses: SpKey["use"][] = [];
  if (settings.signAuthnRequests) uses.push("signing");
  if (settings.wantEncryptedAssertions) uses.push("encryption");
  const missing = uses.filter((use) => activeSpKey(tenant.spKeys, use) === undefined);
  return Promise.all(missing.map((use) => newSpKey(services, tenant.company, use)));
}

/** The settings with a patch laid over them, as if all of it had been sent. */
export function patched(current: SamlSettings, patch: z.output<typeof samlPatch>): SamlInput {
  const { version: _, updatedAt: _updatedAt, ...settings } = current;
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return {
    ...settings,
    ...given,
    jit: { ...settings.jit, ...patch.jit },
    attributeMapping: { ...settings.attributeMapping, ...patch.attributeMapping },
  } as SamlInput;
}
