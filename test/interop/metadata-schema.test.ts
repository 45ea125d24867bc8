/** Our metadata and our messages against the schemas of the standard, as SimpleSAMLphp ships them, by libxml2. */
import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import {
  buildAuthnRequest,
  buildLogoutRequest,
  buildLogoutResponse,
  NAME_ID_FORMAT,
  type SigningKey,
  type SpMetadataParts,
  STATUS_SUCCESS,
  signElement,
  spMetadata,
} from "../../src/saml/index.ts";
import { generateKeyPair, importSigningKey } from "../../src/saml/key-pair.ts";
import { requireDebianPackages, SIMPLESAMLPHP } from "./support-debian.ts";

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0);
const HOST = "https://acme.assets.example";
/** What would break an XML writer that forgets to escape. */
const AWKWARD = `Søhne & "Töchter" <岡本> 'of' ]]> 😀`;

const signing: string[] = [];
const encryption: string[] = [];
let key: SigningKey;

beforeAll(async () => {
  requireDebianPackages();
  for (const use of ["signing", "encryption", "signing", "encryption"] as const) {
    const pair = await generateKeyPair(use, { subject: "acme", now: NOW, years: 10 });
    (use === "signing" ? signing : encryption).push(pair.certificate.base64);
    key ??= await importSigningKey(pair.privateKeyPkcs8, pair.certificate.base64);
  }
});

/** What xmllint has to say against a document; null when it is valid. `--nonet`: the schemas import one another from beside them. */
function faults(schema: "metadata" | "protocol", xml: string): string | null {
  const path = `${SIMPLESAMLPHP}/schemas/saml-schema-${schema}-2.0.xsd`;
  const run = spawnSync("xmllint", ["--nonet", "--noout", "--schema", path, "-"], { input: xml, encoding: "utf8" });
  return run.status === 0 ? null : run.stderr;
}

function parts(more: Partial<SpMetadataParts> = {}): SpMetadataParts {
  return {
    entityId: `${HOST}/sso/metadata`,
    acsUrl: `${HOST}/sso/acs`,
    sloUrl: `${HOST}/sso/slo`,
    nameIdFormat: NAME_ID_FORMAT.emailAddress,
    authnRequestsSigned: false,
    wantAssertionsSigned: true,
    signingCertificates: [],
    encryptionCertificates: [],
    organizationName: "Acme",
    ...more,
  };
}

describe("metadata is valid against saml-schema-metadata-2.0.xsd", () => {
  it("without keys", () => expect(faults("metadata", spMetadata(parts()))).toBeNull());

  it("with a key for signing", () => {
    const xml = spMetadata(parts({ authnRequestsSigned: true, signingCertificates: signing.slice(0, 1) }));
    expect(xml).toContain('use="signing"');
    expect(faults("metadata", xml)).toBeNull();
  });

  it("with a key for encryption", () => {
    const xml = spMetadata(parts({ encryptionCertificates: encryption.slice(0, 1) }));
    expect(xml).toContain("EncryptionMethod");
    expect(faults("metadata", xml)).toBeNull();
  });

  it("with two keys for each while they are rolled over", () => {
    const xml = spMetadata(
      parts({ authnRequestsSigned: true, signingCertificates: signing, encryptionCertificates: encryption }),
    );
    expect(xml.match(/<ds:X509Certificate>/g)).toHaveLength(4);
    expect(faults("metadata", xml)).toBeNull();
  });

  it.each(Object.entries(NAME_ID_FORMAT))("asking for the name identifier format %s", (_, nameIdFormat) => {
    expect(faults("metadata", spMetadata(parts({ nameIdFormat })))).toBeNull();
  });

  it("asking for no name identifier format, of a company without a name", () => {
    const { organizationName: _, ...nameless } = parts({ nameIdFormat: "" });
    expect(faults("metadata", spMetadata(nameless))).toBeNull();
  });

  it("with a company name full of markup", () => {
    expect(faults("metadata", spMetadata(parts({ organizationName: AWKWARD })))).toBeNull();
  });

  it("signed", async () => {
    const xml = await signElement(spMetadata(parts({ signingCertificates: signing })), key);
    expect(xml).toContain("SignatureValue");
    expect(faults("metadata", xml)).toBeNull();
  });

  it("and the check can tell: metadata without its protocol, and metadata with its elements out of order, are refused", () => {
    const whole = spMetadata(parts({ signingCertificates: signing }));
    expect(faults("metadata", whole.replace(/ protocolSupportEnumeration="[^"]*"/, ""))).toContain(
      "protocolSupportEnumeration",
    );
    const [keys = ""] = whole.match(/<md:KeyDescriptor[\s\S]*<\/md:KeyDescriptor>/) ?? [];
    const late = whole.replace(keys, "").replace("</md:SPSSODescriptor>", `${keys}</md:SPSSODescriptor>`);
    expect(faults("metadata", late)).toContain("This element is not expected");
  });
});

describe("messages are valid against saml-schema-protocol-2.0.xsd", () => {
  const request = {
    id: "_Xx-0123456789abcdef",
    issueInstant: NOW,
    destination: "https://idp.example/sso?a=1&b=<2>",
    spEntityId: `${HOST}/sso/metadata`,
    acsUrl: `${HOST}/sso/acs`,
    nameIdFormat: NAME_ID_FORMAT.emailAddress as string,
    forceAuthn: false,
    requestedAuthnContext: [] as string[],
  };
  const logout = { ...request, notOnOrAfter: NOW + 300_000, sessionIndex: AWKWARD };
  const nameID = {
    value: AWKWARD,
    format: NAME_ID_FORMAT.persistent,
    nameQualifier: AWKWARD,
    spNameQualifier: request.spEntityId,
  };

  it("AuthnRequest, bare", () => {
    expect(faults("protocol", buildAuthnRequest({ ...request, nameIdFormat: "" }))).toBeNull();
  });

  it("AuthnRequest, with all it can carry, signed", async () => {
    const xml = buildAuthnRequest({
      ...request,
      forceAuthn: true,
      isPassive: true,
      requestedAuthnContext: [
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        "https://refeds.org/profile/mfa?a=1&b=2",
      ],
    });
    expect(faults("protocol", await signElement(xml, key))).toBeNull();
  });

  it("LogoutRequest, signed and not", async () => {
    const xml = buildLogoutRequest({ ...logout, nameID });
    expect(faults("protocol", xml)).toBeNull();
    expect(faults("protocol", await signElement(xml, key))).toBeNull();
    const bare = { value: "b.simon", format: null, nameQualifier: null, spNameQualifier: null };
    expect(faults("protocol", buildLogoutRequest({ ...logout, sessionIndex: null, nameID: bare }))).toBeNull();
  });

  it("LogoutResponse, signed and not", async () => {
    const xml = buildLogoutResponse({ ...logout, inResponseTo: "_a", statusCode: STATUS_SUCCESS });
    expect(faults("protocol", xml)).toBeNull();
    expect(faults("protocol", await signElement(xml, key))).toBeNull();
  });
});
