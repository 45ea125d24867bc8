/** The audit's chain over a real D1: sealing, rivals, what a change by hand looks like, and what retention leaves. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import {
  AUDIT_RETENTION_DAYS,
  auditHash,
  type ChainRow,
  createCompany,
  deleteCompany,
  findAuditSpan,
  listAuditChain,
  newChainCheck,
  newId,
  openDatabase,
  purgeExpired,
  SEAL_ROWS_MAX,
  sealAudit,
  sealPending,
} from "../../src/store/index.ts";
import { assertionKeyRow, auditRow, companyRow, NOW } from "./rows.ts";

const db = openDatabase(env.DB);
const DAY = 86_400_000;
const ALL = { after: 0, last: Number.MAX_SAFE_INTEGER, limit: 10_000 };

/** Writes records as changes do, unsealed. */
async function write(companyId: string, count: number, at: (n: number) => number = () => NOW): Promise<void> {
  const insert = env.DB.prepare(
    "insert into audit (id, company_id, at, actor, action, resource, resource_id, before, after) values (?, ?, ?, 'operator', 'update', 'user', 'u', ?, null)",
  );
  const rows = Array.from({ length: count }, (_, n) =>
    insert.bind(newId(), companyId, at(n), JSON.stringify({ b: n, a: "é\n" })),
  );
  await env.DB.batch(rows);
}

async function chainOf(companyId: string): Promise<ChainRow[]> {
  return listAuditChain(db, companyId, ALL);
}

async function check(companyId: string) {
  const walk = newChainCheck();
  for (const row of await chainOf(companyId)) walk.add(row);
  return walk.result();
}

async function sealed(count: number) {
  const companyId = newId();
  await write(companyId, count);
  expect(await sealAudit(db, companyId)).toBe(true);
  return { companyId, rows: await chainOf(companyId) };
}

const sql = (text: string, ...values: unknown[]) =>
  env.DB.prepare(text)
    .bind(...values)
    .run();

it("gives each record its place and a hash over the one before it, in the order of their ids", async () => {
  const { companyId, rows } = await sealed(5);
  expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).sort());
  expect(rows[0]?.previousHash).toBe("0".repeat(64));
  for (const [n, row] of rows.entries()) {
    expect(row.hash).toBe(auditHash(row));
    if (n > 0) expect(row.previousHash).toBe(rows[n - 1]?.hash);
  }
  await write(companyId, 1);
  expect((await findAuditSpan(db, companyId, 0, NOW + 1)).unsealed).toBe(1);
  await sealAudit(db, companyId);
  expect(await check(companyId)).toMatchObject({ rows: 6, from: 1, to: 6, firstBroken: null });
});

it("hashes exactly the bytes that the documentation shows", () => {
  const row = {
    ...{ seq: 1, id: "i", companyId: "c", at: "2026-01-15T12:00:00.000Z", actor: "operator", action: "update" },
    ...{ resource: "user", resourceId: "u", before: { b: 1, a: 'é"\n' }, after: null, previousHash: "0".repeat(64) },
  };
  // printf '%s' '{"action":"update",…}' | sha256sum
  const text = `{"action":"update","actor":"operator","after":null,"at":"2026-01-15T12:00:00.000Z","before":{"a":"é\\"\\n","b":1},"companyId":"c","id":"i","previousHash":"${"0".repeat(64)}","resource":"user","resourceId":"u","seq":1}`;
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)).then((digest) => {
    expect(auditHash(row)).toBe(Buffer.from(digest).toString("hex"));
  });
});

it("is one chain whoever seals: ten at once, while records are still being written", async () => {
  const companyId = newId();
  const work: Promise<unknown>[] = [];
  for (let n = 0; n < 10; n++) work.push(write(companyId, 3), sealAudit(db, companyId));
  await Promise.all(work);
  await sealAudit(db, companyId);
  expect(await check(companyId)).toMatchObject({ rows: 30, from: 1, to: 30, firstBroken: null });
});

