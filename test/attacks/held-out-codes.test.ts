/** Where several things are wrong at once, the code is the one that tells an administrator most. */
import { describe, expect, it } from "vitest";
import type { SamlRefusalCode } from "../../src/saml/index.ts";
import { mustRefuse, NOW, outcomeOf, type Recipe, scene } from "../support/messages/scene.ts";
import { swap } from "../support/messages/surgery.ts";
import { HOUR } from "./recipes.ts";

const ELSEWHERE = { recipient: "https://other.example/acs", audience: "https://other.example/metadata" };
const OLD = { issueInstant: NOW - 2 * HOUR, notBefore: NOW - 2 * HOUR, notOnOrAfter: NOW - HOUR };
const AHEAD = { issueInstant: NOW + 2 * HOUR, notBefore: NOW + 2 * HOUR, notOnOrAfter: NOW + 3 * HOUR };
const IMPOSTOR = { issuer: "https://other.example/" };

const ROWS: readonly (readonly [string, SamlRefusalCode, Recipe])[] = [
  ["a message of two hours ago, all of whose times are over", "conditions_expired", OLD],
  [
    "Conditions and confirmation both over",
    "conditions_expired",
    { notBefore: NOW - 2 * HOUR, notOnOrAfter: NOW - HOUR },
  ],
  [
    "a message that is old and whose Conditions still hold",
    "issue_instant_out_of_window",
    { issueInstant: NOW - 2 * HOUR, notOnOrAfter: NOW + HOUR },
  ],
  ["a provider whose clock is two hours ahead", "conditions_not_yet_valid", AHEAD],
  ["another application's assertion, carried to us", "audience_mismatch", ELSEWHERE],
  ["another application's assertion of two hours ago", "audience_mismatch", { ...ELSEWHERE, ...OLD }],
  [
    "another application's assertion, in answer to another request",
    "audience_mismatch",
    { ...ELSEWHERE, responseInResponseTo: "_other" },
  ],
  ["our assertion for another address", "recipient_mismatch", { recipient: ELSEWHERE.recipient }],
  [
    "another provider's assertion for another application, old",
    "issuer_mismatch",
    { ...IMPOSTOR, ...ELSEWHERE, ...OLD },
  ],
  [
    "a failure of two hours ago from another provider",
    "status_not_success",
    { ...IMPOSTOR, ...OLD, status: ["urn:x"] },
  ],
];

describe("the code of a message with more than one fault", () => {
  for (const [name, code, recipe] of ROWS) {
    it(`${name}: ${code}`, async () => {
      const s = await scene();
      for (const sign of ["assertion", "response", "both"] as const)
        await mustRefuse(await s.own({ sign, ...recipe }), [code], s);
    });
  }

  it("by another key is signature_invalid, whatever else is wrong", async () => {
    const s = await scene();
    for (const [, , recipe] of ROWS) {
      await mustRefuse(await s.mallory.respond({ ...s.options, ...recipe, sign: "both" }), ["signature_invalid"], s);
    }
  });

  it("is issuer_mismatch, and shows the Format, where only the Issuer's Format is wrong", async () => {
    const s = await scene();
    const format = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    const { xml } = await s.own({ edit: { assertion: (x) => swap(x, "<Issuer>", `<Issuer Format="${format}">`) } });
    await mustRefuse(xml, ["issuer_mismatch"], s);
    expect(await outcomeOf(xml, s)).toMatchObject({ received: `${s.idp.entityId} (Format ${format})` });
  });
});
