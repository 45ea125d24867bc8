/** What callers send by mistake or on purpose: each gets a clear problem, and nothing is half written. */
import { describe, expect, it } from "vitest";
import { JSON_BODY_BYTES_MAX } from "../../src/admin/rest/body.ts";
import { routes } from "../../src/admin/rest/index.ts";
import { startGateway } from "../support/gateway.ts";
import { withPeople } from "./rest-company.ts";

const gateway = startGateway();
const { api } = gateway;

describe("bodies", () => {
  const malformed: [string, string][] = [
    ["nothing", ""],
    ["half an object", '{"slug":"x"'],
    ["two objects", "{}{}"],
    ["a comment", '{/* */"slug":"x"}'],
    ["single quotes", "{'slug':'x'}"],
    ["a form", "slug=x&name=y"],
    ["a NUL", "\u0000"],
    ["100,000 open brackets", "[".repeat(100_000)],
  ];
  for (const [what, body] of malformed) {
    it(`that are ${what} get 400`, async () => {
      const answer = await api("POST", "/companies", body, { "content-type": "application/json" });
      expect([answer.status, answer.body.type]).toEqual([400, "urn:vestibule:problem:malformed"]);
    });
  }

  it("that are not UTF-8 get 400", async () => {
    const response = await gateway.fetch(
      new Request("https://admin.example.com/api/v1/companies", {
        method: "POST",
        headers: { authorization: "Bearer operator-token-of-the-tests", "content-type": "application/json" },
        body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
      }),
    );
    expect(response.status).toBe(400);
  });

  for (const [what, body] of [
    ["null", null],
    ["a list", []],
    ["a number", 7],
    ["a text", "x"],
    ["true", true],
  ] as const) {
    it(`that are ${what} instead of an object get 422`, async () => {
      const answer = await api("POST", "/companies", JSON.stringify(body), { "content-type": "application/json" });
      expect([answer.status, answer.body.errors[0].path]).toEqual([422, ""]);
    });
  }

  it("of another type get 415 and are told which", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/jsonp",
      "multipart/form-data",
      "",
    ]) {
      const answer = await api("POST", "/companies", "{}", { "content-type": type });
      expect([type, answer.status]).toEqual([type, 415]);
      expect(answer.headers.get("accept")).toBe("application/json");
    }
    expect((await api("POST", "/companies", "{}", { "content-type": "Application/JSON; charset=utf-8" })).status).toBe(
      422,
    );
  });

  it("of 10 MB get 413, whether their length is announced or not", async () => {
    const big = `{"name":"${"x".repeat(10_000_000)}"}`;
    expect((await api("POST", "/companies", big)).status).toBe(413);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const response = await gateway.fetch(
      new Request("https://admin.example.com/api/v1/companies", {
        method: "POST",
        headers: { authorization: "Bearer operator-token-of-the-tests", "content-type": "application/json" },
        body: endless,
      }),
    );
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(JSON_BODY_BYTES_MAX + 4 * 65_536);
  });

  it("with unknown fields are refused, each by its name", async () => {
    const body =
      '{"slug":"x","name":"X","originUrl":"https://o.example","isAdmin":true,"__proto__":{"a":1},"constructor":1}';
    const answer = await api("POST", "/companies", body);
    expect(answer.status).toBe(422);
    const paths = answer.body.errors.map((error: { path: string }) => error.path);
    expect(paths).toEqual(expect.arrayContaining(["isAdmin", "constructor"]));
    expect((await api("GET", "/companies/x")).status).toBe(404);
  });

  it("with every field of a wrong type are refused field by field", async () => {
    const { slug } = await withPeople(gateway, "types");
    const answer = await api("POST", `/companies/${slug}/users`, {
      email: ["a@b.example"],
      firstName: { a: 1 },
      lastName: null,
      company: 7,
      groupId: true,
      status: 1,
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      "company",
      "email",
      "firstName",
      "groupId",
      "lastName",
      "status",
    ]);
    for (const error of answer.body.errors) expect(error.message).toEqual(expect.any(String));
  });

  it("a null in a PATCH is not taken for 'the default': a disabled user stays disabled", async () => {
    const { slug, user } = await withPeople(gateway, "null-patch");
    const path = `/companies/${slug}/users/${user.id}`;
    await api("PATCH", path, { status: "disabled" });
    expect((await api("PATCH", path, { status: null })).status).toBe(422);
    expect((await api("GET", path)).body.status).toBe("disabled");
  });

  it("what only the server decides is refused when made, and ignored when sent back", async () => {
    const { slug, group, user } = await withPeople(gateway, "read-only");
    const made = await api("POST", `/companies/${slug}/users`, { id: "mine", email: "x@y.example", groupId: group.id });
    expect([made.status, made.body.errors[0].path]).toEqual([422, "id"]);
    const sent = { id: "other", createdAt: "1970-01-01T00:00:00.000Z", lastName: "Lee" };
    const patched = await api("PATCH", `/companies/${slug}/users/${user.id}`, sent);
    expect(patched.body).toMatchObject({ id: user.id, lastName: "Lee" });
    expect(patched.body.createdAt).not.toBe(sent.createdAt);
  });

  it("text that looks like SQL, HTML or a template is kept as it is", async () => {
    const { slug, group } = await withPeople(gateway, "text");
    const hostile = [
      `'; DROP TABLE users; --`,
      `<script>alert(1)</script>`,
      `$${"{7*7}"}{{7*7}}`,
      '"\\u0000"',
      "\u{1F468}\u200D\u{1F469}",
    ];
    for (const [n, firstName] of hostile.entries()) {
      const made = await api("POST", `/companies/${slug}/users`, {
        email: `t${n}@x.example`,
        firstName,
        groupId: group.id,
      });
      expect([made.status, made.body.firstName]).toEqual([201, firstName]);
      expect((await api("GET", `/companies/${slug}/users/${made.body.id}`)).body.firstName).toBe(firstName);
    }
    expect((await api("GET", `/companies/${slug}/users`)).body.items).toHaveLength(hostile.length + 1);
  });
});

