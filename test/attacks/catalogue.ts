/**
 * How a row of the catalogue of attacks becomes a test: a name, the reason that must be given, and how the message is made.
 */
import { expect, it } from "vitest";
import type { SentResponse } from "../support/identity-provider.ts";
import {
  ATTACKER,
  asLists,
  asSelfOrRefused,
  attackerClaims,
  type Code,
  mustAccept,
  mustRefuse,
  type Overrides,
  REQUEST,
  type Recipe,
  type Scene,
  scene,
} from "../support/messages/scene.ts";

/** Why a message with something beside what was signed is refused: which of these depends on where it stands. */
export const WRAPPED: readonly Code[] = [
  "assertion_not_single",
  "signature_misplaced",
  "signature_malformed",
  "signature_reference",
  "signature_missing",
  "xml_duplicate_id",
  "schema_invalid",
  "message_type",
];

type Crafted = string | Uint8Array | { message: string | Uint8Array; overrides: Overrides };

/** One row of the catalogue (or a variant of one): the crafted message is refused, for one of the named reasons. */
export function attack(
  name: string,
  codes: Code | readonly Code[],
  craft: (s: Scene) => Promise<Crafted> | Crafted,
): void {
  it(name, async () => {
    const s = await scene();
    const crafted = await craft(s);
    const whole = typeof crafted === "object" && "message" in crafted ? crafted : { message: crafted, overrides: {} };
    await mustRefuse(whole.message, [codes].flat(), s, whole.overrides);
  });
}

/** The twin of a file's attacks: the same builders, nothing forged, is let in as the attacker himself. */
export function honestTwin(recipe: Recipe = {}, overrides: Overrides = {}): void {
  it("the honest twin is accepted as the attacker himself, whichever element is signed", async () => {
    const s = await scene();
    for (const sign of ["assertion", "response", "both"] as const) {
      const assertion = await mustAccept(await s.own({ sign, ...recipe }), s, overrides);
      expect(assertion.nameID.value).toBe(ATTACKER);
      expect(Object.fromEntries(assertion.attributes)).toEqual(asLists(attackerClaims()));
      expect(assertion.inResponseTo).toBe(REQUEST);
    }
  });
}

/** A row whose message may sign the attacker in as himself, or be refused: it answers which, for those who want to pin it. */
export function attackAsSelf(
  name: string,
  craft: (s: Scene) => Promise<{ message: string | Uint8Array; genuine: SentResponse }>,
  outcome?: "self" | Code,
): void {
  it(name, async () => {
    const s = await scene();
    const { message, genuine } = await craft(s);
    const got = await asSelfOrRefused(message, genuine, s);
    if (outcome) expect(got).toBe(outcome);
  });
}
