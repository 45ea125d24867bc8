/** `/sign-ins`: the attempts to sign in, newest first, and one of them with all its checks. */
import {
  findSignIn,
  listSignIns,
  SIGN_IN_FILTER_ROWS_MAX,
  type SignInRecord,
  searchSignIns,
} from "../../store/index.ts";
import { AdviceNote, CheckItems } from "./checks.tsx";
import type { ConsoleContext, Visit } from "./console.ts";
import { doorPage } from "./door-pages.tsx";
import { interrupted } from "./gate.ts";
import { KeptForm, Message, openMessage, saveKept } from "./kept-messages.tsx";
import { consolePage } from "./layout.tsx";
import { Breakable, type Errors, FaultNote, Older, SelectField, Table, TextField, Time } from "./parts.tsx";
import { SIGN_INS_PATH, USERS_PATH } from "./paths.ts";
import { LIST_ROWS } from "./users.tsx";

const OUTCOMES = [
  ["", "All"],
  ["refused", "Refused"],
  ["success", "Signed in"],
] as const;
const REFERENCE_CHARS_MAX = 40;

/** Who watches the log must not stay signed in for ever by it. */
const LIVE_MINUTES = 30;
const LIVE_SECONDS = 10;
const DAY_MS = 86_400_000;

/** As it stands in the address; "" demands nothing. */
type Filter = Readonly<Record<(typeof FIELDS)[number], string>>;
const FIELDS = ["reference", "outcome", "email", "code", "from", "to"] as const;
const TEXT_CHARS_MAX = 100;

function filterOf(query: URLSearchParams): Filter {
  const given = (name: string) => (query.get(name) ?? "").trim().slice(0, TEXT_CHARS_MAX);
  const outcome = given("outcome");
  return {
    // As read out over a telephone: small letters, blanks.
    reference: given("reference").replace(/\s+/g, "").toUpperCase().slice(0, REFERENCE_CHARS_MAX),
    outcome: outcome === "refused" || outcome === "success" ? outcome : "",
    email: given("email"),
    code: given("code"),
    from: given("from"),
    to: given("to"),
  };
}

function addressOf(filter: Filter, more: Record<string, string>): string {
  const fields = FIELDS.flatMap((name) => (filter[name] === "" ? [] : [[name, filter[name]]]));
  return `${SIGN_INS_PATH}?${new URLSearchParams([...fields, ...Object.entries(more)] as [string, string][])}`;
}

const midnight = (day: string) => (/^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) || null : null);

function load(visit: Visit, f: Filter, after: string | null): Promise<SignInRecord[]> {
  const { database } = visit.services;
  const { id } = visit.tenant.company;
  const page = { after, limit: LIST_ROWS + 1 };
  if (f.reference !== "" || !isSearch(f)) return listSignIns(database, id, f.reference || null, page);
  const to = midnight(f.to);
  const outcome = (f.outcome || null) as SignInRecord["outcome"] | null;
  const wanted = { outcome, email: f.email || null, code: f.code || null, from: midnight(f.from) };
  return searchSignIns(database, id, { ...wanted, to: to && to + DAY_MS }, page);
}

const isSearch = (filter: Filter) => FIELDS.some((name) => name !== "reference" && filter[name] !== "");

export function listSignInsPage(c: ConsoleContext): Promise<Response> {
  return logPage(c, {});
}

export async function changeKept(c: ConsoleContext): Promise<Response> {
  const saved = await saveKept(c);
  return saved instanceof Response ? saved : logPage(c, saved);
}

