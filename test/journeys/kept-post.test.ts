import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, purgeExpired } from "../../src/store/index.ts";
import {
  answer,
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  startGateway,
  type TestIdp,
} from "../support/gateway.ts";
import { createIdentityProvider, entraClaims } from "../support/identity-provider.ts";
import { decode, formOn, personIn } from "./console-stage.ts";

const EMAIL = "ada@acme.example";
const FORM = "application/x-www-form-urlencoded";
let idp: TestIdp;
let acme: Company;
let gateway: Gateway;

beforeAll(async () => {
  idp = await createIdentityProvider();
  acme = await createCompany(startGateway(), "acme", idp);
});
beforeEach(async () => {
  gateway = startGateway();
  await env.DB.prepare("delete from kept_posts").run();
});

const keptRows = async () => (await env.DB.prepare("select * from kept_posts").all()).results;

/** A browser whose session has run out while a form was open. */
async function tooLate(email = EMAIL): Promise<Browser> {
  const browser = await personIn(gateway, acme, email);
  gateway.advance(2 * 3600);
  return browser;
}

function send(
  browser: Browser,
  body: string | Uint8Array<ArrayBuffer> = "title=Gr%C3%BC%C3%9Fe",
  headers: Record<string, string> = {},
  path = "/albums/7?tab=new&q=%20",
): Promise<Response> {
  return browser.fetch(acme.url + path, {
    method: "POST",
    body,
    headers: {
      "content-type": FORM,
      "content-length": String(body.length),
      origin: acme.url,
      ...headers,
    },
  });
}

/** The link of the page that keeps. */
async function signInLink(page: Response): Promise<string> {
  return decode(/<a class="button" href="([^"]+)"/.exec(await page.text())?.[1] ?? "");
}

/** Follows the page's link through the identity provider, as `email`; answers where the sign-in leads to. */
async function signInBy(browser: Browser, link: string, email = EMAIL): Promise<string> {
  const html = await (await browser.get(acme.url + link)).text();
  const xml = Buffer.from(/name="SAMLRequest" value="([^"]*)"/.exec(html)?.[1] ?? "", "base64").toString();
  const requestId = / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
  const attributes = entraClaims({ email, givenName: "Ada", surname: "Admin" });
  const SAMLResponse = await answer(gateway, acme, requestId, { nameID: email, attributes });
  const back = await browser.post(acme.acsUrl, { SAMLResponse }, { crossSite: true });
  return back.headers.get("location") ?? "";
}

