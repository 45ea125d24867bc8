/**
 * The frame of both consoles' pages: whose it is, navigation, what was done, and the headers that HTML travels with. JSX escapes
 * every text; the policy leaves nothing to run if it ever did not. Knows no company, no settings and no people.
 */
import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import { type Brand, BrandMark, ICON, newNonce, PAGE_HEADERS, themeStyle } from "../../pages/index.ts";
import { CONSOLE_STYLE } from "./style.ts";

/** Copying is all that needs a script; without one the value is selected by one click. */
const SCRIPT = `(function(){
var timer,last,root=document.documentElement,live=document.getElementById("live");
if(!navigator.clipboard)return;
root.classList.add("js");
document.addEventListener("click",function(event){
var button=event.target.closest&&event.target.closest("button[data-copy]");
if(!button)return;
var say=function(word,words){
clearTimeout(timer);if(last)last.textContent="Copy";last=button;
button.textContent=word;live.textContent=words;
timer=setTimeout(function(){button.textContent="Copy";live.textContent=""},1600)};
navigator.clipboard.writeText(button.dataset.copy).then(
function(){say("Copied","Copied to the clipboard")},function(){say("Not copied","Copying is not allowed here: select the text instead")})});
})()`.replaceAll("\n", "");

/** What a page says of itself. */
export interface PageParts {
  readonly status?: number;
  readonly title: string;
  readonly lead?: string;
  readonly aside?: Child;
  readonly children: Child;
}

/** A page in the frame. `navigation` is drawn twice: in the menu of narrow screens and at the side of wide ones. */
export function framePage(
  p: PageParts & {
    readonly brand: Brand;
    readonly home: string;
    readonly done: string | null;
    readonly navigation: (label: string) => Child;
  },
): Response {
  const { name } = p.brand;
  const status = p.status ?? 200;
  // The first that a screen reader says of a form that came back.
  return htmlResponse(status, `${status < 400 ? "" : "Error: "}${p.title} · ${name}`, p.brand, (nonce) => (
    <>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <div class="frame">
        <header class="side">
          <p class="mark">
            <BrandMark brand={p.brand} />
            <a href={p.home}>
              <bdi>{name}</bdi>
            </a>
          </p>
          <details class="menu">
            <summary>Menu</summary>
            {p.navigation("Console menu")}
          </details>
          <div class="nav-wide">{p.navigation("Console")}</div>
        </header>
        <main id="content">
          {p.done !== null && (
            <div class="note good" role="status">
              <p>{p.done}</p>
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

/** A page of one sentence outside the frame, and where to go from it. */
export function doorPage(
  name: string,
  p: {
    status: number;
    title: string;
    sentence: string;
    links: readonly { readonly href: string; readonly label: string }[];
  },
): Response {
  return doorFrame(name, {
    status: p.status,
    title: p.title,
    children: (
      <>
        <p class="lead">{p.sentence}</p>
        <p class="actions">
          {p.links.map(({ href, label }) => (
            <a class="button" href={href}>
              {label}
            </a>
          ))}
        </p>
      </>
    ),
  });
}

/** A page outside the frame: for those who may not see it, or must do something first. */
export function doorFrame(name: string, p: { status: number; title: string; children: Child }): Response {
  return htmlResponse(p.status, `${p.title} · ${name}`, null, () => (
    <div class="door">
      <main id="content">
        <p class="mark">
          <BrandMark brand={null} />
          <bdi>{name}</bdi>
        </p>
        <h1>{p.title}</h1>
        {p.children}
      </main>
    </div>
  ));
}

/** One list of links; the one that leads to this page is marked. */
export const LinkList: FC<{
  title?: string | null;
  items: readonly (readonly [key: string, text: string, href: string])[];
  current: string;
}> = ({ title = null, items, current }) => (
  <>
    {title !== null && <p class="title">{title}</p>}
    <ul aria-label={title ?? undefined}>
      {items.map(([key, text, href]) => (
        <li>
          <a href={href} aria-current={key === current ? "page" : undefined}>
            {text}
          </a>
        </li>
      ))}
    </ul>
  </>
);

function htmlResponse(status: number, title: string, brand: Brand | null, body: (nonce: string) => Child): Response {
  const nonce = newNonce();
  const document = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" href={ICON} />
        <style nonce={nonce}>{raw(CONSOLE_STYLE + themeStyle(brand?.color))}</style>
      </head>
      <body>{body(nonce)}</body>
    </html>
  );
  return new Response(`<!DOCTYPE html>${document.toString()}`, { status, headers: htmlHeaders(nonce, brand) });
}

function htmlHeaders(nonce: string, brand: Brand | null): Record<string, string> {
  return {
    ...PAGE_HEADERS,
    "Content-Security-Policy": [
      "default-src 'none'",
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      `img-src data:${brand?.logoSha256 ? " 'self'" : ""}`,
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    "Cross-Origin-Opener-Policy": "same-origin",
  };
}
