/**
 * The chain that a company's audit records stand in: which bytes are hashed, and whether rows in their order hold together.
 * Pure, so that the gateway and scripts/check-audit.ts judge alike; docs/audit.md says how anybody else recomputes it.
 */
import { createHash } from "node:crypto";

/** What the first record of a company has before it. */
export const CHAIN_START = "0".repeat(64);
/** Records that are written at the same moment may be sealed the other way round; an hour is no such moment. */
export const AUDIT_BACKDATED_MS_MAX = 3_600_000;

/** A sealed record as it is exported. Texts and numbers only, so that it reads back as it was hashed. */
export interface ChainRow {
  readonly seq: number;
  readonly id: string;
  readonly companyId: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly resourceId: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly previousHash: string;
  readonly hash: string;
}

/** SHA-256, lower-case hex, over the canonical JSON of everything of the row but `hash`; the hash before it is one of its fields. */
export function auditHash(row: Omit<ChainRow, "hash"> & { readonly hash?: string }): string {
  const { hash: _, ...content } = row;
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}

/** No white space, keys in the order of their UTF-16 units, texts and numbers as JSON.stringify writes them (RFC 8785, 3.2). */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}

/** `missing`: no row has this number. `backdated`: its time is long before that of the row before it. */
export interface ChainFault {
  readonly seq: number;
  readonly id: string | null;
  readonly reason: "changed" | "missing" | "backdated";
}

/** What a walk along the chain found. `from` above 1: older records are gone by retention, and `previousHash` is what the last of them had. */
export interface ChainCheck {
  readonly rows: number;
  readonly from: number | null;
  readonly to: number | null;
  readonly previousHash: string | null;
  readonly headHash: string | null;
  readonly firstBroken: ChainFault | null;
}

/** Takes the rows of one company by `seq`, ascending; says what it came to. */
export function newChainCheck(): { add(row: ChainRow): void; result(): ChainCheck } {
  let rows = 0;
  let first: ChainRow | null = null;
  let last: ChainRow | null = null;
  let firstBroken: ChainFault | null = null;
  return {
    add(row) {
      firstBroken ??= faultBetween(last, row);
      first ??= row;
      last = row;
      rows++;
    },
    result: () => ({
      rows,
      from: first?.seq ?? null,
      to: last?.seq ?? null,
      previousHash: first?.previousHash ?? null,
      headHash: last?.hash ?? null,
      firstBroken,
    }),
  };
}

function faultBetween(before: ChainRow | null, row: ChainRow): ChainFault | null {
  const fault = ({ seq, id }: { seq: number; id: string | null }, reason: ChainFault["reason"]) => ({
    seq,
    id,
    reason,
  });
  if (before !== null && row.seq !== before.seq + 1) return fault({ seq: before.seq + 1, id: null }, "missing");
  if (auditHash(row) !== row.hash) return fault(row, "changed");
  // The row is whole and remembers another one before it.
  if (before !== null && row.previousHash !== before.hash) return fault(before, "changed");
  if (before === null && row.seq === 1 && row.previousHash !== CHAIN_START) return fault(row, "changed");
  const late = before !== null && Date.parse(row.at) < Date.parse(before.at) - AUDIT_BACKDATED_MS_MAX;
  return late ? fault(row, "backdated") : null;
}
