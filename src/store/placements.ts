/**
 * Which database holds a company, where there are several: kept in the first. A slug has one place in the world because it
 * is taken here before the company is made anywhere.
 */
import { and, eq, sql } from "drizzle-orm";
import { type Database, decide, run } from "./database.ts";
import { companies, placements } from "./schema.ts";

/** Name of the binding, or null where nothing is said of this slug: the first database, or no company. */
export async function findPlacement(first: Database, slug: string): Promise<string | null> {
  const row = await run(first.select().from(placements).where(eq(placements.slug, slug)).get());
  return row?.database ?? null;
}

/** Takes a slug for a company about to be made in that database. False: it has a place already, or a company in the first database. */
export async function takePlacement(first: Database, slug: string, database: string): Promise<boolean> {
  const older = first.select({ one: sql`1` }).from(companies).where(eq(companies.slug, slug));
  const outcome = await decide(
    first.insert(placements).select(sql`select ${slug}, ${database} where not exists ${older}`).run(),
  );
  return outcome.ok && outcome.value.meta.changes > 0;
}

/** After the company is gone. */
export async function dropPlacement(first: Database, slug: string, database: string): Promise<void> {
  await run(first.delete(placements).where(and(eq(placements.slug, slug), eq(placements.database, database))));
}
