/** The REST API as operators and companies use it: every resource, its entity tags, its pages, its audit. */
import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { companyView } from "../../src/admin/companies.ts";
import { groupView } from "../../src/admin/groups.ts";
import { auditView, signInView } from "../../src/admin/records.ts";
import { sessionView } from "../../src/admin/sessions.ts";
import { tokenView, tokenWithSecretView } from "../../src/admin/tokens.ts";
import { userView } from "../../src/admin/users.ts";
import { newId, recordSignIn } from "../../src/store/index.ts";
import { BASE, START, startGateway } from "../support/gateway.ts";
import { database, withPeople } from "./rest-company.ts";

const gateway = startGateway();
const { api } = gateway;

/** The answer is exactly what openapi.json says. */
const is = (view: z.ZodMiniObject, value: unknown) => expect(z.strictObject(view.shape).parse(value)).toEqual(value);

describe("/companies", () => {
  it("are created with defaults, found, listed by slug, changed and deleted", async () => {
    const made = await api("POST", "/companies", {
      slug: "acme",
      name: "Acme & Söhne",
      originUrl: "https://origin.example/base",
    });
    expect(made.status).toBe(201);
    is(companyView, made.body);
    expect(made.body).toMatchObject({
      slug: "acme",
      name: "Acme & Söhne",
      originUrl: "https://origin.example/base",
      status: "active",
      sessionPolicy: { absoluteHours: 12, idleMinutes: 60 },
      createdAt: new Date(START).toISOString(),
    });
    expect(made.headers.get("location")).toBe("/api/v1/companies/acme");
    expect(made.headers.get("cache-control")).toBe("no-store");

    const read = await api("GET", "/companies/acme");
    expect([read.status, read.body]).toEqual([200, made.body]);
    expect(read.headers.get("etag")).toBe(made.headers.get("etag"));
    expect((await gateway.fetch(new Request(`https://acme.${BASE}/sso/session`))).status).toBe(401);

    const changed = await api("PATCH", "/companies/acme", { status: "suspended", sessionPolicy: { idleMinutes: 5 } });
    expect(changed.body).toMatchObject({ status: "suspended", sessionPolicy: { absoluteHours: 12, idleMinutes: 5 } });
    expect(changed.headers.get("etag")).not.toBe(made.headers.get("etag"));
    expect((await gateway.fetch(new Request(`https://acme.${BASE}/`))).status, "in force at once here").toBe(403);

    const put = await api("PUT", "/companies/acme", { ...changed.body, name: "Acme" });
    expect(put.body).toMatchObject({ name: "Acme", status: "suspended" });
    expect((await api("PUT", "/companies/acme", { name: "Acme" })).body.errors).toMatchObject([{ path: "originUrl" }]);

    expect((await api("DELETE", "/companies/acme")).status).toBe(204);
    expect((await api("GET", "/companies/acme")).status).toBe(404);
    expect((await gateway.fetch(new Request(`https://acme.${BASE}/`))).status).toBe(404);
    const [last] = (await api("GET", "/audit?limit=1")).body.items;
    expect(last).toMatchObject({ action: "delete", resource: "company", before: { slug: "acme" }, after: null });
  });

  it("keep their slug, and no two have the same", async () => {
    await api("POST", "/companies", { slug: "one", name: "One", originUrl: "https://origin.example" });
    const twin = await api("POST", "/companies", { slug: "one", name: "Two", originUrl: "https://origin.example" });
    expect(twin.status).toBe(409);
    expect(twin.body.errors).toMatchObject([{ path: "slug" }]);
    expect((await api("PATCH", "/companies/one", { slug: "two" })).status).toBe(422);
    expect((await api("PATCH", "/companies/one", { slug: "one", name: "Uno" })).body.name).toBe("Uno");
  });

  const refused: [string, Record<string, unknown>, string][] = [
    ["a reserved slug", { slug: "admin" }, "slug"],
    ["an upper-case slug", { slug: "Acme" }, "slug"],
    ["a slug with a dot", { slug: "a.b" }, "slug"],
    ["a punycode slug", { slug: "xn--80ak6aa92e" }, "slug"],
    ["a slug that ends in a hyphen", { slug: "acme-" }, "slug"],
    ["a slug of 64 characters", { slug: "a".repeat(64) }, "slug"],
    ["a slug with a line feed", { slug: "acme\n" }, "slug"],
    ["plain http", { originUrl: "http://origin.example" }, "originUrl"],
    ["plain http to loopback on a public gateway", { originUrl: "http://localhost:9000" }, "originUrl"],
    ["another scheme", { originUrl: "javascript:alert(1)" }, "originUrl"],
    ["a password in the URL", { originUrl: "https://a:b@origin.example" }, "originUrl"],
    ["a query in the origin's URL", { originUrl: "https://origin.example/?a" }, "originUrl"],
    ["a fragment", { originUrl: "https://origin.example/#a" }, "originUrl"],
    ["a backslash", { originUrl: "https://origin.example\\@evil.example" }, "originUrl"],
    ["white space in a URL", { originUrl: "https://origin.example/ x" }, "originUrl"],
    ["no scheme", { originUrl: "origin.example" }, "originUrl"],
    ["an empty name", { name: "  " }, "name"],
    ["a name with a control character", { name: "a\u0000b" }, "name"],
    ["a name written backwards", { name: "a\u202Eb" }, "name"],
    ["a name of 201 characters", { name: "x".repeat(201) }, "name"],
    ["a lone surrogate", { name: "\uD800" }, "name"],
    ["a status that isn't one", { status: "deleted" }, "status"],
    ["zero hours", { sessionPolicy: { absoluteHours: 0 } }, "sessionPolicy.absoluteHours"],
    ["half a minute", { sessionPolicy: { idleMinutes: 0.5 } }, "sessionPolicy.idleMinutes"],
    ["an unknown field inside", { sessionPolicy: { forever: true } }, "sessionPolicy.forever"],
  ];
  for (const [what, part, path] of refused) {
    it(`are not created with ${what}`, async () => {
      const body = { slug: "refused", name: "Refused", originUrl: "https://origin.example", ...part };
      const answer = await api("POST", "/companies", body);
      expect(answer.status).toBe(422);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(answer.body.errors.map((error: { path: string }) => error.path)).toEqual([path]);
      expect((await api("GET", "/companies/refused")).status, "nothing was written").toBe(404);
    });
  }

  it("may have an http origin on this machine where the gateway itself is local", async () => {
    const local = startGateway({ BASE_DOMAIN: "localhost:8787" });
    const create = (slug: string, originUrl: string) =>
      local
        .fetch(
          new Request("http://admin.localhost:8787/api/v1/companies", {
            method: "POST",
            headers: { authorization: "Bearer operator-token-of-the-tests", "content-type": "application/json" },
            body: JSON.stringify({ slug, name: slug, originUrl }),
          }),
        )
        .then((response) => response.status);
    expect(await create("loop-one", "http://localhost:8789")).toBe(201);
    expect(await create("loop-two", "http://127.0.0.1:8789/base")).toBe(201);
    expect(await create("loop-three", "http://origin.example")).toBe(422);
    expect(await create("loop-four", "http://127.0.0.1.evil.example")).toBe(422);
  });
});

