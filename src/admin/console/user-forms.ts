/** `/users/…`: one user made, changed, disabled, signed out, through the functions of REST. */
import { listPasskeys, listSessions, type SessionRow, type User } from "../../store/index.ts";
import { fieldErrors } from "../fields.ts";
import type { Posted } from "../frame/index.ts";
import type { Problem } from "../problems.ts";
import { endOneSession, endSessions } from "../sessions.ts";
import { changeUser, deleteUser, makeUser, newUser, readUser, userPut } from "../users.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { doorPage } from "./door-pages.tsx";
import { interrupted, pauseOf } from "./gate.ts";
import { pendingInvitations } from "./invitations.tsx";
import { errorsOf, withErrors } from "./parts.tsx";
import { USERS_PATH } from "./paths.ts";
import { allGroups } from "./settings.ts";
import { type UserFields, type UserView, userPage } from "./user-page.tsx";
import { mayHavePassword } from "./users.tsx";

/** A person has a handful. */
const SESSIONS_SHOWN = 50;

function fieldsPosted(posted: Posted): UserFields {
  return {
    version: Number(posted.text("version")) || 0,
    email: posted.text("email"),
    firstName: posted.text("firstName"),
    lastName: posted.text("lastName"),
    company: posted.text("company"),
    groupId: posted.text("groupId"),
  };
}

async function shown(
  visit: Visit,
  view: Omit<UserView, "groups" | "sessions" | "passkeys" | "pending">,
): Promise<Response> {
  const { services, tenant } = visit;
  const { user } = view;
  const [groups, sessions, passkeys, invitations] = await Promise.all([
    allGroups(visit),
    user === null
      ? Promise.resolve<SessionRow[]>([])
      : listSessions(services.database, tenant.company.id, user.id, { after: null, limit: SESSIONS_SHOWN }),
    user === null ? [] : listPasskeys(services.database, tenant.company.id, user.id),
    user === null ? [] : pendingInvitations(visit, user.id),
  ]);
  const living = sessions.filter(({ expiresAt }) => expiresAt > services.now());
  const may = user !== null && mayHavePassword(user, groups);
  return userPage(visit, { ...view, groups, sessions: living, passkeys, pending: may ? invitations : null });
}

export function showNewUser(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { saml, company } = visit.tenant;
  const fields = { version: 0, email: "", firstName: "", lastName: "", company: company.name, groupId: "" };
  return shown(visit, { user: null, fields: { ...fields, groupId: saml?.jit.groupId ?? "" } });
}

export async function createUser(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const fields = fieldsPosted(c.get("posted"));
  const pause = pauseOf(visit, { dangerous: await givesAdministration(visit, fields.groupId, null) });
  if (pause !== null) return shown(visit, { user: null, fields, status: 403, pause });
  const { version: _, ...person } = fields;
  const input = newUser.safeParse(person);
  if (!input.success) {
    return shown(visit, { user: null, fields, status: 422, errors: withErrors(fieldErrors(input.error)) });
  }
  const made = await makeUser(visit.services, visit.actor, visit.tenant.company, input.data);
  if (!made.ok)
    return shown(visit, { user: null, fields, status: made.problem.status, errors: errorsOf(made.problem) });
  return leadTo(`${USERS_PATH}/${made.value.id}`, "user-created");
}

/** Making somebody an administrator is as dangerous as making their group one. */
async function givesAdministration(visit: Visit, groupId: string, before: User | null): Promise<boolean> {
  if (before?.groupId === groupId) return false;
  const group = (await allGroups(visit)).find(({ id }) => id === groupId);
  return group?.type === "administrator";
}

async function userOfPath(c: ConsoleContext) {
  const { services, tenant } = c.get("visit");
  return readUser(services, tenant.company, c.req.param("id") ?? "");
}

export async function showUser(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const found = await userOfPath(c);
  if (!found.ok) return missing(visit, found.problem);
  const { version, email, firstName, lastName, company, groupId } = found.value;
  return shown(visit, { user: found.value, fields: { version, email, firstName, lastName, company, groupId } });
}

