/**
 * Honest responses in the shapes that identity providers are known to send: where namespaces are declared, what is signed, which
 * optional parts come along. None of them may be refused, and each must say what its provider said.
 */
import { describe, expect, it } from "vitest";
import { decideResponse } from "../../src/saml/response.ts";
import { C14N, NS, STATUS_SUCCESS } from "../../src/saml/terms.ts";
import { toBase64 } from "../support/identity-provider.ts";
import { CONTENT_CIPHER, encryptXml, KEY_TRANSPORT } from "../support/messages/encrypt.ts";
import { ACS, ENTITY_ID, NOW, REQUEST, type Scene, scene } from "../support/messages/scene.ts";
import type { SignatureStyle } from "../support/messages/sign.ts";

const XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"';
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
const EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
const UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
const BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
const URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
const CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:";
const iso = (offsetSeconds: number, fraction = "") =>
  new Date(NOW + offsetSeconds * 1000).toISOString().replace(".000", fraction);

/** The same sentences in any provider's spelling: prefix of SAML elements, fraction of its times. */
interface Voice {
  readonly issuer: string;
  readonly p: string;
  readonly nameID: string;
  readonly fraction?: string;
  readonly authn: string;
  readonly attributes: string;
}
const subject = (v: Voice) =>
  `<${v.p}Subject>${v.nameID}<${v.p}SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">` +
  `<${v.p}SubjectConfirmationData InResponseTo="${REQUEST}" NotOnOrAfter="${iso(300, v.fraction)}" Recipient="${ACS}"/>` +
  `</${v.p}SubjectConfirmation></${v.p}Subject>`;
const conditions = (v: Voice, more = "") =>
  `<${v.p}Conditions NotBefore="${iso(-5, v.fraction)}" NotOnOrAfter="${iso(3600, v.fraction)}"><${v.p}AudienceRestriction>` +
  `<${v.p}Audience>${ENTITY_ID}</${v.p}Audience></${v.p}AudienceRestriction>${more}</${v.p}Conditions>`;
const context = (p: string, kind: string, more = "") =>
  `<${p}AuthnContext><${p}AuthnContextClassRef>${kind}</${p}AuthnContextClassRef>${more}</${p}AuthnContext>`;

interface Shape {
  readonly issuer: string;
  readonly xml: string;
  /** Signed in this order: the assertion first where both are. */
  readonly sign: readonly (readonly [id: "_a" | "_r", style?: SignatureStyle])[];
  readonly nameID: string;
  readonly attributes: Record<string, string[]>;
}

function adfs(): Shape {
  const issuer = "http://adfs.corp.example/adfs/services/trust";
  const upn = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
  const v: Voice = {
    issuer,
    p: "",
    fraction: ".127",
    nameID: `<NameID Format="${EMAIL}">b.simon@corp.example</NameID>`,
    attributes: `<AttributeStatement><Attribute Name="${upn}"><AttributeValue>CORP\\bsimon</AttributeValue></Attribute></AttributeStatement>`,
    authn: `<AuthnStatement AuthnInstant="${iso(-1, ".049")}" SessionIndex="_a">${context("", "urn:federation:authentication:windows")}</AuthnStatement>`,
  };
  return {
    issuer,
    nameID: "b.simon@corp.example",
    attributes: { [upn]: ["CORP\\bsimon"] },
    sign: [["_a", { prefix: "ds" }]],
    xml:
      `<samlp:Response ID="_r" Version="2.0" IssueInstant="${iso(0, ".158")}" Destination="${ACS}" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" InResponseTo="${REQUEST}" xmlns:samlp="${NS.samlp}">` +
      `<Issuer xmlns="${NS.saml}">${issuer}</Issuer><samlp:Status><samlp:StatusCode Value="${STATUS_SUCCESS}" /></samlp:Status>` +
      `<Assertion ID="_a" IssueInstant="${iso(0, ".158")}" Version="2.0" xmlns="${NS.saml}"><Issuer>${issuer}</Issuer>${subject(v)}${conditions(v)}${v.attributes}${v.authn}</Assertion></samlp:Response>`,
  };
}

