/**
 * How the rows of group K are written: what the identity provider said and signed, with its own key, that it should not have.
 */
import { describe } from "vitest";
import { ACS, type Code, NOW, type Overrides, REQUEST, type Recipe } from "../support/messages/scene.ts";
import { cut, swap } from "../support/messages/surgery.ts";
import { attack, honestTwin } from "./catalogue.ts";

export const HOUR = 3_600_000;
export const RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder";
export const AUTHN_FAILED = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed";
export const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
export const iso = (at: number) => new Date(at).toISOString();
export const assertion = (edit: (xml: string) => string): Recipe => ({ edit: { assertion: edit } });
export const response = (edit: (xml: string) => string): Recipe => ({ edit: { response: edit } });
export const conditions = (edit: (xml: string) => string) =>
  assertion((x) => swap(x, cut(x, "Conditions"), edit(cut(x, "Conditions"))));
export const confirmation = (edit: (xml: string) => string) =>
  assertion((x) => swap(x, cut(x, "SubjectConfirmation"), edit(cut(x, "SubjectConfirmation"))));
export const confirmationData = (attributes: string) =>
  `<SubjectConfirmation Method="${BEARER}"><SubjectConfirmationData ${attributes}/></SubjectConfirmation>`;
export const GOOD = { InResponseTo: REQUEST, NotOnOrAfter: iso(NOW + HOUR), Recipient: ACS };
export const data = (changed: Record<string, string | null>) =>
  confirmationData(
    Object.entries({ ...GOOD, ...changed })
      .filter(([, v]) => v !== null)
      .map(([k, v]) => `${k}="${v}"`)
      .join(" "),
  );

export type Row = readonly [name: string, code: Code | readonly Code[], recipe: Recipe, overrides?: Overrides];

/** A file of rows: each is refused for the reason it names, and the twin of all is accepted. */
export function describeRows(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    honestTwin();
    for (const [name, code, recipe, overrides] of rows) {
      attack(name, code, async (s) => {
        const { xml } = await s.own(recipe);
        return overrides ? { message: xml, overrides } : xml;
      });
    }
  });
}
