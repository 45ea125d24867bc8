/** The page of the single sign-on settings: the tutorial's fields first, in its order; the rest behind "More". */
import type { Child, FC } from "hono/jsx";
import { type Certificate, NAME_ID_FORMAT } from "../../saml/index.ts";
import type { Group } from "../../store/index.ts";
import { withSettings } from "../../tenant/index.ts";
import { CLOCK_SKEW_SECONDS_MAX } from "../saml-settings.ts";
import { certificateHealth, fingerprint } from "./certificate-health.ts";
import type { Visit } from "./console.ts";
import { consolePage } from "./layout.tsx";
import {
  AreaField,
  CheckField,
  ConflictNote,
  type Errors,
  FaultNote,
  FileField,
  Form,
  PauseNote,
  SelectField,
  StaleNote,
  TextField,
  Time,
} from "./parts.tsx";
import { DRAFT_PATH, METADATA_PATH, SETTINGS_PATH, SETUP_PATH } from "./paths.ts";
import type { Stored } from "./settings.ts";
import { CHECK_FIELDS, type SettingsFields, TEXT_FIELDS } from "./settings-form.ts";

const CERTIFICATE_FILES = ".cer,.crt,.pem,.der,.txt,application/x-x509-ca-cert,application/pkix-cert";

const NAME_ID_FORMATS: readonly (readonly [string, string])[] = Object.entries(NAME_ID_FORMAT).map(([name, urn]) => [
  urn,
  name === "emailAddress" ? `${urn} (recommended)` : urn,
]);

export interface SettingsView {
  readonly status?: number;
  readonly fields: SettingsFields;
  readonly groups: readonly Group[];
  /** In force now, and the draft where there is one. */
  readonly stored: Stored;
  readonly errors?: Errors;
  readonly pause?: "earlier" | "sign_in_again" | null;
  readonly differences?: readonly (readonly [string, string, string])[];
}

interface Part {
  readonly fields: SettingsFields;
  readonly errors: Errors;
  readonly groups: readonly (readonly [string, string])[];
}

export function settingsPage(visit: Visit, view: SettingsView): Response {
  const { fields, errors = {} } = view;
  const { tenant, draft } = view.stored;
  const shown = draft === null ? tenant : withSettings(visit.services, tenant, draft.settings);
  const first = tenant.saml === null && draft === null;
  const groups = view.groups.map((group) => [group.id, `${group.title} (${group.type})`] as const);
  const part: Part = { fields, errors, groups };
  return consolePage(visit, {
    status: view.status ?? 200,
    title: "Single sign-on settings",
    section: "settings",
    lead: "What your identity provider gave you. Changes are a draft first, which you can try before it counts.",
    aside: (
      <p class="actions bar">
        <a class="button quiet" href={METADATA_PATH}>
          Import metadata
        </a>
      </p>
    ),
    children: (
      <>
        {view.pause == null && view.differences === undefined && Object.keys(errors).length === 0 && (
          <StaleNote visit={visit} />
        )}
        <PauseNote visit={visit} pause={view.pause ?? null} back={SETTINGS_PATH} />
        {view.differences && <ConflictNote differences={view.differences} />}
        <FaultNote errors={errors} labels={{ ...TEXT_FIELDS, ...CHECK_FIELDS, certificates: "Certificates" }} />
        {draft !== null && (
          <div class="note">
            <p>
              This is the draft, not what is in force. <a href={DRAFT_PATH}>Test it, apply it or discard it</a>
            </p>
          </div>
        )}
        {first && (
          <div class="note">
            <p>
              Nothing is set up yet. First give your provider <a href={SETUP_PATH}>our values</a>, then enter here what
              it gives you.
            </p>
          </div>
        )}
        <Form visit={visit} action={SETTINGS_PATH} upload>
          <input type="hidden" name="version" value={String(fields.version)} />
          <Connection {...part} />
          <Certificates {...part} certificates={shown.certificates} now={visit.services.now()} />
          <Provisioning {...part} />
          <More {...part} />
          <p class="actions">
            {first && (
              <button class="button" type="submit" name="action" value="apply">
                Save and put in force
              </button>
            )}
            <button class={first ? "button quiet" : "button"} type="submit" name="action" value="draft">
              Save as draft
            </button>
          </p>
        </Form>
      </>
    ),
  });
}

