/** Companies: what one is made of, and how it is made, changed and deleted. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  type CompanyChanges,
  findCompany,
  createCompany as insertCompany,
  listCompanies,
  newId,
  type Page,
  deleteCompany as removeCompany,
  SIGN_IN_RETENTION_DAYS,
  searchCompanies,
  updateCompany,
} from "../store/index.ts";
import { forgetTenant, fromAll, isSlug, newAssertionKey, placeCompany, unplaceCompany } from "../tenant/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { line, NAME_CHARS_MAX, originUrl, readOnly, time, timeText, urlErrors } from "./fields.ts";
import { pathRules } from "./path-rules.ts";
import { type Answer, answer, conflict, forbidden, invalid, notFound } from "./problems.ts";
import { changeVersioned, differing, type Precondition } from "./versions.ts";

export const ABSOLUTE_HOURS_MAX = 720;
export const IDLE_MINUTES_MAX = 43_200;
export const SESSIONS_PER_USER_MAX = 100;
/** What a company that says nothing of it gets. */
const COMPANY_DEFAULTS = {
  pathRules: [],
  edgeCache: true,
  edgeCacheGeneration: 0,
  signInRetentionDays: SIGN_IN_RETENTION_DAYS,
  keepMessages: false,
  logoSha256: null,
} as const;
/** A working day, and a lunch within it. */
const SESSION_POLICY_DEFAULT = { absoluteHours: 12, idleMinutes: 60 };

