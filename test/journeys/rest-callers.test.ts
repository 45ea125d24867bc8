/** Who may call the API: the operator everything, a company's token its own company, nobody else anything. */
import { describe, expect, it } from "vitest";
import { routes } from "../../src/admin/rest/index.ts";
import { START, startGateway } from "../support/gateway.ts";
import { withPeople } from "./rest-company.ts";

const gateway = startGateway();
const { api } = gateway;

async function tokenOf(slug: string, body: Record<string, unknown> = {}) {
  const made = await api("POST", `/companies/${slug}/tokens`, { name: "t", ...body });
  expect(made.status).toBe(201);
  return { id: made.body.id as string, headers: { authorization: `Bearer ${made.body.secret}` } };
}

describe("without a valid bearer token", () => {
  const wrong: [string, string][] = [
    ["an empty one", ""],
    ["another scheme", "Basic b3BlcmF0b3I6eA=="],
    ["no token", "Bearer"],
    ["a wrong token", "Bearer wrong-token-of-nobody-at-all"],
    ["the operator's token and more", "Bearer operator-token-of-the-testsX"],
    ["the beginning of the operator's token", "Bearer operator-token-of-the-test"],
    ["the operator's token in other letters", "Bearer OPERATOR-TOKEN-OF-THE-TESTS"],
    ["two tokens", "Bearer operator-token-of-the-tests, Bearer operator-token-of-the-tests"],
    ["text that looks like SQL", "Bearer '/**/OR/**/1=1--"],
    ["a very long one", `Bearer ${"a".repeat(10_000)}`],
  ];
  for (const [what, authorization] of wrong) {
    it(`(${what}) the answer is 401 with WWW-Authenticate`, async () => {
      const answer = await api("GET", "/companies", undefined, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer realm="vestibule"/);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
    });
  }

  it("every route answers 401, before it says whether the company is there", async () => {
    for (const { method, path } of routes) {
      const place = path.replace(":slug", "nobody").replace(":id", "x");
      const answer = await api(method.toUpperCase(), place, undefined, { authorization: "Bearer no" });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
    }
  });

  it("the scheme's name is read in any case", async () => {
    const answer = await api("GET", "/companies", undefined, { authorization: "bEARER operator-token-of-the-tests" });
    expect(answer.status).toBe(200);
  });

  it("a token in the query opens nothing", async () => {
    const answer = await api("GET", "/companies?access_token=operator-token-of-the-tests", undefined, {
      authorization: "",
    });
    expect(answer.status).toBe(401);
  });
});

