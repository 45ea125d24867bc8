/** `/sign-in` and `/sign-out`: the operator's token for a session. Asks no database. */
import { readForm } from "../../form.ts";
import { log } from "../../log.ts";
import { limited, placeOfRequest, RATE_LIMIT_SECONDS } from "../../rate-limit.ts";
import { doorFrame, FaultNote, isFromElsewhere, seeOther, TextField } from "../frame/index.ts";
import { isOperatorToken } from "../tokens.ts";
import { nothingChanged } from "./gate.ts";
import { COMPANIES_PATH, CONSOLE_NAME, type OperatorContext, SIGN_IN_PATH } from "./operator.ts";
import { CLEARED_COOKIE, newSession, sessionCookie } from "./session.ts";
import { countWrong } from "./throttle.ts";

const FORM_BYTES_MAX = 8_192;

function signInPage(p: { status: number; target: string; fault?: string }): Response {
  const errors = p.fault === undefined ? {} : { token: p.fault };
  return doorFrame(CONSOLE_NAME, {
    status: p.status,
    title: "Operator sign-in",
    children: (
      <>
        <FaultNote title="You are not signed in" errors={errors} />
        <form method="post" action={SIGN_IN_PATH} class="card" novalidate>
          <input type="hidden" name="to" value={p.target} />
          <TextField
            name="token"
            label="Operator token"
            hint="The OPERATOR_TOKEN that the gateway was deployed with."
            value=""
            errors={errors}
            type="password"
            autocomplete="current-password"
            required
          />
          <p class="actions">
            <button class="button" type="submit">
              Sign in
            </button>
          </p>
        </form>
      </>
    ),
  });
}

/** A page of this console, and nothing else. */
function targetOf(text: string | null | undefined): string {
  return text && /^\/(?:companies|new-company|audit)(?:\/[a-z0-9-]+)*$/.test(text) ? text : COMPANIES_PATH;
}

export function showSignIn(c: OperatorContext): Response {
  return signInPage({ status: 200, target: targetOf(c.req.query("to")) });
}

export async function signIn(c: OperatorContext): Promise<Response> {
  if (isFromElsewhere(c.req.raw)) return nothingChanged(403, "This form was sent by another site.");
  const services = c.get("services");
  const form = await readForm(c.req.raw, FORM_BYTES_MAX);
  if (!form.ok) return signInPage({ status: 400, target: COMPANIES_PATH, fault: "This form can’t be read" });
  const target = targetOf(form.fields.get("to"));
  if (!isOperatorToken(services.config, (form.fields.get("token") ?? "").trim())) return refuseWrong(c, target);
  log("sign_in", { code: "operator" });
  const entered = seeOther(target);
  entered.headers.set("set-cookie", await sessionCookie(services, newSession(services)));
  return entered;
}

async function refuseWrong(c: OperatorContext, target: string): Promise<Response> {
  const place = placeOfRequest(c.req.raw.headers);
  const wait = countWrong(c.get("services"), place);
  const flood = await limited(c.env.API_FAILURE_LIMIT, `operator ${place}`);
  if (wait === null && !flood) {
    log("refusal", { code: "operator_token_wrong" });
    return signInPage({ status: 403, target, fault: "This is not the operator’s token" });
  }
  log("refusal", { code: "operator_throttled" });
  const refused = signInPage({ status: 429, target, fault: "Too many attempts with a wrong token" });
  refused.headers.set("retry-after", String(wait ?? RATE_LIMIT_SECONDS));
  return refused;
}

/** Behind the gate: only a form of the console's own signs out. */
export function signOut(): Response {
  const left = seeOther(SIGN_IN_PATH);
  left.headers.set("set-cookie", CLEARED_COOKIE);
  return left;
}
