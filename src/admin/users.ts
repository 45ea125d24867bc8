/** People of a company, made and changed by hand; single sign-on makes and changes them too. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  emailKey,
  findUser,
  hasOtherAdministrator,
  createUser as insertUser,
  newId,
  deleteUser as removeUser,
  type User,
  type UserConflict,
  updateUser,
} from "../store/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { email, id, line, NAME_CHARS_MAX, readOnly, time, timeText } from "./fields.ts";
import { type Answer, answer, conflict, invalid, notFound } from "./problems.ts";
import { changeVersioned, differing, type Precondition } from "./versions.ts";

const name = line(0, NAME_CHARS_MAX);
const status = z.enum(["active", "disabled"]);

export const userView = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  company: z.string(),
  groupId: z.string(),
  groupSource: z.enum(["manual", "mapping"]).check(
    z.meta({
      description:
        "Who chose the group: a rule of groupMapping, which takes it back when none gives it any more; or else a hand, or the Just-In-Time default",
    }),
  ),
  status,
  createdAt: time,
  updatedAt: time,
  lastSignInAt: z.nullable(time),
});

export const newUser = z.strictObject({
  email,
  firstName: z._default(name, ""),
  lastName: z._default(name, ""),
  company: z._default(name, "").check(z.meta({ description: "Where the person works, in their own words" })),
  groupId: id,
  status: z._default(status, "active"),
});

export const userPatch = z.strictObject({
  email: z.optional(email),
  firstName: z.optional(name),
  lastName: z.optional(name),
  company: z.optional(name),
  groupId: z.optional(id),
  status: z.optional(status),
  id: readOnly,
  groupSource: readOnly,
  createdAt: readOnly,
  updatedAt: readOnly,
  lastSignInAt: readOnly,
});

export const userPut = z.extend(userPatch, { email, groupId: id });

export function viewUser(user: User): z.infer<typeof userView> {
  const { version: _, subject: _subject, createdAt, updatedAt, lastSignInAt, ...rest } = user;
  return {
    ...rest,
    createdAt: timeText(createdAt),
    updatedAt: timeText(updatedAt),
    lastSignInAt: timeText(lastSignInAt),
  };
}

function conflictOf(taken: UserConflict) {
  if (taken === "group_unknown") return invalid([{ path: "groupId", message: "Is not a group of this company" }]);
  return conflict("email", "Another user of this company has this e-mail address");
}

export async function makeUser(
  services: Services,
  actor: Actor,
  company: Company,
  input: z.infer<typeof newUser>,
): Promise<Answer<User>> {
  const now = services.now();
  const person = { ...input, id: newId(), email: emailKey(input.email), groupSource: "manual" as const, subject: null };
  const user: User = { ...person, version: 1, createdAt: now, updatedAt: now, lastSignInAt: null };
  const record = auditRecord(services, actor, company.id, {
    action: "create",
    resource: "user",
    resourceId: user.id,
    before: null,
    after: viewUser(user),
  });
  const made = await insertUser(services.database, company.id, person, { ...record, at: now });
  return made === "done" ? answer(user) : conflictOf(made);
}

export async function readUser(services: Services, company: Company, id: string): Promise<Answer<User>> {
  const user = await findUser(services.database, company.id, id);
  return user ? answer(user) : notFound("user");
}

/** Whose choice the group is, once a hand has written `groupId`: to write what stands there is to choose nothing. */
export function chosenByHand(current: User | null, groupId: string | undefined): User["groupSource"] {
  return current !== null && (groupId ?? current.groupId) === current.groupId ? current.groupSource : "manual";
}

/** Disabling ends the user's sessions in the same batch. */
export function changeUser(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
  input: z.infer<typeof userPatch>,
  precondition: Precondition,
): Promise<Answer<User>> {
  return changeVersioned(
    precondition,
    () => readUser(services, company, id),
    async (current) => {
      const changes = differing(current, {
        email: input.email === undefined ? undefined : emailKey(input.email),
        firstName: input.firstName,
        lastName: input.lastName,
        company: input.company,
        groupId: input.groupId,
        groupSource: chosenByHand(current, input.groupId),
        status: input.status,
      });
      if (Object.keys(changes).length === 0) return answer(current);
      const changed = { ...current, ...changes, version: current.version + 1, updatedAt: services.now() };
      const record = auditRecord(services, actor, company.id, {
        action: "update",
        resource: "user",
        resourceId: id,
        before: viewUser(current),
        after: viewUser(changed),
      });
      const done = await updateUser(services.database, company.id, id, current.version, changes, record);
      if (done === "version_changed") return done;
      return done === "done" ? answer({ ...changed, updatedAt: record.at }) : conflictOf(done);
    },
  );
}

/** Only the operator and a token can leave a company without an administrator; from the console nobody can. */
export function deleteUser(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
  precondition: Precondition,
): Promise<Answer<null>> {
  const byPerson = actor.kind === "user";
  return changeVersioned(
    precondition,
    () => readUser(services, company, id),
    async (current) => {
      if (byPerson && actor.userId === id) return conflict("", "You cannot delete yourself: another administrator can");
      if (byPerson && !(await hasOtherAdministrator(services.database, company.id, id))) {
        return conflict("", "This is the last administrator");
      }
      const record = auditRecord(services, actor, company.id, {
        action: "delete",
        resource: "user",
        resourceId: id,
        before: viewUser(current),
        after: null,
      });
      const done = await removeUser(services.database, company.id, id, current.version, record, byPerson);
      return done === "done" ? answer(null) : done;
    },
  );
}