describe("/groups", () => {
  it("are created, listed, read, changed and deleted when nothing uses them", async () => {
    const { slug, group, user } = await withPeople(gateway, "groups");
    const made = await api("POST", `/companies/${slug}/groups`, {
      title: "Staff <b>",
      type: "administrator",
      ssoOnly: true,
    });
    expect(made.status).toBe(201);
    is(groupView, made.body);
    expect(made.body).toMatchObject({ title: "Staff <b>", type: "administrator", ssoOnly: true });
    const path = `/companies/${slug}/groups/${made.body.id}`;
    expect(made.headers.get("location")).toBe(`/api/v1${path}`);
    expect((await api("GET", path)).body).toEqual(made.body);
    expect((await api("GET", `/companies/${slug}/groups`)).body.items).toHaveLength(2);
    expect((await api("PATCH", path, { title: "Team" })).body).toMatchObject({ title: "Team", ssoOnly: true });
    expect((await api("PUT", path, { title: "Crew", type: "member" })).body).toMatchObject({
      title: "Crew",
      type: "member",
    });
    expect((await api("PATCH", path, { type: "owner" })).status).toBe(422);
    expect((await api("DELETE", path)).status).toBe(204);
    expect((await api("DELETE", path)).status).toBe(404);
    const used = await api("DELETE", `/companies/${slug}/groups/${group.id}`);
    expect(used.status).toBe(409);
    expect((await api("DELETE", `/companies/${slug}/users/${user.id}`)).status).toBe(204);
    expect((await api("DELETE", `/companies/${slug}/groups/${group.id}`)).status).toBe(204);
  });
});

