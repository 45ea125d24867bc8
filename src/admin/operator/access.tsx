/** `/companies/<slug>/access`: who may set the company up: one-time set-up links, and tokens of the API. Both are shown once. */
import { type Company, type Invitation, listInvitations, listTokens } from "../../store/index.ts";
import { fieldErrors } from "../fields.ts";
import {
  type Errors,
  errorsOf,
  FaultNote,
  Form,
  LinkTable,
  parseToken,
  SecretNote,
  seeOther,
  TextField,
  TOKEN_LABELS,
  TokenCards,
  type TokenText,
  tokenPosted,
  withErrors,
} from "../frame/index.ts";
import { type MadeLink, makeSetupLink, newSetupLink, revokeLink } from "../invitations.ts";
import type { Answer } from "../problems.ts";
import { deleteToken, makeToken } from "../tokens.ts";
import { companyOfPath, companyPage } from "./company-of-path.tsx";
import { companyPath, type OperatorVisit } from "./operator.ts";

const SHOWN = 200;
const LABELS = { email: "Email", firstName: "First Name", lastName: "Last Name", ...TOKEN_LABELS };

interface View {
  readonly status?: number;
  readonly person?: Readonly<Record<"email" | "firstName" | "lastName", string>>;
  readonly token?: TokenText;
  readonly errors?: Errors;
  readonly made?: { readonly title: string; readonly text: string; readonly secret: string };
}

async function accessPage(visit: OperatorVisit, company: Company, view: View = {}): Promise<Response> {
  const { errors = {}, person, made } = view;
  const { database, now } = visit.services;
  const all = { after: null, limit: SHOWN };
  const path = companyPath(company.slug, "/access");
  const [links, tokens] = await Promise.all([
    listInvitations(database, company.id, "setup", all),
    listTokens(database, company.id, all),
  ]);
  return companyPage(visit, company, {
    status: view.status ?? 200,
    tab: "/access",
    children: (
      <>
        <FaultNote errors={errors} labels={LABELS} />
        {made !== undefined && <SecretNote {...made} done={path} />}
        <Form visit={visit} action={`${path}/links`} class="card">
          <h2>Make a set-up link</h2>
          <p class="hint">
            Whoever opens it becomes an administrator of {company.slug} and chooses a password. It works once, for 72
            hours.
          </p>
          <div class="grid">
            <TextField
              name="email"
              label={LABELS.email}
              value={person?.email ?? ""}
              errors={errors}
              type="email"
              required
              whole
            />
            <TextField name="firstName" label={LABELS.firstName} value={person?.firstName ?? ""} errors={errors} />
            <TextField name="lastName" label={LABELS.lastName} value={person?.lastName ?? ""} errors={errors} />
          </div>
          <p class="actions">
            <button class="button" type="submit">
              Make the link
            </button>
          </p>
        </Form>
        <div class="card">
          <h2>Set-up links</h2>
          <LinkTable
            visit={visit}
            path={`${path}/links`}
            caption="Set-up links"
            links={links.map((link) => ({ link, who: whoIn(link) }))}
            now={now()}
          />
        </div>
        <TokenCards
          visit={visit}
          path={`${path}/tokens`}
          typed={view.token}
          errors={errors}
          tokens={tokens}
          now={now()}
        />
      </>
    ),
  });
}

const whoIn = (link: Invitation) => (link.kind === "setup" ? link.email : link.userId);

/** What came of making a set-up link. The company of a `created` one is new. */
export function setUpPage(
  visit: OperatorVisit,
  company: Company,
  link: Answer<MadeLink<"setup">>,
  created = false,
): Promise<Response> {
  if (!link.ok) {
    return accessPage(visit, company, { status: link.problem.status, errors: errorsOf(link.problem) });
  }
  const { url } = link.value;
  const { email } = link.value.link;
  const title = created ? `“${company.name}” was created.` : "The set-up link was made.";
  return accessPage(visit, company, { made: { title, text: `Hand this link to ${email}.`, secret: url } });
}

export const showAccess = companyOfPath((visit, company) => accessPage(visit, company));

export const createLink = companyOfPath(async (visit, company, c) => {
  const posted = c.get("posted");
  const person = {
    email: posted.text("email"),
    firstName: posted.text("firstName"),
    lastName: posted.text("lastName"),
  };
  const input = newSetupLink.safeParse(person);
  if (!input.success) {
    return accessPage(visit, company, { status: 422, person, errors: withErrors(fieldErrors(input.error)) });
  }
  const made = await makeSetupLink(visit.services, visit.actor, company, input.data);
  if (made.ok) return setUpPage(visit, company, made);
  return accessPage(visit, company, { status: made.problem.status, person, errors: errorsOf(made.problem) });
});

export const removeLink = companyOfPath(async (visit, company, c) => {
  // Revoked or used already is as good as revoked.
  await revokeLink(visit.services, visit.actor, company, "setup", c.req.param("id") ?? "");
  return seeOther(companyPath(company.slug, "/access"), "revoked");
});

export const createToken = companyOfPath(async (visit, company, c) => {
  const token = tokenPosted(c.get("posted"));
  const input = parseToken(token);
  if (!input.success) {
    return accessPage(visit, company, { status: 422, token, errors: withErrors(fieldErrors(input.error)) });
  }
  const made = await makeToken(visit.services, visit.actor, company, input.data);
  if (!made.ok) {
    return accessPage(visit, company, { status: made.problem.status, token, errors: errorsOf(made.problem) });
  }
  const { secret } = made.value;
  const title = `“${made.value.token.name}” was created.`;
  return accessPage(visit, company, { made: { title, text: "This is its secret.", secret } });
});

export const removeToken = companyOfPath(async (visit, company, c) => {
  await deleteToken(visit.services, visit.actor, company, c.req.param("id") ?? "");
  return seeOther(companyPath(company.slug, "/access"), "token-deleted");
});
