/** A company's own name, colour and logo: set by REST and in the console, shown on its pages, harmless whatever is sent. */
import { beforeAll, describe, expect, it } from "vitest";
import { LOGO_BYTES_MAX } from "../../src/admin/logo.ts";
import { contrast, themeStyle } from "../../src/pages/theme.tsx";
import { type Browser, type Company, createCompany, type Gateway, startGateway } from "../support/gateway.ts";
import { createIdentityProvider } from "../support/identity-provider.ts";
import { CONSOLE, formOn, personIn } from "./console-stage.ts";

let gateway: Gateway;
let acme: Company;
let ada: Browser;

const PNG = Uint8Array.from(
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  ),
);
const JPEG = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0]);
const WEBP = new TextEncoder().encode("RIFF\0\0\0\0WEBPVP8 \0\0\0\0");
const HTML = new TextEncoder().encode("<!DOCTYPE html><script>alert(1)</script>");

beforeAll(async () => {
  gateway = startGateway();
  const idp = await createIdentityProvider();
  acme = await createCompany(gateway, "acme", idp);
  await createCompany(gateway, "globex", idp);
  ada = await personIn(gateway, acme, "ada@acme.example", true);
});

async function put(slug: string, bytes: Uint8Array, type: string, headers: Record<string, string> = {}) {
  const { OPERATOR_TOKEN } = (await import("cloudflare:workers")).env;
  return gateway.fetch(
    new Request(`https://admin.example.com/api/v1/companies/${slug}/logo`, {
      method: "PUT",
      body: bytes,
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, "content-type": type, ...headers },
    }),
  );
}
const read = (slug = "acme") => gateway.api("GET", `/companies/${slug}`);
const logo = (path = "/sso/logo", headers: Record<string, string> = {}) =>
  gateway.browser().get(acme.url + path, headers);

describe("a logo by REST", () => {
  it.each([
    ["image/png", PNG],
    ["image/jpeg", JPEG],
    ["image/webp", WEBP],
  ])("may be %s, and comes back as it is", async (type, bytes) => {
    const answered = await put("acme", bytes, type);
    expect(answered.status).toBe(200);
    const company = await answered.json<{ logoSha256: string }>();
    expect(company.logoSha256).toMatch(/^[0-9a-f]{64}$/);
    const shown = await logo(`/sso/logo?v=${company.logoSha256}`);
    expect(new Uint8Array(await shown.arrayBuffer())).toEqual(bytes);
    expect(shown.headers.get("content-type")).toBe(type);
    expect(shown.headers.get("etag")).toBe(`"${company.logoSha256}"`);
    expect(shown.headers.get("cache-control")).toBe("public, max-age=86400");
    expect(shown.headers.get("x-content-type-options")).toBe("nosniff");
    expect(shown.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  });

  it.each([
    ["HTML that says it is a picture", HTML, "image/png", 422],
    [
      "SVG",
      new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
      "image/svg+xml",
      415,
    ],
    ["SVG that says it is a picture", new TextEncoder().encode("<svg onload='alert(1)'/>"), "image/webp", 422],
    ["GIF", new TextEncoder().encode("GIF89a"), "image/png", 422],
    ["nothing", new Uint8Array(), "image/png", 422],
    ["more than may be", Uint8Array.from({ length: LOGO_BYTES_MAX + 1 }, (_, at) => PNG[at] ?? 0), "image/png", 413],
  ])("is refused when it is %s", async (_what, bytes, type, status) => {
    const { body: before } = await read();
    expect((await put("acme", bytes, type)).status).toBe(status);
    expect((await read()).body).toEqual(before);
  });

  it("is told by its bytes, not by what is said of it", async () => {
    await put("acme", PNG, "image/jpeg");
    expect((await logo()).headers.get("content-type")).toBe("image/png");
  });

  it("is not sent again to who has it, and not kept under another hash", async () => {
    const { body } = await read();
    const again = await logo("/sso/logo", { "if-none-match": `"${body.logoSha256}"` });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await logo("/sso/logo?v=other")).headers.get("cache-control")).toBe("no-cache");
  });

  it("honours If-Match, leaves a record, and can be read and taken away", async () => {
    expect((await put("acme", JPEG, "image/jpeg", { "if-match": '"stale-1"' })).status).toBe(412);
    const { headers } = await read();
    expect((await put("acme", JPEG, "image/jpeg", { "if-match": headers.get("etag") ?? "" })).status).toBe(200);
    const { body } = await gateway.api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0]).toMatchObject({ actor: "operator", action: "update", resource: "company" });
    expect(body.items[0].after.logoSha256).not.toBe(body.items[0].before.logoSha256);
    expect((await gateway.api("DELETE", "/companies/acme/logo")).status).toBe(204);
    expect((await gateway.api("GET", "/companies/acme/logo")).status).toBe(404);
    expect((await logo()).status).toBe(404);
    expect((await read()).body.logoSha256).toBeNull();
  });

  it("is a company token's own to set, and no other company's", async () => {
    const { body } = await gateway.api("POST", "/companies/globex/tokens", {});
    const as = { authorization: `Bearer ${body.secret}` };
    expect((await put("globex", PNG, "image/png", as)).status).toBe(200);
    expect((await put("acme", PNG, "image/png", as)).status).toBe(403);
    expect((await logo()).status).toBe(404);
  });
});

