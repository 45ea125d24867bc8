/** `/versions`: the settings that were in force: when, by whom, what changed; each beside what is in force now, and the way back to it. */
import { listSamlVersions, type SamlVersion } from "../../store/index.ts";
import { readVersion, restoreAsDraft } from "../saml-draft.ts";
import { Who } from "./audit.tsx";
import type { ConsoleContext } from "./console.ts";
import { leadTo } from "./done.ts";
import { doorPage } from "./door-pages.tsx";
import { interrupted } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import { Form, Older, StaleNote, Table, Time } from "./parts.tsx";
import { DRAFT_PATH, VERSIONS_PATH } from "./paths.ts";
import { allGroups } from "./settings.ts";
import { ChangeTable, changesBetween } from "./settings-changes.tsx";

/** Each is read whole, to say what it changed. */
const VERSIONS_SHOWN = 20;

export async function listVersionsPage(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { services, tenant } = visit;
  const asked = c.req.query("after") ?? "";
  const after = /^[1-9]\d{0,8}$/.test(asked) ? asked : null;
  const [found, groups] = await Promise.all([
    listSamlVersions(services.database, tenant.company.id, { after, limit: VERSIONS_SHOWN + 1 }),
    allGroups(visit),
  ]);
  const versions = found.slice(0, VERSIONS_SHOWN);
  const last = found.length > VERSIONS_SHOWN ? versions.at(-1) : undefined;
  const changed = (version: SamlVersion, before: SamlVersion | undefined) => {
    if (before === undefined) return version.version === 1 ? "The first settings" : "";
    const labels = changesBetween(before.settings, version.settings, groups).map(([label]) => label);
    return [...new Set(labels)].join(", ") || "Nothing";
  };
  return consolePage(visit, {
    title: "Versions",
    section: "versions",
    lead: "Every state of the single sign-on settings that was in force, newest first. The newest hundred are kept.",
    children: (
      <>
        <div class="card">
          {versions.length === 0 ? (
            <p class="soft">Nothing was in force yet.</p>
          ) : (
            <Table caption="Versions, newest first" heads={["Version", "When", "Who", "What changed"]}>
              {versions.map((version, index) => (
                <tr>
                  <th scope="row">
                    <a href={`${VERSIONS_PATH}/${version.version}`}>Version {version.version}</a>
                  </th>
                  <td>
                    <Time at={version.at} />
                  </td>
                  <td class="who" data-label="Who">
                    <Who visit={visit} actor={version.actor} />
                  </td>
                  <td data-label="Changed">{changed(version, found[index + 1])}</td>
                </tr>
              ))}
            </Table>
          )}
        </div>
        <Older
          first={after && VERSIONS_PATH}
          href={last ? `${VERSIONS_PATH}?after=${last.version}` : null}
          label="Older versions"
        />
      </>
    ),
  });
}

function missing(companyName: string): Response {
  return doorPage(companyName, {
    status: 404,
    title: "There is no such version",
    sentence: "The newest hundred are kept.",
    links: [{ href: VERSIONS_PATH, label: "Versions" }],
  });
}

export async function showVersion(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { company } = visit.tenant;
  const [found, groups] = await Promise.all([
    readVersion(visit.services, company, c.req.param("id") ?? ""),
    allGroups(visit),
  ]);
  if (!found.ok) return missing(company.name);
  const { tenant, version } = found.value;
  const inForce = tenant.saml?.version === version.version;
  const name = `Version ${version.version}`;
  const changes = tenant.saml === null ? [] : changesBetween(tenant.saml, version.settings, groups);
  return consolePage(visit, {
    title: name,
    section: "versions",
    aside: inForce ? <span class="badge good">In force</span> : null,
    children: (
      <>
        {!inForce && <StaleNote visit={visit} />}
        <section class="card" aria-labelledby="h-compared">
          <h2 id="h-compared">Beside what is in force</h2>
          {changes.length === 0 ? (
            <p class="soft">It is the same.</p>
          ) : (
            <ChangeTable changes={changes} before="In force" after={name} />
          )}
          <p class="hint">
            Put in force <Time at={version.at} /> by <Who visit={visit} actor={version.actor} />
          </p>
        </section>
        {!inForce && (
          <Form visit={visit} action={`${VERSIONS_PATH}/${version.version}/restore`} class="card">
            <h2>Go back to this version</h2>
            <p class="soft">It becomes the draft, in place of any draft there is. You can try it before it counts.</p>
            <button class="button" type="submit">
              Make it the draft
            </button>
          </Form>
        )}
        <p>
          <a href={VERSIONS_PATH}>All versions</a>
        </p>
      </>
    ),
  });
}

export async function goBackTo(c: ConsoleContext): Promise<Response> {
  const visit = c.get("visit");
  const { company } = visit.tenant;
  const id = c.req.param("id") ?? "";
  const stop = interrupted(visit, { dangerous: true, back: `${VERSIONS_PATH}/${encodeURIComponent(id)}` });
  if (stop !== null) return stop;
  const restored = await restoreAsDraft(visit.services, visit.actor, company, id, () => true);
  if (restored.ok) return leadTo(DRAFT_PATH, "version-drafted");
  const { problem } = restored;
  if (problem.status === 404) return missing(company.name);
  return doorPage(company.name, {
    status: problem.status,
    title: "This version can’t be had back as it is",
    sentence: problem.errors?.[0]?.message ?? problem.title,
    links: [{ href: VERSIONS_PATH, label: "Versions" }],
  });
}
