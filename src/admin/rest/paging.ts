/** Lists: `{items, nextCursor}`. A cursor is sealed for its list, so that it can be neither read nor made by hand. */
import type { Services } from "../../context.ts";
import type { Page } from "../../store/index.ts";
import { type Answer, answer, fail } from "../problems.ts";

export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 200;
export const PAGING_PARAMETERS = ["limit", "cursor"] as const;

export interface List<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/** `name` says which list of which owner with which filter: a cursor of another one is refused. */
export async function readPage<T>(
  services: Services,
  query: URLSearchParams,
  name: { readonly list: string; readonly owner: string },
  load: (page: Page) => Promise<T[]>,
  keyOf: (item: T) => string,
): Promise<Answer<List<T>>> {
  const limit = limitOf(query.get("limit"));
  if (limit === null) return badQuery("limit", `Must be a whole number from 1 to ${LIMIT_MAX}`);
  const cursor = query.get("cursor");
  const after = cursor === null ? null : await openCursor(services, name, cursor);
  if (cursor !== null && after === null) return badQuery("cursor", "Is not a cursor of this list");
  const found = await load({ after, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  const next = more ? await services.sealer.seal("cursor", name.owner, `${name.list}\n${keyOf(last)}`) : null;
  return answer({ items, nextCursor: next });
}

async function openCursor(services: Services, name: { list: string; owner: string }, cursor: string) {
  const opened = await services.sealer.open("cursor", name.owner, cursor);
  const prefix = `${name.list}\n`;
  return opened?.startsWith(prefix) ? opened.slice(prefix.length) : null;
}

function limitOf(text: string | null): number | null {
  if (text === null) return LIMIT_DEFAULT;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= LIMIT_MAX ? limit : null;
}

/** Absent is false; null where it is neither. */
export function flagOf(query: URLSearchParams, name: string): boolean | null {
  const text = query.get(name) ?? "false";
  return text === "true" ? true : text === "false" ? false : null;
}

export function badQuery(path: string, message: string) {
  return fail({ status: 400, type: "query", title: "The query is not valid", errors: [{ path, message }] });
}
