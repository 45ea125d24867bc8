/** The rules of group mapping by themselves: what they give, what they take back, and what they leave alone. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VerifiedAssertion } from "../../src/saml/index.ts";
import { chooseGroup, groupChecks, mappedGroups } from "../../src/signin/group-mapping.ts";
import type { Group } from "../../src/store/index.ts";
import { CLAIM } from "../support/identity-provider.ts";

const group = (id: string, type: Group["type"] = "member") => ({ id, title: `the ${id}`, type }) as Group;
const groups = [group("staff"), group("editors"), group("admins", "administrator"), group("owners", "administrator")];
const choose = (
  [groupId, groupSource]: readonly [string, "manual" | "mapping"],
  mappedGroupId: string | null,
  jitGroupId: string | null = "staff",
  unknownGroupIds: string[] = [],
  rules = true,
) => {
  const chosen = chooseGroup({ mappedGroupId, unknownGroupIds, rules }, { groupId, groupSource }, jitGroupId, groups);
  return "group" in chosen ? [chosen.group.id, chosen.source, chosen.said] : chosen;
};

describe("a rule that fits", () => {
  it("gives its group, whoever chose the one before", () => {
    const said = "a rule gives the admins instead of the staff";
    expect(choose(["staff", "manual"], "admins")).toEqual(["admins", "mapping", said]);
    expect(choose(["staff", "mapping"], "admins")).toEqual(["admins", "mapping", said]);
  });

  it("gives nothing to whom a hand gave it already: it stays the hand's", () => {
    expect(choose(["admins", "manual"], "admins")).toEqual(["admins", "manual", null]);
    expect(choose(["admins", "mapping"], "admins")).toEqual(["admins", "mapping", null]);
  });

  it("and whose group is gone changes nothing", () => {
    expect(choose(["admins", "mapping"], "gone")).toEqual(["admins", "mapping", null]);
  });
});

describe("a group that is gone", () => {
  it("is refused as ever, unless a rule gives another", () => {
    const refused = { expected: "a permission group of this company", received: "gone" };
    for (const source of ["manual", "mapping"] as const) {
      expect(choose(["gone", source], null)).toEqual(refused);
      expect(choose(["gone", source], "also gone")).toEqual(refused);
      expect(choose(["gone", source], "editors")).toEqual(["editors", "mapping", expect.any(String)]);
    }
  });
});

describe("no rule that fits", () => {
  it("takes back what a rule gave: the person goes to the Just-In-Time group, which is nobody's gift", () => {
    const said = "no rule gives the admins any more: back to the staff";
    expect(choose(["admins", "mapping"], null)).toEqual(["staff", "manual", said]);
    expect(choose(["staff", "mapping"], null)).toEqual(["staff", "manual", expect.any(String)]);
  });

  it("takes nothing that a hand gave", () => {
    expect(choose(["admins", "manual"], null)).toEqual(["admins", "manual", null]);
    expect(choose(["editors", "manual"], null, null)).toEqual(["editors", "manual", null]);
  });

  it("takes nothing where there are no rules any more", () => {
    for (const jit of ["staff", "owners", null]) {
      expect(choose(["admins", "mapping"], null, jit, [], false)).toEqual(["admins", "mapping", null]);
    }
  });

  it("refuses whom it takes a group from where there is none to fall back to, and says what is missing", () => {
    const expected = (title: string) =>
      `a rule that gives ${title}, or a Just-In-Time group, not of administrators, to fall back to`;
    for (const jit of [null, "gone"]) {
      expect(choose(["admins", "mapping"], null, jit)).toEqual({
        expected: expected("the admins"),
        received: "neither",
      });
      expect(choose(["editors", "mapping"], null, jit)).toEqual({
        expected: expected("the editors"),
        received: "neither",
      });
    }
  });

  it.each(["admins", "editors", "owners"])("makes and leaves nobody an administrator for want of one: %s", (from) => {
    const received = "no rule; the owners is of administrators";
    expect(choose([from, "mapping"], null, "owners")).toMatchObject({ received });
  });
});

describe("a rule of which nobody knows whether it fits", () => {
  it("leaves the group that it may have given", () => {
    const said = "the admins stays: the claim of its rule was left out for its length";
    expect(choose(["admins", "mapping"], null, "staff", ["admins"])).toEqual(["admins", "mapping", said]);
    expect(choose(["admins", "mapping"], "editors", "staff", ["admins"])).toEqual(["admins", "mapping", said]);
    expect(choose(["admins", "mapping"], null, null, ["admins"])).toEqual(["admins", "mapping", said]);
  });

  it("has nothing to say where it decides nothing", () => {
    expect(choose(["admins", "manual"], null, "staff", ["admins"])).toEqual(["admins", "manual", null]);
    expect(choose(["admins", "mapping"], "admins", "staff", ["admins"])).toEqual(["admins", "mapping", null]);
    expect(choose(["admins", "manual"], "editors", "staff", ["admins"])).toMatchObject({ 0: "admins", 1: "manual" });
  });

  it("gives nothing, and holds no group that another rule gave", () => {
    expect(choose(["staff", "manual"], null, "staff", ["admins"])).toEqual(["staff", "manual", null]);
    expect(choose(["admins", "mapping"], null, "staff", ["editors"])).toEqual(["staff", "manual", expect.any(String)]);
    expect(choose(["staff", "manual"], "editors", "staff", ["admins"])).toEqual([
      "editors",
      "mapping",
      expect.any(String),
    ]);
  });
});

describe("whatever the rules say", () => {
  it("nobody comes into a group of administrators but by a rule that fits, and no hand's gift goes but for one", () => {
    const id = fc.constantFrom("staff", "editors", "admins", "owners", "gone");
    const maybe = fc.option(id);
    fc.assert(
      fc.property(
        id,
        fc.constantFrom("manual", "mapping"),
        maybe,
        maybe,
        fc.array(id),
        (from, source, fits, jit, un) => {
          const mapped = { mappedGroupId: fits, unknownGroupIds: un, rules: true };
          const chosen = chooseGroup(mapped, { groupId: from, groupSource: source }, jit, groups);
          if (!("group" in chosen)) {
            expect(from === "gone" || (source === "mapping" && fits === null && !un.includes(from))).toBe(true);
            return;
          }
          const moved = chosen.group.id !== from;
          if (moved && chosen.group.type === "administrator") expect(chosen.group.id).toBe(fits);
          if (moved && source === "manual") expect(chosen.group.id).toBe(fits);
          if (source === "mapping" && fits === null && !un.includes(from)) expect(chosen.source).toBe("manual");
          if (chosen.source !== source) expect(moved || chosen.group.id === jit).toBe(true);
          if (moved) expect(chosen.said).not.toBeNull();
          expect(groupChecks(chosen).every(({ ok }) => ok)).toBe(true);
        },
      ),
    );
  });
});

describe("a claim that did not come", () => {
  const unknown = (claims: string[], attributes: Record<string, string[]>) =>
    mappedGroups(
      { attributes: new Map(Object.entries(attributes)) } as unknown as VerifiedAssertion,
      claims.map((claim) => ({ claim, value: "v", groupId: claim })),
    ).unknownGroupIds;
  const link = { [CLAIM.groupsLink]: ["https://graph.windows.net/"] };

  it("is known to be none, unless Entra says that the groups were too many", () => {
    expect(unknown([CLAIM.groups, CLAIM.role, "renamed"], {})).toEqual([]);
    expect(unknown([CLAIM.groups], link)).toEqual([CLAIM.groups]);
    expect(unknown([CLAIM.groups], { ...link, [CLAIM.groups]: [] }), "it came, and has nothing").toEqual([]);
  });

  it("under another name may be the groups, where no rule knows them by their own", () => {
    expect(unknown(["renamed"], link)).toEqual(["renamed"]);
    expect(unknown(["renamed", CLAIM.groups], link)).toEqual([CLAIM.groups]);
  });

  it("and holds roles is none: they are never left out", () => {
    expect(unknown([CLAIM.role], link)).toEqual([]);
    expect(unknown([CLAIM.role, CLAIM.groups], link)).toEqual([CLAIM.groups]);
  });
});
