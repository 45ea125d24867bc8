/** Entity tags and the conditions on them (RFC 9110, sections 8.8.3 and 13.1). */
import type { Precondition, Versioned } from "../versions.ts";

/** Characters of the id that tell two objects of one URL apart: a slug may be deleted and used again. */
const ID_TAIL_CHARS = 12;

/** Strong: it changes with every change that an administrator or the identity provider makes. */
export function entityTag({ id, version }: Versioned): string {
  return `"${id.slice(-ID_TAIL_CHARS)}-${version}"`;
}

/** If-Match and If-None-Match of a request that changes something; without either anything goes. */
export function preconditionOf(headers: Headers): Precondition {
  const match = tagsOf(headers.get("if-match"));
  const noneMatch = tagsOf(headers.get("if-none-match"));
  return (current) => {
    if (match !== null && !matches(match, current)) return false;
    return noneMatch === null || !matches(noneMatch, current);
  };
}

/** Weak tags stay in the list as they are, and so match nothing: the comparison is the strong one. */
function tagsOf(header: string | null): string[] | null {
  return header === null ? null : header.split(",").map((tag) => tag.trim());
}

function matches(tags: readonly string[], current: Versioned | null): boolean {
  return current !== null && (tags.includes("*") || tags.includes(entityTag(current)));
}
