import { describe, expect, it } from "vitest";
import { isBefore, isReached, momentText, readTime, writeTime } from "../../src/saml/time.ts";

describe("a time is an xs:dateTime in UTC or nothing", () => {
  const refused: Record<string, string | null> = {
    "no text": null,
    "an empty text": "",
    "a word": "tomorrow",
    "another zone": "2026-11-20T09:00:00-12:00",
    "a zone east of it": "2026-11-20T09:00:00+05:30",
    "no zone": "2026-11-20T09:00:00",
    "a date alone": "2026-11-20",
    "white space before it": " 2026-11-20T09:00:00Z",
    "white space after it": "2026-11-20T09:00:00Z\n",
    "lower case": "2026-11-20t09:00:00z",
    "30 February": "2026-02-30T09:00:00Z",
    "29 February of a common year": "2026-02-29T09:00:00Z",
    "29 February 2100": "2100-02-29T09:00:00Z",
    "31 April": "2026-04-31T09:00:00Z",
    "month 0": "2026-00-10T09:00:00Z",
    "month 13": "2026-13-10T09:00:00Z",
    "day 0": "2026-11-00T09:00:00Z",
    "24:00:00": "2026-11-20T24:00:00Z",
    "minute 60": "2026-11-20T09:60:00Z",
    "a leap second": "2026-12-31T23:59:60Z",
    "a year of two digits taken for 19xx": "0026-11-20T09:00:00+00:01",
    "year 0026": "0026-11-20T09:00:00Z",
    "five digits of year": "12026-11-20T09:00:00Z",
    "a sign": "-2026-11-20T09:00:00Z",
    "a point without digits": "2026-11-20T09:00:00.Z",
    "ten digits of fraction": "2026-11-20T09:00:00.1234567890Z",
    "a comma": "2026-11-20T09:00:00,5Z",
    "digits of another script": "٢٠٢٦-11-20T09:00:00Z",
    "what only Date understands": "Fri, 20 Nov 2026 09:00:00 GMT",
    "a number": "1795165200000",
  };
  for (const [name, text] of Object.entries(refused)) {
    it(`refuses ${name}`, () => expect(readTime(text)).toBeNull());
  }

  const nine = Date.UTC(2026, 10, 20, 9);
  const accepted: Record<string, readonly [string, number]> = {
    "whole seconds": ["2026-11-20T09:00:00Z", nine],
    milliseconds: ["2026-11-20T09:00:00.123Z", nine + 123],
    "one digit": ["2026-11-20T09:00:00.5Z", nine + 500],
    "seven digits, as .NET writes": ["2026-11-20T09:00:00.1234567Z", nine + 123],
    "nine digits, as Java and Go write": ["2026-11-20T09:00:00.123999999Z", nine + 123],
    "+00:00, which is UTC too": ["2026-11-20T09:00:00+00:00", nine],
    "29 February of a leap year": ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29)],
    "the last second of a year": ["2026-12-31T23:59:59Z", Date.UTC(2026, 11, 31, 23, 59, 59)],
  };
  for (const [name, [text, instant]] of Object.entries(accepted)) {
    it(`reads ${name}`, () => expect(readTime(text)).toBe(instant));
  }

  it("what it writes it reads", () => {
    for (const instant of [0, 1, nine, nine + 999, Date.UTC(2099, 11, 31)]) {
      expect(readTime(writeTime(instant))).toBe(instant);
    }
  });
});

describe("a moment", () => {
  const moment = { now: 1_000_000, clockSkewSeconds: 10 };

  it("allows for the skew at either end, and ends before NotOnOrAfter", () => {
    expect(isBefore(moment, 990_001)).toBe(true);
    expect(isBefore(moment, 990_000)).toBe(false);
    expect(isReached(moment, 1_010_000)).toBe(true);
    expect(isReached(moment, 1_010_001)).toBe(false);
  });

  it("refuses everything when a clock, a skew or a date is not a number", () => {
    for (const broken of [
      { now: Number.NaN, clockSkewSeconds: 10 },
      { now: 1_000_000, clockSkewSeconds: Number.NaN },
      { now: Number.NEGATIVE_INFINITY, clockSkewSeconds: Number.POSITIVE_INFINITY },
    ]) {
      expect(isBefore(broken, 2_000_000)).toBe(false);
      expect(isReached(broken, 0)).toBe(false);
      expect(momentText(broken)).toContain("clock");
    }
    expect(momentText({ now: 1e18, clockSkewSeconds: 0 })).toContain("no clock");
    expect(isBefore(moment, Number.NaN)).toBe(false);
    expect(isReached(moment, Number.NaN)).toBe(false);
  });
});
