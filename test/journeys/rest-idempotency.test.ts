/** Idempotency-Key: what is sent twice is done once, and nobody learns another's answer by it. */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ABANDONED_CLAIM_SECONDS } from "../../src/admin/rest/idempotency.ts";
import { openDatabase, purgeExpired } from "../../src/store/index.ts";
import { heldTime } from "../session/stage.ts";
import { BASE, startGateway } from "../support/gateway.ts";
import { withPeople } from "./rest-company.ts";

const gateway = startGateway();
const { api } = gateway;

let number = 0;
const freshKey = () => `key-${++number}`;
const post = (path: string, body: unknown, key: string, headers: Record<string, string> = {}) =>
  api("POST", path, body, { "idempotency-key": key, ...headers });
const titles = async (slug: string) =>
  (await api("GET", `/companies/${slug}/groups`)).body.items.map(({ title }: { title: string }) => title);

async function claim(key: string): Promise<void> {
  await env.DB.prepare("update idempotency_keys set status = null, sealed_answer = null where key = ?").bind(key).run();
}

describe("a POST that carries a key", () => {
  it("is carried out once and answered twice with the same status, ETag, Location and body", async () => {
    const { slug } = await withPeople(gateway, "twice");
    const key = freshKey();
    const first = await post(`/companies/${slug}/groups`, { title: "Editors" }, key);
    const second = await post(`/companies/${slug}/groups`, { title: "Editors" }, key);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    for (const name of ["etag", "location", "content-type", "cache-control"]) {
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    }
    expect([first, second].map(({ headers }) => headers.get("idempotency-replayed"))).toEqual([null, "true"]);
    expect(await titles(slug)).toEqual(["Members", "Editors"]);
  });

  it("is carried out once even where its answer is too large to be kept", async () => {
    const { slug } = await withPeople(gateway, "large");
    const line = (n: number) => `${n}@large.example,${"é".repeat(100)},${n}${"ü".repeat(95)},Members`;
    const csv = ["email,firstName,lastName,group", ...Array.from({ length: 2000 }, (_, n) => line(n))].join("\n");
    const send = () =>
      gateway.fetch(
        new Request(`https://admin.${BASE}/api/v1/companies/${slug}/users/import`, {
          method: "POST",
          headers: {
            authorization: "Bearer operator-token-of-the-tests",
            "content-type": "text/csv",
            "idempotency-key": "large",
          },
          body: csv,
        }),
      );
    const first = await send();
    expect([first.status, (await first.json<{ created: number }>()).created]).toEqual([200, 2000]);
    const second = await send();
    expect(second.status).toBe(409);
    expect((await second.json<{ type: string }>()).type).toBe("urn:vestibule:problem:idempotency-answer-not-kept");
    expect(second.headers.get("idempotency-replayed")).toBe("true");
  });

  it("is carried out once when ten arrive at the same moment", async () => {
    const { slug } = await withPeople(gateway, "ten");
    const key = freshKey();
    const send = () => post(`/companies/${slug}/groups`, { title: "Editors" }, key);
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    const made = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id));
    expect(made.size).toBe(1);
    for (const { status, body } of answers) {
      if (status !== 201) expect([status, body.type]).toEqual([409, "urn:vestibule:problem:idempotency-key-in-use"]);
    }
    expect(await titles(slug)).toEqual(["Members", "Editors"]);
    expect((await send()).status).toBe(201);
  });

  it("gets a secret again that was shown once, and D1 holds it only sealed", async () => {
    const { slug } = await withPeople(gateway, "secret");
    const key = freshKey();
    const first = await post(`/companies/${slug}/tokens`, { name: "t" }, key);
    const second = await post(`/companies/${slug}/tokens`, { name: "t" }, key);
    expect(second.body.secret).toBe(first.body.secret);
    const { results } = await env.DB.prepare("select * from idempotency_keys").all();
    expect(JSON.stringify(results)).not.toContain(first.body.secret);
  });

  it("is refused its key for another body, path or query", async () => {
    const { slug } = await withPeople(gateway, "reused");
    const other = await withPeople(gateway, "reused-too");
    const key = freshKey();
    await post(`/companies/${slug}/groups`, { title: "Editors" }, key);
    for (const [path, body] of [
      [`/companies/${slug}/groups`, { title: "Others" }],
      [`/companies/${other.slug}/groups`, { title: "Editors" }],
      [`/companies/${slug}/tokens`, { title: "Editors" }],
    ] as const) {
      const answer = await post(path, body, key);
      expect([answer.status, answer.body.type]).toEqual([422, "urn:vestibule:problem:idempotency-key-reused"]);
    }
    expect(await titles(other.slug)).toEqual(["Members"]);
  });

  it("keeps a refusal as it keeps a success", async () => {
    const { slug, user, group } = await withPeople(gateway, "refused");
    const key = freshKey();
    const send = () => post(`/companies/${slug}/users`, { email: user.email, groupId: group.id }, key);
    expect((await send()).status).toBe(409);
    await api("DELETE", `/companies/${slug}/users/${user.id}`);
    const again = await send();
    expect([again.status, again.headers.get("content-type")]).toEqual([409, "application/problem+json"]);
  });

  it("has its own keys in every actor's hands", async () => {
    const { slug } = await withPeople(gateway, "actors");
    const token = await api("POST", `/companies/${slug}/tokens`, { name: "t" });
    const key = freshKey();
    const mine = await post(`/companies/${slug}/groups`, { title: "Editors" }, key);
    const theirs = await post(`/companies/${slug}/groups`, { title: "Editors" }, key, {
      authorization: `Bearer ${token.body.secret}`,
    });
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  it("gives nothing to who may not see the company any more", async () => {
    const { slug } = await withPeople(gateway, "shut-out");
    const token = await api("POST", `/companies/${slug}/tokens`, { name: "t" });
    const key = freshKey();
    const send = () =>
      post(`/companies/${slug}/groups`, { title: "E" }, key, { authorization: `Bearer ${token.body.secret}` });
    expect((await send()).status).toBe(201);
    await api("PATCH", `/companies/${slug}`, { status: "suspended" });
    expect((await send()).status).toBe(403);
  });

  it("is told when the first has no answer yet, and is not carried out again where it died: nobody knows what it did", async () => {
    const { slug } = await withPeople(gateway, "died");
    const key = freshKey();
    const send = () => post(`/companies/${slug}/groups`, { title: "Editors" }, key);
    await send();
    await claim(key);
    gateway.advance(ABANDONED_CLAIM_SECONDS - 1);
    const waiting = await send();
    expect([waiting.status, waiting.body.type]).toEqual([409, "urn:vestibule:problem:idempotency-key-in-use"]);
    const other = await post(`/companies/${slug}/groups`, { title: "Others" }, key);
    expect(other.status).toBe(422);
    for (const seconds of [1, 3_600]) {
      gateway.advance(seconds);
      const died = await send();
      expect([died.status, died.body.type]).toEqual([409, "urn:vestibule:problem:idempotency-answer-unknown"]);
    }
    expect(await titles(slug)).toEqual(["Members", "Editors"]);
  });

  it("is not carried out again where the work was done and D1 then failed to keep the answer", async () => {
    const { slug } = await withPeople(gateway, "unkept");
    const key = freshKey();
    const failing = startGateway({ DB: failingOn('update "idempotency_keys"') }, { now: gateway.now() });
    const send = (at: typeof gateway) =>
      at.api("POST", `/companies/${slug}/groups`, { title: "Editors" }, { "idempotency-key": key });
    expect((await send(failing)).status).toBe(503);
    expect((await send(gateway)).body.type).toBe("urn:vestibule:problem:idempotency-key-in-use");
    gateway.advance(ABANDONED_CLAIM_SECONDS);
    expect((await send(gateway)).body.type).toBe("urn:vestibule:problem:idempotency-answer-unknown");
    expect(await titles(slug)).toEqual(["Members", "Editors"]);
  });

  // The runtime throws without D1's name where its request to D1 fails (workerd, d1-api: `_wrappedFetch`).
  it.each([
    "D1_ERROR: Network connection lost.",
    "Network connection lost.",
    "D1_ERROR: internal error; reference = 0123456789abcdef",
    "D1_ERROR: Can't read from request stream because client disconnected.",
    "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
  ])("is not carried out again where D1 broke off: %s", async (said) => {
    const { slug } = await withPeople(gateway, `broke-off-${said.length}`);
    const key = freshKey();
    const failing = startGateway({ DB: failingOn('into "groups"', said) });
    const send = (at: typeof gateway) =>
      at.api("POST", `/companies/${slug}/groups`, { title: "Editors" }, { "idempotency-key": key });
    expect((await send(failing)).status).toBe(503);
    expect((await send(gateway)).body.type).toBe("urn:vestibule:problem:idempotency-answer-unknown");
  });

  it.each([
    "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
    "D1_ERROR: database or disk is full: SQLITE_FULL",
    "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
  ])("is carried out anew when the first failed on our side and D1 said that it did nothing: %s", async (said) => {
    const { slug } = await withPeople(gateway, `failed-${said.length}`);
    const key = freshKey();
    const failing = startGateway({ DB: failingOn('into "groups"', said) });
    const send = (at: typeof gateway) =>
      at.api("POST", `/companies/${slug}/groups`, { title: "Editors" }, { "idempotency-key": key });
    expect((await send(failing)).status).toBe(503);
    expect((await send(gateway)).status).toBe(201);
  });

  it("is not carried out again where nobody knows whether it was: D1 wrote it and gave no answer", async () => {
    const { slug } = await withPeople(gateway, "lost");
    const key = freshKey();
    const losing = startGateway({ DB: losingAnswerOf('into "groups"') });
    const waits = heldTime();
    vi.spyOn(console, "error").mockReturnValue();
    const first = losing.api("POST", `/companies/${slug}/groups`, { title: "Lost" }, { "idempotency-key": key });
    const written = () => env.DB.prepare("select count(*) n from groups where title = 'Lost'").first("n");

    await vi.waitFor(async () => expect(await written()).toBe(1));
    for (const { pass } of waits) pass();
    expect((await first).status).toBe(503);
    vi.restoreAllMocks();
    gateway.advance(ABANDONED_CLAIM_SECONDS);
    const again = await post(`/companies/${slug}/groups`, { title: "Lost" }, key);
    expect([again.status, again.body.type]).toEqual([409, "urn:vestibule:problem:idempotency-answer-unknown"]);
    expect(await titles(slug)).toEqual(["Members", "Lost"]);
  });

  it("is forgotten after a day, by the purge too", async () => {
    const { slug } = await withPeople(gateway, "day");
    const key = freshKey();
    await post(`/companies/${slug}/groups`, { title: "Editors" }, key);
    const rows = () => env.DB.prepare("select count(*) as n from idempotency_keys where key = ?").bind(key).first("n");
    const database = openDatabase(env.DB);
    await purgeExpired(database, gateway.now() + 24 * 3_600_000);
    expect(await rows()).toBe(1);
    await purgeExpired(database, gateway.now() + 24 * 3_600_000 + 1);
    expect(await rows()).toBe(0);
    const other = freshKey();
    await post(`/companies/${slug}/groups`, { title: "A" }, other);
    gateway.advance(24 * 3600);
    expect((await post(`/companies/${slug}/groups`, { title: "B" }, other)).status).toBe(201);
  });

  it("must carry a key of printable characters, 255 at most", async () => {
    const { slug } = await withPeople(gateway, "printable");
    for (const key of ["", "x".repeat(256), "t\u00e4g", "a\tb"]) {
      const answer = await post(`/companies/${slug}/groups`, { title: "E" }, key);
      expect([key, answer.status, answer.body.type]).toEqual([
        key,
        400,
        "urn:vestibule:problem:idempotency-key-invalid",
      ]);
    }
    expect((await post(`/companies/${slug}/groups`, { title: "E" }, "x".repeat(255))).status).toBe(201);
  });
});

