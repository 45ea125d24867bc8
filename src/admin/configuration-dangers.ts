/** What of a change could lock people out or let people in: stable codes, each with the sentence that says it. */
import type { Group } from "../store/index.ts";
import type { State } from "./configuration.ts";

export interface Danger {
  readonly code: string;
  readonly message: string;
}

/** What the states don't say. */
interface People {
  /** Whether rules that are gone gave anybody their group, who keeps it while there is no rule at all. */
  readonly keepMapped: boolean;
}

type Test = (before: State, after: State, people: People) => boolean;

const administrators = ({ groups }: State) => groups.filter(({ type }) => type === "administrator");
const earlier = ({ groups }: State, { id }: Group) => groups.find((group) => group.id === id);
const isSmaller = (before: number | null, after: number | null) =>
  after !== null && (before === null || after < before);
/** Whether a switch of single sign-on goes on; where there was none before, it was off. */
const turnsOn = (name: "allowSha1" | "allowIdpInitiated"): Test => {
  return (before, after) => after.saml?.[name] === true && before.saml?.[name] !== true;
};
const differs = <T>(read: (state: State) => T): Test => {
  return (before, after) => JSON.stringify(read(before)) !== JSON.stringify(read(after));
};
/** Only where there was single sign-on before: what is new takes nobody's way in. */
const differsInSaml = (read: (saml: NonNullable<State["saml"]>) => unknown): Test => {
  const test = differs(({ saml }) => saml && read(saml));
  return (before, after, people) => before.saml !== null && test(before, after, people);
};
const givenBySignIn = ({ saml }: State) =>
  new Set([
    ...(saml?.jit.enabled ? [saml.jit.groupId] : []),
    ...(saml?.groupMapping ?? []).map(({ groupId }) => groupId),
  ]);

const DANGERS: readonly (readonly [string, string, Test])[] = [
  [
    "removes-last-administrator-group",
    "No group of type administrator is left: nobody can open the console.",
    (before, after) => administrators(before).length > 0 && administrators(after).length === 0,
  ],
  [
    "makes-administrators",
    "A group that is there becomes one of administrators, with everybody in it.",
    (before, after) => administrators(after).some((group) => earlier(before, group)?.type === "member"),
  ],
  [
    "unmakes-administrators",
    "The people of a group stop being administrators.",
    (before, after) =>
      after.groups.some((group) => group.type === "member" && earlier(before, group)?.type === "administrator"),
  ],
  [
    "administrators-sso-only",
    "Administrators can sign in by single sign-on alone: where it fails, nobody can repair it.",
    (before, after) =>
      administrators(after).some((group) => {
        const was = earlier(before, group);
        return group.ssoOnly && !(was?.ssoOnly && was.type === "administrator");
      }),
  ],
  [
    "sign-in-makes-administrators",
    "The identity provider decides from now on who is an administrator.",
    (before, after) =>
      administrators(after).some(({ id }) => givenBySignIn(after).has(id) && !givenBySignIn(before).has(id)),
  ],
  [
    "takes-back-groups",
    "A rule that gave people a group is gone: whom no other gives it lose it at their next sign-in.",
    (before, after, { keepMapped }) => {
      const left = after.saml?.groupMapping ?? [];
      // Without any rule nothing is taken back.
      if (left.length === 0) return false;
      if (keepMapped) return true;
      const isGone = (rule: object) => !left.some((one) => JSON.stringify(one) === JSON.stringify(rule));
      return before.saml?.groupMapping.some(isGone) === true;
    },
  ],
  [
    "deletes-groups",
    "A group is deleted. A group of another title is another group.",
    (before, after) => before.groups.some((group) => earlier(after, group) === undefined),
  ],
  [
    "replaces-certificates",
    "A certificate is no longer trusted: sign-ins that it signs are refused.",
    (before, after) => (before.saml?.certificates ?? []).some((one) => !after.saml?.certificates.includes(one)),
  ],
  [
    "adds-certificates",
    "A certificate is trusted that was not: whoever has its key can sign in anybody.",
    (before, after) =>
      before.saml !== null && (after.saml?.certificates ?? []).some((one) => !before.saml?.certificates.includes(one)),
  ],
  [
    "changes-identity-provider",
    "People are sent to another identity provider, or another one is believed.",
    differsInSaml(({ idpEntityId, loginUrl }) => [idpEntityId, loginUrl]),
  ],
  [
    "changes-who-people-are",
    "People are recognised by other claims: some may not be found again.",
    differsInSaml(({ nameIdFormat, attributeMapping: { email, userKey } }) => [nameIdFormat, email, userKey]),
  ],
  ["allows-sha1", "Signatures made with SHA-1 are accepted, which can be forged.", turnsOn("allowSha1")],
  ["allows-idp-initiated", "Sign-ins are accepted that nobody here began.", turnsOn("allowIdpInitiated")],
  [
    "accepts-unencrypted",
    "Assertions no longer have to be encrypted.",
    (before, after) => before.saml?.wantEncryptedAssertions === true && after.saml?.wantEncryptedAssertions === false,
  ],
  [
    "changes-origin",
    "Requests, with the identity of whoever makes them, go to another origin.",
    differs(({ company }) => company.originUrl),
  ],
  [
    "suspends-company",
    "The company is suspended: nobody comes in.",
    (before, after) => before.company.status === "active" && after.company.status === "suspended",
  ],
  [
    "changes-public-paths",
    "Other paths of the origin are open without a session.",
    differs(({ company }) => company.pathRules),
  ],
  [
    "shortens-sessions",
    "People are signed out sooner.",
    ({ company: before }, { company: after }) =>
      isSmaller(before.sessionPolicy.absoluteHours, after.sessionPolicy.absoluteHours) ||
      isSmaller(before.sessionPolicy.idleMinutes, after.sessionPolicy.idleMinutes) ||
      isSmaller(before.sessionsPerUserMax, after.sessionsPerUserMax),
  ],
  [
    "shortens-retention",
    "Records of sign-ins are forgotten sooner.",
    ({ company: before }, { company: after }) => after.signInRetentionDays < before.signInRetentionDays,
  ],
  [
    "keeps-messages",
    "Whole messages of the identity provider are kept, sealed, with what they say of people.",
    ({ company: before }, { company: after }) => after.keepMessages && !before.keepMessages,
  ],
];

export const DANGER_CODES: readonly string[] = DANGERS.map(([code]) => code);

export function dangersOf(before: State, after: State, people: People): Danger[] {
  return DANGERS.filter(([, , test]) => test(before, after, people)).map(([code, message]) => ({ code, message }));
}
