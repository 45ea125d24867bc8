/**
 * A sign-in that fails because of a wrong setting, the sentence of the sign-in log about it, and the same sign-in after somebody
 * did what the sentence says and nothing else. The test reads field and value from the console's page, as an administrator would.
 */
import { describe, expect, it } from "vitest";
import { SIGNATURE } from "../../src/saml/terms.ts";
import { type Browser, type Company, type Gateway, START, startGateway, type TestIdp } from "../support/gateway.ts";
import { createIdentityProvider, pem } from "../support/identity-provider.ts";
import { selfSignedCertificate } from "../support/messages/der.ts";
import { signBytes } from "../support/messages/keys.ts";
import { CONSOLE, decode, submit } from "./console-stage.ts";
import { answerTest, apply, beginTest, claimsFor, RESULT, saveDraft } from "./drafts-stage.ts";
import {
  B_SIMON,
  companyAt,
  type EntraApplication,
  entraFor,
  FIRST,
  firstAdministrator,
  IDENTIFIER,
  REPLY_URL,
  signInAtEntra,
} from "./from-nothing-stage.ts";
import { signInWith } from "./local-stage.ts";

const DAY_SECONDS = 86_400;

interface Stage {
  readonly gateway: Gateway;
  readonly company: Company;
  readonly ada: Browser;
  readonly entra: EntraApplication;
}

/** Set up by the console as the tutorial says, with whatever is wrong in it. */
async function setUp(slug: string, entered: { certificate?: string; idpEntityId?: string } = {}): Promise<Stage> {
  const gateway = startGateway();
  const idp = await createIdentityProvider();
  const company = companyAt(slug, idp);
  const ada = await firstAdministrator(gateway, slug);
  const group = await submit(ada, company, "/groups/new", { title: "Photographers", ssoOnly: "on" });
  expect(group.status).toBe(303);
  const { body } = await gateway.api("GET", `/companies/${slug}/groups`);
  const photographers = body.items.find(({ title }: { title: string }) => title === "Photographers");
  const saved = await submit(ada, company, "/settings", {
    action: "apply",
    loginUrl: "https://idp.example/saml2",
    logoutUrl: "https://idp.example/saml2",
    certificates: entered.certificate ?? idp.certificatePem,
    idpEntityId: entered.idpEntityId ?? "",
    "jit.enabled": "on",
    "jit.groupId": photographers.id,
  });
  expect(saved.headers.get("location"), await saved.clone().text()).toBe("/sso/admin/settings?done=settings-saved");
  return { gateway, company, ada, entra: entraFor(company, idp) };
}

/** The draft is tried in the administrator's own browser and put in force. */
async function changeSettings(stage: Stage, changes: Record<string, string>): Promise<void> {
  const { gateway, ada, company, entra } = stage;
  await saveDraft(ada, company, changes);
  const answered = await answerTest(gateway, ada, company, await beginTest(ada, company), {
    idp: entra.idp,
    ...claimsFor(FIRST.email),
  });
  expect(answered.headers.get("location")).toBe(RESULT);
  expect(await (await ada.get(company.url + RESULT)).text()).toContain("Test passed");
  expect((await apply(ada, company)).status).toBe(303);
}

/** B.Simon is refused; the administrator finds the attempt by the reference on the visitor's page. */
async function refusedEntry(stage: Stage, code: string): Promise<string> {
  const { gateway, company, ada, entra } = stage;
  const refused = await signInAtEntra(gateway, gateway.browser(), company, entra);
  expect(refused.status).toBe(403);
  const page = await refused.text();
  const [reference = ""] = /\b[0-9A-Z]{4,}(?:-[0-9A-Z]{4,})+\b/.exec(page) ?? [];
  expect(page).not.toContain(code);
  const found = await (await ada.get(`${company.url}${CONSOLE}/sign-ins?reference=${reference}`)).text();
  expect(found).toContain(`<code>${code}</code>`);
  const entry = /href="(\/sso\/admin\/sign-ins\/[^"?]+)"/.exec(found)?.[1] ?? "";
  return decode(await (await ada.get(company.url + entry)).text());
}

async function lets(stage: Stage): Promise<void> {
  const browser = stage.gateway.browser();
  const entered = await signInAtEntra(stage.gateway, browser, stage.company, stage.entra);
  expect([entered.status, entered.headers.get("location")]).toEqual([303, "/assets/17"]);
  const session = await (await browser.get(`${stage.company.url}/sso/session`)).json();
  expect(session).toMatchObject({ user: { email: B_SIMON, group: { title: "Photographers" } } });
}

/** The name of the field on a page whose label is `label`. */
async function fieldCalled({ ada, company }: Stage, path: string, label: string): Promise<string> {
  const html = decode(await (await ada.get(company.url + path)).text());
  const id = new RegExp(`<label for="([^"]+)">${label}</label>`).exec(html)?.[1] ?? "";
  return new RegExp(`id="${id}"[^>]* name="([^"]+)"`).exec(html)?.[1] ?? "";
}

