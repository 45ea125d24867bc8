/** A slice of the differential hunt (scripts/hunt-mutants.ts runs it for as long as it is told). */
import { expect, it } from "vitest";
import { grounds, hunt } from "../support/messages/hunt.ts";
import { mutate, random } from "../support/messages/mutants.ts";

const MUTANTS = 600;

it("no mutant of a genuine response is accepted with other claims than a genuine one's", async () => {
  const { tried, outcomes, findings } = await hunt(20_261_120, (done) => done >= MUTANTS);
  expect(findings).toEqual([]);
  expect(tried).toBe(MUTANTS);
  // The mutants reach the core's every floor, or the hunt hunts nothing.
  for (const code of [
    "accepted",
    "xml_malformed",
    "schema_invalid",
    "signature_misplaced",
    "signature_malformed",
    "signature_missing",
    "digest_mismatch",
    "assertion_not_single",
  ]) {
    expect(outcomes.get(code) ?? 0, code).toBeGreaterThan(0);
  }
});

it("a mutant is made from its seed alone", async () => {
  const [first] = await grounds();
  const { one = "", two = "" } = first ?? {};
  expect(mutate(one, two, random(7))).toEqual(mutate(one, two, random(7)));
  expect(mutate(one, two, random(7)).xml).not.toBe(mutate(one, two, random(8)).xml);
});