export async function saveUser(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, actor, tenant } = visit;
  const fields = fieldsPosted(c.get("posted"));
  const found = await userOfPath(c);
  if (!found.ok) return missing(visit, found.problem);
  const user = found.value;
  const pause = pauseOf(visit, { dangerous: await givesAdministration(visit, fields.groupId, user) });
  if (pause !== null) return shown(visit, { user, fields, status: 403, pause });

  const { version, ...person } = fields;
  const input = userPut.safeParse(person);
  if (!input.success) return shown(visit, { user, fields, status: 422, errors: withErrors(fieldErrors(input.error)) });
  if (user.id === visit.session.userId && input.data.groupId !== user.groupId) {
    const errors = { groupId: "This is your own group: another administrator can move you" };
    return shown(visit, { user, fields, status: 409, errors });
  }
  const unchanged = (current: { version: number } | null) => current?.version === version;
  const saved = await changeUser(services, actor, tenant.company, user.id, input.data, unchanged);
  if (saved.ok) return leadTo(`${USERS_PATH}/${user.id}`, "user-saved");
  if (saved.problem.status !== 412) {
    return shown(visit, { user, fields, status: saved.problem.status, errors: errorsOf(saved.problem) });
  }
  const now = await userOfPath(c);
  if (!now.ok) return missing(visit, now.problem);
  return shown(visit, {
    user: now.value,
    fields: { ...fields, version: now.value.version },
    status: 409,
    differences: differencesOf(now.value, fields),
  });
}

function differencesOf(stored: User, typed: UserFields): (readonly [string, string, string])[] {
  const all = [
    ["Email", stored.email, typed.email],
    ["First Name", stored.firstName, typed.firstName],
    ["Last Name", stored.lastName, typed.lastName],
    ["Company", stored.company, typed.company],
    ["Permission group", stored.groupId, typed.groupId],
  ] as const;
  return all.filter(([, a, b]) => a !== b);
}

/** Disabling and enabling. Nobody locks themselves out. */
export function setStatus(status: User["status"]) {
  return async (c: ConsoleContext): Promise<Response> => {
    const visit = c.get("visit");
    const { services, actor, tenant } = visit;
    const id = c.req.param("id") ?? "";
    const path = `${USERS_PATH}/${id}`;
    const stop = interrupted(visit, { dangerous: status === "disabled", back: path });
    if (stop !== null) return stop;
    if (id === visit.session.userId) {
      return doorPage(tenant.company.name, {
        status: 409,
        title: "Nothing was changed",
        sentence: "You cannot disable yourself: another administrator can.",
        links: [{ href: path, label: "Back" }],
      });
    }
    const changed = await changeUser(services, actor, tenant.company, id, { status }, () => true);
    if (!changed.ok) return missing(visit, changed.problem);
    return leadTo(path, status === "disabled" ? "user-disabled" : "user-enabled");
  };
}

export async function removeUser(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const id = c.req.param("id") ?? "";
  const path = `${USERS_PATH}/${encodeURIComponent(id)}`;
  const stop = interrupted(visit, { dangerous: true, back: path });
  if (stop !== null) return stop;
  const deleted = await deleteUser(visit.services, visit.actor, visit.tenant.company, id, () => true);
  if (deleted.ok) return leadTo(USERS_PATH, "user-deleted");
  if (deleted.problem.status === 404) return missing(visit, deleted.problem);
  return doorPage(visit.tenant.company.name, {
    status: deleted.problem.status,
    title: "Nothing was changed",
    sentence: `${deleted.problem.title}.`,
    links: [{ href: path, label: "Back" }],
  });
}

export async function signOutEverywhere(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const path = `${USERS_PATH}/${c.req.param("id") ?? ""}`;
  const stop = interrupted(visit, { dangerous: false, back: path });
  if (stop !== null) return stop;
  const ended = await endSessions(visit.services, visit.actor, visit.tenant.company, c.req.param("id") ?? "");
  return ended.ok ? leadTo(path, "sessions-ended") : missing(visit, ended.problem);
}

export async function endSession(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  // Nobody has looked for this user: the text in the address may be anything.
  const path = `${USERS_PATH}/${encodeURIComponent(c.req.param("id") ?? "")}`;
  const stop = interrupted(visit, { dangerous: false, back: path });
  if (stop !== null) return stop;
  // Ended already is as good as ended.
  await endOneSession(visit.services, visit.actor, visit.tenant.company, c.req.param("session") ?? "");
  return leadTo(path, "session-ended");
}

function missing(visit: Visit, problem: Problem): Response {
  return doorPage(visit.tenant.company.name, {
    status: problem.status,
    title: problem.title,
    sentence: "It may have been deleted meanwhile.",
    links: [{ href: USERS_PATH, label: "Users" }],
  });
}
