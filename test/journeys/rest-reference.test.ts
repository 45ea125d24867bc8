/** The API reference: openapi.json as people read it. */
import { describe, expect, it } from "vitest";
import { routes } from "../../src/admin/rest/index.ts";
import { startGateway } from "../support/gateway.ts";
import { decode } from "./console-stage.ts";

const gateway = startGateway();
const open = (path: string) => gateway.fetch(new Request(`https://admin.example.com/api/v1${path}`));

describe("GET /api/v1/reference", () => {
  it("shows every route with its parameters and an example, to anybody, as openapi.json does", async () => {
    const response = await open("/reference");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = decode(await response.text());
    for (const { method, path } of routes) {
      expect(html).toContain(`${method.toUpperCase()} ${path.replace(/:(\w+)/g, "{$1}")}<`);
    }
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(new Set(ids).size);
    for (const [, id] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(id);
    expect(html).toContain('-d \'{"email":"b.simon@acme.example","groupId":"…"}\'');
    expect(html).not.toContain("operator-token-of-the-tests");
  });

  it("says of a body's fields their types, limits and defaults, and asks for no read-only ones", async () => {
    // Where a name may break is no part of it.
    const html = decode(await (await open("/reference")).text()).replaceAll(/<wbr\/>|<\/?bdi>/g, "");
    const settings = html.split("<article").find((part) => part.includes("PUT /companies/{slug}/saml<")) ?? "";
    expect(settings).toMatch(/clockSkewSeconds<.*integer.*0 to 600; without it 180/s);
    expect(settings).toContain('"POST" or "Redirect"');
    expect(settings).toContain("<code>attributeMapping.userKey</code>");
    expect(settings).not.toContain("<code>serviceProvider</code>");
  });

  it("runs nothing but what carries this answer's nonce, and loads nothing", async () => {
    const response = await open("/reference");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'nonce-[^']+'; script-src 'nonce-/);
    const html = await response.text();
    expect(html).not.toMatch(/ style="| on\w+="|src="|<link rel="stylesheet/);
  });

  it("is where the API's root leads", async () => {
    const response = await open("/");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/api/v1/reference"]);
  });
});
