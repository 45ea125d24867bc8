/** An answer that another tab, or an earlier one, has made needless: whoever is signed in by then is led home instead of being told off. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  startGateway,
  startSignIn,
  type TestIdp,
} from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";

let gateway: Gateway;
let idp: TestIdp;
let acme: Company;

beforeAll(async () => {
  gateway = startGateway();
  idp = await createIdentityProvider();
  acme = await createCompany(gateway, "acme", idp);
});

const arrive = async (browser: Browser, requestId: string, assertion = {}) =>
  browser.post(acme.acsUrl, { SAMLResponse: await answer(gateway, acme, requestId, assertion) }, { crossSite: true });

/** Where the refusal's page leads by itself; null where it stays. */
async function refreshOf(refused: Response): Promise<string | null> {
  expect(refused.status).toBe(403);
  const url = /http-equiv="refresh" content="0; ?url=([^"]+)"/i.exec(await refused.text())?.[1];
  return url === undefined ? null : new URL(url.replaceAll("&amp;", "&"), acme.url).href;
}

async function expectHome(browser: Browser, refused: Response) {
  const next = await browser.get((await refreshOf(refused)) ?? "");
  expect([next.status, next.headers.get("location")]).toEqual([303, "/"]);
}

describe("whoever is signed in by another tab is led home", () => {
  it("from a tab whose request was forgotten because there were too many", async () => {
    const browser = gateway.browser();
    const tabs = [];
    for (let tab = 0; tab < 8; tab++) tabs.push(await startSignIn(browser, acme));
    const [forgotten] = tabs;
    expect((await arrive(browser, tabs.at(-1)!.requestId)).status).toBe(303);
    await expectHome(browser, await arrive(browser, forgotten!.requestId));
  });

  it("from a tab that stood at the identity provider for too long", async () => {
    const browser = gateway.browser();
    const early = await startSignIn(browser, acme);
    gateway.advance(16 * 60);
    const late = await startSignIn(browser, acme);
    expect((await arrive(browser, late.requestId)).status).toBe(303);
    await expectHome(browser, await arrive(browser, early.requestId));
  });
});

it("who has no session reads that the sign-in is over", async () => {
  const browser = gateway.browser();
  const { requestId } = await startSignIn(browser, acme);
  gateway.advance(16 * 60);
  const stays = await browser.get((await refreshOf(await arrive(browser, requestId))) ?? "");
  expect(stays.status).toBe(403);
  expect(await refreshOf(stays)).toBeNull();
});

it("an answer that nobody asked for is seen to be refused by whoever has a session, too", async () => {
  const browser = gateway.browser();
  const { requestId } = await startSignIn(browser, acme);
  expect((await arrive(browser, requestId)).status).toBe(303);
  const unasked = await answer(gateway, acme, null);
  const refused = await browser.post(acme.acsUrl, { SAMLResponse: unasked }, { crossSite: true });
  expect(await refreshOf(refused)).toBeNull();
});
