/**
 * What responses of other identity providers have in common, and the small habits in which they differ: prefixes, where
 * namespaces are declared, how times and attributes are written, how lines are broken.
 */
import { ACS, ENTITY_ID, NOW, REQUEST } from "./scene.ts";
import type { SignatureStyle } from "./sign.ts";

export const XS = "http://www.w3.org/2001/XMLSchema";
export const XSI = "http://www.w3.org/2001/XMLSchema-instance";
export const SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success";
export const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
export const FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format";
export const NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format";
export const PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
export const TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
export const PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

export const seconds = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
export const millis = (at: number) => new Date(at).toISOString();
export const UNTIL = NOW + 300_000;

export interface Shape {
  readonly name: string;
  readonly entityId: string;
  /** Unsigned; the ids are `responseId` and `assertionId`. */
  readonly xml: string;
  readonly responseId: string;
  readonly assertionId: string;
  /** What is signed, in the order of signing. */
  readonly sign: readonly (readonly ["assertion" | "response", SignatureStyle])[];
  /** What the provider writes afterwards, inside Signature or around the document. */
  readonly finish?: (xml: string) => string;
  readonly nameID: {
    value: string;
    format: string | null;
    nameQualifier: string | null;
    spNameQualifier: string | null;
  };
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly sessionIndex: string | null;
}

export const named = (
  value: string,
  format: string | null,
  nameQualifier: string | null = null,
  spNameQualifier: string | null = null,
) => ({
  value,
  format,
  nameQualifier,
  spNameQualifier,
});

/** Prefixes and small habits; the skeleton of SAML is the same for all. */
export interface Habit {
  readonly p: string;
  readonly a: string;
  readonly responseNamespaces: string;
  readonly assertionNamespaces: string;
  readonly issuerNamespaces?: string;
  readonly issuerFormat?: boolean;
  readonly ids: readonly [response: string, assertion: string];
  readonly entityId: string;
  readonly time: (at: number) => string;
  readonly responseAttributes?: string;
  readonly nameID: string;
  readonly confirmationData?: string;
  readonly conditions?: string;
  readonly statements: string;
  readonly order?: "authn first" | "attributes first";
  readonly authn?: string;
  readonly sessionIndex: string | null;
  readonly contextClass?: string;
}

export function compose(h: Habit): string {
  const a = h.a === "" ? "" : `${h.a}:`;
  const issuer = (own: string) =>
    `<${a}Issuer${own}${h.issuerFormat ? ' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity"' : ""}>${h.entityId}</${a}Issuer>`;
  const authn =
    `<${a}AuthnStatement AuthnInstant="${h.time(NOW - 5_000)}"${h.sessionIndex === null ? "" : ` SessionIndex="${h.sessionIndex}"`}${h.authn ?? ""}>` +
    `<${a}AuthnContext><${a}AuthnContextClassRef>${h.contextClass ?? PASSWORD}</${a}AuthnContextClassRef></${a}AuthnContext></${a}AuthnStatement>`;
  const statements = h.order === "attributes first" ? h.statements + authn : authn + h.statements;
  return (
    `<${h.p}:Response ID="${h.ids[0]}" Version="2.0" IssueInstant="${h.time(NOW)}" Destination="${ACS}" InResponseTo="${REQUEST}"${h.responseAttributes ?? ""}${h.responseNamespaces}>` +
    `${issuer(h.issuerNamespaces ?? "")}<${h.p}:Status><${h.p}:StatusCode Value="${SUCCESS}"/></${h.p}:Status>` +
    `<${a}Assertion ID="${h.ids[1]}" Version="2.0" IssueInstant="${h.time(NOW)}"${h.assertionNamespaces}>${issuer("")}` +
    `<${a}Subject>${h.nameID}<${a}SubjectConfirmation Method="${BEARER}"><${a}SubjectConfirmationData InResponseTo="${REQUEST}" NotOnOrAfter="${h.time(UNTIL)}" Recipient="${ACS}"${h.confirmationData ?? ""}/></${a}SubjectConfirmation></${a}Subject>` +
    `<${a}Conditions NotBefore="${h.time(NOW - 60_000)}" NotOnOrAfter="${h.time(UNTIL)}"><${a}AudienceRestriction><${a}Audience>${ENTITY_ID}</${a}Audience></${a}AudienceRestriction>${h.conditions ?? ""}</${a}Conditions>` +
    `${statements}</${a}Assertion></${h.p}:Response>`
  );
}

export const ns = (prefix: string, uri: string) => ` xmlns${prefix && `:${prefix}`}="${uri}"`;
export const shape = (
  name: string,
  h: Habit,
  more: Omit<Shape, "name" | "xml" | "entityId" | "responseId" | "assertionId" | "sessionIndex">,
  edit: (xml: string) => string = (x) => x,
): Shape => ({
  name,
  entityId: h.entityId,
  xml: edit(compose(h)),
  responseId: h.ids[0],
  assertionId: h.ids[1],
  sessionIndex: h.sessionIndex,
  ...more,
});

/** One attribute with xsi:type, the namespaces declared on each value (OpenSAML) or above (others). */
export const typed = (
  prefix: string,
  name: string,
  values: readonly string[],
  o: { format?: string; friendly?: string; type?: string; declare?: boolean } = {},
) =>
  `<${prefix}:Attribute${o.friendly ? ` FriendlyName="${o.friendly}"` : ""} Name="${name}"${o.format ? ` NameFormat="${FORMAT}:${o.format}"` : ""}>` +
  values
    .map(
      (v) =>
        `<${prefix}:AttributeValue${o.declare ? ns("xs", XS) + ns("xsi", XSI) : ""}${o.type === "" ? "" : ` xsi:type="${o.type ?? "xs:string"}"`}>${v}</${prefix}:AttributeValue>`,
    )
    .join("") +
  `</${prefix}:Attribute>`;
export const statement = (prefix: string, attributes: readonly string[], declared = "") =>
  `<${prefix}:AttributeStatement${declared}>${attributes.join("")}</${prefix}:AttributeStatement>`;
export const nameIdOf = (prefix: string, value: string, attributes: string) =>
  `<${prefix}:NameID${attributes}>${value}</${prefix}:NameID>`;

export const MAIL = "b.simon@corp.example";
export const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** Indents every element on a line of its own, as pretty printers do; text-only elements stay on one line. */
export function indented(xml: string, end = "\n"): string {
  let depth = 0;
  return xml.replace(
    /(<\/[^>]+>)|(<[^>]+\/>)|(<[^>/]+(?:"[^"]*"[^>]*)*>)([^<]*)(<\/[^>]+>)?/g,
    (tag, close, empty, open, text, closed) => {
      const line = (at: number, content: string) =>
        `${at === 0 && !content.startsWith("</") ? "" : end}${"  ".repeat(at)}${content}`;
      if (close) return line(--depth, close);
      if (empty) return line(depth, empty);
      if (closed !== undefined) return line(depth, tag);
      return line(depth++, open) + text;
    },
  );
}
