/**
 * A configuration planned and carried out. A plan names the company as it was seen and what is to become of it, by a hash; it is
 * carried out only while both are still so, in one batch, so that it happens whole or not at all.
 */
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  type ConfigurationWrite,
  findGroupsWithUsers,
  type Group,
  type GroupWrite,
  hasMappedUsers,
  writeConfiguration,
} from "../store/index.ts";
import { forgetTenant, type Tenant } from "../tenant/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { viewCompany } from "./companies.ts";
import {
  type Configuration,
  canonical,
  configuration,
  type Difference,
  differencesOf,
  readState,
  type State,
  sameSaml,
  stateOf,
} from "./configuration.ts";
import { type Danger, dangersOf } from "./configuration-dangers.ts";
import { viewGroup } from "./groups.ts";
import { type Answer, answer, conflict, type FieldError, fail } from "./problems.ts";
import { auditView, missingKeys } from "./saml-settings.ts";
import { differing, preconditionFailed } from "./versions.ts";

const danger = z.object({ code: z.string(), message: z.string() });
export const planView = z.object({
  planId: z.string().check(z.meta({ description: "Names this plan and the company as it was seen" })),
  differences: z.array(
    z.object({
      path: z.string().check(z.meta({ description: "JSON pointer, with groups by their titles" })),
      before: z.unknown(),
      after: z.unknown(),
    }),
  ),
  dangers: z.array(danger).check(z.meta({ description: "To be accepted by their codes" })),
  obstacles: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .check(z.meta({ description: "While one is there, the plan can't be carried out" })),
});

export const application = z.strictObject({
  configuration,
  planId: z.string().check(z.maxLength(100)),
  accept: z._default(z.array(z.string().check(z.maxLength(100))).check(z.maxLength(100)), []),
});

export interface Plan {
  readonly planId: string;
  readonly differences: readonly Difference[];
  readonly dangers: readonly Danger[];
  readonly obstacles: readonly FieldError[];
}

interface Planned {
  readonly plan: Plan;
  readonly tenant: Tenant;
  readonly before: State;
  readonly after: State;
}

async function prepare(
  services: Services,
  actor: Actor,
  company: Company,
  wanted: Configuration,
): Promise<Answer<Planned>> {
  const found = await readState(services, company);
  if (!found.ok) return found;
  const { state: before, tenant } = found.value;
  const after = await stateOf(services, actor, before, wanted);
  if (!after.ok) return after;
  const gone = before.groups.filter(({ id }) => after.value.groups.every((group) => group.id !== id));
  const full =
    gone.length === 0
      ? []
      : await findGroupsWithUsers(
          services.database,
          company.id,
          gone.map(({ id }) => id),
        );
  const hasRules = ({ saml }: State) => saml !== null && saml.groupMapping.length > 0;
  const keepMapped =
    !hasRules(before) && hasRules(after.value) && (await hasMappedUsers(services.database, company.id));
  const plan = {
    planId: planIdOf(before, after.value),
    differences: differencesOf(before, after.value),
    dangers: dangersOf(before, after.value, { keepMapped }),
    obstacles: gone
      .filter(({ id }) => full.includes(id))
      .map(({ title }) => ({
        path: "groups",
        message: `Users are in the group “${title}”, which would be deleted: move them first`,
      })),
  };
  return answer({ plan, tenant, before, after: after.value });
}

/** Versions grow with every change, so an identical look is not taken for nothing having happened. */
function planIdOf(before: State, after: State): string {
  const { company, groups, saml } = before;
  const versions = [company.id, company.version, saml?.version ?? 0, groups.map(({ id, version }) => [id, version])];
  return createHash("sha256")
    .update(JSON.stringify([versions, canonical(before), canonical(after)]))
    .digest("base64url");
}

export async function planConfiguration(
  services: Services,
  actor: Actor,
  company: Company,
  wanted: Configuration,
): Promise<Answer<Plan>> {
  const planned = await prepare(services, actor, company, wanted);
  return planned.ok ? answer(planned.value.plan) : planned;
}

/** Answers the company's configuration as it then is. */
export async function applyConfiguration(
  services: Services,
  actor: Actor,
  company: Company,
  { configuration: wanted, planId, accept }: z.output<typeof application>,
): Promise<Answer<unknown>> {
  const planned = await prepare(services, actor, company, wanted);
  if (!planned.ok) return planned;
  const { plan, tenant, before, after } = planned.value;
  if (plan.planId !== planId) return preconditionFailed();
  const [obstacle] = plan.obstacles;
  if (obstacle !== undefined) return conflict(obstacle.path, obstacle.message);
  const open = plan.dangers.filter(({ code }) => !accept.includes(code));
  if (open.length > 0) {
    const errors = open.map(({ code, message }) => ({ path: `accept.${code}`, message }));
    return fail({ status: 409, type: "danger", title: "Dangers of this plan are not accepted", errors });
  }
  const write = await writeOf(services, actor, tenant, before, after);
  const done = await writeConfiguration(services.database, company.id, write);
  if (done === "overtaken") return preconditionFailed();
  forgetTenant(services, company.slug);
  return answer(canonical(after));
}

async function writeOf(
  services: Services,
  actor: Actor,
  tenant: Tenant,
  before: State,
  after: State,
): Promise<ConfigurationWrite> {
  const { company } = after;
  const record = (change: Parameters<typeof auditRecord>[3]) => auditRecord(services, actor, company.id, change);
  const { version: _, updatedAt: _at, ...fields } = company;
  return {
    company:
      company === before.company
        ? null
        : {
            expectedVersion: before.company.version,
            changes: differing<Company>(before.company, fields),
            record: record({
              action: "update",
              resource: "company",
              resourceId: company.id,
              before: viewCompany(before.company),
              after: viewCompany(company),
            }),
          },
    groups: groupWrites(before, after, record),
    saml:
      after.saml === null || sameSaml(before, after)
        ? null
        : {
            expectedVersion: before.saml?.version ?? null,
            settings: after.saml,
            newKeys: await missingKeys(services, tenant, after.saml),
            record: record({
              action: before.saml === null ? "create" : "update",
              resource: "saml",
              resourceId: company.id,
              before: before.saml && auditView(before.saml),
              after: auditView(after.saml),
            }),
          },
  };
}

function groupWrites(
  before: State,
  after: State,
  record: (change: Parameters<typeof auditRecord>[3]) => GroupWrite["record"],
): GroupWrite[] {
  const pairs = [
    ...after.groups.map((group) => [before.groups.find(({ id }) => id === group.id) ?? null, group] as const),
    ...before.groups
      .filter(({ id }) => after.groups.every((group) => group.id !== id))
      .map((group) => [group, null] as const),
  ];
  return pairs
    .filter(([was, is]) => was !== is)
    .map(([was, is]) => {
      const { id } = (is ?? was) as Group;
      return {
        id,
        group: is,
        expectedVersion: was?.version ?? null,
        record: record({
          action: was === null ? "create" : is === null ? "delete" : "update",
          resource: "group",
          resourceId: id,
          before: was && viewGroup(was),
          after: is && viewGroup(is),
        }),
      };
    });
}
