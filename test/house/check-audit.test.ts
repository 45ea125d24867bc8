/** An exported chain is checked by the script of this repository and by the Python of docs/audit.md, and both find the same. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { auditHash, type ChainRow } from "../../src/store/audit-chain.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "vestibule-audit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = /```python\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/audit.md"), "utf8"))?.[1] ?? "";
writeFileSync(join(folder, "check.py"), program);
const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;

const HOSTILE = 'é "quoted" \\ \u2028 \u0001 \t 😀 </script> =1+1';

function chain(length: number): ChainRow[] {
  let previousHash = "0".repeat(64);
  return Array.from({ length }, (_, n) => {
    const row = {
      ...{ seq: n + 1, id: `id-${n}`, companyId: "c", at: new Date(1_768_478_400_000 + n).toISOString() },
      ...{ actor: "operator", action: "update", resource: "user", resourceId: "u" },
      before: { z: [1, { y: true, x: null }], "10": n, "9": HOSTILE, Ä: 0, a: -3 },
      after: n % 2 === 0 ? null : HOSTILE,
      previousHash,
    };
    previousHash = auditHash(row);
    return { ...row, hash: previousHash };
  });
}

function checks(rows: readonly ChainRow[]): { code: number | null; says: string }[] {
  const file = join(folder, "audit.ndjson");
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const run = (command: string, args: string[]) => {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
    return { code: status, says: stdout + stderr };
  };
  const own = run(process.execPath, [join(ROOT, "scripts/check-audit.ts"), file]);
  return HAS_PYTHON ? [own, run("python3", [join(folder, "check.py"), file])] : [own];
}

describe("an exported chain", () => {
  it("is whole for the script and for Python, and both end at its head; a part of it too", () => {
    expect(program.trim().split("\n").length).toBeLessThanOrEqual(16);
    for (const rows of [chain(7), chain(7).slice(3)]) {
      for (const { code, says } of checks(rows)) {
        expect(says).toContain("whole");
        expect([code, says.includes(rows.at(-1)?.hash ?? "?")]).toEqual([0, true]);
      }
    }
  });

  it.for<[string, (rows: ChainRow[]) => ChainRow[], number]>([
    ["changed", (rows) => rows.with(2, { ...rows[2]!, actor: "user:x" }), 3],
    ["removed", (rows) => rows.toSpliced(2, 1), 3],
    ["swapped", (rows) => rows.with(2, rows[3]!).with(3, rows[2]!), 3],
    [
      "made anew",
      (rows) => {
        const changed = { ...rows[2]!, actor: "user:x" };
        return rows.with(2, { ...changed, hash: auditHash(changed) });
      },
      3,
    ],
  ])("in which a record was %s is broken at that very record", ([, tamper, seq]) => {
    for (const { code, says } of checks(tamper(chain(7)))) {
      expect(code).toBe(1);
      expect(says).toMatch(new RegExp(`(^|broken at )${seq}:`));
    }
  });

  it("that is no export is said to be none", () => {
    const file = join(folder, "other.txt");
    writeFileSync(file, "hello\n");
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "scripts/check-audit.ts"), file], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining("line 1")]);
  });
});
