/** `/sign-ins`: the attempts to sign in, newest first, and one of them with all its checks. */
import {
  findSignIn,
  listSignIns,
  listSignInsByOutcome,
  SIGN_IN_FILTER_ROWS_MAX,
  type SignInRecord,
} from "../../store/index.ts";
import { AdviceNote, CheckItems } from "./checks.tsx";
import type { ConsoleContext, Visit } from "./console.ts";
import { doorPage } from "./door-pages.tsx";
import { consolePage } from "./layout.tsx";
import { Older, SelectField, TextField, Time } from "./parts.tsx";
import { SIGN_INS_PATH, USERS_PATH } from "./paths.ts";
import { LIST_ROWS } from "./users.tsx";

const OUTCOMES = [
  ["", "All"],
  ["refused", "Refused"],
  ["success", "Signed in"],
] as const;
const REFERENCE_CHARS_MAX = 40;

interface Filter {
  readonly outcome: SignInRecord["outcome"] | null;
  readonly reference: string;
  readonly after: string | null;
}

function filterOf(query: URLSearchParams): Filter {
  const outcome = query.get("outcome");
  return {
    outcome: outcome === "refused" || outcome === "success" ? outcome : null,
    // As read out over a telephone: small letters, blanks.
    reference: (query.get("reference") ?? "").replace(/\s+/g, "").toUpperCase().slice(0, REFERENCE_CHARS_MAX),
    after: query.get("after"),
  };
}

function load(visit: Visit, { outcome, reference, after }: Filter): Promise<SignInRecord[]> {
  const { services, tenant } = visit;
  const page = { after, limit: LIST_ROWS + 1 };
  if (reference !== "") return listSignIns(services.database, tenant.company.id, reference, page);
  if (outcome !== null) return listSignInsByOutcome(services.database, tenant.company.id, outcome, page);
  return listSignIns(services.database, tenant.company.id, null, page);
}

export async function listSignInsPage(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const filter = filterOf(new URL(c.req.url).searchParams);
  const found = await load(visit, filter);
  const records = found.slice(0, LIST_ROWS);
  const last = found.length > LIST_ROWS ? records.at(-1) : undefined;
  const next =
    last && new URLSearchParams({ ...(filter.outcome === null ? {} : { outcome: filter.outcome }), after: last.id });
  return consolePage(visit, {
    title: "Sign-in log",
    section: "sign-ins",
    lead: "Every attempt to sign in, newest first. A visitor who was refused has a reference on their page: enter it here.",
    children: (
      <>
        <form class="search" method="get" action={SIGN_INS_PATH}>
          <TextField name="reference" label="Reference" value={filter.reference} errors={{}} type="search" mono />
          <div class="narrow">
            <SelectField name="outcome" label="Outcome" value={filter.outcome ?? ""} errors={{}} options={OUTCOMES} />
          </div>
          <button class="button quiet" type="submit">
            Show
          </button>
        </form>
        <div class="card">
          {records.length === 0 ? <p class="soft">There is no such attempt.</p> : <SignInTable records={records} />}
          {filter.outcome !== null && filter.reference === "" && (
            <p class="hint">Looks through the newest {SIGN_IN_FILTER_ROWS_MAX.toLocaleString("en")} attempts.</p>
          )}
        </div>
        <Older href={next ? `${SIGN_INS_PATH}?${next}` : null} label="Older attempts" />
      </>
    ),
  });
}

export const SignInTable = ({ records }: { records: readonly SignInRecord[] }) => (
  <table class="stack">
    <caption class="hidden">Attempts to sign in, newest first</caption>
    <thead>
      <tr>
        <th scope="col">When</th>
        <th scope="col">Who</th>
        <th scope="col">Outcome</th>
        <th scope="col">Reference</th>
      </tr>
    </thead>
    <tbody>
      {records.map((record) => (
        <tr>
          <td>
            <Time at={record.at} />
          </td>
          <td>
            <bdi>{record.email ?? "Unknown"}</bdi>
          </td>
          <td>
            <OutcomeBadge record={record} />
          </td>
          <td>
            <a class="mono" href={`${SIGN_INS_PATH}/${record.id}`} aria-label={`Details of ${record.reference}`}>
              {record.reference}
            </a>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

const OutcomeBadge = ({ record }: { record: SignInRecord }) =>
  record.outcome === "success" ? (
    <span class="badge good">Signed in</span>
  ) : (
    <>
      <span class="badge bad">Refused</span> <code>{record.code}</code>
    </>
  );

export async function showSignIn(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, tenant } = visit;
  const record = await findSignIn(services.database, tenant.company.id, c.req.param("id") ?? "");
  if (record === null) {
    return doorPage(tenant.company.name, {
      status: 404,
      title: "There is no such attempt",
      sentence: "Attempts are kept for a set time only.",
      links: [{ href: SIGN_INS_PATH, label: "Sign-in log" }],
    });
  }
  return consolePage(visit, {
    title: `Attempt ${record.reference}`,
    section: "sign-ins",
    aside: <OutcomeBadge record={record} />,
    children: (
      <>
        {record.code !== null && <AdviceNote visit={visit} code={record.code} checks={record.checks} />}
        <section class="card" aria-label="Attempt">
          <dl class="facts">
            <dt>When</dt>
            <dd>
              <Time at={record.at} />
            </dd>
            <dt>Who</dt>
            <dd>
              {record.userId === null ? (
                <bdi>{record.email ?? "Unknown"}</bdi>
              ) : (
                <a href={`${USERS_PATH}/${record.userId}`}>
                  <bdi>{record.email}</bdi>
                </a>
              )}
            </dd>
            <dt>Reference</dt>
            <dd>
              <code class="pick">{record.reference}</code>
            </dd>
          </dl>
        </section>
        <section class="card" aria-labelledby="h-checks">
          <h2 id="h-checks">Checks, in the order they were made</h2>
          {record.checks.length === 0 ? <p class="soft">None was recorded.</p> : <CheckItems checks={record.checks} />}
        </section>
        <p>
          <a href={SIGN_INS_PATH}>Back to the log</a>
        </p>
      </>
    ),
  });
}
