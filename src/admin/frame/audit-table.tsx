/** The audit log as both consoles show it: when, who, what, and what was before and after. */
import type { Child, FC } from "hono/jsx";
import { Time } from "../../pages/index.ts";
import type { AuditRecord } from "../../store/index.ts";
import { DRAFT_RESOURCE_ID } from "../saml-draft.ts";
import { Table } from "./table.tsx";

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
  passkey: "a passkey",
  "sp-key": "a key pair",
  "sign-in": "an attempt to sign in",
  "assertion-key": "a key of the identity assertion",
  "metadata-source": "which metadata is followed",
} as const;
/** Says nothing that the line itself doesn't say. */
const UNSHOWN = new Set(["id", "createdAt", "updatedAt"]);
const VALUE_CHARS_SHOWN = 300;

/** `who` puts the actor in words, `company` whose record it is, `hrefOf` leads to what was changed, where there is a page of it. */
export const AuditTable: FC<{
  records: readonly AuditRecord[];
  who: (actor: string) => Child;
  hrefOf?: (record: AuditRecord) => string | null;
  company?: (record: AuditRecord) => Child;
}> = ({ records, who, hrefOf, company }) =>
  records.length === 0 ? (
    <p class="soft">Nothing has been changed yet.</p>
  ) : (
    <Table caption="Changes, newest first" heads={["When", ...(company ? ["Company"] : []), "Who", "What"]}>
      {records.map((record) => (
        <tr>
          <td>
            <Time at={record.at} />
          </td>
          {company && <td data-label="Company">{company(record)}</td>}
          <td class="who" data-label="Who">
            {who(record.actor)}
          </td>
          <td>
            <What record={record} href={hrefOf?.(record) ?? null} />
          </td>
        </tr>
      ))}
    </Table>
  );

const What: FC<{ record: AuditRecord; href: string | null }> = ({ record, href }) => {
  const changes = changesOf(record);
  // Nothing of an attempt is ever changed: somebody had its whole message shown.
  const verb = record.resource === "sign-in" ? "looked into" : (VERBS[record.action] ?? record.action);
  const drafted = record.resource === "saml" && record.resourceId === DRAFT_RESOURCE_ID;
  const thing = drafted ? "the draft of the settings" : (THINGS[record.resource] ?? record.resource);
  const name = nameIn(record.after) ?? nameIn(record.before);
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