describe("paths and queries", () => {
  it("an id that is nobody's gets 404 everywhere, whatever it looks like", async () => {
    const { slug } = await withPeople(gateway, "ids");
    for (const id of ["x", "'%20OR%201=1--", "%00", "..%2F..%2Fadmin", "a".repeat(5000), "%F0%9F%98%80"]) {
      for (const { method, path } of routes.filter((route) => route.path.endsWith(":id"))) {
        const place = path.replace(":slug", slug).replace(":id", id);
        const body = method === "patch" ? {} : method === "put" ? undefined : undefined;
        const answer = await api(method.toUpperCase(), place, body);
        expect([method, place, [404, 415].includes(answer.status)]).toEqual([method, place, true]);
      }
    }
    for (const name of ["nobody", "NOBODY", "'--", "%2e%2e", "a".repeat(300)]) {
      expect((await api("GET", `/companies/${name}/users`)).status).toBe(404);
    }
  });

  it("limits out of range, cursors tampered with or of another list get 400", async () => {
    const { slug, group } = await withPeople(gateway, "cursors");
    const other = await withPeople(gateway, "cursors-other");
    await api("POST", `/companies/${slug}/users`, { email: "x@y.example", groupId: group.id });
    const users = `/companies/${slug}/users`;
    for (const limit of ["0", "-1", "201", "1e2", "1.5", "", "all", "99999999999999999999"]) {
      const answer = await api("GET", `${users}?limit=${limit}`);
      expect([limit, answer.status, answer.body.errors[0].path]).toEqual([limit, 400, "limit"]);
    }
    const cursor = (await api("GET", `${users}?limit=1`)).body.nextCursor as string;
    expect((await api("GET", `${users}?cursor=${cursor}`)).status).toBe(200);
    const flipped = cursor.slice(0, -1) + (cursor.endsWith("A") ? "B" : "A");
    const elsewhere = [
      `${users}?cursor=${flipped}`,
      `${users}?cursor=`,
      `${users}?cursor=AAAA`,
      `${users}?cursor=${cursor}.`,
      `/companies/${slug}/groups?cursor=${cursor}`,
      `/companies/${other.slug}/users?cursor=${cursor}`,
      `/companies?cursor=${cursor}`,
    ];
    for (const place of elsewhere) {
      const answer = await api("GET", place);
      expect([place, answer.status, answer.body.errors[0].path]).toEqual([place, 400, "cursor"]);
    }
  });

  it("a parameter that is misspelt or given twice is refused, not ignored: DELETE would remove too much", async () => {
    const { slug, user } = await withPeople(gateway, "misspelt");
    expect((await api("DELETE", `/companies/${slug}/sessions?userid=${user.id}`)).status).toBe(400);
    expect((await api("DELETE", `/companies/${slug}/sessions?userId=${user.id}&userId=x`)).status).toBe(400);
    expect((await api("GET", `/companies/${slug}/sessions`)).body.items).toHaveLength(1);
  });
});

describe("when D1 gives no answer", () => {
  it("every route that needs it says so with 503, and none with anything else", async () => {
    const lost = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
    const statement = { bind: () => statement, all: lost, raw: lost, run: lost, first: lost };
    const broken = startGateway({ DB: { prepare: () => statement, batch: lost } as unknown as D1Database });
    for (const { method, path } of routes) {
      // Made of the secret and the clock.
      if (path === "/trace-token") continue;
      const place = path.replace(":slug", "acme").replace(":id", "x");
      const company = { slug: "acme", name: "A", originUrl: "https://origin.example" };
      // What the operator posts is read before the company is.
      const body = path.endsWith("/setup-links") ? { email: "a@b.example" } : company;
      const answer = await broken.api(method.toUpperCase(), place, method === "post" ? body : undefined);
      expect([method, path, answer.status, answer.body.type]).toEqual([
        method,
        path,
        503,
        "urn:vestibule:problem:unavailable",
      ]);
      expect(answer.headers.get("retry-after")).not.toBeNull();
    }
  });
});
