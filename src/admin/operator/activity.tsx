/** What happened: in one company, and the changes of all. Of sign-ins the operator sees when and by which code, nothing of the person. */
import { type AuditRecord, findSlugs, listAudit, searchSignIns } from "../../store/index.ts";
import { servicesOfAll } from "../../tenant/index.ts";
import { AuditTable, Older, Time } from "../frame/index.ts";
import { auditOfAll } from "../records.ts";
import { companyOfPath, companyPage } from "./company-of-path.tsx";
import { operatorPage } from "./layout.tsx";
import { AUDIT_PATH, companyPath, type OperatorContext } from "./operator.ts";

const ROWS = 50;
const REFUSALS_SHOWN = 20;
const ID_CHARS_SHOWN = 8;

function whoIn(actor: string): string {
  const words: Readonly<Record<string, string>> = {
    operator: "The operator",
    "sign-in": "A sign-in",
    schedule: "The schedule",
    metadata: "Followed metadata",
  };
  return words[actor] ?? (actor.startsWith("user:") ? "An administrator" : "An API token");
}

/** A page of the audit and the address of the next, for `companyId` or, null, for all. */
async function auditOf(c: OperatorContext, companyId: string | null, path: string) {
  const after = c.req.query("after") ?? null;
  const page = { after, limit: ROWS + 1 };
  const services = c.get("services");
  const found = await (companyId === null ? auditOfAll(services, page) : listAudit(services.database, companyId, page));
  const records = found.slice(0, ROWS);
  const last = found.length > ROWS ? records.at(-1) : undefined;
  return { records, next: last ? `${path}?after=${last.id}` : null, first: after && path };
}

export const showActivity = companyOfPath(async (visit, company, c) => {
  const { database } = visit.services;
  const [{ records, next, first }, refused] = await Promise.all([
    auditOf(c, company.id, companyPath(company.slug, "/activity")),
    searchSignIns(database, company.id, { outcome: "refused" }, { after: null, limit: REFUSALS_SHOWN }),
  ]);
  return companyPage(visit, company, {
    tab: "/activity",
    children: (
      <>
        <section class="card" aria-labelledby="h-refused">
          <h2 id="h-refused">Newest refused sign-ins</h2>
          {refused.length === 0 ? (
            <p class="soft">There is none.</p>
          ) : (
            <dl class="facts">
              {refused.map(({ at, code }) => (
                <>
                  <dt>
                    <Time at={at} />
                  </dt>
                  <dd>
                    <code>{code}</code>
                  </dd>
                </>
              ))}
            </dl>
          )}
        </section>
        <section class="card" aria-labelledby="h-audit">
          <h2 id="h-audit">Changes</h2>
          <AuditTable records={records} who={whoIn} />
        </section>
        <Older first={first} href={next} label="Older changes" />
      </>
    ),
  });
});

export async function listAllAudit(c: OperatorContext): Promise<Response> {
  const visit = c.get("visit");
  const { records, next, first } = await auditOf(c, null, AUDIT_PATH);
  const ids = [...new Set(records.map(({ companyId }) => companyId))];
  const found = await Promise.all(servicesOfAll(visit.services).map(({ database }) => findSlugs(database, ids)));
  const slugs = new Map(found.flatMap((some) => [...some]));
  const company = ({ companyId }: AuditRecord) => {
    const slug = slugs.get(companyId);
    return slug === undefined ? (
      <code>{companyId.slice(0, ID_CHARS_SHOWN)}</code>
    ) : (
      <a href={companyPath(slug)}>{slug}</a>
    );
  };
  return operatorPage(visit, {
    title: "Audit log",
    section: "audit",
    lead: "Every change of every company, newest first, those of deleted ones included.",
    children: (
      <>
        <div class="card">
          <AuditTable records={records} who={whoIn} company={company} />
        </div>
        <Older first={first} href={next} label="Older changes" />
      </>
    ),
  });
}
