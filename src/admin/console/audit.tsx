/** `/audit`: every change of this company, who made it, what was before and after. */
import type { FC } from "hono/jsx";
import { type AuditRecord, listAudit } from "../../store/index.ts";
import { checkAudit, exportAudit } from "../audit-chain.ts";
import { AuditTable } from "../frame/index.ts";
import { DRAFT_RESOURCE_ID } from "../saml-draft.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { consolePage } from "./layout.tsx";
import { FocusedNote, Form, Older } from "./parts.tsx";
import { AUDIT_PATH, DRAFT_PATH, GROUPS_PATH, METADATA_PATH, SETTINGS_PATH, USERS_PATH } from "./paths.ts";
import { LIST_ROWS } from "./users.tsx";

export function listAuditPage(c: ConsoleContext): Promise<Response> {
  return auditPage(c, null);
}

export async function checkChain(c: ConsoleContext): Promise<Response> {
  const { services, tenant } = c.get("visit");
  return auditPage(c, await checkAudit(services, tenant.company.id));
}

export async function exportChain(c: ConsoleContext): Promise<Response> {
  const { services, tenant } = c.get("visit");
  const made = await exportAudit(services, tenant.company.id, new URL(c.req.url).searchParams);
  return made.ok ? made.value : leadTo(AUDIT_PATH, "export-refused");
}

async function auditPage(c: ConsoleContext, checked: Checked | null): Promise<Response> {
  const visit = c.get("visit");
  const { services, tenant } = visit;
  const after = new URL(c.req.url).searchParams.get("after");
  const found = await listAudit(services.database, tenant.company.id, { after, limit: LIST_ROWS + 1 });
  const records = found.slice(0, LIST_ROWS);
  const last = found.length > LIST_ROWS ? records.at(-1) : undefined;
  return consolePage(visit, {
    title: "Audit log",
    section: "audit",
    lead: "Every change, newest first: by administrators here, by tokens over REST, by the operator, by sign-ins that created or changed users, and by metadata that is followed.",
    children: (
      <>
        {checked && <ChainNote checked={checked} />}
        <div class="card">
          <Form visit={visit} action={AUDIT_PATH} class="actions bar">
            <button class="button quiet" type="submit">
              Check the chain
            </button>
            <a href={`${AUDIT_PATH}/export`}>Export with hashes (NDJSON)</a>
            <a href={`${AUDIT_PATH}/export?format=csv`}>Export for a spreadsheet (CSV)</a>
          </Form>
        </div>
        <div class="card">
          <AuditTable records={records} who={(actor) => <Who visit={visit} actor={actor} />} hrefOf={hrefOf} />
        </div>
        <Older
          first={after && AUDIT_PATH}
          href={last ? `${AUDIT_PATH}?after=${last.id}` : null}
          label="Older changes"
        />
      </>
    ),
  });
}

type Checked = Awaited<ReturnType<typeof checkAudit>>;

const FAULTS = {
  changed: "is not what was recorded",
  missing: "is missing",
  backdated: "was put in later than its time says",
} as const;

const ChainNote: FC<{ checked: Checked }> = ({ checked: { ok, rows, from, to, headHash, firstBroken } }) => (
  <FocusedNote tone={ok ? "good" : "bad"}>
    {firstBroken === null ? (
      <p>
        <strong>The chain is whole.</strong> {rows} records, from {from ?? 0} to {to ?? 0}.
      </p>
    ) : (
      <p>
        <strong>The chain is broken.</strong> Record {firstBroken.seq} {FAULTS[firstBroken.reason]}.
      </p>
    )}
    {headHash !== null && (
      <p>
        Newest hash, to keep somewhere else: <code class="pick">{headHash}</code>
      </p>
    )}
  </FocusedNote>
);

export const Who: FC<{ visit: Visit; actor: string }> = ({ visit, actor }) => {
  if (actor === "operator") return <>The operator</>;
  if (actor === "sign-in") return <>A sign-in</>;
  if (actor === "schedule") return <>The schedule</>;
  if (actor === "metadata") return <>Followed metadata</>;
  const [kind = "", id = ""] = actor.split(":");
  if (kind === "user" && id === visit.session.userId) return <>You</>;
  if (kind === "user") return <a href={`${USERS_PATH}/${encodeURIComponent(id)}`}>An administrator</a>;
  return <>An API token</>;
};

function hrefOf({ resource, resourceId, action }: AuditRecord): string | null {
  if (resource === "saml") return resourceId === DRAFT_RESOURCE_ID ? DRAFT_PATH : SETTINGS_PATH;
  if (resource === "metadata-source") return METADATA_PATH;
  if (action === "delete") return null;
  if (resource === "user") return `${USERS_PATH}/${encodeURIComponent(resourceId)}`;
  return resource === "group" ? `${GROUPS_PATH}/${encodeURIComponent(resourceId)}` : null;
}
