/** `/tokens`: the company's API tokens. A secret is shown by the answer that made it and never again. */
import { listTokens } from "../../store/index.ts";
import { fieldErrors } from "../fields.ts";
import { parseToken, SecretNote, TOKEN_LABELS, TokenCards, type TokenText, tokenPosted } from "../frame/index.ts";
import { deleteToken, makeToken } from "../tokens.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { interrupted, pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import { type Errors, errorsOf, FaultNote, PauseNote, StaleNote, withErrors } from "./parts.tsx";
import { TOKENS_PATH } from "./paths.ts";

const TOKENS_SHOWN = 200;

interface View {
  readonly status?: number;
  readonly typed?: TokenText;
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
        <FaultNote errors={errors} labels={TOKEN_LABELS} />
        {made !== undefined && (
          <SecretNote
            title={`“${made.name}” was created.`}
            text="This is its secret."
            secret={made.secret}
            done={TOKENS_PATH}
          />
        )}
        <TokenCards
          visit={visit}
          path={TOKENS_PATH}
          typed={view.typed}
          errors={errors}
          tokens={tokens}
          now={services.now()}
        />
      </>
    ),
  });
}

export function showTokens(c: ConsoleContext): Promise<Response> {
  return tokensPage(c.get("visit"), {});
}

export async function createToken(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const typed = tokenPosted(c.get("posted"));
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return tokensPage(visit, { status: 403, typed, pause });
  const input = parseToken(typed);
  if (!input.success) return tokensPage(visit, { status: 422, typed, errors: withErrors(fieldErrors(input.error)) });
  const made = await makeToken(visit.services, visit.actor, visit.tenant.company, input.data);
  if (!made.ok) return tokensPage(visit, { status: made.problem.status, typed, errors: errorsOf(made.problem) });
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
