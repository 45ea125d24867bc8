/**
 * A verified response in a browser that carries no request of ours: cookies were blocked or cleared, or somebody wants to
 * sign another person in as themselves (login CSRF). Nobody is signed in unasked: the visitor is shown whom the response
 * names and says whether to go on. The question is bound to this browser by a Strict cookie that no other site can send.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { readForm } from "../form.ts";
import { continuePage } from "../pages/index.ts";
import { readCookies } from "../session/index.ts";
import { reloadTenant, type Tenant } from "../tenant/index.ts";
import { admit } from "./admit.ts";
import type { Attempt } from "./believe.ts";
import { refuseSignIn } from "./refused.ts";

const CONTINUE_COOKIE = "__Host-vestibule-continue";
/** Long enough to read a sentence. */
const CONTINUE_SECONDS = 300;
const NONCE_BYTES = 16;
const FORM_BYTES_MAX = 65_536;

interface Question {
  readonly nonce: string;
  readonly expiresAt: number;
  readonly attempt: Attempt;
}

export async function askToContinue(c: Context<AppEnv>, tenant: Tenant, attempt: Attempt): Promise<Response> {
  const { sealer, now } = c.get("services");
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).toString("base64url");
  const question: Question = { nonce, expiresAt: now() + CONTINUE_SECONDS * 1000, attempt };
  const page = continuePage({
    email: attempt.facts.email,
    company: tenant.company,
    token: await sealer.seal("continue", tenant.company.id, JSON.stringify(question)),
    action: "/sso/acs/continue",
  });
  const headers = new Headers(page.headers);
  headers.append(
    "set-cookie",
    `${CONTINUE_COOKIE}=${nonce}; Path=/; Max-Age=${CONTINUE_SECONDS}; Secure; HttpOnly; SameSite=Strict`,
  );
  return new Response(page.body, { status: page.status, headers });
}

/** `POST /sso/acs/continue`: the visitor said yes. */
export async function continueSignIn(c: Context<AppEnv>): Promise<Response> {
  const { sealer, now } = c.get("services");
  const tenant = c.get("tenant");
  const refused = (expected: string, received: string) =>
    refuseSignIn(c, {
      refusal: { code: "confirmation_invalid", expected, received },
      checks: [],
      email: null,
      idpStatus: null,
    });

  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return refused("a post from our own page", site);
  const form = await readForm(c.req.raw, FORM_BYTES_MAX);
  if (!form.ok) return refuseSignIn(c, { refusal: form.refusal, checks: [], email: null, idpStatus: null });
  const token = await sealer.open("continue", tenant.company.id, form.fields.get("token") ?? "");
  if (token === null) return refused("a question that this gateway asked", "another token");
  const { nonce, expiresAt, attempt } = JSON.parse(token) as Question;
  const asked = readCookies(c.req.raw).filter(([name]) => name === CONTINUE_COOKIE);
  if (asked.length !== 1 || asked[0]?.[1] !== nonce) return refused("the browser that was asked", "another one");
  if (now() > expiresAt) return refused(`an answer within ${CONTINUE_SECONDS} seconds`, "later");

  const answer = { name: "continue", ok: true, expected: "the visitor's consent", received: "given" } as const;
  // The question may have been asked by another isolate, on newer settings than this one remembers.
  const same = tenant.saml?.version === attempt.settingsVersion;
  const asking = same ? tenant : await reloadTenant(c.get("services"), tenant.company.slug);
  if (asking?.company.id !== tenant.company.id) return refused("the company of the question", "none");
  const admitted = await admit(c, asking, { ...attempt, checks: [...attempt.checks, answer] }, { ask: false });
  if (admitted === "settings_changed" || admitted === "ask")
    return refused("the settings of the question", "newer ones");
  const headers = new Headers(admitted.headers);
  headers.append("set-cookie", `${CONTINUE_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict`);
  return new Response(admitted.body, { status: admitted.status, headers });
}
