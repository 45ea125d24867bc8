/** `/sessions`: how long a session lives at this company, how many one person may have, and signing everybody out. */

import type { Company } from "../../store/index.ts";
import { changeCompany, companyPatch, readCompany, SESSIONS_PER_USER_MAX } from "../companies.ts";
import { fieldErrors } from "../fields.ts";
import { endSessions } from "../sessions.ts";
import { CONSOLE_PATH, type ConsoleContext, type Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { doorPage } from "./door-pages.tsx";
import { interrupted, pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  ConflictNote,
  type Errors,
  errorsOf,
  FaultNote,
  Form,
  PauseNote,
  StaleNote,
  Sure,
  TextField,
  withErrors,
} from "./parts.tsx";
import { SESSIONS_PATH } from "./paths.ts";

const LABELS = {
  "sessionPolicy.absoluteHours": "A session ends after (hours)",
  "sessionPolicy.idleMinutes": "Or when unused for (minutes)",
  sessionsPerUserMax: "Sessions of one person at once",
} as const;
type Name = keyof typeof LABELS;
const NAMES = Object.keys(LABELS) as Name[];
type Texts = Readonly<Record<Name, string>>;

function textsOf({ sessionPolicy, sessionsPerUserMax }: Company): Texts {
  return {
    "sessionPolicy.absoluteHours": String(sessionPolicy.absoluteHours),
    "sessionPolicy.idleMinutes": String(sessionPolicy.idleMinutes),
    sessionsPerUserMax: String(sessionsPerUserMax ?? ""),
  };
}

interface View {
  readonly status?: number;
  readonly texts?: Texts;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly differences?: readonly (readonly [string, string, string])[];
}

/** As stored now: a form must start from the version that it will be saved over. */
async function sessionsPage(visit: Visit, view: View = {}): Promise<Response> {
  const stored = await readCompany(visit.services, visit.tenant.company.slug);
  const company = stored.ok ? stored.value : visit.tenant.company;
  const { errors = {}, texts = textsOf(company), pause = null } = view;
  const field = (name: Name) => ({ name, label: LABELS[name], value: texts[name], errors, type: "number" });
  return consolePage(visit, {
    status: view.status ?? 200,
    title: "Sessions",
    section: "sessions",
    lead: "How long people stay signed in. Stricter limits hold for sessions that are there already, too.",
    children: (
      <>
        {pause === null && Object.keys(errors).length === 0 && <StaleNote visit={visit} />}
        <PauseNote visit={visit} pause={pause} back={SESSIONS_PATH} />
        {view.differences && <ConflictNote differences={view.differences} />}
        <FaultNote errors={errors} labels={LABELS} />
        <Form visit={visit} action={SESSIONS_PATH} class="card">
          <input type="hidden" name="version" value={String(company.version)} />
          <div class="grid">
            <TextField {...field("sessionPolicy.absoluteHours")} required />
            <TextField {...field("sessionPolicy.idleMinutes")} required />
            <TextField
              {...field("sessionsPerUserMax")}
              hint={`1 to ${SESSIONS_PER_USER_MAX}, or empty for any number. One more sign-in ends the person’s oldest session.`}
            />
          </div>
          <p class="actions">
            <button class="button" type="submit">
              Save
            </button>
          </p>
        </Form>
        <section class="card" aria-labelledby="h-end">
          <h2 id="h-end">Sign everybody out</h2>
          <p class="hint">
            Ends all sessions of your company, yours too, everywhere within a minute. People see and end their own at{" "}
            <a href="/sso/sessions">/sso/sessions</a>.
          </p>
          <Sure visit={visit} action={`${SESSIONS_PATH}/end`} label="Sign everybody out" />
        </section>
      </>
    ),
  });
}

export function showSessions(c: ConsoleContext): Promise<Response> {
  return sessionsPage(c.get("visit"));
}

export async function saveSessions(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, actor, tenant } = visit;
  const posted = c.get("posted");
  const texts = Object.fromEntries(NAMES.map((name) => [name, posted.text(name).trim()])) as Texts;
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return sessionsPage(visit, { status: 403, texts, pause });
  const number = (name: Name) => (texts[name] === "" ? Number.NaN : Number(texts[name]));
  const input = companyPatch.safeParse({
    sessionPolicy: {
      absoluteHours: number("sessionPolicy.absoluteHours"),
      idleMinutes: number("sessionPolicy.idleMinutes"),
    },
    sessionsPerUserMax: texts.sessionsPerUserMax === "" ? null : number("sessionsPerUserMax"),
  });
  if (!input.success) {
    return sessionsPage(visit, { status: 422, texts, errors: withErrors(fieldErrors(input.error)) });
  }
  const version = Number(posted.text("version"));
  const slug = tenant.company.slug;
  const saved = await changeCompany(services, actor, slug, input.data, (now) => now?.version === version);
  if (saved.ok) return leadTo(SESSIONS_PATH, "sessions-saved");
  const { problem } = saved;
  if (problem.status !== 412) return sessionsPage(visit, { status: problem.status, texts, errors: errorsOf(problem) });
  const stored = await readCompany(services, slug);
  const now = stored.ok ? textsOf(stored.value) : texts;
  const differences = NAMES.filter((name) => now[name] !== texts[name]).map(
    (name) => [LABELS[name], now[name], texts[name]] as const,
  );
  return sessionsPage(visit, { status: 409, texts, differences });
}

export async function endAllSessions(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: true, back: SESSIONS_PATH });
  if (stop !== null) return stop;
  await endSessions(visit.services, visit.actor, visit.tenant.company, null);
  return doorPage(visit.tenant.company.name, {
    status: 200,
    title: "Everybody is signed out",
    sentence: "All sessions of your company are over everywhere within a minute, and so is yours.",
    links: [{ href: CONSOLE_PATH, label: "Back to the console" }],
  });
}
