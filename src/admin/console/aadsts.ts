/** Entra's own error numbers, which people see on Microsoft's page and never reach us, in our words. Data only. */

export interface EntraError {
  readonly code: string;
  readonly means: string;
  readonly change: string;
}

const ERRORS: readonly (readonly [code: string, means: string, change: string])[] = [
  [
    "16000",
    "The browser is signed in to Entra with several accounts, or with none of this tenant.",
    "The person picks the work account, or uses a private window.",
  ],
  [
    "50000",
    "Entra could not issue its answer.",
    "Try again; if it stays, check the signing certificate of the application in Entra.",
  ],
  [
    "50001",
    "Entra knows no application by our Entity ID in this tenant.",
    "Basic SAML Configuration › “Identifier (Entity ID)” must be exactly our Entity ID.",
  ],
  [
    "50011",
    "The Reply URL of our request is not registered for the application.",
    "Basic SAML Configuration › “Reply URL” must contain our Reply URL, letter for letter.",
  ],
  [
    "50013",
    "Entra could not verify a token that it was given.",
    "Start again from the application; check “Verification certificates” if signed requests are on.",
  ],
  [
    "50020",
    "The account is of another tenant and not a guest of this one.",
    "Invite the person as guest, or let them sign in with an account of this tenant; a private window helps.",
  ],
  ["50034", "There is no such account in this tenant.", "Check the user name; the Login URL may be another tenant’s."],
  [
    "50053",
    "The account is locked after too many failed attempts, or its address is blocked.",
    "Wait, or unlock the account in Entra.",
  ],
  ["50055", "The password has expired.", "The person sets a new password."],
  ["50057", "The account is disabled in Entra.", "Users › the person › Account enabled."],
  [
    "50058",
    "A silent sign-in was asked for and nobody is signed in.",
    "Start again from the application, and let the browser accept Microsoft’s cookies.",
  ],
  ["50074", "A second factor is needed.", "The person completes multi-factor authentication."],
  [
    "50076",
    "A second factor is needed by a change of policy or place.",
    "The person completes multi-factor authentication.",
  ],
  ["50079", "The person has to register a second factor first.", "The person registers at mysecurityinfo."],
  [
    "50105",
    "The person is not assigned to the application.",
    "Users and groups › Add user/group; nested groups do not count. Or set “Assignment required?” to No.",
  ],
  ["50107", "Entra knows no such federated domain.", "Check the Login URL, and the domain’s federation."],
  ["50126", "User name or password is wrong.", "The person tries again or resets the password."],
  ["50144", "The Active Directory password has expired.", "The person changes it on premises."],
  [
    "53000",
    "Conditional Access wants a compliant device.",
    "Use a managed device, or change the policy for this application.",
  ],
  [
    "53003",
    "Conditional Access blocks this sign-in.",
    "Sign-in logs › the entry › Conditional Access names the policy.",
  ],
  ["65001", "Nobody consented to the application.", "Permissions › Grant admin consent."],
  ["70001", "The application is not in this tenant.", "Check the Login URL’s tenant and “Identifier (Entity ID)”."],
  [
    "75001",
    "Entra could not read the binding of our request.",
    "Try the other “Binding for requests” in our settings.",
  ],
  [
    "75003",
    "Entra does not answer by the binding that was asked for.",
    "The Reply URL takes POST only: import our metadata anew.",
  ],
  [
    "75005",
    "Our request was not one that Entra takes.",
    "Check “Name ID Format” in our settings, and that the Login URL ends in /saml2.",
  ],
  [
    "75008",
    "Our request arrived with something Entra did not expect.",
    "Open the application’s own address, not Entra’s.",
  ],
  [
    "75011",
    "The person signed in by another method than our request asked for.",
    "Empty “Requested authentication context” under More in our settings.",
  ],
  [
    "75016",
    "Entra takes no such Name ID format.",
    "Choose emailAddress or persistent as “Name ID Format” in our settings.",
  ],
  [
    "76021",
    "Entra demands signed requests, and this one was not.",
    "Turn on “Sign our requests” and upload our certificate, or remove “Require verification certificates” in Entra.",
  ],
  ["76026", "Our request was too old when it arrived.", "Start again; a bookmarked Microsoft page cannot be used."],
  ["81010", "Seamless sign-on failed.", "The person signs in with the password; check the Kerberos key on premises."],
  [
    "90072",
    "The account is of another identity provider and not in this tenant.",
    "Add the person as guest first, or sign out of Microsoft and use the right account.",
  ],
  ["130501", "A rule of the tenant blocks this account.", "Entra’s sign-in log names the rule."],
  ["500113", "No Reply URL is registered for the application.", "Basic SAML Configuration › add our Reply URL."],
  [
    "500011",
    "The tenant has no application by this name.",
    "Check “Identifier (Entity ID)”, and the tenant in the Login URL.",
  ],
  ["530003", "Conditional Access wants a device that Entra knows.", "Join or register the device."],
  [
    "650056",
    "The application is misconfigured: usually the Entity ID of the request is another one’s.",
    "“Identifier (Entity ID)” must be exactly our Entity ID; then grant admin consent once.",
  ],
  [
    "700016",
    "Entra finds no application by our Entity ID in the tenant that was asked.",
    "“Identifier (Entity ID)” must be exactly our Entity ID, and the Login URL must be of the tenant that has the application.",
  ],
  ["700054", "The application may not issue this kind of answer.", "Choose SAML as its single sign-on method."],
  [
    "750054",
    "The address was opened without a SAML request in it.",
    "Set “Sign on URL” to ours, and start from there; don’t bookmark the Login URL.",
  ],
  ["7500514", "Entra could not tell the kind of SAML message.", "Use the Login URL as Entra shows it."],
  ["7500525", "Our request’s XML was not taken.", "Report it to the operator with Entra’s Trace ID."],
  ["7500529", "Our request’s ID was not taken.", "Report it to the operator with Entra’s Trace ID."],
];

const BY_CODE = new Map(ERRORS.map(([code, means, change]) => [code, { code, means, change }]));

/** Numbers that stand in a text: "AADSTS50011: …", or the bare number as typed. */
export function entraCodesIn(text: string): string[] {
  const named = [...text.matchAll(/AADSTS\s?(\d{4,8})/gi)].map((match) => match[1] ?? "");
  const bare = /^\s*(\d{4,8})\s*$/.exec(text)?.[1];
  return [...new Set(bare === undefined ? named : [bare])];
}

export function entraErrorsIn(text: string): EntraError[] {
  return entraCodesIn(text).flatMap((code) => BY_CODE.get(code) ?? []);
}
