/** `/setup`: our values beside the names that the company's identity provider gives its fields. Works as links without a script. */
import type { ConsoleContext } from "./console.ts";
import { consolePage } from "./layout.tsx";
import { Copyable } from "./parts.tsx";
import { METADATA_PATH, SETTINGS_PATH, SETUP_PATH } from "./paths.ts";
import { ourValue, PROVIDERS } from "./providers.ts";

export function showSetup(c: ConsoleContext): Response {
  const visit = c.get("visit");
  const { entityId, acsUrl, sloUrl, signOnUrl } = visit.tenant;
  const values = { entityId, acsUrl, sloUrl, signOnUrl };
  const wanted = new URL(c.req.url).searchParams.get("provider");
  const provider = PROVIDERS.find(({ key }) => key === wanted) ?? PROVIDERS[0]!;
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
        <section class="card" aria-labelledby="h-give">
          <h2 id="h-give">1. Enter in {provider.name}</h2>
          <p class="soft">{provider.place}</p>
          <dl class="values">
            {provider.give.map(({ field, ours, value }) => (
              <div>
                <dt>{field}</dt>
                <dd>
                  {ours === undefined ? (
                    <span>{value}</span>
                  ) : (
                    <Copyable value={ourValue(ours, values)} label={field} />
                  )}
                </dd>
              </div>
            ))}
          </dl>
        </section>
        <section class="card" aria-labelledby="h-take">
          <h2 id="h-take">2. Bring back</h2>
          <table class="stack">
            <caption class="hidden">What {provider.name} shows, and where it goes here</caption>
            <thead>
              <tr>
                <th scope="col">In {provider.name}</th>
                <th scope="col">Here</th>
              </tr>
            </thead>
            <tbody>
              {provider.take.map(([theirs, here]) => (
                <tr>
                  <th scope="row">{theirs}</th>
                  <td data-label="Here">{here}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="actions">
            <a class="button" href={SETTINGS_PATH}>
              Enter the settings
            </a>
            <a class="button quiet" href={METADATA_PATH}>
              Import metadata instead
            </a>
          </p>
        </section>
        <section class="card" aria-labelledby="h-mind">
          <h2 id="h-mind">Good to know</h2>
          <ul>
            {provider.remarks.map((remark) => (
              <li>{remark}</li>
            ))}
          </ul>
        </section>
      </>
    ),
  });
}
