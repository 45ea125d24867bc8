/** Whoever makes a browser start many sign-ins must not make its cookies too large to be sent. */
import { beforeAll, describe, expect, it } from "vitest";
import { PENDING_REQUESTS_MAX, REQUEST_COOKIE_PREFIX } from "../../src/signin/request.ts";
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

const LONG = `/report?q=${"x".repeat(1_900)}`;
const STARTS = 50;
/** Cloudflare and workerd take 128 KB of headers; a browser keeps 180 cookies a host. */
const HEADER_BYTES_MAX = 100_000;
const COOKIES_A_HOST = 180;
let idp: TestIdp;
let acme: Company;
let gateway: Gateway;

beforeAll(async () => {
  idp = await createIdentityProvider();
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", idp);
});

const jarOf = (browser: Browser) => [...(browser.cookies.get(new URL(acme.url).host) ?? new Map())];
const headerBytes = (browser: Browser) =>
  jarOf(browser).reduce((sum, [name, { value }]) => sum + name.length + value.length + 3, 0);
const pendingOf = (browser: Browser) => jarOf(browser).filter(([name]) => name.startsWith(REQUEST_COOKIE_PREFIX));

async function finish(browser: Browser, requestId: string): Promise<string | null> {
  const SAMLResponse = await answer(gateway, acme, requestId);
  const back = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
  expect(back.status).toBe(303);
  return back.headers.get("location");
}

describe("fifty sign-ins started in one browser", () => {
  it("one after the other, leave a few cookies; the last one arrives where it was going", async () => {
    const browser = gateway.browser();
    let requestId = "";
    for (let n = 0; n < STARTS; n++) {
      ({ requestId } = await startSignIn(browser, acme, `${LONG}${n}`));
      gateway.advance(1);
    }
    expect(pendingOf(browser)).toHaveLength(PENDING_REQUESTS_MAX);
    expect(headerBytes(browser)).toBeLessThan(16_000);
    expect(await finish(browser, requestId)).toBe(`${LONG}${STARTS - 1}`);
  });

  it("at the same moment, stay small enough to be sent, and each of them can be finished", async () => {
    const browser = gateway.browser();
    const started = await Promise.all(
      Array.from({ length: STARTS }, (_, n) => startSignIn(browser, acme, `${LONG}${n}`)),
    );
    const pending = pendingOf(browser);
    expect(pending).toHaveLength(STARTS);
    const largest = Math.max(...pending.map(([name, { value }]) => name.length + value.length + 3));
    expect(largest * COOKIES_A_HOST).toBeLessThan(HEADER_BYTES_MAX);
    expect(headerBytes(browser)).toBeLessThan(HEADER_BYTES_MAX / 2);

    expect(["/report", `${LONG}0`]).toContain(await finish(browser, started[0]?.requestId ?? ""));
    // The sign-in has put the others away, too, but the latest.
    expect(pendingOf(browser).length).toBeLessThanOrEqual(PENDING_REQUESTS_MAX);
    const origin = await browser.get(`${acme.url}/x`);
    const { headers } = (await origin.json()) as { headers: [string, string][] };
    expect(headers.filter(([name]) => name === "cookie")).toEqual([]);
  });

  it("of a short path keep it whole, all at once", async () => {
    const browser = gateway.browser();
    const started = await Promise.all(Array.from({ length: 5 }, (_, n) => startSignIn(browser, acme, `/a/${n}?b=c`)));
    for (const [n, { requestId }] of started.entries()) expect(await finish(browser, requestId)).toBe(`/a/${n}?b=c`);
  });

  it("by pictures of another site, set no cookie at all", async () => {
    const browser = gateway.browser();
    for (const mode of ["no-cors", "cors"]) {
      const headers = { "sec-fetch-mode": mode, "sec-fetch-dest": "image", "sec-fetch-site": "cross-site" };
      const response = await browser.get(`${acme.url}/sso/login`, headers);
      expect([response.status, response.headers.getSetCookie()]).toEqual([200, []]);
    }
  });
});