function okta(): Shape {
  const issuer = "http://www.okta.com/exk1a2b3c4d5e6f7g8h9";
  const value = (text: string) =>
    `<saml2:AttributeValue ${XS} ${XSI} xsi:type="xs:string">${text}</saml2:AttributeValue>`;
  const v: Voice = {
    issuer,
    p: "saml2:",
    fraction: ".321",
    nameID: `<saml2:NameID Format="${UNSPECIFIED}">b.simon@corp.example</saml2:NameID>`,
    attributes: `<saml2:AttributeStatement xmlns:saml2="${NS.saml}"><saml2:Attribute Name="email" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified">${value("b.simon@corp.example")}</saml2:Attribute><saml2:Attribute Name="groups" NameFormat="${BASIC}">${value("Everyone")}${value("Ops &amp; Co")}</saml2:Attribute></saml2:AttributeStatement>`,
    authn: `<saml2:AuthnStatement AuthnInstant="${iso(-30, ".321")}" SessionIndex="${REQUEST}" xmlns:saml2="${NS.saml}">${context("saml2:", `${CLASS}PasswordProtectedTransport`)}</saml2:AuthnStatement>`,
  };
  const entity = `<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity" xmlns:saml2="${NS.saml}">${issuer}</saml2:Issuer>`;
  const redeclared = (xml: string, name: string) =>
    xml.replace(`<saml2:${name}`, `<saml2:${name} xmlns:saml2="${NS.saml}"`);
  return {
    issuer,
    nameID: "b.simon@corp.example",
    attributes: { email: ["b.simon@corp.example"], groups: ["Everyone", "Ops & Co"] },
    sign: [
      ["_a", { prefix: "ds", prefixList: "xs" }],
      ["_r", { prefix: "ds", prefixList: "xs" }],
    ],
    xml:
      `<?xml version="1.0" encoding="UTF-8"?><saml2p:Response Destination="${ACS}" ID="_r" InResponseTo="${REQUEST}" IssueInstant="${iso(0, ".321")}" Version="2.0" xmlns:saml2p="${NS.samlp}" ${XS}>${entity}` +
      `<saml2p:Status xmlns:saml2p="${NS.samlp}"><saml2p:StatusCode Value="${STATUS_SUCCESS}"/></saml2p:Status>` +
      `<saml2:Assertion ID="_a" IssueInstant="${iso(0, ".321")}" Version="2.0" xmlns:saml2="${NS.saml}" ${XS}>${entity}${redeclared(subject(v), "Subject")}${redeclared(conditions(v), "Conditions")}${v.authn}${v.attributes}</saml2:Assertion></saml2p:Response>`,
  };
}

function google(signed: "_a" | "_r"): Shape {
  const issuer = "https://accounts.google.com/o/saml2?idpid=C01abcdef";
  const v: Voice = {
    issuer,
    p: "saml2:",
    fraction: ".044",
    nameID: `<saml2:NameID Format="${EMAIL}">b.simon@corp.example</saml2:NameID>`,
    attributes: `<saml2:AttributeStatement><saml2:Attribute Name="first_name"><saml2:AttributeValue ${XS} ${XSI} xsi:type="xs:anyType">Britta</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>`,
    authn: `<saml2:AuthnStatement AuthnInstant="${iso(-86_000)}" SessionIndex="_a">${context("saml2:", `${CLASS}unspecified`)}</saml2:AuthnStatement>`,
  };
  return {
    issuer,
    nameID: "b.simon@corp.example",
    attributes: { first_name: ["Britta"] },
    sign: [[signed, { prefix: "ds", lineWidth: 76 }]],
    xml:
      `<?xml version="1.0" encoding="UTF-8" standalone="no"?><saml2p:Response xmlns:saml2p="${NS.samlp}" Destination="${ACS}" ID="_r" InResponseTo="${REQUEST}" IssueInstant="${iso(0, ".044")}" Version="2.0">` +
      `<saml2:Issuer xmlns:saml2="${NS.saml}">${issuer}</saml2:Issuer><saml2p:Status><saml2p:StatusCode Value="${STATUS_SUCCESS}"/></saml2p:Status>` +
      `<saml2:Assertion xmlns:saml2="${NS.saml}" ID="_a" IssueInstant="${iso(0, ".044")}" Version="2.0"><saml2:Issuer>${issuer}</saml2:Issuer>${subject(v)}${conditions(v)}${v.attributes}${v.authn}</saml2:Assertion></saml2p:Response>`,
  };
}

