/** `/companies`: all of them, searched and listed; and a new one with the link for its first administrator. */
import { servicesOfCompany } from "../../tenant/index.ts";
import { companiesOfAll, makeCompany, newCompany } from "../companies.ts";
import { fieldErrors } from "../fields.ts";
import { type Errors, errorsOf, FaultNote, Form, Older, Table, TextField, withErrors } from "../frame/index.ts";
import { makeSetupLink, newSetupLink } from "../invitations.ts";
import { setUpPage } from "./access.tsx";
import { operatorPage } from "./layout.tsx";
import { COMPANIES_PATH, companyPath, NEW_COMPANY_PATH, type OperatorContext, type OperatorVisit } from "./operator.ts";

const LIST_ROWS = 50;
/** No label of a host is longer (RFC 1035, 2.3.4). */
const SLUG_CHARS_MAX = 63;

export async function listCompaniesPage(c: OperatorContext): Promise<Response> {
  const visit = c.get("visit");
  const { searchParams } = new URL(c.req.url);
  const search = (searchParams.get("slug") ?? "").trim().toLowerCase().slice(0, SLUG_CHARS_MAX);
  const page = { after: searchParams.get("after"), limit: LIST_ROWS + 1 };
  const found = await companiesOfAll(visit.services, page, search);
  const companies = found.slice(0, LIST_ROWS);
  const last = found.length > LIST_ROWS ? companies.at(-1) : undefined;
  const next = last && new URLSearchParams({ ...(search === "" ? {} : { slug: search }), after: last.slug });
  return operatorPage(visit, {
    title: "Companies",
    section: "companies",
    aside: (
      <p class="actions bar">
        <a class="button" href={NEW_COMPANY_PATH}>
          Create a company
        </a>
      </p>
    ),
    children: (
      <>
        <form class="search" method="get" action={COMPANIES_PATH}>
          <TextField name="slug" label="Slug begins with" value={search} errors={{}} type="search" />
          <button class="button quiet" type="submit">
            Search
          </button>
          {search !== "" && <a href={COMPANIES_PATH}>Show all</a>}
        </form>
        <div class="card">
          {companies.length === 0 ? (
            <p class="soft">{search === "" ? "There is no company yet." : "No slug begins like this."}</p>
          ) : (
            <Table caption="Companies by slug" heads={["Slug", "Name", "Origin", "Status"]}>
              {companies.map(({ slug, name, originUrl, status }) => (
                <tr>
                  <th scope="row">
                    <a href={companyPath(slug)}>{slug}</a>
                  </th>
                  <td data-label="Name">
                    <bdi>{name}</bdi>
                  </td>
                  <td data-label="Origin">
                    <bdi>{originUrl}</bdi>
                  </td>
                  <td data-label="Status">
                    {status === "active" ? "Active" : <span class="badge bad">Suspended</span>}
                  </td>
                </tr>
              ))}
            </Table>
          )}
        </div>
        <Older
          first={page.after && `${COMPANIES_PATH}?${new URLSearchParams({ slug: search })}`}
          href={next ? `${COMPANIES_PATH}?${next}` : null}
          label="Next page"
        />
      </>
    ),
  });
}

const LABELS = {
  slug: "Slug",
  name: "Name",
  originUrl: "Origin URL",
  email: "Email",
  firstName: "First Name",
  lastName: "Last Name",
} as const;
type Texts = Readonly<Record<keyof typeof LABELS, string>>;
const FIELDS = Object.keys(LABELS) as (keyof Texts)[];

function newCompanyPage(visit: OperatorVisit, texts: Partial<Texts>, errors: Errors = {}, status = 200): Response {
  const field = (name: keyof Texts) => ({ name, label: LABELS[name], value: texts[name] ?? "", errors });
  return operatorPage(visit, {
    status,
    title: "Create a company",
    section: "new",
    lead: "It ends with a link for the company’s first administrator, who needs nothing else to begin.",
    children: (
      <>
        <FaultNote errors={errors} labels={LABELS} />
        <Form visit={visit} action={NEW_COMPANY_PATH}>
          <div class="card">
            <h2>Company</h2>
            <div class="grid">
              <TextField
                {...field("slug")}
                hint={`Its address will be <slug>.${visit.services.config.baseDomain}, for good.`}
                mono
                required
              />
              <TextField {...field("name")} hint="As its people write it." required />
              <TextField
                {...field("originUrl")}
                hint="The application that stands behind the gateway."
                type="url"
                mono
                required
                whole
              />
            </div>
          </div>
          <div class="card">
            <h2>First administrator</h2>
            <div class="grid">
              <TextField {...field("email")} type="email" required whole />
              <TextField {...field("firstName")} />
              <TextField {...field("lastName")} />
            </div>
          </div>
          <p class="actions">
            <button class="button" type="submit">
              Create
            </button>
          </p>
        </Form>
      </>
    ),
  });
}

export function showNewCompany(c: OperatorContext): Response {
  return newCompanyPage(c.get("visit"), {});
}

/** Both parts are looked at before either is made. */
export async function createCompany(c: OperatorContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, actor } = visit;
  const posted = c.get("posted");
  const texts = Object.fromEntries(FIELDS.map((name) => [name, posted.text(name)])) as Texts;
  const { slug, name, originUrl, ...person } = texts;
  const company = newCompany.safeParse({ slug: slug.trim(), name, originUrl: originUrl.trim() });
  const administrator = newSetupLink.safeParse(person);
  if (!company.success || !administrator.success) {
    const faults = [company, administrator].map((read) => (read.success ? [] : fieldErrors(read.error)));
    return newCompanyPage(visit, texts, withErrors(...faults), 422);
  }
  const made = await makeCompany(services, actor, company.data);
  if (!made.ok) return newCompanyPage(visit, texts, errorsOf(made.problem), made.problem.status);
  const placed = await servicesOfCompany(services, made.value.slug);
  const link = await makeSetupLink(placed, actor, made.value, administrator.data);
  return setUpPage({ ...visit, services: placed }, made.value, link, true);
}
