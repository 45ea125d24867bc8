/**
 * Mutates what carries a message, base64 and DEFLATE, for as long as it is told: `node scripts/fuzz-bindings.ts --seconds 60 --seed 1`.
 *
 * Guided by coverage of pako, an inflater written in JavaScript: a mutant that reaches code of it which none reached before is
 * mutated further. Each is also decoded by it and by atob. What would be a fault, and ends the run with status 1: an exception;
 * accepted here and not there, or with other bytes; refused here and accepted there; more bytes than a message may have.
 */
import { parseArgs } from "node:util";
import { deflateRawSync, constants as zlib } from "node:zlib";
import { Z_FINISH, Z_STREAM_END, ZStream, zlibInflate, zlibInflateInit2 } from "pako";
import { decodePostMessage, decodeRedirectMessage } from "../src/saml/bindings.ts";
import { SAML_MESSAGE_BYTES_MAX } from "../src/saml/terms.ts";
import { SEEDS } from "../test/support/xml/seeds.ts";
import { Coverage, chance, FAULTS_MAX, hunt, splice } from "./fuzzing.ts";

const CORPUS_MAX = 2_000;
const MUTANT_BYTES_MAX = 4_000;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const seconds = Number(values.seconds);
const { below: random, pick } = chance(Number(values.seed));

const counts = new Map<string, number>();
let faults = 0;

/** Every kind of block: stored, with the fixed code, with codes of its own; short, repetitive, and a small bomb. */
function seeds(): Uint8Array[] {
  const texts = [...SEEDS.slice(0, 20), "<a/>", "<a/>".repeat(400), " ".repeat(3 * SAML_MESSAGE_BYTES_MAX)];
  const strategies = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE];
  return texts.flatMap((text) => [
    deflateRawSync(text, { level: 0 }).subarray(0, MUTANT_BYTES_MAX),
    ...strategies.map((strategy) => deflateRawSync(text, { strategy })),
  ]);
}
const corpus: Uint8Array[] = seeds().filter((bytes) => bytes.length <= MUTANT_BYTES_MAX);

/** One change: bits of a byte, a byte, a stretch cut, doubled or taken from another stream. */
function mutateBytes(bytes: Uint8Array): Uint8Array {
  const at = random(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random(random(4) === 0 ? 100 : 4));
  const kind = random(8);
  if (kind < 3 && at < bytes.length) {
    return splice(bytes, at, at + 1, Uint8Array.of((bytes[at] as number) ^ (1 << random(8))));
  }
  if (kind === 3) return splice(bytes, at, Math.min(bytes.length, at + 1), Uint8Array.of(random(256)));
  if (kind === 4) return splice(bytes, at, end, new Uint8Array());
  if (kind === 5) return splice(bytes, end, end, bytes.subarray(at, end));
  const other = pick(corpus);
  const from = random(other.length + 1);
  const stretch = other.subarray(from, Math.min(other.length, from + random(60)));
  return kind === 6 ? splice(bytes, at, at, stretch) : splice(bytes, at, end, stretch);
}

function mutant(): Uint8Array {
  let bytes: Uint8Array = pick(corpus);
  for (let changes = 1 + (random(3) === 0 ? random(4) : 0); changes > 0; changes--) bytes = mutateBytes(bytes);
  return bytes.subarray(0, MUTANT_BYTES_MAX);
}

/** Characters that base64 has, nearly has, and that some decoders forgive. */
const CHARACTERS = [
  "A",
  "/",
  "+",
  "=",
  "==",
  "-",
  "_",
  " ",
  "\n",
  "\r\n",
  "\t",
  "\0",
  "ä",
  "９",
  "\u{1d7ce}",
  "%2B",
  ".",
];

function mutateText(text: string): string {
  const at = random(text.length + 1);
  const kind = random(4);
  if (kind === 0) return text.slice(0, at) + pick(CHARACTERS) + text.slice(at + 1);
  if (kind === 1) return text.slice(0, at) + text.slice(at + 1 + random(4));
  if (kind === 2) return text.slice(0, at) + pick(CHARACTERS) + text.slice(at);
  return text.slice(at) + text.slice(0, at);
}