const absoluteHours = z.int().check(z.minimum(1), z.maximum(ABSOLUTE_HOURS_MAX));
const idleMinutes = z.int().check(z.minimum(1), z.maximum(IDLE_MINUTES_MAX));
const sessionPolicyPart = z.strictObject({
  absoluteHours: z.optional(absoluteHours),
  idleMinutes: z.optional(idleMinutes),
});
const sessionsPerUserMax = z.nullable(z.int().check(z.minimum(1), z.maximum(SESSIONS_PER_USER_MAX)));
/** What the sign-in log keeps. */
const recordFields = {
  signInRetentionDays: z.optional(z.int().check(z.minimum(1), z.maximum(SIGN_IN_RETENTION_DAYS))),
  keepMessages: z.optional(z.boolean()),
};
const slug = z.string().check(z.refine(isSlug, "Must be a lower-case DNS label that is not reserved"));
const name = line(1, NAME_CHARS_MAX);
const color = z.nullable(z.string().check(z.regex(/^#[0-9a-f]{6}$/i, "Must be a colour as #rrggbb"), z.toLowerCase()));
const status = z.enum(["active", "suspended"]);

export const companyView = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  originUrl: z.string(),
  status,
  sessionPolicy: z.object({ absoluteHours: z.int(), idleMinutes: z.int() }),
  sessionsPerUserMax: z.nullable(z.int()),
  pathRules,
  edgeCache: z.boolean(),
  edgeCacheGeneration: z.int(),
  color: z
    .nullable(z.string())
    .check(z.meta({ description: "Of the company's pages, #rrggbb; null for the gateway's own" })),
  logoSha256: z.nullable(z.string()),
  signInRetentionDays: z.int(),
  keepMessages: z.boolean(),
  createdAt: time,
  updatedAt: time,
});

export const newCompany = z.strictObject({
  slug,
  name,
  originUrl,
  status: z._default(status, "active"),
  sessionPolicy: z.optional(sessionPolicyPart),
  sessionsPerUserMax: z.optional(sessionsPerUserMax),
  pathRules: z.optional(pathRules),
  edgeCache: z.optional(z.boolean()),
  color: z.optional(color),
  ...recordFields,
});

export const companyPatch = z.strictObject({
  slug: z.optional(slug),
  name: z.optional(name),
  originUrl: z.optional(originUrl),
  status: z.optional(status),
  sessionPolicy: z.optional(sessionPolicyPart),
  sessionsPerUserMax: z.optional(sessionsPerUserMax),
  pathRules: z.optional(pathRules),
  edgeCache: z.optional(z.boolean()),
  ...recordFields,
  edgeCacheGeneration: readOnly,
  color: z.optional(color),
  logoSha256: readOnly,
  id: readOnly,
  createdAt: readOnly,
  updatedAt: readOnly,
});

/** As the patch, with what a company can't be without; an absent optional field keeps its value. */
export const companyPut = z.extend(companyPatch, { name, originUrl });

export function viewCompany(company: Company): z.infer<typeof companyView> {
  const { id, slug, name, originUrl, status, sessionPolicy, sessionsPerUserMax, createdAt, updatedAt } = company;
  const { pathRules, edgeCache, edgeCacheGeneration, color, logoSha256, signInRetentionDays, keepMessages } = company;
  return {
    ...{ id, slug, name, originUrl, status, sessionPolicy, sessionsPerUserMax },
    ...{ pathRules: [...pathRules], edgeCache, edgeCacheGeneration, color, logoSha256 },
    ...{ signInRetentionDays, keepMessages },
    createdAt: timeText(createdAt),
    updatedAt: timeText(updatedAt),
  };
}

export async function makeCompany(
  services: Services,
  actor: Actor,
  input: z.infer<typeof newCompany>,
): Promise<Answer<Company>> {
  const errors = urlErrors(services.config, { originUrl: input.originUrl });
  if (errors.length > 0) return invalid(errors);
  const now = services.now();
  const company: Company = {
    ...COMPANY_DEFAULTS,
    id: newId(),
    slug: input.slug,
    name: input.name,
    originUrl: input.originUrl,
    status: input.status,
    sessionPolicy: policyOf(SESSION_POLICY_DEFAULT, input.sessionPolicy),
    sessionsPerUserMax: input.sessionsPerUserMax ?? null,
    pathRules: input.pathRules ?? COMPANY_DEFAULTS.pathRules,
    edgeCache: input.edgeCache ?? COMPANY_DEFAULTS.edgeCache,
    color: input.color ?? null,
    signInRetentionDays: input.signInRetentionDays ?? COMPANY_DEFAULTS.signInRetentionDays,
    keepMessages: input.keepMessages ?? COMPANY_DEFAULTS.keepMessages,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  const record = auditRecord(services, actor, company.id, {
    action: "create",
    resource: "company",
    resourceId: company.id,
    before: null,
    after: viewCompany(company),
  });
  const placed = await placeCompany(services, company.slug);
  const key = await newAssertionKey(services, company.id);
  const made = placed === null ? "slug_taken" : await insertCompany(placed.database, company, key, record);
  if (made === "slug_taken") return conflict("slug", "Another company has this slug");
  forgetTenant(services, company.slug);
  return answer(company);
}

/** By slug, ascending, of all databases; those whose slug begins with `prefix`. `page.after` is a slug. */
export function companiesOfAll(services: Services, page: Page, prefix = ""): Promise<Company[]> {
  return fromAll(
    services,
    page.limit,
    (database) => (prefix === "" ? listCompanies(database, page) : searchCompanies(database, prefix, page)),
    (a, b) => (a.slug < b.slug ? -1 : 1),
  );
}

export async function readCompany(services: Services, slug: string): Promise<Answer<Company>> {
  const company = await findCompany(services.database, slug);
  return company ? answer(company) : notFound("company");
}

/** What only the operator decides. A company may send it back unchanged. */
export const OPERATORS = ["status", "originUrl"] as const;

export function changeCompany(
  services: Services,
  actor: Actor,
  slug: string,
  input: z.infer<typeof companyPatch>,
  precondition: Precondition,
): Promise<Answer<Company>> {
  return change(services, actor, slug, precondition, (current) => {
    if (input.slug !== undefined && input.slug !== current.slug) {
      return invalid([{ path: "slug", message: "A company keeps its slug: its identity provider knows it by it" }]);
    }
    const changes = differing(current, {
      name: input.name,
      originUrl: input.originUrl,
      status: input.status,
      sessionPolicy: policyOf(current.sessionPolicy, input.sessionPolicy),
      sessionsPerUserMax: input.sessionsPerUserMax,
      pathRules: input.pathRules,
      edgeCache: input.edgeCache,
      color: input.color,
      signInRetentionDays: input.signInRetentionDays,
      keepMessages: input.keepMessages,
    });
    const barred = OPERATORS.filter((field) => actor.kind !== "operator" && field in changes);
    if (barred.length > 0) {
      const errors = barred.map((path) => ({ path, message: "Is the operator's to change" }));
      return forbidden("The operator decides this", errors);
    }
    const errors = urlErrors(services.config, { originUrl: changes.originUrl });
    if (errors.length > 0) return invalid(errors);
    return answer({ ...changes, ...emptiedBy(current, changes) });
  });
}

/** Nobody keeps the cache true while it is off: it begins anew. */
export function emptiedBy({ edgeCacheGeneration }: Company, { edgeCache }: CompanyChanges): CompanyChanges {
  return edgeCache === true ? { edgeCacheGeneration: edgeCacheGeneration + 1 } : {};
}

/** What was kept at the edge until now is asked for under another key from now on, so that nobody finds it. */
export function purgeEdgeCache(
  services: Services,
  actor: Actor,
  slug: string,
  precondition: Precondition,
): Promise<Answer<Company>> {
  return change(services, actor, slug, precondition, ({ edgeCacheGeneration }) =>
    answer({ edgeCacheGeneration: edgeCacheGeneration + 1 }),
  );
}

function change(
  services: Services,
  actor: Actor,
  slug: string,
  precondition: Precondition,
  changesOf: (current: Company) => Answer<CompanyChanges>,
): Promise<Answer<Company>> {
  return changeVersioned(
    precondition,
    () => readCompany(services, slug),
    async (current) => {
      const made = changesOf(current);
      if (!made.ok) return made;
      const changes = made.value;
      if (Object.keys(changes).length === 0) return answer(current);
      const changed = { ...current, ...changes, version: current.version + 1, updatedAt: services.now() };
      const record = auditRecord(services, actor, current.id, {
        action: "update",
        resource: "company",
        resourceId: current.id,
        before: viewCompany(current),
        after: viewCompany(changed),
      });
      const done = await updateCompany(services.database, current.id, current.version, changes, record);
      if (done !== "done") return done;
      forgetTenant(services, current.slug);
      return answer({ ...changed, updatedAt: record.at });
    },
  );
}

export function deleteCompany(
  services: Services,
  actor: Actor,
  slug: string,
  precondition: Precondition,
): Promise<Answer<null>> {
  return changeVersioned(
    precondition,
    () => readCompany(services, slug),
    async (current) => {
      const record = auditRecord(services, actor, current.id, {
        action: "delete",
        resource: "company",
        resourceId: current.id,
        before: viewCompany(current),
        after: null,
      });
      const done = await removeCompany(services.database, current.id, current.version, record);
      if (done !== "done") return done;
      await unplaceCompany(services, current.slug);
      forgetTenant(services, current.slug);
      return answer(null);
    },
  );
}

function policyOf(
  base: Company["sessionPolicy"],
  part: z.infer<typeof sessionPolicyPart> | undefined,
): Company["sessionPolicy"] {
  return {
    absoluteHours: part?.absoluteHours ?? base.absoluteHours,
    idleMinutes: part?.idleMinutes ?? base.idleMinutes,
  };
}
