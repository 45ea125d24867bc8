/**
 * Which of a company's path rules fits a path of its origin. Rules open doors, so a path that origins, their servers and their
 * frameworks could read in two ways fits no rule that opens one: it needs a session, as without rules.
 */
import type { PathRule } from "../store/index.ts";
import { unicode } from "../unicode.ts";

/** What a path gets that no rule fits. */
const WITHOUT_RULE: PathRule = { path: "/*", access: "session", unauthenticated: "signIn", preflight: false };

/**
 * Characters that mean themselves everywhere, and non-ASCII letters as browsers encode them. Not among them: `;` (parameters, to
 * Java servers), `:` and `~` (streams and short names, to Windows), `\`, and every encoded ASCII character but the space.
 */
const PLAIN_CHARACTERS = /^\/(?:[\w.,=!'()&+@/-]|%20|%[89A-F][0-9A-F])*$/;
/** Empty segments, which many servers take out, and dots and spaces at a segment's end, which Windows does; `.` and `..` with them. */
const TRICKY_SEGMENT = /\/\/|\/%20|(?:\.|%20)(?:\/|$)/;
const NO_CHARACTER = unicode(String.raw`\p{C}`);
const MARKS = unicode(String.raw`\p{M}`, "gu");

/** Whether a path, without query, is written in the one way that everybody reads alike. */
export function isPlainPath(path: string): boolean {
  if (!PLAIN_CHARACTERS.test(path) || TRICKY_SEGMENT.test(path)) return false;
  if (!path.includes("%")) return true;
  const text = decoded(path);
  // Fullwidth slashes, one dot leaders and their like become ASCII where somebody takes the nearest character.
  return text !== path && text.normalize("NFKC") === text && !NO_CHARACTER().test(text);
}

/** Whether a text may stand as a rule's path: plain, and none of the gateway's own paths. */
export function isRulePath(text: string): boolean {
  return isPlainPath(text.endsWith("/*") ? text.slice(0, -1) : text) && !/^\/sso/i.test(text);
}

interface Matcher {
  readonly rule: PathRule;
  readonly exactly: (path: string) => boolean;
  readonly loosely: (folded: string) => boolean;
}

const compiled = new WeakMap<readonly PathRule[], readonly Matcher[]>();

/** The first rule that fits. `path` is the very path that goes to the origin, without what the origin's URL puts before it. */
export function ruleFor(rules: readonly PathRule[], path: string): PathRule {
  if (rules.length === 0) return WITHOUT_RULE;
  let matchers = compiled.get(rules);
  if (!matchers) {
    matchers = rules.map(matcherOf);
    compiled.set(rules, matchers);
  }
  const plain = isPlainPath(path);
  const folded = fold(path);
  for (const { rule, exactly, loosely } of matchers) {
    if (plain && exactly(path)) return rule;
    // An origin that takes `/Admin` for `/admin` must not find the one open because only the other was closed.
    if (rule.access === "session" && loosely(folded)) return { ...rule, preflight: false };
  }
  return WITHOUT_RULE;
}

function matcherOf(rule: PathRule): Matcher {
  const prefix = rule.path.endsWith("/*") ? rule.path.slice(0, -1) : null;
  const folded = fold(rule.path.replace(/\/\*$/, ""));
  return {
    rule,
    exactly: prefix === null ? (path) => path === rule.path : (path) => path.startsWith(prefix),
    loosely: prefix === null ? (path) => path === folded : (path) => `${path}/`.startsWith(`${folded}/`),
  };
}

/** Case, accents and the slash at the end taken off, as origins and their databases may. */
function fold(path: string): string {
  const letters = decoded(path).normalize("NFKD").replace(MARKS(), "");
  return letters.toUpperCase().toLowerCase().replace(/\/$/, "");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
