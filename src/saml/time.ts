/**
 * Owns SAML's time values (SAML Core 1.3.3): xs:dateTime in UTC, read strictly, and written. Has no clock.
 */

/** What implementations write at most (nanoseconds). */
const FRACTION_DIGITS_MAX = 9;
/** Date.UTC takes smaller years for the 1900s. */
const YEAR_MIN = 100;
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Reads an xs:dateTime in UTC: `2026-11-20T09:00:00Z`, with one to nine digits of fraction (cut off after milliseconds). `+00:00` is
 * UTC as well and some tool kits write it. Returns UTC milliseconds, or null for anything else: another zone or none (SAML allows
 * none but UTC, and a guess would be somebody's hours), a date the calendar does not have, 24:00:00, a leap second, white space.
 */
export function readTime(text: string | null): number | null {
  if (text === null || text.length < 20 || !hasMarks(text)) return null;
  const year = readDigits(text, 0, 4);
  const month = readDigits(text, 5, 2);
  const day = readDigits(text, 8, 2);
  const hour = readDigits(text, 11, 2);
  const minute = readDigits(text, 14, 2);
  const second = readDigits(text, 17, 2);
  let at = 19;
  let milliseconds = 0;
  if (text.charCodeAt(at) === POINT) {
    const start = ++at;
    for (let weight = 100; isDigit(text.charCodeAt(at)); at++) {
      milliseconds += (text.charCodeAt(at) - DIGIT_0) * weight;
      weight = Math.floor(weight / 10);
    }
    if (at === start || at - start > FRACTION_DIGITS_MAX) return null;
  }
  const isUtc = text.charCodeAt(at) === LETTER_Z ? text.length === at + 1 : text.slice(at) === "+00:00";
  // Written so that a part that is not a number fails.
  const isTime = hour <= 23 && minute <= 59 && second <= 59;
  const isDate = year >= YEAR_MIN && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  return isUtc && isTime && isDate ? Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) : null;
}

const DIGIT_0 = 0x30;
const POINT = 0x2e;
const LETTER_Z = 0x5a;

/** `....-..-..T..:..:` */
function hasMarks(text: string): boolean {
  return (
    text.charCodeAt(4) === 0x2d &&
    text.charCodeAt(7) === 0x2d &&
    text.charCodeAt(10) === 0x54 &&
    text.charCodeAt(13) === 0x3a &&
    text.charCodeAt(16) === 0x3a
  );
}

/** The number of `count` digits at `at`, or NaN. */
function readDigits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return Number.NaN;
    value = value * 10 + code - DIGIT_0;
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_0 + 9;
}

function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && !isLeap ? 28 : (DAYS[month - 1] as number);
}

/** Writes UTC milliseconds as xs:dateTime with milliseconds and `Z`. */
export function writeTime(instant: number): string {
  return new Date(instant).toISOString();
}

/** The moment a message is judged at. A clock, a skew or a date that is not a finite number refuses. */
export interface Moment {
  /** UTC milliseconds. */
  readonly now: number;
  readonly clockSkewSeconds: number;
}

/** True while `notOnOrAfter` lies ahead, skew allowed for (SAML Core 2.5.1.2). */
export function isBefore(moment: Moment, notOnOrAfter: number): boolean {
  const earliest = moment.now - moment.clockSkewSeconds * 1000;
  return Number.isFinite(earliest) && earliest < notOnOrAfter;
}

/** True once `notBefore` is reached, skew allowed for (SAML Core 2.5.1.2). */
export function isReached(moment: Moment, notBefore: number): boolean {
  const latest = moment.now + moment.clockSkewSeconds * 1000;
  return Number.isFinite(latest) && latest >= notBefore;
}

/** One message is held against the same moment many times. */
const texts = new WeakMap<Moment, string>();

/** The moment for people: what the clock said and how much it may be off. */
export function momentText(moment: Moment): string {
  const known = texts.get(moment);
  if (known !== undefined) return known;
  const clock = Number.isNaN(new Date(moment.now).getTime()) ? "no clock" : writeTime(moment.now);
  const text = `${clock} (clock skew ${moment.clockSkewSeconds} s)`;
  texts.set(moment, text);
  return text;
}