function keycloak(): Shape {
  const issuer = "https://keycloak.corp.example/realms/corp";
  const role = (text: string) =>
    `<saml:Attribute FriendlyName="Role" Name="Role" NameFormat="${BASIC}"><saml:AttributeValue ${XS} ${XSI} xsi:type="xs:string">${text}</saml:AttributeValue></saml:Attribute>`;
  const v: Voice = {
    issuer,
    p: "saml:",
    fraction: ".501",
    nameID: `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">G-5d3f7f2e-5b3c-4a6d-8f5a-0b1c2d3e4f50</saml:NameID>`,
    attributes: `<saml:AttributeStatement>${role("offline_access")}${role("uma_authorization")}${role("manage-account")}</saml:AttributeStatement>`,
    authn: `<saml:AuthnStatement AuthnInstant="${iso(0, ".503")}" SessionIndex="7c4e::b1a2" SessionNotOnOrAfter="${iso(36_000, ".503")}">${context("saml:", `${CLASS}unspecified`)}</saml:AuthnStatement>`,
  };
  const keyInfo = `<dsig:KeyName>FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE</dsig:KeyName><dsig:X509Data><dsig:X509Certificate>MIIC</dsig:X509Certificate></dsig:X509Data>`;
  return {
    issuer,
    nameID: "G-5d3f7f2e-5b3c-4a6d-8f5a-0b1c2d3e4f50",
    attributes: { Role: ["offline_access", "uma_authorization", "manage-account"] },
    sign: [
      ["_a", { prefix: "dsig", keyInfo }],
      ["_r", { prefix: "dsig", keyInfo }],
    ],
    xml:
      `<samlp:Response xmlns:samlp="${NS.samlp}" xmlns:saml="${NS.saml}" Destination="${ACS}" ID="_r" InResponseTo="${REQUEST}" IssueInstant="${iso(0, ".503")}" Version="2.0">` +
      `<saml:Issuer>${issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="${STATUS_SUCCESS}"/></samlp:Status>` +
      `<saml:Assertion xmlns="${NS.saml}" ID="_a" IssueInstant="${iso(0, ".501")}" Version="2.0"><saml:Issuer>${issuer}</saml:Issuer>${subject(v)}${conditions(v, "<saml:OneTimeUse/>")}${v.authn}${v.attributes}</saml:Assertion></samlp:Response>`,
  };
}

