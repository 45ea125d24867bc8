/** What every contender must be able to do, in Node and in workerd alike. */
import type { Material, Message } from "./material.ts";

/** From the form field to the NameID of verified claims; throws or rejects when it refuses. Null for a message it can't read. */
export type Accept = (samlResponse: string) => Promise<string>;

/** All that can be done once is done once: keys parsed, settings read. */
export type Prepare = (material: Material) => Promise<(message: Message) => Accept | null>;

export const CONTENDERS = ["vestibule", "node-saml", "samlify", "xml-crypto", "xmldsigjs", "web-crypto"] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** As the tables call them. */
export const TITLES: Readonly<Record<ContenderName, string>> = {
  vestibule: "Vestibule",
  "node-saml": "@node-saml/node-saml",
  samlify: "samlify",
  "xml-crypto": "xml-crypto + xmldom",
  xmldsigjs: "xmldsigjs + xmldom",
  "web-crypto": "bare RSA verification",
};

/** What a contender must have shown before it is timed. */
export interface Proof {
  readonly message: string;
  /** Null: it can't read such a message at all. */
  readonly nameID: string | null;
  readonly refusesTampered: boolean;
}

export async function prove(accept: Accept | null, message: Message): Promise<Proof> {
  if (accept === null) return { message: message.name, nameID: null, refusesTampered: true };
  const nameID = await accept(message.samlResponse);
  const refusesTampered = await accept(message.tampered).then(
    () => false,
    () => true,
  );
  return { message: message.name, nameID, refusesTampered };
}
