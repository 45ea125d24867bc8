/**
 * The rows of the attackers' catalogue that need a browser, a form, a database or several companies: at the gateway itself.
 * "Accept as self" means that the attacker may come in as the attacker, never as anyone else and never anywhere else.
 */
import { beforeAll, describe, expect, it } from "vitest";
import {
  answer,
  type Browser,
  type Company,
  createCompany,
  type Gateway,
  signIn,
  startGateway,
  startSignIn,
  type TestIdp,
} from "../support/gateway.ts";
import { createIdentityProvider, entraClaims, newMessageId } from "../support/identity-provider.ts";

const ATTACKER = "attacker@corp.example";
const VICTIM = "victim@corp.example";
const SESSION = "__Host-vestibule-session";

let gateway: Gateway;
let idp: TestIdp;
let corp: Company;
let other: Company;

const as = (email: string) => ({ nameID: email, attributes: entraClaims({ email }) });

beforeAll(async () => {
  gateway = startGateway();
  idp = await createIdentityProvider();
  corp = await createCompany(gateway, "corp", idp);
  other = await createCompany(gateway, "other", await createIdentityProvider({ keyName: "other" }));
  // The victim has an account worth taking.
  expect((await signIn(gateway, gateway.browser(), corp, as(VICTIM))).status).toBe(303);
});

async function whoIs(browser: Browser, company = corp): Promise<string | null> {
  const response = await browser.get(`${company.url}/sso/session`);
  return response.status === 200 ? ((await response.json()) as { user: { email: string } }).user.email : null;
}

/** A browser of the attacker's with a request under way, and their genuine answer to it. */
async function attackers(changes: Parameters<typeof answer>[3] = {}) {
  const browser = gateway.browser();
  const { requestId } = await startSignIn(browser, corp, "/wanted");
  const genuine = await answer(gateway, corp, requestId, { ...as(ATTACKER), ...changes });
  const forged = Buffer.from(
    Buffer.from(genuine, "base64")
      .toString()
      .replaceAll(ATTACKER, VICTIM)
      .replace(/<Signature.*<\/Signature>/s, ""),
  ).toString("base64");
  return { browser, requestId, genuine, forged };
}

