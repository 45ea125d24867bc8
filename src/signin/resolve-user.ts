/**
 * Which user of the company a verified person is: linked by the strongest key they have, found by e-mail only while
 * nobody else's key is on that account, created only where the company allows it. Pure: decides, and leaves the writing
 * to the store.
 */
import { emailKey, type Group, type SamlSettings, type Subject, type User } from "../store/index.ts";
import type { SignInFacts } from "./claims.ts";
import { chooseGroup, type GroupChoice } from "./group-mapping.ts";

/** What the sign-in changes on an existing user. */
export interface UserChanges {
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly groupId?: string;
  readonly groupSource?: User["groupSource"];
  readonly subject?: Subject;
}

export interface NewPerson {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly groupId: string;
  readonly groupSource: User["groupSource"];
  readonly subject: Subject | null;
}

export type UserRefusal = {
  readonly code: "user_unknown" | "user_disabled" | "user_conflict" | "group_missing";
  readonly expected: string;
  readonly received: string;
};

export type UserDecision =
  | ({ readonly kind: "create"; readonly person: NewPerson } & GroupChoice)
  | ({ readonly kind: "update"; readonly user: User; readonly changes: UserChanges } & GroupChoice)
  | { readonly kind: "refuse"; readonly refusal: UserRefusal };

export function resolveUser(
  facts: SignInFacts,
  settings: SamlSettings,
  found: {
    readonly users: readonly User[];
    readonly groups: readonly Group[];
    /** The issuers that the company's settings name; null where they name none. */
    readonly issuers: readonly string[] | null;
  },
): UserDecision {
  const linked = findLinked(facts, found.users, found.issuers);
  if (linked === "conflict") {
    return refuse("user_conflict", "an account that is not linked to another person", facts.email);
  }
  if (linked === null) return createUser(facts, settings, found.groups);
  if (linked.status === "disabled") return refuse("user_disabled", "an active user", linked.email);
  const choice = chooseGroup(facts, linked, settings.jit.groupId, found.groups);
  if (!("group" in choice)) return refuse("group_missing", choice.expected, choice.received);
  return { kind: "update", user: linked, changes: changesOf(facts, linked, choice, found.users), ...choice };
}

/**
 * By key first, in the order of strength; then by e-mail, but only an account that no key was ever linked to, or whose
 * link is void: it was this very address as NameID (a company may change the Name ID Format), or it was made by an identity
 * provider that the company has left, as its settings say by name.
 */
function findLinked(
  facts: SignInFacts,
  users: readonly User[],
  issuers: readonly string[] | null,
): User | null | "conflict" {
  for (const subject of facts.subjects) {
    const user = users.find((candidate) => candidate.subject !== null && sameSubject(candidate.subject, subject));
    if (user) return user;
  }
  const byEmail = users.find((user) => user.email === emailKey(facts.email));
  if (!byEmail) return null;
  if (byEmail.subject === null || wasLinkedByAddress(byEmail.subject, facts)) return byEmail;
  const issuerWasLeft = issuers !== null && !issuers.includes(byEmail.subject.issuer);
  return issuerWasLeft ? byEmail : "conflict";
}

function sameSubject(a: Subject, b: Subject): boolean {
  return a.issuer === b.issuer && a.kind === b.kind && a.value === b.value;
}

/** Letter by letter: another spelling of the same address may be another person's at the identity provider. */
function wasLinkedByAddress(subject: Subject, facts: SignInFacts): boolean {
  if (subject.kind !== "nameId" || subject.issuer !== facts.issuer) return false;
  const [value, format] = JSON.parse(subject.value) as [string, string | null];
  if (value !== facts.email) return false;
  const stronger = facts.subjects[0]?.kind === "userKey";
  return stronger || format !== facts.nameID.format;
}

function createUser(facts: SignInFacts, settings: SamlSettings, groups: readonly Group[]): UserDecision {
  if (!settings.jit.enabled) return refuse("user_unknown", "a user of this company", facts.email);
  const groupId = facts.mappedGroupId ?? settings.jit.groupId;
  const group = groups.find(({ id }) => id === groupId);
  if (!group) return refuse("group_missing", "the Just-In-Time permission group", groupId ?? "none chosen");
  const isMapped = facts.mappedGroupId !== null;
  const source = isMapped ? "mapping" : "manual";
  return {
    kind: "create",
    group,
    source,
    said: isMapped ? `a rule gives ${group.title}` : null,
    person: {
      email: emailKey(facts.email),
      firstName: facts.firstName ?? "",
      lastName: facts.lastName ?? "",
      groupId: group.id,
      groupSource: source,
      subject: facts.subjects[0] ?? null,
    },
  };
}

function changesOf(
  facts: SignInFacts,
  user: User,
  { group, source }: GroupChoice,
  users: readonly User[],
): UserChanges {
  const email = emailKey(facts.email);
  const emailIsFree = !users.some((other) => other.id !== user.id && other.email === email);
  const strongest = facts.subjects[0];
  return {
    ...(email !== user.email && emailIsFree ? { email } : {}),
    ...(facts.firstName !== null && facts.firstName !== user.firstName ? { firstName: facts.firstName } : {}),
    ...(facts.lastName !== null && facts.lastName !== user.lastName ? { lastName: facts.lastName } : {}),
    ...(group.id !== user.groupId ? { groupId: group.id } : {}),
    ...(source !== user.groupSource ? { groupSource: source } : {}),
    ...(strongest && (user.subject === null || !sameSubject(user.subject, strongest)) ? { subject: strongest } : {}),
  };
}

function refuse(code: UserRefusal["code"], expected: string, received: string): UserDecision {
  return { kind: "refuse", refusal: { code, expected, received } };
}