describe("a colour", () => {
  it("is #rrggbb or nothing", async () => {
    for (const color of ["red", "#fff", "#12345g", "#123456;}body{", 'url("x")', 5]) {
      expect((await gateway.api("PATCH", "/companies/acme", { color })).status).toBe(422);
    }
    expect((await gateway.api("PATCH", "/companies/acme", { color: "#AB12CD" })).body.color).toBe("#ab12cd");
    expect((await gateway.api("PATCH", "/companies/acme", { color: null })).body.color).toBeNull();
  });

  it("fills nothing that could not be read on it, and is text only where it can be read", () => {
    const grounds = {
      light: ["#f6f4ef", "#efece4", "#fffdf9", "#e3eeea", "#fbe6e2"],
      dark: ["#14171a", "#1a1e22", "#1d302d"],
    };
    const steps = ["00", "33", "66", "80", "99", "cc", "ff"];
    for (const r of steps) {
      for (const g of steps) {
        for (const b of steps) {
          const color = `#${r}${g}${b}`;
          const style = themeStyle(color);
          const ink = /--fill-ink:(#\w+);/.exec(style)?.[1] === "#000" ? "#000000" : "#ffffff";
          expect(contrast(color, ink), color).toBeGreaterThanOrEqual(4.5);
          for (const [scheme, own] of Object.entries(grounds)) {
            const part = style.split(`(prefers-color-scheme:${scheme})`)[1]?.split("@media")[0] ?? "";
            const least = Math.min(...own.map((ground) => contrast(color, ground)));
            expect(part.includes("--accent:"), `${color} ${scheme}`).toBe(least >= 4.5);
            expect(part.includes(`--fill-edge:${color}`), `${color} ${scheme}`).toBe(least >= 3);
          }
        }
      }
    }
  });

  it("becomes no style when it is none", () => {
    for (const color of ["</style><script>", "#fff", "", null, undefined]) expect(themeStyle(color)).toBe("");
  });
});

describe("the pages", () => {
  it("show logo, name and colour of the company they belong to, under a policy that lets in no other picture", async () => {
    await gateway.api("PATCH", "/companies/acme", { color: "#7a1fa2" });
    await put("acme", PNG, "image/png");
    const { body } = await read();
    const browser = gateway.browser();
    const refused = { method: "POST", body: new URLSearchParams({ SAMLResponse: "x" }), crossSite: true };
    const pages = {
      local: await browser.get(`${acme.url}/sso/local`),
      handOver: await browser.get(`${acme.url}/sso/login`),
      refusal: await browser.fetch(acme.acsUrl, refused),
      link: await browser.get(`${acme.url}/sso/local/invitation?token=none`),
      console: await ada.get(`${acme.url}${CONSOLE}/users`),
    };
    for (const [name, page] of Object.entries(pages)) {
      const html = await page.text();
      expect(html, name).toContain(`src="/sso/logo?v=${body.logoSha256}"`);
      expect(html, name).toContain("--fill:#7a1fa2");
      expect(html, name).toContain("acme Inc.");
      expect(html, name).not.toContain(" style=");
      expect(page.headers.get("content-security-policy"), name).toContain("img-src data: 'self';");
    }
    const other = await gateway.browser().get("https://globex.example.com/sso/local");
    expect(await other.text()).not.toContain("#7a1fa2");
  });
});

describe("the console's page", () => {
  const PATH = `${CONSOLE}/branding`;

  async function save(changes: Record<string, string | null>, file?: { bytes: Uint8Array; type: string }) {
    const fields = formOn(await (await ada.get(acme.url + PATH)).text(), PATH, changes);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    if (file) form.set("logo", new File([file.bytes], "logo.png", { type: file.type }));
    return ada.fetch(acme.url + PATH, { method: "POST", body: form });
  }

  it("sets all three at once", async () => {
    const saved = await save(
      { name: "Acme & Co", ownColor: "on", color: "#336699" },
      { bytes: WEBP, type: "text/html" },
    );
    expect(saved.headers.get("location")).toBe(`${PATH}?done=branding-saved`);
    expect((await read()).body).toMatchObject({ name: "Acme & Co", color: "#336699" });
    expect((await logo()).headers.get("content-type")).toBe("image/webp");
    const { body } = await gateway.api("GET", "/companies/acme/audit?limit=1");
    expect(body.items[0].actor).toMatch(/^user:/);
  });

  it.each([
    ["a page", { bytes: HTML, type: "image/png" }],
    ["too large", { bytes: Uint8Array.from({ length: 70_000 }, (_, at) => PNG[at] ?? 0), type: "image/png" }],
  ])("refuses a logo that is %s, beside its field, and changes nothing", async (_what, file) => {
    const { body: before } = await read();
    const answered = await save({ name: "Changed" }, file);
    expect(answered.status).toBe(422);
    const html = await answered.text();
    expect(html).toContain('id="f-logo-error"');
    expect(html).toContain('value="Changed"');
    expect((await read()).body).toEqual(before);
  });

  it("refuses a colour that is none, and keeps hostile names as text", async () => {
    const answered = await save({ ownColor: "on", color: "red}</style><script>", name: `"><img src=x>` });
    expect(answered.status).toBe(422);
    const html = await answered.text();
    expect(html).not.toContain("<img src=x");
    expect(html).not.toContain("}</style><script>");
  });

  it("overwrites nothing that was saved meanwhile", async () => {
    const answered = await save({ version: "1", name: "Mine" });
    expect(answered.status).toBe(409);
    expect((await read()).body.name).toBe("Acme & Co");
  });

  it("takes colour and logo away again", async () => {
    expect((await save({ ownColor: null, noLogo: "on" })).status).toBe(303);
    expect((await read()).body).toMatchObject({ color: null, logoSha256: null });
  });

  it("is shut to members and to forged forms", async () => {
    const member = await personIn(gateway, acme, "mallory@acme.example");
    expect((await member.get(acme.url + PATH)).status).toBe(403);
    expect((await ada.post(acme.url + PATH, { name: "Forged" })).status).toBe(403);
  });
});