describe("/users", () => {
  it("are created, found by e-mail in either case, changed and deleted", async () => {
    const { slug, group } = await withPeople(gateway, "users");
    const made = await api("POST", `/companies/${slug}/users`, {
      email: "Anna.Smith@Contoso.example",
      firstName: "Anna",
      lastName: "O'Smith \u{1F600}",
      company: "<b>Contoso</b>",
      groupId: group.id,
    });
    expect(made.status).toBe(201);
    is(userView, made.body);
    expect(made.body).toMatchObject({
      email: "anna.smith@contoso.example",
      lastName: "O'Smith \u{1F600}",
      company: "<b>Contoso</b>",
      status: "active",
      lastSignInAt: null,
    });
    const path = `/companies/${slug}/users/${made.body.id}`;
    const found = await api("GET", `/companies/${slug}/users?email=ANNA.smith%40contoso.example`);
    expect(found.body).toEqual({ items: [made.body], nextCursor: null });
    expect((await api("GET", `/companies/${slug}/users?email=nobody@contoso.example`)).body.items).toEqual([]);
    const changed = await api("PATCH", path, { status: "disabled", firstName: "" });
    expect(changed.body).toMatchObject({ status: "disabled", firstName: "" });
    const put = await api("PUT", path, { ...changed.body, lastName: "Smith" });
    expect(put.body, "what is absent from a PUT and decides over access stays").toMatchObject({
      status: "disabled",
      lastName: "Smith",
    });
    expect((await api("DELETE", path)).status).toBe(204);
    expect((await api("GET", path)).status).toBe(404);
  });

  it("conflict over an e-mail address, whatever its case", async () => {
    const { slug, group, user } = await withPeople(gateway, "conflict");
    const body = { email: user.email.toUpperCase(), groupId: group.id };
    const twin = await api("POST", `/companies/${slug}/users`, body);
    expect(twin.status).toBe(409);
    expect(twin.body.errors).toMatchObject([{ path: "email" }]);
    const other = await api("POST", `/companies/${slug}/users`, { ...body, email: "other@contoso.example" });
    expect((await api("PATCH", `/companies/${slug}/users/${other.body.id}`, { email: user.email })).status).toBe(409);
  });

  it("cannot be put into a group of another company", async () => {
    const mine = await withPeople(gateway, "group-mine");
    const theirs = await withPeople(gateway, "group-theirs");
    const body = { email: "x@contoso.example", groupId: theirs.group.id };
    const made = await api("POST", `/companies/${mine.slug}/users`, body);
    expect(made.status).toBe(422);
    expect(made.body.errors).toMatchObject([{ path: "groupId" }]);
    const moved = await api("PATCH", `/companies/${mine.slug}/users/${mine.user.id}`, { groupId: theirs.group.id });
    expect(moved.status).toBe(422);
    expect((await api("GET", `/companies/${mine.slug}/users/${theirs.user.id}`)).status).toBe(404);
  });

  for (const email of [
    "",
    "plain",
    "a@b@c",
    "a b@c.example",
    "a@b..c",
    "<a@b.example>",
    "a@b.example\n",
    `${"a".repeat(250)}@b.example`,
    "\u202Ea@b.example",
  ]) {
    it(`are not created with the e-mail address ${JSON.stringify(email).slice(0, 40)}`, async () => {
      const { slug, group } = await withPeople(
        gateway,
        `mail-${Buffer.from(email).toString("hex").slice(0, 20) || "empty"}`,
      );
      const answer = await api("POST", `/companies/${slug}/users`, { email, groupId: group.id });
      // White space at the ends is taken off, so that a pasted address works.
      expect(answer.status).toBe(email.trim() === "a@b.example" ? 201 : 422);
    });
  }
});

