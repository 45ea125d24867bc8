/** `/metadata`, beside the import: the address that is followed, what it publishes, and what the administrator says to that. */
import type { FC } from "hono/jsx";
import type { Certificate } from "../../saml/index.ts";
import { announcedOf, certificatesIn, type FollowingCompany, type PossiblyFollowing } from "../metadata-source.ts";
import type { Visit } from "./console.ts";
import { type Errors, Form, SelectField, TextField, Time } from "./parts.tsx";
import { METADATA_PATH, SETTINGS_PATH } from "./paths.ts";
import { CertificateFacts } from "./settings-page.tsx";

/** What was typed, where it comes back. */
export interface FollowFields {
  readonly address: string;
  readonly trust: string;
}

export const Following: FC<{ visit: Visit; found: PossiblyFollowing; fields: FollowFields | null; errors: Errors }> = (
  p,
) => {
  const { source } = p.found;
  const { address, trust } = p.fields ?? { address: source?.url ?? "", trust: source?.trust ?? "announce" };
  return (
    <>
      <Form visit={p.visit} action={`${METADATA_PATH}/follow`} class="card">
        <input type="hidden" name="version" value={String(source?.version ?? 0)} />
        <h2>Follow an address</h2>
        <p class="soft">
          We read it daily for new certificates, and take nothing else from it. Nothing is removed from your settings.
          HTTPS vouches for what stands there: a signature of the metadata is not checked.
        </p>
        {source && <Readings source={source} />}
        <TextField name="address" label="Address" value={address} errors={p.errors} type="url" mono />
        <SelectField
          name="trust"
          label="A new certificate"
          value={trust}
          errors={p.errors}
          options={[
            ["announce", "is announced here until you trust it"],
            ["automatic", "is trusted at once"],
          ]}
        />
        <p class="actions">
          <button class="button" type="submit">
            {source ? "Save" : "Follow"}
          </button>
        </p>
      </Form>
      {source && <Published visit={p.visit} following={{ ...p.found, source }} now={p.visit.services.now()} />}
    </>
  );
};

const Readings: FC<{ source: FollowingCompany["source"] }> = ({ source }) => (
  <>
    {source.failure !== null && (
      <div class="note bad">
        <p>
          <strong>
            Readings have failed since <Time at={source.failedAt ?? source.nextAt} />
          </strong>
        </p>
        <p>
          <bdi>{source.failure}</bdi>
        </p>
      </div>
    )}
    <dl class="facts">
      <dt>Last read</dt>
      <dd>{source.readAt === null ? "Never" : <Time at={source.readAt} />}</dd>
      <dt>Next reading</dt>
      <dd>
        <Time at={source.nextAt} />
      </dd>
    </dl>
  </>
);

const Published: FC<{ visit: Visit; following: FollowingCompany; now: number }> = ({ visit, following, now }) => {
  const { source, saml, tenant } = following;
  const announced = announcedOf(following);
  const gone =
    source.readAt === null ? [] : tenant.certificates.filter(({ base64 }) => !source.certificates.includes(base64));
  return (
    <section class="card" aria-labelledby="h-published">
      <h2 id="h-published">Certificates at this address</h2>
      <ul class="plain">
        {certificatesIn(source.certificates).map((one) => (
          <li class="certificate">
            <CertificateFacts certificate={one} now={now}>
              {saml.certificates.includes(one.base64) ? (
                <span class="badge good">Trusted</span>
              ) : (
                <span class="badge warn">{announced.includes(one.base64) ? "New" : "Not ours"}</span>
              )}
            </CertificateFacts>
            {!saml.certificates.includes(one.base64) && (
              <div class="actions">
                <Step visit={visit} step="trust" label="Trust it" certificate={one} />
                {announced.includes(one.base64) && (
                  <Step visit={visit} step="dismiss" label="Not ours" certificate={one} />
                )}
              </div>
            )}
          </li>
        ))}
        {gone.map((one) => (
          <li class="certificate">
            <CertificateFacts certificate={one} now={now}>
              <span class="badge">Trusted, no longer published</span>
            </CertificateFacts>
            <a href={SETTINGS_PATH}>Settings</a>
          </li>
        ))}
      </ul>
      <div class="actions">
        <Step visit={visit} step="read" label="Read now" />
        <Step visit={visit} step="stop" label="Stop following" />
      </div>
    </section>
  );
};

const TONES: Readonly<Record<string, string>> = { trust: "", read: "quiet" };

const Step: FC<{ visit: Visit; step: string; label: string; certificate?: Certificate }> = (p) => (
  <Form visit={p.visit} action={`${METADATA_PATH}/${p.step}`}>
    {p.certificate && <input type="hidden" name="sha256" value={p.certificate.sha256} />}
    <button class={`button small ${TONES[p.step] ?? "danger"}`} type="submit">
      {p.label}
      {p.certificate && <span class="hidden"> {p.certificate.subject}</span>}
    </button>
  </Form>
);
