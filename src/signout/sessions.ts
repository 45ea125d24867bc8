/** `/sso/sessions`: where a person is signed in, and how they end it elsewhere. Only their own, only at this company. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { notSignedIn, problem } from "../failure.ts";
import { readForm } from "../form.ts";
import { log } from "../log.ts";
import { noticePage, ownSessionsPage } from "../pages/index.ts";
import {
  forgetSession,
  isFromElsewhere,
  judgeFormToken,
  makeFormToken,
  readSession,
  type Session,
  TOKEN_FIELD,
} from "../session/index.ts";
import { endOwnSessions, listSessions, newId, type SessionRow } from "../store/index.ts";

export const SESSIONS_PATH = "/sso/sessions";
/** A person has a handful. */
const SESSIONS_SHOWN = 100;
const FORM_BYTES_MAX = 4_096;
/** The field that names what ends: a session's id, or this. */
const END_FIELD = "end";
const ALL_OTHERS = "others";

/** `GET /sso/sessions` */
export async function showSessions(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const current = await readSession(services, tenant, c.req.raw);
  if (current === null) return signInFirst(c);
  const { session } = current;
  const page = { after: null, limit: SESSIONS_SHOWN };
  const rows = await listSessions(services.database, tenant.company.id, session.userId, page);
  const living = rows.filter((row) => isLiving(row, services.now()));
  const formToken = await makeFormToken(services.sealer, tenant.company.id, session);
  const response = wantsJson(c)
    ? Response.json(
        { items: living.map((row) => view(row, session)), formToken },
        { headers: { "cache-control": "no-store" } },
      )
    : ownSessionsPage({
        company: tenant.company,
        email: session.email,
        action: SESSIONS_PATH,
        formToken,
        done: c.req.query("done") !== undefined,
        sessions: living.map((row) => ({ ...row, own: row.id === session.id })),
      });
  if (current.setCookie !== null) response.headers.append("set-cookie", current.setCookie);
  return response;
}

/** `POST /sso/sessions` */
export async function endSessions(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const companyId = tenant.company.id;
  const current = await readSession(services, tenant, c.req.raw);
  if (current === null) return signInFirst(c);
  const { session } = current;
  const form = isFromElsewhere(c.req.raw) ? null : await readForm(c.req.raw, FORM_BYTES_MAX);
  const fields = form?.ok ? form.fields : new URLSearchParams();
  const token = fields.get(TOKEN_FIELD) ?? "";
  if ((await judgeFormToken(services.sealer, companyId, session, token)) !== "own") return refuse(c);

  const end = fields.get(END_FIELD) ?? "";
  // Only the sign-out itself tells the identity provider, too.
  if (end === session.id) return c.redirect("/sso/logout", 303);
  const { userId } = session;
  const which = end === ALL_OTHERS ? { userId, allBut: session.id } : { userId, only: end };
  const ended = await endOwnSessions(services.database, companyId, which, {
    id: newId(),
    companyId,
    at: services.now(),
    actor: `user:${userId}`,
    action: "delete",
    resource: "session",
    resourceId: end === ALL_OTHERS ? "*" : end,
    before: { userId },
    after: null,
  });
  for (const id of ended) forgetSession(services, id);
  if (ended.length > 0) c.set("audited", companyId);
  if (ended.length > 0) log("sign_out", { company: tenant.company.slug, code: "elsewhere" });
  return wantsJson(c) ? new Response(null, { status: 204 }) : c.redirect(`${SESSIONS_PATH}?done`, 303);
}

function isLiving({ expiresAt, lastSeenAt, idleMinutes }: SessionRow, now: number): boolean {
  return now < expiresAt && now < lastSeenAt + idleMinutes * 60_000 + 300_000;
}

function view({ id, createdAt, lastSeenAt, expiresAt, userAgent }: SessionRow, session: Session) {
  const iso = (time: number) => new Date(time).toISOString();
  const times = { createdAt: iso(createdAt), lastSeenAt: iso(lastSeenAt), expiresAt: iso(expiresAt) };
  return { id, current: id === session.id, ...times, userAgent };
}

function wantsJson(c: Context<AppEnv>): boolean {
  const accept = c.req.header("accept") ?? "";
  return accept.includes("application/json") && !accept.includes("text/html");
}

function signInFirst(c: Context<AppEnv>): Response {
  const { baseUrl, saml } = c.get("tenant");
  if (wantsJson(c)) return notSignedIn(baseUrl);
  const door = saml === null ? "/sso/local" : "/sso/login";
  return c.redirect(`${door}?return_to=${encodeURIComponent(SESSIONS_PATH)}`, 303);
}

function refuse(c: Context<AppEnv>): Response {
  const title = "Nothing was ended";
  if (wantsJson(c)) return problem(403, "form-not-ours", title);
  return noticePage({
    company: c.get("tenant").company,
    status: 403,
    title,
    lead: "This form does not belong to your session. Open its page anew and try again.",
    link: { href: SESSIONS_PATH, label: "Your sessions" },
  });
}