describe("entity tags", () => {
  it("guard changes and deletions: a stale If-Match gets 412 and nothing happens", async () => {
    const { slug, group } = await withPeople(gateway, "etag");
    const path = `/companies/${slug}/groups/${group.id}`;
    const before = (await api("GET", path)).headers.get("etag") ?? "";
    expect(before).toMatch(/^"[^"]+"$/);
    const first = await api("PATCH", path, { title: "First" }, { "if-match": before });
    expect(first.status).toBe(200);
    const second = await api("PATCH", path, { title: "Second" }, { "if-match": before });
    expect(second.status).toBe(412);
    expect((await api("DELETE", path, undefined, { "if-match": before })).status).toBe(412);
    expect((await api("GET", path)).body.title).toBe("First");
    const now = first.headers.get("etag") ?? "";
    expect((await api("PATCH", path, { title: "Weak" }, { "if-match": `W/${now}` })).status).toBe(412);
    expect((await api("PATCH", path, { title: "List" }, { "if-match": `"x", ${now}` })).status).toBe(200);
    expect((await api("PATCH", path, { title: "Any" }, { "if-match": "*" })).status).toBe(200);
    expect((await api("PATCH", path, { title: "Bad" }, { "if-match": "nonsense" })).status).toBe(412);
  });

  it("let 20 concurrent changes with one tag through once, and all of 5 without a tag", async () => {
    const { slug, user } = await withPeople(gateway, "etag-race");
    const path = `/companies/${slug}/users/${user.id}`;
    const tag = (await api("GET", path)).headers.get("etag") ?? "";
    const guarded = await Promise.all(
      Array.from({ length: 20 }, (_, n) => api("PATCH", path, { firstName: `G${n}` }, { "if-match": tag })),
    );
    expect(guarded.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(412)]);
    const free = await Promise.all(Array.from({ length: 5 }, (_, n) => api("PATCH", path, { firstName: `F${n}` })));
    expect(free.map(({ status }) => status)).toEqual(Array(5).fill(200));
  });

  it("a change to what already stands writes nothing and leaves the tag", async () => {
    const { slug, user } = await withPeople(gateway, "no-change");
    const path = `/companies/${slug}/users/${user.id}`;
    const before = await api("GET", path);
    const records = (await api("GET", `/companies/${slug}/audit`)).body.items.length;
    const after = await api("PUT", path, before.body);
    expect([after.status, after.headers.get("etag")]).toEqual([200, before.headers.get("etag")]);
    expect((await api("GET", `/companies/${slug}/audit`)).body.items).toHaveLength(records);
  });
});

describe("lists", () => {
  it("give every item once, page by page", async () => {
    const { slug, group } = await withPeople(gateway, "pages");
    for (let n = 0; n < 6; n++) {
      await api("POST", `/companies/${slug}/users`, { email: `u${n}@contoso.example`, groupId: group.id });
    }
    const emails: string[] = [];
    let cursor = "";
    let pages = 0;
    do {
      const page = await api("GET", `/companies/${slug}/users?limit=3${cursor && `&cursor=${cursor}`}`);
      emails.push(...page.body.items.map((user: { email: string }) => user.email));
      cursor = page.body.nextCursor ?? "";
      pages++;
    } while (cursor !== "");
    expect(pages).toBe(3);
    expect(emails.slice(1)).toEqual(Array.from({ length: 6 }, (_, n) => `u${n}@contoso.example`));
  });

  it("end without a cursor when the last page is exactly full", async () => {
    const { slug } = await withPeople(gateway, "full");
    expect((await api("GET", `/companies/${slug}/users?limit=1`)).body.nextCursor).toBeNull();
  });
});

