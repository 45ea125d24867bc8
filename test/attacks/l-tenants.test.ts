/** Group L: several companies on one gateway. Keys, issuer, audience and recipient are all of the company whose ACS was asked. Rules R19, R20, R21, R29. */
import { describe, expect, it } from "vitest";
import { createIdentityProvider, type IdentityProvider } from "../support/identity-provider.ts";
import {
  ACS,
  type Code,
  certificateOf,
  ENTITY_ID,
  mustAccept,
  mustRefuse,
  ORIGIN,
  outcomeOf,
  type Recipe,
  type Scene,
  scene,
  VICTIM,
} from "../support/messages/scene.ts";
import { putAfter, swap } from "../support/messages/surgery.ts";
import { honestTwin } from "./catalogue.ts";

const OTHER = "https://other.vestibule.example";

/** Company B on the same gateway: an identity provider of its own, pinned there and nowhere else. */
const companyB = () =>
  createIdentityProvider({
    entityId: "https://sts.windows.net/bbbbbbbb-0000-4000-8000-000000000000/",
    keyName: "company b",
  });

function row(
  name: string,
  codes: Code | readonly Code[],
  craft: (s: Scene, b: IdentityProvider) => Promise<string>,
): void {
  it(name, async () => {
    const s = await scene();
    await mustRefuse(await craft(s, await companyB()), [codes].flat(), s);
  });
}
const ofB =
  (recipe: Recipe = {}) =>
  async (s: Scene, b: IdentityProvider) =>
    (await b.respond({ ...s.options, nameID: VICTIM, ...recipe })).xml;

describe("L: tenant and issuer mix-up", () => {
  honestTwin();

  it("company B's messages are accepted at company B: the twin of the rows below", async () => {
    const s = await scene();
    const b = await companyB();
    const own = await b.respond({ ...s.options, acsUrl: `${OTHER}/sso/acs`, spEntityId: `${OTHER}/sso/metadata` });
    const ofOther = {
      acsUrl: `${OTHER}/sso/acs`,
      spEntityId: `${OTHER}/sso/metadata`,
      idpEntityIds: [b.entityId],
      certificates: [await certificateOf(b)],
    };
    expect((await mustAccept(own, s, ofOther)).issuer).toBe(b.entityId);
    expect(await outcomeOf(own, s)).toMatchObject({ ok: false, code: "signature_invalid" });
  });

  for (const sign of ["assertion", "response", "both"] as const) {
    row(
      `L01 the IdP of company B asserts the victim to the ACS of company A, ${sign} signed`,
      "signature_invalid",
      ofB({ sign }),
    );
    row(`L02 the same, with the issuer of company A, ${sign} signed`, "signature_invalid", (s, b) =>
      ofB({ sign, issuer: s.idp.entityId })(s, b),
    );
  }
  row("L03 Response Issuer B, assertion Issuer A, signed by B", "signature_invalid", (s, b) =>
    ofB({ issuer: s.idp.entityId, responseIssuer: b.entityId, sign: "both" })(s, b),
  );
  row("L04 Response Issuer A (unsigned), assertion Issuer B signed by B", "signature_invalid", (s, b) =>
    ofB({ responseIssuer: s.idp.entityId })(s, b),
  );
  row(
    "L04 the same signed by A's key: the Issuers differ",
    "issuer_mismatch",
    async (s, b) => (await s.own({ issuer: b.entityId, responseIssuer: s.idp.entityId })).xml,
  );
  row(
    "L05 genuine token of the shared IdP for another company's entity ID, Recipient ours",
    "audience_mismatch",
    async (s) => (await s.victims({ audience: `${OTHER}/sso/metadata` })).xml,
  );
  row(
    "L06 audience ours, Recipient the ACS of another company",
    "recipient_mismatch",
    async (s) => (await s.victims({ recipient: `${OTHER}/sso/acs`, destination: ACS })).xml,
  );
  row(
    "L07 everything for another company",
    ["destination_mismatch"],
    async (s) => (await s.victims({ acsUrl: `${OTHER}/sso/acs`, spEntityId: `${OTHER}/sso/metadata` })).xml,
  );
  row(
    "L08 Destination the ACS of another company",
    "destination_mismatch",
    async (s) => (await s.victims({ destination: `${OTHER}/sso/acs` })).xml,
  );
  row(
    "L09 audiences of two companies in two restrictions",
    "audience_mismatch",
    async (s) =>
      (
        await s.victims({
          edit: {
            assertion: (x) =>
              putAfter(
                x,
                "</AudienceRestriction>",
                `<AudienceRestriction><Audience>${OTHER}/sso/metadata</Audience></AudienceRestriction>`,
              ),
          },
        })
      ).xml,
  );
  for (const [name, pad] of [
    ["a space", " "],
    ["a line feed", "\n"],
    ["a tab", "\t"],
    ["a no-break space", "\u00a0"],
    ["a zero-width space", "\u200b"],
  ] as const) {
    row(`L10 Issuer of company A surrounded by ${name}, signed by company B`, "signature_invalid", (s, b) =>
      ofB({ issuer: `${pad}${s.idp.entityId}${pad}` })(s, b),
    );
    row(
      `L10 Issuer of company A surrounded by ${name}, signed by its own IdP`,
      "issuer_mismatch",
      async (s) => (await s.own({ issuer: `${pad}${s.idp.entityId}${pad}` })).xml,
    );
  }
  row(
    "L11 Audience is the gateway's origin, not the company's entity ID",
    "audience_mismatch",
    async (s) => (await s.victims({ audience: ORIGIN })).xml,
  );
  row(
    "L11 Audience is the gateway's domain",
    "audience_mismatch",
    async (s) => (await s.victims({ audience: "https://vestibule.example/sso/metadata" })).xml,
  );
  row(
    "L12 the hosts differ by a label in front",
    "audience_mismatch",
    async (s) => (await s.victims({ audience: ENTITY_ID.replace("https://", "https://x.") })).xml,
  );
  row(
    "L13 both companies' keys signed: B's signature on the Response around A's assertion",
    "signature_invalid",
    async (s, b) => {
      const { xml, responseId } = await s.own();
      return b.sign(xml, responseId);
    },
  );
  it("L14 two certificates pinned at once: each is believed, a third is not", async () => {
    const s = await scene();
    const b = await companyB();
    const both = { certificates: [await certificateOf(s.idp), await certificateOf(b)] };
    await mustAccept(await s.own(), s, both);
    await mustAccept(await b.respond({ ...s.options, issuer: s.idp.entityId }), s, both);
    await mustRefuse(await s.mallory.respond({ ...s.options, nameID: VICTIM }), ["signature_invalid"], s, both);
  });
  it("L15 without an issuer of the company's own, the Response and the assertion must name one and the same", async () => {
    const s = await scene();
    const open = { idpEntityIds: null };
    expect((await mustAccept(await s.own(), s, open)).issuer).toBe(s.idp.entityId);
    await mustRefuse(await s.own({ responseIssuer: "https://b.example/" }), ["issuer_mismatch"], s, open);
    await mustRefuse((await s.mallory.respond({ ...s.options, nameID: VICTIM })).xml, ["signature_invalid"], s, open);
    await mustRefuse(swap((await s.own()).xml, s.idp.entityId, "https://b.example/"), ["issuer_mismatch"], s, open);
  });
});
