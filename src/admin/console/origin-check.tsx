/** `/origin`: whether the application refuses what did not come through the gateway. */
import type { FC } from "hono/jsx";
import { fieldErrors } from "../fields.ts";
import { checkOrigin, type OriginCheck, originCheckInput } from "../origin-check.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  Copyable,
  type Errors,
  errorsOf,
  FaultNote,
  FocusedNote,
  Form,
  PauseNote,
  StaleNote,
  Table,
  TextField,
  withErrors,
} from "./parts.tsx";
import { ORIGIN_PATH } from "./paths.ts";
import { storedTenant } from "./settings.ts";

type Probe = OriginCheck["probes"][number];

const LABELS: Readonly<Record<Probe["name"], string>> = {
  missing: "No assertion, only X-Forwarded headers",
  unsigned: "An assertion without signature",
  forged: "One signed by a key that is not ours",
  expired: "One that expired an hour ago",
  foreign: "One for another company and application",
  genuine: "A good one, in your name",
};
const WORDS: Readonly<Record<Probe["verdict"], string>> = {
  refused: "Refused",
  answered: "Answered",
  unclear: "Unclear",
  unreachable: "No answer",
};

interface View {
  readonly status?: number;
  readonly path?: string;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly check?: OriginCheck;
}

async function originPage(visit: Visit, { status = 200, path = "/", errors = {}, pause = null, check }: View) {
  const { baseUrl, company } = await storedTenant(visit);
  return consolePage(visit, {
    status,
    title: "Check the application",
    section: "origin",
    lead: "Sends your application requests that did not come through the gateway. It has to refuse them.",
    children: (
      <>
        {status === 200 && !check && <StaleNote visit={visit} />}
        <PauseNote visit={visit} pause={pause} back={ORIGIN_PATH} />
        <FaultNote errors={errors} labels={{ path: "Path" }} title="Nothing was checked yet" />
        {check && <Result check={check} />}
        <Form visit={visit} action={ORIGIN_PATH} class="card">
          <TextField
            name="path"
            label="Path"
            hint="A page that only people who are signed in may see. It is asked for six times, with GET."
            value={path}
            errors={errors}
            mono
            required
          />
          <p class="actions">
            <button class="button" type="submit">
              {check ? "Check again" : "Check now"}
            </button>
          </p>
        </Form>
        <section class="card" aria-labelledby="h-what">
          <h2 id="h-what">What your application has to check</h2>
          <p>
            The signature (ES256) of <code>X-Vestibule-Jwt-Assertion</code> at each request, that it has not expired,
            and:
          </p>
          <dl class="values">
            {(
              [
                ["Keys", `${baseUrl}/sso/jwks.json`],
                ["Issuer (iss)", baseUrl],
                ["Audience (aud)", new URL(company.originUrl).origin],
              ] as const
            ).map(([label, value]) => (
              <div>
                <dt>{label}</dt>
                <dd>
                  <Copyable value={value} label={label} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </>
    ),
  });
}

const Result: FC<{ check: OriginCheck }> = ({ check: { url, ok, probes } }) => {
  const answered = new Set(probes.flatMap(({ name, verdict }) => (verdict === "answered" ? [name] : [])));
  const open = answered.has("missing") || answered.has("unsigned") || answered.has("forged");
  const careless = open || answered.has("expired") || answered.has("foreign");
  const shut = probes.some(({ name, verdict }) => name === "genuine" && verdict === "refused");
  return (
    <>
      <FocusedNote tone={ok ? "good" : careless ? "bad" : "warn"}>
        {careless && (
          <p>
            <strong>Your application answers requests that did not come through the gateway.</strong>{" "}
            {open
              ? "Anyone who reaches it directly can be anyone."
              : "It verifies who signed an assertion, but not until when and for whom."}
          </p>
        )}
        {ok && <p>Your application refuses what did not come through the gateway, and answers what did.</p>}
        {shut && (
          <p>Your application refuses a good request too: compare the issuer and the audience that it expects.</p>
        )}
        {!ok && !careless && !shut && (
          <p>This says nothing certain. Choose a page that answers with 200 to whoever is signed in.</p>
        )}
      </FocusedNote>
      <section class="card">
        <h2>What it answered</h2>
        <p class="soft">
          <code>{url}</code>
        </p>
        <Table caption="Requests and what became of them" heads={["Request with", "Status", "Result"]}>
          {probes.map(({ name, status, verdict }) => (
            <tr>
              <th scope="row">{LABELS[name]}</th>
              <td data-label="Status">{status ?? "none"}</td>
              <td data-label="Result">
                <span class={`badge ${toneOf(name, verdict)}`}>{WORDS[verdict]}</span>
              </td>
            </tr>
          ))}
        </Table>
      </section>
    </>
  );
};

function toneOf(name: Probe["name"], verdict: Probe["verdict"]): string {
  if (verdict !== "refused" && verdict !== "answered") return "warn";
  return (verdict === "answered") === (name === "genuine") ? "good" : "bad";
}

export function showOrigin(c: ConsoleContext): Promise<Response> {
  return originPage(c.get("visit"), {});
}

export async function checkNow(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const path = c.get("posted").text("path");
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return originPage(visit, { status: 403, path, pause });
  const input = originCheckInput.safeParse({ path });
  if (!input.success) return originPage(visit, { status: 422, path, errors: withErrors(fieldErrors(input.error)) });
  const { company } = visit.tenant;
  const checked = await checkOrigin(visit.services, company.slug, input.data, visit.session);
  if (checked.ok) return originPage(visit, { path, check: checked.value });
  return originPage(visit, { status: checked.problem.status, path, errors: errorsOf(checked.problem) });
}
