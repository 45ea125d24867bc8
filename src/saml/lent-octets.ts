/**
 * Memory for octets that are used up before anything else can run. To allocate room for a message takes longer than to hash it;
 * this room is lent again and again, and each loan overwrites the one before. So only a function without `await` may borrow, and
 * nothing that it hands on may hold what it borrowed.
 */

/** Twice Entra's largest message; what is longer gets memory of its own. */
const LENT_OCTETS = 32_768;

const encoder = new TextEncoder();

export class LentOctets {
  readonly room = new Uint8Array(LENT_OCTETS);

  /** The text in UTF-8, on loan. */
  encode(text: string): Uint8Array {
    if (text.length > LENT_OCTETS) return encoder.encode(text);
    const { read, written } = encoder.encodeInto(text, this.room);
    return read === text.length ? this.room.subarray(0, written) : encoder.encode(text);
  }
}