const Connection: FC<Part> = ({ fields: { texts }, errors }) => (
  <section class="card" aria-labelledby="h-connection">
    <h2 id="h-connection">Connection</h2>
    <div class="grid">
      <TextField
        name="loginUrl"
        label={TEXT_FIELDS.loginUrl}
        hint="Entra: Set up › Login URL"
        value={texts.loginUrl}
        errors={errors}
        type="url"
        mono
        required
        whole
        placeholder="https://login.microsoftonline.com/…/saml2"
      />
      <TextField
        name="logoutUrl"
        label={TEXT_FIELDS.logoutUrl}
        hint="Entra: Set up › Logout URL. Leave empty to sign people out here only."
        value={texts.logoutUrl}
        errors={errors}
        type="url"
        mono
        whole
      />
      <SelectField
        name="nameIdFormat"
        label={TEXT_FIELDS.nameIdFormat}
        value={texts.nameIdFormat}
        errors={errors}
        options={NAME_ID_FORMATS}
        whole
      />
      <SelectField
        name="requestBinding"
        label={TEXT_FIELDS.requestBinding}
        hint="How our requests travel to the Login URL."
        value={texts.requestBinding}
        errors={errors}
        options={[
          ["POST", "POST"],
          ["Redirect", "Redirect"],
        ]}
      />
    </div>
  </section>
);

const Certificates: FC<Part & { certificates: readonly Certificate[]; now: number }> = (p) => (
  <section class="card" aria-labelledby="h-certificates">
    <h2 id="h-certificates">X.509 certificates</h2>
    <p class="soft">
      Answers signed with any of these keys are accepted, so add the next certificate before the old one ends.
    </p>
    {p.certificates.length > 0 && (
      <ul class="plain">
        {p.certificates.map((certificate) => (
          <li class="certificate">
            <CertificateFacts certificate={certificate} now={p.now} />
            <div class="check">
              <input
                type="checkbox"
                id={`remove-${certificate.sha256.slice(0, 12)}`}
                name="remove"
                value={certificate.sha256}
                checked={p.fields.removed.includes(certificate.sha256)}
              />
              <label for={`remove-${certificate.sha256.slice(0, 12)}`}>
                Remove <span class="hidden">{certificate.subject}</span>
              </label>
            </div>
          </li>
        ))}
      </ul>
    )}
    <AreaField
      name="certificates"
      label={p.certificates.length > 0 ? "Add certificates" : "Certificate"}
      hint="Entra: SAML Certificates › Certificate (Base64). Paste the whole text; several are fine."
      value={p.fields.certificates}
      errors={p.errors}
      rows={4}
      placeholder="-----BEGIN CERTIFICATE-----"
    />
    <FileField
      name="certificateFiles"
      label="Or upload .cer or .pem files"
      errors={p.errors}
      accept={CERTIFICATE_FILES}
      multiple
    />
  </section>
);

/** Which certificate it is and how it stands; further badges beside its name. */
export const CertificateFacts: FC<{ certificate: Certificate; now: number; children?: Child }> = (p) => (
  <div>
    <strong>
      <bdi>{p.certificate.subject}</bdi>
    </strong>{" "}
    {p.children} <Health certificate={p.certificate} now={p.now} />
    <p class="hint">
      SHA-256 <code class="pick">{fingerprint(p.certificate.sha256)}</code>
    </p>
    <p class="hint">
      Valid from <Time at={p.certificate.notBefore} /> to <Time at={p.certificate.notAfter} />
    </p>
  </div>
);

export const Health: FC<{ certificate: Certificate; now: number }> = ({ certificate, now }) => {
  const { tone, label, advice } = certificateHealth(certificate, now);
  return (
    <>
      <span class={`badge ${tone}`}>{label}</span>
      {advice !== null && <p class={tone === "bad" ? "error" : "hint"}>{advice}</p>}
    </>
  );
};

const Provisioning: FC<Part> = ({ fields, errors, groups }) => (
  <section class="card" aria-labelledby="h-jit">
    <h2 id="h-jit">Just-In-Time provisioning</h2>
    <CheckField
      name="jit.enabled"
      label="Create users when they first sign in"
      hint="Without it, only users whom you have created here are let in."
      checked={fields.checks["jit.enabled"]}
      errors={errors}
    />
    <SelectField
      name="jit.groupId"
      label={TEXT_FIELDS["jit.groupId"]}
      hint="New users get this group unless a group mapping below gives them another."
      value={fields.texts["jit.groupId"]}
      errors={errors}
      options={[["", groups.length === 0 ? "There is no group yet" : "None"], ...groups]}
    />
  </section>
);

