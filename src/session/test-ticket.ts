/**
 * A test sign-in under way. The console begins it, the identity provider's answer ends it, and between them it is this cookie:
 * sealed for one company, it names the session of the administrator who began it, the draft's very version, and the request.
 * The request's ID is of a kind of its own, so an answer to a test is no answer to a sign-in, nor the other way round.
 */
import type { Services } from "../context.ts";
import { makeMessageId, readMessageId } from "../message-id.ts";
import { AUTHN_REQUEST_LIFETIME_SECONDS } from "../saml/index.ts";
import { readCookie } from "./cookies.ts";

export const TEST_COOKIE = "__Host-vestibule-test";
/** Takes a ticket and goes to the identity provider. */
export const TEST_START_PATH = "/sso/login/test";
/** The console's page of what a test showed; `?answer=older` where it spoke of a draft that is no more. */
export const TEST_RESULT_PATH = "/sso/admin/draft/test";
/** Before the ID in RelayState. It only leads an answer to where it is judged; what it says is believed by nobody. */
export const TEST_RELAY_PREFIX = "test.";

export interface TestTicket {
  /** Of the AuthnRequest. */
  readonly requestId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly draftVersion: number;
}

/** A Set-Cookie value. SameSite=None, because the answer is a cross-site POST. One test a browser: a newer takes its place. */
export async function beginTest(
  { sealer, now }: Services,
  companyId: string,
  test: Omit<TestTicket, "requestId">,
): Promise<string> {
  const requestId = await makeMessageId(sealer, "test-request-id", companyId, now());
  const { sessionId, userId, draftVersion } = test;
  const value = await sealer.seal("test", companyId, JSON.stringify([requestId, sessionId, userId, draftVersion]));
  return `${TEST_COOKIE}=${value}; Path=/; Max-Age=${AUTHN_REQUEST_LIFETIME_SECONDS}; Secure; HttpOnly; SameSite=None`;
}

export function clearTestCookie(): string {
  return `${TEST_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=None`;
}

/** The test that this browser has under way, with the times that its ID proves; null for none of this company. */
export async function readTest(
  { sealer }: Services,
  companyId: string,
  request: Request,
): Promise<(TestTicket & { readonly issuedAt: number; readonly expiresAt: number }) | null> {
  const value = readCookie(request, TEST_COOKIE);
  const text = value === null ? null : await sealer.open("test", companyId, value);
  if (text === null) return null;
  const [requestId, sessionId, userId, draftVersion] = JSON.parse(text) as [string, string, string, number];
  const own = await readMessageId(sealer, "test-request-id", companyId, requestId);
  if (own === null) return null;
  const { issuedAt } = own;
  const expiresAt = issuedAt + AUTHN_REQUEST_LIFETIME_SECONDS * 1000;
  return { requestId, sessionId, userId, draftVersion, issuedAt, expiresAt };
}