/** "Send again" as a browser sends a text/plain form. */
async function pressSendAgain(browser: Browser, html: string, headers: Record<string, string> = {}): Promise<Response> {
  const form = html.split("<form").find((part) => part.includes('enctype="text/plain"')) ?? "";
  const action = decode(/action="([^"]*)"/.exec(form)?.[1] ?? "");
  const [, name = "", value = ""] = /name="([^"]*)" value="([^"]*)"/.exec(form) ?? [];
  const body = `${name}=${decode(value)}\r\n`;
  return browser.fetch(action, {
    method: "POST",
    body,
    headers: {
      "content-type": "text/plain",
      "content-length": String(body.length),
      origin: new URL(action).origin,
      ...headers,
    },
  });
}

async function echo(response: Response) {
  expect(response.status).toBe(200);
  const { headers, ...rest } = (await response.json()) as {
    headers: [string, string][];
    method: string;
    url: string;
    body: string;
  };
  return { ...rest, headers: new Headers(headers) };
}

describe("a form that is sent after its session has ended", () => {
  it("is kept, shown after the sign-in with where it goes, and sent once, byte for byte", async () => {
    const browser = await tooLate();
    const page = await send(browser);
    expect([page.status, page.headers.get("cache-control")]).toEqual([401, "no-store"]);
    const link = await signInLink(page);
    expect(link).toMatch(/^\/sso\/login\?return_to=%2Fsso%2Fresend%2F[\w-]{36}$/);
    const location = await signInBy(browser, link);
    expect(location).toMatch(/^\/sso\/resend\/[\w-]{36}$/);
    const html = await (await browser.get(acme.url + location)).text();
    expect(html).toContain("<bdi>/albums/7?tab=new&amp;q=%20</bdi>");
    expect(html).toContain("21 bytes");

    const sent = await echo(await pressSendAgain(browser, html));
    expect(sent).toMatchObject({
      method: "POST",
      url: "https://origin.example/albums/7?tab=new&q=%20",
      body: "title=Gr%C3%BC%C3%9Fe",
    });
    expect(sent.headers.get("content-type")).toBe(FORM);
    expect(sent.headers.get("content-length")).toBe("21");
    expect(sent.headers.get("x-forwarded-email")).toBe(EMAIL);
    expect(await keptRows()).toEqual([]);
    const twice = await pressSendAgain(browser, html);
    expect([twice.status, await twice.text()]).toEqual([404, expect.stringContaining("sent already")]);
    expect((await browser.get(acme.url + location)).status).toBe(404);
  });

  it("is sent once however often the button is pressed at once", async () => {
    const browser = await tooLate();
    const location = await signInBy(browser, await signInLink(await send(browser)));
    const html = await (await browser.get(acme.url + location)).text();
    const answers = await Promise.all(Array.from({ length: 5 }, () => pressSendAgain(browser, html)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404]);
  });

  it("may be binary, up to a megabyte", async () => {
    const browser = await tooLate();
    const bytes = new Uint8Array(1_048_576);
    for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    const type = "multipart/form-data; boundary=x";
    const location = await signInBy(
      browser,
      await signInLink(await send(browser, bytes, { "content-type": type }, "/upload/")),
    );
    const html = await (await browser.get(acme.url + location)).text();
    expect(html).toContain("1024 KB");
    const sent = await pressSendAgain(browser, html);
    expect(await sent.json()).toMatchObject({ bytes: bytes.length, announced: String(bytes.length) });
  });

  it("is sealed where it is kept", async () => {
    await send(await tooLate(), "secret=of-mine");
    const [row] = await keptRows();
    expect(Buffer.from(row?.body as ArrayBuffer).toString("latin1")).not.toContain("of-mine");
  });

  it("may be one whose session was ended by a sign-in elsewhere, or idled out, or reached its end", async () => {
    await gateway.api("PATCH", "/companies/acme", { sessionsPerUserMax: 1 });
    const replaced = await personIn(gateway, acme, EMAIL);
    gateway.advance(1);
    await personIn(gateway, acme, EMAIL);
    gateway.advance(60);
    expect((await send(replaced)).status).toBe(401);
    await gateway.api("PATCH", "/companies/acme", { sessionsPerUserMax: null });
    const ended = await personIn(gateway, acme, EMAIL);
    gateway.advance(13 * 3600);
    expect((await send(ended)).status).toBe(401);
    expect(await keptRows()).toHaveLength(2);
  });

  it("is the oldest of five to give way, for each person", async () => {
    const browser = await tooLate();
    for (let n = 0; n < 7; n++) await send(browser, `n=${n}`, {}, `/n/${n}`);
    expect((await keptRows()).map(({ path }) => path)).toEqual(["/n/2", "/n/3", "/n/4", "/n/5", "/n/6"]);
  });

  it("is gone after its time, for the person and for the schedule, and with the user", async () => {
    const browser = await tooLate();
    const link = await signInLink(await send(browser));
    const location = await signInBy(browser, link);
    const html = await (await browser.get(acme.url + location)).text();
    gateway.advance(901);
    expect((await browser.get(acme.url + location)).status).toBe(404);
    expect((await pressSendAgain(browser, html)).status).toBe(404);
    await purgeExpired(openDatabase(env.DB), gateway.now());
    expect(await keptRows()).toEqual([]);

    const leaver = await tooLate("leaver@acme.example");
    await send(leaver);
    expect(await keptRows()).toHaveLength(1);
    const { body } = await gateway.api("GET", "/companies/acme/users?email=leaver@acme.example");
    await gateway.api("DELETE", `/companies/acme/users/${body.items[0].id}`);
    expect(await keptRows()).toEqual([]);
  });

  it("can be thrown away", async () => {
    const browser = await tooLate();
    const location = await signInBy(browser, await signInLink(await send(browser)));
    const html = await (await browser.get(acme.url + location)).text();
    const thrown = await browser.post(acme.url + location, formOn(html, location));
    expect([thrown.status, await thrown.text()]).toEqual([200, expect.stringContaining("Thrown away")]);
    expect(await keptRows()).toEqual([]);
  });

  it("stays kept when the application does not answer", async () => {
    const browser = await tooLate();
    const path = "/answer?status=521&server=cloudflare";
    const location = await signInBy(browser, await signInLink(await send(browser, "a=b", {}, path)));
    const [row] = await keptRows();
    const html = await (await browser.get(acme.url + location)).text();
    const answer = await pressSendAgain(browser, html);
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining("still kept")]);
    expect((await keptRows()).map(({ id }) => id)).toEqual([row?.id]);
  });

  it("asks to sign in where the session has ended once more before the button was pressed", async () => {
    const browser = await tooLate();
    const location = await signInBy(browser, await signInLink(await send(browser)));
    const html = await (await browser.get(acme.url + location)).text();
    await env.DB.prepare("delete from sessions").run();
    gateway.advance(60);
    const again = await pressSendAgain(browser, html);
    expect([again.status, again.headers.get("location")]).toEqual([
      303,
      `/sso/login?return_to=${encodeURIComponent(location)}`,
    ]);
    expect(await keptRows()).toHaveLength(1);
  });
});

