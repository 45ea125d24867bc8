/** `/invitations`: one-time links by which people choose a (new) password. A link is shown by the answer that made it and never again. */
import { listPendingInvitations, type PendingInvitation } from "../../store/index.ts";
import { LinkTable, SecretNote } from "../frame/index.ts";
import { LINK_HOURS_DEFAULT, makeInvitation, revokeLink } from "../invitations.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { interrupted } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import { FaultNote, Form } from "./parts.tsx";
import { INVITATIONS_PATH, USERS_PATH } from "./paths.ts";

const SHOWN = 200;

/** Of one user, or, null, of all. */
export function pendingInvitations({ services, tenant }: Visit, userId: string | null): Promise<PendingInvitation[]> {
  return listPendingInvitations(services.database, tenant.company.id, userId, { after: null, limit: SHOWN });
}

const Pending = ({ visit, pending }: { visit: Visit; pending: readonly PendingInvitation[] }) => (
  <LinkTable
    visit={visit}
    path={INVITATIONS_PATH}
    caption="Invitations"
    links={pending.map(({ link, email }) => ({ link, who: email, href: `${USERS_PATH}/${link.userId}` }))}
    now={visit.services.now()}
  />
);

export async function listInvitationsPage(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const pending = await pendingInvitations(visit, null);
  return consolePage(visit, {
    title: "Invitations",
    section: "users",
    lead: "Links that were handed out and not used yet. Each works once. A new one is made on its user’s page.",
    children: (
      <div class="card">
        <Pending visit={visit} pending={pending} />
      </div>
    ),
  });
}

/** On the page of a user who may have a password. */
export const InviteCard = ({ visit, path, pending }: { visit: Visit; path: string; pending: PendingInvitation[] }) => (
  <section class="card" aria-labelledby="h-local">
    <h2 id="h-local">Sign-in without your identity provider</h2>
    <p class="hint">
      Makes a link by which this person chooses a password, or a new one in place of a forgotten one. It works once, for{" "}
      {LINK_HOURS_DEFAULT} hours.
    </p>
    <Form visit={visit} action={`${path}/invite`} class="actions">
      <button class="button quiet" type="submit">
        Invite to sign in locally
      </button>
    </Form>
    {pending.length > 0 && (
      <>
        <h3>Links not used yet</h3>
        <Pending visit={visit} pending={pending} />
      </>
    )}
  </section>
);

export async function invite(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const userId = c.req.param("id") ?? "";
  const path = `${USERS_PATH}/${encodeURIComponent(userId)}`;
  // Whoever has the link can sign in as this person.
  const stop = interrupted(visit, { dangerous: true, back: path });
  if (stop !== null) return stop;
  const input = { userId, expiresInHours: LINK_HOURS_DEFAULT };
  const made = await makeInvitation(visit.services, visit.actor, visit.tenant.company, input);
  return consolePage(visit, {
    status: made.ok ? 200 : made.problem.status,
    title: "Invitation",
    section: "users",
    children: (
      <>
        {made.ok ? (
          <SecretNote
            title="The link was made."
            text={`Hand it to the person: it works once, for ${LINK_HOURS_DEFAULT} hours.`}
            secret={made.value.url}
            done={path}
          />
        ) : (
          <FaultNote
            title="No link was made"
            errors={{ "": made.problem.errors?.[0]?.message ?? made.problem.title }}
          />
        )}
        <p class="actions">
          <a class="button quiet" href={INVITATIONS_PATH}>
            All invitations
          </a>
          <a class="button quiet" href={USERS_PATH}>
            Users
          </a>
        </p>
      </>
    ),
  });
}

export async function revokeInvitation(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: false, back: INVITATIONS_PATH });
  if (stop !== null) return stop;
  // Used or revoked already is as good as revoked.
  await revokeLink(visit.services, visit.actor, visit.tenant.company, "invitation", c.req.param("id") ?? "");
  return leadTo(INVITATIONS_PATH, "invitation-revoked");
}