function shibboleth(): Shape {
  const issuer = "https://idp.corp.example/idp/shibboleth";
  const targeted = "urn:oid:1.3.6.1.4.1.5923.1.1.1.10";
  const mail = "urn:oid:0.9.2342.19200300.100.1.3";
  const v: Voice = {
    issuer,
    p: "saml2:",
    fraction: ".708",
    nameID: `<saml2:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient" NameQualifier="${issuer}" SPNameQualifier="${ENTITY_ID}">AAdzZWNyZXQxabc+/=</saml2:NameID>`,
    attributes:
      `<saml2:AttributeStatement><saml2:Attribute FriendlyName="eduPersonTargetedID" Name="${targeted}" NameFormat="${URI}"><saml2:AttributeValue><saml2:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="${issuer}" SPNameQualifier="${ENTITY_ID}">opaque</saml2:NameID></saml2:AttributeValue></saml2:Attribute>` +
      `<saml2:Attribute FriendlyName="mail" Name="${mail}" NameFormat="${URI}"><saml2:AttributeValue ${XSI} xsi:type="xsd:string">b.simon@corp.example</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement>`,
    authn: `<saml2:AuthnStatement AuthnInstant="${iso(-20, ".601")}" SessionIndex="_s1"><saml2:SubjectLocality Address="192.0.2.7"/>${context("saml2:", `${CLASS}PasswordProtectedTransport`, "<saml2:AuthenticatingAuthority>https://other.example/idp</saml2:AuthenticatingAuthority>")}</saml2:AuthnStatement>`,
  };
  const located = (xml: string) =>
    xml.replace("<saml2:SubjectConfirmationData", '<saml2:SubjectConfirmationData Address="192.0.2.7"');
  return {
    issuer,
    nameID: "AAdzZWNyZXQxabc+/=",
    attributes: { [targeted]: [], [mail]: ["b.simon@corp.example"] },
    sign: [["_r", { prefix: "ds", prefixList: "xsd", lineWidth: 76, gap: "\n" }]],
    xml:
      `<?xml version="1.0" encoding="UTF-8"?>\n<saml2p:Response xmlns:saml2p="${NS.samlp}" Destination="${ACS}" ID="_r" InResponseTo="${REQUEST}" IssueInstant="${iso(0, ".708")}" Version="2.0" xmlns:xsd="http://www.w3.org/2001/XMLSchema">\n    <saml2:Issuer xmlns:saml2="${NS.saml}">${issuer}</saml2:Issuer>\n    <saml2p:Status>\n        <saml2p:StatusCode Value="${STATUS_SUCCESS}"/>\n    </saml2p:Status>\n    ` +
      `<saml2:Assertion xmlns:saml2="${NS.saml}" ID="_a" IssueInstant="${iso(0, ".708")}" Version="2.0">\n<saml2:Issuer>${issuer}</saml2:Issuer>\n${located(subject(v))}\n${conditions(v)}\n${v.authn}\n${v.attributes}\n</saml2:Assertion>\n</saml2p:Response>\n`,
  };
}

function simpleSamlPhp(): Shape {
  const issuer = "https://idp.corp.example/simplesaml/saml2/idp/metadata.php";
  const v: Voice = {
    issuer,
    p: "saml:",
    nameID: `<saml:NameID SPNameQualifier="${ENTITY_ID}" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7</saml:NameID>`,
    attributes: `<saml:AttributeStatement><saml:Attribute Name="uid" NameFormat="${BASIC}"><saml:AttributeValue xsi:type="xs:string">bsimon</saml:AttributeValue></saml:Attribute><saml:Attribute Name="empty" NameFormat="${BASIC}"><saml:AttributeValue xsi:nil="true"/></saml:Attribute></saml:AttributeStatement>`,
    authn: `<saml:AuthnStatement AuthnInstant="${iso(-90)}" SessionNotOnOrAfter="${iso(28_800)}" SessionIndex="_be9967abd904ddcae3c0eb4189adbe3f71e327cf93">${context("saml:", `${CLASS}Password`)}</saml:AuthnStatement>`,
  };
  return {
    issuer,
    nameID: "_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7",
    attributes: { uid: ["bsimon"], empty: [] },
    sign: [
      ["_a", { prefix: "ds" }],
      ["_r", { prefix: "ds" }],
    ],
    xml:
      `<samlp:Response xmlns:samlp="${NS.samlp}" xmlns:saml="${NS.saml}" ID="_r" Version="2.0" IssueInstant="${iso(0)}" Destination="${ACS}" InResponseTo="${REQUEST}"><saml:Issuer>${issuer}</saml:Issuer>` +
      `<samlp:Status><samlp:StatusCode Value="${STATUS_SUCCESS}"/></samlp:Status>` +
      `<saml:Assertion ${XSI} ${XS} ID="_a" Version="2.0" IssueInstant="${iso(0)}"><saml:Issuer>${issuer}</saml:Issuer>${subject(v)}${conditions(v)}${v.authn}${v.attributes}</saml:Assertion></samlp:Response>`,
  };
}