describe("what is not kept", () => {
  it("is too large or of unknown length: the page says so and reads none of it", async () => {
    const browser = await tooLate();
    const large = await send(browser, new Uint8Array(1_048_577));
    expect([large.status, await large.text()]).toEqual([401, expect.stringContaining("too large to be kept")]);
    const stream = new ReadableStream({ pull: (controller) => controller.close() });
    const streamed = await browser.fetch(`${acme.url}/x`, {
      method: "POST",
      body: stream,
      headers: { "content-type": FORM, origin: acme.url },
    });
    expect([streamed.status, await streamed.text()]).toEqual([401, expect.stringContaining("too large to be kept")]);
    expect(await keptRows()).toEqual([]);
  });

  it.each([
    ["a script’s request", { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }],
    ["another site’s form", { "sec-fetch-site": "cross-site" }],
    ["a form of another company or of the operator", { "sec-fetch-site": "same-site" }],
    ["a form whose Origin is another", { origin: "https://globex.example.com" }],
    [
      "a form of a page that the browser gives no name, from elsewhere",
      { origin: "null", "sec-fetch-site": "cross-site" },
    ],
  ])("is %s: it gets the problem as before, and nothing is written", async (_what, headers) => {
    const answer = await send(await tooLate(), "a=b", headers);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
    expect(await keptRows()).toEqual([]);
  });

  it("is anything without a cookie that this gateway gave to this company’s browser: no round trip for nobody", async () => {
    const globex = await createCompany(gateway, "globex", idp);
    const abroad = await personIn(gateway, globex, EMAIL);
    const name = "__Host-vestibule-session";
    const foreign = abroad.cookie(globex.url, name) ?? "";
    await gateway.fetch(new Request(`${acme.url}/sso/metadata`));
    for (const value of [null, "made-up", foreign, `${foreign.slice(0, -4)}AAAA`]) {
      const browser = gateway.browser();
      gateway.roundTrips();
      const answer = await send(browser, "a=b", value === null ? {} : { cookie: `${name}=${value}` });
      expect([answer.status, answer.headers.get("content-type"), gateway.roundTrips()]).toEqual([
        401,
        "application/problem+json",
        0,
      ]);
    }
    expect(await keptRows()).toEqual([]);
  });

  it("is a disabled or deleted person’s, or by a cookie of days ago", async () => {
    const old = await personIn(gateway, acme, EMAIL);
    gateway.advance(25 * 3600);
    expect((await send(old)).headers.get("content-type")).toBe("application/problem+json");
    const email = "disabled@acme.example";
    const disabled = await tooLate(email);
    const { body } = await gateway.api("GET", `/companies/acme/users?email=${email}`);
    await gateway.api("PATCH", `/companies/acme/users/${body.items[0].id}`, { status: "disabled" });
    expect((await send(disabled)).headers.get("content-type")).toBe("application/problem+json");
    await gateway.api("DELETE", `/companies/acme/users/${body.items[0].id}`);
    expect((await send(disabled)).headers.get("content-type")).toBe("application/problem+json");
    expect(await keptRows()).toEqual([]);
  });

  it("could leave this host: a path that begins with two slashes", async () => {
    const answer = await send(await tooLate(), "a=b", {}, "//evil.example/x");
    expect([answer.status, await answer.text()]).toEqual([401, expect.not.stringContaining("evil.example")]);
    expect(await keptRows()).toEqual([]);
  });

  it("is a request whose session is in force: it passes, text/plain or not", async () => {
    const browser = await personIn(gateway, acme, EMAIL);
    for (const body of ["vestibule-send-again=x\r\n", "a=b\r\n", ""]) {
      const passed = await echo(await send(browser, body, { "content-type": "text/plain" }));
      expect(passed.body).toBe(body);
    }
  });
});

