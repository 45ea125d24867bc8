/**
 * Mutates documents and reads them, for as long as it is told: `node scripts/fuzz-reader.ts --seconds 60 --seed 1`.
 *
 * Guided by coverage: a mutant that reaches code which none reached before joins the documents that are mutated further. Each
 * mutant is read by saxes, too. What would be a fault, and ends the run with status 1:
 * an exception; an offset outside the message; accepted here and not by saxes, or with another tree; refused here as not
 * well-formed and accepted there; a canonical form that is not read back as the tree it came from, that is another when nothing of
 * it is taken from the text as it stands, or that another implementation writes otherwise.
 */
import { parseArgs } from "node:util";
import { canonicalForm } from "../src/saml/canonical-form.ts";
import type { SamlRefusal } from "../src/saml/refusal.ts";
import type { XmlElement } from "../src/saml/types.ts";
import { readXml } from "../src/saml/xml.ts";
import { canonicalize, parse } from "../test/support/messages/canonical.ts";
import { SEEDS, TOKENS } from "../test/support/xml/seeds.ts";
import { type PlainElement, plainOfReader, plainOfSaxes } from "../test/support/xml/trees.ts";
import { Coverage, chance, FAULTS_MAX, hunt, splice } from "./fuzzing.ts";

const CORPUS_MAX = 2_000;
const MUTANT_BYTES_MAX = 20_000;

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const seconds = Number(values.seconds);
const { below: random, pick } = chance(Number(values.seed));

const encoder = new TextEncoder();
/** Leaves the byte-order mark to saxes. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const corpus: Uint8Array[] = SEEDS.map((seed) => encoder.encode(seed));
/** Those of the corpus that the reader accepts: what comes of them is more often accepted, too. */
const accepted: Uint8Array[] = [...corpus];
const counts = new Map<string, number>();
let faults = 0;

/** One change of bytes: of one of them, of a stretch that is cut, doubled or moved, or a token or a stretch of another document put in. */
function mutateBytes(bytes: Uint8Array): Uint8Array {
  const at = random(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random(random(4) === 0 ? 200 : 8));
  const kind = random(24);
  if (kind === 0) return splice(bytes, at, Math.min(bytes.length, at + 1), Uint8Array.of(random(256)));
  if (kind < 4) return splice(bytes, at, end, new Uint8Array());
  if (kind < 8) return splice(bytes, end, end, bytes.subarray(at, end));
  if (kind < 12) return splice(bytes, at, end, encoder.encode(pick(TOKENS)));
  if (kind < 14) return splice(bytes, random(bytes.length + 1), end, bytes.subarray(at, end));
  if (kind < 17) {
    const other = pick(corpus);
    const from = random(other.length);
    return splice(bytes, at, at, other.subarray(from, Math.min(other.length, from + random(120))));
  }
  return splice(bytes, at, at, encoder.encode(pick(TOKENS)));
}

/** Tags, attributes, references, white space and words. */
const PIECE = /<[^\s<>]*|\s+[^\s<>='"]+\s*=\s*(?:"[^"]*"|'[^']*')|&[^;&<]*;|[<>]|\s+|[^\s<>&]+/g;

/** One change of pieces, which more often leaves a document well-formed: one is left out, doubled, swapped with another or replaced. */
function mutatePieces(bytes: Uint8Array): Uint8Array {
  const pieces = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes).match(PIECE) ?? [];
  if (pieces.length === 0) return mutateBytes(bytes);
  const at = random(pieces.length);
  const other = random(pieces.length);
  const piece = pieces[at] as string;
  const kind = random(6);
  if (kind === 0) pieces.splice(at, 1);
  else if (kind === 1) pieces.splice(other, 0, piece);
  else if (kind === 2) [pieces[at], pieces[other]] = [pieces[other] as string, piece];
  else if (kind === 3) pieces[at] = piece + pick(TOKENS);
  else if (kind === 4) pieces.splice(at, 0, pick(TOKENS));
  else pieces[at] = pieces[other] as string;
  return encoder.encode(pieces.join(""));
}

