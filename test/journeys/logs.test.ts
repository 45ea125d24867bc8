/** What a log never holds: everything that people and secrets brought along a whole journey, the failures included. */
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import { runJobs } from "../../src/cron.ts";
import { log } from "../../src/log.ts";
import { faultyD1 } from "../support/faulty-d1.ts";
import { answer, createCompany, signIn, startGateway, startSignIn } from "../support/gateway.ts";
import { createIdentityProvider, entraClaims } from "../support/identity-provider.ts";
import { choose, invite, makeCompany, makeUser, signInWith } from "./local-stage.ts";

const FIELDS = ["event", "company", "code", "reference", "method", "path", "status", "durationMs", "result", "error"];
const PASSWORD = "canary password of a person";

afterEach(() => vi.restoreAllMocks());

/** Every line that reaches the console, by whatever way. */
function captured(): string[] {
  const lines: string[] = [];
  for (const way of ["log", "error", "warn", "info", "debug", "trace"] as const) {
    vi.spyOn(console, way).mockImplementation((...said: unknown[]) => void lines.push(said.map(String).join(" ")));
  }
  return lines;
}

it("holds no secret, cookie, token, password, e-mail address, path of the origin or piece of a message, whatever fails", async () => {
  const lines = captured();
  const database = faultyD1(env.DB);
  const gateway = startGateway({ DB: database.d1 });
  const idp = await createIdentityProvider();
  const acme = await createCompany(gateway, "acme", idp);
  const canaries = new Set([env.OPERATOR_TOKEN, env.GATEWAY_SECRET, PASSWORD, "canary"]);
  const person = { email: "canary.person@acme.example", givenName: "Canaryfirst", surname: "Canarylast" };
  const canary = { nameID: "canary.person@acme.example", attributes: entraClaims(person) };

  // In, with everything that a person brings.
  const browser = gateway.browser();
  const { requestId, relayState } = await startSignIn(browser, acme, "/assets/canary-path?token=canary-query");
  const SAMLResponse = await answer(gateway, acme, requestId, canary);
  canaries.add(SAMLResponse.slice(400, 440)).add(relayState).add(requestId);
  const form = { SAMLResponse, RelayState: relayState };
  expect((await browser.post(acme.acsUrl, form, { crossSite: true })).status).toBe(303);
  const cookie = browser.cookie(acme.url, "__Host-vestibule-session") ?? "";
  canaries.add(cookie.slice(20, 60));

  // Refused: used twice, forged, unreadable, of a browser that did not ask, and not XML at all.
  await browser.post(acme.acsUrl, form, { crossSite: true });
  const forged = Buffer.from(Buffer.from(SAMLResponse, "base64").toString().replace("Canaryfirst", "Canaryforged"));
  for (const text of [forged.toString("base64"), "canary not base64 <&>", Buffer.from("<canary").toString("base64")]) {
    expect((await browser.post(acme.acsUrl, { SAMLResponse: text }, { crossSite: true })).status).toBeGreaterThan(399);
  }
  await signIn(gateway, gateway.browser(), acme, {
    ...canary,
    attributes: entraClaims({ ...person, email: "canary not an address" }),
  });

  // Passwords, links and tokens.
  const local = await makeCompany(gateway, "beta");
  const userId = await makeUser(gateway, local, "canary.local@beta.example");
  const link = await invite(gateway, local, userId);
  canaries.add(new URL(link.url).searchParams.get("token") ?? "no token in the link");
  await choose(gateway.browser(), link.url, PASSWORD);
  await choose(gateway.browser(), link.url, PASSWORD);
  await signInWith(gateway.browser(), local, "canary.local@beta.example", PASSWORD);
  await signInWith(gateway.browser(), local, "canary.local@beta.example", "canary wrong password");
  const { secret } = (await gateway.api("POST", "/companies/acme/tokens", { name: "canary token" })).body;
  canaries.add(secret);
  await gateway.api("GET", "/companies/acme/users?email=canary@x.example", undefined, {
    authorization: `Bearer ${secret}`,
  });
  await gateway.api("POST", "/companies/acme/users", "{canary: not JSON");

  // The origin, D1 and the gateway itself fail, each while somebody asks with all of that in hand.
  const page = `${acme.url}/assets/canary-path?token=canary-query`;
  const headers = { "x-canary": "canary-header" };
  const origin = vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError(`Invalid URL: "${page}"`));
  expect((await browser.get(page, headers)).status).toBe(502);
  origin.mockRestore();
  for (const fault of ["down", "read-only"] as const) {
    database.fault = fault;
    gateway.advance(400);
    await browser.get(page, headers);
    await browser.post(acme.acsUrl, form, { crossSite: true });
    await signInWith(gateway.browser(), local, "canary.local@beta.example", PASSWORD);
    await gateway.api("POST", "/companies/acme/users", { email: "canary@acme.example", groupId: acme.staffId });
    await runJobs(gateway.services);
    database.fault = "none";
  }
  const stranger = startGateway({ GATEWAY_SECRET: Buffer.alloc(32, 1).toString("base64url") });
  await signIn(stranger, browser.at(stranger), acme, canary);
  expect((await browser.at(stranger).get(page, headers)).status).not.toBe(200);
  await browser.get(`${acme.url}/sso/logout`);
  await runJobs(gateway.services);

  const events = new Set<string>();
  for (const line of lines) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    events.add(String(entry.event));
    expect(FIELDS).toEqual(expect.arrayContaining(Object.keys(entry)));
    for (const text of canaries) expect(line.toLowerCase()).not.toContain(text.toLowerCase());
    expect(line).not.toMatch(/@|<\w|saml2?:|[?&]\w+=/);
  }
  expect([...events].sort()).toEqual(["bug", "cron", "refusal", "sign_in", "storage_unavailable"]);
  expect(lines.length).toBeGreaterThan(20);
});

it("holds no path but our own, and nothing that an error quotes", () => {
  const lines = captured();
  log("bug", { path: "/assets/17", error: `SyntaxError: Unexpected token 'c', "canary" is not valid JSON` });
  log("bug", { path: "/sso/acs", error: "TypeError: Invalid URL https://canary.example/?a=b" });
  log("bug", { path: "/ssology", error: 'Error: unterminated "canary' });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { path: "/…", error: "SyntaxError: Unexpected token 'c', … is not valid JSON" },
    { path: "/sso/acs", error: "TypeError: Invalid URL …" },
    { path: "/…", error: "Error: unterminated …" },
  ]);
});

it("names the company, the code and the reference that the visitor read, and how long was waited", async () => {
  const lines = captured();
  const gateway = startGateway();
  const acme = await createCompany(gateway, "gamma", await createIdentityProvider());
  const refused = await gateway.browser().post(acme.acsUrl, { RelayState: "x" }, { crossSite: true });
  const [reference] = /[2-9A-HJ-NP-Z]{5}-[2-9A-HJ-NP-Z]{5}/.exec(await refused.text()) ?? [];
  expect(lines.map((line) => JSON.parse(line))).toContainEqual({
    event: "refusal",
    company: "gamma",
    code: "message_missing",
    reference,
  });
  const browser = gateway.browser();
  await signIn(gateway, browser, acme);
  vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("Network connection lost."));
  await browser.get(`${acme.url}/a`);
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ company: "gamma", code: "origin_down", durationMs: expect.any(Number) }),
  );
});
