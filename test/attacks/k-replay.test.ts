/** Group K, last part: not again; and what strictness must not lose. Rules R22, R24, R26. */
import { describe, expect, it } from "vitest";
import { STATUS_SUCCESS } from "../../src/saml/terms.ts";
import {
  Door,
  ENTITY_ID,
  fieldOf,
  mustAccept,
  NOW,
  type Overrides,
  outcomeOf,
  REQUEST,
  type Recipe,
  scene,
} from "../support/messages/scene.ts";
import { cut, putAfter, putBefore, swap, withId } from "../support/messages/surgery.ts";
import { AUTHN_FAILED, assertion, BEARER, conditions, confirmation, data, HOUR } from "./recipes.ts";

describe("K: replay, clocks, and what is honest and unusual", () => {
  it("K60 the same Response twice", async () => {
    const s = await scene();
    const door = new Door(s.expectations);
    const { samlResponse } = await s.own();
    expect(await door.present(samlResponse)).toMatchObject({ ok: true });
    expect(await door.present(samlResponse)).toMatchObject({ ok: false, code: "in_response_to_mismatch" });
    door.expectAnswerTo(REQUEST);
    expect(await door.present(samlResponse)).toMatchObject({ ok: false, code: "assertion_used" });
  });
  it("K61 the same signed assertion in a new Response wrapper with another Response ID", async () => {
    const s = await scene();
    const door = new Door(s.expectations);
    const { xml } = await s.own();
    expect(await door.present(fieldOf(xml))).toMatchObject({ ok: true });
    door.expectAnswerTo(REQUEST);
    expect(await door.present(fieldOf(withId(xml, "_new")))).toMatchObject({ ok: false, code: "assertion_used" });
  });
  it("K62 the same assertion in other bytes: comments, CDATA, quotes, unused declarations", async () => {
    const s = await scene();
    const door = new Door(s.expectations);
    const { xml } = await s.own();
    expect(await door.present(fieldOf(xml))).toMatchObject({ ok: true });
    for (const other of [
      `<!-- x -->${xml}`,
      xml.replaceAll('"', "'"),
      swap(xml, "<Subject>", '<Subject xmlns:u="urn:u">'),
      `${xml}\n`,
    ]) {
      door.expectAnswerTo(REQUEST);
      expect(await door.present(fieldOf(other))).toMatchObject({ ok: false, code: "assertion_used" });
    }
  });
  it("K63 an assertion with OneTimeUse presented twice, IdP-initiated", async () => {
    const s = await scene();
    const door = new Door({ ...s.expectations, allowIdpInitiated: true }, null);
    const { samlResponse } = await s.own({
      inResponseTo: null,
      ...conditions((c) => putBefore(c, "</Conditions>", "<OneTimeUse/>")),
    });
    expect(await door.present(samlResponse)).toMatchObject({ ok: true });
    expect(await door.present(samlResponse)).toMatchObject({ ok: false, code: "assertion_used" });
  });
  it("K64 use is remembered for as long as the assertion could pass", async () => {
    const s = await scene();
    const own = await s.own();
    const { notOnOrAfter } = await mustAccept(own, s);
    for (const later of [0, 60_000, 600_000, 720_000, HOUR, 2 * HOUR]) {
      const now = NOW + later;
      const outcome = await outcomeOf(own, s, { now });
      if (outcome.ok) expect(notOnOrAfter).toBeGreaterThan(now);
    }
    expect(await outcomeOf(own, s, { now: notOnOrAfter })).toMatchObject({ ok: false });
  });

  it("K65 clocks apart by less than the skew are forgiven, by more are not", async () => {
    const s = await scene();
    const own = await s.own();
    for (const [now, ok] of [
      [NOW - 119_000, true],
      [NOW - 121_000, false],
      [NOW + 600_000 + 119_000, true],
      [NOW + 600_000 + 121_000, false],
    ] as const) {
      expect(await outcomeOf(own, s, { now }), `${(now - NOW) / 1000} s`).toMatchObject({ ok });
    }
  });
  it("K66 what is honest and unusual is accepted", async () => {
    const s = await scene();
    const recipes: readonly (readonly [Recipe, Overrides?])[] = [
      [{ audience: ["urn:other", ENTITY_ID] }],
      [{ destination: null }],
      [{ responseIssuer: null }],
      [{ notBefore: null }],
      [{ notOnOrAfter: null, confirmationNotOnOrAfter: NOW + HOUR }],
      [{ responseInResponseTo: null }],
      [{ sessionIndex: null }],
      [{ status: [STATUS_SUCCESS, AUTHN_FAILED] }],
      [{ attributes: null }],
      [{ nameID: { value: "x", format: null } }],
      [{ authnInstant: NOW - 90 * 24 * HOUR }],
      [{ inResponseTo: null }, { allowIdpInitiated: true }],
      [conditions((c) => putBefore(c, "</Conditions>", '<OneTimeUse/><ProxyRestriction Count="0"/>'))],
      [conditions((c) => putAfter(c, "</AudienceRestriction>", cut(c, "AudienceRestriction")))],
      [confirmation((c) => data({ Recipient: "https://other.example/" }) + c)],
      [confirmation((c) => c + c.replace(BEARER, "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"))],
      [assertion((x) => putAfter(x, "</Conditions>", '<Advice><x xmlns="urn:x">y</x></Advice>'))],
      [{ authnContextClassRef: "urn:x" }, { requestedAuthnContext: ["urn:y", "urn:x"] }],
      [{ sessionNotOnOrAfter: NOW + HOUR }],
      [{}, { idpEntityIds: null }],
    ];
    for (const [recipe, overrides] of recipes) {
      const door = new Door({ ...s.expectations, ...overrides }, recipe.inResponseTo === null ? null : REQUEST);
      expect(await door.present((await s.own(recipe)).samlResponse), JSON.stringify(recipe)).toMatchObject({
        ok: true,
      });
    }
  });
});