function oneLogin(): Shape {
  const issuer = "https://app.onelogin.com/saml/metadata/1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d";
  const v: Voice = {
    issuer,
    p: "saml:",
    nameID: `<saml:NameID Format="${EMAIL}">b.simon@corp.example</saml:NameID>`,
    attributes: `<saml:AttributeStatement><saml:Attribute NameFormat="${BASIC}" Name="User.LastName"><saml:AttributeValue ${XSI} xsi:type="xs:string">Sim&#xF6;n</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`,
    authn: `<saml:AuthnStatement AuthnInstant="${iso(-1)}" SessionNotOnOrAfter="${iso(86_400)}" SessionIndex="_0f1e">${context("saml:", `${CLASS}PasswordProtectedTransport`)}</saml:AuthnStatement>`,
  };
  return {
    issuer,
    nameID: "b.simon@corp.example",
    attributes: { "User.LastName": ["Simön"] },
    sign: [
      [
        "_a",
        {
          prefix: "ds",
          digest: "http://www.w3.org/2001/04/xmlenc#sha512",
          algorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        },
      ],
    ],
    xml:
      `<samlp:Response xmlns:saml="${NS.saml}" xmlns:samlp="${NS.samlp}" ID="_r" Version="2.0" IssueInstant="${iso(0)}" Destination="${ACS}" InResponseTo="${REQUEST}"><saml:Issuer>${issuer}</saml:Issuer>` +
      `<samlp:Status><samlp:StatusCode Value="${STATUS_SUCCESS}"/></samlp:Status>` +
      `<saml:Assertion xmlns:saml="${NS.saml}" ${XS} ${XSI} Version="2.0" ID="_a" IssueInstant="${iso(0)}"><saml:Issuer>${issuer}</saml:Issuer>${subject(v)}${conditions(v)}${v.authn}${v.attributes}</saml:Assertion></samlp:Response>`,
  };
}

function pingFederate(): Shape {
  const issuer = "https://sso.corp.example:9031";
  const v: Voice = {
    issuer,
    p: "saml:",
    fraction: ".995",
    nameID: `<saml:NameID Format="${UNSPECIFIED}">bsimon</saml:NameID>`,
    attributes: `<saml:AttributeStatement ${XS} ${XSI}><saml:Attribute Name="memberOf" NameFormat="${BASIC}"><saml:AttributeValue xsi:type="xs:string">CN=Ops,OU=Groups,DC=corp</saml:AttributeValue><saml:AttributeValue xsi:type="xs:string">CN=All,OU=Groups,DC=corp</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`,
    authn: `<saml:AuthnStatement SessionIndex="s.1-2_3" AuthnInstant="${iso(0, ".995")}">${context("saml:", `${CLASS}unspecified`)}</saml:AuthnStatement>`,
  };
  return {
    issuer,
    nameID: "bsimon",
    attributes: { memberOf: ["CN=Ops,OU=Groups,DC=corp", "CN=All,OU=Groups,DC=corp"] },
    sign: [["_a", { prefix: "ds" }]],
    // No Destination: the Response is not signed, and PingFederate can leave it out.
    xml:
      `<samlp:Response Version="2.0" ID="_r" IssueInstant="${iso(0, ".995")}" InResponseTo="${REQUEST}" xmlns:samlp="${NS.samlp}"><saml:Issuer xmlns:saml="${NS.saml}">${issuer}</saml:Issuer>` +
      `<samlp:Status><samlp:StatusCode Value="${STATUS_SUCCESS}"/></samlp:Status>` +
      `<saml:Assertion ID="_a" IssueInstant="${iso(0, ".995")}" Version="2.0" xmlns:saml="${NS.saml}"><saml:Issuer>${issuer}</saml:Issuer>${subject(v)}${conditions(v)}${v.authn}${v.attributes}</saml:Assertion></samlp:Response>`,
  };
}