describe("another person who signs in", () => {
  it("reads nothing of it, can’t send it, and may sign in as another or throw it away", async () => {
    const browser = await tooLate();
    const link = await signInLink(await send(browser));
    const location = await signInBy(browser, link, "other@acme.example");
    const page = await browser.get(acme.url + location);
    const html = await page.text();
    expect(page.status).toBe(403);
    expect(html).not.toContain("albums");
    expect(html).toContain("Sign in as another person");
    const id = location.slice(-36);
    const token = formOn(html, location).form_token ?? "";
    const forged = `<form action="${acme.url}/albums/7?tab=new&amp;q=%20" enctype="text/plain"><input name="vestibule-send-again" value="${id} ${token}">`;
    expect((await pressSendAgain(browser, forged)).status).toBe(404);
    expect(await keptRows()).toHaveLength(1);
    expect((await browser.post(acme.url + location, formOn(html, location))).status).toBe(200);
    expect(await keptRows()).toEqual([]);
  });

  it("of another company finds nothing there", async () => {
    await send(await tooLate());
    const [row] = await keptRows();
    const hooli = await createCompany(gateway, "hooli", idp);
    const browser = await personIn(gateway, hooli, EMAIL);
    expect((await browser.get(`${hooli.url}/sso/resend/${row?.id}`)).status).toBe(404);
  });
});

describe("a forged “Send again”", () => {
  it("sends nothing: from another site, with another session’s token, or to another path", async () => {
    const browser = await tooLate();
    const location = await signInBy(browser, await signInLink(await send(browser)));
    const html = await (await browser.get(acme.url + location)).text();
    const abroad = await pressSendAgain(browser, html, { "sec-fetch-site": "cross-site" });
    expect([abroad.status, abroad.headers.get("location")]).toEqual([303, location]);
    const other = await personIn(gateway, acme, EMAIL);
    expect((await pressSendAgain(other, html)).status).toBe(303);
    const elsewhere = html.replace('/albums/7?tab=new&amp;q=%20" enctype', '/account/delete" enctype');
    expect(elsewhere).not.toBe(html);
    expect((await pressSendAgain(browser, elsewhere)).status).toBe(404);
    expect(await keptRows()).toHaveLength(1);
    for (const site of ["cross-site", "same-site"]) {
      const fields = new URLSearchParams(formOn(html, location));
      const thrown = await browser.fetch(acme.url + location, {
        method: "POST",
        body: fields,
        headers: { "sec-fetch-site": site },
      });
      expect(thrown.status).toBe(403);
    }
    expect((await browser.post(acme.url + location, {})).status).toBe(403);
    expect(await keptRows()).toHaveLength(1);
  });

  it("opens no body in another row’s place", async () => {
    const browser = await tooLate();
    await send(browser, "a=1", {}, "/a");
    const location = await signInBy(browser, await signInLink(await send(browser, "b=2", {}, "/b")));
    await env.DB.prepare(
      "update kept_posts set body = (select body from kept_posts where path = '/a') where path = '/b'",
    ).run();
    const html = await (await browser.get(acme.url + location)).text();
    expect((await pressSendAgain(browser, html)).status).toBe(404);
  });
});