const settingsLink = (entry: string) => /href="([^"]+)">Open the settings</.exec(entry)?.[1] ?? "";

describe("what Entra has wrong is set right by the field and the value that the log names", () => {
  it.for([
    ["Reply URL", "reply-url", REPLY_URL, "https://wrong.example/sso/acs", "destination_mismatch"],
    ["Entity ID", "entity-id", IDENTIFIER, "https://wrong.example/sso/metadata", "audience_mismatch"],
  ] as const)("a wrong %s", async ([, slug, field, wrong, code]) => {
    const stage = await setUp(slug);
    stage.entra.fields[field] = wrong;
    const entry = await refusedEntry(stage, code);
    expect(entry).toContain("What to change: at your provider");
    expect(entry).toContain(`Received <code>${wrong}</code>`);
    const [, named = "", value = ""] =
      /In Entra, Basic SAML Configuration, set “([^”]+)” to (https:[^\s<]+)/.exec(entry) ?? [];
    expect(Object.keys(stage.entra.fields)).toContain(named);
    stage.entra.fields[named] = value;
    await lets(stage);
  });

  it("a Recipient of another address than the Destination's", async () => {
    const stage = await setUp("recipient");
    const html = await refusedEntry(
      { ...stage, entra: { ...stage.entra, idp: withRecipient(stage.entra.idp, "https://wrong.example/sso/acs") } },
      "recipient_mismatch",
    );
    expect(html).toContain(`set “${REPLY_URL}” to ${stage.company.acsUrl}`);
    await lets(stage);
  });
});

function withRecipient(idp: TestIdp, recipient: string): TestIdp {
  return { ...idp, respond: (options) => idp.respond({ ...options, recipient }) };
}

describe("what is wrong here is set right by the field that the log names", () => {
  it("a wrong certificate", async () => {
    const other = await createIdentityProvider({ keyName: "another application" });
    const stage = await setUp("certificate", { certificate: other.certificatePem });
    const entry = await refusedEntry(stage, "signature_invalid");
    expect(entry).toContain("What to change: here");
    expect(entry).toContain(
      "download “Certificate (Base64)” anew in Entra, SAML Certificates, and add it to the settings",
    );
    expect(entry).not.toContain("has expired");
    const field = await fieldCalled(stage, settingsLink(entry), "Add certificates");
    await changeSettings(stage, { [field]: stage.entra.idp.certificatePem });
    await lets(stage);
  });

  it("a wrong Entity ID of the identity provider", async () => {
    const stage = await setUp("issuer", {
      idpEntityId: "https://sts.windows.net/00000000-0000-0000-0000-000000000000/",
    });
    const entry = await refusedEntry(stage, "issuer_mismatch");
    const [, named = "", portal = ""] = /set “([^”]+)” under More to Entra’s “([^”]+)”/.exec(entry) ?? [];
    expect(portal).toBe("Microsoft Entra Identifier");
    const field = await fieldCalled(stage, settingsLink(entry), named);
    await changeSettings(stage, { [field]: stage.entra.idp.entityId });
    await lets(stage);
  });
});

describe("a certificate that expires", () => {
  it("keeps nobody out by itself; when Entra goes over to its next one the log says why, and what to add", async () => {
    const first = await createIdentityProvider({ keyName: "expiring" });
    const certificate = await selfSignedCertificate(
      {
        commonName: "Microsoft Azure Federated SSO Certificate",
        notBefore: START - 1095 * DAY_SECONDS * 1000,
        notAfter: START + 10 * DAY_SECONDS * 1000,
        spki: first.keyPair.spki,
        algorithm: "RSA-SHA256",
      },
      (tbs) => signBytes(first.keyPair, SIGNATURE.rsaSha256, tbs),
    );
    const stage = await setUp("expiring", { certificate: pem(Buffer.from(certificate).toString("base64")) });
    const { gateway, company, ada, entra } = stage;
    const overview = async () => decode(await (await ada.get(`${company.url}${CONSOLE}`)).text());
    entra.idp = first;
    await lets(stage);
    expect(await overview()).toContain("Ends in 10 days");

    gateway.advance(11 * DAY_SECONDS);
    await lets(stage);
    expect((await signInWith(ada, company, FIRST.email, undefined, { returnTo: CONSOLE })).status).toBe(303);
    expect(await overview()).toContain("Sign-ins made with it are still accepted: add the next one now.");

    entra.idp = await createIdentityProvider({ keyName: "next" });
    const entry = await refusedEntry(stage, "signature_invalid");
    expect(entry).toContain("A certificate set here has expired");
    expect(entry).toContain("“Certificate (Base64)”");
    const field = await fieldCalled(stage, settingsLink(entry), "Add certificates");
    await changeSettings(stage, { [field]: entra.idp.certificatePem });
    await lets(stage);

    const { body } = await gateway.api("GET", `/companies/${company.slug}/saml`);
    expect(body.certificates).toHaveLength(2);
    await changeSettings(stage, { remove: body.certificates[0].sha256 });
    expect(await overview()).not.toContain("Certificates that need you");
    await lets(stage);
  });
});
