/** `/audit`: every change of this company, who made it, what was before and after. */
import type { FC } from "hono/jsx";
import { type AuditRecord, listAudit } from "../../store/index.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { consolePage } from "./layout.tsx";
import { Older, Time } from "./parts.tsx";
import { AUDIT_PATH, GROUPS_PATH, SETTINGS_PATH, USERS_PATH } from "./paths.ts";
import { LIST_ROWS } from "./users.tsx";

const VERBS = { create: "created", update: "changed", delete: "deleted" } as const;
/** What has no word here is shown by its own. */
const THINGS: Readonly<Record<string, string>> = {
  company: "the company",
  saml: "the single sign-on settings",
  group: "a permission group",
  user: "a user",
  session: "a session",
  token: "an API token",
  invitation: "a one-time link",
} as const;
/** Says nothing that the line itself doesn't say. */
const UNSHOWN = new Set(["id", "createdAt", "updatedAt"]);
const VALUE_CHARS_SHOWN = 300;

export async function listAuditPage(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, tenant } = visit;
  const after = new URL(c.req.url).searchParams.get("after");
  const found = await listAudit(services.database, tenant.company.id, { after, limit: LIST_ROWS + 1 });
  const records = found.slice(0, LIST_ROWS);
  const last = found.length > LIST_ROWS ? records.at(-1) : undefined;
  return consolePage(visit, {
    title: "Audit log",
    section: "audit",
    lead: "Every change, newest first: by administrators here, by tokens over REST, by the operator, and by sign-ins that created or changed users.",
    children: (
      <>
        <div class="card">
          {records.length === 0 ? (
            <p class="soft">Nothing has been changed yet.</p>
          ) : (
            <table class="stack">
              <caption class="hidden">Changes, newest first</caption>
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">What</th>
                </tr>
              </thead>
              <tbody>
                {records.map((record) => (
                  <tr>
                    <td>
                      <Time at={record.at} />
                    </td>
                    <td class="who" data-label="Who">
                      <Who visit={visit} actor={record.actor} />
                    </td>
                    <td>
                      <What record={record} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </div>
        <Older href={last ? `${AUDIT_PATH}?after=${last.id}` : null} label="Older changes" />
      </>
    ),
  });
}

const Who: FC<{ visit: Visit; actor: string }> = ({ visit, actor }) => {
  if (actor === "operator") return <>The operator</>;
  if (actor === "sign-in") return <>A sign-in</>;
  const [kind = "", id = ""] = actor.split(":");
  if (kind === "user" && id === visit.session.userId) return <>You</>;
  if (kind === "user") return <a href={`${USERS_PATH}/${encodeURIComponent(id)}`}>An administrator</a>;
  return <>An API token</>;
};

const What: FC<{ record: AuditRecord }> = ({ record }) => {
  const changes = changesOf(record);
  const verb = VERBS[record.action] ?? record.action;
  const thing = THINGS[record.resource] ?? record.resource;
  const name = nameIn(record.after) ?? nameIn(record.before);
  const href = hrefOf(record);
  return (
    <>
      <p>
        {verb} {href === null ? thing : <a href={href}>{thing}</a>}
        {name !== null && (
          <>
            {" "}
            <bdi>“{name}”</bdi>
          </>
        )}
      </p>
      {changes.length > 0 && (
        <details class="diff">
          <summary>{changes.length === 1 ? "1 field" : `${changes.length} fields`}</summary>
          <dl class="facts small">
            {changes.map(({ field, before, after }) => (
              <>
                <dt>{field}</dt>
                <dd>
                  {before !== null && (
                    <>
                      <del>{before}</del>{" "}
                    </>
                  )}
                  {after !== null && <ins>{after}</ins>}
                </dd>
              </>
            ))}
          </dl>
        </details>
      )}
    </>
  );
};

function nameIn(view: unknown): string | null {
  if (typeof view !== "object" || view === null) return null;
  const { title, email, name } = view as Record<string, unknown>;
  const found = title ?? email ?? name;
  return typeof found === "string" ? found : null;
}

function hrefOf({ resource, resourceId, action }: AuditRecord): string | null {
  if (resource === "saml") return SETTINGS_PATH;
  if (action === "delete") return null;
  if (resource === "user") return `${USERS_PATH}/${encodeURIComponent(resourceId)}`;
  return resource === "group" ? `${GROUPS_PATH}/${encodeURIComponent(resourceId)}` : null;
}

/** A sign-in records only what it changed: what is absent afterwards is no change. */
function changesOf({ before, after, action }: AuditRecord) {
  const old = fieldsIn(before);
  const now = fieldsIn(after);
  const names = action === "delete" ? Object.keys(old) : Object.keys(now);
  return names
    .filter((field) => !UNSHOWN.has(field) && (old[field] ?? "") !== (now[field] ?? ""))
    .map((field) => ({ field, before: old[field] || null, after: now[field] || null }));
}

function fieldsIn(view: unknown): Record<string, string> {
  if (typeof view !== "object" || view === null) return {};
  const entries = Object.entries(view).map(([name, value]) => {
    const text = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
    return [name, text.length > VALUE_CHARS_SHOWN ? `${text.slice(0, VALUE_CHARS_SHOWN)}…` : text];
  });
  return Object.fromEntries(entries);
}
