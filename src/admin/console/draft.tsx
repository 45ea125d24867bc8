/** `/draft`: what the draft would change, whether it was tried, and the buttons that try it, put it in force or discard it. */
import type { FC } from "hono/jsx";
import { beginTest, LOCAL_ISSUER, TEST_START_PATH } from "../../session/index.ts";
import { findWaysIn, type Group, type SamlDraft } from "../../store/index.ts";
import type { Tenant } from "../../tenant/index.ts";
import { applyDraft, discardDraft, readSettingsAndDraft } from "../saml-draft.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { leadTo } from "./done.ts";
import { type Guard, guardOf } from "./draft-guard.ts";
import { interrupted } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import { CheckField, type Errors, FaultNote, Form, StaleNote, Sure, Time } from "./parts.tsx";
import { DRAFT_PATH, SETTINGS_PATH, VERSIONS_PATH } from "./paths.ts";
import { allGroups } from "./settings.ts";
import { ChangeTable, changesBetween } from "./settings-changes.tsx";

interface Standing {
  readonly tenant: Tenant;
  readonly draft: SamlDraft;
  readonly groups: readonly Group[];
  readonly guard: Guard;
}

/** The draft, what is in force, and what the one asks for before it may become the other; null without a draft. */
async function standingOf(visit: Visit): Promise<Standing | null> {
  const { services, session } = visit;
  const { company } = visit.tenant;
  const [found, groups, ways] = await Promise.all([
    readSettingsAndDraft(services, company),
    allGroups(visit),
    findWaysIn(services.database, company.id, session.userId, LOCAL_ISSUER),
  ]);
  if (!found.ok || found.value.draft === null) return null;
  const { tenant, draft } = found.value;
  return { tenant, draft, groups, guard: guardOf(tenant.saml, draft, ways, groups) };
}

export async function showDraft(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const standing = await standingOf(visit);
  return standing === null ? noDraftPage(visit) : draftPage(visit, standing);
}

export function noDraftPage(visit: Visit, status = 200): Response {
  return consolePage(visit, {
    status,
    title: "Draft and test",
    section: "draft",
    lead: "Changes of the single sign-on settings are a draft first. You try it in your own browser before it counts for anybody.",
    children: (
      <div class="card">
        <p>There is no draft. Save the settings as a draft, or go back to an earlier version, and it stands here.</p>
        <p class="actions">
          <a class="button" href={SETTINGS_PATH}>
            Open the settings
          </a>
          <a class="button quiet" href={VERSIONS_PATH}>
            Earlier versions
          </a>
        </p>
      </div>
    ),
  });
}

function draftPage(visit: Visit, standing: Standing, more: { status?: number; errors?: Errors } = {}): Response {
  const { tenant, draft, groups } = standing;
  const changes = tenant.saml === null ? [] : changesBetween(tenant.saml, draft.settings, groups);
  return consolePage(visit, {
    status: more.status ?? 200,
    title: "Draft and test",
    section: "draft",
    lead: "Nothing here counts for anybody until you put it in force.",
    aside: <TestBadge draft={draft} />,
    children: (
      <>
        {more.errors === undefined && <StaleNote visit={visit} />}
        <FaultNote errors={more.errors ?? {}} />
        {draft.basedOn !== (tenant.saml?.version ?? null) && (
          <div class="note warn">
            <p>
              <strong>The settings in force were changed since this draft was begun.</strong> Putting it in force
              replaces that change too: see below what would differ.
            </p>
          </div>
        )}
        <section class="card" aria-labelledby="h-changes">
          <h2 id="h-changes">What would change</h2>
          {tenant.saml === null && <p class="soft">Nothing is in force yet: this would be the first.</p>}
          {tenant.saml !== null && changes.length === 0 && (
            <p class="soft">Nothing: the draft is what is in force. A test still shows whether it works.</p>
          )}
          {changes.length > 0 && <ChangeTable changes={changes} before="In force" after="Draft" />}
          <p class="hint">
            Saved <Time at={draft.updatedAt} />. <a href={SETTINGS_PATH}>Change the draft</a>
          </p>
        </section>
        <Trial visit={visit} draft={draft} />
        <Application visit={visit} {...standing} />
        <section class="card" aria-labelledby="h-discard">
          <h2 id="h-discard">Discard the draft</h2>
          <p class="soft">What is in force stays as it is.</p>
          <Sure visit={visit} action={`${DRAFT_PATH}/discard`} label="Discard">
            <input type="hidden" name="version" value={String(draft.version)} />
          </Sure>
        </section>
      </>
    ),
  });
}

export const TestBadge: FC<{ draft: SamlDraft }> = ({ draft }) => {
  if (draft.tested === null || draft.testedVersion !== draft.version) return <span class="badge warn">Not tested</span>;
  const went = draft.tested.outcome === "success";
  return <span class={went ? "badge good" : "badge bad"}>{went ? "Test passed" : "Test refused"}</span>;
};

