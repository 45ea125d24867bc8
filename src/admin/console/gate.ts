/**
 * Who may come into the console: a session of this very company whose group is of type administrator, asked anew at each
 * request. Nobody is sent to sign in and comes back; a member is told no. A form must be ours and of this session.
 */
import type { MiddlewareHandler } from "hono";
import { notSignedIn } from "../../failure.ts";
import { isNavigation, readSession } from "../../session/index.ts";
import { isFromElsewhere, judgeFormToken, makeFormToken, readPosted, TOKEN_FIELD } from "../frame/index.ts";
import { CONSOLE_PATH, type ConsoleContext, type ConsoleEnv, type Visit } from "./console.ts";
import { doneSentence } from "./done.ts";
import { doorPage, interruptedPage } from "./door-pages.tsx";
import { signInPath } from "./paths.ts";

/** After this a dangerous change asks for a new sign-in. */
export const RECENT_SIGN_IN_MS = 15 * 60_000;

export const administratorsOnly: MiddlewareHandler<ConsoleEnv> = async (c, next) => {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const current = await readSession(services, tenant, c.req.raw, (promise) => c.executionCtx.waitUntil(promise));
  if (current === null) return signInFirst(c);
  const { session } = current;
  if (session.group.type !== "administrator") {
    return doorPage(tenant.company.name, {
      status: 403,
      title: "This is for administrators",
      sentence: `You are signed in as ${session.email}, whose permission group “${session.group.title}” is not of type Administrator.`,
      links: [{ href: "/", label: "Go to the start page" }],
    });
  }
  const { pathname, search, searchParams } = new URL(c.req.url);
  c.set("visit", {
    services,
    tenant,
    session,
    actor: { kind: "user", companyId: tenant.company.id, userId: session.userId },
    formToken: await makeFormToken(services.sealer, tenant.company.id, session),
    formIsEarlier: false,
    recent: isRecent(services.now() - session.signedInAt),
    here: c.req.method === "GET" ? pathname + search : pathname,
    done: doneSentence(searchParams.get("done")),
  });
  await next();
  if (current.setCookie !== null) c.res.headers.append("set-cookie", current.setCookie);
  return;
};

function isRecent(age: number): boolean {
  return age >= 0 && age <= RECENT_SIGN_IN_MS;
}

/** Without single sign-on there is only the password. A form that somebody took long to fill in leads there as a page does. */
function signInFirst(c: ConsoleContext): Response {
  const { raw } = c.req;
  if (!isNavigation(raw) && !isNavigation(raw, "POST")) return notSignedIn(c.get("tenant").baseUrl);
  const { pathname, search } = new URL(c.req.url);
  const target = c.req.method === "GET" ? pathname + search : CONSOLE_PATH;
  return new Response(null, {
    status: 303,
    headers: { location: signInPath(c.get("tenant").saml !== null, target), "cache-control": "no-store" },
  });
}

/** Before every handler of a POST. What the handler then finds under `posted` is a form of ours, of this person. */
export const ownFormsOnly: MiddlewareHandler<ConsoleEnv> = async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD") return next();
  const { name } = c.get("tenant").company;
  const refuse = (status: number, sentence: string) =>
    doorPage(name, {
      status,
      title: "Nothing was changed",
      sentence,
      links: [{ href: CONSOLE_PATH, label: "Back to the console" }],
    });
  if (c.req.method !== "POST") return refuse(405, "The console knows no such method.");
  if (isFromElsewhere(c.req.raw)) return refuse(403, "This form was sent by another site.");
  const posted = await readPosted(c.req.raw);
  if (posted === null) return refuse(400, "What arrived is not a form that we can read, or it is too large.");
  const visit = c.get("visit");
  const { sealer } = visit.services;
  const judged = await judgeFormToken(sealer, visit.tenant.company.id, visit.session, posted.text(TOKEN_FIELD));
  if (judged === "foreign")
    return refuse(403, "This form does not belong to your session. Open its page anew and try again.");
  c.set("posted", posted);
  c.set("audited", visit.tenant.company.id);
  // Who has signed in again since the form was made sees it once more: pages that can show it do, the others ask to start over.
  if (judged === "earlier") c.set("visit", { ...visit, formIsEarlier: true });
  return next();
};

/** For buttons without a form to show again: the page that says why nothing happened yet, or null when the change may go on. */
export function interrupted(visit: Visit, options: { dangerous: boolean; back: string }): Response | null {
  if (visit.formIsEarlier) return interruptedPage(visit, "earlier", options.back);
  if (options.dangerous && !visit.recent) return interruptedPage(visit, "sign_in_again", options.back);
  return null;
}

/** Why a form is shown once more instead of being acted on; null when it may be acted on. */
export function pauseOf(visit: Visit, options: { dangerous: boolean }): "earlier" | "sign_in_again" | null {
  if (options.dangerous && !visit.recent) return "sign_in_again";
  return visit.formIsEarlier ? "earlier" : null;
}
