/** `/tokens`: the company's API tokens. A secret is shown by the answer that made it and never again. */
import type { FC } from "hono/jsx";
import { listTokens, type Token } from "../../store/index.ts";
import { fieldErrors } from "../fields.ts";
import { deleteToken, makeToken, newToken } from "../tokens.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { interrupted, pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  type Errors,
  errorsOf,
  FaultNote,
  FocusedNote,
  Form,
  PauseNote,
  StaleNote,
  TextField,
  Time,
  withErrors,
} from "./parts.tsx";
import { TOKENS_PATH } from "./paths.ts";

const TOKENS_SHOWN = 200;

interface View {
  readonly status?: number;
  readonly name?: string;
  readonly expires?: string;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly made?: { readonly name: string; readonly secret: string };
}

async function tokensPage(visit: Visit, view: View): Promise<Response> {
  const { errors = {}, pause = null, made } = view;
  const { services, tenant } = visit;
  const tokens = await listTokens(services.database, tenant.company.id, { after: null, limit: TOKENS_SHOWN });
  return consolePage(visit, {
    status: view.status ?? 200,
    title: "API tokens",
    section: "tokens",
    lead: "A token lets a program do over REST what an administrator of this company does here.",
    children: (
      <>
        {pause === null && made === undefined && Object.keys(errors).length === 0 && <StaleNote visit={visit} />}
        <PauseNote visit={visit} pause={pause} back={TOKENS_PATH} />
        <FaultNote errors={errors} labels={{ name: "Name", expiresAt: "Last day" }} />
        {made !== undefined && (
          <FocusedNote tone="good">
            <p>
              <strong>“{made.name}” was created.</strong> This is its secret. Copy it now: it is shown this once and
              kept nowhere.
            </p>
            <code class="secret">{made.secret}</code>
            <p class="actions">
              <button type="button" class="button quiet small copy" data-copy={made.secret}>
                Copy
              </button>
              <a class="button quiet small" href={TOKENS_PATH}>
                I have it
              </a>
            </p>
          </FocusedNote>
        )}
        <Form visit={visit} action={TOKENS_PATH} class="card">
          <h2>Create a token</h2>
          <div class="grid">
            <TextField
              name="name"
              label="Name"
              hint="What will use it."
              value={view.name ?? ""}
              errors={errors}
              required
            />
            <TextField
              name="expiresAt"
              label="Last day (optional)"
              hint="Until the end of this day, UTC."
              value={view.expires ?? ""}
              errors={errors}
              type="date"
            />
          </div>
          <p class="actions">
            <button class="button" type="submit">
              Create
            </button>
          </p>
        </Form>
        <div class="card">
          <h2>Tokens</h2>
          {tokens.length === 0 ? <p class="soft">There is none.</p> : <TokenTable visit={visit} tokens={tokens} />}
        </div>
      </>
    ),
  });
}

const TokenTable: FC<{ visit: Visit; tokens: readonly Token[] }> = ({ visit, tokens }) => (
  <table class="stack">
    <caption class="hidden">API tokens</caption>
    <thead>
      <tr>
        <th scope="col">Name</th>
        <th scope="col">Created</th>
        <th scope="col">Expires</th>
        <th scope="col" class="end">
          <span class="hidden">Delete it</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {tokens.map((token) => (
        <tr>
          <th scope="row">
            <bdi>{token.name}</bdi>
          </th>
          <td data-label="Created">
            <Time at={token.createdAt} />
          </td>
          <td data-label="Expires">
            {token.expiresAt === null ? (
              "Never"
            ) : token.expiresAt <= visit.services.now() ? (
              <span class="badge bad">Expired</span>
            ) : (
              <Time at={token.expiresAt} />
            )}
          </td>
          <td class="end">
            <Form visit={visit} action={`${TOKENS_PATH}/${token.id}/delete`}>
              <button class="button danger small" type="submit" aria-label={`Delete ${token.name}`}>
                Delete
              </button>
            </Form>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

export function showTokens(c: ConsoleContext): Promise<Response> {
  return tokensPage(c.get("visit"), {});
}

export async function createToken(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const name = posted.text("name");
  const expires = posted.text("expiresAt").trim();
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return tokensPage(visit, { status: 403, name, expires, pause });
  const expiresAt = expires === "" ? null : `${expires}T23:59:59Z`;
  const input = newToken.safeParse({ name, expiresAt });
  if (!input.success) {
    return tokensPage(visit, { status: 422, name, expires, errors: withErrors(fieldErrors(input.error)) });
  }
  const made = await makeToken(visit.services, visit.actor, visit.tenant.company, input.data);
  if (!made.ok) {
    return tokensPage(visit, { status: made.problem.status, name, expires, errors: errorsOf(made.problem) });
  }
  return tokensPage(visit, { made: { name: made.value.token.name, secret: made.value.secret } });
}

export async function removeToken(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: false, back: TOKENS_PATH });
  if (stop !== null) return stop;
  // Deleted already is as good as deleted.
  await deleteToken(visit.services, visit.actor, visit.tenant.company, c.req.param("id") ?? "");
  return leadTo(TOKENS_PATH, "token-deleted");
}
