/**
 * Checks an exported audit chain without the gateway and without a network.
 *
 *   node scripts/check-audit.ts audit.ndjson
 *
 * Prints what it found. The exit code is 0 for a whole chain, 1 for a broken one, 2 for a file that is no export.
 */
import { createReadStream } from "node:fs";
import { type ChainRow, newChainCheck } from "../src/store/audit-chain.ts";

const file = process.argv[2];
if (file === undefined) end(2, "usage: node scripts/check-audit.ts FILE");

const check = newChainCheck();
let line = 0;
try {
  for await (const text of linesOf(file)) {
    line++;
    if (text !== "") check.add(JSON.parse(text) as ChainRow);
  }
} catch (error) {
  end(2, `line ${line}: ${error instanceof Error ? error.message : error}`);
}

const { rows, from, to, previousHash, headHash, firstBroken } = check.result();
if (firstBroken !== null) {
  const { seq, id, reason } = firstBroken;
  end(1, `broken at ${seq}: ${reason}${id === null ? "" : ` (${id})`}`);
}
if (rows === 0) end(0, "no records");
console.log(`${rows} records, ${from} to ${to}: whole`);
console.log(`before them: ${previousHash}`);
end(0, `head:        ${headHash}`);

/** By LF alone: node:readline also ends a line at U+2028, which JSON may hold. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of createReadStream(path, "utf8") as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  yield rest;
}

function end(code: number, text: string): never {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}
