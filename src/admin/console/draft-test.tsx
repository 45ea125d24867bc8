/** `/draft/test`: what a test sign-in showed: each check, the claims, and who would have been signed in. All of it may be hostile text. */
import type { FC } from "hono/jsx";
import type { Group, SamlDraft, TestedSignIn } from "../../store/index.ts";
import { readSettingsAndDraft } from "../saml-draft.ts";
import { AdviceNote, CheckItems } from "./checks.tsx";
import type { ConsoleContext } from "./console.ts";
import { noDraftPage, TestBadge, TestButton } from "./draft.tsx";
import { consolePage } from "./layout.tsx";
import { FocusedNote, Time } from "./parts.tsx";
import { DRAFT_PATH, USERS_PATH } from "./paths.ts";
import { allGroups } from "./settings.ts";

export async function showTest(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const [found, groups] = await Promise.all([
    readSettingsAndDraft(visit.services, visit.tenant.company),
    allGroups(visit),
  ]);
  const draft = found.ok ? found.value.draft : null;
  const older = c.req.query("answer") === "older";
  if (draft === null && !older) return noDraftPage(visit);
  const tested = draft?.tested ?? null;
  return consolePage(visit, {
    title: "Test sign-in",
    section: "draft",
    ...(draft === null ? {} : { aside: <TestBadge draft={draft} /> }),
    children: (
      <>
        {older && (
          <FocusedNote tone="warn">
            <p>
              <strong>This test was for an older draft.</strong> The draft was changed, applied or discarded before the
              answer came, so the answer says nothing of what is there now.
            </p>
          </FocusedNote>
        )}
        {draft !== null && tested === null && (
          <div class="note">
            <p>No test of this draft has come back yet.</p>
          </div>
        )}
        {draft !== null && tested !== null && (
          <>
            {tested.code !== null && <AdviceNote visit={visit} code={tested.code} checks={tested.checks} />}
            <Outcome tested={tested} groups={groups} />
            <section class="card" aria-labelledby="h-checks">
              <h2 id="h-checks">Checks, in the order they were made</h2>
              <CheckItems checks={tested.checks} />
            </section>
            {tested.claims.length > 0 && <Claims tested={tested} />}
          </>
        )}
        <Onward visit={visit} draft={draft} />
      </>
    ),
  });
}

const Outcome: FC<{ tested: TestedSignIn; groups: readonly Group[] }> = ({ tested: { at, result }, groups }) => (
  <section class="card" aria-labelledby="h-result">
    <h2 id="h-result">{result === null ? "Nobody would be signed in" : "Who would be signed in"}</h2>
    <dl class="facts">
      <dt>Tried</dt>
      <dd>
        <Time at={at} />
      </dd>
      {result !== null && (
        <>
          <dt>User</dt>
          <dd>
            {result.userId === null ? (
              <>
                <bdi>{result.email}</bdi> <span class="badge warn">Would be created</span>
              </>
            ) : (
              <a href={`${USERS_PATH}/${result.userId}`}>
                <bdi>{result.email}</bdi>
              </a>
            )}
          </dd>
          <dt>Name</dt>
          <dd>
            <bdi>{`${result.firstName} ${result.lastName}`.trim() || "None given"}</bdi>
          </dd>
          <dt>Permission group</dt>
          <dd>
            <bdi>{groups.find(({ id }) => id === result.groupId)?.title ?? "Deleted meanwhile"}</bdi>
          </dd>
        </>
      )}
    </dl>
  </section>
);

const Claims: FC<{ tested: TestedSignIn }> = ({ tested }) => (
  <section class="card" aria-labelledby="h-claims">
    <h2 id="h-claims">Claims that the provider signed</h2>
    <dl class="values">
      {tested.claims.map(({ name, values }) => (
        <div>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>
            {values.map((value) => (
              <code>{value}</code>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  </section>
);

const Onward: FC<{ visit: Parameters<typeof TestButton>[0]["visit"]; draft: SamlDraft | null }> = (p) => (
  <div class="actions">
    {p.draft !== null && <TestButton visit={p.visit} draft={p.draft} />}
    <a class="button quiet" href={DRAFT_PATH}>
      Back to the draft
    </a>
  </div>
);
