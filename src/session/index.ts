/**
 * SESSION: who this browser is. Owns the session cookie, its freshness, its limits, and when D1 is asked. Refuses to know
 * how a person signed in and what they asked for.
 */
export {
  type CarriedSession,
  clearSessionCookie,
  openedBefore,
  SESSION_COOKIE,
  SESSION_COOKIE_BYTES_MAX,
  sessionCookie,
} from "./cookie.ts";
export { type CookiePair, cookiePairs, OWN_COOKIE_PREFIX, readCookie, readCookies } from "./cookies.ts";
export { type FormOwner, isFromElsewhere, judgeFormToken, makeFormToken, TOKEN_FIELD } from "./form-token.ts";
export { FORMER_SESSION_MS, formerUser } from "./former.ts";
export { isLedHere, isNavigation } from "./navigation.ts";
export {
  type CurrentSession,
  forgetSession,
  freshSession,
  readSession,
  SESSION_FRESH_MS,
  SESSION_STALE_MS,
  TOUCH_INTERVAL_MS,
} from "./read-session.ts";
export { LOCAL_ISSUER, type NewSession, newSession, type Session, USER_AGENT_CHARS_MAX } from "./session.ts";
export {
  beginTest,
  clearTestCookie,
  readTest,
  TEST_COOKIE,
  TEST_RELAY_PREFIX,
  TEST_RESULT_PATH,
  TEST_START_PATH,
} from "./test-ticket.ts";
