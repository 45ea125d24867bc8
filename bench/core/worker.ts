/** A contender as a Worker. Timers stand still in workerd while code runs, so whoever asks holds the watch. */
import { type Accept, type Prepare, prove } from "./contender.ts";
import type { Material } from "./material.ts";

let material: Material | null = null;
let accepts: (Accept | null)[] = [];

async function answer(prepare: Prepare, request: Request): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/material") {
    material = (await request.json()) as Material;
    accepts = material.messages.map(await prepare(material));
    return null;
  }
  const index = Number(searchParams.get("message"));
  const accept = accepts[index] ?? null;
  const message = material?.messages[index];
  if (!message) throw new Error("no such message");
  if (pathname === "/prove") return prove(accept, message);
  if (accept === null) throw new Error("can't read this");
  const iterations = Number(searchParams.get("iterations"));
  for (let n = 0; n < iterations; n++) await accept(message.samlResponse);
  return null;
}

export function serve(prepare: Prepare): ExportedHandler {
  return {
    async fetch(request) {
      try {
        return Response.json({ value: await answer(prepare, request as unknown as Request) });
      } catch (error) {
        return Response.json(
          { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
          { status: 500 },
        );
      }
    },
  };
}