function auth0(): Shape {
  const issuer = "urn:corp.eu.auth0.com";
  const claim = "http://schemas.auth0.com/identities/default/isSocial";
  const v: Voice = {
    issuer,
    p: "saml:",
    fraction: ".123",
    nameID: `<saml:NameID Format="${UNSPECIFIED}">auth0|5f7c8ec7c33c6c004bbafe82</saml:NameID>`,
    attributes: `<saml:AttributeStatement ${XS} ${XSI}><saml:Attribute Name="${claim}" NameFormat="${URI}"><saml:AttributeValue xsi:type="xs:boolean">false</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`,
    authn: `<saml:AuthnStatement AuthnInstant="${iso(0, ".123")}" SessionIndex="_kGZ">${context("saml:", `${CLASS}unspecified`)}</saml:AuthnStatement>`,
  };
  return {
    issuer,
    nameID: "auth0|5f7c8ec7c33c6c004bbafe82",
    attributes: { [claim]: ["false"] },
    sign: [["_a", {}]],
    xml:
      `<samlp:Response xmlns:samlp="${NS.samlp}" ID="_r" InResponseTo="${REQUEST}" Version="2.0" IssueInstant="${iso(0, ".123")}" Destination="${ACS}"><saml:Issuer xmlns:saml="${NS.saml}">${issuer}</saml:Issuer>` +
      `<samlp:Status><samlp:StatusCode Value="${STATUS_SUCCESS}"/></samlp:Status>` +
      `<saml:Assertion xmlns:saml="${NS.saml}" Version="2.0" ID="_a" IssueInstant="${iso(0, ".123")}"><saml:Issuer>${issuer}</saml:Issuer>${subject(v)}${conditions(v)}${v.authn}${v.attributes}</saml:Assertion></samlp:Response>`,
  };
}

async function signedXml(s: Scene, shape: Shape): Promise<string> {
  let { xml } = shape;
  for (const [id, style] of shape.sign) xml = await s.idp.sign(xml, id, style);
  return xml;
}

async function decide(s: Scene, shape: Shape, xml: string) {
  const decision = await decideResponse(toBase64(xml), { ...s.expectations, idpEntityIds: [shape.issuer] });
  if (!decision.ok) throw new Error(JSON.stringify(decision.refusal));
  return decision.assertion;
}

const SHAPES: Record<string, () => Shape> = {
  "AD FS": adfs,
  Okta: okta,
  "Google Workspace, Response signed": () => google("_r"),
  "Google Workspace, Assertion signed": () => google("_a"),
  Keycloak: keycloak,
  Shibboleth: shibboleth,
  SimpleSAMLphp: simpleSamlPhp,
  OneLogin: oneLogin,
  PingFederate: pingFederate,
  Auth0: auth0,
};

describe("a response in the shape of", () => {
  for (const [name, make] of Object.entries(SHAPES)) {
    it(`${name} is accepted`, async () => {
      const s = await scene();
      const shape = make();
      const assertion = await decide(s, shape, await signedXml(s, shape));
      expect(assertion.nameID.value).toBe(shape.nameID);
      expect(assertion.issuer).toBe(shape.issuer);
      expect(assertion.inResponseTo).toBe(REQUEST);
      expect(Object.fromEntries(assertion.attributes)).toEqual(shape.attributes);
    });

    it(`${name} is accepted whatever is signed, by exclusive and by inclusive canonicalization`, async () => {
      const s = await scene();
      const shape = make();
      for (const c14n of [C14N.exclusive, C14N.inclusive]) {
        for (const ids of [["_a"], ["_r"], ["_a", "_r"]] as const) {
          const sign = ids.map((id) => [id, { c14n }] as const);
          // A signed Response must say where it goes.
          const xml = shape.xml.includes("Destination=")
            ? shape.xml
            : shape.xml.replace(" InResponseTo=", ` Destination="${ACS}" InResponseTo=`);
          const assertion = await decide(s, shape, await signedXml(s, { ...shape, xml, sign }));
          expect(Object.fromEntries(assertion.attributes)).toEqual(shape.attributes);
        }
      }
    });

    it(`${name} is accepted with its assertion encrypted`, async () => {
      const s = await scene();
      const shape = make();
      const signed = await signedXml(s, { ...shape, sign: [["_a", shape.sign[0]?.[1] ?? {}]] });
      const assertion = /<((?:\w+:)?)Assertion [\s\S]*<\/\1Assertion>/.exec(signed)?.[0] ?? "";
      for (const keyTransport of [KEY_TRANSPORT.oaepMgf1p, KEY_TRANSPORT.oaep]) {
        const hidden = await encryptXml(assertion, { to: s.sp, cipher: CONTENT_CIPHER.aes256gcm, keyTransport });
        const read = await decide(
          s,
          shape,
          signed.replace(assertion, () => hidden),
        );
        expect(read.nameID.value).toBe(shape.nameID);
      }
    });
  }
});
