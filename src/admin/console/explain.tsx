/**
 * `/explain`: a pasted SAMLResponse is judged against the company's settings, and an error of Entra's put in words. Nobody is signed
 * in by it: nothing is used up, nothing is stored.
 */
import type { FC } from "hono/jsx";
import {
  decideResponse,
  type ResponseDecision,
  SAML_MESSAGE_BASE64_CHARS_MAX,
  type VerifiedAssertion,
} from "../../saml/index.ts";
import { decryptionKeys } from "../../tenant/index.ts";
import { entraCodesIn, entraErrorsIn } from "./aadsts.ts";
import { AdviceNote, CheckItems, EntraErrorText } from "./checks.tsx";
import type { ConsoleContext, Visit } from "./console.ts";
import { consolePage } from "./layout.tsx";
import { AreaField, type Errors, FaultNote, FocusedNote, Form, Table, TextField } from "./parts.tsx";
import { EXPLAIN_PATH, SETTINGS_PATH } from "./paths.ts";
import { storedTenant } from "./settings.ts";

const ERROR_CHARS_MAX = 4_000;
/** Percent-encoded base64, three characters for one. */
const PASTED_CHARS_MAX = SAML_MESSAGE_BASE64_CHARS_MAX * 3;

/** Refusals that only say that time has passed since: expected of a message that was copied somewhere. */
const OF_TIME = new Set([
  "conditions_expired",
  "conditions_not_yet_valid",
  "subject_confirmation_expired",
  "issue_instant_out_of_window",
  "session_not_on_or_after_passed",
]);

interface View {
  readonly status?: number;
  readonly error?: string;
  readonly response?: string;
  readonly decision?: ResponseDecision;
  readonly errors?: Errors;
}

function explainPage(visit: Visit, view: View): Response {
  const { error = "", response = "", decision, errors = {} } = view;
  return consolePage(visit, {
    status: view.status ?? 200,
    title: "Explain an error",
    section: "explain",
    children: (
      <>
        <FaultNote errors={errors} title="Nothing to explain yet" />
        {error !== "" && errors.error === undefined && <EntraResult text={error} />}
        {decision !== undefined && <DecisionResult visit={visit} decision={decision} />}
        <Form visit={visit} action={EXPLAIN_PATH} upload class="card">
          <h2>An error on Microsoft’s page</h2>
          <p class="soft">Many refusals happen at Entra and never reach us. Paste its message, or only the number.</p>
          <TextField name="error" label="Error" value={error} errors={errors} placeholder="AADSTS50011: …" />
          <p class="actions">
            <button class="button" type="submit">
              Explain
            </button>
          </p>
        </Form>
        <Form visit={visit} action={EXPLAIN_PATH} upload class="card">
          <h2>A SAMLResponse</h2>
          <p class="soft">
            From the browser’s network tab, the request to <code>/sso/acs</code>. It is judged by the saved settings and
            then forgotten: nobody is signed in, nothing is used up or stored.
          </p>
          <AreaField
            name="response"
            label="SAMLResponse"
            hint="As base64, percent-encoded or as XML."
            value={response}
            errors={errors}
            rows={6}
          />
          <p class="actions">
            <button class="button" type="submit">
              Explain
            </button>
          </p>
        </Form>
      </>
    ),
  });
}

const EntraResult: FC<{ text: string }> = ({ text }) => {
  const known = entraErrorsIn(text);
  const [first] = entraCodesIn(text);
  return (
    <FocusedNote tone={known.length > 0 ? "good" : "warn"}>
      {known.map((error) => (
        <EntraErrorText error={error} />
      ))}
      {known.length === 0 && (
        <p>
          {first === undefined
            ? "There is no AADSTS number in this text."
            : `AADSTS${first} is not among those we know. Entra’s own sign-in log has the reason under the Trace ID of the message.`}
        </p>
      )}
    </FocusedNote>
  );
};

