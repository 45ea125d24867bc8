/** `/users/import` and `/users/export`: users as a file. What an import would do is shown first; the file travels in the form. */
import type { FC } from "hono/jsx";
import { exportUsers } from "../user-export.ts";
import { COLUMNS, IMPORT_BYTES_MAX, IMPORT_ROWS_MAX, type ImportReport, importUsers } from "../user-import.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  AreaField,
  Breakable,
  CheckField,
  type Errors,
  errorsOf,
  FaultNote,
  FileField,
  FocusedNote,
  Form,
  PauseNote,
  Table,
} from "./parts.tsx";
import { USERS_PATH } from "./paths.ts";

const IMPORT_PATH = `${USERS_PATH}/import`;
/** More are counted, and not listed: what matters stands first. */
const ROWS_SHOWN = 200;
const ORDER = ["refused", "created", "updated", "unchanged"] as const;
const OUTCOMES = {
  refused: ["Refuse", "badge bad"],
  created: ["Create", "badge good"],
  updated: ["Change", "badge warn"],
  unchanged: ["Leave", "badge"],
} as const;
const DONE = { refused: "Refused", created: "Created", updated: "Changed", unchanged: "As it was" } as const;

interface View {
  readonly status?: number;
  readonly csv: string;
  readonly allowAdministrators: boolean;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly report?: ImportReport;
}

export function exportFile(c: ConsoleContext): Promise<Response> {
  const { services, tenant } = c.get("visit");
  return exportUsers(services, tenant.company);
}

export function showImport(c: ConsoleContext): Response {
  return importPage(c.get("visit"), { csv: "", allowAdministrators: false });
}

export async function takeImport(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const allowAdministrators = posted.has("allowAdministrators");
  const [file] = posted.files("file");
  const bytes = file ? new Uint8Array(await file.arrayBuffer()) : new TextEncoder().encode(posted.text("csv"));
  const typed = { csv: file ? new TextDecoder().decode(bytes) : posted.text("csv"), allowAdministrators };
  const dryRun = !posted.has("carryOut");
  const pause = dryRun ? null : pauseOf(visit, { dangerous: allowAdministrators });
  if (pause !== null) return importPage(visit, { ...typed, status: 403, pause });
  if (bytes.length > IMPORT_BYTES_MAX || bytes.length === 0) {
    const csv =
      bytes.length === 0 ? "Choose a file or paste its text" : "The file is larger than 1 MB: import it in parts";
    return importPage(visit, { ...typed, csv: "", status: 422, errors: { csv } });
  }
  const done = await importUsers(visit.services, visit.actor, visit.tenant.company, bytes, {
    dryRun,
    allowAdministrators,
  });
  if (done.ok) return importPage(visit, { ...typed, report: done.value });
  const faults = Object.entries(errorsOf(done.problem)).map(([path, text]) =>
    path === "" ? text : `${path}: ${text}`,
  );
  const csv = done.problem.type === "malformed" ? "" : typed.csv;
  return importPage(visit, { ...typed, csv, status: done.problem.status, errors: { csv: faults.join("; ") } });
}

function importPage(visit: Visit, view: View): Response {
  const { errors = {}, report } = view;
  return consolePage(visit, {
    status: view.status ?? 200,
    title: "Import users",
    section: "users",
    lead: "From a table saved as CSV. First you see what would happen; nothing is changed until you say so.",
    children: (
      <>
        <PauseNote visit={visit} pause={view.pause ?? null} back={IMPORT_PATH} />
        <FaultNote errors={errors} labels={{ csv: "File" }} />
        {report && <Report visit={visit} view={view} report={report} />}
        {report?.dryRun !== false && (
          <Form visit={visit} action={IMPORT_PATH} upload class="card">
            <p>
              The first row names the columns: <code>{COLUMNS.join(",")}</code>. Only <code>email</code> must be there,
              and <code>group</code>, a permission group’s title, for new users. Columns that are missing change
              nothing. At most {IMPORT_ROWS_MAX} users, 1 MB, UTF-8.
            </p>
            <FileField name="file" label="CSV file" errors={{}} accept=".csv,text/csv" />
            <AreaField name="csv" label="Or its text" value={view.csv} rows={6} errors={errors} />
            <CheckField
              name="allowAdministrators"
              label="Rows may change who is an administrator"
              hint="Without it such rows are refused."
              checked={view.allowAdministrators}
              errors={{}}
            />
            <p class="actions">
              <button class="button" type="submit">
                Show what would happen
              </button>
              <a class="button quiet" href={USERS_PATH}>
                Back to the users
              </a>
            </p>
          </Form>
        )}
      </>
    ),
  });
}

const Report: FC<{ visit: Visit; view: View; report: ImportReport }> = ({ visit, view, report }) => {
  const { dryRun, rows } = report;
  const changes = report.created + report.updated;
  const shown = ORDER.flatMap((outcome) => rows.filter((row) => row.outcome === outcome)).slice(0, ROWS_SHOWN);
  const said = `${report.created} created, ${report.updated} changed, ${report.unchanged} left as they are, ${report.refused} refused.`;
  return (
    <>
      <FocusedNote tone={report.refused > 0 ? "warn" : "good"}>
        <p>
          <strong>{dryRun ? "Nothing was changed yet." : "The import is done."}</strong> {dryRun && "It would be: "}
          {said}
        </p>
      </FocusedNote>
      <section class="card" aria-label="Rows of the file">
        <Table
          caption={
            shown.length < rows.length
              ? `The first ${shown.length} of ${rows.length} rows, refused ones first`
              : "Refused ones first"
          }
          heads={["Line", "Email", dryRun ? "Would" : "Outcome", "What"]}
          shown
        >
          {shown.map((row) => (
            <tr>
              <td data-label="Line">{row.line}</td>
              <th scope="row" class="wide">
                <Breakable text={row.email || "no address"} />
              </th>
              <td>
                <span class={OUTCOMES[row.outcome][1]}>{dryRun ? OUTCOMES[row.outcome][0] : DONE[row.outcome]}</span>
              </td>
              <td>
                {row.reason}
                {row.changes
                  .filter(({ field, after }) => field !== "email" && (row.outcome === "updated" || after !== ""))
                  .map(({ field, before, after }) => (
                    <div class="small">
                      {field}: {before !== null && <del>{before || "empty"}</del>} <ins>{after || "empty"}</ins>
                    </div>
                  ))}
              </td>
            </tr>
          ))}
        </Table>
        {dryRun && changes > 0 && (
          <Form visit={visit} action={IMPORT_PATH} upload class="actions">
            <input type="hidden" name="csv" value={view.csv} />
            {view.allowAdministrators && <input type="hidden" name="allowAdministrators" value="on" />}
            <input type="hidden" name="carryOut" value="yes" />
            <button class="button" type="submit">
              {changes === 1 ? "Import 1 user" : `Import ${changes} users`}
            </button>
          </Form>
        )}
        {!dryRun && (
          <p class="actions">
            <a class="button" href={USERS_PATH}>
              Go to the users
            </a>
            <a class="button quiet" href={IMPORT_PATH}>
              Import another file
            </a>
          </p>
        )}
      </section>
    </>
  );
};
