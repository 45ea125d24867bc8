/**
 * Gives the same mutants to this core and to another version of it, and compares all that they answer:
 *
 *   node scripts/compare-cores.ts --other ../before --seconds 60 --seed 1
 *
 * where ../before is a clone with its node_modules. For whoever makes the core quicker: nothing may come out otherwise. Compared
 * are decisions on mutants of genuine responses, and on assertions that were changed before they were signed, with every check,
 * code, expected and received text, offset and claim; the trees and canonical forms of documents; metadata; redacted messages.
 * The first differences are printed, and the exit code is 1.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CanonicalFormOptions } from "../src/saml/canonical-form.ts";
import type { SamlRefusal } from "../src/saml/refusal.ts";
import type { ResponseExpectations, XmlElement } from "../src/saml/types.ts";
import { toBase64 } from "../test/support/identity-provider.ts";
import { grounds } from "../test/support/messages/hunt.ts";
import { mutate, type Random, random } from "../test/support/messages/mutants.ts";
import { type Scene, scene } from "../test/support/messages/scene.ts";
import { SEEDS, TOKENS } from "../test/support/xml/seeds.ts";
import { plainOfReader } from "../test/support/xml/trees.ts";

const DIFFERENCES_MAX = 10;
const MUTANT_CHARS_MAX = 12_000;

const { values } = parseArgs({
  options: {
    other: { type: "string" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
if (values.other === undefined) throw new Error("usage: node scripts/compare-cores.ts --other ../before --seconds 60");

async function coreIn(folder: string) {
  const from = resolve(folder, "src/saml");
  const saml = (await import(`${from}/index.ts`)) as typeof import("../src/saml/index.ts");
  const { readXml } = (await import(`${from}/xml.ts`)) as typeof import("../src/saml/xml.ts");
  const forms = (await import(`${from}/canonical-form.ts`)) as typeof import("../src/saml/canonical-form.ts");
  /** As each core reads keys and certificates for itself. */
  const expectationsOf = async ({ idp, sp, expectations }: Scene): Promise<ResponseExpectations> => {
    const certificates = saml.readCertificates(idp.certificate);
    if (!certificates.ok) throw new Error(certificates.problem.message);
    const decryptionKeys = [await saml.importDecryptionKey(sp.pkcs8)];
    return { ...expectations, certificates: certificates.value, decryptionKeys };
  };
  const [rsa, ec] = [await expectationsOf(await scene()), await expectationsOf(await scene("P-256"))];
  return { ...saml, readXml, canonicalForm: forms.canonicalForm, expectations: { rsa, ec } };
}
type Core = Awaited<ReturnType<typeof coreIn>>;

const cores = [await coreIn(values.other), await coreIn(`${import.meta.dirname}/..`)] as const;
const counts = new Map<string, number>();
let differences = 0;

/** All of a value, Maps and numbers that JSON has no word for included. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (part instanceof Map) return [...part];
    return typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  });
}

/** Asks both; what the answer is called is counted. */
async function compare(what: string, input: string, ask: (core: Core) => unknown): Promise<void> {
  const [before, now] = await Promise.all(
    cores.map(async (core) => {
      try {
        return await ask(core);
      } catch (error) {
        return { thrown: String(error) };
      }
    }),
  );
  const name = `${what} ${outcomeOf(before as Answer)}`;
  counts.set(name, (counts.get(name) ?? 0) + 1);
  if (textOf(before) === textOf(now) || ++differences > DIFFERENCES_MAX) return;
  console.error(`DIFFERENCE ${what}`, JSON.stringify(input), "\nbefore", textOf(before), "\nnow   ", textOf(now));
}

interface Answer {
  readonly ok?: boolean;
  readonly refusal?: SamlRefusal;
}

function outcomeOf({ ok, refusal }: Answer): string {
  return refusal?.code ?? (ok ? "accepted" : "answered");
}

const FORMS: readonly CanonicalFormOptions[] = [
  { method: "exclusive" },
  { method: "inclusive", comments: true },
  { method: "exclusive", inclusivePrefixes: ["#default", "a", "b", "saml", "xs"] },
];

