/**
 * The way back of a kept form. Its page at `/sso/resend/<id>` shows where it goes; "Send again" posts to that very address, so that
 * the origin's answer stands where it would have stood, with a body of ours in the kept one's place: `text/plain`, which pages
 * don't use, and bound to the session. It is exchanged for the kept body once, and then passes as any request does.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { readBounded, readForm } from "../form.ts";
import { keptPostPage, noticePage } from "../pages/index.ts";
import { SEALING_BYTES } from "../sealing.ts";
import {
  isFromElsewhere,
  isNavigation,
  judgeFormToken,
  makeFormToken,
  readSession,
  type Session,
  TOKEN_FIELD,
} from "../session/index.ts";
import { discardKeptPost, findKeptPost, keepPost, takeKeptPost } from "../store/index.ts";
import type { Tenant } from "../tenant/index.ts";
import { boundTo, KEPT_POST_MINUTES, KEPT_POST_PATH, signInPath } from "./kept-post.ts";
import type { Passage } from "./proxy.ts";

/** A UUID and a token of some 200 characters. */
const SEND_AGAIN_BYTES_MAX = 1_024;
export const SEND_AGAIN_FIELD = "vestibule-send-again";
const SEND_AGAIN = new RegExp(`^${SEND_AGAIN_FIELD}=([\\w-]{36}) ([\\w-]+)\\r?\\n$`);
const FORM_BYTES_MAX = 4_096;

/** `GET /sso/resend/:id` */
export async function showKeptPost(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const { company } = tenant;
  const id = c.req.param("id") ?? "";
  const here = `${KEPT_POST_PATH}/${encodeURIComponent(id)}`;
  const current = await readSession(services, tenant, c.req.raw);
  if (current === null) return c.redirect(signInPath(tenant, here), 303);
  const { session } = current;
  const post = await findKeptPost(services.database, company.id, id, services.now());
  if (post === null) return gone(tenant);
  const formToken = await makeFormToken(services.sealer, company.id, session);
  const page = { company, email: session.email, action: here, formToken };
  return keptPostPage(
    post.userId === session.userId
      ? {
          ...page,
          post: { path: post.path, bytes: post.bytes - SEALING_BYTES, at: post.createdAt },
          // Not the path alone: a browser would take one that begins with two slashes for another host.
          sendTo: tenant.baseUrl + post.path,
          field: { name: SEND_AGAIN_FIELD, value: `${post.id} ${formToken}` },
        }
      : { ...page, signInUrl: signInPath(tenant, here) },
  );
}

/** `POST /sso/resend/:id`: thrown away. */
export async function throwAwayKeptPost(c: Context<AppEnv>): Promise<Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const current = await readSession(services, tenant, c.req.raw);
  if (current === null) return c.redirect(c.req.path, 303);
  const form = isFromElsewhere(c.req.raw) ? null : await readForm(c.req.raw, FORM_BYTES_MAX);
  const token = form?.ok ? (form.fields.get(TOKEN_FIELD) ?? "") : "";
  if (!(await isOwn({ services, tenant }, current.session, token))) return notOurs(tenant);
  await discardKeptPost(services.database, tenant.company.id, c.req.param("id") ?? "");
  return notice(tenant, 200, "Thrown away", "What you had sent is deleted here. The application has not received it.");
}

/** Whether this may be our own "Send again". Nothing is read for it but headers. */
export function maySendAgain(request: Request): boolean {
  if (request.method !== "POST" || !isNavigation(request, "POST")) return false;
  const { headers } = request;
  if (!/^text\/plain\s*(?:;|$)/i.test(headers.get("content-type") ?? "")) return false;
  const length = headers.get("content-length") ?? "";
  return /^\d{1,4}$/.test(length) && Number(length) <= SEND_AGAIN_BYTES_MAX;
}

/** The kept request in the place of ours, a page that says why not, or, where it isn't ours, the same request again. */
export async function sendAgain(passage: Passage): Promise<Passage | Response> {
  const { services, tenant, request } = passage;
  const bytes = (await readBounded(request, SEND_AGAIN_BYTES_MAX)) ?? new Uint8Array();
  const [, id, token] = SEND_AGAIN.exec(new TextDecoder().decode(bytes)) ?? [];
  if (id === undefined || token === undefined) return { ...passage, request: withBody(request, bytes) };

  const here = `${KEPT_POST_PATH}/${id}`;
  const current = await readSession(services, tenant, request);
  if (current === null) return leadTo(signInPath(tenant, here));
  if (isFromElsewhere(request) || !(await isOwn({ services, tenant }, current.session, token))) return leadTo(here);
  const { userId } = current.session;
  const { pathname, search } = new URL(request.url);
  const path = pathname + search;
  const now = services.now();
  const taken = await takeKeptPost(services.database, tenant.company.id, { id, userId, path, now });
  const bound = boundTo({ id, userId, path });
  const body = taken && (await services.sealer.openBytes("kept-post", tenant.company.id, taken.body, bound));
  if (!taken || !body) return gone(tenant);

  const keepAgain = async () => {
    const post = { id, userId, path, contentType: taken.contentType, body: taken.body };
    const times = { createdAt: now, expiresAt: now + KEPT_POST_MINUTES * 60_000 };
    await keepPost(services.database, tenant.company.id, { ...post, ...times });
    return notice(tenant, 502, "The application does not answer", "What you sent is still kept here.", {
      href: here,
      label: "Try once more",
    });
  };
  return { ...passage, request: withBody(request, body, taken.contentType), keepAgain };
}

function withBody(request: Request, body: Uint8Array<ArrayBuffer>, contentType?: string): Request {
  const headers = new Headers(request.headers);
  headers.set("content-length", String(body.length));
  if (contentType === "") headers.delete("content-type");
  else if (contentType !== undefined) headers.set("content-type", contentType);
  return new Request(request.url, { method: request.method, headers, body, redirect: "manual" });
}

async function isOwn({ services, tenant }: Pick<Passage, "services" | "tenant">, session: Session, token: string) {
  return (await judgeFormToken(services.sealer, tenant.company.id, session, token)) === "own";
}

function leadTo(location: string): Response {
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}

function gone(tenant: Tenant): Response {
  return notice(tenant, 404, "Nothing is kept here", "It was sent already, thrown away, or kept for its time.");
}

function notOurs(tenant: Tenant): Response {
  return notice(tenant, 403, "Nothing was changed", "This form does not belong to your session.");
}

const HOME = { href: "/", label: "Go to the start page" };

function notice(tenant: Tenant, status: number, title: string, lead: string, link = HOME): Response {
  return noticePage({ company: tenant.company, status, title, lead, link });
}
