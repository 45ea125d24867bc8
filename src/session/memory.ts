/**
 * What an isolate remembers of sessions that it asked D1 about: the answer, also when it was "no", and who is asking just
 * now. It spares the requests that a page sends at once from asking one by one. Holds finished values only.
 */
import type { Services } from "../context.ts";
import type { Session } from "./session.ts";

/** Some 1 KB each. */
export const REMEMBERED_SESSIONS_MAX = 4_000;
/** After this a claim is taken for lost: its request was cancelled. */
const CLAIM_MS = 5_000;

export interface Remembered {
  readonly checkedAt: number;
  /** Null: D1 said that it is over. */
  readonly session: Session | null;
  /** The cookie that carries this answer. */
  readonly setCookie: string | null;
}

interface Entry {
  answer: Remembered | null;
  claimedUntil: number;
}

/** One an isolate; the sealer is made once an isolate and stands for it. */
const memories = new WeakMap<Services["sealer"], SessionMemory>();

export function sessionMemory(services: Services): SessionMemory {
  let memory = memories.get(services.sealer);
  if (!memory) {
    memory = new SessionMemory();
    memories.set(services.sealer, memory);
  }
  return memory;
}

/** Keys are session ids, which are unique over all companies; whether a visitor may use one is the cookie's to prove. */
export class SessionMemory {
  readonly #entries = new Map<string, Entry>();

  get(id: string): Remembered | null {
    return this.#entries.get(id)?.answer ?? null;
  }

  /** False when another request is asking already. */
  claim(id: string, now: number): boolean {
    const entry = this.#entries.get(id);
    if (entry && now < entry.claimedUntil && now >= entry.claimedUntil - CLAIM_MS) return false;
    this.#put(id, { answer: entry?.answer ?? null, claimedUntil: now + CLAIM_MS });
    return true;
  }

  /** No answer came. */
  release(id: string): void {
    const entry = this.#entries.get(id);
    if (entry) entry.claimedUntil = 0;
  }

  /** Of two answers the one that was asked for later stays, unless it claims to come from the future. */
  keep(id: string, answer: Remembered, now: number): void {
    const known = this.#entries.get(id)?.answer;
    const overtaken = known && known.checkedAt > answer.checkedAt && known.checkedAt <= now;
    this.#put(id, { answer: overtaken ? known : answer, claimedUntil: 0 });
  }

  #put(id: string, entry: Entry): void {
    this.#entries.delete(id);
    if (this.#entries.size >= REMEMBERED_SESSIONS_MAX)
      this.#entries.delete(this.#entries.keys().next().value as string);
    this.#entries.set(id, entry);
  }
}
