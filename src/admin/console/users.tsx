/** `/users`: the company's people, searched and listed. */
import { type Group, listUsers, searchUsers, type User } from "../../store/index.ts";
import type { ConsoleContext } from "./console.ts";
import { consolePage } from "./layout.tsx";
import { Breakable, Form, Older, Table, TextField, Time } from "./parts.tsx";
import { INVITATIONS_PATH, USERS_PATH } from "./paths.ts";
import { allGroups } from "./settings.ts";

export const LIST_ROWS = 50;
/** No address is longer (RFC 5321, 4.5.3.1). */
const SEARCH_CHARS_MAX = 254;

export const nameOf = ({ firstName, lastName, email }: Pick<User, "firstName" | "lastName" | "email">) =>
  [firstName, lastName].filter((part) => part !== "").join(" ") || email;

/** As the invitation itself will say, so that nobody is offered what is refused. */
export function mayHavePassword({ status, groupId }: User, groups: readonly Group[]): boolean {
  return status === "active" && groups.some(({ id, ssoOnly }) => id === groupId && !ssoOnly);
}

export async function listUsersPage(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, tenant } = visit;
  const { searchParams } = new URL(c.req.url);
  const search = (searchParams.get("email") ?? "").trim().slice(0, SEARCH_CHARS_MAX);
  const page = { after: searchParams.get("after"), limit: LIST_ROWS + 1 };
  const [found, groups] = await Promise.all([
    search === ""
      ? listUsers(services.database, tenant.company.id, page)
      : searchUsers(services.database, tenant.company.id, search, page),
    allGroups(visit),
  ]);
  const titles = new Map(groups.map(({ id, title }) => [id, title]));
  const users = found.slice(0, LIST_ROWS);
  const last = found.length > LIST_ROWS ? users.at(-1) : undefined;
  const next = last && new URLSearchParams(search === "" ? { after: last.id } : { email: search, after: last.email });
  return consolePage(visit, {
    title: "Users",
    section: "users",
    aside: (
      <p class="actions bar">
        <a class="button" href={`${USERS_PATH}/new`}>
          Create SSO user
        </a>
        <a class="button quiet" href={`${USERS_PATH}/import`}>
          Import
        </a>
        <a class="button quiet" href={`${USERS_PATH}/export`}>
          Export
        </a>
        <a class="button quiet" href={INVITATIONS_PATH}>
          Invitations
        </a>
      </p>
    ),
    children: (
      <>
        <form class="search" method="get" action={USERS_PATH}>
          <TextField name="email" label="Email begins with" value={search} errors={{}} type="search" />
          <button class="button quiet" type="submit">
            Search
          </button>
          {search !== "" && <a href={USERS_PATH}>Show all</a>}
        </form>
        <div class="card">
          {users.length === 0 ? (
            <p class="soft">
              {search === ""
                ? "There is no user yet. With Just-In-Time provisioning they appear when they first sign in."
                : "No address begins like this."}
            </p>
          ) : (
            <Table
              caption="Users"
              heads={["Name", "Email", "Permission group", "Last sign-in", "Status"]}
              act="Invite to sign in locally"
            >
              {users.map((user) => (
                <tr>
                  <th scope="row">
                    <a href={`${USERS_PATH}/${user.id}`}>
                      <Breakable text={nameOf(user)} />
                    </a>
                  </th>
                  <td class="wide" data-label="Email">
                    <Breakable text={user.email} />
                  </td>
                  <td class="group" data-label="Group">
                    <bdi>{titles.get(user.groupId) ?? user.groupId}</bdi>
                  </td>
                  <td class="when" data-label="Last sign-in">
                    {user.lastSignInAt === null ? "Never" : <Time at={user.lastSignInAt} />}
                  </td>
                  <td data-label="Status">
                    {user.status === "active" ? "Active" : <span class="badge bad">Disabled</span>}
                  </td>
                  <td class="end">
                    {mayHavePassword(user, groups) && (
                      <Form visit={visit} action={`${USERS_PATH}/${user.id}/invite`}>
                        <button
                          class="button quiet small"
                          type="submit"
                          aria-label={`Invite ${nameOf(user)} to sign in locally`}
                        >
                          Invite
                        </button>
                      </Form>
                    )}
                  </td>
                </tr>
              ))}
            </Table>
          )}
        </div>
        <Older
          first={page.after && `${USERS_PATH}?${new URLSearchParams({ email: search })}`}
          href={next ? `${USERS_PATH}?${next}` : null}
          label="Next page"
        />
      </>
    ),
  });
}
