/** The page of one user, or of one about to be: what they are, whether they may sign in, and where they are signed in. */
import type { FC } from "hono/jsx";
import type { Group, Passkey, PendingInvitation, SessionRow, User } from "../../store/index.ts";
import type { Visit } from "./console.ts";
import { InviteCard } from "./invitations.tsx";
import { consolePage } from "./layout.tsx";
import {
  ConflictNote,
  type Errors,
  FaultNote,
  Form,
  PauseNote,
  SelectField,
  StaleNote,
  Sure,
  Table,
  TextField,
  Time,
} from "./parts.tsx";
import { Passkeys } from "./passkeys.tsx";
import { GROUPS_PATH, USERS_PATH } from "./paths.ts";
import { nameOf } from "./users.tsx";

export interface UserFields {
  readonly version: number;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly company: string;
  readonly groupId: string;
}

export interface UserView {
  readonly status?: number;
  /** Null for a user about to be. */
  readonly user: User | null;
  readonly fields: UserFields;
  readonly groups: readonly Group[];
  readonly sessions: readonly SessionRow[];
  readonly passkeys: readonly Passkey[];
  /** Links to choose a password with; null where this user may have none. */
  readonly pending: PendingInvitation[] | null;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly differences?: readonly (readonly [string, string, string])[];
}

const GROUP_HINTS = {
  manual: "A group mapping may change it at the next sign-in.",
  mapping:
    "Given by group mapping, and taken back once no row gives it any more. One that you choose instead stays until a row gives another.",
} as const;

export function userPage(visit: Visit, view: UserView): Response {
  const { user, fields, errors = {}, pause = null } = view;
  const path = user === null ? `${USERS_PATH}/new` : `${USERS_PATH}/${user.id}`;
  const groups = view.groups.map(({ id, title, ssoOnly }) => [id, ssoOnly ? `${title} (SSO only)` : title] as const);
  return consolePage(visit, {
    status: view.status ?? 200,
    title: user === null ? "Create SSO user" : nameOf(user),
    section: "users",
    ...(user === null
      ? { lead: "The person is let in when your identity provider signs in somebody with this e-mail address." }
      : {}),
    aside: user?.status === "disabled" && <span class="badge bad">Disabled</span>,
    children: (
      <>
        {user !== null && pause === null && Object.keys(errors).length === 0 && <StaleNote visit={visit} />}
        <PauseNote visit={visit} pause={pause} back={path} />
        {view.differences && <ConflictNote differences={view.differences} />}
        <FaultNote
          errors={errors}
          labels={{
            email: "Email",
            firstName: "First Name",
            lastName: "Last Name",
            company: "Company",
            groupId: "Permission group",
          }}
        />
        {view.groups.length === 0 && (
          <div class="note warn">
            <p>
              There is no permission group yet. <a href={`${GROUPS_PATH}/new`}>Create one first</a>.
            </p>
          </div>
        )}
        <Form visit={visit} action={path} class="card">
          <input type="hidden" name="version" value={String(fields.version)} />
          <div class="grid">
            <TextField name="email" label="Email" value={fields.email} errors={errors} type="email" required whole />
            <TextField name="firstName" label="First Name" value={fields.firstName} errors={errors} />
            <TextField name="lastName" label="Last Name" value={fields.lastName} errors={errors} />
            <TextField
              name="company"
              label="Company"
              hint="Where the person works, in their own words."
              value={fields.company}
              errors={errors}
            />
            <SelectField
              name="groupId"
              label="Permission group"
              hint={user === null ? undefined : GROUP_HINTS[user.groupSource]}
              value={fields.groupId}
              errors={errors}
              options={groups}
            />
          </div>
          <p class="actions">
            <button class="button" type="submit">
              {user === null ? "Create" : "Save"}
            </button>
            <a class="button quiet" href={USERS_PATH}>
              Back to the users
            </a>
          </p>
        </Form>
        {user !== null && view.pending !== null && <InviteCard visit={visit} path={path} pending={view.pending} />}
        {user !== null && <Access visit={visit} user={user} />}
        {user !== null && <Passkeys visit={visit} user={user} passkeys={view.passkeys} />}
        {user !== null && <Sessions visit={visit} user={user} sessions={view.sessions} />}
      </>
    ),
  });
}

const Access: FC<{ visit: Visit; user: User }> = ({ visit, user }) => {
  const active = user.status === "active";
  const own = user.id === visit.session.userId;
  return (
    <section class="card" aria-labelledby="h-access">
      <h2 id="h-access">Access</h2>
      <dl class="facts">
        <dt>Last sign-in</dt>
        <dd>{user.lastSignInAt === null ? "Never" : <Time at={user.lastSignInAt} />}</dd>
        <dt>Group chosen</dt>
        <dd>{user.groupSource === "mapping" ? "By group mapping" : "By hand or Just-In-Time provisioning"}</dd>
        <dt>Linked to</dt>
        <dd>
          {user.subject === null ? (
            "Nobody yet: the first sign-in with this address will be"
          ) : (
            <>
              <bdi>{user.subject.issuer}</bdi>, by {user.subject.kind === "userKey" ? "immutable key" : "NameID"}
            </>
          )}
        </dd>
        <dt>Created</dt>
        <dd>
          <Time at={user.createdAt} />
        </dd>
      </dl>
      {own ? (
        <p class="hint">This is you. Another administrator can disable or delete your account.</p>
      ) : (
        <>
          <Form visit={visit} action={`${USERS_PATH}/${user.id}/${active ? "disable" : "enable"}`} class="actions">
            <button class={active ? "button danger" : "button quiet"} type="submit">
              {active ? "Disable the user" : "Enable the user"}
            </button>
          </Form>
          <Sure visit={visit} action={`${USERS_PATH}/${user.id}/delete`} label="Delete the user" of={user.email}>
            <p>
              The user is signed out everywhere and forgotten; the audit log and the sign-in log stay. With Just-In-Time
              provisioning the person is created anew at the next sign-in: to keep somebody out, disable them.
            </p>
          </Sure>
        </>
      )}
    </section>
  );
};

const AGENT_CHARS_SHOWN = 140;

const Sessions: FC<{ visit: Visit; user: User; sessions: readonly SessionRow[] }> = ({ visit, user, sessions }) => (
  <section class="card" aria-labelledby="h-sessions">
    <h2 id="h-sessions">Sessions</h2>
    {sessions.length === 0 ? (
      <p class="soft">Not signed in anywhere.</p>
    ) : (
      <>
        <Table caption="Sessions of this user" heads={["Browser", "Signed in", "Last used"]} act="End it">
          {sessions.map((session) => (
            <tr>
              <th scope="row" class="agent">
                <bdi>{session.userAgent.slice(0, AGENT_CHARS_SHOWN) || "unknown"}</bdi>{" "}
                {session.id === visit.session.id && <span class="badge good">This one</span>}
              </th>
              <td data-label="Signed in">
                <Time at={session.createdAt} />
              </td>
              <td data-label="Last used">
                <Time at={session.lastSeenAt} />
              </td>
              <td class="end">
                <Form visit={visit} action={`${USERS_PATH}/${user.id}/sessions/${session.id}/end`}>
                  <button class="button quiet small" type="submit">
                    End{" "}
                    <span class="hidden">
                      the session of <Time at={session.createdAt} />
                    </span>
                  </button>
                </Form>
              </td>
            </tr>
          ))}
        </Table>
        <Form visit={visit} action={`${USERS_PATH}/${user.id}/sign-out`} class="actions">
          <button class="button danger" type="submit">
            Sign out everywhere
          </button>
        </Form>
      </>
    )}
  </section>
);
