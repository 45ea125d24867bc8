/** The end of a sign-in that is refused: its record for the administrator, a page with a reference for the visitor. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { isReference, newReference, type RefusalCode, refusalResponse } from "../failure.ts";
import { log } from "../log.ts";
import { count } from "../metrics.ts";
import { type Check, type ResponseStatus, STATUS_SUCCESS } from "../saml/index.ts";
import { readSession } from "../session/index.ts";
import { type NewSignIn, newId, recordSignIn } from "../store/index.ts";
import { keptMessage } from "./kept-message.ts";
import { readPendingRequests } from "./request.ts";

/** Where the page of a used response leads. */
export const USED_RESPONSE_PATH = "/sso/acs/used";

/** An answer that another one has made needless, where the browser has a session by now. Not one that nobody asked for: who tries that must see it refused. */
const OF_AN_EARLIER_SIGN_IN: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "assertion_used",
  "request_used",
  "request_expired",
  "in_response_to_mismatch",
]);

export interface AttemptRefusal {
  readonly refusal: { readonly code: RefusalCode; readonly expected?: string; readonly received?: string };
  readonly checks: readonly Check[];
  /** Only from verified bytes. */
  readonly email: string | null;
  /** What the identity provider said; it is recorded where it did not sign the person in. */
  readonly idpStatus: ResponseStatus | null;
}

export async function refuseSignIn(c: Context<AppEnv>, attempt: AttemptRefusal): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const { code } = attempt.refusal;
  const reference = newReference();
  const record: NewSignIn = {
    id: newId(),
    at: services.now(),
    outcome: "refused",
    code,
    email: attempt.email,
    userId: null,
    reference,
    checks: recordedChecks(attempt),
    ...(await keptMessage(c, "refused")),
  };
  const asked = (await readPendingRequests(services.sealer, tenant.company.id, c.req.raw)).length > 0;
  const kind = services.config.local ? "local" : asked ? "asked" : "unasked";
  await recordSignIn(services.database, tenant.company.id, record, kind);
  log("refusal", { company: tenant.company.slug, code, reference });
  count("sign_ins", code, tenant.company.id);

  // The back button, or a tab too many: this post came from another site, so the session's cookie did not; our own page's next request brings it.
  const refreshTo = `${USED_RESPONSE_PATH}?reference=${reference}`;
  return refusalResponse({
    code,
    reference,
    retry: "/sso/login",
    company: tenant.company,
    ...(OF_AN_EARLIER_SIGN_IN.has(code) ? { refreshTo } : {}),
  });
}

/** `GET /sso/acs/used`: leads home whoever is signed in all the same; the others read again that this sign-in is over. */
export async function afterUsedResponse(c: Context<AppEnv>): Promise<Response> {
  const signedIn = (await readSession(c.get("services"), c.get("tenant"), c.req.raw)) !== null;
  if (signedIn) return c.redirect("/", 303);
  const given = c.req.query("reference") ?? "";
  const reference = isReference(given) ? given : newReference();
  return refusalResponse({ code: "request_used", reference, retry: "/sso/login", company: c.get("tenant").company });
}

/** The failing check is always there, with what was expected and received. */
export function recordedChecks({ refusal, checks, idpStatus }: AttemptRefusal): Check[] {
  const recorded = [...checks];
  if (!recorded.some((check) => !check.ok)) {
    const { expected, received } = refusal;
    recorded.push({ name: refusal.code, ok: false, expected: expected ?? null, received: received ?? null });
  }
  if (idpStatus !== null && idpStatus.codes[0] !== STATUS_SUCCESS) {
    const said = [...idpStatus.codes, idpStatus.message ?? ""].filter((text) => text !== "").join(" | ");
    recorded.push({ name: "idp_status", ok: false, expected: null, received: said });
  }
  return recorded;
}