const DecisionResult: FC<{ visit: Visit; decision: ResponseDecision }> = ({ visit, decision }) => {
  const onlyTime = !decision.ok && failsByAgeOnly(decision);
  return (
    <>
      <FocusedNote tone={decision.ok || onlyTime ? "good" : "warn"}>
        <p>
          <strong>
            {decision.ok
              ? "This answer passes every check."
              : onlyTime
                ? "Apart from its age, this answer passes the checks."
                : `This answer is refused: ${decision.refusal.code}`}
          </strong>
        </p>
        <p>
          Whether it answers a request of ours in that very browser, and whether it was used before, is looked at only
          in a real sign-in.
        </p>
      </FocusedNote>
      {!decision.ok && !onlyTime && <AdviceNote visit={visit} code={decision.refusal.code} checks={decision.checks} />}
      <section class="card" aria-labelledby="h-checks">
        <h2 id="h-checks">Checks, in the order they were made</h2>
        <CheckItems checks={decision.checks} />
      </section>
      {!decision.ok && decision.status !== null && (
        <section class="card" aria-labelledby="h-said">
          <h2 id="h-said">What the provider said</h2>
          <p>
            <code>{decision.status.codes.join(" › ")}</code>
          </p>
          {decision.status.message !== null && <p>{decision.status.message}</p>}
          {entraErrorsIn(decision.status.message ?? "").map((error) => (
            <EntraErrorText error={error} />
          ))}
        </section>
      )}
      {decision.ok && <Claims assertion={decision.assertion} />}
    </>
  );
};

/** Whether everything that failed is a check of time, and failed by the time and not by how it is written. */
function failsByAgeOnly({ checks, refusal }: Extract<ResponseDecision, { ok: false }>): boolean {
  const ofTime = /(?:IssueInstant|NotOnOrAfter|NotBefore)$/i;
  const failed = checks.filter(({ ok }) => !ok);
  return (
    OF_TIME.has(refusal.code) &&
    failed.every(({ name, expected }) => ofTime.test(name) && expected?.startsWith("xs:dateTime") !== true)
  );
}

const Claims: FC<{ assertion: VerifiedAssertion }> = ({ assertion }) => (
  <section class="card" aria-labelledby="h-claims">
    <h2 id="h-claims">Claims</h2>
    <dl class="facts">
      <dt>NameID</dt>
      <dd>
        <code>{assertion.nameID.value}</code>
      </dd>
      <dt>Issuer</dt>
      <dd>
        <code>{assertion.issuer}</code>
      </dd>
    </dl>
    <Table caption="Claims of the assertion" heads={["Claim", "Values"]}>
      {[...assertion.attributes].map(([name, values]) => (
        <tr>
          <th scope="row">
            <code>{name}</code>
          </th>
          <td>
            {values.slice(0, VALUES_SHOWN).map((value) => (
              <div>
                <bdi>{value}</bdi>
              </div>
            ))}
            {values.length > VALUES_SHOWN && <div class="soft">and {values.length - VALUES_SHOWN} more</div>}
          </td>
        </tr>
      ))}
    </Table>
  </section>
);

const VALUES_SHOWN = 20;

export function showExplain(c: ConsoleContext): Response {
  return explainPage(c.get("visit"), {});
}

export async function explain(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  if (posted.has("error")) {
    const error = posted.text("error").trim().slice(0, ERROR_CHARS_MAX);
    if (error === "") return explainPage(visit, { status: 422, errors: { error: "Paste an error message first" } });
    return explainPage(visit, { error });
  }
  const response = posted.text("response").trim();
  const fault = (message: string) => explainPage(visit, { status: 422, response, errors: { response: message } });
  if (response === "") return fault("Paste a SAMLResponse first");
  if (response.length > PASTED_CHARS_MAX) return fault("This is too long for a SAMLResponse");
  const tenant = await storedTenant(visit);
  const { saml } = tenant;
  if (saml === null) return fault(`There are no settings to judge it by: enter them at ${SETTINGS_PATH} first`);
  const decision = await decideResponse(formField(response), {
    now: visit.services.now(),
    clockSkewSeconds: saml.clockSkewSeconds,
    spEntityId: tenant.entityId,
    acsUrl: tenant.acsUrl,
    idpEntityIds: tenant.expectedIdpEntityIds,
    certificates: tenant.certificates,
    allowSha1: saml.allowSha1,
    wantEncryptedAssertions: saml.wantEncryptedAssertions,
    decryptionKeys: await decryptionKeys(visit.services, tenant),
    allowIdpInitiated: saml.allowIdpInitiated,
    authnInstantNotBefore: null,
    requestedAuthnContext: saml.requestedAuthnContext,
  });
  return explainPage(visit, { response, decision });
}

/** What people copy: the value alone, the whole form body, either of them percent-encoded, or the XML of a browser extension. */
function formField(pasted: string): string {
  if (pasted.startsWith("<")) return Buffer.from(pasted).toString("base64");
  const value = /(?:^|[&\s])SAMLResponse[=:]\s*([^&\s]+)/.exec(pasted)?.[1] ?? pasted;
  const text = value.replace(/\s+/g, "");
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
