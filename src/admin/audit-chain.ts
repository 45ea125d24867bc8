/** The audit's chain, checked and exported. Both walk it in pages, so that neither holds more than one. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import { type ChainRow, findAuditSpan, listAudit, listAuditChain, newChainCheck, sealAudit } from "../store/index.ts";
import { servicesOfAll } from "../tenant/index.ts";
import { csvLine } from "./csv.ts";
import { type Answer, answer, fail } from "./problems.ts";

const PAGE_ROWS = 250;
const DAY_MS = 86_400_000;

export const auditCheckView = z.object({
  ok: z.boolean(),
  rows: z.int(),
  from: z.nullable(z.int()),
  to: z.nullable(z.int()),
  previousHash: z.nullable(z.string()),
  headHash: z.nullable(z.string()),
  firstBroken: z.nullable(
    z.object({ seq: z.int(), id: z.nullable(z.string()), reason: z.enum(["changed", "missing", "backdated"]) }),
  ),
  unsealed: z.int(),
});

/** Over the database that has records of this company, which may be deleted; the first where none has. */
export async function servicesOfAudit(services: Services, companyId: string): Promise<Services> {
  const all = servicesOfAll(services);
  const newest = await Promise.all(
    all.map(({ database }) => listAudit(database, companyId, { after: null, limit: 1 })),
  );
  return all.find((_, index) => newest[index]!.length > 0) ?? services;
}

export async function checkAudit(services: Services, companyId: string): Promise<z.infer<typeof auditCheckView>> {
  const { database } = services;
  await sealAudit(database, companyId);
  const { unsealed } = await findAuditSpan(database, companyId, 0, 0);
  const check = newChainCheck();
  for await (const rows of chainPages(services, companyId, { first: 1, last: Number.MAX_SAFE_INTEGER })) {
    for (const row of rows) check.add(row);
  }
  const found = check.result();
  return { ok: found.firstBroken === null, ...found, unsealed };
}

async function* chainPages(services: Services, companyId: string, { first, last }: { first: number; last: number }) {
  let after = first - 1;
  for (;;) {
    const rows = await listAuditChain(services.database, companyId, { after, last, limit: PAGE_ROWS });
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)!.seq;
  }
}

export const AUDIT_EXPORT_PARAMETERS = ["format", "from", "to"] as const;
const TYPES = { ndjson: "application/x-ndjson", csv: "text/csv; charset=utf-8" } as const;
export const AUDIT_FILES = ["application/x-ndjson", "text/csv"] as const;

/** A file that is written while it is read: one JSON object a line, or a table. The span keeps whole runs of the chain. */
export async function exportAudit(
  services: Services,
  companyId: string,
  q: URLSearchParams,
): Promise<Answer<Response>> {
  const format = q.get("format") || "ndjson";
  const from = q.get("from") ? timeIn(q.get("from")!, 0) : 0;
  const to = q.get("to") ? timeIn(q.get("to")!, DAY_MS) : Number.MAX_SAFE_INTEGER;
  if (format !== "ndjson" && format !== "csv") return badParameter("format", "Must be ndjson or csv");
  if (from === null || to === null) {
    return badParameter(from === null ? "from" : "to", "Must be a day like 2026-11-23, or a time in UTC");
  }
  await sealAudit(services.database, companyId);
  const span = await findAuditSpan(services.database, companyId, from, to);
  const pages = chainPages(services, companyId, span);
  const lineOf = format === "csv" ? csvRow : (row: ChainRow) => `${JSON.stringify(row)}\n`;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (format === "csv") controller.enqueue(encoder.encode(csvLine(COLUMNS)));
    },
    async pull(controller) {
      const { done, value } = await pages.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value.map(lineOf).join("")));
    },
  });
  return answer(
    new Response(body, {
      headers: {
        "content-type": TYPES[format],
        "content-disposition": `attachment; filename="audit.${format}"`,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      },
    }),
  );
}

/** A day begins at midnight UTC; as an end it is taken whole. */
function timeIn(text: string, wholeDayMs: number): number | null {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  if (!day && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time + (day ? wholeDayMs : 0);
}

function badParameter(path: string, message: string) {
  return fail({ status: 400, type: "query", title: "The query is not valid", errors: [{ path, message }] });
}

const COLUMNS = ["seq", "at", "actor", "action", "resource", "resourceId", "before", "after", "id", "hash"] as const;

function csvRow(row: ChainRow): string {
  return csvLine(
    COLUMNS.map((name) => {
      const value = row[name];
      return typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
    }),
  );
}
