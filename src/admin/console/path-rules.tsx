/** `/paths`: who may ask for which path of the application, and what is kept of its answers at the edge. */
import type { FC } from "hono/jsx";
import type { Company, PathRule } from "../../store/index.ts";
import { changeCompany, companyPatch, purgeEdgeCache } from "../companies.ts";
import { fieldErrors } from "../fields.ts";
import type { Posted } from "../frame/index.ts";
import type { Precondition } from "../versions.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { type DoneCode, leadTo } from "./done.ts";
import { interrupted, pauseOf } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import {
  CheckField,
  type Errors,
  FaultNote,
  Form,
  PauseNote,
  SelectField,
  StaleNote,
  Sure,
  Table,
  TextField,
} from "./parts.tsx";
import { PATHS_PATH } from "./paths.ts";
import { storedTenant } from "./settings.ts";

const ACCESS: Readonly<Record<PathRule["access"], string>> = {
  session: "Signed in only",
  optional: "Everyone, with identity where signed in",
  public: "Everyone, without identity",
};
const UNAUTHENTICATED: Readonly<Record<PathRule["unauthenticated"], string>> = {
  signIn: "Lead to the sign-in",
  "401": "Answer 401",
};

interface View {
  readonly status?: number;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  /** The rule that was typed and not taken. */
  readonly typed?: Readonly<Record<keyof PathRule, string>>;
}