function mutant(): Uint8Array {
  let bytes: Uint8Array = pick(random(4) === 0 ? corpus : accepted);
  for (let changes = 1 + (random(3) === 0 ? random(4) : 0); changes > 0; changes--) {
    bytes = random(2) === 0 ? mutatePieces(bytes) : mutateBytes(bytes);
  }
  return bytes.length > MUTANT_BYTES_MAX ? bytes.subarray(0, MUTANT_BYTES_MAX) : bytes;
}

function count(what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function fault(what: string, bytes: Uint8Array, detail: unknown): void {
  count(`FAULT ${what}`);
  if (++faults > FAULTS_MAX) return;
  console.error(`FAULT ${what}`, JSON.stringify(new TextDecoder().decode(bytes)), detail);
}

/** Whether the two agree that this is no document, or the reader refuses it on purpose. */
function refusedRightly(refusal: SamlRefusal, bytes: Uint8Array): boolean {
  if (refusal.code !== "xml_malformed" && refusal.code !== "xml_encoding") return true;
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return true;
  }
  // saxes decodes nothing: it takes any encoding, and version 1.1.
  if (/^<\?xml[^>]*(?:encoding|version)/.test(text)) return refusal.offset === 0 || "error" in plainOfSaxes(text);
  return "error" in plainOfSaxes(text);
}

function sameTree(one: PlainElement, other: PlainElement | { readonly error: string }): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function checkCanonicalForm(root: XmlElement, text: string, bytes: Uint8Array): void {
  const parsed = parse(text);
  for (const method of ["exclusive", "inclusive"] as const) {
    const form = canonicalForm(root, { method });
    const again = readXml(encoder.encode(form), { bytesMax: form.length * 4 });
    if (!again.ok) {
      fault(`canonical form (${method}) not read`, bytes, again.refusal);
      return;
    }
    if (canonicalForm(again.value.root, { method }) !== form)
      fault(`canonical form (${method}) not stable`, bytes, form);
    for (const anew of [
      canonicalForm(root, { method, anew: true }),
      canonicalForm(again.value.root, { method, anew: true }),
    ])
      if (anew !== form) fault(`canonical form (${method}) differs anew`, bytes, { form, anew });
    const theirs = canonicalize(parsed, { inclusive: method === "inclusive" });
    if (theirs !== form) fault(`canonical form (${method}) differs`, bytes, { form, theirs });
  }
}

function check(bytes: Uint8Array): void {
  const result = readXml(bytes);
  if (!result.ok) {
    count(result.refusal.code);
    const { offset } = result.refusal;
    if (offset === undefined || offset < 0 || offset > bytes.length) fault("offset", bytes, result.refusal);
    if (!refusedRightly(result.refusal, bytes)) fault("refused, but saxes accepts", bytes, result.refusal);
    return;
  }
  count("accepted");
  const text = decoder.decode(bytes);
  const theirs = plainOfSaxes(text);
  if (sameTree(plainOfReader(result.value.root), theirs)) checkCanonicalForm(result.value.root, text, bytes);
  else fault("another tree", bytes, theirs);
}

function checked(bytes: Uint8Array): void {
  try {
    check(bytes);
  } catch (error) {
    fault("exception", bytes, error);
  }
}

const coverage = await Coverage.of(/\/src\/saml\/(?:xml|canonical)/);

function read(bytes: Uint8Array): boolean {
  const result = readXml(bytes);
  if (result.ok) canonicalForm(result.value.root, { method: "exclusive", comments: true });
  return result.ok;
}

/** Looks for documents that reach more. Counting makes code slow, so this takes turns with the checks. */
async function explore(until: number): Promise<void> {
  await coverage.start();
  for (const bytes of corpus) read(bytes);
  await coverage.reachedMore();
  while (Date.now() < until && corpus.length < CORPUS_MAX) {
    const bytes = mutant();
    const ok = read(bytes);
    if (!(await coverage.reachedMore())) continue;
    corpus.push(bytes);
    if (ok) accepted.push(bytes);
    checked(bytes);
    await coverage.reachedMore();
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
  kept: () => `${corpus.length} documents kept, ${coverage.points} coverage points`,
});
