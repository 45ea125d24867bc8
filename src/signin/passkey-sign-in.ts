/**
 * `/sso/local/passkey`: signing in with a passkey. The browser offers those it has for this host; nobody types who they are.
 * Whoever is refused reads one sentence, whatever the reason: the sign-in log tells them apart.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { problem, type RefusalCode, refusalResponse } from "../failure.ts";
import type { Check } from "../saml/index.ts";
import { completePasskeySignIn, preparePasskeySignIn } from "../store/index.ts";
import { refuseAgain, whyBarred } from "./local.ts";
import { readOwnForm } from "./local-form.ts";
import { enter, localSession, recordRefusal } from "./local-session.ts";
import { ATTEMPT_WINDOW_SECONDS, attemptLimits, attemptsCheck, judgeAttempts } from "./local-throttle.ts";
import { CHALLENGE_SECONDS, judgeChallenge, makeChallenge } from "./passkey-challenge.ts";
import { checkCeremony, readCeremony, refused, rpIdOf, verifyUse } from "./passkey-proof.ts";
import { safeReturnPath } from "./return-path.ts";

/** What a browser is to do, as JSON for our page's script. */
export function optionsResponse(options: object): Response {
  return Response.json(options, {
    headers: {
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    },
  });
}

export const noBrowser = () => problem(403, "no-browser", "Open the page of this host first; it needs its cookie");

/** `GET /sso/local/passkey`: PublicKeyCredentialRequestOptionsJSON. No database is asked. */
export async function passkeyOptions(c: Context<AppEnv>): Promise<Response> {
  const challenge = await makeChallenge(c, "sign-in");
  if (challenge === null) return noBrowser();
  const rpId = rpIdOf(c.get("tenant").baseUrl);
  return optionsResponse({ challenge, rpId, userVerification: "required", timeout: CHALLENGE_SECONDS * 1000 });
}

/** `POST /sso/local/passkey`: at most two database round trips. */
export async function passkeySignIn(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const { company, baseUrl } = c.get("tenant");
  const form = await readOwnForm(c);
  if (!form.ok) {
    const check = { name: "form", ok: false, expected: form.expected, received: form.received };
    const refusal = { code: "confirmation_invalid", email: null, userId: null, checks: [check] } as const;
    return refusalResponse({ code: refusal.code, reference: await recordRefusal(c, refusal), retry: "/sso/local" });
  }
  const { fields } = form;
  const again = { email: "", returnTo: fields.get("return_to") };
  const checks: Check[] = [];
  let who: { email: string; userId: string } | null = null;
  const refuse = (why: { code: RefusalCode; check: Check }, retryAfterSeconds?: number) =>
    refuseAgain(
      c,
      { code: why.code, email: who?.email ?? null, userId: who?.userId ?? null, checks: [...checks, why.check] },
      retryAfterSeconds === undefined ? again : { ...again, retryAfterSeconds },
      // One face for all.
      why.code === "local_throttled" ? why.code : "passkey_unknown",
    );

  const ceremony = readCeremony(fields);
  if (!ceremony.ok) return refuse(ceremony);
  const limits = await attemptLimits(c, `passkey ${ceremony.id}`);
  const now = services.now();
  const state = await preparePasskeySignIn(services.database, company.id, {
    passkeyId: ceremony.id,
    limits,
    now,
    windowMs: ATTEMPT_WINDOW_SECONDS * 1000,
  });
  const { account } = state;
  who = account && { email: account.user.email, userId: account.user.id };
  const attempts = judgeAttempts(limits, state.attempts, now);
  const counted = attemptsCheck(limits, attempts);
  if (attempts.throttled) return refuse({ code: "local_throttled", check: counted }, attempts.retryAfterSeconds);
  checks.push(counted);

  const judged = await judgeChallenge(c, "sign-in", ceremony.client.challenge);
  if (!judged.ok) return refuse(judged);
  const expected = { type: "webauthn.get", origin: baseUrl } as const;
  const fault = checkCeremony(ceremony, expected);
  if (fault !== null) return refuse(fault);
  if (account === null) {
    return refuse(refused("passkey_unknown", "passkey", "a passkey of this company’s users", "none of them"));
  }
  const { passkey, user, group } = account;
  const used = await verifyUse(ceremony, passkey, fields.get("signature"), fields.get("userHandle"), expected);
  if (!used.ok) return refuse(used);
  checks.push({ name: "passkey", ok: true, expected: null, received: passkey.name });
  const barred = whyBarred(state.companyStatus, user, group);
  if (barred !== null) return refuse({ code: "local_not_allowed", check: barred });

  const begun = localSession(c, user, group, checks, passkey.id);
  const outcome = await completePasskeySignIn(services.database, company.id, {
    now,
    passkey,
    signCount: used.signCount,
    challenge: judged.challenge,
    limits,
    session: begun.row,
    signIn: begun.signIn,
  });
  if (outcome === "done") return enter(c, begun, safeReturnPath(again.returnTo, baseUrl));
  if (outcome === "challenge_used") {
    return refuse(refused("passkey_challenge_used", "challenge", "not yet used", "used before"));
  }
  return refuse(refused("local_not_allowed", "user", "what was read a moment ago", "changed meanwhile"));
}
