/**
 * The frame of the console's pages: navigation, what was done, and the headers that HTML travels with. JSX escapes every text;
 * the policy leaves nothing to run if it ever did not. Knows no settings and no people.
 */
import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import { CONSOLE_PATH, type Visit } from "./console.ts";
import { CONSOLE_STYLE } from "./style.ts";

const NONCE_BYTES = 16;

/** The icon is in the page, because a request for /favicon.ico would go to the company's origin. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 28'%3E%3Cpath fill='%230b5a54' d='M0 28V12a12 12 0 0 1 24 0v16z'/%3E%3Cpath fill='%23ffe9a8' d='M7 28V13a5 5 0 0 1 10 0v15z'/%3E%3C/svg%3E";

/** Copying is all that needs a script; without one the value is selected by one click. */
const SCRIPT = `(function(){
var root=document.documentElement,live=document.getElementById("live");
if(!navigator.clipboard)return;
root.classList.add("js");
document.addEventListener("click",function(event){
var button=event.target.closest&&event.target.closest("button[data-copy]");
if(!button)return;
navigator.clipboard.writeText(button.dataset.copy).then(function(){
var was=button.textContent;button.textContent="Copied";live.textContent="Copied to the clipboard";
setTimeout(function(){button.textContent=was;live.textContent=""},1600)},function(){live.textContent="Copying is not allowed here"})});
})()`.replaceAll("\n", "");

export type Section =
  | "overview"
  | "setup"
  | "settings"
  | "metadata"
  | "keys"
  | "users"
  | "groups"
  | "sign-ins"
  | "explain"
  | "audit"
  | "tokens";

const NAVIGATION: readonly { readonly title: string | null; readonly items: readonly [Section, string, string][] }[] = [
  { title: null, items: [["overview", "Overview", CONSOLE_PATH]] },
  {
    title: "Single sign-on",
    items: [
      ["setup", "Set up your provider", `${CONSOLE_PATH}/setup`],
      ["settings", "Settings", `${CONSOLE_PATH}/settings`],
      ["metadata", "Import metadata", `${CONSOLE_PATH}/metadata`],
      ["keys", "Our keys", `${CONSOLE_PATH}/keys`],
    ],
  },
  {
    title: "People",
    items: [
      ["users", "Users", `${CONSOLE_PATH}/users`],
      ["groups", "Permission groups", `${CONSOLE_PATH}/groups`],
    ],
  },
  {
    title: "What happened",
    items: [
      ["sign-ins", "Sign-in log", `${CONSOLE_PATH}/sign-ins`],
      ["explain", "Explain an error", `${CONSOLE_PATH}/explain`],
      ["audit", "Audit log", `${CONSOLE_PATH}/audit`],
    ],
  },
  { title: "Access by API", items: [["tokens", "API tokens", `${CONSOLE_PATH}/tokens`]] },
];

/** A page in the console's frame. */
export function consolePage(
  visit: Visit,
  p: { status?: number; title: string; section: Section; lead?: string; aside?: Child; children: Child },
): Response {
  const { name } = visit.tenant.company;
  return htmlResponse(p.status ?? 200, `${p.title} · ${name}`, (nonce) => (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <div class="frame">
        <header class="side">
          <p class="mark">
            <Mark />
            <a href={CONSOLE_PATH}>
              <bdi>{name}</bdi>
            </a>
          </p>
          <details class="menu">
            <summary>Menu</summary>
            <Navigation visit={visit} section={p.section} label="Console menu" />
          </details>
          <div class="nav-wide">
            <Navigation visit={visit} section={p.section} label="Console" />
          </div>
        </header>
        <main id="content">
          {visit.done !== null && (
            <div class="note good" role="status">
              <p>{visit.done}</p>
            </div>
          )}
          <div class="head">
            <div>
              <h1>{p.title}</h1>
              {p.lead !== undefined && <p class="lead">{p.lead}</p>}
            </div>
            {p.aside && <div class="aside">{p.aside}</div>}
          </div>
          {p.children}
        </main>
      </div>
      <div id="live" class="hidden" role="status" />
      <script nonce={nonce}>{raw(SCRIPT)}</script>
    </>
  ));
}

/** A page outside the frame: for those who may not see it, or must do something first. */
export function doorFrame(companyName: string, p: { status: number; title: string; children: Child }): Response {
  return htmlResponse(p.status, `${p.title} · ${companyName}`, () => (
    <div class="door">
      <main id="content">
        <p class="mark">
          <Mark />
          <bdi>{companyName}</bdi>
        </p>
        <h1>{p.title}</h1>
        {p.children}
      </main>
    </div>
  ));
}

const Mark: FC = () => (
  <svg viewBox="0 0 24 28" aria-hidden="true" focusable="false">
    <path class="wall" d="M0 28V12a12 12 0 0 1 24 0v16z" />
    <path class="light" d="M7 28V13a5 5 0 0 1 10 0v15z" />
  </svg>
);

const Navigation: FC<{ visit: Visit; section: Section; label: string }> = ({ visit, section, label }) => (
  <nav class="navi" aria-label={label}>
    {NAVIGATION.map(({ title, items }) => (
      <>
        {title !== null && <p class="title">{title}</p>}
        <ul aria-label={title ?? undefined}>
          {items.map(([key, text, href]) => (
            <li>
              <a href={href} aria-current={key === section ? "page" : undefined}>
                {text}
              </a>
            </li>
          ))}
        </ul>
      </>
    ))}
    <div class="me">
      <p>
        Signed in as{" "}
        <span class="as">
          <bdi>{visit.session.email}</bdi>
        </span>
      </p>
      <p>
        <a href="/">Go to the application</a>
      </p>
      <p>
        <a href="/sso/logout">Sign out</a>
      </p>
    </div>
  </nav>
);

function htmlResponse(status: number, title: string, body: (nonce: string) => Child): Response {
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(NONCE_BYTES))));
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href={ICON} />
        <style nonce={nonce}>{raw(CONSOLE_STYLE)}</style>
      </head>
      <body>{body(nonce)}</body>
    </html>
  );
  return new Response(`<!DOCTYPE html>${document.toString()}`, { status, headers: htmlHeaders(nonce) });
}

function htmlHeaders(nonce: string): Record<string, string> {
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": [
      "default-src 'none'",
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      "img-src data:",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
  };
}