it("never lets a sealer who read before another one seal on top of what it read", async () => {
  const companyId = newId();
  await write(companyId, 2);
  const late = (await env.DB.prepare("select id from audit where company_id = ? order by id desc")
    .bind(companyId)
    .first("id")) as string;
  // The rival sees only the later record, as if the earlier one's batch had not been committed yet.
  const held = await env.DB.prepare("select * from audit where company_id = ? and id <> ?")
    .bind(companyId, late)
    .first<Record<string, unknown>>();
  let rivals = 0;
  const racing = new Proxy(env.DB, {
    get(target, name) {
      if (name !== "batch") return Reflect.get(target, name).bind(target);
      return async (statements: D1PreparedStatement[]) => {
        if (statements.length === 2 && rivals++ === 1) {
          await sql("delete from audit where id = ?", held?.id);
          await sealAudit(db, companyId);
          await sql(
            `insert into audit (${Object.keys(held ?? {}).join(",")}) values (${Object.keys(held ?? {})
              .map(() => "?")
              .join(",")})`,
            ...Object.values(held ?? {}),
          );
        }
        return target.batch(statements);
      };
    },
  });
  expect(await sealAudit(openDatabase(racing), companyId)).toBe(true);
  expect(rivals).toBeGreaterThan(2);
  const rows = await chainOf(companyId);
  expect(rows.map(({ id }) => id)).toEqual([late, held?.id]);
  expect((await check(companyId)).firstBroken).toBeNull();
});

it("seals a backlog in batches, and stops when told; the schedule does the rest for every company", async () => {
  const companyId = newId();
  await write(companyId, SEAL_ROWS_MAX + 5);
  expect(await sealAudit(db, companyId, 1)).toBe(false);
  expect((await check(companyId)).rows).toBe(SEAL_ROWS_MAX);
  await sealPending(db);
  expect(await check(companyId)).toMatchObject({ rows: SEAL_ROWS_MAX + 5, firstBroken: null });
});

it("goes on after its company is deleted", async () => {
  const company = companyRow("chain-deleted");
  await createCompany(db, company, assertionKeyRow(), auditRow(company.id));
  await sealAudit(db, company.id);
  expect(await deleteCompany(db, company.id, 1, auditRow(company.id, { action: "delete", after: null }))).toBe("done");
  await sealPending(db);
  expect(await check(company.id)).toMatchObject({ rows: 2, firstBroken: null });
});

const COLUMNS = "at, actor, action, resource, resource_id, before, after";

