/**
 * `/setup`: the tutorial's steps in its order, which are done and which is next; our values beside the names that the company's
 * identity provider gives its fields. Works as links without a script.
 */
import type { Child, FC } from "hono/jsx";
import type { ConsoleContext } from "./console.ts";
import { consolePage } from "./layout.tsx";
import { Copyable, Table } from "./parts.tsx";
import { GROUPS_PATH, METADATA_PATH, SETTINGS_PATH, SETUP_PATH, SIGN_INS_PATH } from "./paths.ts";
import { type Step, StepBadge, stepsOf } from "./progress.tsx";
import { type OurValues, ourValue, PROVIDERS, type Provider } from "./providers.ts";
import { allGroups, storedTenant } from "./settings.ts";

export async function showSetup(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { entityId, acsUrl, sloUrl, signOnUrl } = visit.tenant;
  const wanted = new URL(c.req.url).searchParams.get("provider");
  const provider = PROVIDERS.find(({ key }) => key === wanted) ?? PROVIDERS[0]!;
  const [tenant, groups] = await Promise.all([storedTenant(visit), allGroups(visit)]);
  const [group, give, take, trial] = await stepsOf(visit, tenant, groups);
  return consolePage(visit, {
    title: "Set up your provider",
    section: "setup",
    lead: "Open your identity provider’s console beside this page: copy our values there, then bring its values back here.",
    aside: (
      <p class="actions bar">
        <a class="button quiet" href="/sso/metadata" download="vestibule-metadata.xml">
          Download our metadata
        </a>
      </p>
    ),
    children: (
      <>
        <nav aria-label="Identity provider">
          <ul class="tabs">
            {PROVIDERS.map(({ key, name }) => (
              <li>
                <a href={`${SETUP_PATH}?provider=${key}`} aria-current={key === provider.key ? "true" : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <Part id="h-group" title="1. Create a permission group" step={group}>
          <p class="soft">
            It is for the people who will sign in this way: tick “This group can only sign in via Single Sign-On”.
          </p>
          <p class="actions">
            {group?.state === "done" ? (
              <a href={GROUPS_PATH}>Look at the groups</a>
            ) : (
              <a class="button" href={`${GROUPS_PATH}/new`}>
                Create a group
              </a>
            )}
          </p>
        </Part>
        <Part id="h-give" title={`2. Enter in ${provider.name}`} step={give}>
          <Give provider={provider} values={{ entityId, acsUrl, sloUrl, signOnUrl }} />
        </Part>
        <Part id="h-take" title={`3. Bring back from ${provider.name}`} step={take}>
          <Take provider={provider} />
        </Part>
        <Part id="h-try" title="4. Try it" step={trial}>
          <p class="soft">
            Let the provider give you access to the application, then open <code class="pick">{signOnUrl}</code> in a
            private window. Who is refused sees a reference: the <a href={SIGN_INS_PATH}>sign-in log</a> has it, with
            what to change.
          </p>
        </Part>
        <Part id="h-mind" title="Good to know">
          <ul>
            {provider.remarks.map((remark) => (
              <li>{remark}</li>
            ))}
          </ul>
        </Part>
      </>
    ),
  });
}

const Part: FC<{ id: string; title: string; step?: Step | undefined; children?: Child }> = (p) => (
  <section class="card" aria-labelledby={p.id}>
    <h2 id={p.id}>
      {p.title} <StepBadge step={p.step} />
    </h2>
    {p.children}
  </section>
);

const Give: FC<{ provider: Provider; values: OurValues }> = ({ provider, values }) => (
  <>
    <p class="soft">{provider.place}</p>
    <dl class="values">
      {provider.give.map(({ field, ours, value }) => (
        <div>
          <dt>{field}</dt>
          <dd>
            {ours === undefined ? <span>{value}</span> : <Copyable value={ourValue(ours, values)} label={field} />}
          </dd>
        </div>
      ))}
    </dl>
  </>
);

const Take: FC<{ provider: Provider }> = ({ provider }) => (
  <>
    <Table caption={`What ${provider.name} shows, and where it goes here`} heads={[`In ${provider.name}`, "Here"]}>
      {provider.take.map(([theirs, here]) => (
        <tr>
          <th scope="row">{theirs}</th>
          <td data-label="Here">{here}</td>
        </tr>
      ))}
    </Table>
    <p class="actions">
      <a class="button" href={SETTINGS_PATH}>
        Enter the settings
      </a>
      <a class="button quiet" href={METADATA_PATH}>
        Import metadata instead
      </a>
    </p>
  </>
);
