/** `/keys`: the company's own key pairs, and the three steps by which one follows another. */
import type { FC } from "hono/jsx";
import type { SpKey } from "../../store/index.ts";
import type { Answer } from "../problems.ts";
import { activate, beginRollover, readSpKeys, retire, type StandingSpKey, viewSpKey } from "../sp-keys.ts";
import { fingerprint } from "./certificate-health.ts";
import type { ConsoleContext, Visit } from "./console.ts";
import { type DoneCode, leadTo } from "./done.ts";
import { interrupted } from "./gate.ts";
import { consolePage } from "./layout.tsx";
import { errorsOf, FaultNote, Form, Sure, Table, Time } from "./parts.tsx";
import { KEYS_PATH } from "./paths.ts";

const USES: readonly (readonly [SpKey["use"], string, string])[] = [
  ["signing", "Signing", "Signs our requests, where the settings say so, and our logout messages."],
  ["encryption", "Encryption", "What your provider encrypts assertions to, where it does."],
];

const STATES: Readonly<Record<StandingSpKey["state"], readonly [string, string]>> = {
  published: ["warn", "Published, not in use yet"],
  active: ["good", "In use"],
  previous: ["", "Former, still published"],
  retired: ["", "Retired"],
};

async function keysPage(visit: Visit, problem: Answer<unknown> | null): Promise<Response> {
  const keys = await readSpKeys(visit.services, visit.tenant.company);
  const errors = problem === null || problem.ok ? {} : errorsOf(problem.problem);
  return consolePage(visit, {
    status: problem === null || problem.ok ? 200 : problem.problem.status,
    title: "Our keys",
    section: "keys",
    lead: "Your company’s own key pairs. Nobody needs to touch them until your provider or your rules ask for new ones.",
    aside: (
      <p class="actions bar">
        <a class="button quiet" href="/sso/metadata" download="vestibule-metadata.xml">
          Download our metadata
        </a>
      </p>
    ),
    children: (
      <>
        <FaultNote errors={errors} />
        {USES.map(([use, title, sentence]) => (
          <section class="card" aria-labelledby={`h-${use}`}>
            <h2 id={`h-${use}`}>{title}</h2>
            <p class="soft">{sentence}</p>
            <Keys visit={visit} use={use} title={title} keys={keys.filter(({ key }) => key.use === use).reverse()} />
          </section>
        ))}
        <section class="card" aria-labelledby="h-how">
          <h2 id="h-how">Rolling over</h2>
          <ol>
            <li>Publish the next key pair: our metadata then shows both.</li>
            <li>Let your provider read the metadata again, or upload the new certificate there.</li>
            <li>Put the next one in use. The former stays published.</li>
            <li>When sign-ins go on working, retire the former. It still decrypts for one day.</li>
          </ol>
        </section>
      </>
    ),
  });
}

const Keys: FC<{ visit: Visit; use: SpKey["use"]; title: string; keys: readonly StandingSpKey[] }> = (p) => (
  <>
    {p.keys.length > 0 && (
      <Table caption={p.title} heads={["SHA-256", "State", "Made"]} act="What to do">
        {p.keys.map((standing) => (
          <KeyRow visit={p.visit} standing={standing} />
        ))}
      </Table>
    )}
    {!p.keys.some(({ state }) => state === "published") && (
      <Form visit={p.visit} action={KEYS_PATH}>
        <input type="hidden" name="use" value={p.use} />
        <p class="actions">
          <button class="button" type="submit">
            {p.keys.some(({ state }) => state === "active") ? "Publish the next key pair" : "Make a key pair"}
            <span class="hidden"> for {p.title.toLowerCase()}</span>
          </button>
        </p>
      </Form>
    )}
  </>
);

const KeyRow: FC<{ visit: Visit; standing: StandingSpKey }> = ({ visit, standing }) => {
  const { key, state } = standing;
  const name = fingerprint(viewSpKey(standing).sha256);
  const [tone, label] = STATES[state];
  return (
    <tr>
      <th scope="row">
        <code>{name}</code>
      </th>
      <td class="wide" data-label="State">
        <span class={`badge ${tone}`}>{label}</span>
      </td>
      <td data-label="Made">
        <Time at={key.createdAt} />
      </td>
      <td class="end">
        <div class="actions bar">
          {state === "published" && (
            <Form visit={visit} action={`${KEYS_PATH}/${key.id}/activate`}>
              <button class="button small" type="submit" aria-label={`Put in use: ${name}`}>
                Put in use
              </button>
            </Form>
          )}
          {(state === "published" || state === "previous") && (
            <Sure visit={visit} action={`${KEYS_PATH}/${key.id}/retire`} label="Retire" of={name} />
          )}
        </div>
      </td>
    </tr>
  );
};

export function showKeys(c: ConsoleContext): Promise<Response> {
  return keysPage(c.get("visit"), null);
}

export function publishKey(c: ConsoleContext): Promise<Response> {
  const use = c.get("posted").text("use") === "encryption" ? "encryption" : "signing";
  return step(c, "key-published", ({ services, actor, tenant }) =>
    beginRollover(services, actor, tenant.company, { use }),
  );
}

export function activateKey(c: ConsoleContext): Promise<Response> {
  const id = c.req.param("id") ?? "";
  return step(c, "key-activated", ({ services, actor, tenant }) => activate(services, actor, tenant.company, id));
}

export function retireKey(c: ConsoleContext): Promise<Response> {
  const id = c.req.param("id") ?? "";
  return step(c, "key-retired", ({ services, actor, tenant }) => retire(services, actor, tenant.company, id));
}

async function step(
  c: ConsoleContext,
  done: DoneCode,
  take: (visit: Visit) => Promise<Answer<unknown>>,
): Promise<Response> {
  const visit = c.get("visit");
  const stop = interrupted(visit, { dangerous: true, back: KEYS_PATH });
  if (stop !== null) return stop;
  const taken = await take(visit);
  return taken.ok ? leadTo(KEYS_PATH, done) : keysPage(visit, taken);
}