describe("sessions, sign-ins and audit", () => {
  it("show what was written, newest first, and sessions end", async () => {
    const { slug, user, session, companyId } = await withPeople(gateway, "records");
    const list = await api("GET", `/companies/${slug}/sessions?userId=${user.id}`);
    expect(list.body.items).toHaveLength(1);
    is(sessionView, list.body.items[0]);
    expect(list.body.items[0]).toMatchObject({ id: session.id, userId: user.id, userAgent: "Chromium" });
    expect((await api("GET", `/companies/${slug}/sessions?userId=${newId()}`)).body.items).toEqual([]);

    for (const code of ["audience_mismatch", "conditions_expired"]) {
      await recordSignIn(database, companyId, {
        id: newId(),
        at: START,
        outcome: "refused",
        code,
        email: "<i>@x.example",
        checks: [{ name: "audience", ok: false, expected: "https://a", received: "<script>" }],
        reference: `REF-${code}`,
        userId: null,
      });
    }
    const signIns = await api("GET", `/companies/${slug}/sign-ins?limit=2`);
    is(signInView, signIns.body.items[0]);
    expect(signIns.body.items.map((item: { code: string }) => item.code)).toEqual([
      "conditions_expired",
      "audience_mismatch",
    ]);
    expect(signIns.body.items[1].checks).toEqual([
      { name: "audience", ok: false, expected: "https://a", received: "<script>" },
    ]);
    const named = await api("GET", `/companies/${slug}/sign-ins?reference=REF-audience_mismatch`);
    expect(named.body.items).toEqual([signIns.body.items[1]]);
    const one = await api("GET", `/companies/${slug}/sign-ins/${signIns.body.items[0].id}`);
    expect(one.body).toEqual({ ...signIns.body.items[0], message: null });

    expect((await api("DELETE", `/companies/${slug}/sessions/${session.id}`)).status).toBe(204);
    expect((await api("DELETE", `/companies/${slug}/sessions/${session.id}`)).status).toBe(404);
    expect((await api("DELETE", `/companies/${slug}/sessions?userId=${newId()}`)).status).toBe(404);
    expect((await api("DELETE", `/companies/${slug}/sessions?userId=${user.id}`)).status).toBe(204);
    expect((await api("DELETE", `/companies/${slug}/sessions`)).status).toBe(204);

    const audit = await api("GET", `/companies/${slug}/audit`);
    for (const item of audit.body.items) is(auditView, item);
    expect(audit.body.items.slice(0, 3).map((item: { before: unknown }) => item.before)).toEqual([
      { userId: "*" },
      { userId: user.id },
      list.body.items[0],
    ]);
    expect(audit.body.items.map((item: { resource: string }) => item.resource).slice(3)).toEqual([
      "user",
      "group",
      "company",
    ]);
  });

  it("the audit says who changed what, before and after", async () => {
    const { slug, user } = await withPeople(gateway, "audited");
    const token = await api("POST", `/companies/${slug}/tokens`, { name: "CI" });
    const authorization = `Bearer ${token.body.secret}`;
    await api("PATCH", `/companies/${slug}/users/${user.id}`, { lastName: "Lee" }, { authorization });
    const [record] = (await api("GET", `/companies/${slug}/audit?limit=1`)).body.items;
    expect(record).toMatchObject({
      actor: `token:${token.body.id}`,
      action: "update",
      resource: "user",
      resourceId: user.id,
      before: { lastName: "Simon" },
      after: { lastName: "Lee" },
    });
  });
});

describe("/tokens", () => {
  it("show their secret once, and it stands nowhere in the database", async () => {
    const { slug } = await withPeople(gateway, "tokens");
    const made = await api("POST", `/companies/${slug}/tokens`, { name: "Sync" });
    expect(made.status).toBe(201);
    is(tokenWithSecretView, made.body);
    expect(made.body.secret).toMatch(/^vestibule_[\w-]{43}$/);
    const list = await api("GET", `/companies/${slug}/tokens`);
    is(tokenView, list.body.items[0]);
    expect(JSON.stringify([list.body, (await api("GET", "/audit")).body])).not.toContain(made.body.secret);
    const rows = await database.$client.prepare("select * from tokens").all();
    expect(JSON.stringify(rows.results)).not.toContain(made.body.secret.slice("vestibule_".length));
    const path = `/companies/${slug}/tokens/${made.body.id}`;
    expect((await api("GET", path)).body).toEqual(list.body.items[0]);
    expect((await api("DELETE", path)).status).toBe(204);
    expect((await api("DELETE", path)).status).toBe(404);
  });
});