/** The tree, and forms of some of its elements, whole and without their first child. */
function readingOf({ readXml, canonicalForm }: Core, bytes: Uint8Array): unknown {
  const read = readXml(bytes);
  if (!read.ok) return read;
  const all: XmlElement[] = [read.value.root];
  for (const element of all) for (const child of element.children) if (child.kind === "element") all.push(child);
  const apexes = all.filter((_, index) => index % Math.ceil(all.length / 6) === 0);
  const forms = apexes.flatMap((apex) => {
    const without = apex.children.find((child) => child.kind === "element") ?? null;
    return FORMS.flatMap((form) => [canonicalForm(apex, form), canonicalForm(apex, { ...form, without })]);
  });
  return { ok: true, tree: plainOfReader(read.value.root), forms };
}

const below = (r: Random, limit: number) => Math.floor(r() * limit);
const pick = <T>(r: Random, from: readonly T[]) => from[below(r, from.length)] as T;

/** Tags, attributes, references, white space and words. */
const PIECE = /<[^\s<>]*|\s+[^\s<>='"]+\s*=\s*(?:"[^"]*"|'[^']*')|&[^;&<]*;|[<>]|\s+|[^\s<>&]+/g;

/** A piece left out, doubled, swapped or replaced, or a token put in, up to four times. */
function changed(text: string, r: Random): string {
  const pieces = text.match(PIECE) ?? [];
  for (let changes = 1 + below(r, 4); changes > 0; changes--) {
    const [at, other, kind] = [below(r, pieces.length), below(r, pieces.length), below(r, 6)];
    const piece = pieces[at] ?? "";
    if (kind === 0) pieces.splice(at, 1);
    else if (kind === 1) pieces.splice(other, 0, piece);
    else if (kind === 2) [pieces[at], pieces[other]] = [pieces[other] ?? "", piece];
    else if (kind === 3) pieces[at] = piece + pick(r, TOKENS);
    else if (kind === 4) pieces.splice(at, 0, pick(r, TOKENS));
    else pieces[at] = piece.slice(0, below(r, piece.length)) + pick(r, TOKENS) + piece.slice(below(r, piece.length));
  }
  return pieces.join("").slice(0, MUTANT_CHARS_MAX);
}

const s = await scene();
const ec = await scene("P-256");
const genuine = await grounds();
const metadata = s.idp.metadata({ loginUrl: "https://idp.example/saml2", logoutUrl: "https://idp.example/logout" });
const documents = [...SEEDS, ...genuine.map(({ one }) => one)];

async function round(r: Random): Promise<void> {
  const from = pick(r, genuine);
  const { xml } = mutate(from.one, from.two, r);
  await compare("response", xml, (core) =>
    core.decideResponse(toBase64(xml), { ...core.expectations.rsa, ...from.overrides }),
  );
  // What is no longer well-formed can't be signed.
  const edit = { assertion: (text: string) => mutate(text, from.two, r).xml };
  const sent = await ec.own({ edit, sign: pick(r, ["assertion", "response"] as const) }).catch(() => null);
  if (sent) await compare("signed", sent.xml, (core) => core.decideResponse(sent.samlResponse, core.expectations.ec));
  for (let n = 0; n < 3; n++) {
    const document = changed(pick(r, documents), r);
    await compare("document", document, (core) => readingOf(core, new TextEncoder().encode(document)));
  }
  const description = changed(metadata, r);
  await compare("metadata", description, (core) => core.readIdpMetadata(new TextEncoder().encode(description)));
  await compare("redacted", description, (core) => core.redactMessage(toBase64(description)));
}

const end = performance.now() + Number(values.seconds) * 1000;
let tried = 0;
for (; performance.now() < end && differences < DIFFERENCES_MAX; tried++) {
  await round(random(Number(values.seed) * 1_000_003 + tried));
}
console.log(`${tried} rounds in ${values.seconds} s, seed ${values.seed}: ${differences} differences`);
for (const [what, n] of [...counts].sort((a, b) => b[1] - a[1])) console.log(String(n).padStart(9), what);
process.exit(differences > 0 ? 1 : 0);