it("a key on another method changes nothing", async () => {
  const { slug } = await withPeople(gateway, "methods");
  const key = freshKey();
  for (const name of ["A", "B"]) {
    const answer = await api("PATCH", `/companies/${slug}`, { name }, { "idempotency-key": key });
    expect(answer.body.name).toBe(name);
  }
});

/** A D1 that carries out a batch with such a statement, and whose answer never comes. */
function losingAnswerOf(text: string): D1Database {
  let lost = false;
  const losing: Pick<D1Database, "prepare" | "batch"> = {
    prepare(sql) {
      lost ||= sql.includes(text);
      return env.DB.prepare(sql);
    },
    async batch<T>(statements: D1PreparedStatement[]) {
      const done = await env.DB.batch<T>(statements);
      if (!lost) return done;
      lost = false;
      return new Promise<never>(() => {});
    },
  };
  return losing as D1Database;
}

/** A D1 that does not answer statements that contain a text. */
function failingOn(text: string, said = "D1_ERROR: D1 DB is overloaded. Too many requests queued."): D1Database {
  const guarded: Pick<D1Database, "prepare" | "batch"> = {
    prepare(sql) {
      if (sql.includes(text)) throw new Error(said);
      return env.DB.prepare(sql);
    },
    batch: (statements) => env.DB.batch(statements),
  };
  return guarded as D1Database;
}
