/** Permission groups of a company. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  findGroup,
  GROUPS_PER_COMPANY_MAX,
  type Group,
  createGroup as insertGroup,
  newId,
  deleteGroup as removeGroup,
  updateGroup,
} from "../store/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { line, NAME_CHARS_MAX, readOnly, time, timeText } from "./fields.ts";
import { type Answer, answer, conflict, notFound } from "./problems.ts";
import { changeVersioned, differing, type Precondition } from "./versions.ts";

export const title = line(1, NAME_CHARS_MAX);
const type = z.enum(["administrator", "member"]);

export const groupView = z.object({
  id: z.string(),
  title: z.string(),
  type,
  ssoOnly: z.boolean(),
  createdAt: time,
  updatedAt: time,
});

export const newGroup = z.strictObject({
  title,
  type: z._default(type, "member"),
  ssoOnly: z
    ._default(z.boolean(), false)
    .check(z.meta({ description: "This group can only sign in via Single Sign-On" })),
});

export const groupPatch = z.strictObject({
  title: z.optional(title),
  type: z.optional(type),
  ssoOnly: z.optional(z.boolean()),
  id: readOnly,
  createdAt: readOnly,
  updatedAt: readOnly,
});

export const groupPut = z.extend(groupPatch, { title });

export function viewGroup(group: Group): z.infer<typeof groupView> {
  const { version: _, createdAt, updatedAt, ...rest } = group;
  return { ...rest, createdAt: timeText(createdAt), updatedAt: timeText(updatedAt) };
}

export async function makeGroup(
  services: Services,
  actor: Actor,
  company: Company,
  input: z.infer<typeof newGroup>,
): Promise<Answer<Group>> {
  const now = services.now();
  const group: Group = { ...input, id: newId(), version: 1, createdAt: now, updatedAt: now };
  const record = auditRecord(services, actor, company.id, {
    action: "create",
    resource: "group",
    resourceId: group.id,
    before: null,
    after: viewGroup(group),
  });
  const made = await insertGroup(services.database, company.id, group, record);
  if (made === "too_many") return conflict("", `A company has at most ${GROUPS_PER_COMPANY_MAX} groups`);
  return made === "done" ? answer(group) : notFound("company");
}

export async function readGroup(services: Services, company: Company, id: string): Promise<Answer<Group>> {
  const group = await findGroup(services.database, company.id, id);
  return group ? answer(group) : notFound("group");
}

export function changeGroup(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
  input: z.infer<typeof groupPatch>,
  precondition: Precondition,
): Promise<Answer<Group>> {
  return changeVersioned(
    precondition,
    () => readGroup(services, company, id),
    async (current) => {
      const changes = differing(current, { title: input.title, type: input.type, ssoOnly: input.ssoOnly });
      if (Object.keys(changes).length === 0) return answer(current);
      const changed = { ...current, ...changes, version: current.version + 1, updatedAt: services.now() };
      const record = auditRecord(services, actor, company.id, {
        action: "update",
        resource: "group",
        resourceId: id,
        before: viewGroup(current),
        after: viewGroup(changed),
      });
      const done = await updateGroup(services.database, company.id, id, current.version, changes, record);
      return done === "done" ? answer({ ...changed, updatedAt: record.at }) : done;
    },
  );
}

export function deleteGroup(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
  precondition: Precondition,
): Promise<Answer<null>> {
  return changeVersioned(
    precondition,
    () => readGroup(services, company, id),
    async (current) => {
      const record = auditRecord(services, actor, company.id, {
        action: "delete",
        resource: "group",
        resourceId: id,
        before: viewGroup(current),
        after: null,
      });
      const done = await removeGroup(services.database, company.id, id, current.version, record);
      if (done === "in_use") return conflict("id", "Users or the single sign-on settings still use this group");
      return done === "done" ? answer(null) : done;
    },
  );
}