function count(what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function fault(what: string, input: string, detail: unknown): void {
  count(`FAULT ${what}`);
  if (++faults <= FAULTS_MAX) console.error(`FAULT ${what}`, JSON.stringify(input), detail);
}

/** What atob makes of it, where it is the one spelling of it; null otherwise. */
function theirBase64(text: string): string | null {
  const joined = text.replaceAll("\r", "").replaceAll("\n", "");
  // atob strips white space and takes text without padding; here neither is base64.
  if (joined === "" || joined.length % 4 !== 0 || /\s/.test(joined)) return null;
  try {
    const binary = atob(joined);
    return btoa(binary) === joined ? binary : null;
  } catch {
    return null;
  }
}

type Inflated = { readonly bytes: Uint8Array } | "too large" | "invalid";

const output = new Uint8Array(SAML_MESSAGE_BYTES_MAX + 1);

/** One whole stream and nothing after it. */
function theirInflate(bytes: Uint8Array): Inflated {
  const stream = new ZStream();
  zlibInflateInit2(stream, -zlib.Z_MAX_WINDOWBITS);
  stream.input = bytes;
  stream.avail_in = bytes.length;
  stream.output = output;
  stream.avail_out = output.length;
  const status = zlibInflate(stream, Z_FINISH);
  if (stream.avail_out === 0) return "too large";
  if (status !== Z_STREAM_END || stream.avail_in > 0) return "invalid";
  return { bytes: output.subarray(0, stream.total_out) };
}

function checkBase64(text: string): void {
  const ours = decodePostMessage(text);
  const theirs = theirBase64(text);
  count(`base64 ${ours.ok ? "accepted" : ours.refusal.code}`);
  if (!ours.ok) {
    if (theirs !== null) fault("base64 refused, but atob accepts", text, ours.refusal);
  } else if (theirs === null || Buffer.from(ours.value).toString("latin1") !== theirs) {
    fault("base64 with other bytes", text, theirs);
  }
}

function checkInflate(bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const text = Buffer.from(bytes).toString("base64");
  const ours = decodeRedirectMessage(text);
  const theirs = theirInflate(bytes);
  count(`inflate ${ours.ok ? "accepted" : ours.refusal.code}`);
  if (ours.ok) {
    if (ours.value.length > SAML_MESSAGE_BYTES_MAX) fault("more than a message", text, ours.value.length);
    if (typeof theirs === "string") fault(`inflated, but pako says ${theirs}`, text, ours.value.length);
    else if (Buffer.compare(ours.value, theirs.bytes) !== 0) fault("inflated to other bytes", text, theirs);
  } else if (typeof theirs !== "string" && theirs.bytes.length > 0) {
    fault("not inflated, but pako does", text, ours.refusal);
  }
}

function checked(bytes: Uint8Array): void {
  try {
    checkInflate(bytes);
    checkBase64(mutateText(Buffer.from(bytes.subarray(0, 300)).toString("base64")));
  } catch (error) {
    fault("exception", Buffer.from(bytes).toString("base64"), error);
  }
}

const coverage = await Coverage.of(/\/pako\//);

/** Looks for streams that reach more. Counting makes code slow, so this takes turns with the checks. */
async function explore(until: number): Promise<void> {
  await coverage.start();
  for (const bytes of corpus) theirInflate(bytes);
  await coverage.reachedMore();
  while (Date.now() < until && corpus.length < CORPUS_MAX) {
    const bytes = mutant();
    theirInflate(bytes);
    if (await coverage.reachedMore()) corpus.push(bytes);
  }
  await coverage.stop();
}

await hunt({
  seconds,
  seed: values.seed,
  explore,
  begin: () => corpus.forEach(checked),
  tryOne: () => checked(mutant()),
  faults: () => faults,
  counts,
  kept: () => `${corpus.length} streams kept, ${coverage.points} coverage points`,
});
