/** `/groups`: permission groups, listed, made, changed and deleted through the functions of REST. */
import type { FC } from "hono/jsx";
import { LOCAL_ISSUER } from "../../session/index.ts";
import { findSession, type Group } from "../../store/index.ts";
import { fieldErrors } from "../fields.ts";
import type { Posted } from "../frame/index.ts";
import { changeGroup, deleteGroup, groupPut, makeGroup, newGroup, readGroup } from "../groups.ts";
import type { Problem } from "../problems.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { doorPage } from "./door-pages.tsx";
import { interrupted, pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  CheckField,
  ConflictNote,
  type Errors,
  errorsOf,
  FaultNote,
  Form,
  PauseNote,
  SelectField,
  StaleNote,
  Sure,
  Table,
  TextField,
  withErrors,
} from "./parts.tsx";
import { GROUPS_PATH, SETUP_PATH } from "./paths.ts";
import { allGroups, storedTenant } from "./settings.ts";

const TYPES: readonly (readonly [string, string])[] = [
  ["member", "Member"],
  ["administrator", "Administrator: may use this console"],
];

export const typeLabel = (type: Group["type"]) => (type === "administrator" ? "Administrator" : "Member");

export async function listGroupsPage(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const groups = await allGroups(visit);
  return consolePage(visit, {
    title: "Permission groups",
    section: "groups",
    lead: "Every user is in one group. It says whether the person is an administrator, and how they may sign in.",
    aside: (
      <p class="actions bar">
        <a class="button" href={`${GROUPS_PATH}/new`}>
          Create a group
        </a>
      </p>
    ),
    children: (
      <div class="card">
        {groups.length === 0 ? (
          <p class="soft">There is no group yet. Create one for the people who will sign in.</p>
        ) : (
          <Table caption="Permission groups" heads={["Title", "Type", "Sign-in"]}>
            {groups.map((group) => (
              <tr>
                <th scope="row">
                  <a href={`${GROUPS_PATH}/${group.id}`}>
                    <bdi>{group.title}</bdi>
                  </a>
                </th>
                <td data-label="Type">{typeLabel(group.type)}</td>
                <td data-label="Sign-in">
                  {group.ssoOnly ? <span class="badge good">Single sign-on only</span> : "Single sign-on or password"}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </div>
    ),
  });
}

interface GroupFields {
  readonly version: number;
  readonly title: string;
  readonly type: string;
  readonly ssoOnly: boolean;
}

interface View {
  readonly status?: number;
  /** Null for a group about to be. */
  readonly group: Group | null;
  readonly fields: GroupFields;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly differences?: readonly (readonly [string, string, string])[];
}

function fieldsPosted(posted: Posted): GroupFields {
  return {
    version: Number(posted.text("version")) || 0,
    title: posted.text("title"),
    type: posted.text("type"),
    ssoOnly: posted.has("ssoOnly"),
  };
}

function groupPage(visit: Visit, view: View): Response {
  const { group, fields, errors = {}, pause = null } = view;
  const path = group === null ? `${GROUPS_PATH}/new` : `${GROUPS_PATH}/${group.id}`;
  return consolePage(visit, {
    status: view.status ?? 200,
    title: group === null ? "Create a group" : group.title,
    section: "groups",
    children: (
      <>
        {pause === null && Object.keys(errors).length === 0 && <StaleNote visit={visit} />}
        <PauseNote visit={visit} pause={pause} back={path} />
        {view.differences && <ConflictNote differences={view.differences} />}
        <FaultNote errors={errors} labels={{ title: "Title", type: "Type", ssoOnly: "Single sign-on only" }} />
        <Form visit={visit} action={path} class="card">
          <input type="hidden" name="version" value={String(fields.version)} />
          <TextField name="title" label="Title" value={fields.title} errors={errors} required />
          <SelectField name="type" label="Type" value={fields.type} errors={errors} options={TYPES} />
          <CheckField
            name="ssoOnly"
            label="This group can only sign in via Single Sign-On"
            hint="Passwords and password sessions of its people stop working within a minute."
            checked={fields.ssoOnly}
            errors={errors}
          />
          <p class="actions">
            <button class="button" type="submit">
              {group === null ? "Create" : "Save"}
            </button>
            <a class="button quiet" href={GROUPS_PATH}>
              Back to the groups
            </a>
          </p>
        </Form>
        {group !== null && <Deletion visit={visit} group={group} />}
      </>
    ),
  });
}

const Deletion: FC<{ visit: Visit; group: Group }> = ({ visit, group }) => (
  <section class="card" aria-labelledby="h-delete">
    <h2 id="h-delete">Delete this group</h2>
    <p class="soft">Only a group that no user and no setting refers to can be deleted.</p>
    <Sure visit={visit} action={`${GROUPS_PATH}/${group.id}/delete`} label="Delete the group" />
  </section>
);

export function showNewGroup(c: ConsoleContext): Response {
  return groupPage(c.get("visit"), {
    group: null,
    fields: { version: 0, title: "", type: "member", ssoOnly: true },
  });
}

export async function createGroup(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const fields = fieldsPosted(c.get("posted"));
  const pause = pauseOf(visit, { dangerous: fields.ssoOnly || fields.type === "administrator" });
  if (pause !== null) return groupPage(visit, { group: null, fields, status: 403, pause });
  const { title, type, ssoOnly } = fields;
  const input = newGroup.safeParse({ title, type, ssoOnly });
  if (!input.success) {
    return groupPage(visit, { group: null, fields, status: 422, errors: withErrors(fieldErrors(input.error)) });
  }
  const made = await makeGroup(visit.services, visit.actor, visit.tenant.company, input.data);
  if (!made.ok)
    return groupPage(visit, { group: null, fields, status: made.problem.status, errors: errorsOf(made.problem) });
  // The first group is a step of the set-up, which goes on where it left off.
  return leadTo(visit.tenant.saml === null ? SETUP_PATH : GROUPS_PATH, "group-created");
}

export async function showGroup(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const found = await readGroup(visit.services, visit.tenant.company, c.req.param("id") ?? "");
  if (!found.ok) return missing(visit, found.problem);
  const { version, title, type, ssoOnly } = found.value;
  return groupPage(visit, { group: found.value, fields: { version, title, type, ssoOnly } });
}

export async function saveGroup(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, actor } = visit;
  const { company } = visit.tenant;
  const id = c.req.param("id") ?? "";
  const fields = fieldsPosted(c.get("posted"));
  const found = await readGroup(services, company, id);
  if (!found.ok) return missing(visit, found.problem);
  const group = found.value;
  const dangerous =
    (fields.ssoOnly && !group.ssoOnly) || (fields.type === "administrator" && group.type !== "administrator");
  const pause = pauseOf(visit, { dangerous });
  if (pause !== null) return groupPage(visit, { group, fields, status: 403, pause });

  const { title, type, ssoOnly, version } = fields;
  const input = groupPut.safeParse({ title, type, ssoOnly });
  if (!input.success) {
    return groupPage(visit, { group, fields, status: 422, errors: withErrors(fieldErrors(input.error)) });
  }
  if (input.data.type === "member" && id === visit.session.group.id) {
    const errors = { type: "This is your own group: without the type Administrator you could not come back here" };
    return groupPage(visit, { group, fields, status: 409, errors });
  }
  const lockout =
    fields.ssoOnly && !group.ssoOnly ? await lockoutBy(visit, { id, type: input.data.type ?? group.type }) : null;
  if (lockout !== null) return groupPage(visit, { group, fields, status: 409, errors: { ssoOnly: lockout } });
  const saved = await changeGroup(services, actor, company, id, input.data, (current) => current?.version === version);
  if (saved.ok) return leadTo(`${GROUPS_PATH}/${id}`, "group-saved");
  if (saved.problem.status !== 412) {
    return groupPage(visit, { group, fields, status: saved.problem.status, errors: errorsOf(saved.problem) });
  }
  const now = await readGroup(services, company, id);
  if (!now.ok) return missing(visit, now.problem);
  return groupPage(visit, {
    group: now.value,
    fields: { ...fields, version: now.value.version },
    status: 409,
    differences: differencesOf(now.value, fields),
  });
}

/**
 * Why a group of administrators must not be closed to passwords yet; null when it may. Where it is the last that may use them,
 * or this administrator's own, single sign-on must have been seen to bring them in, by the very settings in force.
 */
async function lockoutBy(visit: Visit, group: Pick<Group, "id" | "type">): Promise<string | null> {
  if (group.type !== "administrator") return null;
  const { services, session } = visit;
  const others = (await allGroups(visit)).filter(({ id, type, ssoOnly }) => {
    return id !== group.id && type === "administrator" && !ssoOnly;
  });
  if (others.length > 0 && session.group.id !== group.id) return null;
  const { saml, company } = await storedTenant(visit);
  if (saml === null) return "Single sign-on is not set up: nobody of this group could come back";
  const begun = await findSession(services.database, company.id, session.id);
  const proven = begun !== null && begun.issuer !== LOCAL_ISSUER && begun.createdAt >= saml.updatedAt;
  return proven
    ? null
    : "First sign in by single sign-on yourself, with the settings that are in force now: that shows that administrators can come back";
}

function differencesOf(stored: Group, typed: GroupFields): (readonly [string, string, string])[] {
  const onOff = (value: boolean) => (value ? "on" : "off");
  const all = [
    ["Title", stored.title, typed.title],
    ["Type", stored.type, typed.type],
    ["Single sign-on only", onOff(stored.ssoOnly), onOff(typed.ssoOnly)],
  ] as const;
  return all.filter(([, a, b]) => a !== b);
}

export async function removeGroup(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { company } = visit.tenant;
  const id = c.req.param("id") ?? "";
  const stop = interrupted(visit, { dangerous: false, back: `${GROUPS_PATH}/${id}` });
  if (stop !== null) return stop;
  const deleted = await deleteGroup(visit.services, visit.actor, company, id, () => true);
  if (deleted.ok) return leadTo(GROUPS_PATH, "group-deleted");
  const found = await readGroup(visit.services, company, id);
  if (!found.ok) return missing(visit, found.problem);
  const { version, title, type, ssoOnly } = found.value;
  return groupPage(visit, {
    group: found.value,
    fields: { version, title, type, ssoOnly },
    status: deleted.problem.status,
    errors: { "": deleted.problem.title },
  });
}

function missing(visit: Visit, problem: Problem): Response {
  return doorPage(visit.tenant.company.name, {
    status: problem.status,
    title: problem.title,
    sentence: "It may have been deleted meanwhile.",
    links: [{ href: GROUPS_PATH, label: "Permission groups" }],
  });
}
