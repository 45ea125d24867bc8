/**
 * The frame of every page of the gateway's own, and the headers it travels with. Knows nothing of sign-in: a page brings its words.
 * Pages may be shown to anyone and hold hostile text (names, hosts, e-mail addresses): JSX escapes all of it, and the policy below leaves nothing
 * to run if it ever did not.
 */

import { raw } from "hono/html";
import type { Child, FC } from "hono/jsx";
import { Doorway, type DoorwayState } from "./doorway.tsx";
import { STYLE } from "./style.ts";
import { type Brand, BrandMark, themeStyle } from "./theme.tsx";

const NONCE_BYTES = 16;

/** Of one answer's own style and script. */
export const newNonce = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(NONCE_BYTES))));

/** The icon is in the page, because a request for /favicon.ico would go to the company's origin. */
export const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 28'%3E%3Cpath fill='%230b5a54' d='M0 28V12a12 12 0 0 1 24 0v16z'/%3E%3Cpath fill='%23ffe9a8' d='M7 28V13a5 5 0 0 1 10 0v15z'/%3E%3C/svg%3E";

export interface PageOptions {
  readonly status: number;
  readonly title: string;
  /** Whose door this is; null where no company is known. */
  readonly company: Brand | null;
  readonly doorway: DoorwayState;
  readonly children: Child;
  /** A script that runs at the end of the body, under the nonce. A constant of ours, never built from data. */
  readonly script?: string;
  /** True where that script asks this host for something. */
  readonly connects?: boolean;
  /** Where a meta refresh leads at once; a path of this host. */
  readonly refreshTo?: string;
  /**
   * "self": forms post here and stay here. "anywhere": the directive is left out, because Chromium enforces form-action on every redirect that
   * follows the post, and where those lead is not ours to say (an identity provider's, or the origin's for a deep link).
   */
  readonly formAction?: "self" | "anywhere";
  /** True for pages in the middle of a sign-in, which may run in a window that another site opened and waits for. */
  readonly keepOpener?: boolean;
  readonly referrerPolicy?: "same-origin" | "strict-origin" | "no-referrer";
  readonly headers?: Readonly<Record<string, string>>;
}

/** Renders a page. The nonce is new each time. */
export function page(options: PageOptions): Response {
  const nonce = newNonce();
  const html = `<!DOCTYPE html>${(<Document nonce={nonce} {...options} />).toString()}`;
  return new Response(html, { status: options.status, headers: pageHeaders(nonce, options) });
}

/** Of every page, the consoles' as well; each adds its policy, and says whether whoever opened its window keeps a hold of it. */
export const PAGE_HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  // Not no-referrer: under it a browser sends `Origin: null` with our own forms, and then their origin could not be checked.
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "X-Robots-Tag": "noindex, nofollow",
};

function pageHeaders(nonce: string, options: PageOptions): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `img-src data:${options.company?.logoSha256 ? " 'self'" : ""}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  if (options.script !== undefined) policy.push(`script-src 'nonce-${nonce}'`);
  if (options.connects) policy.push("connect-src 'self'");
  if (options.formAction !== "anywhere") policy.push("form-action 'self'");
  return {
    ...PAGE_HEADERS,
    "Content-Security-Policy": policy.join("; "),
    ...(options.referrerPolicy ? { "Referrer-Policy": options.referrerPolicy } : {}),
    ...(options.keepOpener ? {} : { "Cross-Origin-Opener-Policy": "same-origin" }),
    ...options.headers,
  };
}

const Document: FC<PageOptions & { nonce: string }> = (p) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      {p.refreshTo !== undefined && isLocalPath(p.refreshTo) && (
        <meta http-equiv="refresh" content={`0; url=${p.refreshTo}`} />
      )}
      <title>{p.company === null ? p.title : `${p.title} · ${p.company.name}`}</title>
      <link rel="icon" href={ICON} />
      <style nonce={p.nonce}>{raw(STYLE + themeStyle(p.company?.color))}</style>
    </head>
    <body>
      <header>
        <p class="mark">
          <BrandMark brand={p.company} />
          <bdi>{p.company?.name ?? "Vestibule"}</bdi>
        </p>
      </header>
      <main>
        <Doorway state={p.doorway} />
        <div class="words">
          <h1>{p.title}</h1>
          {p.children}
        </div>
      </main>
      <footer>
        <p>Single sign-on by Vestibule</p>
      </footer>
      {p.script !== undefined && <script nonce={p.nonce}>{raw(p.script)}</script>}
    </body>
  </html>
);

/** A path of this host, and nothing a browser would read as another one (`//host`, `/\host`). */
export function isLocalPath(path: string): boolean {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(path);
}

/** An address that a link may carry: this host's path or http(s). Anything else (`javascript:`) becomes null. */
export function linkable(address: string | null): string | null {
  if (address === null) return null;
  return isLocalPath(address) || /^https?:\/\/[\x21-\x7e]+$/i.test(address) ? address : null;
}

/** The number by which an administrator finds the sign-in in the log. One click selects it. */
export const Reference: FC<{ reference: string }> = ({ reference }) => (
  <dl class="reference">
    <dt>Reference</dt>
    <dd>
      <code>{reference}</code>
    </dd>
  </dl>
);

/** To be read by people and machines, and in no zone but the one it names. */
export const Time: FC<{ at: number }> = ({ at }) => {
  const iso = new Date(at).toISOString();
  return <time datetime={iso}>{`${iso.slice(0, 10)} ${iso.slice(11, 16)}\u00a0UTC`}</time>;
};

export const ActionLink: FC<{ href: string | null; quiet?: boolean; children?: Child }> = ({
  href,
  quiet,
  children,
}) => {
  const address = linkable(href);
  if (address === null) return null;
  return (
    <a class={quiet ? "button quiet" : "button"} href={address}>
      {children}
    </a>
  );
};
