import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import {
  AUDIT_RETENTION_DAYS,
  completeSignIn,
  openDatabase,
  purgeExpired,
  recordSignIn,
  SIGN_IN_RETENTION_DAYS,
  sealAudit,
} from "../../src/store/index.ts";
import { USED_RETENTION_MINUTES } from "../../src/store/purge.ts";
import { companyWithUser, NOW, sessionRow, signInRow, signInWrite } from "./rows.ts";

const db = openDatabase(env.DB);
const DAY = 86_400_000;

async function count(table: string): Promise<number> {
  return (await env.DB.prepare(`select count(*) as n from ${table}`).first<number>("n")) ?? -1;
}

it("forgets sessions, uses, records and audit when their time is over, not before, and no more a run than told", async () => {
  const { company, user } = await companyWithUser(db, "purge");
  for (let n = 0; n < 3; n++) {
    await completeSignIn(db, company.id, signInWrite(user.id, { session: sessionRow(user.id, { expiresAt: NOW }) }));
  }
  expect(await purgeExpired(db, NOW)).toEqual({ rows: 0, more: false });

  expect(await purgeExpired(db, NOW + 1, 2)).toEqual({ rows: 2, more: true });
  expect(await purgeExpired(db, NOW + 1, 2)).toEqual({ rows: 1, more: false });
  expect(await count("sessions")).toBe(0);
  expect(await count("used_assertions")).toBe(3);

  const usesOver = NOW + 3_600_000 + USED_RETENTION_MINUTES * 60_000;
  await purgeExpired(db, usesOver);
  expect(await count("used_assertions")).toBe(3);
  await purgeExpired(db, usesOver + 1);
  expect(await count("used_assertions")).toBe(0);
  expect(await count("used_requests")).toBe(0);

  await recordSignIn(db, company.id, signInRow({ at: NOW + 1 }));
  await purgeExpired(db, NOW + SIGN_IN_RETENTION_DAYS * DAY + 1);
  expect(await count("sign_ins")).toBe(1);

  await sealAudit(db, company.id);
  expect(await count("audit")).toBe(3);
  await purgeExpired(db, NOW + AUDIT_RETENTION_DAYS * DAY + 1);
  expect(await count("audit")).toBe(0);
  expect(await count("users")).toBe(1);
});
