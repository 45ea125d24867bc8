/**
 * Which user of the company a verified person is: linked by the strongest key they have, found by e-mail only while
 * nobody else's key is on that account, created only where the company allows it. Pure: decides, and leaves the writing
 * to the store.
 */
import { emailKey, type Group, type SamlSettings, type Subject, type User } from "../store/index.ts";
import type { SignInFacts } from "./claims.ts";

/** What the sign-in changes on an existing user. */
export interface UserChanges {
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly groupId?: string;
  readonly subject?: Subject;
}

export interface NewPerson {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly groupId: string;
  readonly subject: Subject | null;
}

export type UserRefusal = {
  readonly code: "user_unknown" | "user_disabled" | "user_conflict" | "group_missing";
  readonly expected: string;
  readonly received: string;
};

export type UserDecision =
  | { readonly kind: "create"; readonly person: NewPerson; readonly group: Group }
  | { readonly kind: "update"; readonly user: User; readonly changes: UserChanges; readonly group: Group }
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
  const mapped = facts.mappedGroupId === null ? null : groupOf(found.groups, facts.mappedGroupId);
  const group = mapped ?? groupOf(found.groups, linked.groupId);
  if (!group) return refuse("group_missing", "a permission group of this company", linked.groupId);
  return { kind: "update", user: linked, changes: changesOf(facts, linked, group, found.users), group };
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
  const group = groupId === null ? undefined : groupOf(groups, groupId);
  if (!group) return refuse("group_missing", "the Just-In-Time permission group", groupId ?? "none chosen");
  return {
    kind: "create",
    group,
    person: {
      email: emailKey(facts.email),
      firstName: facts.firstName ?? "",
      lastName: facts.lastName ?? "",
      groupId: group.id,
      subject: facts.subjects[0] ?? null,
    },
  };
}

function changesOf(facts: SignInFacts, user: User, group: Group, users: readonly User[]): UserChanges {
  const email = emailKey(facts.email);
  const emailIsFree = !users.some((other) => other.id !== user.id && other.email === email);
  const strongest = facts.subjects[0];
  return {
    ...(email !== user.email && emailIsFree ? { email } : {}),
    ...(facts.firstName !== null && facts.firstName !== user.firstName ? { firstName: facts.firstName } : {}),
    ...(facts.lastName !== null && facts.lastName !== user.lastName ? { lastName: facts.lastName } : {}),
    ...(group.id !== user.groupId ? { groupId: group.id } : {}),
    ...(strongest && (user.subject === null || !sameSubject(user.subject, strongest)) ? { subject: strongest } : {}),
  };
}

function groupOf(groups: readonly Group[], id: string): Group | undefined {
  return groups.find((group) => group.id === id);
}

function refuse(code: UserRefusal["code"], expected: string, received: string): UserDecision {
  return { kind: "refuse", refusal: { code, expected, received } };
}
