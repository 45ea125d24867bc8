/** `/companies/<slug>`: what the operator decides about a company: name, origin, limits of sessions, whether it is open, whether it is. */
import type { Company } from "../../store/index.ts";
import { changeCompany, companyPut, deleteCompany } from "../companies.ts";
import { fieldErrors } from "../fields.ts";
import {
  ConflictNote,
  type Errors,
  errorsOf,
  FaultNote,
  Form,
  seeOther,
  TextField,
  withErrors,
} from "../frame/index.ts";
import { companyOfPath, companyPage } from "./company-of-path.tsx";
import { nothingChanged } from "./gate.ts";
import { operatorPage } from "./layout.tsx";
import { COMPANIES_PATH, companyPath, type OperatorVisit } from "./operator.ts";

const LABELS = {
  name: "Name",
  originUrl: "Origin URL",
  "sessionPolicy.absoluteHours": "A session ends after (hours)",
  "sessionPolicy.idleMinutes": "Or when unused for (minutes)",
  sessionsPerUserMax: "Sessions of one person at once",
  slug: "The company’s slug",
} as const;
const FIELDS = [
  "name",
  "originUrl",
  "sessionPolicy.absoluteHours",
  "sessionPolicy.idleMinutes",
  "sessionsPerUserMax",
] as const;
type Texts = Readonly<Record<(typeof FIELDS)[number], string>>;

function textsOf({ name, originUrl, sessionPolicy, sessionsPerUserMax }: Company): Texts {
  return {
    name,
    originUrl,
    "sessionPolicy.absoluteHours": String(sessionPolicy.absoluteHours),
    "sessionPolicy.idleMinutes": String(sessionPolicy.idleMinutes),
    sessionsPerUserMax: String(sessionsPerUserMax ?? ""),
  };
}

interface View {
  readonly status?: number;
  readonly texts?: Texts;
  readonly errors?: Errors;
  readonly differences?: readonly (readonly [string, string, string])[];
}

function settingsPage(visit: OperatorVisit, company: Company, view: View = {}): Response {
  const { errors = {}, texts = textsOf(company) } = view;
  const path = companyPath(company.slug);
  const field = (name: (typeof FIELDS)[number]) => ({ name, label: LABELS[name], value: texts[name], errors });
  const open = company.status === "active";
  return companyPage(visit, company, {
    status: view.status ?? 200,
    tab: "",
    children: (
      <>
        {view.differences && <ConflictNote differences={view.differences} />}
        <FaultNote errors={errors} labels={LABELS} />
        <Form visit={visit} action={path} class="card">
          <input type="hidden" name="version" value={String(company.version)} />
          <div class="grid">
            <TextField {...field("name")} required whole />
            <TextField {...field("originUrl")} type="url" mono required whole />
            <TextField {...field("sessionPolicy.absoluteHours")} type="number" required />
            <TextField {...field("sessionPolicy.idleMinutes")} type="number" required />
            <TextField {...field("sessionsPerUserMax")} type="number" hint="Empty for any number." />
          </div>
          <p class="actions">
            <button class="button" type="submit">
              Save
            </button>
          </p>
        </Form>
        <section class="card" aria-labelledby="h-status">
          <h2 id="h-status">{open ? "Suspend the company" : "The company is suspended"}</h2>
          <p class="hint">
            While it is suspended nobody of it gets in: neither by signing in nor with a session or a token.
          </p>
          <Form visit={visit} action={`${path}/status`} class="actions">
            <input type="hidden" name="status" value={open ? "suspended" : "active"} />
            <button class={open ? "button danger" : "button"} type="submit">
              {open ? "Suspend" : "Resume"}
            </button>
          </Form>
        </section>
        <Form visit={visit} action={`${path}/delete`} class="card">
          <h2>Delete the company</h2>
          <input type="hidden" name="version" value={String(company.version)} />
          <TextField
            name="slug"
            label={LABELS.slug}
            hint="Its people, settings, sessions and tokens go with it, for good. Type its slug to say that you mean it."
            value=""
            errors={errors}
            mono
          />
          <p class="actions">
            <button class="button danger" type="submit">
              Delete for good
            </button>
          </p>
        </Form>
      </>
    ),
  });
}

export const showCompany = companyOfPath((visit, company) => settingsPage(visit, company));

export const saveCompany = companyOfPath(async (visit, company, c) => {
  const posted = c.get("posted");
  const texts = Object.fromEntries(FIELDS.map((name) => [name, posted.text(name).trim()])) as Texts;
  const number = (name: keyof Texts) => (texts[name] === "" ? Number.NaN : Number(texts[name]));
  const input = companyPut.safeParse({
    name: texts.name,
    originUrl: texts.originUrl,
    sessionPolicy: {
      absoluteHours: number("sessionPolicy.absoluteHours"),
      idleMinutes: number("sessionPolicy.idleMinutes"),
    },
    sessionsPerUserMax: texts.sessionsPerUserMax === "" ? null : number("sessionsPerUserMax"),
  });
  if (!input.success) {
    return settingsPage(visit, company, { status: 422, texts, errors: withErrors(fieldErrors(input.error)) });
  }
  const version = Number(posted.text("version"));
  const { services, actor } = visit;
  const saved = await changeCompany(services, actor, company.slug, input.data, (now) => now?.version === version);
  if (saved.ok) return seeOther(companyPath(company.slug), "saved");
  if (saved.problem.status !== 412) {
    return settingsPage(visit, company, { status: saved.problem.status, texts, errors: errorsOf(saved.problem) });
  }
  const stored = textsOf(company);
  const differences = FIELDS.filter((name) => stored[name] !== texts[name]).map(
    (name) => [LABELS[name], stored[name], texts[name]] as const,
  );
  return settingsPage(visit, company, { status: 409, texts, differences });
});

/** Suspending shuts a whole company out, so it is asked for twice. */
export const setStatus = companyOfPath(async (visit, company, c) => {
  const posted = c.get("posted");
  const status = posted.text("status") === "suspended" ? "suspended" : "active";
  const path = companyPath(company.slug);
  if (status === "suspended" && posted.text("sure") !== "yes") {
    return operatorPage(visit, {
      title: `Suspend ${company.slug}?`,
      section: "companies",
      lead: `Within a minute nobody of “${company.name}” gets in any more, until you resume it.`,
      children: (
        <Form visit={visit} action={`${path}/status`} class="actions">
          <input type="hidden" name="status" value="suspended" />
          <input type="hidden" name="sure" value="yes" />
          <button class="button danger" type="submit">
            Suspend {company.slug}
          </button>
          <a class="button quiet" href={path}>
            Back
          </a>
        </Form>
      ),
    });
  }
  const changed = await changeCompany(visit.services, visit.actor, company.slug, { status }, () => true);
  return changed.ok ? seeOther(path, status) : nothingChanged(changed.problem.status, changed.problem.title, path);
});

export const removeCompany = companyOfPath(async (visit, company, c) => {
  const posted = c.get("posted");
  const path = companyPath(company.slug);
  if (posted.text("slug").trim() !== company.slug) {
    const errors = { slug: `Type ${company.slug} to delete the company` };
    return settingsPage(visit, company, { status: 422, errors });
  }
  const version = Number(posted.text("version"));
  const { services, actor } = visit;
  const gone = await deleteCompany(services, actor, company.slug, (now) => now?.version === version);
  return gone.ok
    ? seeOther(COMPANIES_PATH, "deleted")
    : nothingChanged(gone.problem.status, `${gone.problem.title}.`, path);
});