const More: FC<Part> = (part) => {
  const { fields, errors } = part;
  const open = Object.keys(errors).some((path) => MORE_PATHS.some((name) => path.startsWith(name)));
  return (
    <details class="card" open={open}>
      <summary>
        <strong>More</strong> <span class="soft">Entity ID, signing, encryption, claims, group mapping</span>
      </summary>
      <TextField
        name="idpEntityId"
        label={TEXT_FIELDS.idpEntityId}
        hint="Entra: Microsoft Entra Identifier. When empty, an Entra Login URL tells it; otherwise whoever holds the certificate’s key is believed."
        value={fields.texts.idpEntityId}
        errors={errors}
        mono
      />
      <Behaviour {...part} />
      <Claims {...part} />
      <Mappings {...part} />
    </details>
  );
};

const MORE_PATHS = [
  "idpEntityId",
  "sign",
  "want",
  "allow",
  "force",
  "requestedAuthnContext",
  "clockSkew",
  "attributeMapping",
  "groupMapping",
];

const CHECK_HINTS = {
  signAuthnRequests:
    "Our metadata then carries the signing certificate. In Entra, Test and My Apps stop working when it enforces this.",
  wantEncryptedAssertions:
    "Our metadata then carries the encryption certificate to upload at the provider; unencrypted answers are refused.",
  allowIdpInitiated: "Accepts answers that nobody asked for here. Entra’s Test button and My Apps don’t need it.",
  forceAuthn: "The provider asks for credentials even where a session exists there.",
  allowSha1: "SHA-1 can be forged with enough money. Only for a provider that has nothing else.",
} as const;

const Behaviour: FC<Part> = ({ fields, errors }) => (
  <>
    <h3>Requests and answers</h3>
    {(Object.keys(CHECK_HINTS) as (keyof typeof CHECK_HINTS)[]).map((name) => (
      <CheckField
        name={name}
        label={CHECK_FIELDS[name]}
        hint={CHECK_HINTS[name]}
        checked={fields.checks[name]}
        errors={errors}
      />
    ))}
    <div class="grid">
      <AreaField
        name="requestedAuthnContext"
        label={TEXT_FIELDS.requestedAuthnContext}
        hint="One URN a line. Leave empty for Entra: naming one shuts out people with MFA, Windows Hello or a passkey."
        value={fields.texts.requestedAuthnContext}
        errors={errors}
        rows={2}
      />
      <TextField
        name="clockSkewSeconds"
        label={TEXT_FIELDS.clockSkewSeconds}
        hint={`How far the two clocks may be apart: 0 to ${CLOCK_SKEW_SECONDS_MAX}.`}
        value={fields.texts.clockSkewSeconds}
        errors={errors}
        type="text"
      />
    </div>
  </>
);

const CLAIM_NAMES = ["email", "firstName", "lastName", "userKey"] as const;

const Claims: FC<Part> = ({ fields, errors }) => (
  <>
    <h3>Claim names</h3>
    <p class="soft small">Leave empty for the names that Entra, Okta, Google Workspace and Keycloak use.</p>
    <div class="grid">
      {CLAIM_NAMES.map((name) => (
        <TextField
          name={`attributeMapping.${name}`}
          label={TEXT_FIELDS[`attributeMapping.${name}`]}
          value={fields.texts[`attributeMapping.${name}`]}
          errors={errors}
          mono
        />
      ))}
    </div>
  </>
);

const Mappings: FC<Part> = ({ fields, errors, groups }) => (
  <fieldset>
    <legend>Group mapping</legend>
    <p class="hint">
      The first row, by priority, whose claim has the value decides the permission group at every sign-in. A group that
      a row gave is taken back when none gives it any more: the person falls back to the group for new users, or is
      refused where that is not chosen or is one of administrators. Without any row everybody stays where they are.
      Empty a row to remove it; save to get more rows.
    </p>
    <div class="rows">
      {fields.mappings.map((row, index) => (
        <div class="row">
          <TextField name={`groupMapping.${index}.priority`} label="Priority" value={row.priority} errors={errors} />
          <TextField name={`groupMapping.${index}.claim`} label="Claim" value={row.claim} errors={errors} mono />
          <TextField name={`groupMapping.${index}.value`} label="Value" value={row.value} errors={errors} mono />
          <SelectField
            name={`groupMapping.${index}.groupId`}
            label="Permission group"
            value={row.groupId}
            errors={errors}
            options={[["", "None"], ...groups]}
          />
        </div>
      ))}
    </div>
  </fieldset>
);
