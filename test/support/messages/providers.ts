/**
 * Responses as identity providers other than Entra write them: where they declare namespaces, what they sign and how, what
 * stands in KeyInfo, how they type and repeat attributes, how they break lines. Shapes only; every word is made up.
 */
import { C14N, DIGEST, NS, SIGNATURE } from "../../../src/saml/terms.ts";
import { ACS, ENTITY_ID, NOW, REQUEST } from "./scene.ts";
import type { SignatureStyle } from "./sign.ts";

const XS = "http://www.w3.org/2001/XMLSchema";
const XSI = "http://www.w3.org/2001/XMLSchema-instance";
const SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success";
const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format";
const NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format";
const PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

const seconds = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
const millis = (at: number) => new Date(at).toISOString();
const UNTIL = NOW + 300_000;

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

const named = (
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
interface Habit {
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

function compose(h: Habit): string {
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

const ns = (prefix: string, uri: string) => ` xmlns${prefix && `:${prefix}`}="${uri}"`;
const shape = (
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
const typed = (
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
const statement = (prefix: string, attributes: readonly string[], declared = "") =>
  `<${prefix}:AttributeStatement${declared}>${attributes.join("")}</${prefix}:AttributeStatement>`;
const nameIdOf = (prefix: string, value: string, attributes: string) =>
  `<${prefix}:NameID${attributes}>${value}</${prefix}:NameID>`;

const MAIL = "b.simon@corp.example";
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

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

const ADFS_CLAIMS = "http://schemas.xmlsoap.org/ws/2009/09/identity/claims";

function adfs(): Shape {
  const attribute = (name: string, ...values: string[]) =>
    `<Attribute Name="${name}"${name.endsWith("upn") ? ` a:OriginalIssuer="https://ad.corp.example"${ns("a", ADFS_CLAIMS)}` : ""}>${values.map((v) => `<AttributeValue>${v}</AttributeValue>`).join("")}</Attribute>`;
  const claims = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";
  return shape(
    "ADFS",
    {
      p: "samlp",
      a: "",
      responseNamespaces: ns("samlp", NS.samlp),
      assertionNamespaces: ns("", NS.saml),
      issuerNamespaces: ns("", NS.saml),
      ids: ["_2f4e1a53-0c2c-4e0d-8a31-5c4a1b2d3e4f", "_7d1c0f3a-9b1d-4a6f-8f3e-1a2b3c4d5e6f"],
      entityId: "http://adfs.corp.example/adfs/services/trust",
      time: millis,
      responseAttributes: ' Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"',
      nameID: `<NameID Format="${NAME}:emailAddress">${MAIL}</NameID>`,
      statements: `<AttributeStatement>${attribute(`${claims}/upn`, MAIL)}${attribute("http://schemas.xmlsoap.org/claims/Group", "CORP\\Domain Users", "CORP\\Assets")}</AttributeStatement>`,
      order: "attributes first",
      sessionIndex: "_7d1c0f3a-9b1d-4a6f-8f3e-1a2b3c4d5e6f",
      contextClass: "urn:federation:authentication:windows",
    },
    {
      sign: [["assertion", { prefix: "ds" }]],
      finish: (x) => x.replace("<ds:KeyInfo>", `<KeyInfo${ns("", NS.ds)}>`).replace("</ds:KeyInfo>", "</KeyInfo>"),
      nameID: named(MAIL, `${NAME}:emailAddress`),
      attributes: {
        [`${claims}/upn`]: [MAIL],
        "http://schemas.xmlsoap.org/claims/Group": ["CORP\\Domain Users", "CORP\\Assets"],
      },
    },
  );
}

function okta(): Shape {
  return shape(
    "Okta",
    {
      p: "saml2p",
      a: "saml2",
      responseNamespaces: ns("saml2p", NS.samlp) + ns("xs", XS),
      assertionNamespaces: ns("saml2", NS.saml) + ns("xs", XS),
      issuerNamespaces: ns("saml2", NS.saml),
      issuerFormat: true,
      ids: ["id24680135791113151719212325", "id24680135792468013579246801"],
      entityId: "http://www.okta.com/exk1a2b3c4d5e6f7g8h9",
      time: millis,
      nameID: nameIdOf("saml2", MAIL, ` Format="${NAME}:unspecified"`),
      statements: statement("saml2", [
        typed("saml2", "email", [MAIL], { format: "unspecified", declare: true }),
        typed("saml2", "groups", ["Everyone", "Assets &amp; Media"], { format: "unspecified", declare: true }),
      ]),
      sessionIndex: "id1700000000000.123456789",
    },
    {
      sign: [
        ["assertion", { prefix: "ds", prefixList: "xs" }],
        ["response", { prefix: "ds", prefixList: "xs" }],
      ],
      finish: (x) => DECLARATION + x,
      nameID: named(MAIL, `${NAME}:unspecified`),
      attributes: { email: [MAIL], groups: ["Everyone", "Assets & Media"] },
    },
  );
}

function google(): Shape {
  return shape(
    "Google Workspace",
    {
      p: "saml2p",
      a: "saml2",
      responseNamespaces: ns("saml2p", NS.samlp),
      assertionNamespaces: ns("saml2", NS.saml),
      issuerNamespaces: ns("saml2", NS.saml),
      ids: ["_0f1e2d3c4b5a69788796a5b4c3d2e1f0", "_a1b2c3d4e5f60718293a4b5c6d7e8f90"],
      entityId: "https://accounts.google.com/o/saml2?idpid=C01abc2de",
      time: millis,
      nameID: nameIdOf("saml2", MAIL, ` Format="${NAME}:emailAddress"`),
      statements: statement("saml2", [
        typed("saml2", "firstName", ["Britta"], { type: "xs:anyType", declare: true }),
        typed("saml2", "lastName", ["Simón"], { type: "xs:anyType", declare: true }),
      ]),
      order: "attributes first",
      sessionIndex: "_a1b2c3d4e5f60718293a4b5c6d7e8f90",
      contextClass: "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
    },
    {
      sign: [["response", { prefix: "ds", lineWidth: 76 }]],
      finish: (x) =>
        `<?xml version="1.0" encoding="UTF-8" standalone="no"?>${x.replace("<ds:X509Data>", "<ds:X509Data><ds:X509SubjectName>ST=California,C=US,OU=Google For Work,CN=Google</ds:X509SubjectName>")}`,
      nameID: named(MAIL, `${NAME}:emailAddress`),
      attributes: { firstName: ["Britta"], lastName: ["Simón"] },
    },
  );
}

/** A name, a certificate and the key itself, none of which counts. */
const KEYCLOAK_KEY =
  "<dsig:KeyName>FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE</dsig:KeyName><dsig:KeyValue><dsig:RSAKeyValue>" +
  "<dsig:Modulus>qqqq</dsig:Modulus><dsig:Exponent>AQAB</dsig:Exponent></dsig:RSAKeyValue></dsig:KeyValue>";

function keycloak(): Shape {
  const role = (value: string) => typed("saml", "Role", [value], { format: "basic", friendly: "role", declare: true });
  return shape(
    "Keycloak",
    {
      p: "samlp",
      a: "saml",
      responseNamespaces: ns("samlp", NS.samlp) + ns("saml", NS.saml),
      assertionNamespaces: ns("", NS.saml),
      ids: ["ID_6d9e7d5f-2f5b-4a34-9f5e-0b1c2d3e4f50", "ID_1b2c3d4e-5f60-4711-8293-a4b5c6d7e8f9"],
      entityId: "https://sso.corp.example/realms/corp",
      time: millis,
      nameID: nameIdOf("saml", "G-8b1f2f0e-1c5b-4c41-9a86-3f5e6d7c8b9a", ` Format="${PERSISTENT}"`),
      statements: statement("saml", [
        role("offline_access"),
        role("asset-editor"),
        typed("saml", "urn:oid:1.2.840.113549.1.9.1", [MAIL], { format: "uri", friendly: "email", declare: true }),
      ]),
      authn: ` SessionNotOnOrAfter="${millis(NOW + 36_000_000)}"`,
      sessionIndex: "f3e2d1c0-b9a8-4765-8432-10fedcba9876::1b2c3d4e-5f60-4711-8293-a4b5c6d7e8f9",
      contextClass: "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
    },
    {
      sign: [
        ["assertion", { prefix: "dsig", keyInfo: KEYCLOAK_KEY }],
        ["response", { prefix: "dsig", keyInfo: KEYCLOAK_KEY }],
      ],
      nameID: named("G-8b1f2f0e-1c5b-4c41-9a86-3f5e6d7c8b9a", PERSISTENT),
      attributes: { Role: ["offline_access", "asset-editor"], "urn:oid:1.2.840.113549.1.9.1": [MAIL] },
    },
  );
}

function shibboleth(): Shape {
  const oid = (name: string, friendly: string, ...values: string[]) =>
    typed("saml2", `urn:oid:${name}`, values, { format: "uri", friendly, type: "xsd:string" });
  return shape(
    "Shibboleth",
    {
      p: "saml2p",
      a: "saml2",
      responseNamespaces: ns("saml2p", NS.samlp),
      assertionNamespaces: ns("saml2", NS.saml) + ns("xsd", XS) + ns("xsi", XSI),
      issuerNamespaces: ns("saml2", NS.saml),
      ids: ["_8d7c6b5a493827160f1e2d3c4b5a6978", "_13579bdf2468ace013579bdf2468ace0"],
      entityId: "https://idp.corp.example/idp/shibboleth",
      time: millis,
      nameID: nameIdOf(
        "saml2",
        "AAdzZWNyZXQxM8Kf0Q==",
        ` Format="${TRANSIENT}" NameQualifier="https://idp.corp.example/idp/shibboleth" SPNameQualifier="${ENTITY_ID}"`,
      ),
      confirmationData: ' Address="192.0.2.17"',
      statements: statement("saml2", [
        oid("0.9.2342.19200300.100.1.3", "mail", MAIL),
        oid("1.3.6.1.4.1.5923.1.1.1.9", "eduPersonScopedAffiliation", "member@corp.example", "staff@corp.example"),
        `<saml2:Attribute FriendlyName="eduPersonTargetedID" Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10" NameFormat="${FORMAT}:uri"><saml2:AttributeValue><saml2:NameID Format="${PERSISTENT}" NameQualifier="https://idp.corp.example/idp/shibboleth">x9y8z7</saml2:NameID></saml2:AttributeValue></saml2:Attribute>`,
      ]),
      sessionIndex: "_5a4b3c2d1e0f",
    },
    {
      sign: [
        ["assertion", { prefix: "ds", prefixList: "xsd", lineWidth: 76, digest: DIGEST.sha256 }],
        ["response", { prefix: "ds", lineWidth: 76, algorithm: SIGNATURE.rsaSha512, digest: DIGEST.sha512 }],
      ],
      finish: (x) => DECLARATION + x,
      nameID: named("AAdzZWNyZXQxM8Kf0Q==", TRANSIENT, "https://idp.corp.example/idp/shibboleth", ENTITY_ID),
      attributes: {
        "urn:oid:0.9.2342.19200300.100.1.3": [MAIL],
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": ["member@corp.example", "staff@corp.example"],
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.10": [],
      },
    },
    (x) => x.replace("<saml2:AuthnContext>", '<saml2:SubjectLocality Address="192.0.2.17"/><saml2:AuthnContext>'),
  );
}

function simpleSamlPhp(): Shape {
  return shape(
    "SimpleSAMLphp",
    {
      p: "samlp",
      a: "saml",
      responseNamespaces: ns("samlp", NS.samlp) + ns("saml", NS.saml),
      assertionNamespaces: ns("xsi", XSI) + ns("xs", XS),
      ids: ["_e1d2c3b4a5968778695a4b3c2d1e0f1a2b3c4d5e6f", "_f0e1d2c3b4a5968778695a4b3c2d1e0f1a2b3c4d5e"],
      entityId: "https://idp.corp.example/saml2/idp/metadata.php",
      time: seconds,
      nameID: nameIdOf(
        "saml",
        "_0d1e2f3a4b5c6d7e8f901a2b3c4d5e6f708192a3b4",
        ` SPNameQualifier="${ENTITY_ID}" Format="${TRANSIENT}"`,
      ),
      statements: statement("saml", [
        typed("saml", "uid", ["student"], { format: "basic" }),
        typed("saml", "eduPersonAffiliation", ["member", "student"], { format: "basic" }),
      ]),
      authn: ` SessionNotOnOrAfter="${seconds(NOW + 28_800_000)}"`,
      sessionIndex: "_c0ffee1234567890",
      contextClass: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
    },
    {
      sign: [
        ["assertion", { prefix: "ds", gap: "\n    " }],
        ["response", { prefix: "ds", gap: "\n    " }],
      ],
      nameID: named("_0d1e2f3a4b5c6d7e8f901a2b3c4d5e6f708192a3b4", TRANSIENT, null, ENTITY_ID),
      attributes: { uid: ["student"], eduPersonAffiliation: ["member", "student"] },
    },
  );
}

function oneLogin(): Shape {
  return shape(
    "OneLogin",
    {
      p: "samlp",
      a: "saml",
      responseNamespaces: ns("saml", NS.saml) + ns("samlp", NS.samlp),
      assertionNamespaces: ns("saml", NS.saml) + ns("xs", XS) + ns("xsi", XSI),
      ids: ["R5f4e3d2c1b0a99887766554433221100ffeeddcc", "A0123456789abcdef0123456789abcdef01234567"],
      entityId: "https://app.onelogin.com/saml/metadata/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
      time: seconds,
      nameID: nameIdOf("saml", MAIL, ` Format="${NAME}:emailAddress"`),
      statements: statement("saml", [
        typed("saml", "User.email", [MAIL], { format: "basic" }),
        typed("saml", "memberOf", [""], { format: "basic" }),
        typed("saml", "User.FirstName", ["Zoë"], { format: "basic" }),
      ]),
      authn: ` SessionNotOnOrAfter="${seconds(NOW + 86_400_000)}"`,
      sessionIndex: "_0a1b2c3d-4e5f-6071-8293",
    },
    {
      sign: [["assertion", { prefix: "ds" }]],
      nameID: named(MAIL, `${NAME}:emailAddress`),
      attributes: { "User.email": [MAIL], memberOf: [""], "User.FirstName": ["Zoë"] },
    },
  );
}

function pingFederate(): Shape {
  return shape(
    "PingFederate",
    {
      p: "samlp",
      a: "saml",
      responseNamespaces: ns("samlp", NS.samlp),
      assertionNamespaces: ns("saml", NS.saml),
      issuerNamespaces: ns("saml", NS.saml),
      ids: ["tqWw7xPz0kR.aB-c_D", "kA1b2C3d4E.5f-6G_7"],
      entityId: "PingFed:corp.example",
      time: millis,
      nameID: nameIdOf("saml", "bsimon", ` Format="${NAME}:unspecified"`),
      statements: statement("saml", [typed("saml", "mail", [MAIL], { format: "basic", declare: true })], ns("xs", XS)),
      sessionIndex: "kA1b2C3d4E.5f-6G_7",
    },
    {
      sign: [["response", { prefix: "ds", gap: "\n", lineWidth: 76, keyInfo: null }]],
      nameID: named("bsimon", `${NAME}:unspecified`),
      attributes: { mail: [MAIL] },
    },
  );
}

function auth0(): Shape {
  return shape(
    "Auth0",
    {
      p: "samlp",
      a: "saml",
      responseNamespaces: ns("samlp", NS.samlp),
      assertionNamespaces: ns("saml", NS.saml),
      issuerNamespaces: ns("saml", NS.saml),
      ids: ["_4e5f60718293a4b5c6d7", "_Jp3vQx8sT1uYwZ2aB4cD5eF6gH7iJ8kL"],
      entityId: "urn:corp.eu.auth0.com",
      time: millis,
      nameID: nameIdOf("saml", "auth0|5f7c8ec7c33c6c004bbafe82", ` Format="${NAME}:unspecified"`),
      statements: statement(
        "saml",
        [
          typed("saml", "http://schemas.auth0.com/email_verified", ["true"], { format: "uri", type: "xs:boolean" }),
          typed("saml", "http://schemas.auth0.com/logins_count", ["17"], { format: "uri", type: "xs:double" }),
          typed(
            "saml",
            "http://schemas.auth0.com/created_at",
            ["Tue Mar 03 2026 10:00:00 GMT+0000 (Coordinated Universal Time)"],
            { format: "uri", type: "xs:anyType" },
          ),
        ],
        ns("xs", XS) + ns("xsi", XSI),
      ),
      order: "authn first",
      sessionIndex: "_2dE3fG4hI5jK6lM7nO8pQ9rS0tU1vW2x",
      contextClass: "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
    },
    {
      sign: [["assertion", { prefix: "" }]],
      nameID: named("auth0|5f7c8ec7c33c6c004bbafe82", `${NAME}:unspecified`),
      attributes: {
        "http://schemas.auth0.com/email_verified": ["true"],
        "http://schemas.auth0.com/logins_count": ["17"],
        "http://schemas.auth0.com/created_at": ["Tue Mar 03 2026 10:00:00 GMT+0000 (Coordinated Universal Time)"],
      },
    },
  );
}

function jumpCloud(): Shape {
  return shape(
    "JumpCloud",
    {
      p: "saml2p",
      a: "saml2",
      responseNamespaces: ns("saml2p", NS.samlp),
      assertionNamespaces: ns("saml2", NS.saml) + ns("xs", XS),
      issuerNamespaces: ns("saml2", NS.saml),
      ids: ["5F9TQ2K4ZC1V", "7GMRB3X8WNYD"].map((id) => `_${id}`) as [string, string],
      entityId: "JumpCloud-corp",
      time: millis,
      nameID: nameIdOf("saml2", MAIL, ` Format="${NAME}:unspecified"`),
      statements: statement("saml2", [typed("saml2", "email", [MAIL], { format: "unspecified", declare: true })]),
      sessionIndex: "0a9b8c7d-6e5f-4a3b-9c2d-1e0f1a2b3c4d",
    },
    {
      sign: [["assertion", { prefix: "ds", prefixList: "xs", c14n: C14N.exclusive }]],
      finish: (x) => `<?xml version="1.0" encoding="UTF-8"?>\n${x}\n`,
      nameID: named(MAIL, `${NAME}:unspecified`),
      attributes: { email: [MAIL] },
    },
  );
}

function duo(): Shape {
  return shape(
    "Duo (pysaml2)",
    {
      p: "ns0",
      a: "ns1",
      responseNamespaces: ns("ns0", NS.samlp) + ns("ns1", NS.saml) + ns("xs", XS) + ns("xsi", XSI),
      assertionNamespaces: "",
      issuerFormat: true,
      ids: ["DUO_8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b", "DUO_1f2e3d4c5b6a79808f9e8d7c6b5a493827160f1e"],
      entityId: "https://sso-0a1b2c3d.sso.duosecurity.com/saml2/idp/DI0A1B2C3D4E5F/metadata",
      time: seconds,
      nameID: nameIdOf("ns1", MAIL, ` Format="${NAME}:emailAddress"`),
      statements: statement("ns1", [typed("ns1", "Email", [MAIL], { format: "unspecified" })]),
      order: "authn first",
      sessionIndex: "DUO_0000111122223333",
    },
    {
      sign: [
        ["assertion", { prefix: "ns2" }],
        ["response", { prefix: "ns2" }],
      ],
      nameID: named(MAIL, `${NAME}:emailAddress`),
      attributes: { Email: [MAIL] },
    },
  );
}

function salesforce(): Shape {
  return shape(
    "Salesforce",
    {
      p: "samlp",
      a: "saml",
      responseNamespaces: ns("samlp", NS.samlp),
      assertionNamespaces: ns("saml", NS.saml),
      issuerNamespaces: ns("saml", NS.saml),
      issuerFormat: true,
      ids: ["_0a1b2c3d4e5f60718293a4b5c6d7e8f91700000000000", "_9f8e7d6c5b4a39281706f5e4d3c2b1a01700000000000"],
      entityId: "https://corp.my.salesforce.com",
      time: millis,
      nameID: nameIdOf("saml", "005D0000001AbCdEFG", ` Format="${NAME}:unspecified"`),
      statements: statement("saml", [
        typed("saml", "username", [MAIL], { format: "unspecified", type: "xs:anyType", declare: true }),
        typed("saml", "is_portal_user", ["false"], { format: "unspecified", type: "xs:anyType", declare: true }),
      ]),
      order: "authn first",
      sessionIndex: null,
      contextClass: "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified",
    },
    {
      sign: [
        ["assertion", { prefix: "ds", prefixList: "ds saml xs xsi", lineWidth: 76 }],
        ["response", { prefix: "ds", prefixList: "ds saml samlp xs xsi", lineWidth: 76 }],
      ],
      finish: (x) => `<?xml version="1.0" encoding="UTF-8"?>${x}`,
      nameID: named("005D0000001AbCdEFG", `${NAME}:unspecified`),
      attributes: { username: [MAIL], is_portal_user: ["false"] },
    },
  );
}

/** An old Java signer: inclusive canonical forms, all namespaces on top, carriage returns written as references in base64. */
function oldJava(): Shape {
  const wide: SignatureStyle = {
    prefix: "ds",
    c14n: C14N.inclusive,
    transform: C14N.exclusive,
    gap: "\n",
    lineWidth: 76,
  };
  return shape(
    "an old Java identity provider",
    {
      p: "samlp",
      a: "saml",
      responseNamespaces:
        ns("samlp", NS.samlp) + ns("saml", NS.saml) + ns("xs", XS) + ns("xsi", XSI) + ns("unused", "urn:unused"),
      assertionNamespaces: "",
      ids: ["s2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b", "s2b3a4f5e6d7c8b9a0f1e2d3c4b5a6978879695a4"],
      entityId: "https://openam.corp.example:8443/openam",
      time: seconds,
      nameID: nameIdOf(
        "saml",
        "vJt2Jr0QzF0tQk1mQm5wWw",
        ` Format="${PERSISTENT}" NameQualifier="https://openam.corp.example:8443/openam"`,
      ),
      statements: statement("saml", [typed("saml", "mail", [MAIL])]),
      sessionIndex: "s2c1d0e9f8",
    },
    {
      sign: [["assertion", wide]],
      finish: (x) =>
        x.replace(
          /(<ds:X509Certificate>)([\s\S]*?)(<)/,
          (_all, open, base64, close) => `${open}\n${base64.replaceAll("\n", "&#13;\n")}\n${close}`,
        ),
      nameID: named("vJt2Jr0QzF0tQk1mQm5wWw", PERSISTENT, "https://openam.corp.example:8443/openam"),
      attributes: { mail: [MAIL] },
    },
  );
}

const pretty = (one: Shape, end: string): Shape => ({
  ...one,
  name: `${one.name}, pretty-printed with ${JSON.stringify(end)}`,
  xml: indented(one.xml, end),
});

export function shapes(): Shape[] {
  const all = [
    adfs(),
    okta(),
    google(),
    keycloak(),
    shibboleth(),
    simpleSamlPhp(),
    oneLogin(),
    pingFederate(),
    auth0(),
    jumpCloud(),
    duo(),
    salesforce(),
    oldJava(),
  ];
  return [...all, ...all.map((one) => pretty(one, "\n")), ...all.map((one) => pretty(one, "\r\n"))];
}
