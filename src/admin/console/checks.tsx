/** An attempt to sign in as the ordered list of its checks, and what to change. Everything shown may be hostile text; JSX escapes it. */
import type { FC } from "hono/jsx";
import type { Check } from "../../saml/index.ts";
import { type EntraError, entraErrorsIn } from "./aadsts.ts";
import { adviceFor } from "./advice.ts";
import type { Visit } from "./console.ts";
import { GROUPS_PATH, SETTINGS_PATH, USERS_PATH } from "./paths.ts";

/** What a check is called in the log, for people. */
const NAMES: Readonly<Record<string, string>> = {
  message: "The message can be decoded",
  xml: "It is well-formed XML",
  structure: "It has the shape of a SAML response",
  certificate: "A certificate is set",
  responseSignature: "The response’s signature",
  assertionSignature: "The assertion’s signature",
  signature: "It is signed",
  status: "The provider says success",
  destination: "Destination: sent to our Reply URL",
  responseIssuer: "Issuer of the response",
  responseIssueInstant: "Time of the response",
  encryption: "Encryption",
  assertion: "One assertion",
  assertionIssuer: "Issuer of the assertion",
  issuer: "Issuer",
  issueInstant: "Time of the assertion",
  subject: "It names somebody",
  nameID: "NameID",
  subjectConfirmation: "Bearer confirmation",
  recipient: "Recipient: our Reply URL",
  confirmationNotBefore: "Confirmation has no start",
  confirmationNotOnOrAfter: "Confirmation has not run out",
  inResponseTo: "It answers our request",
  conditions: "Conditions",
  conditionsNotBefore: "Valid already",
  conditionsNotOnOrAfter: "Valid still",
  audience: "Audience: our Entity ID",
  conditionKinds: "No unknown conditions",
  authnStatement: "It says how the person signed in",
  authnInstant: "When the person signed in",
  authnContext: "Authentication context",
  sessionNotOnOrAfter: "The provider’s session lasts",
  attributes: "Attributes",
  sha1_allowed: "Signed with SHA-1, which the settings still allow",
  claims: "E-mail address and names",
  pending_request: "The request is ours, in time and this browser’s",
  user: "The user",
  group_mapping: "Group mapping",
  group: "The permission group",
  idp_status: "What the provider said",
  form: "A form that can be read",
  attempts: "Not too many attempts",
  password: "The password",
  passkey: "The passkey",
  challenge: "It answers our challenge",
  invitation: "The link",
  company: "The company",
};

/** A refusal by a rule without a check of its own is recorded under its code: `user_disabled`. */
const nameOf = (name: string) => NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

export const CheckItems: FC<{ checks: readonly Check[] }> = ({ checks }) => (
  <ol class="checks">
    {checks.map(({ name, ok, expected, received }) => {
      // What the provider said is no check of ours: it is neither held nor failed.
      const said = name === "idp_status";
      return (
        <li class={ok || said ? undefined : "no"}>
          <span class="sign">
            <span aria-hidden="true">{said ? "›" : ok ? "✓" : "✕"}</span>
            <span class="hidden">{said ? "Note" : ok ? "Passed" : "Failed"}</span>
          </span>
          <div>
            <span class="what">{nameOf(name)}</span>
            {(expected !== null || received !== null) && (
              <dl>
                {expected !== null && (
                  <>
                    <dt>Expected</dt>
                    <dd>
                      <code>{expected}</code>
                    </dd>
                  </>
                )}
                {received !== null && (
                  <>
                    <dt>Received</dt>
                    <dd>
                      <code>{received}</code>
                    </dd>
                  </>
                )}
              </dl>
            )}
          </div>
        </li>
      );
    })}
  </ol>
);

const PAGES = {
  settings: [SETTINGS_PATH, "Open the settings"],
  users: [USERS_PATH, "Open the users"],
  groups: [GROUPS_PATH, "Open the groups"],
} as const;

/** The one sentence, and what Entra's number means where there is one. */
export const AdviceNote: FC<{ visit: Visit; code: string; checks: readonly Check[] }> = ({ visit, code, checks }) => {
  const { entityId, acsUrl, certificates } = visit.tenant;
  const now = visit.services.now();
  const expired = certificates.some(({ notAfter }) => notAfter <= now);
  const advice = adviceFor(code, { entityId, acsUrl, expired });
  const failed = checks.find(({ ok }) => !ok);
  const said = checks.map(({ received }) => received ?? "").join("\n");
  return (
    <div class="note warn">
      <p>
        <strong>{advice === null ? "Refused" : `What to change: ${advice.where.toLowerCase()}`}</strong>
      </p>
      {advice !== null && <p>{advice.sentence}</p>}
      {failed?.expected != null && (
        <p>
          Expected <code>{failed.expected}</code>
        </p>
      )}
      {failed?.received != null && (
        <p>
          Received <code>{failed.received}</code>
        </p>
      )}
      {advice?.page !== undefined && (
        <p>
          <a href={PAGES[advice.page][0]}>{PAGES[advice.page][1]}</a>
        </p>
      )}
      {entraErrorsIn(said).map((error) => (
        <EntraErrorText error={error} />
      ))}
    </div>
  );
};

export const EntraErrorText: FC<{ error: EntraError }> = ({ error }) => (
  <p>
    <strong>AADSTS{error.code}</strong> {error.means} {error.change}
  </p>
);