async function pathsPage(visit: Visit, view: View): Promise<Response> {
  const { errors = {}, pause = null, typed } = view;
  const { company } = await storedTenant(visit);
  return consolePage(visit, {
    status: view.status ?? 200,
    title: "Paths and cache",
    section: "paths",
    lead: "Every path of the application needs a sign-in, but for those that a rule opens.",
    children: (
      <>
        {pause === null && Object.keys(errors).length === 0 && <StaleNote visit={visit} />}
        <PauseNote visit={visit} pause={pause} back={PATHS_PATH} />
        <FaultNote errors={errors} labels={{ path: "Path" }} />
        <div class="card">
          <h2>Rules</h2>
          <p class="soft">
            The first rule that fits decides. <code>/docs</code> is that path alone, <code>/docs/*</code> all below{" "}
            <code>/docs/</code>. Upper and lower case differ; a path that could be read in two ways always needs a
            sign-in.
          </p>
          {company.pathRules.length === 0 ? (
            <p>There is no rule yet: every path needs a sign-in.</p>
          ) : (
            <RuleTable visit={visit} company={company} />
          )}
        </div>
        <Form visit={visit} action={PATHS_PATH} class="card">
          <h2>Add a rule</h2>
          <div class="note warn">
            <p>
              What you open to everyone is open to the whole internet, with any method. The application must protect it
              itself.
            </p>
          </div>
          <Version company={company} />
          <div class="grid">
            <TextField name="path" label="Path" value={typed?.path ?? ""} errors={errors} mono required />
            <SelectField
              name="access"
              label="Who may ask"
              value={typed?.access ?? "session"}
              options={Object.entries(ACCESS)}
              errors={errors}
            />
            <SelectField
              name="unauthenticated"
              label="A page without a sign-in"
              value={typed?.unauthenticated ?? "signIn"}
              options={Object.entries(UNAUTHENTICATED)}
              errors={errors}
            />
            <CheckField
              name="preflight"
              label="Let CORS preflights through"
              hint="OPTIONS requests of browsers, which carry no sign-in; without identity."
              checked={typed?.preflight === "on"}
              errors={errors}
            />
          </div>
          <p class="actions">
            <button class="button" type="submit">
              Add
            </button>
          </p>
        </Form>
        <EdgeCache visit={visit} company={company} />
      </>
    ),
  });
}

const Version: FC<{ company: Company }> = ({ company }) => (
  <input type="hidden" name="version" value={company.version} />
);

const RuleTable: FC<{ visit: Visit; company: Company }> = ({ visit, company }) => (
  <Table
    caption="Rules, the first that fits decides"
    heads={["Path", "Who may ask", "Without a sign-in"]}
    act="Move or remove it"
  >
    {company.pathRules.map((rule, index) => (
      <tr>
        <th scope="row">
          <code>{rule.path}</code>
        </th>
        <td class="wide" data-label="Who may ask">
          {rule.access === "session" ? ACCESS.session : <span class="badge warn">{ACCESS[rule.access]}</span>}
          {rule.preflight && " · preflights pass"}
        </td>
        <td data-label="Without a sign-in">{rule.access === "session" && UNAUTHENTICATED[rule.unauthenticated]}</td>
        <td class="end">
          <div class="bar actions">
            {company.pathRules.length > 1 && (
              <Form visit={visit} action={`${PATHS_PATH}/${index}`} class="bar actions">
                <Version company={company} />
                <Act to="up" label="Up" path={rule.path} off={index === 0} />
                <Act to="down" label="Down" path={rule.path} off={index === company.pathRules.length - 1} />
              </Form>
            )}
            <Sure visit={visit} action={`${PATHS_PATH}/${index}`} label="Remove" of={rule.path}>
              <Version company={company} />
              <input type="hidden" name="act" value="remove" />
              <p>The rules below it then decide, or a sign-in is needed.</p>
            </Sure>
          </div>
        </td>
      </tr>
    ))}
  </Table>
);

const Act: FC<{ to: string; label: string; path: string; off: boolean }> = (p) =>
  p.off ? null : (
    <button class="button quiet small" type="submit" name="act" value={p.to} aria-label={`${p.label}: ${p.path}`}>
      {p.label}
    </button>
  );

const EdgeCache: FC<{ visit: Visit; company: Company }> = ({ visit, company }) => (
  <Form visit={visit} action={`${PATHS_PATH}/cache`} class="card">
    <h2>Cache</h2>
    <p>
      What the application marks as cacheable for everyone (<code>public</code> or <code>s-maxage</code>) is kept near
      your people and served after the check of their sign-in.{" "}
      {company.edgeCache ? <span class="badge good">On</span> : <span class="badge">Off</span>}
    </p>
    <Version company={company} />
    <p class="actions">
      <button class="button quiet" type="submit" name="act" value={company.edgeCache ? "off" : "on"}>
        {company.edgeCache ? "Switch off" : "Switch on"}
      </button>
      <button class="button quiet" type="submit" name="act" value="purge">
        Empty the cache
      </button>
    </p>
  </Form>
);

export function showPaths(c: ConsoleContext): Promise<Response> {
  return pathsPage(c.get("visit"), {});
}

export async function addPathRule(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const [path, access, unauthenticated] = [posted.text("path"), posted.text("access"), posted.text("unauthenticated")];
  const typed = { path, access, unauthenticated, preflight: posted.text("preflight") };
  const pause = pauseOf(visit, { dangerous: true });
  if (pause !== null) return pathsPage(visit, { status: 403, pause, typed });
  const rule = { ...typed, preflight: posted.has("preflight") };
  return save(visit, posted, (rules) => [...rules, rule], typed);
}

export async function changePathRule(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: true, back: PATHS_PATH });
  if (stop !== null) return stop;
  const posted = c.get("posted");
  const index = Number(c.req.param("index"));
  return save(visit, posted, (rules) => {
    const rule = rules[index];
    if (rule === undefined) return rules;
    const others = rules.toSpliced(index, 1);
    const act = posted.text("act");
    if (act === "remove") return others;
    return act === "up" || act === "down"
      ? others.toSpliced(Math.max(0, index + (act === "up" ? -1 : 1)), 0, rule)
      : rules;
  });
}

export async function changeCache(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: false, back: PATHS_PATH });
  if (stop !== null) return stop;
  const act = c.get("posted").text("act");
  const { services, actor, tenant } = visit;
  const { slug } = tenant.company;
  const done =
    act === "purge"
      ? await purgeEdgeCache(services, actor, slug, sameCompany(visit))
      : await changeCompany(services, actor, slug, { edgeCache: act === "on" }, sameCompany(visit));
  if (!done.ok) return pathsPage(visit, { status: done.problem.status, errors: { "": done.problem.title } });
  return leadTo(PATHS_PATH, act === "purge" ? "cache-purged" : "cache-saved");
}

function sameCompany({ tenant }: Visit): Precondition {
  return (current) => current?.id === tenant.company.id;
}

async function save(
  visit: Visit,
  posted: Posted,
  next: (rules: readonly PathRule[]) => readonly unknown[],
  typed?: View["typed"],
): Promise<Response> {
  const again = (status: number, errors: Errors) => pathsPage(visit, { status, errors, ...(typed && { typed }) });
  const { company } = await storedTenant(visit);
  const seen = Number(posted.text("version"));
  const meanwhile = { "": "Somebody else changed this company meanwhile. Look at it as it is now and try again" };
  if (company.version !== seen) return again(409, meanwhile);
  const input = companyPatch.safeParse({ pathRules: next(company.pathRules) });
  if (!input.success) {
    const faults = fieldErrors(input.error).map(
      ({ path, message }) => [path.split(".")[2] ?? "path", message] as const,
    );
    return again(422, Object.fromEntries(faults));
  }
  const saved = await changeCompany(
    visit.services,
    visit.actor,
    company.slug,
    input.data,
    (current) => current?.id === company.id && current.version === seen,
  );
  if (saved.ok) return leadTo(PATHS_PATH, "paths-saved" satisfies DoneCode);
  return again(saved.problem.status, saved.problem.status === 412 ? meanwhile : { "": saved.problem.title });
}