export const TestButton: FC<{ visit: Visit; draft: SamlDraft }> = ({ visit, draft }) => (
  <Form visit={visit} action={`${DRAFT_PATH}/test`}>
    <input type="hidden" name="version" value={String(draft.version)} />
    <button class="button" type="submit">
      Test sign-in
    </button>
  </Form>
);

const Trial: FC<{ visit: Visit; draft: SamlDraft }> = ({ visit, draft }) => (
  <section class="card" aria-labelledby="h-test">
    <h2 id="h-test">Try it</h2>
    <p class="soft">
      You go to your identity provider and come back to a page that shows every check. You stay signed in as who you
      are; nobody is created or changed.
    </p>
    <div class="actions">
      <TestButton visit={visit} draft={draft} />
      {draft.tested !== null && <a href={`${DRAFT_PATH}/test`}>What the last test showed</a>}
    </div>
  </section>
);

const GUARD_WORDS: Readonly<Record<Guard, string>> = {
  free: "No test is needed for this change; it does no harm.",
  passed: "The test of this draft went well.",
  confirm:
    "Sign-in works by what is in force now, and no test of this draft has gone well. You can sign in with a password or a passkey, so you could come back and repair it; everybody else could be locked out meanwhile.",
  test: "Sign-in works by what is in force now, and you have no other way in. So a test of this draft must go well first.",
  member:
    "The test went well, but signed in somebody who is no administrator by this draft. You have no other way in, so test with an account that stays one.",
};

const Application: FC<Standing & { visit: Visit }> = ({ visit, tenant, draft, guard }) => (
  <Form visit={visit} action={`${DRAFT_PATH}/apply`} class="card">
    <h2>Put it in force</h2>
    <input type="hidden" name="version" value={String(draft.version)} />
    <input type="hidden" name="settings" value={String(tenant.saml?.version ?? 0)} />
    <p class="soft">{GUARD_WORDS[guard]}</p>
    {guard === "confirm" && (
      <CheckField
        name="confirm"
        label="Put it in force without a passing test"
        hint="The audit log says that you did."
        checked={false}
        errors={{}}
      />
    )}
    {guard !== "test" && guard !== "member" && (
      <p class="actions">
        <button class="button" type="submit">
          Apply
        </button>
      </p>
    )}
  </Form>
);

/** The page once more, with what stood in the way; what was seen must be what is there. */
async function again(visit: Visit, status: number, message: string): Promise<Response> {
  const standing = await standingOf(visit);
  if (standing === null) return noDraftPage(visit, 409);
  return draftPage(visit, standing, { status, errors: { "": message } });
}

const CHANGED = "The draft, or what is in force, was changed meanwhile. Look at it once more.";

export async function startTest(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: false, back: DRAFT_PATH });
  if (stop !== null) return stop;
  const standing = await standingOf(visit);
  if (standing === null) return noDraftPage(visit, 409);
  const { version } = standing.draft;
  if (c.get("posted").text("version") !== String(version)) return again(visit, 409, CHANGED);
  const { session, services, tenant } = visit;
  const test = { sessionId: session.id, userId: session.userId, draftVersion: version };
  const cookie = await beginTest(services, tenant.company.id, test);
  const headers = { location: TEST_START_PATH, "set-cookie": cookie, "cache-control": "no-store" };
  return new Response(null, { status: 303, headers });
}

export async function applyDraftNow(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const posted = c.get("posted");
  const stop = interrupted(visit, { dangerous: true, back: DRAFT_PATH });
  if (stop !== null) return stop;
  const standing = await standingOf(visit);
  if (standing === null) return noDraftPage(visit, 409);
  const { tenant, draft, guard } = standing;
  const settingsVersion = tenant.saml?.version ?? 0;
  const seen = posted.text("version") === String(draft.version) && posted.text("settings") === String(settingsVersion);
  if (!seen) return again(visit, 409, CHANGED);
  const withoutTest = guard === "confirm";
  if (guard === "test" || guard === "member" || (withoutTest && !posted.has("confirm"))) {
    return again(visit, 409, "A test sign-in of this draft must go well first.");
  }
  const applied = await applyDraft(visit.services, visit.actor, tenant.company, {
    precondition: (current) => current?.version === draft.version,
    settingsVersion,
    requireTest: guard === "passed",
    withoutTest,
  });
  if (applied.ok) return leadTo(SETTINGS_PATH, "draft-applied");
  const { status, title, errors } = applied.problem;
  return again(visit, status, status === 412 ? CHANGED : (errors?.[0]?.message ?? title));
}

export async function discard(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: false, back: DRAFT_PATH });
  if (stop !== null) return stop;
  const version = Number(c.get("posted").text("version"));
  const precondition = (current: { version: number } | null) => current?.version === version;
  const discarded = await discardDraft(visit.services, visit.actor, visit.tenant.company, precondition);
  return discarded.ok ? leadTo(SETTINGS_PATH, "draft-discarded") : again(visit, 409, CHANGED);
}
