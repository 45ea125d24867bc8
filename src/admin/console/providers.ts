/** The names that identity providers give to our values and to theirs, as their own consoles spell them. Data only. */

export interface OurValues {
  readonly entityId: string;
  readonly acsUrl: string;
  readonly signOnUrl: string;
  readonly sloUrl: string;
}

type Ours = keyof OurValues | "nameIdFormat" | "metadata";

export interface Provider {
  readonly key: string;
  readonly name: string;
  /** Where in the provider's console this is. */
  readonly place: string;
  /** Their field, our value; `value` for what is a constant or stays empty. */
  readonly give: readonly { readonly field: string; readonly ours?: Ours; readonly value?: string }[];
  /** Their field, our field. */
  readonly take: readonly (readonly [string, string])[];
  readonly remarks: readonly string[];
}

const EMAIL_ADDRESS = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

const CERTIFICATE = "X.509 certificates";
const IDP_ENTITY_ID = "More › Identity provider’s Entity ID";

export const PROVIDERS: readonly Provider[] = [
  {
    key: "entra",
    name: "Microsoft Entra ID",
    place: "Enterprise applications › your application › Single sign-on › SAML › Basic SAML Configuration",
    give: [
      { field: "Identifier (Entity ID)", ours: "entityId" },
      { field: "Reply URL (Assertion Consumer Service URL)", ours: "acsUrl" },
      { field: "Sign on URL", ours: "signOnUrl" },
      { field: "Relay State (Optional)", value: "leave empty" },
      { field: "Logout Url (Optional)", ours: "sloUrl" },
    ],
    take: [
      ["SAML Certificates › Certificate (Base64) › Download", CERTIFICATE],
      ["Set up › Login URL", "Login URL"],
      ["Set up › Microsoft Entra Identifier", IDP_ENTITY_ID],
      ["Set up › Logout URL", "Logout URL"],
      ["SAML Certificates › App Federation Metadata Url", "Import metadata › URL (instead of all the above)"],
    ],
    remarks: [
      "“Upload metadata file” in Entra takes our metadata and fills all of this in at once.",
      "Assign people or groups under Users and groups, or nobody may sign in (AADSTS50105).",
      "Entra’s Test button and the My Apps tile open the Sign on URL: they work as soon as that does.",
    ],
  },
  {
    key: "okta",
    name: "Okta",
    place: "Applications › Create App Integration › SAML 2.0 › Configure SAML",
    give: [
      { field: "Single sign-on URL", ours: "acsUrl" },
      { field: "Use this for Recipient URL and Destination URL", value: "ticked" },
      { field: "Audience URI (SP Entity ID)", ours: "entityId" },
      { field: "Default RelayState", value: "leave empty" },
      { field: "Name ID format", value: "EmailAddress" },
      { field: "Attribute Statements", value: "email, firstName, lastName" },
    ],
    take: [
      ["Sign On › Sign on URL", "Login URL"],
      ["Sign On › Sign out URL", "Logout URL"],
      ["Sign On › Issuer", IDP_ENTITY_ID],
      ["Sign On › Signing Certificate › Download", CERTIFICATE],
      ["Sign On › Metadata URL", "Import metadata › URL (instead of all the above)"],
    ],
    remarks: [
      "A tile on the Okta dashboard starts at Okta itself: allow IdP-initiated sign-in under More if people use it.",
    ],
  },
  {
    key: "google",
    name: "Google Workspace",
    place: "Apps › Web and mobile apps › Add app › Add custom SAML app › Service provider details",
    give: [
      { field: "ACS URL", ours: "acsUrl" },
      { field: "Entity ID", ours: "entityId" },
      { field: "Start URL", value: "leave empty" },
      { field: "Signed response", value: "not ticked is fine; ticked is too" },
      { field: "Name ID format", value: "EMAIL" },
      { field: "Name ID", value: "Basic Information > Primary email" },
      { field: "Attributes", value: "First name → firstName, Last name → lastName, Primary email → email" },
    ],
    take: [
      ["SSO URL", "Login URL"],
      ["Entity ID", IDP_ENTITY_ID],
      ["Certificate › Download", CERTIFICATE],
      ["Download metadata", "Import metadata › File (instead of all the above)"],
    ],
    remarks: [
      "Google has no logout address: leave Logout URL empty.",
      "Turn the app ON for the people who may use it; Google needs some minutes to do so.",
    ],
  },
  {
    key: "adfs",
    name: "AD FS",
    place: "AD FS Management › Relying Party Trusts › Add Relying Party Trust › claims aware",
    give: [
      { field: "Import data about the relying party published online", ours: "metadata" },
      { field: "Relying party SAML 2.0 SSO service URL", ours: "acsUrl" },
      { field: "Relying party trust identifier", ours: "entityId" },
      { field: "Endpoints › SAML Logout", ours: "sloUrl" },
      { field: "Claim rule: outgoing Name ID format", value: "Email" },
    ],
    take: [
      ["https://<your AD FS>/adfs/ls/", "Login URL"],
      ["https://<your AD FS>/adfs/ls/?wa=wsignout1.0", "Logout URL"],
      ["Service › Certificates › Token-signing › Copy to File, Base-64", CERTIFICATE],
      ["Federation Service identifier", IDP_ENTITY_ID],
      [
        "/FederationMetadata/2007-06/FederationMetadata.xml",
        "Import metadata › File or URL (instead of all the above)",
      ],
    ],
    remarks: [
      "Send LDAP attributes as claims: E-Mail-Addresses, Given-Name, Surname; then transform the e-mail address to Name ID.",
    ],
  },
  {
    key: "keycloak",
    name: "Keycloak",
    place: "Clients › Create client › Client type: SAML",
    give: [
      { field: "Client ID", ours: "entityId" },
      { field: "Home URL", ours: "signOnUrl" },
      { field: "Valid redirect URIs", ours: "acsUrl" },
      { field: "Master SAML Processing URL", ours: "acsUrl" },
      { field: "Name ID format", value: "email" },
      { field: "Force POST binding", value: "on" },
      { field: "Sign assertions", value: "on" },
      { field: "Client signature required", value: "off, unless “Sign our requests” is on here" },
      { field: "Logout Service POST Binding URL", ours: "sloUrl" },
    ],
    take: [
      ["Realm settings › SAML 2.0 Identity Provider Metadata", "Import metadata › URL or File"],
      ["Realm settings › Keys › RS256 › Certificate", CERTIFICATE],
    ],
    remarks: ["Add mappers for the user’s properties email, firstName and lastName under the same attribute names."],
  },
  {
    key: "other",
    name: "Another provider",
    place: "Wherever it keeps its service providers (relying parties, SAML applications)",
    give: [
      { field: "Entity ID, Audience, SP Issuer", ours: "entityId" },
      { field: "ACS URL, Recipient, Destination, Reply URL (HTTP-POST)", ours: "acsUrl" },
      { field: "Sign-on URL, Start URL", ours: "signOnUrl" },
      { field: "Single Logout URL (HTTP-Redirect and HTTP-POST)", ours: "sloUrl" },
      { field: "NameID format", ours: "nameIdFormat" },
    ],
    take: [
      ["Single sign-on service URL", "Login URL"],
      ["Single logout service URL", "Logout URL"],
      ["Issuer, Entity ID", IDP_ENTITY_ID],
      ["Signing certificate", CERTIFICATE],
    ],
    remarks: ["The assertion or the whole response has to be signed, with RSA-SHA256 or better."],
  },
];

export function ourValue(ours: Ours, values: OurValues): string {
  if (ours === "nameIdFormat") return EMAIL_ADDRESS;
  return ours === "metadata" ? values.entityId : values[ours];
}