describe("a company's token", () => {
  it("opens its own company", async () => {
    const { slug, group } = await withPeople(gateway, "own");
    const { headers } = await tokenOf(slug);
    for (const path of ["", "/groups", "/users", "/sessions", "/sign-ins", "/audit", "/tokens"]) {
      expect((await api("GET", `/companies/${slug}${path}`, undefined, headers)).status).toBe(200);
    }
    const user = { email: "new@contoso.example", groupId: group.id };
    expect((await api("POST", `/companies/${slug}/users`, user, headers)).status).toBe(201);
  });

  it("gets 403 for every route of another company, and the same for one that is not there", async () => {
    const { slug } = await withPeople(gateway, "curious");
    const other = await withPeople(gateway, "victim");
    const { headers } = await tokenOf(slug);
    const before = await api("GET", `/companies/${other.slug}/audit`);
    for (const { method, path } of routes) {
      if (!path.includes(":slug")) continue;
      const answers = [];
      for (const company of [other.slug, "nobody-here"]) {
        const place = path.replace(":slug", company).replace(":id", other.user.id);
        const answer = await api(method.toUpperCase(), place, undefined, headers);
        answers.push([method, path, answer.status, answer.body.title]);
      }
      expect(answers[0]?.slice(0, 3)).toEqual([method, path, 403]);
      expect(answers[0], "no telling whether a company exists").toEqual(answers[1]);
    }
    expect((await api("GET", `/companies/${other.slug}/audit`)).body).toEqual(before.body);
  });

  it("lists, creates and deletes no companies", async () => {
    const { slug } = await withPeople(gateway, "ambitious");
    const { headers } = await tokenOf(slug);
    const body = { slug: "more", name: "More", originUrl: "https://origin.example" };
    expect((await api("GET", "/companies", undefined, headers)).status).toBe(403);
    expect((await api("GET", "/audit", undefined, headers)).status).toBe(403);
    expect((await api("POST", "/companies", body, headers)).status).toBe(403);
    expect((await api("DELETE", `/companies/${slug}`, undefined, headers)).status).toBe(403);
  });

  it("changes its company's name and session policy, not its status and origin", async () => {
    const { slug } = await withPeople(gateway, "modest");
    const { headers } = await tokenOf(slug);
    const own = await api(
      "PATCH",
      `/companies/${slug}`,
      { name: "Modest", sessionPolicy: { idleMinutes: 9 } },
      headers,
    );
    expect(own.body).toMatchObject({ name: "Modest", sessionPolicy: { idleMinutes: 9 } });
    const origin = await api("PATCH", `/companies/${slug}`, { originUrl: "https://evil.example" }, headers);
    expect([origin.status, origin.body.errors[0].path]).toEqual([403, "originUrl"]);
    expect((await api("PATCH", `/companies/${slug}`, { status: "suspended" }, headers)).status).toBe(403);
    const same = await api("PUT", `/companies/${slug}`, { ...own.body, name: "Same" }, headers);
    expect([same.status, same.body.name]).toEqual([200, "Same"]);
  });

  it("opens nothing once it is deleted, expired, or its company suspended", async () => {
    const { slug } = await withPeople(gateway, "ending");
    const deleted = await tokenOf(slug);
    const expiring = await tokenOf(slug, { expiresAt: new Date(START + 60_000).toISOString() });
    const staying = await tokenOf(slug);
    const read = async (headers: Record<string, string>) =>
      (await api("GET", `/companies/${slug}`, undefined, headers)).status;
    expect([await read(deleted.headers), await read(expiring.headers)]).toEqual([200, 200]);
    await api("DELETE", `/companies/${slug}/tokens/${deleted.id}`);
    expect(await read(deleted.headers)).toBe(401);
    gateway.advance(60);
    expect(await read(expiring.headers)).toBe(401);
    await api("PATCH", `/companies/${slug}`, { status: "suspended" });
    expect(await read(staying.headers)).toBe(403);
  });

  it("cannot be made to end in the past", async () => {
    const { slug } = await withPeople(gateway, "past");
    const made = await api("POST", `/companies/${slug}/tokens`, { expiresAt: "2001-01-01T00:00:00Z" });
    expect([made.status, made.body.errors[0].path]).toEqual([422, "expiresAt"]);
  });
});

describe("the API's place", () => {
  it("is the operator's host alone", async () => {
    const { slug } = await withPeople(gateway, "elsewhere");
    const request = new Request(`https://${slug}.example.com/api/v1/companies`, {
      headers: { authorization: "Bearer operator-token-of-the-tests", accept: "application/json" },
    });
    const response = await gateway.fetch(request);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain('"items"');
  });

  it("answers 405 with Allow to a method that an object has not, and 404 to what is not there", async () => {
    const method = await api("POST", "/companies/acme");
    expect([method.status, method.headers.get("allow")]).toEqual([405, "GET, PATCH, PUT, DELETE, HEAD"]);
    expect((await api("GET", "/nothing")).status).toBe(404);
    expect((await api("GET", "/companies/a/b/c/d")).status).toBe(404);
    const head = await gateway.fetch(
      new Request("https://admin.example.com/api/v1/companies", {
        method: "HEAD",
        headers: { authorization: "Bearer operator-token-of-the-tests" },
      }),
    );
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });
});
