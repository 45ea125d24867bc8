/** A contender's own process: proves itself on a message, or runs it so many times, as its parent says. */
import { type Accept, type ContenderName, type Prepare, prove } from "./contender.ts";
import type { Material } from "./material.ts";

/** What the parent may ask. */
export type Question =
  | { readonly material: Material }
  | { readonly message: number; readonly iterations: number }
  | { readonly message: number; readonly prove: true };

const contender = process.argv[2] as ContenderName;
const { prepare } = (await import(`./${contender}.ts`)) as { prepare: Prepare };

let material: Material | null = null;
let accepts: (Accept | null)[] = [];

async function answer(question: Question): Promise<unknown> {
  if ("material" in question) {
    material = question.material;
    accepts = material.messages.map(await prepare(material));
    return null;
  }
  const accept = accepts[question.message] ?? null;
  const message = material?.messages[question.message];
  if (!message) throw new Error("no such message");
  if ("prove" in question) return prove(accept, message);
  if (accept === null) throw new Error(`${contender} can't read ${message.name}`);
  const start = performance.now();
  for (let n = 0; n < question.iterations; n++) await accept(message.samlResponse);
  return performance.now() - start;
}

process.on("message", async (question: Question) => {
  const sent = await answer(question).then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  process.send?.(sent);
});
// Whoever asked is gone.
process.on("disconnect", () => process.exit());