async function postRaw(browser: Browser, body: string, query = "", headers: Record<string, string> = {}) {
  return browser.fetch(`${corp.acsUrl}${query}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    crossSite: true,
  });
}

async function expectOutside(browser: Browser, response: Response) {
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  expect(browser.cookie(corp.url, SESSION)).toBeNull();
}

const e = encodeURIComponent;

describe("N. transport", () => {
  it("the honest twin comes in", async () => {
    const { browser, genuine } = await attackers();
    expect((await postRaw(browser, `SAMLResponse=${e(genuine)}`)).status).toBe(303);
    expect(await whoIs(browser)).toBe(ATTACKER);
  });

  type Form = (m: { genuine: string; forged: string }) => { body: string; query?: string; type?: string };
  const forms: [string, string, Form][] = [
    [
      "N10",
      "characters outside the alphabet",
      ({ genuine }) => ({ body: `SAMLResponse=${e(`${genuine.slice(0, 40)}!*${genuine.slice(40)}`)}` }),
    ],
    [
      "N13",
      "two messages, genuine first",
      ({ genuine, forged }) => ({ body: `SAMLResponse=${e(genuine)}&SAMLResponse=${e(forged)}` }),
    ],
    [
      "N13",
      "two messages, forged first",
      ({ genuine, forged }) => ({ body: `SAMLResponse=${e(forged)}&SAMLResponse=${e(genuine)}` }),
    ],
    [
      "N15",
      "genuine in the body, forged in the query",
      ({ genuine, forged }) => ({ body: `SAMLResponse=${e(genuine)}`, query: `?SAMLResponse=${e(forged)}` }),
    ],
    ["N16", "percent-encoded twice", ({ genuine }) => ({ body: `SAMLResponse=${e(e(genuine))}` })],
    ["N19", "an array of messages", ({ genuine }) => ({ body: `SAMLResponse[]=${e(genuine)}` })],
    ["N22", "a Response as SAMLRequest", ({ genuine }) => ({ body: `SAMLRequest=${e(genuine)}` })],
    ["N22", "a Response as both", ({ genuine }) => ({ body: `SAMLRequest=${e(genuine)}&SAMLResponse=${e(genuine)}` })],
    ["N23", "base64 twice", ({ genuine }) => ({ body: `SAMLResponse=${e(btoa(genuine))}` })],
    ["", "JSON", ({ genuine }) => ({ body: JSON.stringify({ SAMLResponse: genuine }), type: "application/json" })],
    [
      "",
      "multipart",
      ({ genuine }) => ({
        body: `--x\r\nContent-Disposition: form-data; name="SAMLResponse"\r\n\r\n${genuine}\r\n--x--`,
        type: "multipart/form-data; boundary=x",
      }),
    ],
    ["", "a lower-case field", ({ genuine }) => ({ body: `samlresponse=${e(genuine)}` })],
    [
      "",
      "a message of another spelling beside it",
      ({ genuine, forged }) => ({ body: `%53AMLResponse=${e(forged)}&SAMLResponse=${e(genuine)}` }),
    ],
  ];
  it.each(forms)("%s %s", async (_row, _name, form) => {
    const { browser, genuine, forged } = await attackers();
    const { body, query, type } = form({ genuine, forged });
    await expectOutside(browser, await postRaw(browser, body, query, type ? { "content-type": type } : {}));
  });

  it("N11 base64url comes in as the attacker or not at all", async () => {
    const { browser, genuine } = await attackers();
    await postRaw(browser, `SAMLResponse=${genuine.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`);
    expect([ATTACKER, null]).toContain(await whoIs(browser));
  });

  it("N20 a forged Response in the query of a GET", async () => {
    const { browser, forged, genuine } = await attackers();
    for (const message of [forged, genuine]) {
      const response = await browser.fetch(`${corp.acsUrl}?SAMLResponse=${e(message)}`, { crossSite: true });
      await expectOutside(browser, response);
    }
  });
});

describe("P. RelayState", () => {
  it.each([
    "javascript:alert(1)",
    "//evil.example/",
    "https://evil.example/",
    "/\\evil.example",
    "/ok\r\nSet-Cookie: a=b",
    "data:text/html,<script>alert(1)</script>",
    "https://corp.example.com@evil.example/",
    "/%09/evil.example",
    "x".repeat(40),
    "https://corp.example.com.evil.example/",
    "\thttps://evil.example",
    "/%2f%2fevil.example",
    "",
  ])("%j on a genuine login leads nowhere else", async (relayState) => {
    const { browser, genuine } = await attackers();
    const response = await browser.post(
      corp.acsUrl,
      { SAMLResponse: genuine, RelayState: relayState },
      { crossSite: true },
    );
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/wanted");
    expect(response.headers.getSetCookie().some((line) => line.startsWith("a="))).toBe(false);
    expect(await whoIs(browser)).toBe(ATTACKER);
  });

  it("P20 given twice is refused", async () => {
    const { browser, genuine } = await attackers();
    await expectOutside(browser, await postRaw(browser, `SAMLResponse=${e(genuine)}&RelayState=%2Fa&RelayState=%2Fb`));
  });
});

describe("K. used once, for all the nodes of the world", () => {
  it("K60 the same Response twice", async () => {
    const { browser, genuine } = await attackers();
    expect((await postRaw(browser, `SAMLResponse=${e(genuine)}`)).status).toBe(303);
    const again = gateway.isolate().browser();
    await expectOutside(again, await again.post(corp.acsUrl, { SAMLResponse: genuine }, { crossSite: true }));
  });

  it("K61 the same signed assertion in another Response", async () => {
    const { browser, genuine } = await attackers();
    await postRaw(browser, `SAMLResponse=${e(genuine)}`);
    const xml = Buffer.from(genuine, "base64").toString();
    const responseId = / ID="([^"]+)"/.exec(xml)?.[1] ?? "";
    const wrapped = Buffer.from(xml.replace(responseId, newMessageId())).toString("base64");
    const again = gateway.browser();
    await expectOutside(again, await again.post(corp.acsUrl, { SAMLResponse: wrapped }, { crossSite: true }));
  });

  it("K61 in a browser that has a request of its own, too", async () => {
    const { browser, genuine } = await attackers();
    await postRaw(browser, `SAMLResponse=${e(genuine)}`);
    const again = gateway.browser();
    await startSignIn(again, corp);
    await expectOutside(again, await again.post(corp.acsUrl, { SAMLResponse: genuine }, { crossSite: true }));
  });

  it("K63 with OneTimeUse, unasked, presented twice", async () => {
    const open = await createCompany(gateway, "k63", idp, { allowIdpInitiated: true });
    const once = (xml: string) => xml.replace("</Conditions>", "<OneTimeUse/></Conditions>");
    const message = await answer(gateway, open, null, { ...as(ATTACKER), edit: { assertion: once } });
    const first = gateway.browser();
    expect((await first.post(open.acsUrl, { SAMLResponse: message }, { crossSite: true })).status).toBe(303);
    const second = gateway.isolate().browser();
    const response = await second.post(open.acsUrl, { SAMLResponse: message }, { crossSite: true });
    expect(response.status).toBe(403);
    expect(second.cookie(open.url, SESSION)).toBeNull();
  });

  it("H24 an ECDSA signature turned into its other valid form does not make it new", async () => {
    const ec = await createIdentityProvider({ keyKind: "P-256" });
    const open = await createCompany(gateway, "h24", ec, { allowIdpInitiated: true });
    const message = await answer(gateway, open, null, as(ATTACKER));
    const first = gateway.browser();
    expect((await first.post(open.acsUrl, { SAMLResponse: message }, { crossSite: true })).status).toBe(303);
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const twin = Buffer.from(message, "base64")
      .toString()
      .replace(/(<SignatureValue>)([^<]+)(<)/, (_all: string, open_: string, value: string, close: string) => {
        const bytes = Buffer.from(value, "base64");
        const s = (order - BigInt(`0x${bytes.subarray(32).toString("hex")}`)).toString(16).padStart(64, "0");
        return open_ + Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, "hex")]).toString("base64") + close;
      });
    const SAMLResponse = Buffer.from(twin).toString("base64");
    expect(SAMLResponse).not.toBe(message);
    const second = gateway.browser();
    const response = await second.post(open.acsUrl, { SAMLResponse }, { crossSite: true });
    expect(response.status).toBe(403);
    const { body } = await gateway.api("GET", "/companies/h24/sign-ins?limit=1");
    expect(body.items[0].code).toBe("assertion_used");
  });
});

describe("L. another company", () => {
  it("L01 its identity provider asserts the victim's address here", async () => {
    const { browser, requestId } = await attackers();
    const SAMLResponse = await answer(gateway, { ...corp, idp: other.idp }, requestId, as(VICTIM));
    await expectOutside(browser, await browser.post(corp.acsUrl, { SAMLResponse }, { crossSite: true }));
  });

  it("Q10 with the same Entity ID registered does not lend its key", async () => {
    const twin = await createIdentityProvider({ entityId: idp.entityId, keyName: "twin" });
    await createCompany(gateway, "twin", twin);
    const { browser, requestId } = await attackers();
    const SAMLResponse = await answer(gateway, { ...corp, idp: twin }, requestId, as(VICTIM));
    await expectOutside(browser, await browser.post(corp.acsUrl, { SAMLResponse }, { crossSite: true }));
  });

  it("its session cookie, request cookie and continuation open nothing here", async () => {
    const browser = gateway.browser();
    await signIn(gateway, browser, other, as(VICTIM));
    const jar = browser.cookies.get(new URL(other.url).host)!;
    const thief = gateway.browser();
    thief.cookies.set(new URL(corp.url).host, new Map(jar));
    expect(await whoIs(thief)).toBeNull();
  });

  it("L05 L06 a genuine answer to it is none to us, whichever half is ours", async () => {
    const { browser, requestId } = await attackers();
    for (const changes of [{ audience: other.entityId }, { recipient: other.acsUrl }, { destination: other.acsUrl }]) {
      const SAMLResponse = await answer(gateway, corp, requestId, { ...as(VICTIM), ...changes });
      await expectOutside(browser, await browser.post(corp.acsUrl, { SAMLResponse }, { crossSite: true }));
    }
  });
});

describe("M. identity", () => {
  const NAMES: [string, string][] = [
    ["M02 a homoglyph", "v\u0456ctim@corp.example"],
    ["M03 a dotless i", "v\u0131ctim@corp.example"],
    ["M04 a zero-width space", "vic\u200btim@corp.example"],
    ["M05 a space at the end", `${VICTIM} `],
    ["M06 a no-break space at the end", `${VICTIM}\u00a0`],
    ["M08 other letter case", VICTIM.toUpperCase()],
    ["M09 a second domain", `${VICTIM}@attacker.example`],
    ["M10 a quoted local part", `"${VICTIM}"@attacker.example`],
    ["M11 a list", `${VICTIM},${ATTACKER}`],
    ["combining marks", "vi\u0301ctim@corp.example"],
    ["full-width letters", "ｖictim@corp.example"],
  ];
  it.each(NAMES)("%s does not become the victim", async (_name, nameID) => {
    const { body } = await gateway.api("GET", `/companies/corp/users?email=${e(VICTIM)}`);
    const victimId = body.items[0].id;
    const browser = gateway.browser();
    // Without claims the NameID is all there is.
    await signIn(gateway, browser, corp, { nameID, attributes: { displayname: "x" } });
    const response = await browser.get(`${corp.url}/sso/session`);
    if (response.status !== 200) return;
    const { user } = (await response.json()) as { user: { id: string; email: string } };
    expect(user.id).not.toBe(victimId);
    expect(user.email).not.toBe(VICTIM);
  });

  it("M12 M14 M16 attributes that only look like an identity change nothing", async () => {
    const browser = gateway.browser();
    const attributes = {
      ...entraClaims({ email: ATTACKER }),
      "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier": VICTIM,
      email: VICTIM,
      mail: VICTIM,
      __proto__x: VICTIM,
      constructor: VICTIM,
      prototype: VICTIM,
    };
    await signIn(gateway, browser, corp, { nameID: ATTACKER, attributes });
    expect(await whoIs(browser)).toBe(ATTACKER);
  });

  it("M19 M20 escaped markup in a name stays text, in JSON and on pages", async () => {
    const browser = gateway.browser();
    const markup = "</givenname><NameID>victim</NameID><script>alert(1)</script>&lt;b&gt;";
    const claims = entraClaims({ email: ATTACKER, givenName: markup });
    await signIn(gateway, browser, corp, { nameID: ATTACKER, attributes: claims });
    const session = (await (await browser.get(`${corp.url}/sso/session`)).json()) as { user: Record<string, string> };
    expect(session.user.firstName).toBe(markup);
    expect(session.user.email).toBe(ATTACKER);
  });

  it("M23 one claim with two addresses is not chosen from", async () => {
    const mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    const browser = gateway.browser();
    await signIn(gateway, browser, corp, { nameID: ATTACKER, attributes: { [mail]: [ATTACKER, VICTIM] } });
    expect(await whoIs(browser)).toBeNull();
  });
});

describe("Q. configuration", () => {
  it("Q07 a company without settings takes nothing", async () => {
    await gateway.api("POST", "/companies", { slug: "q07", name: "Q", originUrl: "https://origin.example" });
    const SAMLResponse = await answer(
      gateway,
      { ...corp, acsUrl: "https://q07.example.com/sso/acs" },
      null,
      as(VICTIM),
    );
    const response = await gateway
      .browser()
      .post("https://q07.example.com/sso/acs", { SAMLResponse }, { crossSite: true });
    expect(response.status).toBe(404);
  });

  it("Q07 settings without a certificate are refused", async () => {
    for (const certificates of [[], undefined, null, [""]]) {
      const { status } = await gateway.api("PUT", "/companies/q07/saml", {
        loginUrl: "https://idp.example/",
        certificates,
      });
      expect(status).toBe(422);
    }
  });

  it("Q08 a company that was suspended during the sign-in lets nobody in", async () => {
    const q08 = await createCompany(gateway, "q08", idp);
    const elsewhere = gateway.isolate();
    const browser = elsewhere.browser();
    const { requestId } = await startSignIn(browser, q08);
    await gateway.api("PATCH", "/companies/q08", { status: "suspended" });
    const SAMLResponse = await answer(gateway, q08, requestId, as(ATTACKER));
    for (const node of [elsewhere, gateway]) {
      const response = await browser.at(node).post(q08.acsUrl, { SAMLResponse }, { crossSite: true });
      expect(response.status).toBe(403);
    }
    expect(browser.cookie(q08.url, SESSION)).toBeNull();
  });

  it("Q18 what the message says never reaches a page as markup", async () => {
    const { browser, genuine } = await attackers();
    const markup = "&lt;script&gt;alert(1)&lt;/script&gt;";
    const xml = Buffer.from(genuine, "base64")
      .toString()
      .replace(/<Issuer[^>]*>[^<]*/, (tag: string) => tag.replace(/>.*/, `>${markup}`));
    const response = await browser.post(
      corp.acsUrl,
      { SAMLResponse: Buffer.from(xml).toString("base64") },
      { crossSite: true },
    );
    expect(await response.text()).not.toMatch(/<script>alert/);
  });

  it("Q19 the visitor can't tell one broken signature or ciphertext from another", async () => {
    const pages = new Set<string>();
    const edits: ((xml: string) => string)[] = [
      (xml) => xml.replaceAll(ATTACKER, VICTIM),
      (xml) => xml.replace(/(<SignatureValue>)./, "$1A").replace(/(<SignatureValue>A)./, "$1A"),
      (xml) => xml.replace(/<Signature .*<\/Signature>/s, ""),
      (xml) => xml.replace(/(<DigestValue>)..../, "$1AAAA"),
    ];
    for (const edit of edits) {
      const { browser, genuine } = await attackers();
      const xml = edit(Buffer.from(genuine, "base64").toString());
      const response = await browser.post(
        corp.acsUrl,
        { SAMLResponse: Buffer.from(xml).toString("base64") },
        { crossSite: true },
      );
      const html = await response.text();
      pages.add(
        `${response.status} ${html.replace(/[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}/g, "R").replace(/nonce="[^"]*"/g, "")}`,
      );
    }
    expect(pages.size).toBe(1);
  });
});

describe("S. browser", () => {
  it("S01 the attacker's own valid answer, posted from the victim's browser, signs nobody in unasked", async () => {
    const { genuine } = await attackers();
    const victim = gateway.browser();
    await signIn(gateway, victim, corp, as(VICTIM));
    const response = await victim.post(corp.acsUrl, { SAMLResponse: genuine }, { crossSite: true });
    expect(response.status).toBe(200);
    expect(await whoIs(victim)).toBe(VICTIM);
  });

  it("S03 two sign-ins in parallel keep their own state", async () => {
    const browser = gateway.browser();
    const a = await startSignIn(browser, corp, "/a");
    const b = await startSignIn(browser, corp, "/b");
    const answers = await Promise.all([a, b].map(({ requestId }) => answer(gateway, corp, requestId, as(ATTACKER))));
    const [forA, forB] = await Promise.all(
      answers.map((SAMLResponse) => browser.post(corp.acsUrl, { SAMLResponse, RelayState: "x" }, { crossSite: true })),
    );
    expect([forA?.headers.get("location"), forB?.headers.get("location")]).toEqual(["/a", "/b"]);
  });
});
