/** The passkeys on a user's page: which there are, and their removal. A person adds their own at `/sso/local/passkeys`. */
import type { FC } from "hono/jsx";
import type { Passkey, User } from "../../store/index.ts";
import { deletePasskey, readPasskey } from "../passkeys.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { interrupted } from "./gate.ts";
import { Sure, Table, Time } from "./parts.tsx";
import { USERS_PATH } from "./paths.ts";

export const Passkeys: FC<{ visit: Visit; user: User; passkeys: readonly Passkey[] }> = ({ visit, user, passkeys }) => (
  <section class="card" aria-labelledby="h-passkeys">
    <h2 id="h-passkeys">Passkeys</h2>
    {passkeys.length === 0 ? (
      <p class="soft">None.</p>
    ) : (
      <Table caption="Passkeys of this user" heads={["Name", "Added", "Last used"]} act="Remove it">
        {passkeys.map(({ id, name, createdAt, lastUsedAt }) => (
          <tr>
            <th scope="row">
              <bdi>{name}</bdi>
            </th>
            <td data-label="Added">
              <Time at={createdAt} />
            </td>
            <td data-label="Last used">{lastUsedAt === null ? "Never" : <Time at={lastUsedAt} />}</td>
            <td class="end">
              <Sure visit={visit} action={`${USERS_PATH}/${user.id}/passkeys/${id}/remove`} label="Remove" of={name} />
            </td>
          </tr>
        ))}
      </Table>
    )}
    {user.id === visit.session.userId && (
      <p class="hint">
        These are yours: <a href="/sso/local/passkeys">add one</a>, if your group may sign in without Single Sign-On.
      </p>
    )}
  </section>
);

export async function removePasskey(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, actor, tenant } = visit;
  const userId = c.req.param("id") ?? "";
  const path = `${USERS_PATH}/${encodeURIComponent(userId)}`;
  const stop = interrupted(visit, { dangerous: false, back: path });
  if (stop !== null) return stop;
  const found = await readPasskey(services, tenant.company, userId, c.req.param("passkey") ?? "");
  // Removed already is as good as removed.
  if (found.ok) await deletePasskey(services, actor, tenant.company, found.value, visit.session.id);
  return leadTo(path, "passkey-removed");
}
