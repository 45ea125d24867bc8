/**
 * Responses as identity providers other than Entra write them: where they declare namespaces, what they sign and how, what
 * stands in KeyInfo, how they type and repeat attributes. Shapes only; every word is made up.
 */
import { NS } from "../../../src/saml/terms.ts";
import {
  indented,
  MAIL,
  millis,
  NAME,
  named,
  nameIdOf,
  ns,
  PERSISTENT,
  type Shape,
  seconds,
  shape,
  statement,
  TRANSIENT,
  typed,
  XS,
  XSI,
} from "./provider-shape.ts";
import { google, jumpCloud, okta, oldJava, salesforce, shibboleth } from "./providers-opensaml.ts";
import { ENTITY_ID, NOW } from "./scene.ts";

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