const BY_HAND: readonly [string, (rows: readonly ChainRow[]) => Promise<unknown>, { seq: number; reason: string }][] = [
  [
    "a field changed",
    (rows) => sql("update audit set actor = 'user:x' where id = ?", rows[3]?.id),
    { seq: 4, reason: "changed" },
  ],
  [
    "a value within what was before",
    (rows) => sql(`update audit set before = replace(before, '"b":2', '"b":3') where id = ?`, rows[2]?.id),
    { seq: 3, reason: "changed" },
  ],
  [
    "a value that is no JSON any more",
    (rows) => sql("update audit set before = '{' where id = ?", rows[2]?.id),
    { seq: 3, reason: "changed" },
  ],
  [
    "the first record changed",
    (rows) => sql("update audit set at = at + 1 where id = ?", rows[0]?.id),
    { seq: 1, reason: "changed" },
  ],
  [
    "the newest record changed",
    (rows) => sql("update audit set at = at + 1 where id = ?", rows[5]?.id),
    { seq: 6, reason: "changed" },
  ],
  ["a record deleted", (rows) => sql("delete from audit where id = ?", rows[2]?.id), { seq: 3, reason: "missing" }],
  [
    "a record deleted and the later ones moved up",
    async (rows) => {
      await sql("delete from audit where id = ?", rows[2]?.id);
      for (const row of rows.slice(3)) await sql("update audit set seq = seq - 1 where id = ?", row.id);
    },
    { seq: 3, reason: "changed" },
  ],
  [
    "a record inserted between two, the later ones moved down",
    async (rows) => {
      for (const row of rows.slice(2).reverse()) await sql("update audit set seq = seq + 1 where id = ?", row.id);
      await sql(
        `insert into audit (id, company_id, seq, hash, ${COLUMNS}) select ?, company_id, 3, hash, ${COLUMNS} from audit where id = ?`,
        newId(),
        rows[1]?.id,
      );
    },
    { seq: 3, reason: "changed" },
  ],
  [
    "a record appended with a hash of its own making",
    (rows) =>
      sql(
        `insert into audit (id, company_id, seq, hash, ${COLUMNS}) select ?, company_id, 7, ?, ${COLUMNS} from audit where id = ?`,
        newId(),
        "ab".repeat(64),
        rows[5]?.id,
      ),
    { seq: 7, reason: "changed" },
  ],
  [
    "a record inserted unsealed with a time of long ago",
    async (rows) => {
      await sql(
        `insert into audit (id, company_id, ${COLUMNS}) select ?, company_id, ${COLUMNS.replace("at,", `${NOW - DAY},`)} from audit where id = ?`,
        newId(),
        rows[5]?.id,
      );
      await sealAudit(db, rows[0]?.companyId ?? "");
    },
    { seq: 7, reason: "backdated" },
  ],
  [
    "two records swapped with their hashes",
    async (rows) => {
      const at = (row: ChainRow | undefined, seq: number) => sql("update audit set seq = ? where id = ?", seq, row?.id);
      await at(rows[1], 99);
      await at(rows[4], 2);
      await at(rows[1], 5);
    },
    { seq: 2, reason: "changed" },
  ],
  [
    "a record changed and its own hash made anew",
    async (rows) => {
      const changed = { ...rows[3]!, actor: "user:x" };
      const kept = changed.previousHash + auditHash(changed);
      await sql("update audit set actor = 'user:x', hash = ? where id = ?", kept, changed.id);
    },
    { seq: 4, reason: "changed" },
  ],
];

it.for(BY_HAND)("finds, and names first: %s", async ([, tamper, fault]) => {
  const { companyId, rows } = await sealed(6);
  await tamper(rows);
  expect((await check(companyId)).firstBroken).toMatchObject(fault);
});

it("loses only its oldest records to retention, and says what the oldest that stayed had before it", async () => {
  const companyId = newId();
  // The third was written a moment before the second, and sealed after it.
  await write(companyId, 5, (n) => NOW + [0, 20, 10, 30, 40][n]!);
  await write(companyId, 1, () => NOW + 50);
  const rows = await chainOf(companyId);
  expect(rows).toEqual([]);
  await purgeExpired(db, NOW + AUDIT_RETENTION_DAYS * DAY + 15);
  await sealAudit(db, companyId);
  const whole = await chainOf(companyId);
  expect(whole).toHaveLength(6);

  const later = (ms: number) => NOW + AUDIT_RETENTION_DAYS * DAY + ms;
  await purgeExpired(db, later(15));
  expect((await chainOf(companyId)).map(({ seq }) => seq)).toEqual([2, 3, 4, 5, 6]);
  expect(await check(companyId)).toMatchObject({ from: 2, firstBroken: null, previousHash: whole[0]?.hash });
  await purgeExpired(db, later(25), 1);
  expect((await chainOf(companyId)).map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
  await purgeExpired(db, later(25));
  const left = await check(companyId);
  expect(left).toMatchObject({ from: 4, to: 6, firstBroken: null, previousHash: whole[2]?.hash });
  // The oldest one that stayed is checked too.
  await sql("update audit set actor = 'user:x' where id = ?", whole[3]?.id);
  expect((await check(companyId)).firstBroken).toMatchObject({ seq: 4, reason: "changed" });
});
