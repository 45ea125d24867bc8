/** Whom a one-time link is for, and whether they may still use it. Pure: decides, and leaves the writing to the store. */
import type { Check } from "../saml/index.ts";
import { type Group, type InvitationState, type NewUser, newId } from "../store/index.ts";

/** The group that a set-up link makes where the company has no administrators yet who may use a password. */
export const FIRST_GROUP_TITLE = "Administrators";

export interface LinkedPerson {
  readonly user: NewUser;
  readonly isNewUser: boolean;
  readonly group: Group;
  readonly isNewGroup: boolean;
}

export type LinkDecision =
  | { readonly ok: true; readonly person: LinkedPerson }
  | { readonly ok: false; readonly code: "invitation_invalid" | "local_not_allowed"; readonly check: Check };

export function personOf(state: InvitationState | null, companyName: string, now: number): LinkDecision {
  if (state === null)
    return refuse("invitation_invalid", "invitation", "a link of this company", "unknown, used or withdrawn");
  const { invitation, user, groups } = state;
  if (now >= invitation.expiresAt) {
    const at = new Date(invitation.expiresAt).toISOString();
    return refuse("invitation_invalid", "invitation", "a link that has not expired", `expired at ${at}`);
  }
  if (state.companyStatus !== "active") return refuse("local_not_allowed", "company", "active", state.companyStatus);
  if (user !== null) {
    if (user.status !== "active") return refuse("local_not_allowed", "user", "active", user.status);
    const group = groups.find(({ id }) => id === user.groupId);
    if (group === undefined || group.ssoOnly) {
      return refuse("local_not_allowed", "group", "not only single sign-on", group?.title ?? "none");
    }
    // A link moves nobody into another group.
    if (invitation.kind === "setup" && group.type !== "administrator") {
      return refuse("local_not_allowed", "group", "of type administrator", group.title);
    }
    return { ok: true, person: { user, isNewUser: false, group, isNewGroup: false } };
  }
  if (invitation.kind !== "setup") return refuse("invitation_invalid", "user", "a user of this company", "none");
  const found = groups.find(({ type, ssoOnly }) => type === "administrator" && !ssoOnly);
  const group = found ?? firstGroup(now);
  const { email, firstName, lastName } = invitation;
  const person = {
    email,
    firstName,
    lastName,
    company: companyName,
    groupId: group.id,
    groupSource: "manual",
  } as const;
  return {
    ok: true,
    person: {
      user: { id: newId(), ...person, status: "active", subject: null },
      isNewUser: true,
      group,
      isNewGroup: found === undefined,
    },
  };
}

function firstGroup(now: number): Group {
  const id = newId();
  return {
    id,
    title: FIRST_GROUP_TITLE,
    type: "administrator",
    ssoOnly: false,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

function refuse(
  code: "invitation_invalid" | "local_not_allowed",
  name: string,
  expected: string,
  received: string,
): LinkDecision {
  return { ok: false, code, check: { name, ok: false, expected, received } };
}
