/** Responses of the providers built on OpenSAML and its relatives in Java: saml2p and saml2, a typed value with its own declarations. */
import { C14N, DIGEST, NS, SIGNATURE } from "../../../src/saml/terms.ts";
import {
  DECLARATION,
  FORMAT,
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
import { ENTITY_ID } from "./scene.ts";
import type { SignatureStyle } from "./sign.ts";

export function okta(): Shape {
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

export function google(): Shape {
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

export function shibboleth(): Shape {
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

export function jumpCloud(): Shape {
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

export function salesforce(): Shape {
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
export function oldJava(): Shape {
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
