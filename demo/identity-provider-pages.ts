/** What the stand-in identity provider shows: whom to sign in as, the form that carries the answer home, and its faults. */
import { html, raw } from "hono/html";
import { type DemoPerson, PEOPLE } from "./people.ts";

type Html = ReturnType<typeof html>;

const STYLE = `:root{color-scheme:light dark;--room:#eef2f7;--card:#fff;--ink:#1b1b1f;--soft:#5a5d66;--line:#dfe3ea;--link:#0b57b7;--hover:#f3f6fb;--face:#dfe9f7;--face-ink:#123c73}
@media (prefers-color-scheme:dark){:root{--room:#0f1319;--card:#191e26;--ink:#eef0f4;--soft:#a6adba;--line:#2b323d;--link:#8fbcff;--hover:#212833;--face:#23344e;--face-ink:#cfe1ff}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:1.25rem;padding:1.25rem;background:var(--room);color:var(--ink);font:1rem/1.5 "Segoe UI",system-ui,-apple-system,Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
main{width:100%;max-width:27.5rem;padding:1.75rem clamp(1.25rem,6vw,2.25rem);background:var(--card);border:1px solid var(--line);border-radius:6px;box-shadow:0 2px 12px rgb(0 0 0/.06)}
.tenant{margin:0 0 1rem;color:var(--soft);font-weight:600}
h1{margin:0;font-size:1.5rem;line-height:1.25;font-weight:600}
p{margin:.375rem 0 0}
.soft{color:var(--soft)}
ul{margin:.875rem -.75rem 0;padding:0;list-style:none}
button{font:inherit;color:inherit;cursor:pointer}
.person{display:flex;align-items:center;gap:.875rem;width:100%;min-height:3.5rem;padding:.4375rem .75rem;border:0;border-radius:6px;background:transparent;text-align:left}
.person:hover{background:var(--hover)}
.face{flex:none;display:grid;place-items:center;width:2.5rem;height:2.5rem;border-radius:50%;background:var(--face);color:var(--face-ink);font-weight:600;font-size:.875rem}
.person strong{display:block;font-weight:600}
.person small{display:block;color:var(--soft);font-size:.8125rem;line-height:1.4}
.plain{margin-top:1rem;padding:.4375rem 1.25rem;border:1px solid #7d8592;border-radius:4px;background:transparent;font-weight:600}
.plain:hover{background:var(--hover)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
footer{max-width:27.5rem;color:var(--soft);font-size:.8125rem;text-align:center}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.875em}`;

const SUBMIT_SCRIPT = `document.getElementById("answer").submit()`;

/** No form-action: Chromium would hold it against the redirects that follow the answer's post. */
function page(status: number, title: string, body: Html, script = ""): Response {
  const nonce = crypto.randomUUID();
  const text = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${raw(STYLE)}</style>
</head>
<body>
<main>${body}</main>
<footer>A stand-in for Microsoft Entra ID, for trying things out on this machine. It asks for no password.</footer>
${script === "" ? "" : html`<script nonce="${nonce}">${raw(script)}</script>`}
</body>
</html>`;
  return new Response(String(text), {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; frame-ancestors 'none'`,
    },
  });
}

export function signInPage(request: {
  requestId: string;
  issuer: string;
  acsUrl: string;
  relayState: string;
}): Response {
  const initials = (person: DemoPerson) => `${person.givenName[0] ?? ""}${person.surname[0] ?? ""}`;
  const row = (person: DemoPerson) => html`<li><button class="person" name="person" value="${person.id}">
    <span class="face" aria-hidden="true">${initials(person)}</span>
    <span><strong>${person.givenName} ${person.surname}</strong><small>${person.withoutEmail ? "no e-mail address" : person.email}</small><small>${person.note}</small></span></button></li>`;
  return page(
    200,
    "Sign in to your account",
    html`<p class="tenant">acme.example</p>
      <h1>Pick an account</h1>
      <p class="soft">to continue to <bdi>${new URL(request.acsUrl).host}</bdi></p>
      <form method="post" action="/sign-in">
        ${Object.entries(request).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
        <ul>${PEOPLE.map(row)}</ul>
        <button class="plain" name="person" value="">Cancel</button>
      </form>`,
  );
}

/** SAML Bindings 3.5.4: the answer travels in a form that posts itself. */
export function answerPage(answer: { acsUrl: string; samlResponse: string; relayState: string }): Response {
  return page(
    200,
    "Working…",
    html`<h1>Taking you back</h1>
      <p class="soft">to <bdi>${new URL(answer.acsUrl).host}</bdi></p>
      <form id="answer" method="post" action="${answer.acsUrl}">
        <input type="hidden" name="SAMLResponse" value="${answer.samlResponse}">
        ${answer.relayState === "" ? "" : html`<input type="hidden" name="RelayState" value="${answer.relayState}">`}
        <button class="plain">Continue</button>
      </form>`,
    SUBMIT_SCRIPT,
  );
}

export function signedOutPage(): Response {
  return page(
    200,
    "Signed out",
    html`<h1>You are signed out of your account</h1><p class="soft">You can close this window.</p>`,
  );
}

export function faultPage(code: string, message: string): Response {
  return page(
    400,
    "Sign-in fault",
    html`<h1>Sorry, but we’re having trouble signing you in.</h1><p class="soft"><code>${code}</code>: ${message}</p>`,
  );
}
