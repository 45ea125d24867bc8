/** What the REST tests start from: a company with a group, a person and that person's session. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { completeSignIn, newId, openDatabase } from "../../src/store/index.ts";
import { type Gateway, START } from "../support/gateway.ts";

export const database = openDatabase(env.DB);

export async function withPeople({ api }: Gateway, slug: string) {
  const company = await api("POST", "/companies", { slug, name: slug, originUrl: "https://origin.example" });
  const group = await api("POST", `/companies/${slug}/groups`, { title: "Members" });
  const user = await api("POST", `/companies/${slug}/users`, {
    email: "b.simon@contoso.example",
    firstName: "Britta",
    lastName: "Simon",
    groupId: group.body.id,
  });
  expect([company.status, group.status, user.status]).toEqual([201, 201, 201]);
  const userId = user.body.id as string;
  const session = {
    id: newId(),
    userId,
    createdAt: START,
    lastSeenAt: START,
    expiresAt: START + 3_600_000,
    idleMinutes: 60,
    userAgent: "Chromium",
    issuer: "https://idp.example/",
    nameId: "b.simon@contoso.example",
    nameIdFormat: null,
    nameQualifier: null,
    spNameQualifier: null,
    sessionIndex: null,
  };
  await completeSignIn(database, company.body.id, {
    now: START,
    requestId: null,
    requestExpiresAt: 0,
    issuer: "https://idp.example/",
    assertionId: `_${newId()}`,
    assertionExpiresAt: START + 3_600_000,
    user: { kind: "update", userId, changes: {}, expectedVersion: 1 },
    session,
    signIn: {
      id: newId(),
      at: START,
      outcome: "success",
      code: null,
      email: user.body.email,
      checks: [],
      reference: newId(),
      userId,
    },
  });
  return {
    slug,
    companyId: company.body.id as string,
    group: group.body as { id: string },
    user: user.body as { id: string; email: string },
    session,
  };
}
