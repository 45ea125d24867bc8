/** What the journeys that begin with nothing start from: a provider as its administrator configures it, and a company whose first administrator opened the set-up link. */
import { expect } from "vitest";
import { type Browser, type Company, type Gateway, signIn, type TestIdp } from "../support/gateway.ts";
import { entraClaims } from "../support/identity-provider.ts";
import { choose } from "./local-stage.ts";

export const FIRST = { email: "ada@first.example", firstName: "Ada", lastName: "First" };
export const B_SIMON = "b.simon@acme.example";

/** An application in Entra, by the names that its portal gives the fields. The test changes them as the administrator would. */
export interface EntraApplication {
  readonly fields: Record<string, string>;
  /** The provider with its active certificate. */
  idp: TestIdp;
}

export const REPLY_URL = "Reply URL (Assertion Consumer Service URL)";
export const IDENTIFIER = "Identifier (Entity ID)";

/** Configured as our own values demand. */
export function entraFor(company: Pick<Company, "acsUrl" | "entityId">, idp: TestIdp): EntraApplication {
  return { idp, fields: { [REPLY_URL]: company.acsUrl, [IDENTIFIER]: company.entityId } };
}

/** B.Simon opens a page of the company and signs in at the provider as it is configured now. */
export function signInAtEntra(gateway: Gateway, browser: Browser, company: Company, entra: EntraApplication) {
  const replyUrl = entra.fields[REPLY_URL] ?? "";
  return signIn(
    gateway,
    browser,
    { ...company, idp: entra.idp },
    {
      spEntityId: entra.fields[IDENTIFIER] ?? "",
      destination: replyUrl,
      recipient: replyUrl,
      nameID: B_SIMON,
      attributes: entraClaims({ email: B_SIMON }),
    },
    "/assets/17",
  );
}

/** A company with nothing in it but the administrator whom the operator's link made. */
export async function firstAdministrator(gateway: Gateway, slug: string): Promise<Browser> {
  const made = await gateway.api("POST", "/companies", { slug, name: slug, originUrl: "https://origin.example" });
  const link = await gateway.api("POST", `/companies/${slug}/setup-links`, FIRST);
  expect([made.status, link.status]).toEqual([201, 201]);
  const browser = gateway.browser();
  const entered = await choose(browser, link.body.url);
  expect(entered.headers.get("location")).toBe("/sso/admin/setup");
  return browser;
}

/** What of a company follows from its name. */
export function companyAt(slug: string, idp: TestIdp): Company {
  const url = `https://${slug}.example.com`;
  return {
    slug,
    url,
    idp,
    acsUrl: `${url}/sso/acs`,
    entityId: `${url}/sso/metadata`,
    staffId: "",
    administratorsId: "",
  };
}
