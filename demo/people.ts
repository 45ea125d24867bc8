/** Who can sign in at the stand-in identity provider. Each of them shows something else. */

import { NAME_ID_FORMAT } from "../src/saml/terms.ts";
import { CLAIM, entraClaims, guidFor, type NameIdParts } from "../test/support/identity-provider.ts";

export interface DemoPerson {
  readonly id: string;
  readonly givenName: string;
  readonly surname: string;
  readonly email: string;
  /** What is special, for whoever tries the demo. */
  readonly note: string;
  readonly groups?: number;
  /** The account carries no e-mail address: no such claim, and a NameID that is none. */
  readonly withoutEmail?: boolean;
  /** The gateway knows the person and has locked the account. */
  readonly disabledInGateway?: boolean;
  /** The gateway knows the person as one of the company's administrators. */
  readonly administersGateway?: boolean;
}

export const PEOPLE: readonly DemoPerson[] = [
  {
    id: "b.simon",
    givenName: "Britta",
    surname: "Simon",
    email: "b.simon@acme.example",
    note: "Signs in, and is created on the first visit",
  },
  {
    id: "z.brannstrom",
    givenName: "Zoë",
    surname: "Brännström",
    email: "z.brannstrom@acme.example",
    note: "A name beyond ASCII",
  },
  {
    id: "a.marsh",
    givenName: "Ada",
    surname: "Marsh",
    email: "a.marsh@acme.example",
    administersGateway: true,
    note: "Administrator: opens the console at /sso/admin",
  },
  {
    id: "i.okafor",
    givenName: "Ijeoma",
    surname: "Okafor",
    email: "i.okafor@acme.example",
    groups: 150,
    note: "Member of 150 groups, the most that fit into a response",
  },
  {
    id: "d.whitfield",
    givenName: "Dan",
    surname: "Whitfield",
    email: "d.whitfield@acme.example",
    disabledInGateway: true,
    note: "Disabled in the gateway: stays out",
  },
  {
    id: "room-2.14",
    givenName: "Meeting room",
    surname: "2.14",
    email: "room-2.14@acme.example",
    withoutEmail: true,
    note: "An account without e-mail address: stays out",
  },
];

export function personById(id: string): DemoPerson | undefined {
  return PEOPLE.find((person) => person.id === id);
}

/** What the identity provider says of a person, in Entra's names. */
export function claimsOf(person: DemoPerson): { nameID: NameIdParts; attributes: Record<string, string | string[]> } {
  const { givenName, surname, email, groups } = person;
  const attributes = entraClaims({ email, givenName, surname, ...(groups === undefined ? {} : { groups }) });
  if (!person.withoutEmail) return { nameID: { value: email, format: NAME_ID_FORMAT.emailAddress }, attributes };
  delete attributes[CLAIM.emailAddress];
  delete attributes[CLAIM.name];
  return { nameID: { value: guidFor(person.id), format: NAME_ID_FORMAT.persistent }, attributes };
}
