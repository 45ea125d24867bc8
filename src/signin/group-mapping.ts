/**
 * Group mapping: which permission group the company's rules give for the claims that came, and what they make of the group that
 * a known person is in. What a rule gave, the rules take back; what a hand gave, they never take for want of a rule that fits; and
 * what the identity provider left out is unknown, not "none" (docs/decisions/0008). Pure.
 */
import type { Check, VerifiedAssertion } from "../saml/index.ts";
import type { Group, SamlSettings, User } from "../store/index.ts";

const GROUPS_CLAIM = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
const ROLE_CLAIM = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
/** What Entra sends instead of the groups claim for a person who is in more than 150. */
const GROUPS_LEFT_OUT = "http://schemas.microsoft.com/claims/groups.link";

export interface MappedGroups {
  /** The group of the first rule that fits, null when none does. */
  readonly mappedGroupId: string | null;
  /** Groups of the rules before it of which nobody knows whether they fit: their claim was left out for its length. */
  readonly unknownGroupIds: readonly string[];
  /** Whether there are rules at all. Without any nothing is taken back: whoever removes the last rule means to choose groups by hand. */
  readonly rules: boolean;
}

export function mappedGroups({ attributes }: VerifiedAssertion, rules: SamlSettings["groupMapping"]): MappedGroups {
  // An administrator can rename the groups claim, so any other that did not come may be it, unless the rules know it by its own
  // name. Roles are never left out.
  const isRenamed = !rules.some(({ claim }) => claim === GROUPS_CLAIM);
  const isUnknown = (claim: string) =>
    attributes.has(GROUPS_LEFT_OUT) &&
    !attributes.has(claim) &&
    (claim === GROUPS_CLAIM || (isRenamed && claim !== ROLE_CLAIM));
  const unknownGroupIds: string[] = [];
  for (const { claim, value, groupId } of rules) {
    if (attributes.get(claim)?.includes(value)) return { mappedGroupId: groupId, unknownGroupIds, rules: true };
    if (isUnknown(claim)) unknownGroupIds.push(groupId);
  }
  return { mappedGroupId: null, unknownGroupIds, rules: rules.length > 0 };
}

export interface GroupChoice {
  readonly group: Group;
  readonly source: User["groupSource"];
  /** What the mapping had to say, for the sign-in log; null: nothing. */
  readonly said: string | null;
}

/** The group that a known person is in from now on, or why there is none for them. */
export function chooseGroup(
  mapped: MappedGroups,
  user: Pick<User, "groupId" | "groupSource">,
  jitGroupId: string | null,
  groups: readonly Group[],
): GroupChoice | { readonly expected: string; readonly received: string } {
  const groupOf = (id: string | null) => groups.find((group) => group.id === id);
  const present = groupOf(user.groupId);
  const given = groupOf(mapped.mappedGroupId);
  const title = present?.title ?? user.groupId;
  const isTakenBack = mapped.rules && mapped.mappedGroupId === null && user.groupSource === "mapping";
  if (present && (given ? given === present : !isTakenBack)) {
    return { group: present, source: user.groupSource, said: null };
  }
  if (present && mapped.unknownGroupIds.includes(present.id)) {
    const said = `${title} stays: the claim of its rule was left out for its length`;
    return { group: present, source: user.groupSource, said };
  }
  if (given) return { group: given, source: "mapping", said: `a rule gives ${given.title} instead of ${title}` };
  if (!present) return { expected: "a permission group of this company", received: user.groupId };
  const fallback = groupOf(jitGroupId);
  // Nobody is made an administrator, nor left one, by what is meant for newcomers.
  if (!fallback || fallback.type === "administrator") {
    const expected = `a rule that gives ${title}, or a Just-In-Time group, not of administrators, to fall back to`;
    return { expected, received: fallback ? `no rule; ${fallback.title} is of administrators` : "neither" };
  }
  return { group: fallback, source: "manual", said: `no rule gives ${title} any more: back to ${fallback.title}` };
}

/** For the log, and for the result of a test. */
export function groupChecks({ group, said }: Pick<GroupChoice, "group" | "said">): Check[] {
  return [
    ...(said === null ? [] : [{ name: "group_mapping", ok: true, expected: null, received: said }]),
    { name: "group", ok: true, expected: null, received: group.title },
  ];
}
