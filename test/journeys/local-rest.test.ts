/** One-time links over REST: who may make them, for whom, and what is told of them. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { startGateway } from "../support/gateway.ts";

const gateway = startGateway();
const { api } = gateway;

async function company(slug: string) {
  await api("POST", "/companies", { slug, name: `${slug} Inc.`, originUrl: "https://origin.example" });
  const path = `/companies/${slug}`;
  const group = async (title: string, more: object) =>
    (await api("POST", `${path}/groups`, { title, ...more })).body.id as string;
  const staff = await group("Staff", {});
  const ssoOnly = await group("SSO", { ssoOnly: true });
  const admins = await group("Admins", { type: "administrator" });
  const user = async (email: string, groupId: string, more: object = {}) =>
    (await api("POST", `${path}/users`, { email, groupId, ...more })).body.id as string;
  const token = async () => (await api("POST", `${path}/tokens`, {})).body.secret as string;
  return { slug, path, staff, ssoOnly, admins, user, token };
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe("an invitation", () => {
  it("is made for a user, shows its link once, is listed without it, and is revoked", async () => {
    const acme = await company("acme");
    const userId = await acme.user("a@acme.example", acme.staff);
    const made = await api("POST", `${acme.path}/invitations`, { userId, expiresInHours: 2 });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.any(String),
      userId,
      createdAt: new Date(gateway.now()).toISOString(),
      expiresAt: new Date(gateway.now() + 2 * 3_600_000).toISOString(),
      url: expect.stringMatching(/^https:\/\/acme\.example\.com\/sso\/local\/invitation\?token=[\w-]{43}$/),
    });
    const token = new URL(made.body.url).searchParams.get("token") ?? "";
    const { url: _, ...shown } = made.body;
    expect((await api("GET", `${acme.path}/invitations`)).body).toEqual({ items: [shown], nextCursor: null });

    const { results } = await env.DB.prepare("select * from invitations").all();
    expect(JSON.stringify(results)).not.toContain(token);
    expect(JSON.stringify((await api("GET", `${acme.path}/audit`)).body)).not.toContain(token);

    expect((await api("DELETE", `${acme.path}/invitations/${made.body.id}`)).status).toBe(204);
    expect((await api("DELETE", `${acme.path}/invitations/${made.body.id}`)).status).toBe(404);
    expect((await api("GET", `${acme.path}/invitations`)).body.items).toEqual([]);
    const audit = (await api("GET", `${acme.path}/audit`)).body.items.slice(0, 2);
    expect(audit).toMatchObject([
      { action: "delete", resource: "invitation", resourceId: made.body.id, actor: "operator", before: shown },
      { action: "create", resource: "invitation", resourceId: made.body.id, actor: "operator", after: shown },
    ]);
  });

  it("is never made for somebody who could not use it", async () => {
    const b = await company("barred");
    const refusals = [
      [await b.user("sso@b.example", b.ssoOnly), 409],
      [await b.user("off@b.example", b.staff, { status: "disabled" }), 409],
      ["nobody", 422],
    ] as const;
    for (const [userId, status] of refusals) {
      const made = await api("POST", `${b.path}/invitations`, { userId });
      expect([made.status, made.body.errors[0].path]).toEqual([status, "userId"]);
    }
    const userId = await b.user("ok@b.example", b.staff);
    for (const expiresInHours of [0, 721, 1.5, "2", null]) {
      expect((await api("POST", `${b.path}/invitations`, { userId, expiresInHours })).status).toBe(422);
    }
    expect((await api("GET", `${b.path}/invitations`)).body.items).toEqual([]);
  });

  it("is a company's own affair: another company's user or token makes none", async () => {
    const [one, two] = [await company("one"), await company("two")];
    const theirs = await two.user("x@two.example", two.staff);
    expect((await api("POST", `${one.path}/invitations`, { userId: theirs })).status).toBe(422);
    const token = bearer(await one.token());
    expect((await api("POST", `${two.path}/invitations`, { userId: theirs }, token)).status).toBe(403);
    const made = await api("POST", `${two.path}/invitations`, { userId: theirs });
    expect((await api("DELETE", `${one.path}/invitations/${made.body.id}`)).status).toBe(404);
    expect((await api("DELETE", `${two.path}/setup-links/${made.body.id}`)).status).toBe(404);
    const own = await one.user("y@one.example", one.staff);
    expect((await api("POST", `${one.path}/invitations`, { userId: own }, token)).status).toBe(201);
  });
});

describe("a set-up link", () => {
  it("is the operator's to make, list and revoke, for a company with nothing in it", async () => {
    await api("POST", "/companies", { slug: "new", name: "New", originUrl: "https://origin.example" });
    const person = { email: "First@new.example", firstName: "Ada", lastName: "First" };
    const made = await api("POST", "/companies/new/setup-links", person);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ ...person, email: "first@new.example", url: expect.stringContaining("?token=") });
    expect((await api("GET", "/companies/new/setup-links")).body.items).toHaveLength(1);
    expect((await api("GET", "/companies/new/invitations")).body.items).toEqual([]);
    expect((await api("GET", "/companies/new/users")).body.items).toEqual([]);
    expect((await api("DELETE", `/companies/new/setup-links/${made.body.id}`)).status).toBe(204);
    expect((await api("GET", "/companies/new/setup-links")).body.items).toEqual([]);
    expect((await api("POST", "/companies/none/setup-links", person)).status).toBe(404);
  });

  it("is refused to a company's token", async () => {
    const c = await company("tokens");
    const token = bearer(await c.token());
    const answers = [
      await api("POST", `${c.path}/setup-links`, { email: "a@b.example" }, token),
      await api("GET", `${c.path}/setup-links`, undefined, token),
      await api("DELETE", `${c.path}/setup-links/x`, undefined, token),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
  });

  it("moves nobody into another group", async () => {
    const c = await company("moved");
    await c.user("member@c.example", c.staff);
    await c.user("sso@c.example", c.ssoOnly);
    await c.user("admin@c.example", c.admins);
    const made = async (email: string) => (await api("POST", `${c.path}/setup-links`, { email })).status;
    expect([await made("member@c.example"), await made("SSO@c.example"), await made("admin@c.example")]).toEqual([
      409, 409, 201,
    ]);
  });
});