async function logPage(c: ConsoleContext, errors: Errors): Promise<Response> {
  const visit = c.get("visit");
  const query = new URL(c.req.url).searchParams;
  const filter = filterOf(query);
  const after = query.get("after");
  const now = visit.services.now();
  const watched = now - Number(query.get("live") ?? 0);
  const live = after === null && watched >= 0 && watched < LIVE_MINUTES * 60_000;
  const found = await load(visit, filter, after);
  const records = found.slice(0, LIST_ROWS);
  const last = found.length > LIST_ROWS ? records.at(-1) : undefined;
  const faulty = Object.keys(errors).length > 0;
  const page = consolePage(visit, {
    status: faulty ? 422 : 200,
    title: "Sign-in log",
    section: "sign-ins",
    lead: "Every attempt to sign in, newest first. A visitor who was refused has a reference on their page: enter it here.",
    children: (
      <>
        <FaultNote errors={errors} labels={{ signInRetentionDays: "Days" }} />
        {live ? (
          <p class="actions bar">
            Refreshes every {LIVE_SECONDS} seconds, for {LIVE_MINUTES} minutes.
            <a href={addressOf(filter, {})}>Stop, and filter</a>
          </p>
        ) : (
          <FilterForm filter={filter} />
        )}
        <div class="card">
          {records.length === 0 ? (
            <p class="soft">
              {filter.reference === "" && !isSearch(filter)
                ? "Nobody has tried to sign in yet."
                : "There is no such attempt: change or empty the fields above."}
            </p>
          ) : (
            <SignInTable records={records} />
          )}
          {isSearch(filter) && filter.reference === "" && (
            <p class="hint">Looks through the newest {SIGN_IN_FILTER_ROWS_MAX.toLocaleString("en")} attempts.</p>
          )}
        </div>
        <Older
          first={after && addressOf(filter, {})}
          href={last ? addressOf(filter, { after: last.id }) : null}
          label="Older attempts"
        />
        {!live && (
          <>
            <p class="actions">
              <a href={addressOf(filter, { live: String(now) })}>Refresh every {LIVE_SECONDS} seconds</a>
            </p>
            <KeptForm visit={visit} errors={errors} />
          </>
        )}
      </>
    ),
  });
  // By the header, so that nothing on the page moves or takes the focus.
  if (live) page.headers.set("refresh", String(LIVE_SECONDS));
  return page;
}

const FilterForm = ({ filter }: { filter: Filter }) => (
  <form class="search" method="get" action={SIGN_INS_PATH}>
    <TextField name="reference" label="Reference" value={filter.reference} errors={{}} type="search" mono />
    <TextField name="email" label="Email" value={filter.email} errors={{}} type="search" />
    <TextField name="code" label="Code" value={filter.code} errors={{}} type="search" mono />
    {(["from", "to"] as const).map((name) => (
      <div class="narrow">
        <TextField name={name} label={name === "from" ? "From" : "To"} value={filter[name]} errors={{}} type="date" />
      </div>
    ))}
    <div class="narrow">
      <SelectField name="outcome" label="Outcome" value={filter.outcome} errors={{}} options={OUTCOMES} />
    </div>
    <button class="button quiet" type="submit">
      Show
    </button>
  </form>
);

export const SignInTable = ({ records }: { records: readonly SignInRecord[] }) => (
  <Table caption="Attempts to sign in, newest first" heads={["When", "Who", "Outcome", "Reference"]}>
    {records.map((record) => (
      <tr>
        <td>
          <Time at={record.at} />
        </td>
        <td class="wide">{record.email === null ? "Unknown" : <Breakable text={record.email} />}</td>
        <td class="outcome">
          <OutcomeBadge record={record} />
        </td>
        <td>
          <a class="mono" href={`${SIGN_INS_PATH}/${record.id}`} aria-label={`Details of ${record.reference}`}>
            {record.reference}
          </a>
        </td>
      </tr>
    ))}
  </Table>
);

const OutcomeBadge = ({ record }: { record: SignInRecord }) =>
  record.outcome === "success" ? (
    <span class="badge good">Signed in</span>
  ) : (
    <>
      <span class="badge bad">Refused</span> <code>{record.code}</code>
    </>
  );

export function showSignIn(c: ConsoleContext): Promise<Response> {
  return signInPage(c, null);
}

export async function showWholeMessage(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const id = c.req.param("id") ?? "";
  const stop = interrupted(visit, { dangerous: true, back: `${SIGN_INS_PATH}/${encodeURIComponent(id)}` });
  return stop ?? signInPage(c, await openMessage(visit, id));
}

async function signInPage(c: ConsoleContext, whole: string | null): Promise<Response> {
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
        <Message visit={visit} record={record} whole={whole} />
        <p>
          <a href={SIGN_INS_PATH}>Back to the log</a>
        </p>
      </>
    ),
  });
}
