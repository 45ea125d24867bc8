/**
 * Hostile text in every field of every form, in every field that REST takes, and in whatever visitors and providers send; then every
 * page of both consoles, reached by its links. It must be found there again, as text.
 */
import { beforeAll, expect, it } from "vitest";
import { consoleRoutes, operatorRoutes } from "../../src/admin/index.ts";
import { SIGNATURE } from "../../src/saml/terms.ts";
import { type Browser, type Company, createCompany, type Gateway, signIn, startGateway } from "../support/gateway.ts";
import { CLAIM, createIdentityProvider, entraClaims, pem, toBase64 } from "../support/identity-provider.ts";
import { selfSignedCertificate } from "../support/messages/der.ts";
import { signBytes } from "../support/messages/keys.ts";
import { CONSOLE, decode, formOn, personIn } from "./console-stage.ts";
import { answerTest, beginTest, claimsFor, RESULT } from "./drafts-stage.ts";
import { invite, type LocalCompany, signInWith, withPassword } from "./local-stage.ts";
import { OPERATOR, operatorIn } from "./operator-stage.ts";
import { addKey, makeKey } from "./passkey-stage.ts";

const MARKUP = `"><img src=x onerror=alert(1)>`;
/** The same without white space, for what must be one word. */
const WORD = `"><img/src=x/onerror=alert(1)>`;
const OVERRIDE = "\u202E";
const EMAIL = "ada@acme.example";

let gateway: Gateway;
let acme: Company;
let local: LocalCompany;
let ada: Browser;
/** Address of each page that was looked at, and whether the text was on it. */
const looked = new Map<string, boolean>();

/** Our own elements have no handlers and lead nowhere but to paths, https and nothing; what turns the direction of text stands isolated. */
function expectOnlyText(html: string, where: string): void {
  for (const [tag] of html.matchAll(/<[a-z][^>]*>/gi)) {
    const bare = tag.replace(/"[^"]*"/g, '""');
    expect(bare, where).not.toMatch(/^<(?:img(?! class="")|svg\/|iframe|object|embed|base)/i);
    expect(bare, where).not.toMatch(/[\s/]on\w+\s*=/i);
    const target = /\s(?:href|action|src)="([^"]*)"/i.exec(tag)?.[1] ?? "/";
    expect(decode(target), where).toMatch(/^(?:$|[/?#]|https:\/\/|data:image\/svg\+xml,%3Csvg xmlns='http)/);
  }
  expect(html, where).not.toContain("<img src=x");
  expect(html.match(/<script/g)?.length ?? 0, where).toBeLessThanOrEqual(1);
  for (let index = html.indexOf(OVERRIDE); index >= 0; index = html.indexOf(OVERRIDE, index + 1)) {
    const [open = ""] = /<[a-z][^>]*>?[^<]*$/i.exec(html.slice(0, index)) ?? [];
    expect(open, where).toMatch(/^<(?:bdi|code|pre|textarea|input|option)\b/);
  }
}

async function look(browser: Browser, url: string): Promise<string> {
  const response = await browser.get(url);
  if (!(response.headers.get("content-type") ?? "").includes("text/html")) return "";
  const html = await response.text();
  const { pathname } = new URL(url);
  expectOnlyText(html, url);
  looked.set(pathname, looked.get(pathname) === true || [MARKUP, WORD].some((text) => decode(html).includes(text)));
  return html;
}

const COSTLY = /\/(?:delete|disable|sign-out|end|revoke|retire|activate|discard|restore|test|cache|status)$/;

/** Sends each form of the page with hostile text in every field that a person can type into. */
async function fillForms(browser: Browser, html: string, origin: string, sent: Set<string>): Promise<void> {
  for (const [, tag = "", body = ""] of html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const action = decode(/ action="([^"]*)"/.exec(tag)?.[1] ?? "");
    if (!tag.includes('method="post"') || !action.startsWith("/") || COSTLY.test(action) || sent.has(action)) continue;
    if (!/<textarea|<input[^>]*type="(?:text|email|url|search|date|color|number)"/.test(body)) continue;
    sent.add(action);
    const typed = [...body.matchAll(/<(?:textarea|input|select)[^>]*>/g)].filter(
      ([field]) => !/type="(?:hidden|checkbox|file|submit|radio)"/.test(field),
    );
    const names = typed.map(([field]) => decode(/ name="([^"]*)"/.exec(field)?.[1] ?? ""));
    for (const text of [MARKUP, WORD, `${OVERRIDE}gnp.exe`]) {
      const fresh = { ...formOn(html, action), ...Object.fromEntries(names.map((name) => [name, text])) };
      const answered = await browser.post(origin + action, fresh);
      expect(answered.status, action).toBeLessThan(500);
      expectOnlyText(await answered.text(), `POST ${action}`);
    }
  }
}

