/**
 * Owns SAML's time values (SAML Core 1.3.3): xs:dateTime in UTC, read strictly, and written. Has no clock.
 */

/**
 * Nine fractional digits are the most that honest implementations write (nanoseconds). `+00:00` is UTC as well and some
 * tool kits write it; any other offset, and a time without one, is refused rather than guessed (Core 1.3.3: "no time zone").
 */
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)$/;

/**
 * Reads an xs:dateTime in UTC. Returns UTC milliseconds (a finer fraction is cut off), or null when the text is not one:
 * another zone, no zone, a date the calendar does not have, 24:00:00, a leap second, white space around it.
 */
export function readTime(text: string | null): number | null {
  const parts = text === null ? null : DATE_TIME.exec(text);
  if (!parts) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as Six;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const milliseconds = Number((parts[7] ?? "").slice(0, 3).padEnd(3, "0"));
  const instant = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
  const date = new Date(instant);
  // Date.UTC rolls 30 February over into March, and takes years below 100 for 19xx.
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return real ? instant : null;
}

type Six = [number, number, number, number, number, number];

/** Writes UTC milliseconds as xs:dateTime with milliseconds and `Z`. */
export function writeTime(instant: number): string {
  return new Date(instant).toISOString();
}

/** The moment a message is judged at. Comparisons are written so that a time that is not a number refuses. */
export interface Moment {
  /** UTC milliseconds. */
  readonly now: number;
  readonly clockSkewSeconds: number;
}

/** True while `notOnOrAfter` lies ahead, skew allowed for (SAML Core 2.5.1.2). */
export function isBefore(moment: Moment, notOnOrAfter: number): boolean {
  return moment.now - moment.clockSkewSeconds * 1000 < notOnOrAfter;
}

/** True once `notBefore` is reached, skew allowed for (SAML Core 2.5.1.2). */
export function isReached(moment: Moment, notBefore: number): boolean {
  return moment.now + moment.clockSkewSeconds * 1000 >= notBefore;
}

/** The moment for people: what the clock said and how much it may be off. */
export function momentText(moment: Moment): string {
  const clock = Number.isFinite(moment.now) ? writeTime(moment.now) : "no clock";
  return `${clock} (clock skew ${moment.clockSkewSeconds} s)`;
}
