/** The rules that texts from outside keep. Each names its limit; nothing is stored that could mislead whoever reads it later. */

import * as z from "zod/mini";
import type { Config } from "../config.ts";
import { EMAIL_CHARS_MAX, isPlainEmail } from "../store/index.ts";
import { unicode } from "../unicode.ts";
import type { FieldError } from "./problems.ts";

// The small zod speaks no language by itself. These are read beside a field of a form as well as in a program's log.
z.config({ localeError: sentence });

export const NAME_CHARS_MAX = 200;
export const URL_CHARS_MAX = 2048;
/** SAML Core 8.3.6 bounds entity identifiers to 1024 characters. */
export const ENTITY_ID_CHARS_MAX = 1024;
export const CLAIM_CHARS_MAX = 255;
export const ID_CHARS_MAX = 64;

/** Control, line-breaking, bidirectional and invisible characters; the two joiners stay, since Persian names and emoji need them. */
const UNSAFE = unicode(String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200C\u200D])\p{Cf}`);

/** A line of text that people read: any script, HTML as plain text, white space at the ends taken off. */
export function line(charsMin: number, charsMax: number, trimmed = true) {
  return z.string().check(
    ...(trimmed ? [z.trim()] : []),
    z.minLength(charsMin),
    z.maxLength(charsMax),
    z.refine((text) => !UNSAFE().test(text), "Must not contain control or invisible characters"),
  );
}

/** A text that machines compare exactly: nothing is taken off, and white space at the ends is a mistake. */
export function exactText(charsMax: number) {
  return line(1, charsMax, false).check(
    z.refine((text) => text.trim() === text, "Must not begin or end with white space"),
  );
}

/** An identifier such as an entity ID: without any white space, so that what a paste brings along at the ends is taken off. */
export function identifier(charsMax: number) {
  return line(1, charsMax).check(z.refine((text) => !/\s/u.test(text), "Must not contain white space"));
}

export const email = z
  .string()
  .check(
    z.trim(),
    z.maxLength(EMAIL_CHARS_MAX),
    z.refine(isPlainEmail, "Must be one plain e-mail address"),
    z.meta({ format: "email" }),
  );

export const id = z.string().check(z.minLength(1), z.maxLength(ID_CHARS_MAX));

/** RFC 3986, 2: other letters would go into headers and redirects in as many spellings as there are readers. */
const urlText = identifier(URL_CHARS_MAX).check(
  z.refine(
    (text) => /^[\x21-\x7e]*$/.test(text),
    "Must be written in ASCII: encoded, as a browser's address bar copies it",
  ),
  z.meta({ format: "uri" }),
);

function readUrl(text: string): URL | null {
  return URL.canParse(text) && !text.includes("\\") ? new URL(text) : null;
}

function isHttp(text: string): boolean {
  const url = readUrl(text);
  return (
    url !== null && /^https?:\/\//i.test(text) && url.username === "" && url.password === "" && url.hostname !== ""
  );
}

const HTTPS_ONLY = "Must be an absolute https URL without user name and password";

/** Where people are sent: a query may be part of it, a fragment not. */
export const browserUrl = urlText.check(
  z.refine(isHttp, HTTPS_ONLY),
  z.refine((text) => !text.includes("#"), "Must not contain a fragment"),
);

/** Where requests are proxied: a path prefix may be part of it, nothing behind it. */
export const originUrl = browserUrl.check(z.refine((text) => !text.includes("?"), "Must not contain a query"));

/** Says why these URLs may not be used here: https, and plain http only to this machine on a gateway of this machine. */
export function urlErrors(config: Config, urls: Readonly<Record<string, string | null | undefined>>): FieldError[] {
  return Object.entries(urls).flatMap(([path, text]) => {
    if (text === null || text === undefined) return [];
    const url = readUrl(text);
    if (url?.protocol === "https:") return [];
    if (url?.protocol === "http:" && config.local && isLoopback(url.hostname)) return [];
    return [{ path, message: config.local ? "Must be https, or http to this machine" : "Must be https" }];
  });
}

/** RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291 2.5.3. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

/** A field of an object that its reader may send back; it is looked at by nobody. */
export const readOnly = z.optional(z.unknown()).check(z.meta({ readOnly: true, description: "Ignored" }));

/** A time as the API writes it. */
export const time = z.iso.datetime();

export function timeText(ms: number): string;
export function timeText(ms: number | null): string | null;
export function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  int: "a whole number",
  number: "a whole number",
  boolean: "true or false",
  array: "a list",
};

function sentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "Is missing" : `Must be ${KINDS[issue.expected] ?? `an ${issue.expected}`}`;
    case "invalid_value":
      return `Must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
      return issue.minimum === 1 && issue.origin === "string"
        ? "Must not be empty"
        : bound(issue.origin, `at least ${issue.minimum}`);
    case "too_big":
      return bound(issue.origin, `at most ${issue.maximum}`);
    default:
      return issue.code === "invalid_format" && issue.format === "datetime"
        ? "Must be a time such as 2026-01-31T12:00:00Z"
        : "Is not valid";
  }
}

function bound(origin: string, limit: string): string {
  if (origin === "string") return `Must have ${limit} characters`;
  return origin === "array" ? `Must have ${limit} items` : `Must be ${limit}`;
}

/** What zod found, the first fault of each field. */
export function fieldErrors(error: z.core.$ZodError): FieldError[] {
  const byPath = new Map<string, string>();
  for (const issue of error.issues) {
    const path = issue.path.map(String);
    const faults: FieldError[] =
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ path: [...path, key].join("."), message: "Is not a field of this object" }))
        : [{ path: path.join("."), message: issue.message }];
    for (const fault of faults) if (!byPath.has(fault.path)) byPath.set(fault.path, fault.message);
  }
  return [...byPath].map(([path, message]) => ({ path, message }));
}
