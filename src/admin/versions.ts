/** Changes to an object that others may change at the same time: nobody overwrites what they have not seen. */
import { type Answer, fail } from "./problems.ts";

/** What an object's entity tag is made of. */
export interface Versioned {
  readonly id: string;
  readonly version: number;
}

/** What the caller demands of the object as it stands before the change: an If-Match, or nothing. */
export type Precondition = (current: Versioned | null) => boolean;

export const UNCONDITIONAL: Precondition = () => true;

/** How often a change without a precondition is tried on the newest version before the caller is asked to. */
const ATTEMPTS_MAX = 8;

/**
 * Reads the object, asks the precondition, writes against the version that was read, and begins again when another was
 * quicker: then a precondition fails as it must, and a change without one applies to the newest version.
 */
export async function changeVersioned<Current extends Versioned, Changed>(
  precondition: Precondition,
  read: () => Promise<Answer<Current>>,
  write: (current: Current) => Promise<Answer<Changed> | "version_changed">,
): Promise<Answer<Changed>> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const current = await read();
    if (!current.ok) return current;
    if (!precondition(current.value)) return preconditionFailed();
    const written = await write(current.value);
    if (written !== "version_changed") return written;
  }
  return fail({ status: 409, type: "conflict", title: "The object is being changed by others; try again" });
}

export function preconditionFailed() {
  return fail({ status: 412, type: "precondition-failed", title: "The object was changed since it was read" });
}

/** The fields of `changes` that differ from `current`; what is absent or undefined stays as it is. */
export function differing<T extends object>(
  current: T,
  changes: { readonly [K in keyof T]?: T[K] | undefined },
): Partial<T> {
  const entries = Object.entries(changes).filter(
    ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(current[name as keyof T]),
  );
  return Object.fromEntries(entries) as Partial<T>;
}