/** Every page that links lead to, and the forms on them. */
async function crawl(browser: Browser, origin: string, from: readonly string[], within: RegExp): Promise<void> {
  const waiting = [...from];
  const seen = new Set(waiting);
  const sent = new Set<string>();
  for (let path = waiting.shift(); path !== undefined && seen.size < 400; path = waiting.shift()) {
    const html = await look(browser, origin + path);
    await fillForms(browser, html, origin, sent);
    for (const [, href = ""] of html.matchAll(/ href="([^"]*)"/g)) {
      const url = new URL(decode(href), origin + path);
      const next = url.pathname + url.search;
      if (url.origin !== origin || !within.test(url.pathname) || seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
}

/** The pages of the table that nothing looked at. */
function unseen(routes: readonly { method: string; path: string }[], root: string): string[] {
  const pages = routes.filter(({ method, path }) => method === "GET" && !path.includes("*"));
  return pages
    .map(({ path }) => path)
    .filter((path) => {
      const shape = new RegExp(`^${(root + path).replace(/\/$/, "").replace(/:\w+/g, "[^/]+")}/?$`);
      return ![...looked.keys()].some((one) => shape.test(one));
    });
}

const api = async (method: string, path: string, body?: unknown, statuses = [200, 201]) => {
  const answered = await gateway.api(method, `/companies/acme${path}`, body);
  expect(statuses, `${method} ${path}: ${JSON.stringify(answered.body)}`).toContain(answered.status);
  return answered.body;
};

async function hostileCertificate(): Promise<string> {
  const { keyPair } = await createIdentityProvider({ keyName: "hostile" });
  const notAfter = gateway.now() + 86_400_000;
  const fields = { commonName: MARKUP, notBefore: 0, notAfter, spki: keyPair.spki, algorithm: "RSA-SHA256" as const };
  const der = await selfSignedCertificate(fields, (tbs) => signBytes(keyPair, SIGNATURE.rsaSha256, tbs));
  return pem(Buffer.from(der).toString("base64"));
}

/** What REST takes of text, filled with it; settings in force stay good, so that people can still sign in. */
async function byRest(): Promise<void> {
  await api("PATCH", "", { name: MARKUP, pathRules: [{ path: "/press/*", access: "public" }] });
  const group = await api("POST", "/groups", { title: MARKUP });
  const person = { email: "h@acme.example", firstName: MARKUP, lastName: MARKUP, company: MARKUP, groupId: group.id };
  const user = await api("POST", "/users", person);
  await api("PATCH", `/users/${user.id}`, { firstName: `${MARKUP}2` });
  await api("POST", "/tokens", { name: MARKUP });
  await api("POST", "/invitations", { userId: user.id });
  await api("POST", "/setup-links", { email: "s@acme.example", firstName: MARKUP, lastName: MARKUP });
  await api("POST", "/saml/keys", { use: "signing" });
  const groupMapping = [{ claim: WORD, value: MARKUP, groupId: acme.administratorsId }];
  await api("PATCH", "/saml", { groupMapping, logoutUrl: `https://idp.example/?${encodeURI(WORD)}'` });
  await api("PATCH", "/saml", { certificates: [acme.idp.certificatePem, await hostileCertificate()] });
  const draft = { ...(await api("GET", "/saml")), idpEntityId: WORD, groupMapping, requestedAuthnContext: [WORD] };
  for (const claim of ["email", "firstName", "lastName", "userKey"]) draft.attributeMapping[claim] = WORD;
  await api("PUT", "/saml/draft", draft);
  const refused = await gateway.api("POST", "/companies/acme/groups", { title: `${OVERRIDE}x` });
  expect(refused.status).toBe(422);
}

/** What comes from providers, visitors and their browsers. */
async function byVisitors(): Promise<void> {
  const browser = gateway.browser();
  const claims = {
    ...entraClaims({ email: "v@acme.example", givenName: MARKUP, surname: `${OVERRIDE}x` }),
    [WORD]: MARKUP,
  };
  expect((await signIn(gateway, browser, acme, { nameID: MARKUP, attributes: claims })).status).toBe(303);
  const refusals = [
    { issuer: `${WORD}${OVERRIDE}` },
    { destination: WORD },
    { audience: `${MARKUP}${OVERRIDE}` },
    { status: [WORD], statusMessage: `AADSTS50105: ${MARKUP}${OVERRIDE}` },
    { attributes: { [CLAIM.emailAddress]: `${MARKUP}${OVERRIDE}` } },
  ];
  for (const refusal of refusals) {
    const answered = await signIn(gateway, gateway.browser(), acme, refusal);
    expect(answered.status).toBe(403);
    expectOnlyText(await answered.text(), JSON.stringify(refusal));
  }
  const agent = await personIn(gateway, acme, EMAIL, true);
  await agent.fetch(`${acme.url}/sso/session`, { headers: { "user-agent": MARKUP } });
  const tried = await signInWith(gateway.browser(), local, MARKUP);
  expectOnlyText(await tried.text(), "/sso/local");
  for (const query of [`?token=${encodeURIComponent(MARKUP)}`, `?return_to=${encodeURIComponent(MARKUP)}`]) {
    for (const path of [
      "/sso/local",
      "/sso/local/invitation",
      "/sso/login",
      "/sso/logout",
      "/sso/slo",
      "/sso/resend/x",
    ]) {
      const { body } = await browser.fetch(`${acme.url}${path}${query}`);
      expectOnlyText(await new Response(body).text(), path + query);
    }
  }
}

/** The pages that people see of themselves: passkeys, sessions, a link, a form that came too late. */
async function ownPages(): Promise<void> {
  const { browser, id } = await withPassword(gateway, local, "own@acme.example", {
    firstName: MARKUP,
    lastName: MARKUP,
  });
  expect((await addKey(browser, local, makeKey(), {}, MARKUP)).status).toBe(303);
  for (const path of ["/sso/local/passkeys", "/sso/sessions", "/sso/local", "/sso/logout"]) {
    await look(browser, acme.url + path);
  }
  await look(gateway.browser(), (await invite(gateway, local, id)).url);
  gateway.advance(24 * 3600);
  const late = await browser.fetch(`${acme.url}/albums/${encodeURIComponent(MARKUP)}?q=${encodeURIComponent(MARKUP)}`, {
    method: "POST",
    body: new URLSearchParams({ [MARKUP]: MARKUP }),
    headers: { origin: acme.url, "content-length": "100" },
  });
  expectOnlyText(await late.text(), "a form that came too late");
}

beforeAll(async () => {
  gateway = startGateway();
  acme = await createCompany(gateway, "acme", await createIdentityProvider());
  const { slug, url, staffId, administratorsId } = acme;
  const { body: open } = await gateway.api("POST", "/companies/acme/groups", { title: "Open" });
  local = { slug, url, path: "/companies/acme", staff: open.id, ssoOnly: staffId, admins: administratorsId };
  await byRest();
  await byVisitors();
  await ownPages();
  ada = await personIn(gateway, acme, EMAIL, true);
});

it("is text on every page of the company's console, and in what every form of it answers", async () => {
  const query = encodeURIComponent(MARKUP);
  const starts = [
    "",
    "/users/export",
    `/users?email=${query}`,
    `/sign-ins?reference=${query}`,
    `/sign-ins?email=${query}`,
  ];
  await crawl(
    ada,
    acme.url,
    starts.map((path) => CONSOLE + path),
    /^\/sso\/(?:admin|sessions|local)/,
  );
  const form = new FormData();
  const html = await (await ada.get(`${acme.url}${CONSOLE}/users/import`)).text();
  for (const [name, value] of Object.entries(formOn(html, `${CONSOLE}/users/import`))) form.set(name, value);
  form.set(
    "file",
    new File([`email,firstName,group\n${MARKUP.replaceAll('"', '""')},${WORD},${OVERRIDE}\n`], `${MARKUP}.csv`),
  );
  const imported = await ada.fetch(`${acme.url}${CONSOLE}/users/import`, { method: "POST", body: form });
  expectOnlyText(await imported.text(), "import");
  for (const response of [MARKUP, toBase64(`<samlp:Response xmlns:samlp="x">${WORD}${OVERRIDE}</samlp:Response>`)]) {
    const page = await (await ada.get(`${acme.url}${CONSOLE}/explain`)).text();
    const answered = await ada.post(`${acme.url}${CONSOLE}/explain`, {
      ...formOn(page, `${CONSOLE}/explain`),
      response,
    });
    expectOnlyText(await answered.text(), "explain");
  }
  await answerTest(gateway, ada, acme, await beginTest(ada, acme), { ...claimsFor(EMAIL), issuer: WORD + OVERRIDE });
  await look(ada, acme.url + RESULT);
  // Downloads are no pages.
  expect(unseen(consoleRoutes.routes, CONSOLE)).toEqual(["/users/export", "/audit/export"]);
});

it("is text on every page of the operator's console, and in what every form of it answers", async () => {
  const operator = await operatorIn(gateway);
  const query = encodeURIComponent(MARKUP);
  await crawl(
    operator,
    OPERATOR,
    ["/companies", "/new-company", `/companies?slug=${query}`, `/companies/${query}`],
    /^\/(?!api\/)/,
  );
  await look(gateway.browser(), `${OPERATOR}/sign-in?to=${query}`);
  expect(unseen(operatorRoutes.routes, "")).toEqual(["/"]);
});

it("was there to be seen: names, groups, settings, the draft, the log and the audit show it", () => {
  const shown = [...looked].filter(([, there]) => there).map(([path]) => path.replace(/\/(?:[\w-]{20,}|\d+)$/, "/:id"));
  const paths = [
    "/users",
    "/users/:id",
    "/groups",
    "/groups/:id",
    "/tokens",
    "/settings",
    "/draft",
    "/audit",
    "/sign-ins/:id",
    "/branding",
    "/versions/:id",
  ];
  expect(shown).toEqual(expect.arrayContaining(paths.map((path) => CONSOLE + path)));
  expect(shown).toEqual(
    expect.arrayContaining([
      "/companies",
      "/companies/acme",
      "/companies/acme/access",
      "/companies/acme/activity",
      "/audit",
      "/sso/local/passkeys",
    ]),
  );
});
